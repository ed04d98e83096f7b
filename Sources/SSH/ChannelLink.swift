internal import CLibSSH2
internal import Diagnostics
internal import Glibc
internal import Target

/// A shell on the other side of a channel.
///
/// The session calls `readOutput`, `readErrors` and `write` as the socket
/// allows.
@IOLoop
final class ChannelLink: ShellLink {
    var owner: (any ShellLinkOwner)? {
        didSet {
            guard let owner else { return }
            if let end = ended.value { return owner.linkEnded(end) }
            // What came before there was an owner is with the library, or still on its way.
            if !isListening { session.schedulePump() }
            isListening = true
        }
    }
    var backlog: Int { queue.count }

    private let session: SSHSession
    private var channel: OpaquePointer?
    private var queue = SendQueue()
    private var isFinishing = false
    /// Whether there has been anybody to tell what comes.
    private var isListening = false
    private let ended = Promise<LinkEnd>()

    /// What is read before other channels get their turn.
    private static let readLimit = 1 << 20
    /// The library's defaults, as macros that Swift does not see: 2 MiB under way, in packets of 32 KiB.
    private static let windowSize: UInt32 = 2 << 20
    private static let packetSize: UInt32 = 32768

    private init(_ session: SSHSession, _ channel: OpaquePointer) {
        self.session = session
        self.channel = channel
    }

    /// Opens a channel and has the login shell run `line` in it: two round trips.
    ///
    /// - Parameter atTerminal: Whether it gets a terminal there, in place of streams; that is one round trip more.
    static func open(
        _ session: SSHSession, line: String, atTerminal: Bool = false
    ) async throws(Diagnostic) -> ChannelLink {
        var opened: OpaquePointer?
        let asked = ContinuousClock.now
        let status = await session.perform {
            opened = libssh2_channel_open_ex(
                session.raw, "session", 7, Self.windowSize, Self.packetSize, nil, 0)
            return opened == nil ? Int(libssh2_session_last_errno(session.raw)) : 0
        }
        guard status == 0, let channel = opened else {
            if let death = session.death { throw death }
            throw Diagnostic(
                .unreachable, "the host opens no further channel: \(session.lastError)",
                remedy: "Raise MaxSessions in the host's sshd_config.")
        }
        // Of all that is waited for, a host answers this with the least work of its own.
        session.noteLatency(.now - asked)
        let link = ChannelLink(session, channel)
        if atTerminal { try await link.requestTerminal(channel) }
        let started = await session.perform {
            Int(libssh2_channel_process_startup(channel, "exec", 4, line, UInt32(line.utf8.count)))
        }
        guard started == 0 else {
            if let death = session.death { throw death }
            link.free()
            throw Diagnostic(
                .unreachable, "the host starts no shell: \(session.lastError)",
                remedy: "See `ForceCommand` and the user's login shell there.")
        }
        session.add(link)
        return link
    }

    /// A terminal that shows nothing of what is typed: passwords are.
    private func requestTerminal(_ channel: OpaquePointer) async throws(Diagnostic) {
        let status = await session.perform {
            Int(
                Self.silentModes.withUnsafeBufferPointer {
                    libssh2_channel_request_pty_ex(
                        channel, "dumb", 4, $0.baseAddress, UInt32($0.count), 80, 24, 0, 0)
                })
        }
        guard status != 0 else { return }
        if let death = session.death { throw death }
        let words = session.lastError
        free()
        throw Diagnostic(
            .unreachable, "the host gives no terminal: \(words)",
            remedy: "Allow it in its sshd_config: `PermitTTY yes`.")
    }

    /// Modes of a terminal as RFC 4254, section 8, writes them: ECHO (53) off, and the end of the list.
    private static let silentModes: [CChar] = [53, 0, 0, 0, 0, 0]

    /// Opens a channel that the host at the other end connects to an address: one round trip and its own.
    static func tunnel(_ session: SSHSession, to host: String, port: Int) async throws(Diagnostic) -> ChannelLink {
        var opened: OpaquePointer?
        let status = await session.perform {
            opened = libssh2_channel_direct_tcpip_ex(session.raw, host, Int32(port), "127.0.0.1", 22)
            return opened == nil ? Int(libssh2_session_last_errno(session.raw)) : 0
        }
        guard status == 0, let channel = opened else {
            if let death = session.death { throw death }
            throw Diagnostic(
                .unreachable, "the jump host does not connect to \(host) port \(port): \(session.lastError)",
                remedy: "See whether it reaches that address, and AllowTcpForwarding in its sshd_config.")
        }
        let link = ChannelLink(session, channel)
        session.add(link)
        return link
    }

