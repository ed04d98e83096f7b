internal import Diagnostics
internal import Values

/// Becoming a user at a terminal: for doas, which asks for passwords nowhere else, and for a sudo with `requiretty`.
///
/// Two processes of the login user: the carrier, over streams, makes three named pipes that only that user can reach
/// and passes its streams on through them; the other one, at a terminal, has them for its input and outputs when it
/// runs the program, which finds a terminal to ask at. Their names are gone before the user is asked anything.
@IOLoop
final class TerminalStartup {
    private let become: Become
    private let opener: FramedShell.Opener
    private let terminalOpener: FramedShell.Opener
    private var dialogue: BecomeDialogue
    private let placeMark = ShellFraming.makeToken()
    private let openedMark = ShellFraming.makeToken()
    private var carrier: (any ShellLink)?
    private var terminal: (any ShellLink)?
    private let carrierEar = LinkEar()
    private let terminalEar = LinkEar()
    private var stage = Stage.preparing
    private var heardOut: [UInt8] = []
    private var heardErr: [UInt8] = []
    private var heardAtTerminal: [UInt8] = []
    private let outcome = Promise<Result<TerminalLink, Diagnostic>>()
    private(set) var roundTrips = 1

    private enum Stage { case preparing, opening, becoming }

    /// What is kept of what the host says, for messages.
    private static let hearingLimit = 64 * 1024
    /// How long what was said last may take to come after the terminal is gone.
    private static let lastWords = Duration.seconds(2)

    init(_ become: Become, opener: @escaping FramedShell.Opener, terminal: @escaping FramedShell.Opener) {
        self.become = become
        self.opener = opener
        terminalOpener = terminal
        dialogue = BecomeDialogue(become)
    }

    /// - Returns: A link to the user's shell, which has not been told anything yet.
    func run() async throws(Diagnostic) -> TerminalLink {
        let carrier = try await opener(BecomeLine.carrier(placeMark: placeMark))
        if let outcome = outcome.value {
            // The time was over before there was a link.
            carrier.cut()
            return try outcome.get()
        }
        self.carrier = carrier
        carrierEar.onBytes = { [weak self] in self?.carrierSaid($0, isError: $1) }
        carrierEar.onEnd = { [weak self] in self?.ended($0) }
        carrier.owner = carrierEar
        return try await outcome.wait().get()
    }

    /// Gives up: it took too long.
    func expire() {
        let what =
            switch stage {
            case .preparing: "the host did not make ready for a terminal"
            case .opening: "the host gave no terminal"
            case .becoming: dialogue.silence
            }
        finish(
            .failure(
                Diagnostic(
                    .timeout, "\(what) in time" + (words.isEmpty ? "" : "; the host said: \(words.lastLine)"),
                    remedy: "Raise the connection's timeout, or see by hand what the host waits for.")))
    }

    private var words: String {
        let all = heardErr + Array("\n".utf8) + heardAtTerminal
        return dialogue.withoutPrompt(String(decoding: all, as: UTF8.self).replacing(openedMark, with: ""))
    }

    private func finish(_ outcome: Result<TerminalLink, Diagnostic>) {
        guard self.outcome.fulfill(outcome) else { return }
        if case .failure = outcome {
            carrier?.cut()
            terminal?.cut()
        }
        carrier = nil
        terminal = nil
    }

    // MARK: What the host says

    private func carrierSaid(_ bytes: UnsafeRawBufferPointer, isError: Bool) {
        if isError {
            if heardErr.count < Self.hearingLimit { heardErr.append(contentsOf: bytes) }
            return
        }
        if heardOut.count < Self.hearingLimit { heardOut.append(contentsOf: bytes) }
        switch stage {
        case .preparing:
            guard let place = BecomeLine.place(after: placeMark, in: heardOut) else { return }
            stage = .opening
            roundTrips += 1
            Task { @IOLoop in await openTerminal(place) }
        case .opening: break
        case .becoming:
            guard heardOut.contains(dialogue.readyMark.utf8), let carrier, let terminal else { return }
            roundTrips += 1
            finish(.success(TerminalLink(carrier: carrier, terminal: terminal)))
        }
    }

    private func openTerminal(_ place: String) async {
        let line = BecomeLine.atTerminal(become, dialogue, pipes: place, openedMark: openedMark)
        do throws(Diagnostic) {
            let terminal = try await terminalOpener(line)
            guard outcome.value == nil else { return terminal.cut() }
            self.terminal = terminal
            terminalEar.onBytes = { [weak self] bytes, _ in self?.terminalSaid(bytes) }
            terminalEar.onEnd = { [weak self] in self?.terminalEnded($0) }
            terminal.owner = terminalEar
        } catch {
            finish(
                .failure(
                    Diagnostic(
                        .become,
                        "\(become.method.rawValue) wants a terminal on this host, and there is none: \(error.summary)",
                        remedy: "Allow terminals there (`PermitTTY`), or let this user become '\(become.user)' without."
                    )))
        }
    }

    private func terminalSaid(_ bytes: UnsafeRawBufferPointer) {
        if heardAtTerminal.count < Self.hearingLimit { heardAtTerminal.append(contentsOf: bytes) }
        if stage == .opening, heardAtTerminal.contains(openedMark.utf8) {
            stage = .becoming
            carrier?.send(Array("go\n".utf8))
            carrier?.flush()
        }
        guard stage == .becoming else { return }
        switch dialogue.reply(to: heardAtTerminal) {
        case .nothing: break
        case .password(let line):
            heardAtTerminal.removeAll()
            roundTrips += 1
            terminal?.send(line)
            terminal?.flush()
        case .refused: finish(.failure(BecomeFailure.wrongPassword(become)))
        }
    }

    /// The program's last words come by the carrier.
    private func terminalEnded(_ end: LinkEnd) {
        guard outcome.value == nil else { return }
        if case .shellEnded = end, stage == .becoming {
            EventLoop.shared.after(Self.lastWords) { self.ended(end) }
        } else {
            ended(end)
        }
    }

    private func ended(_ end: LinkEnd) {
        switch end {
        case .connectionLost(let reason): finish(.failure(reason))
        case .shellEnded(let how): finish(.failure(BecomeFailure.explain(words, how, become)))
        }
    }
}
