import Playbook
import Values
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
        values.roleNames = Self.names(of: roles.filter { !$0.isDependency })
        values.dependentRoleNames = Self.names(of: roles.filter(\.isDependency))
        values.allHosts = hosts
        values.batch = hosts
        values.activeHosts = hosts
        return values
    }

    private static func names(of roles: [RoleInstance]) -> [String] {
        var seen = Set<String>()
        return roles.map(\.name).filter { seen.insert($0).inserted }
    }
}

extension PlannedTask {
    /// What the task adds to its host's variables.
    ///
    /// - Parameter playDirectory: Where the playbook is; names of files are sought there last.
    public func variables(playDirectory: String) -> TaskVariables {
        TaskVariables(role: role, inherited: inherited, file: file, playDirectory: playDirectory)
    }
}

extension TaskVariables {
    /// What stands around a task, or an import.
    init(role: RoleInstance?, inherited: Inherited, file: String, playDirectory: String) {
        self.init()
        vars = inherited.vars
        parameters = inherited.parameters
        var chain: [RoleInstance] = []
        var next = role
        while let role = next {
            chain.insert(role, at: 0)
            next = role.parent
        }
        roleParameters = chain.map(\.parameters)
        roleVars = chain.map { $0.vars.merging($0.ownVars) }
        roleDefaults = chain.map(\.defaults)
        // Whoever depends on a role is not its parent; whoever includes or imports it is.
        parentRoles = zip(chain, chain.dropFirst()).filter { !$1.isDependency }
            .map { ($0.0.name, Path.absolute($0.0.path)) }
        roleUse = role
        roleName = role?.name
        roleCollection = role?.collection
        rolePath = role.map { Path.absolute($0.path) }
        searchPath = chain.reversed().map { Path.absolute($0.path) }
        for directory in [Path.absolute(Path.directory(of: file)), playDirectory]
        where !searchPath.contains(directory) {
            searchPath.append(directory)
        }
    }
}
