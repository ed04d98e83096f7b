import Diagnostics
import Inventory
import Values

/// The names whose values the run itself gives.
final class MagicVariables {
    static let names = [
        "ansible_check_mode", "ansible_collection_name", "ansible_dependent_role_names", "ansible_diff_mode",
        "ansible_facts", "ansible_forks",
        "ansible_inventory_sources",
        "ansible_limit", "ansible_parent_role_names", "ansible_parent_role_paths", "ansible_play_batch",
        "ansible_play_hosts", "ansible_play_hosts_all", "ansible_play_name", "ansible_play_role_names",
        "ansible_playbook_python",
        "ansible_role_name", "ansible_role_names", "ansible_run_tags", "ansible_search_path", "ansible_skip_tags",
        "ansible_verbosity", "ansible_version", "ansible_config_file", "group_names", "groups", "hostvars",
        "inventory_dir", "inventory_file", "inventory_hostname", "inventory_hostname_short", "omit", "play_hosts",
        "playbook_dir", "role_name", "role_names", "role_path", "vars",
    ]
    private static let nameSet = Set(names)
    /// Those that belong to a host and the run, and so are seen in `hostvars`.
    static let ownNames = [
        "ansible_check_mode", "ansible_config_file", "ansible_diff_mode", "ansible_facts", "ansible_forks",
        "ansible_inventory_sources", "ansible_limit", "ansible_playbook_python", "ansible_run_tags",
        "ansible_skip_tags", "ansible_verbosity", "ansible_version", "group_names", "groups", "inventory_dir",
        "inventory_file", "inventory_hostname", "inventory_hostname_short", "omit", "playbook_dir",
    ]
    private static let ownNameSet = Set(ownNames)
    /// Those that change while a play runs, or are views of what does.
    private static let volatile: Set = [
        "ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all", "ansible_search_path", "play_hosts",
        "vars",
    ]

    /// Whether there is a value only in a role, with `--limit`, or for hosts that an inventory names.
    static func mayBeAbsent(_ name: String) -> Bool { rare.contains(name) }

    private static let rare: Set = [
        "ansible_collection_name", "ansible_limit", "ansible_parent_role_names", "ansible_parent_role_paths",
        "ansible_role_name", "ansible_search_path", "inventory_dir", "inventory_file", "role_name", "role_path",
    ]

    /// Whether a value stays the same as long as nothing that its host's variables are made of changes.
    static func isSteady(_ name: String) -> Bool { !volatile.contains(name) }

    private unowned let variables: RunVariables
    private let host: String?
    private let task: TaskVariables?
    /// Whether it is asked for `hostvars`.
    private let isOwn: Bool
    weak var scope: LayeredScope?

    init(variables: RunVariables, host: String?, task: TaskVariables?, isOwn: Bool = false) {
        self.isOwn = isOwn
        self.variables = variables
        self.host = host
        self.task = task
    }

    func value(_ name: String) throws(Diagnostic) -> Value? {
        guard isOwn ? Self.ownNameSet.contains(name) : Self.nameSet.contains(name) else { return nil }
        if let value = runValue(name) { return value }
        if let value = playValue(name) { return value }
        if let task, let value = roleValue(name, task) { return value }
        guard let host else { return nil }
        return hostValue(name, host)
    }

