internal import Values

/// A word of a JMESPath expression and where it stands, counted in characters from 0.
struct QueryToken {
    enum Kind: Equatable {
        case name(String)
        case quotedName(String)
        case number(Int)
        case literal(Value)
        case dot, star, comma, colon, current, pipe, or, and, not, reference
        case leftBracket, rightBracket, leftBrace, rightBrace, leftParenthesis, rightParenthesis
        /// `[]`
        case flatten
        /// `[?`
        case filter
        case comparison(QueryExpression.Comparison)
        case end
    }

    var kind: Kind
    var offset: Int

    /// How tightly it binds what stands left of it.
    var power: Int {
        switch kind {
        case .pipe: 1
        case .or: 2
        case .and: 3
        case .comparison: 5
        case .flatten: 9
        case .star: 20
        case .filter: 21
        case .dot: 40
        case .not: 45
        case .leftBrace: 50
        case .leftBracket: 55
        case .leftParenthesis: 60
        default: 0
        }
    }
}

/// What is wrong with a JMESPath expression, and at which character.
struct QueryFault: Error {
    var summary: String
    var offset: Int

    init(_ summary: String, at offset: Int) {
        self.summary = summary
        self.offset = offset
    }
}

/// Cuts a JMESPath expression into tokens.
struct QueryLexer {
    private let scalars: [UnicodeScalar]
    private var index = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    private var here: UnicodeScalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func skip(_ scalar: UnicodeScalar) -> Bool {
        guard here == scalar else { return false }
        index += 1
        return true
    }

    mutating func tokens() throws(QueryFault) -> [QueryToken] {
        var result: [QueryToken] = []
        while let scalar = here {
            let start = index
            if [" ", "\t", "\n", "\r"].contains(scalar) {
                index += 1
                continue
            }
            result.append(QueryToken(kind: try kind(scalar), offset: start))
        }
        result.append(QueryToken(kind: .end, offset: scalars.count))
        return result
    }

    private static let simple: [UnicodeScalar: QueryToken.Kind] = [
        ".": .dot, "*": .star, "]": .rightBracket, ",": .comma, ":": .colon, "@": .current, "(": .leftParenthesis,
        ")": .rightParenthesis, "{": .leftBrace, "}": .rightBrace,
    ]

    private mutating func kind(_ scalar: UnicodeScalar) throws(QueryFault) -> QueryToken.Kind {
        let start = index
        if let kind = Self.simple[scalar] {
            index += 1
            return kind
        }
        switch scalar {
        case "a"..."z", "A"..."Z", "_": return .name(word { $0 == "_" || $0.isASCIILetterOrDigit })
        case "0"..."9", "-":
            index += 1
            let digits = word { ("0"..."9").contains($0) }
            guard let number = Int(scalar == "-" ? "-" + digits : String(scalar) + digits) else {
                throw QueryFault("no number after '-'", at: start)
            }
            return .number(number)
        default: break
        }
        index += 1
        switch scalar {
        case "[": return skip("]") ? .flatten : skip("?") ? .filter : .leftBracket
        case "|": return skip("|") ? .or : .pipe
        case "&": return skip("&") ? .and : .reference
        case "!": return skip("=") ? .comparison(.notEqual) : .not
        case "<": return .comparison(skip("=") ? .atMost : .less)
        case ">": return .comparison(skip("=") ? .atLeast : .greater)
        case "=":
            guard skip("=") else { throw QueryFault("'=' compares nothing; equality is '=='", at: start) }
            return .comparison(.equal)
        case "'":
            return .literal(.string(try delimited("'", from: start).replacing("\\'", with: "'")))
        case "\"":
            let text = "\"" + (try delimited("\"", from: start)) + "\""
            guard let name = (try? JSON.parse(text, as: .python, deepest: NestingBound.greatestDepth - 1))?.stringValue
            else {
                throw QueryFault("the quoted name is no JSON text", at: start)
            }
            return .quotedName(name)
        case "`":
            let text = try delimited("`", from: start).replacing("\\`", with: "`")
            if let value = try? JSON.parse(text, as: .python, deepest: NestingBound.greatestDepth - 1) {
                return .literal(value)
            }
            // Bare words within backquotes are texts: an old habit that is still honoured.
            let bare = PythonString.strip(text, characters: nil, right: false)
            guard let value = try? JSON.parse("\"\(bare)\"", as: .python, deepest: NestingBound.greatestDepth - 1)
            else {
                throw QueryFault("the literal is no JSON", at: start)
            }
            return .literal(value)
        default: throw QueryFault("unexpected '\(scalar)'", at: start)
        }
    }

    private mutating func word(while belongs: (UnicodeScalar) -> Bool) -> String {
        let start = index
        while let scalar = here, belongs(scalar) { index += 1 }
        return PythonString.string(scalars[start..<index])
    }

    /// The text up to the delimiter, which a backslash hides; the backslashes stay.
    private mutating func delimited(_ delimiter: UnicodeScalar, from start: Int) throws(QueryFault) -> String {
        let first = index
        while let scalar = here {
            index += 1
            if scalar == delimiter { return PythonString.string(scalars[first..<index - 1]) }
            if scalar == "\\" { index += 1 }
        }
        throw QueryFault("no closing \(delimiter)", at: start)
    }
}

extension UnicodeScalar {
    fileprivate var isASCIILetterOrDigit: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }
}
