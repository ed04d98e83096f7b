public import Diagnostics

/// Text in sections of `key = value` lines, as Python's `configparser` reads it.
///
/// Keys keep their case unless asked otherwise. What stands in the section `DEFAULT` counts for all others.
public struct INIText: Sendable {
    /// Whether a key may stand without a value.
    public var allowsKeysAlone = false
    public var foldsCase = false
    static let defaults = "DEFAULT"

    public init() {}

    /// A section's keys in order; nil for a key without a value.
    public typealias Section = [(key: String, value: String?)]

    /// What was read.
    public struct Document: Sendable {
        public var defaults: Section = []
        public var sections: [(name: String, entries: Section)] = []

        /// A section's keys with those that count for all, the latter first.
        public func entries(of name: String) -> Section? {
            guard let section = sections.first(where: { $0.name == name }) else {
                return name == INIText.defaults ? defaults : nil
            }
            var result = defaults
            for (key, value) in section.entries {
                if let place = result.firstIndex(where: { $0.key == key }) {
                    result[place].value = value
                } else {
                    result.append((key, value))
                }
            }
            return result
        }
    }

    /// - Throws: `Diagnostic` with code `.badValue` and the line's number: keys before the first section, a section or
    ///   key given twice, a line that is neither.
    public func document(_ text: String) throws(Diagnostic) -> Document {
        var document = Document()
        var reading = Reading(rules: self)
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            do throws(Trouble) {
                try reading.take(String(line))
            } catch {
                throw Diagnostic(.badValue, "the INI text is wrong in line \(number + 1): \(error.summary)")
            }
        }
        for (name, lines) in reading.sections {
            let entries: Section = lines.map { ($0.key, $0.lines.map { Self.joined($0) }) }
            if name == Self.defaults { document.defaults = entries } else { document.sections.append((name, entries)) }
        }
        return document
    }

    private static func joined(_ lines: [String]) -> String {
        var text = lines.joined(separator: "\n")[...]
        while let last = text.unicodeScalars.last, last.properties.isWhitespace { text.unicodeScalars.removeLast() }
        return String(text)
    }

    private struct Trouble: Error {
        var summary: String
    }

    /// What has been read so far.
    private struct Reading {
        let rules: INIText
        var sections: [(name: String, entries: [(key: String, lines: [String]?)])] = []
        private var section: Int?
        /// Whether a line that is indented further goes on with the last key's value.
        private var isInEntry = false
        private var indent = 0

        init(rules: INIText) { self.rules = rules }

        mutating func take(_ line: String) throws(Trouble) {
            let text = Self.trimmed(line)
            if text.hasPrefix("#") || text.hasPrefix(";") { return }
            guard !text.isEmpty else {
                // An empty line may stand within a value.
                if isInEntry { append("") }
                return
            }
            let level = line.unicodeScalars.prefix { $0.properties.isWhitespace }.count
            if isInEntry, level > indent {
                guard append(text) else { throw Trouble(summary: "a key without a value goes on") }
                return
            }
            indent = level
            if text.hasPrefix("["), let close = text.lastIndex(of: "]"), close > text.index(after: text.startIndex) {
                try begin(String(text[text.index(after: text.startIndex)..<close]))
            } else {
                try add(text)
            }
        }

        @discardableResult
        private mutating func append(_ line: String) -> Bool {
            guard let section, let last = sections[section].entries.indices.last,
                sections[section].entries[last].lines != nil
            else { return false }
            sections[section].entries[last].lines?.append(line)
            return true
        }

        private mutating func begin(_ name: String) throws(Trouble) {
            isInEntry = false
            if let known = sections.firstIndex(where: { $0.name == name }) {
                guard name == INIText.defaults else { throw Trouble(summary: "the section '\(name)' is there twice") }
                section = known
                return
            }
            sections.append((name, []))
            section = sections.count - 1
        }

        private mutating func add(_ text: String) throws(Trouble) {
            guard let section else { throw Trouble(summary: "there is no section above it") }
            var key = text
            var value: String?
            if let sign = text.firstIndex(where: { $0 == "=" || $0 == ":" }) {
                key = Self.trimmed(String(text[..<sign]))
                value = Self.trimmed(String(text[text.index(after: sign)...]))
            } else if !rules.allowsKeysAlone {
                throw Trouble(summary: "it is neither a section nor 'key = value'")
            }
            guard !key.isEmpty else { throw Trouble(summary: "it has no key") }
            if rules.foldsCase { key = key.lowercased() }
            guard !sections[section].entries.contains(where: { $0.key == key }) else {
                throw Trouble(summary: "the key '\(key)' is there twice")
            }
            sections[section].entries.append((key, value.map { [$0] }))
            isInEntry = true
        }

        private static func trimmed(_ text: String) -> String {
            var rest = text.unicodeScalars[...]
            while let first = rest.first, first.properties.isWhitespace { rest.removeFirst() }
            while let last = rest.last, last.properties.isWhitespace { rest.removeLast() }
            return String(rest)
        }
    }
}
