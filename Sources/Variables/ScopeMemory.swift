import Values

/// The part of a run's memory that one scope takes from and adds to.
struct ScopeMemory {
    let run: VariableMemory
    let host: HostMemory
    /// Whether the scope is how others see the host's variables.
    let isOwn: Bool
    /// Where the scope is; values of another place are not its own.
    private let place: HostMemory.Place
    /// The task's own variables, which may hide what values were made of.
    private var shadows: [ValueMap]
    /// Values found to have nothing behind them that is hidden.
    private var unhidden: [ObjectIdentifier: KeptValue] = [:]

    /// - Parameter shadows: Variables of the task alone.
    init(_ run: VariableMemory, host: String, isOwn: Bool, place: HostMemory.Place = .play, shadows: [ValueMap] = []) {
        self.run = run
        self.host = run.host(host)
        self.isOwn = isOwn
        self.place = place
        self.shadows = shadows
    }

    /// Adds variables of the task alone.
    mutating func hide(_ values: ValueMap) {
        shadows.append(values)
        unhidden.removeAll()
    }

    /// The value of a name, if it is kept and right for this scope.
    mutating func recall(_ name: String) -> KeptValue? {
        if !isOwn { host.enter(place) }
        guard let kept = host.kept(name, isOwn: isOwn), run.isCurrent(kept), !isHidden(name, kept) else { return nil }
        return kept
    }

    /// Ends the evaluation of a name begun last.
    ///
    /// - Parameter value: What it gave; nil if it failed.
    /// - Returns: What was kept of it; nil if the value is volatile, as is then all that is made of it.
    func end(_ name: String, _ value: Value?) -> KeptValue? {
        // What the task's own variable gives is nobody else's.
        guard let kept = run.end(name, value), !isHidden(name) else { return nil }
        if !isOwn { host.enter(place) }
        host.keep(kept, isOwn: isOwn)
        return kept
    }

    private func isHidden(_ name: String) -> Bool { shadows.contains { $0[name] != nil } }

    /// Whether a variable of the task's own hides the name or anything behind it.
    private mutating func isHidden(_ name: String, _ kept: KeptValue?) -> Bool {
        if shadows.isEmpty { return false }
        if isHidden(name) { return true }
        guard let kept, unhidden[ObjectIdentifier(kept)] == nil else { return false }
        for need in kept.needs where need.host === host && !need.isOwn {
            if isHidden(need.name, need.inner) { return true }
        }
        unhidden[ObjectIdentifier(kept)] = kept
        return false
    }

    /// Notes for whoever is being evaluated that it read a name.
    ///
    /// - Parameter kept: What may be kept of the name's value, if that is a template's.
    func read(_ name: String, _ kept: KeptValue?, by scope: LayeredScope) {
        guard run.isNoting else { return }
        if isHidden(name) { return run.noteVolatile() }
        run.read(.init(host: host, isOwn: isOwn, name: name, inner: kept), by: scope)
    }
}
