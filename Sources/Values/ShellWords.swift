public import Diagnostics

/// Splits a line into words as a POSIX shell would, with quotes and backslashes, without expanding anything: as Ansible
/// takes apart `command:` and `validate:`, and the lines of its inventories.
public enum ShellWords {
    /// A word, and where on the line it begins, counted from 1.
    public struct Word: Sendable {
        public var text: String
        public var column: Int
    }

    /// The words alone.
    ///
    /// - Throws: As `words`.
    public static func split(_ line: String) throws(Diagnostic) -> [String] { try words(line).map(\.text) }

    /// The words of a text: each is as secret as the whole.
    ///
    /// - Throws: As `words`.
    public static func split(_ line: Text) throws(Diagnostic) -> [Text] {
        try words(line.string).map { Text($0.text, marks: line.marks.intersection(.secret)) }
    }

    /// The words of a line without quotes, comments and characters beyond ASCII, as most lines are; nil for others.
    private static func simpleWords(_ line: String) -> [Word]? {
        var words: [Word] = []
        let bytes = line.utf8
        var start: String.Index?
        var column = 1
        var startColumn = 1
        for index in bytes.indices {
            switch bytes[index] {
            case 0x80..., UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "#"): return nil
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                if let begin = start { words.append(Word(text: String(line[begin..<index]), column: startColumn)) }
                start = nil
            default:
                if start == nil {
                    start = index
                    startColumn = column
                }
            }
            column += 1
        }
        if let start { words.append(Word(text: String(line[start...]), column: startColumn)) }
        return words
    }

    /// - Parameter comments: Whether a `#` outside quotes begins a comment, even inside a word, as in inventories.
    /// - Throws: `Diagnostic` with code `.syntax`, without a place, for a quote that is never closed or a backslash
    ///   that nothing follows.
    public static func words(_ line: String, comments: Bool = false) throws(Diagnostic) -> [Word] {
        if let simple = simpleWords(line) { return simple }
        var words: [Word] = []
        var current: Word?
        // Scalar by scalar, as a shell reads it: a quote before a combining mark is a quote.
        let characters = Array(line.unicodeScalars)
        var index = 0
        func add(_ character: Unicode.Scalar) {
            if current == nil { current = Word(text: "", column: index + 1) }
            current?.text.unicodeScalars.append(character)
        }
        scan: while index < characters.count {
            let character = characters[index]
            switch character {
            case " ", "\t", "\r", "\n":
                if let word = current { words.append(word) }
                current = nil
            case "#" where comments: break scan
            case "'", "\"":
                if current == nil { current = Word(text: "", column: index + 1) }
                let open = index
                index += 1
                while index < characters.count, characters[index] != character {
                    if character == "\"", characters[index] == "\\", index + 1 < characters.count,
                        characters[index + 1] == "\"" || characters[index + 1] == "\\"
                    {
                        index += 1
                    }
                    current?.text.unicodeScalars.append(characters[index])
                    index += 1
                }
                guard index < characters.count else {
                    throw Diagnostic(
                        .syntax, "the quote in column \(open + 1) is never closed",
                        remedy: "Close it, or write \\\(character) for the character itself.")
                }
            case "\\":
                index += 1
                guard index < characters.count else {
                    throw Diagnostic(.syntax, "the line ends in a backslash", remedy: "Write '\\\\' for a backslash.")
                }
                add(characters[index])
            default: add(character)
            }
            index += 1
        }
        if let word = current { words.append(word) }
        return words
    }
}
