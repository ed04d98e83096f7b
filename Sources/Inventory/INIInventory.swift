internal import Diagnostics
internal import Values
internal import YAML

/// Reads an INI inventory into a tree: hosts with variables, `[group]`, `[group:children]`, `[group:vars]`.
///
/// Values are Python literals where they read as such, else text. All errors of a file are gathered.
struct INIInventory {
    private let file: SourceFile
    private let lines: [Substring]
    private let isSecret: Bool
    private var diagnostics: [Diagnostic] = []
    private var line = 0
    /// Groups that are spoken of before, or without, being declared, and where.
    private var undeclared: [String: Mention] = [:]
    private var declared: Set<String> = ["all", "ungrouped"]
    private var mentionOrder: [String] = []

    private struct Mention {
        var place: SourceLocation
        /// The group whose `:children` names it; nil if only its `:vars` do.
        var parent: String?
    }

    private enum Section {
        case hosts
        case children
        case vars
    }

    /// Adds what a file says to a tree.
    ///
    /// - Returns: What is wrong with it, warnings included.
    static func read(_ text: String, file: SourceFile, isSecret: Bool = false, into tree: inout InventoryTree)
        -> [Diagnostic]
    {
        var reader = INIInventory(text, file: file, isSecret: isSecret)
        reader.read(into: &tree)
        return reader.diagnostics
    }

