import Diagnostics
import Values

/// Ansible's conversions of argument values, one for each kind.
enum ArgumentConversion {
    static func scalar(
        _ value: Value, _ kind: Argument.Kind, label: String, module: String
    ) throws(Diagnostic) -> Value {
        let result: Value? =
            switch kind {
            case .string, .path: text(value)
            case .int: integer(value)
            case .float: float(value)
            case .bool: boolean(value)
            case .bytes: amount(value, isBits: false)
            case .bits: amount(value, isBits: true)
            case .mode: try mode(value, label: label, module: module)
            case .json, .raw, .list, .map: value
            }
        guard let result else {
            if case .int = kind, isTooLarge(value) {
                throw mistyped(value, "a whole number of at most 64 bits", label: label, module: module)
            }
            throw mistyped(value, kind.title, label: label, module: module)
        }
        return result
    }

    /// A list: a text is split at commas, a number becomes a list of one.
    static func list(_ value: Value, label: String, module: String) throws(Diagnostic) -> [Value] {
        switch value {
        case .list(let items), .tuple(let items): return items
        case .string(let text):
            // Ansible keeps the blanks around commas; so do we, and names with blanks fail where they are used.
            return text.string.split(separator: ",", omittingEmptySubsequences: false).map {
                .string(Text(String($0), marks: text.marks, origin: text.origin))
            }
        case .int, .large, .double, .bool: return [.string(value.pythonText)]
        default:
            throw mistyped(
                value, "a list", label: label, module: module,
                remedy: value.mapValue.map { map in
                    "Write it as a list: \(map.keys.prefix(2).map { "`- \($0.text)`" }.joined(separator: ", "))."
                })
        }
    }

    /// A map: text such as `a=1, b=2` is one, too.
    static func map(_ value: Value, label: String, module: String) throws(Diagnostic) -> ValueMap {
        if let map = value.mapValue { return map }
        guard let text = value.text, text.string.contains("="), !text.string.hasPrefix("{") else {
            throw mistyped(value, "a map", label: label, module: module)
        }
        var result = ValueMap()
        for field in words(text.string) {
            guard let equals = field.firstIndex(of: "=") else {
                throw mistyped(value, "a map written as name=value pairs", label: label, module: module)
            }
            result[String(field[..<equals])] = .string(
                Text(String(field[field.index(after: equals)...]), marks: text.marks, origin: text.origin))
        }
        return result
    }

    /// Python's `str`, with the marks kept.
    private static func text(_ value: Value) -> Value {
        if case .string = value { return value }
        let marks: Text.Marks = value.holdsSecret ? .secret : []
        return .string(Text(value.pythonText, marks: marks))
    }

    static func boolean(_ value: Value) -> Value? {
        switch value {
        case .bool: return value
        case .int(let int): return int == 1 ? true : int == 0 ? false : nil
        case .double(let double): return double == 1 ? true : double == 0 ? false : nil
        case .string(let text):
            switch text.string.lowercased().trimmed {
            case "yes", "on", "1", "true", "y", "t", "1.0": return true
            case "no", "off", "0", "false", "n", "f", "0.0": return false
            default: return nil
            }
        default: return nil
        }
    }

    private static func integer(_ value: Value) -> Value? {
        switch value {
        case .int: return value
        case .bool(let bool): return .int(bool ? 1 : 0)
        case .double(let double): return Int(exactly: double).map(Value.int)
        case .string(let text):
            let digits = text.string.trimmed.filter { $0 != "_" }
            if let int = Int(digits) { return .int(int) }
            return Double(digits).flatMap { Int(exactly: $0) }.map(Value.int)
        default: return nil
        }
    }

    /// Whether it is a whole number, but more than an argument holds.
    private static func isTooLarge(_ value: Value) -> Bool {
        if case .large = value { return true }
        guard let text = value.stringValue, case .number(.large) = WholeNumber.read(text.trimmed) else { return false }
        return true
    }

    private static func float(_ value: Value) -> Value? {
        switch value {
        case .double: value
        case .int(let int): .double(Double(int))
        case .large(let large): large.asDouble.isFinite ? .double(large.asDouble) : nil
        case .string(let text): Double(text.string.trimmed).map(Value.double)
        default: nil
        }
    }

    /// `10M`, `1.5GB`, `512`: powers of 1024.
    private static func amount(_ value: Value, isBits: Bool) -> Value? {
        if case .int = value { return value }
        guard let word = value.stringValue?.trimmed, !word.isEmpty else { return nil }
        let digits = word.prefix { $0.isNumber || $0 == "." }
        guard let number = Double(digits) else { return nil }
        var unit = word.dropFirst(digits.count).trimmed
        if isBits {
            if unit.hasSuffix("bit") {
                unit = String(unit.dropLast(3))
            } else if unit.hasSuffix("b") {
                unit = String(unit.dropLast())
            }
        } else if unit.uppercased().hasSuffix("B") {
            unit = String(unit.dropLast())
        }
        let units = ["", "K", "M", "G", "T", "P", "E", "Z", "Y"]
        guard let power = units.firstIndex(of: unit.uppercased()) else { return nil }
        var factor = 1.0
        for _ in 0..<power { factor *= 1024 }
        return Int(exactly: (number * factor).rounded()).map(Value.int)
    }

    /// Permission bits become text: `0644` for a number, symbols as they are.
    private static func mode(_ value: Value, label: String, module: String) throws(Diagnostic) -> Value? {
        switch value {
        case .int(let int):
            guard (0...0o7777).contains(int), !FileMode.looksDecimal(int) else {
                let octal = int >= 0 ? "0" + String(int, radix: 8) : "a negative number"
                throw Diagnostic(
                    .badValue, "'\(label): \(int)' of \(module) is a decimal number, which means \(octal)",
                    remedy: "Write it quoted: '\(int < 1000 ? "0" : "")\(int)'.")
            }
            return .string(FileMode.text(UInt16(int)))
        case .string(let text):
            if text.string == "preserve" { return value }
            guard FileMode(text.string) != nil else { return nil }
            return value
        default: return nil
        }
    }

    private static func mistyped(
        _ value: Value, _ wanted: String, label: String, module: String, remedy: String? = nil
    ) -> Diagnostic {
        let shown = value.holdsSecret ? "********" : value.pythonRepresentation
        let short = shown.count > 60 ? shown.prefix(57) + "..." : shown[...]
        return Diagnostic(
            .badValue, "\(short) is not \(wanted), as '\(label)' of \(module) needs",
            remedy: remedy ?? "It is of type \(value.typeName).")
    }

    /// Words apart by blanks or commas, where quotes and backslashes hold them together.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == "," || character == " " {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }
}

extension StringProtocol {
    /// Without blanks at both ends.
    var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
        while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
        return String(rest)
    }
}
