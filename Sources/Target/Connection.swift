public import Diagnostics

/// How to become another user on a host.
public struct Become: Sendable, Hashable {
    public enum Method: String, Sendable, Hashable, CaseIterable { case sudo, su, doas }
    public var method: Method
    public var user: String
    public var password: String?
    /// The program, where it is not the method's own name.
    public var executable: String?
    /// Flags in place of the method's own (`-H -S -n` for sudo).
    public var flags: [String]?

    public init(
        method: Method = .sudo, user: String = "root", password: String? = nil, executable: String? = nil,
        flags: [String]? = nil
    ) {
        self.method = method
        self.user = user
        self.password = password
        self.executable = executable
        self.flags = flags
    }
}

/// A way to start `sh` on a host with a byte stream in each direction: libssh2, a local process.
///
/// Everything above it is the same for all of them.
public protocol Connection: Sendable {
    /// The long-lived shell of that identity, opened on first use; nil is the login user.
    ///
    /// - Throws: `Diagnostic`: `.unreachable`, `.hostKey`, `.authentication`, `.become`, `.timeout`.
    func shell(as become: Become?) async throws(Diagnostic) -> any Shell

    /// Ends the shells that became this user, and waits until they are gone: an account can only be removed when no
    /// process is its own. Who asks for such a shell again gets a new one.
    func endShells(of user: String) async

    /// Ends the shells and the connection; safe to call twice.
    func close() async

    /// How often the network was waited for until the shells could be asked: to connect, to log in, to open them.
    var setupRoundTrips: Int { get async }

    /// How long the network takes there and back, as far as it was noticed; nil where there is none.
    var latency: Duration? { get async }
}

extension Connection {
    public var setupRoundTrips: Int { 0 }
    public var latency: Duration? { nil }
}

/// One identity's shell on a host: takes requests, answers them in order.
public protocol Shell: Sendable {
    /// Sends a request and waits for its answer. Requests made before earlier ones were answered are in flight
    /// together.
    ///
    /// - Throws: `Diagnostic`: `.unreachable` if the connection was lost (the summary says whether the request
    ///   may have run), `.timeout` if it took longer than it may, `.failed` if it ended the shell itself.
    func request(_ request: ShellRequest) async throws(Diagnostic) -> CommandResult

    /// Runs something at a terminal of its own, as the shell's user, beside what the shell does.
    ///
    /// - Throws: `Diagnostic` as `request` does; `.unsupported` where there is no terminal; what the dialogue threw.
    func converse(
        _ request: TerminalRequest, _ dialogue: any TerminalDialogue
    ) async throws(Diagnostic) -> TerminalOutcome

    /// How many times this shell's owner had to wait for the network so far.
    var roundTrips: Int { get async }

    /// Ends the connection under this shell and opens it anew.
    ///
    /// - Parameter limit: The longest it may take; nil for as long as the connection's settings say.
    /// - Throws: `Diagnostic` as opening it does; `.unsupported` where nobody keeps connections.
    func reopen(within limit: Duration?) async throws(Diagnostic)

    /// Ends all shells on this host that became a user; see `Connection.endShells`.
    func endShells(of user: String) async
}

extension Shell {
    public func converse(
        _ request: TerminalRequest, _ dialogue: any TerminalDialogue
    ) async throws(Diagnostic) -> TerminalOutcome {
        throw Diagnostic(.unsupported, "this connection gives no terminal")
    }

    public func reopen(within limit: Duration?) async throws(Diagnostic) {
        throw Diagnostic(.unsupported, "this connection cannot be opened anew")
    }

    /// A shell that nobody keeps knows of no others.
    public func endShells(of user: String) async {}
}

/// What a shell is asked to run.
public struct ShellRequest: Sendable {
    public enum Kind: Sendable {
        /// A snippet of our own: run in a subshell of the long-lived shell.
        case snippet
        /// A person's command: apart from our snippets, in a process group of its own, output through files so
        /// that a background child cannot write into a later answer.
        case command
    }

    public var kind: Kind
    /// POSIX shell text, complete in itself: built by `HostTarget` from a `Script` and quoted arguments.
    public var text: String
    public var input: [UInt8]?
    public var timeout: Duration?
    /// See `Script.checksItsInput`.
    public var checksItsInput = false
    /// Whether what it prints is for people, who may see it before it ends; snippets print for us.
    public var printsForPeople: Bool
    /// Whether it only looks: the host is the same afterwards.
    public var onlyReads = false
    /// Who is told how it stands when it takes long; nil for nobody.
    public var progress: ProgressWatch?

    public init(_ kind: Kind, _ text: String, input: [UInt8]? = nil, timeout: Duration? = nil) {
        self.kind = kind
        self.text = text
        self.input = input
        self.timeout = timeout
        printsForPeople = kind == .command
    }
}
