/// Splits a command line into words as a POSIX shell would, without doing anything else that a shell does.
enum ShellWords {
    /// The words, or nil if a quote is not closed.
    static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word = ""
        var hasWord = false
        var scalars = line.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar {
            case " ", "\t", "\n", "\r":
                if hasWord { words.append(word) }
                word = ""
                hasWord = false
            case "'":
                hasWord = true
                while true {
                    guard let inner = scalars.next() else { return nil }
                    if inner == "'" { break }
                    word.unicodeScalars.append(inner)
                }
            case "\"":
                hasWord = true
                while true {
                    guard let inner = scalars.next() else { return nil }
                    if inner == "\"" { break }
                    guard inner == "\\" else {
                        word.unicodeScalars.append(inner)
                        continue
                    }
                    guard let escaped = scalars.next() else { return nil }
                    if escaped != "\"", escaped != "\\" { word.unicodeScalars.append("\\") }
                    word.unicodeScalars.append(escaped)
                }
            case "\\":
                guard let escaped = scalars.next() else { return nil }
                hasWord = true
                word.unicodeScalars.append(escaped)
            default:
                hasWord = true
                word.unicodeScalars.append(scalar)
            }
        }
        if hasWord { words.append(word) }
        return words
    }
}
