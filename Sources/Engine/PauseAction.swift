import CLinux
import Diagnostics
import Glibc
import Modules
import Planning
import Playbook
import Results
import Target
import Values

extension Engine {
    /// `pause`: waits for a while, or for the person at the terminal, once for all hosts.
    func pause(_ arguments: ValueMap, _ run: TaskRun) async throws(Diagnostic) -> TaskOutcome {
        let known = ["seconds", "minutes", "prompt", "echo"]
        let places = run.task.node.action.places
        for key in arguments.keys where !known.contains(key.text) {
            throw Diagnostic(
                .unknownArgument, "unknown argument '\(key.text)' for pause", at: places[key.text],
                remedy: NearestNames.hint(key.text, among: known))
        }
        func number(_ name: String) throws(Diagnostic) -> Double? {
            guard let value = arguments[name], !value.isNull else { return nil }
            guard let number = Double(value.pythonText.trimmed), number.isFinite else {
                throw Diagnostic(
                    .badValue, "'\(value.pythonText)' is no number of \(name) to pause for", at: places[name])
            }
            return number
        }
        let seconds = try number("seconds")
        let minutes = try number("minutes")
        if seconds != nil, minutes != nil {
            throw Diagnostic(
                .badValue, "'seconds' and 'minutes' cannot be used together in pause", at: places["minutes"],
                remedy: "Give one of them.")
        }
        let echoes = arguments["echo"]?.isYes ?? true
        let prompt = arguments["prompt"].flatMap { $0.isNull ? nil : $0.pythonText }
        let start = WallClock.now()
        var outcome = TaskOutcome(.ok)
        var answer = Text("")
        if let asked = seconds ?? minutes.map({ $0 * 60 }) {
            // Less than a second is one, as with Ansible.
            let longest = Double(KeywordValue.longestTime)
            guard asked <= longest else {
                throw Diagnostic(
                    .badValue, "a pause of \(asked) seconds is too long", at: places["seconds"] ?? places["minutes"],
                    remedy: "At most \(KeywordValue.longestTime) seconds.")
            }
            let length = max(1, Int(asked))
            let isAttended = isatty(STDIN_FILENO) == 1
            let hint = isAttended ? "(Ctrl-C, then C: continue early; Ctrl-C, then A: abort)\n" : ""
            Prompting.show((prompt.map { "[\(run.title.name)]\n\($0):\n" } ?? "Pausing for \(length) seconds\n") + hint)
            if await HelperThread.run({ Prompting.rest(milliseconds: length * 1000) }) {
                try await decideAfterInterrupt()
            }
        } else if isatty(STDIN_FILENO) == 1 {
            let text = prompt ?? "Press enter to continue, Ctrl+C to interrupt"
            switch await Prompting.line("[\(run.title.name)]\n\(text):\n", echoes: echoes) {
            case .line(let line): answer = Text(line, marks: echoes ? [] : .secret)
            case .interrupted: try await decideAfterInterrupt()
            case .end:
                throw Diagnostic(
                    .failed, "the pause was given no answer: input ended",
                    remedy: "Press enter to go on with an empty answer.")
            }
        } else {
            outcome.warnings = ["Not waiting for response to prompt as stdin is not interactive"]
        }
        let stop = WallClock.now()
        let span = stop.microseconds - start.microseconds
        let paused = Double(span) / 1_000_000
        let unit = seconds == nil ? "minutes" : "seconds"
        let amount = seconds == nil ? paused / 60 : paused
        outcome.values = [
            "start": .string(start.text), "stop": .string(stop.text), "delta": .int(span / 1_000_000),
            "stdout": .string("Paused for \((amount * 100).rounded() / 100) \(unit)"), "stderr": "", "rc": 0,
            "echo": .bool(echoes), "user_input": .string(answer),
        ]
        if !answer.string.isEmpty { redactor.learn(.string(answer)) }
        return outcome
    }

    /// What Ctrl-C in a pause means: a person is asked, and where there is none it ends the run as elsewhere.
    ///
    /// - Throws: `Diagnostic` with code `.failed` if the person wants no more of the play.
    private func decideAfterInterrupt() async throws(Diagnostic) {
        if isInterrupted { return }
        guard isatty(STDIN_FILENO) == 1 else { return interrupt() }
        let key = await HelperThread.run {
            Prompting.key("\nPress 'C' to continue the play or 'A' to abort \n", among: ["a", "c"])
        }
        guard key == "c" else { throw Diagnostic(.failed, "user requested abort!") }
    }
}
