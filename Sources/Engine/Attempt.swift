import Diagnostics
import Jinja
import Modules
import Planning
import Playbook
import Results
import Target
import Values
import Variables

/// One attempt at a task or an item: arguments evaluated, the module or action carried out.
extension TaskRun {
    func attempt(in scope: LayeredScope, _ settings: TaskSettings) async -> TaskOutcome {
        do throws(Diagnostic) {
            switch task.action {
            case .missing(let diagnostic): throw diagnostic
            case .templated(let field): throw Diagnostic(.internal, "its module is not known yet", at: field.location)
            case .engine(let action):
                let arguments = try arguments(in: scope, settings)
                if let unknown = Value.map(arguments).firstUnknown { return unsettled(unknown, arguments.keys) }
                return try await engine.perform(action, arguments, run: self, scope, settings)
            case .module(let module):
                return try await attempt(module, in: scope, settings)
            case .custom(let module):
                return try await attempt(module, in: scope, settings)
            }
        } catch {
            var outcome = failed(error)
            if error.code == .timeout, let limit = settings.timeout {
                // What the test `timedout` looks at.
                outcome.values["timedout"] = ["period": .int(Int(limit.components.seconds))]
            }
            return outcome
        }
    }

    /// The outcome of a module or action that threw.
    func failed(_ error: Diagnostic) -> TaskOutcome {
        // A file that is not there was named by an argument; that is where to look.
        let source = error.code == .missingFile ? task.node.action.places["src"] : nil
        return TaskOutcome(failure: error.located(at: source ?? task.node.location))
    }

    private func attempt(
        _ module: any Module.Type, in scope: LayeredScope, _ settings: TaskSettings
    ) async throws(Diagnostic) -> TaskOutcome {
        switch try prepared(module, in: scope, settings) {
        case .unknown(let unknown): return .unknown(unknown)
        case .ready(let instance, let warnings):
            var outcome = try await carryOut(instance, in: scope, settings)
            outcome.warnings += warnings
            // An answer made of what is unknown is no answer.
            if outcome.status == .ok, let unknown = Value.map(outcome.values).firstUnknown { return .unknown(unknown) }
            return outcome
        }
    }

    /// A module that is a file.
    private func attempt(
        _ module: CustomModule, in scope: LayeredScope, _ settings: TaskSettings
    ) async throws(Diagnostic) -> TaskOutcome {
        let arguments = try arguments(in: scope, settings)
        if let unknown = Value.map(arguments).firstUnknown { return .unknown(unknown) }
        engine.redactor.learn(.map(arguments))
        var circumstances = CustomModuleCall.Circumstances()
        circumstances.isCheckMode = settings.isCheckMode
        circumstances.showsDiff = settings.showsDiff
        circumstances.isHidden = settings.isHidden
        circumstances.verbosity = engine.settings.verbosity
        circumstances.defaults = engine.settings.customModules
        let interpreter = try interpreter(of: module, in: scope, settings)
        if case .unknown(let unknown) = interpreter { return .unknown(unknown) }
        circumstances.interpreter = interpreter?.pythonText
        return try await carryOut(CustomModuleCall(module, arguments, circumstances), in: scope, settings)
    }

    /// What runs a module on the host, where a variable or the configuration names it.
    private func interpreter(
        of module: CustomModule, in scope: LayeredScope, _ settings: TaskSettings
    ) throws(Diagnostic) -> Value? {
        guard let name = module.interpreterVariable else { return nil }
        let owner =
            settings.delegate.map { engine.variables.scope(host: $0, task: engine.taskVariables(task)) } ?? scope
        if let value = try owner.lookup(name) {
            let text = try owner.evaluate(value)
            if !text.isNull, !Omit.isMarker(text) { return text }
        }
        return module.isPython ? engine.settings.customModules.python.map { .string($0) } : nil
    }

    /// Carries out what a module is to do: at once, or as a job.
    private func carryOut(
        _ work: some ModuleWork, in scope: LayeredScope, _ settings: TaskSettings
    ) async throws(Diagnostic) -> TaskOutcome {
        if !settings.isCheckMode, let wish = try asynchrony(in: scope) {
            return try await perform(work, wish, settings)
        }
        return taken(
            try await ModuleRunner.perform(
                work, on: try target(settings, for: work), check: settings.isCheckMode,
                beforeChange: { self.begin() }),
            on: settings.delegate)
    }

