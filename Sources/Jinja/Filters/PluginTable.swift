internal import Values

/// Filters or tests by name, found as playbooks name them: `combine`, `ansible.builtin.combine`,
/// `community.general.json_query`.
///
/// A short name means what is built in; a few short names lead into a collection, as they did before collections came.
struct PluginTable<Plugin: Sendable>: Sendable {
    private let kind: String
    private let builtin: [String: Plugin]
    /// By collection, then by name.
    private let collections: [String: [String: Plugin]]
    /// Short names that lead into a collection.
    private let shortNames: [String: String]
    /// Full names that are known and not supported, with what to do instead.
    private let refused: [String: String]

    init(
        kind: String, builtin: [String: Plugin], collections: [String: [String: Plugin]],
        shortNames: [String: [String]], refused: [String: String] = [:]
    ) {
        self.kind = kind
        self.builtin = builtin
        self.collections = collections
        var leads: [String: String] = [:]
        for (collection, names) in shortNames {
            for name in names { leads[name] = collection }
        }
        self.shortNames = leads
        self.refused = refused
    }

    /// Collections whose plugins live in another one now.
    private static var moved: [String: String] { ["ansible.netcommon": "ansible.utils"] }

    func plugin(named name: String) -> Plugin? {
        guard let (collection, short) = Self.parts(of: name) else {
            if let plugin = builtin[name] { return plugin }
            return shortNames[name].flatMap { collections[$0]?[name] }
        }
        switch collection {
        case "ansible.builtin", "ansible.legacy": return builtin[short]
        case let collection:
            if let plugin = collections[collection]?[short] { return plugin }
            return Self.moved[collection].flatMap { collections[$0]?[short] }
        }
    }

    /// Every name there is, for "did you mean".
    var names: [String] {
        Array(builtin.keys) + Array(shortNames.keys)
            + collections.flatMap { collection, plugins in
                plugins.keys.map { "\(collection).\($0)" }
            }
    }

    /// What is wrong with a name that `plugin(named:)` does not know, and what to do.
    func trouble(with name: String) -> (summary: String, remedy: String?) {
        let short = Self.parts(of: name)?.name ?? name
        let known = refused.first { $0.key == name } ?? refused.first { $0.key.hasSuffix(".\(short)") && short == name }
        if let known { return ("the \(kind) '\(known.key)' is not supported", known.value) }
        let homes = collections.filter { $0.value[short] != nil }.map { "'\($0.key).\(short)'" }.sorted()
        if !homes.isEmpty { return ("unknown \(kind) '\(name)'", "write \(homes.joined(separator: " or ")).") }
        return ("unknown \(kind) '\(name)'", NearestHint.of(name, among: names))
    }

    /// Collection and name of a name such as `community.general.json_query`.
    private static func parts(of name: String) -> (collection: String, name: String)? {
        guard let dot = name.lastIndex(of: "."), name[..<dot].contains(".") else { return nil }
        return (String(name[..<dot]), String(name[name.index(after: dot)...]))
    }
}
