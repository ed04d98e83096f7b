import Diagnostics
import Planning
import Playbook
import Results
import Target
import Values
import Variables

/// `include_tasks` and `include_role`: tasks that are only known when they are met.
extension Engine {
    /// What one host, or one item of its loop, asked to include.
    private struct Request {
        var host: HostRun
        var arguments: ValueMap
        var vars: ValueMap
        /// Hosts with the same key are included together.
        var key: String
    }

    func performInclude(_ task: PlannedTask, on hosts: [HostRun]) async {
        tell(.taskStarted(title(of: task, for: hosts.first)))
        var groups: [(key: String, requests: [Request])] = []
        for host in hosts {
            for request in requests(task, on: host) {
                if let index = groups.firstIndex(where: { $0.key == request.key }) {
                    groups[index].requests.append(request)
                } else {
                    groups.append((request.key, [request]))
                }
            }
        }
        // All files are read and named before the first one's tasks begin.
        var brought: [(nodes: [PlannedNode], hosts: [HostRun])] = []
        for group in groups {
            guard let first = group.requests.first else { continue }
            let hosts = group.requests.map(\.host)
            if let nodes = include(task, first, on: hosts) { brought.append((nodes, hosts)) }
        }
        for (nodes, hosts) in brought { await perform(nodes, on: hosts) }
    }

    /// What a request brings in; nil, and the hosts failed, if it cannot be read.
    private func include(_ task: PlannedTask, _ request: Request, on hosts: [HostRun]) -> [PlannedNode]? {
        do throws(Diagnostics) {
            let nodes: [PlannedNode]
            let name: String
            if case .engine(.includeRole) = task.action {
                guard
                    let (role, added, instances) = try planner.includeRole(
                        request.arguments, for: task, vars: request.vars)
                else { return nil }
                name = role.instance.name
                handlers += added
                // What an included role imports is the play's as if the play had imported it.
                let isPublic = request.arguments["public"]?.isYes ?? false
                let shared = isPublic ? instances : instances.filter { $0 !== role.instance && !$0.isDependency }
                variables.play.roleVars += shared.map(\.vars)
                variables.play.roleDefaults += shared.map(\.defaults)
                nodes = [.role(role)]
            } else {
                name = request.arguments["file"]?.pythonText ?? ""
                nodes = try planner.include(name, for: task, vars: request.vars)
            }
            for host in hosts { host.counts.ok += 1 }
            tell(.included(file: name, hosts: hosts.map(\.name)))
            return nodes
        } catch {
            for diagnostic in error.errors.dropFirst() { tell(.said(diagnostic)) }
            for host in hosts {
                if let diagnostic = error.errors.first {
                    failIncluding(host, diagnostic, task)
                }
            }
            return nil
        }
    }

    private func failIncluding(_ host: HostRun, _ diagnostic: Diagnostic, _ task: PlannedTask) {
        if host.rescuers > 0 {
            host.state = .failed
            host.counts.rescued += 1
            host.failedTask = task
            host.failedResult = ["failed": true, "msg": .string(diagnostic.summary)]
            var report = TaskReport(
                host: host.name, task: title(of: task, for: host), status: .failed, action: task.node.action.name)
            report.diagnostic = diagnostic
            tell(.result(report))
        } else {
            fail(host, with: diagnostic, title: title(of: task, for: host))
        }
    }

    /// Tells that a host includes nothing, since its conditions say no or only a run can tell.
    private func leaveOut(
        _ outcome: TaskOutcome, _ run: TaskRun, _ task: PlannedTask, _ host: HostRun, item: ValueMap
    ) {
        var report = TaskReport(
            host: host.name, task: run.title, status: outcome.status, action: task.node.action.name,
            values: outcome.values)
        report.label = item.values.first
        if case .unknown = outcome.status { host.counts.unknown += 1 } else { host.counts.skipped += 1 }
        tell(.result(report))
    }

    /// What a host wants included: nothing if its conditions say no, once for each item of a loop.
    private func requests(_ task: PlannedTask, on host: HostRun) -> [Request] {
        do throws(Diagnostic) {
            let modes = try modes(of: task, on: host)
            let scope = variables.scope(
                host: host.name, task: taskVariables(task))
            let run = TaskRun(
                engine: self, task: task, host: host, modes: modes, scope: scope, title: title(of: task, for: host))
            guard task.node.loop != nil else {
                return try request(run, scope, task, host, item: [:]).map { [$0] } ?? []
            }
            var requests: [Request] = []
            let (scopes, unknown) = try run.loopScopes()
            if let unknown { leaveOut(.unknown(unknown), run, task, host, item: [:]) }
            for (scope, vars) in scopes ?? [] {
                if let request = try request(run, scope, task, host, item: vars) { requests.append(request) }
            }
            return requests
        } catch {
            failIncluding(host, error.located(at: task.node.location), task)
            return []
        }
    }

    private func request(
        _ run: TaskRun, _ scope: LayeredScope, _ task: PlannedTask, _ host: HostRun, item: ValueMap
    ) throws(Diagnostic) -> Request? {
        if let outcome = try run.conditionOutcome(in: scope) {
            leaveOut(outcome, run, task, host, item: item)
            return nil
        }
        var arguments = try run.arguments(in: scope, try run.settings(in: scope))
        if let unknown = Value.map(arguments).firstUnknown {
            leaveOut(.unknown(unknown), run, task, host, item: item)
            return nil
        }
        if let file = arguments.removeValue(forKey: "_raw_params") { arguments["file"] = file }
        // Its own `vars` come along, evaluated where they are used; a loop's item is bound here.
        let vars = task.node.keywords.vars.merging(item)
        let key =
            arguments.map { "\($0.key.text)=\($0.value.pythonRepresentation)" }.joined(separator: "\u{1f}")
            + item.map { "\u{1e}\($0.key.text)=\($0.value.pythonRepresentation)" }.joined()
        return Request(host: host, arguments: arguments, vars: vars, key: key)
    }
}
