internal import Diagnostics
internal import Values

/// Text: case, trimming, replacing, splitting, formatting.
enum TextFilters {
    static let all: [Filter] = [
        Filter("upper", quick: QuickFilters.upper) { call throws(Diagnostic) in .string(call.text.uppercased()) },
        Filter("lower", quick: QuickFilters.lower) { call throws(Diagnostic) in .string(call.text.lowercased()) },
        Filter("capitalize") { call throws(Diagnostic) in .string(PythonString.capitalize(call.text)) },
        Filter("title") { call throws(Diagnostic) in .string(title(call.text)) },
        Filter("trim", ["chars"]) { call throws(Diagnostic) in
            let characters = call[0].flatMap { $0.isNull ? nil : PythonPrint.text($0) }
            return .string(PythonString.strip(call.text, characters: characters))
        },
        Filter("replace", ["old", "new", "count"], required: 2, quick: QuickFilters.replace) {
            call throws(Diagnostic) in
            var result = GrowingText(call.evaluator.session)
            try result.append(
                call.text, replacing: call.printed(0, default: ""), with: call.printed(1, default: ""),
                count: try call.int(2, default: -1))
            return .string(try result.finished())
        },
        Filter("split", ["sep", "maxsplit"], split),
        Filter("format", [], [.variadic, .keywords], format),
        Filter("wordcount") { call throws(Diagnostic) in .int(try Regex.compiled("\\w+").matches(in: call.text).count)
        },
        Filter("quote") { call throws(Diagnostic) in .string(quoted(call.input.isNull ? "" : call.text)) },
    ]

    /// Words begin after blanks and some signs here, other than in Python's own `title`.
    private static func title(_ text: String) -> String {
        var result = ""
        var beginsWord = true
        for scalar in text.unicodeScalars {
            let separates = "-({[<".unicodeScalars.contains(scalar) || PythonString.isSpace(scalar)
            if separates {
                result.unicodeScalars.append(scalar)
            } else {
                result += beginsWord ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
            }
            beginsWord = separates
        }
        return result
    }

    private static func split(_ call: Call) throws(Diagnostic) -> Value {
        guard case .string(let text) = call.input else { throw call.wrongInput("text") }
        var separator: String?
        if let value = call[0], !value.isNull {
            let word = try call.string(0)
            guard !word.isEmpty else { throw call.failure("the separator of 'split' is empty") }
            separator = word
        }
        let parts = PythonString.split(text.string, separator: separator, limit: try call.int(1, default: -1))
        return .list(parts.map { .string($0) })
    }

    private static func format(_ call: Call) throws(Diagnostic) -> Value {
        guard call.extra.isEmpty || call.named.isEmpty else {
            throw call.failure("'format' takes either positional or named arguments, not both")
        }
        return try PythonFormat.percent(Text(call.text), call.named.isEmpty ? .tuple(call.extra) : .map(call.named))
    }

    /// The text as one word of a POSIX shell's command line.
    static func quoted(_ text: String) -> String {
        if text.isEmpty { return "''" }
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "@%_-+=:,./".utf8.contains(byte)
            }
        }
        return isPlain ? text : "'" + PythonString.replace(text, "'", "'\"'\"'") + "'"
    }
}
