internal import CLinux

/// Cuts one stream of a shell into answers: everything up to the end marker `\nTOKEN NUMBER[ STATUS]\n`.
struct MarkerScanner {
    /// One answer's part of the stream.
    struct Piece {
        var number: Int
        /// The exit status, where the stream carries it.
        var status: Int32?
        var content: [UInt8]
        /// Whether the content was longer than the limit and was dropped.
        var isTooLong: Bool
    }

    private let marker: [UInt8]
    private let limit: Int
    private var buffer: [UInt8] = []
    /// Where the search goes on: no marker begins before.
    private var searched = 0
    private var isTooLong = false

    /// The longest a marker line's numbers can be.
    private static let longestTail = 40

    init(token: String, limit: Int) {
        marker = Array("\n\(token) ".utf8)
        self.limit = limit
    }

    mutating func receive(_ bytes: UnsafeRawBufferPointer) { buffer.append(contentsOf: bytes) }

    /// Whether more than the limit came for an answer that is not at its end yet.
    var isFlooded: Bool { isTooLong }

    /// What came since the last answer's part.
    var unfinished: [UInt8] { buffer }

    /// The next answer's part, if it is whole.
    mutating func next() -> Piece? {
        guard let start = find() else {
            // The marker may have begun in the last bytes; it is looked for again from there.
            searched = max(searched, buffer.count - marker.count - Self.longestTail)
            if buffer.count > limit {
                isTooLong = true
                buffer.removeFirst(searched)
                searched = 0
            }
            return nil
        }
        let numbers = start + marker.count
        guard let end = buffer[numbers...].prefix(Self.longestTail + 1).firstIndex(of: UInt8(ascii: "\n")) else {
            if buffer.count - numbers > Self.longestTail {
                // A host knows the token, too: what is no marker after all must not be waited for.
                buffer = []
                searched = 0
                isTooLong = false
                return Piece(number: -1, status: nil, content: [], isTooLong: false)
            }
            searched = start
            return nil
        }
        let words = buffer[numbers..<end].split(separator: UInt8(ascii: " "))
        let parsed = words.map { Int(String(decoding: $0, as: UTF8.self)) }
        let piece = Piece(
            // Nobody else knows the token, so what does not parse is a shell gone wrong: no request has number -1.
            number: parsed.first.flatMap(\.self) ?? -1,
            status: parsed.count > 1 ? parsed[1].map(Int32.init(truncatingIfNeeded:)) : nil,
            content: isTooLong ? [] : Array(buffer[..<start]),
            isTooLong: isTooLong || start > limit
        )
        buffer.removeFirst(end + 1)
        searched = 0
        isTooLong = false
        return piece
    }

    private func find() -> Int? {
        let from = max(0, searched)
        guard buffer.count - from >= marker.count else { return nil }
        let found = buffer.withUnsafeBytes { bytes in
            marker.withUnsafeBytes { marker in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[from...])
                return swiftprov_find(rest.baseAddress, rest.count, marker.baseAddress, marker.count)
            }
        }
        return found < 0 ? nil : from + found
    }
}
