internal import Diagnostics
internal import Values

/// The line `#jinja2: trim_blocks: False, …` that a template may begin with to change how it is read.
enum TemplateHeader {
    static let mark = "#jinja2:"

    /// The template without its header, with the options the header changes.
    static func stripped(_ text: Text, _ options: TemplateOptions) throws(Diagnostic) -> (Text, TemplateOptions) {
        guard text.string.hasPrefix(mark) else { return (text, options) }
        let string = text.string
        guard let end = string.utf8.firstIndex(of: UInt8(ascii: "\n")) else {
            throw Diagnostic(.syntax, "the header '\(mark)' is not followed by a new line", at: text.origin)
        }
        var result = options
        let header = string[string.index(string.startIndex, offsetBy: mark.count)..<end]
        for pair in header.split(separator: ",", omittingEmptySubsequences: false) {
            guard let colon = pair.firstIndex(of: ":") else {
                throw Diagnostic(
                    .syntax, "the header's part '\(trimmed(pair))' is not 'name: value'", at: text.origin)
            }
            try set(trimmed(pair[..<colon]), trimmed(pair[pair.index(after: colon)...]), &result, text)
        }
        var rest = text
        rest.string = String(string[string.utf8.index(after: end)...])
        if let origin = text.origin {
            rest.origin = SourceLocation(file: origin.file, line: origin.line + 1, column: 1)
        }
        return (rest, result)
    }

    private static func trimmed(_ part: Substring) -> String {
        PythonString.strip(String(part), characters: nil)
    }

    private static func set(
        _ name: String, _ value: String, _ options: inout TemplateOptions, _ text: Text
    ) throws(Diagnostic) {
        func string() throws(Diagnostic) -> String {
            guard let token = try? Lexer.expressionTokens(value, options: .file).first,
                case .string(let string) = token.kind
            else {
                throw Diagnostic(.syntax, "the header's '\(name)' needs a quoted string, not \(value)", at: text.origin)
            }
            return string
        }
        func bool() throws(Diagnostic) -> Bool {
            switch value {
            case "True": return true
            case "False": return false
            default:
                throw Diagnostic(.syntax, "the header's '\(name)' needs True or False, not \(value)", at: text.origin)
            }
        }
        switch name {
        case "block_start_string": options.blockStart = try string()
        case "block_end_string": options.blockEnd = try string()
        case "variable_start_string": options.variableStart = try string()
        case "variable_end_string": options.variableEnd = try string()
        case "comment_start_string": options.commentStart = try string()
        case "comment_end_string": options.commentEnd = try string()
        case "line_statement_prefix": options.lineStatementPrefix = try string()
        case "line_comment_prefix": options.lineCommentPrefix = try string()
        case "newline_sequence": options.newlineSequence = try string()
        case "trim_blocks": options.trimBlocks = try bool()
        case "lstrip_blocks": options.lstripBlocks = try bool()
        case "keep_trailing_newline": options.keepTrailingNewline = try bool()
        default:
            let names = [
                "block_start_string", "block_end_string", "variable_start_string", "variable_end_string",
                "comment_start_string", "comment_end_string", "line_statement_prefix", "line_comment_prefix",
                "newline_sequence", "trim_blocks", "lstrip_blocks", "keep_trailing_newline",
            ]
            throw Diagnostic(
                .syntax, "unknown option '\(name)' in the template's header", at: text.origin,
                remedy: NearestHint.of(name, among: names))
        }
    }
}
