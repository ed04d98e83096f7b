internal import Diagnostics
internal import Values

/// The opening of a shell: becoming the user, then the boot text, until the shell answers.
@IOLoop
final class ShellStartup: ShellLinkOwner {
    /// A shell that is ready for requests.
    struct Ready {
        var framing: ShellFraming
        /// The shell's private directory on the host.
        var directory: String
        /// The shell's process number there.
        var process: String
        var roundTrips: Int
    }

    private let become: Become?
    /// Nil where the shell is nobody else's, or the user was become already.
    private var dialogue: BecomeDialogue?
    private var framing = ShellFraming(token: ShellFraming.makeToken())
    private var link: (any ShellLink)?
    private let outcome = Promise<Result<Ready, Diagnostic>>()
    private var stage: Stage
    private var heardOut: [UInt8] = []
    private var heardErr: [UInt8] = []
    private var roundTrips: Int
    /// Whether the program that was to become the user said that it needs a terminal.
    private(set) var wantsTerminal = false

    /// Becoming the user, if somebody has to be asked for that; then the shell itself.
    private enum Stage { case becoming, awaitingBoot }

    /// What is kept of what the host says before the shell is ready, for messages.
    private static let hearingLimit = 64 * 1024

    nonisolated init(become: Become?) {
        self.become = become
        dialogue = become.map { BecomeDialogue($0) }
        stage = become?.password == nil ? .awaitingBoot : .becoming
        roundTrips = 1
    }

    /// For a link to a shell that is the user's already.
    ///
    /// - Parameter roundTripsBefore: What becoming the user took.
    nonisolated init(become: Become, roundTripsBefore: Int) {
        self.become = become
        stage = .awaitingBoot
        roundTrips = roundTripsBefore + 1
    }

    /// What the login shell, whichever it is, is to run.
    var line: String { BecomeLine.text(become, dialogue) }

    /// Brings the shell up on a link that was opened for `line`.
    func run(on link: any ShellLink) async throws(Diagnostic) -> Ready {
        if let outcome = outcome.value {
            // The time was over before there was a link.
            link.cut()
            return try outcome.get()
        }
        self.link = link
        link.owner = self
        if stage == .awaitingBoot { sendBoot() }
        return try await outcome.wait().get()
    }

    /// Gives up: it took too long.
    func expire() {
        let what =
            switch stage {
            case .becoming: dialogue?.silence ?? ""
            case .awaitingBoot: "the shell did not answer"
            }
        let code: Diagnostic.Code = stage == .awaitingBoot && become == nil ? .unreachable : .timeout
        finish(
            .failure(
                Diagnostic(
                    code, "\(what) in time" + (words.isEmpty ? "" : "; the host said: \(words.lastLine)"),
                    remedy: "Raise the connection's timeout, or see by hand what the host waits for.")))
    }

    private func sendBoot() {
        stage = .awaitingBoot
        link?.send(framing.boot)
        link?.flush()
    }

    private func finish(_ outcome: Result<Ready, Diagnostic>) {
        guard self.outcome.fulfill(outcome) else { return }
        if case .failure = outcome { link?.cut() }
        link = nil
    }

    private var words: String {
        let said = String(decoding: heardErr, as: UTF8.self)
        let err = dialogue?.withoutPrompt(said) ?? said
        return err.allSatisfy(\.isWhitespace) ? String(decoding: heardOut, as: UTF8.self) : err
    }

    // MARK: What the host says

    func linkReceived(stdout bytes: UnsafeRawBufferPointer) {
        if heardOut.count < Self.hearingLimit { heardOut.append(contentsOf: bytes) }
        if stage == .awaitingBoot {
            framing.receive(stdout: bytes, awaited: 1)
            takeBoot()
        } else if let dialogue, heardOut.contains(dialogue.readyMark.utf8) {
            heardErr.removeAll()
            roundTrips += 1
            sendBoot()
        }
    }

    func linkReceived(stderr bytes: UnsafeRawBufferPointer) {
        if heardErr.count < Self.hearingLimit { heardErr.append(contentsOf: bytes) }
        switch stage {
        case .awaitingBoot:
            framing.receive(stderr: bytes, awaited: 1)
            takeBoot()
        case .becoming:
            switch dialogue?.reply(to: heardErr) {
            case .password(let line):
                heardErr.removeAll()
                roundTrips += 1
                link?.send(line)
                link?.flush()
            case .refused:
                if let become { finish(.failure(BecomeFailure.wrongPassword(become))) }
            case .nothing, nil: break
            }
        }
    }

    private func takeBoot() {
        guard let reply = framing.nextReply() else { return }
        // What came before the boot's own words is noise of the login shell's start-up files.
        var lines = reply.result.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        if lines.last == "head" { framing.inputWay = .headCount }
        if lines.last == "here" { framing.inputWay = .smallHereDocuments }
        if framing.inputWay != .largeHereDocuments { lines.removeLast() }
        guard reply.number == ShellBoot.number, let directory = lines.last, directory.hasPrefix("/") else {
            finish(
                .failure(
                    Diagnostic(
                        .failed,
                        "the host has no directory for temporary files that can be written to"
                            + (reply.result.errorOutput.isEmpty ? "" : ": \(reply.result.errorOutput.lastLine)"),
                        remedy: "Free some space in /tmp or /var/tmp, or mount them writable.")))
            return
        }
        let process = lines.dropLast().last.flatMap { Int($0) }.map(String.init) ?? ""
        finish(
            .success(Ready(framing: framing, directory: directory, process: process, roundTrips: roundTrips)))
    }

    func linkHasRoom() {}

    func linkEnded(_ end: LinkEnd) {
        switch end {
        case .connectionLost(let reason): finish(.failure(reason))
        case .shellEnded(let how):
            if let become {
                wantsTerminal = BecomeFailure.isForTerminal(words, become)
                finish(.failure(BecomeFailure.explain(words, how, become)))
            } else {
                finish(
                    .failure(
                        Diagnostic(
                            .unreachable,
                            "the login shell ended at once (\(how))"
                                + (words.isEmpty ? "" : ": \(words.lastLine)"),
                            remedy: "Give the user a login shell that can run `exec /bin/sh`.")))
            }
        }
    }
}
