import Diagnostics
import Glibc
import Inventory
import Jinja
import Values

/// The lookups themselves, by name.
enum Lookups {
    typealias Function =
        @Sendable (_ terms: [Value], _ options: LookupOptions, _ context: LookupContext) throws(Diagnostic)
        -> [Value]

    /// A lookup and the options it takes.
    struct Lookup: Sendable {
        /// Nil where the lookup knows best which of its options go together.
        var options: Set<String>? = []
        var function: Function

        init(_ options: [String], _ function: @escaping Function) {
            self.options = Set(options)
            self.function = function
        }

        init(_ function: @escaping Function) { self.function = function }

        init(judgesOptions: Bool, _ function: @escaping Function) {
            options = judgesOptions ? nil : []
            self.function = function
        }
    }

    /// Those of ansible-core, by their short names.
    static let builtin: [String: Lookup] = [
        "config": Lookup(["on_missing", "plugin_type", "plugin_name", "show_origin"], configuration),
        "csvfile": Lookup(["file", "col", "keycol", "delimiter", "encoding", "default"], csvFile),
        "dict": Lookup(dict),
        "env": Lookup(["default"], environment),
        "file": Lookup(["rstrip", "lstrip"], file),
        "fileglob": Lookup(fileGlob),
        "first_found": Lookup(["files", "paths", "skip"], firstFound),
        "indexed_items": Lookup(indexedItems),
        "ini": Lookup(
            [
                "file", "section", "type", "re", "default", "encoding", "case_sensitive", "allow_no_value",
                "allow_none", "interpolation",
            ], iniFile),
        "inventory_hostnames": Lookup(inventoryHostNames),
        "items": Lookup(items),
        "lines": Lookup(lines),
        "list": Lookup { (terms, _, _) throws(Diagnostic) in terms },
        "nested": Lookup(nested),
        "password": Lookup(["length", "chars", "encrypt", "ident", "seed"], password),
        "pipe": Lookup(pipe),
        "random_choice": Lookup(randomChoice),
        "sequence": Lookup(["start", "end", "count", "stride", "format"], sequence),
        "subelements": Lookup(["skip_missing"], subelements),
        "template": Lookup(
            [
                "convert_data", "jinja2_native", "template_vars", "trim_blocks", "variable_start_string",
                "variable_end_string", "comment_start_string", "comment_end_string",
            ], template),
        "together": Lookup(together),
        "unvault": Lookup(unvault),
        "url": Lookup(Array(URLLookup.options), url),
        "varnames": Lookup(variableNames),
        "vars": Lookup(["default"], variables),
    ]

    /// Those of collections, by their full names.
    static let collections: [String: Lookup] = [
        "community.general.cartesian": Lookup(cartesian),
        "community.general.flattened": Lookup(flattened),
        "community.general.filetree": Lookup(["exclude"], fileTree),
        "community.general.random_string": Lookup(Array(RandomString.options), randomString),
        "community.general.merge_variables": Lookup(
            ["pattern_type", "initial_value", "override", "groups"], mergedVariables),
        "community.hashi_vault.hashi_vault": Lookup(judgesOptions: true, hashiVault),
        "community.hashi_vault.vault_read": Lookup(judgesOptions: true, hashiVaultRead),
        "community.hashi_vault.vault_kv1_get": Lookup(judgesOptions: true, hashiVaultVersion1),
        "community.hashi_vault.vault_kv2_get": Lookup(judgesOptions: true, hashiVaultVersion2),
    ]

    /// Short names that lead into a collection, as they did before collections came.
    static let shortNames = [
        "cartesian": "community.general.cartesian", "flattened": "community.general.flattened",
        "filetree": "community.general.filetree", "hashi_vault": "community.hashi_vault.hashi_vault",
    ]

