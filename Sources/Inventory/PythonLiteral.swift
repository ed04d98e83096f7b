internal import Values

/// Reads the Python literals that INI inventories give variables: numbers, quoted texts, lists, maps, True, None.
///
/// Anything else is text as it stands; that is no error. Tuples and sets become lists.
struct PythonLiteral {
    /// The value of a literal, or nil if the text is none.
    static func value(_ text: String) -> Value? {
        // Most values are bare words, which no literal begins like; telling them apart is cheap.
        var start = text.utf8.first ?? 0
        if start == 0x20 || start == 0x09 { start = text.utf8.first { $0 != 0x20 && $0 != 0x09 } ?? 0 }
        switch start {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            guard
                text.contains(where: { $0 == "'" || $0 == "\"" || $0 == "(" }) || start == UInt8(ascii: "T")
                    || start == UInt8(ascii: "F") || start == UInt8(ascii: "N")
            else { return nil }
        case UInt8(ascii: "/"), UInt8(ascii: "_"), 0x80...: return nil
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            var dots = 0
            var others = 0
            for byte in text.utf8 {
                if byte == UInt8(ascii: ".") { dots += 1 } else if byte < 0x30 || byte > 0x39 { others += 1 }
            }
            // Addresses and versions, and plain numbers.
            if others == 0, dots > 1 { return nil }
            if others == 0, dots == 0, start != UInt8(ascii: "0"), let int = Int(text) { return .int(int) }
        default: break
        }
        var reader = PythonLiteral(text)
        guard let value = reader.topLevel() else { return nil }
        return value
    }

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    private init(_ text: String) { scalars = Array(text.unicodeScalars) }

    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func topLevel() -> Value? {
        skipBlanks()
        guard let first = element() else { return nil }
        skipBlanks()
        // A bare comma makes a tuple.
        var items: [Value] = []
        while take(",") {
            if items.isEmpty { items = [first] }
            skipBlanks()
            if isAtEnd { break }
            guard let item = element() else { return nil }
            items.append(item)
            skipBlanks()
        }
        guard isAtEnd else { return nil }
        return items.isEmpty ? first : .list(items)
    }

    /// Whether only a comment is left.
    private var isAtEnd: Bool { next == nil || next == "#" }

    private mutating func element() -> Value? {
        skipBlanks()
        depth += 1
        defer { depth -= 1 }
        guard depth < 100, let first = next else { return nil }
        switch first {
        case "[": return list(closing: "]")
        case "(": return parenthesized()
        case "{": return braces()
        case "'", "\"": return strings()
        case "+", "-": return signed()
        case ".":
            if scalars[index...].starts(with: ["." as Unicode.Scalar, ".", "."]) {
                index += 3
                return .string("...")
            }
            return number()
        case "0"..."9": return number()
        default: return word()
        }
    }

    // MARK: Collections

    private mutating func list(closing: Unicode.Scalar) -> Value? {
        index += 1
        guard let items = items(until: closing) else { return nil }
        return .list(items.values)
    }

    private mutating func parenthesized() -> Value? {
        index += 1
        guard let items = items(until: ")") else { return nil }
        if items.values.count == 1, !items.endsInComma { return items.values[0] }
        return .list(items.values)
    }

    private mutating func items(until closing: Unicode.Scalar) -> (values: [Value], endsInComma: Bool)? {
        var values: [Value] = []
        var endsInComma = false
        while true {
            skipBlanks()
            if take(closing) { return (values, endsInComma) }
            if !values.isEmpty, !endsInComma { return nil }
            guard let item = element() else { return nil }
            values.append(item)
            skipBlanks()
            endsInComma = take(",")
        }
    }

    private mutating func braces() -> Value? {
        index += 1
        skipBlanks()
        if take("}") { return .map([:]) }
        guard let first = element() else { return nil }
        skipBlanks()
        guard take(":") else {
            // A set; its order is not Python's to promise either.
            var items = [first]
            while take(",") {
                skipBlanks()
                if next == "}" { break }
                guard let item = element() else { return nil }
                if !items.contains(item) { items.append(item) }
                skipBlanks()
            }
            return take("}") ? .list(items) : nil
        }
        var map = ValueMap()
        var key = first
        while true {
            guard let value = element(), let name = key.asKey else { return nil }
            map[name] = value
            skipBlanks()
            let hasComma = take(",")
            skipBlanks()
            if take("}") { return .map(map) }
            guard hasComma, let following = element() else { return nil }
            key = following
            skipBlanks()
            guard take(":") else { return nil }
        }
    }

    // MARK: Words and numbers

    private mutating func word() -> Value? {
        let start = index
        while let scalar = next, scalar.properties.isAlphabetic || scalar == "_" || ("0"..."9").contains(scalar) {
            index += 1
        }
        let word = String(String.UnicodeScalarView(scalars[start..<index]))
        switch word {
        case "True": return .bool(true)
        case "False": return .bool(false)
        case "None": return .null
        case "set":
            guard take("(") else { return nil }
            skipBlanks()
            return take(")") ? .list([]) : nil
        case "b", "B", "u", "U", "r", "R", "br", "bR", "Br", "BR", "rb", "rB", "Rb", "RB":
            guard next == "'" || next == "\"" else { return nil }
            index = start
            return strings()
        default: return nil
        }
    }

    private mutating func signed() -> Value? {
        let isNegative = next == "-"
        index += 1
        skipBlanks()
        guard let first = next, ("0"..."9").contains(first) || first == "." else { return nil }
        guard let value = number() else { return nil }
        guard isNegative else { return value }
        switch value {
        case .int, .large: return try? value.wholeNumber?.negated().value
        case .double(let double): return .double(-double)
        default: return nil
        }
    }

