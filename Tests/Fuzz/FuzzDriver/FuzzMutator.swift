import Diagnostics
import Local
import Values

/// The texts that inputs are made from: the recorded cases of the target's tests.
struct FuzzCorpus {
    private(set) var texts: [[UInt8]] = []
    let words: [[UInt8]]

    /// - Parameter paths: Files, and directories whose files are taken at any depth. A `.in.json` file is a recorded
    ///   list of template cases and gives each of its texts.
    init(_ target: FuzzTarget, paths: [String]) {
        words = target.words.map { Array($0.utf8) }
        for path in paths { read(path) }
        if texts.isEmpty { texts = [[]] }
    }

    private mutating func read(_ path: String) {
        if let names = LocalFile.names(in: path) {
            for name in names { read("\(path)/\(name)") }
            return
        }
        guard let bytes = try? LocalFile.bytes(path), bytes.count < 100_000 else { return }
        if path.hasSuffix(".in.json"), let value = try? JSON.parse(bytes) {
            addTexts(of: value)
        } else {
            // Case files hold many cases, each begun by such a line.
            let cases = String(decoding: bytes, as: UTF8.self).split(separator: "\n=== ")
            texts += cases.count > 1 ? cases.map { Array($0.utf8) } : [bytes]
        }
    }

    private mutating func addTexts(of value: Value) {
        switch value {
        case .string(let text) where text.string.utf8.count > 3: texts.append(Array(text.string.utf8))
        case .list(let items): for item in items { addTexts(of: item) }
        case .map(let map): for (_, item) in map { addTexts(of: item) }
        default: break
        }
    }
}

/// Makes inputs from a corpus: cut, doubled, joined with each other, with words of the language put in.
struct FuzzMutator {
    private var texts: [[UInt8]]
    private let words: [[UInt8]]
    private var state: UInt64

    private static let longest = 6000

    init(_ corpus: FuzzCorpus, seed: UInt64) {
        texts = corpus.texts
        words = corpus.words
        state = seed
    }

    mutating func next() -> [UInt8] {
        var bytes = texts[below(texts.count)]
        for _ in 0..<(1 + below(6)) { change(&bytes) }
        if bytes.count > Self.longest { bytes.removeLast(bytes.count - Self.longest) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = below(bytes.count + 1)
        let end = min(bytes.count, place + 1 + below(12))
        switch below(10) {
        case 0: bytes.removeSubrange(place..<end)
        case 1: if place < bytes.count { bytes[place] ^= UInt8(1 << below(8)) }
        case 2: bytes.insert(UInt8(below(256)), at: place)
        case 3:
            // The same again and again: what nests, or multiplies.
            let piece = below(2) == 0 ? Array(bytes[place..<end]) : words[below(words.count)]
            for _ in 0..<(2 + below(below(8) == 0 ? 400 : 20)) { bytes.insert(contentsOf: piece, at: place) }
        case 4:
            let other = texts[below(texts.count)]
            let start = below(other.count + 1)
            bytes.insert(contentsOf: other[start..<min(other.count, start + 1 + below(40))], at: place)
        case 5: bytes.removeSubrange(place...)
        default: bytes.insert(contentsOf: words[below(words.count)], at: place)
        }
    }

    /// SplitMix64: the same numbers for the same seed, everywhere.
    private mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var number = state
        number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int(truncatingIfNeeded: (number ^ (number >> 31)) >> 1) % max(1, bound)
    }
}
