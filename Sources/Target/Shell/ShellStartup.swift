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
    private let prompt = ShellFraming.makeToken()
    private let readyMark = ShellFraming.makeToken()
    private var framing = ShellFraming(token: ShellFraming.makeToken())
    private var link: (any ShellLink)?
    private var continuation: CheckedContinuation<Result<Ready, Diagnostic>, Never>?
    private var outcome: Result<Ready, Diagnostic>?
    private var stage: Stage
    private var heardOut: [UInt8] = []
    private var heardErr: [UInt8] = []
    private var roundTrips = 1

    private enum Stage { case awaitingPrompt, awaitingMark, awaitingBoot }

    /// What is kept of what the host says before the shell is ready, for messages.
    private static let hearingLimit = 64 * 1024

    nonisolated init(become: Become?) {
        self.become = become
        stage = become?.password == nil ? .awaitingBoot : .awaitingPrompt
    }

    /// What the login shell, whichever it is, is to run.
    var line: String { BecomeLine.text(become, prompt: prompt, readyMark: readyMark) }

    /// Brings the shell up on a link that was opened for `line`.
    func run(on link: any ShellLink) async throws(Diagnostic) -> Ready {
        if let outcome {
            // The time was over before there was a link.
            link.cut()
            return try outcome.get()
        }
        self.link = link
        link.owner = self
        if stage == .awaitingBoot { sendBoot() }
        let outcome = await withCheckedContinuation { continuation in
            if let outcome = self.outcome {
                continuation.resume(returning: outcome)
            } else {
                self.continuation = continuation
            }
        }
        return try outcome.get()
    }

    /// Gives up: it took too long.
    func expire() {
        let what =
            switch stage {
            case .awaitingPrompt:
                "\(become?.method.rawValue ?? "become") neither asked for the password nor started a shell"
            case .awaitingMark: "\(become?.method.rawValue ?? "become") did not answer to the password"
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
        guard self.outcome == nil else { return }
        self.outcome = outcome
        if case .failure = outcome { link?.cut() }
        link = nil
        continuation?.resume(returning: outcome)
        continuation = nil
    }

    private var words: String {
        let err = String(decoding: heardErr, as: UTF8.self).replacing(prompt, with: "")
        return err.allSatisfy(\.isWhitespace) ? String(decoding: heardOut, as: UTF8.self) : err
    }

    // MARK: What the host says

    func linkReceived(stdout bytes: UnsafeRawBufferPointer) {
        if heardOut.count < Self.hearingLimit { heardOut.append(contentsOf: bytes) }
        if stage == .awaitingBoot {
            framing.receive(stdout: bytes, awaited: 1)
            takeBoot()
        } else if heardOut.contains(readyMark.utf8) {
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
        case .awaitingPrompt:
            // The password goes out only once it was asked for: a shell would run it as a command.
            guard let become, let password = become.password, asksForPassword(become.method) else { return }
            stage = .awaitingMark
            heardErr.removeAll()
            roundTrips += 1
            link?.send(Array("\(password)\n".utf8))
            link?.flush()
        case .awaitingMark:
            guard let become, asksForPassword(become.method) else { return }
            finish(.failure(BecomeFailure.wrongPassword(become)))
        }
    }

    private func asksForPassword(_ method: Become.Method) -> Bool {
        switch method {
        case .sudo: return heardErr.contains(prompt.utf8)
        case .su, .doas:
            // Their prompt cannot be chosen: an unfinished line that ends in a colon.
            let text = String(decoding: heardErr, as: UTF8.self)
            let last = text.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
            let trimmed = last.reversed().drop(while: \.isWhitespace)
            return trimmed.first == ":" || trimmed.first == "\u{FF1A}"
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
