public import Diagnostics
public import Values
public import YAML

/// Reads playbooks, task lists and role files into nodes, and gathers everything that is wrong with them.
///
/// It knows the language, not the modules: which names are modules is asked of `isModule`, so that a mistyped
/// keyword beside a module can be told from a second module.
public struct PlaybookParser {
    public private(set) var diagnostics = Diagnostics()
    let isModule: (String) -> Bool
    let options: YAMLValueOptions

    public init(options: YAMLValueOptions, isModule: @escaping (String) -> Bool) {
        self.options = options
        self.isModule = isModule
    }

    // MARK: Files

    /// A playbook: a list of plays and imports.
    public mutating func playbook(_ root: YAMLNode?, file: SourceFile) -> [PlaybookEntry] {
        guard let root else {
            report(
                .syntax, "an empty playbook", at: SourceLocation(file: file, line: 1, column: 1),
                remedy: "A playbook is a list of plays, each with 'hosts:'.")
            return []
        }
        guard let items = root.items else {
            report(
                .syntax, "a playbook must be a list of plays, not \(root.kindName)", at: root.location,
                remedy: "Begin each play with '- hosts: …'.")
            return []
        }
        return items.compactMap { entry($0) }
    }

    /// A list of tasks, as a role's `tasks/main.yml` or an included file holds it.
    public mutating func taskList(_ root: YAMLNode?, handlers: Bool = false) -> [Node] {
        guard let root, !root.isNull else { return [] }
        return nodes(root, what: handlers ? "handlers" : "tasks", place: handlers ? .handler : .task)
    }

    /// What a role's `meta/main.yml` says that matters here.
    public mutating func roleMetadata(_ meta: YAMLNode?) -> RoleMetadata {
        var result = RoleMetadata()
        guard let meta, !meta.isNull else { return result }
        guard let pairs = meta.pairs else {
            report(.syntax, "a role's meta must be a map, not \(meta.kindName)", at: meta.location)
            return result
        }
        for (key, value) in pairs {
            switch key.scalarText {
            case "dependencies": result.dependencies = roleList(value)
            case "allow_duplicates": result.allowDuplicates = self.value(value).isTruthy
            case "collections":
                let names = self.value(value)
                result.collections = (names.elements ?? [names]).filter { !$0.isNull }.map(\.pythonText)
            case "galaxy_info", "argument_specs": break
            default:
                report(
                    .unknownKeyword, "unknown key '\(key.scalarText ?? "?")' in a role's meta", at: key.location,
                    severity: .warning)
            }
        }
        return result
    }

    /// A map of variables: a vars file, a role's defaults.
    public mutating func variables(_ root: YAMLNode?) -> ValueMap {
        guard let root, !root.isNull else { return [:] }
        guard root.pairs != nil else {
            report(.syntax, "variables must be a map of names to values, not \(root.kindName)", at: root.location)
            return [:]
        }
        return value(root).mapValue ?? [:]
    }

    // MARK: Plays

    private mutating func entry(_ node: YAMLNode) -> PlaybookEntry? {
        guard let pairs = node.pairs else {
            report(
                .syntax, "a play must be a map, not \(node.kindName)", at: node.location,
                remedy: "Begin each play with '- hosts: …'.")
            return nil
        }
        let importing = pairs.firstIndex { TaskNode.Action.isBuiltin("import_playbook", $0.key.scalarText ?? "") }
        if let importing {
            var keywords = Keywords()
            for (index, pair) in pairs.enumerated() where index != importing {
                if !common(pair.key, pair.value, .task, into: &keywords) { unknownKeyword(pair.key, .task) }
            }
            return .importPlaybook(field(pairs[importing].value), keywords)
        }
        guard let hosts = pairs.first(where: { $0.key.scalarText == "hosts" }) else {
            report(
                .syntax, "a play without 'hosts'", at: node.location,
                remedy: looksLikeTask(pairs)
                    ? "This looks like a task; tasks stand under a play's 'tasks:'."
                    : "Say which hosts it is for: 'hosts: all'.")
            return nil
        }
        var play = PlayNode(keywords: Keywords(), hosts: field(hosts.value), location: node.location)
        if hosts.value.isNull || hosts.value.scalarText == "" || hosts.value.items?.isEmpty ?? false {
            report(
                .badValue, "a play's 'hosts' is empty", at: hosts.value.location,
                remedy: "Name a group, a host or a pattern.")
        }
        for (key, value) in pairs {
            read(key, value, into: &play)
        }
        return .play(play)
    }