    // MARK: Sending

    func send(_ bytes: [UInt8]) {
        guard channel != nil, !isFinishing else { return }
        queue.append(bytes)
    }

    func flush() {
        if backlog > 0 { session.schedulePump() }
    }

    /// Writes until there is no room; after `EAGAIN` the same bytes are offered again, as libssh2 wants it.
    func write() -> Int {
        var hasSent = false
        func send(_ bytes: UnsafeRawBufferPointer, _ channel: OpaquePointer) -> Int {
            bytes.withMemoryRebound(to: CChar.self) {
                libssh2_channel_write_ex(channel, 0, $0.baseAddress, min($0.count, 32768))
            }
        }
        while let channel, let count = queue.offer(to: { send($0, channel) }) {
            if count == Int(LIBSSH2_ERROR_CHANNEL_CLOSED) || count == Int(LIBSSH2_ERROR_CHANNEL_EOF_SENT) {
                // The shell is gone; the end of its streams tells.
                queue.removeAll()
                return 0
            }
            if count <= 0 {
                // Zero: the host's window is full, and it says when there is room.
                if hasSent, backlog < Self.roomyBacklog { owner?.linkHasRoom() }
                return count
            }
            hasSent = true
        }
        // Only after progress: being asked for more leads here again.
        if hasSent { owner?.linkHasRoom() }
        if isFinishing, backlog == 0 { sendEnd() }
        return 0
    }

    private var hasSentEnd = false

    private func sendEnd() {
        guard !hasSentEnd, let channel else { return }
        hasSentEnd = true
        session.begin { Int(libssh2_channel_send_eof(channel)) }
    }

    // MARK: Receiving

    func readOutput() -> Int { read(stream: 0) }
    func readErrors() -> Int { read(stream: 1) }

    private func read(stream: Int32) -> Int {
        guard isListening else { return 0 }
        var total = 0
        return withUnsafeTemporaryAllocation(byteCount: 32768, alignment: 16) { buffer -> Int in
            while total < Self.readLimit, let channel {
                let count = buffer.withMemoryRebound(to: CChar.self) {
                    libssh2_channel_read_ex(channel, stream, $0.baseAddress, $0.count)
                }
                if count == Int(LIBSSH2_ERROR_CHANNEL_CLOSED) { return 0 }
                if count <= 0 { return count }
                total += count
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                if stream == 0 { owner?.linkReceived(stdout: bytes) } else { owner?.linkReceived(stderr: bytes) }
            }
            // There may be more: the socket need not tell again what the library has read already.
            if total >= Self.readLimit { session.schedulePump() }
            return 0
        }
    }

    // MARK: The end

    /// Sees whether the shell ended: its streams are at their end, or its exit was reported while a child of its
    /// holds them open.
    func lookForEnd() {
        guard isListening, ended.value == nil, let channel else { return }
        var name: UnsafeMutablePointer<CChar>?
        var length = 0
        libssh2_channel_get_exit_signal(channel, &name, &length, nil, nil, nil, nil)
        let signal = name.map { String(cString: $0) }
        if let name { libssh2_free(session.raw, name) }
        let status = libssh2_channel_get_exit_status(channel)
        let how = signal.map { "signal \($0)" } ?? "exit status \(status)"
        if libssh2_channel_eof(channel) != 0 {
            end(.shellEnded(how))
            free()
        } else if signal != nil || status != 0, !isExiting {
            // sshd reports the exit before it has sent all output, so the end of the streams gets a moment.
            isExiting = true
            EventLoop.shared.after(Self.exitTime) {
                guard self.ended.value == nil else { return }
                self.end(.shellEnded(how))
                self.free()
            }
        }
    }

    private var isExiting = false
    private static let exitTime = Duration.milliseconds(500)

    func sessionEnded(_ reason: Diagnostic) {
        channel = nil  // freed with its session
        end(.connectionLost(reason))
    }

    private func end(_ how: LinkEnd) {
        guard ended.fulfill(how) else { return }
        queue.removeAll()
        let owner = owner
        self.owner = nil
        owner?.linkEnded(how)
    }

    private func free() {
        session.remove(self)
        guard let channel else { return }
        self.channel = nil
        session.begin { Int(libssh2_channel_free(channel)) }
    }

    func finish() {
        isFinishing = true
        session.schedulePump()
    }

    func cut() {
        owner = nil
        end(.shellEnded("cut"))
        free()
    }

    /// Waits until the shell has ended.
    func waitForEnd(atMost limit: Duration) async { await ended.wait(atMost: limit) }
}
