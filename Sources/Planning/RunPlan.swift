public import Diagnostics
public import Modules
public import Playbook
public import Values

/// What will be done, in order: plays with their hosts and their tasks, roles and imports unfolded.
///
/// Nothing in it depends on a host's answers; `--list-tasks` prints it and no host is touched.
public struct RunPlan: Sendable {
    public var plays: [PlannedPlay]
    public var warnings: [Diagnostic]
}

/// A play with its hosts and everything it will run.
public struct PlannedPlay: Sendable {
    public var node: PlayNode
    /// The name people see: as written, else the hosts' pattern.
    public var name: String
    /// The playbook it stands in.
    public var file: String
    /// The playbook that was asked for, which may have imported the one it stands in.
    public var playbook = ""
    /// The inventory's hosts that its pattern and `--limit` leave, in order.
    public var hosts: [String]
    /// The tasks before the roles, the roles, the tasks and those after; handlers are flushed between sections.
    public var sections: [[PlannedNode]]
    /// Which of the sections are the roles.
    public static let rolesSection = 1
    public var handlers: [PlannedTask]
    /// Every role of the play, in the order of their first mention, dependencies first.
    public var roles: [RoleInstance]
    /// What its tasks inherit from it.
    public var inherited: Inherited
    /// Play variables from `vars_files`, each where it was found at planning; templated names wait for the run.
    public var tags: [String]
    /// Whether the tags that were asked for let it gather facts: the play's own count, and one without any always does.
    public var mayGatherFacts = true
    /// Whether only the run can tell its hosts, since groups that their pattern names are yet to be made.
    public var awaitsHosts = false
    /// The roles, with the files, whose handlers are among its own.
    var handlersTaken: Set<String> = []
}

/// Something that runs: a task, a block, or a role with all that belongs to it.
public indirect enum PlannedNode: Sendable {
    case task(PlannedTask)
    case block(PlannedBlock)
    case role(PlannedRole)
}

/// A task that will run.
public struct PlannedTask: Sendable {
    /// Counts from 1 in the order of the plan; an include's tasks get theirs when it is met.
    public var id: Int
    public var node: TaskNode
    public var action: PlannedAction
    public var role: RoleInstance?
    /// Everything that counts for it, its own keywords included.
    public var inherited: Inherited
    public var isHandler: Bool
    /// The file it was read from; names in it are sought beside it.
    public var file: String
    /// What counts around it, for an include: the tasks it brings in inherit that, and nothing of its own keywords.
    var surroundings: Inherited?

    /// The task that gathers a play's facts, which no file holds.
    public init(gathering node: TaskNode, with module: any Module.Type, for play: PlannedPlay) {
        var inherited = play.inherited
        // One host's facts are no other's.
        inherited.settings[.runOnce] = nil
        self.init(
            id: 0, node: node, action: .module(module), role: nil, inherited: inherited, isHandler: false,
            file: play.file)
    }

    init(
        id: Int, node: TaskNode, action: PlannedAction, role: RoleInstance?, inherited: Inherited, isHandler: Bool,
        file: String, surroundings: Inherited? = nil
    ) {
        self.id = id
        self.node = node
        self.action = action
        self.role = role
        self.inherited = inherited
        self.isHandler = isHandler
        self.file = file
        self.surroundings = surroundings
    }

    /// The handlers that a change notifies: its own, else those of the nearest block that names some.
    public var notifications: [Field] { node.notify.isEmpty ? inherited.notify : node.notify }

    /// What a handler of this task's role answers to under a name or topic: that, and with the role's name before it,
    /// the collection's among it or not.
    public func callings(of name: String) -> [String] {
        guard let role else { return [name] }
        var callings = [name, "\(role.name) : \(name)"]
        if let collection = role.collection {
            let short = role.name.utf8.dropFirst(collection.utf8.count + 1)
            callings.append("\(String(decoding: short, as: UTF8.self)) : \(name)")
        }
        return callings
    }

