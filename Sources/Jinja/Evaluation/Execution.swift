internal import Diagnostics
internal import Values

/// Runs statements.
extension Evaluator {
    /// What happens after a statement.
    enum Flow { case onwards, breakLoop, continueLoop, stop }

    func execute(_ body: [Statement], _ frame: Frame, _ output: inout Output) throws(Diagnostic) -> Flow {
        guard StackGuard.here >= session.stackLimit else {
            throw Diagnostic(.recursion, "the template nests too deeply", at: origin)
        }
        for statement in body {
            let flow = try execute(statement, frame, &output)
            if flow != .onwards { return flow }
        }
        return .onwards
    }

    /// What a body prints, as one value.
    func value(of body: [Statement], _ frame: Frame) throws(Diagnostic) -> Value {
        var output = Output(isSecret: isSecret)
        _ = try execute(body, frame, &output)
        return output.value
    }

    private func execute(
        _ statement: Statement, _ frame: Frame, _ output: inout Output
    ) throws(Diagnostic) -> Flow {
        switch statement {
        case .text(let text):
            try output.settleFirst(self)
            try output.add(text: text, session)
        case .print(let expression, let offset):
            try print(expression, offset, frame, &output)
        case .conditional(let branches, let otherwise):
            return try executeConditional(branches, otherwise, frame, &output)
        case .loop(let loop): return try executeLoop(loop, frame, &output)
        case .set(let target, let expression, let offset):
            try assign(target, try evaluate(expression, frame), frame, offset)
        case .setBlock(let target, let filter, let body, let offset):
            try executeSetBlock(target, filter, body, frame, offset)
        case .macro(let definition): assign(definition.name, .object(Macro(definition, self, frame)), frame)
        case .callBlock(let definition, let call, let offset):
            try executeCallBlock(definition, call, frame, offset, &output)
        case .filterBlock(let chain, let body):
            try output.add(try filtered(chain, body, frame), self)
        case .with(let bindings, let body, let offset):
            return try executeWith(bindings, body, frame, offset, &output)
        case .include(let inclusion): try executeInclude(inclusion, frame, &output)
        case .importModule(let template, let name, let withContext, let offset):
            let module = try importedModule(template, withContext, frame, offset)
            assign(name, .object(module), frame)
        case .importNames(let template, let names, let withContext, let offset):
            try executeImportNames(template, names, withContext, frame, offset)
        case .extends(let template, let offset): return try executeExtends(template, frame, offset, &output)
        case .block(let use): try executeBlock(use, frame, &output)
        case .perform(let expression):
            if case .undefined(let undefined) = try evaluate(expression, frame) { throw error(for: undefined) }
        case .break: return .breakLoop
        case .continue: return .continueLoop
        case .group(let body): return try execute(body, Frame(parent: frame), &output)
        }
        return .onwards
    }

    private func print(
        _ expression: Expression, _ offset: Int, _ frame: Frame, _ output: inout Output
    ) throws(Diagnostic) {
        do throws(Diagnostic) {
            try output.add(try evaluate(expression, frame), self)
        } catch {
            throw located(error, offset)
        }
    }

    private func executeConditional(
        _ branches: [Statement.Branch], _ otherwise: [Statement], _ frame: Frame, _ output: inout Output
    ) throws(Diagnostic) -> Flow {
        for branch in branches {
            let value = try evaluate(branch.condition, frame)
            guard let truth = try truth(value) else {
                if case .unknown(let unknown) = value { output.add(unknown) }
                return .onwards
            }
            if truth { return try execute(branch.body, frame, &output) }
        }
        return try execute(otherwise, frame, &output)
    }

    // MARK: Assignment

    func assign(_ name: Expression.Name, _ value: Value, _ frame: Frame) {
        frame.set(name.slot, value)
        if frame === root, let shared { shared.values[name.text] = value }
    }

    func assign(
        _ target: AssignmentTarget, _ value: Value, _ frame: Frame, _ offset: Int
    ) throws(Diagnostic) {
        switch value {
        case .list, .tuple, .map: try NestingBound.check(value)
        default: break
        }
        switch target {
        case .name(let name): assign(name, value, frame)
        case .member(let name, let member):
            guard case .object(let namespace as NamespaceObject) = try self.value(of: name, frame) else {
                throw failure(
                    "'\(name.text)' is not a namespace", at: name.offset,
                    remedy: "Make it one first: {% set \(name.text) = namespace() %}.")
            }
            namespace.set(member, value)
        case .tuple(let targets, _):
            if case .unknown = value {
                for target in targets { try assign(target, value, frame, offset) }
                return
            }
            let items: [Value]
            do throws(Diagnostic) { items = try elements(try resolved(value)) } catch {
                throw located(error, offset)
            }
            guard items.count == targets.count else {
                throw failure(
                    "cannot unpack \(items.count) values into \(targets.count) names", at: offset)
            }
            for (target, item) in zip(targets, items) { try assign(target, try resolved(item), frame, offset) }
        }
    }