    /// Lookups that ask a service or need a library, with what to do instead.
    static let refused: [String: String] = {
        var result: [String: String] = [:]
        let outside = "Run its own client in lookup('pipe', …), or in a task with delegate_to: localhost."
        for name in [
            "binary_file", "bitwarden", "bitwarden_secrets_manager", "chef_databag", "collection_version", "consul_kv",
            "credstash",
            "cyberarkpassword", "dependent", "dig", "dnstxt", "dsv", "etcd", "etcd3", "github_app_access_token",
            "hiera", "keyring", "lastpass", "lmdb_kv", "onepassword", "onepassword_doc", "onepassword_raw",
            "onepassword_ssh_key", "passwordstore", "random_pet", "random_words", "redis", "revbitspss", "shelvefile",
            "tss",
        ] {
            result["community.general.\(name)"] = outside
        }
        result["community.general.dig"] = "Ask with lookup('pipe', 'dig +short NAME'), or use 'getent' in a task."
        result["community.general.dnstxt"] = "Ask with lookup('pipe', 'dig +short TXT NAME')."
        result["community.general.passwordstore"] = "Read it with lookup('pipe', 'pass show NAME')."
        result["community.general.binary_file"] = "Read it with the module 'slurp' and delegate_to: localhost."
        result["community.general.dependent"] = "Use nested loops: include_tasks with a loop, and a loop within."
        result["community.general.random_pet"] = "Choose a name with lookup('random_choice', …)."
        result["community.general.random_words"] = "Choose words with lookup('random_choice', …)."
        for name in ["get_path", "to_paths", "index_of"] {
            result["ansible.utils.\(name)"] = "Use the filter of the same name: '| ansible.utils.\(name)(…)'."
        }
        result["ansible.utils.validate"] = "Check values with 'assert'."
        result["community.crypto.gpg_fingerprint"] = outside
        return result
    }()

    /// The lookup of a name: short, of ansible-core, or of a collection.
    static func lookup(named name: String) -> Lookup? {
        for prefix in ["ansible.builtin.", "ansible.legacy."] where name.hasPrefix(prefix) {
            return builtin[String(name.dropFirst(prefix.count))]
        }
        if let full = shortNames[name] { return collections[full] }
        return builtin[name] ?? collections[name]
    }

    /// What is wrong with a name that has no lookup.
    static func trouble(with name: String, at place: SourceLocation?) -> Diagnostic {
        let full = refused[name] != nil ? name : refused.keys.sorted().first { $0.hasSuffix(".\(name)") } ?? name
        if let remedy = refused[full] {
            return Diagnostic(.unsupported, "the lookup '\(full)' is not supported", at: place, remedy: remedy)
        }
        let known = Array(builtin.keys) + Array(shortNames.keys) + Array(collections.keys)
        let home = collections.keys.first { $0.hasSuffix(".\(name)") }
        return Diagnostic(
            .unsupported, "no lookup '\(name)'", at: place,
            remedy: home.map { "write '\($0)'." } ?? NearestNames.hint(name, among: known)
                ?? "Lookups here: \(known.sorted().joined(separator: ", ")).")
    }

    // MARK: Lists

    /// One level flattened, as `with_items` always did.
    static let items: Function = { (terms, _, _) throws(Diagnostic) in
        terms.flatMap { $0.elements ?? [$0] }
    }

    static let flattened: Function = { (terms, _, _) throws(Diagnostic) in
        func flat(_ value: Value) -> [Value] {
            if let items = value.elements { return items.flatMap(flat) }
            return [value]
        }
        return terms.flatMap(flat)
    }

