import Diagnostics
import Planning
import Playbook
import Results
import Target
import Values
import Variables

/// How lists of tasks, blocks and roles are performed on sets of hosts.
extension Engine {
    func perform(_ nodes: [PlannedNode], on hosts: [HostRun]) async {
        for (index, node) in nodes.enumerated() {
            if isInterrupted { return }
            let active = hosts.filter(\.goesOn)
            if active.isEmpty { return }
            switch node {
            case .task(let task): await perform(task, on: active, before: nodes[(index + 1)...])
            case .block(let block): await perform(block, on: active)
            case .role(let role): await perform(role, on: active)
            }
        }
    }

    /// A block: its tasks; then, for hosts that failed in them, its rescue; then, for all, its always.
    private func perform(_ block: PlannedBlock, on hosts: [HostRun]) async {
        let canRescue = !block.rescue.isEmpty
        if canRescue { for host in hosts { host.rescuers += 1 } }
        await perform(block.tasks, on: hosts)
        if canRescue {
            for host in hosts { host.rescuers -= 1 }
            let failed = hosts.filter { $0.state == .failed }
            for host in failed {
                host.state = .active
                tellOfFailure(host)
            }
            await perform(block.rescue, on: failed)
        }
        guard !block.always.isEmpty else { return }
        // A failed host does its part of `always`, too, and is out again afterwards.
        let failed = hosts.filter { $0.state == .failed }
        for host in failed { host.state = .active }
        await perform(block.always, on: hosts.filter { $0.state != .unreachable })
        for host in failed where host.state == .active { host.state = .failed }
    }

    /// `ansible_failed_task` and `ansible_failed_result`, for the rescue.
    private func tellOfFailure(_ host: HostRun) {
        guard let task = host.failedTask else { return }
        variables.register(
            [
                "ansible_failed_task": [
                    "name": .string(task.writtenName.pythonText), "action": .string(task.node.action.name),
                ],
                "ansible_failed_result": host.failedResult,
            ], on: host.name)
    }

    /// A role and, before it, what it depends on; a host that has been through the same is left out.
    private func perform(_ role: PlannedRole, on hosts: [HostRun]) async {
        let identity = role.instance.identity
        let fresh = hosts.filter { role.instance.allowsDuplicates || !$0.finishedRoles.contains(identity) }
        await perform(role.dependencies, on: fresh)
        await perform(role.tasks, on: fresh)
        for host in fresh {
            if host.leavingRole === role.instance { host.leavingRole = nil }
            if host.isActive, host.begunRoles.contains(identity) { host.finishedRoles.insert(identity) }
        }
    }

    // MARK: A task on its hosts

    /// - Parameter following: What is performed next, for asking ahead.
    private func perform(
        _ task: PlannedTask, on hosts: [HostRun], before following: ArraySlice<PlannedNode>
    ) async {
        if case .engine(let action) = task.action {
            switch action {
            case .meta(let meta):
                await perform(meta, of: task, on: hosts)
                return
            case .includeTasks, .includeRole:
                guard await isWanted(task, hosts) else { return }
                await performInclude(task, on: hosts)
                return
            default: break
            }
        }
        guard await isWanted(task, hosts) else { return }
        if let freeRun {
            for host in hosts { await performFreely(task, on: host, freeRun) }
            return
        }
        tell(.taskStarted(title(of: task, for: hosts.first)))
        let runsOnce = runsOnce(task, for: hosts[0])
        let chosen = runsOnce ? [hosts[0]] : hosts
        let limit = max(1, min(settings.forks, throttle(of: task, for: hosts[0]) ?? settings.forks))
        let affected = runsOnce ? hosts : []
        await Bounded.forEach(chosen.count, limit: limit) { index in
            self.askAhead(following, on: chosen[index], of: chosen.count, during: task)
            await self.perform(task, on: chosen[index], standingFor: runsOnce ? affected : [chosen[index]])
        }
        drawConsequences(of: task, on: hosts)
    }

