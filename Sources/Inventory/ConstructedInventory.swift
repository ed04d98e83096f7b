internal import Diagnostics
internal import Jinja
internal import Values
internal import YAML

/// Adds variables and groups to hosts that earlier sources brought, by expressions: `plugin: constructed`.
struct ConstructedInventory {
    /// An expression and where it stands.
    private struct Rule {
        var name: String
        var expression: Value
        var place: SourceLocation
    }

    /// An entry of `keyed_groups`.
    private struct KeyedGroup {
        var key: Value
        var place: SourceLocation
        var prefix = ""
        var separator = "_"
        var parent: Value?
        var defaultValue: String?
        var trailingSeparator: Bool?
    }

    private let options: InventoryOptions
    private var isStrict = false
    private var usesVariablesFiles = false
    private var usesExtra: Bool
    private var leadsWithSeparator = true
    private var compose: [Rule] = []
    private var groups: [Rule] = []
    private var keyed: [KeyedGroup] = []
    private var warnings: [Diagnostic] = []
    private var told: Set<String> = []

    /// Does what a file says to all hosts of a tree.
    ///
    /// - Returns: Warnings.
    /// - Throws: `Diagnostic` for options that are wrong and, if the file says `strict: true`, for the first
    ///   expression that cannot be evaluated.
    static func read(
        _ root: YAMLNode, values: YAMLValueOptions, options: InventoryOptions, into tree: inout InventoryTree
    ) throws(Diagnostic) -> [Diagnostic] {
        var reader = try ConstructedInventory(root, values, options)
        for host in tree.hostNames { try reader.construct(host, &tree) }
        return reader.warnings
    }

    // MARK: Options

    private static let names = [
        "plugin", "strict", "compose", "groups", "keyed_groups", "use_vars_plugins", "use_extra_vars",
        "leading_separator",
    ]

    private init(_ root: YAMLNode, _ values: YAMLValueOptions, _ options: InventoryOptions) throws(Diagnostic) {
        self.options = options
        usesExtra = options.usesExtra
        for pair in root.pairs ?? [] {
            let name = pair.key.scalarText ?? ""
            switch name {
            case "plugin": continue
            case "strict": isStrict = try PluginOptions.flag(pair.value, values)
            case "use_vars_plugins": usesVariablesFiles = try PluginOptions.flag(pair.value, values)
            case "use_extra_vars": usesExtra = try PluginOptions.flag(pair.value, values)
            case "leading_separator": leadsWithSeparator = try PluginOptions.flag(pair.value, values)
            case "compose": compose = try Self.rules(pair.value, values, "compose")
            case "groups": groups = try Self.rules(pair.value, values, "groups")
            case "keyed_groups": keyed = try Self.keyedGroups(pair.value, values)
            default: warnings.append(PluginOptions.unknown(name, at: pair.key.location, among: Self.names))
            }
        }
    }

    private static func rules(
        _ node: YAMLNode, _ values: YAMLValueOptions, _ name: String
    ) throws(Diagnostic) -> [Rule] {
        if node.isNull { return [] }
        guard let pairs = node.pairs else {
            throw Diagnostic(
                .badValue, "'\(name)' must be a mapping of names to expressions, not \(node.kindName)",
                at: node.location, remedy: "Write 'name: expression', one per line below it.")
        }
        var rules: [Rule] = []
        for pair in pairs {
            rules.append(
                Rule(
                    name: pair.key.key.text, expression: try pair.value.value(values), place: pair.value.location))
        }
        return rules
    }

