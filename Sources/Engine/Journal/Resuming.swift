import Diagnostics
import Modules
import Planning
import Playbook
import Results
import Values
import Variables

/// How tasks are left out that the run before has done, and what is put down for the next.
extension Engine {
    /// What is known of a task before it is performed.
    struct JournalMark {
        var key: RunJournal.Key
        var text: String
        /// Whether the host may have been changed by the run before without anybody being told: what finds nothing to
        /// do then counts as changed, for the sake of handlers.
        var mayHaveRun = false
        /// What it came to in the run before, as long as it is made of the same.
        var earlier: RunJournal.Answer?
    }

    enum Resumption {
        /// Not for the journal.
        case none
        case perform(JournalMark)
        case done(RunJournal.Answer)
    }

    /// What to do about a task, as far as the journal knows.
    func resumption(of task: PlannedTask, on host: HostRun) -> Resumption {
        guard let journal, task.isForJournal else { return .none }
        let owner: RunJournal.Owner
        if freeRun == nil, runsOnce(task, for: host) {
            owner = .batch(self.batch.first?.name ?? host.name)
        } else {
            owner = .host(host.name)
        }
        let key = journal.key(of: task.node.location.description, for: owner)
        var mark = JournalMark(key: key, text: task.textForJournal)
        switch journal.past(key, saying: mark.text) {
        case .nothing: break
        case .begun: mark.mayHaveRun = true
        case .done(let answer):
            if task.actsBlindly { return .done(answer) }
            guard case .module = task.action else {
                // What it decided is kept; where that was a secret, it is decided again.
                if answer.isWithheld { break }
                return .done(answer)
            }
            guard answer.status == "changed" else { break }
            mark.mayHaveRun = true
            if !answer.isWithheld { mark.earlier = answer }
        }
        return .perform(mark)
    }
}

extension TaskRun {
    /// Performs the task, as far as the run before has not.
    ///
    /// - Returns: As `perform`, and whether it is the run before that did it.
    func performRest() async -> (outcome: TaskOutcome, registered: Value, wasDoneBefore: Bool) {
        if let earlier = mark?.earlier, isMadeOfTheSame(as: earlier) { return taken(earlier) }
        var (outcome, registered) = await perform()
        // What later tasks did before may be undone by that: they look for themselves.
        if outcome.status == .changed { engine.journal?.asksAgain(host.name) }
        guard mark?.mayHaveRun == true else { return (outcome, registered, false) }
        let earlier = mark?.earlier
        switch outcome.status {
        case .ok:
            // What it did anew speaks for itself, and so does the task.
            if task.actsBlindly && hasBegun || !task.node.changedWhen.isEmpty { return (outcome, registered, false) }
            outcome.status = .changed
            registered = outcome.registered(title.name)
            return (outcome, registered, earlier != nil)
        // Its condition may have held because it was not yet done.
        case .skipped: return earlier.map(taken) ?? (outcome, registered, false)
        case .changed, .failed, .unreachable, .unknown: return (outcome, registered, false)
        }
    }

    /// An answer of the run before, which the journal holds already.
    private func taken(
        _ answer: RunJournal.Answer
    ) -> (outcome: TaskOutcome, registered: Value, wasDoneBefore: Bool) {
        mark = nil
        traits.factsOwner = answer.factsOwner
        return (answer.outcome, answer.registered, true)
    }

    /// Whether the task's modules are made of what they were made of in the run before: arguments, templates, files.
    private func isMadeOfTheSame(as earlier: RunJournal.Answer) -> Bool {
        guard let journal = engine.journal, !journal.isAskedAgain(host.name), let wanted = earlier.inputs,
            case .module(let module) = task.action
        else { return false }
        defer { inputs = [] }
        do throws(Diagnostic) {
            for (scope, _) in try loopScopes().scopes ?? [] where try conditionOutcome(in: scope) == nil {
                let settings = try settings(in: scope)
                if let delegate = settings.delegate { push(delegate, onto: scope) }
                _ = try prepared(module, in: scope, settings)
            }
        } catch {
            return false
        }
        return TaskInputs.digest(of: inputs, mustStaySecret: mustStaySecret) == wanted
    }

    private func mustStaySecret(_ value: Value) -> Bool {
        value.holdsSecret || engine.redactor.holdsSecret(value) || engine.journal?.unshown.stand(in: value) == true
    }

    /// Notes that the host is about to be changed.
    func begin() {
        guard let mark, let journal = engine.journal, !hasBegun else { return }
        hasBegun = true
        guard !mark.mayHaveRun else {
            guard task.actsBlindly else { return }
            let text = "'\(title.name)' was under way on \(host.name) when the run before ended: it is run again"
            return engine.tell(.said(Diagnostic(.interrupted, text, severity: .warning)))
        }
        journal.begin(mark.key, saying: mark.text)
    }

