internal import Diagnostics
internal import Values

/// Keeps values from being nested so deeply that walking them, or letting go of them, would overflow the stack.
///
/// One expression cannot nest deeper than the parser allows; only assignments in a loop can, so they are checked.
enum NestingBound {
    static let greatestDepth = 100
    /// How many values are looked at: what grows level by level is deep along its first or last path.
    private static let budget = 600

    static func check(_ value: Value) throws(Diagnostic) {
        var visits = 0
        guard exceeds(value, depth: 0, &visits) else { return }
        throw Diagnostic(
            .template, "lists or dictionaries are nested more than \(greatestDepth) deep",
            remedy: "Join lists with '+', which adds no level.")
    }

    private static func exceeds(_ value: Value, depth: Int, _ visits: inout Int) -> Bool {
        visits += 1
        if depth > greatestDepth { return true }
        switch value {
        case .list(let items), .tuple(let items):
            if let last = items.last, exceeds(last, depth: depth + 1, &visits) { return true }
            for item in items.dropLast() {
                if visits > budget { return false }
                if exceeds(item, depth: depth + 1, &visits) { return true }
            }
        case .map(let map):
            for (_, item) in map {
                if visits > budget { return false }
                if exceeds(item, depth: depth + 1, &visits) { return true }
            }
        default: break
        }
        return false
    }
}
