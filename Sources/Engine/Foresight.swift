/// What is known of a loop's items before their turn.
///
/// Items are asked about in windows. As long as nothing changes, windows grow, and a loop of a hundred converged
/// items costs one round trip. A change makes all that was asked before it worthless, since later items may depend
/// on it: the window shrinks to the next item alone, and grows again while nothing changes.
struct Foresight {
    private let count: Int
    private let isUsed: Bool
    private var window: Int
    /// Answers are known for items before this one.
    private var known = 0
    private var answers: [Int: TaskOutcome] = [:]

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

    mutating func take(_ found: [TaskOutcome?], for range: Range<Int>) {
        for (index, answer) in zip(range, found) { answers[index] = answer }
        known = range.upperBound
        window = min(Self.widest, window * 2)
    }

    /// The answer of an item that has nothing to change, if it is known.
    mutating func answer(at index: Int) -> TaskOutcome? { answers.removeValue(forKey: index) }

    /// An item was performed on its own.
    mutating func performed(_ index: Int, mayHaveChanged: Bool) {
        if mayHaveChanged {
            answers.removeAll()
            known = index + 1
            window = 1
        } else if index >= known {
            known = index + 1
            window = min(Self.widest, window * 2)
        }
    }
}
