public import Diagnostics

/// JSON text, read and written strictly as RFC 8259 has it.
///
/// Whole numbers of any size stay whole, all others become `double`; the order of an object's members is kept,
/// and of members of the same name the last wins, as in Python. `NaN` and `Infinity`, which Python also reads and
/// writes, are refused: they are no JSON, and what they would be sent to does not take them.
public enum JSON {
    /// How deep lists and objects may be nested before a text is refused.
    public static let maximumDepth = 512

    /// Reads one JSON text, white space around it allowed.
    ///
    /// - Throws: `Diagnostic` with code `.syntax`, naming line and column in the text.
    public static func parse(_ bytes: some Sequence<UInt8>) throws(Diagnostic) -> Value {
        var reader = JSONReader(Array(bytes))
        return try reader.document()
    }

    /// Reads one JSON text.
    public static func parse(_ text: String) throws(Diagnostic) -> Value { try parse(text.utf8) }

    /// What counts as JSON.
    public enum Dialect: Sendable {
        /// What RFC 8259 says.
        case strict
        /// What Python's `json.loads` reads: `NaN`, `Infinity` and `-Infinity`, too, and numbers that are too
        /// large for a float as infinite ones.
        case python
    }

    /// Reads one JSON text of a dialect.
    ///
    /// - Parameter deepest: How deep lists and objects may be nested.
    public static func parse(
        _ text: String, as dialect: Dialect, deepest: Int = maximumDepth
    ) throws(Diagnostic) -> Value {
        var reader = JSONReader(Array(text.utf8), dialect, deepest: deepest)
        return try reader.document()
    }

    /// Reads a stream of JSON texts, one after the other, as an engine reports the progress of a pull.
    public static func parseStream(_ bytes: some Sequence<UInt8>) throws(Diagnostic) -> [Value] {
        var reader = JSONReader(Array(bytes))
        return try reader.stream()
    }

    /// How a text is laid out.
    public struct Style: Sendable {
        /// Spaces for each level, or nil for one line.
        public var indent: Int?
        /// Between elements, and between a name and its value. With an indent, a space before a line's end is
        /// left out, as Python does.
        public var itemSeparator: String
        public var keySeparator: String
        public var sortsKeys: Bool
        /// Whether characters outside ASCII are written as `\uXXXX`.
        public var escapesNonASCII: Bool

        public init(
            indent: Int? = nil, itemSeparator: String = ",", keySeparator: String = ":", sortsKeys: Bool = false,
            escapesNonASCII: Bool = false
        ) {
            self.indent = indent
            self.itemSeparator = itemSeparator
            self.keySeparator = keySeparator
            self.sortsKeys = sortsKeys
            self.escapesNonASCII = escapesNonASCII
        }

        /// Nothing that is not needed.
        public static let compact = Style()
        /// What Python's `json.dumps` writes by itself.
        public static let python = Style(itemSeparator: ", ", keySeparator: ": ", escapesNonASCII: true)
    }

    /// Writes a value as JSON.
    ///
    /// - Throws: `Diagnostic` with code `.badValue` if something in it has no JSON form: an undefined or unknown
    ///   value, a function, a number that is not finite.
    public static func text(_ value: Value, style: Style = .compact) throws(Diagnostic) -> String {
        var writer = JSONWriter(style: style)
        try writer.write(value, depth: 0)
        return writer.text
    }
}

/// Writes values into a growing text.
private struct JSONWriter {
    let style: JSON.Style
    var text = ""

    mutating func write(_ value: Value, depth: Int) throws(Diagnostic) {
        guard depth <= JSON.maximumDepth else {
            throw Diagnostic(.badValue, "a value nested more than \(JSON.maximumDepth) deep has no JSON form")
        }
        switch value {
        case .null: text += "null"
        case .bool(let bool): text += bool ? "true" : "false"
        case .int(let int): text += String(int)
        case .large(let large): text += large.text
        case .double(let double):
            guard double.isFinite else { throw Diagnostic(.badValue, "the number \(double) has no JSON form") }
            text += String(double)
        case .string(let string): write(string: string.string)
        case .list(let items), .tuple(let items):
            try write("[", "]", items, depth: depth) { (writer, item) throws(Diagnostic) in
                try writer.write(item, depth: depth + 1)
            }
        case .map(let map):
            var pairs = map.map { (name: $0.key.text, value: $0.value) }
            if style.sortsKeys { pairs.sort { Self.precedes($0.name, $1.name) } }
            try write("{", "}", pairs, depth: depth) { (writer, pair) throws(Diagnostic) in
                writer.write(string: pair.name)
                writer.text += writer.style.keySeparator
                try writer.write(pair.value, depth: depth + 1)
            }
        case .undefined(let undefined): throw undefined.diagnostic
        case .unknown(let unknown): throw Diagnostic(.badValue, "not known before a run: \(unknown.cause)")
        case .object(let object): throw Diagnostic(.badValue, "a '\(object.typeName)' has no JSON form")
        }
    }

    /// Order by bytes, as Python sorts; walking the raw bytes is several times faster than walking the views.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        var left = left
        var right = right
        return left.withUTF8 { left in
            right.withUTF8 { right in
                for index in 0..<min(left.count, right.count) where left[index] != right[index] {
                    return left[index] < right[index]
                }
                return left.count < right.count
            }
        }
    }

    private mutating func write<Item>(
        _ open: String, _ close: String, _ items: [Item], depth: Int,
        _ each: (inout JSONWriter, Item) throws(Diagnostic) -> Void
    ) throws(Diagnostic) {
        text += open
        for (index, item) in items.enumerated() {
            if index > 0 { text += style.indent == nil ? style.itemSeparator : "," }
            newLine(depth + 1)
            try each(&self, item)
        }
        if !items.isEmpty { newLine(depth) }
        text += close
    }

    private mutating func newLine(_ depth: Int) {
        guard let indent = style.indent else { return }
        text += "\n"
        let margin = String(repeating: " ", count: indent)
        for _ in 0..<depth { text += margin }
    }

    private mutating func write(string: String) {
        // Nearly all texts need no escape; looking first is many times cheaper than copying one by one.
        var string = string
        let isPlain = string.withUTF8 { bytes in
            bytes.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        }
        if isPlain {
            text += "\""
            text += string
            text += "\""
            return
        }
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{8}": text += "\\b"
            case "\u{c}": text += "\\f"
            default:
                if scalar.value < 0x20 || (style.escapesNonASCII && scalar.value > 0x7e) {
                    for unit in String(scalar).utf16 { writeEscape(unit) }
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }

    private mutating func writeEscape(_ unit: UInt16) {
        let digits = String(unit, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
