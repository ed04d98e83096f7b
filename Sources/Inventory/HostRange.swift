internal import Diagnostics
internal import Values

/// Writes out the ranges in a host name: `web[01:03]` is web01, web02 and web03; `db[a:c]` is dba, dbb and dbc.
enum HostRange {
    /// The most hosts that one line may stand for; more is a slip of the finger.
    static let limit = 1_000_000

    /// - Throws: `Diagnostic` with code `.badValue`, without a place.
    static func expanded(_ name: String) throws(Diagnostic) -> [String] {
        guard name.utf8.contains(UInt8(ascii: "[")) else { return [name] }
        var names = [""]
        var rest = name[...]
        while let open = rest.firstIndex(of: "[") {
            guard let close = rest[open...].firstIndex(of: "]") else {
                throw wrong(name, "has a '[' without a ']'")
            }
            let values = try values(rest[rest.index(after: open)..<close], of: name)
            guard names.count * values.count <= limit else { throw wrong(name, "stands for more than \(limit) hosts") }
            let head = rest[..<open]
            names = names.flatMap { before in values.map { before + head + $0 } }
            rest = rest[rest.index(after: close)...]
        }
        return names.map { $0 + rest }
    }

    private static func values(_ range: Substring, of name: String) throws(Diagnostic) -> [String] {
        let bounds = range.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(bounds.count) else { throw wrong(name, "needs '[begin:end]' or '[begin:end:step]'") }
        let first = bounds[0].isEmpty ? "0" : bounds[0]
        let last = bounds[1]
        guard !last.isEmpty else { throw wrong(name, "has a range without an end") }
        guard let step = bounds.count == 3 ? Int(bounds[2]) : 1, step > 0 else {
            throw wrong(name, "has a range whose step is not a positive number")
        }
        if let letters = letters(first, last) {
            guard letters.first <= letters.last else { throw wrong(name, "has a range that begins after its end") }
            return stride(from: letters.first, through: letters.last, by: step).map { String(alphabet[$0]) }
        }
        guard let begin = Int(first), let end = Int(last), begin >= 0, end >= 0 else {
            throw wrong(name, "has a range of neither numbers nor single letters")
        }
        var width = 0
        if first.count > 1, first.first == "0" {
            guard first.count == last.count else {
                throw wrong(
                    name, "has a range whose begin and end differ in length, though the begin has leading zeros")
            }
            width = first.count
        }
        guard begin <= end else { throw wrong(name, "has a range that begins after its end") }
        guard (end - begin) / step < limit else { throw wrong(name, "stands for more than \(limit) hosts") }
        return stride(from: begin, through: end, by: step).map { number in
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
    }

    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

    private static func letters(_ first: Substring, _ last: Substring) -> (first: Int, last: Int)? {
        guard first.count == 1, last.count == 1, let begin = first.first, let end = last.first,
            let from = alphabet.firstIndex(of: begin), let to = alphabet.firstIndex(of: end)
        else { return nil }
        return (from, to)
    }

    private static func wrong(_ name: String, _ how: String) -> Diagnostic {
        Diagnostic(
            .badValue, "host '\(name)' \(how)", remedy: "Write ranges like web[1:20], web[001:100:2] or db[a:f].")
    }
}
