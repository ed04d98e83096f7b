import Diagnostics
import Jinja
import Results
import Target
import Values

/// Runs a program that asks questions, and answers them, as `ansible.builtin.expect` does.
struct ExpectModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.expect",
        summary: "Run a program that asks at a terminal, and answer it.",
        description: """
            The program has a terminal of its own and is run without a shell. Each key of `responses` is a regular \
            expression as Python has them; of those that match what the program said and nobody answered yet, the one \
            that begins first is answered. An answer that is a list gives its elements one after the other, and the \
            task fails when there is none left. The last 16 KiB that nobody answered are looked at. Output has the line \
            ends of terminals, CR LF.
            """,
        arguments: [
            .required("command", .string, "The program with its arguments."),
            .required("responses", .map([]), "What is answered, by what is said."),
            .optional("chdir", .path, "The directory to run it in."),
            .optional("creates", .path, "A path or pattern; if it is there, the command is not run."),
            .optional("removes", .path, "A path or pattern; if it is not there, the command is not run."),
            .optional("echo", .bool, "Let the output show what is answered.", default: false),
            .optional(
                "timeout", .raw, "Seconds that may pass without anything that is answered; null for any time.",
                default: 30),
        ],
        check: "Unknown, since only a run can tell; with `creates` or `removes`, whether it would be skipped.",
        diff: "none",
        example: """
            - ansible.builtin.expect:
                command: passwd alice
                responses:
                  (?i)password: "{{ alice_password }}"
              no_log: true
            """
    )

    private let run: CommandRun
    private let shown: Value
    private let program: String
    private let dialogue: Dialogue
    private let echoes: Bool
    private let patience: Duration?

    init(_ arguments: Arguments) throws(Diagnostic) {
        let line = arguments["command"]?.text ?? ""
        let words: [Text]
        do throws(Diagnostic) {
            words = try ShellWords.split(line)
        } catch {
            throw error.located(at: line.origin ?? arguments.location)
        }
        guard let first = words.first, !first.string.isEmpty else {
            throw Diagnostic(.missingArgument, "there is no command to run", at: arguments.location)
        }
        shown = .string(line)
        program = first.string
        run = CommandRun(line: .words(words.map(\.string)), shown: shown, expands: false, arguments)
        dialogue = try Dialogue(arguments["responses"]?.mapValue ?? [:], at: arguments.location)
        echoes = arguments.bool("echo")
        let timeout = arguments["timeout"] ?? 30
        if timeout.isNull {
            patience = nil
        } else {
            guard let seconds = Double(timeout.pythonText), seconds.isFinite, seconds >= 0, seconds < 1e9 else {
                throw Diagnostic(
                    .badValue, "'timeout' must be seconds or null, not '\(timeout.pythonText)'", at: arguments.location)
            }
            patience = .seconds(seconds)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<CommandRun.Step> {
        try await run.plan(target)
    }

    func apply(_ step: CommandRun.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let start = WallClock.now()
        let outcome = try await target.converse(
            TerminalCommand(Command(step.line, directory: step.directory), echoes: echoes, patience: patience), dialogue
        )
        let end = WallClock.now()
        var values: ValueMap = [
            "cmd": shown, "rc": outcome.status.map { .int($0) } ?? .null, "start": .string(start.text),
            "end": .string(end.text),
            "delta": .string(WallClock.text(ofMicroseconds: end.microseconds - start.microseconds)),
        ]
        CommandRun.addOutput(CommandRun.stripped(String(decoding: outcome.output, as: UTF8.self)), "", to: &values)
        values["stderr"] = nil
        values["stderr_lines"] = nil
        if outcome.status == 0 { return .changed(values) }
        let failure: Diagnostic
        let said = values.lastWords.isEmpty ? "" : ": \(values.lastWords)"
        switch outcome.status {
        case nil:
            values["msg"] = "command exceeded timeout"
            failure = Diagnostic(
                .commandFailed,
                "the command said nothing that is answered for \((patience ?? .zero).inWords)\(said)",
                remedy: "Add an answer for what it asks, or raise `timeout`.", host: target.hostName)
        case let status? where (126...127).contains(status) && isAbout(program, values.lastWords):
            failure = Diagnostic(
                .commandFailed, "there is no program '\(program)' on the host that can be run",
                remedy: "Install it first; for a shell's own commands call the shell.", host: target.hostName)
            return ModuleResult(
                changed: false,
                values: ["msg": .string("The command was not found or was not executable: \(program).")],
                failure: failure)
        case let status?:
            values["msg"] = "non-zero return code"
            failure = Diagnostic(
                .commandFailed, "the command ended with status \(status)\(said)", host: target.hostName)
        }
        return ModuleResult(changed: true, values: values, failure: failure)
    }

    /// Whether a shell says that it cannot run the program; where it puts the number of its line differs.
    private func isAbout(_ program: String, _ words: String) -> Bool {
        words.contains("exec: ") && words.contains(program)
    }

    /// Answers what is said first of all that there are answers for.
    private struct Dialogue: TerminalDialogue {
        private struct Response: Sendable {
            var pattern: String
            var regex: Regex
            var answers: [String]
            /// Whether one answer does for any number of questions.
            var repeats: Bool
            var given = 0
        }

        private var responses: [Response] = []

        init(_ map: ValueMap, at place: SourceLocation?) throws(Diagnostic) {
            for (key, value) in map {
                let regex: Regex
                do throws(Diagnostic) {
                    regex = try Regex.compiled(key.text, [.dotAll, .bytes])
                } catch {
                    throw error.located(at: place)
                }
                let answers = value.elements ?? [value]
                responses.append(
                    Response(
                        pattern: key.text, regex: regex, answers: answers.map(\.pythonText),
                        repeats: value.elements == nil))
            }
        }

        mutating func answer(to heard: inout [UInt8]) throws(Diagnostic) -> [UInt8]? {
            var first: (index: Int, range: Range<Int>)?
            for (index, response) in responses.enumerated() {
                // One that matches nothing at all would be answered for ever.
                guard let range = try response.regex.firstMatch(in: heard)?.whole, !range.isEmpty else { continue }
                if first.map({ range.lowerBound < $0.range.lowerBound }) ?? true { first = (index, range) }
            }
            guard let (index, range) = first else { return nil }
            let response = responses[index]
            guard response.repeats || response.given < response.answers.count else {
                let said = String(decoding: heard[..<range.upperBound], as: UTF8.self)
                throw Diagnostic(
                    .commandFailed, "no answer is left for '\(response.pattern)'; the command said '\(said)'",
                    remedy: "Give one more in the list, or one that is not in a list, for all.")
            }
            responses[index].given += 1
            heard.removeSubrange(..<range.upperBound)
            var line = Array(response.answers[response.repeats ? 0 : response.given].utf8)
            while line.last == UInt8(ascii: "\n") { line.removeLast() }
            return line + [UInt8(ascii: "\n")]
        }
    }
}
