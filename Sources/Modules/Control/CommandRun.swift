import Diagnostics
import Results
import Target
import Values

/// What command and shell have in common: skipping by `creates` and `removes`, running, telling what came of it.
struct CommandRun: Sendable {
    static let arguments: [Argument] = [
        .optional("chdir", .path, "The directory to run it in."),
        .optional("creates", .path, "A path or pattern; if it is there, the command is not run."),
        .optional("removes", .path, "A path or pattern; if it is not there, the command is not run."),
        .optional("stdin", .string, "What the command reads from its standard input."),
        .optional("stdin_add_newline", .bool, "End the input with a line end.", default: true),
        .optional("strip_empty_ends", .bool, "Drop line ends at the end of the output.", default: true),
    ]

    private let line: Command.Line
    private let shown: Value
    private let expands: Bool
    private let directory: String?
    private let creates: String?
    private let removes: String?
    private let input: [UInt8]?
    private let strips: Bool

    /// What was found out on the host beforehand.
    struct Step: Sendable {
        var line: Command.Line
        var directory: String?
    }

    init(line: Command.Line, shown: Value, expands: Bool, _ arguments: Arguments) {
        self.line = line
        self.shown = shown
        self.expands = expands
        directory = arguments.optionalString("chdir")
        creates = arguments.optionalString("creates")
        removes = arguments.optionalString("removes")
        strips = arguments.bool("strip_empty_ends")
        input = arguments.optionalString("stdin").map {
            Array(($0 + (arguments.bool("stdin_add_newline") ? "\n" : "")).utf8)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        var step = Step(line: line, directory: directory)
        var toExpand: [String] = []
        if case .words(let words) = line, expands, words.contains(where: Self.holdsReference) { toExpand = words }
        if creates != nil || removes != nil || !toExpand.isEmpty || directory.map(Self.holdsReference) == true {
            let answer = try await target.query(
                Self.look, [directory ?? "", creates ?? "", removes ?? ""] + toExpand)
            guard answer.succeeded else {
                throw Diagnostic(
                    .failed, "cannot change to directory '\(directory ?? "")': \(answer.errorOutput.lastLine)",
                    host: target.hostName)
            }
            var fields = FieldReader(answer.stdout)
            let place = fields.next()
            if !place.isEmpty { step.directory = place }
            let isCreated = try exists(fields.next() == "1", creates, target)
            let isToRemove = try exists(fields.next() == "1", removes, target)
            if let creates, isCreated {
                return .asWanted(skipped("Did not run command since '\(creates)' exists", "since \(creates) exists"))
            }
            if let removes, !isToRemove {
                return .asWanted(
                    skipped("Did not run command since '\(removes)' does not exist", "since \(removes) does not exist"))
            }
            if !toExpand.isEmpty {
                var words: [String] = []
                for _ in toExpand { words.append(fields.next()) }
                step.line = .words(words)
            }
        }
        return .unknown(Unknown("what the command does"), step)
    }

    /// What an earlier task of the dry run would make or remove counts, where the path is not a pattern.
    private func exists(_ found: Bool, _ path: String?, _ target: some TargetReader) throws(Diagnostic) -> Bool {
        guard let path, let effect = target.foreseen.effect(at: path) else { return found }
        return effect.kind != .absent
    }

    private func skipped(_ message: String, _ reason: String) -> ModuleResult {
        var values: ValueMap = [
            "cmd": shown, "rc": 0, "msg": .string(message), "start": .null, "end": .null, "delta": .null,
        ]
        Self.addOutput("skipped, \(reason)", "", to: &values)
        return .ok(values)
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let start = WallClock.now()
        let result = try await target.run(Command(step.line, directory: step.directory, input: input))
        let end = WallClock.now()
        var output = result.output
        var errors = result.errorOutput
        if strips {
            output = Self.stripped(output)
            errors = Self.stripped(errors)
        }
        var values: ValueMap = [
            "cmd": shown, "rc": .int(Int(result.status)), "msg": "", "start": .string(start.text),
            "end": .string(end.text),
            "delta": .string(WallClock.text(ofMicroseconds: end.microseconds - start.microseconds)),
        ]
        Self.addOutput(output, errors, to: &values)
        guard !result.succeeded else { return .changed(values) }

        if case .words(let words) = step.line, let program = words.first, result.status == 127, output.isEmpty {
            values["rc"] = 2
            values["msg"] = .string("No such file or directory: '\(program)'")
            return ModuleResult(
                changed: false, values: values,
                failure: Diagnostic(
                    .commandFailed, "there is no program '\(program)' on the host",
                    remedy: "Install it first; for a shell's own commands use 'shell'.", host: target.hostName))
        }
        values["msg"] = "non-zero return code"
        return ModuleResult(
            changed: true, values: values,
            failure: Diagnostic(
                .commandFailed, "the command ended with status \(result.status): \(values.lastWords)",
                host: target.hostName))
    }

    /// The same, for the host to go on with by itself.
    func work(_ step: Step) throws(Diagnostic) -> HostJob.Work {
        HostJob.Work(
            Command(step.line, directory: step.directory, input: input), fields: "\"cmd\": \(try JSON.text(shown))",
            stripsEnds: strips)
    }

    private static func holdsReference(_ word: String) -> Bool { word.contains("$") || word.hasPrefix("~") }

    /// Without line ends at the end.
    static func stripped(_ text: String) -> String {
        var bytes = text.utf8[...]
        while let last = bytes.last, last == 10 || last == 13 { bytes = bytes.dropLast() }
        return String(Substring(bytes))
    }

    static func addOutput(_ output: String, _ errors: String, to values: inout ValueMap) {
        values["stdout"] = .string(output)
        values["stderr"] = .string(errors)
        values["stdout_lines"] = .list(lines(output))
        values["stderr_lines"] = .list(lines(errors))
    }

    /// Python's `splitlines`.
    static func lines(_ text: String) -> [Value] {
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { .string($0) }
    }

    /// `$1` a directory, `$2` and `$3` patterns, then words to expand.
    private static let look: Script =
        ReadingScripts.expand + #"""
            matches() {
                [ -n "$1" ] || return 1
                sp_expand "$1"
                IFS=
                for match in $p; do
                    if [ -e "$match" ] || [ -L "$match" ]; then return 0; fi
                done
                return 1
            }
            if [ -n "$1" ]; then sp_expand "$1"; cd -- "$p" || exit 1; printf '%s\0' "$p"; else printf '\0'; fi
            if matches "$2"; then printf '1\0'; else printf '0\0'; fi
            if matches "$3"; then printf '1\0'; else printf '0\0'; fi
            shift 3
            for word do
                sp_expand "$word"
                printf '%s\0' "$p"
            done
            """#
}

extension ValueMap {
    /// The last thing a command said, for a message.
    var lastWords: String {
        let errors = self["stderr"]?.stringValue ?? ""
        return (errors.isEmpty ? self["stdout"]?.stringValue ?? "" : errors).lastLine
    }
}
