import Diagnostics
import Jinja
import Modules
import Planning
import Playbook
import Results
import Target
import Values
import Variables

/// Tasks that are repeated over items.
extension TaskRun {
    func performLoop() async -> (TaskOutcome, Value) {
        guard let loop = task.node.loop else { return (TaskOutcome(.ok), .null) }
        let items: [Value]
        do throws(Diagnostic) {
            switch try self.items(of: loop) {
            case .items(let list): items = list
            case .unknown(let unknown):
                let outcome = TaskOutcome.unknown(unknown)
                return (outcome, outcome.registered(title.name))
            }
        } catch {
            // A loop over something undefined is no trouble if the task is not to run at all.
            if let skipped = try? conditionOutcome(in: scope) {
                return (skipped, skipped.registered(title.name))
            }
            let outcome = TaskOutcome(failure: error.located(at: loop.items.location))
            return (outcome, outcome.registered(title.name))
        }
        var outcomes: [ItemOutcome] = []
        let scopes: [LayeredScope]
        let pauses: [Int: Double]
        do throws(Diagnostic) {
            scopes = try self.scopes(loop, items).map(\.scope)
            pauses = try self.pauses(loop, scopes)
        } catch {
            let outcome = TaskOutcome(failure: error)
            return (outcome, outcome.registered(title.name))
        }
        var learned = ValueMap()
        // What is said without an item counts where there is none.
        var hidesAnItem = items.isEmpty && isHidden
        var (ignoresAllErrors, ignoresAllUnreachable) = (true, true)
        var foresight = Foresight(of: scopes.count, isUsed: canForesee)
        let before = doneBefore(items)
        for index in items.indices {
            if index > 0, before[index] == nil, let pause = pauses[index] { await engine.nap(.seconds(pause)) }
            if engine.isInterrupted { break }
            var outcome: TaskOutcome
            let range = before[index] == nil ? foresight.rangeToAsk(at: index) : nil
            if let range { foresight.take(await foresee(scopes[range]), for: range) }
            if canRunAhead(loop) {
                let changes = foresight.changesToMake(at: index)
                if !changes.isEmpty { foresight.made(await make(changes, scopes)) }
            }
            switch (before[index], foresight.item(at: index)) {
            case (let done?, _):
                traits = Self.firstTraits(of: task, in: scopes[index])
                traits.factsOwner = done.factsOwner
                outcome = done.outcome
                foresight.performed(index, mayHaveChanged: false)
            case (nil, let item?):
                traits = item.traits
                switch item.state {
                case .answer(let answer): outcome = answer
                case .change(let planned, let warnings):
                    outcome = await make(
                        .init(index: index, traits: traits, planned: planned, warnings: warnings), in: scopes[index])
                    foresight.performed(index, mayHaveChanged: true)
                }
            case (nil, nil):
                if !learned.isEmpty { scopes[index].push(Layer("earlier items", learned)) }
                outcome = await perform(in: scopes[index])
                await noteItem(outcome, index, items[index])
                foresight.performed(index, mayHaveChanged: outcome.status == .changed || outcome.status == .failed)
            }
            hidesAnItem = hidesAnItem || isHidden
            let label = label(loop, items[index], scopes[index], &outcome)
            if outcome.status == .failed, !ignoresErrors { ignoresAllErrors = false }
            if outcome.status == .unreachable, !ignoresUnreachable { ignoresAllUnreachable = false }
            // Later items see what this one registered and set.
            learned.merge(outcome.included)
            learned.merge(outcome.variables)
            if let name = task.node.register?.value { learned[.string(name)] = outcome.registered(title.name) }
            outcomes.append(ItemOutcome(item: items[index], outcome: outcome, factsOwner: factsOwner))
            engine.tell(.item(report(outcome, label)))
            do throws(Diagnostic) {
                if try breaks(loop, outcome, scopes[index]) { break }
            } catch {
                let outcome = TaskOutcome(failure: error.located(at: task.node.location))
                return (outcome, outcome.registered(title.name))
            }
        }
        // The task's own report holds what its items hold; whom facts are about is said item by item.
        traits.isHidden = hidesAnItem
        traits.ignoresErrors = ignoresAllErrors
        traits.ignoresUnreachable = ignoresAllUnreachable
        traits.factsOwner = nil
        isToldByItem = !outcomes.isEmpty
        return combined(outcomes, loop)
    }

