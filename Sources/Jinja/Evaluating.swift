public import Diagnostics
public import Values

/// Evaluating templates, expressions and conditions.
extension TemplateEnvironment {
    /// What a text that may be a template gives: a lone `{{ expr }}` keeps its type, several parts give text.
    ///
    /// The result is complete: nothing in it is a template any more.
    public func evaluate(_ text: Text, in scope: any Scope) throws(Diagnostic) -> Value {
        if text.isSealed { return .string(try opened(text)) }
        guard Self.isTemplate(text.string) else { return .string(text.released) }
        let (evaluator, value, options) = try run(text, options: .value, isExpression: false, in: scope)
        return try finish(value, evaluator, text, options)
    }

    /// Like `evaluate`, for a variable's own value: a list or map found by name keeps the templates within,
    /// to be evaluated when they are used, and an undefined name comes back as `.undefined`.
    public func evaluateLazily(_ text: Text, in scope: any Scope) throws(Diagnostic) -> Value {
        if text.isSealed { return .string(try opened(text)) }
        guard Self.isTemplate(text.string) else { return .string(text.released) }
        let (evaluator, value, options) = try run(text, options: .value, isExpression: false, in: scope)
        switch value {
        case .undefined(let undefined): return .undefined(evaluator.complete(undefined))
        case .list, .map, .tuple:
            // Groups of `groupby` are none of the data that is kept: they live within this evaluation.
            let isKept = value.isPlain || (value.firstUndefined == nil && !value.holdsTemplateObject)
            return isKept ? value : try finish(value, evaluator, text, options)
        default: return try finish(value, evaluator, text, options)
        }
    }

    /// A bare expression's value, as `debug: var=` has it.
    ///
    /// Backslashes in its strings are escapes, other than in a `{{ }}` of a value.
    public func evaluateExpression(_ text: Text, in scope: any Scope) throws(Diagnostic) -> Value {
        try evaluateExpression(text, in: scope, options: .file)
    }

    /// What a bare expression gives with nothing within evaluated yet, for who looks at it piece by piece; `.undefined`
    /// where it has no value.
    public func lookUp(_ text: Text, in scope: any Scope) throws(Diagnostic) -> Value {
        var options = TemplateOptions.file
        options.keepTrailingNewline = false
        let (evaluator, value, _) = try run(text, options: options, isExpression: true, in: scope)
        switch value {
        case .undefined(let undefined): return .undefined(evaluator.complete(undefined))
        case .list, .tuple, .map: return value.holdsTemplateObject ? try finish(value, evaluator, text, options) : value
        case .object(let object) where object.isMap && !object.belongsToTemplate: return value
        default: return try finish(value, evaluator, text, options)
        }
    }

    func evaluateExpression(
        _ text: Text, in scope: any Scope, options base: TemplateOptions
    ) throws(Diagnostic) -> Value {
        var options = base
        options.keepTrailingNewline = false
        let (evaluator, value, _) = try run(text, options: options, isExpression: true, in: scope)
        return try finish(value, evaluator, text, options)
    }

    /// A template file's text, as the template module writes it.
    ///
    /// - Throws: Besides what is wrong with it, what `UnknownAnswer` tells apart: that only a real run can tell the text.
    public func render(_ text: Text, options: TemplateOptions = .file, in scope: any Scope) throws(Diagnostic) -> Text {
        let result = try renderValue(text, options: options, in: scope)
        if case .string(let text) = result { return text }
        let isSecret = text.isSecret || result.holdsSecret
        if case .unknown(let unknown) = result { throw UnknownAnswer.error(unknown) }
        return Text(result.isNull ? "" : PythonPrint.text(result), marks: isSecret ? .secret : [])
    }

    /// What a template file gives: of a file that is a lone `{{ expr }}` the value, of one that prints nothing null, text
    /// otherwise.
    public func renderValue(
        _ text: Text, options: TemplateOptions = .file, in scope: any Scope
    ) throws(Diagnostic) -> Value {
        if text.isSealed { return .string(try opened(text)) }
        guard options.mayBeTemplate(text.string) else { return .string(text.released) }
        let (evaluator, value, options) = try run(text, options: options, isExpression: false, in: scope)
        let result = try finish(value, evaluator, text, options)
        return text.isSecret ? result.markedSecret : result
    }

    private func run(
        _ text: Text, options: TemplateOptions, isExpression: Bool, in scope: any Scope
    ) throws(Diagnostic) -> (Evaluator, Value, TemplateOptions) {
        let (body, options) = isExpression ? (text, options) : try TemplateHeader.stripped(text, options)
        let template = try compiled(
            body.string, options: options, isExpression: isExpression, origin: body.origin, isSecret: text.isSecret)
        let session = Session(self)
        let evaluator = Evaluator(
            template, origin: body.origin, isSecret: text.isSecret, scope: scope, session: session)
        var output = Output(isSecret: text.isSecret)
        defer { if session.isVolatile { scope.noteVolatile() } }
        do throws(Diagnostic) {
            try evaluator.run(into: &output)
        } catch {
            throw error.located(at: text.origin)
        }
        return (evaluator, output.value, options)
    }

    private func finish(
        _ value: Value, _ evaluator: Evaluator, _ text: Text, _ options: TemplateOptions
    ) throws(Diagnostic) -> Value {
        let result: Value
        do throws(Diagnostic) {
            result = try evaluator.finished(value)
        } catch {
            throw error.located(at: text.origin)
        }
        guard options.keepTrailingNewline, case .string(var string) = result else { return result.released }
        // One newline at the end was dropped in reading; as many as the template ends with are kept.
        let missing = Self.trailingNewlines(text.string) - Self.trailingNewlines(string.string)
        if missing > 0 { string.string += String(repeating: options.newlineSequence, count: missing) }
        return .string(string)
    }

    private static func trailingNewlines(_ string: String) -> Int {
        string.utf8.reversed().prefix { $0 == UInt8(ascii: "\n") }.count
    }
}

extension TemplateOptions {
    /// Whether a text holds anything these options would treat as a tag. What holds none is left as it is, line
    /// ends included, even if it has line statements: so does ansible-core.
    fileprivate func mayBeTemplate(_ text: String) -> Bool {
        text.hasPrefix(TemplateHeader.mark)
            || [variableStart, blockStart, commentStart].contains { PythonString.contains(text, $0) }
    }
}

extension Text {
    /// The text as data, which nobody evaluates again.
    fileprivate var released: Text { Text(string, marks: marks.intersection(.secret), origin: origin) }
}

extension Value {
    /// The value as it may leave the template: objects of the template's own become their text.
    fileprivate var released: Value {
        switch self {
        case .object(let group as GroupObject): .list(group.pair.elements?.map(\.released) ?? [])
        case .object(let object as any TemplateObject): .string(object.text)
        case .list(let items) where items.contains(where: \.holdsTemplateObject): .list(items.map(\.released))
        case .tuple(let items) where items.contains(where: \.holdsTemplateObject): .tuple(items.map(\.released))
        case .map(let map) where holdsTemplateObject: .map(map.mapValues(\.released))
        default: self
        }
    }

    fileprivate var holdsTemplateObject: Bool {
        switch self {
        case .object(let object): object.belongsToTemplate
        case .list(let items), .tuple(let items): items.contains(where: \.holdsTemplateObject)
        case .map(let map): map.contains(where: { $0.value.holdsTemplateObject })
        default: false
        }
    }
}
