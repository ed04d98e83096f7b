import Diagnostics
import Jinja
import Values

extension TemplateOptions {
    /// The template module's own options, under its names for them.
    ///
    /// - Throws: `Diagnostic` with code `.badValue` for a newline sequence that is none.
    init(moduleOptions: ValueMap) throws(Diagnostic) {
        self = .file
        func text(_ name: String) -> String? {
            guard let value = moduleOptions[name], !value.isNull else { return nil }
            return value.pythonText
        }
        blockStart = text("block_start_string") ?? blockStart
        blockEnd = text("block_end_string") ?? blockEnd
        variableStart = text("variable_start_string") ?? variableStart
        variableEnd = text("variable_end_string") ?? variableEnd
        commentStart = text("comment_start_string") ?? commentStart
        commentEnd = text("comment_end_string") ?? commentEnd
        trimBlocks = moduleOptions["trim_blocks"]?.isTruthy ?? true
        lstripBlocks = moduleOptions["lstrip_blocks"]?.isTruthy ?? false
        guard let newline = text("newline_sequence") else { return }
        let sequences = ["\\n": "\n", "\\r": "\r", "\\r\\n": "\r\n", "\n": "\n", "\r": "\r", "\r\n": "\r\n"]
        guard let sequence = sequences[newline] else {
            throw Diagnostic(
                .badValue, "'\(newline)' is no newline sequence", remedy: #"One of "\n", "\r" and "\r\n"."#)
        }
        newlineSequence = sequence
    }
}
