internal import Diagnostics
internal import Values

/// Text laid out: indented, wrapped, cut, centred.
enum LayoutFilters {
    static let all: [Filter] = [
        Filter("indent", ["width", "first", "blank"], indent),
        Filter("truncate", ["length", "killwords", "end", "leeway"], truncate),
        Filter("wordwrap", ["width", "break_long_words", "wrapstring", "break_on_hyphens"], wrap),
        Filter("center", ["width"]) { call throws(Diagnostic) in
            let width = try call.int(0, default: 80)
            guard width <= 1_000_000 else { throw call.failure("'center' to a width of \(width) is too wide") }
            return .string(PythonString.center(call.text, width: width))
        },
        Filter("pprint") { call throws(Diagnostic) in .string(PrettyPrint.text(call.input)) },
    ]

    private static func indent(_ call: Call) throws(Diagnostic) -> Value {
        var indentation = "    "
        switch call[0] {
        case nil: break
        case .string(let text)?: indentation = text.string
        case let value?:
            guard case .int(let width)? = value.number, width <= 10_000 else {
                throw call.wrongArgument(0, "a number or text", value)
            }
            indentation = String(repeating: " ", count: max(0, width))
        }
        guard case .string(let text) = call.input else { throw call.wrongInput("text") }
        let lines = PythonString.splitLines(text.string + "\n")
        let indentsBlank = call.bool(2, default: false)
        var result = GrowingText(call.evaluator.session)
        if call.bool(1, default: false) { try result.append(indentation) }
        for (index, line) in lines.enumerated() {
            if index > 0 {
                try result.append("\n")
                if !line.isEmpty || indentsBlank { try result.append(indentation) }
            }
            try result.append(line)
        }
        return .string(try result.finished())
    }

    private static func truncate(_ call: Call) throws(Diagnostic) -> Value {
        let length = try call.int(0, default: 255)
        let end = try call.string(2, default: "...")
        let leeway = try call.int(3, default: 5)
        let endLength = PythonString.length(end)
        guard length >= endLength else {
            throw call.failure("'truncate' needs a length of at least \(endLength), not \(length)")
        }
        guard leeway >= 0 else { throw call.failure("'truncate' needs a leeway that is not negative") }
        let scalars = Array(call.text.unicodeScalars)
        if scalars.count <= length + leeway { return .string(call.text) }
        let head = PythonString.string(scalars.prefix(length - endLength))
        if call.bool(1, default: false) { return .string(head + end) }
        return .string((PythonString.rsplit(head, separator: " ", limit: 1).first ?? head) + end)
    }

    // MARK: Wrapping

    private static func wrap(_ call: Call) throws(Diagnostic) -> Value {
        let width = try call.int(0, default: 79)
        guard width > 0 else { throw call.failure("'wordwrap' needs a width above zero") }
        let separator = try call.string(2, default: "\n")
        var result = GrowingText(call.evaluator.session)
        for (index, line) in PythonString.splitLines(call.text).enumerated() {
            let wrapped = try wrapped(
                line, width: width, breaksWords: call.bool(1, default: true), breaksHyphens: call.bool(3, default: true)
            )
            if index > 0 { try result.append(separator) }
            try result.append(wrapped, between: separator)
        }
        return .string(try result.finished())
    }

    /// One line as Python's `textwrap` wraps it.
    private static func wrapped(
        _ line: String, width: Int, breaksWords: Bool, breaksHyphens: Bool
    ) throws(Diagnostic) -> [String] {
        var chunks = Array(try chunks(line, breaksHyphens: breaksHyphens).reversed())
        var result: [String] = []
        func isBlank(_ chunk: [UnicodeScalar]) -> Bool { chunk.allSatisfy { isWrapSpace($0) } }
        while !chunks.isEmpty {
            var current: [[UnicodeScalar]] = []
            var length = 0
            if let next = chunks.last, isBlank(next), !result.isEmpty { chunks.removeLast() }
            while let next = chunks.last, length + next.count <= width {
                current.append(next)
                length += next.count
                chunks.removeLast()
            }
            if let next = chunks.last, next.count > width {
                let space = width - length
                if breaksWords {
                    var end = max(1, space)
                    if breaksHyphens, next.count > space,
                        let hyphen = next[..<min(space, next.count)].lastIndex(of: "-"), hyphen > 0,
                        next[..<hyphen].contains(where: { $0 != "-" })
                    {
                        end = hyphen + 1
                    }
                    if space >= 1 || current.isEmpty {
                        current.append(Array(next[..<end]))
                        chunks[chunks.count - 1] = Array(next[end...])
                    }
                } else if current.isEmpty {
                    current.append(next)
                    chunks.removeLast()
                }
            }
            if let last = current.last, isBlank(last) { current.removeLast() }
            if !current.isEmpty { result.append(PythonString.string(current.joined())) }
        }
        return result
    }

