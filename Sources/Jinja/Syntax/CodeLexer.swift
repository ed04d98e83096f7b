internal import Values

/// The part of the lexer that works inside tags: names, numbers, strings and signs.
extension Lexer {
    /// Reads tokens up to the tag's end, or to the end of the text for a bare expression.
    ///
    /// - Parameters:
    ///   - end: What ends the tag; nil for a bare expression.
    ///   - literalBackslashes: Whether backslashes in strings stand for themselves.
    mutating func readCode(until end: CodeEnd?, literalBackslashes: Bool) throws(SyntaxFault) {
        let start = position
        // Signs that must be closed before the tag may end: `{{ {'a': {}} }}` has `}}` within.
        var open: [(sign: UInt8, offset: Int)] = []
        while true {
            while position < bytes.count, Self.isSpace(bytes[position]) {
                if end == .line, bytes[position] == UInt8(ascii: "\n"), open.isEmpty { break }
                position += 1
            }
            guard position < bytes.count else { break }
            if let end, open.isEmpty, let after = codeEnd(end) {
                add(end == .variable ? .variableEnd : .blockEnd)
                position = after
                return
            }
            try readToken(literalBackslashes: literalBackslashes, open: &open)
        }
        if let last = open.last {
            throw SyntaxFault("'\(Character(UnicodeScalar(last.sign)))' is never closed", at: last.offset)
        }
        guard let end else { return }
        if end == .line {
            add(.blockEnd)
            return
        }
        let sign = end == .variable ? options.variableEnd : options.blockEnd
        throw SyntaxFault("the tag has no end", at: start, remedy: "Close it with '\(sign)'.")
    }

