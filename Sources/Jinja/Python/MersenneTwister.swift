internal import Crypto
internal import Values

/// The generator behind Python's `random.Random(seed)`: MT19937, seeded and drawn from as CPython does.
///
/// - SeeAlso: Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998).
struct MersenneTwister {
    private var state = [UInt32](repeating: 0, count: 624)
    private var index = 624

    /// Seeded by text: its bytes and their SHA-512 as one large number.
    init(text: String) {
        let bytes = Array(text.utf8)
        self.init(bigEndian: bytes + Array(SHA512.hash(data: bytes)))
    }

    /// Seeded by a number's magnitude.
    init(number: WholeNumber) {
        self.init(
            bigEndian: number.magnitudeWords.reversed().flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
            })
    }

    private init(bigEndian bytes: [UInt8]) {
        var digits = Array(bytes.drop { $0 == 0 }.reversed())
        while digits.count % 4 != 0 || digits.isEmpty { digits.append(0) }
        var key: [UInt32] = []
        for start in stride(from: 0, to: digits.count, by: 4) {
            key.append((0..<4).reduce(0) { $0 | UInt32(digits[start + $1]) << (8 * UInt32($1)) })
        }
        seed(19_650_218)
        var i = 1
        var j = 0
        for _ in 0..<max(624, key.count) {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) &* 1_664_525)) &+ key[j] &+ UInt32(j)
            i += 1
            j = (j + 1) % key.count
            if i == 624 {
                state[0] = state[623]
                i = 1
            }
        }
        for _ in 0..<623 {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) &* 1_566_083_941)) &- UInt32(i)
            i += 1
            if i == 624 {
                state[0] = state[623]
                i = 1
            }
        }
        state[0] = 0x8000_0000
    }

    private mutating func seed(_ value: UInt32) {
        state[0] = value
        for i in 1..<624 { state[i] = 1_812_433_253 &* (state[i - 1] ^ (state[i - 1] >> 30)) &+ UInt32(i) }
        index = 624
    }

    mutating func next() -> UInt32 {
        if index == 624 {
            for i in 0..<624 {
                let mixed = (state[i] & 0x8000_0000) | (state[(i + 1) % 624] & 0x7FFF_FFFF)
                state[i] = state[(i + 397) % 624] ^ (mixed >> 1) ^ (mixed & 1 == 0 ? 0 : 0x9908_B0DF)
            }
            index = 0
        }
        var result = state[index]
        index += 1
        result ^= result >> 11
        result ^= (result << 7) & 0x9D2C_5680
        result ^= (result << 15) & 0xEFC6_0000
        return result ^ (result >> 18)
    }

    private mutating func bits(_ count: Int) -> UInt64 {
        if count <= 32 { return UInt64(next() >> UInt32(32 - count)) }
        let low = UInt64(next())
        return low | UInt64(next() >> UInt32(64 - count)) << 32
    }

    /// A number from zero up to but not including a limit above zero of any size, as Python makes it of words of chance.
    static func below(_ limit: WholeNumber, _ next: () -> UInt32) -> WholeNumber {
        while true {
            var words: [UInt] = []
            var left = limit.bitLength
            while left > 0 {
                let low = UInt(next() >> UInt32(max(0, 32 - left)))
                left -= 32
                let high = left > 0 ? UInt(next() >> UInt32(max(0, 32 - left))) : 0
                left -= 32
                words.append(high << 32 | low)
            }
            let result = WholeNumber(words: words)
            if result.order(with: limit) < 0 { return result }
        }
    }

    /// A number from zero up to but not including `limit`, which is above zero.
    mutating func below(_ limit: Int) -> Int {
        let count = Int.bitWidth - limit.leadingZeroBitCount
        var result = bits(count)
        while result >= UInt64(limit) { result = bits(count) }
        return Int(result)
    }
}
