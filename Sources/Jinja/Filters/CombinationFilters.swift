internal import Diagnostics
internal import Values

/// Lists put side by side, and all ways to choose from them.
enum CombinationFilters {
    static let all: [Filter] = [
        Filter("zip", [], [.structural, .variadic]) { call throws(Diagnostic) in
            let lists = try lists(call)
            let count = lists.map(\.count).min() ?? 0
            return .list((0..<count).map { index in .tuple(lists.map { $0[index] }) })
        },
        Filter("zip_longest", [], [.structural, .variadic, .keywords]) { call throws(Diagnostic) in
            let lists = try lists(call)
            let fill = call.named["fillvalue"] ?? .null
            let count = lists.map(\.count).max() ?? 0
            return .list(
                (0..<count).map { index in .tuple(lists.map { $0.indices.contains(index) ? $0[index] : fill }) })
        },
        Filter("product", [], [.structural, .variadic, .keywords], product),
        Filter("permutations", ["r"], .structural, permutations),
        Filter("combinations", ["r"], required: 1, .structural, combinations),
    ]

    private static func lists(_ call: Call) throws(Diagnostic) -> [[Value]] {
        var result = [try call.elements()]
        for list in call.extra { result.append(try call.evaluator.elements(list)) }
        return result
    }

    private static func product(_ call: Call) throws(Diagnostic) -> Value {
        var lists = try lists(call)
        if case .int(let times)? = call.named["repeat"]?.number {
            guard (0...64).contains(times) else { throw call.failure("'product' cannot repeat \(times) times") }
            lists = Array(repeating: lists, count: times).flatMap { $0 }
        }
        var result: [[Value]] = [[]]
        for list in lists {
            try call.evaluator.session.countTurn(
                min(result.count.multipliedReportingOverflow(by: list.count).partialValue, Int.max / 4))
            guard result.count * max(1, list.count) <= call.evaluator.session.environment.limits.elements else {
                throw call.failure("the product has too many elements")
            }
            result = result.flatMap { head in list.map { head + [$0] } }
        }
        return .list(result.map { .tuple($0) })
    }

    private static func permutations(_ call: Call) throws(Diagnostic) -> Value {
        let items = try call.elements()
        let length = try call.int(0, default: items.count)
        guard length >= 0 else { throw call.failure("'permutations' needs a length that is not negative") }
        var result: [Value] = []
        var chosen: [Int] = []
        func choose() throws(Diagnostic) {
            if chosen.count == length {
                try call.evaluator.session.countTurn()
                result.append(.tuple(chosen.map { items[$0] }))
                return
            }
            for index in items.indices where !chosen.contains(index) {
                chosen.append(index)
                try choose()
                chosen.removeLast()
            }
        }
        guard length <= items.count else { return .list([]) }
        try bound(call, length) { items.count - $0 }
        try choose()
        return .list(result)
    }

    /// Refuses selections whose elements are too many, all selections together, before the first is made.
    ///
    /// - Parameters:
    ///   - length: How many elements one has.
    ///   - ways: By what factor each place, counted from zero, makes more of them.
    private static func bound(_ call: Call, _ length: Int, _ ways: (Int) -> Int) throws(Diagnostic) {
        let most = call.evaluator.session.environment.limits.elements
        var elements = max(1, length)
        for place in 0..<length {
            let (product, isTooMany) = elements.multipliedReportingOverflow(by: ways(place))
            guard !isTooMany, product <= most else { throw call.failure("the selections have too many elements") }
            elements = product
        }
    }

    private static func combinations(_ call: Call) throws(Diagnostic) -> Value {
        let items = try call.elements()
        let length = try call.int(0, default: 0)
        guard length >= 0 else { throw call.failure("'combinations' needs a length that is not negative") }
        var result: [Value] = []
        var chosen: [Int] = []
        func choose(from start: Int) throws(Diagnostic) {
            if chosen.count == length {
                try call.evaluator.session.countTurn()
                result.append(.tuple(chosen.map { items[$0] }))
                return
            }
            // Enough must be left for the places that follow.
            for index in start...(items.count - (length - chosen.count)) {
                chosen.append(index)
                try choose(from: index + 1)
                chosen.removeLast()
            }
        }
        guard length <= items.count else { return .list([]) }
        // Each element in ascending order: as many as there are ways to choose, place by place.
        var many = 1.0
        for place in 0..<length { many *= Double(items.count - place) / Double(place + 1) }
        guard many * Double(max(1, length)) <= Double(call.evaluator.session.environment.limits.elements) else {
            throw call.failure("the selections have too many elements")
        }
        try choose(from: 0)
        return .list(result)
    }
}
