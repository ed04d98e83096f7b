internal import CLibYAML
internal import Diagnostics
internal import Values

/// libyaml's errors retold: what usually stands behind them, where it is, and how to mend it.
extension YAMLComposer {
    /// The diagnostic for a parser that has just failed.
    func trouble(_ parser: yaml_parser_t) -> Diagnostic {
        let problem = parser.problem.map { String(cString: $0) } ?? "the text cannot be read"
        if parser.error == YAML_READER_ERROR { return unreadable(parser, problem) }
        if parser.error == YAML_MEMORY_ERROR { return Diagnostic(.outOfMemory, "no memory left to read the text") }

        let line = Int(parser.problem_mark.line) + 1
        let column = Int(parser.problem_mark.column) + 1
        let contextLine = Int(parser.context_mark.line) + 1
        let context = parser.context.map { String(cString: $0) }

        // An unknown escape is told from inside the quotes; that message is good as it is.
        if problem.contains("unexpected end of stream") || problem.contains("document indicator"),
            let open = unbalancedQuote(context, contextLine, Int(parser.context_mark.column) + 1)
        {
            return open
        }
        // The parser often notices one line late; the line before is looked at only when its own says nothing.
        if let known = knownTrap(line: line) { return known }
        if problem.contains("did not find expected") || problem.contains("could not find expected"),
            contextLine != line, let known = knownTrap(line: contextLine)
        {
            return known
        }
        let before = previousWrittenLine(before: line)
        if problem.contains("mapping values") {
            if let late = missingSpace(line: before) { return late }
        } else if let late = knownTrap(line: before) {
            return late
        }
        // A key without its colon is noticed only where the next one begins, or at the end.
        if problem.contains("could not find expected ':'") {
            return Diagnostic(
                .syntax, Self.told(problem),
                at: SourceLocation(file: file, line: contextLine, column: Int(parser.context_mark.column) + 1),
                remedy: Self.remedy(problem))
        }

        var diagnostic = Diagnostic(
            .syntax,
            Self.told(problem),
            at: SourceLocation(file: file, line: min(line, max(1, lineStarts.count)), column: column),
            remedy: Self.remedy(problem)
        )
        if let context, contextLine != line || Int(parser.context_mark.column) + 1 != column {
            diagnostic.notes.append(
                .init(
                    Self.told(context),
                    at: SourceLocation(file: file, line: contextLine, column: Int(parser.context_mark.column) + 1)))
        }
        return diagnostic
    }

    /// The error for a key that is itself a mapping or a list, nearly always an unquoted template.
    func badKey(_ key: YAMLNode, of mapping: Event) -> Diagnostic {
        if let trap = unquotedTemplate(line: mapping.line) ?? unquotedTemplate(line: key.location.line) { return trap }
        return Diagnostic(
            .syntax, "\(key.kindName) cannot be a key", at: key.location,
            remedy: "Quote it if it is text: braces and brackets begin mappings and lists.")
    }

    // MARK: The classic traps

    private func knownTrap(line: Int) -> Diagnostic? {
        guard line >= 1, file.line(line) != nil else { return nil }
        return tab(line: line) ?? unquotedTemplate(line: line) ?? quoteThenMore(line: line)
            ?? colonInValue(line: line) ?? missingSpace(line: line) ?? reservedStart(line: line)
    }

    private func tab(line: Int) -> Diagnostic? {
        guard let text = file.line(line), let index = text.firstIndex(of: "\t"),
            text[..<index].allSatisfy({ $0 == " " || $0 == "-" })
        else { return nil }
        return Diagnostic(
            .syntax, "a tab cannot indent YAML", at: place(line, text, index),
            remedy: "Replace tabs by spaces, two per level.")
    }

    private func unquotedTemplate(line: Int) -> Diagnostic? {
        guard let text = file.line(line), let value = Self.valueStart(text), text[value...].hasPrefix("{{") else {
            return nil
        }
        var rest = Self.withoutComment(text[value...])
        // Where the template is the key, only the key is to be quoted.
        if !text[..<value].contains(":"), let close = Self.endOfTemplateKey(rest) { rest = rest[..<close] }
        return Diagnostic(
            .syntax, "a value that begins with '{{' must be quoted", at: place(line, text, value),
            remedy: "Write \(Self.quoted(rest)).")
    }

