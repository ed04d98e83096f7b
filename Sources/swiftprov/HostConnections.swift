import Configuration
import Diagnostics
import Engine
import Glibc
import Playbook
import SSH
import Synchronization
import Target
internal import Values

/// The ways to hosts that this program knows: SSH, the local machine, and programs of that machine.
struct HostConnections: ConnectionProvider {
    private let checksHostKeys: Bool
    private let retries: Int
    private let files = SSHConfigFiles()
    private let shown = ShownOnce()
    private let passphrases = KeyPassphrases()
    private let programs: ProgramConnections

    init(configuration: Settings) {
        programs = ProgramConnections(configuration: configuration)
        checksHostKeys = configuration.flag(.sshHostKeyChecking)
        retries = max(0, configuration.integer(.sshReconnectionRetries) ?? 0)
    }

    func connection(_ request: ConnectionRequest) throws(Diagnostic) -> any Connection {
        switch ConnectionKind(name: request.kind) {
        case .ssh: return SSHConnection(try settings(of: request), passphrases: passphrases)
        case .local: return ProgramConnection(openTimeout: request.timeout)
        case .program(let kind): return try programs.connection(kind, request)
        case nil:
            var refusal = ConnectionKind.unknown(request.kind)
            refusal.host = request.name
            throw refusal
        }
    }

    private func settings(of request: ConnectionRequest) throws(Diagnostic) -> SSHSettings {
        let home = getenv("HOME").map { String(cString: $0) } ?? "/root"
        // What the inventory and the command line say comes before what ssh's own words and files say.
        var options: [(name: String, value: String)] = []
        if let port = request.port { options.append(("Port", String(port))) }
        if let user = request.user { options.append(("User", user)) }
        if let key = request.privateKey { options.append(("IdentityFile", Path.join(".", key))) }
        let arguments = try SSHArguments(request.arguments, host: request.name)
        if !(request.checksHostKey ?? checksHostKeys) { options.append(("StrictHostKeyChecking", "no")) }
        options += arguments.options
        // Ansible names its time limit on ssh's command line, so that a file's has no say.
        options.append(("ConnectTimeout", String(max(request.timeout.components.seconds, 1))))
        let reader = SSHSettingsReader(
            files: files, path: arguments.configPath.map { Path.join(".", $0) }, home: home, localUser: LocalUser.name)
        var (settings, warnings) = try reader.settings(of: request.address, options: options)
        warn(warnings)
        settings.password = request.password
        settings.passphrase = request.passphrase
        settings.retries = retries
        return settings
    }

    /// Shows what has not been shown before: all hosts share their files.
    private func warn(_ warnings: [Diagnostic]) {
        Console.show(
            shown.warnings.withLock { shown in
                warnings.filter { shown.insert($0.summary + ($0.location?.description ?? "")).inserted }
            })
    }
}

/// Passphrases of private keys, each asked for once at the terminal.
private actor KeyPassphrases: PassphraseSource {
    private var answers: [String: Task<String?, Never>] = [:]
    /// One question at a time.
    private var last: Task<String?, Never>?

    func passphrase(forKeyAt path: String) async -> String? {
        if let answer = answers[path] { return await answer.value }
        let before = last
        let answer = Task<String?, Never> {
            _ = await before?.value
            return await HelperThread.run {
                let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
                guard terminal >= 0 else { return nil }
                close(terminal)
                let answer = Prompting.read(
                    "Enter passphrase for key '\(path)': ", echoes: false, apartFromInput: true)
                return answer.text.flatMap { $0.isEmpty ? nil : $0 }
            }
        }
        answers[path] = answer
        last = answer
        return await answer.value
    }
}

/// Warnings that have been shown.
private final class ShownOnce: Sendable {
    let warnings = Mutex<Set<String>>([])
}
