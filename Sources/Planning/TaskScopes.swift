import Playbook
public import Variables

extension PlannedPlay {
    /// What the play gives all its tasks, before any of its hosts has been asked anything.
    public var variables: PlayVariables {
        var values = PlayVariables()
        values.name = name
        values.directory = Path.absolute(Path.directory(of: file))
        values.vars = node.keywords.vars
        values.roleVars = roles.map(\.vars)
        values.roleDefaults = roles.map(\.defaults)
        var seen = Set<String>()
        values.roleNames = roles.map(\.name).filter { seen.insert($0).inserted }
        values.allHosts = hosts
        values.batch = hosts
        values.activeHosts = hosts
        return values
    }
}

extension PlannedTask {
    /// What the task adds to its host's variables.
    ///
    /// - Parameters:
    ///   - playDirectory: Where the playbook is; names of files are sought there last.
    ///   - check: The task's check mode, where it differs from the run's.
    ///   - diff: The task's diff mode, likewise.
    public func variables(playDirectory: String, check: Bool? = nil, diff: Bool? = nil) -> TaskVariables {
        var values = TaskVariables()
        values.vars = inherited.vars
        values.parameters = inherited.parameters
        values.isCheckMode = check
        values.isDiffMode = diff
        var chain: [RoleInstance] = []
        var next = role
        while let role = next {
            chain.insert(role, at: 0)
            next = role.parent
        }
        values.roleParameters = chain.map(\.parameters)
        values.roleVars = chain.map(\.vars)
        values.roleDefaults = chain.map(\.defaults)
        values.parentRoles = chain.dropLast().map { ($0.name, Path.absolute($0.path)) }
        values.roleName = role?.name
        values.rolePath = role.map { Path.absolute($0.path) }
        values.searchPath = chain.reversed().map { Path.absolute($0.path) }
        for directory in [Path.absolute(Path.directory(of: file)), playDirectory]
        where !values.searchPath.contains(directory) {
            values.searchPath.append(directory)
        }
        return values
    }
}
