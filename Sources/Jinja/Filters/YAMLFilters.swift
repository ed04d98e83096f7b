internal import Diagnostics
internal import Values
internal import YAML

/// YAML.
enum YAMLFilters {
    /// Text from anywhere: read less deep than files are, so that the smallest thread can.
    private static let limits = YAMLReader.Limits(depth: 64)

    static let all: [Filter] = [
        Filter("to_yaml", ["default_flow_style"], [.variadic, .keywords]) { call throws(Diagnostic) in
            try write(call, YAMLWriter())
        },
        Filter("to_nice_yaml", ["indent", "default_flow_style"], [.variadic, .keywords]) { call throws(Diagnostic) in
            var writer = YAMLWriter(flow: .block)
            writer.indent = try call.int(0, default: 4)
            return try write(call, writer)
        },
        Filter("from_yaml") { call throws(Diagnostic) in
            guard case .string(let text) = call.input else { return call.input }
            let file = SourceFile(name: "<from_yaml>", text: text.string, isSecret: text.isSecret)
            return try YAMLReader.read(text.string, file: file, limits: limits)?.value(.data) ?? .null
        },
        Filter("from_yaml_all") { call throws(Diagnostic) in
            if call.input.isNull { return .list([]) }
            guard case .string(let text) = call.input else { return call.input }
            let file = SourceFile(name: "<from_yaml_all>", text: text.string, isSecret: text.isSecret)
            var ignored: [Diagnostic] = []
            var result: [Value] = []
            for node in try YAMLReader.readAll(text.string, file: file, limits: limits, warnings: &ignored) {
                result.append(try node.value(.data))
            }
            return .list(result)
        },
    ]

    private static func write(_ call: Call, _ start: YAMLWriter) throws(Diagnostic) -> Value {
        var writer = start
        func set(flow value: Value) {
            writer.flow = value.isNull ? .automatic : value.isTruthy ? .flow : .block
        }
        if let flow = call[call.name == "to_yaml" ? 0 : 1] { set(flow: flow) }
        for (key, value) in call.named {
            func number() throws(Diagnostic) -> Int {
                guard case .small(let int)? = value.wholeNumber else {
                    // `width=inf` and the like: never fold.
                    if let double = value.number?.asDouble, double > 1e9 { return -1 }
                    throw call.failure("\(key.text) must be a number, not \(ErrorText.describe(value))")
                }
                return int
            }
            switch key.text {
            case "indent": writer.indent = try number()
            case "width": writer.width = try number()
            case "sort_keys": writer.sortKeys = value.isTruthy
            case "allow_unicode": writer.allowsUnicode = value.isTruthy
            case "explicit_start": writer.explicitStart = value.isTruthy
            case "explicit_end": writer.explicitEnd = value.isTruthy
            default:
                throw Diagnostic(
                    .unsupported, "'\(call.name)' does not support the argument '\(key.text)'",
                    remedy: "It knows indent, width, sort_keys, default_flow_style, explicit_start and explicit_end.")
            }
        }
        let text = try writer.text(call.input)
        try call.evaluator.session.countBytes(text.utf8.count)
        return .string(text)
    }
}
