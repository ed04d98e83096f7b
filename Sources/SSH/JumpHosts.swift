internal import Diagnostics
internal import Glibc
internal import Target

/// Connections to hosts that others are reached through: one for all that go the same way, while any does.
@IOLoop
enum JumpHosts {
    private static var connections: [SSHSettings: (connection: SSHConnection, users: Int)] = [:]

    /// Opens a way through a host.
    ///
    /// - Returns: A socket that does not block; the caller closes it.
    /// - Throws: `Diagnostic` naming the host on the way, if it cannot be reached, does not let us in, or does not
    ///   connect further.
    static func connect(
        through jump: SSHSettings, to host: String, port: Int, passphrases: (any PassphraseSource)?
    ) async throws(Diagnostic) -> Int32 {
        let connection = connections[jump]?.connection ?? SSHConnection(jump, passphrases: passphrases)
        connections[jump] = (connection, (connections[jump]?.users ?? 0) + 1)
        do throws(Diagnostic) {
            let session = try await connection.session()
            return try await Tunnel.open(session, to: host, port: port) { leave(jump) }
        } catch {
            leave(jump)
            var error = error
            error.summary = "on the way through \(jump.host): \(error.summary)"
            throw error
        }
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
