internal import Glibc

/// Mathematics that Swift's own library leaves to C's.
enum PythonMath {
    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
    static func squareRoot(_ value: Double) -> Double { value.squareRoot() }
    static func log(_ value: Double) -> Double { Glibc.log(value) }
    static func log10(_ value: Double) -> Double { Glibc.log10(value) }

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
    static func round(_ value: Double, digits: Int) -> Double {
        guard value.isFinite else { return value }
        if digits >= 0 { return Double(fixed(value, digits: digits)) ?? value }
        let factor = pow(10, Double(-digits))
        return (value / factor).rounded(.toNearestOrEven) * factor
    }
}
