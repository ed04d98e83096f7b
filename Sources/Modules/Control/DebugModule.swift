import Diagnostics
import Results
import Target
import Values

/// Shows a message or a variable, as `ansible.builtin.debug` does.
struct DebugModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.debug",
        summary: "Show a message or the value of an expression.",
        arguments: [
            .optional("msg", .raw, "What to show.", default: nil),
            .optional("var", .string, "An expression, written without braces, whose value to show."),
            .optional("verbosity", .int, "Show it only with that many -v.", default: 0),
        ],
        diff: "none",
        example: """
            - ansible.builtin.debug:
                msg: "{{ inventory_hostname }} has {{ ansible_memtotal_mb }} MB"
            - ansible.builtin.debug:
                var: ansible_default_ipv4
            """,
        exclusive: [["msg", "var"]]
    )

    private let result: ModuleResult

    init(_ arguments: Arguments) throws(Diagnostic) {
        guard (arguments.int("verbosity") ?? 0) <= arguments.context.verbosity else {
            result = ModuleResult(skipped: true, values: ["skipped_reason": "Verbosity threshold not met."])
            return
        }
        guard let expression = arguments.values["var"]?.text else {
            result = .ok(["msg": arguments.values["msg"] ?? "Hello world!"])
            return
        }
        // A name without a value is what people look for here, so it is an answer, not a failure.
        let (value, undefined) = try arguments.context.show(expression)
        result = ModuleResult(
            values: [.string(expression.string): value],
            warnings: undefined.map { trouble in
                trouble.summary + (trouble.location.map { " (\($0))" } ?? "")
            })
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> { .asWanted(result) }
    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}
}
