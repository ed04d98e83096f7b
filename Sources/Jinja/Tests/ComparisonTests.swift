internal import Diagnostics
internal import Values

/// Comparisons, numbers, membership.
enum ComparisonTests {
    static let all: [Test] = [
        equality("eq", true), equality("==", true), equality("equalto", true), equality("ne", false),
        equality("!=", false),
        order("lt", "<") { $0 < 0 }, order("<", "<") { $0 < 0 }, order("lessthan", "<") { $0 < 0 },
        order("le", "<=") { $0 <= 0 }, order("<=", "<=") { $0 <= 0 },
        order("gt", ">") { $0 > 0 }, order(">", ">") { $0 > 0 }, order("greaterthan", ">") { $0 > 0 },
        order("ge", ">=") { $0 >= 0 }, order(">=", ">=") { $0 >= 0 },
        Test("odd") { call throws(Diagnostic) in try remainder(call, .int(2)) == 1 },
        Test("even") { call throws(Diagnostic) in try remainder(call, .int(2)) == 0 },
        Test("divisibleby", ["num"], required: 1) { call throws(Diagnostic) in
            guard let divisor = try call.value(0).number else {
                throw call.failure("'divisibleby' needs a number other than zero")
            }
            return try remainder(call, divisor) == 0
        },
        Test("sameas", ["other"], required: 1) { call throws(Diagnostic) in try isSame(call.input, try call.value(0)) },
        Test("in", ["seq"], required: 1) { call throws(Diagnostic) in
            try call.evaluator.contains(try call.value(0), call.input)
        },
        Test("contains", ["value"], required: 1) { call throws(Diagnostic) in
            try call.evaluator.contains(call.input, try call.value(0))
        },
        Test("subset", ["b"], required: 1, subset), Test("issubset", ["b"], required: 1, subset),
        Test("superset", ["b"], required: 1, superset), Test("issuperset", ["b"], required: 1, superset),
        Test("any", isShallow: true) { call throws(Diagnostic) in
            for element in try call.elements()
            where try call.evaluator.truth(try call.evaluator.resolved(element)) == true { return true }
            return false
        },
        Test("all", isShallow: true) { call throws(Diagnostic) in
            for element in try call.elements()
            where try call.evaluator.truth(try call.evaluator.resolved(element)) != true { return false }
            return true
        },
        Test("nan") { call throws(Diagnostic) in call.input.number?.asDouble.isNaN ?? false },
        Test("isnan") { call throws(Diagnostic) in call.input.number?.asDouble.isNaN ?? false },
    ]

    private static func equality(_ name: String, _ wanted: Bool) -> Test {
        Test(name, ["other"], required: 1) { call throws(Diagnostic) in (call.input == (try call.value(0))) == wanted }
    }

    private static func order(_ name: String, _ symbol: String, _ condition: @escaping @Sendable (Int) -> Bool) -> Test
    {
        Test(name, ["other"], required: 1) { call throws(Diagnostic) in
            condition(try PythonOrder.compare(call.input, try call.value(0), symbol: symbol))
        }
    }

    private static func remainder(_ call: Call, _ divisor: Value.Number) throws(Diagnostic) -> Value {
        guard let number = call.input.number else { throw call.wrongInput("a number") }
        return try Arithmetic.numeric(.modulo, number, divisor)
    }

    /// Identity where values have one: constants and objects; equal values of one type else.
    private static func isSame(_ left: Value, _ right: Value) throws(Diagnostic) -> Bool {
        switch (left, right) {
        case (.object(let a), .object(let b)): a === b
        default: left.typeName == right.typeName && left == right
        }
    }

    private static func sets(_ call: Call) throws(Diagnostic) -> (Set<Value>, Set<Value>) {
        (Set(try call.elements()), Set(try call.evaluator.elements(try call.value(0))))
    }

    @Sendable private static func subset(_ call: Call) throws(Diagnostic) -> Bool {
        let (a, b) = try sets(call)
        return a.isSubset(of: b)
    }

    @Sendable private static func superset(_ call: Call) throws(Diagnostic) -> Bool {
        let (a, b) = try sets(call)
        return a.isSuperset(of: b)
    }
}
