internal import Values

/// Answers for plain input and arguments given by place, without a `Call` around them; nil leaves it to the filter.
typealias QuickFilter = @Sendable (_ input: Value, _ arguments: [Value]) -> Value?

/// The shorter ways of the filters that are used most.
///
/// A quick way answers what the filter itself would, sooner, or nothing: what is marked, lazy, undefined or of another
/// kind than expected is the filter's, which knows how to evaluate it and what to say of it.
enum QuickFilters {
    static let upper: QuickFilter = { input, arguments in
        plainText(input, arguments).map { .string($0.uppercased()) }
    }

    static let lower: QuickFilter = { input, arguments in
        plainText(input, arguments).map { .string($0.lowercased()) }
    }

    static let string: QuickFilter = { input, arguments in
        guard plainText(input, arguments) != nil else { return nil }
        return input
    }

    static let replace: QuickFilter = { input, arguments in
        guard arguments.count == 2, case .string(let text) = input, case .string(let old) = arguments[0],
            case .string(let new) = arguments[1], text.isPlain, old.isPlain, new.isPlain,
            // What could become long is counted.
            text.string.utf8.count <= 4096, new.string.utf8.count <= 1024
        else { return nil }
        return .string(PythonString.replace(text.string, old.string, new.string))
    }

    static let int: QuickFilter = { input, arguments in
        guard arguments.isEmpty else { return nil }
        switch input {
        case .int: return input
        case .string(let text) where text.isPlain: return Int(text.string).map { .int($0) }
        default: return nil
        }
    }

    static let standard: QuickFilter = { input, arguments in
        guard arguments.count < 2 else { return nil }
        switch input {
        case .undefined: return arguments.first ?? .string("")
        case .unknown: return nil
        default: return input
        }
    }

    static let length: QuickFilter = { input, arguments in
        guard arguments.isEmpty, input.isPlain else { return nil }
        switch input {
        case .list(let items): return .int(items.count)
        case .map(let map): return .int(map.count)
        default: return nil
        }
    }

    static let list: QuickFilter = { input, arguments in
        guard arguments.isEmpty, case .list = input, input.isPlain else { return nil }
        return input
    }

    static let first: QuickFilter = { input, arguments in
        guard arguments.isEmpty, case .list(let items) = input, input.isPlain else { return nil }
        return items.first
    }

    static let last: QuickFilter = { input, arguments in
        guard arguments.isEmpty, case .list(let items) = input, input.isPlain else { return nil }
        return items.last
    }

    /// Of few short texts and whole numbers: a long result is counted against the session's bounds.
    static let join: QuickFilter = { input, arguments in
        guard arguments.count < 2, case .list(let items) = input, items.count < 64 else { return nil }
        var separator = ""
        if let first = arguments.first {
            guard case .string(let text) = first, text.isPlain else { return nil }
            separator = text.string
        }
        var result = ""
        for index in items.indices {
            if index > 0 { result += separator }
            switch items[index] {
            case .string(let text) where text.isPlain: result += text.string
            case .int(let int): result += String(int)
            default: return nil
            }
            if result.utf8.count > 4096 { return nil }
        }
        return .string(result)
    }

    /// The characters of a text without marks.
    private static func plainText(_ input: Value, _ arguments: [Value]) -> String? {
        guard arguments.isEmpty, case .string(let text) = input, text.isPlain else { return nil }
        return text.string
    }
}
