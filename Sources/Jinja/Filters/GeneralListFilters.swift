internal import Diagnostics
internal import Values

/// `community.general`: several lists as sets, in the order of the lists.
enum GeneralListFilters {
    static let all: [Filter] = [
        Filter("lists_union", [], [.structural, .variadic, .keywords]) { call throws(Diagnostic) in
            try combined(call, single: { $0 }) { unique($0 + $1) }
        },
        Filter("lists_intersect", [], [.structural, .variadic, .keywords]) { call throws(Diagnostic) in
            try combined(call, single: unique) { a, b in
                let other = Set(b)
                return a.filter { other.contains($0) }
            }
        },
        Filter("lists_difference", [], [.structural, .variadic, .keywords]) { call throws(Diagnostic) in
            try combined(call, single: unique) { a, b in
                let other = Set(b)
                return a.filter { !other.contains($0) }
            }
        },
        Filter("lists_symmetric_difference", [], [.structural, .variadic, .keywords]) { call throws(Diagnostic) in
            try combined(call, single: { $0 }) { a, b in
                let common = Set(a).intersection(b)
                return unique(a + b).filter { !common.contains($0) }
            }
        },
        Filter("lists_mergeby", [], [.structural, .variadic, .keywords], merge),
    ]

    private static func unique(_ items: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return items.filter { seen.insert($0).inserted }
    }

    /// - Parameter single: What happens to the first of several lists; a list alone stays as it is.
    private static func combined(
        _ call: Call, single: ([Value]) -> [Value], _ join: ([Value], [Value]) -> [Value]
    ) throws(Diagnostic) -> Value {
        var flattens = false
        for (key, value) in call.named {
            guard key.text == "flatten" else {
                throw call.failure(
                    "'\(call.name)' has no argument '\(key.text)'", remedy: "Its named argument is flatten.")
            }
            flattens = value.isTruthy
        }
        var arguments = [call.input] + call.extra
        if flattens { arguments = try flattened(arguments, call) }
        var lists: [[Value]] = []
        for argument in arguments {
            guard let items = argument.elements else { throw notAList(argument, call) }
            lists.append(items)
        }
        guard lists.count > 1 else { return .list(lists.first ?? []) }
        return .list(lists.dropFirst().reduce(single(lists[0]), join))
    }

    private static func notAList(_ value: Value, _ call: Call) -> Diagnostic {
        call.failure("'\(call.name)' needs lists, but one is \(ErrorText.describe(value))")
    }

    /// Lists of lists stand for the lists they hold; empty lists fall out.
    private static func flattened(_ arguments: [Value], _ call: Call) throws(Diagnostic) -> [Value] {
        var result: [Value] = []
        for argument in arguments {
            guard let items = argument.elements else { throw notAList(argument, call) }
            if items.isEmpty { continue }
            result += items.allSatisfy { $0.elements != nil } ? items : [argument]
        }
        return result
    }

    private static func merge(_ call: Call) throws(Diagnostic) -> Value {
        var recursive = false
        var strategy = MapFilters.MergeStrategy.replace
        for (key, value) in call.named {
            switch key.text {
            case "recursive": recursive = value.isTruthy
            case "list_merge": strategy = try MapFilters.strategy(PythonPrint.text(value), call)
            default:
                throw call.failure(
                    "'lists_mergeby' has no argument '\(key.text)'",
                    remedy: "Its named arguments are recursive and list_merge.")
            }
        }
        var terms = [call.input] + call.extra
        guard terms.count > 1, let index = terms.popLast() else {
            throw call.failure("'lists_mergeby' needs lists and the name of a key they have in common")
        }
        let lists = try flattened(terms, call).map { $0.elements ?? [] }
        guard lists.count > 1 else { return .list(lists.first ?? []) }
        guard case .string(let name) = index else {
            throw call.failure("'lists_mergeby' needs a key's name last, not \(ErrorText.describe(index))")
        }
        var result: [Value] = lists.last ?? []
        for list in lists.dropLast().reversed() {
            var merged = ValueMap()
            for item in list + result {
                guard case .map(let map) = item else {
                    throw call.failure(
                        "'lists_mergeby' needs dictionaries, but one element is \(ErrorText.describe(item))")
                }
                guard let value = map[name.string] else { continue }
                guard let key = value.asKey else {
                    throw call.failure("\(ErrorText.describe(value)) cannot be the key to merge by")
                }
                let old = merged[key]?.mapValue ?? [:]
                merged[key] = .map(MapFilters.merge(old, map, recursive, strategy))
            }
            result = try PythonOrder.sorted(merged.values) { item throws(Diagnostic) in
                item.mapValue?[name.string] ?? .null
            }
        }
        return .list(result)
    }
}
