import Diagnostics
import Inventory
import Planning
import Playbook
import Results
import Target
import Values
import Variables
import Vault

/// Actions the engine carries out itself, because they change the run and not a host.
extension Engine {
    func perform(
        _ action: EngineAction, _ arguments: ValueMap, run: TaskRun, _ scope: LayeredScope, _ settings: TaskSettings
    ) async throws(Diagnostic) -> TaskOutcome {
        switch action {
        case .setFact: try setFact(arguments, run)
        case .includeVars: try includeVars(arguments, run, scope)
        case .addHost: try addHost(arguments, run)
        case .groupBy: try groupBy(arguments, run)
        case .pause: try await pause(arguments, run)
        case .meta, .includeTasks, .includeRole:
            throw Diagnostic(.internal, "'\(run.task.node.action.name)' was met where it is not performed")
        }
    }

    private func setFact(_ arguments: ValueMap, _ run: TaskRun) throws(Diagnostic) -> TaskOutcome {
        var arguments = arguments
        let isCacheable = arguments.removeValue(forKey: "cacheable")?.isYes ?? false
        guard !arguments.isEmpty else {
            throw Diagnostic(.missingArgument, "set_fact sets nothing", remedy: "Write 'NAME: VALUE' below it.")
        }
        for key in arguments.keys where !key.text.isVariableName {
            throw Diagnostic(
                .badValue, "'\(key.text)' cannot be a variable's name", at: run.task.node.action.places[key.text])
        }
        // Values given as free text (`set_fact: a=yes`) keep Ansible's reading of them.
        if run.task.node.action.places.values.contains(run.task.node.action.location) {
            arguments = arguments.mapValues(Self.literal)
        }
        var outcome = TaskOutcome(.ok)
        outcome.variables = arguments
        outcome.values["ansible_facts"] = .map(arguments)
        if isCacheable { outcome.facts = arguments }
        return outcome
    }

    private static func literal(_ value: Value) -> Value {
        guard case .string(let text) = value else { return value }
        switch text.string.lowercased() {
        case "true", "yes": return true
        case "false", "no": return false
        default: return value
        }
    }

    private func addHost(_ arguments: ValueMap, _ run: TaskRun) throws(Diagnostic) -> TaskOutcome {
        var arguments = arguments
        guard
            let name =
                (arguments.removeValue(forKey: "name") ?? arguments.removeValue(forKey: "hostname")
                ?? arguments.removeValue(forKey: "host"))?.pythonText, !name.isEmpty
        else {
            throw Diagnostic(.missingArgument, "add_host needs 'name'", at: run.task.node.action.location)
        }
        var groups: [String] = []
        for key in ["groups", "group", "groupname"] {
            guard let value = arguments.removeValue(forKey: key) else { continue }
            groups += (value.elements ?? [value]).flatMap { item in
                item.pythonText.split(separator: ",").map { String($0).trimmed }
            }
        }
        let isNew = try variables.inventory.addHost(name, groups: groups, variables: arguments)
        inventoryHasGrown = true
        growth.append { [arguments, groups] tree in _ = try? tree.addHost(name, groups: groups, variables: arguments) }
        variables.inventoryChanged()
        if let trouble = variables.inventory.checkVariables(of: [name]).first(where: { $0.severity == .error }) {
            throw trouble
        }
        var outcome = TaskOutcome(isNew ? .changed : .ok)
        outcome.values["add_host"] = [
            "host_name": .string(name), "groups": .list(groups.map { .string($0) }), "host_vars": .map(arguments),
        ]
        return outcome
    }

    private func groupBy(_ arguments: ValueMap, _ run: TaskRun) throws(Diagnostic) -> TaskOutcome {
        guard let key = arguments["key"]?.pythonText, !key.isEmpty else {
            throw Diagnostic(.missingArgument, "group_by needs 'key'", at: run.task.node.action.location)
        }
        let group = String(key.map { $0 == " " ? "-" : $0 })
        let parents = (arguments["parents"].map { $0.elements ?? [$0] } ?? []).map(\.pythonText)
        let isNew = try variables.inventory.addToGroup(run.host.name, group: group, parents: parents)
        inventoryHasGrown = true
        growth.append { [host = run.host.name] tree in
            _ = try? tree.addToGroup(host, group: group, parents: parents)
        }
        variables.inventoryChanged()
        return TaskOutcome(isNew ? .changed : .ok)
    }
}
