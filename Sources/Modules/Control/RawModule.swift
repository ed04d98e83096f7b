import Diagnostics
import Results
import Target
import Values

/// Hands a text to the login shell's kind of shell, as `ansible.builtin.raw` does.
struct RawModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.raw",
        summary: "Run a command line on a host about which nothing is assumed.",
        description: "Every module here works without Python on the host, so `shell` does the same and tells more.",
        arguments: [
            .required("free_form", .string, "The command line.", aliases: ["_raw_params"]),
            .optional("executable", .path, "The shell.", default: "/bin/sh"),
        ],
        check: "Unknown, since only a run can tell.",
        diff: "none",
        example: """
            - ansible.builtin.raw: cat /etc/os-release
            """,
        freeForm: "free_form"
    )

    private let line: String
    private let executable: String

    init(_ arguments: Arguments) throws(Diagnostic) {
        line = try arguments.string("free_form")
        executable = arguments.optionalString("executable") ?? "/bin/sh"
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        .unknown(Unknown("what the command does"), ())
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let result = try await target.run(Command(.shell(line, executable: executable)))
        var values: ValueMap = ["rc": .int(Int(result.status))]
        CommandRun.addOutput(result.output, result.errorOutput, to: &values)
        guard result.succeeded else {
            return ModuleResult(
                changed: true, values: values.merging(["msg": "non-zero return code"]),
                failure: Diagnostic(
                    .commandFailed, "the command ended with status \(result.status): \(values.lastWords)"))
        }
        return .changed(values)
    }
}
