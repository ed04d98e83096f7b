internal import BigInt
public import Diagnostics

// Whole numbers beside floats: order, and conversions that are rounded once.
extension WholeNumber {
    /// Negative, zero or positive as it comes before, with or after another.
    public func order(with other: WholeNumber) -> Int {
        if case .small(let a) = self, case .small(let b) = other { return a < b ? -1 : a == b ? 0 : 1 }
        let (a, b) = (big, other.big)
        return a < b ? -1 : a == b ? 0 : 1
    }

    /// The same with a float, exactly; nil with not-a-number.
    public func order(with double: Double) -> Int? {
        if double.isNaN { return nil }
        if double.isInfinite { return double < 0 ? 1 : -1 }
        switch self {
        case .small(let int):
            // Every number of 64 bits lies between these two.
            if double >= 0x1p63 { return -1 }
            if double < -0x1p63 { return 1 }
            let whole = Int(double.rounded(.down))
            return int < whole ? -1 : int > whole ? 1 : double > double.rounded(.down) ? -1 : 0
        case .large(let large):
            guard double.magnitude >= 0x1p63 else { return large.isNegative ? -1 : 1 }
            // A float of that size has no fraction.
            let other = BigInt(double)
            return large.big < other ? -1 : large.big == other ? 0 : 1
        }
    }

    /// The nearest float, of two as near the even one; infinite where Python says that it is too large.
    public var asDouble: Double {
        switch self {
        case .small(let int): return Double(int)
        case .large:
            let (mantissa, exponent) = scaled
            return Double(sign: .plus, exponent: exponent, significand: mantissa)
        }
    }

    /// A float of at least one half and below one, and the power of two to multiply it with; for logarithms of what is
    /// no float itself.
    ///
    /// - Returns: Zero twice for zero.
    public var scaled: (mantissa: Double, exponent: Int) {
        guard signum != 0 else { return (0, 0) }
        let magnitude = big.magnitude
        let width = magnitude.bitWidth
        let top = Self.leading(magnitude)
        let mantissa = Double(top) * 0x1p-64
        return (signum < 0 ? -mantissa : mantissa, width)
    }

    /// The first 64 bits of a number that is not zero; the last one also says whether anything followed, so that
    /// rounding to the 53 bits of a float comes out right.
    private static func leading(_ magnitude: BigUInt) -> UInt64 {
        let surplus = magnitude.bitWidth - 64
        guard surplus > 0 else { return UInt64(truncatingIfNeeded: magnitude) << UInt64(-surplus) }
        let top = UInt64(truncatingIfNeeded: magnitude >> surplus)
        return magnitude.trailingZeroBitCount < surplus ? top | 1 : top
    }

    /// Python's `/`: the float nearest to the true quotient.
    ///
    /// - Returns: Nil where it is too large for a float.
    /// - Throws: `Diagnostic` if the divisor is zero.
    public func quotient(by other: WholeNumber) throws(Diagnostic) -> Double? {
        guard other.signum != 0 else { throw Self.byZero }
        guard signum != 0 else { return other.signum < 0 ? -0.0 : 0.0 }
        let exact = 1 << 53
        if case .small(let a) = self, case .small(let b) = other, a.magnitude <= exact, b.magnitude <= exact {
            return Double(a) / Double(b)
        }
        let (above, below) = (big.magnitude, other.big.magnitude)
        // As many bits before the division as make a quotient of 66 or 67.
        let shift = 66 - above.bitWidth + below.bitWidth
        let (whole, rest) = (shift >= 0 ? above << shift : above)
            .quotientAndRemainder(dividingBy: shift >= 0 ? below : below << -shift)
        // What is left over lies far below the last bit that counts; a bit below all others stands for it.
        let result = Self.float(rest.isZero ? whole << 1 : whole << 1 | 1, exponent: -shift - 1)
        guard result.isFinite else { return nil }
        return signum * other.signum < 0 ? -result : result
    }

    /// `magnitude` times a power of two, rounded once, also where floats lose digits near zero.
    private static func float(_ magnitude: BigUInt, exponent: Int) -> Double {
        let lowest = -1074
        let top = magnitude.bitWidth + exponent
        guard top < -1021 else {
            return Double(
                sign: .plus, exponent: magnitude.bitWidth - 64 + exponent, significand: Double(leading(magnitude)))
        }
        let surplus = lowest - exponent
        var kept = UInt64(truncatingIfNeeded: magnitude >> surplus)
        let half = BigUInt(1) << (surplus - 1)
        let rest = magnitude - (BigUInt(kept) << surplus)
        if rest > half || rest == half && kept & 1 == 1 { kept += 1 }
        return Double(sign: .plus, exponent: lowest, significand: Double(kept))
    }
}
