import Diagnostics
import Inventory
import Planning
import Playbook
import Results
import Target
import Values
import Variables

/// How the hosts of a play go through its tasks.
enum Strategy: String, CaseIterable {
    /// All hosts meet before each task.
    case linear
    /// Each host goes on as soon as it can.
    case free
    /// Likewise, and only so many hosts are begun as are worked on at once.
    case hostPinned = "host_pinned"
}

/// Lets so many through at once, in the order they came.
@IOLoop
final class Gate {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ width: Int) { free = max(1, width) }

    func enter() async {
        await withCheckedContinuation { continuation in
            // Decided here: between asking for a continuation and getting it somebody may have left.
            guard free > 0 else { return waiting.append(continuation) }
            free -= 1
            continuation.resume()
        }
    }

    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// What a play in which hosts go their own ways keeps in common.
@IOLoop
final class FreeRun {
    /// Only so many tasks are under way at once, on all hosts together.
    let forks: Gate
    private var throttles: [Int: Gate] = [:]
    /// The task whose banner was shown last: results of several tasks come in any order.
    private var shown: TaskTitle?

    init(forks: Int) { self.forks = Gate(forks) }

    /// Where the hosts meet that must not be at a task together.
    func throttle(of task: PlannedTask, _ width: Int) -> Gate {
        if let gate = throttles[task.id] { return gate }
        let gate = Gate(width)
        throttles[task.id] = gate
        return gate
    }

    /// The banner that must be shown before a task's result, if another one's was shown last.
    func banner(before title: TaskTitle) -> TaskTitle? {
        if let shown, shown.name == title.name, shown.location == title.location, shown.kind == title.kind {
            return nil
        }
        shown = title
        return title
    }
}

extension Engine {
    /// The play's strategy.
    ///
    /// - Throws: `Diagnostic` if there is none of that name.
    func strategy(of play: PlannedPlay) throws(Diagnostic) -> Strategy {
        var name = settings.strategy
        if let field = play.node.strategy {
            let value = try variables.scopeWithoutHost([play.node.keywords.vars]).evaluate(field.value)
            if !value.isNull, !Omit.isMarker(value) { name = value.pythonText }
        }
        let short = String(name.split(separator: ".").last ?? "")
        guard let strategy = Strategy(rawValue: short) else {
            throw Diagnostic(
                .unsupported, "there is no strategy '\(name)' here", at: play.node.strategy?.location,
                remedy: "Strategies: \(Strategy.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return strategy
    }

    /// Takes the hosts through the play one by one, side by side.
    func runFreely(_ play: PlannedPlay, on batch: [HostRun], pinned: Bool) async {
        freeRun = FreeRun(forks: settings.forks)
        defer { freeRun = nil }
        if let field = play.node.maxFailPercentage {
            tell(.said(Self.notFreely("max_fail_percentage", at: field.location)))
        }
        await Bounded.forEach(batch.count, limit: pinned ? settings.forks : batch.count) { index in
            await self.carryOut(play, on: [batch[index]])
        }
    }

    static func notFreely(_ keyword: String, at place: SourceLocation?) -> Diagnostic {
        Diagnostic(
            .unsupported, "'\(keyword)' does not count where hosts go their own ways", at: place,
            remedy: "Use the strategy 'linear' where all hosts must meet.", severity: .warning)
    }

    /// Says once what of a task's keywords cannot count where hosts do not meet.
    func warnOfMeeting(at task: PlannedTask, _ host: HostRun) {
        for setting in [Keywords.Setting.runOnce, .anyErrorsFatal]
        where flag(setting, of: task, for: host) && warned.insert("\(setting.rawValue) \(task.id)").inserted {
            tell(.said(Self.notFreely(setting.rawValue, at: task.inherited.settings[setting]?.location)))
        }
    }

    /// One host's turn at a task where hosts go their own ways.
    func performFreely(_ task: PlannedTask, on host: HostRun, _ freeRun: FreeRun) async {
        warnOfMeeting(at: task, host)
        let throttle = throttle(of: task, for: host).map { freeRun.throttle(of: task, $0) }
        await throttle?.enter()
        await freeRun.forks.enter()
        if !isInterrupted { await perform(task, on: host, standingFor: [host]) }
        freeRun.forks.leave()
        throttle?.leave()
        updateActiveHosts()
    }
}
