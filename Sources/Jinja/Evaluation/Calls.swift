internal import Diagnostics
internal import Values

/// Calls of functions, macros and methods, filters and tests.
extension Evaluator {
    func evaluateCall(_ node: Expression.Call, _ frame: Frame) throws(Diagnostic) -> Value {
        switch node.target {
        case .attribute(let method): return try evaluateMethod(method, node.arguments, frame)
        case .name where node.isSuper && !blockStack.isEmpty:
            return try callSuper(frame, node.offset)
        default: return try call(try evaluate(node.target, frame), node.arguments, frame, node.offset)
        }
    }

    private func call(
        _ callee: Value, _ arguments: CallArguments, _ frame: Frame, _ offset: Int
    ) throws(Diagnostic) -> Value {
        switch callee {
        case .undefined, .unknown: return callee
        case .object(let object):
            var (positional, named) = try values(of: arguments, frame)
            if object.belongsToTemplate {
                // Macros and recursive loops give them to names of their own, as assignments do.
                if !arguments.arePaths { try checkNesting(positional, named, offset) }
            } else {
                for value in positional { if case .undefined = value { return value } }
                for (_, value) in named { if case .undefined = value { return value } }
                positional = try settledArguments(positional)
                named = try named.mapValues { value throws(Diagnostic) in try settled(value) }
                if let unknown = firstUnknown(in: positional) ?? firstUnknown(in: named.values) {
                    return .unknown(unknown)
                }
            }
            // What a function makes of a secret is secret; a macro's output carries its own marks.
            let isSecret =
                !(object.belongsToTemplate)
                && (positional.contains(where: \.holdsSecret) || named.contains(where: { $0.value.holdsSecret }))
            do throws(Diagnostic) {
                let result = try resolved(try object.call(positional, named))
                return isSecret ? result.markedSecret : result
            } catch {
                throw located(error, offset)
            }
        default:
            throw failure("\(describe(callee)) cannot be called", at: offset)
        }
    }

    private func checkNesting(_ positional: [Value], _ named: ValueMap, _ offset: Int) throws(Diagnostic) {
        do throws(Diagnostic) {
            for value in positional { try NestingBound.check(value) }
            for (_, value) in named { try NestingBound.check(value) }
        } catch {
            throw located(error, offset)
        }
    }

    private func settledArguments(_ values: [Value]) throws(Diagnostic) -> [Value] {
        if values.allSatisfy(\.isPlain) { return values }
        var result: [Value] = []
        result.reserveCapacity(values.count)
        for value in values { result.append(try settled(value)) }
        return result
    }

    /// The values of a call's arguments, in the order they are written.
    func values(
        of arguments: CallArguments, _ frame: Frame
    ) throws(Diagnostic) -> (positional: [Value], named: ValueMap) {
        if let constants = arguments.constants { return (constants, [:]) }
        var positional = try evaluateAll(arguments.positional, frame)
        if let spread = arguments.spread {
            for element in try elements(try evaluate(spread, frame)) { positional.append(try resolved(element)) }
        }
        var named = ValueMap()
        for (name, value) in arguments.named { named[name] = try evaluate(value, frame) }
        if let spread = arguments.namedSpread {
            let value = try settled(try evaluate(spread, frame))
            guard case .map(let map) = value else {
                throw Diagnostic(.template, "'**' needs a dictionary, not \(describe(value))")
            }
            named.merge(map)
        }
        return (positional, named)
    }

    /// Calls a macro that is printed among other text, and prints straight into that.
    ///
    /// - Returns: False if the call is of another kind; nothing was evaluated then that could not be again.
    func printMacro(
        _ node: Expression.Call, _ frame: Frame, _ output: inout Output
    ) throws(Diagnostic) -> Bool {
        guard !node.isSuper, case .name(let name) = node.target,
            case .object(let object) = try value(of: name, frame), let macro = object as? Macro,
            macro.takes(node.arguments)
        else { return false }
        let arguments = node.arguments.positional
        let inner = macro.callFrame()
        for index in arguments.indices {
            let value = try evaluate(arguments[index], frame)
            if !node.arguments.arePaths { try checkNesting([value], [:], node.offset) }
            macro.set(index, value, in: inner)
        }
        do throws(Diagnostic) {
            try macro.print(inner, given: arguments.count, into: &output)
        } catch {
            throw located(error, node.offset)
        }
        return true
    }

    // MARK: Methods