    private func executeSetBlock(
        _ target: AssignmentTarget, _ filter: Expression?, _ body: [Statement], _ frame: Frame, _ offset: Int
    ) throws(Diagnostic) {
        let value: Value
        if let filter {
            value = try filtered(filter, body, frame)
        } else {
            value = try self.value(of: body, Frame(parent: frame))
        }
        try assign(target, value, frame, offset)
    }

    private func filtered(_ chain: Expression, _ body: [Statement], _ frame: Frame) throws(Diagnostic) -> Value {
        let text = try value(of: body, Frame(parent: frame))
        let outer = blockInput
        blockInput = text.isNull ? .string("") : text
        defer { blockInput = outer }
        return try evaluate(chain, frame)
    }

    private func executeWith(
        _ bindings: [(target: AssignmentTarget, value: Expression)], _ body: [Statement], _ frame: Frame,
        _ offset: Int, _ output: inout Output
    ) throws(Diagnostic) -> Flow {
        let inner = Frame(parent: frame)
        for binding in bindings { try assign(binding.target, try evaluate(binding.value, frame), inner, offset) }
        return try execute(body, inner, &output)
    }

    private func executeCallBlock(
        _ definition: MacroDefinition, _ call: Expression, _ frame: Frame, _ offset: Int, _ output: inout Output
    ) throws(Diagnostic) {
        guard case .call(let target, let arguments, _) = call else { return }
        let callee = try evaluate(target, frame)
        if case .undefined(let undefined) = callee { throw error(for: undefined) }
        guard case .object(let object) = callee else {
            throw failure("\(describe(callee)) cannot be called", at: offset)
        }
        guard let macro = object as? Macro else {
            throw failure("a call block needs a macro, not a \(object.typeName)", at: offset)
        }
        let (positional, named) = try values(of: arguments, frame)
        let caller = Value.object(Macro(definition, self, frame))
        try output.add(try macro.call(positional, named, caller: caller), self)
    }

    // MARK: Loops

    private func executeLoop(
        _ loop: Statement.Loop, _ frame: Frame, _ output: inout Output
    ) throws(Diagnostic) -> Flow {
        let iterable = try evaluate(loop.iterable, frame)
        return try run(loop, over: iterable, frame, depth: 0, &output)
    }

    /// Runs a loop; a recursive one comes here again for each inner list.
    func run(
        _ loop: Statement.Loop, over iterable: Value, _ frame: Frame, depth: Int, _ output: inout Output
    ) throws(Diagnostic) -> Flow {
        var items: [Value]
        do throws(Diagnostic) {
            if case .unknown(let unknown) = iterable {
                output.add(unknown)
                return .onwards
            }
            items = try elements(iterable)
        } catch {
            throw located(error, loop.offset)
        }
        if let filter = loop.filter { items = try kept(items, filter, loop, frame) }
        guard !items.isEmpty else { return try execute(loop.otherwise, Frame(parent: frame), &output) }
        let state = LoopObject(self, loop, frame, items, depth: depth)
        var turn = Frame(parent: frame)
        for index in items.indices {
            try session.countTurn()
            if !isKnownUniquelyReferenced(&turn) {
                // A macro made in the last turn keeps that turn's names.
                turn = Frame(parent: frame)
            } else {
                turn.removeAll()
            }
            state.index = index
            turn.set(loop.loopSlot, .object(state))
            try assign(loop.target, try resolved(items[index]), turn, loop.offset)
            let flow = try execute(loop.body, turn, &output)
            if flow == .breakLoop { break }
            if flow == .stop { return .stop }
        }
        return .onwards
    }

    private func kept(
        _ items: [Value], _ filter: Expression, _ loop: Statement.Loop, _ frame: Frame
    ) throws(Diagnostic) -> [Value] {
        var result: [Value] = []
        let turn = Frame(parent: frame)
        for item in items {
            try session.countTurn()
            let item = try resolved(item)
            try assign(loop.target, item, turn, loop.offset)
            let value = try evaluate(filter, turn)
            guard let truth = try truth(value) else {
                throw failure("whether an item belongs to the loop is unknown until a real run", at: loop.offset)
            }
            if truth { result.append(item) }
        }
        return result
    }
}
