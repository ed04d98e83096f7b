public import Diagnostics
internal import Values
public import Vault
internal import YAML

/// Where an inventory comes from.
public struct InventorySources: Sendable {
    /// What each `-i` gave: a file, a directory, an executable, or hosts with commas.
    public var paths: [String]
    /// The playbook's directory, whose group_vars and host_vars count too.
    public var playbookDirectory: String?
    /// The passwords for what is vaulted.
    public var vault: VaultSecrets
    /// The longest an inventory script may take.
    public var scriptLimit: Duration

    /// Makes one from its parts.
    public init(
        paths: [String],
        playbookDirectory: String? = nil,
        vault: VaultSecrets = .none,
        scriptLimit: Duration = .seconds(300)
    ) {
        self.paths = paths
        self.playbookDirectory = playbookDirectory
        self.vault = vault
        self.scriptLimit = scriptLimit
    }
}

/// Reads all sources of an inventory into one tree.
public enum InventoryLoader {
    /// Reads the sources in order; later ones add to and override earlier ones.
    ///
    /// Where Ansible only warns of a source that it cannot read, and runs without its hosts, this is an error here.
    ///
    /// - Throws: `Diagnostics` with everything that is wrong in all sources.
    public static func load(_ sources: InventorySources) throws(Diagnostics) -> (
        tree: InventoryTree, warnings: [Diagnostic]
    ) {
        var reading = SourceReading(sources)
        for path in sources.paths where !path.isEmpty { reading.read(path) }
        reading.finish()
        let gathered = Diagnostics(reading.diagnostics)
        try gathered.throwIfAny()
        return (reading.tree, reading.diagnostics)
    }
}

/// One reading of all sources.
private struct SourceReading {
    var tree: InventoryTree
    var diagnostics: [Diagnostic] = []
    private let sources: InventorySources

    init(_ sources: InventorySources) {
        self.sources = sources
        let store = VariablesStore(secrets: sources.vault)
        tree = InventoryTree(store: store, playbookDirectory: sources.playbookDirectory)
    }

    mutating func read(_ path: String) {
        if path.contains(","), LocalFile.kind(path) == nil {
            tree.currentSource = path
            hostList(path)
            return
        }
        guard let kind = LocalFile.kind(path) else {
            diagnostics.append(
                Diagnostic(
                    .missingFile, "there is no inventory '\(path)'",
                    remedy: "Check the path; hosts on the command line need a comma: -i '\(path),'."))
            return
        }
        if kind == .directory {
            if !directory(path) {
                diagnostics.append(
                    Diagnostic(
                        .missingFile, "the inventory directory '\(path)' holds no inventory",
                        remedy:
                            "Put a hosts file in it; hidden files, backups, .cfg, .md, .txt and the like are passed over."
                    ))
            }
        } else {
            file(path)
        }
        let directory = InventoryTree.directory(path)
        // A directory given again counts where it came last.
        tree.sourceDirectories.removeAll { $0 == directory }
        tree.sourceDirectories.append(directory)
    }

    mutating func finish() {
        tree.currentSource = nil
        tree.settle()
        let groups = Set(tree.groups.map(\.name))
        for host in tree.hosts where groups.contains(host.name) {
            diagnostics.append(
                Diagnostic(
                    .badValue, "'\(host.name)' is both a host and a group",
                    remedy: "Rename one of them, so that a pattern means one thing.", severity: .warning))
        }
    }

    private mutating func hostList(_ list: String) {
        for part in list.split(separator: ",") {
            let text = part.trimmed
            guard !text.isEmpty else { continue }
            // Ranges are not expanded here, as in Ansible.
            let split = text.contains("[") && !text.hasPrefix("[") ? nil : HostAddress.split(text)
            let name = split?.name ?? text
            if tree.hasHost(name) { continue }
            tree.put(host: tree.addHost(name, port: split?.port), into: tree.addGroup("ungrouped"))
        }
    }

    /// Reads what lies in a directory.
    ///
    /// - Returns: Whether anything did.
    private mutating func directory(_ path: String) -> Bool {
        guard let names = LocalFile.names(in: path) else {
            diagnostics.append(Diagnostic(.missingFile, "cannot read the inventory directory '\(path)'"))
            return true
        }
        var found = false
        for name in names where !Self.isIgnored(name) {
            let inner = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
            if LocalFile.kind(inner) == .directory {
                if directory(inner) { found = true }
            } else {
                file(inner)
                found = true
            }
        }
        return found
    }

    private static func isIgnored(_ name: String) -> Bool {
        if name.hasPrefix(".") || ["group_vars", "host_vars", "vars_plugins"].contains(name) { return true }
        let endings = [
            ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry",
        ]
        return endings.contains { name.hasSuffix($0) }
    }

    // MARK: Files

    /// What one way of reading a file came to.
    private struct Attempt {
        var format: String
        var tree: InventoryTree
        var diagnostics: [Diagnostic]
        var failed: Bool { diagnostics.contains { $0.severity == .error } }
    }

