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
    package func keep(_ value: Value) -> Bool {
        guard self.value == nil else { return false }
        self.value = value
        wakeAll()
        return true
    }

    /// Waits until it happens.
    package func wait() async -> Value {
        while true {
            if let value { return value }
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    /// Waits until it happens, or until others, too, have waited long enough.
    package func wait(atMost limit: Duration) async {
        guard value == nil else { return }
        let timer = EventLoop.shared.after(limit) { self.wakeAll() }
        await withCheckedContinuation { waiting.append($0) }
        timer.cancel()
    }

    private func wakeAll() {
        let those = waiting
        waiting.removeAll()
        for waiter in those { waiter.resume() }
    }
}