    /// The outcome where only a run can tell; the facts it would set are as unknown as it is.
    func unsettled(_ unknown: Unknown, _ names: some Sequence<ValueMap.Key>) -> TaskOutcome {
        var outcome = TaskOutcome.unknown(unknown)
        guard case .engine(.setFact) = task.action else { return outcome }
        for name in names where name.text != "cacheable" { outcome.variables[name] = .unknown(unknown) }
        return outcome
    }

    enum Prepared {
        case ready(any Module, warnings: [String])
        case unknown(Unknown)
    }

    /// The module with its arguments evaluated and checked.
    func prepared(_ module: any Module.Type, in scope: LayeredScope, _ settings: TaskSettings) throws(Diagnostic)
        -> Prepared
    {
        var raw = try arguments(in: scope, settings)
        if let unknown = Value.map(raw).firstUnknown { return .unknown(unknown) }
        if let name = module.manual.freeForm, let text = raw.removeValue(forKey: "_raw_params"), raw[name] == nil {
            raw[name] = text
        }
        engine.redactor.learn(.map(raw))
        learnWords(of: raw)
        let inputs = notes?.isOpen == true ? nil : engine.journal.map { _ in TaskInputs() }
        inputs?.add([.map(raw), settings.delegate.map { .string($0) } ?? .null, .string(settings.become?.user ?? "")])
        let places = task.node.action.places
        let (values, found) = ArgumentCheck.check(
            module.manual, raw, places: { [task] in places[$0] ?? task.node.action.location },
            location: task.node.action.location)
        guard let values else {
            throw found.first { $0.severity == .error }
                ?? Diagnostic(.badValue, "wrong arguments for \(module.manual.name)", at: task.node.action.location)
        }
        var context = context(in: scope, settings)
        if module is any ControlMachineModule.Type {
            context.access = try access(in: scope, settings)
            // What it brings over is read by another program.
            inputs?.blur()
        }
        context = inputs?.watching(context) ?? context
        let arguments = Arguments(values: values, location: task.node.action.location, context: context)
        let instance = try module.init(arguments)
        if let inputs {
            inputs.seal()
            self.inputs.append(inputs)
        }
        return .ready(instance, warnings: found.map(\.summary))
    }

    /// Teaches the redactor the words of a secret command line, which programs say again one by one; those that stand
    /// in the playbook as they are hide nothing.
    private func learnWords(of raw: ValueMap) {
        let action = task.node.action
        guard action.shortName == "command", let line = (raw["cmd"] ?? raw["_raw_params"])?.text, line.isSecret,
            let words = try? ShellWords.split(line.string)
        else { return }
        let written = action.freeForm?.string ?? (action.arguments["cmd"] ?? "").pythonText
        let plain = Set(written.split(whereSeparator: \.isWhitespace).map(String.init))
        for word in words where !plain.contains(word) {
            engine.redactor.learn(word)
            // `--token=…` is taken apart by the program.
            if let sign = word.firstIndex(of: "=") { engine.redactor.learn(String(word[word.index(after: sign)...])) }
        }
    }

    /// The arguments as evaluated; what is omitted is left out.
    func arguments(in scope: LayeredScope, _ settings: TaskSettings) throws(Diagnostic) -> ValueMap {
        let action = task.node.action
        var raw = try defaults(in: scope)
        if let dynamic = action.dynamicArguments {
            let value = try scope.evaluate(dynamic.value)
            if case .unknown = value { return ["_raw_params": value] }
            guard let map = value.mapValue else {
                throw Diagnostic(
                    .badValue, "arguments of '\(action.name)' must be a map, not \(value.typeName)",
                    at: dynamic.location)
            }
            raw.merge(map)
        }
        for (key, value) in action.arguments {
            // Conditions are evaluated by the module that asks for them, one by one, as bare expressions.
            if action.shortName == "assert", key == "that" {
                raw[key] = value
                continue
            }
            if action.shortName == "debug", key == "var" {
                raw[key] = try variableName(value, in: scope)
                continue
            }
            do throws(Diagnostic) {
                raw[try evaluatedKey(key, in: scope)] = try scope.evaluate(value)
            } catch {
                throw error.located(at: action.places[key.text])
            }
        }
        if let text = action.freeForm {
            raw["_raw_params"] = try scope.evaluate(.string(text))
        }
        return Omit.removed(from: .map(raw))?.mapValue ?? [:]
    }

