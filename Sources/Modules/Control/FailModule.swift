import Diagnostics
import Results
import Target
import Values

/// Fails with a message, as `ansible.builtin.fail` does.
struct FailModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.fail",
        summary: "Fail on purpose; useful with `when`.",
        arguments: [.optional("msg", .string, "What to say.", default: "Failed as requested from task")],
        diff: "none",
        example: """
            - ansible.builtin.fail:
                msg: The system may not be provisioned like this.
              when: cmdb_status != 'to-be-staged'
            """
    )

    private let message: Value

    init(_ arguments: Arguments) throws(Diagnostic) { message = arguments["msg"] ?? "Failed as requested from task" }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> {
        .asWanted(.failed(Diagnostic(.failed, message.pythonText), ["msg": message]))
    }

    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}
}