    /// What came of one item of a loop.
    struct ItemOutcome {
        var item: Value
        var outcome: TaskOutcome
        /// Whom its facts are about, if not the task's host.
        var factsOwner: String?
    }

    /// Whether items can be asked about before their turn: modules can, and only where one look decides.
    private var canForesee: Bool {
        guard case .module = task.action else { return false }
        return task.node.until.isEmpty && task.node.retries == nil && task.node.asynchronous == nil
            && !readsItsOwnAnswers
    }

    /// Whether later items may be changed with the one whose turn it is: not if there may be no turn for them.
    private func canRunAhead(_ loop: TaskNode.Loop) -> Bool { loop.pause == nil && loop.breakWhen.isEmpty }

    /// What is known of items after asking about them all together, in one round trip.
    ///
    /// An item whose answer depends on more than a plan gives nil and is performed on its own when its turn comes.
    private func foresee(_ scopes: ArraySlice<LayeredScope>) async -> [Foresight.Item?] {
        guard case .module(let module) = task.action else { return [] }
        let scopes = Array(scopes)
        return await Bounded.map(scopes.count, limit: scopes.count) { index -> Foresight.Item? in
            await self.foresee(module, scopes[index])
        }
    }

    /// Makes changes that have nothing to do with each other: all are under way together.
    private func make(
        _ changes: [Foresight.ToMake], _ scopes: [LayeredScope]
    ) async -> [(index: Int, change: Change, outcome: TaskOutcome)] {
        await Bounded.map(changes.count, limit: changes.count) { at in
            let next = changes[at]
            return (next.index, next.planned.change, await self.make(next, in: scopes[next.index]))
        }
    }

    /// Makes a change that was planned before; in a dry run, foretells it.
    private func make(_ next: Foresight.ToMake, in scope: LayeredScope) async -> TaskOutcome {
        var outcome: TaskOutcome
        do throws(Diagnostic) {
            if !modes.check { begin() }
            outcome = taken(
                modes.check ? next.planned.foreseen : try await next.planned.apply(), on: next.traits.delegate)
            outcome.warnings += next.warnings
        } catch {
            outcome = failed(error)
        }
        return judged(outcome, in: scope)
    }

    /// Whether an item may depend on what an earlier one registered, by name.
    private var readsItsOwnAnswers: Bool {
        guard let name = task.node.register?.value else { return false }
        let texts = task.inherited.when.map(\.value) + task.node.action.arguments.values
        return texts.contains { $0.pythonText.contains(name) }
    }

    private func foresee(_ module: any Module.Type, _ scope: LayeredScope) async -> Foresight.Item? {
        traits = Self.firstTraits(of: task, in: scope)
        do throws(Diagnostic) {
            if let outcome = try conditionOutcome(in: scope) {
                // Nothing on the host decided it.
                return Foresight.Item(traits: traits, state: .answer(outcome), concerns: Concerns.none)
            }
            let settings = try settings(in: scope)
            let traits = traits
            if settings.unknown != nil { return nil }
            guard case .ready(let instance, let warnings) = try prepared(module, in: scope, settings) else {
                return nil
            }
            switch try await ModuleRunner.inspect(instance, on: try target(settings, for: instance)) {
            case .answer(let found, let concerns):
                var outcome = taken(found, on: settings.delegate)
                // An answer made of what is unknown is no answer.
                if Value.map(outcome.values).firstUnknown != nil { return nil }
                outcome.warnings += warnings
                return Foresight.Item(traits: traits, state: .answer(judged(outcome, in: scope)), concerns: concerns)
            case .change(let planned, let concerns):
                return Foresight.Item(traits: traits, state: .change(planned, warnings: warnings), concerns: concerns)
            case .unknown:
                return nil
            }
        } catch {
            return nil
        }
    }

    // MARK: Items

    private enum Items {
        case items([Value])
        case unknown(Unknown)
    }

