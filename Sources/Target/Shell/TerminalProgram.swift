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
    private let endMark: String
    private let patience: Duration?
    private var dialogue: any TerminalDialogue
    private var link: (any ShellLink)?
    private var isReady = false
    /// What was said before the command began, or since the last answer.
    private var heard: [UInt8] = []
    private var output: [UInt8] = []
    private var searched = 0
    private var timer: LoopTimer?
    private var outcome: Result<TerminalOutcome, Diagnostic>?
    /// Whether the command said its last word.
    private(set) var isOver = false
    private var continuation: CheckedContinuation<Result<TerminalOutcome, Diagnostic>, Never>?

    /// - Parameters:
    ///   - becoming: What is said to become the user; its mark tells that the command begins.
    ///   - endMark: Said on a line of its own, with the status, when the command has ended.
    init(
        _ become: Become?, _ becoming: BecomeDialogue, endMark: String, patience: Duration?,
        _ dialogue: any TerminalDialogue
    ) {
        self.become = become
        self.becoming = become == nil ? nil : becoming
        readyMark = becoming.readyMark
        self.endMark = endMark
        self.patience = patience
        self.dialogue = dialogue
    }

    /// Talks to what runs at the terminal behind the link until it ends.
    func run(on link: any ShellLink) async -> Result<TerminalOutcome, Diagnostic> {
        if let outcome { return outcome }
        self.link = link
        link.owner = self
        if let outcome { return outcome }
        return await withCheckedContinuation { continuation = $0 }
    }

    /// Ends it; the processes themselves are the caller's to end.
    func end(_ reason: Diagnostic) { finish(.failure(reason)) }

    private func finish(_ outcome: Result<TerminalOutcome, Diagnostic>) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        timer?.cancel()
        link = nil
        continuation?.resume(returning: outcome)
        continuation = nil
    }

    // MARK: What is said

    func linkReceived(stdout bytes: UnsafeRawBufferPointer) {
        guard outcome == nil else { return }
        guard isReady else {
            heard.append(contentsOf: bytes)
            begin()
            return
        }
        heard.append(contentsOf: bytes)
        output.append(contentsOf: bytes)
        goOn()
    }

    func linkReceived(stderr bytes: UnsafeRawBufferPointer) { linkReceived(stdout: bytes) }
    func linkHasRoom() {}

    private func begin() {
        if case .password(let line)? = becoming?.reply(to: heard) {
            heard.removeAll()
            send(line)
            return
        }
        if case .refused? = becoming?.reply(to: heard), let become {
            return finish(.failure(BecomeFailure.wrongPassword(become)))
        }
        guard let mark = heard.firstRange(of: readyMark.utf8),
            let lineEnd = heard[mark.upperBound...].firstIndex(of: UInt8(ascii: "\n"))
        else { return }
        isReady = true
        heard.removeSubrange(...lineEnd)
        output = heard
        waitPatiently()
        goOn()
    }

    private func goOn() {
        guard output.count <= ShellFraming.outputLimit else {
            return finish(.failure(Diagnostic(.failed, "printed more than \(ShellFraming.outputLimit >> 20) MiB")))
        }
        if let (end, status) = ending() {
            isOver = true
            return finish(.success(TerminalOutcome(output: Array(output[..<end]), status: status)))
        }
        do throws(Diagnostic) {
            while let line = try dialogue.answer(to: &heard) {
                send(line)
                waitPatiently()
            }
        } catch {
            finish(.failure(error))
        }
    }

    /// Where the command's own words end, and its status, once that was said.
    private func ending() -> (Int, Int)? {
        let from = max(0, searched - endMark.utf8.count - 8)
        searched = output.count
        guard let mark = output[from...].firstRange(of: endMark.utf8),
            let lineEnd = output[mark.upperBound...].firstIndex(of: UInt8(ascii: "\n"))
        else {
            // The mark may be there and its line not yet.
            if let mark = output[from...].firstRange(of: endMark.utf8) { searched = mark.lowerBound }
            return nil
        }
        let digits = output[mark.upperBound..<lineEnd].filter { (0x30...0x39).contains($0) }
        var end = mark.lowerBound
        // The line end before the mark is the mark's.
        for byte in [UInt8(ascii: "\n"), UInt8(ascii: "\r")] where end > 0 && output[end - 1] == byte { end -= 1 }
        return Int(String(decoding: digits, as: UTF8.self)).map { (end, $0) }
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
            self.finish(.success(TerminalOutcome(output: self.output, status: nil)))
        }
    }

    func linkEnded(_ end: LinkEnd) {
        switch end {
        case .connectionLost(let reason): finish(.failure(reason))
        case .shellEnded(let how):
            let words = String(decoding: isReady ? output : heard, as: UTF8.self)
            if let become, !isReady {
                finish(.failure(BecomeFailure.explain(becoming?.withoutPrompt(words) ?? words, how, become)))
            } else {
                finish(.failure(Diagnostic(.failed, "the terminal was closed (\(how)): \(words.lastLine)")))
            }
        }
    }
}
