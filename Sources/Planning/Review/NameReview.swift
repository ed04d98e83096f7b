import Diagnostics
import Inventory
import Jinja
import Modules
import Playbook
import Values
import Variables
import YAML

/// Names that tasks read and nothing in sight can ever define.
///
/// It errs on the side of silence. What is defined anywhere in a run counts as defined everywhere in it, unless tasks
/// alone define it, all of them after one that reads it in any case; a name that any text asks about (`is defined`,
/// `default`) is optional; and as soon as something may define names that only a run can tell (a templated file of
/// variables, an include whose name is a template, facts), nothing is said.
struct NameReview {
    private let planner: Planner
    private var defined: Set<String> = []
    private var optional: Set<String> = []
    /// Whether something may define names that the files do not show.
    private var isOpen = false
    private var uses: [Use] = []
    /// Names that something other than the order of tasks decides about.
    private var early: Set<String> = []
    /// Where tasks define names, the first place of each in the order of the run.
    private var firstDefinition: [String: (order: Int, place: SourceLocation?)] = [:]
    private var order = 0
    /// How many loops and repetitions are around what is read now: what stands later there has been before.
    private var repetitions = 0
    private var seenFiles: Set<String> = []
    private var seenTasks: Set<Int> = []

    /// A name that a task reads.
    private struct Use {
        var name: FreeName
        var task: PlannedTask
        var order: Int
        /// Whether it is read whenever the task's turn comes, once and in the order of the run.
        var isCertain: Bool
    }

    init(_ planner: Planner) { self.planner = planner }

    /// What there is to say of plays.
    static func remarks(_ planner: Planner, _ plays: [PlannedPlay]) -> [Diagnostic] {
        var review = NameReview(planner)
        review.takeInventory()
        for play in plays { review.take(play) }
        guard !review.isOpen else { return [] }
        return review.remarks
    }

    private var remarks: [Diagnostic] {
        var told = Set<String>()
        return uses.compactMap { use in
            let name = use.name.name
            guard let remark = isKnown(name) ? tooEarly(use) : undefined(use) else { return nil }
            return told.insert("\(name) \(use.name.location?.description ?? "")").inserted ? remark : nil
        }
    }

    private func undefined(_ use: Use) -> Diagnostic {
        let near = NearestNames.hint(use.name.name, among: defined).map { $0 + " " } ?? ""
        return Diagnostic(
            .undefined, "'\(use.name.name)' is not defined anywhere", at: use.name.location ?? use.task.node.location,
            remedy: near + "Define it in the inventory, the play or the role, give it with -e, or write a default.",
            severity: .warning)
    }

    /// What there is to say of a name that only later tasks define.
    private func tooEarly(_ use: Use) -> Diagnostic? {
        let name = use.name.name
        guard use.isCertain, !early.contains(name), !optional.contains(name), !name.hasPrefix("ansible_"),
            let first = firstDefinition[name], first.order > use.order
        else { return nil }
        return Diagnostic(
            .undefined, "'\(name)' is not defined at this point", at: use.name.location ?? use.task.node.location,
            remedy: "Move the task that defines it before this one, or write a default.", severity: .warning,
            notes: [Diagnostic.Note("defined by a later task", at: first.place)])
    }

    private func isKnown(_ name: String) -> Bool {
        // Facts and connection variables come from hosts and from everywhere.
        defined.contains(name) || optional.contains(name) || name.hasPrefix("ansible_") || name.hasPrefix("getent_")
            || Self.alwaysThere.contains(name)
    }

    private static let alwaysThere: Set<String> = [
        "environment", "group_names", "groups", "hostvars", "inventory_dir", "inventory_file", "inventory_hostname",
        "inventory_hostname_short", "item", "omit", "play_hosts", "playbook_dir", "role_name", "role_names",
        "role_path", "vars", "packages", "services", "mount_points", "facter", "ohai", "module_setup",
        "discovered_interpreter_python",
    ]

    // MARK: What defines names

