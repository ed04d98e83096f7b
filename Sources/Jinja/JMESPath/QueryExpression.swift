internal import Values

/// A JMESPath expression (https://jmespath.org/specification.html).
indirect enum QueryExpression {
    /// `@`
    case current
    case literal(Value)
    case field(String)
    case index(Int)
    case slice(start: Int?, stop: Int?, step: Int?)
    /// The second of what the first gives: `a.b`, `a[0]`, `a | b`.
    case sequence(QueryExpression, QueryExpression)
    /// `list[*].x`: the second of each element of the first.
    case projection(QueryExpression, QueryExpression)
    /// `map.*.x`: the second of each value of the first.
    case valueProjection(QueryExpression, QueryExpression)
    /// `list[?condition].x`
    case filtered(QueryExpression, QueryExpression, condition: QueryExpression)
    /// `list[]`: lists within the list laid out in it.
    case flatten(QueryExpression)
    case comparison(Comparison, QueryExpression, QueryExpression)
    case and(QueryExpression, QueryExpression)
    case or(QueryExpression, QueryExpression)
    case not(QueryExpression)
    case list([QueryExpression])
    case map([(name: String, value: QueryExpression)])
    case function(String, [QueryExpression], offset: Int)
    /// `&x`: an expression given to a function.
    case reference(QueryExpression)

    enum Comparison: String {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case atMost = "<="
        case greater = ">"
        case atLeast = ">="
    }

    /// Whether it projects, so that what stands right of it is asked of each element.
    fileprivate var isSlice: Bool { if case .slice = self { true } else { false } }
}

/// Reads JMESPath expressions by the precedence of their operators.
struct QueryParser {
    private let tokens: [QueryToken]
    private var index = 0

    static func parse(_ text: String) throws(QueryFault) -> QueryExpression {
        var lexer = QueryLexer(text)
        var parser = QueryParser(tokens: try lexer.tokens())
        if parser.tokens.count == 1 { throw QueryFault("the expression is empty", at: 0) }
        let expression = try parser.expression(0)
        guard parser.kind == .end else { throw parser.unexpected }
        return expression
    }

    private init(tokens: [QueryToken]) { self.tokens = tokens }

    private var token: QueryToken { tokens[min(index, tokens.count - 1)] }
    private var kind: QueryToken.Kind { token.kind }
    private var next: QueryToken.Kind { tokens[min(index + 1, tokens.count - 1)].kind }
    private var unexpected: QueryFault {
        kind == .end
            ? QueryFault("the expression ends too early", at: token.offset)
            : QueryFault("this is not expected here", at: token.offset)
    }

    private mutating func expect(_ kind: QueryToken.Kind) throws(QueryFault) {
        guard self.kind == kind else { throw unexpected }
        index += 1
    }

    private static let starPower = 20
    /// What binds less than this ends a projection.
    private static let projectionStop = 10

    private mutating func expression(_ power: Int) throws(QueryFault) -> QueryExpression {
        guard !StackGuard.isNearlyFull else { throw QueryFault("the expression nests too deeply", at: token.offset) }
        var left = try prefix()
        while power < token.power { left = try infix(left) }
        return left
    }

    // MARK: What an expression begins with

    private mutating func prefix() throws(QueryFault) -> QueryExpression {
        let fault = unexpected
        let kind = kind
        index += 1
        switch kind {
        case .literal(let value): return .literal(value)
        case .name(let name): return .field(name)
        case .quotedName(let name):
            guard self.kind != .leftParenthesis else {
                throw QueryFault("a function's name is not quoted", at: token.offset)
            }
            return .field(name)
        case .current: return .current
        case .star:
            let right: QueryExpression = self.kind == .rightBracket ? .current : try projected(Self.starPower)
            return .valueProjection(.current, right)
        case .filter: return try filter(of: .current)
        case .flatten: return .projection(.flatten(.current), try projected(9))
        case .leftBrace: return try map()
        case .leftParenthesis:
            let inner = try expression(0)
            try expect(.rightParenthesis)
            return inner
        case .leftBracket:
            switch self.kind {
            case .number, .colon: return try indexed(.current)
            case .star where next == .rightBracket:
                index += 2
                return .projection(.current, try projected(Self.starPower))
            default: return try list()
            }
        case .not: return .not(try expression(45))
        case .reference: return .reference(try expression(0))
        default: throw fault
        }
    }