    /// Reads a file in each way that its name and mode allow, until one succeeds.
    private mutating func file(_ path: String) {
        tree.currentSource = path
        var attempts: [Attempt] = []
        if LocalFile.isExecutable(path) {
            attempts.append(script(path))
            if keep(attempts) { return }
        }
        let bytes: [UInt8]
        let isSecret: Bool
        do throws(Diagnostic) {
            (bytes, isSecret) = try LocalFile.bytes(path, opening: sources.vault)
        } catch {
            diagnostics.append(error)
            return
        }
        // What names its interpreter is a program; reading it as anything else only hides why it failed.
        if !attempts.isEmpty, bytes.starts(with: "#!".utf8) {
            diagnostics += attempts[0].diagnostics
            return
        }
        let ending = Self.ending(path)
        if ending == ".toml" {
            diagnostics.append(
                Diagnostic(
                    .unsupported, "TOML inventories are not supported: '\(path)'",
                    remedy: "Convert it with `ansible-inventory -i \(path) --list --yaml`."))
            return
        }
        if ["", ".yml", ".yaml", ".json"].contains(ending) {
            attempts.append(yaml(path, bytes, isSecret))
            if keep(attempts) { return }
        }
        attempts.append(ini(path, bytes, isSecret))
        if keep(attempts) { return }
        fail(path, attempts, looksLike: Self.likelyFormat(bytes, ending))
    }

    /// Takes the last attempt over if it succeeded.
    private mutating func keep(_ attempts: [Attempt]) -> Bool {
        guard let last = attempts.last, !last.failed else { return false }
        tree = last.tree
        diagnostics += last.diagnostics
        return true
    }

    /// Tells what the likeliest reader objected to, and the others in one line each.
    private mutating func fail(_ path: String, _ attempts: [Attempt], looksLike format: String) {
        let main = attempts.first { $0.format == format } ?? attempts[attempts.count - 1]
        var told = main.diagnostics
        // A name that ends in .yml says what was meant; what INI would make of it is of no use then.
        let isPlain = Self.ending(path).isEmpty || main.format == "INI"
        for other in attempts where isPlain && other.format != main.format {
            guard let first = other.diagnostics.first(where: { $0.severity == .error }), !told.isEmpty else { continue }
            told[0].notes.append(.init("read as \(other.format): \(first.summary)", at: first.location))
        }
        diagnostics += told
    }

    private func script(_ path: String) -> Attempt {
        var attempt = Attempt(format: "a script", tree: tree, diagnostics: [])
        do throws(Diagnostic) {
            attempt.diagnostics = try ScriptInventory.read(
                path, limit: sources.scriptLimit, into: &attempt.tree)
        } catch {
            attempt.diagnostics = [error]
        }
        return attempt
    }

    private func ini(_ path: String, _ bytes: [UInt8], _ isSecret: Bool) -> Attempt {
        var attempt = Attempt(format: "INI", tree: tree, diagnostics: [])
        do throws(Diagnostic) {
            let text = try YAMLReader.text(bytes, name: path)
            let file = SourceFile(name: path, text: text, isSecret: isSecret)
            attempt.diagnostics = INIInventory.read(text, file: file, isSecret: isSecret, into: &attempt.tree)
        } catch {
            attempt.diagnostics = [error]
        }
        return attempt
    }

    private func yaml(_ path: String, _ bytes: [UInt8], _ isSecret: Bool) -> Attempt {
        var attempt = Attempt(format: "YAML", tree: tree, diagnostics: [])
        do throws(Diagnostic) {
            let text = try YAMLReader.text(bytes, name: path)
            let file = SourceFile(name: path, text: text, isSecret: isSecret)
            let root = try YAMLReader.read(text, file: file, warnings: &attempt.diagnostics)
            let start = SourceLocation(file: file, line: 1, column: 1)
            guard let root, !root.isNull else {
                throw Diagnostic(
                    .badValue, "the inventory '\(path)' is empty", at: start, remedy: "Add groups and hosts.")
            }
            guard root.pairs != nil else {
                throw Diagnostic(
                    .badValue, "a YAML inventory must be a mapping of groups, not \(root.kindName)", at: root.location,
                    remedy: "Begin with 'all:' and 'hosts:' below it.")
            }
            if let plugin = root["plugin"] {
                throw Diagnostic(
                    .unsupported, "inventory plugin '\(plugin.scalarText ?? "")' is not supported", at: plugin.location,
                    remedy: "Save what it finds: ansible-inventory -i \(path) --list --export --yaml > hosts.yml.")
            }
            let options = YAMLValueOptions(isSecret: isSecret, takesVaulted: true)
            attempt.diagnostics += YAMLInventory.read(root, options: options, into: &attempt.tree)
        } catch {
            attempt.diagnostics.append(error)
        }
        return attempt
    }

    private static func ending(_ path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
        return String(name[dot...])
    }

    /// The format that a text most likely has: its name tells, else its first written line.
    private static func likelyFormat(_ bytes: [UInt8], _ ending: String) -> String {
        if [".yml", ".yaml", ".json"].contains(ending) { return "YAML" }
        let lines = bytes.split(separator: UInt8(ascii: "\n")).lazy.map { String(decoding: $0, as: UTF8.self).trimmed }
        guard let first = lines.first(where: { !$0.isEmpty && !$0.hasPrefix("#") && !$0.hasPrefix(";") }) else {
            return "INI"
        }
        return first.hasPrefix("---") || first.hasSuffix(":") || first.hasPrefix("{") ? "YAML" : "INI"
    }
}

extension StringProtocol {
    /// The text without blanks at its ends.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
