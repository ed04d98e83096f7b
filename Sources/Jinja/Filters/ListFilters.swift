internal import Diagnostics
internal import Values

/// Lists: ends, lengths, order, joining.
enum ListFilters {
    static let all: [Filter] = [
        Filter("length", .structural, quick: QuickFilters.length, length),
        Filter("count", .structural, quick: QuickFilters.length, length),
        Filter("first", .structural, quick: QuickFilters.first, first),
        Filter("last", .structural, quick: QuickFilters.last, last),
        Filter("join", ["d", "attribute"], quick: QuickFilters.join, join),
        Filter("sort", ["reverse", "case_sensitive", "attribute"], .structural, sort),
        Filter("unique", ["case_sensitive", "attribute"], .structural, unique),
        Filter("reverse", .structural, reverse),
        Filter("min", ["case_sensitive", "attribute"], .structural, least),
        Filter("max", ["case_sensitive", "attribute"], .structural, greatest),
        Filter("flatten", ["levels", "skip_nulls"], .structural, flatten),
    ]

    private static func length(_ call: Call) throws(Diagnostic) -> Value {
        switch call.input {
        case .string(let text): return .int(PythonString.length(text.string))
        case .list(let items), .tuple(let items): return .int(items.count)
        case .map(let map): return .int(map.count)
        default: throw call.wrongInput("a list, a dictionary or text")
        }
    }

    private static func first(_ call: Call) throws(Diagnostic) -> Value {
        try call.elements().first
            ?? call.evaluator.undefined(
                "'first' was given an empty list", name: "", at: call.offset, candidates: { [] })
    }

    private static func last(_ call: Call) throws(Diagnostic) -> Value {
        try call.elements().last
            ?? call.evaluator.undefined("'last' was given an empty list", name: "", at: call.offset, candidates: { [] })
    }

    private static func join(_ call: Call) throws(Diagnostic) -> Value {
        let separator = call.printed(0, default: "")
        var result = GrowingText(call.evaluator.session)
        var isFirst = true
        for element in try call.elements() {
            var value = element
            if let attribute = call[1], !attribute.isNull {
                value = try call.evaluator.operand(try call.evaluator.path(attribute, of: element, at: call.offset))
            }
            if !isFirst { try result.append(separator) }
            isFirst = false
            try result.append(PythonPrint.text(value))
        }
        return .string(try result.finished())
    }

    // MARK: Keys of elements

    /// The keys that elements are ordered or compared by: the attributes, text without case unless asked.
    static func key(
        _ call: Call, _ element: Value, attribute: Value?, caseSensitive: Bool
    ) throws(Diagnostic) -> Value {
        guard let attribute, !attribute.isNull else { return folded(element, caseSensitive) }
        var parts: [Value] = []
        if case .string(let text) = attribute, text.string.contains(",") {
            for word in text.string.split(separator: ",") {
                parts.append(try call.evaluator.path(.string(String(word)), of: element, at: call.offset))
            }
            var keys: [Value] = []
            for part in parts { keys.append(folded(try call.evaluator.operand(part), caseSensitive)) }
            return .list(keys)
        }
        let value = try call.evaluator.operand(try call.evaluator.path(attribute, of: element, at: call.offset))
        return folded(value, caseSensitive)
    }

    private static func folded(_ value: Value, _ caseSensitive: Bool) -> Value {
        if !caseSensitive, case .string(let text) = value {
            return .string(Text(text.string.lowercased(), marks: text.marks))
        }
        return value
    }

    private static func sort(_ call: Call) throws(Diagnostic) -> Value {
        let caseSensitive = call.bool(1, default: false)
        for element in try call.elements() {
            if case .undefined(let undefined) = element { throw call.evaluator.error(for: undefined) }
        }
        return .list(
            try PythonOrder.sorted(try call.elements(), reverse: call.bool(0, default: false)) {
                element throws(Diagnostic) in
                try key(call, element, attribute: call[2], caseSensitive: caseSensitive)
            })
    }

    private static func unique(_ call: Call) throws(Diagnostic) -> Value {
        var seen: Set<Value> = []
        var result: [Value] = []
        for element in try call.elements() {
            let key = try key(call, element, attribute: call[1], caseSensitive: call.bool(0, default: false))
            if seen.insert(key).inserted { result.append(element) }
        }
        return .list(result)
    }

    private static func reverse(_ call: Call) throws(Diagnostic) -> Value {
        if case .string(let text) = call.input {
            return .string(
                Text(
                    PythonString.string(text.string.unicodeScalars.reversed()), marks: text.marks.intersection(.secret))
            )
        }
        return .list(try call.elements().reversed())
    }

    private static func least(_ call: Call) throws(Diagnostic) -> Value { try extreme(call, sign: -1) }
    private static func greatest(_ call: Call) throws(Diagnostic) -> Value { try extreme(call, sign: 1) }

    private static func extreme(_ call: Call, sign: Int) throws(Diagnostic) -> Value {
        var best: (key: Value, value: Value)?
        for element in try call.elements() {
            let key = try key(call, element, attribute: call[1], caseSensitive: call.bool(0, default: false))
            if let current = best {
                if try PythonOrder.compare(key, current.key) * sign > 0 { best = (key, element) }
            } else {
                best = (key, element)
            }
        }
        return best?.value
            ?? call.evaluator.undefined(
                "'\(call.name)' was given an empty list", name: "", at: call.offset, candidates: { [] })
    }

    private static func flatten(_ call: Call) throws(Diagnostic) -> Value {
        let items = try call.elements()
        let levels = call[0].flatMap { $0.isNull ? nil : $0 }
        let count = try call.int(0, default: 0)
        return .list(
            try flattened(items, levels: levels == nil ? nil : count, skipsNulls: call.bool(1, default: true), call))
    }

    static func flattened(_ items: [Value], levels: Int?, skipsNulls: Bool, _ call: Call) throws(Diagnostic) -> [Value]
    {
        try call.evaluator.session.checkStack()
        var result: [Value] = []
        for item in items {
            if skipsNulls, item.isNull || item.stringValue == "None" || item.stringValue == "null" { continue }
            if let inner = item.elements, levels.map({ $0 >= 1 }) ?? true {
                result += try flattened(inner, levels: levels.map { $0 - 1 }, skipsNulls: skipsNulls, call)
            } else {
                result.append(item)
            }
        }
        return result
    }
}
