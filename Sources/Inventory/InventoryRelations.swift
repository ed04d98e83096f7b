public import Diagnostics
public import Values

extension InventoryTree {
    /// The names of the hosts in a group and its children, each once: the group's own first, then level by level.
    public func hostNames(in name: String) -> [String] {
        guard let start = index(ofGroup: name) else { return [] }
        var seenGroups: Set<Int> = [start]
        var level = [start]
        var seen: Set<String> = []
        var names: [String] = []
        while !level.isEmpty {
            var next: [Int] = []
            for group in level {
                for host in groupList[group].hosts where seen.insert(host).inserted { names.append(host) }
                for child in groupList[group].children.compactMap({ index(ofGroup: $0) })
                where seenGroups.insert(child).inserted {
                    next.append(child)
                }
            }
            level = next
        }
        return names
    }

    /// The groups that a host is in, by itself or through their children, weakest first: by depth, then
    /// `ansible_group_priority`, then name. `all` is among them unless the host is implicit.
    public func groups(of name: String) -> [InventoryGroup] {
        guard let host = index(ofHost: name) else { return [] }
        var found: Set<Int> = []
        for direct in hostList[host].directGroups.compactMap({ index(ofGroup: $0) }) {
            if found.insert(direct).inserted { found.formUnion(ancestors(of: direct)) }
        }
        return found.map { groupList[$0] }.sorted { left, right in
            if left.depth != right.depth { return left.depth < right.depth }
            if left.priority != right.priority { return left.priority < right.priority }
            return left.name.unicodeScalars.lexicographicallyPrecedes(right.name.unicodeScalars)
        }
    }

    /// The magic variable `group_names`: the host's groups without `all`, sorted by name.
    public func groupNames(of name: String) -> [String] {
        groups(of: name).map(\.name).filter { $0 != "all" }
            .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    }

    /// The magic variable `groups`: each group with the names of its hosts.
    public var groupsMap: ValueMap {
        var map = ValueMap()
        for group in groupList { map[group.name] = .list(hostNames(in: group.name).map { .string($0) }) }
        return map
    }

    // MARK: What a run adds

    /// Adds a host, or variables and groups to one that is there, as `add_host` does.
    ///
    /// - Returns: Whether anything is different now.
    /// - Throws: `Diagnostic` with code `.badValue` for an empty name.
    @discardableResult
    public mutating func addHost(
        _ name: String, groups: [String] = [], variables: ValueMap = [:]
    ) throws(Diagnostic) -> Bool {
        guard !name.isEmpty else { throw Diagnostic(.badValue, "a host needs a name") }
        var isChanged = !hasHost(name)
        let host = addHost(name)
        let combined = hostList[host].variables.merging(variables)
        if combined != hostList[host].variables { isChanged = true }
        merge(variables, intoHost: host)
        for group in groups {
            guard !group.isEmpty else { throw Diagnostic(.badValue, "a group needs a name") }
            if !hasGroup(group) { isChanged = true }
            if put(host: host, into: addGroup(group)) { isChanged = true }
        }
        if isChanged { settle() }
        return isChanged
    }

    /// Puts a host into a group below others, making what is not there, as `group_by` does.
    ///
    /// - Returns: Whether anything is different now.
    /// - Throws: `Diagnostic` with code `.badValue` if there is no such host, or groups would form a circle.
    @discardableResult
    public mutating func addToGroup(
        _ name: String, group: String, parents: [String] = []
    ) throws(Diagnostic) -> Bool {
        guard let host = index(ofHost: name) else {
            throw Diagnostic(.badValue, "host '\(name)' is not in the inventory")
        }
        guard !group.isEmpty else { throw Diagnostic(.badValue, "a group needs a name") }
        var isChanged = !hasGroup(group)
        let index = addGroup(group)
        for parent in parents where parent != "all" {
            if try addChild(group, to: parent) { isChanged = true }
        }
        if put(host: host, into: index) { isChanged = true }
        if isChanged { settle() }
        return isChanged
    }
}
