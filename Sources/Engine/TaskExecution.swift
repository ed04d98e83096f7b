import Diagnostics
import Jinja
import Planning
import Playbook
import Results
import Values
import Variables

/// How one task is carried out on one host.
extension Engine {
    /// Carries a task out, tells what came of it, and puts the consequences in place.
    ///
    /// - Parameter hosts: The hosts the outcome counts for; more than one with `run_once`.
    func perform(_ written: PlannedTask, on host: HostRun, standingFor hosts: [HostRun]) async {
        let task = resolved(written, for: host)
        let clock = ContinuousClock()
        let started = clock.now
        let before = await connections.roundTrips(of: host.name)
        let title = title(of: task, for: host)
        var isHidden = false
        var report = TaskReport(host: host.name, task: title, status: .ok, action: task.node.action.name)
        var registered: Value = .null
        var outcome: TaskOutcome
        var ignoresErrors = false
        var ignoresUnreachable = false
        var factsOwner: String?
        var mode: (check: Bool, diff: Bool)?
        var mark: JournalMark?
        var begun: TaskRun?
        switch resumption(of: task, on: host) {
        case .none: break
        case .perform(let found): mark = found
        case .done(let answer):
            report.wasDoneBefore = true
            outcome = answer.outcome
            report.status = outcome.status
            report.values = answer.registered.mapValue ?? [:]
            report.isIgnored = answer.isIgnored
            report.diagnostic = outcome.diagnostic
            report.warnings = outcome.warnings
            settle(
                report, outcome, answer.registered, task, host, standingFor: hosts, factsOwner: answer.factsOwner)
            return
        }
        do throws(Diagnostic) {
            let modes = try modes(of: task, on: host)
            mode = modes
            let scope = variables.scope(
                host: host.name, task: taskVariables(task))
            let run = TaskRun(engine: self, task: task, host: host, modes: modes, scope: scope, title: title)
            run.mark = mark
            run.notes = host.ahead.take(task.id)
            begun = run
            (outcome, registered, report.wasDoneBefore) = await run.performRest()
            isHidden = run.isHidden
            ignoresErrors = run.ignoresErrors
            ignoresUnreachable = run.ignoresUnreachable
            report.delegate = run.delegate
            factsOwner = run.factsOwner
            report.showsDiff = modes.diff
        } catch {
            outcome = TaskOutcome(failure: error.located(at: task.node.location))
            registered = outcome.registered(title.name)
        }
        report.status = outcome.status
        report.isOfLoop = begun?.isToldByItem ?? false
        report.values = registered.mapValue ?? [:]
        report.change = outcome.change
        report.diagnostic = outcome.diagnostic
        report.warnings = outcome.warnings
        report.isHidden = isHidden
        report.isShown = ["debug", "assert", "fail", "validate_argument_spec"].contains(task.node.action.shortName)
        report.duration = clock.now - started
        report.roundTrips = await connections.roundTrips(of: host.name) - before
        if settings.isCheckMode, mode?.check == false, registered.mapValue?["changed"]?.isTruthy ?? false {
            if case .engine = task.action {} else { changedInEarnest = true }
        }
        report.isIgnored =
            outcome.status == .failed && ignoresErrors || outcome.status == .unreachable && ignoresUnreachable
        await begun?.note(outcome, registered, isIgnored: report.isIgnored)
        settle(report, outcome, registered, task, host, standingFor: hosts, factsOwner: factsOwner)
    }

    /// The task with its module, where a template names that.
    private func resolved(_ task: PlannedTask, for host: HostRun) -> PlannedTask {
        guard case .templated(let field) = task.action else { return task }
        do throws(Diagnostic) {
            let value = try variables.scope(host: host.name, task: taskVariables(task)).evaluate(field.value)
            if let unknown = value.firstUnknown { throw UnknownAnswer.error(unknown) }
            return try planner.resolved(task, as: value.pythonText)
        } catch {
            // Told if the task's conditions let it come to that.
            var failing = task
            failing.action = .missing(error.located(at: field.location))
            return failing
        }
    }

    /// Puts what a task came to in place: variables, counts, handlers, the host's state.
    func settle(
        _ report: TaskReport, _ outcome: TaskOutcome, _ registered: Value, _ task: PlannedTask, _ host: HostRun,
        standingFor hosts: [HostRun], factsOwner: String?
    ) {
        for each in hosts {
            if let name = task.node.register?.value { variables.register([.string(name): registered], on: each.name) }
            learn(outcome, about: factsOwner ?? each.name, isHidden: report.isHidden)
        }
        var report = report
        if outcome.status == .changed, !task.notifications.isEmpty {
            do throws(Diagnostic) {
                let scope = variables.scope(host: host.name, task: taskVariables(task))
                var names: [Value] = []
                for field in task.notifications {
                    let value = try scope.evaluate(field.value)
                    names += value.elements ?? [value]
                }
                if let unknown = Value.list(names).firstUnknown {
                    report.warnings.append(
                        "only a run can tell which handlers this notifies: it depends on \(unknown.cause)")
                    names.removeAll { $0.firstUnknown != nil }
                }
                // Of a task that runs once, it is the host it ran for that is notified.
                try notify(names, on: host, by: task)
            } catch {
                report.status = .failed
                report.diagnostic = error
            }
        }
        count(report, host)
        host.counts.roundTrips += report.roundTrips
        for each in hosts where report.status == .failed && !report.isIgnored {
            each.isForgiven = false
            each.state = .failed
            each.failedTask = task
            each.failedResult = registered
        }
        for each in hosts where report.status == .unreachable && !report.isIgnored { each.state = .unreachable }
        // A role in which something ran counts as done.
        if let role = task.role, report.status != .skipped, report.status != .unreachable {
            host.begunRoles.insert(role.identity)
        }
        tell(.result(report))
    }

    /// Keeps the facts and variables that came of a task, unless it failed.
    private func learn(_ outcome: TaskOutcome, about host: String, isHidden: Bool) {
        if outcome.status == .failed || outcome.status == .unreachable { return }
        if !outcome.facts.isEmpty {
            variables.addFacts(outcome.facts, to: host, isHidden: isHidden)
            for trouble in variables.takeCacheTroubles() { tell(.said(trouble)) }
        }
        if !outcome.variables.isEmpty { variables.register(outcome.variables, on: host) }
        if !outcome.included.isEmpty { variables.include(outcome.included, on: host) }
        for (owner, other) in outcome.aboutOthers { learn(other, about: owner, isHidden: isHidden) }
    }

    private func count(_ report: TaskReport, _ host: HostRun) {
        switch report.status {
        case .ok: host.counts.ok += 1
        case .changed:
            host.counts.ok += 1
            host.counts.changed += 1
        case .skipped: host.counts.skipped += 1
        case .unknown: host.counts.unknown += 1
        case .failed:
            if report.isIgnored {
                host.counts.ok += 1
                host.counts.ignored += 1
                // A command that failed ran, and may have changed something.
                if report.values["changed"]?.isTruthy ?? false { host.counts.changed += 1 }
            } else if host.rescuers > 0 {
                host.counts.rescued += 1
            } else {
                host.counts.failed += 1
            }
        case .unreachable:
            if report.isIgnored {
                host.counts.ok += 1
                host.counts.ignored += 1
            } else {
                host.counts.unreachable += 1
            }
        }
    }
}