    private mutating func number() -> Value? {
        let start = index
        while let scalar = next,
            scalar.properties.isAlphabetic && scalar.isASCII || ("0"..."9").contains(scalar) || scalar == "_"
                || scalar == "."
                || (scalar == "+" || scalar == "-") && isExponent(at: index, from: start)
        {
            index += 1
        }
        let text = String(String.UnicodeScalarView(scalars[start..<index])).lowercased()
        guard !text.hasPrefix("_"), !text.hasSuffix("_"), !text.contains("__"), !text.contains("_."),
            !text.contains("._")
        else { return nil }
        let clean = String(text.filter { $0 != "_" })
        if clean.hasSuffix("j") {
            // A complex number is no value here; Python prints `2j` for it.
            return Self.decimal(String(clean.dropLast())).map { _ in .string(clean) }
        }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where clean.hasPrefix(prefix) {
            return Self.whole(clean.dropFirst(2), radix)
        }
        if clean.allSatisfy({ ("0"..."9").contains($0) }) {
            // `0644` is no Python number, but `00` is.
            guard clean.count == 1 || clean.first != "0" || clean.allSatisfy({ $0 == "0" }) else { return nil }
            return Self.whole(clean[...], 10)
        }
        return Self.decimal(clean).map { .double($0) }
    }

    /// Unsigned digits of a radix; nil for others, and for more digits than are read.
    private static func whole(_ digits: Substring, _ radix: Int) -> Value? {
        guard digits.first != "-", digits.first != "+", case .number(let whole) = WholeNumber.read(digits, radix: radix)
        else { return nil }
        return whole.value
    }

    private func isExponent(at position: Int, from start: Int) -> Bool {
        guard position > start, scalars[position - 1] == "e" || scalars[position - 1] == "E" else { return false }
        return
            !(scalars[start] == "0" && start + 1 < scalars.count
            && (scalars[start + 1] == "x" || scalars[start + 1] == "X"))
    }

    private static func decimal(_ text: String) -> Double? {
        guard text.allSatisfy({ ("0"..."9").contains($0) || $0 == "." || $0 == "e" || $0 == "+" || $0 == "-" }),
            text.first != "e", text.contains(where: \.isNumber), text != "."
        else { return nil }
        var text = text
        if text.hasPrefix(".") { text = "0" + text }
        if text.hasSuffix(".") { text += "0" }
        text = text.split(separator: ".e", omittingEmptySubsequences: false).joined(separator: ".0e")
        return Double(text)
    }

    // MARK: Texts

    /// One or more texts side by side, which Python joins.
    private mutating func strings() -> Value? {
        var result = ""
        var found = false
        while true {
            let mark = index
            var isRaw = false
            while let scalar = next, "bBuUrR".unicodeScalars.contains(scalar) {
                if scalar == "r" || scalar == "R" { isRaw = true }
                index += 1
            }
            guard next == "'" || next == "\"" else {
                index = mark
                return found ? .string(result) : nil
            }
            guard let text = string(isRaw: isRaw) else { return nil }
            result += text
            found = true
            skipBlanks()
        }
    }

    private mutating func string(isRaw: Bool) -> String? {
        guard let quote = next else { return nil }
        let isTriple = scalars[index...].starts(with: [quote, quote, quote])
        index += isTriple ? 3 : 1
        var text = String.UnicodeScalarView()
        while let scalar = next {
            if scalar == quote {
                if !isTriple {
                    index += 1
                    return String(text)
                }
                if scalars[index...].starts(with: [quote, quote, quote]) {
                    index += 3
                    return String(text)
                }
            }
            if scalar == "\n", !isTriple { return nil }
            index += 1
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            guard let escaped = next else { return nil }
            if isRaw {
                text.append(scalar)
                text.append(escaped)
                index += 1
                continue
            }
            guard escape(escaped, into: &text) else { return nil }
        }
        return nil
    }

    private mutating func escape(_ escaped: Unicode.Scalar, into text: inout String.UnicodeScalarView) -> Bool {
        index += 1
        switch escaped {
        case "\n": break
        case "\\", "'", "\"": text.append(escaped)
        case "n": text.append("\n")
        case "t": text.append("\t")
        case "r": text.append("\r")
        case "a": text.append("\u{7}")
        case "b": text.append("\u{8}")
        case "f": text.append("\u{C}")
        case "v": text.append("\u{B}")
        case "0"..."7":
            var code = escaped.value - 48
            var count = 1
            while count < 3, let digit = next, ("0"..."7").contains(digit) {
                code = code * 8 + digit.value - 48
                index += 1
                count += 1
            }
            guard let scalar = Unicode.Scalar(code) else { return false }
            text.append(scalar)
        case "x": return hexadecimal(2, into: &text)
        case "u": return hexadecimal(4, into: &text)
        case "U": return hexadecimal(8, into: &text)
        case "N": return false
        default:
            text.append("\\")
            text.append(escaped)
        }
        return true
    }

    private mutating func hexadecimal(_ count: Int, into text: inout String.UnicodeScalarView) -> Bool {
        guard index + count <= scalars.count else { return false }
        let digits = String(String.UnicodeScalarView(scalars[index..<(index + count)]))
        guard let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else { return false }
        index += count
        text.append(scalar)
        return true
    }

    // MARK: Walking

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        index += 1
        return true
    }

    private mutating func skipBlanks() {
        while let scalar = next, scalar == " " || scalar == "\t" { index += 1 }
    }
}
