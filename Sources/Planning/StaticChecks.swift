import Diagnostics
import Inventory
import Jinja
import Modules
import Playbook
import Target
import Values
import Variables

/// What can be told of a task before any host is touched.
extension Planner {
    func check(_ task: PlannedTask) {
        let node = task.node
        if case .module(let module) = task.action {
            checkArguments(of: node, module.manual)
            checkSources(of: task, module.manual)
        }
        if case .engine(.includeRole) = task.action, node.action.dynamicArguments == nil {
            checkRoleArguments(of: node, node.action.arguments)
        }
        if case .engine(.includeTasks) = task.action { checkFileArguments(of: node) }
        checkTemplates(of: node, task)
        checkKeywords(of: task)
        if let loop = node.loop, let lookup = loop.lookup, !LookupContext.exists(lookup) {
            report(
                .unsupported, "there is no 'with_\(lookup)' here", at: loop.items.location,
                remedy: "Write it with 'loop' and filters, or query().")
        }
        checkPlaces(of: task)
        noteFiles(madeBy: task)
    }

    /// What `include_tasks` and `import_tasks` take: the name of a file, and nothing that would be left unread.
    func checkFileArguments(of node: TaskNode) {
        let known = ["file", "_raw_params"]
        for key in node.action.arguments.keys where !known.contains(key.text) {
            report(
                .unknownArgument, "unknown argument '\(key.text)' for \(node.action.name)",
                at: node.action.places[key.text] ?? node.location,
                remedy: NearestNames.hint(key.text, among: ["file", "apply"])
                    ?? "Variables for what it brings in stand below 'vars:'.")
        }
        let mayCome = node.action.isInclude && node.action.dynamicArguments != nil
        if !mayCome, fileArgument(of: node) == nil {
            report(.missingArgument, "\(node.action.name) needs the name of a file", at: node.location)
        }
    }

    private func checkArguments(of node: TaskNode, _ manual: ModuleManual) {
        var raw = node.action.arguments
        if let text = node.action.freeForm {
            guard let name = manual.freeForm else {
                report(
                    .unknownArgument, "\(manual.name) takes no free text", at: node.action.location,
                    remedy: "Write its arguments as a map below the name.")
                return
            }
            raw[name] = .string(text)
        }
        // Arguments that come as one template are checked when it is known.
        guard node.action.dynamicArguments == nil else { return }
        let (_, found) = ArgumentCheck.check(
            manual, raw, places: { node.action.places[$0] ?? node.action.location }, location: node.action.location,
            isStatic: true)
        for diagnostic in found { diagnostics.add(diagnostic) }
    }

    /// Files of the control machine that a task names outright.
    private func checkSources(of task: PlannedTask, _ manual: ModuleManual) {
        let kinds = ["copy": "files", "template": "templates", "script": "files"]
        let arguments = task.node.action.arguments
        guard let kind = kinds[manual.shortName], let source = arguments["src"], !source.holdsTemplate,
            !(arguments["remote_src"].map { $0.isTruthy || $0.holdsTemplate } ?? false), task.node.keywords.vars.isEmpty
        else { return }
        let name = source.pythonText
        let directory = Path.absolute(playbookDirectory)
        let places = FileSearch.candidates(
            name, kind: kind, in: task.variables(playDirectory: directory).searchPath)
        guard !name.isEmpty, !places.contains(where: { ProjectFiles.isFile($0) || ProjectFiles.isDirectory($0) }) else {
            return
        }
        // What tasks before it do here may make the file.
        report(
            .missingFile, "no file '\(name)'", at: task.node.action.places["src"] ?? task.node.action.location,
            remedy: "Looked for \(places.joined(separator: ", ")).",
            severity: mayMakeFiles || hasLocalHosts ? .warning : .error)
    }

    /// Whether hosts of the inventory are this machine.
    private var hasLocalHosts: Bool {
        variables.inventory.hostNames.contains { host in
            let scope = variables.scope(host: host, task: nil)
            return host == "localhost" || host == "127.0.0.1"
                || scope.raw("ansible_connection")?.value.pythonText == "local"
        }
    }

    /// Notes whether a task may write files of the control machine.
    private func noteFiles(madeBy task: PlannedTask) {
        if mayMakeFiles { return }
        let inherited = task.inherited.settings
        mayMakeFiles =
            task.node.action.shortName == "fetch" || task.node.action.isInclude
            || inherited[.delegateTo] != nil || inherited[.connection] != nil
    }