    private func evaluateMethod(
        _ node: Expression.Attribute, _ arguments: CallArguments, _ frame: Frame
    ) throws(Diagnostic) -> Value {
        let value = try evaluate(node.target, frame)
        switch value {
        case .undefined, .unknown: return value
        default: break
        }
        let (name, traits, offset) = (node.name.text, node.method, node.offset)
        guard MethodIndex.has(name, traits, on: value) else {
            return try call(try attribute(node, of: value), arguments, frame, offset)
        }
        var (positional, named) = try values(of: arguments, frame)
        // What a list or map is given to keep is kept as it is; everything else is looked into.
        if !traits.contains(.keepsArguments) {
            for argument in positional { if case .undefined = argument { return argument } }
            positional = try settledArguments(positional)
            named = try named.mapValues { value throws(Diagnostic) in try settled(value) }
            if let unknown = firstUnknown(in: positional) { return .unknown(unknown) }
        }
        let call = MethodCall(evaluator: self, name: name, positional: positional, named: named)
        do throws(Diagnostic) {
            if traits.mutates(value) {
                return try mutate(node.target, frame) { target throws(Diagnostic) in
                    try MethodIndex.call(call, on: &target) ?? .null
                }
            }
            var copy = traits.contains(.looksInside) ? try settled(value) : value
            let result = try MethodIndex.call(call, on: &copy) ?? .null
            let isSecret =
                value.text?.isSecret ?? false || (value.text != nil && positional.contains(where: \.holdsSecret))
            return isSecret ? result.markedSecret : try resolved(result)
        } catch {
            throw located(error, offset)
        }
    }

    /// Changes the value an expression names, in place: values have no identity here, so what Python would see
    /// through its reference is written back along the path `a.b[c]`.
    func mutate(
        _ target: Expression, _ frame: Frame, _ change: (inout Value) throws(Diagnostic) -> Value
    ) throws(Diagnostic) -> Value {
        switch target {
        case .name(let name):
            if template.isAssigned[name.slot], let owner = frame.owner(of: name.slot) {
                var value = owner.take(name.slot) ?? .null
                defer { owner.set(name.slot, value) }
                return try change(&value)
            }
            var value = try self.value(of: name, frame)
            replaceFetched(name.slot, with: .null)
            defer { replaceFetched(name.slot, with: value) }
            return try change(&value)
        case .attribute(let node):
            return try mutate(node.target, frame) { parent throws(Diagnostic) in
                try changeElement(.string(node.name.text), of: &parent, change)
            }
        case .item(let node):
            let key = try settled(try evaluate(node.key, frame))
            return try mutate(node.target, frame) { parent throws(Diagnostic) in
                try changeElement(key, of: &parent, change)
            }
        default:
            // The value has no name: the change is made and lost, as in Python.
            var value = try evaluate(target, frame)
            return try change(&value)
        }
    }

    private func changeElement(
        _ key: Value, of parent: inout Value, _ change: (inout Value) throws(Diagnostic) -> Value
    ) throws(Diagnostic) -> Value {
        switch parent {
        case .map(var map):
            guard let key = key.asKey, let old = map[key] else { break }
            parent = .null
            map[key] = .null
            var value = try resolved(old)
            defer {
                map[key] = value
                parent = .map(map)
            }
            return try change(&value)
        case .list(var items):
            guard case .small(let index)? = key.wholeNumber else { break }
            let place = index < 0 ? index + items.count : index
            guard items.indices.contains(place) else { break }
            parent = .null
            var value = try resolved(items[place])
            items[place] = .null
            defer {
                items[place] = value
                parent = .list(items)
            }
            return try change(&value)
        case .object(let namespace as NamespaceObject):
            guard case .string(let name) = key else { break }
            var value = namespace.take(name.string)
            defer { namespace.set(name.string, value) }
            return try change(&value)
        default: break
        }
        var value = try item(parent, key, at: 0)
        return try change(&value)
    }

    // MARK: Filters and tests

    func evaluateFilter(_ use: FilterUse, _ frame: Frame) throws(Diagnostic) -> Value {
        let value =
            use.meetsMissing ? try evaluateTolerantly(use.input, frame) : try evaluate(use.input, frame)
        try session.checkInput(value)
        if let constants = use.arguments.constants {
            if let quick = use.filter.quick, let result = quick(value, constants) { return result }
            return try apply(use.filter, to: value, constants, [:], at: use.offset)
        }
        let (positional, named) = try values(of: use.arguments, frame)
        if named.isEmpty, let quick = use.filter.quick, let result = quick(value, positional) { return result }
        return try apply(use.filter, to: value, positional, named, at: use.offset)
    }

    /// Like `evaluate`, for those who do not care what exactly is missing: the words for it are spared.
    private func evaluateTolerantly(_ expression: Expression, _ frame: Frame) throws(Diagnostic) -> Value {
        guard case .attribute(let node) = expression else { return try evaluate(expression, frame) }
        let target = try evaluateTolerantly(node.target, frame)
        if let item = target.entry(node.name) { return try resolved(item) }
        if case .map = target, !node.method.contains(.ofMap) { return Self.missing }
        return try attribute(node, of: target)
    }

    private static let missing = Value.undefined(Undefined("there is no such attribute"))

    /// Filters that look at a map's names alone.
    private static let keyFilters: Set<String> = ["list", "length", "count", "first", "last"]