    /// What `debug` is to show: an expression as it is written, or the name that a template gives. What else a template
    /// gives is no expression: it may have come from a host.
    private func variableName(_ value: Value, in scope: LayeredScope) throws(Diagnostic) -> Value {
        guard case .string(let text) = value, text.string.drop(while: \.isWhitespace).hasPrefix("{{") else {
            return value
        }
        let given = try scope.evaluate(value)
        if given.firstUnknown != nil { return given }
        guard case .string(let name) = given, name.string.isVariablePath else {
            throw Diagnostic(
                .badValue,
                "'var' takes a variable's name, and its template gave \(given.text == nil ? given.typeName : "other text")",
                at: task.node.action.places["var"], remedy: "Write `msg:` to show what a template gives.")
        }
        return given
    }

    /// Names of facts may be templates.
    private func evaluatedKey(_ key: ValueMap.Key, in scope: LayeredScope) throws(Diagnostic) -> ValueMap.Key {
        guard task.node.action.shortName == "set_fact", key.text.contains("{{") else { return key }
        let text = Text(key.text, marks: .template, origin: task.node.action.places[key.text])
        return .string(try scope.evaluate(.string(text)).pythonText)
    }

    /// What `module_defaults` say for the module.
    private func defaults(in scope: LayeredScope) throws(Diagnostic) -> ValueMap {
        guard let field = task.inherited.settings[.moduleDefaults] else { return [:] }
        let value = try scope.evaluate(field.value)
        var result = ValueMap()
        for map in value.elements ?? [value] {
            for (key, defaults) in map.mapValue ?? [:] where matches(key.text) {
                result.merge(defaults.mapValue ?? [:])
            }
        }
        return result
    }

    private func matches(_ name: String) -> Bool {
        if name == task.node.action.name { return true }
        if case .custom(let module) = task.action { return name == module.fullName }
        guard case .module(let module) = task.action else { return false }
        return name == module.manual.name || name == module.manual.shortName || module.manual.aliases.contains(name)
    }

    /// How the task's host is reached by programs that run on the control machine.
    ///
    /// - Returns: Nil where they need not reach it: it is that machine, or they run on the host itself.
    /// - Throws: `Diagnostic` if they would run on a third machine.
    private func access(in scope: LayeredScope, _ settings: TaskSettings) throws(Diagnostic) -> HostAccess? {
        var request = settings.request
        if let delegate = settings.delegate {
            if delegate == host.name { return nil }
            guard settings.request.isLocal else {
                throw Diagnostic(
                    .unsupported, "'\(task.node.action.name)' cannot be delegated to '\(delegate)'",
                    at: task.node.location,
                    remedy:
                        "That host would have to sign in to '\(host.name)' by itself. Delegate to localhost, or pull "
                        + "to the control machine first.")
            }
            request = try engine.connectionRequest(of: task, on: host, in: scope)
        }
        if request.isLocal { return nil }
        if ProgramKind(name: request.kind) != nil {
            throw Diagnostic(
                .unsupported,
                "'\(task.node.action.name)' goes by ssh, and '\(host.name)' is reached by \(request.kind)",
                at: task.node.location,
                remedy: "Use `copy` for its files, or run the task on the control machine with a mounted folder for "
                    + "its `dest`.")
        }
        return HostAccess(
            address: request.address, port: request.port, user: request.user, usesPassword: request.password != nil,
            privateKey: request.privateKey, arguments: request.arguments,
            checksHostKey: request.checksHostKey ?? engine.settings.checksHostKeys, become: settings.become)
    }

