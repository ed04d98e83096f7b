internal import Diagnostics
internal import Jinja
internal import Local
internal import Values
internal import Vault
internal import YAML

/// One reading of all sources.
struct SourceReading {
    var tree: InventoryTree
    var diagnostics: [Diagnostic] = []
    private let sources: InventorySources
    private var options: InventoryOptions { sources.options }
    /// Names in directories that are passed over.
    private var ignored: [NamePattern.Expression] = []

    init(_ sources: InventorySources) {
        self.sources = sources
        let store = VariablesStore(
            secrets: sources.vault, endings: sources.options.variablesEndings,
            isRead: sources.options.readsVariablesFiles, duplicates: sources.options.duplicates,
            mergesMaps: sources.options.mergesMaps)
        tree = InventoryTree(store: store, playbookDirectory: sources.playbookDirectory)
        tree.naming = sources.options.naming
        for pattern in sources.options.ignoredPatterns {
            do throws(Diagnostic) {
                ignored.append(try NamePattern.Expression(pattern))
            } catch {
                var error = error
                error.remedy = "Mend it in ignore_patterns."
                diagnostics.append(error)
            }
        }
    }

    mutating func read(_ path: String) {
        guard let kind = LocalFile.kind(path) else {
            if path.contains(",") { list(path) } else { tellMissing(path) }
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

    private mutating func tellMissing(_ path: String) {
        diagnostics.append(
            Diagnostic(
                .missingFile, "there is no inventory '\(path)'",
                remedy: "Check the path; hosts on the command line need a comma: -i '\(path),'."))
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

    // MARK: Lists

    private mutating func list(_ text: String) {
        tree.currentSource = text
        for plugin in options.plugins.map(InventoryOptions.shortName) {
            switch plugin {
            case "host_list": return hostList(text, expandsRanges: false)
            case "advanced_host_list": return hostList(text, expandsRanges: true)
            default: continue
            }
        }
        diagnostics.append(
            Diagnostic(
                .badOption, "a list of hosts is no source here: '\(text)'",
                remedy: "Add host_list to enable_plugins in [inventory]."))
    }

    private mutating func hostList(_ list: String, expandsRanges: Bool) {
        for part in list.split(separator: ",") {
            let text = part.trimmed
            guard !text.isEmpty else { continue }
            var names = [text]
            var port: Int?
            // Ranges are expanded by advanced_host_list alone, as in Ansible.
            if expandsRanges || !text.contains("[") || text.hasPrefix("["), let split = HostAddress.split(text) {
                // What cannot be expanded stays as it is.
                names = (expandsRanges ? try? HostRange.expanded(split.name) : nil) ?? [split.name]
                port = split.port
            }
            for name in names where !tree.hasHost(name) {
                tree.put(host: tree.addHost(name, port: port), into: tree.addGroup("ungrouped"))
            }
        }
    }

    // MARK: Directories

    /// Reads what lies in a directory.
    ///
    /// - Returns: Whether anything did.
    private mutating func directory(_ path: String) -> Bool {
        guard let names = LocalFile.names(in: path) else {
            diagnostics.append(
                Diagnostic(
                    .missingFile, "cannot read the inventory directory '\(path)'",
                    remedy: "Give your user the right to read it."))
            return true
        }
        var found = false
        for name in names where !isIgnored(name) {
            let inner = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
            switch LocalFile.kind(inner) {
            case .directory: if directory(inner) { found = true }
            case .none:
                found = true
                diagnostics.append(
                    Diagnostic(
                        .missingFile, "'\(inner)' is a link to what is not there", remedy: "Mend or remove the link."))
            default:
                file(inner)
                found = true
            }
        }
        return found
    }

    private func isIgnored(_ name: String) -> Bool {
        if name.hasPrefix(".") || ["group_vars", "host_vars", "vars_plugins"].contains(name) { return true }
        return options.ignoredEndings.contains { name.hasSuffix($0) } || ignored.contains { $0.isFound(in: name) }
    }

    // MARK: Files

    /// What one way of reading a file came to.
    private struct Attempt {
        var format: String
        var tree: InventoryTree
        var diagnostics: [Diagnostic] = []
        var failed: Bool { diagnostics.contains { $0.severity == .error } }
    }

    /// Reads a file in each way that the configuration, its name and its mode allow, until one succeeds.
    private mutating func file(_ path: String) {
        tree.currentSource = path
        var attempts: [Attempt] = []
        let plugins = options.plugins.map(InventoryOptions.shortName)
        let isExecutable = LocalFile.isExecutable(path)
        if isExecutable, plugins.first(where: { !$0.hasSuffix("host_list") }) == "script" {
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
        let namesInterpreter = bytes.starts(with: "#!".utf8)
        // What names its interpreter is a program; reading it as anything else only hides why it failed.
        if !attempts.isEmpty, namesInterpreter {
            diagnostics += attempts[0].diagnostics
            return
        }
        for plugin in plugins {
            guard let attempt = attempt(plugin, path, bytes, isSecret, isTried: !attempts.isEmpty)
            else { continue }
            attempts.append(attempt)
            if keep(attempts) { return }
        }
        if namesInterpreter, !isExecutable {
            diagnostics.append(
                Diagnostic(
                    .badValue, "'\(path)' names an interpreter and is not executable",
                    remedy: "chmod +x \(path), if it is an inventory script."))
            return
        }
        guard !attempts.isEmpty else {
            diagnostics.append(
                Diagnostic(
                    .unsupported, "no enabled inventory plugin reads '\(path)'",
                    remedy: "Enabled are \(plugins.joined(separator: ", ")): see enable_plugins in [inventory]."))
            return
        }
        fail(path, attempts, looksLike: Self.likelyFormat(bytes, Self.ending(path)))
    }

    /// What one plugin makes of a file; nil if the file is not for it.
    private func attempt(
        _ plugin: String, _ path: String, _ bytes: [UInt8], _ isSecret: Bool, isTried: Bool
    ) -> Attempt? {
        let ending = Self.ending(path)
        switch plugin {
        case "script": return LocalFile.isExecutable(path) && !isTried ? script(path) : nil
        case "auto":
            guard ending == ".yml" || ending == ".yaml" else { return nil }
            return pluginFile(path, bytes, isSecret, as: nil)
        case "constructed", "generator":
            guard ending.isEmpty || ending == ".config" || options.yamlEndings.contains(ending) else { return nil }
            return pluginFile(path, bytes, isSecret, as: plugin)
        case "yaml":
            guard ending.isEmpty || options.yamlEndings.contains(ending) else { return nil }
            return yaml(path, bytes, isSecret)
        case "ini": return ending == ".toml" ? nil : ini(path, bytes, isSecret)
        case "toml":
            guard ending == ".toml" else { return nil }
            return Attempt(
                format: "TOML", tree: tree,
                diagnostics: [
                    Diagnostic(
                        .unsupported, "TOML inventories are not supported: '\(path)'",
                        remedy: "Convert it with `ansible-inventory -i \(path) --list --yaml`.")
                ])
        default: return nil
        }
    }

    /// Takes the last attempt over if it succeeded.
    private mutating func keep(_ attempts: [Attempt]) -> Bool {
        guard let last = attempts.last, !last.failed else { return false }
        tree = last.tree
        diagnostics += last.diagnostics
        let directory = InventoryTree.directory(tree.currentSource ?? ".")
        if !tree.processedDirectories.contains(directory) { tree.processedDirectories.append(directory) }
        return true
    }

    /// Tells what the likeliest reader objected to, and the others in one line each.
    private mutating func fail(_ path: String, _ attempts: [Attempt], looksLike format: String) {
        let main =
            attempts.first { $0.format == "a plugin's options" } ?? attempts.first { $0.format == format }
            ?? attempts[attempts.count - 1]
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
        var attempt = Attempt(format: "a script", tree: tree)
        do throws(Diagnostic) {
            attempt.diagnostics = try ScriptInventory.read(
                path, limit: sources.scriptLimit, showsErrors: options.showsScriptErrors,
                into: &attempt.tree)
        } catch {
            attempt.diagnostics = [error]
        }
        return attempt
    }

    private func ini(_ path: String, _ bytes: [UInt8], _ isSecret: Bool) -> Attempt {
        var attempt = Attempt(format: "INI", tree: tree)
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
        var attempt = Attempt(format: "YAML", tree: tree)
        do throws(Diagnostic) {
            let root = try root(path, bytes, isSecret, &attempt.diagnostics)
            guard root.pairs != nil else {
                throw Diagnostic(
                    .badValue, "a YAML inventory must be a mapping of groups, not \(root.kindName)", at: root.location,
                    remedy: "Begin with 'all:' and 'hosts:' below it.")
            }
            if let plugin = root["plugin"] {
                throw Diagnostic(
                    .badValue, "'plugin' stands in an inventory that no plugin was asked to read", at: plugin.location,
                    remedy: "Name the file .yml or .yaml, and leave auto in enable_plugins.")
            }
            let options = YAMLValueOptions(isSecret: isSecret, takesVaulted: true)
            attempt.diagnostics += YAMLInventory.read(root, options: options, into: &attempt.tree)
        } catch {
            attempt.diagnostics.append(error)
        }
        return attempt
    }

    /// A file of a plugin's options; nil if it is none and any plugin's would do.
    private func pluginFile(_ path: String, _ bytes: [UInt8], _ isSecret: Bool, as name: String?) -> Attempt? {
        var attempt = Attempt(format: "a plugin's options", tree: tree)
        do throws(Diagnostic) {
            let root = try root(path, bytes, isSecret, &attempt.diagnostics)
            guard let field = root["plugin"], let written = field.scalarText else {
                if name == nil { return nil }
                throw Diagnostic(
                    .badValue, "'\(path)' does not say 'plugin: \(name ?? "")'", at: root.location,
                    remedy: "Put it in the first line.")
            }
            let wanted = InventoryOptions.shortName(written)
            let values = YAMLValueOptions(isSecret: isSecret, takesVaulted: true)
            switch wanted {
            case "constructed" where name == nil || name == wanted:
                attempt.diagnostics += try ConstructedInventory.read(
                    root, values: values, options: options, into: &attempt.tree)
            case "generator" where name == nil || name == wanted:
                attempt.diagnostics += try GeneratedInventory.read(
                    root, values: values, options: options, into: &attempt.tree)
            default:
                throw Diagnostic(
                    .unsupported,
                    name == nil || name == wanted
                        ? "inventory plugin '\(written)' is not supported"
                        : "'\(path)' is for the plugin '\(written)', not for '\(name ?? "")'", at: field.location,
                    remedy: NearestNames.hint(wanted, among: ["constructed", "generator"])
                        ?? "Save what it finds: ansible-inventory -i \(path) --list --export --yaml > hosts.yml.")
            }
        } catch {
            // What is no YAML is no plugin's options either; the YAML reader says why.
            if name == nil, attempt.diagnostics.isEmpty, error.code == .syntax { return nil }
            attempt.diagnostics.append(error)
        }
        return attempt
    }

    private func root(
        _ path: String, _ bytes: [UInt8], _ isSecret: Bool, _ warnings: inout [Diagnostic]
    ) throws(Diagnostic) -> YAMLNode {
        let text = try YAMLReader.text(bytes, name: path)
        let file = SourceFile(name: path, text: text, isSecret: isSecret)
        var found: [Diagnostic] = []
        let document = try YAMLReader.read(text, file: file, warnings: &found)
        warnings += try options.duplicates.settled(found)
        guard let root = document, !root.isNull else {
            throw Diagnostic(
                .badValue, "the inventory '\(path)' is empty", at: SourceLocation(file: file, line: 1, column: 1),
                remedy: "Add groups and hosts.")
        }
        return root
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
