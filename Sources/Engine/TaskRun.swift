import Diagnostics
import Jinja
import Modules
import Planning
import Playbook
import Results
import Target
import Values
import Variables

/// One task on one host while it runs.
@IOLoop
final class TaskRun {
    let engine: Engine
    let task: PlannedTask
    let host: HostRun
    let modes: (check: Bool, diff: Bool)
    let scope: LayeredScope
    let title: TaskTitle
    /// Where the journal keeps the task; nil if it does not.
    var mark: Engine.JournalMark?
    /// What its host was asked before its turn, or is asked now.
    var notes: ReadAhead.Notes?
    /// Whether it has come to the point where it changes its host.
    var hasBegun = false
    /// Whether what came of it was told item by item.
    var isToldByItem = false
    /// What the task's modules were made of, for the journal.
    var inputs: [TaskInputs] = []
    /// What the task's keywords say of it, or of the item of its loop whose turn it is.
    var traits = Traits()
    var isHidden: Bool { traits.isHidden }
    var ignoresErrors: Bool { traits.ignoresErrors }
    var ignoresUnreachable: Bool { traits.ignoresUnreachable }
    var delegate: String? { traits.delegate }
    var factsOwner: String? { traits.factsOwner }

    struct Traits: Sendable {
        var isHidden = false
        var ignoresErrors = false
        var ignoresUnreachable = false
        var delegate: String?
        /// Whom facts are about, if not the host itself (`delegate_facts`).
        var factsOwner: String?
    }

    init(
        engine: Engine, task: PlannedTask, host: HostRun, modes: (check: Bool, diff: Bool), scope: LayeredScope,
        title: TaskTitle
    ) {
        self.engine = engine
        self.task = task
        self.host = host
        self.modes = modes
        self.scope = scope
        self.title = title
        traits = Self.firstTraits(of: task, in: scope)
    }

    /// What is said before anything else is evaluated: not even an error shows what must stay hidden, and trouble with
    /// a condition or a loop is the task's, too, and may be ignored. Where the word itself cannot be evaluated it
    /// counts as said, as in Ansible; the trouble is told of.
    static func firstTraits(of task: PlannedTask, in scope: LayeredScope) -> Traits {
        func isSaid(_ setting: Keywords.Setting) -> Bool {
            do throws(Diagnostic) {
                return try scope.flag(of: task.inherited.settings[setting], setting.rawValue) ?? false
            } catch {
                return true
            }
        }
        return Traits(isHidden: isSaid(.noLog), ignoresErrors: isSaid(.ignoreErrors))
    }

    /// - Returns: What came of it, and what is registered.
    func perform() async -> (TaskOutcome, Value) {
        if task.node.loop != nil { return await performLoop() }
        let outcome = await perform(in: scope)
        return (outcome, outcome.registered(title.name))
    }

    /// The task, or one item of its loop, with conditions, attempts and verdicts.
    func perform(in scope: LayeredScope) async -> TaskOutcome {
        traits = Self.firstTraits(of: task, in: scope)
        do throws(Diagnostic) {
            if let outcome = try conditionOutcome(in: scope) { return outcome }
            let settings = try settings(in: scope)
            if let unknown = settings.unknown { return unsettled(unknown, task.node.action.arguments.keys) }
            if let delegate = settings.delegate { push(delegate, onto: scope) }
            return await perform(in: scope, settings)
        } catch {
            return TaskOutcome(failure: error.located(at: task.node.location))
        }
    }

    /// A condition that does not hold, as Ansible tells it: what it came to before it was asked, or how it is written.
    private static func shown(_ condition: Value) -> Value {
        guard let text = condition.text?.string.drop(while: \.isWhitespace) else { return condition }
        return text.hasPrefix("{{") ? false : .string(condition.pythonText)
    }

    /// The outcome if the task's conditions decide it; nil if it is to run.
    func conditionOutcome(in scope: LayeredScope) throws(Diagnostic) -> TaskOutcome? {
        for field in task.inherited.when {
            do throws(Diagnostic) {
                switch try scope.condition(field.value) {
                case .yes: continue
                case .no:
                    return .skipped(because: Self.shown(field.value))
                case .unknown(let unknown): return unsettled(unknown, task.node.action.arguments.keys)
                }
            } catch {
                throw error.located(at: field.location)
            }
        }
        return nil
    }

    func settings(in scope: LayeredScope) throws(Diagnostic) -> TaskSettings {
        let settings = try engine.settings(of: task, on: host, in: scope, modes: modes)
        traits = Traits(
            isHidden: settings.isHidden, ignoresErrors: settings.ignoresErrors,
            ignoresUnreachable: settings.ignoresUnreachable, delegate: settings.delegate,
            factsOwner: settings.delegatesFacts ? settings.delegate : nil)
        return settings
    }

    /// `ansible_delegated_vars`: the delegate's variables, as this host's task sees them.
    func push(_ delegate: String, onto scope: LayeredScope) {
        let view = engine.variables.delegateView(
            delegate, for: host.name, task: engine.taskVariables(task))
        scope.push(Layer("delegate", ["ansible_delegated_vars": .map([.string(delegate): view])]))
    }

