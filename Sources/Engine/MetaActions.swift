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
        let chosen = asked.filter { holds(task, on: $0) }
        for host in asked where host.isActive && !chosen.contains(where: { $0 === host }) {
            tell(
                .result(
                    TaskReport(
                        host: host.name, task: title(of: task, for: host), status: .skipped,
                        action: task.node.action.name)))
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
            for host in chosen { host.state = .ended }
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

    /// Whether a task's conditions hold on a host; one that cannot be evaluated fails the host.
    private func holds(_ task: PlannedTask, on host: HostRun) -> Bool {
        let scope = variables.scope(host: host.name, task: taskVariables(task))
        for field in task.inherited.when {
            do throws(Diagnostic) {
                guard case .yes = try scope.condition(field.value) else { return false }
            } catch {
                fail(host, with: error.located(at: field.location), title: title(of: task, for: host))
                return false
            }
        }
        return true
    }
}
