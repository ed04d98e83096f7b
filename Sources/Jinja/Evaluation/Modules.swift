internal import Diagnostics
internal import Values

/// Names that a chain of templates extending each other has set at its top level.
final class SharedNames {
    var values: [String: Value] = [:]
}

/// The blocks of a chain of templates, the most derived first.
final class Inheritance {
    var layers: [String: [(evaluator: Evaluator, body: Body)]] = [:]

    func add(_ evaluator: Evaluator) {
        for (name, body) in evaluator.template.blocks { layers[name, default: []].append((evaluator, body)) }
    }
}

/// Including, importing and extending other templates.
extension Evaluator {
    private struct Loaded {
        let compiled: CompiledTemplate
        let origin: SourceLocation
        let isSecret: Bool
    }

    private func loadedTemplate(
        _ expression: Expression, _ frame: Frame, _ offset: Int
    ) throws(Diagnostic) -> Loaded {
        let value = try operand(try evaluate(expression, frame))
        let candidates = value.elements ?? [value]
        var last: Diagnostic?
        for candidate in candidates {
            guard case .string(let name) = candidate else {
                throw failure("a template's name must be text, not \(describe(candidate))", at: offset)
            }
            guard let loader = session.environment.loader else {
                throw Diagnostic(
                    .missingFile, "'\(name.string)' cannot be brought in: there are no template files here",
                    at: location(offset), remedy: "Use the template module, or the template lookup.")
            }
            session.isVolatile = true
            do throws(Diagnostic) {
                let source = try loader(name.string)
                let file = SourceFile(name: source.name, text: source.text, isSecret: source.isSecret)
                let origin = SourceLocation(file: file, line: 1, column: 1)
                var options = template.options
                options.literalBackslashes = false
                let compiled = try session.environment.compiled(
                    source.text, options: options, isExpression: false, origin: origin, isSecret: source.isSecret)
                return Loaded(compiled: compiled, origin: origin, isSecret: source.isSecret)
            } catch  where error.code == .missingFile {
                last = last ?? error
            }
        }
        throw located(last ?? Diagnostic(.missingFile, "no template name is given"), offset)
    }

    /// The names a template hands to one it includes: all it has set so far, inner ones first.
    ///
    /// - Parameter withLoop: Whether `loop` is among them: it is a block's, and not another template's.
    private func visibleNames(_ frame: Frame, withLoop: Bool) -> [String: Value] {
        var result = shared?.values ?? [:]
        var chain: [Frame] = []
        var current: Frame? = frame
        while let frame = current {
            chain.append(frame)
            current = frame.parent
        }
        for frame in chain.reversed() {
            for entry in frame.assignments {
                if !withLoop, case .object(let object) = entry.value, object is LoopObject { continue }
                result[template.names[entry.slot]] = entry.value
            }
        }
        return result
    }

    private func innerScope(_ frame: Frame, withContext: Bool) -> any Scope {
        guard withContext else { return EmptyScope(base: scope) }
        let names = visibleNames(frame, withLoop: false)
        return names.isEmpty ? scope : LayeredScope(values: names, base: scope)
    }

    func execute(
        _ inclusion: Statement.Inclusion, _ frame: Frame, _ output: inout Output
    ) throws(Diagnostic) {
        try session.enterMacro()
        defer { session.leaveMacro() }
        let loaded: Loaded
        do throws(Diagnostic) {
            loaded = try loadedTemplate(inclusion.template, frame, inclusion.offset)
        } catch  where error.code == .missingFile && inclusion.ignoresMissing {
            return
        }
        let inner = Evaluator(
            loaded.compiled, origin: loaded.origin, isSecret: isSecret || loaded.isSecret,
            scope: innerScope(frame, withContext: inclusion.withContext), session: session)
        try inner.run(into: &output)
    }

    /// Runs the whole template.
    func run(into output: inout Output) throws(Diagnostic) {
        if isSecret { output.noteSecret() }
        if !template.blocks.isEmpty, inheritance == nil {
            let inheritance = Inheritance()
            inheritance.add(self)
            self.inheritance = inheritance
        }
        _ = try execute(template.body, root, &output)
    }

    func importedModule(
        _ expression: Expression, _ withContext: Bool, _ frame: Frame, _ offset: Int
    ) throws(Diagnostic) -> ModuleObject {
        try session.enterMacro()
        defer { session.leaveMacro() }
        let loaded = try loadedTemplate(expression, frame, offset)
        let inner = Evaluator(
            loaded.compiled, origin: loaded.origin, isSecret: loaded.isSecret,
            scope: innerScope(frame, withContext: withContext), session: session)
        var output = Output(isSecret: loaded.isSecret)
        try inner.run(into: &output)
        return ModuleObject(inner, printed: output.value, name: loaded.origin.file.name)
    }

