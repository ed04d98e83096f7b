public import Diagnostics
import Inventory
import Playbook
public import Values
import Variables
import YAML

/// How roles are found and unfolded.
extension Planner {
    /// Which of a role's files are used, where an include names others than `main`.
    struct RoleFiles {
        var tasks = "main"
        var vars = "main"
        var defaults = "main"
        var handlers = "main"
        /// Whether what the role says of its arguments is held to.
        var validates = true
    }

    /// - Parameter repeats: Whether it runs again on hosts that have been through it, as imports and includes do.
    func role(
        _ reference: RoleReference, in context: PlanContext, files: RoleFiles = RoleFiles(), repeats: Bool = false,
        isDependency: Bool = false
    ) -> PlannedRole? {
        guard
            let name = constantText(
                Field(
                    .string(
                        Text(
                            reference.name, marks: marks(reference.name),
                            origin: reference.location)), at: reference.location),
                around: surroundings(context.inherited, context))
        else { return nil }
        guard let place = rolePlace(name, reference.location, context) else { return nil }
        let path = place.path
        guard !context.parents.contains(where: { $0.path == path }), context.role?.path != path || files.tasks != "main"
        else {
            let chain = (context.parents + [context.role].compactMap(\.self)).map(\.name) + [name]
            report(
                .recursion, "role '\(name)' depends on itself: \(chain.joined(separator: " → "))",
                at: reference.location, remedy: "Take one of these dependencies out.")
            return nil
        }
        let meta = metadata(of: path, reference.location)
        let parameters = reference.parameters
        let inherited = context.inherited.entering(
            reference.keywords, tags: words(reference.keywords.tags), vars: false)
        let instance = RoleInstance(
            place, collections: [place.collection].compactMap(\.self) + meta.collections,
            defaults: variables(in: "\(path)/defaults", named: files.defaults, reference.location),
            vars: variables(in: "\(path)/vars", named: files.vars, reference.location),
            ownVars: reference.keywords.vars, parameters: parameters, parent: context.role,
            allowsDuplicates: meta.allowDuplicates || repeats,
            isDependency: isDependency,
            location: reference.location,
            identity: identity(path, reference, files))
        var inner = context
        if let outer = context.role { inner.parents.append(outer) }
        inner.role = instance
        inner.inherited = inherited
        let dependencies = meta.dependencies.compactMap { dependency -> PlannedNode? in
            role(dependency, in: inner, isDependency: true).map(PlannedNode.role)
        }
        playRoles.append(instance)
        if !rolesMet.contains(path) { rolesMet.append(path) }
        takeHandlers(of: instance, inner, files)
        var tasks: [PlannedNode] = []
        if files.validates, let validation = validation(of: instance, files.tasks) {
            tasks = plan([.task(validation)], in: inner)
        }
        if let file = mainFile(in: "\(path)/tasks", named: files.tasks) {
            inner.file = file
            tasks += plan(read(file, askedAt: reference.location, role: instance), in: inner)
        } else if files.tasks != "main" {
            report(
                .missingFile, "role '\(name)' has no tasks '\(files.tasks)'", at: reference.location,
                remedy: "Looked in \(path)/tasks.")
        }
        return PlannedRole(instance: instance, dependencies: dependencies, tasks: tasks)
    }

    func importRole(_ node: TaskNode, _ inherited: Inherited, _ context: PlanContext) -> [PlannedNode] {
        refuseLoop(node, "include_role")
        guard let (reference, files) = roleReference(node, evaluated: nil, around: surroundings(inherited, context))
        else {
            return []
        }
        var inner = context
        inner.inherited = inherited
        if !node.notify.isEmpty { inner.inherited.notify = node.notify }
        guard let role = role(reference, in: inner, files: files, repeats: repeats(node.action.arguments)) else {
            return []
        }
        return [.role(role)]
    }

    /// The tasks an `include_role` brings in.
    ///
    /// - Parameter arguments: Its arguments, evaluated.
    /// - Throws: `Diagnostics` with everything that is wrong with the role.
    public func includeRole(_ arguments: ValueMap, for task: PlannedTask, vars: ValueMap) throws(Diagnostics)
        -> (role: PlannedRole, handlers: [PlannedTask], instances: [RoleInstance])?
    {
        diagnostics = Diagnostics()
        playHandlers = []
        playRoles = []
        guard let (reference, files) = roleReference(task.node, evaluated: arguments) else {
            try diagnostics.throwIfAny()
            return nil
        }
        let inherited = handedDown(by: task, vars: vars)
        let context = PlanContext(role: task.role, parents: [], inherited: inherited, file: task.file)
        let role = role(reference, in: context, files: files, repeats: repeats(arguments))
        try diagnostics.throwIfAny()
        return role.map { ($0, playHandlers, playRoles) }
    }

