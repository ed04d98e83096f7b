public import Diagnostics
public import Modules
public import Target
public import Values

/// How a run goes about its work, as the command line and the configuration say.
public struct RunSettings: Sendable {
    public var isCheckMode = false
    public var showsDiff = false
    public var forks = 5
    public var verbosity = 0
    /// `-b`: become by default.
    public var becomes = false
    public var becomeMethod = "sudo"
    public var becomeUser: String?
    public var becomePassword: String?
    /// `-u`.
    public var remoteUser: String?
    /// `-k`.
    public var password: String?
    /// `--private-key`.
    public var privateKey: String?
    /// Opens encrypted private keys.
    public var passphrase: String?
    /// `-c`.
    public var connection: String?
    public var sshArguments: [String] = []
    /// Whether hosts whose variables say nothing of it must have a known key.
    public var checksHostKeys = true
    /// Seconds a connection may take to come up.
    public var timeout: Duration = .seconds(10)
    /// The same for containers of Docker, where the configuration tells them apart.
    public var dockerTimeout: Duration?
    public var forcesHandlers = false
    /// Whether a notification that no handler answers fails the task, or is only told of.
    public var requiresHandlers = true
    public var gathering = Gathering.implicit
    /// What the configuration says of each way to become another user, by method; keywords and variables win.
    public var becomeDefaults: [String: BecomeDefaults] = [:]
    /// `--start-at-task`: a name or a pattern of one.
    public var startAtTask: String?
    /// How long a task may take before what it prints is shown, and what it waits for; nil for never.
    public var progressAfter: Duration? = .seconds(5)
    /// `--deadline`: how long the run may take as a whole.
    public var deadline: Duration?
    /// Whether hosts are asked about tasks before their turn.
    public var readsAhead = ReadsAhead.after(.milliseconds(4))
    /// `--step`: asks before each task.
    public var asksBeforeTasks = false
    /// Seconds between looks at a job whose task has `async` and no `poll`.
    public var pollInterval = 15
    /// The strategy of plays that name none.
    public var strategy = "linear"
    /// What modules that are files are told and run with.
    public var customModules = CustomModuleDefaults()

    public init() {}

    /// When hosts are asked about tasks before their turn, to wait less often for the network.
    public enum ReadsAhead: Sendable {
        case never
        /// Where the network takes so long there and back: nearer hosts answer sooner than a task is evaluated twice.
        case after(Duration)
    }

    /// When a play that does not say so itself gathers facts.
    public enum Gathering: String, Sendable {
        /// Always.
        case implicit
        /// Never.
        case explicit
        /// Where none are known of a host yet.
        case smart
    }

    /// What the configuration says of one way to become another user.
    public struct BecomeDefaults: Sendable {
        public var executable: String?
        public var flags: String?
        public var password: String?
        public var user: String?

        public init(
            executable: String? = nil, flags: String? = nil, password: String? = nil, user: String? = nil
        ) {
            self.executable = executable
            self.flags = flags
            self.password = password
            self.user = user
        }
    }
}

/// Where a host is and how to get in, after variables, keywords and options had their say.
public struct ConnectionRequest: Sendable, Hashable {
    /// `ssh`, `local`, or another name that the provider knows.
    public var kind: String
    /// The name in the inventory.
    public var name: String
    public var address: String
    public var port: Int?
    public var user: String?
    public var password: String?
    public var privateKey: String?
    /// Opens the private key, if it is encrypted.
    public var passphrase: String?
    /// `ansible_ssh_common_args`, `ansible_ssh_extra_args` and the like, as written.
    public var arguments: [String]
    public var checksHostKey: Bool?
    public var timeout: Duration
    /// What the variables of its kind alone say, as far as they are set.
    public var options: [ConnectionVariable: Value] = [:]

    /// Whether it is this machine, without a network in between.
    var isLocal: Bool { kind.split(separator: ".").last == "local" }

    /// The machine this program runs on, as itself.
    static func controlMachine(timeout: Duration) -> ConnectionRequest {
        ConnectionRequest(kind: "local", name: "localhost", address: "localhost", arguments: [], timeout: timeout)
    }
}

/// Opens connections; the command gives the engine one that knows SSH and the local machine.
public protocol ConnectionProvider: Sendable {
    /// A connection that will be opened on first use.
    ///
    /// - Throws: `Diagnostic` if there is no such kind of connection or its settings make no sense.
    func connection(_ request: ConnectionRequest) throws(Diagnostic) -> any Connection
}
