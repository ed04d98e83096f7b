public import Diagnostics
import Modules
import Playbook
public import Values
import Variables
import YAML

/// How lists of tasks become planned ones.
extension Planner {
    func plan(_ nodes: [Node], in context: PlanContext, asHandlers: Bool = false) -> [PlannedNode] {
        nodes.flatMap { node -> [PlannedNode] in
            switch node {
            case .task(let task): plan(task, in: context, asHandler: asHandlers)
            case .block(let block): plan(block, in: context, asHandlers: asHandlers)
            }
        }
    }

    private func plan(_ node: BlockNode, in context: PlanContext, asHandlers: Bool) -> [PlannedNode] {
        var inner = context
        inner.inherited = context.inherited.entering(node.keywords, tags: words(node.keywords.tags))
        if !node.notify.isEmpty { inner.inherited.notify = node.notify }
        let block = PlannedBlock(
            tasks: plan(node.tasks, in: inner, asHandlers: asHandlers),
            rescue: plan(node.rescue, in: inner, asHandlers: asHandlers),
            always: plan(node.always, in: inner, asHandlers: asHandlers),
            inherited: inner.inherited, name: node.keywords.name, location: node.location)
        let isEmpty = block.tasks.isEmpty && block.rescue.isEmpty && block.always.isEmpty
        return isEmpty ? [] : [.block(block)]
    }

    private func plan(_ node: TaskNode, in context: PlanContext, asHandler: Bool) -> [PlannedNode] {
        let inherited = context.inherited.entering(node.keywords, tags: words(node.keywords.tags))
        if node.action.isBuiltin("import_tasks") {
            return importTasks(node, inherited, context, asHandler: asHandler)
        }
        if node.action.isBuiltin("import_role") {
            return importRole(node, inherited, context)
        }
        let action = action(of: node, inherited, context.role)
        if let remark = ActionCatalog.misplaced(node.action) { diagnostics.add(remark) }
        let task = PlannedTask(
            id: nextID(), node: node, action: action, role: context.role, inherited: inherited,
            isHandler: asHandler, file: context.file,
            surroundings: node.action.isInclude ? context.inherited : nil)
        check(task)
        guard asHandler || settings.tags.includes(inherited.tags) else { return [] }
        return [.task(task)]
    }

    /// What the names of an import may use besides the play's variables.
    func surroundings(_ inherited: Inherited, _ context: PlanContext) -> TaskVariables {
        TaskVariables(
            role: context.role, inherited: inherited, file: context.file,
            playDirectory: Path.absolute(playbookDirectory))
    }

    private func importTasks(
        _ node: TaskNode, _ inherited: Inherited, _ context: PlanContext, asHandler: Bool
    ) -> [PlannedNode] {
        refuseLoop(node, "include_tasks")
        checkFileArguments(of: node)
        guard let field = fileArgument(of: node),
            let name = constantText(field, around: surroundings(inherited, context))
        else { return [] }
        var inner = context
        inner.inherited = inherited
        if !node.notify.isEmpty { inner.inherited.notify = node.notify }
        guard let path = taskFilePath(name, askedAt: field.location, in: inner) else { return [] }
        return tasks(at: path, askedAt: field.location, in: inner, asHandlers: asHandler)
    }

    /// A file named in a task, sought beside the file that names it, then in the role, then the play.
    private func taskFilePath(_ name: String, askedAt place: SourceLocation, in context: PlanContext) -> String? {
        var directories = [Path.directory(of: context.file)]
        if let role = context.role { directories += ["\(role.path)/tasks", role.path] }
        directories += [playbookDirectory + "/tasks", playbookDirectory]
        let candidates = directories.map { Path.join($0, name) }
        guard let path = candidates.first(where: ProjectFiles.isFile) else {
            report(
                .missingFile, "no file '\(name)'", at: place,
                remedy: "Looked for \(unique(candidates).joined(separator: ", ")).")
            return nil
        }
        return path
    }

