internal import Diagnostics
internal import Glibc
internal import Values

/// Mathematics that Swift's own library leaves to C's.
enum PythonMath {
    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
    static func squareRoot(_ value: Double) -> Double { value.squareRoot() }

    /// Python's `divmod` of floats: the remainder has the divisor's sign, and the quotient, which is whole, goes with it.
    ///
    /// - Parameter divisor: Not zero.
    static func divideFlooring(_ value: Double, by divisor: Double) -> (quotient: Double, remainder: Double) {
        var remainder = fmod(value, divisor)
        var quotient = (value - remainder) / divisor
        if remainder == 0 {
            remainder = copysign(0, divisor)
        } else if (remainder < 0) != (divisor < 0) {
            remainder += divisor
            quotient -= 1
        }
        guard quotient != 0 else { return (copysign(0, value / divisor), remainder) }
        let whole = quotient.rounded(.down)
        return (quotient - whole > 0.5 ? whole + 1 : whole, remainder)
    }

    /// The logarithm of a number above zero, also of one that is too large for a float.
    static func log(_ value: Value.Number, _ function: (Double) -> Double = Glibc.log) -> Double {
        guard case .large(let large) = value, large.asDouble.isInfinite else { return function(value.asDouble) }
        let (mantissa, exponent) = WholeNumber.large(large).scaled
        return function(mantissa) + function(2) * Double(exponent)
    }

    /// A float with a fixed number of digits after the point, rounded half to even on its exact value.
    static func fixed(_ value: Double, digits: Int) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        return printf("%.*f", digits, value)
    }

    static func exponential(_ value: Double, digits: Int) -> String { printf("%.*e", digits, value) }
    static func general(_ value: Double, digits: Int) -> String { printf("%.*g", digits, value) }

    private static func printf(_ format: String, _ digits: Int, _ value: Double) -> String {
        let digits = min(max(digits, 0), 400)
        var buffer = [CChar](repeating: 0, count: 800)
        let length = withVaList([Int32(digits), value]) { vsnprintf(&buffer, buffer.count, format, $0) }
        return String(decoding: buffer.prefix(max(0, Int(length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Python's `round(value, digits)`: half to even on the decimal form of the exact value.
    ///
    /// - Throws: `Diagnostic` where the result is too large for a float.
    static func round(_ value: Double, digits: Int) throws(Diagnostic) -> Double {
        guard value.isFinite else { return value }
        if digits >= 0 { return Double(fixed(value, digits: digits)) ?? value }
        // Ten times the number, so that a fraction is a digit that shows that nothing lies half way.
        let fraction = value == value.rounded() ? 0 : value < 0 ? -5 : 5
        guard let tenfold = try WholeNumber(truncating: value)?.multiplied(by: .small(10)).adding(.small(fraction)),
            let result = try tenfold.rounded(zeros: max(digits, -1000) * -1 + 1).quotient(by: .small(10))
        else { throw Diagnostic(.template, "the rounded number is too large for a float") }
        return copysign(result, value)
    }
}
