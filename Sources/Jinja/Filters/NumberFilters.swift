internal import Diagnostics
internal import Glibc
internal import Values

/// Arithmetic.
enum NumberFilters {
    static let all: [Filter] = [
        Filter("abs", absolute),
        Filter("round", ["precision", "method"], round),
        Filter("log", ["base"], log),
        Filter("pow", ["y"], required: 1, power),
        Filter("root", ["base"], root),
        Filter("sum", ["attribute", "start"], sum),
    ]

    private static func number(_ call: Call) throws(Diagnostic) -> Value.Number {
        guard let number = call.input.number else { throw call.wrongInput("a number") }
        return number
    }

    private static func double(_ call: Call, _ index: Int) throws(Diagnostic) -> Double {
        guard let number = call[index]?.number else {
            throw call.wrongArgument(index, "a number", call[index] ?? .null)
        }
        return try Arithmetic.float(number)
    }

    private static func absolute(_ call: Call) throws(Diagnostic) -> Value {
        switch try number(call) {
        case .int(let int): return try WholeNumber.small(int).magnitude().value
        case .large(let large): return try WholeNumber.large(large).magnitude().value
        case .double(let double): return .double(double.magnitude)
        }
    }

    private static func round(_ call: Call) throws(Diagnostic) -> Value {
        let precision = try call.int(0, default: 0)
        let method = try call.string(1, default: "common")
        let value = try number(call)
        switch method {
        case "common":
            if let whole = value.whole { return try whole.rounded(zeros: max(0, -precision)).value }
            return .double(try PythonMath.round(value.asDouble, digits: precision))
        case "ceil", "floor":
            return .double(try rounded(value, precision, method == "ceil" ? .up : .down, call))
        default: throw call.failure("the method of 'round' must be common, ceil or floor, not '\(method)'")
        }
    }

    /// Rounded up or down to so many digits after the point: times a power of ten, made whole, and divided by it.
    private static func rounded(
        _ value: Value.Number, _ precision: Int, _ rule: FloatingPointRoundingRule, _ call: Call
    ) throws(Diagnostic) -> Double {
        if precision < 0 {
            let factor = PythonMath.power(10, Double(precision))
            // Made whole, it has no negative zero.
            return ((try Arithmetic.float(value) * factor).rounded(rule) + 0) / factor
        }
        let factor = try WholeNumber.small(10).raised(to: .small(precision))
        let scaled =
            if let whole = value.whole {
                try whole.multiplied(by: factor)
            } else {
                WholeNumber(truncating: (value.asDouble * (try Arithmetic.float(factor.number))).rounded(rule))
            }
        guard let scaled, let result = try scaled.quotient(by: factor) else {
            throw call.failure("\(call.text) cannot be rounded to \(precision) digits")
        }
        return result
    }

    private static func log(_ call: Call) throws(Diagnostic) -> Value {
        let value = try number(call)
        guard value.asDouble > 0 else {
            throw call.failure("the logarithm needs a number above zero, not \(call.text)")
        }
        guard let given = call[0] else { return .double(PythonMath.log(value)) }
        guard let base = given.number, base.asDouble > 0, base.asDouble != 1 else {
            throw call.failure("the logarithm's base must be a number above zero and not 1")
        }
        return .double(
            base.asDouble == 10 ? PythonMath.log(value, log10) : PythonMath.log(value) / PythonMath.log(base))
    }

    private static func power(_ call: Call) throws(Diagnostic) -> Value {
        let base = try Arithmetic.float(try number(call))
        let exponent = try double(call, 0)
        let result = PythonMath.power(base, exponent)
        guard result.isFinite || !base.isFinite || !exponent.isFinite else {
            throw call.failure("there is no such power, or it is too large for a float")
        }
        return .double(result)
    }

    private static func root(_ call: Call) throws(Diagnostic) -> Value {
        let value = try Arithmetic.float(try number(call))
        let base = call[0] == nil ? 2 : try double(call, 0)
        guard base != 0 else { throw call.failure("the root's base cannot be zero") }
        guard value >= 0 else { throw call.failure("the root needs a number that is not negative, not \(call.text)") }
        return .double(base == 2 ? PythonMath.squareRoot(value) : PythonMath.power(value, 1 / base))
    }

    private static func sum(_ call: Call) throws(Diagnostic) -> Value {
        var total = call[1] ?? 0
        for element in try call.elements() {
            var value = element
            if let attribute = call[0], !attribute.isNull {
                value = try call.evaluator.path(attribute, of: element, at: call.offset)
            }
            total = try Arithmetic.apply(
                .plus, total, try call.evaluator.operand(value), limits: call.evaluator.session.environment.limits)
        }
        return total
    }
}