    private func tasks(
        at path: String, askedAt place: SourceLocation, in context: PlanContext, asHandlers: Bool
    ) -> [PlannedNode] {
        let absolute = Path.absolute(path)
        guard importing.filter({ $0 == absolute }).count < 1 else {
            report(
                .recursion, "'\(path)' imports itself", at: place,
                remedy: "Use include_tasks with a condition that ends it.")
            return []
        }
        importing.append(absolute)
        defer { importing.removeLast() }
        var inner = context
        inner.file = path
        return plan(
            read(path, askedAt: place, role: context.role, handlers: asHandlers), in: inner, asHandlers: asHandlers)
    }

    /// The nodes of a task file; what is wrong with it is gathered.
    func read(_ path: String, askedAt place: SourceLocation?, role: RoleInstance?, handlers: Bool = false) -> [Node] {
        let outer = readingRole
        readingRole = role
        defer { readingRole = outer }
        do throws(Diagnostic) {
            let root = try files.document(at: path)
            var parser = makeParser()
            let nodes = parser.taskList(root, handlers: handlers)
            diagnostics.add(contentsOf: parser.diagnostics)
            return nodes
        } catch {
            diagnostics.add(error.located(at: place))
            return []
        }
    }

    func fileArgument(of node: TaskNode) -> Field? {
        if let text = node.action.freeForm { return Field(.string(text), at: node.action.location) }
        for name in ["file", "_raw_params"] {
            if let value = node.action.arguments[name] {
                return Field(value, at: node.action.places[name] ?? node.action.location)
            }
        }
        return nil
    }

    func refuseLoop(_ node: TaskNode, _ instead: String) {
        guard let loop = node.loop else { return }
        report(
            .syntax, "'\(node.action.name)' is read before the run and cannot loop", at: loop.items.location,
            remedy: "Use \(instead), which is read when it is met.")
    }

    private func unique(_ names: [String]) -> [String] {
        var seen = Set<String>()
        return names.filter { seen.insert(Path.absolute($0)).inserted }
    }

    // MARK: In a run

    /// The tasks an `include_tasks` brings in, for hosts that evaluated its file to `name`.
    ///
    /// - Throws: `Diagnostics` with everything that is wrong with the file.
    public func include(
        _ name: String, for task: PlannedTask, vars: ValueMap
    ) throws(Diagnostics) -> (nodes: [PlannedNode], path: String) {
        diagnostics = Diagnostics()
        let inherited = handedDown(by: task, vars: vars)
        let context = PlanContext(role: task.role, parents: [], inherited: inherited, file: task.file)
        let path = taskFilePath(name, askedAt: task.node.location, in: context)
        let nodes = path.map { tasks(at: $0, askedAt: task.node.location, in: context, asHandlers: task.isHandler) }
        try diagnostics.throwIfAny()
        return (nodes ?? [], path.map(Path.absolute) ?? name)
    }

    /// Nobody writes more; a file that includes itself for ever would.
    private static let deepestInclude = 100

    /// What counts for the tasks an include brings in: what stands around it, its variables, and what it applies. Its
    /// own keywords count for the include itself. That it hides (`no_log`) is the exception: what is secret there would
    /// be shown below otherwise.
    func handedDown(by task: PlannedTask, vars: ValueMap) -> Inherited {
        var result = task.surroundings ?? task.inherited
        result.vars = task.inherited.vars
        if let own = task.node.keywords.settings[.noLog], !own.value.isNull,
            (try? KeywordValue.flag(own.value, Keywords.Setting.noLog.rawValue)) ?? true
        {
            result.settings[.noLog] = own
        }
        if !vars.isEmpty { result.parameters.append(vars) }
        result.includeDepth += 1
        if result.includeDepth > Self.deepestInclude {
            report(
                .recursion, "includes within includes, \(Self.deepestInclude) deep", at: task.node.location,
                remedy: "A file that includes itself needs a condition that ends it.")
        }
        guard let applied = task.node.action.applied else { return result }
        result = result.entering(applied.keywords, tags: words(applied.keywords.tags))
        if !applied.notify.isEmpty { result.notify = applied.notify }
        return result
    }
}
