import Diagnostics
import Planning
import Playbook
import Results
import Values
import Variables

/// How one play is carried out: its hosts in batches, its variables, then its tasks.
extension Engine {
    /// - Returns: False if nobody is left to go on with.
    func run(_ play: PlannedPlay) async -> Bool {
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
        planner.enter(play)
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
                variables.addVarsFile(loaded, to: host.name)
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

    // MARK: Batches

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
}
