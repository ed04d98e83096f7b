import Modules
import Results

/// What is known of a loop's items before their turn.
///
/// Items are asked about in windows. As long as nothing changes, windows grow, and a loop of a hundred converged
/// items costs one round trip. Changes that have nothing to do with each other are made together, in order, so a
/// loop of a hundred new files costs two. Any other change makes all that was asked before it worthless, since later
/// items may depend on it: the window shrinks to the next item alone, and grows again while nothing changes.
struct Foresight {
    /// What is known of one item.
    struct Item {
        var traits: TaskRun.Traits
        var state: State
        /// Nil where anything on the host may matter to the item.
        var concerns: Concerns?

        enum State {
            /// Nothing changes, or it was changed already.
            case answer(TaskOutcome)
            case change(ModuleRunner.PlannedChange, warnings: [String])
        }
    }

    private let count: Int
    private let isUsed: Bool
    private var window: Int
    /// Answers are known for items before this one.
    private var known = 0
    private var items: [Int: Item] = [:]

    /// The most items asked about at once: enough to fill a connection, few enough to bound memory.
    private static let widest = 256

    init(of count: Int, isUsed: Bool) {
        self.count = count
        self.isUsed = isUsed && count > 1
        window = Self.widest
    }

    /// The items to ask about now, if it is time to ask.
    func rangeToAsk(at index: Int) -> Range<Int>? {
        guard isUsed, index >= known, window > 1 else { return nil }
        return index..<min(count, index + window)
    }

    mutating func take(_ found: [Item?], for range: Range<Int>) {
        for (index, item) in zip(range, found) { items[index] = item }
        known = range.upperBound
        window = min(Self.widest, window * 2)
    }

    /// What is known of an item whose turn it is.
    mutating func item(at index: Int) -> Item? { items.removeValue(forKey: index) }

    /// The changes that can be made together now, the first one being the item whose turn it is.
    ///
    /// - Returns: Nothing if that item has no change planned, or one that may matter to any other.
    func changesToMake(at index: Int) -> [ToMake] {
        var result: [ToMake] = []
        for next in index..<max(index, known) {
            guard let item = items[next], let concerns = item.concerns,
                !result.contains(where: { concerns.areTouched(by: $0.planned.change) })
            else { break }
            if case .change(let planned, let warnings) = item.state {
                result.append(ToMake(index: next, traits: item.traits, planned: planned, warnings: warnings))
            }
            if result.isEmpty { break }
        }
        return result
    }

    /// A change of an item, planned and to be made.
    struct ToMake {
        var index: Int
        var traits: TaskRun.Traits
        var planned: ModuleRunner.PlannedChange
        var warnings: [String]
    }

    /// Changes were made together: their items have answers, and what they may matter to is to be asked again.
    mutating func made(_ outcomes: [(index: Int, change: Change, outcome: TaskOutcome)]) {
        for (index, _, outcome) in outcomes { items[index]?.state = .answer(outcome) }
        guard let last = outcomes.last?.index else { return }
        for next in last + 1..<max(known, last + 1) {
            if let concerns = items[next]?.concerns, !outcomes.contains(where: { concerns.areTouched(by: $0.change) }) {
                continue
            }
            for dropped in next..<known { items[dropped] = nil }
            known = next
            break
        }
    }

    /// An item was performed on its own.
    mutating func performed(_ index: Int, mayHaveChanged: Bool) {
        if mayHaveChanged {
            items.removeAll()
            known = index + 1
            window = 1
        } else if index >= known {
            known = index + 1
            window = min(Self.widest, window * 2)
        }
    }
}
