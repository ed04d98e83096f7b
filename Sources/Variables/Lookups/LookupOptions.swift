import Diagnostics
import Values

/// What a lookup is given beside its terms, read as what each option is.
struct LookupOptions: Sendable {
    let lookup: String
    private(set) var values: ValueMap

    init(_ lookup: String, _ values: ValueMap) {
        self.lookup = lookup
        self.values = values
    }

    subscript(name: String) -> Value? { values[name] }

    mutating func set(_ name: String, _ value: Value) { values[name] = value }

    /// The option as text; nil if it is not given or null.
    func text(_ name: String) -> String? { values[name].flatMap { $0.isNull ? nil : $0.pythonText } }

    /// Yes or no, in the words that playbooks have for it.
    func bool(_ name: String, default standard: Bool = false) throws(Diagnostic) -> Bool {
        guard let value = values[name], !value.isNull else { return standard }
        if let bool = value.boolValue { return bool }
        switch value.pythonText.lowercased() {
        case "y", "yes", "on", "1", "true", "t", "1.0": return true
        case "n", "no", "off", "0", "false", "f", "0.0": return false
        default: throw wrong(name, "yes or no", value)
        }
    }

    func int(_ name: String, default standard: Int) throws(Diagnostic) -> Int {
        guard let value = values[name], !value.isNull else { return standard }
        guard let int = value.intValue ?? Int(value.pythonText) else { throw wrong(name, "a whole number", value) }
        return int
    }

    /// Seconds that a process can wait, a fraction of one or more.
    func seconds(_ name: String, default standard: Double) throws(Diagnostic) -> Double {
        guard let value = values[name], !value.isNull else { return standard }
        guard let seconds = Double(value.pythonText), (0...100_000_000).contains(seconds) else {
            throw wrong(name, "a number of seconds", value)
        }
        return seconds
    }

    /// One of the words, the first if none is given.
    func choice(_ name: String, _ words: [String]) throws(Diagnostic) -> String {
        guard let text = text(name) else { return words.first ?? "" }
        guard words.contains(text) else { throw wrong(name, "one of \(words.joined(separator: ", "))", .string(text)) }
        return text
    }

    func wrong(_ name: String, _ wanted: String, _ value: Value) -> Diagnostic {
        Diagnostic(.badValue, "the option '\(name)' of lookup '\(lookup)' must be \(wanted), not \(value.shown)")
    }

    func unknown(_ name: String, among names: some Sequence<String>) -> Diagnostic {
        let known = names.sorted()
        return Diagnostic(
            .badValue, "lookup '\(lookup)' has no option '\(name)'",
            remedy: NearestNames.hint(name, among: known)
                ?? (known.isEmpty ? "It has none." : "Its options are \(known.joined(separator: ", ")).")
        )
    }
}

/// A term with options in it, as older playbooks write them: `alice file=users.csv delimiter=,`.
struct InlineTerm {
    /// What is no option, joined by blanks.
    private(set) var text = ""
    private(set) var options: [(name: String, value: String)] = []

    /// - Parameter names: The options there are; other words with `=` belong to the text.
    init(_ term: String, options names: Set<String>) {
        var words: [String] = []
        for word in Self.words(term) {
            if let sign = word.text.firstIndex(of: "="), !word.isQuoted,
                names.contains(String(word.text[..<sign]))
            {
                options.append((String(word.text[..<sign]), String(word.text[word.text.index(after: sign)...])))
            } else {
                words.append(word.text)
            }
        }
        text = words.joined(separator: " ")
    }

    /// Words between blanks, where quotes keep blanks together and fall away.
    private static func words(_ text: String) -> [(text: String, isQuoted: Bool)] {
        var result: [(text: String, isQuoted: Bool)] = []
        var word = ""
        var quote: Character?
        var isOpen = false
        var isQuoted = false
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                if !isOpen { isQuoted = true }
                isOpen = true
            } else if character.isWhitespace {
                if isOpen { result.append((word, isQuoted)) }
                (word, isOpen, isQuoted) = ("", false, false)
            } else {
                word.append(character)
                isOpen = true
            }
        }
        if isOpen { result.append((word, isQuoted)) }
        return result
    }
}

extension Value {
    /// The value as an error may show it: short, and not at all if it is secret.
    var shown: String {
        if holdsSecret { return "\(typeName) ********" }
        let text = pythonRepresentation
        return text.utf8.count <= 60 ? text : text.prefix(57) + "…"
    }
}
