public import Diagnostics
import Modules
import Playbook
import Values

/// Modules that are files of the project, of an installed collection or of ansible-core, not parts of this program.
struct CustomModules {
    /// What a name stands for.
    enum Provision {
        /// A module, the file it is.
        case file(String)
        /// Code that Ansible would run on the control machine, the file it is.
        case controlCode(String)
        /// A module of this program, under its name.
        case ours(String)
        /// It is gone: what its collection says about that.
        case gone(String)
    }

    /// Names that Ansible carries out on the control machine in whole or in part: a module of the same name in
    /// `library/` does not take their place there.
    static let carriedOutHere: Set<String> = [
        "add_host", "assemble", "assert", "async_status", "command", "copy", "debug", "dnf", "fail", "fetch",
        "gather_facts", "group_by", "import_role", "import_tasks", "include_role", "include_tasks", "include_vars",
        "meta", "package", "pause", "raw", "reboot", "script", "service", "set_fact", "set_stats", "shell", "template",
        "unarchive", "uri", "validate_argument_spec", "wait_for_connection",
    ]

    /// Endings of files that lie beside modules and are none.
    private static let otherEndings: Set<String> = [
        "pyc", "pyo", "swp", "bak", "rpm", "md", "txt", "rst", "yaml", "yml", "ini", "json",
    ]

    private let collectionsPath: [String]
    private let findInstallation: @Sendable () -> AnsibleInstallation?
    /// ansible-core on this machine, looked for when it is first needed.
    private lazy var installation: AnsibleInstallation? = findInstallation()
    private lazy var loader = CustomModuleLoader(installation: installation, collectionsPath: collectionsPath)
    /// The configured folders of modules, and those within them.
    let configuredFolders: [String]
    /// The modules of each folder that was looked into: the name, the path.
    private var folders: [String: [String: String]] = [:]
    /// The names in the project's folders that were looked into, whichever of them it was.
    private var projectNames: Set<String> = []
    private var seenFolders: Set<String> = []
    private var seenRoles = 0
    private var runtimes: [String: CollectionRuntime] = [:]
    private var provisions: [String: Provision?] = [:]
    private var loaded: [String: Result<CustomModule, Diagnostic>] = [:]

    init(_ settings: PlanSettings) {
        collectionsPath = settings.collectionsPath
        findInstallation = settings.findInstallation
        configuredFolders = settings.modulePath.flatMap { base in
            [base] + Path.entries(of: base).map { "\(base)/\($0)" }.filter(ProjectFiles.isDirectory)
        }
    }

    /// The file of that name in the first of the folders that has one.
    mutating func file(of name: String, in directories: [String]) -> String? {
        for directory in directories {
            if let path = modules(in: directory)[name] { return path }
        }
        return nil
    }

    /// Whether some folder of the project may have a file of that name: the quick answer that most names get.
    ///
    /// - Parameters:
    ///   - name: A short name.
    ///   - roles: The folders of the roles met so far; they only ever grow.
    ///   - playbook: The playbook's folder.
    mutating func mayProvide(_ name: String, roles: [String], playbook: String) -> Bool {
        for path in configuredFolders where seenFolders.insert(path).inserted {
            projectNames.formUnion(modules(in: path).keys)
        }
        for path in [playbook] + roles[seenRoles...] where seenFolders.insert(path).inserted {
            for folder in ["library", "action_plugins"] {
                projectNames.formUnion(modules(in: Path.join(path, folder)).keys)
            }
        }
        seenRoles = roles.count
        return projectNames.contains(name)
    }

    private mutating func modules(in directory: String) -> [String: String] {
        if let known = folders[directory] { return known }
        var found: [String: String] = [:]
        for entry in Path.entries(of: directory) {
            let parts = entry.split(separator: ".", maxSplits: 1).map(String.init)
            guard let name = parts.first, name != "__init__", name != "__pycache__", !entry.hasSuffix("~"),
                !Self.otherEndings.contains(parts.count > 1 ? parts[1] : ""),
                ProjectFiles.isFile("\(directory)/\(entry)")
            else { continue }
            // Of several files with one name Python is what is meant.
            if found[name] == nil || entry.hasSuffix(".py") { found[name] = "\(directory)/\(entry)" }
        }
        folders[directory] = found
        return found
    }

    /// What provides a name that this program does not.
    ///
    /// - Parameters:
    ///   - name: As the task has it, with or without its collection.
    ///   - directories: The project's folders of modules, the nearest first.
    ///   - collections: The collections in which short names are sought (`collections:`).
    mutating func provision(of name: String, _ directories: [String], collections: [String]) -> Provision? {
        let parts =
            name.contains(".") && !name.hasPrefix("ansible.legacy.") ? [name] : [name] + directories + collections
        let key = parts.joined(separator: "\u{1f}")
        if let known = provisions[key] { return known }
        let found = sought(name, directories, collections: collections)
        provisions[key] = .some(found)
        return found
    }