    private static func keyedGroups(
        _ node: YAMLNode, _ values: YAMLValueOptions
    ) throws(Diagnostic) -> [KeyedGroup] {
        if node.isNull { return [] }
        guard let items = node.items else {
            throw Diagnostic(
                .badValue, "'keyed_groups' must be a list, not \(node.kindName)", at: node.location,
                remedy: "Write '- key: expression' for each.")
        }
        var result: [KeyedGroup] = []
        for item in items {
            guard let pairs = item.pairs, !pairs.isEmpty else {
                throw Diagnostic(
                    .badValue, "an entry of 'keyed_groups' must be a mapping, not \(item.kindName)",
                    at: item.location, remedy: "Write '- key: expression'.")
            }
            var entry = KeyedGroup(key: .null, place: item.location)
            for pair in pairs {
                let value = try pair.value.value(values)
                switch pair.key.scalarText ?? "" {
                case "key": (entry.key, entry.place) = (value, pair.value.location)
                case "prefix": entry.prefix = value.pythonText
                case "separator": entry.separator = value.pythonText
                case "parent_group": entry.parent = value
                case "default_value": entry.defaultValue = value.isNull ? nil : value.pythonText
                case "trailing_separator": entry.trailingSeparator = try PluginOptions.flag(pair.value, values)
                case let other:
                    throw PluginOptions.unknown(
                        other, at: pair.key.location,
                        among: ["key", "prefix", "separator", "parent_group", "default_value", "trailing_separator"],
                        severity: .error)
                }
            }
            if entry.defaultValue != nil, entry.trailingSeparator != nil {
                throw Diagnostic(
                    .badValue, "'default_value' and 'trailing_separator' exclude each other", at: item.location,
                    remedy: "Remove one of the two.")
            }
            result.append(entry)
        }
        return result
    }

    // MARK: Hosts

    private mutating func construct(_ host: String, _ tree: inout InventoryTree) throws(Diagnostic) {
        let index = tree.addHost(host)
        if !compose.isEmpty {
            let scope = try scope(of: host, tree)
            for rule in compose {
                guard let value = try evaluate(rule.expression, at: rule.place, scope, "'\(rule.name)' of \(host)")
                else { continue }
                tree.set(.string(rule.name), value, ofHost: index)
            }
        }
        guard !groups.isEmpty || !keyed.isEmpty else { return }
        let scope = try scope(of: host, tree)
        for rule in groups {
            do throws(Diagnostic) {
                guard case .yes = try options.templates.condition(rule.expression, in: scope, at: rule.place) else {
                    continue
                }
            } catch {
                try failed(error, at: rule.place, "whether \(host) is in '\(rule.name)'")
                continue
            }
            tree.put(host: index, into: tree.addGroup(GroupName.safe(rule.name)))
        }
        for entry in keyed { try addKeyed(entry, host, index, scope, &tree) }
    }

    /// What expressions see: the host's variables so far, its names, its cached facts.
    private func scope(of host: String, _ tree: InventoryTree) throws(Diagnostic) -> MapScope {
        var variables = try tree.variablesSoFar(of: host, withFiles: usesVariablesFiles)
        if let facts = options.cachedFacts(host) { variables.merge(facts) }
        if usesExtra { variables.merge(options.extra) }
        return MapScope(variables, environment: options.templates)
    }

    private mutating func addKeyed(
        _ entry: KeyedGroup, _ host: String, _ index: Int, _ scope: MapScope, _ tree: inout InventoryTree
    ) throws(Diagnostic) {
        guard let key = try evaluate(entry.key, at: entry.place, scope, "the group of \(host)") else { return }
        let usesDefault = Self.isEmpty(key) && entry.defaultValue != nil
        guard key.isTruthy || usesDefault else {
            if isStrict, Self.isEmpty(key) || key.elements == nil && key.mapValue == nil {
                throw Diagnostic(
                    .badValue, "the key of a group is empty for host '\(host)'", at: entry.place,
                    remedy: "Give a default_value, or take 'strict: true' out.")
            }
            return
        }
        var parent: String?
        if let written = entry.parent, !written.isNull {
            do throws(Diagnostic) {
                let value =
                    if case .string(let text) = written {
                        try options.templates.evaluate(text, in: scope)
                    } else { written }
                parent = value.isTruthy ? GroupName.safe(value.pythonText) : nil
            } catch {
                try failed(error, at: entry.place, "the parent group of \(host)")
                return
            }
        }
        let separator = entry.prefix.isEmpty && !leadsWithSeparator ? "" : entry.separator
        for name in try names(key, usesDefault ? entry.defaultValue : nil, entry) {
            // Names that are made are made valid, whatever becomes of those that people write.
            let group = GroupName.safe(entry.prefix + separator + name)
            tree.put(host: index, into: tree.addGroup(group))
            guard let parent else { continue }
            do throws(Diagnostic) {
                tree.addGroup(parent)
                try tree.addChild(group, to: parent)
            } catch {
                throw error.located(at: entry.place)
            }
        }
    }