    /// What a task that some hosts failed at means to the others.
    func drawConsequences(of task: PlannedTask, on hosts: [HostRun]) {
        updateActiveHosts()
        let lost = hosts.contains { $0.state == .failed || $0.state == .unreachable }
        if lost, flag(.anyErrorsFatal, of: task, for: hosts[0]) { failAlong(hosts) }
        breakIfTooManyFailed()
    }

    /// Takes hosts out along with one that failed. They did not fail themselves: a rescue has nothing to tell of a task
    /// of theirs.
    func failAlong(_ hosts: [HostRun]) {
        for host in hosts where host.isActive {
            host.state = .failed
            host.failedTask = nil
        }
    }

    /// With `--step`: whether the person at the terminal wants the task.
    private func isWanted(_ task: PlannedTask, _ hosts: [HostRun]) async -> Bool {
        guard isStepping else { return true }
        let title = title(of: task, for: hosts.first)
        let name = SafeText.visible(redactor.redacted("\(task.isHandler ? "HANDLER" : "TASK"): \(title.name)"))
        let host = freeRun == nil ? "" : hosts.first.map { "on \($0.name) " } ?? ""
        let answer = await Prompting.line("Perform task: \(name) \(host)(N)o/(y)es/(c)ontinue: ", echoes: true)
        switch answer.text?.lowercased() {
        case "y", "yes": return true
        case "c", "continue":
            isStepping = false
            return true
        // Nobody answers any more: nobody wants the rest.
        case nil:
            interrupt()
            return false
        default: return false
        }
    }

    /// Whether one host stands for all: `run_once` says so, or the action concerns the run and not a host.
    func runsOnce(_ task: PlannedTask, for host: HostRun) -> Bool {
        switch task.action {
        case .engine(.addHost), .engine(.pause): true
        default: flag(.runOnce, of: task, for: host)
        }
    }

    /// The task's name for people, evaluated as far as it can be.
    func title(of task: PlannedTask, for host: HostRun?) -> TaskTitle {
        var name = task.writtenName
        if name.holdsTemplate {
            let scope =
                host.map { variables.scope(host: $0.name, task: taskVariables(task)) }
                ?? variables.scopeWithoutHost()
            // A name that cannot be evaluated (its loop's item is not known yet) is shown as it is written.
            name = (try? scope.evaluate(name)) ?? name
        }
        let text = name.holdsSecret ? Redactor.mask : name.pythonText
        return TaskTitle(
            kind: task.isHandler ? .handler : .task, name: task.shownRole.map { "\($0.name) : \(text)" } ?? text,
            location: task.node.location)
    }

    /// How many hosts may be at a task together; nil for no bound, and where its trouble is the task's own.
    func throttle(of task: PlannedTask, for host: HostRun) -> Int? {
        guard task.inherited.settings[.throttle] != nil else { return nil }
        let scope = variables.scope(host: host.name, task: taskVariables(task))
        return (try? throttle(of: task, in: scope)) ?? nil
    }

    /// - Throws: `Diagnostic`, at its place, for what is no number.
    func throttle(of task: PlannedTask, in scope: LayeredScope) throws(Diagnostic) -> Int? {
        let setting = Keywords.Setting.throttle
        let width = try scope.value(
            of: task.inherited.settings[setting], setting.rawValue, as: KeywordValue.integer)
        return width.flatMap { $0 > 0 ? $0 : nil }
    }

    /// A keyword that is true or false and whose trouble would be the task's own: unset if it cannot be evaluated.
    func flag(_ setting: Keywords.Setting, of task: PlannedTask, for host: HostRun) -> Bool {
        guard let field = task.inherited.settings[setting] else { return false }
        let scope = variables.scope(host: host.name, task: taskVariables(task))
        return (try? scope.flag(of: field, setting.rawValue)) ?? false
    }

    /// What a task adds to its host's variables.
    func taskVariables(_ task: PlannedTask) -> TaskVariables {
        task.variables(playDirectory: variables.play.directory)
    }
}

extension Value {
    /// Whether a keyword's value means yes: `true`, `yes`, `1` …
    var isYes: Bool {
        switch self {
        case .string(let text): ["true", "yes", "on", "1", "y", "t"].contains(text.string.lowercased())
        default: isTruthy
        }
    }
}