    private mutating func sought(_ name: String, _ directories: [String], collections: [String]) -> Provision? {
        let parts = name.split(separator: ".").map(String.init)
        if parts.count >= 3 {
            if parts[0] == "ansible", parts[1] == "legacy" {
                return file(of: parts[2], in: directories).map(Provision.file) ?? ofCore(parts[2])
            }
            if parts[0] == "ansible", parts[1] == "builtin" { return ofCore(parts[2]) }
            return inCollection(parts)
        }
        guard parts.count == 1 else { return nil }
        if let found = file(of: name, in: directories) { return .file(found) }
        for collection in collections {
            let parts = collection.split(separator: ".").map(String.init) + [name]
            if let found = parts.count == 3 ? inCollection(parts) : nil { return found }
        }
        return ofCore(name)
    }

    /// The folders that hold `ansible_collections`; beside an ansible-core on this machine, too.
    var collectionBases: [String] {
        mutating get { collectionsPath + [installation?.directory].compactMap(\.self) }
    }

    /// A module that ansible-core has on this machine and this program has not.
    private mutating func ofCore(_ name: String) -> Provision? {
        guard let package = installation?.package else { return nil }
        let path = "\(package)/modules/\(name).py"
        guard ProjectFiles.isFile(path) else { return nil }
        let action = "\(package)/plugins/action/\(name).py"
        return ProjectFiles.isFile(action) ? .controlCode(action) : .file(path)
    }

    private mutating func inCollection(_ parts: [String], depth: Int = 0) -> Provision? {
        let short = parts.dropFirst(2).joined(separator: ".")
        for base in collectionBases {
            let collection = "\(base)/ansible_collections/\(parts[0])/\(parts[1])"
            guard ProjectFiles.isDirectory(collection) else { continue }
            let runtime = runtime(of: collection)
            if let text = runtime.tombstone(.modules, short) { return .gone(text) }
            if let target = runtime.redirect(.modules, short) {
                if ActionCatalog.isKnown(target) { return .ours(target) }
                let parts = target.split(separator: ".").map(String.init)
                guard parts.count >= 3, depth < 8 else { return nil }
                return parts[0] == "ansible" && parts[1] == "builtin"
                    ? ofCore(parts[2]) : inCollection(parts, depth: depth + 1)
            }
            let folder = parts.dropFirst(2).dropLast().map { "/\($0)" }.joined()
            let name = parts[parts.count - 1]
            if let target = runtime.redirect(.action, short) {
                return .controlCode("\(collection)/meta/runtime.yml (\(target))")
            }
            if let code = file(of: name, in: ["\(collection)/plugins/action\(folder)"]) { return .controlCode(code) }
            if let module = file(of: name, in: ["\(collection)/plugins/modules\(folder)"]) { return .file(module) }
        }
        return nil
    }

    private mutating func runtime(of collection: String) -> CollectionRuntime {
        if let known = runtimes[collection] { return known }
        // What cannot be read redirects nothing; that it cannot is the collection's trouble, not the task's.
        let read = (try? CollectionRuntime.read(collection + "/meta/runtime.yml")) ?? .silent
        runtimes[collection] = read
        return read
    }

    /// The module in a file, made ready to be sent.
    mutating func load(
        _ name: String, _ path: String, utilityPaths: [String]
    ) throws(Diagnostic) -> CustomModule {
        let key = ([name, path] + utilityPaths).joined(separator: "\u{1f}")
        if let known = loaded[key] { return try known.get() }
        let result: Result<CustomModule, Diagnostic>
        do throws(Diagnostic) {
            result = .success(try loader.load(name, path: path, utilityPaths: utilityPaths))
        } catch {
            result = .failure(error)
        }
        loaded[key] = result
        return try result.get()
    }
}

extension Planner {
    /// The folders of that name: of a role and those that brought it in, of the playbook, of roles met before, and
    /// further ones.
    private func projectFolders(_ name: String, _ role: RoleInstance?, _ others: [String]) -> [String] {
        var directories: [String] = []
        var next = role
        while let role = next {
            directories.append("\(role.path)/\(name)")
            next = role.parent
        }
        directories.append(Path.join(playbookDirectory, name))
        // A role may be there for the modules that others use.
        for path in rolesMet where !directories.contains("\(path)/\(name)") { directories.append("\(path)/\(name)") }
        return directories + others
    }

    private func library(_ role: RoleInstance?) -> [String] {
        projectFolders("library", role, customModules.configuredFolders)
    }

    /// What provides the module of that name, if this program does not.
    func customModule(_ name: String, role: RoleInstance?, collections: [String]) -> CustomModules.Provision? {
        if let known = customModules.provision(of: name, library(role), collections: collections) { return known }
        guard !name.contains("."),
            let code = customModules.file(of: name, in: projectFolders("action_plugins", role, []))
        else { return nil }
        return .controlCode(code)
    }

