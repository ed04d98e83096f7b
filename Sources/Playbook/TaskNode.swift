public import Diagnostics
public import Values

/// A task as it was written.
public struct TaskNode: Sendable {
    public var keywords: Keywords
    public var action: Action
    public var loop: Loop?
    public var register: Located<String>?
    public var until: [Field] = []
    public var retries: Field?
    public var delay: Field?
    public var changedWhen: [Field] = []
    public var failedWhen: [Field] = []
    public var notify: [Field] = []
    /// Topics a handler listens to.
    public var listen: [Field] = []
    public var asynchronous: Field?
    public var poll: Field?
    public var location: SourceLocation

    /// What a task does: a module or an action of the engine, and its arguments.
    public struct Action: Sendable {
        public var name: String
        public var location: SourceLocation
        public var arguments: ValueMap
        /// Where each argument's value was written.
        public var places: [String: SourceLocation]
        /// Text after the name, where the module takes free text (`command: uptime`).
        public var freeForm: Text?
        /// Arguments given as one template (`args: "{{ … }}"`), merged in when it is evaluated.
        public var dynamicArguments: Field?
        /// The name as a template, where only a run can tell it (`action: "{{ ansible_pkg_mgr }} name=tree"`).
        public var templatedName: Field?
        /// What an include applies to all it brings in (`apply`).
        public var applied: Applied?

        /// Keywords as a block would have them.
        public struct Applied: Sendable {
            public var keywords = Keywords()
            public var notify: [Field] = []
        }

        public init(name: String, location: SourceLocation) {
            self.name = name
            self.location = location
            arguments = [:]
            places = [:]
        }

        /// The name without its collection: `copy`.
        public var shortName: String {
            guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return name }
            return String(name[name.utf8.index(after: dot)...])
        }

        /// Whether it is that action of ansible-core, under any of its names.
        public func isBuiltin(_ short: String) -> Bool { Self.isBuiltin(short, name) }

        static func isBuiltin(_ short: String, _ name: String) -> Bool {
            name == short || name == "ansible.builtin." + short || name == "ansible.legacy." + short
        }

        /// Whether it brings in tasks when it is met.
        public var isInclude: Bool { isBuiltin("include_tasks") || isBuiltin("include_role") }
    }

    /// What a task is repeated over.
    public struct Loop: Sendable {
        /// `loop`, or the lookup behind `with_…`.
        public var lookup: String?
        public var items: Field
        public var variable: String
        public var variableLocation: SourceLocation?
        public var indexVariable: String?
        public var label: Field?
        public var pause: Field?
        /// Whether there is an `ansible_loop`.
        public var extended: Field?
        /// Whether it holds all items; it does if nothing is said.
        public var allItems: Field?
        public var breakWhen: [Field]

        public init(lookup: String?, items: Field) {
            self.lookup = lookup
            self.items = items
            variable = "item"
            breakWhen = []
        }
    }

    public init(keywords: Keywords, action: Action, location: SourceLocation) {
        self.keywords = keywords
        self.action = action
        self.location = location
    }
}

/// Tasks under one roof, with what to do when one fails.
public struct BlockNode: Sendable {
    public var keywords: Keywords
    public var tasks: [Node]
    public var rescue: [Node]
    public var always: [Node]
    /// Handlers that every task within notifies when it changes something.
    public var notify: [Field] = []
    public var location: SourceLocation

    public init(keywords: Keywords, tasks: [Node], rescue: [Node], always: [Node], location: SourceLocation) {
        self.keywords = keywords
        self.tasks = tasks
        self.rescue = rescue
        self.always = always
        self.location = location
    }
}

/// What a list of tasks holds.
public indirect enum Node: Sendable {
    case task(TaskNode)
    case block(BlockNode)
}

/// A role asked for by a play or by another role's dependencies.
public struct RoleReference: Sendable {
    public var name: String
    public var location: SourceLocation
    public var keywords: Keywords
    /// What else was written beside the name: the role's parameters.
    public var parameters: ValueMap

    public init(name: String, location: SourceLocation, keywords: Keywords, parameters: ValueMap) {
        self.name = name
        self.location = location
        self.keywords = keywords
        self.parameters = parameters
    }
}

/// What a role says of itself in `meta/main.yml`.
public struct RoleMetadata: Sendable {
    public var dependencies: [RoleReference] = []
    public var allowDuplicates = false
    /// Where its tasks' modules and its roles' names are sought.
    public var collections: [String] = []

    public init() {}
}

/// A play as it was written.
public struct PlayNode: Sendable {
    public var keywords: Keywords
    public var hosts: Field
    public var gatherFacts: Field?
    public var gatherSubset: Field?
    public var gatherTimeout: Field?
    public var factPath: Field?
    public var preTasks: [Node] = []
    public var roles: [RoleReference] = []
    public var tasks: [Node] = []
    public var postTasks: [Node] = []
    public var handlers: [Node] = []
    public var varsFiles: [Field] = []
    public var varsPrompt: [Prompt] = []
    public var serial: [Field] = []
    public var strategy: Field?
    public var order: Field?
    public var maxFailPercentage: Field?
    public var forceHandlers: Field?
    public var location: SourceLocation

    /// A variable that is asked for at the start of the play.
    public struct Prompt: Sendable {
        public var name: String
        public var text: String
        public var isPrivate: Bool
        public var defaultValue: Value?
        public var confirm: Bool
        /// The hash that is kept instead of the answer, as `password_hash` names it.
        public var encrypt: String?
        public var salt: String?
        public var saltSize: Int?
        /// Whether an answer with template delimiters is data.
        public var isUnsafe: Bool
        public var location: SourceLocation
    }

    public init(keywords: Keywords, hosts: Field, location: SourceLocation) {
        self.keywords = keywords
        self.hosts = hosts
        self.location = location
    }
}

/// What a playbook file holds, in order.
public enum PlaybookEntry: Sendable {
    case play(PlayNode)
    /// `import_playbook`: the name, and the keywords handed down.
    case importPlaybook(Field, Keywords)
}
