internal import BigInt
public import Diagnostics

/// A whole number beyond 64 bits. What fits in them is `Value.int`, always, so that equal numbers are equal values.
///
/// A reference, so that values stay as small as they are without it.
public final class LargeInteger: Sendable {
    let big: BigInt

    fileprivate init(_ big: BigInt) { self.big = big }

    public var isNegative: Bool { big.sign == .minus }
    /// The nearest float, infinite where none is near.
    public var asDouble: Double { WholeNumber.large(self).asDouble }
    /// Its decimal digits, with a sign if it is negative.
    public var text: String { String(big) }
}

extension LargeInteger: Hashable {
    public static func == (left: LargeInteger, right: LargeInteger) -> Bool {
        left === right || left.big == right.big
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(big) }
}

/// A whole number of any size up to a bound, and what Python computes with it.
///
/// The digits of large ones are the BigInt package's to reckon with; here is what Python means by it.
public enum WholeNumber: Sendable, Hashable {
    case small(Int)
    case large(LargeInteger)

    /// The most bits a number may have: enough for all that people compute, too few to fill memory or to take long.
    public static let greatestBits = 1 << 17
    /// The most decimal digits that are read, and that a template prints, as in Python.
    public static let greatestDigits = 4300

    init(_ big: BigInt) {
        let magnitude = big.magnitude
        let fits = magnitude.bitWidth < 64 || big == BigInt(Int.min)
        self = fits ? .small(Int(truncatingIfNeeded: big)) : .large(LargeInteger(big))
    }

    /// - Parameter magnitude: What the number is without its sign.
    public init(_ magnitude: UInt128, isNegative: Bool = false) {
        self.init(BigInt(sign: isNegative ? .minus : .plus, magnitude: BigUInt(magnitude)))
    }

    /// The number whose binary form is these words, the lowest first.
    public init(words: [UInt]) { self.init(BigInt(BigUInt(words: words))) }

    /// A float without what follows its point; nil if it is not finite.
    public init?(truncating double: Double) {
        guard double.isFinite else { return nil }
        if let int = Int(exactly: double.rounded(.towardZero)) {
            self = .small(int)
        } else {
            self.init(BigInt(double))
        }
    }

    /// The number as a value.
    public var value: Value {
        switch self {
        case .small(let int): .int(int)
        case .large(let large): .large(large)
        }
    }

    /// The number as arithmetic with floats sees it.
    public var number: Value.Number {
        switch self {
        case .small(let int): .int(int)
        case .large(let large): .large(large)
        }
    }

    var big: BigInt {
        switch self {
        case .small(let int): BigInt(int)
        case .large(let large): large.big
        }
    }

    /// Below zero, zero or above it, as -1, 0 or 1.
    public var signum: Int {
        switch self {
        case .small(let int): int.signum()
        case .large(let large): large.isNegative ? -1 : 1
        }
    }

    public var isEven: Bool {
        switch self {
        case .small(let int): int.isMultiple(of: 2)
        case .large(let large): large.big.magnitude.trailingZeroBitCount > 0
        }
    }

    /// How many binary digits it has without its sign.
    public var bitLength: Int {
        switch self {
        case .small(let int): Int.bitWidth - int.magnitude.leadingZeroBitCount
        case .large(let large): large.big.magnitude.bitWidth
        }
    }

    /// Without its sign in the smallest type that holds all addresses; nil if that is too small.
    public var magnitude128: UInt128? {
        switch self {
        case .small(let int): UInt128(int.magnitude)
        case .large(let large):
            large.big.magnitude.bitWidth > 128 ? nil : UInt128(truncatingIfNeeded: large.big.magnitude)
        }
    }

    /// The words of its binary form without its sign, the lowest first.
    public var magnitudeWords: [UInt] {
        switch self {
        case .small(let int): [int.magnitude]
        case .large(let large): Array(large.big.magnitude.words)
        }
    }

    /// The number as an `Int`, the nearest one if it has none.
    public var clamped: Int {
        switch self {
        case .small(let int): int
        case .large(let large): large.isNegative ? .min : .max
        }
    }
}

// MARK: Arithmetic

extension WholeNumber {
    /// The error that a number beyond the bound is.
    public static let tooLarge = Diagnostic(
        .template, "the result has more than \(greatestBits) bits",
        remedy: "Compute with floats, for example 1.0 * x.")
    static let byZero = Diagnostic(.template, "division by zero")

    private static func bounded(_ big: BigInt) throws(Diagnostic) -> WholeNumber {
        guard big.magnitude.bitWidth <= greatestBits else { throw tooLarge }
        return WholeNumber(big)
    }

    public func adding(_ other: WholeNumber) throws(Diagnostic) -> WholeNumber {
        if case .small(let a) = self, case .small(let b) = other {
            let (sum, isOver) = a.addingReportingOverflow(b)
            if !isOver { return .small(sum) }
        }
        return try Self.bounded(big + other.big)
    }

    public func subtracting(_ other: WholeNumber) throws(Diagnostic) -> WholeNumber {
        if case .small(let a) = self, case .small(let b) = other {
            let (difference, isOver) = a.subtractingReportingOverflow(b)
            if !isOver { return .small(difference) }
        }
        return try Self.bounded(big - other.big)
    }

    public func multiplied(by other: WholeNumber) throws(Diagnostic) -> WholeNumber {
        if case .small(let a) = self, case .small(let b) = other {
            let (product, isOver) = a.multipliedReportingOverflow(by: b)
            if !isOver { return .small(product) }
        }
        guard bitLength + other.bitLength - 1 <= Self.greatestBits else { throw Self.tooLarge }
        return try Self.bounded(big * other.big)
    }

