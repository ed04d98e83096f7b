internal import Diagnostics
internal import Values

/// Calls of functions, macros and methods, filters and tests.
extension Evaluator {
    func evaluateCall(
        _ target: Expression, _ arguments: CallArguments, _ frame: Frame, _ offset: Int
    ) throws(Diagnostic) -> Value {
        if case .attribute(let receiver, let name, let place) = target {
            return try evaluateMethod(receiver, name, arguments, frame, place)
        }
        if case .name(let name) = target, name.text == "super", !blockStack.isEmpty {
            return try callSuper(frame, offset)
        }
        let callee = try evaluate(target, frame)
        return try call(callee, arguments, frame, offset)
    }

    private func call(
        _ callee: Value, _ arguments: CallArguments, _ frame: Frame, _ offset: Int
    ) throws(Diagnostic) -> Value {
        switch callee {
        case .undefined, .unknown: return callee
        case .object(let object):
            var (positional, named) = try values(of: arguments, frame)
            if !(object is any TemplateObject) {
                for value in positional { if case .undefined = value { return value } }
                for (_, value) in named { if case .undefined = value { return value } }
                positional = try settledArguments(positional)
                named = try named.mapValues { value throws(Diagnostic) in try settled(value) }
                if let unknown = positional.lazy.compactMap(\.firstUnknown).first
                    ?? named.values.lazy.compactMap(\.firstUnknown).first
                {
                    return .unknown(unknown)
                }
            }
            // What a function makes of a secret is secret; a macro's output carries its own marks.
            let isSecret =
                !(object is any TemplateObject)
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

    private func settledArguments(_ values: [Value]) throws(Diagnostic) -> [Value] {
        var result: [Value] = []
        result.reserveCapacity(values.count)
        for value in values { result.append(try settled(value)) }
        return result
    }

    /// The values of a call's arguments, in the order they are written.
    func values(
        of arguments: CallArguments, _ frame: Frame
    ) throws(Diagnostic) -> (positional: [Value], named: ValueMap) {
        if arguments.isEmpty { return ([], [:]) }
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

    // MARK: Methods

    private func evaluateMethod(
        _ receiver: Expression, _ name: String, _ arguments: CallArguments, _ frame: Frame, _ offset: Int
    ) throws(Diagnostic) -> Value {
        let value = try evaluate(receiver, frame)
        switch value {
        case .undefined, .unknown: return value
        default: break
        }
        guard MethodIndex.has(name, on: value) else {
            return try call(try attribute(value, name, at: offset), arguments, frame, offset)
        }
        var (positional, named) = try values(of: arguments, frame)
        // What a list or map is given to keep is kept as it is; everything else is looked into.
        if !MethodIndex.keepsArguments(name) {
            for argument in positional { if case .undefined = argument { return argument } }
            positional = try settledArguments(positional)
            named = try named.mapValues { value throws(Diagnostic) in try settled(value) }
            if let unknown = positional.lazy.compactMap(\.firstUnknown).first { return .unknown(unknown) }
        }
        let call = MethodCall(evaluator: self, name: name, positional: positional, named: named)
        do throws(Diagnostic) {
            if MethodIndex.isMutating(name, on: value) {
                return try mutate(receiver, frame) { target throws(Diagnostic) in
                    try MethodIndex.call(call, on: &target) ?? .null
                }
            }
            var copy = MethodIndex.looksInside(name) ? try settled(value) : value
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
        case .attribute(let parent, let name, _):
            return try mutate(parent, frame) { parent throws(Diagnostic) in
                try changeElement(.string(name), of: &parent, change)
            }
        case .item(let parent, let key, _):
            let key = try settled(try evaluate(key, frame))
            return try mutate(parent, frame) { parent throws(Diagnostic) in
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
            guard case .int(let index)? = key.number else { break }
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

    func evaluateFilter(_ input: Expression?, _ use: FilterUse, _ frame: Frame) throws(Diagnostic) -> Value {
        let value: Value
        if let input {
            value = try evaluate(input, frame)
        } else {
            value = blockInput ?? .null
        }
        if use.arguments.isEmpty { return try apply(use.filter, to: value, [], [:], at: use.offset) }
        let (positional, named) = try values(of: use.arguments, frame)
        return try apply(use.filter, to: value, positional, named, at: use.offset)
    }

    /// Filters that look at a map's names alone.
    private static let keyFilters: Set<String> = ["list", "length", "count", "first", "last"]

    func apply(
        _ filter: Filter, to input: Value, _ positional: [Value], _ named: ValueMap, at offset: Int
    ) throws(Diagnostic) -> Value {
        var input = input
        var positional = positional
        var named = named
        var isSecret = false
        if !filter.style.contains(.lenient) {
            if case .undefined = input { return input }
            for value in positional { if case .undefined = value { return value } }
            for (_, value) in named { if case .undefined = value { return value } }
            var survey = Survey()
            // `hostvars | list` asks for names: nobody's variables are evaluated for it.
            if case .object(let object) = input, Self.keyFilters.contains(filter.name), let keys = object.keys,
                !(object is any TemplateObject)
            {
                input = .list(keys.map(\.value))
            }
            input = try surveyed(input, &survey)
            for index in positional.indices { positional[index] = try surveyed(positional[index], &survey) }
            if !named.isEmpty {
                for (key, value) in named { named[key] = try surveyed(value, &survey) }
            }
            if let unknown = survey.unknown { return .unknown(unknown) }
            if !filter.style.contains(.structural) {
                if let undefined = survey.undefined { throw error(for: undefined) }
                isSecret = survey.isSecret
            }
        }
        do throws(Diagnostic) {
            let call = try Call(
                evaluator: self, name: filter.name, kind: "filter", input: input, offset: offset,
                positional: positional,
                named: named, parameters: filter.parameters, required: filter.required, style: filter.style)
            let result = try filter.function(call)
            return isSecret ? result.markedSecret : result
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

    func evaluateTest(_ input: Expression, _ use: TestUse, _ frame: Frame) throws(Diagnostic) -> Value {
        let value = try evaluate(input, frame)
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
            if !test.isShallow { input = try settled(input) }
            if !test.isShallow, let unknown = input.firstUnknown { return .unknown(unknown) }
            positional = try settledArguments(positional)
            if let unknown = positional.lazy.compactMap(\.firstUnknown).first { return .unknown(unknown) }
        }
        do throws(Diagnostic) {
            let call = try Call(
                evaluator: self, name: test.name, kind: "test", input: input, offset: offset, positional: positional,
                named: named, parameters: test.parameters, required: test.required, style: [])
            return .bool(try test.function(call))
        } catch {
            if let unknown = UnknownAnswer.unknown(in: error) { return .unknown(unknown) }
            throw located(error, offset)
        }
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
            if !text.marks.isEmpty {
                if text.isTemplate { needsSettling = true }
                if text.isSecret { isSecret = true }
            }
        case .list(let items), .tuple(let items): for item in items { look(at: item) }
        case .map(let map): for (_, item) in map { look(at: item) }
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
