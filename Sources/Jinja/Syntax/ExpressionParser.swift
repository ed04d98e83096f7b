internal import Values

/// Expressions, with Jinja's precedence: conditional, or, and, not, comparison, `+ -`, `~`, `* / // %`, `**`,
/// sign, then calls, members, filters and tests.
extension Parser {
    /// A full expression, `a if b else c` included.
    mutating func expression() throws(SyntaxFault) -> Expression {
        try nested { parser throws(SyntaxFault) in try parser.conditional() }
    }

    private mutating func conditional() throws(SyntaxFault) -> Expression {
        var result = try or()
        while at("if") {
            let offset = advance().offset
            let condition = try or()
            let otherwise: Expression? = skip("else") ? try expression() : nil
            result = .conditional(
                .init(condition: condition, then: result, otherwise: otherwise, offset: offset))
        }
        return result
    }

    /// An expression without the conditional form, as `for x in HERE if` needs it.
    mutating func or() throws(SyntaxFault) -> Expression {
        let first = try and()
        guard at("or") else { return first }
        var parts = [first]
        while skip("or") { parts.append(try and()) }
        return .or(parts)
    }

    private mutating func and() throws(SyntaxFault) -> Expression {
        let first = try not()
        guard at("and") else { return first }
        var parts = [first]
        while skip("and") { parts.append(try not()) }
        return .and(parts)
    }

    private mutating func not() throws(SyntaxFault) -> Expression {
        guard at("not") else { return try comparison() }
        let offset = advance().offset
        return .not(.init(try nested { parser throws(SyntaxFault) in try parser.not() }, offset: offset))
    }

    private mutating func comparison() throws(SyntaxFault) -> Expression {
        let first = try arithmetic(level: 0)
        var steps: [Expression.Comparisons.Step] = []
        while let kind = comparisonKind() {
            let offset = advance().offset
            if kind == .notIn { advance() }
            steps.append(.init(kind: kind, operand: try arithmetic(level: 0), offset: offset))
        }
        return steps.isEmpty ? first : .compare(.init(first, steps))
    }

    private func comparisonKind() -> Expression.Comparisons.Kind? {
        switch current.kind {
        case .symbol(let symbol): Expression.Comparisons.Kind(rawValue: symbol.rawValue)
        case .name("in"): .in
        case .name("not") where next.kind == .name("in"): .notIn
        default: nil
        }
    }

    private static let levels: [[Token.Symbol]] = [
        [.plus, .minus], [.tilde], [.multiply, .divide, .floorDivide, .modulo], [.power],
    ]

    private mutating func arithmetic(level: Int) throws(SyntaxFault) -> Expression {
        guard level < Self.levels.count else { return try unary(withFilters: true) }
        let first = try arithmetic(level: level + 1)
        var steps: [Expression.Arithmetic.Step] = []
        while case .symbol(let symbol) = current.kind, Self.levels[level].contains(symbol) {
            let offset = advance().offset
            steps.append(.init(symbol: symbol, operand: try arithmetic(level: level + 1), offset: offset))
        }
        if steps.isEmpty { return first }
        return level == 1 ? .concatenate([first] + steps.map(\.operand)) : .arithmetic(.init(first, steps))
    }

    private mutating func unary(withFilters: Bool) throws(SyntaxFault) -> Expression {
        var node: Expression
        if at(.minus) || at(.plus) {
            let sign = advance()
            let operand = try nested { parser throws(SyntaxFault) in try parser.unary(withFilters: false) }
            node =
                sign.kind == .symbol(.minus)
                ? .negate(.init(operand, offset: sign.offset)) : .positive(.init(operand, offset: sign.offset))
        } else {
            node = try primary()
        }
        var length = 0
        node = try postfix(node, length: &length)
        return withFilters ? try filtersAndTests(node, length: &length) : node
    }

    // MARK: Literals and names