    private func quoteThenMore(line: Int) -> Diagnostic? {
        guard let text = file.line(line), let start = Self.valueStart(text) else { return nil }
        let quote = text[start]
        guard quote == "\"" || quote == "'" else { return nil }
        var index = text.index(after: start)
        var closed = false
        while index < text.endIndex {
            if quote == "\"", text[index] == "\\" {
                index = text.index(index, offsetBy: 2, limitedBy: text.endIndex) ?? text.endIndex
                continue
            }
            if text[index] == quote {
                let next = text.index(after: index)
                if quote == "'", next < text.endIndex, text[next] == "'" {
                    index = text.index(after: next)
                    continue
                }
                closed = true
                break
            }
            index = text.index(after: index)
        }
        guard closed else { return nil }
        let after = text[text.index(after: index)...].drop { $0 == " " }
        guard let first = after.first, first != "#", first != ":", first != ",", first != "]", first != "}" else {
            return nil
        }
        return Diagnostic(
            .syntax, "text goes on after the closing quote", at: place(line, text, after.startIndex),
            remedy: "Quote the whole value: \(Self.quoted(Self.withoutComment(text[start...]))).")
    }

    private func colonInValue(line: Int) -> Diagnostic? {
        guard let text = file.line(line), let start = Self.valueStart(text) else { return nil }
        let first = text[start]
        guard !"\"'{[|>&*!#".contains(first), text[..<start].contains(":") else { return nil }
        let value = Self.withoutComment(text[start...])
        guard let range = Self.colonAndSpace(value) else { return nil }
        return Diagnostic(
            .syntax, "': ' inside an unquoted value", at: place(line, text, range),
            remedy: "Quote the value: \(Self.quoted(value)).")
    }

    private func missingSpace(line: Int) -> Diagnostic? {
        guard let text = file.line(line) else { return nil }
        let body = text.drop { $0 == " " || $0 == "-" }
        let name = body.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
        guard !name.isEmpty, name.endIndex < text.endIndex, text[name.endIndex] == ":" else { return nil }
        let next = text.index(after: name.endIndex)
        guard next < text.endIndex, text[next] != " ", text[next] != "/", text[next] != "\t" else { return nil }
        return Diagnostic(
            .syntax, "no space after the colon of '\(name)'", at: place(line, text, next),
            remedy: "Write '\(name): \(text[next...])'.")
    }

    private func reservedStart(line: Int) -> Diagnostic? {
        guard let text = file.line(line), let start = Self.valueStart(text), "%@`".contains(text[start]) else {
            return nil
        }
        return Diagnostic(
            .syntax, "a value cannot begin with '\(text[start])'", at: place(line, text, start),
            remedy: "Quote the value: \(Self.quoted(Self.withoutComment(text[start...]))).")
    }

    private func unbalancedQuote(_ context: String?, _ line: Int, _ column: Int) -> Diagnostic? {
        guard let context, context.contains("quoted scalar"), let text = file.line(line) else { return nil }
        let index = text.index(text.startIndex, offsetBy: column - 1, limitedBy: text.endIndex) ?? text.startIndex
        return Diagnostic(
            .syntax, "the quote opened here is never closed", at: place(line, text, index),
            remedy: "Close it, or quote a text that holds quotes with the other kind.")
    }

    // MARK: Reading lines

    /// Where the value of a line begins: after indentation, dashes and a `key: `.
    private static func valueStart(_ line: String) -> String.Index? {
        var rest = line[...].drop { $0 == " " }
        while rest.hasPrefix("- ") { rest = rest.dropFirst(2).drop { $0 == " " } }
        if let first = rest.first, first != "\"", first != "'", first != "{", first != "[", first != "#" {
            if let colon = colonAndSpace(rest) {
                rest = rest[rest.index(after: colon)...].drop { $0 == " " }
            }
        }
        return rest.isEmpty ? nil : rest.startIndex
    }

