import Diagnostics
import Glibc
import Inventory
import Local
import Testing
import Values
import Vault
import YAML

/// Held to what ansible-inventory answered; `Tests/Oracle/record_inventory.py` recorded it.
@Suite struct InventoryOracleTests {
    static let folder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts.joined(separator: "/") + "/Cases"
    }()
    static let names = LocalFile.names(in: folder) ?? []

    @Test("the cases are there")
    func present() { #expect(Self.names.count >= 60) }

    @Test("--list gives the same data", arguments: names)
    func list(_ name: String) throws {
        let text = try listing(name).listText()
        try expectSameJSON(text, try answer(name, "list"), name)
    }

    @Test("--list --export gives the same data", arguments: names)
    func export(_ name: String) throws {
        let text = try listing(name, isExport: true).listText()
        try expectSameJSON(text, try answer(name, "export"), name)
    }

    @Test("--graph --vars gives the same text", arguments: names)
    func graph(_ name: String) throws {
        let expected = try answer(name, "graph")
        guard !expected.hasPrefix("error") else { return }
        let text = try listing(name).graphText(showsVariables: true) + "\n"
        // What is sealed is printed as Python prints its map; Ansible refuses to.
        #expect(text == expected)
    }

    @Test("--list --yaml gives the same data", arguments: names)
    func yaml(_ name: String) throws {
        let text = try listing(name).yamlText()
        let expected = try answer(name, "yaml")
        #expect(try value(text) == (try value(expected)), "\(text)")
    }

    @Test("patterns select the same hosts", arguments: names)
    func patterns(_ name: String) throws {
        let tree = try load(name)
        for line in try answer(name, "patterns").split(separator: "\n") {
            let parts = line.split(separator: " => ", maxSplits: 1, omittingEmptySubsequences: false)
            let pattern = parts[0].hasSuffix(" =>") ? String(parts[0].dropLast(3)) : String(parts[0])
            let expected = parts.count > 1 ? String(parts[1]) : ""
            do {
                let hosts = try tree.hostNames(matching: pattern)
                #expect(hosts.joined(separator: " ") == expected, "\(pattern)")
            } catch {
                #expect(expected == "error", "\(pattern): \(error.summary)")
            }
        }
    }

    @Test("--host gives the same data", arguments: names)
    func host(_ name: String) throws {
        guard LocalFile.kind("\(Self.folder)/\(name)/host") != nil else { return }
        let host = String(decoding: try LocalFile.bytes("\(Self.folder)/\(name)/host"), as: UTF8.self)
        try expectSameJSON(
            try listing(name).hostText(String(host.prefix { $0 != "\n" })), try answer(name, "host"), name)
    }

    // MARK: Reading cases

    /// The options of a case.
    private struct Options {
        var sources: InventorySources
        var limit: String?
        var extra = ValueMap()

        init(_ name: String, folder: String) throws {
            sources = InventorySources(paths: [])
            var words = String(decoding: try LocalFile.bytes("\(folder)/arguments"), as: UTF8.self)
                .split(whereSeparator: \.isWhitespace).map(String.init)[...]
            while let option = words.popFirst(), let value = words.popFirst() {
                switch option {
                case "-i": sources.paths.append(value.contains(",") ? value : "\(folder)/\(value)")
                case "--playbook-dir": sources.playbookDirectory = "\(folder)/\(value)"
                case "--limit": limit = value.hasPrefix("@") ? "@\(folder)/\(value.dropFirst())" : value
                case "--vault-password-file":
                    sources.vault = VaultSecrets([try VaultPasswordFile.read("\(folder)/\(value)")])
                case "-e":
                    let parts = value.split(separator: "=", maxSplits: 1).map(String.init)
                    extra[parts[0]] = .string(Text(parts[1], marks: .template))
                default: Issue.record("unknown option \(option) in \(name)")
                }
            }
            sources.options.extra = extra
            try take(folder)
        }

        /// The settings that a case's environment gives.
        private mutating func take(_ folder: String) throws {
            guard LocalFile.kind("\(folder)/environment") != nil else { return }
            let text = String(decoding: try LocalFile.bytes("\(folder)/environment"), as: UTF8.self)
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
                let words = parts[1].split(separator: ",").map(String.init)
                switch parts[0] {
                case "ANSIBLE_INVENTORY_ENABLED": sources.options.plugins = words
                case "ANSIBLE_INVENTORY_IGNORE": sources.options.ignoredEndings = words
                case "ANSIBLE_INVENTORY_IGNORE_REGEX": sources.options.ignoredPatterns = words
                case "ANSIBLE_INVENTORY_USE_EXTRA_VARS": sources.options.usesExtra = true
                case "ANSIBLE_VARS_ENABLED": sources.options.readsVariablesFiles = false
                case "ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS":
                    sources.options.naming = InventoryOptions.Naming(rawValue: parts[1]) ?? .never
                case "ANSIBLE_YAML_FILENAME_EXT":
                    sources.options.yamlEndings = words
                    sources.options.variablesEndings = words
                default: Issue.record("unknown setting \(parts[0])")
                }
            }
        }
    }

    private func listing(_ name: String, isExport: Bool = false) throws -> InventoryListing {
        let options = try Options(name, folder: "\(Self.folder)/\(name)")
        return try InventoryListing(
            try load(name), limit: options.limit, isExport: isExport, extra: options.extra)
    }

    private func load(_ name: String) throws -> InventoryTree {
        let sources = try Options(name, folder: "\(Self.folder)/\(name)").sources
        do throws(Diagnostics) {
            return try InventoryLoader.load(sources).tree
        } catch {
            for diagnostic in error.all { Issue.record("\(diagnostic.rendered())") }
            throw error
        }
    }

    private func answer(_ name: String, _ kind: String) throws -> String {
        String(decoding: try LocalFile.bytes("\(Self.folder)/\(name)/\(kind).expected"), as: UTF8.self)
    }

    private func value(_ text: String) throws -> Value {
        var options = YAMLValueOptions.data
        options.takesVaulted = true
        return try YAMLReader.read(text, file: SourceFile(name: "answer", text: text))?.value(options) ?? .null
    }

    /// Ansible marks every text that it does not trust; here only those are marked that look like templates.
    private static func plain(_ value: Value) -> Value {
        switch value {
        case .map(let map):
            if map.count == 1, let text = map["__ansible_unsafe"]?.stringValue, !TemplateMarks.within(text) {
                return .string(text)
            }
            return .map(map.mapValues(plain))
        case .list(let items): return .list(items.map(plain))
        default: return value
        }
    }

    /// Compares as data, and says which lines differ if they do.
    private func expectSameJSON(_ text: String, _ expected: String, _ name: String) throws {
        guard Self.plain(try JSON.parse(text)) != Self.plain(try JSON.parse(expected)) else { return }
        let ours = text.split(separator: "\n")
        let theirs = expected.split(separator: "\n")
        let difference = theirs.difference(from: ours).prefix(20).map { change -> String in
            switch change {
            case .remove(let line, let element, _): "ours \(line + 1): \(element)"
            case .insert(let line, let element, _): "theirs \(line + 1): \(element)"
            }
        }
        Issue.record("\(name) differs:\n\(difference.joined(separator: "\n"))")
    }
}
