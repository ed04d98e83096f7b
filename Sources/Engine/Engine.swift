public import Diagnostics
public import Inventory
public import Planning
import Playbook
public import Results
public import Target
import Values
public import Variables

/// Runs a plan.
///
/// Everything of it happens on the loop's thread; waiting for a host costs no thread. A list of tasks is performed
/// on a set of hosts: a task on all of them before the next one begins, a block with its rescue and always on
/// those that need them. That is the linear strategy, with no book-keeping beside the plan itself.
@IOLoop
public final class Engine {
    let planner: Planner
    let variables: RunVariables
    let settings: RunSettings
    let redactor: Redactor
    let connections: ConnectionPool
    private let send: @Sendable (RunEvent) -> Void
    private let readInventory: (() throws(Diagnostics) -> InventoryTree)?
    private(set) var hosts: [String: HostRun] = [:]
    private var order: [String] = []
    /// The play being run.
    var play: PlannedPlay?
    var handlers: [PlannedTask] = []
    /// Whether tasks of this run added hosts or groups.
    var inventoryHasGrown = false
    /// What brought them, to be done again when the inventory is read anew.
    var growth: [(inout InventoryTree) -> Void] = []
    /// What earlier tasks of a dry run would have changed, by the host they would have changed it on.
    var foreseen: [String: Foreseen] = [:]
    /// Modules that go on beside the play (`async` with `poll: 0`).
    var kept: [Task<Void, Never>] = []
    /// Set while the hosts of a play go their own ways.
    var freeRun: FreeRun?
    /// Warnings that are given once a task, not once a host.
    var warned: Set<String> = []
    /// Whether `meta: end_play` ended the play, further batches included.
    var isPlayOver = false
    /// Whether hosts that failed in the play run their handlers, too.
    var forcesHandlers = false
    /// The share of a batch in per cent that may be lost before the play ends; nil for all.
    var failureLimit: Double?
    /// Whether each task is asked for (`--step`).
    var isStepping: Bool
    /// Whether so many hosts failed that the play ends here, and the run with it.
    var isBroken = false
    /// The hosts of the batch, lost ones included.
    var batch: [HostRun] = []
    /// Those that were still in the run when it began.
    var batchHosts: [HostRun] = []
    /// Whether a play could not begin, so that the run ends.
    var wasBrokenOff = false
    /// Whether a task of a dry run changed something all the same.
    var changedInEarnest = false
    /// What was done, for a run that goes on where this one ends; nil if nothing is kept.
    let journal: RunJournal?
    /// Set by Ctrl-C: nothing new is begun.
    public private(set) var isInterrupted = false
    /// What waits for time to pass, to be woken by Ctrl-C.
    private var naps: [Int: Task<Void, Never>] = [:]
    private var lastNap = 0

    public init(
        planner: Planner, variables: RunVariables, settings: RunSettings, redactor: Redactor,
        connections: any ConnectionProvider, readInventory: (() throws(Diagnostics) -> InventoryTree)? = nil,
        journal: RunJournal? = nil, events: @escaping @Sendable (RunEvent) -> Void
    ) {
        self.planner = planner
        self.variables = variables
        self.settings = settings
        self.redactor = redactor
        self.connections = ConnectionPool(connections)
        self.readInventory = readInventory
        self.journal = journal
        isStepping = settings.asksBeforeTasks
        send = events
    }

