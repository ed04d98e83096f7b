internal import Diagnostics
internal import Glibc
internal import Local
internal import Synchronization
internal import Values

/// Files in the format of ssh_config(5), each read once.
public final class SSHConfigFiles: Sendable {
    /// A line that says something.
    struct Line: Sendable {
        /// In lower case.
        var keyword: String
        /// The words behind it, quotes undone.
        var words: [String]
        /// All that stands behind it, as it was written.
        var rest: String
        var place: SourceLocation
    }

    private let known = Mutex<[String: [Line]?]>([:])

    /// Nothing is read before it is asked for.
    public init() {}

    /// The lines of a file; nil if it cannot be read.
    ///
    /// - Throws: `Diagnostic` with code `.syntax` for a quote that is never closed.
    func lines(_ path: String) throws(Diagnostic) -> [Line]? {
        if let lines = known.withLock({ $0[path] }) { return lines }
        var lines: [Line]?
        if let bytes = try? LocalFile.bytes(path) {
            let text = String(decoding: bytes, as: UTF8.self)
            let file = SourceFile(name: path, text: text)
            var read: [Line] = []
            for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let place = SourceLocation(file: file, line: index + 1, column: 1)
                if let line = try Self.line(String(line), at: place) { read.append(line) }
            }
            lines = read
        }
        known.withLock { $0[path] = .some(lines) }
        return lines
    }

    /// What a line says; nil for a comment or nothing.
    static func line(_ text: String, at place: SourceLocation) throws(Diagnostic) -> Line? {
        let text = text.trimmedOfBlanks
        guard let first = text.first, first != "#" else { return nil }
        let keyword = text.prefix { !$0.isWhitespace && $0 != "=" && $0 != "\"" }
        var rest = text[keyword.endIndex...].drop(while: \.isWhitespace)
        if rest.first == "=" { rest = rest.dropFirst().drop(while: \.isWhitespace) }
        guard let words = words(rest) else {
            throw Diagnostic(
                .syntax, "a quote in '\(text)' is never closed", at: place, remedy: "Close it on the same line.")
        }
        return Line(keyword: keyword.lowercased(), words: words, rest: String(rest), place: place)
    }

    /// Words with quotes around or within them; a `#` that begins a word ends the line. Nil for an open quote.
    static func words(_ text: some StringProtocol) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                // A backslash stands before a quote, another backslash and, outside quotes, a blank; else for itself.
                let isTaken = "\"'\\".contains(character) || quote == nil && character == " "
                word = (word ?? "") + (isTaken ? "" : "\\") + String(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else if character == "#", word == nil {
                return words
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if isEscaped { word = (word ?? "") + "\\" }
        if let done = word { words.append(done) }
        return quote == nil ? words : nil
    }

    /// The files that a pattern of `Include` means, in order.
    static func matching(_ pattern: String) -> [String] {
        var result = glob_t()
        defer { globfree(&result) }
        guard glob(pattern, GLOB_TILDE, nil, &result) == 0 else { return [] }
        return (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } }
    }
}

/// Patterns of `Host` and `Match`.
enum SSHPattern {
    /// Whether a text fits a pattern with `*` and `?`.
    static func fits(_ text: String, _ pattern: String) -> Bool {
        fnmatched(Array(text.utf8)[...], Array(pattern.utf8)[...])
    }

    private static func fnmatched(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (text, pattern) = (text, pattern)
        // Where to go on if what was tried after the last `*` does not fit.
        var retry: (text: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while true {
            if let sign = pattern.first {
                if sign == UInt8(ascii: "*") {
                    pattern = pattern.dropFirst()
                    retry = (text, pattern)
                    continue
                }
                if let byte = text.first, sign == UInt8(ascii: "?") || sign == byte {
                    (text, pattern) = (text.dropFirst(), pattern.dropFirst())
                    continue
                }
            } else if text.isEmpty {
                return true
            }
            guard let last = retry, !last.text.isEmpty else { return false }
            (text, pattern) = (last.text.dropFirst(), last.pattern)
            retry = (text, pattern)
        }
    }

    /// Whether a text fits one of several patterns, and none of those with a `!`.
    static func fits(_ text: String, anyOf patterns: some Sequence<String>) -> Bool {
        var fits = false
        for pattern in patterns {
            if pattern.hasPrefix("!") {
                if Self.fits(text, String(pattern.dropFirst())) { return false }
            } else if Self.fits(text, pattern) {
                fits = true
            }
        }
        return fits
    }
}

extension String {
    /// Without blanks around it.
    var trimmedOfBlanks: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
