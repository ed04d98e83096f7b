internal import Diagnostics
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
        return number.asDouble
    }

    private static func absolute(_ call: Call) throws(Diagnostic) -> Value {
        switch try number(call) {
        case .int(let int):
            guard int != .min else { throw call.failure("the number is too large for 64 bits") }
            return .int(Swift.abs(int))
        case .double(let double): return .double(double.magnitude)
        }
    }

    private static func round(_ call: Call) throws(Diagnostic) -> Value {
        let precision = try call.int(0, default: 0)
        let method = try call.string(1, default: "common")
        let value = try number(call)
        switch method {
        case "common":
            switch value {
            case .int(let int) where precision >= 0: return .int(int)
            case .int(let int): return .int(try rounded(int, zeros: -precision, call))
            case .double(let double): return .double(PythonMath.round(double, digits: precision))
            }
        case "ceil", "floor":
            let factor = PythonMath.power(10, Double(precision))
            let scaled = value.asDouble * factor
            return .double((method == "ceil" ? scaled.rounded(.up) : scaled.rounded(.down)) / factor)
        default: throw call.failure("the method of 'round' must be common, ceil or floor, not '\(method)'")
        }
    }

    /// A whole number rounded so that it ends in so many zeros, halves to the even side.
    private static func rounded(_ int: Int, zeros: Int, _ call: Call) throws(Diagnostic) -> Int {
        guard zeros <= 18 else {
            // Nine quintillions may be nearer to ten of them than to none.
            guard zeros > 19 || int.magnitude <= 5_000_000_000_000_000_000 else {
                throw call.failure("the result does not fit in 64 bits")
            }
            return 0
        }
        let step = (0..<zeros).reduce(1) { product, _ in product * 10 }
        let twice = (int % step).magnitude * 2
        var count = int / step
        if twice > step.magnitude || twice == step.magnitude && !count.isMultiple(of: 2) { count += int.signum() }
        let (result, isOver) = count.multipliedReportingOverflow(by: step)
        guard !isOver else { throw call.failure("the result does not fit in 64 bits") }
        return result
    }

    private static func log(_ call: Call) throws(Diagnostic) -> Value {
        let value = try number(call).asDouble
        guard value > 0 else { throw call.failure("the logarithm needs a number above zero, not \(call.text)") }
        guard call[0] != nil else { return .double(PythonMath.log(value)) }
        let base = try double(call, 0)
        guard base > 0, base != 1 else { throw call.failure("the logarithm's base must be above zero and not 1") }
        return .double(base == 10 ? PythonMath.log10(value) : PythonMath.log(value) / PythonMath.log(base))
    }

    private static func power(_ call: Call) throws(Diagnostic) -> Value {
        .double(PythonMath.power(try number(call).asDouble, try double(call, 0)))
    }

    private static func root(_ call: Call) throws(Diagnostic) -> Value {
        let value = try number(call).asDouble
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
