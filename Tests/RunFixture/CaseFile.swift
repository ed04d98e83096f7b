/// A project in one text: its files, each begun by a line `::: path`; `::: options` are words for the command line.
package struct Case: Sendable, CustomStringConvertible {
    package var name: String
    package var files: [String: String]

    package var description: String { name }

    package init(name: String = "", files: [String: String]) {
        self.name = name
        self.files = files
    }

    package init(name: String = "", _ text: String) {
        self.name = name
        files = [:]
        for part in Self.parts(text, mark: "::: ") { files[part.name] = part.text }
    }

    /// The cases of a file, each begun by a line `=== name`.
    package static func all(in path: String) -> [Case] {
        parts(TemporaryFolder.contents(path) ?? "", mark: "=== ").map { Case(name: $0.name, $0.text) }
    }

    private static func parts(_ text: String, mark: String) -> [(name: String, text: String)] {
        var parts: [(name: String, text: String)] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix(mark) {
                parts.append((String(line.dropFirst(mark.count)), ""))
            } else if !parts.isEmpty {
                parts[parts.count - 1].text += line + "\n"
            }
        }
        // The last line's end, which the file has, is no line of its own.
        if let last = parts.last, last.text.hasSuffix("\n\n") || last.text == "\n" {
            parts[parts.count - 1].text.removeLast()
        }
        return parts
    }

    /// The words of `::: options`, as a shell would split them.
    package var options: [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in files["options"] ?? "" {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let finished = word { words.append(finished) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + [word].compactMap(\.self)
    }
}
