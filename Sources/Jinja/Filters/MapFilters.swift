internal import Diagnostics
internal import Values

/// Dictionaries.
enum MapFilters {
    static let all: [Filter] = [
        Filter("combine", [], [.structural, .variadic, .keywords], combine),
        Filter("dict2items", ["key_name", "value_name"], .structural, toItems),
        Filter("items2dict", ["key_name", "value_name"], .structural, fromItems),
        Filter("items", .structural, items),
        Filter("dictsort", ["case_sensitive", "by", "reverse"], .structural, sort),
        Filter("rekey_on_member", ["key", "duplicates"], required: 1, .structural, rekey),
        Filter("subelements", ["subelements", "skip_missing"], required: 1, .structural, subelements),
        Filter("extract", ["container", "morekeys"], required: 1, .lenient, extract),
    ]

    private static func combine(_ call: Call) throws(Diagnostic) -> Value {
        var recursive = false
        var strategy = "replace"
        for (key, value) in call.named {
            switch key.text {
            case "recursive": recursive = value.isTruthy
            case "list_merge": strategy = PythonPrint.text(value)
            default:
                throw call.failure(
                    "'combine' has no argument '\(key.text)'",
                    remedy: "Its named arguments are recursive and list_merge.")
            }
        }
        let terms = [call.input] + call.extra
        let listMerge = try Self.strategy(strategy, call)
        let dictionaries = try ListFilters.flattened(terms, levels: 1, skipsNulls: true, call)
        var result = ValueMap()
        for (index, term) in dictionaries.enumerated() {
            guard case .map(let map) = term else {
                throw call.failure(
                    "'combine' needs dictionaries, not \(ErrorText.describe(term))",
                    remedy: term.text?.string == "" ? "Give it a default: '| default({}, true)'." : nil)
            }
            result = index == 0 ? map : merge(result, map, recursive, listMerge)
        }
        return .map(result)
    }

    enum MergeStrategy: String, CaseIterable {
        case replace, keep, append, prepend
        case appendNew = "append_rp"
        case prependNew = "prepend_rp"
    }

    static func strategy(_ name: String, _ call: Call) throws(Diagnostic) -> MergeStrategy {
        guard let strategy = MergeStrategy(rawValue: name) else {
            throw call.failure(
                "list_merge must be one of \(MergeStrategy.allCases.map(\.rawValue).joined(separator: ", ")), not '\(name)'"
            )
        }
        return strategy
    }

    /// `low` with what `high` has laid over it.
    static func merge(
        _ low: ValueMap, _ high: ValueMap, _ recursive: Bool, _ strategy: MergeStrategy
    ) -> ValueMap {
        var result = low
        for (key, value) in high {
            guard let old = result[key] else {
                result[key] = value
                continue
            }
            switch (old, value) {
            case (.map(let a), .map(let b)) where recursive: result[key] = .map(merge(a, b, recursive, strategy))
            case (.list(let a), .list(let b)): result[key] = .list(merge(a, b, strategy))
            default: result[key] = value
            }
        }
        return result
    }

    private static func merge(_ low: [Value], _ high: [Value], _ strategy: MergeStrategy) -> [Value] {
        switch strategy {
        case .replace: return high
        case .keep: return low
        case .append: return low + high
        case .prepend: return high + low
        case .appendNew:
            let new = Set(high)
            return low.filter { !new.contains($0) } + high
        case .prependNew:
            let new = Set(high)
            return high + low.filter { !new.contains($0) }
        }
    }

    private static func toItems(_ call: Call) throws(Diagnostic) -> Value {
        let keyName = try call.string(0, default: "key")
        let valueName = try call.string(1, default: "value")
        return .list(
            try call.map().map { key, value in
                .map([.string(keyName): key.value, .string(valueName): value])
            })
    }

    private static func fromItems(_ call: Call) throws(Diagnostic) -> Value {
        guard let items = call.input.elements else { throw call.wrongInput("a list") }
        let keyName = try call.string(0, default: "key")
        let valueName = try call.string(1, default: "value")
        var result = ValueMap()
        for item in items {
            guard case .map(let map) = item else {
                throw call.failure(
                    "'items2dict' needs a list of dictionaries, but one element is \(ErrorText.describe(item))")
            }
            guard let keyValue = map[keyName], let value = map[valueName] else {
                throw call.failure(
                    "'items2dict' needs the keys '\(keyName)' and '\(valueName)' in each element, but one is \(ErrorText.describe(item))",
                    remedy: "Name them with key_name= and value_name=.")
            }
            guard let key = keyValue.asKey else {
                throw call.failure("\(ErrorText.describe(keyValue)) cannot be a dictionary's key")
            }
            result[key] = value
        }
        return .map(result)
    }

