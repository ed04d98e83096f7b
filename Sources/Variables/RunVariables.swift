public import Diagnostics
public import Inventory
public import Jinja
public import Values

/// All variables of a run: what the inventory says, what was given on the command line, and what the run learns.
///
/// It belongs to the thread that runs the engine; nothing else touches it while hosts are worked on.
public final class RunVariables: @unchecked Sendable {
    /// Whoever changes it says so with `inventoryChanged`.
    public var inventory: InventoryTree
    /// `-e`, which wins over everything but the magic variables.
    public let extra: ValueMap
    /// What `ansible_check_mode` and its kin answer.
    public let run: RunFacts
    public let engine: TemplateEnvironment
    /// What lookups work with.
    public let lookups: LookupContext
    /// The play being run; its variables count for all its hosts.
    public var play: PlayVariables {
        get { current }
        set {
            current = newValue
            memory.forget()
        }
    }
    private var current = PlayVariables()

    /// What variables gave, from task to task.
    let memory = VariableMemory()
    private var learned: [String: Learned] = [:]
    private var inventoryLayers: [String: [Layer]] = [:]
    /// Where facts are kept between runs, and the hosts whose facts have been fetched from there.
    private let cache: FactCache?
    private var fetched: Set<String> = []

    /// What a run learned about a host.
    struct Learned {
        /// `ansible_facts`: names without their prefix.
        var facts: ValueMap = [:]
        /// `set_fact` and `register`.
        var registered: ValueMap = [:]
        /// `include_vars`.
        var included: ValueMap = [:]
        /// Facts that are not to be kept beyond the run.
        var hidden: Set<ValueMap.Key> = []
    }

    /// - Parameters:
    ///   - inventory: Hosts, groups and their variables.
    ///   - extra: What `-e` gave.
    ///   - run: What the magic names of the run answer.
    ///   - opener: Opens a vaulted value when it is used.
    ///   - readFile: Reads a file of the control machine for lookups.
    public init(
        inventory: InventoryTree, extra: ValueMap, run: RunFacts, cache: FactCache? = nil,
        opener: TemplateEnvironment.Opener? = nil,
        isModule: @escaping @Sendable (String) -> Bool = { _ in false },
        readFile: @escaping LookupContext.FileReader
    ) {
        self.inventory = inventory
        self.extra = extra
        self.run = run
        self.cache = cache
        lookups = LookupContext(readFile: readFile)
        engine = lookups.environment(opener: opener, isModule: isModule)
        lookups.variables = self
    }

    // MARK: What a run learns

    /// Adds facts: `setup`'s (whose names begin with `ansible_`), or a module's own. All are variables under the
    /// names they come with; `ansible_facts` holds them without the prefix.
    ///
    /// - Parameter isHidden: Whether they belong to a task with `no_log`: then they are kept for this run only.
    public func addFacts(_ facts: ValueMap, to host: String, isHidden: Bool = false) {
        var known = known(host)
        known.facts.merge(facts)
        learned[host] = known
        memory.changed(facts.keys + Self.namesOfFacts, of: host)
        guard let cache else { return }
        let hidden = isHidden ? Set(facts.keys) : []
        learned[host]?.hidden.formUnion(hidden)
        let unkept = learned[host]?.hidden ?? []
        cache.store(ValueMap(known.facts.filter { !unkept.contains($0.key) }), of: host)
    }

    /// What the run knows of a host, its cached facts fetched when first asked for.
    private func known(_ host: String) -> Learned {
        if let cache, fetched.insert(host).inserted, let facts = cache.facts(of: host) {
            learned[host, default: Learned()].facts = facts.merging(learned[host]?.facts ?? [:])
            memory.changedAll(of: host)
        }
        return learned[host] ?? Learned()
    }

    /// Whether a host's facts have been gathered, in this run or in one whose facts were kept.
    public func hasGatheredFacts(of host: String) -> Bool { facts(of: host)[Self.gatheredName]?.isTruthy ?? false }

    /// Notes that a play gathered a host's facts.
    public func markGathered(_ host: String) {
        if !hasGatheredFacts(of: host) { addFacts([.string(Self.gatheredName): true], to: host) }
    }

    /// Variables that change with a host's facts, whichever these are.
    private static let namesOfFacts: [ValueMap.Key] = ["ansible_facts", "ansible_local"]

    /// The fact by which ansible-core tells.
    private static let gatheredName = "_ansible_facts_gathered"

    /// What went wrong with the cache of facts since it was last asked for.
    public func takeCacheTroubles() -> [Diagnostic] { cache?.takeTroubles() ?? [] }

    /// Adds variables of `set_fact` and `register`.
    public func register(_ values: ValueMap, on host: String) {
        learned[host, default: Learned()].registered.merge(values)
        memory.changed(values.keys, of: host)
    }

