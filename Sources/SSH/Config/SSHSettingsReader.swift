public import Diagnostics
internal import Glibc
internal import Target
internal import Values

/// Makes settings out of what ssh_config(5) and a command line say about a host, and about those on the way to it.
public struct SSHSettingsReader: Sendable {
    private let files: SSHConfigFiles
    private let path: String?
    private let home: String
    private let localUser: String

    /// - Parameters:
    ///   - files: The files already read, shared by all hosts of a run.
    ///   - path: The file of `-F`; nil for the usual ones.
    ///   - home: The directory `.ssh` is looked for in.
    ///   - localUser: Who runs this program.
    public init(files: SSHConfigFiles, path: String? = nil, home: String, localUser: String) {
        self.files = files
        self.path = path
        self.home = home
        self.localUser = localUser
    }

    /// The settings of a host, and what of them is not honoured.
    ///
    /// - Parameters:
    ///   - host: The name asked for; `HostName` may give another to connect to.
    ///   - options: What the command line says; of an option given twice the first counts.
    /// - Throws: `Diagnostic` at the line that is wrong.
    public func settings(
        of host: String, options: [(name: String, value: String)] = []
    ) throws(Diagnostic) -> (settings: SSHSettings, warnings: [Diagnostic]) {
        var warnings: [Diagnostic] = []
        let settings = try settings(of: host, options, depth: 0, &warnings)
        return (settings, warnings)
    }

    private func settings(
        of host: String, _ options: [(name: String, value: String)], depth: Int, _ warnings: inout [Diagnostic]
    ) throws(Diagnostic) -> SSHSettings {
        guard depth < 16 else {
            throw Diagnostic(
                .badValue, "the way to '\(host)' leads through more than 16 hosts",
                remedy: "A ProxyJump leads back to itself: exclude the jump host, as in `Host * !\(host)`.")
        }
        let config = try SSHClientConfig(
            host: host, options: options, path: path, files: files, home: home, localUser: localUser)
        warnings += config.warnings
        var settings = SSHSettings(
            host: config.hostName, port: try config.port() ?? 22, user: config.user ?? localUser, home: home,
            identityFiles: config.identityFiles.map(config.path).filter { $0.lowercased() != "none" })
        settings.certificateFiles = config.certificateFiles.map(config.path).filter { $0.lowercased() != "none" }
        try apply(config, to: &settings)
        if let command = config.proxyCommand {
            settings.route = .command(command)
        } else if let jump = config.proxyJump {
            settings.route = try route(jump, config, depth, &warnings)
        }
        return settings
    }

    private func apply(_ config: SSHClientConfig, to settings: inout SSHSettings) throws(Diagnostic) {
        switch config.text("stricthostkeychecking")?.lowercased() {
        case "no", "off": settings.hostKeyChecking = .off
        case "accept-new": settings.hostKeyChecking = .acceptNew
        default: settings.hostKeyChecking = .strict
        }
        let own = config.words("userknownhostsfile") ?? ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]
        let everyones =
            config.words("globalknownhostsfile") ?? ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]
        settings.knownHostsFiles = (own + everyones).filter { $0.lowercased() != "none" }.map(config.path)
        settings.hostKeyAlias = config.text("hostkeyalias").map(config.expanded)
        if let seconds = try number("connecttimeout", config), seconds > 0 {
            settings.connectTimeout = .seconds(seconds)
        }
        if let seconds = try number("serveraliveinterval", config) { settings.keepaliveInterval = .seconds(seconds) }
        if let count = try number("serveralivecountmax", config) { settings.keepaliveCount = count }
        if let count = try number("connectionattempts", config) { settings.retries = max(count - 1, 0) }
        settings.usesGivenIdentitiesOnly = flag("identitiesonly", config) ?? false
        switch config.text("identityagent") {
        case nil, "SSH_AUTH_SOCK": break
        case "none": settings.usesAgent = false
        case let name? where name.hasPrefix("$") && !name.hasPrefix("${"):
            settings.agentSocket = getenv(String(name.dropFirst())).map { String(cString: $0) }
        case let name?: settings.agentSocket = config.path(name)
        }
        settings.usesKeys = flag("pubkeyauthentication", config) ?? true
        settings.usesPassword = flag("passwordauthentication", config) ?? true
        settings.answersQuestions = flag("kbdinteractiveauthentication", config) ?? true
        for kind in SSHSettings.AlgorithmKind.allCases {
            if let list = config.text(kind.rawValue) { settings.algorithms[kind] = list }
        }
    }

    private func number(_ name: String, _ config: SSHClientConfig) throws(Diagnostic) -> Int? {
        guard let text = config.text(name), text.lowercased() != "none" else { return nil }
        if let number = TimeText.seconds(text) { return number }
        throw Diagnostic(.badValue, "'\(text)' is no number for the ssh option '\(name)'")
    }

    private func flag(_ name: String, _ config: SSHClientConfig) -> Bool? {
        config.text(name).map { !["no", "false", "none", "off"].contains($0.lowercased()) }
    }

    // MARK: Other hosts on the way

    private func route(
        _ jumps: String, _ config: SSHClientConfig, _ depth: Int, _ warnings: inout [Diagnostic]
    ) throws(Diagnostic) -> SSHRoute {
        var hops = jumps.split(separator: ",").map { String($0).trimmedOfBlanks }
        guard let last = hops.popLast(), let hop = Hop(config.expanded(last)) else {
            throw Diagnostic(
                .badValue, "'\(jumps)' names no host to go through",
                remedy: "Write ProxyJump [user@]host[:port], several with commas.")
        }
        // `Host *` means the jump host as well; it does not go through itself.
        let port = try config.port() ?? 22
        if hop.host == config.originalHost, hop.port ?? port == port { return .direct }
        var options: [(name: String, value: String)] = []
        if let user = hop.user { options.append(("User", user)) }
        if let port = hop.port { options.append(("Port", String(port))) }
        if !hops.isEmpty { options.append(("ProxyJump", hops.joined(separator: ","))) }
        return .through(try settings(of: hop.host, options, depth: depth + 1, &warnings))
    }

    /// A host to go through: `[user@]host[:port]` or `ssh://[user@]host[:port]`.
    struct Hop: Equatable {
        var user: String?
        var host: String
        var port: Int?

        init?(_ text: String) {
            var rest = text[...]
            if rest.hasPrefix("ssh://") { rest = rest.dropFirst(6) }
            if rest.hasSuffix("/") { rest = rest.dropLast() }
            if let mark = rest.lastIndex(of: "@") {
                user = String(rest[..<mark])
                rest = rest[rest.index(after: mark)...]
            }
            if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
                host = String(rest[rest.index(after: rest.startIndex)..<end])
                rest = rest[rest.index(after: end)...]
            } else if rest.count(where: { $0 == ":" }) > 1 {
                // An IPv6 address without brackets has no port.
                host = String(rest)
                rest = ""
            } else {
                host = String(rest.prefix { $0 != ":" })
                rest = rest.dropFirst(host.count)
            }
            if rest.hasPrefix(":") {
                guard let number = Int(rest.dropFirst()), (1...65535).contains(number) else { return nil }
                port = number
            } else if !rest.isEmpty {
                return nil
            }
            if host.isEmpty || user?.isEmpty == true { return nil }
        }
    }
}