    private func items(of loop: TaskNode.Loop) throws(Diagnostic) -> Items {
        let value = try scope.evaluate(loop.items.value)
        if case .unknown(let unknown) = value { return .unknown(unknown) }
        guard let lookup = loop.lookup else {
            guard let items = value.elements else {
                throw Diagnostic(
                    .badValue, "'loop' needs a list, not \(value.typeName): \(short(value))", at: loop.items.location,
                    remedy: value.mapValue == nil
                        ? "Put it in brackets, or use with_items."
                        : "Loop over a map with `loop: \"{{ … | dict2items }}\"`, item.key and item.value.")
            }
            return .items(items.filter { !Omit.isMarker($0) })
        }
        let terms = value.elements ?? [value]
        let lookups = engine.variables.lookups
        // Files are sought where the task is.
        let items = try lookups.within(scope) { () throws(Diagnostic) in
            try lookups.loopItems(
                lookup, terms, action: task.node.action.name, at: loop.items.location)
        }
        return .items(items)
    }

    private func short(_ value: Value) -> String {
        if value.holdsSecret { return Redactor.mask }
        let text = value.pythonRepresentation
        return text.count > 60 ? text.prefix(60) + "…" : text
    }

    /// Each item's scope, and the variables that stand for the item in it.
    private func scopes(
        _ loop: TaskNode.Loop, _ items: [Value]
    ) throws(Diagnostic) -> [(scope: LayeredScope, values: ValueMap)] {
        let isExtended = try scope.flag(of: loop.extended, "extended") ?? false
        let hasAllItems = try scope.flag(of: loop.allItems, "extended_allitems") ?? true
        return items.indices.map { index in
            var values: ValueMap = [
                .string(loop.variable): items[index], "ansible_loop_var": .string(loop.variable),
            ]
            if let name = loop.indexVariable {
                values[name] = .int(index)
                values["ansible_index_var"] = .string(name)
            }
            if isExtended { values["ansible_loop"] = .map(position(of: index, in: items, hasAllItems)) }
            let scope = engine.variables.scope(host: host.name, task: engine.taskVariables(task))
            scope.push(Layer("loop", values))
            return (scope, values)
        }
    }

    /// `ansible_loop`.
    private func position(of index: Int, in items: [Value], _ hasAllItems: Bool) -> ValueMap {
        var map: ValueMap = [
            "index": .int(index + 1), "index0": .int(index), "first": .bool(index == 0),
            "last": .bool(index == items.count - 1), "length": .int(items.count),
            "revindex": .int(items.count - index), "revindex0": .int(items.count - index - 1),
        ]
        if hasAllItems { map["allitems"] = .list(items) }
        if index + 1 < items.count { map["nextitem"] = items[index + 1] }
        if index > 0 { map["previtem"] = items[index - 1] }
        return map
    }

    /// How an item is called; one whose label cannot be evaluated failed, as in Ansible.
    func label(
        _ loop: TaskNode.Loop, _ item: Value, _ scope: LayeredScope, _ outcome: inout TaskOutcome
    ) -> Value {
        guard let field = loop.label else { return item }
        do throws(Diagnostic) {
            return try scope.evaluate(field.value)
        } catch {
            outcome.status = .failed
            outcome.diagnostic = error.located(at: field.location)
            return item
        }
    }

    /// Seconds to wait before items, by item.
    private func pauses(_ loop: TaskNode.Loop, _ scopes: [LayeredScope]) throws(Diagnostic) -> [Int: Double] {
        guard loop.pause != nil else { return [:] }
        var pauses: [Int: Double] = [:]
        for (index, scope) in scopes.enumerated() {
            pauses[index] = try scope.value(of: loop.pause, "pause", as: KeywordValue.pause)
        }
        return pauses
    }

    private func breaks(
        _ loop: TaskNode.Loop, _ outcome: TaskOutcome, _ scope: LayeredScope
    ) throws(Diagnostic) -> Bool {
        guard !loop.breakWhen.isEmpty else { return false }
        if let name = task.node.register?.value {
            scope.push(Layer("register", [.string(name): outcome.registered(title.name)]))
        }
        for field in loop.breakWhen {
            do throws(Diagnostic) {
                guard case .yes = try scope.condition(field.value) else { return false }
            } catch {
                throw error.located(at: field.location)
            }
        }
        return true
    }