    /// Syntax of everything in a task that will be evaluated.
    private func checkTemplates(of node: TaskNode, _ task: PlannedTask) {
        for condition in node.keywords.when + node.until + node.changedWhen + node.failedWhen {
            checkTemplate(condition.value, asExpression: true)
        }
        for value in node.action.arguments.values { checkTemplate(value) }
        if let text = node.action.freeForm { checkTemplate(.string(text)) }
        if let name = node.action.templatedName { checkTemplate(name.value) }
        for value in node.keywords.vars.values { checkTemplate(value) }
        if let loop = node.loop { checkTemplate(loop.items.value) }
        if let name = node.keywords.name { checkTemplate(name.value) }
        for field in node.notify + node.keywords.environment { checkTemplate(field.value) }
        if node.action.shortName == "assert" {
            let that = node.action.arguments["that"]
            for case .string(let text) in that?.elements ?? [that].compactMap(\.self) {
                checkTemplate(.string(text), asExpression: true)
            }
        }
        for field in node.keywords.settings.values { checkTemplate(field.value) }
        guard let applied = node.action.applied else { return }
        for condition in applied.keywords.when { checkTemplate(condition.value, asExpression: true) }
        for value in applied.keywords.vars.values { checkTemplate(value) }
        for field in applied.notify + applied.keywords.environment { checkTemplate(field.value) }
        for field in applied.keywords.settings.values { checkTemplate(field.value) }
    }

    /// Values of keywords that mean nothing, such as `no_log: maybe`.
    private func checkKeywords(of task: PlannedTask) {
        var found: [Diagnostic] = []
        func check(_ field: Field?, _ read: (Field) throws(Diagnostic) -> Void) {
            guard let field, KeywordValue.isWritten(field) else { return }
            do throws(Diagnostic) { try read(field) } catch { found.append(error) }
        }
        for (setting, field) in task.inherited.settings {
            check(field) { (field) throws(Diagnostic) in try Self.check(field, of: setting) }
        }
        let node = task.node
        for (setting, field) in node.action.applied?.keywords.settings ?? [:] {
            check(field) { (field) throws(Diagnostic) in try Self.check(field, of: setting) }
        }
        check(node.retries) { (field) throws(Diagnostic) in
            _ = try KeywordValue.integer(field.value, "retries", at: field.location)
        }
        for (field, name) in [(node.delay, "delay"), (node.loop?.pause, "pause")] {
            check(field) { (field) throws(Diagnostic) in
                _ = try KeywordValue.pause(field.value, name, at: field.location)
            }
        }
        for (field, name) in [(node.loop?.extended, "extended"), (node.loop?.allItems, "extended_allitems")] {
            check(field) { (field) throws(Diagnostic) in
                _ = try KeywordValue.flag(field.value, name, at: field.location)
            }
        }
        for (field, name) in [(node.asynchronous, "async"), (node.poll, "poll")] {
            check(field) { (field) throws(Diagnostic) in
                _ = try KeywordValue.seconds(field.value, name, at: field.location)
            }
        }
        // Settings have no order of their own.
        for diagnostic in found.sorted(by: { $0.summary < $1.summary }) { diagnostics.add(diagnostic) }
    }

    private static func check(_ field: Field, of setting: Keywords.Setting) throws(Diagnostic) {
        try KeywordValue.check(field, of: setting)
        guard setting == .connection else { return }
        let name = field.value.pythonText
        if ConnectionKind(name: name) == nil { throw ConnectionKind.unknown(name, at: field.location) }
    }

    private func checkKeywords(of play: PlayNode) {
        func check(_ field: Field?, _ read: (Field) throws(Diagnostic) -> Void) {
            guard let field, KeywordValue.isWritten(field) else { return }
            do throws(Diagnostic) { try read(field) } catch { diagnostics.add(error) }
        }
        for (field, name) in [(play.gatherFacts, "gather_facts"), (play.forceHandlers, "force_handlers")] {
            check(field) { (field) throws(Diagnostic) in
                _ = try KeywordValue.flag(field.value, name, at: field.location)
            }
        }
        // Facts are gathered by it, whatever the tasks say of their own.
        check(play.keywords.settings[.connection]) { (field) throws(Diagnostic) in
            try Self.check(field, of: .connection)
        }
        check(play.maxFailPercentage) { (field) throws(Diagnostic) in
            _ = try KeywordValue.percentage(field.value, "max_fail_percentage", at: field.location)
        }
        check(play.order) { (field) throws(Diagnostic) in
            _ = try KeywordValue.order(field.value, at: field.location)
        }
        for field in play.serial {
            check(field) { (field) throws(Diagnostic) in
                _ = try KeywordValue.batchSize(field.value, of: 1, at: field.location)
            }
        }
    }

    private func checkTemplate(_ value: Value, asExpression: Bool = false) {
        switch value {
        case .string(let text) where text.isTemplate || asExpression:
            do throws(Diagnostic) {
                let isExpression = asExpression && !text.string.contains("{{") && !text.string.contains("{%")
                try variables.engine.check(text, asExpression: isExpression)
            } catch {
                diagnostics.add(error.located(at: text.origin))
            }
        case .list(let items), .tuple(let items): for item in items { checkTemplate(item) }
        case .map(let map): for item in map.values { checkTemplate(item) }
        default: break
        }
    }

