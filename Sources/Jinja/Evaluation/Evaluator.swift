internal import Diagnostics
internal import Values

/// Runs one compiled template in a scope. Made for one evaluation and used by one thread.
///
/// Values are handled as they are found: a list may hold texts that are templates still. What looks at a
/// value's inside settles it first (`Settling.swift`), so that only what is used is evaluated.
final class Evaluator {
    let template: CompiledTemplate
    let origin: SourceLocation?
    /// Whether the template's own text is secret, and so whatever it prints.
    let isSecret: Bool
    let scope: any Scope
    let session: Session
    let root = Frame(parent: nil)
    /// The scope's values that were asked for, by slot; a method that changes one changes this copy.
    @exclusivity(unchecked) private var fetched: [Value?]
    /// Names that templates extending each other share.
    var shared: SharedNames?
    var inheritance: Inheritance?
    /// Set while a block runs: what `super()` in it calls.
    var blockStack: [(name: String, level: Int)] = []
    /// The text a filter block's filters work on.
    var blockInput: Value?

    init(
        _ template: CompiledTemplate, origin: SourceLocation?, isSecret: Bool, scope: any Scope, session: Session
    ) {
        self.template = template
        self.origin = origin
        self.isSecret = isSecret
        self.scope = scope
        self.session = session
        fetched = Array(repeating: nil, count: template.names.count)
    }

    /// What `{{ 'x' if false }}` gives: printed among other text it is nothing, and it counts as false; any other
    /// use is an error.
    static let missingElse = "the condition is false and there is no 'else'"

    // MARK: Names

    func value(of name: Expression.Name, _ frame: Frame) throws(Diagnostic) -> Value {
        if template.isAssigned[name.slot], let value = frame.find(name.slot) { return value }
        if let shared, let value = shared.values[name.text] { return value }
        if let value = fetched[name.slot] { return value }
        let value = try fetch(name)
        fetched[name.slot] = value
        return value
    }

    /// An entry of the map that a slot's name stands for, without taking the map from where it is kept; nil if that is not
    /// to be had so simply.
    private func entry(_ entry: ValueMap.Name, of slot: Int, _ frame: Frame) -> Value? {
        if template.isAssigned[slot] { return frame.entry(entry, of: slot) }
        return shared == nil ? fetched[slot]?.entry(entry) : nil
    }

    /// Changes the remembered copy of a scope's value.
    func replaceFetched(_ slot: Int, with value: Value) { fetched[slot] = value }

    private func fetch(_ name: Expression.Name) throws(Diagnostic) -> Value {
        do throws(Diagnostic) {
            if let value = try scope.lookup(name.text) { return try resolved(value) }
        } catch  where error.code == .undefined {
            // A variable whose own template meets an undefined name is undefined, too: `default` can mend it.
            return .undefined(Undefined(error.summary, at: error.location, remedy: error.remedy))
        }
        if let function = session.environment.functions[name.text] { return .object(function) }
        if let value = Globals.value(name.text) {
            if Globals.volatile.contains(name.text) { session.isVolatile = true }
            return value
        }
        return undefined("'\(name.text)' is undefined", name: name.text, at: name.offset) { [scope] in
            scope.names + Globals.names
        }
    }

    // MARK: Expressions

    /// The value of an expression. Undefined and unknown come back as values.
    func evaluate(_ expression: Expression, _ frame: Frame) throws(Diagnostic) -> Value {
        guard session.hasStackLeft else {
            throw Diagnostic(.recursion, "the expression nests too deeply", at: origin)
        }
        switch expression {
        case .constant(let constant): return constant.value
        case .embedded(let embedded): return try evaluateEmbedded(embedded)
        case .name(let name): return try value(of: name, frame)
        case .attribute(let node):
            if node.targetSlot >= 0, let item = entry(node.name, of: node.targetSlot, frame) {
                return try resolved(item)
            }
            return try attribute(node, of: try evaluate(node.target, frame))
        case .item(let node): return try evaluateItem(node, frame)
        case .blockText: return blockInput ?? .null
        case .filter(let use): return try evaluateFilter(use, frame)
        case .test(let use): return try evaluateTest(use, frame)
        case .call(let call): return try evaluateCall(call, frame)
        case .compare(let node): return try evaluateComparison(node, frame)
        case .and(let parts): return try evaluateAnd(parts, frame)
        case .or(let parts): return try evaluateOr(parts, frame)
        case .not(let node): return try evaluateNot(node.operand, frame)
        case .conditional(let node): return try evaluateConditional(node, frame)
        case .arithmetic(let node): return try evaluateArithmetic(node, frame)
        case .concatenate(let parts): return try evaluateConcatenation(parts, frame)
        case .list(let items): return .list(try evaluateAll(items, frame))
        case .tuple(let items): return .tuple(try evaluateAll(items, frame))
        case .map(let entries): return try evaluateMap(entries, frame)
        case .slice(let slice): return try evaluateSlice(slice, frame)
        case .negate(let node): return try evaluateSign(node.operand, frame, node.offset, negates: true)
        case .positive(let node): return try evaluateSign(node.operand, frame, node.offset, negates: false)
        }
    }

