import Playbook
import Values

/// The list modes: what `--list-tasks`, `--list-tags`, `--list-hosts` and `--list-dependencies` print.
public enum Listing {
    /// What is to be listed, together, as the options were given.
    public struct Parts: Sendable {
        public var hosts: Bool
        public var tasks: Bool
        public var tags: Bool
        public var dependencies: Bool

        public init(hosts: Bool, tasks: Bool, tags: Bool, dependencies: Bool) {
            self.hosts = hosts
            self.tasks = tasks
            self.tags = tags
            self.dependencies = dependencies
        }
    }

    /// The text, in the shape that tools written for ansible-playbook read.
    public static func text(of plan: RunPlan, parts: Parts) -> String {
        var lines: [String] = []
        var lastFile: String?
        var number = 0
        for play in plan.plays {
            if play.playbook != lastFile {
                lines += ["", "playbook: \(play.playbook)"]
                lastFile = play.playbook
                number = 0
            }
            number += 1
            let pattern = play.node.hosts.value
            let hosts = pattern.elements.map { $0.map(\.pythonText).joined(separator: ",") } ?? pattern.pythonText
            lines += [
                "",
                "  play #\(number) (\(hosts)): \(play.name)\tTAGS: [\(Set(play.tags).sorted().joined(separator: ","))]",
            ]
            if parts.hosts {
                lines.append(
                    "    pattern: [\((pattern.elements ?? [pattern]).map(\.pythonRepresentation).joined(separator: ", "))]"
                )
                lines.append("    hosts (\(play.hosts.count)):")
                lines += play.hosts.map { "      \($0)" }
            }
            if parts.tasks {
                lines.append("    tasks:")
                lines += tasks(of: play.sections.flatMap(\.self)).map { task in
                    "      \(listed(task))\tTAGS: [\(task.inherited.tags.sorted().joined(separator: ", "))]"
                }
            }
            if parts.tags {
                let tags = Set(tasks(of: play.sections.flatMap(\.self)).flatMap(\.inherited.tags)).sorted()
                lines.append("      TASK TAGS: [\(tags.joined(separator: ", "))]")
            }
            if parts.dependencies {
                lines.append("    roles:")
                let roles = play.sections.flatMap { $0 }
                lines += tree(of: roles, indent: "      ")
            }
        }
        return lines.joined(separator: "\n")
    }

    /// A task's name as lists and banners show it: its role first.
    public static func title(of task: PlannedTask) -> String {
        let name = task.writtenName.pythonText
        return task.shownRole.map { "\($0.name) : \(name)" } ?? name
    }

    /// How `--list-tasks` shows a task: one without a name by its action alone.
    private static func listed(_ task: PlannedTask) -> String {
        guard let name = task.node.keywords.name?.value, name.isTruthy else { return task.node.action.name }
        return title(of: task)
    }

    /// The tasks that are listed: what only runs after a failure, or always after a block, is not.
    private static func tasks(of nodes: [PlannedNode]) -> [PlannedTask] {
        nodes.flatMap { node -> [PlannedTask] in
            switch node {
            case .task(let task): [task]
            case .block(let block): tasks(of: block.tasks)
            case .role(let role): tasks(of: role.dependencies + role.tasks)
            }
        }
    }

    /// Roles and what they depend on, as a tree.
    private static func tree(of nodes: [PlannedNode], indent: String) -> [String] {
        let roles = nodes.compactMap { node -> PlannedRole? in
            if case .role(let role) = node { role } else { nil }
        }
        return roles.enumerated().flatMap { index, role -> [String] in
            let isLast = index == roles.count - 1
            return [indent + (isLast ? "└── " : "├── ") + role.instance.name]
                + tree(of: role.dependencies, indent: indent + (isLast ? "    " : "│   "))
        }
    }
}
