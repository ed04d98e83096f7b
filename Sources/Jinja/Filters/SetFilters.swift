internal import Diagnostics
internal import Values

/// Lists as sets. Results keep the order of the lists, where Python's sets have none.
enum SetFilters {
    static let all: [Filter] = [
        Filter("union", ["b"], required: 1, .structural) { call throws(Diagnostic) in
            let (a, b) = try lists(call)
            return .list(unique(a + b))
        },
        Filter("intersect", ["b"], required: 1, .structural) { call throws(Diagnostic) in
            let (a, b) = try lists(call)
            let other = Set(b)
            return .list(unique(a).filter { other.contains($0) })
        },
        Filter("difference", ["b"], required: 1, .structural) { call throws(Diagnostic) in
            let (a, b) = try lists(call)
            let other = Set(b)
            return .list(unique(a).filter { !other.contains($0) })
        },
        Filter("symmetric_difference", ["b"], required: 1, .structural) { call throws(Diagnostic) in
            let (a, b) = try lists(call)
            let (left, right) = (Set(a), Set(b))
            return .list(unique(a).filter { !right.contains($0) } + unique(b).filter { !left.contains($0) })
        },
    ]

    private static func lists(_ call: Call) throws(Diagnostic) -> ([Value], [Value]) {
        (try call.elements(), try call.evaluator.elements(try call.value(0)))
    }

    private static func unique(_ items: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return items.filter { seen.insert($0).inserted }
    }
}
