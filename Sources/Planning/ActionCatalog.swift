import Diagnostics
import Modules
import Playbook
import Values

/// Which names are actions, and what each does: the engine's own, and the modules.
public enum ActionCatalog {
    /// Short names of the engine's own actions.
    private static let engineActions: Set<String> = [
        "include_tasks", "include_role", "include_vars", "meta", "set_fact", "add_host", "group_by", "pause",
        "import_tasks", "import_role",
    ]

    /// Whether there is an action or module of that name, short or in full.
    public static func isKnown(_ name: String) -> Bool {
        engineActions.contains(short(name)) && isCore(name) || ModuleIndex.find(name) != nil
    }

    private static func isCore(_ name: String) -> Bool {
        !name.contains(".") || name.hasPrefix("ansible.builtin.") || name.hasPrefix("ansible.legacy.")
    }

    private static func short(_ name: String) -> String { String(name.split(separator: ".").last ?? "") }

    static func action(for action: TaskNode.Action) -> PlannedAction {
        if isCore(action.name) {
            switch short(action.name) {
            case "include_tasks": return .engine(.includeTasks)
            case "include_role": return .engine(.includeRole)
            case "include_vars": return .engine(.includeVars)
            case "set_fact": return .engine(.setFact)
            case "add_host": return .engine(.addHost)
            case "group_by": return .engine(.groupBy)
            case "pause": return .engine(.pause)
            case "meta": return meta(action)
            default: break
            }
        }
        if let module = ModuleIndex.find(action.name) { return .module(module) }
        return .missing(ModuleIndex.unknown(action.name, at: action.location, actions: engineActions.sorted()))
    }

    /// The collection's own name for a module that was written as one of ansible-core's, where it is none.
    static func misplaced(_ action: TaskNode.Action) -> Diagnostic? {
        guard action.name.hasPrefix("ansible.builtin."), let module = ModuleIndex.find(action.name),
            !module.manual.name.hasPrefix("ansible.builtin."),
            !module.manual.aliases.contains(action.name)
                || !module.manual.name.hasPrefix("ansible.")
        else { return nil }
        return Diagnostic(
            .badValue, "'\(action.name)' is no module of ansible-core", at: action.location,
            remedy: "It works, but its name is '\(module.manual.name)'.", severity: .warning)
    }

    private static func meta(_ action: TaskNode.Action) -> PlannedAction {
        let name = action.freeForm?.string ?? action.arguments["free_form"]?.pythonText ?? ""
        if let meta = EngineAction.Meta(rawValue: name) { return .engine(.meta(meta)) }
        return .missing(
            Diagnostic(
                .badValue, "meta has no '\(name)'", at: action.location,
                remedy: NearestNames.hint(name, among: EngineAction.Meta.allCases.map(\.rawValue))
                    ?? "It knows \(EngineAction.Meta.allCases.map(\.rawValue).joined(separator: ", "))."))
    }
}
