import Diagnostics
import Results
import Target
import Values

/// Runs a text through a shell, as `ansible.builtin.shell` does.
struct ShellModule: Module, DetachableModule {
    static let manual = ModuleManual(
        name: "ansible.builtin.shell",
        summary: "Run a command line through a shell on the host.",
        arguments: [
            .required("cmd", .string, "The command line.", aliases: ["_raw_params"]),
            .optional("executable", .path, "The shell.", default: "/bin/sh"),
        ] + CommandRun.arguments,
        check: "Unknown, since only a run can tell; with `creates` or `removes`, whether it would be skipped.",
        diff: "none",
        example: """
            - ansible.builtin.shell: ps aux | grep -c '[n]ginx'
              register: workers
              changed_when: false
            """,
        aliases: ["ansible.legacy.shell"],
        freeForm: "cmd"
    )

    private let run: CommandRun

    init(_ arguments: Arguments) throws(Diagnostic) {
        let line = try arguments.string("cmd")
        let marks = arguments["cmd"]?.text?.marks.intersection(.secret) ?? []
        run = CommandRun(
            line: .shell(line, executable: arguments.optionalString("executable") ?? "/bin/sh"),
            shown: .string(Text(line, marks: marks)), expands: false, arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<CommandRun.Step> {
        try await run.plan(target)
    }

    func apply(_ step: CommandRun.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await run.apply(step, to: target)
    }

    func work(_ step: CommandRun.Step) throws(Diagnostic) -> HostJob.Work { try run.work(step) }
}