    /// Runs all plays, closes the connections and tells how it ended.
    public func run(_ plan: RunPlan) async -> Recap {
        let deadline = settings.deadline.map { limit in
            Task { @IOLoop in
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                await self.expire(limit)
            }
        }
        defer { deadline?.cancel() }
        var start = settings.startAtTask
        for play in plan.plays {
            if isInterrupted { break }
            var play = play
            if let name = start {
                guard let rest = play.starting(at: name) else {
                    tell(.playStarted(name: play.name, hosts: play.hosts))
                    continue
                }
                play = rest
                start = nil
            }
            guard await run(play) else { break }
        }
        await finishKept()
        for name in order { hosts[name]?.counts.setupRoundTrips = await connections.setupRoundTrips(of: name) }
        await connections.close()
        var recap = Recap()
        for name in order {
            // A host for which nothing was done is not in the recap.
            guard let host = hosts[name], !host.counts.isEmpty else { continue }
            recap[host: name] = host.counts
            if host.isForgiven { recap.forgive(name) }
        }
        recap.isCheckMode = settings.isCheckMode
        recap.wasInterrupted = isInterrupted
        recap.wasBrokenOff = wasBrokenOff
        recap.changedInEarnest = changedInEarnest
        tell(.ended(recap))
        return recap
    }

    /// Lets what runs finish, begins nothing new; who waits for an answer or for time to pass waits no more.
    public func interrupt() {
        isInterrupted = true
        for nap in naps.values { nap.cancel() }
        _ = Prompting.interrupt()
    }

    /// Lets time pass, until Ctrl-C at the longest.
    func nap(_ length: Duration) async {
        guard !isInterrupted else { return }
        lastNap += 1
        let number = lastNap
        // It ends early only by being woken, which is no trouble.
        let nap = Task { _ = try? await Task.sleep(for: length) }
        naps[number] = nap
        await nap.value
        naps[number] = nil
    }

    /// Ends what runs on the hosts, too, with its children; the run then ends by itself.
    public func cut() async {
        isInterrupted = true
        await connections.close()
    }

    /// The time for the whole run is over.
    private func expire(_ limit: Duration) async {
        let text = "the run took longer than its deadline of \(limit.inWords): what runs on hosts is ended"
        tell(.said(Diagnostic(.timeout, text, remedy: "Raise --deadline, or look what took so long.")))
        await cut()
    }

    /// Where hosts go their own ways, a banner waits for the first result below it.
    func tell(_ event: RunEvent) {
        if let freeRun {
            switch event {
            case .taskStarted: return
            case .item(let report), .result(let report), .retry(let report, _, _):
                if let title = freeRun.banner(before: report.task) { send(.taskStarted(title)) }
            default: break
            }
        }
        send(event)
    }

    // MARK: Hosts

    func host(_ name: String) -> HostRun {
        if let host = hosts[name] { return host }
        let host = HostRun(name)
        hosts[name] = host
        order.append(name)
        return host
    }

    /// Lets hosts that failed into the plays that follow, as `meta: clear_host_errors` asks.
    func forgive() {
        for host in hosts.values where host.state == .failed || host.state == .unreachable {
            host.state = .ended
            host.isForgiven = true
            host.hasLeft = true
        }
        updateActiveHosts()
    }

    /// Ends the batch, or the whole play, for everybody who is still in it.
    func endPlay(wholly: Bool) {
        if wholly { isPlayOver = true }
        for host in batch where host.isActive { host.state = .ended }
    }

    /// Reads the inventory anew; what tasks of this run added to it is added again.
    ///
    /// - Throws: `Diagnostics` with what is wrong with its sources; the old one stays then.
    func refreshInventory() throws(Diagnostics) {
        guard var tree = try readInventory?() else { return }
        for add in growth { add(&tree) }
        variables.inventory = tree
        variables.inventoryChanged()
        inventoryHasGrown = true
        for host in tree.hostNames {
            for (_, values) in (try? tree.variableLayers(of: host)) ?? [] { redactor.learn(.map(values)) }
        }
    }

    /// Marks who is still in the play, for `ansible_play_hosts` and `ansible_play_batch`: neither lost nor, in this
    /// batch, sent away. Hosts whose batch is over count.
    func updateActiveHosts() {
        func isIn(_ host: HostRun) -> Bool {
            host.state != .failed && host.state != .unreachable && !host.hasLeft
        }
        variables.noteHostsLeft(
            variables.play.allHosts.filter { hosts[$0].map(isIn) ?? false }, inBatch: batch.filter(isIn).map(\.name))
    }
}
