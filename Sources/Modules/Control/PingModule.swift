import Diagnostics
import Results
import Target
import Values

/// Asks the host for a sign of life, as `ansible.builtin.ping` does; no Python is needed for it.
struct PingModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.ping",
        summary: "See whether the host can be reached and has a working shell.",
        arguments: [
            .optional("data", .string, "What to answer; `crash` makes the module fail.", default: "pong")
        ],
        diff: "none",
        example: """
            - ansible.builtin.ping:
            """,
        aliases: ["ansible.legacy.ping"]
    )

    private let data: String

    init(_ arguments: Arguments) throws(Diagnostic) { data = arguments.optionalString("data") ?? "pong" }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> {
        if data == "crash" { throw Diagnostic(.failed, "boom", remedy: "'data: crash' asks for this.") }
        let answer = try await target.query(#"printf '%s' "$1""#, data)
        guard answer.succeeded, answer.output == data else {
            throw Diagnostic(
                .failed, "the host's shell answered '\(answer.output)' where '\(data)' was due", host: target.hostName)
        }
        return .asWanted(.ok(["ping": .string(data)]))
    }

    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}
}
