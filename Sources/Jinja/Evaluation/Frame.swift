internal import Values

/// The names that a part of a template has given values to: the template itself, a loop's turn, a macro's call.
final class Frame {
    let parent: Frame?
    private var slots: [Int] = []
    private var values: [Value] = []

    init(parent: Frame?) { self.parent = parent }

    /// The value of a name, from here outwards.
    func find(_ slot: Int) -> Value? {
        var frame: Frame? = self
        while let current = frame {
            if let index = current.index(of: slot) { return current.values[index] }
            frame = current.parent
        }
        return nil
    }

    /// The frame that has a value for the name.
    func owner(of slot: Int) -> Frame? {
        var frame: Frame? = self
        while let current = frame {
            if current.index(of: slot) != nil { return current }
            frame = current.parent
        }
        return nil
    }

    func set(_ slot: Int, _ value: Value) {
        if let index = index(of: slot) {
            values[index] = value
        } else {
            slots.append(slot)
            values.append(value)
        }
    }

    /// Takes a name's value out so that it can be changed without copying it; `set` puts it back.
    func take(_ slot: Int) -> Value? {
        guard let index = index(of: slot) else { return nil }
        let value = values[index]
        values[index] = .null
        return value
    }

    func removeAll() {
        slots.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
    }

    /// The names and values of this frame alone.
    var entries: [(slot: Int, value: Value)] { Array(zip(slots, values)).map { (slot: $0.0, value: $0.1) } }

    private func index(of slot: Int) -> Int? {
        for index in slots.indices where slots[index] == slot { return index }
        return nil
    }
}
