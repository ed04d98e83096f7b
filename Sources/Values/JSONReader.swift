internal import Diagnostics

/// Reads JSON from bytes, one after the other, never looking back.
struct JSONReader {
    private let bytes: [UInt8]
    private let dialect: JSON.Dialect
    private let deepest: Int
    private var at = 0

    init(_ bytes: [UInt8], _ dialect: JSON.Dialect = .strict, deepest: Int = JSON.maximumDepth) {
        self.bytes = bytes
        self.dialect = dialect
        self.deepest = deepest
    }

    mutating func document() throws(Diagnostic) -> Value {
        // A byte order mark is not part of the text; RFC 8259 lets a reader pass over it.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
        skipSpace()
        let result = try value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw trouble("something follows the end of the JSON text") }
        return result
    }

    mutating func stream() throws(Diagnostic) -> [Value] {
        var result: [Value] = []
        skipSpace()
        while at < bytes.count {
            result.append(try value(depth: 0))
            skipSpace()
        }
        return result
    }

    private mutating func value(depth: Int) throws(Diagnostic) -> Value {
        guard depth <= deepest else { throw trouble("JSON nested more than \(deepest) deep") }
        guard !StackGuard.isNearlyFull else { throw trouble("the JSON text nests too deeply") }
        guard let byte = current else { throw trouble("the JSON text ends where a value should stand") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .string(Text(try string()))
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "N") where dialect == .python: return try word("NaN", .double(.nan))
        case UInt8(ascii: "I") where dialect == .python: return try word("Infinity", .double(.infinity))
        case UInt8(ascii: "-") where dialect == .python && bytes[at...].dropFirst().first == UInt8(ascii: "I"):
            return try word("-Infinity", .double(-.infinity))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw trouble("no JSON value begins here")
        }
    }

    private mutating func object(depth: Int) throws(Diagnostic) -> Value {
        var map = ValueMap()
        at += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return .map(map) }
        while true {
            guard current == UInt8(ascii: "\"") else { throw trouble("a member's name in quotes should stand here") }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw trouble("':' should follow a member's name") }
            skipSpace()
            map[name] = try value(depth: depth + 1)
            skipSpace()
            if take(UInt8(ascii: "}")) { return .map(map) }
            guard take(UInt8(ascii: ",")) else { throw trouble("',' or '}' should follow a member") }
            skipSpace()
        }
    }

    private mutating func list(depth: Int) throws(Diagnostic) -> Value {
        var items: [Value] = []
        at += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return .list(items) }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .list(items) }
            guard take(UInt8(ascii: ",")) else { throw trouble("',' or ']' should follow an element") }
            skipSpace()
        }
    }

    private mutating func word(_ word: StaticString, _ value: Value) throws(Diagnostic) -> Value {
        let wanted = word.utf8CodeUnitCount
        guard at + wanted <= bytes.count, bytes[at..<at + wanted].elementsEqual(word.description.utf8) else {
            throw trouble("no JSON value begins here")
        }
        at += wanted
        return value
    }

    private mutating func number() throws(Diagnostic) -> Value {
        let start = at
        var isWhole = true
        _ = take(UInt8(ascii: "-"))
        if take(UInt8(ascii: "0")) {
            // RFC 8259: no digit may follow a leading zero.
            if let digit = current, isDigit(digit) { throw trouble("a number does not begin with 0") }
        } else {
            try digits()
        }
        if take(UInt8(ascii: ".")) {
            isWhole = false
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isWhole = false
            at += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isWhole {
            guard case .number(let whole) = WholeNumber.read(text) else {
                throw trouble("a whole number of more than \(WholeNumber.greatestDigits) digits")
            }
            return whole.value
        }
        guard let double = Double(text), dialect == .python || double.isFinite else {
            throw trouble("the number \(text) is too large")
        }
        return .double(double)
    }

    private mutating func digits() throws(Diagnostic) {
        let start = at
        while let byte = current, isDigit(byte) { at += 1 }
        guard at > start else { throw trouble("a digit should stand here") }
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private mutating func string() throws(Diagnostic) -> String {
        at += 1
        let start = at
        var hasEscape = false
        // First the end is looked for: most strings hold no escape and are taken as they are.
        while true {
            guard let byte = current else { throw trouble("a string is not closed") }
            if byte == UInt8(ascii: "\"") { break }
            guard byte >= 0x20 else { throw trouble("a control character in a string must be escaped") }
            if byte == UInt8(ascii: "\\") {
                hasEscape = true
                at += 1
            }
            at += 1
        }
        let raw = bytes[start..<at]
        at += 1
        if !hasEscape {
            guard let text = String(validating: raw, as: UTF8.self) else { throw trouble("the text is not UTF-8") }
            return text
        }
        return try unescape(raw)
    }

    private mutating func unescape(_ raw: ArraySlice<UInt8>) throws(Diagnostic) -> String {
        var units: [UInt8] = []
        units.reserveCapacity(raw.count)
        var index = raw.startIndex
        while index < raw.endIndex {
            let byte = raw[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                units.append(byte)
                continue
            }
            guard index < raw.endIndex else { throw trouble("a string is not closed") }
            let escape = raw[index]
            index += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(escape)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "u"):
                let first = try hex(raw, &index)
                var scalar = Unicode.Scalar(first)
                if first >= 0xD800, first < 0xDC00, raw[index...].starts(with: [0x5C, 0x75]) {
                    var after = index + 2
                    let second = try hex(raw, &after)
                    if second >= 0xDC00, second < 0xE000 {
                        scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
                        index = after
                    }
                }
                // Half of a pair stands for no character, and no text can hold it.
                units.append(contentsOf: Array(String(Character(scalar ?? "\u{FFFD}")).utf8))
            default: throw trouble("no such escape in a string")
            }
        }
        guard let text = String(validating: units, as: UTF8.self) else { throw trouble("the text is not UTF-8") }
        return text
    }

    private func hex(_ raw: ArraySlice<UInt8>, _ index: inout Int) throws(Diagnostic) -> UInt32 {
        var result: UInt32 = 0
        for _ in 0..<4 {
            guard index < raw.endIndex, let digit = Character(Unicode.Scalar(raw[index])).hexDigitValue else {
                throw trouble("four hexadecimal digits should follow '\\u'")
            }
            result = result << 4 | UInt32(digit)
            index += 1
        }
        return result
    }

    private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }

    private func trouble(_ what: String) -> Diagnostic {
        let before = bytes[..<min(at, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        // Columns count characters, not the bytes of one.
        let column = before[(before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0)...].count { $0 & 0xC0 != 0x80 } + 1
        return Diagnostic(.syntax, "not JSON: \(what) (line \(line), column \(column))")
    }
}