    private init(_ text: String, file: SourceFile, isSecret: Bool) {
        self.file = file
        self.isSecret = isSecret
        lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Substring($0) }
    }

    private mutating func read(into tree: inout InventoryTree) {
        var group = "ungrouped"
        var section = Section.hosts
        for raw in lines {
            line += 1
            let indent = raw.prefix { $0.isWhitespace }.count
            var content = raw.dropFirst(indent)
            while content.last?.isWhitespace == true { content = content.dropLast() }
            guard let first = content.first, first != "#", first != ";" else { continue }
            do {
                if first == "[", let header = try header(content, indent) {
                    (group, section) = header
                    enter(group, section, indent: indent, tree: &tree)
                    continue
                }
                switch section {
                case .hosts: try host(String(content), indent, group, &tree)
                case .vars: try variable(content, indent, group, &tree)
                case .children: try child(content, indent, group, &tree)
                }
            } catch {
                diagnostics.append(error.located(at: place(indent + 1)))
            }
        }
        reportUndeclared()
    }

    // MARK: Sections

    /// The group and kind of a section header; nil if the line only looks like one, as `[::1]:22` does.
    private func header(_ content: Substring, _ indent: Int) throws(Diagnostic) -> (String, Section)? {
        guard let close = content.firstIndex(of: "]") else {
            throw Diagnostic(
                .syntax, "the section header '\(content)' has no ']'", at: place(indent + content.count),
                remedy: "Write \(content)].")
        }
        let inside = content[content.index(after: content.startIndex)..<close]
        let after = content[content.index(after: close)...].drop { $0.isWhitespace }
        guard after.isEmpty || after.first == "#" else {
            // A host such as [2001:db8::1]:22 or a host name that begins with a range.
            return nil
        }
        let parts = inside.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first ?? ""
        guard !name.isEmpty, !inside.contains(where: \.isWhitespace) else {
            throw Diagnostic(
                .syntax, "'\(content)' is no section header", at: place(indent + 1),
                remedy: "Write [group], [group:children] or [group:vars], without blanks.")
        }
        guard parts.count == 2 else { return (String(name), .hosts) }
        switch parts[1] {
        case "hosts": return (String(name), .hosts)
        case "children": return (String(name), .children)
        case "vars": return (String(name), .vars)
        default:
            throw Diagnostic(
                .syntax, "unknown section kind '\(parts[1])'", at: place(indent + name.count + 3),
                remedy: NearestNames.hint(String(parts[1]), among: ["hosts", "children", "vars"])
                    ?? "Known are [group], [group:children] and [group:vars].")
        }
    }

    private mutating func enter(_ group: String, _ section: Section, indent: Int, tree: inout InventoryTree) {
        let isNew = !tree.hasGroup(group)
        if isNew, let warning = GroupName.warning(group, at: place(indent + 2), naming: tree.naming) {
            diagnostics.append(warning)
        }
        if section == .vars {
            if isNew { mention(group, parent: nil, at: place(indent + 2)) }
        } else {
            declared.insert(group)
        }
        tree.addGroup(group)
    }

    private mutating func mention(_ group: String, parent: String?, at place: SourceLocation) {
        if undeclared[group] == nil { mentionOrder.append(group) }
        if let known = undeclared[group], known.parent != nil { return }
        undeclared[group] = Mention(place: place, parent: parent)
    }

    private mutating func reportUndeclared() {
        for group in mentionOrder where !declared.contains(group) {
            guard let mention = undeclared[group] else { continue }
            if let parent = mention.parent {
                diagnostics.append(
                    Diagnostic(
                        .badValue, "group '\(parent)' has the child '\(group)', which is no group", at: mention.place,
                        remedy: NearestNames.hint(group, among: declared)
                            ?? "Add a section [\(group)]; a host belongs under [\(parent)], not [\(parent):children]."))
            } else {
                diagnostics.append(
                    Diagnostic(
                        .badValue, "variables are given for '\(group)', which is no group", at: mention.place,
                        remedy: NearestNames.hint(group, among: declared) ?? "Add a section [\(group)]."))
            }
        }
    }

    // MARK: Lines

    private func host(_ content: String, _ indent: Int, _ group: String, _ tree: inout InventoryTree) throws(Diagnostic)
    {
        let words: [ShellWords.Word]
        do throws(Diagnostic) { words = try ShellWords.words(content, comments: true) } catch {
            var error = error
            error.location = place(indent + 1)
            throw error
        }
        guard let first = words.first, !first.text.isEmpty else {
            throw Diagnostic(.syntax, "a host needs a name", at: place(indent + 1))
        }
        let address = HostAddress(first.text)
        if first.text.hasSuffix(":"), address.port == nil {
            throw Diagnostic(
                .badValue, "host '\(first.text)' ends in ':'", at: place(indent + first.text.count),
                remedy: "Add the port, or remove the colon; in a YAML inventory name the file .yml.")
        }
        if address.name == "---" {
            throw Diagnostic(
                .badValue, "'---' is no host; it begins YAML", at: place(indent + 1),
                remedy: "Name the file .yml if it is YAML.")
        }
        var variables: [(ValueMap.Key, Value)] = []
        for word in words.dropFirst() {
            guard let equals = word.text.firstIndex(of: "="), equals > word.text.startIndex else {
                throw Diagnostic(
                    .syntax, "'\(word.text)' is not of the form key=value", at: place(indent + word.column),
                    remedy: "Quote values that hold blanks: key='a b'.")
            }
            let name = String(word.text[..<equals])
            let value = String(word.text[word.text.index(after: equals)...])
            variables.append((.string(name), self.value(value, place(indent + word.column + name.count + 1))))
        }
        for name in try HostRange.expanded(address.name) {
            let host = tree.addHost(name, port: address.port)
            tree.put(host: host, into: tree.addGroup(group))
            for (key, value) in variables { tree.set(key, value, ofHost: host) }
        }
    }

    private func variable(
        _ content: Substring, _ indent: Int, _ group: String, _ tree: inout InventoryTree
    ) throws(Diagnostic) {
        guard let equals = content.firstIndex(of: "=") else {
            throw Diagnostic(
                .syntax, "'\(content)' is not of the form key=value", at: place(indent + 1),
                remedy: "Write key=value in [\(group):vars].")
        }
        var name = content[..<equals]
        while name.last?.isWhitespace == true { name = name.dropLast() }
        guard !name.isEmpty else { throw Diagnostic(.syntax, "a variable needs a name", at: place(indent + 1)) }
        let after = content[content.index(after: equals)...]
        let text = after.drop { $0.isWhitespace }
        let column = indent + content.distance(from: content.startIndex, to: text.startIndex) + 1
        try tree.set(.string(String(name)), value(String(text), place(column)), ofGroup: tree.addGroup(group))
    }

    private mutating func child(
        _ content: Substring, _ indent: Int, _ group: String, _ tree: inout InventoryTree
    ) throws(Diagnostic) {
        let name = content.prefix { $0 != ":" && $0 != "]" && !$0.isWhitespace }
        let after = content[name.endIndex...].drop { $0.isWhitespace }
        guard !name.isEmpty, after.isEmpty || after.first == "#" else {
            throw Diagnostic(
                .syntax, "'\(content)' is no group name", at: place(indent + 1),
                remedy: "List one group per line; variables belong in [\(group):vars].")
        }
        let child = String(name)
        // A group that an earlier source declared needs no section here.
        if !tree.hasGroup(child) { mention(child, parent: group, at: place(indent + 1)) }
        try tree.addChild(child, to: group)
    }

    // MARK: Values

    private func value(_ text: String, _ place: SourceLocation) -> Value {
        let value = PythonLiteral.value(text) ?? .string(text)
        return value.mapText { inner in
            var inner = inner
            if isSecret { inner.marks.insert(.secret) }
            if TemplateMarks.within(inner.string) {
                inner.marks.insert(.template)
                inner.origin = place
            }
            return inner
        }
    }

    private func place(_ column: Int) -> SourceLocation { SourceLocation(file: file, line: line, column: column) }
}
