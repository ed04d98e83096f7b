/// What happens once, and whoever waits for it.
@IOLoop
package final class Promise<Value: Sendable> {
    /// What happened; nil until it did.
    package private(set) var value: Value?
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package nonisolated init() {}

    /// Says what happened; only the first word counts.
    ///
    /// - Returns: Whether it was the first.
    @discardableResult
    package func fulfill(_ value: Value) -> Bool {
        guard self.value == nil else { return false }
        self.value = value
        wakeAll()
        return true
    }

    // Other work of the loop may run between asking for a continuation and getting it: whether there is still anything to
    // wait for is decided once it is there.

    /// Waits until it happens.
    package func wait() async -> Value {
        while true {
            if let value { return value }
            await withCheckedContinuation { value == nil ? waiting.append($0) : $0.resume() }
        }
    }

    /// Waits until it happens, or until others, too, have waited long enough.
    package func wait(atMost limit: Duration) async {
        var isOver = false
        let timer = EventLoop.shared.after(limit) {
            isOver = true
            self.wakeAll()
        }
        await withCheckedContinuation { value == nil && !isOver ? waiting.append($0) : $0.resume() }
        timer.cancel()
    }

    private func wakeAll() {
        let those = waiting
        waiting.removeAll()
        for waiter in those { waiter.resume() }
    }
}
