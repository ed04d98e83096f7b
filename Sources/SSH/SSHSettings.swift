/// How to reach a host by SSH: what inventory, command line and `~/.ssh/config` together say.
public struct SSHSettings: Sendable, Hashable {
    /// What to do about a host key, as OpenSSH's `StrictHostKeyChecking`.
    public enum HostKeyChecking: String, Sendable, Hashable {
        /// Unknown and changed keys are refused.
        case strict = "yes"
        /// Unknown keys are taken down, changed ones refused.
        case acceptNew = "accept-new"
        /// Anything goes. Only revoked keys are refused.
        case off = "no"
    }

    /// The name or address to connect to.
    public var host: String
    /// The port that sshd listens on.
    public var port: Int
    /// The user to log in as.
    public var user: String
    /// The user's password, the last thing that is tried.
    public var password: String?
    /// Private keys given for this host, tried before the agent's and in place of the usual ones.
    public var identityFiles: [String]
    /// Certificates for these keys and the agent's; none means those that lie beside the keys.
    public var certificateFiles: [String]
    /// Opens encrypted private keys.
    public var passphrase: String?
    /// Whether to ask the agent at `SSH_AUTH_SOCK` for keys.
    public var usesAgent: Bool
    /// Read in order; a key that is taken down goes into the first.
    public var knownHostsFiles: [String]
    /// The name that the host goes by in known_hosts, where it is not `host`.
    public var hostKeyAlias: String?
    /// How strict to be about the host's key.
    public var hostKeyChecking: HostKeyChecking
    /// The longest that connecting may take, from the name look-up to the login; for opening a shell again as long.
    public var connectTimeout: Duration
    /// How often to connect again after a failure that may pass (refused, timed out).
    public var retries: Int
    /// How often to ask a silent host whether it is there; zero for never.
    public var keepaliveInterval: Duration
    /// How many unanswered questions mean that it is not.
    public var keepaliveCount: Int
    /// The way to the host.
    public var route: SSHRoute
    /// The agent's socket; nil for what `SSH_AUTH_SOCK` names.
    public var agentSocket: String?
    /// Whether of the agent's keys only those are used whose public halves lie beside `identityFiles`.
    public var usesGivenIdentitiesOnly: Bool
    /// Whether keys are tried at all.
    public var usesKeys: Bool
    /// Whether the password is offered as such.
    public var usesPassword: Bool
    /// Whether the password is given as the answer to the host's questions.
    public var answersQuestions: Bool
    /// Which algorithms to take, as ssh_config(5) writes lists: `a,b`, `+a`, `-a` or `^a`.
    public var algorithms: [AlgorithmKind: String]

    /// What algorithms are chosen for, by the names of ssh_config(5).
    public enum AlgorithmKind: String, Sendable, Hashable, CaseIterable {
        case hostKey = "hostkeyalgorithms"
        case keyExchange = "kexalgorithms"
        case cipher = "ciphers"
        case code = "macs"
    }

    /// The settings of a host that nothing more is said about.
    ///
    /// - Parameters:
    ///   - host: The name or address to connect to.
    ///   - port: The port that sshd listens on.
    ///   - user: The user to log in as.
    ///   - home: The directory `.ssh` is looked for in.
    ///   - password: The user's password, if it is to be tried.
    ///   - identityFiles: Private keys for this host; none means the usual ones.
    public init(
        host: String, port: Int = 22, user: String, home: String, password: String? = nil, identityFiles: [String] = []
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.identityFiles = identityFiles
        certificateFiles = []
        passphrase = nil
        usesAgent = true
        knownHostsFiles = [home + "/.ssh/known_hosts", home + "/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts"]
        defaultIdentityFiles = ["id_ed25519", "id_ecdsa", "id_rsa"].map { "\(home)/.ssh/\($0)" }
        hostKeyAlias = nil
        hostKeyChecking = .strict
        connectTimeout = .seconds(10)
        retries = 0
        keepaliveInterval = .seconds(5)
        keepaliveCount = 3
        route = .direct
        agentSocket = nil
        usesGivenIdentitiesOnly = false
        usesKeys = true
        usesPassword = true
        answersQuestions = true
        algorithms = [:]
    }

    /// The keys tried where none are given.
    public var defaultIdentityFiles: [String]
}

/// The way to a host.
public indirect enum SSHRoute: Sendable, Hashable {
    case direct
    /// Through the standard input and output of a program, run by the shell.
    case command(String)
    /// Through another host, which opens the connection from there.
    case through(SSHSettings)
}
