public import Diagnostics

/// Splits a command line into words as a POSIX shell would, without expanding anything: what Ansible does with
/// `command:` and `validate:`.
public enum ShellWords {
    /// - Throws: `Diagnostic` with code `.badValue` for a quote that is not closed or a trailing backslash.
    public static func split(_ line: String) throws(Diagnostic) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in line {
            if isEscaped {
                // Between double quotes a backslash escapes only what is special there.
                if quote == "\"", character != "\"", character != "\\" { word?.append("\\") }
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                word = word ?? ""
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word?.append(character) }
            } else if character == "'" || character == "\"" {
                word = word ?? ""
                quote = character
            } else if character == " " || character == "\t" || character.isNewline {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if quote != nil || isEscaped {
            throw Diagnostic(
                .badValue, "\(isEscaped ? "nothing follows the last backslash" : "a quote is not closed") in '\(line)'")
        }
        if let done = word { words.append(done) }
        return words
    }
}
