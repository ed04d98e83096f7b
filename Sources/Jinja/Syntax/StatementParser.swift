internal import Diagnostics
internal import Values

/// Statements: what stands in `{% %}`.
extension Parser {
    /// Reads until one of the block names stands in a block tag (which is left standing), or to the end.
    mutating func statements(until ends: [String], opened: Int? = nil) throws(SyntaxFault) -> Body {
        var result: [Statement] = []
        while true {
            switch current.kind {
            case .data(let text):
                result.append(.text(.init(text)))
                advance()
            case .variableBegin:
                let offset = advance().offset
                if case .variableEnd = current.kind { throw SyntaxFault("the print tag is empty", at: offset) }
                let value = try tuple()
                guard case .variableEnd = current.kind else { throw unexpected("the end of the print tag") }
                advance()
                // Text and what is printed after it are one step.
                var before: Statement.PlainText?
                if case .text(let text)? = result.last {
                    before = text
                    result.removeLast()
                }
                result.append(.print(.init(value, offset: offset, after: before)))
            case .blockBegin:
                if case .name(let name) = next.kind, ends.contains(name) {
                    advance()
                    return Body(result)
                }
                advance()
                if let statement = try nested({ parser throws(SyntaxFault) in try parser.statement(ends: ends) }) {
                    result.append(statement)
                }
            case .end where ends.isEmpty:
                return Body(result)
            case .end:
                throw SyntaxFault(
                    "the block is never closed", at: opened ?? current.offset,
                    remedy: "Close it with \(options.blockStart) \(ends[ends.count - 1]) \(options.blockEnd).")
            default:
                throw unexpected("text or a tag")
            }
        }
    }

    private static let keywords = [
        "for", "if", "set", "macro", "call", "filter", "with", "include", "import", "from", "extends", "block", "do",
        "break", "continue", "autoescape", "raw", "endfor", "endif", "else", "elif",
    ]

    private mutating func statement(ends: [String]) throws(SyntaxFault) -> Statement? {
        let (name, offset) = try word()
        switch name {
        case "if": return try conditionalStatement(offset)
        case "for": return try loopStatement(offset)
        case "set": return try setStatement(offset)
        case "macro": return try macroStatement(offset)
        case "call": return try callStatement(offset)
        case "filter": return try filterStatement(offset)
        case "with": return try withStatement(offset)
        case "include": return try includeStatement(offset)
        case "import": return try importStatement(offset)
        case "from": return try fromStatement(offset)
        case "extends":
            let template = try expression()
            try expectBlockEnd()
            return .extends(.init(template, offset: offset))
        case "block": return try blockStatement(offset)
        case "do":
            let value = try tuple()
            try expectBlockEnd()
            return .perform(.init(value, offset: offset))
        case "break", "continue":
            guard loopDepth > 0 else { throw SyntaxFault("'\(name)' stands outside of a loop", at: offset) }
            try expectBlockEnd()
            return name == "break" ? .break : .continue
        case "autoescape":
            _ = try expression()
            return .group(try body(until: "endautoescape", offset))
        default:
            var remedy = NearestHint.of(name, among: Self.keywords)
            if let end = ends.last {
                remedy = "the innermost open block is closed with '\(end)'." + (remedy.map { " \($0)" } ?? "")
            }
            throw SyntaxFault("unknown tag '\(name)'", at: offset, remedy: remedy)
        }
    }

    /// The rest of the opening tag's end, the body, and the closing tag.
    private mutating func body(until end: String, _ offset: Int) throws(SyntaxFault) -> Body {
        try expectBlockEnd()
        let body = try statements(until: [end], opened: offset)
        advance()
        try expectBlockEnd()
        return body
    }

    private mutating func conditionalStatement(_ offset: Int) throws(SyntaxFault) -> Statement {
        var branches: [Statement.Conditional.Branch] = []
        var otherwise = Body([])
        while true {
            let condition = try tuple(withConditional: false)
            try expectBlockEnd()
            let body = try statements(until: ["elif", "else", "endif"], opened: offset)
            branches.append(.init(condition, body))
            if skip("elif") { continue }
            if skip("else") {
                try expectBlockEnd()
                otherwise = try statements(until: ["endif"], opened: offset)
            }
            advance()
            try expectBlockEnd()
            return .conditional(.init(branches, otherwise: otherwise))
        }
    }