    func execute(_ node: Statement.NamesImport, _ frame: Frame) throws(Diagnostic) {
        let module = try importedModule(node.template, node.withContext, frame, node.offset)
        for name in node.names {
            let value = try module.member(.string(name.name))
            assign(
                name.local,
                value
                    ?? undefined(
                        "the template '\(module.name)' has no '\(name.name)'", name: name.name, at: node.offset,
                        candidates: { module.keys?.map(\.text) ?? [] }), frame)
        }
    }

    // MARK: Blocks

    func execute(
        _ node: Statement.Extension, _ frame: Frame, _ output: inout Output
    ) throws(Diagnostic) -> Flow {
        try session.enterMacro()
        defer { session.leaveMacro() }
        let loaded = try loadedTemplate(node.template, frame, node.offset)
        let shared = shared ?? SharedNames()
        for entry in root.assignments { shared.values[template.names[entry.slot]] = entry.value }
        self.shared = shared
        let parent = Evaluator(
            loaded.compiled, origin: loaded.origin, isSecret: isSecret || loaded.isSecret, scope: scope,
            session: session)
        let inheritance = inheritance ?? Inheritance()
        if inheritance.layers.isEmpty { inheritance.add(self) }
        self.inheritance = inheritance
        inheritance.add(parent)
        parent.inheritance = inheritance
        parent.shared = shared
        // What the child goes on to set at its top level is seen by the parent; what it prints is not.
        var unprinted = Output(isSecret: false)
        if let rest = statementsAfterExtends { _ = try execute(rest, root, &unprinted) }
        try parent.run(into: &output)
        return .stop
    }

    /// The top level's assignments, macros and imports after the `extends` tag.
    private var statementsAfterExtends: Body? {
        let statements = template.body.statements
        guard let index = statements.firstIndex(where: { if case .extends = $0 { true } else { false } }) else {
            return nil
        }
        return Body(
            statements[(index + 1)...].filter { statement in
                switch statement {
                case .set, .setBlock, .macro, .importModule, .importNames: true
                default: false
                }
            })
    }

    func execute(_ use: Statement.BlockUse, _ frame: Frame, _ output: inout Output) throws(Diagnostic) {
        guard let layers = inheritance?.layers[use.name], let first = layers.first else { return }
        if use.isRequired, layers.count == 1 {
            throw failure("the required block '\(use.name)' is not filled in", at: use.offset)
        }
        try session.enterMacro()
        defer { session.leaveMacro() }
        let outerFrame = use.isScoped && first.evaluator === self ? frame : first.evaluator.root
        if use.isScoped, first.evaluator !== self {
            // The overriding template sees the loop's names through the shared ones.
            let shared = shared ?? SharedNames()
            self.shared = shared
            let before = shared.values
            for (name, value) in visibleNames(frame, withLoop: true) { shared.values[name] = value }
            defer { shared.values = before }
            try first.evaluator.executeBlock(use.name, level: 0, Frame(parent: outerFrame), &output)
            return
        }
        try first.evaluator.executeBlock(use.name, level: 0, Frame(parent: outerFrame), &output)
    }

    func executeBlock(
        _ name: String, level: Int, _ frame: Frame, _ output: inout Output
    ) throws(Diagnostic) {
        guard let layers = inheritance?.layers[name], layers.indices.contains(level) else { return }
        blockStack.append((name, level))
        defer { blockStack.removeLast() }
        if layers[level].evaluator.isSecret { output.noteSecret() }
        _ = try execute(layers[level].body, frame, &output)
    }

    /// `super()`: the block of the template this one extends.
    func callSuper(_ frame: Frame, _ offset: Int) throws(Diagnostic) -> Value {
        guard let current = blockStack.last, let layers = inheritance?.layers[current.name],
            layers.indices.contains(current.level + 1)
        else { throw failure("super() has no block to call: no template above has this one", at: offset) }
        try session.enterMacro()
        defer { session.leaveMacro() }
        let next = layers[current.level + 1]
        var output = Output(isSecret: isSecret)
        try next.evaluator.executeBlock(
            current.name, level: current.level + 1, Frame(parent: next.evaluator.root), &output)
        return output.value
    }
}

/// What `import` gives: the names a template has set at its top level.
final class ModuleObject: TemplateObject, @unchecked Sendable {
    // Unchecked: it lives within one evaluation, on one thread.
    private let evaluator: Evaluator
    private let printed: Value
    let name: String

    init(_ evaluator: Evaluator, printed: Value, name: String) {
        self.evaluator = evaluator
        self.printed = printed
        self.name = name
    }

    var typeName: String { "template module" }
    var text: String { PythonPrint.text(printed) }

    var keys: [ValueMap.Key]? {
        evaluator.root.assignments.map { .string(evaluator.template.names[$0.slot]) }.filter { !$0.text.hasPrefix("_") }
    }

    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? {
        guard case .string(let name) = key, !name.hasPrefix("_"),
            let slot = evaluator.template.names.firstIndex(of: name)
        else { return nil }
        let value = evaluator.root.find(slot)
        return evaluator.isSecret ? value?.markedSecret : value
    }
}
