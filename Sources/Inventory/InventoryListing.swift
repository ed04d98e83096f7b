public import Diagnostics
public import Values
internal import YAML

/// What `inventory --list`, `--host` and `--graph` print: the same data as ansible-inventory's.
///
/// Vaulted values are shown as they lie, whether or not a password was given.
public struct InventoryListing: Sendable {
    private let tree: InventoryTree
    /// Whether variables stand where they were given (`--export`), instead of all of them at each host.
    private let isExport: Bool
    /// The hosts to show.
    private let shown: Set<String>

    /// - Parameters:
    ///   - tree: The inventory.
    ///   - limit: `--limit`; nil for every host.
    ///   - isExport: Whether variables stand where they were given.
    /// - Throws: `Diagnostic` with code `.badValue` for a bad limit.
    public init(_ tree: InventoryTree, limit: String? = nil, isExport: Bool = false) throws(Diagnostic) {
        self.tree = tree
        self.isExport = isExport
        shown = Set(try HostPattern.select("all", from: tree, limit: limit).hosts)
    }

    // MARK: JSON

    private static let style = JSON.Style(indent: 4, itemSeparator: ", ", keySeparator: ": ", sortsKeys: true)

    /// The data of `--list`: groups by name, and `_meta` with the variables of hosts.
    ///
    /// - Throws: `Diagnostic` if a file of variables cannot be read.
    public func list() throws(Diagnostic) -> ValueMap {
        var result = try groups()
        var hosts = ValueMap()
        for name in tree.hostNames(in: "all") where shown.contains(name) {
            let variables = try variables(ofHost: name)
            if !variables.isEmpty { hosts[name] = Self.marked(.map(variables)) }
        }
        result["_meta"] = ["hostvars": .map(hosts), "profile": "inventory_legacy"]
        return result
    }

    private func groups() throws(Diagnostic) -> ValueMap {
        var result = ValueMap()
        var seen: Set<String> = []
        try addGroup("all", to: &result, &seen)
        return result
    }

    private func addGroup(_ name: String, to result: inout ValueMap, _ seen: inout Set<String>) throws(Diagnostic) {
        guard let group = tree.group(named: name) else { return }
        var data = ValueMap()
        if name != "all" {
            let hosts = group.hosts.filter { shown.contains($0) }
            if !hosts.isEmpty { data["hosts"] = .list(hosts.map { .string($0) }) }
        }
        if !group.children.isEmpty { data["children"] = .list(group.children.map { .string($0) }) }
        for child in group.children where seen.insert(child).inserted { try addGroup(child, to: &result, &seen) }
        if isExport {
            let variables = try groupVariables(group)
            if !variables.isEmpty { data["vars"] = Self.marked(.map(variables)) }
        }
        if !data.isEmpty { result[name] = .map(data) }
    }

    /// The text of `--list`.
    public func listText() throws(Diagnostic) -> String {
        var text = ""
        try writeList { text += $0 }
        return text
    }

