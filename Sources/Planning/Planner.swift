public import Diagnostics
import Inventory
public import Modules
public import Playbook
import Values
public import Variables
public import YAML

/// Turns playbooks into a `RunPlan`: imports and roles unfolded, tags and `--limit` applied, everything checked
/// that can be checked before a host is touched.
///
/// The engine asks it again for what is only known in a run: `include_tasks`, `include_role`. Not locked: like the
/// variables it plans with, it belongs to the loop's thread.
public final class Planner: @unchecked Sendable {
    let files: ProjectFiles
    let variables: RunVariables
    let settings: PlanSettings
    var diagnostics = Diagnostics()
    private var lastID = 0
    /// Files of tasks being read, outermost first: one that imports itself would never end.
    var importing: [String] = []
    /// The roles of the play being planned.
    var playRoles: [RoleInstance] = []
    var playHandlers: [PlannedTask] = []
    /// Roles whose handlers have been taken in.
    var handlersTaken: Set<String> = []
    /// Where the playbook at hand is, as it was named; `playbook_dir` is the same from the root.
    var playbookDirectory = "." { didSet { variables.play.directory = Path.absolute(playbookDirectory) } }
    /// Whether tasks before may have made files of the control machine.
    var mayMakeFiles = false
    var customModules: CustomModules
    /// The folders of all roles met so far.
    var rolesMet: [String] = []
    /// The role whose files are being read.
    var readingRole: RoleInstance?
    /// Variables that names of imports may use: the play's.
    var playScopeVars: [ValueMap] = []
    /// The plays planned so far may bring groups and hosts that patterns of later ones name.
    private var awaitsGroups = false
    /// They may set variables of hosts.
    private var awaitsVariables = false

    public init(files: ProjectFiles, variables: RunVariables, settings: PlanSettings) {
        self.files = files
        self.variables = variables
        self.settings = settings
        customModules = CustomModules(settings)
    }

    /// Plans playbooks, in order.
    ///
    /// - Parameter paths: Files; `-` is standard input, whose text is given.
    /// - Throws: `Diagnostics` with everything that is wrong.
    public func plan(_ paths: [String], standardInput: String? = nil) throws(Diagnostics) -> RunPlan {
        var plays: [PlannedPlay] = []
        for path in paths {
            var found = playbook(path, text: path == "-" ? standardInput : nil, inherited: Keywords(), askedAt: nil)
            for index in found.indices { found[index].playbook = path }
            plays += found
        }
        for warning in files.warnings { diagnostics.add(warning) }
        if settings.reviews { review(plays) }
        if settings.purpose != .list, !diagnostics.hasErrors {
            reviewNames(plays)
            for remark in DeadTasks.remarks(variables.engine, plays, tellsAll: settings.reviews) {
                diagnostics.add(remark)
            }
        }
        // A role used by two plays is read twice; what is wrong with it is told once.
        diagnostics = diagnostics.withoutRepetition()
        try diagnostics.throwIfAny()
        return RunPlan(plays: plays, warnings: diagnostics.all)
    }

    /// What tasks include from here on is this play's: sought beside its playbook, evaluated with its variables, its
    /// roles' handlers taken in once.
    public func enter(_ play: PlannedPlay) {
        playbookDirectory = Path.directory(of: play.file)
        playScopeVars = [play.node.keywords.vars]
        handlersTaken = play.handlersTaken
    }

    // MARK: Playbooks and plays

    private func playbook(_ path: String, text: String?, inherited: Keywords, askedAt: SourceLocation?) -> [PlannedPlay]
    {
        let absolute = Path.absolute(path)
        guard !importing.contains(absolute) else {
            report(.recursion, "'\(path)' imports itself", at: askedAt, remedy: "Take the import out.")
            return []
        }
        importing.append(absolute)
        defer { importing.removeLast() }
        let root: YAMLNode?
        let file: SourceFile
        do throws(Diagnostic) {
            if let text {
                (root, file) = try files.document(in: text, named: "<stdin>")
            } else {
                root = try files.document(at: path)
                file = files.file(at: path)
            }
        } catch {
            diagnostics.add(error.located(at: askedAt))
            return []
        }
        var parser = makeParser()
        let entries = parser.playbook(root, file: file)
        diagnostics.add(contentsOf: parser.diagnostics)
        var plays: [PlannedPlay] = []
        for entry in entries {
            // What was imported before may lie elsewhere.
            playbookDirectory = text == nil ? Path.directory(of: path) : "."
            switch entry {
            case .play(let node):
                plays.append(play(node, from: path, handedDown: inherited))
            case .importPlaybook(let field, let keywords):
                playScopeVars = [keywords.vars]
                guard let name = constantText(field) else { continue }
                let target =
                    CollectionPlaybooks.path(named: name, in: customModules.collectionBases)
                    ?? Path.join(playbookDirectory, name)
                plays += playbook(target, text: nil, inherited: keywords, askedAt: field.location)
            }
        }
        return plays
    }

