public import Diagnostics
public import Values

/// What the inventory says about one host, level by level, weakest first.
///
/// The levels are 3 to 10 of Ansible's order: what lies between and beyond them is the Variables room's.
public struct InventoryVariables: Sendable {
    /// Level 3: the sources' own group variables, `all` first, then by depth, priority and name.
    public internal(set) var groups = ValueMap()
    /// Level 4: `group_vars/all` beside the inventory.
    public internal(set) var inventoryAll = ValueMap()
    /// Level 5: `group_vars/all` beside the playbook.
    public internal(set) var playbookAll = ValueMap()
    /// Level 6: the other `group_vars` beside the inventory.
    public internal(set) var inventoryGroups = ValueMap()
    /// Level 7: the other `group_vars` beside the playbook.
    public internal(set) var playbookGroups = ValueMap()
    /// Level 8: the sources' own host variables.
    public internal(set) var host = ValueMap()
    /// Level 9: `host_vars` beside the inventory.
    public internal(set) var inventoryHost = ValueMap()
    /// Level 10: `host_vars` beside the playbook.
    public internal(set) var playbookHost = ValueMap()

    /// Whether maps of one name are merged (`hash_behaviour = merge`).
    var mergesMaps = false
    /// Levels 3 to 7 in one; hosts in the same groups share it.
    var mergedGroups = ValueMap()

    /// The levels with what each is called, weakest first.
    public var levels: [(name: String, values: ValueMap)] {
        [
            ("inventory group variables", groups),
            ("inventory group_vars/all", inventoryAll),
            ("playbook group_vars/all", playbookAll),
            ("inventory group_vars", inventoryGroups),
            ("playbook group_vars", playbookGroups),
            ("inventory host variables", host),
            ("inventory host_vars", inventoryHost),
            ("playbook host_vars", playbookHost),
        ]
    }

    /// All levels in one: the stronger one's value wins.
    public var merged: ValueMap {
        Self.merged([mergedGroups, host, inventoryHost, playbookHost], deeply: mergesMaps)
    }

    /// Levels 8 to 10 in one: what is said about the host itself.
    var mergedHost: ValueMap { Self.merged([host, inventoryHost, playbookHost], deeply: mergesMaps) }

    private static func merged(_ levels: [ValueMap], deeply: Bool) -> ValueMap {
        var result = ValueMap()
        for level in levels where !level.isEmpty {
            if result.isEmpty { result = level } else { result.lay(level, deeply: deeply) }
        }
        return result
    }

    /// To be called once the levels of groups are complete.
    mutating func mergeGroups() {
        mergedGroups = Self.merged(
            [groups, inventoryAll, playbookAll, inventoryGroups, playbookGroups], deeply: mergesMaps)
    }
}

extension InventoryTree {
    /// What the inventory says about a host, level by level.
    ///
    /// Files are read when first asked for; ask before a run to meet their errors there.
    ///
    /// - Parameter name: The host; an unknown name is met as a host in no group, as the implicit localhost is.
    /// - Throws: `Diagnostic` if a file of variables cannot be read.
    public func variables(of name: String) throws(Diagnostic) -> InventoryVariables {
        var result = try groupVariables(of: name)
        for directory in sourceDirectories {
            result.inventoryHost.lay(try store.variables(.host, name, below: directory), deeply: mergesMaps)
        }
        if let directory = playbookDirectory {
            result.playbookHost = try store.variables(.host, name, below: directory)
        }
        if let host = host(named: name) { result.host = host.variables }
        return result
    }