    /// Python's `divmod`: the quotient rounded down, and what is left, which has the divisor's sign.
    ///
    /// - Throws: `Diagnostic` if the divisor is zero.
    public func dividedFlooring(
        by other: WholeNumber
    ) throws(Diagnostic) -> (quotient: WholeNumber, remainder: WholeNumber) {
        guard other.signum != 0 else { throw Self.byZero }
        if case .small(let a) = self, case .small(let b) = other, b != -1 {
            let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
            return remainder != 0 && (remainder < 0) != (b < 0)
                ? (.small(quotient - 1), .small(remainder + b)) : (.small(quotient), .small(remainder))
        }
        let divisor = other.big
        let (quotient, remainder) = big.quotientAndRemainder(dividingBy: divisor)
        return remainder.signum() != 0 && remainder.sign != divisor.sign
            ? (WholeNumber(quotient - 1), WholeNumber(remainder + divisor))
            : (WholeNumber(quotient), WholeNumber(remainder))
    }

    /// - Parameter exponent: Zero or more.
    public func raised(to exponent: WholeNumber) throws(Diagnostic) -> WholeNumber {
        if case .small(0) = exponent { return .small(1) }
        switch self {
        case .small(0), .small(1): return self
        case .small(-1): return .small(exponent.isEven ? 1 : -1)
        default: break
        }
        guard case .small(let exponent) = exponent, exponent <= Self.greatestBits,
            (bitLength - 1) * exponent < Self.greatestBits
        else { throw Self.tooLarge }
        return try Self.bounded(big.power(exponent))
    }

    public func negated() throws(Diagnostic) -> WholeNumber { try WholeNumber.small(0).subtracting(self) }

    public func magnitude() throws(Diagnostic) -> WholeNumber { signum < 0 ? try negated() : self }

    /// Rounded so that it ends in so many zeros, halves to the even side.
    public func rounded(zeros: Int) throws(Diagnostic) -> WholeNumber {
        guard zeros > 0, signum != 0 else { return self }
        // Ten needs more than three bits: so many zeros are beyond twice the number.
        guard zeros <= bitLength / 3 + 1 else { return .small(0) }
        let step = try WholeNumber.small(10).raised(to: .small(zeros))
        let (quotient, remainder) = try dividedFlooring(by: step)
        let side = try remainder.adding(remainder).order(with: step)
        let count = side > 0 || side == 0 && !quotient.isEven ? try quotient.adding(.small(1)) : quotient
        return try count.multiplied(by: step)
    }

    /// What a bitwise method of Python's numbers does, on as many leading signs as it needs.
    public enum BitOperation: Sendable { case and, or, xor }

    public func combined(_ operation: BitOperation, _ other: WholeNumber) -> WholeNumber {
        switch operation {
        case .and: WholeNumber(big & other.big)
        case .or: WholeNumber(big | other.big)
        case .xor: WholeNumber(big ^ other.big)
        }
    }

    /// Times two for each place; a negative count shifts to the right, which rounds down.
    public func shiftedLeft(_ places: Int) throws(Diagnostic) -> WholeNumber {
        if places >= 0 {
            guard signum != 0 else { return self }
            guard places <= Self.greatestBits - bitLength else { throw Self.tooLarge }
            return try Self.bounded(big << places)
        }
        guard -places <= bitLength else { return .small(signum < 0 ? -1 : 0) }
        return try dividedFlooring(by: WholeNumber(BigInt(1) << -places)).quotient
    }
}

// MARK: Text

extension WholeNumber {
    /// What a text is as a whole number.
    public enum Reading: Sendable { case number(WholeNumber), tooLarge, none }

    /// Reads digits, which a sign may precede.
    ///
    /// - Parameter radix: 2 to 36.
    public static func read(_ text: some StringProtocol, radix: Int = 10) -> Reading {
        if let int = Int(text, radix: radix) { return .number(.small(int)) }
        var digits = Array(text.utf8)[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        guard !digits.isEmpty, digits.allSatisfy({ Self.isDigit($0, radix) }) else { return .none }
        let isPowerOfTwo = radix & (radix - 1) == 0
        let greatest = isPowerOfTwo ? greatestBits / radix.trailingZeroBitCount : greatestDigits
        guard digits.count <= greatest else { return .tooLarge }
        // Twelve digits of any radix fit in a word.
        var result = BigUInt()
        while !digits.isEmpty {
            let part = digits.prefix(12)
            digits = digits.dropFirst(12)
            let word = UInt64(String(decoding: part, as: UTF8.self), radix: radix) ?? 0
            result = result * BigUInt(radix).power(part.count) + BigUInt(word)
        }
        return .number(WholeNumber(BigInt(sign: isNegative ? .minus : .plus, magnitude: result)))
    }

    private static func isDigit(_ byte: UInt8, _ radix: Int) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0")) < radix
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a")) + 10 < radix
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A")) + 10 < radix
        default: false
        }
    }

    /// The digits without a sign.
    ///
    /// - Parameter radix: 2 to 36.
    public func digits(radix: Int = 10, uppercase: Bool = false) -> String {
        switch self {
        case .small(let int): String(int.magnitude, radix: radix, uppercase: uppercase)
        case .large(let large): String(large.big.magnitude, radix: radix, uppercase: uppercase)
        }
    }

    /// The digits with a sign if it is negative.
    public var text: String {
        switch self {
        case .small(let int): String(int)
        case .large(let large): large.text
        }
    }

    /// Whether Python refuses to print it: its digits are more than `greatestDigits`.
    public var isUnprintable: Bool {
        // The least number of 4301 digits has 14285 bits.
        bitLength >= 14_285 && digits().utf8.count > Self.greatestDigits
    }
}
