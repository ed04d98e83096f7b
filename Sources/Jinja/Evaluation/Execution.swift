internal import Diagnostics
internal import Values

/// Runs statements.
extension Evaluator {
    /// What happens after a statement.
    enum Flow { case onwards, breakLoop, continueLoop, stop }

    func execute(_ body: Body, _ frame: Frame, _ output: inout Output) throws(Diagnostic) -> Flow {
        guard session.hasStackLeft else {
            throw Diagnostic(.recursion, "the template nests too deeply", at: origin)
        }
        for index in 0..<body.steps.count {
            switch body.steps[index] {
            case .text(let text): try text.with { node throws(Diagnostic) in try output.add(node, self) }
            case .print(let print): try print.with { node throws(Diagnostic) in try execute(node, frame, &output) }
            case .other(let other):
                let flow = try other.with { node throws(Diagnostic) in try execute(node.statement, frame, &output) }
                if flow != .onwards { return flow }
            }
        }
        return .onwards
    }

    /// What a body prints, as one value.
    func value(of body: Body, _ frame: Frame) throws(Diagnostic) -> Value {
        var output = Output(isSecret: isSecret)
        _ = try execute(body, frame, &output)
        return output.value
    }

    private func execute(
        _ statement: Statement, _ frame: Frame, _ output: inout Output
    ) throws(Diagnostic) -> Flow {
        switch statement {
        case .text(let text): try output.add(text, self)
        case .print(let print): try execute(print, frame, &output)
        case .conditional(let conditional): return try execute(conditional, frame, &output)
        case .loop(let loop):
            return try run(loop, over: try bounded(loop.iterable, frame), frame, depth: 0, &output)
        case .set(let set): try assign(set.target, try bounded(set.value, frame), frame, set.offset)
        case .setBlock(let set): try execute(set, frame)
        case .macro(let definition): assign(definition.name, .object(Macro(definition, self, frame)), frame)
        case .callBlock(let block): try execute(block, frame, &output)
        case .filterBlock(let block): try output.add(try filtered(block.chain, block.body, frame), self)
        case .with(let with): return try execute(with, frame, &output)
        case .include(let inclusion): try execute(inclusion, frame, &output)
        case .importModule(let node):
            let module = try importedModule(node.template, node.withContext, frame, node.offset)
            assign(node.name, .object(module), frame)
        case .importNames(let node): try execute(node, frame)
        case .extends(let node): return try execute(node, frame, &output)
        case .block(let use): try execute(use, frame, &output)
        case .perform(let node):
            if case .undefined(let undefined) = try evaluate(node.value, frame) { throw error(for: undefined) }
        case .break: return .breakLoop
        case .continue: return .continueLoop
        case .group(let body): return try execute(body, Frame(parent: frame), &output)
        }
        return .onwards
    }

    private func execute(_ print: Statement.Print, _ frame: Frame, _ output: inout Output) throws(Diagnostic) {
        if let before = print.before { try before.with { text throws(Diagnostic) in try output.add(text, self) } }
        do throws(Diagnostic) {
            if output.isText, let call = print.call {
                let isPrinted = try call.with { call throws(Diagnostic) in try printMacro(call, frame, &output) }
                if isPrinted { return }
            }
            try output.add(try evaluate(print.value, frame), self)
        } catch {
            throw located(error, print.offset)
        }
    }

    private func execute(
        _ conditional: Statement.Conditional, _ frame: Frame, _ output: inout Output
    ) throws(Diagnostic) -> Flow {
        for index in 0..<conditional.branches.count {
            let flow: Flow? = try conditional.branches[index].with { branch throws(Diagnostic) in
                switch try decide(branch.condition, frame) {
                case .yes: return try execute(branch.body, frame, &output)
                case .no: return nil
                case .unknown(let unknown):
                    output.add(unknown)
                    return .onwards
                }
            }
            if let flow { return flow }
        }
        return try execute(conditional.otherwise, frame, &output)
    }

    // MARK: Assignment

