public import Diagnostics

/// A host as a module's `plan` sees it: it can be asked, and cannot be changed.
///
/// Requests are sent as soon as they are made and answered in order; a module that needs several answers asks
/// for them together (`async let`) or in one script, and pays one round trip.
public protocol TargetReader: Sendable {
    /// The host's name in the inventory, for messages.
    var hostName: String { get }
    /// What earlier tasks of this dry run would have changed; empty in a real run.
    var foreseen: Foreseen { get }
    /// The environment that the task's `environment:` adds.
    var environment: [(name: String, value: String)] { get }
    /// Whether it is the machine this program runs on, reached without a network.
    var isControlMachine: Bool { get }

    /// Runs a snippet that only reads.
    ///
    /// - Parameters:
    ///   - script: The snippet; runs under `LC_ALL=C.UTF-8` (`C` where the host lacks it) with a fixed `PATH`.
    ///   - arguments: What it finds in `$1`, `$2` …
    ///   - input: What it finds on standard input.
    ///   - timeout: The longest it may take; the command and its children are ended then.
    /// - Returns: Exit status and streams; a status other than 0 is the caller's to judge.
    /// - Throws: `Diagnostic` with code `.unreachable` if the connection was lost, `.timeout` if it took too long.
    func query(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?
    ) async throws(Diagnostic) -> CommandResult

    /// Is told of every path that `inspect` found to be a symbolic link.
    func noteLink(at path: String)
}

extension TargetReader {
    /// Nothing comes of it unless somebody wants to know.
    public func noteLink(at path: String) {}
}

extension TargetReader {
    public func query(_ script: Script, _ arguments: String...) async throws(Diagnostic) -> CommandResult {
        try await query(script, arguments, input: nil, timeout: nil)
    }

    public func query(_ script: Script, _ arguments: [String]) async throws(Diagnostic) -> CommandResult {
        try await query(script, arguments, input: nil, timeout: nil)
    }
}

/// Asks two things at once: both are sent before either is answered, and cost one round trip.
///
/// - Throws: `Diagnostic` of the first that failed.
package func together<First: Sendable, Second: Sendable>(
    _ first: @Sendable @escaping () async throws(Diagnostic) -> First,
    _ second: @Sendable @escaping () async throws(Diagnostic) -> Second
) async throws(Diagnostic) -> (First, Second) {
    async let one = settled(first)
    async let other = settled(second)
    let both = await (one, other)
    return (try both.0.get(), try both.1.get())
}

private func settled<Answer: Sendable>(
    _ ask: @Sendable () async throws(Diagnostic) -> Answer
) async -> Result<Answer, Diagnostic> {
    do throws(Diagnostic) { return .success(try await ask()) } catch { return .failure(error) }
}

/// A command that a person asked for.
public struct Command: Sendable {
    /// The program and its arguments, or one text for a shell.
    public enum Line: Sendable {
        case words([String])
        /// Given to `executable -c`.
        case shell(String, executable: String)
    }

    public var line: Line
    public var directory: String?
    public var input: [UInt8]?
    public var timeout: Duration?

    public init(_ line: Line, directory: String? = nil, input: [UInt8]? = nil, timeout: Duration? = nil) {
        self.line = line
        self.directory = directory
        self.input = input
        self.timeout = timeout
    }
}

/// A host as a module's `apply` sees it.
public protocol TargetWriter: TargetReader {
    /// Runs a snippet that changes the host. Parameters, answer and errors as for `query`.
    func execute(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?
    ) async throws(Diagnostic) -> CommandResult

    /// Runs a person's command, in a process group of its own, apart from our snippets.
    ///
    /// - Returns: Its exit status and streams, whatever the status.
    /// - Throws: `Diagnostic` with code `.unreachable` or `.timeout`.
    func run(_ command: Command) async throws(Diagnostic) -> CommandResult

    /// Runs a person's command at a terminal of its own, answering what it asks.
    ///
    /// - Throws: `Diagnostic` with code `.unreachable` or `.timeout`; `.unsupported` where there is no terminal to be had;
    ///   what the dialogue threw.
    func converse(
        _ command: TerminalCommand, _ dialogue: any TerminalDialogue
    ) async throws(Diagnostic) -> TerminalOutcome

    /// Writes a file whole or not at all: a temporary file beside it with the final owner and mode, synced, then
    /// renamed. See `FileWrite`.
    ///
    /// - Returns: The path of the backup, if one was asked for and there was something to keep.
    /// - Throws: `Diagnostic` with code `.failed`, naming the path and the host's own words.
    func write(_ file: FileWrite) async throws(Diagnostic) -> FileWrite.Outcome

    /// Puts a copy of a file that lies on the host in place, as `write` does with content from here.
    ///
    /// - Parameter source: The file, which stays; `file.size` says how long it is.
    func place(_ file: FileWrite, from source: String) async throws(Diagnostic) -> FileWrite.Outcome

    /// Ends the connection and opens it anew, as after a restart of the host.
    ///
    /// - Parameter limit: The longest it may take; nil for as long as connections of this host may.
    /// - Throws: `Diagnostic` as opening a connection does, `.unreachable` foremost.
    func reconnect(within limit: Duration?) async throws(Diagnostic)

    /// Ends what this run keeps open as a user of the host, so that the account may be changed or removed.
    func endShells(of user: String) async
}

extension TargetWriter {
    public func execute(_ script: Script, _ arguments: String...) async throws(Diagnostic) -> CommandResult {
        try await execute(script, arguments, input: nil, timeout: nil)
    }

    public func execute(_ script: Script, _ arguments: [String]) async throws(Diagnostic) -> CommandResult {
        try await execute(script, arguments, input: nil, timeout: nil)
    }

    /// Runs a program and takes a status other than 0 as a failure.
    ///
    /// - Throws: `Diagnostic` with code `.commandFailed` and the program's last words.
    @discardableResult
    public func run(_ words: [String], timeout: Duration? = nil) async throws(Diagnostic) -> CommandResult {
        let result = try await run(Command(.words(words), timeout: timeout))
        guard result.succeeded else {
            let said = result.errorOutput.isEmpty ? result.output : result.errorOutput
            throw Diagnostic(
                .commandFailed,
                "'\(words.joined(separator: " "))' ended with status \(result.status): \(said.lastLine)"
            )
        }
        return result
    }
}

extension String {
    /// The last line that says something.
    package var lastLine: String {
        split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }.map(String.init) ?? ""
    }
}
