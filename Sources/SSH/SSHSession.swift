internal import CLibSSH2
internal import Diagnostics
internal import Glibc
internal import Synchronization
internal import Target

/// Drives one session: its operations one after the other, its channels' streams all the time.
///
/// libssh2 wants a call that answered `EAGAIN` repeated before another begins, so there is one place for such a
/// call, and everything waits for it; the wait is for the socket, never for a thread.
@IOLoop
final class SSHSession {
    private let handle: SessionHandle
    private var operations: [Operation] = []
    /// A read or write that could not send all it has to (a window adjustment, a part of a packet).
    private var unfinished: (() -> Int)?
    private var links: [ChannelLink] = []
    private var isPumping = false
    private var willPump = false
    private var isWatchingRoom = false
    private var lastHeard = ContinuousClock.now
    private(set) var death: Diagnostic?
    /// The least time that the network took there and back.
    private(set) var latency: Duration?
    /// Told when the connection is lost.
    var onDeath: ((Diagnostic) -> Void)?

    private struct Operation {
        var call: () -> Int
        var done: (Int) -> Void
    }

    private static let again = Int(LIBSSH2_ERROR_EAGAIN)

    init(socket: Int32) throws(Diagnostic) {
        handle = try SessionHandle(socket: socket)
        EventLoop.shared.watch(socket) { [weak self] readiness in
            guard let self else { return }
            if readiness.canRead { self.lastHeard = .now }
            self.pump()
        }
    }

    var raw: OpaquePointer { handle.raw }
    var lastError: String { handle.lastError }
    var notes: SessionNotes { handle.notes }

    /// How the server ended the connection, if it did.
    var farewell: String? {
        notes.farewell.withLock { $0 } ?? (handle.isClosedByPeer ? "it closed the connection" : nil)
    }

    func noteLatency(_ noticed: Duration) { latency = min(latency ?? noticed, noticed) }

    // MARK: Operations

    /// Calls until the answer is not `EAGAIN`, with whatever else the session has to do kept apart.
    ///
    /// - Returns: What the call answered last; an error of the socket if the session ended meanwhile.
    func perform(_ call: @escaping () -> Int) async -> Int {
        await withCheckedContinuation { continuation in
            begin(call) { continuation.resume(returning: $0) }
        }
    }

    func begin(_ call: @escaping () -> Int, done: @escaping (Int) -> Void = { _ in }) {
        guard death == nil else { return done(Int(LIBSSH2_ERROR_SOCKET_DISCONNECT)) }
        operations.append(Operation(call: call, done: done))
        schedulePump()
    }

    // MARK: Channels

    func add(_ link: ChannelLink) {
        links.append(link)
        schedulePump()
    }

    func remove(_ link: ChannelLink) { links.removeAll { $0 === link } }

    var openLinks: [ChannelLink] { links }

    /// Sends and receives before the loop waits, once for everything that asked for it.
    func schedulePump() {
        guard !willPump, death == nil else { return }
        willPump = true
        EventLoop.shared.beforeWait {
            self.willPump = false
            self.pump()
        }
    }

    private func pump() {
        guard !isPumping, death == nil else { return }
        isPumping = true
        defer { isPumping = false }
        step()
        watchRoom()
    }

    private func step() {
        if let unfinished {
            if unfinished() == Self.again, wantsRoom { return }
            self.unfinished = nil
        }
        while let operation = operations.first {
            let answer = operation.call()
            guard death == nil else { return }
            if answer == Self.again {
                // Half a packet must be sent before anything else; an answer is waited for while channels go on.
                if wantsRoom { return }
                break
            }
            operations.removeFirst()
            operation.done(answer)
        }
        let waiting = operations.count
        for link in links {
            for step in [link.readOutput, link.readErrors, link.write] {
                let answer = step()
                guard death == nil else { return }
                if answer == Self.again, wantsRoom {
                    unfinished = step
                    return
                }
                if answer < 0, answer != Self.again { return die(explain(answer)) }
            }
            link.lookForEnd()
        }
        // Ending links may have asked for operations.
        if operations.count > waiting { schedulePump() }
    }

    private var wantsRoom: Bool {
        libssh2_session_block_directions(handle.raw) & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0
    }

    private func watchRoom() {
        guard death == nil else { return }
        let wanted = wantsRoom && (unfinished != nil || !operations.isEmpty)
        if wanted != isWatchingRoom {
            isWatchingRoom = wanted
            EventLoop.shared.rewatch(handle.socket, writing: wanted)
        }
    }

    // MARK: The end

    private func explain(_ answer: Int) -> Diagnostic {
        let words = handle.lastError
        return Diagnostic(
            .unreachable, "the connection was lost" + (words.isEmpty ? "" : " (\(words))"),
            remedy: "See whether the host and its sshd are up.")
    }

    /// Ends the session and everyone who waits for it.
    func die(_ reason: Diagnostic) {
        guard death == nil else { return }
        death = reason
        EventLoop.shared.unwatch(handle.socket)
        shutdown(handle.socket, Int32(SHUT_RDWR))
        unfinished = nil
        let (waiting, orphans) = (operations, links)
        operations.removeAll()
        links.removeAll()
        for operation in waiting { operation.done(Int(LIBSSH2_ERROR_SOCKET_DISCONNECT)) }
        for link in orphans { link.sessionEnded(reason) }
        onDeath?(reason)
        onDeath = nil
    }

    // MARK: Keeping alive

    /// Asks a silent host whether it is there, and gives it up when it leaves too many questions unanswered.
    func keepAlive(every interval: Duration, count: Int) {
        guard interval > .zero else { return }
        // The library counts in whole seconds, takes 1 for 2 and sends nothing before: asking more often than it
        // sends would take a quiet host for a dead one.
        libssh2_keepalive_config(raw, 1, 2)
        lastHeard = .now
        askLater(max(interval, .seconds(2)), max(count, 2))
    }

    private func askLater(_ interval: Duration, _ count: Int) {
        EventLoop.shared.after(interval) { [weak self] in
            guard let self, self.death == nil else { return }
            let silence = self.lastHeard.duration(to: .now)
            if silence > interval * count {
                self.die(
                    Diagnostic(
                        .unreachable, "the host has not answered for \(silence.inWords)",
                        remedy: "See whether the host and the network between are up."))
                return
            }
            if silence >= interval, self.unfinished == nil, !self.wantsRoom {
                // Not behind the operations: one of them may be what has to wait for the host.
                self.unfinished = {
                    var next: Int32 = 0
                    return Int(libssh2_keepalive_send(self.raw, &next))
                }
                self.schedulePump()
            }
            self.askLater(interval, count)
        }
    }
}
