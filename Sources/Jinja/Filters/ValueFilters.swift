internal import Diagnostics
internal import Values

/// Defaults, choices and conversions.
enum ValueFilters {
    static let all: [Filter] = [
        Filter("default", ["default_value", "boolean"], .lenient, quick: QuickFilters.standard, standard),
        Filter("d", ["default_value", "boolean"], .lenient, quick: QuickFilters.standard, standard),
        Filter("mandatory", ["msg"], .lenient, mandatory),
        Filter("ternary", ["true_val", "false_val", "none_val"], required: 2, .lenient, ternary),
        Filter("bool", bool),
        Filter("string", quick: QuickFilters.string, string),
        Filter("list", .structural, quick: QuickFilters.list, list),
        Filter("int", ["default", "base"], quick: QuickFilters.int, int),
        Filter("float", ["default"], float),
        Filter("type_debug", .lenient, typeDebug),
        Filter("attr", ["name"], required: 1, .lenient, attribute),
    ]

    private static func standard(_ call: Call) throws(Diagnostic) -> Value {
        switch call.input {
        case .undefined: return call[0] ?? .string("")
        case .unknown: return call.input
        default:
            guard call.bool(1, default: false) else { return call.input }
            guard let truth = try call.evaluator.truth(call.input) else { return call.input }
            return truth ? call.input : call[0] ?? .string("")
        }
    }

    private static func mandatory(_ call: Call) throws(Diagnostic) -> Value {
        guard case .undefined(let undefined) = call.input else { return call.input }
        var error = call.evaluator.error(for: undefined)
        if let message = call[0], !message.isNull {
            error.summary = PythonPrint.text(message)
        } else {
            error.summary = "a mandatory variable is missing: \(undefined.summary)"
        }
        return try { () throws(Diagnostic) -> Value in throw error }()
    }

    private static func ternary(_ call: Call) throws(Diagnostic) -> Value {
        if call.input.isNull, let none = call[2], !none.isNull { return none }
        guard let truth = try call.evaluator.truth(call.input) else { return call.input }
        return try call.value(truth ? 0 : 1)
    }

    private static func bool(_ call: Call) throws(Diagnostic) -> Value {
        switch call.input {
        case .bool: return call.input
        case .string(let text):
            switch text.string.lowercased() {
            case "yes", "on", "true", "1": return true
            default: return false
            }
        default:
            guard let number = call.input.number else { return false }
            return .bool(number.asDouble == 1)
        }
    }

    private static func string(_ call: Call) throws(Diagnostic) -> Value {
        try PythonPrint.checkSize(call.input)
        return .string(call.text)
    }

    private static func list(_ call: Call) throws(Diagnostic) -> Value { .list(try call.elements()) }

    private static func int(_ call: Call) throws(Diagnostic) -> Value {
        let standard = call[0] ?? 0
        switch call.input {
        case .string(let text):
            if let base = call[1].map({ $0.intValue }) ?? 10 {
                if case .number(let whole) = PythonNumber.whole(text.string, base: base) { return whole.value }
            }
            return PythonNumber.double(text.string).flatMap(WholeNumber.init(truncating:))?.value ?? standard
        case .double(let double):
            guard !double.isInfinite else { throw call.failure("what is infinite is no whole number") }
            return WholeNumber(truncating: double)?.value ?? standard
        case .int, .large: return call.input
        case .bool(let bool): return .int(bool ? 1 : 0)
        default: return standard
        }
    }

    private static func float(_ call: Call) throws(Diagnostic) -> Value {
        if case .string(let text) = call.input, let double = PythonNumber.double(text.string) { return .double(double) }
        if let number = call.input.number { return .double(try Arithmetic.float(number)) }
        return call[0] ?? 0.0
    }

    private static func typeDebug(_ call: Call) throws(Diagnostic) -> Value {
        if case .undefined = call.input { return "AnsibleUndefined" }
        return .string(try call.evaluator.resolved(call.input).typeName)
    }

    private static func attribute(_ call: Call) throws(Diagnostic) -> Value {
        // Attributes only: a dictionary's entries are none.
        let name = try call.string(0)
        if case .map = call.input {
            return try call.evaluator.attribute(.map([:]), name, at: call.offset)
        }
        return try call.evaluator.attribute(call.input, name, at: call.offset)
    }
}
