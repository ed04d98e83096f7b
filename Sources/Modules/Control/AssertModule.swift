import Diagnostics
import Results
import Target
import Values

/// Fails unless conditions hold, as `ansible.builtin.assert` does.
struct AssertModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.assert",
        summary: "Fail unless all conditions hold.",
        arguments: [
            .required("that", .raw, "A condition, written as in `when`, or a list of them."),
            .optional(
                "fail_msg", .raw, "What to say if one does not hold.", default: "Assertion failed", aliases: ["msg"]),
            .optional("success_msg", .raw, "What to say if all hold.", default: "All assertions passed"),
            .optional("quiet", .bool, "Say nothing if all hold.", default: false),
        ],
        diff: "none",
        example: """
            - ansible.builtin.assert:
                that:
                  - ansible_memtotal_mb >= 2048
                  - app_version is version('2.0', '>=')
                fail_msg: This host is too small for the application.
            """
    )

    private let result: ModuleResult

    init(_ arguments: Arguments) throws(Diagnostic) {
        // A single text is one condition; commas in it are the expression's own.
        let that = arguments.values["that"] ?? .null
        for condition in that.elements ?? [that] {
            let value = try arguments.context.condition(condition)
            if let unknown = value.firstUnknown {
                result = .ok(["msg": .unknown(unknown)])
                return
            }
            guard !value.isTruthy else { continue }
            let message = arguments.values["fail_msg"] ?? "Assertion failed"
            result = .failed(
                Diagnostic(
                    .failed, Self.line(message) + " (\(condition.pythonText))",
                    at: condition.text?.origin ?? arguments.location),
                ["assertion": condition, "evaluated_to": value, "msg": message])
            return
        }
        result = .ok(["msg": arguments.values["success_msg"] ?? "All assertions passed"])
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        if case .unknown(let unknown)? = result.values["msg"] {
            return .unknown(unknown, ())
        }
        return .asWanted(result)
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult { result }

    private static func line(_ message: Value) -> String {
        message.elements?.map(\.pythonText).joined(separator: " ") ?? message.pythonText
    }
}