    private mutating func define(_ map: ValueMap) {
        for (name, value) in map {
            define(name.text)
            guess(value)
        }
    }

    /// Takes a name as defined from the beginning.
    private mutating func define(_ name: String) {
        defined.insert(name)
        early.insert(name)
    }

    /// Takes a name as defined by a task, for those after it.
    private mutating func define(_ name: String, by task: PlannedTask, at place: SourceLocation?) {
        guard !task.isHandler, repetitions == 0 else { return define(name) }
        defined.insert(name)
        if firstDefinition[name] == nil { firstDefinition[name] = (order, place) }
    }

    /// Texts within variables may ask whether others are defined.
    private mutating func guess(_ value: Value) {
        switch value {
        case .string(let text): if text.isTemplate { findOptional(text.string) }
        case .list(let items), .tuple(let items): for item in items { guess(item) }
        case .map(let map): for item in map.values { guess(item) }
        default: break
        }
    }

    private mutating func takeInventory() {
        let variables = planner.variables
        define(variables.extra)
        for host in variables.inventory.hostNames {
            for (_, values) in (try? variables.inventory.variableLayers(of: host)) ?? [] { define(values) }
        }
    }

    private mutating func take(_ play: PlannedPlay) {
        define(play.node.keywords.vars)
        for prompt in play.node.varsPrompt { define(prompt.name) }
        for field in play.node.varsFiles {
            guard !field.value.holdsTemplate else {
                let directory = Path.directory(of: play.file)
                defineAll(within: [Path.join(directory, "vars"), directory])
                continue
            }
            planner.playbookDirectory = Path.directory(of: play.file)
            let names = (field.value.elements ?? [field.value]).map(\.pythonText)
            if let loaded = try? planner.variablesFile(names, askedAt: nil) { define(loaded) }
        }
        for role in play.roles { take(role) }
        for task in play.tasks + play.handlers { take(task, in: play) }
    }

    /// Whatever files of a folder may define, one of which a run will choose: variables, and what tasks set.
    private mutating func defineAll(within directories: [String]) {
        for directory in directories {
            for name in Path.entries(of: directory) where [".yml", ".yaml", ".json"].contains(where: name.hasSuffix) {
                let path = "\(directory)/\(name)"
                guard seenFiles.insert(path).inserted, let root = try? planner.files.document(at: path) else {
                    continue
                }
                for (key, _) in root.pairs ?? [] { define(key.scalarText ?? "") }
                for (key, value) in root.allPairs {
                    switch key.scalarText {
                    case "register", "loop_var", "index_var": define(value.scalarText ?? "")
                    case "set_fact", "ansible.builtin.set_fact", "vars", "add_host":
                        for (name, _) in value.pairs ?? [] { define(name.scalarText ?? "") }
                    default: break
                    }
                }
            }
        }
    }

    private mutating func take(_ role: RoleInstance) {
        define(role.defaults)
        define(role.vars)
        define(role.ownVars)
        define(role.parameters)
    }

    private mutating func take(_ task: PlannedTask, in play: PlannedPlay) {
        guard seenTasks.insert(task.id).inserted else { return }
        order += 1
        let node = task.node
        for map in task.inherited.vars + task.inherited.parameters { define(map) }
        if let name = node.register { define(name.value, by: task, at: name.location) }
        if let loop = node.loop {
            define(loop.variable)
            if let name = loop.indexVariable { define(name) }
        }
        if node.action.dynamicArguments != nil { isOpen = true }
        switch task.action {
        case .engine(.setFact), .engine(.addHost):
            // What is kept in a cache, another run may have set; what a host is added with, it has from then on.
            var isLasting = node.action.arguments["cacheable"] != nil
            if case .engine(.addHost) = task.action { isLasting = true }
            for (name, value) in node.action.arguments {
                if name.text.contains("{{") { isOpen = true }
                if isLasting {
                    define(name.text)
                } else {
                    define(name.text, by: task, at: node.action.places[name.text] ?? node.location)
                }
                guess(value)
            }
        case .engine(.includeVars): takeIncludedVariables(task, play)
        case .engine(.includeTasks), .engine(.includeRole): takeInclude(task, play)
        case .missing, .custom: isOpen = true
        default: break
        }
        read(task)
    }

