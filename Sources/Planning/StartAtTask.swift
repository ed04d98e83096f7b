import Inventory
import Values

extension PlannedPlay {
    /// The play from the first task on whose name is `name` or matches it as a pattern; nil if none does.
    ///
    /// What stands before it in the same block or role is left out; handlers stay.
    public func starting(at name: String) -> PlannedPlay? {
        var play = self
        for (index, section) in sections.enumerated() {
            guard let rest = Self.rest(of: section, from: name) else {
                play.sections[index] = []
                continue
            }
            play.sections[index] = rest
            return play
        }
        return nil
    }

    private static func rest(of nodes: [PlannedNode], from name: String) -> [PlannedNode]? {
        for (index, node) in nodes.enumerated() {
            let after = Array(nodes[(index + 1)...])
            switch node {
            case .task(let task):
                let title = Listing.title(of: task)
                if ShellPattern.matches(task.writtenName.pythonText, name) || ShellPattern.matches(title, name) {
                    return [node] + after
                }
            case .block(var block):
                if let rest = rest(of: block.tasks, from: name) {
                    block.tasks = rest
                    return [.block(block)] + after
                }
                if let rest = rest(of: block.always, from: name) {
                    block.tasks = []
                    block.always = rest
                    return [.block(block)] + after
                }
            case .role(var role):
                if let rest = rest(of: role.dependencies, from: name) {
                    role.dependencies = rest
                    return [.role(role)] + after
                }
                if let rest = rest(of: role.tasks, from: name) {
                    role.dependencies = []
                    role.tasks = rest
                    return [.role(role)] + after
                }
            }
        }
        return nil
    }
}

extension RunPlan {
    /// The titles of all tasks that `--start-at-task` can name.
    public var taskTitles: [String] { plays.flatMap(\.tasks).map(Listing.title(of:)) }
}
