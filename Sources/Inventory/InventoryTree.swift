internal import Diagnostics
internal import Local
public import Values
internal import Vault

/// A host as the inventory knows it.
public struct InventoryHost: Sendable {
    /// Its name.
    public let name: String
    /// What the sources themselves say about it (level 8), without host_vars files.
    public internal(set) var variables = ValueMap()
    /// The source it was first met in, `inventory_file`; nil for hosts added at run time.
    public internal(set) var source: String?
    /// The directory of that source, `inventory_dir`.
    public internal(set) var sourceDirectory: String?
    /// Whether nobody named it: the `localhost` that is always there.
    public internal(set) var isImplicit = false
    /// The groups that list it themselves, in the order they came to do so.
    public internal(set) var directGroups: [String] = []

    init(_ name: String) { self.name = name }
}

/// A group as the inventory knows it.
public struct InventoryGroup: Sendable {
    /// Its name.
    public let name: String
    /// What the sources themselves say about it (level 3), without group_vars files.
    public internal(set) var variables = ValueMap()
    /// The hosts it lists itself, not those of its children.
    public internal(set) var hosts: [String] = []
    public internal(set) var children: [String] = []
    public internal(set) var parents: [String] = []
    /// The longest way down from `all`: deeper groups win.
    public internal(set) var depth = 0
    /// `ansible_group_priority`: among groups of one depth the higher wins.
    public internal(set) var priority = 1
    var hostNames: Set<String> = []

    init(_ name: String) { self.name = name }
}

/// Every host and group of an inventory, in the order the sources gave them.
///
/// A value: a run may add hosts and groups to its own copy. Variables files are read when first asked for and
/// shared by all copies.
public struct InventoryTree: Sendable {
    /// The directory of the playbook, whose group_vars and host_vars count beside the inventory's.
    public var playbookDirectory: String?

    private(set) var hostList: [InventoryHost] = []
    private var hostIndex: [String: Int] = [:]
    private(set) var groupList: [InventoryGroup] = []
    private var groupIndex: [String: Int] = [:]
    /// The source being read, for `inventory_file` of hosts met in it.
    var currentSource: String?
    /// The directories whose group_vars and host_vars belong to the inventory, one per source.
    var sourceDirectories: [String] = []
    /// The same as far as sources have been read, those within directories each for itself.
    var processedDirectories: [String] = []
    /// What becomes of group names that no variable could have.
    var naming = InventoryOptions.Naming.never
    let store: VariablesStore

    /// The names that mean this machine.
    public static let localNames: Set<String> = ["localhost", "127.0.0.1", "::1"]

    init(store: VariablesStore, playbookDirectory: String?) {
        self.store = store
        self.playbookDirectory = playbookDirectory
        addGroup("all")
        addGroup("ungrouped")
        // Cannot fail: both exist and neither holds the other.
        link(child: 1, to: 0)
        settle()
    }

    /// An inventory without sources: only `all`, `ungrouped` and the implicit localhost.
    public init() { self.init(store: VariablesStore(secrets: .none), playbookDirectory: nil) }

    // MARK: Asking

    /// The hosts in inventory order, without the implicit localhost.
    public var hosts: [InventoryHost] { hostList }
    /// The groups in the order they were met; `all` and `ungrouped` come first.
    public var groups: [InventoryGroup] { groupList }

    /// The host of that name; for `localhost`, `127.0.0.1` and `::1` always one.
    ///
    /// If no source names such a host, an implicit one is given, in no group, reached without a connection.
    public func host(named name: String) -> InventoryHost? {
        if let index = hostIndex[name] { return hostList[index] }
        guard Self.localNames.contains(name) else { return nil }
        if let known = hostList.first(where: { Self.localNames.contains($0.name) }) { return known }
        var host = InventoryHost(name)
        host.isImplicit = true
        host.variables["ansible_connection"] = "local"
        return host
    }

    public func group(named name: String) -> InventoryGroup? { groupIndex[name].map { groupList[$0] } }

    public var hostNames: [String] { hostList.map(\.name) }
    public var groupNames: [String] { groupList.map(\.name) }

    /// The magic variable `inventory_dir`: where the source lies that first named the host.
    public func directory(of host: String) -> String? { self.host(named: host)?.sourceDirectory }
    /// The magic variable `inventory_file`: the source that first named the host.
    public func file(of host: String) -> String? { self.host(named: host)?.source }

    public func hasHost(_ name: String) -> Bool { hostIndex[name] != nil }
    public func hasGroup(_ name: String) -> Bool { groupIndex[name] != nil }

    // MARK: Building

    /// Adds a group unless it is there.
    @discardableResult
    mutating func addGroup(_ written: String) -> Int {
        let name = naming == .always || naming == .silently ? GroupName.safe(written) : written
        if let index = groupIndex[name] { return index }
        groupIndex[name] = groupList.count
        groupList.append(InventoryGroup(name))
        return groupList.count - 1
    }

    /// Adds a host unless it is there.
    @discardableResult
    mutating func addHost(_ name: String, port: Int? = nil) -> Int {
        if let index = hostIndex[name] { return index }
        var host = InventoryHost(name)
        host.source = currentSource
        host.sourceDirectory = currentSource.map(Self.directory)
        if let port { host.variables["ansible_port"] = .int(port) }
        hostIndex[name] = hostList.count
        hostList.append(host)
        return hostList.count - 1
    }

