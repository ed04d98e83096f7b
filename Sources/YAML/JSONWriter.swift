public import Diagnostics
public import Values

/// Writes values as Python's `json.dumps` does.
public struct JSONWriter: Sendable {
    /// Blanks per level; nil for one line.
    public var indent: Int?
    public var sortKeys: Bool
    /// Whether characters beyond ASCII become escapes.
    public var escapesUnicode: Bool

    public init(indent: Int? = nil, sortKeys: Bool = false, escapesUnicode: Bool = true) {
        self.indent = indent
        self.sortKeys = sortKeys
        self.escapesUnicode = escapesUnicode
    }

    /// The text of `value`.
    ///
    /// - Throws: `Diagnostic` for what has no JSON form: unknown or undefined values, functions.
    public func text(_ value: Value) throws(Diagnostic) -> String {
        var output = ""
        try write(value, level: 0, to: &output)
        return output
    }

    private func write(_ value: Value, level: Int, to output: inout String) throws(Diagnostic) {
        switch value {
        case .null: output += "null"
        case .bool(let bool): output += bool ? "true" : "false"
        case .int(let int): output += String(int)
        case .double(let double):
            if double.isNaN {
                output += "NaN"
            } else if double.isInfinite {
                output += double < 0 ? "-Infinity" : "Infinity"
            } else {
                output += Value.pythonFloat(double)
            }
        case .string(let text): quote(text.string, to: &output)
        case .list(let items), .tuple(let items):
            guard !items.isEmpty else {
                output += "[]"
                return
            }
            output += "["
            for (index, item) in items.enumerated() {
                separate(first: index == 0, level: level + 1, to: &output)
                try write(item, level: level + 1, to: &output)
            }
            breakLine(level, to: &output)
            output += "]"
        case .map(let map): try write(map, level: level, to: &output)
        case .undefined(let undefined): throw undefined.diagnostic
        case .unknown(let unknown): throw Diagnostic(.template, "\(unknown.cause) is not known yet")
        case .object(let object):
            guard let keys = object.keys else {
                throw Diagnostic(.template, "a '\(object.typeName)' cannot be written as JSON")
            }
            var map = ValueMap()
            for key in keys { map[key] = try object.member(key) ?? .null }
            try write(map, level: level, to: &output)
        }
    }

    private func write(_ map: ValueMap, level: Int, to output: inout String) throws(Diagnostic) {
        guard !map.isEmpty else {
            output += "{}"
            return
        }
        var pairs = map.map { (name: Self.name($0.key), value: $0.value) }
        if sortKeys { pairs.sort { $0.name.unicodeScalars.lexicographicallyPrecedes($1.name.unicodeScalars) } }
        output += "{"
        for (index, pair) in pairs.enumerated() {
            separate(first: index == 0, level: level + 1, to: &output)
            quote(pair.name, to: &output)
            output += ": "
            try write(pair.value, level: level + 1, to: &output)
        }
        breakLine(level, to: &output)
        output += "}"
    }

    private static func name(_ key: ValueMap.Key) -> String {
        if case .double(let double) = key { return Value.pythonFloat(double) }
        return key.text
    }

    private func separate(first: Bool, level: Int, to output: inout String) {
        if !first { output += indent == nil ? ", " : "," }
        breakLine(level, to: &output)
    }

    private func breakLine(_ level: Int, to output: inout String) {
        guard let indent else { return }
        output += "\n" + String(repeating: " ", count: indent * level)
    }

    private func quote(_ string: String, to output: inout String) {
        output += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "\u{8}": output += "\\b"
            case "\u{C}": output += "\\f"
            case _ where scalar.value < 0x20 || escapesUnicode && scalar.value > 0x7E:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}
