import Diagnostics
import Results
import Target
import Values

/// Gives the host variables for the rest of the run, as `ansible.builtin.set_fact` does.
struct SetFactModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.set_fact",
        summary: "Set variables of this host.",
        arguments: [
            .optional("cacheable", .bool, "Keep them as facts beyond this run, where facts are kept.", default: false)
        ],
        diff: "none",
        example: """
            - ansible.builtin.set_fact:
                app_root: /srv/{{ app_name }}
            """,
        takesAnyArgument: true
    )

    private let result: ModuleResult

    init(_ arguments: Arguments) throws(Diagnostic) {
        var facts = arguments.values
        facts.removeValue(forKey: "cacheable")
        guard !facts.isEmpty else {
            throw Diagnostic(
                .missingArgument, "set_fact was given no name and value", at: arguments.location,
                remedy: "Write `name: value` below it.")
        }
        for (key, _) in facts where !Self.isName(key.text) {
            throw Diagnostic(
                .badValue, "'\(key.text)' is not a name for a variable", at: arguments.location,
                remedy: "Names are made of letters, digits and underscores and begin with no digit.")
        }
        result = ModuleResult(values: ["ansible_facts": .map(facts)], facts: facts)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> { .asWanted(result) }
    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}

    /// Whether a text can be a variable's name.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
        return name.utf8.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 95
        }
    }
}