    // What is rarer stays out of line: `evaluate` is called for every node, and pays for what lies within it.

    @inline(never)
    private func evaluateEmbedded(_ embedded: Expression.Embedded) throws(Diagnostic) -> Value {
        try resolved(
            .string(
                Text(
                    embedded.text, marks: isSecret ? [.template, .secret] : .template,
                    origin: location(embedded.offset + 1))))
    }

    func evaluateAll(_ items: [Expression], _ frame: Frame) throws(Diagnostic) -> [Value] {
        var result: [Value] = []
        result.reserveCapacity(items.count)
        for item in items { result.append(try evaluate(item, frame)) }
        return result
    }

    @inline(never)
    private func evaluateMap(_ entries: [Expression.MapEntry], _ frame: Frame) throws(Diagnostic) -> Value {
        var map = ValueMap()
        for entry in entries {
            let keyValue = try settled(try evaluate(entry.key, frame))
            if case .undefined(let undefined) = keyValue { throw error(for: undefined) }
            if case .unknown = keyValue { return keyValue }
            guard let key = keyValue.asKey else {
                throw failure("a \(keyValue.typeName) cannot be a dictionary's key", at: entry.offset)
            }
            map[key] = try evaluate(entry.value, frame)
        }
        return .map(map)
    }

    private func evaluateItem(_ node: Expression.Item, _ frame: Frame) throws(Diagnostic) -> Value {
        let value = try evaluate(node.target, frame)
        let key = try settled(try evaluate(node.key, frame))
        return try item(value, key, at: node.offset)
    }

    @inline(never)
    private func evaluateSlice(_ slice: Expression.Slice, _ frame: Frame) throws(Diagnostic) -> Value {
        let offset = slice.offset
        let value = try evaluate(slice.target, frame)
        var bounds: [Int?] = []
        for part in [slice.start, slice.stop, slice.step] {
            guard let part else {
                bounds.append(nil)
                continue
            }
            switch try settled(try evaluate(part, frame)) {
            case .null: bounds.append(nil)
            case .int(let int): bounds.append(int)
            case .large(let large): bounds.append(WholeNumber.large(large).clamped)
            case .bool(let bool): bounds.append(bool ? 1 : 0)
            case .undefined(let undefined): throw error(for: undefined)
            case .unknown(let unknown): return .unknown(unknown)
            case let other: throw failure("a slice's bound must be a number, not \(describe(other))", at: offset)
            }
        }
        switch value {
        case .undefined, .unknown: return value
        default: break
        }
        do throws(Diagnostic) {
            return try PythonSequence.slice(value, start: bounds[0], stop: bounds[1], step: bounds[2])
        } catch {
            throw located(error, offset)
        }
    }

    // MARK: Logic

    /// Whether a value counts as true; nil if that is unknown.
    func truth(_ value: Value) throws(Diagnostic) -> Bool? {
        switch value {
        case .bool(let bool): return bool
        case .undefined(let undefined):
            if undefined.summary == Self.missingElse { return false }
            throw error(for: undefined)
        case .unknown: return nil
        case .object(let object):
            if let keys = object.keys { return !keys.isEmpty }
            if let truthy = (object as? any TemplateObject)?.truth { return truthy }
            return true
        default: return value.isTruthy
        }
    }

    /// Whether an expression's value counts as true, without making the value where that is not needed.
    func decide(_ expression: Expression, _ frame: Frame) throws(Diagnostic) -> ConditionOutcome {
        switch expression {
        case .and(let parts):
            for part in parts {
                let outcome = try decide(part, frame)
                guard case .yes = outcome else { return outcome }
            }
            return .yes
        case .or(let parts):
            for part in parts {
                let outcome = try decide(part, frame)
                guard case .no = outcome else { return outcome }
            }
            return .no
        case .not(let node):
            switch try decide(node.operand, frame) {
            case .yes: return .no
            case .no: return .yes
            case .unknown(let unknown): return .unknown(unknown)
            }
        default:
            let value = try evaluate(expression, frame)
            if case .unknown(let unknown) = value { return .unknown(unknown) }
            return try truth(value) == true ? .yes : .no
        }
    }

