import Diagnostics
import Jinja
import Planning
import Playbook
import Results
import Target
import Values
import Variables

/// `meta:` tasks: what they do to the run itself.
extension Engine {
    func perform(_ meta: EngineAction.Meta, of task: PlannedTask, on hosts: [HostRun]) async {
        tell(.taskStarted(title(of: task, for: hosts.first)))
        let asksAll: Set<EngineAction.Meta> = [.endPlay, .endBatch, .clearHostErrors, .refreshInventory]
        // What concerns the play as a whole is asked of its first host alone.
        let asked = asksAll.contains(meta) ? Array(hosts.prefix(1)) : hosts
        var chosen: [HostRun] = []
        for host in asked {
            var report = TaskReport(
                host: host.name, task: title(of: task, for: host), status: .skipped, action: task.node.action.name)
            switch condition(of: task, on: host) {
            case nil: continue
            case .yes: chosen.append(host)
            case .no: tell(.result(report))
            case .unknown(let unknown):
                report.status = .unknown(unknown)
                host.counts.unknown += 1
                tell(.result(report))
            }
        }
        guard !chosen.isEmpty else { return }
        switch meta {
        case .noop: break
        case .flushHandlers: await flushHandlers(chosen)
        case .endPlay, .endBatch:
            // Whoever is still in ends here, whatever host the condition was asked of.
            endPlay(wholly: meta == .endPlay)
            updateActiveHosts()
        case .endHost:
            for host in chosen {
                host.state = .ended
                host.hasLeft = true
            }
            updateActiveHosts()
        case .clearFacts:
            for host in chosen { variables.clearFacts(of: host.name) }
        case .clearHostErrors:
            forgive()
        case .resetConnection:
            for host in chosen { await connections.reset(host.name) }
        case .refreshInventory:
            do throws(Diagnostics) {
                try refreshInventory()
            } catch {
                for diagnostic in error.errors {
                    for host in chosen { fail(host, with: diagnostic, title: title(of: task, for: host)) }
                }
            }
        case .endRole:
            for host in chosen { host.leavingRole = task.role }
        }
    }

    /// Whether a task's conditions hold on a host; nil, and the host failed, if one cannot be evaluated.
    private func condition(of task: PlannedTask, on host: HostRun) -> ConditionOutcome? {
        let scope = variables.scope(host: host.name, task: taskVariables(task))
        for field in task.inherited.when {
            do throws(Diagnostic) {
                let condition = try scope.condition(field.value)
                guard case .yes = condition else { return condition }
            } catch {
                fail(host, with: error.located(at: field.location), title: title(of: task, for: host))
                return nil
            }
        }
        return .yes
    }
}
