import Configuration
import Diagnostics
import Engine
import Glibc
import Playbook
import SSH
import Target

/// The ways to hosts that this program knows: the local machine, and SSH.
struct HostConnections: ConnectionProvider {
    private let checksHostKeys: Bool
    private let retries: Int

    init(configuration: Settings) {
        checksHostKeys = configuration.flag(.sshHostKeyChecking)
        retries = max(0, configuration.integer(.sshReconnectionRetries) ?? 0)
    }

    func connection(_ request: ConnectionRequest) throws(Diagnostic) -> any Connection {
        let kind = String(request.kind.split(separator: ".").last ?? "")
        switch kind {
        case "local": return LocalConnection(openTimeout: request.timeout)
        case "ssh", "smart", "paramiko", "paramiko_ssh", "libssh": return SSHConnection(try settings(of: request))
        default:
            throw Diagnostic(
                .unsupported, "there is no connection '\(request.kind)' here", remedy: "Use ssh or local.",
                host: request.name)
        }
    }

    private func settings(of request: ConnectionRequest) throws(Diagnostic) -> SSHSettings {
        let home = getenv("HOME").map { String(cString: $0) } ?? "/root"
        var settings = SSHSettings(
            host: request.address, port: request.port ?? 22, user: request.user ?? Self.loginName, home: home,
            password: request.password, identityFiles: request.privateKey.map { [Path.join(".", $0)] } ?? [])
        settings.connectTimeout = request.timeout
        settings.retries = retries
        if !(request.checksHostKey ?? checksHostKeys) { settings.hostKeyChecking = .off }
        let arguments = try SSHArguments(request.arguments, host: request.name)
        arguments.apply(to: &settings, keepsPort: request.port != nil, keepsUser: request.user != nil)
        return settings
    }

    /// Who runs this program.
    private static var loginName: String {
        guard let entry = getpwuid(getuid()), let name = entry.pointee.pw_name else { return "root" }
        return String(cString: name)
    }
}
