/// Cuts a template's text into tokens, working on its UTF-8 bytes.
///
/// White space around tags is settled here, as Jinja does: `-` and `+` signs, `trim_blocks`, `lstrip_blocks`,
/// the trailing newline, and the newline sequence of printed text.
struct Lexer {
    let bytes: [UInt8]
    let options: TemplateOptions
    var position = 0
    var tokens: [Token] = []
    /// Whether the text so far ended with a newline (or has not begun): `lstrip_blocks` asks.
    private var atLineStart = true
    private let delimiters: [Delimiter]

    private struct Delimiter {
        enum Kind { case variable, block, comment }
        var kind: Kind
        var start: [UInt8]
    }

    /// What may open a tag, at a place in the text.
    private struct Opening {
        enum Kind { case variable, block, comment, lineStatement, lineComment }
        var kind: Kind
        var offset: Int
        var length: Int
    }

    init(_ text: String, options: TemplateOptions) {
        bytes = Array(text.utf8)
        self.options = options
        delimiters = [
            Delimiter(kind: .comment, start: Array(options.commentStart.utf8)),
            Delimiter(kind: .block, start: Array(options.blockStart.utf8)),
            Delimiter(kind: .variable, start: Array(options.variableStart.utf8)),
        ].sorted { $0.start.count > $1.start.count }
    }

    /// The tokens of a whole template.
    static func tokens(_ text: String, options: TemplateOptions) throws(SyntaxFault) -> [Token] {
        var lexer = Lexer(text, options: options)
        try lexer.readTemplate()
        return lexer.tokens
    }

    /// The tokens of a bare expression, without delimiters.
    static func expressionTokens(_ text: String, options: TemplateOptions) throws(SyntaxFault) -> [Token] {
        var lexer = Lexer(text, options: options)
        try lexer.readCode(until: nil, literalBackslashes: options.literalBackslashes)
        lexer.add(.end)
        return lexer.tokens
    }

    mutating func add(_ kind: Token.Kind, at offset: Int? = nil) {
        tokens.append(Token(kind: kind, offset: offset ?? position))
    }

    // MARK: Text between tags

    private mutating func readTemplate() throws(SyntaxFault) {
        var dataEnd = bytes.count
        // One newline at the very end is dropped; whoever keeps trailing newlines adds it to the result again,
        // as Ansible does, so that a lone `{{ expr }}` followed by a newline keeps its type.
        if bytes.last == UInt8(ascii: "\n") {
            dataEnd -= 1
            if dataEnd > 0, bytes[dataEnd - 1] == UInt8(ascii: "\r") { dataEnd -= 1 }
        }
        while position < bytes.count {
            guard let opening = nextOpening() else {
                addData(from: position, to: dataEnd)
                position = bytes.count
                break
            }
            try readTag(opening)
        }
        position = bytes.count
        add(.end)
    }

    private mutating func readTag(_ opening: Opening) throws(SyntaxFault) {
        var inner = opening.offset + opening.length
        var sign: UInt8?
        if opening.kind != .lineStatement, opening.kind != .lineComment, inner < bytes.count,
            bytes[inner] == UInt8(ascii: "-") || bytes[inner] == UInt8(ascii: "+")
        {
            // `{{+1}}` is a plus sign, not a mark: only `-` has a meaning before an expression.
            if bytes[inner] == UInt8(ascii: "-") || opening.kind != .variable {
                sign = bytes[inner]
                inner += 1
            }
        }
        addData(from: position, to: endOfData(before: opening, sign: sign))
        position = inner
        switch opening.kind {
        case .variable:
            add(.variableBegin, at: opening.offset)
            try readCode(until: .variable, literalBackslashes: options.literalBackslashes)
            atLineStart = false
        case .block:
            if let bodyStart = rawBlockBody(from: inner) {
                try readRaw(from: bodyStart, opened: opening.offset)
            } else {
                add(.blockBegin, at: opening.offset)
                try readCode(until: .block, literalBackslashes: false)
                atLineStart = position > 0 && bytes[position - 1] == UInt8(ascii: "\n")
            }
        case .comment:
            try skipComment(opened: opening.offset)
        case .lineStatement:
            add(.blockBegin, at: opening.offset)
            try readCode(until: .line, literalBackslashes: false)
            atLineStart = true
        case .lineComment:
            while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
        }
    }