    /// What a host's variables are while sources are still read: groups have no more parents than sources gave them.
    ///
    /// - Parameters:
    ///   - name: The host.
    ///   - withFiles: Whether group_vars and host_vars beside the sources read so far count.
    func variablesSoFar(of name: String, withFiles: Bool) throws(Diagnostic) -> ValueMap {
        var view = self
        view.settleDepths()
        let groups = view.groups(of: name)
        var result = ValueMap()
        for group in groups { result.lay(group.variables, deeply: mergesMaps) }
        if withFiles {
            for directory in processedDirectories {
                for group in groups {
                    result.lay(try store.variables(.group, group.name, below: directory), deeply: mergesMaps)
                }
            }
        }
        result.lay(host(named: name)?.variables ?? [:], deeply: mergesMaps)
        if withFiles {
            for directory in processedDirectories {
                result.lay(try store.variables(.host, name, below: directory), deeply: mergesMaps)
            }
        }
        result["inventory_hostname"] = .string(name)
        result["inventory_hostname_short"] = .string(String(name.prefix { $0 != "." }))
        result["group_names"] = .list(view.groupNames(of: name).map { .string($0) })
        return result
    }

    /// The same for hosts in the same groups.
    func groupKey(_ groups: [InventoryGroup]) -> String {
        groups.reduce(into: playbookDirectory ?? "") { if $1.name != "all" { $0 += "\n" + $1.name } }
    }

    /// The levels that come from groups; hosts in the same groups share them.
    private func groupVariables(of name: String) throws(Diagnostic) -> InventoryVariables {
        let groups = groups(of: name).filter { $0.name != "all" }
        // What a group says never changes after loading, so the groups in their order tell it all.
        let key = groupKey(groups)
        if let known = store.groupVariables(key) { return known }

        var result = InventoryVariables()
        result.mergesMaps = mergesMaps
        if let all = group(named: "all") { result.groups = all.variables }
        for group in groups { result.groups.lay(group.variables, deeply: mergesMaps) }
        for directory in sourceDirectories {
            result.inventoryAll.lay(try store.variables(.group, "all", below: directory), deeply: mergesMaps)
            for group in groups {
                result.inventoryGroups.lay(
                    try store.variables(.group, group.name, below: directory), deeply: mergesMaps)
            }
        }
        if let directory = playbookDirectory {
            result.playbookAll = try store.variables(.group, "all", below: directory)
            for group in groups {
                result.playbookGroups.lay(try store.variables(.group, group.name, below: directory), deeply: mergesMaps)
            }
        }
        result.mergeGroups()
        store.remember(result, for: key)
        return result
    }

    /// What the inventory says about a host as named levels, weakest first.
    ///
    /// - Throws: `Diagnostic` if a file of variables cannot be read.
    public func variableLayers(of name: String) throws(Diagnostic) -> [(name: String, values: ValueMap)] {
        try variables(of: name).levels.filter { !$0.values.isEmpty }
    }

    /// Reads all files of variables that hosts need, so that their errors are met together and before a run.
    ///
    /// - Parameter hosts: The hosts' names.
    /// - Returns: What is wrong, each file once, and warnings.
    public func checkVariables(of hosts: [String]) -> [Diagnostic] {
        var seen: Set<String> = []
        var found: [Diagnostic] = []
        for host in hosts {
            do throws(Diagnostic) {
                _ = try variables(of: host)
            } catch {
                if seen.insert(error.rendered()).inserted { found.append(error) }
            }
        }
        return found + takeWarnings()
    }

    /// What files and sources say about a group itself, as `--graph --vars` and `--export` show it.
    ///
    /// - Throws: `Diagnostic` if a file of variables cannot be read.
    public func variables(ofGroup name: String) throws(Diagnostic) -> ValueMap {
        var result = group(named: name)?.variables ?? ValueMap()
        for directory in sourceDirectories {
            result.lay(try store.variables(.group, name, below: directory), deeply: mergesMaps)
        }
        if let directory = playbookDirectory {
            result.lay(try store.variables(.group, name, below: directory), deeply: mergesMaps)
        }
        return result
    }

    /// Warnings met while files of variables were read, each given once.
    public func takeWarnings() -> [Diagnostic] { store.takeWarnings() }
}
