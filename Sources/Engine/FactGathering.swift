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
        do throws(Diagnostic) {
            guard try gathers(play) else { return }
        } catch {
            let title = TaskTitle(kind: .task, name: "Gathering Facts", location: error.location)
            for host in hosts where host.isActive { fail(host, with: error, title: title) }
            return
        }
        let hosts = hosts.filter {
            settings.gathering != .smart || !variables.hasGatheredFacts(of: $0.name)
        }
        guard !hosts.isEmpty, let module = ModuleIndex.find("ansible.builtin.setup") else { return }
        let place = play.node.gatherFacts?.location ?? play.node.location
        var action = TaskNode.Action(name: "ansible.builtin.setup", location: place)
        if let subset = play.node.gatherSubset { action.arguments["gather_subset"] = subset.value }
        if let timeout = play.node.gatherTimeout { action.arguments["gather_timeout"] = timeout.value }
        if let path = play.node.factPath { action.arguments["fact_path"] = path.value }
        var keywords = Keywords()
        keywords.name = Field("Gathering Facts", at: place)
        let node = TaskNode(keywords: keywords, action: action, location: place)
        let task = PlannedTask(gathering: node, with: module, for: play)
        let before = Set(hosts.filter(\.isActive).map(\.name))
        await perform([.task(task)], on: hosts)
        for host in hosts where host.isActive && before.contains(host.name) { variables.markGathered(host.name) }
    }

    /// - Throws: `Diagnostic` if what `gather_facts` says cannot be evaluated or means neither yes nor no.
    private func gathers(_ play: PlannedPlay) throws(Diagnostic) -> Bool {
        guard play.mayGatherFacts else { return false }
        let scope = variables.scopeWithoutHost([play.node.keywords.vars])
        return try scope.flag(of: play.node.gatherFacts, "gather_facts") ?? (settings.gathering != .explicit)
    }
}