    private mutating func primary() throws(SyntaxFault) -> Expression {
        let token = current
        switch token.kind {
        case .name(let name):
            advance()
            switch name {
            case "true", "True": return .constant(.init(true))
            case "false", "False": return .constant(.init(false))
            case "none", "None": return .constant(.init(.null))
            default: return .name(read(name, at: token.offset))
            }
        case .string(let first):
            advance()
            var string = first
            while case .string(let more) = current.kind {
                string += more
                advance()
            }
            if options.expandsStrings || lookupDepth == depth, TemplateEnvironment.isTemplate(string) {
                return .embedded(.init(string, offset: token.offset))
            }
            return .constant(.init(.string(string)))
        case .integer(let whole):
            advance()
            return .constant(.init(whole.value))
        case .float(let double):
            advance()
            return .constant(.init(.double(double)))
        case .symbol(.leftParenthesis):
            advance()
            let inside = try tuple(inParentheses: true)
            try expect(.rightParenthesis)
            return inside
        case .symbol(.leftBracket): return try list()
        case .symbol(.leftBrace): return try map()
        default: throw unexpected("an expression")
        }
    }

    /// One expression, or several with commas between: a tuple.
    mutating func tuple(inParentheses: Bool = false, withConditional: Bool = true) throws(SyntaxFault) -> Expression {
        var parts: [Expression] = []
        var isTuple = false
        while true {
            if !parts.isEmpty {
                guard skip(.comma) else { break }
                isTuple = true
            }
            if endsTuple { break }
            parts.append(withConditional ? try expression() : try or())
        }
        if isTuple { return .tuple(parts) }
        if let only = parts.first { return only }
        guard inParentheses else { throw unexpected("an expression") }
        return .tuple([])
    }

    private var endsTuple: Bool {
        switch current.kind {
        case .variableEnd, .blockEnd, .symbol(.rightParenthesis), .end: true
        default: false
        }
    }

    private mutating func list() throws(SyntaxFault) -> Expression {
        try expect(.leftBracket)
        var items: [Expression] = []
        while !at(.rightBracket) {
            if !items.isEmpty { try expect(.comma) }
            if at(.rightBracket) { break }
            items.append(try expression())
        }
        try expect(.rightBracket)
        return .list(items)
    }

    private mutating func map() throws(SyntaxFault) -> Expression {
        try expect(.leftBrace)
        var entries: [Expression.MapEntry] = []
        while !at(.rightBrace) {
            if !entries.isEmpty { try expect(.comma) }
            if at(.rightBrace) { break }
            let offset = current.offset
            let key = try expression()
            try expect(.colon)
            entries.append(.init(key: key, value: try expression(), offset: offset))
        }
        try expect(.rightBrace)
        return .map(entries)
    }

    // MARK: What follows a primary

    /// Counts one link of a chain such as `a.b[c](d)|e`: each is one level of the tree.
    private func count(_ length: inout Int) throws(SyntaxFault) {
        length += 1
        guard depth + length <= Self.greatestDepth else {
            throw SyntaxFault(
                "the expression has too many members, calls or filters in a row", at: current.offset,
                remedy: "Give a part of it a name with {% set %} or in vars.")
        }
    }

    private mutating func postfix(_ start: Expression, length: inout Int) throws(SyntaxFault) -> Expression {
        var node = start
        while case .symbol(let symbol) = current.kind {
            switch symbol {
            case .dot: node = try member(of: node)
            case .leftBracket: node = try subscripted(node)
            case .leftParenthesis:
                let offset = current.offset
                // A lookup's terms may be templates within the template: `lookup('file', '{{ dir }}/x')`.
                let outer = lookupDepth
                if case .name(let name) = node, ["lookup", "query", "q"].contains(name.text) {
                    lookupDepth = depth + 1
                }
                node = .call(.init(node, try arguments(), offset: offset))
                lookupDepth = outer
            default: return node
            }
            try count(&length)
        }
        return node
    }

    private mutating func member(of node: Expression) throws(SyntaxFault) -> Expression {
        let dot = advance()
        switch current.kind {
        case .name(let name):
            let offset = advance().offset
            return .attribute(.init(node, name, offset: offset))
        case .integer(let whole):
            advance()
            return .item(.init(node, .constant(.init(whole.value)), offset: dot.offset))
        default: throw unexpected("a name or a number")
        }
    }

    private mutating func subscripted(_ node: Expression) throws(SyntaxFault) -> Expression {
        let offset = advance().offset
        var keys: [Expression] = []
        while !at(.rightBracket) {
            if !keys.isEmpty { try expect(.comma) }
            if at(.rightBracket) { break }
            var start: Expression?
            if !at(.colon) {
                let key = try expression()
                guard at(.colon) else {
                    keys.append(key)
                    continue
                }
                start = key
            }
            try expect(.colon)
            let stop: Expression? = !at(.colon) && !at(.rightBracket) ? try expression() : nil
            let step: Expression? = skip(.colon) && !at(.rightBracket) ? try expression() : nil
            guard keys.isEmpty, at(.rightBracket) else { throw unexpected("']'") }
            try expect(.rightBracket)
            return .slice(.init(node, start: start, stop: stop, step: step, offset: offset))
        }
        try expect(.rightBracket)
        guard let key = keys.first else {
            throw SyntaxFault("the brackets hold no key", at: offset)
        }
        return .item(.init(node, keys.count == 1 ? key : .tuple(keys), offset: offset))
    }

