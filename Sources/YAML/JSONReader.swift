public import Diagnostics
public import Values

/// Reads JSON as Python's `json` does: `NaN` and `Infinity` are accepted, a key given twice keeps its last value.
public enum JSONReader {
    /// The value that a text holds.
    ///
    /// - Parameters:
    ///   - text: The whole text.
    ///   - file: What places refer to.
    ///   - options: What counts as a template. Vaults are not looked for: JSON has no tags.
    /// - Throws: `Diagnostic` with code `.syntax` and the place.
    public static func read(
        _ text: String, file: SourceFile, options: YAMLValueOptions = .data
    ) throws(Diagnostic) -> Value {
        var parser = JSONParser(text, file: file, options: options)
        return try parser.document()
    }
}

/// Walks the bytes of a JSON text.
private struct JSONParser {
    private let bytes: [UInt8]
    private let file: SourceFile
    private let options: YAMLValueOptions
    private var index = 0
    private var depth = 0
    private var line = 1
    private var lineStart = 0

    init(_ text: String, file: SourceFile, options: YAMLValueOptions) {
        bytes = Array(text.utf8)
        self.file = file
        self.options = options
    }

    mutating func document() throws(Diagnostic) -> Value {
        let value = try value()
        skipBlanks()
        guard index == bytes.count else { throw wrong("text goes on after the JSON value") }
        return value
    }

    private mutating func value() throws(Diagnostic) -> Value {
        skipBlanks()
        guard index < bytes.count else { throw wrong("the JSON text ends where a value is expected") }
        switch bytes[index] {
        case UInt8(ascii: "{"): return try nested { (parser) throws(Diagnostic) in try parser.map() }
        case UInt8(ascii: "["): return try nested { (parser) throws(Diagnostic) in try parser.list() }
        case UInt8(ascii: "\""):
            let place = SourceLocation(file: file, line: line, column: index - lineStart + 2)
            let string = try string()
            var text = Text(string, marks: options.isSecret ? .secret : [])
            if options.templates, TemplateMarks.within(string) {
                text.marks.insert(.template)
                text.origin = place
            }
            return .string(text)
        default: return try word()
        }
    }

    private mutating func nested(_ read: (inout JSONParser) throws(Diagnostic) -> Value) throws(Diagnostic) -> Value {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 200 else { throw wrong("the JSON text nests deeper than 200 levels") }
        index += 1
        return try read(&self)
    }

    private mutating func map() throws(Diagnostic) -> Value {
        var map = ValueMap()
        skipBlanks()
        if take("}") { return .map(map) }
        while true {
            skipBlanks()
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
                throw wrong("a name in double quotes is expected here")
            }
            let key = try string()
            skipBlanks()
            guard take(":") else { throw wrong("a ':' is expected here") }
            map[key] = try value()
            skipBlanks()
            if take("}") { return .map(map) }
            guard take(",") else { throw wrong("a ',' or '}' is expected here") }
        }
    }

    private mutating func list() throws(Diagnostic) -> Value {
        var items: [Value] = []
        skipBlanks()
        if take("]") { return .list(items) }
        while true {
            items.append(try value())
            skipBlanks()
            if take("]") { return .list(items) }
            guard take(",") else { throw wrong("a ',' or ']' is expected here") }
        }
    }

    private mutating func word() throws(Diagnostic) -> Value {
        let words: [(String, Value)] = [
            ("true", .bool(true)), ("false", .bool(false)), ("null", .null), ("NaN", .double(.nan)),
            ("Infinity", .double(.infinity)), ("-Infinity", .double(-.infinity)),
        ]
        for (word, value) in words where bytes[index...].starts(with: word.utf8) {
            index += word.utf8.count
            return value
        }
        return try number()
    }

    private mutating func number() throws(Diagnostic) -> Value {
        let start = index
        var isInteger = true
        _ = take("-")
        let digits = skipDigits()
        guard digits > 0 else {
            index = start
            throw wrong("a JSON value is expected here")
        }
        if digits > 1, bytes[index - digits] == UInt8(ascii: "0") {
            index = start
            throw wrong("a JSON number cannot begin with 0")
        }
        if index + 1 < bytes.count, bytes[index] == UInt8(ascii: "."), YAMLResolver.isDigit(bytes[index + 1]) {
            isInteger = false
            index += 1
            skipDigits()
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            let mark = index
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
            if skipDigits() > 0 { isInteger = false } else { index = mark }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger { return Int(text).map { .int($0) } ?? .string(text) }
        return .double(Double(text) ?? .nan)
    }

    @discardableResult
    private mutating func skipDigits() -> Int {
        let start = index
        while index < bytes.count, YAMLResolver.isDigit(bytes[index]) { index += 1 }
        return index - start
    }

    private mutating func string() throws(Diagnostic) -> String {
        let start = index
        index += 1
        var content: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                index += 1
                try escape(into: &content)
            case 0..<0x20: throw wrong("a line end or control character stands inside a JSON string")
            default:
                content.append(byte)
                index += 1
            }
        }
        index = start
        throw wrong("the quote opened here is never closed")
    }

    private mutating func escape(into content: inout [UInt8]) throws(Diagnostic) {
        guard index < bytes.count else { throw wrong("the JSON text ends inside a string") }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code), bytes[index...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
                let mark = index
                index += 2
                let low = try hexadecimal()
                if (0xDC00..<0xE000).contains(low) {
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                } else {
                    index = mark
                }
            }
            // Half a surrogate pair is no character; Python would keep it and fail when it is written.
            content += Array(String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
        default:
            index -= 1
            throw wrong("'\\\(String(UnicodeScalar(byte)))' is no JSON escape")
        }
    }

    private mutating func hexadecimal() throws(Diagnostic) -> UInt32 {
        guard index + 4 <= bytes.count,
            let code = UInt32(String(decoding: bytes[index..<(index + 4)], as: UTF8.self), radix: 16)
        else { throw wrong("four hexadecimal digits are expected after '\\u'") }
        index += 4
        return code
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: scalar) else { return false }
        index += 1
        return true
    }

    private mutating func skipBlanks() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x0A:
                index += 1
                line += 1
                lineStart = index
            case 0x20, 0x09, 0x0D: index += 1
            default: return
            }
        }
    }

    private func wrong(_ summary: String) -> Diagnostic {
        let column = String(decoding: bytes[lineStart..<min(index, bytes.count)], as: UTF8.self).count + 1
        return Diagnostic(.syntax, summary, at: SourceLocation(file: file, line: line, column: column))
    }
}
