import Diagnostics
import Modules
import Planning
import Playbook
import Results
import Values

/// How tasks are left out that the run before has done, and what is put down for the next.
extension Engine {
    /// What is known of a task before it is performed.
    struct JournalMark {
        var key: RunJournal.Key
        var text: String
        /// Whether the host may have been changed by the run before without anybody being told: what finds nothing to
        /// do then counts as changed, for the sake of handlers.
        var mayHaveRun = false
    }

    enum Resumption {
        /// Not for the journal.
        case none
        case perform(JournalMark)
        case done(RunJournal.Answer)
        /// Done, with an answer that is not known any more, and nothing that may be done again.
        case doneInSecret
    }

    /// What to do about a task, as far as the journal knows.
    func resumption(of task: PlannedTask, on host: HostRun) -> Resumption {
        guard let journal, task.isForJournal else { return .none }
        let key = journal.key(of: task.node.location.description, on: host.name)
        var mark = JournalMark(key: key, text: task.textForJournal)
        switch journal.past(key, saying: mark.text) {
        case .nothing: break
        case .begun:
            mark.mayHaveRun = true
            if task.actsBlindly {
                let title = title(of: task, for: host).name
                tell(
                    .said(
                        Diagnostic(
                            .interrupted,
                            "'\(title)' was under way on \(host.name) when the run before ended: it is run again",
                            severity: .warning)))
            }
        case .done(let answer): return .done(answer)
        case .doneInSecret:
            if task.actsBlindly { return .doneInSecret }
            mark.mayHaveRun = true
        }
        if case .module = task.action { journal.begin(key, saying: mark.text) }
        return .perform(mark)
    }

    /// Puts down what a task came to, if that is not to be done or decided again.
    func note(
        _ outcome: TaskOutcome, _ registered: Value, of task: PlannedTask, on host: HostRun, _ mark: JournalMark,
        isHidden: Bool, isIgnored: Bool
    ) async {
        // What it found out about others is not kept, so it is to be found again.
        guard let journal, outcome.aboutOthers.isEmpty else { return }
        switch outcome.status {
        case .changed: break
        case .ok:
            // What a module finds it finds again; a fact may have been made of the time or by chance.
            guard case .engine = task.action else { return }
        case .failed: guard isIgnored || host.rescuers > 0 else { return }
        case .skipped, .unreachable, .unknown: return
        }
        let values: [Value] = [registered, .map(outcome.facts), .map(outcome.variables)]
        let isSecret = isHidden || values.contains { $0.holdsSecret || redactor.holdsSecret($0) }
        let answer = RunJournal.Answer(
            status: outcome.status.word, isIgnored: isIgnored, registered: registered, facts: outcome.facts,
            variables: outcome.variables)
        await journal.end(mark.key, saying: mark.text, status: outcome.status.word, isSecret ? nil : answer)
    }
}

extension RunJournal.Answer {
    /// The answer as an outcome: the same consequences, without anything being done.
    var outcome: TaskOutcome {
        var outcome = TaskOutcome(status == "changed" ? .changed : status == "failed" ? .failed : .ok)
        outcome.values = registered.mapValue ?? [:]
        outcome.facts = facts
        outcome.variables = variables
        if outcome.status == .failed {
            outcome.diagnostic = Diagnostic(.failed, outcome.values["msg"]?.pythonText ?? "failed in the run before")
        }
        return outcome
    }
}

extension PlannedTask {
    /// Whether its answers are kept: modules', and what would come out otherwise if it were decided again.
    var isForJournal: Bool {
        switch action {
        case .module, .custom: true
        case .engine(.setFact), .engine(.pause): true
        case .engine, .missing: false
        }
    }

    /// Whether it does what it says without looking whether that is needed.
    var actsBlindly: Bool {
        if case .custom = action { return true }
        guard case .module(let module) = action else { return false }
        return ["command", "shell", "raw", "script", "uri", "postgresql_query", "docker_container_exec"]
            .contains(module.manual.shortName)
    }

    /// What it is known again by: what stands in the playbook, evaluated by nobody.
    var textForJournal: String {
        let arguments = node.action.arguments.map { "\($0.key.text)=\($0.value.pythonText)" }.sorted()
        let loop = node.loop.map { $0.items.value.pythonText } ?? ""
        return ([node.action.name, loop, writtenName.pythonText, node.action.freeForm?.string ?? ""] + arguments)
            .joined(separator: "\0")
    }
}

extension Redactor {
    /// Whether a secret that is known stands somewhere in the value.
    func holdsSecret(_ value: Value) -> Bool {
        switch value {
        case .string(let text): redacted(text.string) != text.string
        case .list(let items), .tuple(let items): items.contains(where: holdsSecret)
        case .map(let map): map.values.contains(where: holdsSecret)
        default: false
        }
    }
}
