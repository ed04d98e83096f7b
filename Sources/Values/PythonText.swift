extension Value {
    /// Python's `str()`: what a template prints for it. Undefined gives the empty string; ask before.
    public var pythonText: String {
        switch self {
        case .string(let text): text.string
        case .undefined: ""
        default: pythonRepresentation
        }
    }

    /// Python's `repr()`: how it stands inside a printed list.
    public var pythonRepresentation: String {
        switch self {
        case .null: "None"
        case .bool(let bool): bool ? "True" : "False"
        case .int(let int): String(int)
        case .large(let large): large.text
        case .double(let double): Self.pythonFloat(double)
        case .string(let text): Self.pythonQuoted(text.string)
        case .list(let items): "[" + items.map(\.pythonRepresentation).joined(separator: ", ") + "]"
        case .tuple(let items):
            "(" + items.map(\.pythonRepresentation).joined(separator: ", ") + (items.count == 1 ? ",)" : ")")
        case .map(let map):
            "{"
                + map.map { "\($0.key.value.pythonRepresentation): \($0.value.pythonRepresentation)" }
                .joined(separator: ", ") + "}"
        case .unknown: "<unknown until run>"
        case .undefined: "Undefined"
        case .object(let object): "<\(object.typeName)>"
        }
    }

    /// Python's shortest float text: `1.0`, `1e+16`, `inf`.
    public static func pythonFloat(_ double: Double) -> String {
        if double.isNaN { return "nan" }
        if double.isInfinite { return double < 0 ? "-inf" : "inf" }
        let text = "\(double)"
        guard let mark = text.firstIndex(of: "e") else { return text }
        // Python switches to the exponent form at 1e16, Swift past 2⁵³ already.
        if double.magnitude >= 0x1p53, double.magnitude < 1e16 { return String(Int(double)) + ".0" }
        // Both have it below 1e-4, but Python writes `1e+16` and `1e-05`.
        let mantissa = text[..<mark].hasSuffix(".0") ? String(text[..<mark].dropLast(2)) : String(text[..<mark])
        var exponent = text[text.index(after: mark)...]
        let sign = exponent.first == "-" ? "-" : "+"
        if exponent.first == "-" || exponent.first == "+" { exponent = exponent.dropFirst() }
        return mantissa + "e" + sign + (exponent.count < 2 ? "0" + exponent : String(exponent))
    }

    /// Python's quoting: single quotes unless the text has some and no double ones.
    private static func pythonQuoted(_ string: String) -> String {
        let quote: Character = string.contains("'") && !string.contains("\"") ? "\"" : "'"
        var result = String(quote)
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where Character(scalar) == quote: result += "\\" + String(quote)
            case _ where scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value) || scalar.value == 0xAD:
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + (digits.count < 2 ? "0" : "") + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + String(quote)
    }
}
