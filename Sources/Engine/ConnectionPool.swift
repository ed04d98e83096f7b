import Diagnostics
import Target

/// The connections of a run: one per host and way in, opened when first needed, kept to the end.
@IOLoop
final class ConnectionPool {
    private let provider: any ConnectionProvider
    private var connections: [ConnectionRequest: any Connection] = [:]
    private var shells: [String: [Key: LazyShell]] = [:]
    private var closing: Task<Void, Never>?
    /// How many requests that may change something were begun and ended, on all hosts together.
    private(set) var changes = 0
    private var latencies: [String: Duration] = [:]
    /// Of connections that are no more.
    private var pastSetup: [String: Int] = [:]

    private struct Key: Hashable {
        var request: ConnectionRequest
        var become: Become?
    }

    nonisolated init(_ provider: any ConnectionProvider) { self.provider = provider }

    /// The shell of an identity on a host; nothing is opened before its first request.
    func shell(_ request: ConnectionRequest, as become: Become?) throws(Diagnostic) -> any Shell {
        let key = Key(request: request, become: become)
        if let shell = shells[request.name]?[key] { return shell }
        // Settings that make no sense are told before the first request.
        _ = try connection(request)
        let shell = LazyShell(self, request, become)
        shells[request.name, default: [:]][key] = shell
        return shell
    }

    /// Opens an identity's shell over the connection there is, or over a new one.
    fileprivate func open(_ request: ConnectionRequest, as become: Become?) async throws(Diagnostic) -> any Shell {
        try await connection(request).shell(as: become)
    }

    /// Notes how long the network takes, once a host has answered.
    fileprivate func noteLatency(_ request: ConnectionRequest) async {
        latencies[request.name] = await connections[request]?.latency
    }

    /// How long the network to a host takes there and back; nil where that is not known, or there is none.
    func latency(of host: String) -> Duration? { latencies[host] }

    /// What was asked before counts no more.
    fileprivate func noteChange() { changes += 1 }

    /// Does what may change something.
    fileprivate func changing<Answer: Sendable>(
        _ work: @IOLoop () async throws(Diagnostic) -> Answer
    ) async throws(Diagnostic) -> Answer {
        changes += 1
        defer { changes += 1 }
        return try await work()
    }

    /// Ends the connections to a host and makes one that is opened by its next request.
    ///
    /// - Parameter limit: The longest that may take, in place of what the request says.
    fileprivate func renew(_ request: ConnectionRequest, within limit: Duration?) async throws(Diagnostic) {
        await reset(request.name)
        var hurried = request
        hurried.timeout = limit ?? request.timeout
        connections[request] = try provider.connection(hurried)
    }

    private func connection(_ request: ConnectionRequest) throws(Diagnostic) -> any Connection {
        if let connection = connections[request] { return connection }
        let connection = try provider.connection(request)
        connections[request] = connection
        return connection
    }

    /// A connection that nobody else uses; whoever asked for it closes it.
    func separate(_ request: ConnectionRequest) throws(Diagnostic) -> any Connection {
        // What is done over it is not seen here.
        changes += 1
        return try provider.connection(request)
    }

    /// How often a host was waited for so far, all its identities together.
    func roundTrips(of host: String) async -> Int {
        var sum = 0
        for shell in shells[host, default: [:]].values { sum += await shell.roundTrips }
        return sum
    }

    /// How often a host was waited for until it could be asked anything, further connections included.
    func setupRoundTrips(of host: String) async -> Int {
        var sum = pastSetup[host] ?? 0
        for (request, connection) in connections where request.name == host { sum += await connection.setupRoundTrips }
        return sum
    }

    /// Ends the connections to a host; the next task opens them anew.
    func reset(_ host: String) async {
        changes += 1
        shells[host] = nil
        for request in connections.keys where request.name == host {
            guard let connection = connections.removeValue(forKey: request) else { continue }
            pastSetup[host, default: 0] += await connection.setupRoundTrips
            await connection.close()
        }
    }

    /// Ends the shells on a host that became a user.
    fileprivate func endShells(of user: String, on host: String) async {
        for (key, shell) in shells[host, default: [:]] where key.become?.user == user { await shell.forget() }
        for (request, connection) in connections where request.name == host { await connection.endShells(of: user) }
    }

