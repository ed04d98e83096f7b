package import Diagnostics

/// The long-lived shell of one identity: takes requests, sends them ahead of each other's answers, and reopens
/// itself after a request that killed it.
@IOLoop
package final class FramedShell: Shell {
    /// Starts the shell's process: sends the line to be run by the login shell, answers the link to it.
    package typealias Opener = @IOLoop @Sendable (_ line: String) async throws(Diagnostic) -> any ShellLink

    /// Where an open shell is on its host.
    private struct Place {
        var directory: String
        var process: String
    }

    private enum Phase {
        case closed
        case opening
        case open(any ShellLink, Place)
        /// Opening failed for a reason that trying again would not mend, such as a wrong password.
        case refused(Diagnostic)
    }

    let become: Become?
    let openTimeout: Duration
    private let opener: Opener
    /// Starts a process at a terminal of its own; nil where there is none to be had.
    let terminal: Opener?
    private var usesTerminal: Bool
    private var phase = Phase.closed
    private var framing = ShellFraming(token: "")
    private var waiting: [PendingRequest] = []
    private var inFlight: [PendingRequest] = []
    private var encoder: EncodedRequest?
    private var lastNumber = ShellBoot.number
    private var willPump = false
    /// Directories of shells that were killed before they could remove them.
    private var leftBehind: [String] = []
    /// Runs what ends a command from beside; opened when first needed.
    private var sideShell: FramedShell?
    /// Looks at requests that take long. Apart from the one that ends them: looking at a process that is stuck in the
    /// kernel may itself get stuck.
    private var lookShell: FramedShell?
    private var bulkRequests: [BulkRequest] = []

    package private(set) var roundTrips = 0
    /// Waits for the network while shells were opened.
    package private(set) var openingRoundTrips = 0

    /// How long a command has, once told to end, before its shell is given up.
    private static let endingTime = Duration.seconds(8)

    /// A shell that is opened by its first request.
    ///
    /// - Parameters:
    ///   - become: The identity; nil is the login user.
    ///   - openTimeout: The longest that opening may take, asking for a password included.
    ///   - terminal: Likewise, at a terminal; nil where there is none to be had.
    ///   - opener: Starts the process; called again after a request that killed it.
    package nonisolated init(
        become: Become?, openTimeout: Duration, terminal: Opener? = nil, opener: @escaping Opener
    ) {
        self.become = become
        self.openTimeout = openTimeout
        self.opener = opener
        self.terminal = terminal
        usesTerminal = ShellOpening.needsTerminal(become)
    }

    /// Another shell of the same identity, for what is done beside this one.
    private func sibling() -> FramedShell {
        let shell = FramedShell(become: become, openTimeout: openTimeout, terminal: terminal, opener: opener)
        shell.usesTerminal = usesTerminal
        return shell
    }

    private var opening: ShellOpening { ShellOpening(become, opener: opener, terminal: terminal, within: openTimeout) }

    // MARK: Requests

    package func request(_ request: ShellRequest) async throws(Diagnostic) -> CommandResult {
        if let outcome = await bulkOutcome(request) { return try outcome.get() }
        let pending = PendingRequest(request)
        let outcome = await withTaskCancellationHandler {
            accept(pending)
            return await pending.wait()
        } onCancel: {
            Task { @IOLoop in self.cancel(pending) }
        }
        return try outcome.get()
    }

    private func accept(_ pending: PendingRequest) {
        if Task.isCancelled {
            pending.finish(.failure(.interruptedBeforeRunning))
            return
        }
        if case .refused(let reason) = phase {
            pending.finish(.failure(reason))
            return
        }
        waiting.append(pending)
        if case .closed = phase { open() }
        schedulePump()
    }

    /// Everything asked for until the loop waits goes out in one piece.
    private func schedulePump() {
        guard !willPump else { return }
        willPump = true
        EventLoop.shared.beforeWait {
            self.willPump = false
            self.pump()
        }
    }

    private func pump() {
        guard case .open(let link, _) = phase else { return }
        let wasIdle = inFlight.isEmpty
        repeat {
            fill(link)
            link.flush()
            // What cannot be sent may have ended the link.
            guard case .open(let now, _) = phase, now === link else { return }
            // What went out at once made room for more; otherwise the link tells when there is some.
        } while hasMore && link.backlog < type(of: link).roomyBacklog
        guard !inFlight.isEmpty else { return }
        if wasIdle { roundTrips += 1 }
        watchHead()
    }

    private var hasMore: Bool { encoder != nil || !waiting.isEmpty }

    /// Gives the link as much as it should hold.
    private func fill(_ link: any ShellLink) {
        while link.backlog < type(of: link).roomyBacklog {
            if let bytes = encoder?.next() {
                link.send(bytes)
                continue
            }
            encoder = nil
            guard !waiting.isEmpty else { return }
            let pending = waiting.removeFirst()
            lastNumber += 1
            pending.number = lastNumber
            encoder = framing.encode(pending.request, number: lastNumber)
            inFlight.append(pending)
        }
    }

    // MARK: Large input

    /// The outcome of a request with large input, by a shell of its own.
    ///
    /// - Returns: Nil if it is to go the usual way: there is little input, or no further shell to be had.
    private func bulkOutcome(_ request: ShellRequest) async -> Result<CommandResult, Diagnostic>? {
        guard case .open(_, let place) = phase, request.checksItsInput, let input = request.input,
            input.count >= BulkRequest.threshold,
            !EncodedRequest.runsApart(request), !Task.isCancelled
        else { return nil }
        // A host may allow one session only.
        guard let opened = try? await opening.run(usingTerminal: usesTerminal) else { return nil }
        openingRoundTrips += opened.ready.roundTrips
        roundTrips += 2
        let bulk = BulkRequest(request, on: opened.link, opened.ready, directory: place.directory)
        bulkRequests.append(bulk)
        defer { bulkRequests.removeAll { $0 === bulk } }
        return await withTaskCancellationHandler {
            await bulk.run()
        } onCancel: {
            Task { @IOLoop in bulk.cut(Ending.interrupted.diagnostic) }
        }
    }

    // MARK: Answers

    private func takeReplies() {
        while case .open(let link, _) = phase {
            guard let reply = framing.nextReply() else {
                if framing.isFlooded, let head = inFlight.first { giveUp(on: head, .tooMuchOutput) }
                return
            }
            guard let head = inFlight.first, head.number == reply.number else {
                link.cut()
                shellIsGone("it answered out of turn")
                return
            }
            inFlight.removeFirst()
            if let reason = head.ending {
                head.finish(.failure(reason.diagnostic))
            } else if reply.isTooLong {
                head.finish(.failure(Ending.tooMuchOutput.diagnostic))
            } else {
                head.finish(.success(reply.result))
            }
            watchHead()
        }
    }

    /// Starts the clock of the request that the shell is working on.
    private func watchHead() {
        guard let head = inFlight.first else { return }
        watchProgress(of: head)
        guard head.timer == nil, let timeout = head.request.timeout else { return }
        head.timer = EventLoop.shared.after(timeout) { self.giveUp(on: head, .tookTooLong(timeout)) }
    }

    private func watchProgress(of head: PendingRequest) {
        guard head.watcher == nil, let watch = head.request.progress, case .open(_, let place) = phase else { return }
        let isCommand = EncodedRequest.runsApart(head.request)
        let subject = [place.directory, String(head.number), isCommand ? "" : place.process]
        let watcher = ProgressWatcher(
            watch, subject: subject, showsOutput: head.request.printsForPeople
        ) { [weak self] request in
            guard let self else { return nil }
            let shell = self.lookShell ?? sibling()
            self.lookShell = shell
            return try? await shell.request(request)
        }
        head.watcher = watcher
        watcher.begin()
    }

    // MARK: Ending requests

    private func cancel(_ pending: PendingRequest) {
        if let index = waiting.firstIndex(where: { $0 === pending }) {
            waiting.remove(at: index)
            pending.finish(.failure(.interruptedBeforeRunning))
        } else if let head = inFlight.first, head === pending, EncodedRequest.runsApart(pending.request) {
            giveUp(on: pending, .interrupted)
        } else if inFlight.contains(where: { $0 === pending }) {
            // A snippet is our own and short, and what was sent ahead will run: only its answer is given up.
            pending.finish(.failure(Ending.interrupted.diagnostic))
        }
    }

    /// Ends the request that is running: its process group, or if there is none the whole shell.
    private func giveUp(on head: PendingRequest, _ reason: Ending) {
        guard case .open(let link, let place) = phase, inFlight.first === head, head.ending == nil else { return }
        head.ending = reason
        guard EncodedRequest.runsApart(head.request) else {
            link.cut()
            shellIsGone("it was ended")
            return
        }
        side(.ending(command: head.number, in: place.directory))
        head.timer?.cancel()
        head.timer = EventLoop.shared.after(Self.endingTime) {
            guard case .open(let now, _) = self.phase, now === link, self.inFlight.first === head else { return }
            link.cut()
            self.shellIsGone("it did not let itself be ended")
        }
    }

    /// Runs something beside the shell; nobody waits for it.
    private func side(_ request: ShellRequest) {
        let shell = sideShell ?? sibling()
        sideShell = shell
        Task { @IOLoop in _ = try? await shell.request(request) }
    }

    // MARK: Opening and closing

    private func open() {
        phase = .opening
        Task { @IOLoop in
            do throws(Diagnostic) {
                let opened = try await self.opening.run(usingTerminal: self.usesTerminal)
                self.usesTerminal = opened.usesTerminal
                self.opened(opened.link, opened.ready)
            } catch {
                self.openingFailed(error)
            }
        }
    }

    private func opened(_ link: any ShellLink, _ ready: ShellStartup.Ready) {
        openingRoundTrips += ready.roundTrips
        lastNumber = ShellBoot.number
        framing = ready.framing
        phase = .open(link, Place(directory: ready.directory, process: ready.process))
        if !leftBehind.isEmpty {
            // Nobody waits for it, and it goes out with the requests that the shell was opened for, before them: they
            // find the host as if the killed shell had cleaned up itself.
            let remove = ShellRequest(
                .snippet, leftBehind.map { "_e \(ShellQuoting.quote($0))" }.joined(separator: "\n"))
            waiting.insert(PendingRequest(remove), at: 0)
            leftBehind.removeAll()
        }
        link.owner = self
        schedulePump()
    }

    private func openingFailed(_ reason: Diagnostic) {
        // Asking sudo again with the same wrong password would lock the account.
        phase =
            reason.code == .become || reason.code == .authentication || reason.code == .hostKey
            ? .refused(reason) : .closed
        let lost = waiting
        waiting.removeAll()
        for pending in lost { pending.finish(.failure(reason)) }
    }

    /// The shell is gone but not the connection: the request it was working on is lost, those behind it never
    /// began and go to a new one.
    private func shellIsGone(_ how: String) {
        if case .open(_, let place) = phase { leftBehind.append(place.directory) }
        phase = .closed
        encoder = nil
        if let head = inFlight.first {
            inFlight.removeFirst()
            let reason = head.ending?.diagnostic ?? .shellEnded(how)
            head.finish(.failure(reason))
        }
        waiting.insert(contentsOf: inFlight, at: 0)
        inFlight.removeAll()
        if !waiting.isEmpty { open() }
    }

    private func connectionIsGone(_ reason: Diagnostic) {
        phase = .closed
        encoder = nil
        let (running, notSent) = (inFlight, waiting)
        inFlight.removeAll()
        waiting.removeAll()
        for pending in running {
            pending.finish(.failure(reason.adding("; what was running there may have been done, in part or whole")))
        }
        for pending in notSent { pending.finish(.failure(reason.adding("; nothing of this was sent"))) }
    }

    /// Ends the shell after what it is doing; a command that runs is ended with its processes.
    package func close() async {
        if let head = inFlight.first {
            if EncodedRequest.runsApart(head.request) {
                giveUp(on: head, .interrupted)
            } else if case .open(_, let place) = phase, !place.process.isEmpty {
                // A snippet that takes long runs a program for somebody: that is ended as a command is.
                head.ending = .interrupted
                side(.ending(below: place.process))
            }
            await head.wait(atMost: Self.endingTime)
        }
        if case .open(let link, _) = phase { link.finish() }
        for bulk in bulkRequests { bulk.cut(Diagnostic(.interrupted, "the connection was closed")) }
        connectionIsGone(Diagnostic(.interrupted, "the connection was closed"))
        let others = [sideShell, lookShell].compactMap(\.self)
        (sideShell, lookShell) = (nil, nil)
        for shell in others { await shell.close() }
    }
}

extension FramedShell {
    /// Ends the shell as `close` does, and waits until its processes are gone; for long only if they hang.
    package func end() async {
        let links = openLinks
        await close()
        for link in links { await link.waitForEnd(atMost: Self.endingTime) }
    }

    private var openLinks: [any ShellLink] {
        var links = [sideShell, lookShell].compactMap(\.self).flatMap(\.openLinks)
        if case .open(let link, _) = phase { links.append(link) }
        return links
    }
}

extension FramedShell: ShellLinkOwner {
    package func linkReceived(stdout bytes: UnsafeRawBufferPointer) {
        framing.receive(stdout: bytes, awaited: inFlight.count)
        takeReplies()
    }

    package func linkReceived(stderr bytes: UnsafeRawBufferPointer) {
        framing.receive(stderr: bytes, awaited: inFlight.count)
        takeReplies()
    }

    package func linkHasRoom() { schedulePump() }

    package func linkEnded(_ end: LinkEnd) {
        switch end {
        case .shellEnded(let how): shellIsGone(how)
        case .connectionLost(let reason): connectionIsGone(reason)
        }
    }
}
