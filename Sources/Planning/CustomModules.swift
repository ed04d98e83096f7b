import Diagnostics
import Playbook
import Values

/// Modules that are files of the project or of an installed collection, not parts of this program.
///
/// Their names are known, so that lists and checks of a playbook go on past them, and their arguments are taken as
/// they come. What is in the files is written for another program.
struct CustomModules {
    /// Folders that hold modules, the nearest first.
    var directories: [String]
    /// Folders that hold `ansible_collections`.
    var collectionsPath: [String]

    /// The file that provides a module.
    ///
    /// - Parameters:
    ///   - name: As the task has it, with or without its collection.
    ///   - collections: The collections in which short names are sought (`collections:`).
    func file(of name: String, collections: [String]) -> String? {
        let parts = name.split(separator: ".").map(String.init)
        if parts.count >= 3 {
            if parts[0] == "ansible", parts[1] == "legacy" { return file(of: parts[2], in: directories) }
            return file(of: parts.dropFirst(2).joined(separator: "/"), inCollection: "\(parts[0])/\(parts[1])")
        }
        guard parts.count == 1 else { return nil }
        if let found = file(of: name, in: directories) { return found }
        for collection in collections {
            let folder = collection.split(separator: ".").joined(separator: "/")
            if let found = file(of: name, inCollection: folder) { return found }
        }
        return nil
    }

    private func file(of name: String, inCollection folder: String) -> String? {
        for base in collectionsPath {
            let plugins = "\(base)/ansible_collections/\(folder)/plugins"
            if let found = file(of: name, in: ["\(plugins)/modules", "\(plugins)/action"]) { return found }
        }
        return nil
    }

    private func file(of name: String, in directories: [String]) -> String? {
        for directory in directories {
            for ending in [".py", "", ".sh", ".ps1", ".pl", ".rb"] {
                let path = "\(directory)/\(name)\(ending)"
                if ProjectFiles.isFile(path) { return path }
            }
        }
        return nil
    }
}

extension Planner {
    /// The file that provides the module of that name, if one does.
    func customModule(_ name: String, role: RoleInstance?, collections: [String]) -> String? {
        var directories: [String] = []
        var next = role
        while let role = next {
            directories.append(role.path + "/library")
            next = role.parent
        }
        directories += [Path.join(playbookDirectory, "library")] + settings.modulePath
        directories += [Path.join(".", "~/.ansible/plugins/modules"), "/usr/share/ansible/plugins/modules"]
        let key = ([name] + directories + collections).joined(separator: "\u{1f}")
        if let known = customModules[key] { return known }
        let found = CustomModules(directories: directories, collectionsPath: settings.collectionsPath)
            .file(of: name, collections: collections)
        customModules[key] = .some(found)
        return found
    }

    /// What a task does, and what there is to say of it: an error where it cannot be run, in list modes a warning.
    func action(of node: TaskNode, _ inherited: Inherited, _ role: RoleInstance?) -> PlannedAction {
        let action = ActionCatalog.action(for: node.action)
        guard case .missing(var diagnostic) = action else { return action }
        let field = inherited.settings[.collections]?.value
        let collections = (field?.elements ?? [field].compactMap(\.self)).map(\.pythonText)
        if diagnostic.code == .unknownModule,
            let path = customModule(node.action.name, role: role, collections: collections)
        {
            guard settings.purpose == .run else { return action }
            diagnostic = Diagnostic(
                .unsupported, "module '\(node.action.name)' is a file of its own, and such modules are not run here",
                at: node.action.location,
                remedy: "It is \(path). Say the same with a module that `swiftprov doc --list` names, or with script.")
        } else if settings.purpose == .list {
            diagnostic.severity = .warning
        }
        diagnostics.add(diagnostic)
        return action
    }
}
