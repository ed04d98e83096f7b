internal import Values

/// Builds the syntax tree of a template or of a bare expression.
///
/// `StatementParser.swift` and `ExpressionParser.swift` hold the grammar, this file what both stand on.
struct Parser {
    let text: String
    let options: TemplateOptions
    private(set) var tokens: [Token]
    private var index = 0
    var names: [String] = []
    var slots: [String: Int] = [:]
    var isAssigned: [Bool] = []
    var firstUse: [Int] = []
    var blocks: [String: Body] = [:]
    /// How deep the grammar has nested; bounded, since the parser and the evaluator recurse.
    var depth = 0
    var loopDepth = 0
    /// The depth at which a lookup's own arguments stand, or -1.
    var lookupDepth = -1
    /// For each macro being read: which of the special names its body spoke of.
    var macroUses: [Set<String>] = []

    /// Python's own limit on nested brackets.
    static let greatestDepth = 200

    init(template text: String, options: TemplateOptions) throws(SyntaxFault) {
        self.text = text
        self.options = options
        tokens = try Lexer.tokens(text, options: options)
    }

    init(expression text: String, options: TemplateOptions) throws(SyntaxFault) {
        self.text = text
        self.options = options
        tokens = try Lexer.expressionTokens(text, options: options)
    }

    /// Parses a whole template.
    static func template(_ text: String, options: TemplateOptions) throws(SyntaxFault) -> CompiledTemplate {
        var parser = try Parser(template: text, options: options)
        let body = try parser.statements(until: [])
        return parser.compiled(body)
    }

    /// Parses a bare expression; the template it becomes prints it.
    static func expression(_ text: String, options: TemplateOptions) throws(SyntaxFault) -> CompiledTemplate {
        var parser = try Parser(expression: text, options: options)
        if case .end = parser.current.kind {
            throw SyntaxFault("the expression is empty", at: 0)
        }
        let expression = try parser.expression()
        guard case .end = parser.current.kind else {
            throw SyntaxFault(
                "unexpected \(parser.current.description) after the expression", at: parser.current.offset,
                remedy: parser.bracesHint)
        }
        return parser.compiled(Body([.print(.init(expression, offset: 0))]))
    }

    private var bracesHint: String? {
        TemplateEnvironment.isTemplate(text)
            ? "An expression stands here without {{ }}: write the variable's name alone." : nil
    }

    private func compiled(_ body: Body) -> CompiledTemplate {
        CompiledTemplate(
            text: text, body: body, blocks: blocks, names: names, isAssigned: isAssigned, firstUse: firstUse,
            options: options)
    }

    // MARK: Tokens

    var current: Token { tokens[index] }
    var next: Token { tokens[min(index + 1, tokens.count - 1)] }

    @discardableResult
    mutating func advance() -> Token {
        let token = tokens[index]
        if index < tokens.count - 1 { index += 1 }
        return token
    }

    func at(_ symbol: Token.Symbol) -> Bool { current.kind == .symbol(symbol) }
    func at(_ name: String) -> Bool { current.kind == .name(name) }

    mutating func skip(_ symbol: Token.Symbol) -> Bool {
        guard at(symbol) else { return false }
        advance()
        return true
    }

    mutating func skip(_ name: String) -> Bool {
        guard at(name) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Token.Symbol) throws(SyntaxFault) {
        guard skip(symbol) else { throw unexpected("'\(symbol.rawValue)'") }
    }

    mutating func expect(_ name: String) throws(SyntaxFault) {
        guard skip(name) else { throw unexpected("'\(name)'") }
    }

    mutating func expectBlockEnd() throws(SyntaxFault) {
        // `for x in y:` is allowed, for those who write line statements like Python.
        _ = skip(.colon)
        guard case .blockEnd = current.kind else { throw unexpected("the end of the block tag") }
        advance()
    }

    /// The name that stands here.
    mutating func word() throws(SyntaxFault) -> (text: String, offset: Int) {
        guard case .name(let name) = current.kind else { throw unexpected("a name") }
        let offset = current.offset
        advance()
        return (name, offset)
    }

    func unexpected(_ expected: String) -> SyntaxFault {
        if case .end = current.kind {
            return SyntaxFault("the template ends where \(expected) is expected", at: current.offset)
        }
        return SyntaxFault("unexpected \(current.description), expected \(expected)", at: current.offset)
    }

    // MARK: Names

    private static let constants: Set<String> = ["true", "false", "none", "True", "False", "None"]

    /// The slot of a name, whichever way it is used.
    mutating func slot(_ name: String) -> Int {
        if let slot = slots[name] { return slot }
        let slot = names.count
        names.append(name)
        slots[name] = slot
        isAssigned.append(false)
        firstUse.append(-1)
        return slot
    }

    mutating func read(_ name: String, at offset: Int) -> Expression.Name {
        let slot = slot(name)
        if firstUse[slot] < 0 { firstUse[slot] = offset }
        if name == "varargs" || name == "kwargs" || name == "caller", !macroUses.isEmpty {
            macroUses[macroUses.count - 1].insert(name)
        }
        return Expression.Name(text: name, slot: slot, offset: offset)
    }

    mutating func assigned(_ name: String, at offset: Int) throws(SyntaxFault) -> Expression.Name {
        guard !Self.constants.contains(name) else { throw SyntaxFault("cannot assign to '\(name)'", at: offset) }
        let slot = slot(name)
        isAssigned[slot] = true
        return Expression.Name(text: name, slot: slot, offset: offset)
    }

    /// Goes one level deeper for the time of `body`, unless that is too deep.
    mutating func nested<Result>(
        _ body: (inout Parser) throws(SyntaxFault) -> Result
    ) throws(SyntaxFault) -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.greatestDepth, !StackGuard.isNearlyFull else {
            throw SyntaxFault("the template is nested too deeply", at: current.offset)
        }
        return try body(&self)
    }
}
