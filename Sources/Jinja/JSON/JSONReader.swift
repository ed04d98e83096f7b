internal import Diagnostics
internal import Values

/// Reads JSON text into values, as Python's `json.loads` does for `from_json`: `NaN` and `Infinity` included,
/// which the strict reader in Values refuses.
enum JSONReader {
    /// - Parameters:
    ///   - text: The whole text.
    ///   - marks: Marks that every text within gets.
    /// - Throws: A diagnostic with the code `.badValue` naming line and column.
    static func value(_ text: String, marks: Text.Marks = []) throws(Diagnostic) -> Value {
        var parser = JSONParser(bytes: Array(text.utf8), marks: marks)
        parser.skipSpace()
        let value = try parser.value()
        parser.skipSpace()
        guard parser.position == parser.bytes.count else { throw parser.fault("there is more after the value") }
        return value
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    let marks: Text.Marks
    var position = 0
    var depth = 0

    init(bytes: [UInt8], marks: Text.Marks) {
        self.bytes = bytes
        self.marks = marks
    }

    func fault(_ reason: String) -> Diagnostic {
        var line = 1
        var column = 1
        for byte in bytes[..<min(position, bytes.count)] {
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return Diagnostic(.badValue, "not JSON: line \(line), column \(column): \(reason)")
    }

    mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func skip(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard position + length <= bytes.count else { return false }
        for offset in 0..<length where bytes[position + offset] != word.utf8Start[offset] { return false }
        position += length
        return true
    }

    mutating func value() throws(Diagnostic) -> Value {
        guard position < bytes.count else { throw fault("the text ends where a value is expected") }
        depth += 1
        defer { depth -= 1 }
        guard depth <= NestingBound.greatestDepth else { throw fault("it is nested too deeply") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(Text(try string(), marks: marks))
        default: break
        }
        if skip("true") { return true }
        if skip("false") { return false }
        if skip("null") { return .null }
        if skip("NaN") { return .double(.nan) }
        if skip("Infinity") { return .double(.infinity) }
        if skip("-Infinity") { return .double(-.infinity) }
        return try number()
    }

    private mutating func object() throws(Diagnostic) -> Value {
        position += 1
        var map = ValueMap()
        skipSpace()
        if skip("}") { return .map(map) }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw fault("a name in double quotes is expected")
            }
            let key = try string()
            skipSpace()
            guard skip(":") else { throw fault("':' is expected") }
            skipSpace()
            map[key] = try value()
            skipSpace()
            if skip("}") { return .map(map) }
            guard skip(",") else { throw fault("',' or '}' is expected") }
        }
    }

    private mutating func array() throws(Diagnostic) -> Value {
        position += 1
        var items: [Value] = []
        skipSpace()
        if skip("]") { return .list(items) }
        while true {
            skipSpace()
            items.append(try value())
            skipSpace()
            if skip("]") { return .list(items) }
            guard skip(",") else { throw fault("',' or ']' is expected") }
        }
    }

    private mutating func number() throws(Diagnostic) -> Value {
        let start = position
        func isDigit(_ index: Int) -> Bool { index < bytes.count && (0x30...0x39).contains(bytes[index]) }
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
        guard isDigit(position) else {
            position = start
            throw fault("a value is expected")
        }
        if bytes[position] == UInt8(ascii: "0") { position += 1 } else { while isDigit(position) { position += 1 } }
        var isFloat = false
        if position < bytes.count, bytes[position] == UInt8(ascii: "."), isDigit(position + 1) {
            isFloat = true
            position += 1
            while isDigit(position) { position += 1 }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            var index = position + 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            if isDigit(index) {
                isFloat = true
                position = index
                while isDigit(position) { position += 1 }
            }
        }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        if !isFloat {
            if let int = Int(word) { return .int(int) }
            position = start
            throw fault("the number \(word) does not fit in 64 bits")
        }
        return .double(Double(word) ?? 0)
    }

    private mutating func string() throws(Diagnostic) -> String {
        position += 1
        var content: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20:
                position -= 1
                throw fault("a control character stands in a string")
            default: content.append(byte)
            }
        }
        throw fault("a string is never closed")
    }

    private mutating func escape(into content: inout [UInt8]) throws(Diagnostic) {
        guard position < bytes.count else { throw fault("a string is never closed") }
        let kind = bytes[position]
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(kind)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            var code = try codeUnit()
            if (0xD800...0xDBFF).contains(code), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                let low = try codeUnit()
                guard (0xDC00...0xDFFF).contains(low) else { throw fault("a surrogate escape stands alone") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            let scalar = UnicodeScalar(code) ?? "\u{FFFD}"
            content += Array(String(Character(scalar)).utf8)
        default:
            position -= 1
            throw fault("an unknown escape stands in a string")
        }
    }

    private mutating func codeUnit() throws(Diagnostic) -> UInt32 {
        guard position + 4 <= bytes.count,
            let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw fault("an escape needs four hexadecimal digits") }
        position += 4
        return code
    }
}
