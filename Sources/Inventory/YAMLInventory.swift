internal import Diagnostics
internal import Values
internal import YAML

/// Reads a YAML inventory into a tree: groups of `hosts`, `vars` and `children`.
struct YAMLInventory {
    private let options: YAMLValueOptions
    private var diagnostics: [Diagnostic] = []

    /// Adds what a document says to a tree.
    ///
    /// - Returns: What is wrong with it, warnings included.
    static func read(_ root: YAMLNode, options: YAMLValueOptions, into tree: inout InventoryTree) -> [Diagnostic] {
        var reader = YAMLInventory(options: options)
        for pair in root.pairs ?? [] { reader.group(pair.key, pair.value, &tree) }
        return reader.diagnostics
    }

    private init(options: YAMLValueOptions) { self.options = options }

    private mutating func group(_ name: YAMLNode, _ data: YAMLNode, _ tree: inout InventoryTree) {
        guard let text = text(name, "a group's name") else { return }
        guard data.isNull || data.pairs != nil else {
            add(
                Diagnostic(
                    .badValue, "group '\(text)' must be a mapping of hosts, vars and children, not \(data.kindName)",
                    at: data.location, remedy: "Indent 'hosts:' below '\(text):'."))
            return
        }
        if !tree.hasGroup(text), let warning = GroupName.warning(text, at: name.location, naming: tree.naming) {
            add(warning)
        }
        let group = tree.addGroup(text)
        for section in data.pairs ?? [] {
            switch section.key.scalarText {
            case "vars": variables(section.value, of: text, group, &tree)
            case "children": children(section.value, of: text, &tree)
            case "hosts": hosts(section.value, of: text, group, &tree)
            case let other:
                add(
                    Diagnostic(
                        .unknownKeyword, "unknown key '\(other ?? "")' in group '\(text)' is passed over",
                        at: section.key.location,
                        remedy: NearestNames.hint(other ?? "", among: ["hosts", "vars", "children"])
                            ?? "A group holds hosts, vars and children; variables belong below 'vars:'.",
                        severity: .warning))
            }
        }
    }

    private mutating func variables(_ node: YAMLNode, of name: String, _ group: Int, _ tree: inout InventoryTree) {
        for pair in entries(node, "vars", of: name) {
            do {
                try tree.set(pair.key.key, try pair.value.value(options), ofGroup: group)
            } catch {
                add(error.located(at: pair.value.location))
            }
        }
    }

    private mutating func children(_ node: YAMLNode, of name: String, _ tree: inout InventoryTree) {
        for pair in entries(node, "children", of: name) {
            group(pair.key, pair.value, &tree)
            guard let child = pair.key.scalarText else { continue }
            do {
                try tree.addChild(child, to: name)
            } catch {
                add(error.located(at: pair.key.location))
            }
        }
    }

    private mutating func hosts(_ node: YAMLNode, of name: String, _ group: Int, _ tree: inout InventoryTree) {
        for pair in entries(node, "hosts", of: name) {
            guard let text = text(pair.key, "a host's name") else { continue }
            guard pair.value.isNull || pair.value.pairs != nil else {
                add(
                    Diagnostic(
                        .badValue, "host '\(text)' must be a mapping of its variables, not \(pair.value.kindName)",
                        at: pair.value.location, remedy: "Write the variables one per line below '\(text):'."))
                continue
            }
            do throws(Diagnostic) {
                guard !text.isEmpty else { throw Diagnostic(.badValue, "a host needs a name") }
                let address = HostAddress(text)
                let variables = pair.value.isNull ? ValueMap() : try pair.value.value(options).mapValue ?? ValueMap()
                for name in try HostRange.expanded(address.name) {
                    let host = tree.addHost(name, port: address.port)
                    tree.put(host: host, into: group)
                    tree.merge(variables, intoHost: host)
                }
            } catch {
                add(error.located(at: pair.key.location))
            }
        }
    }

    /// The pairs of a section; a lone name stands for itself without anything.
    private mutating func entries(
        _ node: YAMLNode, _ section: String, of group: String
    ) -> [(key: YAMLNode, value: YAMLNode)] {
        if node.isNull { return [] }
        if let pairs = node.pairs { return pairs }
        if node.scalarText != nil, case .string = node.key {
            return [(node, YAMLNode(.scalar(YAMLScalar(text: "", style: .plain)), at: node.location))]
        }
        add(
            Diagnostic(
                .badValue, "'\(section)' of group '\(group)' must be a mapping, not \(node.kindName)",
                at: node.location,
                remedy: "Write each name with a colon, such as 'web01:', not with a dash."))
        return []
    }

    /// The name that a key is; numbers and the like are no names.
    private mutating func text(_ key: YAMLNode, _ what: String) -> String? {
        if case .string(let string) = key.key { return string }
        add(
            Diagnostic(
                .badValue, "\(what) must be text, not '\(key.key.text)'", at: key.location,
                remedy: "Quote it: \"\(key.scalarText ?? "")\"."))
        return nil
    }

    private mutating func add(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }
}
