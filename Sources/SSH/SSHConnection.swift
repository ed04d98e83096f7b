internal import CLibSSH2
public import Diagnostics
public import Target

/// A host reached by SSH: one session, a long-lived shell for each identity on it.
///
/// Connects when first asked for
/// a shell, and again if the connection was lost meanwhile.
@IOLoop
public final class SSHConnection: Connection {
    private var settings: SSHSettings
    private let passphrases: (any PassphraseSource)?
    private var state = State.closed
    private var shells: [Become?: FramedShell] = [:]

    private enum State {
        case closed
        case connecting(Promise<Result<SSHSession, Diagnostic>>)
        case open(SSHSession)
        /// Trying again would not help, and could lock an account.
        case refused(Diagnostic)
    }

    private var connectingRoundTrips = 0

    /// Round trips that connecting took: TCP, key exchange, login, and opening shells.
    public var setupRoundTrips: Int { shells.values.reduce(connectingRoundTrips) { $0 + $1.openingRoundTrips } }

    /// How long the network takes there and back: as long as the quickest opening of a shell's channel took.
    public var latency: Duration? { if case .open(let session) = state { session.latency } else { nil } }

    /// Only takes the settings down; connecting waits for the first shell.
    ///
    /// - Parameters:
    ///   - settings: How to reach the host and log in.
    ///   - passphrases: Who is asked for a passphrase that the settings lack; nil for nobody.
    public nonisolated init(_ settings: SSHSettings, passphrases: (any PassphraseSource)? = nil) {
        self.settings = settings
        self.passphrases = passphrases
    }

    /// The shell of that identity; connects if that was not done yet.
    ///
    /// - Parameter become: Whom to become; nil is the login user.
    /// - Returns: The shell, which is opened by its first request.
    /// - Throws: `Diagnostic`: `.unreachable`, `.hostKey` or `.authentication`.
    public func shell(as become: Become?) async throws(Diagnostic) -> any Shell {
        _ = try await session()
        if let shell = shells[become] { return shell }
        func opener(atTerminal: Bool) -> FramedShell.Opener {
            { [weak self] line throws(Diagnostic) in
                guard let self else { throw Diagnostic(.interrupted, "the connection was closed") }
                return try await ChannelLink.open(try await self.session(), line: line, atTerminal: atTerminal)
            }
        }
        let shell = FramedShell(
            become: become, openTimeout: settings.connectTimeout + .seconds(5), terminal: opener(atTerminal: true),
            opener: opener(atTerminal: false))
        shells[become] = shell
        return shell
    }

    public func endShells(of user: String) async {
        for become in shells.keys where become?.user == user {
            guard let shell = shells.removeValue(forKey: become) else { continue }
            connectingRoundTrips += shell.openingRoundTrips
            await shell.end()
        }
    }

    /// Ends the shells, lets them remove their files, and disconnects.
    public func close() async {
        let open = shells.values
        shells.removeAll()
        for shell in open { await shell.close() }
        guard case .open(let session) = state else { return }
        state = .closed
        // The shells remove their files as their last deed.
        for link in session.openLinks { await link.waitForEnd(atMost: .seconds(1)) }
        _ = await session.perform {
            Int(libssh2_session_disconnect_ex(session.raw, SSH_DISCONNECT_BY_APPLICATION, "done", ""))
        }
        session.onDeath = nil
        session.die(Diagnostic(.interrupted, "the connection was closed"))
    }

    // MARK: Connecting

    /// The session, connected and logged in.
    func session() async throws(Diagnostic) -> SSHSession {
        switch state {
        case .open(let session) where session.death == nil: return session
        case .refused(let reason): throw reason
        case .connecting(let promise): return try await promise.wait().get()
        case .closed, .open:
            let promise = Promise<Result<SSHSession, Diagnostic>>()
            state = .connecting(promise)
            Task { @IOLoop in await self.connect() }
            return try await promise.wait().get()
        }
    }

    private func connect() async {
        var outcome: Result<SSHSession, Diagnostic>
        var attempt = 0
        repeat {
            if attempt > 0 { try? await Task.sleep(for: .seconds(min(1 << attempt, 30))) }
            do throws(Diagnostic) {
                outcome = .success(try await connectOnce())
            } catch {
                outcome = .failure(error)
            }
            attempt += 1
        } while attempt <= settings.retries && outcome.isUnreachable

        guard case .connecting(let promise) = state else { return }
        switch outcome {
        case .success(let session): state = .open(session)
        case .failure(let reason): state = reason.code == .unreachable ? .closed : .refused(reason)
        }
        promise.fulfill(outcome)
    }

    /// A connected socket, however the host is reached.
    private func socket(until deadline: ContinuousClock.Instant) async throws(Diagnostic) -> Int32 {
        switch settings.route {
        case .direct: try await Dialer.dial(settings.host, port: settings.port, until: deadline)
        case .command(let line): try LocalCommand.connect(line)
        case .through(let jump):
            try await JumpHosts.connect(
                through: jump, to: settings.host, port: settings.port, within: settings.connectTimeout,
                passphrases: passphrases)
        }
    }