    /// Where `{{ x }}` ends if a colon follows it.
    private static func endOfTemplateKey(_ text: Substring) -> String.Index? {
        let end: [Character] = ["}", "}", ":"]
        return text.indices.first { text[$0...].starts(with: end) }.map { text.index($0, offsetBy: 2) }
    }

    private static func colonAndSpace(_ text: Substring) -> String.Index? {
        var index = text.startIndex
        while let colon = text[index...].firstIndex(of: ":") {
            let next = text.index(after: colon)
            if next == text.endIndex || text[next] == " " { return colon }
            index = next
        }
        return nil
    }

    private static func withoutComment(_ text: Substring) -> Substring {
        var result = text
        var before: Character = "x"
        for index in text.indices {
            if text[index] == "#", before == " " {
                result = text[..<index]
                break
            }
            before = text[index]
        }
        while result.last == " " { result = result.dropLast() }
        return result
    }

    /// The text in the quotes that need no escaping.
    private static func quoted(_ text: Substring) -> String {
        if !text.contains("\"") && !text.contains("\\") { return "\"\(text)\"" }
        return "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
    }

    private func place(_ line: Int, _ text: String, _ index: String.Index) -> SourceLocation {
        SourceLocation(file: file, line: line, column: text.distance(from: text.startIndex, to: index) + 1)
    }

    private func previousWrittenLine(before line: Int) -> Int {
        var number = line - 1
        while number >= 1, let text = file.line(number), text.allSatisfy({ $0 == " " }) || text.hasPrefix("#") {
            number -= 1
        }
        return number
    }

    // MARK: libyaml's own words

    private func unreadable(_ parser: yaml_parser_t, _ problem: String) -> Diagnostic {
        let offset = min(Int(parser.problem_offset), bytes.count)
        var line = 1
        var start = 0
        for index in 0..<offset where bytes[index] == UInt8(ascii: "\n") {
            line += 1
            start = index + 1
        }
        let column = String(decoding: bytes[start..<offset], as: UTF8.self).count + 1
        let place = SourceLocation(file: file, line: line, column: column)
        if problem.contains("control characters") {
            let code = String(parser.problem_value, radix: 16, uppercase: true)
            return Diagnostic(
                .syntax,
                "the control character U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code) is not allowed",
                at: place, remedy: "Remove it, or write it as an escape inside double quotes.")
        }
        return Diagnostic(.syntax, problem, at: place, remedy: "Save the file as UTF-8.")
    }

    /// libyaml's phrase in words that say what to look for.
    private static func told(_ problem: String) -> String {
        switch problem {
        case "mapping values are not allowed in this context": "a 'key:' is not allowed here"
        case "did not find expected key": "this does not fit the mapping it stands in"
        case "did not find expected '-' indicator": "this does not fit the list it stands in"
        case "could not find expected ':'": "a key without its ':'"
        case "did not find expected ',' or ']'": "the list in brackets is not closed, or a comma is missing"
        case "did not find expected ',' or '}'": "the mapping in braces is not closed, or a comma is missing"
        case "found character that cannot start any token": "no value can begin with this character"
        case "did not find expected <document start>": "text after the end of the document"
        case "while parsing a block mapping": "the mapping begins here"
        case "while parsing a block collection": "the list begins here"
        case "while parsing a flow mapping": "the opening brace"
        case "while parsing a flow sequence": "the opening bracket"
        case "while scanning a simple key": "the key"
        default: problem
        }
    }

    private static func remedy(_ problem: String) -> String? {
        switch problem {
        case "mapping values are not allowed in this context":
            "Check the indentation here and on the line before; quote a value that holds ': '."
        case "did not find expected key", "did not find expected '-' indicator",
            "did not find expected <document start>":
            "Check that the indentation matches the lines above."
        case "could not find expected ':'":
            "Add the ':' and a space, or indent the text if it continues the line above."
        case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
            "Close it, or quote a value that begins with a bracket or brace."
        case "found character that cannot start any token": "Quote the value."
        case "found unknown escape character": "Use single quotes, or write a backslash as '\\\\'."
        default: nil
        }
    }
}