    /// Words that are right and stand at the wrong place.
    private func checkPlaces(of task: PlannedTask) {
        let node = task.node
        if case .engine(.meta(.endRole)) = task.action, task.isHandler || task.role == nil {
            report(
                .badValue, "'meta: end_role' \(task.isHandler ? "in a handler" : "outside of a role")",
                at: node.action.location, remedy: "It ends the role whose task it is; use end_host or end_play here.")
        }
        guard let field = node.asynchronous, field.value.holdsTemplate || field.value.isTruthy else { return }
        var isAlone = Self.notAsynchronous.contains(node.action.shortName)
        if case .engine = task.action { isAlone = true }
        guard isAlone else { return }
        report(
            .unsupported, "'\(node.action.name)' cannot be asynchronous", at: field.location,
            remedy: "Take 'async' out: the task then runs until it is done; 'timeout:' bounds it.")
    }

    /// Modules that Ansible, too, carries out on the control machine, in whole or in part.
    private static let notAsynchronous: Set<String> = [
        "assemble", "assert", "async_status", "copy", "debug", "fail", "fetch", "raw", "reboot", "script", "set_stats",
        "template", "unarchive", "validate_argument_spec", "wait_for_connection",
    ]

    func check(play node: PlayNode) {
        if let strategy = node.strategy, !strategy.value.holdsTemplate { check(strategy) }
        for field in node.varsFiles where !field.value.holdsTemplate {
            for name in field.value.elements ?? [field.value] { checkTemplate(name) }
        }
        for value in node.keywords.vars.values { checkTemplate(value) }
        checkTemplate(node.hosts.value)
        checkKeywords(of: node)
    }

    private func check(_ strategy: Field) {
        let name = strategy.value.pythonText
        switch String(name.split(separator: ".").last ?? "") {
        case "linear", "free", "host_pinned": break
        case "debug":
            report(
                .unsupported, "the strategy 'debug' is not supported", at: strategy.location,
                remedy: "Use --step to be asked before each task, and -vvv to see what it answered.")
        case let other:
            report(
                .unsupported, "there is no strategy '\(name)' here", at: strategy.location,
                remedy: NearestNames.hint(other, among: ["linear", "free", "host_pinned"])
                    ?? (other.hasPrefix("mitogen")
                        ? "Take it out: one connection and one shell a host is how 'linear' works here."
                        : "Strategies: linear, free, host_pinned."))
        }
    }

    /// Actions that concern the whole run cannot be carried out host by host.
    func checkStrategy(of play: PlannedPlay) {
        guard let strategy = play.node.strategy?.value, !strategy.holdsTemplate,
            ["free", "host_pinned"].contains(String(strategy.pythonText.split(separator: ".").last ?? ""))
        else { return }
        for task in play.tasks + play.handlers {
            guard case .engine(let action) = task.action else { continue }
            switch action {
            case .addHost, .pause:
                report(
                    .unsupported, "'\(task.node.action.name)' concerns the whole play, whose hosts go their own ways",
                    at: task.node.action.location, remedy: "Put it in a play of its own, with the strategy 'linear'.")
            default: break
            }
        }
    }

    /// Files of variables whose names are constant: whether they are there and can be read.
    func checkVarsFiles(of node: PlayNode, _ path: String) {
        for field in node.varsFiles where !field.value.holdsTemplate {
            do throws(Diagnostic) {
                _ = try variablesFile(
                    (field.value.elements ?? [field.value]).map(\.pythonText), askedAt: field.location)
            } catch {
                var told = error.located(at: field.location)
                if told.location != field.location {
                    told.notes.append(Diagnostic.Note("read by vars_files", at: field.location))
                }
                diagnostics.add(told)
            }
        }
    }

    /// Notifications that no handler answers.
    func checkHandlers(of play: PlannedPlay) {
        var names = Set<String>()
        for handler in play.handlers {
            guard let name = constantName(handler.writtenName) else { return }
            names.formUnion(handler.callings(of: name))
            for topic in handler.node.listen { names.formUnion(handler.callings(of: topic.value.pythonText)) }
        }
        let all = play.tasks
        // Handlers of included roles are only known when they are met.
        let mayGrow = all.contains { task in
            if case .engine(let action) = task.action, case .includeRole = action { return true }
            return false
        }
        if mayGrow { return }
        for task in all + play.handlers {
            for field in task.notifications {
                for item in field.value.elements ?? [field.value] where !item.holdsTemplate {
                    let name = item.pythonText
                    guard !names.contains(name) else { continue }
                    report(
                        .undefined, "no handler '\(name)'", at: field.location,
                        remedy: NearestNames.hint(name, among: names)
                            ?? (names.isEmpty
                                ? "Handlers stand under 'handlers:' of the play or in a role's handlers/main.yml."
                                : "This play's handlers: \(names.sorted().map { "'\($0)'" }.joined(separator: ", "))."),
                        severity: settings.requiresHandlers ? .error : .warning)
                }
            }
        }
    }

    private func constantName(_ value: Value) -> String? {
        (try? scope.evaluate(value))?.pythonText ?? value.pythonText
    }
}