    private func perform(in scope: LayeredScope, _ settings: TaskSettings) async -> TaskOutcome {
        guard !task.node.until.isEmpty || task.node.retries != nil else {
            return judged(await attempt(in: scope, settings), in: scope)
        }
        let retries: Int
        let delay: Double
        do throws(Diagnostic) {
            let given = try scope.value(of: task.node.retries, "retries", as: KeywordValue.integer) ?? 3
            retries = min(max(0, given), Int.max - 1)
            delay = try scope.value(of: task.node.delay, "delay", as: KeywordValue.pause) ?? 5
        } catch {
            return TaskOutcome(failure: error)
        }
        // Without a second try nobody asks whether it is needed.
        if retries == 0 { return judged(await attempt(in: scope, settings), in: scope) }
        var outcome = TaskOutcome(.ok)
        // The first try is no retry.
        for attempt in 1...(retries + 1) {
            outcome = judged(await self.attempt(in: scope, settings), in: scope)
            if outcome.status == .unreachable { return outcome }
            outcome.values["attempts"] = .int(attempt)
            if case .unknown = outcome.status { return outcome }
            switch isDone(outcome, in: scope) {
            case .success(.yes): return outcome
            case .success(.no): break
            case .success(.unknown(let unknown)): return unsettled(unknown, task.node.action.arguments.keys)
            case .failure(let diagnostic): return TaskOutcome(failure: diagnostic)
            }
            guard attempt <= retries, !engine.isInterrupted else { break }
            var report = TaskReport(host: host.name, task: title, status: .failed, action: task.node.action.name)
            report.isHidden = isHidden
            engine.tell(.retry(report, attempt: attempt, of: retries))
            await engine.nap(.seconds(delay))
        }
        outcome.values["attempts"] = .int(max(1, retries))
        if outcome.status != .failed {
            let condition = task.node.until.map(\.value.pythonText).joined(separator: " and ")
            outcome.status = .failed
            outcome.diagnostic = Diagnostic(
                .failed, "still not '\(condition)' after \(retries + 1) attempts", at: task.node.until.first?.location,
                remedy: "Raise 'retries' or 'delay', or look at the host with -vvv.")
        }
        return outcome
    }

    private func isDone(_ outcome: TaskOutcome, in scope: LayeredScope) -> Result<ConditionOutcome, Diagnostic> {
        do throws(Diagnostic) {
            guard !task.node.until.isEmpty else { return .success(outcome.status != .failed ? .yes : .no) }
            let scope = scopeWithResult(outcome, scope)
            for field in task.node.until {
                let condition = try scope.condition(field.value)
                guard case .yes = condition else { return .success(condition) }
            }
            return .success(.yes)
        } catch {
            return .failure(error.located(at: task.node.location))
        }
    }

    /// The outcome after `failed_when` and `changed_when`.
    func judged(_ outcome: TaskOutcome, in scope: LayeredScope) -> TaskOutcome {
        var outcome = outcome
        if outcome.status == .unreachable || outcome.status == .skipped { return outcome }
        if case .unknown = outcome.status { return outcome }
        guard !task.node.failedWhen.isEmpty || !task.node.changedWhen.isEmpty else { return outcome }
        let scope = scopeWithResult(outcome, scope)
        var asked = "changed_when_result"
        do throws(Diagnostic) {
            if let verdict = try verdict(task.node.changedWhen, in: scope) {
                if outcome.status != .failed { outcome.status = verdict ? .changed : .ok }
                outcome.values["changed"] = .bool(verdict)
            }
            asked = "failed_when_result"
            if let verdict = try verdict(task.node.failedWhen, in: scope) {
                outcome.values["failed_when_result"] = .bool(verdict)
                if verdict, outcome.status != .failed {
                    let conditions = task.node.failedWhen.map(\.value.pythonText).joined(separator: " and ")
                    outcome.diagnostic = Diagnostic(
                        .failed, "failed_when: \(conditions)", at: task.node.failedWhen.first?.location)
                    outcome.status = .failed
                } else if !verdict, outcome.status == .failed {
                    // Only what the module said is overruled, not an error that kept it from answering.
                    outcome.status = outcome.values["changed"]?.isTruthy ?? false ? .changed : .ok
                    outcome.diagnostic = nil
                }
            }
        } catch {
            // What it did stays known: it may have changed the host.
            var failed = TaskOutcome(failure: error.located(at: task.node.location))
            failed.values = outcome.values
            failed.values[.string(asked)] = .string(error.summary)
            return failed
        }
        return outcome
    }

    /// Whether all conditions hold; nil if there are none or only a run can tell.
    private func verdict(_ conditions: [Field], in scope: LayeredScope) throws(Diagnostic) -> Bool? {
        if conditions.isEmpty { return nil }
        for field in conditions {
            do throws(Diagnostic) {
                switch try scope.condition(field.value) {
                case .yes: continue
                case .no: return false
                case .unknown: return nil
                }
            } catch {
                throw error.located(at: field.location)
            }
        }
        return true
    }

    private func scopeWithResult(_ outcome: TaskOutcome, _ scope: LayeredScope) -> LayeredScope {
        if factsOwner == nil {
            for (name, values) in [("set_fact", outcome.variables), ("include_vars", outcome.included)]
            where !values.isEmpty { scope.push(Layer(name, values)) }
        }
        guard let name = task.node.register?.value else { return scope }
        scope.push(Layer("register", [.string(name): outcome.registered(title.name)]))
        return scope
    }
}
