internal import Diagnostics
internal import Local
internal import Synchronization
internal import Values
internal import Vault
internal import YAML

/// The group_vars and host_vars files, each read once, when first asked for.
final class VariablesStore: Sendable {
    /// Whose variables are meant.
    enum Owner: String, Sendable {
        case group = "group_vars"
        case host = "host_vars"
    }

    private struct Contents: Sendable {
        /// The names in each group_vars and host_vars directory; nil inside if there is no such directory.
        var names: [String: Set<String>?] = [:]
        var variables: [String: Result<ValueMap, Diagnostic>] = [:]
        var warnings: [Diagnostic] = []
        /// The levels that hosts in the same groups share, by the names of the groups.
        var groups: [String: InventoryVariables] = [:]
    }

    private let contents = Mutex(Contents())
    private let secrets: VaultSecrets

    /// The endings that a file of variables may have, in the order they are looked for; none is one of them.
    private let endings: [String]
    /// Whether such files are read at all.
    private let isRead: Bool
    private let duplicates: DuplicateKeys
    /// Whether maps of one name are merged (`hash_behaviour = merge`).
    let mergesMaps: Bool

    init(
        secrets: VaultSecrets, endings: [String] = InventoryOptions().variablesEndings,
        isRead: Bool = true, duplicates: DuplicateKeys = .warn, mergesMaps: Bool = false
    ) {
        self.mergesMaps = mergesMaps
        self.duplicates = duplicates
        self.secrets = secrets
        self.endings = [""] + endings
        self.isRead = isRead
    }

    /// Warnings gathered since they were last asked for.
    func takeWarnings() -> [Diagnostic] {
        contents.withLock { contents in
            defer { contents.warnings = [] }
            return contents.warnings
        }
    }

    func groupVariables(_ key: String) -> InventoryVariables? { contents.withLock { $0.groups[key] } }
    func remember(_ variables: InventoryVariables, for key: String) { contents.withLock { $0.groups[key] = variables } }

    /// The variables that the files below a directory give a group or host.
    ///
    /// - Parameters:
    ///   - owner: Which of the two it is.
    ///   - name: The group's or host's name.
    ///   - directory: The inventory's or playbook's directory.
    func variables(_ owner: Owner, _ name: String, below directory: String) throws(Diagnostic) -> ValueMap {
        // A host such as /srv/chroot is a path, not a name to look for.
        guard isRead, !name.hasPrefix("/") else { return [:] }
        let folder = "\(directory)/\(owner.rawValue)"
        let key = "\(folder)/\(name)"
        if let known = contents.withLock({ $0.variables[key] }) { return try known.get() }
        guard let names = names(in: folder) else { return [:] }
        var warnings: [Diagnostic] = []
        let result: Result<ValueMap, Diagnostic>
        do throws(Diagnostic) {
            result = .success(try read(name, in: folder, names: names, warnings: &warnings))
        } catch {
            result = .failure(error)
        }
        contents.withLock { contents in
            // Two threads may have read it at once; the warnings count once.
            if contents.variables[key] == nil { contents.warnings += warnings }
            contents.variables[key] = result
        }
        return try result.get()
    }

    private func names(in folder: String) -> Set<String>? {
        if let known = contents.withLock({ $0.names[folder] }) { return known }
        let names = LocalFile.names(in: folder).map { Set($0) }
        contents.withLock { contents in
            contents.names[folder] = .some(names)
            if names == nil, LocalFile.kind(folder) != nil {
                contents.warnings.append(
                    Diagnostic(
                        .badValue, "'\(folder)' is no readable directory and is passed over",
                        remedy: "Make it a directory with a file per group or host.", severity: .warning))
            }
        }
        return names
    }

    private func read(
        _ name: String, in folder: String, names: Set<String>, warnings: inout [Diagnostic]
    ) throws(Diagnostic) -> ValueMap {
        for suffix in endings {
            guard name.contains("/") || names.contains(name + suffix) else { continue }
            let path = "\(folder)/\(name)\(suffix)"
            guard let kind = LocalFile.kind(path) else { continue }
            let files = kind == .directory ? self.files(below: path) : [path]
            var variables = ValueMap()
            for file in files {
                var found: [Diagnostic] = []
                variables.lay(
                    try VariablesFile.variables(file, secrets: secrets, warnings: &found), deeply: mergesMaps)
                warnings += try duplicates.settled(found)
            }
            return variables
        }
        return [:]
    }

    /// The variables files in a directory and those below it, in the order they are read.
    private func files(below directory: String) -> [String] {
        var files: [String] = []
        for name in LocalFile.names(in: directory) ?? [] where !name.hasPrefix(".") && !name.hasSuffix("~") {
            let path = "\(directory)/\(name)"
            let dot = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : $0 }
            let suffix = dot.map { String(name[$0...]) } ?? ""
            switch LocalFile.kind(path) {
            case .directory where suffix.isEmpty: files += self.files(below: path)
            case .file where endings.contains(suffix): files.append(path)
            default: break
            }
        }
        return files
    }
}