    /// Writes the text of `--list` piece by piece: ten thousand hosts need not be in memory as text at once.
    ///
    /// - Parameter write: Called with each piece in order.
    public func writeList(_ write: (String) -> Void) throws(Diagnostic) {
        write("{\n    \"_meta\": {\n        \"hostvars\": {")
        var isFirst = true
        // What hosts take from their groups is put into text once for all hosts of the same groups.
        var shared: [String: [Entry]] = [:]
        let names = tree.hostNames(in: "all").filter { shown.contains($0) }
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let variables = try tree.variables(of: name)
            var fromGroups: [Entry] = []
            if !isExport {
                let key = tree.groupKey(tree.groups(of: name))
                if let known = shared[key] {
                    fromGroups = known
                } else {
                    fromGroups = try Self.entries(variables.mergedGroups)
                    shared[key] = fromGroups
                }
            }
            let own = try Self.entries(variables.mergedHost)
            guard !own.isEmpty || !fromGroups.isEmpty else { continue }
            var text = isFirst ? "\n            " : ",\n            "
            text += try JSON.text(.string(name), style: Self.style) + ": {"
            Self.addMerged(fromGroups, own, to: &text)
            write(text + "\n            }")
            isFirst = false
        }
        write(isFirst ? "}" : "\n        }")
        write(",\n        \"profile\": \"inventory_legacy\"\n    }")
        let groups = try groups()
        for name in groups.keys.map(\.text).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            write(",\n    " + (try JSON.text(.string(name), style: Self.style)) + ": ")
            write(Self.indented(try JSON.text(groups[name] ?? .null, style: Self.style), by: 4))
        }
        write("\n}")
    }

    /// A variable in the text of a host.
    private struct Entry {
        var name: String
        var text: String
    }

    /// The variables as text, sorted by name.
    private static func entries(_ variables: ValueMap) throws(Diagnostic) -> [Entry] {
        var entries: [Entry] = []
        for (key, value) in variables {
            let name = try JSON.text(.string(key.text), style: style)
            let text = indented(try JSON.text(marked(value), style: style), by: 16)
            entries.append(Entry(name: key.text, text: "\n                \(name): \(text)"))
        }
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Adds two sorted lists as one; where both have a name, the second one's value stands.
    private static func addMerged(_ weak: [Entry], _ strong: [Entry], to text: inout String) {
        var rest = strong[...]
        var isFirst = true
        func add(_ entry: Entry) {
            if !isFirst { text += "," }
            isFirst = false
            text += entry.text
        }
        for entry in weak {
            while let own = rest.first, own.name.utf8.lexicographicallyPrecedes(entry.name.utf8) {
                add(own)
                rest = rest.dropFirst()
            }
            if let own = rest.first, own.name.utf8.elementsEqual(entry.name.utf8) { continue }
            add(entry)
        }
        for own in rest { add(own) }
    }

    /// A JSON text whose further lines are indented more.
    private static func indented(_ json: String, by columns: Int) -> String {
        let margin = [UInt8](repeating: UInt8(ascii: " "), count: columns)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(json.utf8.count * 2)
        for byte in json.utf8 {
            bytes.append(byte)
            // A line end inside a text is escaped, so each one here is layout.
            if byte == UInt8(ascii: "\n") { bytes += margin }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text of `--host`: the variables of one host.
    ///
    /// - Throws: `Diagnostic` with code `.badOption` unless the pattern means exactly one host.
    public func hostText(_ pattern: String) throws(Diagnostic) -> String {
        let hosts = try HostPattern.select(pattern, from: tree).hosts
        guard hosts.count == 1 else {
            throw Diagnostic(
                .badOption,
                "--host needs one host, and '\(pattern)' means \(hosts.isEmpty ? "none" : "\(hosts.count)")",
                remedy: NearestNames.hint(pattern, among: tree.hostNames))
        }
        return try JSON.text(.map(try variables(ofHost: hosts[0])), style: Self.style)
    }

    // MARK: YAML

    /// The text of `--list --yaml`: an inventory that can be read again.
    public func yamlText() throws(Diagnostic) -> String {
        var seenGroups: Set<String> = []
        var seenHosts: Set<String> = []
        let top = try yamlGroup("all", &seenGroups, &seenHosts)
        var writer = YAMLWriter(flow: .block)
        return try writer.text(.map(top))
    }

    /// A group with all below it; what was shown before is only named.
    private func yamlGroup(
        _ name: String, _ seenGroups: inout Set<String>, _ seenHosts: inout Set<String>
    ) throws(Diagnostic) -> ValueMap {
        guard let group = tree.group(named: name) else { return [:] }
        var data = ValueMap()
        var children = ValueMap()
        for child in group.children {
            if seenGroups.insert(child).inserted {
                children.merge(try yamlGroup(child, &seenGroups, &seenHosts))
            } else {
                children[child] = [:]
            }
        }
        if !children.isEmpty { data["children"] = .map(children) }
        if name != "all" {
            var hosts = ValueMap()
            for host in group.hosts where shown.contains(host) {
                hosts[host] = .map(seenHosts.insert(host).inserted ? try variables(ofHost: host) : [:])
            }
            if !hosts.isEmpty { data["hosts"] = .map(hosts) }
        }
        if isExport {
            let variables = try groupVariables(group)
            if !variables.isEmpty { data["vars"] = .map(variables) }
        }
        return data.isEmpty ? [:] : [.string(name): .map(data)]
    }

    // MARK: Graph

    /// The text of `--graph`: groups and hosts as a tree.
    ///
    /// - Parameters:
    ///   - start: The group to begin with.
    ///   - showsVariables: Whether each host and group is followed by its variables.
    /// - Throws: `Diagnostic` with code `.badOption` if there is no such group.
    public func graphText(from start: String = "all", showsVariables: Bool = false) throws(Diagnostic) -> String {
        guard tree.hasGroup(start) else {
            throw Diagnostic(
                .badOption, "there is no group '\(start)' to begin the graph with",
                remedy: NearestNames.hint(start, among: tree.groupNames))
        }
        var lines: [String] = []
        try addGraph(start, depth: 0, showsVariables, to: &lines)
        return lines.joined(separator: "\n")
    }

    private func addGraph(
        _ name: String, depth: Int, _ showsVariables: Bool, to lines: inout [String]
    ) throws(Diagnostic) {
        guard let group = tree.group(named: name) else { return }
        lines.append(Self.indented("@\(name):", depth))
        for child in group.children { try addGraph(child, depth: depth + 1, showsVariables, to: &lines) }
        if name != "all" {
            for host in group.hosts {
                lines.append(Self.indented(host, depth + 1))
                if showsVariables { addVariables(try variables(ofHost: host), depth + 2, to: &lines) }
            }
        }
        if showsVariables { addVariables(try groupVariables(group), depth + 1, to: &lines) }
    }

    private func addVariables(_ variables: ValueMap, _ depth: Int, to lines: inout [String]) {
        let sorted = variables.sorted {
            $0.key.text.unicodeScalars.lexicographicallyPrecedes($1.key.text.unicodeScalars)
        }
        for (key, value) in sorted {
            lines.append(Self.indented("{\(key.text) = \(Self.shown(value).pythonText)}", depth))
        }
    }

    /// The value with what is sealed in it masked: a tree is for people to look at.
    private static func shown(_ value: Value) -> Value {
        value.mapText { $0.isSealed ? Text("********") : $0 }
    }

    private static func indented(_ text: String, _ depth: Int) -> String {
        depth == 0 ? text : String(repeating: "  |", count: depth) + "--\(text)"
    }

    // MARK: Variables

    private func variables(ofHost name: String) throws(Diagnostic) -> ValueMap {
        let variables = try tree.variables(of: name)
        guard isExport else { return variables.merged }
        return variables.host.merging(variables.inventoryHost).merging(variables.playbookHost)
    }

    private func groupVariables(_ group: InventoryGroup) throws(Diagnostic) -> ValueMap {
        var variables = try tree.variables(ofGroup: group.name)
        if group.priority != 1 { variables["ansible_group_priority"] = .int(group.priority) }
        return variables
    }

    private static func needsMarks(_ value: Value) -> Bool {
        switch value {
        case .string(let text): text.isSealed || !text.isTemplate && TemplateMarks.within(text.string)
        case .list(let items): items.contains(where: needsMarks)
        case .map(let map): map.contains { needsMarks($0.value) }
        default: false
        }
    }

    /// The form in which `--list` tells vaulted texts, and those that look like templates and are none.
    private static func marked(_ value: Value) -> Value {
        switch value {
        case .string(let text) where text.isSealed:
            return .map(["__ansible_vault": .string(text.string)])
        case .string(let text) where !text.isTemplate && TemplateMarks.within(text.string):
            return .map(["__ansible_unsafe": .string(text)])
        case .list(let items): return .list(items.map(marked))
        case .map(let map):
            // Most maps hold no such text; copying them all would cost more than looking.
            return needsMarks(value) ? .map(map.mapValues(marked)) : value
        default: return value
        }
    }
}