    /// Adds variables of `include_vars`.
    public func include(_ values: ValueMap, on host: String) {
        let known = learned[host, default: Learned()].included
        learned[host, default: Learned()].included =
            run.mergesMaps ? known.deeplyMerging(values) : known.merging(values)
        memory.changed(values.keys, of: host)
    }

    /// Forgets a host's facts, as `meta: clear_facts` asks.
    public func clearFacts(of host: String) {
        fetched.insert(host)
        learned[host]?.facts = [:]
        memory.changedAll(of: host)
        cache?.remove(host)
    }

    public func facts(of host: String) -> ValueMap { known(host).facts }

    /// Makes the layers anew that come from the inventory, after `add_host` or `group_by`.
    public func inventoryChanged() {
        inventoryLayers.removeAll()
        memory.forget()
    }

    /// Adds the variables of one of the play's `vars_files`, above those that it named before.
    public func addVarsFile(_ values: ValueMap, to host: String) {
        current.files[host, default: []].append(values)
        memory.changedAll(of: host)
    }

    /// Notes which of the play's hosts are still in it, and which of the batch.
    public func noteHostsLeft(_ active: [String], inBatch batch: [String]) {
        // Nothing is kept that has to do with them, so nothing has to be forgotten.
        current.activeHosts = active
        current.batch = batch
    }

    // MARK: Scopes

    /// The variables that others see of a host (`hostvars`): its own, without those of plays, roles and tasks.
    func ownScope(host: String) -> LayeredScope {
        let known = known(host)
        let layers =
            [
                Layer("extra vars", extra), Layer("set_fact or register", known.registered),
                Layer("include_vars", known.included), Layer("facts", injected(known.facts)),
            ] + inventoryVariables(of: host)
        return magicScope(
            host: host, task: nil, layers: layers.filter { !$0.values.isEmpty },
            memory: ScopeMemory(memory, host: host, isOwn: true))
    }

    /// The variables a host sees at a task, or at none.
    public func scope(host: String, task: TaskVariables?) -> LayeredScope {
        var layers = [Layer("extra vars", extra)]
        let known = known(host)
        if let task { layers += strong(task) }
        layers.append(Layer("set_fact or register", known.registered))
        layers.append(Layer("include_vars", known.included))
        if let task { layers += own(task) }
        layers += play.roleVars.reversed().map { Layer("role vars", $0) }
        layers += (play.files[host] ?? []).reversed().map { Layer("vars_files", $0) }
        layers.append(Layer("vars_prompt", play.prompted))
        layers.append(Layer("play vars", play.vars))
        layers.append(Layer("facts", injected(known.facts)))
        layers += inventoryVariables(of: host)
        if let task { layers += task.roleDefaults.reversed().map { Layer("role defaults", $0) } }
        layers += play.roleDefaults.reversed().map { Layer("role defaults", $0) }
        // A host's address is its name, as long as nobody says otherwise.
        if task != nil { layers.append(Layer("connection", ["ansible_host": .string(host)])) }
        let shadows = (task?.parameters ?? []) + (task?.vars ?? [])
        return magicScope(
            host: host, task: task, layers: layers.filter { !$0.values.isEmpty },
            memory: ScopeMemory(
                memory, host: host, isOwn: false, place: task.map { .tasks(role: $0.roleUse) } ?? .play,
                shadows: shadows.filter { !$0.isEmpty }))
    }

    /// What a task is given from outside, which is above all that its host learned.
    private func strong(_ task: TaskVariables) -> [Layer] {
        task.parameters.reversed().map { Layer("include parameters", $0) }
            + task.roleParameters.reversed().map { Layer("role parameters", $0) }
    }

    /// What is written at a task, around it and in its roles.
    private func own(_ task: TaskVariables) -> [Layer] {
        task.vars.reversed().map { Layer("vars of the task or its blocks", $0) }
            + task.roleVars.reversed().map { Layer("role vars", $0) }
    }

    /// The facts that are variables of their own, besides being in `ansible_facts`.
    private func injected(_ facts: ValueMap) -> ValueMap {
        if run.injectsFacts { return facts }
        guard let local = facts["ansible_local"] else { return [:] }
        return ["ansible_local": local]
    }

    /// A host's variables as a task sees them that another host delegates to it.
    public func delegateView(_ delegate: String, for host: String, task: TaskVariables?) -> Value {
        let scope = scope(host: delegate, task: task)
        if scope.raw("ansible_host") == nil {
            scope.push(Layer("delegate", ["ansible_host": .string(delegate)]))
        }
        return .object(HostView(scope, delegate, answers: ["inventory_hostname": .string(host)]))
    }

