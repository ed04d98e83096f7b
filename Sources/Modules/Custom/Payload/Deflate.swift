/// Compresses bytes as RFC 1951 has it: repetitions replaced, the codes those that every decoder knows beforehand.
///
/// Codes made for the input would save another sixth of source text and need two passes; what is sent to a host is
/// sent once per shell.
enum Deflate {
    static func compressed(_ input: [UInt8]) -> [UInt8] {
        var output = BitWriter(capacity: input.count / 3 + 64)
        // One last block with fixed codes.
        output.write(0b011, bits: 3)
        var search = RepetitionSearch()
        input.withUnsafeBufferPointer { bytes in
            var at = 0
            while at < bytes.count {
                let found = search.longest(at, in: bytes)
                guard found.length >= RepetitionSearch.shortest else {
                    FixedCodes.literal(bytes[at], to: &output)
                    search.enter(at, in: bytes)
                    at += 1
                    continue
                }
                FixedCodes.repetition(found.length, found.distance, to: &output)
                for position in at..<(at + found.length) { search.enter(position, in: bytes) }
                at += found.length
            }
        }
        FixedCodes.end(to: &output)
        return output.finished()
    }
}

/// Bits in the order of RFC 1951: the least significant first.
private struct BitWriter {
    private var bytes: [UInt8] = []
    private var held: UInt64 = 0
    private var count = 0

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    /// At most 32 bits at a time.
    mutating func write(_ value: UInt32, bits: Int) {
        held |= UInt64(value) << count
        count += bits
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: held))
            held >>= 8
            count -= 8
        }
    }

    mutating func finished() -> [UInt8] {
        if count > 0 { bytes.append(UInt8(truncatingIfNeeded: held)) }
        held = 0
        count = 0
        return bytes
    }
}

/// The codes of RFC 1951 §3.2.6, which need not be sent along.
private enum FixedCodes {
    /// Code and length of each symbol; codes begin with their most significant bit.
    private static let symbols: [(code: UInt32, bits: Int)] = (0...287).map { symbol in
        let (code, bits) =
            switch symbol {
            case 0...143: (0x30 + symbol, 8)
            case 144...255: (0x190 + symbol - 144, 9)
            case 256...279: (symbol - 256, 7)
            default: (0xC0 + symbol - 280, 8)
            }
        return (reversed(UInt32(code), bits: bits), bits)
    }

    private static let lengths: [(base: Int, bits: Int)] = {
        var rows: [(Int, Int)] = []
        var base = 3
        for symbol in 0..<28 {
            let bits = symbol < 8 ? 0 : symbol / 4 - 1
            rows.append((base, bits))
            base += 1 << bits
        }
        return rows + [(258, 0)]
    }()

    private static let distances: [(base: Int, bits: Int)] = {
        var rows: [(Int, Int)] = []
        var base = 1
        for symbol in 0..<30 {
            let bits = symbol < 4 ? 0 : symbol / 2 - 1
            rows.append((base, bits))
            base += 1 << bits
        }
        return rows
    }()

    /// The row of each length.
    private static let lengthRows: [Int] = (0...258).map { length in
        lengths.lastIndex { $0.base <= length } ?? 0
    }

    static func literal(_ byte: UInt8, to output: inout BitWriter) {
        output.write(symbols[Int(byte)].code, bits: symbols[Int(byte)].bits)
    }

    static func end(to output: inout BitWriter) { output.write(symbols[256].code, bits: symbols[256].bits) }

    static func repetition(_ length: Int, _ distance: Int, to output: inout BitWriter) {
        let row = lengthRows[length]
        output.write(symbols[257 + row].code, bits: symbols[257 + row].bits)
        output.write(UInt32(length - lengths[row].base), bits: lengths[row].bits)
        var low = 0
        var high = distances.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if distances[middle].base <= distance { low = middle } else { high = middle - 1 }
        }
        output.write(reversed(UInt32(low), bits: 5), bits: 5)
        output.write(UInt32(distance - distances[low].base), bits: distances[low].bits)
    }

    private static func reversed(_ code: UInt32, bits: Int) -> UInt32 {
        (0..<bits).reduce(0) { $0 << 1 | code >> $1 & 1 }
    }
}

/// Finds where the bytes at a position have been before.
private struct RepetitionSearch {
    static let shortest = 3
    private static let longest = 258
    private static let window = 32_768
    /// How many earlier places are compared: more find little.
    private static let probes = 24

    /// The last position of each hash, and the position before each; -1 for none.
    private var latest = [Int32](repeating: -1, count: 1 << 15)
    private var earlier = [Int32](repeating: -1, count: window)

    private static func hash(_ at: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let word = UInt32(bytes[at]) << 16 | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2])
        return Int((word &* 2_654_435_761) >> 17)
    }

    mutating func enter(_ at: Int, in bytes: UnsafeBufferPointer<UInt8>) {
        guard at + Self.shortest <= bytes.count else { return }
        let hash = Self.hash(at, bytes)
        earlier[at & (Self.window - 1)] = latest[hash]
        latest[hash] = Int32(at)
    }

    func longest(_ at: Int, in bytes: UnsafeBufferPointer<UInt8>) -> (length: Int, distance: Int) {
        guard at + Self.shortest <= bytes.count else { return (0, 0) }
        let limit = min(Self.longest, bytes.count - at)
        var best = (length: 0, distance: 0)
        var candidate = Int(latest[Self.hash(at, bytes)])
        var probes = Self.probes
        while candidate >= 0, at - candidate < Self.window, probes > 0 {
            var length = 0
            while length < limit, bytes[candidate + length] == bytes[at + length] { length += 1 }
            if length > best.length { best = (length, at - candidate) }
            if length == limit { break }
            let next = Int(earlier[candidate & (Self.window - 1)])
            // An entry that was written over belongs to a later position.
            if next >= candidate { break }
            candidate = next
            probes -= 1
        }
        return best
    }
}
