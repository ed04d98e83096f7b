import Target

/// Does work side by side, at most so many pieces at once.
@IOLoop
enum Bounded {
    /// - Parameters:
    ///   - count: How many pieces there are.
    ///   - limit: How many may be under way.
    ///   - work: One piece, by its index; pieces begin in order.
    static func forEach(_ count: Int, limit: Int, _ work: @escaping @IOLoop @Sendable (Int) async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            var begun = 0
            while begun < min(limit, count) {
                let index = begun
                group.addTask { await work(index) }
                begun += 1
            }
            while await group.next() != nil {
                guard begun < count else { continue }
                let index = begun
                group.addTask { await work(index) }
                begun += 1
            }
        }
    }

    /// The same, gathering what each piece gives, in order.
    static func map<Result: Sendable>(
        _ count: Int, limit: Int, _ work: @escaping @IOLoop @Sendable (Int) async -> Result
    ) async -> [Result] {
        let gathered = Gathered<Result>(count)
        await forEach(count, limit: limit) { index in gathered.results[index] = await work(index) }
        return gathered.results.compactMap(\.self)
    }

    @IOLoop
    private final class Gathered<Result: Sendable> {
        var results: [Result?]
        init(_ count: Int) { results = Array(repeating: nil, count: count) }
    }
}