    private mutating func takeIncludedVariables(_ task: PlannedTask, _ play: PlannedPlay) {
        let arguments = task.node.action.arguments
        if let name = arguments["name"] {
            if name.holdsTemplate { isOpen = true }
            define(name.pythonText)
            return
        }
        let file = arguments["file"] ?? task.node.action.freeForm.map { .string($0) }
        let directory = Path.absolute(Path.directory(of: play.file))
        let search = task.variables(playDirectory: directory).searchPath
        guard let file, !file.holdsTemplate, arguments["dir"] == nil else {
            defineAll(within: search.flatMap { ["\($0)/vars", $0] })
            return
        }
        guard let path = FileSearch.find(file.pythonText, kind: "vars", in: search),
            let values = try? planner.variables(in: path)
        else {
            isOpen = true
            return
        }
        define(values)
    }

    /// Follows an include whose file is constant; what any other brings in nobody knows.
    private mutating func takeInclude(_ task: PlannedTask, _ play: PlannedPlay) {
        define(task.node.keywords.vars)
        if let applied = task.node.action.applied { define(applied.keywords.vars) }
        var arguments = task.node.action.arguments
        if let text = task.node.action.freeForm { arguments["file"] = .string(text) }
        let isRole = if case .engine(.includeRole) = task.action { true } else { false }
        guard !arguments.values.contains(where: \.holdsTemplate) else {
            // Of the files it may name all are beside it; of the roles nobody knows.
            if isRole { isOpen = true }
            let directory = Path.absolute(Path.directory(of: play.file))
            defineAll(within: task.variables(playDirectory: directory).searchPath.flatMap { ["\($0)/tasks", $0] })
            return
        }
        let key =
            "\(task.file) \(task.role?.path ?? "") \(isRole) \(arguments.map { "\($0.key.text)=\($0.value.pythonText)" })"
        guard seenFiles.insert(key).inserted else { return }
        planner.playbookDirectory = Path.directory(of: play.file)
        let found = planner.lookAhead(at: task, arguments, isRole: isRole)
        guard let found else {
            isOpen = true
            return
        }
        // A file may be included again, by itself or from elsewhere, and what it defines is there then.
        repetitions += 1
        defer { repetitions -= 1 }
        for role in found.roles { take(role) }
        for task in found.tasks { take(task, in: play) }
    }

    // MARK: What reads names

    private mutating func read(_ task: PlannedTask) {
        let node = task.node
        for (index, field) in task.inherited.when.enumerated() {
            // The first condition is looked at in any case, as far as nothing in it decides before its end.
            let isWhole = ![" and ", " or ", " if "].contains(where: field.value.pythonText.contains)
            read(field.value, task, asExpression: true, isCertain: index == 0 && isWhole && node.loop == nil)
        }
        for field in node.until + node.changedWhen + node.failedWhen { read(field.value, task, asExpression: true) }
        let isCertain = task.inherited.when.isEmpty
        if let loop = node.loop {
            read(loop.items.value, task, isCertain: isCertain)
            if let label = loop.label { read(label.value, task) }
            for field in loop.breakWhen { read(field.value, task, asExpression: true) }
        }
        for value in node.action.arguments.values { read(value, task, isCertain: isCertain && node.loop == nil) }
        if let text = node.action.freeForm { read(.string(text), task, isCertain: isCertain && node.loop == nil) }
        if let name = node.action.templatedName { read(name.value, task, isCertain: isCertain) }
        for field in node.notify + task.inherited.environment { read(field.value, task) }
        if node.action.shortName == "assert", let that = node.action.arguments["that"] {
            for item in that.elements ?? [that] { read(item, task, asExpression: true) }
        }
        for (setting, field) in task.inherited.settings where setting != .moduleDefaults { read(field.value, task) }
        for map in task.inherited.vars { guess(.map(map)) }
    }