    /// The variables that hold where no host is chosen yet: names of plays, imports, `hosts:`.
    ///
    /// - Parameters:
    ///   - vars: The play's, the weakest first.
    ///   - task: What stands around an import.
    public func scopeWithoutHost(_ vars: [ValueMap] = [], task: TaskVariables? = nil) -> LayeredScope {
        var layers = [Layer("extra vars", extra)]
        if let task { layers += strong(task) + own(task) }
        layers += vars.reversed().map { Layer("vars", $0) } + [Layer("play vars", play.vars)]
        layers += (task?.roleDefaults ?? []).reversed().map { Layer("role defaults", $0) }
        return magicScope(host: nil, task: task, layers: layers, memory: nil)
    }

    private func inventoryVariables(of host: String) -> [Layer] {
        if let layers = inventoryLayers[host] { return layers }
        // Files that cannot be read were reported when the plan was made; what could be read still counts.
        let levels = (try? inventory.variableLayers(of: host)) ?? []
        let layers = levels.reversed().map { Layer($0.name, $0.values) }
        inventoryLayers[host] = layers
        return layers
    }

    private func magicScope(
        host: String?, task: TaskVariables?, layers: [Layer], memory: ScopeMemory?
    ) -> LayeredScope {
        let isOwn = memory?.isOwn ?? false
        let magic = MagicVariables(variables: self, host: host, task: task, isOwn: isOwn)
        let scope = LayeredScope(
            engine: engine, lookups: lookups, layers: layers, searchPath: task?.searchPath ?? [play.directory],
            mergesMaps: run.mergesMaps, magicNames: isOwn ? MagicVariables.ownNames : MagicVariables.names,
            magic: { (name) throws(Diagnostic) in try magic.value(name) }, memory: memory)
        magic.scope = scope
        return scope
    }
}

/// What a play gives all its tasks.
public struct PlayVariables: Sendable {
    public var name = ""
    public var directory = "."
    public var vars: ValueMap = [:]
    public var prompted: ValueMap = [:]
    /// `vars_files`, by host since their names may depend on the host.
    public var files: [String: [ValueMap]] = [:]
    /// Variables and defaults of the play's roles, in their order.
    public var roleVars: [ValueMap] = []
    public var roleDefaults: [ValueMap] = []
    public var roleNames: [String] = []
    /// The roles that others depend on.
    public var dependentRoleNames: [String] = []
    /// All hosts of the play, those of the batch, and those still in it.
    public var allHosts: [String] = []
    public var batch: [String] = []
    public var activeHosts: [String] = []

    public init() {}
}

/// What a task adds to the variables, each list from the weakest to the strongest.
public struct TaskVariables: Sendable {
    public var vars: [ValueMap] = []
    public var parameters: [ValueMap] = []
    public var roleParameters: [ValueMap] = []
    public var roleVars: [ValueMap] = []
    public var roleDefaults: [ValueMap] = []
    /// The role the task belongs to, if any, and those that brought it in, the outermost first.
    public var roleName: String?
    /// The collection the role comes out of, which its name begins with.
    public var roleCollection: String?
    public var rolePath: String?
    /// What is one and the same for all tasks of one use of a role; nil outside of roles.
    public var roleUse: (any AnyObject & Sendable)?
    public var parentRoles: [(name: String, path: String)] = []
    /// Directories in which files named without a path are sought, the nearest first.
    public var searchPath: [String] = []

    public init() {}
}

/// What the run as a whole answers to magic names.
public struct RunFacts: Sendable {
    public var isCheckMode: Bool
    public var isDiffMode: Bool
    public var verbosity: Int
    public var forks: Int
    public var runTags: [String]
    public var skipTags: [String]
    public var inventorySources: [String]
    public var limit: String?
    public var configFile: String?
    public var remoteUser: String?
    /// `hash_behaviour = merge`: maps of one name in several places are merged.
    public var mergesMaps: Bool
    /// Whether facts are variables, too, under the names they come with (`inject_facts_as_vars`).
    public var injectsFacts: Bool
    /// What `ansible_managed` says in templates where no variable of that name is given.
    public var managedText: String

    static let usualManagedText = "Ansible managed"

    public init(
        isCheckMode: Bool = false, isDiffMode: Bool = false, verbosity: Int = 0, forks: Int = 5,
        runTags: [String] = ["all"], skipTags: [String] = [], inventorySources: [String] = [], limit: String? = nil,
        configFile: String? = nil, remoteUser: String? = nil, mergesMaps: Bool = false,
        injectsFacts: Bool = true, managedText: String? = nil
    ) {
        self.managedText = managedText ?? Self.usualManagedText
        self.injectsFacts = injectsFacts
        self.isCheckMode = isCheckMode
        self.isDiffMode = isDiffMode
        self.verbosity = verbosity
        self.forks = forks
        self.runTags = runTags
        self.skipTags = skipTags
        self.inventorySources = inventorySources
        self.limit = limit
        self.configFile = configFile
        self.remoteUser = remoteUser
        self.mergesMaps = mergesMaps
    }
}
