internal import Diagnostics
internal import Values

/// Slices, as Python cuts them.
enum PythonSequence {
    static func slice(_ value: Value, start: Int?, stop: Int?, step: Int?) throws(Diagnostic) -> Value {
        let step = step ?? 1
        guard step != 0 else { throw Diagnostic(.template, "a slice's step cannot be zero") }
        switch value {
        case .list(let items): return .list(pick(items, start, stop, step))
        case .tuple(let items): return .tuple(pick(items, start, stop, step))
        case .string(let text):
            let scalars = pick(Array(text.string.unicodeScalars), start, stop, step)
            return .string(Text(PythonString.string(scalars), marks: text.marks.intersection(.secret)))
        case .object(let range as RangeObject):
            let indices = pick(Array(0..<min(range.count.clamped, 10_000_000)), start, stop, step)
            var items: [Value] = []
            for index in indices { items.append(try range.element(.small(index)) ?? .null) }
            return .list(items)
        default:
            throw Diagnostic(.template, "\(ErrorText.describe(value)) cannot be sliced")
        }
    }

    private static func pick<Element>(_ items: [Element], _ start: Int?, _ stop: Int?, _ step: Int) -> [Element] {
        let count = items.count
        func clamp(_ bound: Int?, _ standard: Int, lowest: Int, highest: Int) -> Int {
            guard let bound else { return standard }
            let place = bound < 0 ? bound &+ count : bound
            return min(max(place, lowest), highest)
        }
        var result: [Element] = []
        if step > 0 {
            var index = clamp(start, 0, lowest: 0, highest: count)
            let end = clamp(stop, count, lowest: 0, highest: count)
            while index < end {
                result.append(items[index])
                let (next, overflow) = index.addingReportingOverflow(step)
                if overflow { break }
                index = next
            }
        } else {
            var index = clamp(start, count - 1, lowest: -1, highest: count - 1)
            let end = clamp(stop, -1, lowest: -1, highest: count - 1)
            while index > end {
                result.append(items[index])
                let (next, overflow) = index.addingReportingOverflow(step)
                if overflow { break }
                index = next
            }
        }
        return result
    }
}

/// Python's order of values.
enum PythonOrder {
    /// Negative, zero or positive as `left` comes before, with or after `right`.
    ///
    /// - Throws: If the two kinds have no order among them, as numbers and texts.
    static func compare(_ left: Value, _ right: Value, symbol: String = "<") throws(Diagnostic) -> Int {
        switch (left, right) {
        case (.string(let a), .string(let b)): return PythonString.compare(a.string, b.string)
        case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
            for (x, y) in zip(a, b) where x != y { return try compare(x, y, symbol: symbol) }
            return a.count - b.count
        case (.object(let a as any TemplateObject), _):
            if let order = a.order(with: right) { return order }
        default:
            switch (left.number, right.number) {
            case (let a?, let b?):
                // Nothing comes before or after not-a-number: whatever is asked, the answer is no.
                return a.order(with: b) ?? (symbol.hasPrefix("<") ? 1 : -1)
            default: break
            }
        }
        var remedy: String?
        if (left.text != nil) != (right.text != nil), left.number != nil || right.number != nil {
            remedy = "Turn the text into a number with '| int' or '| float'."
        }
        throw Diagnostic(
            .template,
            "'\(symbol)' cannot compare \(ErrorText.describe(left)) with \(ErrorText.describe(right))", remedy: remedy)
    }

    /// The elements sorted by their keys, stably.
    static func sorted(
        _ items: [Value], reverse: Bool = false, by key: (Value) throws(Diagnostic) -> Value
    ) throws(Diagnostic) -> [Value] {
        var pairs: [(key: Value, value: Value)] = []
        pairs.reserveCapacity(items.count)
        for item in items { pairs.append((try key(item), item)) }
        if reverse { pairs.reverse() }
        try mergeSort(&pairs)
        if reverse { pairs.reverse() }
        return pairs.map(\.value)
    }

    private static func mergeSort(_ pairs: inout [(key: Value, value: Value)]) throws(Diagnostic) {
        var width = 1
        var source = pairs
        var target = pairs
        let count = pairs.count
        while width < count {
            var start = 0
            while start < count {
                let middle = min(start + width, count)
                let end = min(start + 2 * width, count)
                var left = start
                var right = middle
                for place in start..<end {
                    var takesLeft = left < middle
                    if takesLeft, right < end {
                        takesLeft = try compare(source[right].key, source[left].key) >= 0
                    }
                    if takesLeft {
                        target[place] = source[left]
                        left += 1
                    } else {
                        target[place] = source[right]
                        right += 1
                    }
                }
                start = end
            }
            swap(&source, &target)
            width *= 2
        }
        pairs = source
    }
}