    /// The names that a key's value stands for, without their prefix.
    private func names(_ key: Value, _ standIn: String?, _ entry: KeyedGroup) throws(Diagnostic) -> [String] {
        if let standIn { return [standIn] }
        switch key {
        case .string(let text): return [text.string]
        case .list(let items), .tuple(let items):
            return items.map { Self.isEmpty($0) ? entry.defaultValue ?? $0.pythonText : $0.pythonText }
        case .map(let map):
            return map.map { name, value in
                guard Self.isEmpty(value) else { return name.text + entry.separator + value.pythonText }
                if let standIn = entry.defaultValue { return name.text + entry.separator + standIn }
                return entry.trailingSeparator == false ? name.text : name.text + entry.separator + value.pythonText
            }
        default:
            throw Diagnostic(
                .badValue, "the key of a group must be text, a list or a mapping, not \(key.typeName)",
                at: entry.place, remedy: "Make it text: `(…) | string`.")
        }
    }

    private static func isEmpty(_ value: Value) -> Bool { value.isNull || value.stringValue?.isEmpty ?? false }

    // MARK: Expressions

    private mutating func evaluate(
        _ value: Value, at place: SourceLocation, _ scope: MapScope, _ what: String
    ) throws(Diagnostic) -> Value? {
        do throws(Diagnostic) {
            guard case .string(let written) = value else {
                throw Diagnostic(
                    .badValue, "an expression must be text, not \(value.typeName)",
                    remedy: "Quote it: \"\(value.pythonText)\".")
            }
            let text = Text(written.string, marks: written.marks.union(.template), origin: place)
            let result = try options.templates.evaluateExpression(text, in: scope)
            if case .undefined(let undefined) = result { throw undefined.diagnostic }
            return result
        } catch {
            try failed(error, at: place, what)
            return nil
        }
    }

    /// Throws if the file is strict. Else what is undefined is passed over, as facts may be missing; anything else
    /// is told of once.
    private mutating func failed(_ error: Diagnostic, at place: SourceLocation, _ what: String) throws(Diagnostic) {
        var error = error.located(at: place)
        error.summary = "\(what) cannot be told: \(error.summary)"
        if isStrict { throw error }
        guard error.code != .undefined, told.insert(place.description).inserted else { return }
        error.severity = .warning
        warnings.append(error)
    }
}

/// Options in files of inventory plugins.
enum PluginOptions {
    static func flag(_ node: YAMLNode, _ values: YAMLValueOptions) throws(Diagnostic) -> Bool {
        let value = try node.value(values)
        switch value.pythonText.lowercased() {
        case "true", "yes", "on", "1", "y", "t": return true
        case "false", "no", "off", "0", "n", "f", "none": return false
        default:
            throw Diagnostic(
                .badValue, "'\(value.pythonText)' is neither true nor false", at: node.location,
                remedy: "Write true or false.")
        }
    }

    static func unknown(
        _ name: String, at place: SourceLocation, among names: [String], severity: Diagnostic.Severity = .warning
    ) -> Diagnostic {
        Diagnostic(
            .unknownKeyword, "unknown option '\(name)'" + (severity == .warning ? " is passed over" : ""), at: place,
            remedy: NearestNames.hint(name, among: names) ?? "Known are \(names.joined(separator: ", ")).",
            severity: severity)
    }
}