    /// Includes and imports run a role as often as they are met, unless they say otherwise.
    private func repeats(_ arguments: ValueMap) -> Bool { arguments["allow_duplicates"]?.isTruthy ?? true }

    private func roleReference(
        _ node: TaskNode, evaluated: ValueMap?, around task: @autoclosure () -> TaskVariables? = nil
    ) -> (RoleReference, RoleFiles)? {
        let arguments = evaluated ?? node.action.arguments
        func text(_ name: String) -> String? {
            guard let value = arguments[name] else { return nil }
            return constantText(Field(value, at: node.action.places[name] ?? node.location), around: task())
        }
        checkRoleArguments(of: node, arguments)
        guard let name = text("name") ?? text("role") else { return nil }
        var files = RoleFiles()
        files.tasks = text("tasks_from") ?? "main"
        files.vars = text("vars_from") ?? "main"
        files.defaults = text("defaults_from") ?? "main"
        files.handlers = text("handlers_from") ?? "main"
        files.validates = arguments["rolespec_validate"]?.isTruthy ?? true
        let reference = RoleReference(
            name: name, location: node.action.places["name"] ?? node.location, keywords: Keywords(), parameters: [:])
        return (reference, files)
    }

    /// What `include_role` and `import_role` take.
    func checkRoleArguments(of node: TaskNode, _ arguments: ValueMap) {
        if arguments["name"] == nil, arguments["role"] == nil {
            report(
                .missingArgument, "'\(node.action.name)' needs the name of a role", at: node.location,
                remedy: "Write 'name: ROLE' below it.")
        }
        let known = [
            "name", "role", "tasks_from", "vars_from", "defaults_from", "handlers_from", "public", "allow_duplicates",
            "rolespec_validate",
        ]
        for key in arguments.keys where !known.contains(key.text) {
            report(
                .unknownArgument, "unknown argument '\(key.text)' for \(node.action.name)",
                at: node.action.places[key.text] ?? node.location,
                remedy: NearestNames.hint(key.text, among: known + ["apply"]))
        }
    }

    // MARK: Files of a role

    private func takeHandlers(of instance: RoleInstance, _ context: PlanContext, _ files: RoleFiles) {
        guard handlersTaken.insert(instance.path + "#" + files.handlers).inserted,
            let file = mainFile(in: "\(instance.path)/handlers", named: files.handlers)
        else { return }
        var inner = context
        inner.file = file
        let nodes = plan(
            read(file, askedAt: instance.location, role: instance, handlers: true), in: inner, asHandlers: true)
        playHandlers += Self.tasks(of: nodes)
    }

    private func metadata(of path: String, _ place: SourceLocation) -> RoleMetadata {
        guard let file = mainFile(in: "\(path)/meta", named: "main") else { return RoleMetadata() }
        do throws(Diagnostic) {
            let root = try files.document(at: file)
            var parser = makeParser()
            let result = parser.roleMetadata(root)
            diagnostics.add(contentsOf: parser.diagnostics)
            return result
        } catch {
            diagnostics.add(error.located(at: place))
            return RoleMetadata()
        }
    }

    /// The task that holds a role's variables to what the role says of them, in `meta/argument_specs.yml` or under
    /// `argument_specs` in `meta/main.yml`; nil if it says nothing of that way in.
    private func validation(of instance: RoleInstance, _ entry: String) -> TaskNode? {
        let folder = "\(instance.path)/meta"
        guard
            let file = mainFile(in: folder, named: "argument_specs") ?? mainFile(in: folder, named: "main"),
            let root = try? files.document(at: file), let specs = root["argument_specs"]
        else { return nil }
        guard specs.isNull || specs.pairs != nil else {
            report(
                .syntax, "'argument_specs' must be a map of ways in, not \(specs.kindName)", at: specs.location,
                remedy: "Begin with 'main:', which is tasks/main.yml.")
            return nil
        }
        guard let spec = specs[entry], spec.pairs?.isEmpty == false else { return nil }
        var parser = makeParser()
        let options = spec["options"].map { parser.variables($0) } ?? [:]
        diagnostics.add(contentsOf: parser.diagnostics)
        var action = TaskNode.Action(name: "ansible.builtin.validate_argument_spec", location: spec.location)
        action.arguments = [
            "argument_spec": .map(options), "provided_arguments": .map(instance.parameters),
            "validate_args_context": [
                "type": "role", "name": .string(instance.name), "argument_spec_name": .string(entry),
                "path": .string(Path.absolute(instance.path)),
            ],
        ]
        var keywords = Keywords()
        let short = spec["short_description"]?.scalarText.map { " - \($0)" } ?? ""
        keywords.name = Field(
            .string("Validating arguments against arg spec '\(entry)'\(short)"), at: spec.location)
        keywords.tags = [Field("always", at: spec.location)]
        return TaskNode(keywords: keywords, action: action, location: spec.location)
    }