    func report(_ outcome: TaskOutcome, _ label: Value) -> TaskReport {
        var report = TaskReport(
            host: host.name, task: title, status: outcome.status, action: task.node.action.name,
            values: outcome.registered(title.name).mapValue ?? [:])
        report.label = label
        report.change = outcome.change
        report.diagnostic = outcome.diagnostic
        report.warnings = outcome.warnings
        report.isHidden = isHidden
        report.showsDiff = modes.diff
        report.delegate = delegate
        report.isIgnored =
            outcome.status == .failed && ignoresErrors || outcome.status == .unreachable && ignoresUnreachable
        report.isShown = task.node.action.shortName == "debug"
        return report
    }

    /// The items' outcomes as the task's: failed if one failed, else unreachable if one was; changed if one changed,
    /// skipped if all were.
    func combined(_ outcomes: [ItemOutcome], _ loop: TaskNode.Loop) -> (TaskOutcome, Value) {
        var results: [Value] = []
        for entry in outcomes {
            let (item, outcome) = (entry.item, entry.outcome)
            let registered = outcome.registered(title.name)
            guard case .map(var map) = registered else {
                results.append(registered)
                continue
            }
            map[.string(loop.variable)] = item
            map["ansible_loop_var"] = .string(loop.variable)
            if let name = loop.indexVariable {
                map[.string(name)] = .int(results.count)
                map["ansible_index_var"] = .string(name)
            }
            if outcome.status == .failed { map["failed"] = true }
            // An item that was out of reach did not fail.
            if outcome.status == .unreachable { map.removeValue(forKey: "failed") }
            results.append(.map(map))
        }
        let statuses = outcomes.map(\.outcome.status)
        let unknown = statuses.compactMap { status in if case .unknown(let unknown) = status { unknown } else { nil } }
            .first
        var result: TaskOutcome
        if statuses.contains(.failed) {
            let first = outcomes.first { $0.outcome.status == .failed }
            result = TaskOutcome(.failed, diagnostic: first?.outcome.diagnostic)
            result.values["msg"] = "One or more items failed"
        } else if let lost = outcomes.first(where: { $0.outcome.status == .unreachable }) {
            result = TaskOutcome(.unreachable, diagnostic: lost.outcome.diagnostic)
        } else if statuses.contains(.changed) {
            result = TaskOutcome(.changed)
        } else if let unknown {
            result = .unknown(unknown)
        } else if statuses.allSatisfy({ $0 == .skipped }) {
            result = TaskOutcome(.skipped)
            result.values["skip_reason"] = outcomes.isEmpty ? "No items in the list" : "Conditional result was False"
        } else {
            result = TaskOutcome(.ok)
        }
        result.values["msg"] =
            result.values["msg"] ?? (result.status == .skipped ? "All items skipped" : "All items completed")
        result.values["results"] = .list(results)
        for entry in outcomes {
            if let owner = entry.factsOwner {
                if entry.outcome.foundOut { result.aboutOthers.append((owner, entry.outcome)) }
                continue
            }
            result.facts.merge(entry.outcome.facts)
            result.variables.merge(entry.outcome.variables)
            result.included.merge(entry.outcome.included)
        }
        var registered = result.values
        // An item that failed may have changed something before.
        registered["changed"] = .bool(results.contains { $0.mapValue?["changed"]?.isTruthy ?? false })
        if result.status != .unreachable { registered["failed"] = .bool(statuses.contains(.failed)) }
        if statuses.contains(.unreachable) { registered["unreachable"] = true }
        registered["skipped"] = .bool(result.status == .skipped)
        return (result, .map(registered))
    }
}

extension TaskRun {
    /// Each item's scope, and the variables that stand for the item in what it includes.
    ///
    /// - Returns: Nil, and what it depends on, if only a run can tell the items.
    func loopScopes() throws(Diagnostic) -> (scopes: [(LayeredScope, ValueMap)]?, unknown: Unknown?) {
        guard let loop = task.node.loop else { return ([(scope, [:])], nil) }
        switch try items(of: loop) {
        case .items(let items): return (try scopes(loop, items).map { ($0.scope, $0.values) }, nil)
        case .unknown(let unknown): return (nil, unknown)
        }
    }
}
