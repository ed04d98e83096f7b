import Values

/// What variables gave, kept from task to task for as long as nothing that it was made of has changed.
///
/// Whatever a variable's template reads while it is evaluated is noted, names that nobody defines included. What the
/// run learns of a host stamps the names it learns; a value is kept as long as none of the names behind it, through all
/// the variables between, has a younger stamp. Plays and the inventory, whose changes are rare, empty everything.
///
/// Volatile, and so not kept, is what more than variables had a part in: chance, the clock, files, lookups, hosts that
/// dropped out of the play; what is no plain data; and what is made of any of this.
final class VariableMemory {
    /// Counts the changes of variables, of all hosts.
    private(set) var clock = 0
    private var hosts: [String: HostMemory] = [:]
    /// The evaluations under way, the outermost first.
    private var notes: [Notes] = []

    /// The most variables between a value and what it is made of, and the most names that one may read: beyond, it is
    /// evaluated anew each time. All that walks through what is kept is bounded by them.
    private static let (deepest, mostNeeds) = (200, 20_000)

    /// What one evaluation under way has read.
    private struct Notes {
        let scope: ObjectIdentifier
        let host: HostMemory
        /// What is learned of another host meanwhile counts as later.
        let clock: Int
        var needs: [KeptValue.Need] = []
        var isLocal = true
        var depth = 0
        var isVolatile = false
    }

    func host(_ name: String) -> HostMemory {
        if let known = hosts[name] { return known }
        let memory = HostMemory()
        hosts[name] = memory
        return memory
    }

    /// Notes that a host's variables of these names have other values now.
    func changed(_ names: some Sequence<ValueMap.Key>, of host: String) {
        clock += 1
        self.host(host).stamp(names, clock)
    }

    /// Notes that any of a host's variables may have another value.
    func changedAll(of host: String) {
        clock += 1
        self.host(host).stampAll(clock)
    }

    /// Forgets every value.
    func forget() {
        clock += 1
        for host in hosts.values { host.forget() }
    }

    // MARK: Evaluations

    func begin(_ scope: LayeredScope, _ host: HostMemory) {
        notes.append(Notes(scope: ObjectIdentifier(scope), host: host, clock: clock))
    }

    /// Ends the evaluation begun last.
    ///
    /// - Parameter value: What it gave; nil if it failed.
    /// - Returns: What may be kept of it; nil if the value is volatile, as is then all that is made of it.
    func end(_ name: String, _ value: Value?) -> KeptValue? {
        guard let notes = notes.popLast(), let value, !notes.isVolatile, value.mayBeKept else { return nil }
        return KeptValue(
            name, of: notes.host, value, notes.needs, isLocal: notes.isLocal, depth: notes.depth, made: notes.clock)
    }

    /// Whether anybody wants to know what is read.
    var isNoting: Bool { !notes.isEmpty }

    /// Notes that the evaluation under way, if there is one, read a name.
    func read(_ need: KeptValue.Need, by scope: LayeredScope) {
        guard let last = notes.indices.last else { return }
        let depth = (need.inner?.depth ?? 0) + 1
        // The variables of another host are read as it has them (`hostvars`), or not to be kept.
        guard need.isOwn || notes[last].scope == ObjectIdentifier(scope), depth <= Self.deepest,
            notes[last].needs.count < Self.mostNeeds
        else {
            notes[last].isVolatile = true
            return
        }
        notes[last].needs.append(need)
        notes[last].depth = max(notes[last].depth, depth)
        if need.host !== notes[last].host || need.inner?.isLocal == false { notes[last].isLocal = false }
    }

    /// Notes that more than variables had a part in the evaluation under way.
    func noteVolatile() { if let last = notes.indices.last { notes[last].isVolatile = true } }

    // MARK: Recalling

    /// Whether nothing behind a kept value has changed since it was made.
    func isCurrent(_ kept: KeptValue) -> Bool {
        if kept.isStale || kept.checked == clock { return !kept.isStale }
        if !kept.isLocal || kept.host.lastChange > kept.checked {
            kept.isStale =
                kept.host.lastChange(of: kept.name) > kept.checked
                || kept.needs.contains { need in
                    if need.host.lastChange(of: need.name) > kept.checked { return true }
                    return need.inner.map { !isCurrent($0) } ?? false
                }
        }
        kept.checked = clock
        return !kept.isStale
    }
}

/// A value that a variable gave.
final class KeptValue {
    /// A name that an evaluation read.
    struct Need {
        unowned let host: HostMemory
        /// Whether it was read as others see the host's variables.
        let isOwn: Bool
        let name: String
        /// What the name gave, if it stands for a template.
        let inner: KeptValue?
    }

    let name: String
    // The memory of all hosts holds each host's as long as it lives itself.
    unowned let host: HostMemory
    let value: Value
    /// What its own template read.
    let needs: [Need]
    /// Whether all that is behind it belongs to the same host.
    let isLocal: Bool
    /// How many variables lie between it and what it is made of at the most.
    let depth: Int
    /// When it was last looked at whether it is still right, and whether it was found not to be: for good, then.
    fileprivate var checked: Int
    fileprivate var isStale = false

    init(
        _ name: String, of host: HostMemory, _ value: Value, _ needs: [Need], isLocal: Bool, depth: Int, made: Int
    ) {
        self.name = name
        self.host = host
        self.value = value
        self.needs = needs
        self.isLocal = isLocal
        self.depth = depth
        checked = made
    }
}

/// What is kept of one host's variables, and when they changed.
final class HostMemory {
    private(set) var lastChange = 0
    private var changes: [String: Int] = [:]
    private var lastOfAll = 0
    /// Values as tasks see them, all tasks of one use of a role: other roles have other variables.
    private var atTasks: [String: KeptValue] = [:]
    private var place: Place?
    /// Values as others see them.
    private var own: [String: KeptValue] = [:]

    /// Where tasks see the same variables, but for those of their own.
    enum Place {
        /// Beside all tasks.
        case play
        /// In a use of a role, which is held so that no other can take its identity; nil outside of roles.
        case tasks(role: AnyObject?)

        func isSame(as other: Place) -> Bool {
            switch (self, other) {
            case (.play, .play): true
            case (.tasks(let role), .tasks(let other)): role === other
            default: false
            }
        }
    }

    func lastChange(of name: String) -> Int { max(changes[name] ?? 0, lastOfAll) }

    fileprivate func stamp(_ names: some Sequence<ValueMap.Key>, _ clock: Int) {
        lastChange = clock
        for name in names { changes[name.text] = clock }
    }

    fileprivate func stampAll(_ clock: Int) {
        lastChange = clock
        lastOfAll = clock
        changes.removeAll()
    }

    fileprivate func forget() {
        atTasks.removeAll()
        own.removeAll()
        place = nil
    }

    /// Forgets what was kept at another place.
    func enter(_ place: Place) {
        if let now = self.place, now.isSame(as: place) { return }
        atTasks.removeAll(keepingCapacity: true)
        self.place = place
    }

    func kept(_ name: String, isOwn: Bool) -> KeptValue? { isOwn ? own[name] : atTasks[name] }

    func keep(_ value: KeptValue, isOwn: Bool) {
        if isOwn { own[value.name] = value } else { atTasks[value.name] = value }
    }
}

extension Value {
    /// Whether it is data, which is the same whenever it is looked at.
    fileprivate var mayBeKept: Bool {
        switch self {
        case .object, .undefined: false
        case .list(let items), .tuple(let items): items.allSatisfy(\.mayBeKept)
        case .map(let map): map.isPlain || map.values.allSatisfy(\.mayBeKept)
        default: true
        }
    }
}
