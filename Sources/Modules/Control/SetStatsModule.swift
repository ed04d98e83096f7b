import Diagnostics
import Results
import Target
import Values

/// Gives the run numbers and texts of its own, as `ansible.builtin.set_stats` does.
struct SetStatsModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.set_stats",
        summary: "Keep values to be shown at the end of the run.",
        description: """
            They are shown below the recap where `show_custom_stats` is set, and stand in the task's answer \
            (`ansible_stats`) for programs that read it.
            """,
        arguments: [
            .optional("data", .map([]), "Names and values.", default: [:]),
            .optional(
                "aggregate", .bool, "Add to what is there: numbers, texts and lists; maps are merged.", default: true),
            .optional("per_host", .bool, "Keep them for each host, not for the whole run.", default: false),
        ],
        diff: "none",
        example: """
            - ansible.builtin.set_stats:
                data:
                  rows_moved: "{{ answer.rowcount }}"
            """
    )

    private let result: ModuleResult

    init(_ arguments: Arguments) throws(Diagnostic) {
        let data = arguments.map("data") ?? [:]
        for (key, _) in data where !SetFactModule.isName(key.text) {
            throw Diagnostic(
                .badValue, "'\(key.text)' is not a name for a value", at: arguments.location,
                remedy: "Names are made of letters, digits and underscores and begin with no digit.")
        }
        result = .ok([
            "ansible_stats": [
                "data": .map(data), "aggregate": .bool(arguments.bool("aggregate")),
                "per_host": .bool(arguments.bool("per_host")),
            ]
        ])
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> { .asWanted(result) }
    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}
}