    /// The task's host, or for a module that reaches it by itself the machine that does.
    func target(_ settings: TaskSettings, for module: any ModuleWork) throws(Diagnostic) -> HostTarget {
        guard module is any ControlMachineModule, settings.delegate != host.name,
            !settings.request.isLocal || settings.delegate != nil
        else { return try target(settings) }
        var here = settings
        here.request = .controlMachine(timeout: settings.request.timeout)
        // Who becomes another user is the host's side.
        here.become = nil
        return try target(here)
    }

    func target(_ settings: TaskSettings) throws(Diagnostic) -> HostTarget {
        var shell = try engine.connections.shell(settings.request, as: settings.become)
        if let notes {
            shell = notes.before(shell, settings.request, settings.become, in: engine.connections)
        }
        if let limit = settings.timeout {
            shell = HurriedShell(shell: shell, deadline: .now.advanced(by: limit), limit: limit)
        }
        return HostTarget(
            hostName: settings.delegate ?? host.name, shell: shell,
            foreseen: settings.isCheckMode ? engine.foreseen[settings.delegate ?? host.name] ?? Foreseen() : Foreseen(),
            environment: settings.environment,
            become: settings.become, isControlMachine: settings.request.isLocal,
            progress: progress(on: settings.delegate ?? host.name, isHidden: settings.isHidden))
    }

    /// A module's outcome as the task's; what a dry run foresees is kept for later tasks.
    ///
    /// - Parameter delegate: The host it was carried out on, if another than the task's.
    func taken(_ outcome: ModuleOutcome, on delegate: String?) -> TaskOutcome {
        var result: TaskOutcome
        switch outcome.status {
        case .ok: result = TaskOutcome(.ok)
        case .changed: result = TaskOutcome(.changed)
        case .skipped: result = TaskOutcome(.skipped)
        case .failed: result = TaskOutcome(.failed, diagnostic: outcome.result.failure)
        case .unknown(let unknown): result = .unknown(unknown)
        }
        result.values = outcome.result.values
        result.values["changed"] = .bool(outcome.result.changed)
        result.facts = outcome.result.facts
        result.warnings = outcome.result.warnings
        result.change = outcome.change
        if modes.diff, let change = outcome.change, case .module(let module) = task.action {
            let path = result.values["path"] ?? result.values["dest"]
            result.values["diff"] = module.manual.registeredDiff.value(of: change, path: path)
        }
        result.diagnostic = result.diagnostic?.located(at: task.node.location)
        if modes.check, let change = outcome.change, result.status == .changed {
            engine.foreseen[delegate ?? host.name, default: Foreseen()].add(change)
        }
        return result
    }

    /// What modules that work with files, templates or expressions are lent.
    private func context(in scope: LayeredScope, _ settings: TaskSettings) -> ModuleContext {
        let planner = engine.planner
        return ModuleContext(
            findFile: { (name, kind) throws(Diagnostic) in
                let places = FileSearch.candidates(name, kind: kind, in: scope.searchPath)
                guard let path = places.first(where: { ProjectFiles.isFile($0) || ProjectFiles.isDirectory($0) }) else {
                    throw Diagnostic(
                        .missingFile, "no file '\(name)'", remedy: "Looked for \(places.joined(separator: ", ")).")
                }
                return path
            },
            readFile: { (path, decrypt) throws(Diagnostic) in try planner.content(of: path, opened: decrypt) },
            render: { (text, path, options) throws(Diagnostic) in
                let source = SourceFile(name: path, text: text.string, isSecret: text.isSecret)
                let template = Text(
                    text.string, marks: text.marks.union(.template),
                    origin: SourceLocation(file: source, line: 1, column: 1))
                let file = scope.templateFile(
                    options["src"]?.pythonText ?? path, at: path, destination: options["dest"])
                return try scope.render(template, options: try TemplateOptions(moduleOptions: options), of: file)
            },
            show: { (text) throws(Diagnostic) in try scope.shown(text) },
            condition: { (condition) throws(Diagnostic) in
                switch try scope.condition(condition) {
                case .yes: true
                case .no: false
                case .unknown(let unknown): .unknown(unknown)
                }
            },
            variable: { (name) throws(Diagnostic) in
                guard let value = try scope.lookup(name) else { return nil }
                return try scope.evaluate(value)
            },
            isCheckMode: settings.isCheckMode, verbosity: engine.settings.verbosity)
    }
}