    /// Ends everything; who asks again waits until that is done.
    func close() async {
        let all = Array(connections.values)
        connections = [:]
        shells = [:]
        let before = closing
        let task = Task(executorPreference: EventLoop.shared) {
            await before?.value
            await withTaskGroup(of: Void.self) { group in
                for connection in all { group.addTask { await connection.close() } }
            }
        }
        closing = task
        await task.value
    }
}

/// A shell lent to one task that has to be done by a certain time (`timeout:`).
struct HurriedShell: Shell {
    let shell: any Shell
    let deadline: ContinuousClock.Instant
    let limit: Duration

    func request(_ request: ShellRequest) async throws(Diagnostic) -> CommandResult {
        let left = try timeLeft()
        var request = request
        request.timeout = min(request.timeout ?? left, left)
        return try await shell.request(request)
    }

    func converse(
        _ request: TerminalRequest, _ dialogue: any TerminalDialogue
    ) async throws(Diagnostic) -> TerminalOutcome {
        var request = request
        let left = try timeLeft()
        request.timeout = min(request.timeout ?? left, left)
        return try await shell.converse(request, dialogue)
    }

    var roundTrips: Int { get async { await shell.roundTrips } }

    func reopen(within limit: Duration?) async throws(Diagnostic) { try await shell.reopen(within: limit) }

    func endShells(of user: String) async { await shell.endShells(of: user) }

    private func timeLeft() throws(Diagnostic) -> Duration {
        let left = ContinuousClock.now.duration(to: deadline)
        if left > .zero { return left }
        throw Diagnostic(
            .timeout, "the task took longer than its timeout of \(limit)",
            remedy: "Raise 'timeout:', or look why it is slow.")
    }
}

/// A shell that is opened by its first request.
@IOLoop
private final class LazyShell: Shell {
    private let pool: ConnectionPool
    private let connection: ConnectionRequest
    private let become: Become?
    private var opened: (any Shell)?
    private var opening: Task<any Shell, any Error>?
    /// Whether it has not been asked anything yet.
    private var isNew = true
    /// Of the shells that were opened anew.
    private var pastRoundTrips = 0

    init(_ pool: ConnectionPool, _ connection: ConnectionRequest, _ become: Become?) {
        self.pool = pool
        self.connection = connection
        self.become = become
    }

    func request(_ request: ShellRequest) async throws(Diagnostic) -> CommandResult {
        let shell = try await shell()
        let result: CommandResult
        if request.onlyReads {
            result = try await shell.request(request)
        } else {
            result = try await pool.changing { () async throws(Diagnostic) in try await shell.request(request) }
        }
        if isNew {
            isNew = false
            await pool.noteLatency(connection)
        }
        return result
    }

    func converse(
        _ request: TerminalRequest, _ dialogue: any TerminalDialogue
    ) async throws(Diagnostic) -> TerminalOutcome {
        let shell = try await shell()
        return try await pool.changing { () async throws(Diagnostic) in try await shell.converse(request, dialogue) }
    }

    /// Requests that come while it is being opened wait for the same opening.
    private func shell() async throws(Diagnostic) -> any Shell {
        if let opened { return opened }
        let task =
            opening
            ?? Task(executorPreference: EventLoop.shared) { [pool, connection, become] in
                try await pool.open(connection, as: become) as any Shell
            }
        opening = task
        do {
            let shell = try await task.value
            opened = shell
            return shell
        } catch {
            opening = nil
            throw (error as? Diagnostic) ?? Diagnostic(.internal, "\(error)")
        }
    }

    func reopen(within limit: Duration?) async throws(Diagnostic) {
        pool.noteChange()
        await forget()
        try await pool.renew(connection, within: limit)
        _ = try await shell()
    }

    func endShells(of user: String) async { await pool.endShells(of: user, on: connection.name) }

    /// What was opened is no more; the next request opens it anew.
    func forget() async {
        pastRoundTrips = await roundTrips
        opened = nil
        opening = nil
    }

    var roundTrips: Int {
        get async {
            guard let opened else { return pastRoundTrips }
            return pastRoundTrips + (await opened.roundTrips)
        }
    }
}
