internal import Diagnostics
internal import Glibc
internal import Target

/// Connections to hosts that others are reached through: one for all that go the same way, while any does.
@IOLoop
enum JumpHosts {
    private static var connections: [SSHSettings: (connection: SSHConnection, users: Int)] = [:]

    /// Opens a way through a host.
    ///
    /// - Parameter timeout: How long the last host on the way may take to connect further.
    /// - Returns: A socket that does not block; the caller closes it.
    /// - Throws: `Diagnostic` naming the host on the way, if it cannot be reached, does not let us in, or does not
    ///   connect further.
    static func connect(
        through jump: SSHSettings, to host: String, port: Int, within timeout: Duration,
        passphrases: (any PassphraseSource)?
    ) async throws(Diagnostic) -> Int32 {
        let connection = connections[jump]?.connection ?? SSHConnection(jump, passphrases: passphrases)
        connections[jump] = (connection, (connections[jump]?.users ?? 0) + 1)
        do throws(Diagnostic) {
            let session = try await connection.session()
            return try await open(session, to: host, port: port, within: timeout) { leave(jump) }
        } catch {
            leave(jump)
            var error = error
            error.summary = "on the way through \(jump.host): \(error.summary)"
            throw error
        }
    }

    /// As `Tunnel.open`, which the host on the way may leave without an answer: then the tunnel is closed should it come
    /// after all.
    private static func open(
        _ session: SSHSession, to host: String, port: Int, within timeout: Duration, onEnd: @escaping @IOLoop () -> Void
    ) async throws(Diagnostic) -> Int32 {
        let outcome = Promise<Result<Int32, Diagnostic>>()
        var isGivenUp = false
        let timer = EventLoop.shared.after(timeout) {
            isGivenUp = outcome.fulfill(
                .failure(
                    Diagnostic(
                        .unreachable, "no connection with \(host) port \(port) in \(timeout.inWords)",
                        remedy: "See whether it is up; `timeout` in ansible.cfg waits longer.")))
        }
        defer { timer.cancel() }
        Task { @IOLoop in
            do throws(Diagnostic) {
                let socket = try await Tunnel.open(session, to: host, port: port) { if !isGivenUp { onEnd() } }
                if !outcome.fulfill(.success(socket)) { close(socket) }
            } catch {
                outcome.fulfill(.failure(error))
            }
        }
        return try await outcome.wait().get()
    }

    private static func leave(_ jump: SSHSettings) {
        guard let (connection, users) = connections[jump] else { return }
        if users > 1 {
            connections[jump] = (connection, users - 1)
        } else {
            connections[jump] = nil
            Task { @IOLoop in await connection.close() }
        }
    }
}
