internal import CLinux
internal import Diagnostics
internal import Glibc
internal import Local

/// A shell that a program of the control machine runs: a process behind three pipes.
@IOLoop
final class ProcessLink: ProgramShellLink {
    var owner: (any ShellLinkOwner)? {
        didSet {
            guard let owner else { return }
            if let end = ended.value { return owner.linkEnded(end) }
            listen()
        }
    }
    var backlog: Int { queue.count }

    private let process: pid_t
    /// Tells when the process ended; -1 where the kernel cannot, and the end of both streams must do.
    private let processDescriptor: Int32
    private var input: Int32
    private var streams: (out: Int32, err: Int32)
    private var queue = SendQueue()
    private var isFinishing = false
    private var isWatchingRoom = false
    private var isListening = false
    private let ended = Promise<LinkEnd>()
    var isOver: Bool { ended.value != nil }

    /// Starts a program in a session of its own, so that Ctrl-C at our terminal is ours to handle.
    ///
    /// - Parameters:
    ///   - words: The program's path and its arguments.
    ///   - atTerminal: Whether it gets a new terminal for its input and outputs, in place of pipes.
    init(words: [String], atTerminal: Bool = false) throws(Diagnostic) {
        let started = try atTerminal ? Self.startAtTerminal(words) : Self.startWithPipes(words)
        (process, input, streams) = (started.process, started.input, (started.output, started.errors))
        processDescriptor = swiftprov_pidfd_open(process)
        for descriptor in [input, streams.out, streams.err] where descriptor >= 0 {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        if processDescriptor >= 0 { _ = fcntl(processDescriptor, F_SETFD, FD_CLOEXEC) }
    }

    /// Begins to hear the process. What it says before there is an owner waits in its pipes.
    private func listen() {
        guard !isListening else { return }
        isListening = true
        EventLoop.shared.watch(streams.out) { _ in self.read(error: false) }
        if streams.err >= 0 { EventLoop.shared.watch(streams.err) { _ in self.read(error: true) } }
        if processDescriptor >= 0 { EventLoop.shared.watch(processDescriptor) { _ in self.processEnded() } }
    }

    /// A process with our ends of its streams; -1 for one it does not have.
    private struct Started {
        var process: pid_t
        var input: Int32
        var output: Int32
        var errors: Int32 = -1
    }

    private static func startWithPipes(_ words: [String]) throws(Diagnostic) -> Started {
        var pipes = [Int32](repeating: -1, count: 6)
        for at in [0, 2, 4] {
            let status = pipes.withUnsafeMutableBufferPointer { buffer -> Int32 in
                guard let base = buffer.baseAddress else { return -1 }
                return swiftprov_pipe(base + at)
            }
            guard status == 0 else {
                let reason = String(errno: errno)
                for descriptor in pipes where descriptor >= 0 { Glibc.close(descriptor) }
                throw Diagnostic(
                    .failed, "cannot start '\(words.first ?? "")': \(reason)", remedy: "Raise `ulimit -n`.")
            }
        }
        do throws(Diagnostic) {
            let process = try start(words) { actions in
                for (standard, at) in [(0, 0), (1, 3), (2, 5)] {
                    posix_spawn_file_actions_adddup2(&actions, pipes[at], Int32(standard))
                }
            }
            for at in [0, 3, 5] { Glibc.close(pipes[at]) }
            return Started(process: process, input: pipes[1], output: pipes[2], errors: pipes[4])
        } catch {
            for descriptor in pipes { Glibc.close(descriptor) }
            throw error
        }
    }

    private static func startAtTerminal(_ words: [String]) throws(Diagnostic) -> Started {
        var path = [CChar](repeating: 0, count: 128)
        let controlling = swiftprov_terminal(&path, path.count)
        guard controlling >= 0 else {
            throw Diagnostic(.failed, "there is no terminal to be had: \(String(errno: errno))")
        }
        // The same end is read and written, each with a descriptor of its own.
        let input = fcntl(controlling, F_DUPFD_CLOEXEC, 0)
        do throws(Diagnostic) {
            guard input >= 0 else {
                throw Diagnostic(
                    .failed, "cannot start '\(words.first ?? "")': \(String(errno: errno))",
                    remedy: "Raise `ulimit -n`.")
            }
            let process = try start(words) { actions in
                // The leader of a session without a terminal gets the first one that it opens.
                posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
                for standard in [Int32(1), 2] { posix_spawn_file_actions_adddup2(&actions, 0, standard) }
            }
            return Started(process: process, input: input, output: controlling)
        } catch {
            Glibc.close(controlling)
            if input >= 0 { Glibc.close(input) }
            throw error
        }
    }

    private static func start(
        _ words: [String], _ arrange: (inout posix_spawn_file_actions_t) -> Void
    ) throws(Diagnostic) -> pid_t {
        do throws(LocalProgram.SpawnFailure) {
            return try LocalProgram.spawn(words, leading: .session, arrange)
        } catch {
            throw Diagnostic(.failed, "cannot start '\(words.first ?? "")': \(error.reason)")
        }
    }

    // MARK: Sending

    func send(_ bytes: [UInt8]) {
        guard input >= 0, !isFinishing else { return }
        queue.append(bytes)
    }

    func flush() {
        let input = input
        guard input >= 0 else { return }
        while let count = queue.offer(to: { Glibc.write(input, $0.baseAddress, $0.count) }) {
            guard count < 0, errno != EINTR else { continue }
            if errno == EAGAIN { return watchRoom(true) }
            // The shell is gone; its end is told by the other descriptors.
            return closeInput()
        }
        watchRoom(false)
        if isFinishing { closeInput() }
    }

    private func watchRoom(_ wanted: Bool) {
        guard input >= 0, wanted != isWatchingRoom else { return }
        isWatchingRoom = wanted
        guard wanted else { return EventLoop.shared.unwatch(input) }
        EventLoop.shared.watch(input, reading: false, writing: true) { _ in
            self.flush()
            if self.backlog < Self.roomyBacklog { self.owner?.linkHasRoom() }
        }
    }

    private func closeInput() {
        guard input >= 0 else { return }
        watchRoom(false)
        Glibc.close(input)
        input = -1
        queue.removeAll()
    }

    // MARK: Receiving

    /// Reads what is there, at most `limit` bytes before others get their turn.
    private func read(error isError: Bool, limit: Int = 1 << 20) {
        let descriptor = isError ? streams.err : streams.out
        guard descriptor >= 0 else { return }
        var total = 0
        var isHungUp = false
        withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 16) { buffer in
            while total < limit {
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                if count > 0 {
                    total += count
                    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                    isError ? owner?.linkReceived(stderr: bytes) : owner?.linkReceived(stdout: bytes)
                    // What was received may have led to the link being cut.
                    if (isError ? streams.err : streams.out) < 0 { return }
                    continue
                }
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN { return }
                // A terminal nobody has open any more says so even if its last words came while this was found out
                // inside the kernel: only who asks again has heard all.
                if count < 0, errno == EIO, !isHungUp {
                    isHungUp = true
                    continue
                }
                closeStream(error: isError)
                return
            }
        }
    }

