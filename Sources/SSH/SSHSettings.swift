/// How to reach a host by SSH: what inventory, command line and (later) `~/.ssh/config` together say.
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
    /// A host to go through, as `ssh -J` takes it.
    public var proxyJump: String?

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
        proxyJump = nil
    }

    /// The keys tried where none are given.
    public var defaultIdentityFiles: [String]
}