    static let dict: Function = { (terms, _, _) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            guard let map = term.mapValue else {
                throw Diagnostic(
                    .badValue, "with_dict needs a map, not \(term.typeName)",
                    remedy: "For a list use 'loop' or 'with_items'.")
            }
            for (key, value) in map { result.append(["key": key.value, "value": value]) }
        }
        return result
    }

    static let indexedItems: Function = { (terms, _, _) throws(Diagnostic) in
        terms.flatMap { $0.elements ?? [$0] }.enumerated().map { .list([.int($0.offset), $0.element]) }
    }

    static let nested: Function = { (terms, _, _) throws(Diagnostic) in
        guard !terms.isEmpty else {
            throw Diagnostic(.badValue, "with_nested needs at least one list")
        }
        // Lists within the lists are laid out in each combination.
        return combinations(terms.map { $0.elements ?? [$0] }).map { row in
            .list((row.elements ?? []).flatMap { $0.elements ?? [$0] })
        }
    }

    static let together: Function = { (terms, _, _) throws(Diagnostic) in
        guard !terms.isEmpty else {
            throw Diagnostic(.badValue, "with_together needs at least one list")
        }
        let lists = terms.map { $0.elements ?? [$0] }
        let longest = lists.map(\.count).max() ?? 0
        return (0..<longest).map { index in .list(lists.map { index < $0.count ? $0[index] : .null }) }
    }

    static let subelements: Function = { (terms, options, _) throws(Diagnostic) in
        guard terms.count >= 2, let path = terms[1].stringValue else {
            throw Diagnostic(.badValue, "subelements needs a list and the name of a list inside")
        }
        let flags = terms.count > 2 ? terms[2].mapValue : nil
        if let flags {
            for key in flags.keys where key.text != "skip_missing" {
                throw Diagnostic(.badValue, "subelements knows no '\(key.text)'", remedy: "It knows skip_missing.")
            }
        }
        let isAllowed = try options.bool("skip_missing")
        let skipsMissing = try LookupOptions("subelements", flags ?? [:]).bool("skip_missing", default: isAllowed)
        guard let parents = terms[0].elements ?? terms[0].mapValue?.values else {
            throw Diagnostic(.badValue, "subelements needs a list or a map first, not \(terms[0].shown)")
        }
        var result: [Value] = []
        for parent in parents {
            // An element that says it was skipped, as registered results do, has nothing within.
            if parent.mapValue?["skipped"]?.isTruthy ?? false { continue }
            var found: Value? = parent
            for step in path.split(separator: ".") { found = found?.mapValue?[String(step)] }
            guard let found else {
                if skipsMissing { continue }
                throw Diagnostic(
                    .badValue, "no '\(path)' in \(parent.shown)",
                    remedy: "Add '{skip_missing: true}' to pass over elements without it.")
            }
            guard let children = found.elements else {
                throw Diagnostic(.badValue, "'\(path)' is no list in \(parent.shown)")
            }
            let rest = without(path.split(separator: ".").map(String.init)[...], parent)
            result += children.map { .list([rest, $0]) }
        }
        return result
    }

    /// The map without what a path leads to in it.
    private static func without(_ path: ArraySlice<String>, _ value: Value) -> Value {
        guard let name = path.first, case .map(var map) = value, let inner = map[name] else { return value }
        if path.count == 1 { map.removeValue(forKey: name) } else { map[name] = without(path.dropFirst(), inner) }
        return .map(map)
    }

    static let randomChoice: Function = { (terms, _, _) throws(Diagnostic) in
        terms.randomElement().map { [$0] } ?? []
    }

    /// Every combination, without flattening what stands in the lists; empty lists fall out.
    static let cartesian: Function = { (terms, _, _) throws(Diagnostic) in
        let lists = terms.filter { $0.elements?.isEmpty != true }.map { $0.elements ?? [$0] }
        guard !lists.isEmpty else {
            throw Diagnostic(.badValue, "cartesian needs at least one list that is not empty")
        }
        return combinations(lists)
    }

    private static func combinations(_ lists: [[Value]]) -> [Value] {
        lists.reduce([[]] as [[Value]]) { rows, list in rows.flatMap { row in list.map { row + [$0] } } }
            .map { .list($0) }
    }

    // MARK: Variables and environment

    static let environment: Function = { (terms, options, _) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let name = String(term.pythonText.prefix { !$0.isWhitespace })
            if let value = getenv(name) {
                result.append(.string(String(cString: value)))
            } else if let fallback = options["default"] {
                if case .undefined = fallback {
                    throw Diagnostic(.undefined, "the environment variable '\(name)' is not set")
                }
                result.append(fallback)
            } else {
                result.append("")
            }
        }
        return result
    }

    static let variables: Function = { (terms, options, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            if let scope = context.scope, let value = try scope.lookup(term.pythonText) {
                result.append(try scope.evaluate(value))
            } else if let fallback = options["default"] {
                result.append(fallback)
            } else {
                throw Diagnostic(
                    .undefined, "no variable '\(term.pythonText)'",
                    remedy: NearestNames.hint(term.pythonText, among: context.scope?.names ?? [])
                        ?? "Give lookup('vars', …) a 'default='.")
            }
        }
        return result
    }

    static let variableNames: Function = { (terms, _, context) throws(Diagnostic) in
        let names = Set(context.scope?.names ?? []).sorted()
        var result: [Value] = []
        for term in terms {
            guard term.text != nil else {
                throw Diagnostic(.badValue, "varnames needs a pattern, which is text, not \(term.shown)")
            }
            let matching = try matchingNames(names, term.pythonText)
            result += names.filter { matching.contains($0) }.map { .string($0) }
        }
        return result
    }

    static let inventoryHostNames: Function = { (terms, _, context) throws(Diagnostic) in
        guard let inventory = context.variables?.inventory else { return [] }
        let pattern = terms.flatMap { $0.elements ?? [$0] }.map(\.pythonText).joined(separator: ":")
        return try inventory.hostNames(matching: pattern).map { .string($0) }
    }
}
