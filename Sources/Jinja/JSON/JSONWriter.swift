internal import Diagnostics
internal import Values

/// Writes values as JSON, as Python's `json.dumps` does.
struct JSONWriter: Sendable {
    /// Blanks or text that each level is indented by; nil writes all on one line.
    var indent: String?
    var sortsKeys = false
    /// Whether everything past ASCII is escaped.
    var escapesUnicode = true
    var itemSeparator: String?
    var keySeparator = ": "
    /// The most levels written; deeper ones become null, so that no value can overflow the stack.
    private static let greatestDepth = 1000

    init() {}

    func text(_ value: Value) -> String {
        var result: [UInt8] = []
        write(value, 0, &result)
        return String(decoding: result, as: UTF8.self)
    }

    private var comma: String { itemSeparator ?? (indent == nil ? ", " : ",") }

    private func write(_ value: Value, _ level: Int, _ result: inout [UInt8]) {
        guard level < Self.greatestDepth else {
            result += Array("null".utf8)
            return
        }
        switch value {
        case .null, .undefined: result += Array("null".utf8)
        case .bool(let bool): result += Array((bool ? "true" : "false").utf8)
        case .int(let int): result += Array(String(int).utf8)
        case .large(let large): result += Array(large.text.utf8)
        case .double(let double): result += Array(Self.number(double).utf8)
        case .string(let text): quote(text.string, &result)
        case .list(let items), .tuple(let items):
            writeAll(items.count, "[", "]", level, &result) { index, result in write(items[index], level + 1, &result) }
        case .map(let map):
            var entries = map.map { (key: Self.key($0.key), value: $0.value) }
            if sortsKeys { entries.sort { PythonString.compare($0.key, $1.key) < 0 } }
            writeAll(entries.count, "{", "}", level, &result) { index, result in
                quote(entries[index].key, &result)
                result += Array(keySeparator.utf8)
                write(entries[index].value, level + 1, &result)
            }
        case .object(let group as GroupObject): write(group.pair, level, &result)
        case .object, .unknown: quote(PythonPrint.text(value), &result)
        }
    }

    private func writeAll(
        _ count: Int, _ open: String, _ close: String, _ level: Int, _ result: inout [UInt8],
        _ body: (Int, inout [UInt8]) -> Void
    ) {
        result += Array(open.utf8)
        for index in 0..<count {
            if index > 0 { result += Array(comma.utf8) }
            newLine(level + 1, &result)
            body(index, &result)
        }
        if count > 0 { newLine(level, &result) }
        result += Array(close.utf8)
    }

    private func newLine(_ level: Int, _ result: inout [UInt8]) {
        guard let indent else { return }
        result.append(0x0A)
        for _ in 0..<level { result += Array(indent.utf8) }
    }

    private static func number(_ double: Double) -> String {
        if double.isNaN { return "NaN" }
        if double.isInfinite { return double < 0 ? "-Infinity" : "Infinity" }
        return Value.pythonFloat(double)
    }

    private static func key(_ key: ValueMap.Key) -> String {
        if case .double(let double) = key { return number(double) }
        return key.text
    }

    private func quote(_ text: String, _ result: inout [UInt8]) {
        result.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: result += Array("\\\"".utf8)
            case 0x5C: result += Array("\\\\".utf8)
            case 0x0A: result += Array("\\n".utf8)
            case 0x0D: result += Array("\\r".utf8)
            case 0x09: result += Array("\\t".utf8)
            case 0x08: result += Array("\\b".utf8)
            case 0x0C: result += Array("\\f".utf8)
            case 0..<0x20: escape(scalar.value, &result)
            case 0x20..<0x7F: result.append(UInt8(scalar.value))
            case _ where !escapesUnicode: result += Array(String(scalar).utf8)
            case 0x10000...:
                let code = scalar.value - 0x10000
                escape(0xD800 + code >> 10, &result)
                escape(0xDC00 + code & 0x3FF, &result)
            default: escape(scalar.value, &result)
            }
        }
        result.append(UInt8(ascii: "\""))
    }

    private func escape(_ code: UInt32, _ result: inout [UInt8]) {
        let digits = String(code, radix: 16)
        result += Array("\\u".utf8) + Array(String(repeating: "0", count: 4 - digits.count).utf8) + Array(digits.utf8)
    }
}
