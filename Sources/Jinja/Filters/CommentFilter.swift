internal import Diagnostics
internal import Values

/// Text made a comment of a configuration file.
enum CommentFilter {
    static let all: [Filter] = [Filter("comment", ["style"], .keywords, comment)]

    private struct Style {
        var newline = "\n"
        var beginning = ""
        var prefix: String
        var prefixCount = 1
        var decoration: String
        var postfix: String
        var postfixCount = 1
        var end = ""
    }

    private static let styles: [String: (decoration: String, beginning: String, end: String)] = [
        "plain": ("# ", "", ""), "erlang": ("% ", "", ""), "c": ("// ", "", ""), "cblock": (" * ", "/*", " */"),
        "xml": (" - ", "<!--", "-->"),
    ]

    private static func comment(_ call: Call) throws(Diagnostic) -> Value {
        let name = try call.string(0, default: "plain")
        guard let known = styles[name] else {
            throw call.failure(
                "unknown comment style '\(name)'", remedy: "Known are \(styles.keys.sorted().joined(separator: ", ")).")
        }
        let own = call.named["decoration"]?.stringValue ?? known.decoration
        let bare = PythonString.strip(own, characters: nil, left: false)
        var style = Style(prefix: bare, decoration: own, postfix: bare)
        style.beginning = known.beginning
        style.end = known.end
        for (key, value) in call.named {
            let text = PythonPrint.text(value)
            switch key.text {
            case "newline": style.newline = text
            case "beginning": style.beginning = text
            case "prefix": style.prefix = text
            case "decoration": style.decoration = text
            case "postfix": style.postfix = text
            case "end": style.end = text
            case "prefix_count", "postfix_count":
                guard let count = value.intValue, (0...10_000).contains(count) else {
                    throw call.failure("\(key.text) must be a number")
                }
                if key.text == "prefix_count" { style.prefixCount = count } else { style.postfixCount = count }
            default: throw call.failure("'comment' has no argument '\(key.text)'")
            }
        }
        return .string(try decorated(call.text, style, call.evaluator.session))
    }

    private static func decorated(_ text: String, _ style: Style, _ session: Session) throws(Diagnostic) -> String {
        var body = GrowingText(session)
        try body.append(style.decoration)
        try body.append(text, replacing: style.newline, with: style.newline + style.decoration)
        var result = GrowingText(session)
        if !style.beginning.isEmpty { try result.append(style.beginning + style.newline) }
        if !style.prefix.isEmpty {
            let line = style.prefix == style.newline ? style.newline : style.prefix + style.newline
            for _ in 0..<style.prefixCount { try result.append(line) }
        }
        // No blanks at the end of lines that hold the decoration alone.
        try result.append(
            try body.finished(), replacing: style.decoration + style.newline,
            with: PythonString.strip(style.decoration, characters: nil, left: false) + style.newline)
        for _ in 0..<style.postfixCount { try result.append(style.newline + style.postfix) }
        if !style.end.isEmpty { try result.append(style.newline + style.end) }
        return try result.finished()
    }
}
