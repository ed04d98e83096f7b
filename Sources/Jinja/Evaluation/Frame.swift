internal import Values

/// The names that a part of a template has given values to: the template itself, a loop's turn, a macro's call.
///
/// There are few in one frame, so a walk finds them sooner than a table would.
final class Frame {
    let parent: Frame?
    /// The names and values of this frame alone.
    @exclusivity(unchecked) private(set) var entries: [(slot: Int, value: Value)] = []

    init(parent: Frame?) {
        self.parent = parent
        if parent != nil { entries.reserveCapacity(4) }
    }

    /// The value of a name, from here outwards.
    func find(_ slot: Int) -> Value? {
        if let index = index(of: slot) { return entries[index].value }
        return parent?.find(slot)
    }

    /// What the map that a name stands for holds under another; nil if it is no such map.
    func entry(_ name: ValueMap.Name, of slot: Int) -> Value? {
        if let index = index(of: slot) { return entries[index].value.entry(name) }
        return parent?.entry(name, of: slot)
    }

    /// The frame that has a value for the name.
    func owner(of slot: Int) -> Frame? {
        index(of: slot) != nil ? self : parent?.owner(of: slot)
    }

    func set(_ slot: Int, _ value: Value) {
        if let index = index(of: slot) {
            entries[index].value = value
        } else {
            entries.append((slot, value))
        }
    }

    /// Takes a name's value out so that it can be changed without copying it; `set` puts it back.
    func take(_ slot: Int) -> Value? {
        guard let index = index(of: slot) else { return nil }
        let value = entries[index].value
        entries[index].value = .null
        return value
    }

    /// Forgets all but the names that came first: a loop's own, which every turn sets again.
    func keepFirst(_ count: Int) {
        while entries.count > count { entries.removeLast() }
    }

    private func index(of slot: Int) -> Int? {
        for index in entries.indices where entries[index].slot == slot { return index }
        return nil
    }
}
