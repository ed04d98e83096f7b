internal import Diagnostics
internal import Jinja
internal import Values
internal import YAML

/// Makes a host for every combination of some lists of values: `plugin: generator`.
struct GeneratedInventory {
    private let options: InventoryOptions
    private let values: YAMLValueOptions

    /// The most hosts that a file may stand for; more is a slip of the finger.
    private static let limit = HostRange.limit

    /// Adds what a file says to a tree.
    ///
    /// - Returns: Warnings.
    /// - Throws: `Diagnostic` for what is wrong, at its place.
    static func read(
        _ root: YAMLNode, values: YAMLValueOptions, options: InventoryOptions, into tree: inout InventoryTree
    ) throws(Diagnostic) -> [Diagnostic] {
        var warnings: [Diagnostic] = []
        for pair in root.pairs ?? [] where !["plugin", "hosts", "layers"].contains(pair.key.scalarText ?? "") {
            warnings.append(
                PluginOptions.unknown(
                    pair.key.scalarText ?? "", at: pair.key.location, among: ["plugin", "hosts", "layers"]))
        }
        let reader = GeneratedInventory(options: options, values: values)
        guard let hosts = root["hosts"], hosts.pairs != nil, let name = hosts["name"] else {
            throw Diagnostic(
                .badValue, "a generated inventory needs 'hosts' with a 'name'",
                at: root["hosts"]?.location
                    ?? root.location, remedy: "Write 'hosts:' and below it 'name: \"{{ layer }}\"'.")
        }
        for combination in try reader.combinations(root) {
            let scope = MapScope(combination, environment: options.templates)
            let host = try reader.text(name, scope)
            guard !host.isEmpty else {
                throw Diagnostic(
                    .badValue, "the name of a host is empty", at: name.location, remedy: "Let the name use a layer.")
            }
            let index = tree.addHost(host)
            try reader.addParents(of: host, hosts["parents"], scope, &tree) { (group, tree) in
                tree.put(host: index, into: group)
            }
        }
        return warnings
    }

    /// One mapping of layers to values for each combination, the last layer changing first.
    private func combinations(_ root: YAMLNode) throws(Diagnostic) -> [ValueMap] {
        guard let layers = root["layers"], let pairs = layers.pairs else {
            throw Diagnostic(
                .badValue, "a generated inventory needs 'layers'", at: root["layers"]?.location ?? root.location,
                remedy: "Write 'layers:' and below it lists of values by name.")
        }
        var combinations = [ValueMap()]
        for pair in pairs {
            guard let items = pair.value.items else {
                throw Diagnostic(
                    .badValue, "the layer '\(pair.key.key.text)' must be a list, not \(pair.value.kindName)",
                    at: pair.value.location, remedy: "Write '- value' for each.")
            }
            guard combinations.count * items.count <= Self.limit else {
                throw Diagnostic(
                    .badValue, "the layers stand for more than \(Self.limit) hosts", at: layers.location,
                    remedy: "Take values out.")
            }
            var longer: [ValueMap] = []
            for combination in combinations {
                for item in items {
                    var next = combination
                    next[pair.key.key] = try item.value(values)
                    longer.append(next)
                }
            }
            combinations = longer
        }
        return combinations
    }

    /// Puts a child into the groups that a list names, and those into theirs.
    private func addParents(
        of child: String, _ node: YAMLNode?, _ scope: MapScope, _ tree: inout InventoryTree,
        put: (Int, inout InventoryTree) throws(Diagnostic) -> Void
    ) throws(Diagnostic) {
        guard let node, !node.isNull else { return }
        guard let items = node.items else {
            throw Diagnostic(
                .badValue, "'parents' must be a list, not \(node.kindName)", at: node.location,
                remedy: "Write '- name: group' for each.")
        }
        for item in items {
            guard let field = item["name"] else {
                throw Diagnostic(
                    .badValue, "a parent of '\(child)' has no name", at: item.location, remedy: "Write 'name: group'.")
            }
            let name = try text(field, scope)
            guard !name.isEmpty else {
                throw Diagnostic(
                    .badValue, "the name of a parent of '\(child)' is empty", at: field.location,
                    remedy: "Let the name use a layer.")
            }
            let group = tree.addGroup(name)
            for pair in item["vars"]?.pairs ?? [] {
                let value = try pair.value.value(values)
                let result: Value =
                    if case .string(let text) = value, text.isTemplate {
                        try options.templates.evaluate(text, in: scope)
                    } else { value }
                do throws(Diagnostic) {
                    try tree.set(pair.key.key, result, ofGroup: group)
                } catch {
                    throw error.located(at: pair.value.location)
                }
            }
            do throws(Diagnostic) {
                try put(group, &tree)
            } catch {
                throw error.located(at: field.location)
            }
            try addParents(of: name, item["parents"], scope, &tree) { (outer, tree) throws(Diagnostic) in
                try tree.addChild(name, to: tree.groupList[outer].name)
            }
        }
    }

    /// A template's text.
    private func text(_ node: YAMLNode, _ scope: MapScope) throws(Diagnostic) -> String {
        guard case .string(let text) = try node.value(values) else { return try node.value(values).pythonText }
        do throws(Diagnostic) {
            return try options.templates.evaluate(text, in: scope).pythonText
        } catch {
            throw error.located(at: node.location)
        }
    }
}