    private static func isWrapSpace(_ scalar: UnicodeScalar) -> Bool {
        " \t\n\u{0B}\u{0C}\r".unicodeScalars.contains(scalar)
    }

    /// The pieces a line may be broken between: words, blanks, and parts of hyphenated words.
    private static func chunks(_ line: String, breaksHyphens: Bool) throws(Diagnostic) -> [[UnicodeScalar]] {
        let pattern =
            breaksHyphens
            ? "[ \\t\\n\\x0b\\x0c\\r]+|(?<=[\\w!\"'&.,?])-{2,}(?=\\w)|[^ \\t\\n\\x0b\\x0c\\r](?:[^ \\t\\n\\x0b\\x0c\\r])*?(?:-(?:(?<=[^\\d\\W]{2}-)|(?<=[^\\d\\W]-[^\\d\\W]-))(?=[^\\d\\W]-?[^\\d\\W])|(?=[ \\t\\n\\x0b\\x0c\\r]|\\z)|(?<=[\\w!\"'&.,?])(?=-{2,}\\w))"
            : "[ \\t\\n\\x0b\\x0c\\r]+|[^ \\t\\n\\x0b\\x0c\\r]+"
        let bytes = Array(line.utf8)
        return try Regex.compiled(pattern).matches(in: bytes).compactMap {
            $0.whole.isEmpty ? nil : Array(String(decoding: bytes[$0.whole], as: UTF8.self).unicodeScalars)
        }
    }
}

/// Python's `pprint`: on one line if it fits into 80 columns, else one element a line; maps sorted by key.
enum PrettyPrint {
    static func text(_ value: Value) -> String { text(value, indent: 0, allowance: 0, depth: 0) }

    private static func text(_ value: Value, indent: Int, allowance: Int, depth: Int) -> String {
        let flat = PythonPrint.representation(sorted(value, depth: 0))
        guard PythonString.length(flat) + indent + allowance > 80, depth < 100 else { return flat }
        switch value {
        case .map(let map):
            let entries = map.map { (key: $0.key.value.pythonRepresentation, value: $0.value) }
                .sorted { PythonString.compare($0.key, $1.key) < 0 }
            return "{"
                + entries.enumerated().map { index, entry in
                    let inner = indent + 1 + PythonString.length(entry.key) + 2
                    return entry.key + ": "
                        + text(
                            entry.value, indent: inner, allowance: index == entries.count - 1 ? allowance + 1 : 1,
                            depth: depth + 1)
                }.joined(separator: ",\n" + String(repeating: " ", count: indent + 1)) + "}"
        case .list(let items), .tuple(let items):
            let isList = if case .list = value { true } else { false }
            let lines = items.enumerated().map { index, item in
                text(
                    item, indent: indent + 1, allowance: index == items.count - 1 ? allowance + 1 : 1, depth: depth + 1)
            }
            return (isList ? "[" : "(") + lines.joined(separator: ",\n" + String(repeating: " ", count: indent + 1))
                + (isList ? "]" : ")")
        default: return flat
        }
    }

    private static func sorted(_ value: Value, depth: Int) -> Value {
        guard depth < 100 else { return value }
        switch value {
        case .map(let map):
            let entries = map.map { ($0.key, sorted($0.value, depth: depth + 1)) }
                .sorted { PythonString.compare($0.0.value.pythonRepresentation, $1.0.value.pythonRepresentation) < 0 }
            return .map(ValueMap(entries))
        case .list(let items): return .list(items.map { sorted($0, depth: depth + 1) })
        case .tuple(let items): return .tuple(items.map { sorted($0, depth: depth + 1) })
        default: return value
        }
    }
}
