internal import Diagnostics
internal import Values

/// A file of settings, taken apart as Python's configparser does with `;` for comments at the end of a line.
struct ConfigurationText {
    /// A key's text and where it stands.
    struct Entry: Sendable {
        var text: String
        var place: SourceLocation
    }

    /// By section and key, `defaults.forks`; keys are in lower case.
    private(set) var entries: [String: Entry] = [:]
    /// What `[DEFAULT]` gives every section.
    private var common: [String: Entry] = [:]
    private var sections: Set<String> = []

    /// - Throws: `Diagnostic` with code `.badOption`, at its place, for what is no file of settings.
    init(_ text: String, file: SourceFile) throws(Diagnostic) {
        var section: String?
        var open: String?
        var indent = 0
        var number = 0
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let (content, isComment) = Self.content(Substring(line))
            let column = Self.indent(content)
            let value = content.trimmed
            guard !value.isEmpty else {
                if !isComment, let open { extend(open, with: "") }
                continue
            }
            let place = SourceLocation(file: file, line: number, column: column + 1)
            if let open, column > indent {
                extend(open, with: value)
                continue
            }
            indent = column
            if value.hasPrefix("["), let close = value.lastIndex(of: "]"), close > value.index(after: value.startIndex)
            {
                let name = String(value[value.index(after: value.startIndex)..<close])
                guard name == "DEFAULT" || sections.insert(name).inserted else {
                    throw Diagnostic(
                        .badOption, "the section [\(name)] is there twice", at: place,
                        remedy: "Put its settings into one section.")
                }
                section = name
                open = nil
                continue
            }
            guard let section else {
                throw Diagnostic(
                    .badOption, "'\(value)' stands before any section", at: place, remedy: "Write [defaults] above it.")
            }
            open = try add(value, to: section, at: place)
        }
        // Empty lines within a value are kept, those after it are not.
        for key in entries.keys { entries[key]?.text.trimEnd() }
        for key in common.keys { common[key]?.text.trimEnd() }
    }

    /// The text of a key, from its section or from `[DEFAULT]`.
    func entry(_ key: String) -> Entry? {
        if let entry = entries[key] { return entry }
        guard let dot = key.firstIndex(of: "."), sections.contains(String(key[..<dot])) else { return nil }
        return common[String(key[key.index(after: dot)...])]
    }

    private mutating func add(_ value: String, to section: String, at place: SourceLocation) throws(Diagnostic)
        -> String
    {
        guard let mark = value.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
            throw Diagnostic(.badOption, "'\(value)' is no setting", at: place, remedy: "Write 'name = value'.")
        }
        let name = value[..<mark].trimmed.lowercased()
        guard !name.isEmpty else {
            throw Diagnostic(.badOption, "a setting needs a name", at: place, remedy: "Write 'name = value'.")
        }
        let entry = Entry(text: value[value.index(after: mark)...].trimmed, place: place)
        if section == "DEFAULT" {
            common[name] = entry
            return "DEFAULT.\(name)"
        }
        let key = "\(section).\(name)"
        if let first = entries[key] {
            throw Diagnostic(
                .badOption, "'\(name)' is set twice in [\(section)]", at: place, remedy: "Remove one of the two.",
                notes: [.init("it was set first", at: first.place)])
        }
        entries[key] = entry
        return key
    }

    private mutating func extend(_ key: String, with line: String) {
        func extended(_ text: String) -> String { text + "\n" + line }
        if key.hasPrefix("DEFAULT.") {
            let name = String(key.dropFirst(8))
            if let text = common[name]?.text { common[name]?.text = extended(text) }
        } else if let text = entries[key]?.text {
            entries[key]?.text = extended(text)
        }
    }

    /// A line without its comment, and whether it had one.
    private static func content(_ line: Substring) -> (Substring, isComment: Bool) {
        let first = line.first { !$0.isWhitespace }
        if first == "#" || first == ";" { return ("", true) }
        var previous: Character = " "
        for index in line.indices {
            if line[index] == ";", previous.isWhitespace { return (line[..<index], true) }
            previous = line[index]
        }
        return (line, false)
    }

    private static func indent(_ line: Substring) -> Int { line.prefix { $0.isWhitespace }.count }
}

extension String {
    fileprivate mutating func trimEnd() { while last?.isWhitespace == true { removeLast() } }
}

extension StringProtocol {
    /// The text without blanks at its ends.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }

    /// The text without a pair of quotes around it.
    var unquoted: String {
        guard count > 1, let first, first == last, first == "\"" || first == "'",
            dropLast().last != "\\"
        else { return String(self) }
        return String(dropFirst().dropLast())
    }
}
