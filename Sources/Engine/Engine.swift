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
    private var isPlayOver = false
    /// Whether hosts that failed in the play run their handlers, too.
    private(set) var forcesHandlers = false
    /// The share of a batch in per cent that may be lost before the play ends; nil for all.
    private var failureLimit: Double?
    /// Whether each task is asked for (`--step`).
    var isStepping: Bool
    /// Whether so many hosts failed that the play ends here, and the run with it.
    private var isBroken = false
    /// The hosts of the batch, lost ones included.
    private(set) var batch: [HostRun] = []
    /// Those that were still in the run when it began.
    private var batchHosts: [HostRun] = []
    /// Whether a play could not begin, so that the run ends.
    private var wasBrokenOff = false
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

    // MARK: Plays

    /// - Returns: False if nobody is left to go on with.
    private func run(_ play: PlannedPlay) async -> Bool {
        // `add_host` and `group_by` may have brought hosts since the plan was made.
        var play = play
        if inventoryHasGrown || play.awaitsHosts {
            do throws(Diagnostics) {
                play = try planner.current(play)
            } catch {
                for diagnostic in error.errors { tell(.said(diagnostic)) }
                wasBrokenOff = true
                return false
            }
        }
        let found = play.hosts.map(host)
        let all: [HostRun]
        do throws(Diagnostic) {
            all = try ordered(found, of: play.node)
        } catch {
            fail(found, with: error)
            return false
        }
        for host in all where host.state == .ended { host.state = .active }
        guard !all.isEmpty else {
            tell(.playSkipped(name: play.name, why: "no hosts matched"))
            return true
        }
        self.play = play
        handlers = play.handlers
        isPlayOver = false
        await setVariables(of: play, hosts: all)
        let batches: [[HostRun]]
        do throws(Diagnostic) {
            let scope = variables.scopeWithoutHost()
            batches = try self.batches(of: all, play.node.serial)
            forcesHandlers =
                try scope.flag(of: play.node.forceHandlers, "force_handlers") ?? settings.forcesHandlers
            failureLimit = try scope.value(
                of: play.node.maxFailPercentage, "max_fail_percentage", as: KeywordValue.percentage)
        } catch {
            fail(all, with: error)
            return false
        }
        for batch in batches {
            if isInterrupted { return false }
            tell(.playStarted(name: play.name, hosts: batch.filter(\.isActive).map(\.name)))
            self.batch = batch
            for host in all { host.hasLeft = false }
            updateActiveHosts()
            let willing = batch.filter(\.isActive)
            for host in willing {
                host.finishedRoles = []
                host.begunRoles = []
            }
            batchHosts = willing
            isBroken = false
            await run(play, on: willing)
            if isBroken { return false }
            // Hosts that were lost before this play don't count: the others' plays go on.
            let lost = willing.filter { $0.state == .failed || $0.state == .unreachable }
            if lost.count == batch.count { return false }
            if isPlayOver { break }
        }
        return true
    }

    private func run(_ play: PlannedPlay, on batch: [HostRun]) async {
        do throws(Diagnostic) {
            switch try strategy(of: play) {
            case .linear: await carryOut(play, on: batch)
            case .free: await runFreely(play, on: batch, pinned: false)
            case .hostPinned: await runFreely(play, on: batch, pinned: true)
            }
        } catch {
            let title = TaskTitle(kind: .task, name: "strategy", location: error.location)
            for host in batch { fail(host, with: error, title: title) }
        }
    }

    /// Everything of a play, for hosts that go through it together.
    func carryOut(_ play: PlannedPlay, on batch: [HostRun]) async {
        await gatherFacts(play, batch)
        // Roles and tasks are one section to handlers, as in Ansible.
        for (index, section) in play.sections.enumerated() {
            await perform(section, on: batch)
            if index != PlannedPlay.rolesSection { await flushHandlers(batch) }
        }
    }

    private func setVariables(of play: PlannedPlay, hosts: [HostRun]) async {
        var values = play.variables
        values.allHosts = hosts.map(\.name)
        values.batch = hosts.map(\.name)
        values.activeHosts = hosts.filter(\.isActive).map(\.name)
        variables.play = values
        for prompt in play.node.varsPrompt where variables.extra[prompt.name] == nil {
            if isInterrupted { return }
            do throws(Diagnostic) {
                let evaluated = try Prompting.evaluated(prompt, in: variables.scopeWithoutHost())
                guard let answer = try await Prompting.ask(evaluated) else { return interrupt() }
                values.prompted[prompt.name] = answer
                redactor.learn(answer)
                variables.play = values
            } catch {
                for host in hosts where host.isActive {
                    fail(
                        host, with: error,
                        title: TaskTitle(kind: .task, name: "vars_prompt", location: prompt.location))
                }
                return
            }
        }
        for host in hosts where host.isActive { loadVarsFiles(of: play, for: host) }
        redactor.learn(.map(values.vars))
    }

    /// The play's `vars_files` for a host; what cannot be read fails that host.
    private func loadVarsFiles(of play: PlannedPlay, for host: HostRun) {
        for field in play.node.varsFiles {
            do throws(Diagnostic) {
                let scope = variables.scope(host: host.name, task: nil)
                let names = (field.value.elements ?? [field.value])
                var evaluated: [String] = []
                for name in names { evaluated.append(try scope.evaluate(name).pythonText) }
                let loaded = try planner.variablesFile(evaluated, askedAt: field.location)
                redactor.learn(.map(loaded))
                variables.play.files[host.name, default: []].append(loaded)
            } catch {
                fail(
                    host, with: error.located(at: field.location),
                    title: TaskTitle(
                        kind: .task, name: "vars_files", location: field.location))
                return
            }
        }
    }

    /// Takes hosts out of the play, which cannot begin.
    private func fail(_ hosts: [HostRun], with diagnostic: Diagnostic) {
        let title = TaskTitle(kind: .task, name: "play", location: diagnostic.location)
        for host in hosts where host.isActive { fail(host, with: diagnostic, title: title) }
    }

    /// Takes a host out of the play for a reason that is no task's.
    func fail(_ host: HostRun, with diagnostic: Diagnostic, title: TaskTitle) {
        host.state = .failed
        host.counts.failed += 1
        var report = TaskReport(host: host.name, task: title, status: .failed, action: "")
        report.diagnostic = diagnostic
        tell(.result(report))
    }

    // MARK: Hosts

    private func host(_ name: String) -> HostRun {
        if let host = hosts[name] { return host }
        let host = HostRun(name)
        hosts[name] = host
        order.append(name)
        return host
    }

    /// - Throws: `Diagnostic` if there is no order of that name.
    private func ordered(_ hosts: [HostRun], of play: PlayNode) throws(Diagnostic) -> [HostRun] {
        let scope = variables.scopeWithoutHost([play.keywords.vars])
        guard let field = play.order, let name = try scope.value(of: field) else { return hosts }
        let order = try KeywordValue.order(name, at: field.location)
        switch order {
        case "reverse_inventory": return hosts.reversed()
        case "sorted": return hosts.sorted { $0.name < $1.name }
        case "reverse_sorted": return hosts.sorted { $0.name > $1.name }
        case "shuffle": return hosts.shuffled()
        default: return hosts
        }
    }

    /// The hosts in batches as `serial` says: numbers, percentages, or a list whose last entry repeats.
    ///
    /// - Throws: `Diagnostic`, at its place, for an entry that is neither.
    private func batches(of hosts: [HostRun], _ serial: [Field]) throws(Diagnostic) -> [[HostRun]] {
        let scope = variables.scopeWithoutHost()
        var sizes: [Int] = []
        for field in serial {
            guard let value = try scope.value(of: field) else { continue }
            sizes.append(try KeywordValue.batchSize(value, of: hosts.count, at: field.location))
        }
        guard let last = sizes.last, last > 0 else { return [hosts] }
        var rest = hosts[...]
        var batches: [[HostRun]] = []
        while !rest.isEmpty {
            let size = batches.count < sizes.count ? sizes[batches.count] : last
            batches.append(Array(rest.prefix(max(1, size))))
            rest = rest.dropFirst(max(1, size))
        }
        return batches
    }

    /// Ends the play, and the run with it, if more of the batch failed than `max_fail_percentage` allows.
    ///
    /// Hosts out of reach do not count, nor those that failed in an earlier play; of the batch they are a part.
    func breakIfTooManyFailed() {
        guard let limit = failureLimit, !isBroken, freeRun == nil else { return }
        let failed = batchHosts.count { $0.state == .failed && $0.rescuers == 0 }
        guard !batch.isEmpty, Double(failed) / Double(batch.count) * 100 > limit else { return }
        isBroken = true
        for host in batchHosts where host.isActive { host.state = .failed }
        tell(.noHostsLeft)
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
        variables.play.activeHosts = variables.play.allHosts.filter { hosts[$0].map(isIn) ?? false }
        variables.play.batch = batch.filter(isIn).map(\.name)
    }
}
