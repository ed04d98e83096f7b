internal import Diagnostics

/// The forms in which Docker modules take sizes, times and command lines.
enum DockerUnits {
    /// `512m`, `1.5G`, `100k`, `1024` in bytes; the units are powers of 1024.
    static func bytes(_ text: String, of argument: String) throws(Diagnostic) -> Int {
        let wrong = Diagnostic(
            .badValue, "\(argument): '\(text)' is no size",
            remedy: "write a number with a unit of B, K, M, G, T or P, such as 512M.")
        let word = text.trimmed
        let digits = word.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        var unit = word[digits.endIndex...].trimmed.uppercased()
        guard let number = Double(digits), number >= 0 else { throw wrong }
        if unit.count > 1, unit.hasSuffix("B") { unit = String(unit.dropLast()) }
        let powers = ["": 0, "B": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5]
        guard let power = powers[unit] else { throw wrong }
        var result = number
        for _ in 0..<power { result *= 1024 }
        guard result < 9e18 else { throw wrong }
        return Int(result.rounded())
    }

    /// `1h30m`, `10s`, `1m30s500ms`, `200us` in nanoseconds.
    static func nanoseconds(_ text: String, of argument: String) throws(Diagnostic) -> Int {
        let wrong = Diagnostic(
            .badValue, "\(argument): '\(text)' is no duration",
            remedy: "write numbers with units us, ms, s, m or h, such as 10s or 1m30s.")
        var rest = text.trimmed[...]
        guard !rest.isEmpty else { throw wrong }
        var total = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            let unit = rest.prefix { $0.isLetter }
            rest = rest[unit.endIndex...]
            let units = ["us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000]
            guard let number = Int(digits), let factor = units[String(unit)] else { throw wrong }
            let (part, tooLarge) = number.multipliedReportingOverflow(by: factor)
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !tooLarge, !overflow else { throw wrong }
            total = sum
        }
        return total
    }

    /// The words of a command line, as a POSIX shell splits them: quotes and backslashes, nothing else.
    static func words(_ line: String, of argument: String) throws(Diagnostic) -> [String] {
        var words: [String] = []
        var current: String?
        var quote: Character?
        var characters = line.makeIterator()
        while let character = characters.next() {
            if let open = quote {
                if character == open {
                    quote = nil
                } else if character == "\\", open == "\"" {
                    guard let next = characters.next() else { break }
                    // Inside double quotes a backslash stays unless it protects something.
                    if next != "\"" && next != "\\" { current?.append("\\") }
                    current?.append(next)
                } else {
                    current?.append(character)
                }
                continue
            }
            switch character {
            case "'", "\"":
                quote = character
                current = current ?? ""
            case "\\":
                guard let next = characters.next() else {
                    throw Diagnostic(.badValue, "\(argument): nothing follows the last '\\' of '\(line)'")
                }
                current = (current ?? "") + String(next)
            case " ", "\t", "\n", "\r", "\r\n":
                if let word = current { words.append(word) }
                current = nil
            default:
                current = (current ?? "") + String(character)
            }
        }
        guard quote == nil else {
            throw Diagnostic(.badValue, "\(argument): a quote is not closed in '\(line)'")
        }
        if let word = current { words.append(word) }
        return words
    }
}