    private mutating func loopStatement(_ offset: Int) throws(SyntaxFault) -> Statement {
        let target = try target(allowsMember: false, stopsAtIn: true)
        try expect("in")
        let iterable = try tuple(withConditional: false)
        let filter: Expression? = skip("if") ? try expression() : nil
        let isRecursive = skip("recursive")
        let loopName = try assigned("loop", at: offset)
        try expectBlockEnd()
        loopDepth += 1
        let body = try statements(until: ["else", "endfor"], opened: offset)
        loopDepth -= 1
        var otherwise = Body([])
        if skip("else") {
            try expectBlockEnd()
            otherwise = try statements(until: ["endfor"], opened: offset)
        }
        advance()
        try expectBlockEnd()
        return .loop(
            .init(
                target: target, iterable: iterable, filter: filter, isRecursive: isRecursive, body: body,
                otherwise: otherwise, loopSlot: loopName.slot, offset: offset))
    }

    /// `a`, `a, b`, `(a, b), c` or `ns.a`.
    private mutating func target(allowsMember: Bool, stopsAtIn: Bool = false) throws(SyntaxFault) -> AssignmentTarget {
        if allowsMember, case .name(let name) = current.kind, next.kind == .symbol(.dot) {
            let place = advance().offset
            advance()
            let owner = read(name, at: place)
            return .member(.init(try word().text, of: owner))
        }
        var parts: [AssignmentTarget] = []
        var isTuple = false
        while true {
            if !parts.isEmpty {
                guard skip(.comma) else { break }
                isTuple = true
                if at(.assign) || at("in") || at(.rightParenthesis) || current.kind == .blockEnd { break }
            }
            if skip(.leftParenthesis) {
                let inner = try nested { parser throws(SyntaxFault) in try parser.target(allowsMember: false) }
                try expect(.rightParenthesis)
                parts.append(inner)
            } else {
                let (name, place) = try word()
                parts.append(.name(try assigned(name, at: place)))
            }
        }
        if !isTuple, let only = parts.first { return only }
        return .tuple(.init(parts))
    }

    private mutating func setStatement(_ offset: Int) throws(SyntaxFault) -> Statement {
        let target = try target(allowsMember: true)
        if skip(.assign) {
            let value = try tuple()
            try expectBlockEnd()
            return .set(.init(target, value, offset: offset))
        }
        let filter = at(.pipe) ? try filterChain(first: nil) : nil
        return .setBlock(
            .init(target, filter: filter, body: try body(until: "endset", offset), offset: offset))
    }

    /// Filters in a row that apply to a block's text.
    private mutating func filterChain(first: FilterUse?) throws(SyntaxFault) -> Expression? {
        var chain: Expression? = first.map { .filter($0) }
        while at(.pipe) { chain = .filter(try filterUse(of: chain ?? .blockText)) }
        return chain
    }

    private mutating func filterStatement(_ offset: Int) throws(SyntaxFault) -> Statement {
        let first = try filterUse(of: .blockText, withBar: false)
        guard let chain = try filterChain(first: first) else { throw unexpected("a filter") }
        return .filterBlock(.init(chain, body: try body(until: "endfilter", offset)))
    }

    private mutating func withStatement(_ offset: Int) throws(SyntaxFault) -> Statement {
        var bindings: [Statement.Assignment] = []
        while current.kind != .blockEnd {
            if !bindings.isEmpty { try expect(.comma) }
            let (name, place) = try word()
            let target = AssignmentTarget.name(try assigned(name, at: place))
            try expect(.assign)
            bindings.append(.init(target, try expression(), offset: offset))
        }
        return .with(.init(bindings, body: try body(until: "endwith", offset)))
    }

    private mutating func blockStatement(_ offset: Int) throws(SyntaxFault) -> Statement {
        let (name, place) = try word()
        let isScoped = skip("scoped")
        let isRequired = skip("required")
        guard blocks[name] == nil else { throw SyntaxFault("the block '\(name)' is defined twice", at: place) }
        blocks[name] = Body([])
        try expectBlockEnd()
        let outerLoops = loopDepth
        loopDepth = 0
        let body = try statements(until: ["endblock"], opened: offset)
        loopDepth = outerLoops
        advance()
        if case .name(let repeated) = current.kind {
            guard repeated == name else { throw unexpected("'\(name)'") }
            advance()
        }
        try expectBlockEnd()
        blocks[name] = body
        return .block(.init(name: name, isScoped: isScoped, isRequired: isRequired, offset: offset))
    }
}

/// Remedies for names that are nearly right.
enum NearestHint {
    static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        NearestNames.hint(name, among: candidates)
    }
}