    private func evaluateNot(_ operand: Expression, _ frame: Frame) throws(Diagnostic) -> Value {
        switch try decide(operand, frame) {
        case .yes: .bool(false)
        case .no: .bool(true)
        case .unknown(let unknown): .unknown(unknown)
        }
    }

    private func evaluateAnd(_ parts: [Expression], _ frame: Frame) throws(Diagnostic) -> Value {
        var value = Value.null
        for index in parts.indices {
            value = try evaluate(parts[index], frame)
            if index == parts.count - 1 { return value }
            guard let truth = try truth(value), truth else { return value }
        }
        return value
    }

    private func evaluateOr(_ parts: [Expression], _ frame: Frame) throws(Diagnostic) -> Value {
        var value = Value.null
        for index in parts.indices {
            value = try evaluate(parts[index], frame)
            if index == parts.count - 1 { return value }
            guard let truth = try truth(value), !truth else { return value }
        }
        return value
    }

    private func evaluateConditional(_ node: Expression.Conditional, _ frame: Frame) throws(Diagnostic) -> Value {
        switch try decide(node.condition, frame) {
        case .yes: return try evaluate(node.then, frame)
        case .no: break
        case .unknown(let unknown): return .unknown(unknown)
        }
        if let otherwise = node.otherwise { return try evaluate(otherwise, frame) }
        return undefined(Self.missingElse, name: "", at: node.offset, candidates: { [] })
    }

    private func evaluateComparison(_ node: Expression.Comparisons, _ frame: Frame) throws(Diagnostic) -> Value {
        var left = try evaluate(node.first, frame)
        for step in node.steps {
            let right = try evaluate(step.operand, frame)
            switch try compare(left, right, step) {
            case .bool(true): left = right
            case let other: return other
            }
        }
        return .bool(true)
    }

    /// One comparison; the result is a bool, or unknown.
    private func compare(
        _ left: Value, _ right: Value, _ step: Expression.Comparisons.Step
    ) throws(Diagnostic) -> Value {
        if case .int(let left) = left, case .int(let right) = right, let answer = step.kind.compare(left, right) {
            return .bool(answer)
        }
        let left = try operand(left)
        // `x in map` looks at the keys alone.
        let right = step.kind == .in || step.kind == .notIn ? right : try operand(right)
        if case .undefined(let undefined) = right { throw error(for: undefined) }
        if let unknown = left.firstUnknown ?? (step.kind == .in || step.kind == .notIn ? nil : right.firstUnknown) {
            return .unknown(unknown)
        }
        do throws(Diagnostic) {
            switch step.kind {
            case .equal: return .bool(left == right)
            case .notEqual: return .bool(left != right)
            case .less: return .bool(try PythonOrder.compare(left, right, symbol: "<") < 0)
            case .lessOrEqual: return .bool(try PythonOrder.compare(left, right, symbol: "<=") <= 0)
            case .greater: return .bool(try PythonOrder.compare(left, right, symbol: ">") > 0)
            case .greaterOrEqual: return .bool(try PythonOrder.compare(left, right, symbol: ">=") >= 0)
            case .in, .notIn:
                if case .unknown = right { return right }
                let found = try contains(right, left)
                return .bool(step.kind == .in ? found : !found)
            }
        } catch {
            throw located(error, step.offset)
        }
    }

    /// Whether a container holds a value, as Python's `in` sees it.
    func contains(_ container: Value, _ element: Value) throws(Diagnostic) -> Bool {
        switch container {
        case .map(let map):
            guard let key = element.asKey else { return false }
            return map[key] != nil
        case .object(let object):
            if let keys = object.keys { return element.asKey.map { keys.contains($0) } ?? false }
            if let range = object as? RangeObject { return try range.contains(element) }
            return try elements(container).contains(element)
        case .list(let items), .tuple(let items):
            for item in items where try settled(item) == element { return true }
            return false
        case .string(let text):
            guard case .string(let part) = element else {
                throw Diagnostic(
                    .template, "'in' looks for text in text, but the left side is \(describe(element))",
                    remedy: "Turn it into text with '| string'.")
            }
            return PythonString.contains(text.string, part.string)
        default:
            throw Diagnostic(.template, "'in' needs a list, a dictionary or text, not \(describe(container))")
        }
    }
}
