import Diagnostics
import Engine
import SSH
import Target

/// The ways to hosts that this program knows: the local machine, and SSH.
struct HostConnections: ConnectionProvider {
    let checksHostKeys: Bool

    func connection(_ request: ConnectionRequest) throws(Diagnostic) -> any Connection {
        let kind = String(request.kind.split(separator: ".").last ?? "")
        switch kind {
        case "local": return LocalConnection(openTimeout: request.timeout)
        case "ssh", "smart", "paramiko", "paramiko_ssh", "libssh": return try SSHConnection(settings(of: request))
        default:
            throw Diagnostic(
                .unsupported, "there is no connection '\(request.kind)' here", remedy: "Use ssh or local.",
                host: request.name)
        }
    }
}