    private func runValue(_ name: String) -> Value? {
        let run = variables.run
        switch name {
        case "omit": return .object(Omit.marker)
        case "ansible_check_mode": return .bool(run.isCheckMode)
        case "ansible_diff_mode": return .bool(run.isDiffMode)
        case "ansible_verbosity": return .int(run.verbosity)
        case "ansible_forks": return .int(run.forks)
        case "ansible_run_tags": return list(run.runTags)
        case "ansible_skip_tags": return list(run.skipTags)
        case "ansible_inventory_sources": return list(run.inventorySources)
        case "ansible_limit": return run.limit.map { .string($0) }
        case "ansible_config_file": return run.configFile.map { .string($0) } ?? .null
        case "ansible_playbook_python":
            // There is none here; playbooks give it to modules of localhost, which need none either.
            return "/usr/bin/python3"
        case "ansible_version":
            // The version whose language we speak: playbooks ask it before they use newer keywords.
            return [
                "full": "2.19.4", "major": 2, "minor": 19, "revision": 4, "string": "2.19.4 (swiftprov)",
            ]
        case "hostvars": return .object(HostVars(variables))
        case "vars": return scope.map { .object(VarsView($0)) }
        case "groups":
            var groups = ValueMap()
            for group in variables.inventory.groupNames {
                groups[group] = list(variables.inventory.hostNames(in: group))
            }
            return .map(groups)
        default: return nil
        }
    }

    private func playValue(_ name: String) -> Value? {
        let play = variables.play
        switch name {
        case "playbook_dir": return .string(play.directory)
        case "ansible_play_name": return .string(play.name)
        case "ansible_play_hosts", "play_hosts": return list(play.activeHosts)
        case "ansible_play_hosts_all": return list(play.allHosts)
        case "ansible_play_batch": return list(play.batch)
        case "ansible_play_role_names", "role_names": return list(play.roleNames)
        case "ansible_dependent_role_names": return list(play.dependentRoleNames)
        case "ansible_role_names":
            return list(play.dependentRoleNames.filter { !play.roleNames.contains($0) } + play.roleNames)
        default: return nil
        }
    }

    private func roleValue(_ name: String, _ task: TaskVariables) -> Value? {
        switch name {
        case "ansible_role_name": return task.roleName.map { .string($0) }
        case "role_name":
            let prefix = task.roleCollection.map { $0.utf8.count + 1 } ?? 0
            return task.roleName.map { .string(Text(String(decoding: $0.utf8.dropFirst(prefix), as: UTF8.self))) }
        case "ansible_collection_name":
            return task.roleName.map { _ in task.roleCollection.map { .string($0) } ?? .null }
        case "role_path": return task.rolePath.map { .string($0) }
        case "ansible_parent_role_names":
            guard !task.parentRoles.isEmpty else { return nil }
            return list(task.parentRoles.reversed().map(\.name))
        case "ansible_parent_role_paths":
            guard !task.parentRoles.isEmpty else { return nil }
            return list(task.parentRoles.reversed().map(\.path))
        case "ansible_search_path": return list(task.searchPath)
        default: return nil
        }
    }

    private func hostValue(_ name: String, _ host: String) -> Value? {
        switch name {
        case "inventory_hostname": return .string(host)
        case "inventory_hostname_short": return .string(String(host.prefix { $0 != "." }))
        case "group_names": return list(variables.inventory.groupNames(of: host))
        // Of hosts that tasks added, null; an implicit localhost has none.
        case "inventory_dir":
            guard isListed(host) else { return nil }
            return variables.inventory.directory(of: host).map { .string($0) } ?? .null
        case "inventory_file":
            guard isListed(host) else { return nil }
            return variables.inventory.file(of: host).map { .string($0) } ?? .null
        case "ansible_facts": return .map(Self.withoutPrefix(variables.facts(of: host)))
        default: return nil
        }
    }

    private func isListed(_ host: String) -> Bool {
        variables.inventory.host(named: host).map { !$0.isImplicit } ?? false
    }

    /// Facts under the names `ansible_facts` has: without the prefix.
    private static func withoutPrefix(_ facts: ValueMap) -> ValueMap {
        var result = ValueMap()
        for (key, value) in facts {
            if case .string(let name) = key, name.hasPrefix("ansible_") {
                result[String(name.dropFirst(8))] = value
            } else {
                result[key] = value
            }
        }
        return result
    }

    private func list(_ names: [String]) -> Value { .list(names.map { .string($0) }) }
}
