internal import Values

/// Reads arguments written as text after a module's name: `path=/tmp/x mode=0644`.
enum FreeForm {
    /// Modules and actions whose text is theirs, apart from the options named here.
    static let rawOptions: [String: Set<String>] = {
        let command: Set<String> = [
            "creates", "removes", "chdir", "executable", "stdin", "stdin_add_newline", "strip_empty_ends", "argv",
            "cmd",
        ]
        return [
            "command": command, "shell": command, "script": command, "raw": ["executable"],
            "meta": [], "include_vars": [], "include_tasks": ["apply", "file"], "import_tasks": ["file"],
            "include": [], "import_playbook": [],
        ]
    }()

    /// What the text says: its options, and what is left, as written.
    struct Reading {
        var options: [(name: String, value: String)] = []
        var rest: String = ""
    }

    /// Splits the text at blanks that are neither quoted nor inside `{{ }}`, `{% %}`, `{# #}`, and takes the words
    /// that are `name=value` with a name in `known` (any name if nil) as options.
    ///
    /// - Parameter templates: Whether a name may be a template, as `set_fact` has it.
    static func read(_ text: String, known: Set<String>?, templates: Bool = false) -> Reading {
        var reading = Reading()
        var rest: [Substring] = []
        for word in words(of: text) {
            guard let mark = assignment(in: word) ?? (templates ? templatedAssignment(in: word) : nil) else {
                rest.append(word)
                continue
            }
            let name = String(word[..<mark])
            guard known?.contains(name) ?? true else {
                rest.append(word)
                continue
            }
            reading.options.append((name, unquoted(decoded(word[word.index(after: mark)...]))))
        }
        reading.rest = rest.isEmpty ? "" : joined(rest, in: text)
        return reading
    }

    /// The first word, and what stands after it.
    static func firstWord(of text: String) -> (word: String, rest: String) {
        guard let first = words(of: text).first else { return ("", "") }
        return (String(first), String(text[first.endIndex...].drop(while: \.isWhitespace)))
    }

    /// The words with the blanks between them kept where nothing was taken out.
    private static func joined(_ words: [Substring], in text: String) -> String {
        var result = ""
        var last: Substring?
        for word in words {
            if let last {
                let between = text[last.endIndex..<word.startIndex]
                result += between.allSatisfy(\.isWhitespace) ? String(between) : " "
            }
            result += word
            last = word
        }
        return result
    }

    private static func assignment(in word: Substring) -> Substring.Index? {
        guard let mark = word.firstIndex(of: "="), mark > word.startIndex else { return nil }
        let name = word[..<mark]
        return name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } ? mark : nil
    }

    /// The `=` after a name that is a template or holds one: `{{ item }}_port=80`.
    private static func templatedAssignment(in word: Substring) -> Substring.Index? {
        var rest = word
        while let sign = rest.first {
            if sign == "=" { return rest.startIndex > word.startIndex ? rest.startIndex : nil }
            if rest.hasPrefix("{{") {
                guard let end = rest.firstRange(of: "}}") else { return nil }
                rest = rest[end.upperBound...]
            } else if sign.isLetter || sign.isNumber || sign == "_" {
                rest = rest.dropFirst()
            } else {
                return nil
            }
        }
        return nil
    }

    private static func unquoted(_ value: String) -> String {
        let value = value.trimmed
        guard value.count >= 2, let first = value.first, first == "'" || first == "\"", value.last == first else {
            return value
        }
        return String(value.dropFirst().dropLast())
    }

    private static let escapes: [Character: Character] = [
        "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
        "v": "\u{B}",
    ]

    /// The text with `\n`, `\t`, `\x41`, `\u00e9` and their kin put in their place, whatever the quotes: so Ansible
    /// reads values that stand in a line. A backslash before anything else stays.
    private static func decoded(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return String(text) }
        var result = ""
        var rest = text
        while let backslash = rest.firstIndex(of: "\\") {
            result += rest[..<backslash]
            rest = rest[rest.index(after: backslash)...]
            guard let kind = rest.first else {
                result += "\\"
                break
            }
            if let sign = escapes[kind] {
                result.append(sign)
                rest = rest.dropFirst()
                continue
            }
            let length = ["x": 2, "u": 4, "U": 8][kind] ?? 0
            let digits = rest.dropFirst().prefix(length)
            if length > 0, digits.count == length, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }),
                let scalar = UInt32(digits, radix: 16).flatMap({ Unicode.Scalar($0) })
            {
                result.unicodeScalars.append(scalar)
                rest = rest.dropFirst(length + 1)
            } else {
                result += "\\"
            }
        }
        return result + rest
    }

    private static func words(of text: String) -> [Substring] {
        var words: [Substring] = []
        var start: String.Index?
        var quote: Character?
        var depth = 0
        var index = text.startIndex
        func next(_ index: String.Index) -> Character? {
            let following = text.index(after: index)
            return following < text.endIndex ? text[following] : nil
        }
        while index < text.endIndex {
            let character = text[index]
            if character.isWhitespace, quote == nil, depth == 0 {
                if let begin = start {
                    words.append(text[begin..<index])
                    start = nil
                }
                index = text.index(after: index)
                continue
            }
            if start == nil { start = index }
            if character == "{", let following = next(index), "{%#".contains(following), quote == nil || depth > 0 {
                depth += 1
                index = text.index(index, offsetBy: 2)
                continue
            }
            if depth > 0, "}%#".contains(character), next(index) == "}" {
                depth -= 1
                index = text.index(index, offsetBy: 2)
                continue
            }
            if depth == 0 {
                if character == "\\", quote != "'", next(index) != nil {
                    index = text.index(index, offsetBy: 2)
                    continue
                }
                if let open = quote {
                    if character == open { quote = nil }
                } else if character == "'" || character == "\"" {
                    quote = character
                }
            }
            index = text.index(after: index)
        }
        if let begin = start { words.append(text[begin...]) }
        return words
    }
}

/// `name=value` words, as the command line has them.
public enum KeyValueText {
    /// The words that are `name=value`, and whatever else there is.
    public static func read(_ text: String) -> (options: [(name: String, value: String)], rest: String) {
        let reading = FreeForm.read(text, known: nil)
        return (reading.options, reading.rest)
    }
}
