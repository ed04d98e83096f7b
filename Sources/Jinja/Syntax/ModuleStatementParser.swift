/// Macros, calls, and what brings in other templates.
extension Parser {
    mutating func macroStatement(_ offset: Int) throws(SyntaxFault) -> Statement {
        let (name, place) = try word()
        let assignedName = try assigned(name, at: place)
        return .macro(try macroDefinition(assignedName, end: "endmacro", offset))
    }

    private mutating func parameters() throws(SyntaxFault) -> [MacroDefinition.Parameter] {
        var result: [MacroDefinition.Parameter] = []
        try expect(.leftParenthesis)
        while !at(.rightParenthesis) {
            if !result.isEmpty { try expect(.comma) }
            if at(.rightParenthesis) { break }
            let (name, offset) = try word()
            let parameter = try assigned(name, at: offset)
            if skip(.assign) {
                result.append(.init(name: parameter, defaultValue: try expression()))
            } else {
                guard result.last?.defaultValue == nil else {
                    throw SyntaxFault(
                        "the parameter '\(name)' without a default follows one with a default", at: offset)
                }
                result.append(.init(name: parameter, defaultValue: nil))
            }
        }
        try expect(.rightParenthesis)
        return result
    }

    private mutating func macroDefinition(
        _ name: Expression.Name, end: String, _ offset: Int, parameters given: [MacroDefinition.Parameter]? = nil
    ) throws(SyntaxFault) -> MacroDefinition {
        macroUses.append([])
        let parameters = if let given { given } else { try self.parameters() }
        try expectBlockEnd()
        let outerLoops = loopDepth
        loopDepth = 0
        let body = try statements(until: [end], opened: offset)
        loopDepth = outerLoops
        advance()
        // `endmacro name` is allowed.
        if case .name = current.kind { advance() }
        try expectBlockEnd()
        let uses = macroUses.removeLast()
        let own = Set(parameters.map(\.name.text))
        func special(_ word: String, _ parser: inout Parser) throws(SyntaxFault) -> Int? {
            guard uses.contains(word), !own.contains(word) else { return nil }
            return try parser.assigned(word, at: offset).slot
        }
        return MacroDefinition(
            name: name, parameters: parameters, body: body, varargsSlot: try special("varargs", &self),
            kwargsSlot: try special("kwargs", &self), callerSlot: try special("caller", &self), offset: offset)
    }

    mutating func callStatement(_ offset: Int) throws(SyntaxFault) -> Statement {
        let given = at(.leftParenthesis) ? try parameters() : []
        let call = try expression()
        guard case .call(let call) = call else {
            throw SyntaxFault("a call block needs a call, such as name()", at: offset)
        }
        let caller = Expression.Name(text: "caller", slot: slot("caller"), offset: offset)
        isAssigned[caller.slot] = true
        let definition = try macroDefinition(caller, end: "endcall", offset, parameters: given)
        return .callBlock(.init(definition, call))
    }

    private mutating func contextClause(_ standard: Bool) -> Bool {
        if at("with") || at("without"), next.kind == .name("context") {
            let with = at("with")
            advance()
            advance()
            return with
        }
        return standard
    }

    mutating func includeStatement(_ offset: Int) throws(SyntaxFault) -> Statement {
        let template = try expression()
        var ignoresMissing = false
        if at("ignore"), next.kind == .name("missing") {
            ignoresMissing = true
            advance()
            advance()
        }
        let withContext = contextClause(true)
        try expectBlockEnd()
        return .include(
            .init(template: template, ignoresMissing: ignoresMissing, withContext: withContext, offset: offset))
    }

    mutating func importStatement(_ offset: Int) throws(SyntaxFault) -> Statement {
        let template = try expression()
        try expect("as")
        let (name, place) = try word()
        let local = try assigned(name, at: place)
        let withContext = contextClause(false)
        try expectBlockEnd()
        return .importModule(.init(template, as: local, withContext: withContext, offset: offset))
    }

    mutating func fromStatement(_ offset: Int) throws(SyntaxFault) -> Statement {
        let template = try expression()
        try expect("import")
        var names: [Statement.NamesImport.Name] = []
        while true {
            if !names.isEmpty {
                guard skip(.comma) else { break }
            }
            if current.kind == .blockEnd { break }
            if at("with") || at("without"), next.kind == .name("context") { break }
            let (name, place) = try word()
            guard !name.hasPrefix("_") else {
                throw SyntaxFault("the name '\(name)' is private to its template", at: place)
            }
            if skip("as") {
                let (alias, aliasPlace) = try word()
                names.append(.init(name: name, local: try assigned(alias, at: aliasPlace)))
            } else {
                names.append(.init(name: name, local: try assigned(name, at: place)))
            }
        }
        let withContext = contextClause(false)
        try expectBlockEnd()
        return .importNames(.init(template, names: names, withContext: withContext, offset: offset))
    }
}
