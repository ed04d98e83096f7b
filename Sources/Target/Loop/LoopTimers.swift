/// A timer of the event loop; cancelling it twice, or after it fired, is fine.
@IOLoop
package final class LoopTimer {
    fileprivate nonisolated(unsafe) var action: (() -> Void)?

    fileprivate nonisolated init(_ action: @escaping () -> Void) { self.action = action }

    /// Sees to it that the timer does not fire any more.
    package func cancel() { action = nil }
}

/// The timers that wait, soonest first: a binary heap.
///
/// Cancelled ones stay until their time comes.
struct TimerHeap {
    private var entries: [(deadline: ContinuousClock.Instant, timer: LoopTimer)] = []

    mutating func add(_ deadline: ContinuousClock.Instant, _ action: @escaping () -> Void) -> LoopTimer {
        let timer = LoopTimer(action)
        entries.append((deadline, timer))
        var child = entries.count - 1
        while child > 0, entries[child].deadline < entries[(child - 1) / 2].deadline {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
        return timer
    }

    /// How long to wait for the soonest, in epoll's milliseconds; -1 if there is none.
    mutating func wait() -> Int32 {
        while let first = entries.first, first.timer.action == nil { removeFirst() }
        guard let first = entries.first else { return -1 }
        let left = ContinuousClock.now.duration(to: first.deadline)
        guard left > .zero else { return 0 }
        let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
        return Int32(clamping: milliseconds + 1)
    }

    /// Takes out those whose time has come, for the caller to run: they may add timers themselves.
    mutating func takeDue() -> [() -> Void] {
        guard !entries.isEmpty else { return [] }
        let now = ContinuousClock.now
        var due: [() -> Void] = []
        while let first = entries.first, first.deadline <= now {
            if let action = first.timer.action {
                due.append {
                    // Asked again when its turn comes: one that fires before it may have cancelled it.
                    if first.timer.action != nil { action() }
                }
            }
            removeFirst()
        }
        return due
    }

    private mutating func removeFirst() {
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].deadline < entries[least].deadline {
                least = child
            }
            if least == parent { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