    /// How often a login goes on over a new connection, where a server lets nobody try as many keys as there are.
    private static let continuations = 3

    private func connectOnce() async throws(Diagnostic) -> SSHSession {
        let identities = await Authenticator.identities(settings)
        // Asked before there is a connection, which would not wait for somebody to type.
        if settings.passphrase == nil, let passphrases, let path = identities.lockedFile {
            settings.passphrase = await passphrases.passphrase(forKeyAt: path)
        }
        var progress = LoginProgress(identities)
        var refusal: Diagnostic?
        for _ in 0...Self.continuations {
            let greeted: Greeted
            do throws(Diagnostic) {
                greeted = try await handshake()
            } catch {
                guard var refusal else { throw error }
                // A server may keep those away for a while who failed.
                refusal.summary += "; connecting again failed: \(error.summary)"
                throw refusal
            }
            let session = greeted.session
            defer { greeted.timer.cancel() }
            var authenticator = Authenticator(
                session, settings, progress, mayShowPassword: greeted.mayShowPassword)
            do throws(Diagnostic) {
                try await authenticator.logIn()
                connectingRoundTrips += authenticator.roundTrips
                keep(session)
                return session
            } catch {
                connectingRoundTrips += authenticator.roundTrips
                session.die(error)
                progress = authenticator.progress
                refusal = error
                guard authenticator.wasCutOff, progress.hasMore(settings) else { throw error }
            }
        }
        throw refusal ?? Diagnostic(.internal, "no login was tried")
    }

    private func keep(_ session: SSHSession) {
        session.keepAlive(every: settings.keepaliveInterval, count: settings.keepaliveCount)
        session.onDeath = { [weak self, weak session] _ in
            guard let self, case .open(let now) = self.state, now === session else { return }
            self.state = .closed
        }
    }

    /// A session whose host has shown its key, before the login.
    private struct Greeted {
        var session: SSHSession
        /// Whether the host is the one it was.
        var mayShowPassword: Bool
        /// Ends the session where logging in takes too long; to be cancelled after that.
        var timer: LoopTimer
    }

    private func handshake() async throws(Diagnostic) -> Greeted {
        var deadline = ContinuousClock.now + settings.connectTimeout
        let socket = try await socket(until: deadline)
        // Hosts on the way have time of their own, and may ask for a passphrase.
        if case .through = settings.route { deadline = .now + settings.connectTimeout }
        let session = try SSHSession(socket: socket)
        let timer = EventLoop.shared.after(ContinuousClock.now.duration(to: deadline)) {
            session.die(
                Diagnostic(
                    .unreachable, "\(self.settings.host) port \(self.settings.port) does not speak SSH in time",
                    remedy: "See whether it is sshd that listens there; `timeout` in ansible.cfg waits longer."))
        }
        do throws(Diagnostic) {
            let mayShowPassword = try await checkHost(of: session, on: socket)
            return Greeted(session: session, mayShowPassword: mayShowPassword, timer: timer)
        } catch {
            timer.cancel()
            session.die(error)
            throw error
        }
    }

    /// Agrees on algorithms and checks the host's key.
    ///
    /// - Returns: Whether the host is the one it was, so that it may be shown a password.
    private func checkHost(of session: SSHSession, on socket: Int32) async throws(Diagnostic) -> Bool {
        let check = HostKeyCheck(settings)
        try AlgorithmChoice.apply(settings, usual: check.algorithms, to: session)
        let status = await session.perform { Int(libssh2_session_handshake(session.raw, socket)) }
        guard status == 0 else {
            if let death = session.death { throw death }
            throw Diagnostic(
                .unreachable,
                "no SSH connection with \(settings.host) port \(settings.port): \(session.lastError)",
                remedy: "See whether it is sshd that listens there, and its log.")
        }
        var length = 0
        var type: Int32 = 0
        guard let key = libssh2_session_hostkey(session.raw, &length, &type) else {
            throw Diagnostic(.hostKey, "the host showed no key")
        }
        let mayShowPassword = try check.check(Array(UnsafeRawBufferPointer(start: key, count: length)))
        connectingRoundTrips += 4
        return mayShowPassword
    }
}

/// Who knows passphrases of private keys: a person at the terminal.
public protocol PassphraseSource: Sendable {
    /// The passphrase of the key in a file; nil if nobody can be asked.
    ///
    /// Hosts ask side by side; about one key the person is asked once.
    func passphrase(forKeyAt path: String) async -> String?
}

extension Result where Failure == Diagnostic {
    fileprivate var isUnreachable: Bool {
        if case .failure(let reason) = self { reason.code == .unreachable } else { false }
    }
}