    private func play(_ node: PlayNode, from path: String, handedDown: Keywords) -> PlannedPlay {
        playRoles = []
        playHandlers = []
        handlersTaken = []
        playScopeVars = [handedDown.vars, node.keywords.vars]
        var node = node
        node.keywords.vars = handedDown.vars.merging(node.keywords.vars)
        let tags = words(handedDown.tags) + words(node.keywords.tags)
        var outermost = Inherited()
        outermost.settings = settings.keywords
        var inherited = outermost.entering(handedDown, tags: words(handedDown.tags), vars: false)
        inherited = inherited.entering(node.keywords, tags: words(node.keywords.tags), vars: false)
        inherited.when = handedDown.when
        // A collection's playbook finds its collection's roles and modules by their short names.
        if let collection = CollectionPlaybooks.collection(of: path) {
            let names = [collection] + collections(inherited).filter { $0 != collection }
            inherited.settings[.collections] = Field(.list(names.map { .string($0) }), at: node.location)
        }
        check(play: node)
        checkVarsFiles(of: node, path)

        let context = PlanContext(role: nil, parents: [], inherited: inherited, file: path)
        let handlers = plan(node.handlers, in: context, asHandlers: true)
        let before = plan(node.preTasks, in: context)
        let importedBefore = playHandlers.count
        var roles: [PlannedNode] = []
        for reference in node.roles {
            if let role = role(reference, in: context) { roles.append(.role(role)) }
        }
        let rolesEnd = playHandlers.count
        let tasks = plan(node.tasks, in: context)
        let after = plan(node.postTasks, in: context)
        // A name that only a run could evaluate is shown as it is written.
        let name =
            node.keywords.name.map { ((try? scope.evaluate($0.value)) ?? $0.value).pythonText } ?? hostsText(node)
        // The handlers of the play's roles come first, then its own, then those of imported roles.
        let imported = playHandlers[..<importedBefore] + playHandlers[rolesEnd...]
        let all = Array(playHandlers[importedBefore..<rolesEnd]) + Self.tasks(of: handlers) + imported
        let hosts = hosts(of: node)
        let planned = PlannedPlay(
            node: node, name: name, file: path, hosts: hosts ?? [], sections: [before, roles, tasks, after],
            handlers: all, roles: playRoles, inherited: inherited, tags: tags,
            mayGatherFacts: settings.tags.includes(tags.isEmpty ? ["always"] : tags), awaitsHosts: hosts == nil,
            handlersTaken: handlersTaken)
        checkHandlers(of: planned)
        checkStrategy(of: planned)
        awaitsVariables = true
        awaitsGroups = awaitsGroups || planned.tasks.contains { $0.mayBringHosts }
        return planned
    }

    private func hostsText(_ node: PlayNode) -> String {
        let value = (try? scope.evaluate(node.hosts.value)) ?? node.hosts.value
        return value.elements.map { $0.map(\.pythonText).joined(separator: ",") } ?? value.pythonText
    }

    /// - Returns: Nil if they can only be told when plays before this one are through.
    private func hosts(of node: PlayNode) -> [String]? {
        do throws(Diagnostic) {
            let value = try scope.evaluate(node.hosts.value)
            let pattern = value.elements.map { $0.map(\.pythonText).joined(separator: ",") } ?? value.pythonText
            let selection = try HostPattern.select(
                pattern, from: variables.inventory, limit: settings.limit, at: node.hosts.location)
            let names = selection.hosts
            // An empty pattern has been told of by the parser.
            if pattern.isEmpty || node.hosts.value.isNull { return [] }
            // What would be an error may be there when its turn comes.
            if awaitsGroups, settings.patternMismatch == .error, !selection.warnings.isEmpty { return nil }
            for var diagnostic in selection.warnings where settings.patternMismatch != .ignore {
                if settings.patternMismatch == .error { diagnostic.severity = .error }
                diagnostics.add(diagnostic)
            }
            for diagnostic in variables.inventory.checkVariables(of: names) { diagnostics.add(diagnostic) }
            if names.isEmpty, settings.limit == nil, selection.warnings.isEmpty {
                diagnostics.add(
                    Diagnostic(
                        .noHosts, "no host matches '\(pattern)'", at: node.hosts.location,
                        remedy: NearestNames.hint(
                            pattern, among: variables.inventory.groupNames + variables.inventory.hostNames)
                            ?? "`--list-hosts` shows what plays match; the inventory is given with -i.",
                        severity: .warning))
            }
            return names
        } catch {
            let mayBeSet = awaitsVariables && node.hosts.value.pythonText.contains("hostvars")
            if error.code == .undefined, awaitsGroups || mayBeSet { return nil }
            diagnostics.add(error.located(at: node.hosts.location))
            return []
        }
    }

    /// The play with its hosts as its pattern matches them now, after tasks have added hosts or groups.
    ///
    /// - Throws: `Diagnostics` if the pattern cannot be evaluated even now.
    public func current(_ play: PlannedPlay) throws(Diagnostics) -> PlannedPlay {
        diagnostics = Diagnostics()
        (awaitsGroups, awaitsVariables) = (false, false)
        playScopeVars = [play.node.keywords.vars]
        var play = play
        play.hosts = hosts(of: play.node) ?? []
        if play.node.keywords.name == nil { play.name = hostsText(play.node) }
        try diagnostics.throwIfAny()
        return play
    }

