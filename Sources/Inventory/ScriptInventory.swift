internal import Diagnostics
internal import Local
internal import Values
internal import YAML

/// Reads what an executable inventory prints for `--list`, and for `--host` where it gives no `_meta`.
struct ScriptInventory {
    private let path: String
    private let limit: Duration
    /// Whether what the script writes to its standard error is told even if all is well.
    private let showsErrors: Bool
    private var diagnostics: [Diagnostic] = []
    private var hosts: [String] = []

    /// Runs a script and adds what it says to a tree.
    ///
    /// - Throws: `Diagnostic`: it cannot be run, ends with another status than 0, takes too long, prints no JSON.
    /// - Returns: What is wrong beyond that, warnings included.
    static func read(
        _ path: String, limit: Duration, showsErrors: Bool = true, into tree: inout InventoryTree
    ) throws(Diagnostic) -> [Diagnostic] {
        var reader = ScriptInventory(path: path, limit: limit, showsErrors: showsErrors)
        try reader.read(into: &tree)
        return reader.diagnostics
    }

    private init(path: String, limit: Duration, showsErrors: Bool) {
        self.showsErrors = showsErrors
        self.path = path
        self.limit = limit
    }

    private mutating func read(into tree: inout InventoryTree) throws(Diagnostic) {
        let answer = try ask(["--list"])
        guard let groups = answer.mapValue else {
            throw wrong("prints \(Self.kind(answer)) instead of a JSON object of groups")
        }
        var known: ValueMap?
        for (key, data) in groups {
            if key == "_meta" {
                guard let meta = data.mapValue else { throw wrong("has a '_meta' that is no object") }
                guard let hostvars = meta["hostvars"] else { continue }
                known = hostvars.mapValue
                if known == nil { throw wrong("has a '_meta.hostvars' that is no object") }
            } else {
                try group(key.text, data, &tree)
            }
        }
        for name in hosts {
            let variables: Value
            if let known {
                variables = known[name] ?? .map([:])
            } else {
                variables = try ask(["--host", name])
            }
            guard let map = variables.mapValue else {
                throw wrong("gives host '\(name)' \(Self.kind(variables)) instead of an object of variables")
            }
            let host = tree.addHost(name)
            for (key, value) in map { tree.set(key, try opened(value), ofHost: host) }
        }
        if known == nil, !hosts.isEmpty {
            diagnostics.append(
                Diagnostic(
                    .badValue, "inventory script '\(path)' gives no '_meta.hostvars'; it was run once per host",
                    remedy: "Let it print _meta with the variables of all hosts.", severity: .warning))
        }
    }

    private mutating func group(_ name: String, _ data: Value, _ tree: inout InventoryTree) throws(Diagnostic) {
        guard !name.isEmpty else { throw wrong("has a group without a name") }
        if !tree.hasGroup(name), let warning = GroupName.warning(name, at: nil, naming: tree.naming) {
            diagnostics.append(warning)
        }
        let group = tree.addGroup(name)
        // Old scripts print a bare list of hosts, or bare variables of a host by the group's own name.
        var sections = data.mapValue ?? ["hosts": data]
        if data.mapValue != nil, sections["hosts"] == nil, sections["vars"] == nil, sections["children"] == nil {
            sections = ["hosts": .list([.string(name)]), "vars": data]
        }
        if let listed = sections["hosts"] {
            guard let items = listed.elements else { throw wrong("has a group '\(name)' whose hosts are no list") }
            for item in items {
                guard let host = item.stringValue, !host.isEmpty else {
                    throw wrong("has a host in group '\(name)' whose name is no text")
                }
                if !hosts.contains(host) { hosts.append(host) }
                tree.put(host: tree.addHost(host), into: group)
            }
        }
        if let variables = sections["vars"] {
            guard let map = variables.mapValue else { throw wrong("has a group '\(name)' whose vars are no object") }
            for (key, value) in map { try tree.set(key, try opened(value), ofGroup: group) }
        }
        if let children = sections["children"] {
            guard let items = children.elements else { throw wrong("has a group '\(name)' whose children are no list") }
            for item in items {
                guard let child = item.stringValue, !child.isEmpty else {
                    throw wrong("has a child of group '\(name)' whose name is no text")
                }
                try tree.addChild(child, to: name)
            }
        }
    }

    private mutating func ask(_ arguments: [String]) throws(Diagnostic) -> Value {
        let program = path.contains("/") ? path : "./\(path)"
        let outcome = try LocalProgram.run([program] + arguments, limit: limit)
        let said = String(decoding: outcome.errors, as: UTF8.self)
        let errors = said.split(whereSeparator: \.isNewline).suffix(5).map { Diagnostic.Note("it said: \($0)") }
        guard outcome.status == 0 else {
            throw Diagnostic(
                .commandFailed, "inventory script '\(path)' ended with status \(outcome.status)",
                remedy: "Run it by hand: \(program) \(arguments.joined(separator: " ")).", notes: errors)
        }
        if showsErrors, !errors.isEmpty {
            diagnostics.append(
                Diagnostic(
                    .commandFailed, "inventory script '\(path)' wrote to its standard error", severity: .note,
                    notes: errors))
        }
        let text = try YAMLReader.text(outcome.output, name: "output of \(path)")
        if arguments.first == "--host", text.allSatisfy(\.isWhitespace) { return .map([:]) }
        let file = SourceFile(name: "output of \(path) \(arguments.joined(separator: " "))", text: text)
        do {
            return try JSON.parse(text).asWritten(
                YAMLValueOptions(), at: SourceLocation(file: file, line: 1, column: 1))
        } catch {
            var error = error
            error.summary = "inventory script '\(path)' prints no JSON: \(error.summary)"
            error.notes += errors
            error.remedy = "Run it by hand: \(program) \(arguments.joined(separator: " "))."
            throw error
        }
    }

    /// The forms in which Ansible's JSON carries vaulted and unsafe texts.
    private func opened(_ value: Value) throws(Diagnostic) -> Value {
        switch value {
        case .map(let map):
            if map.count == 1, let sealed = map["__ansible_vault"]?.stringValue {
                return .string(.sealed(sealed, origin: nil))
            }
            if map.count == 1, let unsafe = map["__ansible_unsafe"]?.stringValue { return .string(Text(unsafe)) }
            return .map(try map.mapValues { (inner) throws(Diagnostic) in try opened(inner) })
        case .list(let items):
            var result: [Value] = []
            for item in items { result.append(try opened(item)) }
            return .list(result)
        default: return value
        }
    }

    private func wrong(_ how: String) -> Diagnostic {
        Diagnostic(.badValue, "inventory script '\(path)' \(how)", remedy: "Run it by hand: \(path) --list.")
    }

    private static func kind(_ value: Value) -> String {
        switch value {
        case .map: "an object"
        case .list, .tuple: "a list"
        case .string: "text"
        case .null: "nothing"
        default: "'\(value.pythonText)'"
        }
    }
}
