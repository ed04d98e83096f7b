import Diagnostics
import Target

/// The connections of a run: one per host and way in, opened when first needed, kept to the end.
@IOLoop
final class ConnectionPool {
    private let provider: any ConnectionProvider
    private var connections: [ConnectionRequest: any Connection] = [:]
    private var shells: [String: [Key: LazyShell]] = [:]
    private var closing: Task<Void, Never>?

    private struct Key: Hashable {
        var request: ConnectionRequest
        var become: Become?
    }

    nonisolated init(_ provider: any ConnectionProvider) { self.provider = provider }

    /// The shell of an identity on a host; nothing is opened before its first request.
    func shell(_ request: ConnectionRequest, as become: Become?) throws(Diagnostic) -> any Shell {
        let key = Key(request: request, become: become)
        if let shell = shells[request.name]?[key] { return shell }
        let shell = LazyShell(try connection(request), become)
        shells[request.name, default: [:]][key] = shell
        return shell
    }

    private func connection(_ request: ConnectionRequest) throws(Diagnostic) -> any Connection {
        if let connection = connections[request] { return connection }
        let connection = try provider.connection(request)
        connections[request] = connection
        return connection
    }

    /// How often a host was waited for so far, all its identities together.
    func roundTrips(of host: String) async -> Int {
        var sum = 0
        for shell in shells[host, default: [:]].values { sum += await shell.roundTrips }
        return sum
    }

    /// Ends the connections to a host; the next task opens them anew.
    func reset(_ host: String) async {
        shells[host] = nil
        for request in connections.keys where request.name == host {
            if let connection = connections.removeValue(forKey: request) { await connection.close() }
        }
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
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else {
            throw Diagnostic(
                .timeout, "the task took longer than its timeout of \(limit)",
                remedy: "Raise 'timeout:', or look why it is slow.")
        }
        var request = request
        request.timeout = min(request.timeout ?? left, left)
        return try await shell.request(request)
    }

    var roundTrips: Int { get async { await shell.roundTrips } }
}

/// A shell that is opened by its first request.
@IOLoop
private final class LazyShell: Shell {
    private let connection: any Connection
    private let become: Become?
    private var opened: (any Shell)?
    private var opening: Task<any Shell, any Error>?

    init(_ connection: any Connection, _ become: Become?) {
        self.connection = connection
        self.become = become
    }

    func request(_ request: ShellRequest) async throws(Diagnostic) -> CommandResult {
        try await shell().request(request)
    }

    /// Requests that come while it is being opened wait for the same opening.
    private func shell() async throws(Diagnostic) -> any Shell {
        if let opened { return opened }
        let task =
            opening
            ?? Task(executorPreference: EventLoop.shared) { [connection, become] in
                try await connection.shell(as: become) as any Shell
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

    var roundTrips: Int {
        get async {
            guard let opened else { return 0 }
            return await opened.roundTrips
        }
    }
}
