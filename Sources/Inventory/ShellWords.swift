internal import Diagnostics

/// Splits a line into words as a shell would, with quotes, backslashes and a `#` comment.
///
/// As in Ansible's inventories a `#` begins a comment wherever it stands outside quotes, even inside a word.
enum ShellWords {
    /// A word, and where on the line it begins, counted from 1.
    struct Word {
        var text: String
        var column: Int
    }

    /// The words of a line without quotes, comments and characters beyond ASCII, as most lines are.
    private static func simpleWords(_ line: String) -> [Word]? {
        var words: [Word] = []
        let bytes = line.utf8
        var start: String.Index?
        var column = 1
        var startColumn = 1
        for index in bytes.indices {
            switch bytes[index] {
            case 0x80..., UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "#"): return nil
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
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

    /// - Throws: `Diagnostic` with code `.syntax`, without a place, for a quote that is never closed.
    static func split(_ line: String) throws(Diagnostic) -> [Word] {
        if let simple = simpleWords(line) { return simple }
        var words: [Word] = []
        var current: Word?
        let characters = Array(line)
        var index = 0
        func add(_ character: Character) {
            if current == nil { current = Word(text: "", column: index + 1) }
            current?.text.append(character)
        }
        scan: while index < characters.count {
            let character = characters[index]
            switch character {
            case " ", "\t", "\r", "\n":
                if let word = current { words.append(word) }
                current = nil
            case "#": break scan
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
                    current?.text.append(characters[index])
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
