internal import Diagnostics
internal import Values

/// Asks JMESPath expressions of values.
struct QueryEvaluation {
    /// The expression's text, for errors.
    let text: String
    let session: Session

    func value(_ expression: QueryExpression, of value: Value) throws(Diagnostic) -> Value {
        try session.checkStack()
        switch expression {
        case .current: return value
        case .literal(let literal): return literal
        case .field(let name): return value.mapValue?[name] ?? .null
        case .index(let index):
            guard case .list(let items) = value.asList else { return .null }
            let place = index < 0 ? index + items.count : index
            return items.indices.contains(place) ? items[place] : .null
        case .slice(let start, let stop, let step):
            guard case .list = value.asList else { return .null }
            return try PythonSequence.slice(value.asList, start: start, stop: stop, step: step)
        case .sequence(let first, let second): return try self.value(second, of: try self.value(first, of: value))
        case .projection(let base, let each):
            guard case .list(let items) = try self.value(base, of: value).asList else { return .null }
            return try projected(items, each)
        case .valueProjection(let base, let each):
            guard case .map(let map) = try self.value(base, of: value) else { return .null }
            return try projected(map.values, each)
        case .filtered(let base, let each, let condition):
            guard case .list(let items) = try self.value(base, of: value).asList else { return .null }
            var kept: [Value] = []
            for item in items where try holds(try self.value(condition, of: item)) { kept.append(item) }
            return try projected(kept, each)
        case .flatten(let base):
            guard case .list(let items) = try self.value(base, of: value).asList else { return .null }
            return .list(items.flatMap { $0.elements ?? [$0] })
        case .comparison(let comparison, let left, let right):
            return try compare(comparison, try self.value(left, of: value), try self.value(right, of: value))
        case .and(let left, let right):
            let first = try self.value(left, of: value)
            return try holds(first) ? try self.value(right, of: value) : first
        case .or(let left, let right):
            let first = try self.value(left, of: value)
            return try holds(first) ? first : try self.value(right, of: value)
        case .not(let inner): return .bool(!(try holds(try self.value(inner, of: value))))
        case .list(let items):
            if value.isNull { return .null }
            var result: [Value] = []
            for item in items { result.append(try self.value(item, of: value)) }
            return .list(result)
        case .map(let items):
            if value.isNull { return .null }
            var result = ValueMap()
            for item in items { result[item.name] = try self.value(item.value, of: value) }
            return .map(result)
        case .function(let name, let arguments, _): return try call(name, arguments, of: value)
        case .reference: throw failure("'&' makes sense in a function's arguments only")
        }
    }

    /// The expression of each element, without those that have nothing.
    private func projected(_ items: [Value], _ each: QueryExpression) throws(Diagnostic) -> Value {
        try session.countTurn(items.count)
        var result: [Value] = []
        for item in items {
            let answer = try value(each, of: item)
            if !answer.isNull { result.append(answer) }
        }
        return .list(result)
    }

    /// Everything is true but null, false and what is empty; zero is true.
    func holds(_ value: Value) throws(Diagnostic) -> Bool {
        switch value {
        case .null: return false
        case .bool(let bool): return bool
        case .string(let text): return !text.string.isEmpty
        case .list(let items), .tuple(let items): return !items.isEmpty
        case .map(let map): return !map.isEmpty
        case .undefined(let undefined): throw undefined.diagnostic
        default: return true
        }
    }

    private func compare(
        _ comparison: QueryExpression.Comparison, _ left: Value, _ right: Value
    ) throws(Diagnostic) -> Value {
        for value in [left, right] { if case .undefined(let undefined) = value { throw undefined.diagnostic } }
        switch comparison {
        case .equal: return .bool(Self.areEqual(left, right))
        case .notEqual: return .bool(!Self.areEqual(left, right))
        default: break
        }
        // Order is among numbers and among texts; anything else has no answer.
        guard left.isQueryComparable, right.isQueryComparable else { return .null }
        let order = try PythonOrder.compare(left, right, symbol: comparison.rawValue)
        return switch comparison {
        case .less: .bool(order < 0)
        case .atMost: .bool(order <= 0)
        case .greater: .bool(order > 0)
        default: .bool(order >= 0)
        }
    }

    /// Equality where, unlike in Python, true is not 1 and false is not 0.
    static func areEqual(_ left: Value, _ right: Value) -> Bool {
        (left.boolValue == nil) == (right.boolValue == nil) && left == right
    }

    func failure(_ summary: String, remedy: String? = nil) -> Diagnostic {
        Diagnostic(.template, "json_query: \(summary) in '\(text)'", remedy: remedy)
    }
}

extension Value {
    /// A tuple as the list it is to a query.
    var asList: Value { if case .tuple(let items) = self { .list(items) } else { self } }

    /// Whether JMESPath orders it: a number, which true and false are not, or a text.
    fileprivate var isQueryComparable: Bool {
        switch self {
        case .int, .large, .double, .string: true
        default: false
        }
    }
}
