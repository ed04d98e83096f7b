internal import Diagnostics
internal import Values

/// Lists cut into groups.
enum GroupFilters {
    static let all: [Filter] = [
        Filter("batch", ["linecount", "fill_with"], required: 1, .structural, batch),
        Filter("slice", ["slices", "fill_with"], required: 1, .structural, slice),
        Filter("groupby", ["attribute", "default", "case_sensitive"], required: 1, .structural, groupBy),
    ]

    private static func batch(_ call: Call) throws(Diagnostic) -> Value {
        let size = try call.int(0, default: 1)
        guard size > 0 else { throw call.failure("'batch' needs a size above zero") }
        var result: [Value] = []
        var line: [Value] = []
        for element in try call.elements() {
            if line.count == size {
                result.append(.list(line))
                line = []
            }
            line.append(element)
        }
        if !line.isEmpty {
            if let fill = call[1], !fill.isNull {
                try call.evaluator.session.countTurn(size - line.count)
                while line.count < size { line.append(fill) }
            }
            result.append(.list(line))
        }
        return .list(result)
    }

    private static func slice(_ call: Call) throws(Diagnostic) -> Value {
        let slices = try call.int(0, default: 1)
        guard slices > 0, slices <= 1_000_000 else { throw call.failure("'slice' needs a number of slices above zero") }
        let items = try call.elements()
        let size = items.count / slices
        let longer = items.count % slices
        var result: [Value] = []
        var start = 0
        for index in 0..<slices {
            let end = start + size + (index < longer ? 1 : 0)
            var part = Array(items[start..<end])
            if let fill = call[1], !fill.isNull, index >= longer { part.append(fill) }
            result.append(.list(part))
            start = end
        }
        return .list(result)
    }

    private static func groupBy(_ call: Call) throws(Diagnostic) -> Value {
        let attribute = try call.value(0)
        let caseSensitive = call.bool(2, default: false)
        func key(_ element: Value) throws(Diagnostic) -> Value {
            let value = try call.evaluator.path(attribute, of: element, at: call.offset)
            if case .undefined = value, let standard = call[1], !standard.isNull { return standard }
            return try call.evaluator.operand(value)
        }
        func folded(_ value: Value) -> Value {
            if !caseSensitive, case .string(let text) = value { return .string(text.string.lowercased()) }
            return value
        }
        let sorted = try PythonOrder.sorted(try call.elements()) { element throws(Diagnostic) in
            folded(try key(element))
        }
        var groups: [(key: Value, folded: Value, items: [Value])] = []
        for element in sorted {
            let key = try key(element)
            if let last = groups.last, last.folded == folded(key) {
                groups[groups.count - 1].items.append(element)
            } else {
                groups.append((key, folded(key), [element]))
            }
        }
        return .list(groups.map { .object(GroupObject($0.key, $0.items)) })
    }
}

/// One group of `groupby`: a pair with names.
final class GroupObject: TemplateObject, IterableObject {
    private let grouper: Value
    private let items: [Value]

    init(_ grouper: Value, _ items: [Value]) {
        self.grouper = grouper
        self.items = items
    }

    var typeName: String { "GroupTuple" }

    /// The two values of a group; nil if the value is none.
    static func pair(_ value: Value) -> [Value]? {
        if case .object(let group as GroupObject) = value { group.pair.elements } else { nil }
    }

    var pair: Value { .tuple([grouper, .list(items)]) }
    var text: String { PythonPrint.representation(pair) }

    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? {
        switch key {
        case .string("grouper"), .int(0), .int(-2): grouper
        case .string("list"), .int(1), .int(-1): .list(items)
        default: nil
        }
    }

    func elements(_ session: Session) throws(Diagnostic) -> [Value] { [grouper, .list(items)] }
}