    private static func items(_ call: Call) throws(Diagnostic) -> Value {
        guard case .map(let map) = call.input else { throw call.wrongInput("a dictionary") }
        return .list(map.map { .tuple([$0.key.value, $0.value]) })
    }

    private static func sort(_ call: Call) throws(Diagnostic) -> Value {
        let caseSensitive = call.bool(0, default: false)
        let by = try call.string(1, default: "key")
        guard by == "key" || by == "value" else {
            throw call.failure("'dictsort' sorts by key or value, not by '\(by)'")
        }
        let pairs: [Value] = try call.map().map { .tuple([$0.key.value, $0.value]) }
        return .list(
            try PythonOrder.sorted(pairs, reverse: call.bool(2, default: false)) { pair throws(Diagnostic) in
                let value = pair.elements?[by == "key" ? 0 : 1] ?? .null
                if !caseSensitive, case .string(let text) = value { return .string(text.string.lowercased()) }
                return value
            })
    }

    private static func rekey(_ call: Call) throws(Diagnostic) -> Value {
        let member = try call.value(0)
        let duplicates = try call.string(1, default: "error")
        guard duplicates == "error" || duplicates == "overwrite" else {
            throw call.failure("duplicates must be 'error' or 'overwrite', not '\(duplicates)'")
        }
        let items: [Value]
        switch call.input {
        case .map(let map): items = map.values
        case .list(let list), .tuple(let list): items = list
        default: throw call.wrongInput("a list or a dictionary")
        }
        var result = ValueMap()
        for item in items {
            guard case .map(let map) = item else {
                throw call.failure("an element is \(ErrorText.describe(item)), not a dictionary")
            }
            guard let name = member.asKey, let value = map[name] else {
                throw call.failure("an element has no key \(member.pythonRepresentation)")
            }
            guard let key = value.asKey else {
                throw call.failure("\(ErrorText.describe(value)) cannot be a dictionary's key")
            }
            if result[key] != nil, duplicates == "error" {
                throw call.failure(
                    "the key \(value.pythonRepresentation) is not unique",
                    remedy: "Pass duplicates='overwrite' to keep the last one.")
            }
            result[key] = item
        }
        return .map(result)
    }

    private static func subelements(_ call: Call) throws(Diagnostic) -> Value {
        let elements: [Value]
        switch call.input {
        case .map(let map): elements = map.values
        case .list(let list): elements = list
        default: throw call.wrongInput("a list of dictionaries or a dictionary")
        }
        let path: [Value]
        switch try call.value(0) {
        case .list(let list): path = list
        case .string(let text):
            path = text.string.split(separator: ".", omittingEmptySubsequences: false).map { .string(String($0)) }
        case let other: throw call.wrongArgument(0, "a list or text", other)
        }
        let skipsMissing = call.bool(1, default: false)
        var result: [Value] = []
        for element in elements {
            var value = element
            for step in path {
                guard case .map(let map) = value else {
                    throw call.failure(
                        "\(step.pythonRepresentation) should point into a dictionary, not \(ErrorText.describe(value))")
                }
                guard let key = step.asKey, let next = map[key] else {
                    guard skipsMissing else {
                        throw call.failure(
                            "an element has no key \(step.pythonRepresentation)",
                            remedy: "Pass skip_missing=true to leave it out.")
                    }
                    value = .list([])
                    break
                }
                value = next
            }
            guard case .list(let items) = value else {
                throw call.failure(
                    "\(path.last?.pythonRepresentation ?? "") should point to a list, not \(ErrorText.describe(value))")
            }
            for item in items { result.append(.tuple([element, item])) }
        }
        return .list(result)
    }

    private static func extract(_ call: Call) throws(Diagnostic) -> Value {
        let key = try call.evaluator.settled(call.input)
        if case .undefined = key { return key }
        var value = try call.evaluator.item(try call.evaluator.resolved(try call.value(0)), key, at: call.offset)
        guard let more = call[1], !more.isNull else { return value }
        let settledMore = try call.evaluator.settled(more)
        for key in settledMore.elements ?? [settledMore] {
            value = try call.evaluator.item(value, key, at: call.offset)
        }
        return value
    }
}
