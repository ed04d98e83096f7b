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
        /// How a loop's item is called, where it may be shown.
        var label: Value?
    }

    func performInclude(_ task: PlannedTask, on hosts: [HostRun]) async {
        tell(.taskStarted(title(of: task, for: hosts.first)))
        if freeRun != nil { warnOfMeeting(at: task, hosts[0]) }
        let runsOnce = freeRun == nil && flag(.runOnce, of: task, for: hosts[0])
        var groups: [(key: String, requests: [Request])] = []
        for host in runsOnce ? [hosts[0]] : hosts {
            for request in requests(task, on: host, standingFor: runsOnce ? hosts : [host]) {
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
            let wanting = group.requests.map(\.host)
            guard let nodes = include(task, first, on: wanting) else {
                if runsOnce { failAlong(hosts) }
                continue
            }
            brought.append((nodes, wanting))
        }
        drawConsequences(of: task, on: hosts)
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
                name = (request.arguments["name"] ?? request.arguments["role"])?.pythonText ?? role.instance.name
                handlers += added
                // What an included role imports is the play's as if the play had imported it.
                let isPublic = request.arguments["public"]?.isYes ?? false
                let shared = isPublic ? instances : instances.filter { $0 !== role.instance && !$0.isDependency }
                variables.play.roleVars += shared.map(\.vars)
                variables.play.roleDefaults += shared.map(\.defaults)
                nodes = [.role(role)]
            } else {
                (nodes, name) = try planner.include(
                    request.arguments["file"]?.pythonText ?? "", for: task, vars: request.vars)
            }
            for host in hosts { host.counts.ok += 1 }
            tell(.included(file: name, hosts: hosts.map(\.name), label: request.label))
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

    /// What a host wants included: nothing if its conditions say no, once for each item of a loop. What is not included
    /// is told of and, as the task's outcome, registered.
    ///
    /// - Parameter hosts: The hosts the outcome counts for; more than one with `run_once`.
    private func requests(_ task: PlannedTask, on host: HostRun, standingFor hosts: [HostRun]) -> [Request] {
        let title = title(of: task, for: host)
        var requests: [Request] = []
        var outcome: TaskOutcome
        var registered: Value
        var report = TaskReport(host: host.name, task: title, status: .ok, action: task.node.action.name)
        do throws(Diagnostic) {
            let modes = try modes(of: task, on: host)
            let scope = variables.scope(host: host.name, task: taskVariables(task))
            let run = TaskRun(engine: self, task: task, host: host, modes: modes, scope: scope, title: title)
            (outcome, registered) = include(run, into: &requests)
            report.isHidden = run.isHidden
            report.isOfLoop = run.isToldByItem
            report.isIgnored = outcome.status == .failed && run.ignoresErrors
        } catch {
            outcome = TaskOutcome(failure: error.located(at: task.node.location))
            registered = outcome.registered(title.name)
        }
        guard outcome.status != .ok else {
            // It counts by the file, and is told of with it.
            if let name = task.node.register?.value {
                for each in hosts { variables.register([.string(name): registered], on: each.name) }
            }
            if let role = task.role { host.begunRoles.insert(role.identity) }
            return requests
        }
        report.status = outcome.status
        report.values = registered.mapValue ?? [:]
        report.diagnostic = outcome.diagnostic
        settle(report, outcome, registered, task, host, standingFor: hosts, factsOwner: nil)
        return requests
    }

    /// What the task, or each item of its loop, wants.
    ///
    /// - Returns: The task's outcome, and what is registered.
    private func include(_ run: TaskRun, into requests: inout [Request]) -> (TaskOutcome, Value) {
        guard let loop = run.task.node.loop else {
            let (outcome, request) = request(run, run.scope, item: [:])
            if let request { requests.append(request) }
            return (outcome, outcome.registered(run.title.name))
        }
        var items: [TaskRun.ItemOutcome] = []
        var hidesAnItem = false
        var ignoresAllErrors = true
        do throws(Diagnostic) {
            let (scopes, unknown) = try run.loopScopes()
            if let unknown {
                let outcome = TaskOutcome.unknown(unknown)
                return (outcome, outcome.registered(run.title.name))
            }
            for (scope, values) in scopes ?? [] {
                let item = values[loop.variable] ?? .null
                var (outcome, request) = request(run, scope, item: values)
                let label = run.label(loop, item, scope, &outcome)
                if var request, outcome.status == .ok {
                    request.key += "\u{1d}" + label.pythonRepresentation
                    request.label = run.isHidden ? nil : label
                    requests.append(request)
                }
                hidesAnItem = hidesAnItem || run.isHidden
                if outcome.status == .failed, !run.ignoresErrors { ignoresAllErrors = false }
                items.append(TaskRun.ItemOutcome(item: item, outcome: outcome))
                if outcome.status != .ok { tell(.item(run.report(outcome, label))) }
            }
        } catch {
            let outcome = TaskOutcome(failure: error.located(at: run.task.node.location))
            return (outcome, outcome.registered(run.title.name))
        }
        run.traits.isHidden = hidesAnItem
        run.traits.ignoresErrors = ignoresAllErrors
        run.isToldByItem = items.contains { $0.outcome.status != .ok }
        return run.combined(items, loop)
    }

    /// What one item, or the task without a loop, wants; nothing if its outcome is another than ok.
    private func request(_ run: TaskRun, _ scope: LayeredScope, item: ValueMap) -> (TaskOutcome, Request?) {
        let task = run.task
        run.traits = TaskRun.firstTraits(of: task, in: scope)
        do throws(Diagnostic) {
            if let outcome = try run.conditionOutcome(in: scope) { return (outcome, nil) }
            var arguments = try run.arguments(in: scope, try run.settings(in: scope))
            if let unknown = Value.map(arguments).firstUnknown { return (.unknown(unknown), nil) }
            if let file = arguments.removeValue(forKey: "_raw_params") { arguments["file"] = file }
            // Its own `vars` come along, evaluated where they are used; a loop's item is bound here.
            let vars = task.node.keywords.vars.merging(item)
            let names = [task.node.loop?.variable, task.node.loop?.indexVariable].compactMap(\.self)
            let key =
                arguments.map { "\($0.key.text)=\($0.value.pythonRepresentation)" }.joined(separator: "\u{1f}")
                + names.map { "\u{1e}\($0)=\((item[$0] ?? .null).pythonRepresentation)" }.joined()
            let request = Request(host: run.host, arguments: arguments, vars: vars, key: key)
            var outcome = TaskOutcome(.ok)
            if case .engine(.includeTasks) = task.action {
                outcome.values["include"] = arguments.removeValue(forKey: "file")
            }
            outcome.values["include_args"] = .map(arguments)
            return (outcome, request)
        } catch {
            return (TaskOutcome(failure: error.located(at: task.node.location)), nil)
        }
    }
}