    private func looksLikeTask(_ pairs: [(key: YAMLNode, value: YAMLNode)]) -> Bool {
        pairs.contains { $0.key.scalarText.map(isModule) ?? false }
    }

    private mutating func read(_ key: YAMLNode, _ value: YAMLNode, into play: inout PlayNode) {
        switch key.scalarText {
        case "hosts": break
        case "tasks": play.tasks = nodes(value, what: "tasks", place: .task)
        case "pre_tasks": play.preTasks = nodes(value, what: "pre_tasks", place: .task)
        case "post_tasks": play.postTasks = nodes(value, what: "post_tasks", place: .task)
        case "handlers": play.handlers = nodes(value, what: "handlers", place: .handler)
        case "roles": play.roles = roleList(value)
        case "gather_facts": play.gatherFacts = field(value)
        case "gather_subset": play.gatherSubset = field(value)
        case "gather_timeout": play.gatherTimeout = field(value)
        case "vars_files": play.varsFiles = value.isNull ? [] : (value.items ?? [value]).map { field($0) }
        case "vars_prompt": play.varsPrompt = prompts(value)
        case "serial": play.serial = (value.items ?? [value]).map { field($0) }
        case "strategy": play.strategy = field(value)
        case "order": play.order = field(value)
        case "max_fail_percentage": play.maxFailPercentage = field(value)
        case "force_handlers": play.forceHandlers = field(value)
        case "fact_path": play.factPath = field(value)
        default:
            if !common(key, value, .play, into: &play.keywords) { unknownKeyword(key, .play) }
        }
    }

    private mutating func prompts(_ node: YAMLNode) -> [PlayNode.Prompt] {
        (node.items ?? [node]).compactMap { item in
            guard item.pairs != nil, let name = item["name"]?.scalarText else {
                report(.syntax, "a vars_prompt entry needs 'name'", at: item.location)
                return nil
            }
            let known = ["name", "prompt", "private", "default", "confirm", "encrypt", "salt", "salt_size", "unsafe"]
            for (key, _) in item.pairs ?? [] where !known.contains(key.scalarText ?? "") {
                unknownKeyword(key, .play)
            }
            func flag(_ name: String, _ standard: Bool) -> Bool {
                guard let node = item[name], !node.isNull else { return standard }
                do throws(Diagnostic) {
                    return try KeywordValue.flag(value(node), name, at: node.location)
                } catch {
                    diagnostics.add(error)
                    return standard
                }
            }
            func integer(_ name: String) -> Int? {
                guard let node = item[name], !node.isNull else { return nil }
                do throws(Diagnostic) {
                    return try KeywordValue.integer(value(node), name, at: node.location)
                } catch {
                    diagnostics.add(error)
                    return nil
                }
            }
            func text(_ name: String) -> String? { item[name].flatMap { $0.isNull ? nil : value($0).pythonText } }
            return PlayNode.Prompt(
                name: name, text: item["prompt"]?.scalarText ?? name,
                isPrivate: flag("private", true), defaultValue: item["default"].map { value($0) },
                confirm: flag("confirm", false), encrypt: text("encrypt"), salt: text("salt"),
                saltSize: integer("salt_size"), isUnsafe: flag("unsafe", false),
                location: item.location)
        }
    }

    // MARK: Roles

    private mutating func roleList(_ node: YAMLNode) -> [RoleReference] {
        if node.isNull { return [] }
        guard let items = node.items else {
            report(
                .syntax, "roles must be a list, not \(node.kindName)", at: node.location,
                remedy: "Begin each with '- '.")
            return []
        }
        return items.compactMap { role($0) }
    }

