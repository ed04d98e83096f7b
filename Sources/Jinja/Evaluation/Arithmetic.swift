internal import Diagnostics
internal import Values

/// Operators that make new values, with Python's meaning.
extension Evaluator {
    func evaluateArithmetic(_ node: Expression.Arithmetic, _ frame: Frame) throws(Diagnostic) -> Value {
        var result = try evaluate(node.first, frame)
        for step in node.steps {
            let right = try evaluate(step.operand, frame)
            if case .int(let left) = result, case .int(let right) = right,
                let sum = Arithmetic.quick(step.symbol, left, right)
            {
                result = .int(sum)
                continue
            }
            do throws(Diagnostic) {
                result = try apply(step.symbol, result, right)
            } catch {
                throw located(error, step.offset)
            }
        }
        return result
    }

    private func apply(_ symbol: Token.Symbol, _ left: Value, _ right: Value) throws(Diagnostic) -> Value {
        if case .undefined(let undefined) = left { throw error(for: undefined) }
        if case .undefined(let undefined) = right { throw error(for: undefined) }
        // Lists are joined as they are; their templates are evaluated when somebody looks.
        if symbol == .plus, let joined = joinedLists(left, right) {
            try session.countTurn(joined.elements?.count ?? 0)
            return joined
        }
        let left = try operand(left)
        let right = try operand(right)
        if let unknown = left.firstUnknown ?? right.firstUnknown { return .unknown(unknown) }
        let result = try Arithmetic.apply(symbol, left, right, limits: session.environment.limits)
        if case .string(let text) = result { try session.countBytes(text.string.utf8.count) }
        return result
    }

    private func joinedLists(_ left: Value, _ right: Value) -> Value? {
        switch (left, right) {
        case (.list(let a), .list(let b)): .list(a + b)
        case (.tuple(let a), .tuple(let b)): .tuple(a + b)
        default: nil
        }
    }

    func evaluateConcatenation(_ parts: [Expression], _ frame: Frame) throws(Diagnostic) -> Value {
        var string = ""
        var isSecret = false
        for part in parts {
            let found = try evaluate(part, frame)
            switch found {
            case .string(let text) where text.isPlain:
                string += text.string
                continue
            case .int(let int):
                string += String(int)
                continue
            default: break
            }
            if found.isMissingElse { continue }
            let value = try operand(found)
            if let unknown = value.firstUnknown { return .unknown(unknown) }
            isSecret = isSecret || value.holdsSecret
            try PythonPrint.checkSize(value)
            string += PythonPrint.text(value)
        }
        try session.countBytes(string.utf8.count)
        return .string(Text(string, marks: isSecret ? .secret : []))
    }

    @inline(never)
    func evaluateSign(
        _ operand: Expression, _ frame: Frame, _ offset: Int, negates: Bool
    ) throws(Diagnostic) -> Value {
        let value = try self.operand(try evaluate(operand, frame))
        switch value.number {
        case .int(let int)? where !negates || int != .min: return .int(negates ? -int : int)
        case .int(let int)?: return try WholeNumber.small(int).negated().value
        case .large(let large)?: return negates ? try WholeNumber.large(large).negated().value : value
        case .double(let double)?: return .double(negates ? -double : double)
        case nil:
            if case .unknown = value { return value }
            throw failure("a sign needs a number, not \(describe(value))", at: offset)
        }
    }
}

/// Python's binary operators on settled values.
enum Arithmetic {
    static func apply(
        _ symbol: Token.Symbol, _ left: Value, _ right: Value, limits: TemplateLimits
    ) throws(Diagnostic) -> Value {
        if let a = left.number, let b = right.number { return try numeric(symbol, a, b) }
        switch (symbol, left, right) {
        case (.plus, .string(let a), .string(let b)):
            return .string(Text(a.string + b.string, marks: a.marks.union(b.marks).intersection(.secret)))
        case (.plus, .list(let a), .list(let b)): return .list(a + b)
        case (.plus, .tuple(let a), .tuple(let b)): return .tuple(a + b)
        case (.multiply, let sequence, .int(let count)), (.multiply, .int(let count), let sequence):
            if let result = try repeated(sequence, count, limits) { return result }
        case (.multiply, let sequence, .large(let count)), (.multiply, .large(let count), let sequence):
            if sequence.text != nil || sequence.elements != nil {
                throw Diagnostic(.template, "nothing can be repeated \(count.text) times")
            }
        case (.multiply, let sequence, .bool(let bool)), (.multiply, .bool(let bool), let sequence):
            if let result = try repeated(sequence, bool ? 1 : 0, limits) { return result }
        case (.modulo, .string(let format), let arguments):
            return try PythonFormat.percent(format, arguments)
        case (.minus, .object(let a as any TemplateObject), let b):
            if let result = try a.subtracting(b) { return result }
        case (.plus, .object(let a as any TemplateObject), let b):
            if let result = try a.adding(b) { return result }
        default: break
        }
        throw mismatch(symbol.rawValue, left, right)
    }

