internal import Diagnostics
internal import Values

/// A command at a terminal of its own, and what is said there.
///
/// Becoming the user is the first thing said at the same terminal; then a mark, the command's words, and a mark with
/// its status.
@IOLoop
final class TerminalProgram: ShellLinkOwner {
    private let become: Become?
    private var becoming: BecomeDialogue?
    private let readyMark: String
    private let patience: Duration?
    private var dialogue: any TerminalDialogue
    private var link: (any ShellLink)?
    private var isReady = false
    /// What was said before the command began, or since the last answer.
    private var heard: [UInt8] = []
    /// All that the command said, and its end.
    private var scanner: MarkerScanner
    private var timer: LoopTimer?
    private let outcome = Promise<Result<TerminalOutcome, Diagnostic>>()
    /// Whether the command said its last word.
    private(set) var isOver = false

    /// - Parameters:
    ///   - becoming: What is said to become the user; its mark tells that the command begins.
    ///   - endMark: The token of the line that says, as for requests, that the command has ended, and how.
    init(
        _ become: Become?, _ becoming: BecomeDialogue, endMark: String, patience: Duration?,
        _ dialogue: any TerminalDialogue
    ) {
        self.become = become
        self.becoming = become == nil ? nil : becoming
        readyMark = becoming.readyMark
        scanner = MarkerScanner(token: endMark, limit: ShellFraming.outputLimit)
        self.patience = patience
        self.dialogue = dialogue
    }

    /// Talks to what runs at the terminal behind the link until it ends.
    func run(on link: any ShellLink) async -> Result<TerminalOutcome, Diagnostic> {
        if let outcome = outcome.value { return outcome }
        self.link = link
        link.owner = self
        return await outcome.wait()
    }

    /// Gives up if it has not begun.
    func expire() {
        guard !isReady else { return }
        let words = String(decoding: heard, as: UTF8.self)
        let said = (becoming?.withoutPrompt(words) ?? words).lastLine
        finish(
            .failure(
                Diagnostic(
                    .timeout,
                    "\(becoming?.silence ?? "the host did not begin to run the command at the terminal") in time"
                        + (said.isEmpty ? "" : "; the host said: \(said)"),
                    remedy: "Raise the connection's timeout, or see by hand what the host waits for.")))
    }

    /// Ends it; the processes themselves are the caller's to end.
    func end(_ reason: Diagnostic) { finish(.failure(reason)) }

    private func finish(_ outcome: Result<TerminalOutcome, Diagnostic>) {
        guard self.outcome.fulfill(outcome) else { return }
        timer?.cancel()
        link = nil
    }

    // MARK: What is said

    func linkReceived(stdout bytes: UnsafeRawBufferPointer) {
        guard outcome.value == nil else { return }
        heard.append(contentsOf: bytes)
        guard isReady else { return begin() }
        scanner.receive(bytes)
        goOn()
    }

    func linkReceived(stderr bytes: UnsafeRawBufferPointer) { linkReceived(stdout: bytes) }
    func linkHasRoom() {}

    private func begin() {
        switch becoming?.reply(to: heard) {
        case .password(let line):
            heard.removeAll()
            return send(line)
        case .refused:
            if let become { finish(.failure(BecomeFailure.wrongPassword(become))) }
            return
        case .nothing, nil: break
        }
        guard let mark = heard.firstRange(of: readyMark.utf8),
            let lineEnd = heard[mark.upperBound...].firstIndex(of: UInt8(ascii: "\n"))
        else { return forget() }
        isReady = true
        heard.removeSubrange(...lineEnd)
        heard.withUnsafeBytes { scanner.receive($0) }
        waitPatiently()
        goOn()
    }

    private func goOn() {
        if let piece = scanner.next() {
            isOver = true
            // The line end before the mark is the mark's; the terminal made CR LF of it.
            let output = piece.content.last == UInt8(ascii: "\r") ? piece.content.dropLast() : piece.content
            return finish(
                piece.isTooLong
                    ? .failure(Ending.tooMuchOutput.diagnostic)
                    : .success(TerminalOutcome(output: output, status: piece.status.map(Int.init))))
        }
        if scanner.isFlooded { return finish(.failure(Ending.tooMuchOutput.diagnostic)) }
        do throws(Diagnostic) {
            while let line = try dialogue.answer(to: &heard) {
                send(line)
                waitPatiently()
            }
            forget()
        } catch {
            finish(.failure(error))
        }
    }

    /// Drops what was said long ago and nobody dealt with: looking through all of it again and again takes for ever.
    private func forget() {
        if heard.count > 2 * TerminalCommand.memory { heard.removeFirst(heard.count - TerminalCommand.memory) }
    }

    private func send(_ line: [UInt8]) {
        link?.send(line)
        link?.flush()
    }

    private func waitPatiently() {
        timer?.cancel()
        guard let patience else { return }
        timer = EventLoop.shared.after(patience) { [weak self] in
            guard let self else { return }
            self.finish(.success(TerminalOutcome(output: self.scanner.unfinished, status: nil)))
        }
    }

    func linkEnded(_ end: LinkEnd) {
        switch end {
        case .connectionLost(let reason): finish(.failure(reason))
        case .shellEnded(let how):
            let words = String(decoding: isReady ? scanner.unfinished : heard, as: UTF8.self)
            if let become, !isReady {
                finish(.failure(BecomeFailure.explain(becoming?.withoutPrompt(words) ?? words, how, become)))
            } else {
                finish(.failure(Diagnostic(.failed, "the terminal was closed (\(how)): \(words.lastLine)")))
            }
        }
    }
}