    /// Puts down what the task came to, if that is not to be done or decided again.
    func note(_ outcome: TaskOutcome, _ registered: Value, isIgnored: Bool) async {
        guard let mark else { return }
        if isHidden {
            // Later tasks may say it again, and nothing would tell that it is not to be seen.
            if task.node.register != nil { engine.journal?.unshown.learn(registered) }
            for values in outcome.findings { engine.journal?.unshown.learn(.map(values)) }
        }
        switch outcome.status {
        case .changed: await keep(outcome, registered, mark, isIgnored: isIgnored)
        case .ok:
            // What a module finds it finds again; a fact may have been made of the time or by chance.
            guard case .engine = task.action else { return settle(outcome, mark) }
            await keep(outcome, registered, mark, isIgnored: isIgnored)
        case .failed:
            // What was cut off may be anywhere.
            if outcome.diagnostic?.code == .interrupted { return }
            guard isIgnored || host.rescuers > 0, task.isDecided else { return settle(outcome, mark) }
            await keep(outcome, registered, mark, isIgnored: isIgnored)
        case .skipped: settle(outcome, mark)
        case .unreachable, .unknown: break
        }
    }

    /// Puts down what an item of a loop came to, where the task cannot tell later whether that was done.
    func noteItem(_ outcome: TaskOutcome, _ index: Int, _ item: Value) async {
        guard outcome.status == .changed, let mark = mark(of: index, item) else { return }
        await keep(outcome, .map(outcome.values), mark, isIgnored: false)
    }

    /// The items that the run before has done, by their place in the loop, and whom their facts are about.
    func doneBefore(_ items: [Value]) -> [Int: (outcome: TaskOutcome, factsOwner: String?)] {
        var result: [Int: (outcome: TaskOutcome, factsOwner: String?)] = [:]
        for (index, item) in items.enumerated() {
            guard let mark = mark(of: index, item) else { break }
            if case .done(let answer)? = engine.journal?.past(mark.key, saying: mark.text) {
                result[index] = (answer.outcome, answer.factsOwner)
            }
        }
        return result
    }

    /// Where the journal keeps an item; nil if it does not.
    private func mark(of index: Int, _ item: Value) -> Engine.JournalMark? {
        guard var mark, task.actsBlindly else { return nil }
        mark.key.item = index
        // Not even a digest is kept of a secret.
        let shown = item.mapText { $0.isSecret ? Text(Redactor.mask) : $0 }
        mark.text += "\0" + shown.pythonText
        return mark
    }

    /// The task acted, and left nothing to know of.
    private func settle(_ outcome: TaskOutcome, _ mark: Engine.JournalMark) {
        // What the run before may have done is not settled by a module that fails now.
        guard hasBegun, !mark.mayHaveRun || outcome.status == .ok || task.actsBlindly else { return }
        engine.journal?.settle(mark.key, saying: mark.text, status: outcome.status.word)
    }

    private func keep(
        _ outcome: TaskOutcome, _ registered: Value, _ mark: Engine.JournalMark, isIgnored: Bool
    ) async {
        guard let journal = engine.journal else { return }
        var answer = RunJournal.Answer(
            status: outcome.status.word, isIgnored: isIgnored, registered: registered, facts: outcome.facts,
            variables: outcome.variables, factsOwner: factsOwner)
        answer.others = outcome.aboutOthers.map { owner, found in
            .init(owner: owner, facts: found.facts, variables: found.variables)
        }
        let values = [registered] + outcome.findings.map { .map($0) }
        answer.isWithheld = isHidden || values.contains(where: mustStaySecret)
        if !answer.isWithheld, !task.actsBlindly {
            answer.inputs = TaskInputs.digest(of: inputs, mustStaySecret: mustStaySecret)
        }
        await journal.end(mark.key, saying: mark.text, answer)
    }
}

extension RunJournal.Answer {
    /// The answer as an outcome: the same consequences, without anything being done.
    var outcome: TaskOutcome {
        var outcome = TaskOutcome(status == "changed" ? .changed : status == "failed" ? .failed : .ok)
        outcome.values = registered.mapValue ?? [:]
        outcome.facts = facts
        outcome.variables = variables
        outcome.aboutOthers = others.map { found in
            var about = TaskOutcome(.ok)
            about.facts = found.facts
            about.variables = found.variables
            return (found.owner, about)
        }
        if isWithheld { outcome.warnings = ["what it answered held a secret and was not kept"] }
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
        case .engine, .templated, .missing: false
        }
    }

    /// Whether it does what it says without looking whether that is needed.
    var actsBlindly: Bool {
        if case .custom = action { return true }
        guard case .module(let module) = action else { return false }
        switch module.manual.shortName {
        case "command", "shell", "raw", "script", "uri", "postgresql_query", "docker_container_exec": return true
        case "reboot", "tempfile": return true
        // With these, a key, or a volume with all that it holds, is thrown away and made anew.
        case "user", "openssl_privatekey", "docker_volume", "docker_network":
            return ["force", "recreate"].contains { name in
                guard let value = node.action.arguments[name] else { return false }
                return !["false", "no", "off", "0", "never"].contains(value.pythonText.lowercased())
            }
        default: return false
        }
    }

    /// Whether it is over once it failed and was forgiven: a module looks again.
    fileprivate var isDecided: Bool {
        if case .engine = action { true } else { actsBlindly }
    }

    /// What it is known again by: what stands in the playbook, evaluated by nobody.
    var textForJournal: String {
        let arguments = node.action.arguments.map { "\($0.key.text)=\($0.value.pythonText)" }.sorted()
        let loop = node.loop.map { $0.items.value.pythonText } ?? ""
        return ([node.action.name, loop, writtenName.pythonText, node.action.freeForm?.string ?? ""] + arguments)
            .joined(separator: "\0")
    }
}