    static func mismatch(_ symbol: String, _ left: Value, _ right: Value) -> Diagnostic {
        var remedy: String?
        if symbol == "+", left.text != nil || right.text != nil {
            let isNumeric = left.number != nil || right.number != nil
            remedy =
                isNumeric
                ? "Join text with '~', or turn the text into a number with '| int'."
                : "Join text with '~'."
        }
        return Diagnostic(
            .template,
            "unsupported operand types for \(symbol): \(ErrorText.describe(left)) and \(ErrorText.describe(right))",
            remedy: remedy)
    }

    private static func repeated(_ value: Value, _ count: Int, _ limits: TemplateLimits) throws(Diagnostic) -> Value? {
        let count = max(0, count)
        switch value {
        case .string(let text):
            guard text.string.utf8.count.multipliedReportingOverflow(by: count).overflow == false,
                text.string.utf8.count * count <= limits.bytes
            else { throw Diagnostic(.template, "repeating the text \(count) times makes too much of it") }
            return .string(Text(String(repeating: text.string, count: count), marks: text.marks.intersection(.secret)))
        case .list(let items), .tuple(let items):
            let (size, overflow) = items.count.multipliedReportingOverflow(by: count)
            guard !overflow, size <= limits.elements else {
                throw Diagnostic(.template, "repeating the list \(count) times makes too many elements")
            }
            var result: [Value] = []
            result.reserveCapacity(size)
            for _ in 0..<count { result += items }
            if case .tuple = value { return .tuple(result) }
            return .list(result)
        default: return nil
        }
    }

    private static let byZero = Diagnostic(.template, "division by zero")

    static func numeric(
        _ symbol: Token.Symbol, _ left: Value.Number, _ right: Value.Number
    ) throws(Diagnostic) -> Value {
        if let a = left.whole, let b = right.whole { return try integer(symbol, a, b) }
        return try floating(symbol, try float(left), try float(right))
    }

    /// A number as a float.
    ///
    /// - Throws: `Diagnostic` where it is whole and too large for one.
    static func float(_ number: Value.Number) throws(Diagnostic) -> Double {
        let double = number.asDouble
        if case .large = number, double.isInfinite {
            throw Diagnostic(.template, "the whole number is too large for a float")
        }
        return double
    }

    /// The result where it is a matter of one instruction; nil sends to `integer`.
    static func quick(_ symbol: Token.Symbol, _ a: Int, _ b: Int) -> Int? {
        let result: (partialValue: Int, overflow: Bool)
        switch symbol {
        case .plus: result = a.addingReportingOverflow(b)
        case .minus: result = a.subtractingReportingOverflow(b)
        case .multiply: result = a.multipliedReportingOverflow(by: b)
        case .floorDivide where a >= 0 && b > 0: return a / b
        case .modulo where a >= 0 && b > 0: return a % b
        default: return nil
        }
        return result.overflow ? nil : result.partialValue
    }

    private static func integer(
        _ symbol: Token.Symbol, _ a: WholeNumber, _ b: WholeNumber
    ) throws(Diagnostic) -> Value {
        switch symbol {
        case .plus: return try a.adding(b).value
        case .minus: return try a.subtracting(b).value
        case .multiply: return try a.multiplied(by: b).value
        case .divide:
            guard let quotient = try a.quotient(by: b) else {
                throw Diagnostic(.template, "the quotient is too large for a float", remedy: "Divide with '//'.")
            }
            return .double(quotient)
        case .floorDivide: return try a.dividedFlooring(by: b).quotient.value
        case .modulo: return try a.dividedFlooring(by: b).remainder.value
        case .power:
            guard b.signum < 0 else { return try a.raised(to: b).value }
            return try floating(.power, try float(a.number), try float(b.number))
        default: throw mismatch(symbol.rawValue, a.value, b.value)
        }
    }

    private static func floating(_ symbol: Token.Symbol, _ a: Double, _ b: Double) throws(Diagnostic) -> Value {
        switch symbol {
        case .plus: return .double(a + b)
        case .minus: return .double(a - b)
        case .multiply: return .double(a * b)
        case .divide:
            guard b != 0 else { throw byZero }
            return .double(a / b)
        case .floorDivide:
            guard b != 0 else { throw byZero }
            return .double(PythonMath.divideFlooring(a, by: b).quotient)
        case .modulo:
            guard b != 0 else { throw byZero }
            return .double(PythonMath.divideFlooring(a, by: b).remainder)
        case .power:
            if a == 0, b < 0 { throw byZero }
            let power = PythonMath.power(a, b)
            guard power.isFinite || !a.isFinite || !b.isFinite || a < 0 && b != b.rounded() else {
                throw Diagnostic(.template, "the power is too large for a float")
            }
            return .double(power)
        default: throw mismatch(symbol.rawValue, .double(a), .double(b))
        }
    }
}
