internal import Diagnostics
internal import Values

/// A shell behind a program that brings it elsewhere.
///
/// The program and the shell share their streams and their exit status, so the shell says a word first that nobody else
/// knows: what comes before it is the program's, and why there is no connection; what comes after is the shell's. A
/// program that ends later has lost its shell, as after `kill -9 $$`, or the place where it was, as when a container
/// stops. Only another attempt can tell these apart.
@IOLoop
final class DistantLink: ProgramShellLink {
    var owner: (any ShellLinkOwner)? { didSet { deliver() } }
    var backlog: Int { process.backlog }
    var isOver: Bool { process.isOver }

    private let program: any ShellProgram
    private let place: any Elsewhere
    private let openTimeout: Duration
    private let isAtTerminal: Bool
    private let process: ProcessLink
    /// What the shell says first. A terminal would end its line otherwise than a pipe does.
    private let mark = Array(ShellFraming.makeToken().utf8)
    /// One line that the shell takes its variables from.
    private let variables: String?
    private var phase = Phase.entering
    /// What the shell said before it had an owner, in order.
    private var held: [(isError: Bool, bytes: [UInt8])] = []
    private var ended: LinkEnd?
    private var heardOut: [UInt8] = []
    private var heardErr: [UInt8] = []
    private let entrance = Promise<Result<Void, Diagnostic>>()
    /// Whether its end is expected and needs no explanation.
    private var isEnding = false

    private enum Phase { case entering, inside }

    /// Ctrl-C, and how long what it ends may take.
    private static let interrupt = UInt8(3)
    private static let interruptTime = Duration.seconds(1)
    /// The most that a terminal takes as one line, less what it may need itself. Bytes.
    private static let terminalLine = 4000
    /// What is kept of what the program says before there is a shell.
    private static let hearingLimit = 64 * 1024

    /// Starts the program.
    ///
    /// - Parameters:
    ///   - atTerminal: Whether the shell gets a terminal for its streams.
    ///   - openTimeout: The longest it may take until the shell is there.
    init(
        _ program: any ShellProgram, _ place: any Elsewhere, line: String, atTerminal: Bool = false,
        openTimeout: Duration
    ) throws(Diagnostic) {
        self.program = program
        self.place = place
        self.openTimeout = openTimeout
        isAtTerminal = atTerminal
        variables = place.environment.isEmpty ? nil : Self.setting(place.environment)
        guard !atTerminal || (variables ?? "").utf8.count <= Self.terminalLine else {
            throw Diagnostic(
                .unsupported, "the variables for \(place.description) are longer than a line at a terminal may be",
                remedy: "Shorten them, or become the user in a way that needs no terminal.")
        }
        // Variables come by standard input, which nobody sees in `ps`. `read` takes that one line and no byte more.
        let takesVariables = variables == nil ? "" : "IFS= read -r _v; eval \"$_v\"; unset _v; "
        let word = String(decoding: mark, as: UTF8.self)
        let text = "echo \(word); \(takesVariables)\(line)"
        process = try ProcessLink(
            words: try program.words(running: text, atTerminal: atTerminal), atTerminal: atTerminal)
        process.owner = self
    }

    /// Waits until the shell is there.
    ///
    /// - Throws: `Diagnostic` with code `.unreachable`.
    func enter() async throws(Diagnostic) {
        let timer = EventLoop.shared.after(openTimeout) {
            let said = self.words
            self.settle(
                .failure(
                    Diagnostic(
                        .unreachable,
                        "no shell began in \(self.place.description) within \(self.openTimeout.inWords)"
                            + (said.isEmpty ? "" : ": \(said.lastLine)"),
                        remedy: "Raise the connection's timeout, or see by hand what it waits for.")))
        }
        defer { timer.cancel() }
        try await entrance.wait().get()
    }

    private func settle(_ outcome: Result<Void, Diagnostic>) {
        guard entrance.fulfill(outcome) else { return }
        if case .failure = outcome { cut() }
    }

    /// What the program said on both streams: a container's engine tells some errors on the shell's standard output.
    private var words: String {
        [heardErr, heardOut].map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    }

    // MARK: The shell's side

