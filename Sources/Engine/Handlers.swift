import Diagnostics
import Jinja
import Planning
import Playbook
import Results
import Target
import Values
import Variables

/// Handlers: tasks that wait until a change asks for them.
extension Engine {
    /// Notes that a change on a host asks for handlers.
    ///
    /// - Throws: `Diagnostic` if no handler answers to the name.
    func notify(_ names: [Value], on host: HostRun, by task: PlannedTask) throws(Diagnostic) {
        for name in names {
            let text = name.pythonText
            let matching = handlers.filter { handler in
                handler.node.listen.contains { handler.callings(of: $0.value.pythonText).contains(text) }
            }
            // Of handlers with the same name those of the file read last count, and of these the first.
            let last = handlers.last { answers($0, to: text, from: task) }
            let named = handlers.first { $0.file == last?.file && answers($0, to: text, from: task) }
            guard !matching.isEmpty || named != nil else {
                var trouble = Diagnostic(
                    .undefined, "no handler '\(text)'", at: task.notifications.first?.location,
                    remedy: NearestNames.hint(text, among: handlers.map(\.writtenName.pythonText)))
                if settings.requiresHandlers { throw trouble }
                trouble.severity = .warning
                if warned.insert("handler \(task.id) \(text)").inserted { tell(.said(trouble)) }
                continue
            }
            for handler in matching { host.notified.insert(handler.id) }
            if let named { host.notified.insert(named.id) }
        }
    }

    private func answers(_ handler: PlannedTask, to text: String, from task: PlannedTask) -> Bool {
        var written = handler.writtenName
        if written.holdsTemplate { written = (try? variables.scopeWithoutHost().evaluate(written)) ?? written }
        return handler.callings(of: written.pythonText).contains(text)
    }

    /// Runs the notified handlers, in the order they are defined; those behind them that they notify come along.
    func flushHandlers(_ hosts: [HostRun]) async {
        // With --force-handlers a failed host runs its handlers, too, and stays failed.
        var able = hosts.filter { $0.isActive || forcesHandlers && $0.state == .failed }
        let failed = able.filter { !$0.isActive }
        for handler in handlers {
            if isInterrupted { break }
            // Those that an earlier handler of this round notified are among them; who notifies one that has had its
            // turn asks for the next round.
            let waiting = able.filter { $0.notified.contains(handler.id) }
            guard !waiting.isEmpty else { continue }
            for host in waiting { host.notified.remove(handler.id) }
            for host in failed where waiting.contains(where: { $0 === host }) { host.state = .active }
            await perform([.task(handler)], on: waiting)
            able.removeAll { host in waiting.contains { $0 === host } && !host.isActive }
            for host in failed where host.isActive { host.state = .failed }
        }
        // There is no next round for them, unless somebody rescues them.
        for host in hosts where host.state == .failed && host.rescuers == 0 { host.notified = [] }
    }
}
