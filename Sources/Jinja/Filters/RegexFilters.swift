internal import Diagnostics
internal import Values

/// Regular expressions, with Python's meaning.
enum RegexFilters {
    static let all: [Filter] = [
        Filter(
            "regex_replace", ["pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count"], replace),
        Filter("regex_search", ["regex"], required: 1, [.variadic, .keywords], search),
        Filter("regex_findall", ["regex", "multiline", "ignorecase"], required: 1, findAll),
        Filter("regex_escape", ["re_type"], escape),
    ]

    static func options(ignoreCase: Bool, multiline: Bool) -> Regex.Options {
        var options: Regex.Options = []
        if ignoreCase { options.insert(.ignoreCase) }
        if multiline { options.insert(.multiline) }
        return options
    }

    private static func replace(_ call: Call) throws(Diagnostic) -> Value {
        let pattern = try call.string(0, default: "")
        let regex = try Regex.compiled(
            pattern, options(ignoreCase: call.bool(2, default: false), multiline: call.bool(3, default: false)))
        let count = try call.int(4, default: 0)
        let mandatory = try call.int(5, default: 0)
        let bytes = Array(call.text.utf8)
        let replacement = ReplacementTemplate(try call.string(1, default: ""))
        let matches = try regex.matches(in: bytes, limit: count > 0 ? count : .max)
        if mandatory != 0, mandatory != matches.count {
            throw call.failure("'\(pattern)' should match \(mandatory) times, but matches \(matches.count) times")
        }
        var result = GrowingText(call.evaluator.session)
        var position = 0
        for match in matches {
            try result.append(bytes[position..<match.whole.lowerBound])
            let (expanded, missing) = replacement.expanded(match, in: bytes, regex)
            if let missing {
                throw call.failure("the replacement names the group \(missing), which '\(pattern)' does not have")
            }
            try result.append(expanded[...])
            position = match.whole.upperBound
        }
        try result.append(bytes[position...])
        return .string(try result.finished())
    }

    private static func search(_ call: Call) throws(Diagnostic) -> Value {
        for key in call.named.keys where key.text != "ignorecase" && key.text != "multiline" {
            throw call.failure("'regex_search' has no argument '\(key.text)'")
        }
        let regex = try Regex.compiled(
            try call.string(0),
            options(
                ignoreCase: call.named["ignorecase"]?.isTruthy ?? false,
                multiline: call.named["multiline"]?.isTruthy ?? false))
        for argument in call.extra where argument.stringValue?.hasPrefix("\\") != true {
            throw call.failure(
                "'regex_search' cannot use the argument \(ErrorText.describe(argument))",
                remedy: "Groups are named as '\\\\1' or '\\\\g<name>'.")
        }
        let bytes = Array(call.text.utf8)
        guard let match = try regex.firstMatch(in: bytes) else { return .null }
        var groups: [Int] = []
        for case .string(let text) in call.extra {
            var word = text.string.dropFirst()
            if word.hasPrefix("g<"), word.hasSuffix(">") { word = word.dropFirst(2).dropLast() }
            guard let number = Int(word) ?? regex.groupNames[String(word)], match.ranges.indices.contains(number) else {
                throw call.failure("the pattern has no group '\(word)'")
            }
            groups.append(number)
        }
        func text(_ group: Int) -> Value {
            match.ranges[group].map { .string(String(decoding: bytes[$0], as: UTF8.self)) } ?? .null
        }
        return groups.isEmpty ? text(0) : .list(groups.map(text))
    }

    private static func findAll(_ call: Call) throws(Diagnostic) -> Value {
        let regex = try Regex.compiled(
            try call.string(0),
            options(ignoreCase: call.bool(2, default: false), multiline: call.bool(1, default: false)))
        let bytes = Array(call.text.utf8)
        var result: [Value] = []
        for match in try regex.matches(in: bytes) {
            func text(_ group: Int) -> Value {
                .string(match.ranges[group].map { String(decoding: bytes[$0], as: UTF8.self) } ?? "")
            }
            switch regex.groupCount {
            case 0: result.append(text(0))
            case 1: result.append(text(1))
            default: result.append(.tuple((1...regex.groupCount).map(text)))
            }
        }
        return .list(result)
    }

    private static func escape(_ call: Call) throws(Diagnostic) -> Value {
        let special: String
        switch try call.string(0, default: "python") {
        case "python": special = "()[]{}?*+-|^$\\.&~# \t\n\r\u{0B}\u{0C}"
        case "posix_basic": special = "[].^$*\\"
        case "posix_extended": throw call.failure("'regex_escape' does not know posix_extended yet")
        case let other: throw call.failure("'regex_escape' knows python and posix_basic, not '\(other)'")
        }
        var result = ""
        for scalar in call.text.unicodeScalars {
            if special.unicodeScalars.contains(scalar) { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return .string(result)
    }
}