    private func closeStream(error isError: Bool) {
        let descriptor = isError ? streams.err : streams.out
        guard descriptor >= 0 else { return }
        EventLoop.shared.unwatch(descriptor)
        Glibc.close(descriptor)
        if isError { streams.err = -1 } else { streams.out = -1 }
        if streams.out < 0, streams.err < 0, processDescriptor < 0 { processEnded() }
    }

    // MARK: The end

    private func processEnded() {
        guard !isOver else { return }
        var information = siginfo_t()
        guard waitid(P_PID, id_t(process), &information, WEXITED | (processDescriptor < 0 ? 0 : WNOHANG)) == 0 else {
            return end("gone")
        }
        // What it wrote before it ended is still in the pipes; what its children hold open is not waited for.
        read(error: false, limit: .max)
        read(error: true, limit: .max)
        let status = swiftprov_status(&information)
        end(information.si_code == CLD_EXITED ? "exit status \(status)" : "signal \(status)")
    }

    private func end(_ how: String) {
        guard ended.fulfill(.shellEnded(how)) else { return }
        if processDescriptor >= 0 {
            EventLoop.shared.unwatch(processDescriptor)
            Glibc.close(processDescriptor)
        }
        closeInput()
        for isError in [false, true] { closeStream(error: isError) }
        let owner = owner
        self.owner = nil
        owner?.linkEnded(.shellEnded(how))
    }

    func finish() {
        isFinishing = true
        flush()
    }

    func cut() {
        owner = nil
        // The shell is the leader of its session's first group; commands in groups of their own are ended before.
        if !isOver {
            kill(-process, SIGKILL)
            listen()
        }
        closeInput()
    }

    func abandonOpening() {}

    func waitForEnd(atMost limit: Duration) async {
        if !isOver { listen() }
        await ended.wait(atMost: limit)
    }
}
