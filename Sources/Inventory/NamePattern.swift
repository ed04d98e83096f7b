internal import CPCRE2
internal import Diagnostics

/// What one word of a host pattern matches names against.
enum NamePattern {
    case exact(String)
    case glob([GlobPart])
    case expression(Expression)

    /// A piece of a shell pattern.
    enum GlobPart {
        case character(Unicode.Scalar)
        case anyOne
        case anyMany
        case set([ClosedRange<UInt32>], isNegated: Bool)
    }

    /// - Throws: `Diagnostic` with code `.badValue` for a regular expression that does not compile.
    init(_ text: String) throws(Diagnostic) {
        if text.hasPrefix("~") {
            self = .expression(try Expression(String(text.dropFirst())))
        } else if text.contains(where: { "*?[".contains($0) }) {
            self = .glob(Self.parts(text))
        } else {
            self = .exact(text)
        }
    }

    func matches(_ name: String) -> Bool {
        switch self {
        case .exact(let text): text == name
        case .glob(let parts): Self.matches(Array(name.unicodeScalars)[...], parts[...])
        case .expression(let expression): expression.matchesStart(of: name)
        }
    }

    fileprivate static func parts(_ text: String) -> [GlobPart] {
        let scalars = Array(text.unicodeScalars)
        var parts: [GlobPart] = []
        var index = 0
        while index < scalars.count {
            switch scalars[index] {
            case "*":
                if case .anyMany? = parts.last {} else { parts.append(.anyMany) }
            case "?": parts.append(.anyOne)
            case "[":
                if let (set, next) = set(scalars, from: index) {
                    parts.append(set)
                    index = next
                    continue
                }
                parts.append(.character("["))
            default: parts.append(.character(scalars[index]))
            }
            index += 1
        }
        return parts
    }

    private static func set(_ scalars: [Unicode.Scalar], from open: Int) -> (GlobPart, Int)? {
        var index = open + 1
        let isNegated = index < scalars.count && scalars[index] == "!"
        if isNegated { index += 1 }
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while index < scalars.count, isFirst || scalars[index] != "]" {
            isFirst = false
            let low = scalars[index].value
            if index + 2 < scalars.count, scalars[index + 1] == "-", scalars[index + 2] != "]" {
                let high = scalars[index + 2].value
                if low <= high { ranges.append(low...high) }
                index += 3
            } else {
                ranges.append(low...low)
                index += 1
            }
        }
        guard index < scalars.count else { return nil }
        return (.set(ranges, isNegated: isNegated), index + 1)
    }

    private static func matches(_ name: ArraySlice<Unicode.Scalar>, _ parts: ArraySlice<GlobPart>) -> Bool {
        var name = name
        var parts = parts
        // Where the last `*` stands and how far it has eaten: going back there is all the backtracking a glob needs.
        var star: (parts: ArraySlice<GlobPart>, name: ArraySlice<Unicode.Scalar>)?
        while true {
            if let part = parts.first {
                if case .anyMany = part {
                    parts = parts.dropFirst()
                    star = (parts, name)
                    continue
                }
                if let scalar = name.first, accepts(part, scalar) {
                    parts = parts.dropFirst()
                    name = name.dropFirst()
                    continue
                }
            } else if name.isEmpty {
                return true
            }
            guard let last = star, !last.name.isEmpty else { return false }
            star = (last.parts, last.name.dropFirst())
            (parts, name) = (last.parts, last.name.dropFirst())
        }
    }

    private static func accepts(_ part: GlobPart, _ scalar: Unicode.Scalar) -> Bool {
        switch part {
        case .character(let wanted): wanted == scalar
        case .anyOne, .anyMany: true
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar.value) } != isNegated
        }
    }

    /// A compiled regular expression; PCRE2's object is freed with it.
    final class Expression {
        private let code: OpaquePointer

        init(_ pattern: String) throws(Diagnostic) {
            var error: Int32 = 0
            var offset = 0
            let bytes = Array(pattern.utf8)
            let options = UInt32(PCRE2_UTF) | UInt32(PCRE2_UCP)
            let compiled = bytes.withUnsafeBufferPointer { buffer in
                pcre2_compile_8(buffer.baseAddress, buffer.count, options, &error, &offset, nil)
            }
            guard let compiled else {
                var message = [UInt8](repeating: 0, count: 256)
                let length = pcre2_get_error_message_8(error, &message, message.count)
                let reason = String(decoding: message.prefix(max(0, Int(length))), as: UTF8.self)
                throw Diagnostic(
                    .badValue, "'\(pattern)' is no regular expression: \(reason) after \(offset) characters",
                    remedy: "Mend it, or remove the '~' if it is a name.")
            }
            code = compiled
        }

        deinit { pcre2_code_free_8(code) }

        /// Whether the expression matches at the name's first character, as Python's `match` does.
        func matchesStart(of name: String) -> Bool {
            guard let data = pcre2_match_data_create_from_pattern_8(code, nil) else { return false }
            defer { pcre2_match_data_free_8(data) }
            let bytes = Array(name.utf8)
            return bytes.withUnsafeBufferPointer { buffer in
                pcre2_match_8(code, buffer.baseAddress, buffer.count, 0, UInt32(PCRE2_ANCHORED), data, nil) >= 0
            }
        }
    }
}

/// Shell patterns, as Python's `fnmatch` has them.
public enum ShellPattern {
    /// Whether a name is the pattern, or matches its `*`, `?` and `[…]`.
    public static func matches(_ name: String, _ pattern: String) -> Bool {
        name == pattern || NamePattern.glob(NamePattern.parts(pattern)).matches(name)
    }
}
