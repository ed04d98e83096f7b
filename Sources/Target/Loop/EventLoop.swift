internal import CLinux
internal import Glibc
internal import Synchronization

/// The one thread that all hosts' work and all waiting for them happens on: an executor around epoll.
///
/// It is both the executor of `IOLoop`, which shells and sessions are isolated to, and one that tasks can
/// prefer: `Task(executorPreference: EventLoop.shared)`. Work that prefers it talks to shells without leaving
/// the thread.
///
/// Ready jobs run until none is left, then what they asked to be sent goes out, then the loop waits. So a
/// hundred plans that each make one request share one write and one round trip, whatever order they run in.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // Unchecked: `inbox` is behind its lock; everything else is touched by the loop's own thread only, which
    // `assertOnLoop` holds its callers to.

    /// The process's one loop, started when first asked for.
    public static let shared = EventLoop()

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var isAwake = true
        var thread: pthread_t?
    }

    private let inbox = Mutex(Inbox())
    private let pollDescriptor: Int32
    private let wakeDescriptor: Int32
    private var watches: [Int32: Watch] = [:]
    private var timers = TimerHeap()
    private var flushes: [() -> Void] = []

    /// How long jobs may follow one another before descriptors get a look: only a guard against work that never
    /// waits, far above what planning a loop of thousands takes, so that it does not split batches.
    private static let longestDrain = Duration.seconds(1)

    private init() {
        pollDescriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard pollDescriptor >= 0, wakeDescriptor >= 0 else {
            HelperThread.abandon("no descriptor left for the event loop: \(String(errno: errno)); raise `ulimit -n`")
        }
        // A peer that goes away is an error where it is written to, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        change(EPOLL_CTL_ADD, wakeDescriptor, UInt32(EPOLLIN.rawValue))
        HelperThread.start(named: "hosts") { self.run() }
    }

    // MARK: Executor

    /// Takes a job, from any thread; it runs on the loop's, after those that came before.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustWake = inbox.withLock { inbox in
            inbox.jobs.append(job)
            defer { inbox.isAwake = true }
            return !inbox.isAwake
        }
        if mustWake {
            var one: UInt64 = 1
            _ = Glibc.write(wakeDescriptor, &one, 8)
        }
    }

    /// The loop as the executor of `IOLoop`.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    /// The loop as an executor that tasks can prefer.
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    /// Stops the process unless it is called on the loop's thread.
    public func checkIsolated() {
        precondition(isCurrentThread, "this belongs on the event loop's thread")
    }

    private var isCurrentThread: Bool {
        inbox.withLock { inbox in inbox.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    // MARK: The loop

    private func run() {
        inbox.withLock { $0.thread = pthread_self() }
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        while true {
            runJobs()
            runFlushes()
            // Flushing can end links and so wake tasks: they go before any waiting.
            let mustWait = inbox.withLock { inbox in
                if inbox.jobs.isEmpty { inbox.isAwake = false }
                return inbox.jobs.isEmpty
            }
            let count = epoll_wait(pollDescriptor, &events, Int32(events.count), mustWait ? timers.wait() : 0)
            inbox.withLock { $0.isAwake = true }
            if count > 0 { dispatch(events[..<Int(count)]) }
            for action in timers.takeDue() { action() }
        }
    }

    private func runJobs() {
        let start = ContinuousClock.now
        while true {
            let jobs = inbox.withLock { inbox in
                let jobs = inbox.jobs
                inbox.jobs.removeAll(keepingCapacity: true)
                return jobs
            }
            if jobs.isEmpty { return }
            for job in jobs {
                job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            if start.duration(to: .now) > Self.longestDrain { return }
        }
    }

    private func runFlushes() {
        while !flushes.isEmpty {
            let now = flushes
            flushes.removeAll(keepingCapacity: true)
            for flush in now { flush() }
        }
    }

    private func dispatch(_ events: ArraySlice<epoll_event>) {
        for event in events {
            let descriptor = event.data.fd
            if descriptor == wakeDescriptor {
                var count: UInt64 = 0
                _ = Glibc.read(wakeDescriptor, &count, 8)
                continue
            }
            // A handler may have taken down this one's watch meanwhile.
            guard let watch = watches[descriptor] else { continue }
            let broken = event.events & UInt32(EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
            watch.ready(
                Readiness(
                    canRead: broken || event.events & UInt32(EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0,
                    canWrite: broken || event.events & UInt32(EPOLLOUT.rawValue) != 0
                )
            )
        }
    }

    private func change(_ operation: Int32, _ descriptor: Int32, _ mask: UInt32) {
        var event = epoll_event()
        event.events = mask
        event.data.fd = descriptor
        _ = epoll_ctl(pollDescriptor, operation, descriptor, &event)
    }

    // MARK: What the loop's own work asks of it

    private struct Watch {
        var action: @IOLoop (Readiness) -> Void

        func ready(_ readiness: Readiness) { IOLoop.assumeIsolated { action(readiness) } }
    }

    /// Calls `ready` whenever the descriptor can be read from or, where asked for, written to, until `unwatch`.
    ///
    /// Level-triggered: what is left unread is told again.
    @IOLoop package func watch(
        _ descriptor: Int32, reading: Bool = true, writing: Bool = false,
        _ ready: @escaping @IOLoop (Readiness) -> Void
    ) {
        watches[descriptor] = Watch(action: ready)
        change(EPOLL_CTL_ADD, descriptor, mask(reading, writing))
    }

    /// Changes what a watched descriptor is watched for.
    @IOLoop package func rewatch(_ descriptor: Int32, reading: Bool = true, writing: Bool) {
        change(EPOLL_CTL_MOD, descriptor, mask(reading, writing))
    }

    /// Ends the watch; to be called before the descriptor is closed.
    @IOLoop package func unwatch(_ descriptor: Int32) {
        if watches.removeValue(forKey: descriptor) != nil { change(EPOLL_CTL_DEL, descriptor, 0) }
    }

    private func mask(_ reading: Bool, _ writing: Bool) -> UInt32 {
        (reading ? UInt32(EPOLLIN.rawValue) : 0) | (writing ? UInt32(EPOLLOUT.rawValue) : 0)
    }

    /// Runs `flush` once, after all jobs that are ready now and before the loop waits.
    @IOLoop package func beforeWait(_ flush: @escaping @IOLoop () -> Void) {
        flushes.append { IOLoop.assumeIsolated { flush() } }
    }

    /// Runs `action` once after that time, unless the timer is cancelled first.
    @IOLoop @discardableResult
    package func after(_ delay: Duration, _ action: @escaping @IOLoop () -> Void) -> LoopTimer {
        timers.add(.now + delay) { IOLoop.assumeIsolated { action() } }
    }
}

/// What a descriptor is ready for.
///
/// A broken one is ready for both, so that the call that meets the error is made.
package struct Readiness {
    package var canRead: Bool
    package var canWrite: Bool
}