    private mutating func filtersAndTests(_ start: Expression, length: inout Int) throws(SyntaxFault) -> Expression {
        var node = start
        while true {
            if at(.pipe) {
                node = .filter(try filterUse(of: node))
            } else if at("is") {
                node = try testUse(of: node)
            } else if at(.leftParenthesis) {
                let offset = current.offset
                node = .call(.init(node, try arguments(), offset: offset))
            } else {
                return node
            }
            try count(&length)
        }
    }

    /// `| name(arguments)`, or the first of a filter block's chain, which has no bar.
    mutating func filterUse(of input: Expression, withBar: Bool = true) throws(SyntaxFault) -> FilterUse {
        if withBar { try expect(.pipe) }
        let (name, offset) = try dottedName()
        let arguments = at(.leftParenthesis) ? try arguments() : CallArguments()
        guard let filter = FilterIndex.filter(named: name) else {
            let trouble = FilterIndex.trouble(with: name)
            throw SyntaxFault(trouble.summary, at: offset, remedy: trouble.remedy)
        }
        return FilterUse(input, filter, arguments, offset: offset)
    }

    private mutating func dottedName() throws(SyntaxFault) -> (String, Int) {
        var (name, offset) = try word()
        while at(.dot) {
            advance()
            name += "." + (try word().text)
        }
        return (name, offset)
    }

    private mutating func testUse(of node: Expression) throws(SyntaxFault) -> Expression {
        advance()
        let isNegated = skip("not")
        let (name, offset) = try dottedName()
        guard let test = TestIndex.test(named: name) else {
            let trouble = TestIndex.trouble(with: name)
            throw SyntaxFault(trouble.summary, at: offset, remedy: trouble.remedy)
        }
        var arguments = CallArguments()
        if at(.leftParenthesis) {
            arguments = try self.arguments()
        } else if startsTestArgument {
            if at("is") {
                throw SyntaxFault(
                    "tests cannot be chained with 'is'", at: current.offset, remedy: "Join them with 'and'.")
            }
            var length = 0
            let operand = try primary()
            arguments.positional = [try postfix(operand, length: &length)]
            arguments.settle()
        }
        return .test(TestUse(node, test, arguments, isNegated: isNegated, offset: offset))
    }

    private var startsTestArgument: Bool {
        switch current.kind {
        case .name(let name): !["else", "or", "and"].contains(name)
        case .string, .integer, .float, .symbol(.leftParenthesis), .symbol(.leftBracket), .symbol(.leftBrace): true
        default: false
        }
    }

    // MARK: Arguments

    private mutating func arguments() throws(SyntaxFault) -> CallArguments {
        let open = current.offset
        try expect(.leftParenthesis)
        var result = CallArguments()
        var isFirst = true
        while !at(.rightParenthesis) {
            if !isFirst { try expect(.comma) }
            isFirst = false
            if at(.rightParenthesis) { break }
            if at(.multiply) {
                advance()
                guard result.spread == nil, result.namedSpread == nil else { throw unexpected("an argument") }
                result.spread = try expression()
            } else if at(.power) {
                advance()
                guard result.namedSpread == nil else { throw unexpected("an argument") }
                result.namedSpread = try expression()
            } else if case .name(let name) = current.kind, next.kind == .symbol(.assign) {
                let offset = advance().offset
                advance()
                guard !result.named.contains(where: { $0.name == name }) else {
                    throw SyntaxFault("the argument '\(name)' is given twice", at: offset)
                }
                result.named.append((name, try expression()))
            } else {
                guard result.named.isEmpty, result.spread == nil, result.namedSpread == nil else {
                    throw SyntaxFault("a positional argument follows a named one", at: current.offset)
                }
                result.positional.append(try expression())
            }
        }
        guard skip(.rightParenthesis) else {
            throw SyntaxFault("the parenthesis is never closed", at: open)
        }
        result.settle()
        return result
    }
}