    private mutating func read(
        _ value: Value, _ task: PlannedTask, asExpression: Bool = false, isCertain: Bool = false
    ) {
        switch value {
        case .string(let text) where text.isTemplate || asExpression:
            let isExpression = asExpression && !text.string.contains("{{") && !text.string.contains("{%")
            findOptional(text.string)
            // A task whose trouble is ignored may be there to see whether there is any.
            guard !isExcused(task) else { return }
            // An expression may pass by a part of itself.
            let isOrdered =
                isCertain && !task.isHandler && repetitions == 0
                && ![" if ", " and ", " or ", "{%"].contains(where: text.string.contains)
            for name in (try? planner.variables.engine.freeNames(of: text, asExpression: isExpression)) ?? [] {
                uses.append(Use(name: name, task: task, order: order, isCertain: isOrdered))
            }
        case .list(let items), .tuple(let items):
            for item in items { read(item, task, asExpression: asExpression, isCertain: isCertain) }
        case .map(let map): for item in map.values { read(item, task, isCertain: isCertain) }
        default: break
        }
    }

    private func isExcused(_ task: PlannedTask) -> Bool {
        if task.inherited.settings[.ignoreErrors].map({ $0.value.holdsTemplate || $0.value.isTruthy }) ?? false {
            return true
        }
        return task.inherited.when.contains { field in
            field.value == false || field.value.pythonText.lowercased() == "false"
        }
    }

    /// Names that a text asks about, in which case they may be undefined: `x is defined`, `x.y | default(z)`,
    /// `'x' in vars`.
    private mutating func findOptional(_ text: String) {
        guard ["defined", "default", "d(", " vars", "hostvars", "none"].contains(where: text.contains) else { return }
        let words = Self.tokens(text)
        for (index, word) in words.enumerated() {
            let after = Array(words[(index + 1)...].prefix(3))
            let asks =
                word == "is"
                && (after.first.map { $0.hasSuffix("defined") || $0 == "none" } ?? false
                    || after.first == "not"
                        && (after.dropFirst().first.map { $0.hasSuffix("defined") || $0 == "none" } ?? false))
                || word == "|" && ["default", "d"].contains(after.first ?? "")
                || word == "in" && (after.first?.hasSuffix("vars") ?? false)
                || word == "not" && after.first == "in" && (after.dropFirst().first?.hasSuffix("vars") ?? false)
            guard asks else { continue }
            // Everything that the value before may be made of.
            for name in words[..<index].suffix(24) { optional.insert(name) }
        }
    }

    /// Names, and the signs that matter here; what stands in quotes counts as names.
    private static func tokens(_ text: String) -> [String] {
        var tokens: [String] = []
        var word = ""
        for character in text {
            if character.isLetter || character.isNumber || character == "_" {
                word.append(character)
                continue
            }
            if !word.isEmpty { tokens.append(word) }
            word = ""
            if character == "|" { tokens.append("|") }
        }
        if !word.isEmpty { tokens.append(word) }
        return tokens
    }
}

extension Planner {
    /// What a constant include would bring in, found out without telling anybody of its mistakes; nil if it cannot
    /// be read.
    func lookAhead(at task: PlannedTask, _ arguments: ValueMap, isRole: Bool) -> (
        roles: [RoleInstance], tasks: [PlannedTask]
    )? {
        let before = (diagnostics, playRoles, playHandlers, handlersTaken)
        defer { (diagnostics, playRoles, playHandlers, handlersTaken) = before }
        do throws(Diagnostics) {
            if isRole {
                guard let (role, handlers, instances) = try includeRole(arguments, for: task, vars: [:]) else {
                    return nil
                }
                return (instances, Self.tasks(of: [.role(role)]) + handlers)
            }
            let name = arguments["file"]?.pythonText ?? arguments["_raw_params"]?.pythonText ?? ""
            return ([], Self.tasks(of: try include(name, for: task, vars: [:]).nodes))
        } catch {
            return nil
        }
    }
}