    func apply(
        _ filter: Filter, to input: Value, _ positional: [Value], _ named: ValueMap, at offset: Int
    ) throws(Diagnostic) -> Value {
        // Plain data needs no looking into, and the lenient do that themselves.
        if filter.style.contains(.lenient)
            || (input.isPlain && named.isEmpty && (positional.isEmpty || positional.allSatisfy(\.isPlain)))
        {
            return try call(filter, input, positional, named, offset)
        }
        var input = input
        var positional = positional
        var named = named
        if case .undefined = input { return input }
        for value in positional { if case .undefined = value { return value } }
        for (_, value) in named { if case .undefined = value { return value } }
        var survey = Survey()
        // `hostvars | list` asks for names: nobody's variables are evaluated for it.
        if case .object(let object) = input, Self.keyFilters.contains(filter.name), let keys = object.keys,
            !object.belongsToTemplate
        {
            input = .list(keys.map(\.value))
        }
        input = try surveyed(input, &survey)
        for index in positional.indices { positional[index] = try surveyed(positional[index], &survey) }
        if !named.isEmpty {
            for (key, value) in named { named[key] = try surveyed(value, &survey) }
        }
        if let unknown = survey.unknown { return .unknown(unknown) }
        if filter.style.contains(.structural) { return try call(filter, input, positional, named, offset) }
        if let undefined = survey.undefined { throw error(for: undefined) }
        let result = try call(filter, input, positional, named, offset)
        return survey.isSecret ? result.markedSecret : result
    }

    private func call(
        _ filter: Filter, _ input: Value, _ positional: [Value], _ named: ValueMap, _ offset: Int
    ) throws(Diagnostic) -> Value {
        do throws(Diagnostic) {
            return try filter.function(
                Call(
                    evaluator: self, signature: filter.signature, input: input, offset: offset, positional: positional,
                    named: named))
        } catch {
            throw located(error, offset)
        }
    }

    private func surveyed(_ value: Value, _ survey: inout Survey) throws(Diagnostic) -> Value {
        survey.look(at: value)
        guard survey.needsSettling else { return value }
        survey.needsSettling = false
        let settled = try settled(value)
        survey.look(at: settled)
        survey.needsSettling = false
        return settled
    }

    func evaluateTest(_ use: TestUse, _ frame: Frame) throws(Diagnostic) -> Value {
        let value = use.meetsMissing ? try evaluateTolerantly(use.input, frame) : try evaluate(use.input, frame)
        let (positional, named) = try values(of: use.arguments, frame)
        let result = try apply(use.test, to: value, positional, named, at: use.offset)
        if use.isNegated, case .bool(let bool) = result { return .bool(!bool) }
        return result
    }

    /// The test's answer: a bool, or what is undefined or unknown about it.
    func apply(
        _ test: Test, to input: Value, _ positional: [Value], _ named: ValueMap, at offset: Int
    ) throws(Diagnostic) -> Value {
        var input = input
        var positional = positional
        if !test.isLenient {
            if case .undefined = input { return input }
            for value in positional { if case .undefined = value { return value } }
            if case .unknown = input { return input }
            if !test.isShallow, !input.isPlain {
                input = try settled(input)
                if let unknown = input.firstUnknown { return .unknown(unknown) }
            }
            positional = try settledArguments(positional)
            if let unknown = firstUnknown(in: positional) { return .unknown(unknown) }
        }
        do throws(Diagnostic) {
            let call = try Call(
                evaluator: self, signature: test.signature, input: input, offset: offset, positional: positional,
                named: named)
            return .bool(try test.function(call))
        } catch {
            if let unknown = UnknownAnswer.unknown(in: error) { return .unknown(unknown) }
            throw located(error, offset)
        }
    }

    private func firstUnknown(in values: [Value]) -> Unknown? {
        for value in values where !value.isPlain {
            if let unknown = value.firstUnknown { return unknown }
        }
        return nil
    }
}

/// What one walk over a value tells about it.
struct Survey {
    var needsSettling = false
    var isSecret = false
    var unknown: Unknown?
    var undefined: Undefined?

    mutating func look(at value: Value) {
        switch value {
        case .string(let text):
            if !text.isPlain {
                if text.isTemplate { needsSettling = true }
                if text.isSecret { isSecret = true }
            }
        case .list(let items), .tuple(let items): for item in items { look(at: item) }
        case .map(let map): if !map.isPlain { for (_, item) in map { look(at: item) } }
        case .unknown(let unknown): self.unknown = self.unknown ?? unknown
        case .undefined(let undefined): self.undefined = self.undefined ?? undefined
        case .object: if value.needsSettling { needsSettling = true }
        default: break
        }
    }
}

extension Value {
    /// The same value with every text within marked as secret.
    var markedSecret: Value {
        mapText { text in
            var copy = text
            copy.marks.insert(.secret)
            return copy
        }
    }
}