    func send(_ bytes: [UInt8]) { process.send(bytes) }

    func flush() { process.flush() }

    func finish() {
        isEnding = true
        process.finish()
    }

    func cut() {
        isEnding = true
        owner = nil
        if isAtTerminal, !process.isOver {
            // The terminal there does not hang up when the program here is gone: whoever asks for a password at it would
            // wait for ever. So it is told as a person tells it.
            process.send([Self.interrupt])
            process.flush()
            EventLoop.shared.after(Self.interruptTime) { self.process.cut() }
        } else {
            process.cut()
        }
        settle(.failure(Diagnostic(.interrupted, "the connection was closed")))
    }

    func abandonOpening() { if phase == .entering { cut() } }

    func waitForEnd(atMost limit: Duration) async { await process.waitForEnd(atMost: limit) }

    /// Hands over what came while there was nobody to take it.
    private func deliver() {
        guard owner != nil else { return }
        let pieces = held
        held.removeAll()
        for piece in pieces { pass(piece.bytes, isError: piece.isError) }
        if let ended { owner?.linkEnded(ended) }
    }

    private func pass(_ bytes: [UInt8], isError: Bool) {
        bytes.withUnsafeBytes { isError ? owner?.linkReceived(stderr: $0) : owner?.linkReceived(stdout: $0) }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, isError: Bool) {
        if let owner {
            isError ? owner.linkReceived(stderr: bytes) : owner.linkReceived(stdout: bytes)
        } else if !isEnding {
            held.append((isError, Array(bytes)))
        }
    }

    private func end(_ end: LinkEnd) {
        ended = end
        owner?.linkEnded(end)
        owner = nil
    }

    /// Whether the place is still there, by going there once more.
    private func explainEnd(_ how: String) async -> LinkEnd {
        do throws(Diagnostic) {
            let other = try DistantLink(program, place, line: ":", openTimeout: openTimeout)
            other.isEnding = true
            try await other.enter()
            return .shellEnded(how)
        } catch {
            return .connectionLost(
                Diagnostic(
                    .unreachable, "the connection with \(place.description) was lost: \(error.summary)",
                    remedy: error.remedy))
        }
    }
}

extension DistantLink: ShellLinkOwner {
    func linkReceived(stdout bytes: UnsafeRawBufferPointer) {
        guard phase == .entering else { return take(bytes, isError: false) }
        heardOut.append(contentsOf: bytes)
        guard let found = heardOut.firstRange(of: mark),
            let lineEnd = heardOut[found.upperBound...].firstIndex(of: UInt8(ascii: "\n"))
        else {
            heardOut.removeFirst(max(0, heardOut.count - Self.hearingLimit))
            return
        }
        phase = .inside
        let rest = Array(heardOut[(lineEnd + 1)...])
        heardOut.removeAll()
        if !rest.isEmpty { held.append((false, rest)) }
        if let variables {
            process.send(Array(variables.utf8))
            process.flush()
        }
        settle(.success(()))
    }

    func linkReceived(stderr bytes: UnsafeRawBufferPointer) {
        if phase == .entering, heardErr.count < Self.hearingLimit { heardErr.append(contentsOf: bytes) }
        // What became of the shell may be heard on this stream before its word is on the other.
        take(bytes, isError: true)
    }

    func linkHasRoom() { owner?.linkHasRoom() }

    func linkEnded(_ end: LinkEnd) {
        guard case .shellEnded(let how) = end else { return self.end(end) }
        if phase == .entering { return settle(.failure(place.failure(words, how))) }
        if isEnding { return self.end(end) }
        Task { @IOLoop in self.end(await self.explainEnd(how)) }
    }

    /// One line of shell text that sets variables, whatever their values hold.
    nonisolated static func setting(_ environment: [(name: String, value: String)]) -> String {
        let settings = environment.map { name, value in
            let lines = value.split(separator: "\n", omittingEmptySubsequences: false)
            return name + "=" + lines.map { ShellQuoting.quote(String($0)) }.joined(separator: "\"$_n\"")
        }
        return "_n=$(printf '\\n.'); _n=${_n%.}; export " + settings.joined(separator: " ") + "; unset _n\n"
    }
}