    /// The value of an expression that a name is given: not nested too deeply, should it have made something new.
    func bounded(_ expression: Expression, _ frame: Frame) throws(Diagnostic) -> Value {
        let value = try evaluate(expression, frame)
        switch value {
        case .list, .tuple, .map: if !expression.isPath { try NestingBound.check(value) }
        default: break
        }
        return value
    }

    func assign(_ name: Expression.Name, _ value: Value, _ frame: Frame) {
        frame.set(name.slot, value)
        if frame === root, let shared { shared.values[name.text] = value }
    }

    func assign(
        _ target: AssignmentTarget, _ value: Value, _ frame: Frame, _ offset: Int
    ) throws(Diagnostic) {
        switch target {
        case .name(let name): assign(name, value, frame)
        case .member(let member):
            let name = member.owner
            guard case .object(let namespace as NamespaceObject) = try self.value(of: name, frame) else {
                throw failure(
                    "'\(name.text)' is not a namespace", at: name.offset,
                    remedy: "Make it one first: {% set \(name.text) = namespace() %}.")
            }
            namespace.set(member.name, value)
        case .tuple(let tuple): try unpack(value, to: tuple.targets, frame, offset)
        }
    }

    private func unpack(
        _ value: Value, to targets: [AssignmentTarget], _ frame: Frame, _ offset: Int
    ) throws(Diagnostic) {
        // What `for key, value in map.items()` meets.
        if case .tuple(let items) = value, items.count == targets.count {
            for index in targets.indices {
                try assign(targets[index], try resolved(items[index]), frame, offset)
            }
            return
        }
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

    private func execute(_ set: Statement.BlockAssignment, _ frame: Frame) throws(Diagnostic) {
        let value: Value
        if let filter = set.filter {
            value = try filtered(filter, set.body, frame)
        } else {
            value = try self.value(of: set.body, Frame(parent: frame))
        }
        try assign(set.target, value, frame, set.offset)
    }

    private func filtered(_ chain: Expression, _ body: Body, _ frame: Frame) throws(Diagnostic) -> Value {
        let text = try value(of: body, Frame(parent: frame))
        let outer = blockInput
        blockInput = text.isNull ? .string("") : text
        defer { blockInput = outer }
        return try evaluate(chain, frame)
    }

    private func execute(_ with: Statement.With, _ frame: Frame, _ output: inout Output) throws(Diagnostic) -> Flow {
        let inner = Frame(parent: frame)
        for binding in with.bindings {
            try assign(binding.target, try bounded(binding.value, frame), inner, binding.offset)
        }
        return try execute(with.body, inner, &output)
    }

    private func execute(_ block: Statement.CallBlock, _ frame: Frame, _ output: inout Output) throws(Diagnostic) {
        let callee = try evaluate(block.call.target, frame)
        if case .undefined(let undefined) = callee { throw error(for: undefined) }
        let offset = block.definition.offset
        guard case .object(let object) = callee else {
            throw failure("\(describe(callee)) cannot be called", at: offset)
        }
        guard let macro = object as? Macro else {
            throw failure("a call block needs a macro, not a \(object.typeName)", at: offset)
        }
        let (positional, named) = try values(of: block.call.arguments, frame)
        let caller = Value.object(Macro(block.definition, self, frame))
        try output.add(try macro.call(positional, named, caller: caller), self)
    }

    // MARK: Loops

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
        let stateValue = Value.object(state)
        var turn = Frame(parent: frame)
        turn.set(loop.loopSlot, stateValue)
        for index in items.indices {
            try session.countTurn()
            if isKnownUniquelyReferenced(&turn) {
                turn.keepFirst(loop.ownNames)
            } else {
                // A macro made in the last turn keeps that turn's names.
                turn = Frame(parent: frame)
                turn.set(loop.loopSlot, stateValue)
            }
            state.index = index
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
        result.reserveCapacity(items.count)
        let turn = Frame(parent: frame)
        for item in items {
            try session.countTurn()
            let item = try resolved(item)
            try assign(loop.target, item, turn, loop.offset)
            switch try decide(filter, turn) {
            case .yes: result.append(item)
            case .no: continue
            case .unknown:
                throw failure("whether an item belongs to the loop is unknown until a real run", at: loop.offset)
            }
        }
        return result
    }
}