    /// Where the text before a tag ends once blanks are dropped as the tag's sign and the options ask.
    private func endOfData(before opening: Opening, sign: UInt8?) -> Int {
        var end = opening.offset
        if sign == UInt8(ascii: "-") {
            while end > position, Self.isSpace(bytes[end - 1]) { end -= 1 }
            return end
        }
        guard sign == nil, options.lstripBlocks, opening.kind == .block || opening.kind == .comment else { return end }
        var lineStart = end
        while lineStart > position, bytes[lineStart - 1] != UInt8(ascii: "\n") {
            guard Self.isSpace(bytes[lineStart - 1]) else { return end }
            lineStart -= 1
        }
        return lineStart > position || atLineStart ? lineStart : end
    }

    private mutating func addData(from start: Int, to end: Int) {
        guard end > start else { return }
        atLineStart = bytes[end - 1] == UInt8(ascii: "\n")
        add(.data(normalized(bytes[start..<end])), at: start)
    }

    /// The text with its newlines as the options want them.
    private func normalized(_ slice: ArraySlice<UInt8>) -> String {
        let newline = Array(options.newlineSequence.utf8)
        guard slice.contains(UInt8(ascii: "\r")) || newline != [UInt8(ascii: "\n")] else {
            return String(decoding: slice, as: UTF8.self)
        }
        var result: [UInt8] = []
        result.reserveCapacity(slice.count)
        var index = slice.startIndex
        while index < slice.endIndex {
            let byte = slice[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\r"):
                if index < slice.endIndex, slice[index] == UInt8(ascii: "\n") { index += 1 }
                result += newline
            case UInt8(ascii: "\n"): result += newline
            default: result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The nearest place from here on where a tag opens.
    private func nextOpening() -> Opening? {
        var index = position
        let linePrefixes = options.lineStatementPrefix != nil || options.lineCommentPrefix != nil
        while index < bytes.count {
            if linePrefixes, let opening = lineOpening(at: index) { return opening }
            for delimiter in delimiters where matches(delimiter.start, at: index) {
                let kind: Opening.Kind =
                    switch delimiter.kind {
                    case .variable: .variable
                    case .block: .block
                    case .comment: .comment
                    }
                return Opening(kind: kind, offset: index, length: delimiter.start.count)
            }
            index += 1
        }
        return nil
    }

    private func lineOpening(at index: Int) -> Opening? {
        let isLineStart = index == 0 || bytes[index - 1] == UInt8(ascii: "\n")
        var end = index
        while end < bytes.count, bytes[end] == 0x20 || bytes[end] == 0x09 || bytes[end] == 0x0B { end += 1 }
        let followsText = index > 0 && !Self.isSpace(bytes[index - 1])
        var found: Opening?
        if isLineStart, let prefix = options.lineStatementPrefix.map({ Array($0.utf8) }), !prefix.isEmpty,
            matches(prefix, at: end)
        {
            found = Opening(kind: .lineStatement, offset: index, length: end - index + prefix.count)
        }
        if isLineStart || followsText, let prefix = options.lineCommentPrefix.map({ Array($0.utf8) }),
            !prefix.isEmpty, matches(prefix, at: end), found.map({ $0.length <= end - index + prefix.count }) ?? true
        {
            found = Opening(kind: .lineComment, offset: index, length: end - index + prefix.count)
        }
        return found
    }

    func matches(_ word: [UInt8], at index: Int) -> Bool {
        guard index + word.count <= bytes.count else { return false }
        for offset in 0..<word.count where bytes[index + offset] != word[offset] { return false }
        return true
    }

    // MARK: Raw blocks and comments

    /// Where a raw block's text begins, if what follows the block's start is `raw`.
    private func rawBlockBody(from start: Int) -> Int? {
        guard let afterWord = skipWord("raw", from: start) else { return nil }
        return skipBlockEnd(from: afterWord, trims: false)
    }

    private func skipWord(_ word: String, from start: Int) -> Int? {
        let index = skipSpace(from: start)
        guard matches(Array(word.utf8), at: index) else { return nil }
        return skipSpace(from: index + word.utf8.count)
    }

    func skipSpace(from start: Int) -> Int {
        var index = start
        while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
        return index
    }

    /// The place after a block's end, with the blanks its sign or `trim_blocks` drops.
    private func skipBlockEnd(from start: Int, trims: Bool) -> Int? {
        let end = Array(options.blockEnd.utf8)
        if start < bytes.count, bytes[start] == UInt8(ascii: "-"), matches(end, at: start + 1) {
            return skipSpace(from: start + 1 + end.count)
        }
        if start < bytes.count, bytes[start] == UInt8(ascii: "+"), matches(end, at: start + 1) {
            return start + 1 + end.count
        }
        guard matches(end, at: start) else { return nil }
        return trims ? skipNewline(from: start + end.count) : start + end.count
    }

    private func skipNewline(from start: Int) -> Int {
        guard options.trimBlocks, start < bytes.count else { return start }
        if bytes[start] == UInt8(ascii: "\n") { return start + 1 }
        if bytes[start] == UInt8(ascii: "\r") {
            return start + 1 < bytes.count && bytes[start + 1] == UInt8(ascii: "\n") ? start + 2 : start + 1
        }
        return start
    }

    private mutating func readRaw(from start: Int, opened: Int) throws(SyntaxFault) {
        let blockStart = Array(options.blockStart.utf8)
        var index = start
        while index < bytes.count {
            guard matches(blockStart, at: index) else {
                index += 1
                continue
            }
            var inner = index + blockStart.count
            var sign: UInt8?
            if inner < bytes.count, bytes[inner] == UInt8(ascii: "-") || bytes[inner] == UInt8(ascii: "+") {
                sign = bytes[inner]
                inner += 1
            }
            if let afterWord = skipWord("endraw", from: inner), let end = skipBlockEnd(from: afterWord, trims: true) {
                position = start
                let opening = Opening(kind: .block, offset: index, length: blockStart.count)
                addData(from: start, to: endOfData(before: opening, sign: sign))
                position = end
                atLineStart = bytes[end - 1] == UInt8(ascii: "\n")
                return
            }
            index += 1
        }
        throw SyntaxFault(
            "the raw block has no end", at: opened,
            remedy: "Close it with \(options.blockStart) endraw \(options.blockEnd).")
    }

    private mutating func skipComment(opened: Int) throws(SyntaxFault) {
        let end = Array(options.commentEnd.utf8)
        var index = position
        while index < bytes.count {
            if matches(end, at: index) {
                let sign = index > position ? bytes[index - 1] : 0
                let after = index + end.count
                position =
                    sign == UInt8(ascii: "-")
                    ? skipSpace(from: after) : sign == UInt8(ascii: "+") ? after : skipNewline(from: after)
                atLineStart = bytes[position - 1] == UInt8(ascii: "\n")
                return
            }
            index += 1
        }
        throw SyntaxFault("the comment has no end", at: opened, remedy: "Close it with \(options.commentEnd).")
    }

    // MARK: What a tag's end looks like

    enum CodeEnd { case variable, block, line }

    /// If the tag ends here: the place after it, blanks dropped as its sign asks.
    func codeEnd(_ kind: CodeEnd) -> Int? {
        switch kind {
        case .variable:
            let end = Array(options.variableEnd.utf8)
            if bytes[position] == UInt8(ascii: "-"), matches(end, at: position + 1) {
                return skipSpace(from: position + 1 + end.count)
            }
            return matches(end, at: position) ? position + end.count : nil
        case .block:
            return skipBlockEnd(from: position, trims: true)
        case .line:
            guard bytes[position] == UInt8(ascii: "\n") else { return nil }
            return position + 1
        }
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