    private func variables(in directory: String, named name: String, _ place: SourceLocation) -> ValueMap {
        var result = ValueMap()
        for file in variableFiles(in: directory, named: name) {
            do throws(Diagnostic) {
                let root = try files.document(at: file)
                var parser = makeParser()
                result.merge(parser.variables(root))
                diagnostics.add(contentsOf: parser.diagnostics)
            } catch {
                diagnostics.add(error.located(at: place))
            }
        }
        return result
    }

    /// `main.yml`, or everything in a directory `main`.
    private func variableFiles(in directory: String, named name: String) -> [String] {
        if let file = mainFile(in: directory, named: name) { return [file] }
        let folder = "\(directory)/\(name)"
        guard ProjectFiles.isDirectory(folder) else { return [] }
        return Path.entries(of: folder).filter { entry in
            [".yml", ".yaml", ".json"].contains { entry.hasSuffix($0) }
        }.map { "\(folder)/\($0)" }
    }

    private func mainFile(in directory: String, named name: String) -> String? {
        ["", ".yml", ".yaml", ".json"].map { "\(directory)/\(name)\($0)" }.first(where: ProjectFiles.isFile)
    }

    /// Where a role is: in a collection, if its name says so or those around it are to be sought in some; else in the
    /// folders of roles.
    private func rolePlace(_ name: String, _ place: SourceLocation, _ context: PlanContext) -> RolePlace? {
        var candidates: [RolePlace] = []
        let parts = name.split(separator: ".").map(String.init)
        if parts.count >= 3 {
            candidates += inCollection("\(parts[0]).\(parts[1])", Array(parts[2...]), shownAs: parts[parts.count - 1])
        } else if !name.contains("/") {
            for collection in context.role?.collections ?? collections(context.inherited) {
                candidates += inCollection(collection, parts, shownAs: name)
            }
        }
        var folders = [Path.join(playbookDirectory, "roles")]
        if let role = context.role { folders.append(Path.directory(of: role.path)) }
        folders += settings.rolesPath + [playbookDirectory]
        candidates += folders.map { RolePlace(name: name, path: Path.join($0, name)) }
        if name.hasPrefix("/") { candidates = [RolePlace(name: name, path: name)] }
        if let found = candidates.first(where: { ProjectFiles.isDirectory($0.path) }) { return found }
        let paths = candidates.map(\.path)
        let near = Set(paths.map(Path.directory(of:))).flatMap { folder in
            Path.entries(of: folder).filter { ProjectFiles.isDirectory("\(folder)/\($0)") }
        }
        report(
            .missingRole, "no role '\(name)'", at: place,
            remedy: (NearestNames.hint(name, among: Set(near)).map { $0 + " " } ?? "")
                + "Looked for \(paths.joined(separator: ", ")).")
        return nil
    }

    private func inCollection(_ collection: String, _ parts: [String], shownAs short: String) -> [RolePlace] {
        let names = collection.split(separator: ".")
        guard names.count == 2 else { return [] }
        let below = "ansible_collections/\(names[0])/\(names[1])/roles/\(parts.joined(separator: "/"))"
        return customModules.collectionBases.map {
            RolePlace(name: "\(collection).\(short)", path: "\($0)/\(below)", collection: collection)
        }
    }

    /// The collections that `collections:` names.
    func collections(_ inherited: Inherited) -> [String] {
        let field = inherited.settings[.collections]?.value
        return (field?.elements ?? [field].compactMap(\.self)).map(\.pythonText)
    }

    /// What makes two uses of a role the same: its own words count, not those of whoever depends on it.
    private func identity(_ path: String, _ reference: RoleReference, _ files: RoleFiles) -> String {
        let keywords = reference.keywords
        let parameters = keywords.vars.merging(reference.parameters).map {
            "\($0.key.text)=\($0.value.pythonRepresentation)"
        }
        let when = keywords.when.map(\.value.pythonText)
        let tags = keywords.tags.map(\.value.pythonText)
        let parts = [parameters.sorted(), when, tags].map { $0.joined(separator: "\u{1e}") }
        return ([path, files.tasks] + parts).joined(separator: "\u{1f}")
    }

    private func marks(_ text: String) -> Text.Marks { text.contains("{{") ? .template : [] }
}
