internal import Diagnostics
internal import Values

/// What kind of value it is. These look at the value itself only, so templates within stay unevaluated.
enum TypeTests {
    static let all: [Test] = [
        Test("defined", isLenient: true) { call throws(Diagnostic) in !call.input.isUndefined },
        Test("undefined", isLenient: true) { call throws(Diagnostic) in call.input.isUndefined },
        Test("none", isShallow: true) { call throws(Diagnostic) in call.input.isNull },
        Test("boolean", isShallow: true) { call throws(Diagnostic) in call.input.boolValue != nil },
        Test("true", isShallow: true) { call throws(Diagnostic) in call.input.boolValue == true },
        Test("false", isShallow: true) { call throws(Diagnostic) in call.input.boolValue == false },
        Test("integer", isShallow: true) { call throws(Diagnostic) in
            switch call.input {
            case .int, .large: true
            default: false
            }
        },
        Test("float", isShallow: true) { call throws(Diagnostic) in if case .double = call.input { true } else { false }
        },
        Test("number", isShallow: true) { call throws(Diagnostic) in call.input.number != nil },
        Test("string", isShallow: true) { call throws(Diagnostic) in call.input.text != nil },
        Test("mapping", isShallow: true) { call throws(Diagnostic) in isMapping(call.input) },
        Test("sequence", isShallow: true) { call throws(Diagnostic) in
            call.input.elements != nil || call.input.text != nil || isMapping(call.input) || isRange(call.input)
        },
        Test("iterable", isShallow: true) { call throws(Diagnostic) in
            call.input.elements != nil || call.input.text != nil || isMapping(call.input) || isRange(call.input)
        },
        Test("callable", isShallow: true) { call throws(Diagnostic) in
            if case .object(let object) = call.input { object.keys == nil && !(object is RangeObject) } else { false }
        },
        Test("escaped", isShallow: true) { call throws(Diagnostic) in false },
        Test("truthy", ["convert_bool"], isShallow: true) { call throws(Diagnostic) in try truth(call) },
        Test("falsy", ["convert_bool"], isShallow: true) { call throws(Diagnostic) in try !truth(call) },
        Test("filter") { call throws(Diagnostic) in FilterIndex.filter(named: call.text) != nil },
        Test("test") { call throws(Diagnostic) in TestIndex.test(named: call.text) != nil },
    ]

    private static func isMapping(_ value: Value) -> Bool {
        switch value {
        case .map: true
        case .object(let object): object.keys != nil
        default: false
        }
    }

    private static func isRange(_ value: Value) -> Bool {
        if case .object(let object) = value { object is any IterableObject } else { false }
    }

    private static func truth(_ call: Call) throws(Diagnostic) -> Bool {
        if call.bool(0, default: false) {
            switch call.input {
            case .string(let text):
                switch text.string.lowercased() {
                case "y", "yes", "on", "1", "true", "t", "1.0": return true
                case "n", "no", "off", "0", "false", "f", "0.0": return false
                default: break
                }
            default: break
            }
        }
        return try call.evaluator.truth(call.input) ?? false
    }
}