    /// Whether the inventory may have more hosts or groups after it.
    var mayBringHosts: Bool {
        guard case .engine(let action) = action else { return false }
        switch action {
        case .addHost, .groupBy, .includeTasks, .includeRole, .meta(.refreshInventory): return true
        case .includeVars, .meta, .setFact, .pause: return false
        }
    }

    /// The role whose name stands before the task's own; an include of a role stands for itself.
    public var shownRole: RoleInstance? {
        if case .engine(.includeRole) = action { return nil }
        return role
    }

    /// The name people see, a template still: as written, else the action's.
    public var writtenName: Value {
        if let name = node.keywords.name?.value, name.isTruthy { return name }
        if case .engine(.includeRole) = action,
            let role = node.action.arguments["name"] ?? node.action.arguments["role"],
            !role.holdsTemplate
        {
            return .string("\(node.action.name) : \(role.pythonText)")
        }
        return .string(node.action.name)
    }
}

/// What a task does.
public enum PlannedAction: Sendable {
    case module(any Module.Type)
    case engine(EngineAction)
    /// A module that is a file of the project, of a collection or of ansible-core.
    case custom(CustomModule)
    /// The name is a template: which module it is, each host tells when its turn comes.
    case templated(Field)
    /// A name nobody here provides; list modes show it, runs refuse it.
    case missing(Diagnostic)
}

/// An action that the engine carries out itself, since it changes the run and not the host.
public enum EngineAction: Sendable {
    case includeTasks
    case includeRole
    case includeVars
    case meta(Meta)
    case setFact
    case addHost
    case groupBy
    case pause

    public enum Meta: String, Sendable, CaseIterable {
        case flushHandlers = "flush_handlers"
        case endPlay = "end_play"
        case endHost = "end_host"
        case endBatch = "end_batch"
        case endRole = "end_role"
        case clearFacts = "clear_facts"
        case clearHostErrors = "clear_host_errors"
        case refreshInventory = "refresh_inventory"
        case resetConnection = "reset_connection"
        case noop
    }
}

/// A block that will run.
public struct PlannedBlock: Sendable {
    public var tasks: [PlannedNode]
    public var rescue: [PlannedNode]
    public var always: [PlannedNode]
    public var inherited: Inherited
    public var name: Field?
    public var location: SourceLocation
}

/// A role's run: its dependencies, then its own tasks. A host that has been through the same role with the same
/// parameters in this play leaves it out, unless the role allows duplicates.
public struct PlannedRole: Sendable {
    public var instance: RoleInstance
    public var dependencies: [PlannedNode]
    public var tasks: [PlannedNode]
}

/// Where a role was found, and what it is called there.
struct RolePlace {
    var name: String
    var path: String
    var collection: String?
}

/// A role as a play uses it: its files' variables and the parameters of this use.
public final class RoleInstance: Sendable {
    /// The name it is shown by, with its collection if it comes out of one.
    public let name: String
    /// The collection it comes out of, such as `community.general`.
    public let collection: String?
    /// Where its tasks' modules and its roles' names are sought first: its own collection and those its meta names.
    public let collections: [String]
    /// The role's directory.
    public let path: String
    public let defaults: ValueMap
    public let vars: ValueMap
    /// What `vars:` beside its name says: above its files', and for its own tasks only.
    public let ownVars: ValueMap
    public let parameters: ValueMap
    public let parent: RoleInstance?
    public let allowsDuplicates: Bool
    /// Whether another role's dependencies brought it in.
    public let isDependency: Bool
    public let location: SourceLocation
    /// Two uses with the same identity are the same work.
    public let identity: String

    init(
        _ place: RolePlace, collections: [String], defaults: ValueMap, vars: ValueMap, ownVars: ValueMap,
        parameters: ValueMap, parent: RoleInstance?,
        allowsDuplicates: Bool, isDependency: Bool, location: SourceLocation, identity: String
    ) {
        name = place.name
        path = place.path
        collection = place.collection
        self.collections = collections
        self.defaults = defaults
        self.vars = vars
        self.ownVars = ownVars
        self.parameters = parameters
        self.parent = parent
        self.allowsDuplicates = allowsDuplicates
        self.isDependency = isDependency
        self.location = location
        self.identity = identity
    }
}
