public import Diagnostics
public import Values

/// What a module answers: the values a task registers, and what the engine must do with them.
public struct ModuleResult: Sendable {
    public var changed: Bool
    /// True if the module looked and decided that there was nothing to do for it (`creates` exists).
    public var skipped: Bool
    /// The registered values besides `changed`, `failed` and `skipped`, under the names Ansible documents.
    public var values: ValueMap
    /// Facts to add to the host's, as `setup` and `set_fact` do. Registered as `ansible_facts`, too.
    public var facts: ValueMap
    /// Why it failed, if it did: a module that fails after looking still answers with values (`rc`, `stderr`).
    public var failure: Diagnostic?
    /// Things worth saying to the person, shown once per task and host.
    public var warnings: [String]
    /// What was changed, where only doing it told: in place of what was foreseen.
    public var change: Change?

    public init(
        changed: Bool = false, skipped: Bool = false, values: ValueMap = [:], facts: ValueMap = [:],
        failure: Diagnostic? = nil, warnings: [String] = []
    ) {
        self.changed = changed
        self.skipped = skipped
        self.values = values
        self.facts = facts
        self.failure = failure
        self.warnings = warnings
    }

    public static func ok(_ values: ValueMap = [:]) -> ModuleResult { ModuleResult(values: values) }
    public static func changed(_ values: ValueMap = [:]) -> ModuleResult {
        ModuleResult(changed: true, values: values)
    }
    public static func failed(_ diagnostic: Diagnostic, _ values: ValueMap = [:]) -> ModuleResult {
        ModuleResult(values: values, failure: diagnostic)
    }
}
