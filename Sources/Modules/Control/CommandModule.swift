import Diagnostics
import Results
import Target
import Values

/// Runs a program without a shell, as `ansible.builtin.command` does.
struct CommandModule: Module, DetachableModule {
    static let manual = ModuleManual(
        name: "ansible.builtin.command",
        summary: "Run a command on the host, without a shell.",
        description: """
            Nothing in it is special: no pipes, no redirections, no patterns. Only `~` and `$NAME` are replaced, \
            unless `expand_argument_vars` is false. Use `shell` for the rest.
            """,
        arguments: [
            .optional("cmd", .string, "The command as one text.", aliases: ["_raw_params"]),
            .optional("argv", .list(.string), "The command as a list of words."),
            .optional("executable", .path, "Means nothing here, as in Ansible: a warning says so. `shell` has it."),
            .optional("expand_argument_vars", .bool, "Replace `~` and `$NAME` in words.", default: true),
        ] + CommandRun.arguments,
        check: "Unknown, since only a run can tell; with `creates` or `removes`, whether it would be skipped.",
        diff: "none",
        example: """
            - ansible.builtin.command: make install
              args:
                chdir: /usr/src/app
                creates: /usr/local/bin/app
            - ansible.builtin.command:
                argv: [touch, /tmp/a file with blanks]
            """,
        aliases: ["ansible.legacy.command"],
        freeForm: "cmd", exclusive: [["cmd", "argv"]], oneOf: [["cmd", "argv"]]
    )

    private let run: CommandRun
    private let warnings: [String]

    init(_ arguments: Arguments) throws(Diagnostic) {
        let words: [Text]
        if let line = arguments["cmd"] {
            do {
                words = try ShellWords.split(line.text ?? Text(line.pythonText))
            } catch {
                throw error.located(at: line.text?.origin ?? arguments.location)
            }
        } else {
            words = arguments.list("argv").map { $0.text ?? Text($0.pythonText) }
        }
        guard let first = words.first, !first.string.isEmpty else {
            throw Diagnostic(.missingArgument, "there is no command to run", at: arguments.location)
        }
        warnings =
            arguments.optionalString("executable").map {
                ["'executable' means nothing to command: '\($0)' is not used. `shell` has it."]
            } ?? []
        run = CommandRun(
            line: .words(words.map(\.string)), shown: .list(words.map { .string($0) }),
            expands: arguments.bool("expand_argument_vars"), arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<CommandRun.Step> {
        try await run.plan(target)
    }

    func apply(_ step: CommandRun.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var result = try await run.apply(step, to: target)
        result.warnings += warnings
        return result
    }

    func work(_ step: CommandRun.Step) throws(Diagnostic) -> HostJob.Work { try run.work(step) }
}