    // MARK: Small helpers

    var scope: LayeredScope { variables.scopeWithoutHost(playScopeVars) }

    func nextID() -> Int {
        lastID += 1
        return lastID
    }

    func makeParser() -> PlaybookParser {
        PlaybookParser(
            options: settings.yaml,
            isModule: { [self, readingRole] name in
                ActionCatalog.isKnown(name) || customModule(name, role: readingRole, collections: []) != nil
            })
    }

    func report(
        _ code: Diagnostic.Code, _ summary: String, at place: SourceLocation?, remedy: String? = nil,
        severity: Diagnostic.Severity = .error
    ) {
        diagnostics.add(Diagnostic(code, summary, at: place, remedy: remedy, severity: severity))
    }

    /// Text that must be known before the run: constant, or a template of what is known by then.
    ///
    /// - Parameter task: What stands around an import, whose names may use it.
    func constantText(_ field: Field, around task: @autoclosure () -> TaskVariables? = nil) -> String? {
        guard field.value.holdsTemplate else { return field.value.pythonText }
        do throws(Diagnostic) {
            let scope = task().map { variables.scopeWithoutHost(playScopeVars, task: $0) } ?? scope
            return try scope.evaluate(field.value).pythonText
        } catch {
            var told = error.located(at: field.location)
            if told.code == .undefined {
                told.remedy = "This is read before any host is known; use include_… instead of import_…, or -e."
            }
            diagnostics.add(told)
            return nil
        }
    }

    /// Tags as words: `[a, "b,c"]` is a, b and c.
    func words(_ fields: [Field]) -> [String] {
        fields.flatMap { field -> [String] in
            guard let value = try? scope.evaluate(field.value) else {
                report(
                    .badValue, "tags must be known before the run", at: field.location,
                    remedy: "Use constant tags, or variables given with -e.")
                return []
            }
            return (value.elements ?? [value]).flatMap { item in
                item.pythonText.split(separator: ",").map { String($0).trimmed }
            }
        }
    }

    /// The tasks within, whatever they stand in.
    static func tasks(of nodes: [PlannedNode]) -> [PlannedTask] {
        nodes.flatMap { node -> [PlannedTask] in
            switch node {
            case .task(let task): [task]
            case .block(let block): tasks(of: block.tasks + block.rescue + block.always)
            case .role(let role): tasks(of: role.dependencies + role.tasks)
            }
        }
    }
}

extension PlannedPlay {
    /// All tasks in their order, handlers not among them.
    public var tasks: [PlannedTask] { Planner.tasks(of: sections.flatMap { $0 }) }
}

/// What a plan is made for.
public struct PlanSettings: Sendable {
    public var tags: TagSelection
    /// `--limit`.
    public var limit: String?
    /// Directories that hold roles, besides those beside the playbook.
    public var rolesPath: [String]
    public var collectionsPath: [String]
    public var yaml: YAMLValueOptions
    public var purpose: Purpose
    /// Folders with modules of one's own (`--module-path`).
    public var modulePath: [String]
    /// Folders with code that such modules share.
    public var moduleUtilsPath: [String] = []
    /// Finds ansible-core on this machine.
    public var findInstallation: @Sendable () -> AnsibleInstallation? = { AnsibleInstallation.find() }
    /// Whether to say what a careful colleague would; `--syntax-check` does.
    public var reviews: Bool
    /// Keywords that hold where nobody says otherwise, as the configuration gives them.
    public var keywords: [Keywords.Setting: Field]

    /// What becomes of words of patterns that match nothing (`host_pattern_mismatch`).
    public enum PatternMismatch: String, Sendable { case warning, error, ignore }
    public var patternMismatch: PatternMismatch
    /// Whether a notification that no handler answers is an error (`error_on_missing_handler`), or only told.
    public var requiresHandlers = true

    /// What becomes of the plan.
    public enum Purpose: Sendable {
        /// It is shown: whatever can be told is.
        case list
        /// It is checked, and no host touched.
        case check
        case run
    }

    public init(
        tags: TagSelection = TagSelection(), limit: String? = nil, rolesPath: [String] = [],
        collectionsPath: [String] = [], modulePath: [String] = [], yaml: YAMLValueOptions, reviews: Bool = false,
        purpose: Purpose = .run, keywords: [Keywords.Setting: Field] = [:],
        patternMismatch: PatternMismatch = .warning
    ) {
        self.keywords = keywords
        self.patternMismatch = patternMismatch
        self.purpose = purpose
        self.modulePath = modulePath
        self.reviews = reviews
        self.tags = tags
        self.limit = limit
        self.rolesPath = rolesPath
        self.collectionsPath = collectionsPath
        self.yaml = yaml
    }
}

/// Where in a plan something stands.
struct PlanContext {
    var role: RoleInstance?
    /// The roles that brought this one in, the outermost first.
    var parents: [RoleInstance]
    var inherited: Inherited
    var file: String
}