    /// Puts a host into a group, both of which exist.
    ///
    /// - Returns: Whether it was not there before.
    @discardableResult
    mutating func put(host: Int, into group: Int) -> Bool {
        let name = hostList[host].name
        guard groupList[group].hostNames.insert(name).inserted else { return false }
        groupList[group].hosts.append(name)
        hostList[host].directGroups.append(groupList[group].name)
        return true
    }

    /// Makes a group the child of another.
    ///
    /// - Returns: Whether it was not before.
    /// - Throws: `Diagnostic` with code `.badValue` if the child already holds the parent.
    @discardableResult
    mutating func addChild(_ child: String, to parent: String) throws(Diagnostic) -> Bool {
        let (child, parent) = (addGroup(child), addGroup(parent))
        let (childName, parentName) = (groupList[child].name, groupList[parent].name)
        if child == parent {
            throw Diagnostic(
                .badValue, "group '\(childName)' cannot be its own child", remedy: "Remove it from its own children.")
        }
        // It stands above every group, also above those that the end of the reading puts below it.
        if child == 0 {
            throw Diagnostic(
                .badValue, "group 'all' cannot be a child of '\(parentName)', which it already holds",
                remedy: "Remove it from the children of '\(parentName)'.")
        }
        if groupList[parent].children.contains(childName) { return false }
        if ancestors(of: parent).contains(child) {
            throw Diagnostic(
                .badValue, "group '\(childName)' cannot be a child of '\(parentName)', which it already holds",
                remedy: "Break the circle: \(circle(from: child, to: parent)).")
        }
        link(child: child, to: parent)
        return true
    }

    private mutating func link(child: Int, to parent: Int) {
        groupList[parent].children.append(groupList[child].name)
        groupList[child].parents.append(groupList[parent].name)
    }

    /// Whether maps of one name are merged (`hash_behaviour = merge`).
    var mergesMaps: Bool { store.mergesMaps }

    mutating func set(_ name: ValueMap.Key, _ value: Value, ofHost host: Int) {
        hostList[host].variables.lay(value, over: name, deeply: mergesMaps)
    }

    /// Sets a group's variable; `ansible_group_priority` is no variable but the group's rank.
    ///
    /// - Throws: `Diagnostic` with code `.badValue` if the rank is no integer.
    mutating func set(_ name: ValueMap.Key, _ value: Value, ofGroup group: Int) throws(Diagnostic) {
        guard name == "ansible_group_priority" else {
            groupList[group].variables.lay(value, over: name, deeply: mergesMaps)
            return
        }
        guard let priority = value.intValue ?? value.stringValue.flatMap({ Int($0) }) else {
            throw Diagnostic(
                .badValue, "ansible_group_priority must be an integer, not '\(value.pythonText)'",
                remedy: "Give a number; the default is 1.")
        }
        groupList[group].priority = priority
    }

    mutating func merge(_ variables: ValueMap, intoHost host: Int) {
        hostList[host].variables.lay(variables, deeply: mergesMaps)
    }

    // MARK: Settling

    /// Brings groups and hosts into the order that every inventory has: each group below `all`, each host without a
    /// group of its own in `ungrouped`.
    mutating func settle() {
        for group in 1..<max(1, groupList.count) where groupList[group].parents.isEmpty {
            link(child: group, to: 0)
        }
        let ungrouped = addGroup("ungrouped")
        var leaving: Set<String> = []
        for host in hostList.indices {
            let isGrouped = hostList[host].directGroups.contains { $0 != "all" && $0 != "ungrouped" }
            if isGrouped {
                guard hostList[host].directGroups.contains("ungrouped") else { continue }
                leaving.insert(hostList[host].name)
                hostList[host].directGroups.removeAll { $0 == "ungrouped" }
            } else {
                put(host: host, into: ungrouped)
            }
        }
        if !leaving.isEmpty {
            groupList[ungrouped].hosts.removeAll { leaving.contains($0) }
            groupList[ungrouped].hostNames.subtract(leaving)
        }
        settleDepths()
    }

    mutating func settleDepths() {
        var depths = [Int?](repeating: nil, count: groupList.count)
        func depth(_ group: Int) -> Int {
            if let known = depths[group] { return known }
            let above = groupList[group].parents.compactMap { groupIndex[$0] }.map(depth).max()
            let result = above.map { $0 + 1 } ?? 0
            depths[group] = result
            return result
        }
        let settled = groupList.indices.map(depth)
        for group in groupList.indices { groupList[group].depth = settled[group] }
    }

    // MARK: Walking

    /// The groups above a group.
    func ancestors(of group: Int) -> Set<Int> {
        var found: Set<Int> = []
        var waiting = groupList[group].parents.compactMap { groupIndex[$0] }
        while let next = waiting.popLast() {
            guard found.insert(next).inserted else { continue }
            waiting += groupList[next].parents.compactMap { groupIndex[$0] }
        }
        return found
    }

    func index(ofGroup name: String) -> Int? { groupIndex[name] }
    func index(ofHost name: String) -> Int? { hostIndex[name] }

    private func circle(from child: Int, to parent: Int) -> String {
        var way = [parent]
        while let last = way.last, last != child {
            let above = groupList[last].parents.compactMap { groupIndex[$0] }
            guard let next = above.first(where: { $0 == child || ancestors(of: $0).contains(child) }) else { break }
            way.append(next)
        }
        return (way.reversed() + [child]).map { groupList[$0].name }.joined(separator: " > ")
    }

    static func directory(_ path: String) -> String {
        if LocalFile.kind(path) == .directory { return path }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