    // MARK: What goes on after an expression

    private mutating func infix(_ left: QueryExpression) throws(QueryFault) -> QueryExpression {
        let fault = unexpected
        let token = token
        index += 1
        switch token.kind {
        case .dot:
            if kind == .star {
                index += 1
                return .valueProjection(left, try projected(Self.starPower))
            }
            return .sequence(left, try member(40))
        case .pipe: return .sequence(left, try expression(1))
        case .or: return .or(left, try expression(2))
        case .and: return .and(left, try expression(3))
        case .comparison(let comparison): return .comparison(comparison, left, try expression(5))
        case .flatten: return .projection(.flatten(left), try projected(9))
        case .filter: return try filter(of: left)
        case .leftBracket:
            if kind == .star {
                index += 1
                try expect(.rightBracket)
                return .projection(left, try projected(Self.starPower))
            }
            return try indexed(left)
        case .leftParenthesis:
            guard case .field(let name) = left else {
                throw QueryFault("only a function's name is followed by '('", at: token.offset)
            }
            return try call(name, at: token.offset)
        default: throw fault
        }
    }

    private mutating func call(_ name: String, at offset: Int) throws(QueryFault) -> QueryExpression {
        var arguments: [QueryExpression] = []
        while kind != .rightParenthesis {
            arguments.append(try expression(0))
            if kind == .comma {
                index += 1
                if kind == .rightParenthesis { throw unexpected }
            } else if kind != .rightParenthesis {
                throw unexpected
            }
        }
        index += 1
        return .function(name, arguments, offset: offset)
    }

    private mutating func indexed(_ left: QueryExpression) throws(QueryFault) -> QueryExpression {
        let right = try place()
        let whole = QueryExpression.sequence(left, right)
        return right.isSlice ? .projection(whole, try projected(Self.starPower)) : whole
    }

    /// `3]` or `1:5:2]`.
    private mutating func place() throws(QueryFault) -> QueryExpression {
        var parts: [Int?] = [nil, nil, nil]
        var part = 0
        while kind != .rightBracket {
            switch kind {
            case .colon where part < 2: part += 1
            case .number(let number) where parts[part] == nil: parts[part] = number
            default: throw unexpected
            }
            index += 1
        }
        index += 1
        if part == 0, let number = parts[0] { return .index(number) }
        if let step = parts[2], step == 0 { throw QueryFault("a slice's step cannot be zero", at: token.offset) }
        return .slice(start: parts[0], stop: parts[1], step: parts[2])
    }

    private mutating func filter(of left: QueryExpression) throws(QueryFault) -> QueryExpression {
        let condition = try expression(0)
        try expect(.rightBracket)
        let right: QueryExpression = kind == .flatten ? .current : try projected(21)
        return .filtered(left, right, condition: condition)
    }

    /// What is asked of each element of a projection.
    private mutating func projected(_ power: Int) throws(QueryFault) -> QueryExpression {
        if token.power < Self.projectionStop { return .current }
        switch kind {
        case .leftBracket, .filter: return try expression(power)
        case .dot:
            index += 1
            return try member(power)
        default: throw unexpected
        }
    }

    /// What may follow a dot.
    private mutating func member(_ power: Int) throws(QueryFault) -> QueryExpression {
        switch kind {
        case .name, .quotedName, .star: return try expression(power)
        case .leftBracket:
            index += 1
            return try list()
        case .leftBrace:
            index += 1
            return try map()
        default: throw unexpected
        }
    }

    private mutating func list() throws(QueryFault) -> QueryExpression {
        var items: [QueryExpression] = []
        while true {
            items.append(try expression(0))
            if kind == .rightBracket { break }
            try expect(.comma)
        }
        index += 1
        return .list(items)
    }

    private mutating func map() throws(QueryFault) -> QueryExpression {
        var items: [(name: String, value: QueryExpression)] = []
        while true {
            let name: String
            switch kind {
            case .name(let word), .quotedName(let word): name = word
            default: throw unexpected
            }
            index += 1
            try expect(.colon)
            items.append((name, try expression(0)))
            if kind == .rightBrace { break }
            try expect(.comma)
        }
        index += 1
        return .map(items)
    }
}
