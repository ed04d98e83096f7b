import Diagnostics
import Jinja
import Playbook
import Values

/// Tasks that no run will ever reach, and conditions that are always the same.
enum DeadTasks {
    /// - Parameter tellsAll: Whether to say, too, what people mostly mean: `when: false` leaves a task out for now.
    static func remarks(_ engine: TemplateEnvironment, _ plays: [PlannedPlay], tellsAll: Bool) -> [Diagnostic] {
        var found: [Diagnostic] = []
        for play in plays {
            for section in play.sections { unreached(section, &found) }
            guard tellsAll else { continue }
            for task in play.tasks + play.handlers {
                for field in task.node.keywords.when {
                    guard let verdict = constant(field, engine) else { continue }
                    found.append(
                        Diagnostic(
                            .badValue, "this condition is always \(verdict)", at: field.location,
                            remedy: verdict ? "Take it out." : "The task never runs; take it out, or its condition.",
                            severity: .note))
                }
            }
        }
        return found
    }

    /// What stands after an unconditional end.
    private static func unreached(_ nodes: [PlannedNode], _ found: inout [Diagnostic]) {
        var end: PlannedTask?
        for node in nodes {
            if let end, let place = place(of: node) {
                found.append(
                    Diagnostic(
                        .badValue, "this is never reached", at: place,
                        remedy: "'\(end.node.action.freeForm?.string ?? "meta")' in line "
                            + "\(end.node.location.line) ends it for every host; give that a condition.",
                        severity: .warning))
                return
            }
            switch node {
            case .task(let task): if endsAll(task) { end = task }
            case .block(let block):
                unreached(block.tasks, &found)
                unreached(block.rescue, &found)
            case .role(let role): unreached(role.tasks, &found)
            }
        }
    }

    private static func endsAll(_ task: PlannedTask) -> Bool {
        guard task.inherited.when.isEmpty, case .engine(.meta(let meta)) = task.action else { return false }
        return [.endPlay, .endHost, .endBatch, .endRole].contains(meta)
    }

    private static func place(of node: PlannedNode) -> SourceLocation? {
        switch node {
        case .task(let task): task.node.location
        case .block(let block): block.location
        case .role(let role): role.instance.location
        }
    }

    /// What a condition comes to that reads no name; nil if it reads one, or asks something outside.
    private static func constant(_ field: Field, _ engine: TemplateEnvironment) -> Bool? {
        switch field.value {
        case .bool(let bool): return bool
        case .string(let text):
            guard !text.string.contains("{{"), !text.string.contains("("), !text.string.contains("|"),
                !text.string.contains(" is "),
                let names = try? engine.freeNames(of: text, asExpression: true), names.isEmpty
            else { return nil }
            switch text.string.lowercased() {
            case "true", "yes": return true
            case "false", "no": return false
            default: return nil
            }
        default: return nil
        }
    }
}