    /// A task whose module's name was a template, now that it is known.
    ///
    /// - Throws: `Diagnostic` if nothing, or nothing that a template may name, is called so.
    public func resolved(_ task: PlannedTask, as name: String) throws(Diagnostic) -> PlannedTask {
        diagnostics = Diagnostics()
        defer { diagnostics = Diagnostics() }
        var task = task
        task.node.action.name = name
        task.node.action.templatedName = nil
        task.action = action(of: task.node, task.inherited, task.role)
        if let error = diagnostics.errors.first { throw error }
        if case .engine = task.action {
            throw Diagnostic(
                .unsupported, "'\(name)' cannot be named by a template", at: task.node.action.location,
                remedy: "Write its name out; only modules may be named by a template.")
        }
        return task
    }

    /// What a task does, and what there is to say of it: an error where it cannot be run, in list modes a warning.
    func action(of node: TaskNode, _ inherited: Inherited, _ role: RoleInstance?) -> PlannedAction {
        let name = node.action.name
        if let template = node.action.templatedName { return .templated(template) }
        let action = ActionCatalog.action(for: node.action)
        guard case .missing(var diagnostic) = action else { return overridden(action, node, role) }
        var toListAndCheck: Diagnostic.Severity? = .error
        if diagnostic.code == .unknownModule {
            let collections = (role?.collections ?? []) + collections(inherited)
            switch customModule(name, role: role, collections: collections) {
            case .file(let path): return custom(path, node, role)
            case .ours(let other):
                var renamed = node.action
                renamed.name = other
                return ActionCatalog.action(for: renamed)
            case .controlCode(let path):
                toListAndCheck = settings.purpose == .list ? nil : .warning
                diagnostic = Diagnostic(
                    .unsupported,
                    "'\(name)' is Python code that Ansible runs on the control machine; that is not run "
                        + "here", at: node.action.location,
                    remedy: "It is \(path). Use modules that `swiftprov doc --list` names, or script.")
            case .gone(let text):
                diagnostic = Diagnostic(
                    .unknownModule, "module '\(name)' was removed from its collection", at: node.action.location,
                    remedy: text)
            case nil: break
            }
        }
        switch settings.purpose {
        case .run: diagnostics.add(diagnostic)
        case .check, .list:
            guard var severity = toListAndCheck else { break }
            if settings.purpose == .list { severity = .warning }
            diagnostic.severity = severity
            diagnostics.add(diagnostic)
        }
        return .missing(diagnostic)
    }

    /// A module of this program, unless the project has one of the same name that takes its place.
    private func overridden(_ action: PlannedAction, _ node: TaskNode, _ role: RoleInstance?) -> PlannedAction {
        let name = node.action.name
        guard case .module = action, !name.contains(".") || name.hasPrefix("ansible.legacy.") else { return action }
        let short = node.action.shortName
        guard customModules.mayProvide(short, roles: rolesMet, playbook: playbookDirectory) else { return action }
        if let code = customModules.file(of: short, in: projectFolders("action_plugins", role, [])) {
            report(
                .unsupported, "'\(short)' of this program runs in place of \(code)", at: node.action.location,
                remedy:
                    "Such code is Python of the control machine; write 'ansible.builtin.\(short)' if ours is meant.",
                severity: .warning)
            return action
        }
        guard let path = customModules.file(of: short, in: library(role)) else { return action }
        guard !CustomModules.carriedOutHere.contains(short) else {
            report(
                .unsupported, "'\(short)' of this program runs, not \(path)", at: node.action.location,
                remedy: "Ansible carries '\(short)' out on the control machine in part; give the module another name.",
                severity: .warning)
            return action
        }
        return custom(path, node, role)
    }

    /// The module in a file as an action, or what keeps it from being one.
    private func custom(_ path: String, _ node: TaskNode, _ role: RoleInstance?) -> PlannedAction {
        if let text = node.action.freeForm {
            report(
                .unknownArgument, "'\(node.action.name)' takes no free text, such as '\(text.string)'",
                at: node.action.location, remedy: "Write its arguments as a map below the name, or as name=value.")
        }
        guard settings.purpose != .list else {
            return .missing(
                Diagnostic(.unsupported, "'\(node.action.name)' was listed, not made ready", at: node.action.location))
        }
        do throws(Diagnostic) {
            let folders = projectFolders("module_utils", role, settings.moduleUtilsPath)
            return .custom(
                try customModules.load(
                    node.action.name, path, utilityPaths: folders.filter(ProjectFiles.isDirectory)))
        } catch {
            var told = error.located(at: node.action.location)
            // Another machine may have what this one lacks.
            if settings.purpose == .check { told.severity = .warning }
            diagnostics.add(told)
            return .missing(told)
        }
    }
}
