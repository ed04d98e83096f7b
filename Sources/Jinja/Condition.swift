public import Diagnostics
public import Values

/// What a condition such as `when:` comes to.
public enum ConditionOutcome: Sendable, Hashable {
    case yes
    case no
    /// Only a real run can tell.
    case unknown(Unknown)
}

extension TemplateEnvironment {
    /// Evaluates a condition as ansible-core 2.19 does: an expression without delimiters whose value must be
    /// true or false. A text that is one whole template is evaluated first; if that gives text, the text is
    /// the expression.
    ///
    /// - Parameters:
    ///   - value: What stands after `when:`; a bool counts as itself.
    ///   - scope: Where its names come from.
    ///   - place: Where the condition is written, for errors about a condition that is no text.
    /// - Throws: A diagnostic with the code `.template` if the value is neither true nor false, with the way to
    ///   write it so that it is; `.undefined` and `.syntax` as for any expression.
    public func condition(
        _ value: Value, in scope: any Scope, at place: SourceLocation? = nil
    ) throws(Diagnostic) -> ConditionOutcome {
        switch value {
        case .bool(let bool): return bool ? .yes : .no
        case .unknown(let unknown): return .unknown(unknown)
        case .string(let text): return try condition(text, in: scope, isIndirect: false)
        case .undefined(let undefined): throw undefined.diagnostic.located(at: place)
        default:
            throw Diagnostic(
                .template, "a condition must be an expression, not \(ErrorText.describe(value))", at: place,
                remedy: value.isNull ? "Remove the empty condition, or write 'true'." : nil)
        }
    }

    private func condition(
        _ text: Text, in scope: any Scope, isIndirect: Bool
    ) throws(Diagnostic) -> ConditionOutcome {
        let string = PythonString.strip(text.string, characters: nil)
        guard !string.isEmpty else {
            throw Diagnostic(
                .template, "the condition is empty", at: text.origin, remedy: "Remove it, or write 'true'.")
        }
        if !isIndirect, Self.isWholeTemplate(string) {
            let result = try evaluate(Text(text.string, marks: text.marks, origin: text.origin), in: scope)
            switch result {
            case .bool(let bool): return bool ? .yes : .no
            case .unknown(let unknown): return .unknown(unknown)
            case .string(let expression):
                // Text that the template gave is data, whatever it looks like: it may have come from a host.
                throw Diagnostic(
                    .template,
                    "the condition's template gave text\(expression.isSecret ? "" : " '\(expression.string.prefix(60))'"), not true or false",
                    at: text.origin,
                    remedy: Self.textRemedy(expression.string) ?? "Write the expression itself, without {{ }}.")
            default: return try outcome(result, text)
            }
        }
        return try outcome(
            try evaluateExpression(
                Text(text.string, marks: text.marks, origin: text.origin), in: scope, options: .condition), text)
    }

    private func outcome(_ result: Value, _ text: Text) throws(Diagnostic) -> ConditionOutcome {
        switch result {
        case .bool(let bool): return bool ? .yes : .no
        case .unknown(let unknown): return .unknown(unknown)
        default:
            throw Diagnostic(
                .template, "a condition must be true or false, but this one is \(ErrorText.describe(result))",
                at: text.origin, remedy: Self.remedy(for: result, text.string))
        }
    }

    /// Whether the text starts with one template delimiter and ends with one.
    private static func isWholeTemplate(_ string: String) -> Bool {
        ["{{", "{%", "{#"].contains { string.hasPrefix($0) } && ["}}", "%}", "#}"].contains { string.hasSuffix($0) }
    }

    private static func textRemedy(_ string: String) -> String? {
        switch string.lowercased() {
        case "true", "false", "yes", "no", "on", "off", "1", "0": "Turn the text into a bool with '| bool'."
        default: nil
        }
    }

    private static func remedy(for value: Value, _ expression: String) -> String {
        let expression = PythonString.strip(expression, characters: nil)
        let isSimple = !expression.contains(" ")
        let shown = isSimple ? expression : "(\(expression))"
        switch value {
        case .string(let text):
            return textRemedy(text.string) ?? "To ask whether the text is not empty, write '\(shown) | length > 0'."
        case .int, .large:
            return "To ask whether it is not zero, write '\(shown) != 0', or turn it into a bool with '| bool'."
        case .list, .tuple, .map: return "To ask whether it is not empty, write '\(shown) | length > 0'."
        case .null: return "To ask whether it has a value, write '\(shown) is not none'."
        default: return "Write a comparison or a test; '\(shown) is truthy' asks what earlier versions asked."
        }
    }
}