    private mutating func readToken(
        literalBackslashes: Bool, open: inout [(sign: UInt8, offset: Int)]
    ) throws(SyntaxFault) {
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): try readNumber()
        case UInt8(ascii: "'"), UInt8(ascii: "\""): try readString(literalBackslashes: literalBackslashes)
        case _ where Self.isNameByte(byte): readName()
        default:
            let symbol = try readSymbol()
            switch symbol {
            case .leftBrace, .leftBracket, .leftParenthesis: open.append((byte, position - 1))
            case .rightBrace, .rightBracket, .rightParenthesis:
                guard let last = open.popLast() else {
                    throw SyntaxFault("unexpected '\(symbol.rawValue)'", at: position - 1)
                }
                let expected: Token.Symbol =
                    last.sign == UInt8(ascii: "{")
                    ? .rightBrace : last.sign == UInt8(ascii: "[") ? .rightBracket : .rightParenthesis
                guard symbol == expected else {
                    throw SyntaxFault(
                        "unexpected '\(symbol.rawValue)', expected '\(expected.rawValue)'", at: position - 1)
                }
            default: break
            }
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte >= 0x80 || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || isDigit(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private mutating func readName() {
        let start = position
        while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
        add(.name(String(decoding: bytes[start..<position], as: UTF8.self)), at: start)
    }

    private mutating func readSymbol() throws(SyntaxFault) -> Token.Symbol {
        let start = position
        for length in [2, 1] where start + length <= bytes.count {
            let word = String(decoding: bytes[start..<start + length], as: UTF8.self)
            if let symbol = Token.Symbol(rawValue: word) {
                add(.symbol(symbol), at: start)
                position += length
                return symbol
            }
        }
        let character = String(decoding: bytes[start...].prefix(4), as: UTF8.self).prefix(1)
        throw SyntaxFault("unexpected character '\(character)'", at: start)
    }

    // MARK: Numbers

    private mutating func readNumber() throws(SyntaxFault) {
        let start = position
        if bytes[position] == UInt8(ascii: "0"), position + 1 < bytes.count {
            let radix: Int? =
                switch bytes[position + 1] | 0x20 {
                case UInt8(ascii: "x"): 16
                case UInt8(ascii: "o"): 8
                case UInt8(ascii: "b"): 2
                default: nil
                }
            if let radix {
                position += 2
                let digits = takeWhile { Self.isNameByte($0) }
                guard case .number(let whole) = WholeNumber.read(digits.filter { $0 != "_" }, radix: radix) else {
                    throw SyntaxFault("'\(text(from: start))' is not a number", at: start)
                }
                add(.integer(whole), at: start)
                return
            }
        }
        let isMember = start > 0 && bytes[start - 1] == UInt8(ascii: ".")
        var isFloat = false
        _ = takeWhile { Self.isDigit($0) || $0 == UInt8(ascii: "_") }
        if !isMember {
            if position + 1 < bytes.count, bytes[position] == UInt8(ascii: "."), Self.isDigit(bytes[position + 1]) {
                isFloat = true
                position += 1
                _ = takeWhile { Self.isDigit($0) || $0 == UInt8(ascii: "_") }
            }
            if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
                var index = position + 1
                if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                    index += 1
                }
                if index < bytes.count, Self.isDigit(bytes[index]) {
                    isFloat = true
                    position = index
                    _ = takeWhile { Self.isDigit($0) || $0 == UInt8(ascii: "_") }
                }
            }
        }
        let word = text(from: start).filter { $0 != "_" }
        if isFloat, let double = Double(word) {
            add(.float(double), at: start)
        } else if case .number(let whole) = WholeNumber.read(word) {
            add(.integer(whole), at: start)
        } else {
            throw SyntaxFault(
                "the number has more than \(WholeNumber.greatestDigits) digits", at: start,
                remedy: "Quote it if it is meant as text.")
        }
    }

    private mutating func takeWhile(_ condition: (UInt8) -> Bool) -> String {
        let start = position
        while position < bytes.count, condition(bytes[position]) { position += 1 }
        return text(from: start)
    }

    private func text(from start: Int) -> String { String(decoding: bytes[start..<position], as: UTF8.self) }

    // MARK: Strings

    private mutating func readString(literalBackslashes: Bool) throws(SyntaxFault) {
        let start = position
        let quote = bytes[position]
        position += 1
        var content: [UInt8] = []
        while position < bytes.count, bytes[position] != quote {
            if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count {
                if literalBackslashes {
                    content += bytes[position...position + 1]
                    position += 2
                } else {
                    try readEscape(into: &content)
                }
            } else {
                content.append(bytes[position])
                position += 1
            }
        }
        guard position < bytes.count else { throw SyntaxFault("the string is never closed", at: start) }
        position += 1
        add(.string(String(decoding: content, as: UTF8.self)), at: start)
    }

    /// One of Python's escapes; an unknown one keeps its backslash, as there.
    private mutating func readEscape(into content: inout [UInt8]) throws(SyntaxFault) {
        let start = position
        let kind = bytes[position + 1]
        position += 2
        switch kind {
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "a"): content.append(0x07)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "v"): content.append(0x0B)
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): content.append(kind)
        case UInt8(ascii: "\n"): break
        case UInt8(ascii: "x"): try appendScalar(digits: 2, to: &content, from: start)
        case UInt8(ascii: "u"): try appendScalar(digits: 4, to: &content, from: start)
        case UInt8(ascii: "U"): try appendScalar(digits: 8, to: &content, from: start)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            var code = UInt32(kind - UInt8(ascii: "0"))
            var count = 1
            while count < 3, position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(bytes[position]) {
                code = code * 8 + UInt32(bytes[position] - UInt8(ascii: "0"))
                position += 1
                count += 1
            }
            if let scalar = UnicodeScalar(code) { content += Array(String(Character(scalar)).utf8) }
        default: content += [UInt8(ascii: "\\"), kind]
        }
    }

    private mutating func appendScalar(digits: Int, to content: inout [UInt8], from start: Int) throws(SyntaxFault) {
        let end = position + digits
        guard end <= bytes.count,
            let code = UInt32(String(decoding: bytes[position..<end], as: UTF8.self), radix: 16),
            let scalar = UnicodeScalar(code)
        else { throw SyntaxFault("the escape needs \(digits) hexadecimal digits", at: start) }
        content += Array(String(Character(scalar)).utf8)
        position = end
    }
}
