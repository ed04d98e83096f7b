internal import Values

/// The names that a part of a template has given values to: the template itself, a loop's turn, a macro's call.
///
/// There are few in one frame, so a walk finds them sooner than a table would. They lie in memory of the frame's own:
/// of an array, each walk would count a reference, and that costs more than the walk.
final class Frame {
    private struct Entry {
        var slot: Int
        var value: Value
    }

    let parent: Frame?
    /// The names and values of this frame alone: the first `count` are there.
    @exclusivity(unchecked) private var entries: UnsafeMutableBufferPointer<Entry>
    @exclusivity(unchecked) private var count = 0

    init(parent: Frame?) {
        self.parent = parent
        entries = .allocate(capacity: 4)
    }

    deinit {
        entries.prefix(count).deinitialize()
        entries.deallocate()
    }

    /// The names that have values in this frame alone.
    var assignments: [(slot: Int, value: Value)] { entries.prefix(count).map { ($0.slot, $0.value) } }

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
            return
        }
        if count == entries.count { grow() }
        entries.initializeElement(at: count, to: Entry(slot: slot, value: value))
        count += 1
    }

    /// Takes a name's value out so that it can be changed without copying it; `set` puts it back.
    func take(_ slot: Int) -> Value? {
        guard let index = index(of: slot) else { return nil }
        let value = entries[index].value
        entries[index].value = .null
        return value
    }

    /// Forgets all but the names that came first: a loop's own, which every turn sets again.
    func keepFirst(_ number: Int) {
        while count > number {
            count -= 1
            entries.deinitializeElement(at: count)
        }
    }

    private func index(of slot: Int) -> Int? {
        for index in 0..<count where entries[index].slot == slot { return index }
        return nil
    }

    private func grow() {
        let larger = UnsafeMutableBufferPointer<Entry>.allocate(capacity: entries.count * 2)
        _ = larger.moveInitialize(fromContentsOf: entries)
        entries.deallocate()
        entries = larger
    }
}
