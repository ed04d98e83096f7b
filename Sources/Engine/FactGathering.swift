import Diagnostics
import Modules
import Planning
import Playbook
import Results
import Target
import Values
import Variables

/// The facts a play gathers before its tasks.
extension Engine {
    func gatherFacts(_ play: PlannedPlay, _ hosts: [HostRun]) async {
        guard gathers(play), let module = ModuleIndex.find("ansible.builtin.setup") else { return }
        let place = play.node.gatherFacts?.location ?? play.node.location
        var action = TaskNode.Action(name: "ansible.builtin.setup", location: place)
        if let subset = play.node.gatherSubset { action.arguments["gather_subset"] = subset.value }
        if let timeout = play.node.gatherTimeout { action.arguments["gather_timeout"] = timeout.value }
        if let path = play.node.factPath { action.arguments["fact_path"] = path.value }
        var keywords = Keywords()
        keywords.name = Field("Gathering Facts", at: place)
        let node = TaskNode(keywords: keywords, action: action, location: place)
        let task = PlannedTask(gathering: node, with: module, for: play)
        await perform([.task(task)], on: hosts)
    }

    private func gathers(_ play: PlannedPlay) -> Bool {
        guard let field = play.node.gatherFacts else {
            return settings.gathersImplicitly
        }
        let value = (try? variables.scopeWithoutHost([play.node.keywords.vars]).evaluate(field.value)) ?? field.value
        return value.isYes
    }
}