    private mutating func role(_ node: YAMLNode) -> RoleReference? {
        if let name = node.scalarText {
            return RoleReference(name: name, location: node.location, keywords: Keywords(), parameters: [:])
        }
        guard let pairs = node.pairs else {
            report(.syntax, "a role must be a name or a map, not \(node.kindName)", at: node.location)
            return nil
        }
        guard let named = pairs.first(where: { ["role", "name", "src"].contains($0.key.scalarText) }),
            let name = named.value.scalarText
        else {
            report(.syntax, "a role without a name", at: node.location, remedy: "Write '- role: NAME'.")
            return nil
        }
        var reference = RoleReference(
            name: name, location: named.value.location, keywords: Keywords(), parameters: [:])
        for (key, value) in pairs {
            guard let word = key.scalarText, word != named.key.scalarText else { continue }
            if common(key, value, .role, into: &reference.keywords) { continue }
            // Whatever is no keyword is a parameter: Ansible's oldest way to hand variables to a role.
            reference.parameters[word] = self.value(value)
        }
        return reference
    }

    // MARK: Tasks

    mutating func nodes(_ node: YAMLNode, what: String, place: KeywordPlace) -> [Node] {
        if node.isNull { return [] }
        guard let items = node.items else {
            report(
                .syntax, "\(what) must be a list, not \(node.kindName)", at: node.location,
                remedy: "Begin each task with '- '.")
            return []
        }
        return items.compactMap { item in
            guard let pairs = item.pairs else {
                report(
                    .syntax, "a task must be a map, not \(item.kindName)", at: item.location,
                    remedy: "Write '- name: …' and the module on a line of its own.")
                return nil
            }
            let words = Set(pairs.compactMap(\.key.scalarText))
            if !words.isDisjoint(with: ["block", "rescue", "always"]) {
                return block(item, pairs, place).map(Node.block)
            }
            return task(item, pairs, place).map(Node.task)
        }
    }

    private mutating func block(
        _ node: YAMLNode, _ pairs: [(key: YAMLNode, value: YAMLNode)], _ place: KeywordPlace
    ) -> BlockNode? {
        var block = BlockNode(keywords: Keywords(), tasks: [], rescue: [], always: [], location: node.location)
        var hasBlock = false
        for (key, value) in pairs {
            switch key.scalarText {
            case "block":
                hasBlock = true
                block.tasks = nodes(value, what: "block", place: place)
            case "rescue": block.rescue = nodes(value, what: "rescue", place: place)
            case "always": block.always = nodes(value, what: "always", place: place)
            case "notify": block.notify = value.isNull ? [] : (value.items ?? [value]).map { field($0) }
            default:
                if !common(key, value, .block, into: &block.keywords) { unknownKeyword(key, .block) }
            }
        }
        guard hasBlock else {
            report(
                .syntax, "'rescue' or 'always' without 'block'", at: node.location,
                remedy: "Put the tasks they belong to under 'block:'.")
            return nil
        }
        return block
    }

    // MARK: Telling

    mutating func report(
        _ code: Diagnostic.Code, _ summary: String, at place: SourceLocation?, remedy: String? = nil,
        severity: Diagnostic.Severity = .error
    ) {
        diagnostics.add(Diagnostic(code, summary, at: place, remedy: remedy, severity: severity))
    }

    mutating func unknownKeyword(_ key: YAMLNode, _ place: KeywordPlace) {
        let word = key.scalarText ?? key.kindName
        // A second module in a task has been told of as that.
        if place == .task || place == .handler, isModule(word) { return }
        var remedy = NearestNames.hint(word, among: place.keywords)
        if remedy == nil, isModule(word) { remedy = "'\(word)' is a module; modules stand in tasks." }
        report(
            .unknownKeyword, "'\(word)' is not a keyword of a \(place.rawValue)", at: key.location, remedy: remedy)
    }

    mutating func unsupported(_ key: YAMLNode, _ remedy: String?) {
        report(.unsupported, "'\(key.scalarText ?? "?")' is not supported", at: key.location, remedy: remedy)
    }

    mutating func field(_ node: YAMLNode) -> Field { Field(value(node), at: node.location) }

    mutating func value(_ node: YAMLNode) -> Value {
        do throws(Diagnostic) {
            var options = options
            options.isSecret = options.isSecret || node.location.file.isSecret
            return try node.value(options)
        } catch {
            diagnostics.add(error)
            return .null
        }
    }
}
