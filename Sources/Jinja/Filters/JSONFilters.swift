internal import Diagnostics
internal import Values

/// JSON.
enum JSONFilters {
    static let all: [Filter] = [
        Filter("to_json", ["profile", "vault_to_text", "preprocess_unsafe"], .keywords) { call throws(Diagnostic) in
            try write(call, JSONWriter())
        },
        Filter("to_nice_json", ["indent", "sort_keys"], .keywords) { call throws(Diagnostic) in
            var writer = JSONWriter()
            writer.indent = try indent(call[0] ?? 4, call)
            writer.sortsKeys = call.bool(1, default: true)
            return try write(call, writer)
        },
        Filter("tojson", ["indent"]) { call throws(Diagnostic) in
            var writer = JSONWriter()
            writer.sortsKeys = true
            writer.indent = try indent(call[0] ?? .null, call)
            var text = writer.text(call.input)
            // Jinja makes it fit into HTML, too.
            for (sign, escape) in [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("'", "\\u0027")] {
                text = PythonString.replace(text, sign, escape)
            }
            return .string(text)
        },
        Filter("from_json", ["profile"]) { call throws(Diagnostic) in
            guard case .string(let text) = call.input else { throw call.wrongInput("text") }
            return try JSON.parse(text.string, as: .python, deepest: NestingBound.greatestDepth - 1)
        },
    ]

    private static func indent(_ value: Value, _ call: Call) throws(Diagnostic) -> String? {
        switch value {
        case .null: return nil
        case .string(let text): return text.string
        default:
            guard case .int(let count)? = value.number, count < 1000 else {
                throw call.failure("the indent must be a number or text, not \(ErrorText.describe(value))")
            }
            return String(repeating: " ", count: max(0, count))
        }
    }

    private static func write(_ call: Call, _ start: JSONWriter) throws(Diagnostic) -> Value {
        var writer = start
        for (key, value) in call.named {
            switch key.text {
            case "indent": writer.indent = try indent(value, call)
            case "sort_keys": writer.sortsKeys = value.isTruthy
            case "ensure_ascii": writer.escapesUnicode = value.isTruthy
            case "separators":
                if call.name == "to_nice_json" { continue }
                guard let parts = value.elements, parts.count == 2, let item = parts[0].stringValue,
                    let key = parts[1].stringValue
                else { throw call.failure("separators must be two texts") }
                writer.itemSeparator = item
                writer.keySeparator = key
            default: throw call.failure("'\(call.name)' has no argument '\(key.text)'")
            }
        }
        let text = writer.text(call.input)
        try call.evaluator.session.countBytes(text.utf8.count)
        return .string(text)
    }
}
