import Diagnostics
import Jinja
import Results
import Values

/// What one attempt at a task, or at one item of its loop, came to.
struct TaskOutcome: Sendable {
    var status: TaskReport.Status
    /// What is registered besides the words about the outcome itself.
    var values: ValueMap = [:]
    var facts: ValueMap = [:]
    var change: Change?
    var diagnostic: Diagnostic?
    var warnings: [String] = []
    /// Set by `set_fact`-like actions: variables for the host.
    var variables: ValueMap = [:]
    /// What `include_vars` read for the host.
    var included: ValueMap = [:]
    /// What items of a loop found out about others than the task's host (`delegate_facts`), in their order.
    var aboutOthers: [(owner: String, outcome: TaskOutcome)] = []

    /// Whether there is anything to keep about a host.
    var foundOut: Bool { !facts.isEmpty || !variables.isEmpty || !included.isEmpty }

    /// The facts and variables that it leaves, whomever they are about.
    var findings: [ValueMap] { [facts, variables] + aboutOthers.flatMap { [$0.outcome.facts, $0.outcome.variables] } }

    init(_ status: TaskReport.Status, values: ValueMap = [:], diagnostic: Diagnostic? = nil) {
        self.status = status
        self.values = values
        self.diagnostic = diagnostic
    }

    /// A failure or, if the host is out of reach or only a real run can tell, that.
    init(failure: Diagnostic) {
        if let unknown = UnknownAnswer.unknown(in: failure) {
            self.init(.unknown(unknown))
            return
        }
        let unreachable: Set<Diagnostic.Code> = [.unreachable, .hostKey, .authentication]
        self.init(unreachable.contains(failure.code) ? .unreachable : .failed, diagnostic: failure)
    }

    static func unknown(_ cause: Unknown) -> TaskOutcome { TaskOutcome(.unknown(cause)) }

    /// - Parameter condition: As it is written: text, or a bool.
    static func skipped(because condition: Value?) -> TaskOutcome {
        var values: ValueMap = ["skip_reason": "Conditional result was False"]
        if let condition { values["false_condition"] = condition }
        return TaskOutcome(.skipped, values: values)
    }

    /// The value under which the task's outcome is registered.
    ///
    /// - Parameter name: The task's name, which an unknown outcome is unknown because of.
    func registered(_ name: String) -> Value {
        if case .unknown = status { return .unknown(Unknown("the outcome of task '\(name)'")) }
        var result = values
        result["changed"] = .bool(status == .changed || values["changed"]?.isTruthy ?? false)
        if status == .skipped {
            result["skipped"] = true
        } else {
            result["failed"] = .bool(status == .failed || status == .unreachable)
        }
        if status == .unreachable { result["unreachable"] = true }
        if let diagnostic, result["msg"] == nil { result["msg"] = .string(diagnostic.summary) }
        if !warnings.isEmpty { result["warnings"] = .list(warnings.map { .string($0) }) }
        if !facts.isEmpty { result["ansible_facts"] = .map(facts) }
        return .map(result)
    }
}
