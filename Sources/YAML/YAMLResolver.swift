internal import Diagnostics
internal import Values

/// What an unquoted scalar means under YAML 1.1 as PyYAML resolves it.
///
/// The rules are PyYAML's own and narrower than the standard's in places: `1e3` is text because the exponent wants
/// a dot and a sign, `y` and `n` are text, `0o17` is text, `017` is octal, `1:30` is ninety.
enum YAMLResolver {
    /// The meaning of a plain scalar.
    enum Meaning: Equatable {
        case null
        case bool(Bool)
        case int(Int)
        case large(LargeInteger)
        /// A whole number of more digits than are read, here as in Python.
        case tooLarge
        case double(Double)
        case timestamp
        /// `<<`
        case merge
        /// `=`
        case valueMark
        case text
    }

    static func meaning(_ text: String) -> Meaning {
        var text = text
        return text.withUTF8 { meaning($0) }
    }

    /// The value a key stands for; text where it has no other meaning.
    static func key(_ node: YAMLNode) -> ValueMap.Key {
        guard case .scalar(let scalar) = node.kind else { return .string("") }
        let meaning: Meaning
        switch node.tag {
        case nil where scalar.style == .plain: meaning = self.meaning(scalar.text)
        case YAMLTag.int?, YAMLTag.float?, YAMLTag.bool?, YAMLTag.null?: meaning = self.meaning(scalar.text)
        default: return .string(scalar.text)
        }
        switch meaning {
        case .null: return .null
        case .bool(let bool): return .bool(bool)
        case .int(let int): return .int(int)
        case .large(let large): return .large(large)
        case .double(let double): return .double(double)
        default: return .string(scalar.text)
        }
    }

    private typealias Bytes = UnsafeBufferPointer<UInt8>

    private static func meaning(_ text: UnsafeBufferPointer<UInt8>) -> Meaning {
        guard let first = text.first else { return .null }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            return number(text)
        case UInt8(ascii: "~"): return text.count == 1 ? .null : .text
        case UInt8(ascii: "<"): return text.elementsEqual("<<".utf8) ? .merge : .text
        case UInt8(ascii: "="): return text.count == 1 ? .valueMark : .text
        case _ where text.count > 5: return .text
        default: return word(String(decoding: text, as: UTF8.self))
        }
    }

    private static func word(_ text: String) -> Meaning {
        switch text {
        case "null", "Null", "NULL": .null
        case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": .bool(true)
        case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": .bool(false)
        default: .text
        }
    }

    // MARK: Numbers

    private static func number(_ text: Bytes) -> Meaning {
        let signed = text[0] == UInt8(ascii: "+") || text[0] == UInt8(ascii: "-")
        let negative = text[0] == UInt8(ascii: "-")
        let body = Array(text.dropFirst(signed ? 1 : 0))
        guard let first = body.first else { return .text }

        if first == UInt8(ascii: ".") { return dotted(body, signed: signed, negative: negative) }
        guard isDigit(first) else { return .text }
        if let int = integer(body, negative: negative) { return int }
        if let double = float(body, negative: negative) { return .double(double) }
        if !signed, YAMLTimestamp(body) != nil { return .timestamp }
        return .text
    }

    /// `.5`, `.inf`, `.nan`; the first and the last take no sign.
    private static func dotted(_ body: [UInt8], signed: Bool, negative: Bool) -> Meaning {
        switch String(decoding: body, as: UTF8.self) {
        case ".inf", ".Inf", ".INF": return .double(negative ? -.infinity : .infinity)
        case ".nan", ".NaN", ".NAN": return signed ? .text : .double(.nan)
        default: break
        }
        guard !signed, body.count > 1, isDigit(body[1]) else { return .text }
        guard let double = decimal(body, from: 1) else { return .text }
        return .double(double)
    }

    private static func integer(_ body: [UInt8], negative: Bool) -> Meaning? {
        func made(_ digits: some Sequence<UInt8>, _ radix: Int) -> Meaning? {
            let clean = String(decoding: digits.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
            guard !clean.isEmpty else { return nil }
            switch WholeNumber.read((negative ? "-" : "") + clean, radix: radix) {
            case .number(.small(let int)): return .int(int)
            case .number(.large(let large)): return .large(large)
            case .tooLarge: return .tooLarge
            case .none: return nil
            }
        }
        let underscore = UInt8(ascii: "_")
        if body[0] == UInt8(ascii: "0"), body.count > 1 {
            let rest = body.dropFirst(2)
            if body[1] == UInt8(ascii: "b") {
                guard rest.allSatisfy({ $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "1") || $0 == underscore }) else {
                    return nil
                }
                return made(rest, 2)
            }
            if body[1] == UInt8(ascii: "x") {
                guard rest.allSatisfy({ isHex($0) || $0 == underscore }) else { return nil }
                return made(rest, 16)
            }
            guard
                body.dropFirst().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) || $0 == underscore }
                )
            else { return nil }
            return made(body, 8)
        }
        if body.allSatisfy({ isDigit($0) || $0 == underscore }) { return made(body, 10) }
        guard body[0] != UInt8(ascii: "0"), let parts = sexagesimal(body[...]) else { return nil }
        var total = WholeNumber.small(0)
        do {
            for part in parts {
                let digits = String(decoding: part.filter { $0 != underscore }, as: UTF8.self)
                guard case .number(let number) = WholeNumber.read(digits) else { return .tooLarge }
                total = try total.multiplied(by: .small(60)).adding(number)
            }
            if negative { total = try total.negated() }
        } catch {
            return .tooLarge
        }
        switch total {
        case .small(let int): return .int(int)
        case .large(let large): return .large(large)
        }
    }

    private static func float(_ body: [UInt8], negative: Bool) -> Double? {
        guard let dot = body.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        let whole = body[..<dot]
        let magnitude: Double
        if whole.contains(UInt8(ascii: ":")) {
            let fraction = body[(dot + 1)...]
            guard fraction.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "_") }), let parts = sexagesimal(whole) else {
                return nil
            }
            var total = 0.0
            for part in parts.dropLast() { total = (total + plainDouble(part)) * 60 }
            magnitude = total + plainDouble((parts.last ?? []) + [UInt8(ascii: ".")] + Array(fraction))
        } else {
            guard whole.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "_") }), let value = decimal(body, from: dot + 1)
            else { return nil }
            magnitude = value
        }
        return negative ? -magnitude : magnitude
    }

    /// A decimal whose fraction begins at `start`, with an exponent that must carry its sign.
    private static func decimal(_ body: [UInt8], from start: Int) -> Double? {
        var index = start
        while index < body.count, isDigit(body[index]) || body[index] == UInt8(ascii: "_") { index += 1 }
        if index < body.count {
            guard body[index] | 0x20 == UInt8(ascii: "e"), index + 2 < body.count,
                body[index + 1] == UInt8(ascii: "+") || body[index + 1] == UInt8(ascii: "-"),
                body[(index + 2)...].allSatisfy(isDigit)
            else { return nil }
        }
        return plainDouble(body)
    }

    private static func plainDouble(_ bytes: [UInt8]) -> Double {
        var text = String(decoding: bytes.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self).lowercased()
        // Swift wants a digit on both sides of the dot; Python and YAML do not.
        if text.hasPrefix(".") { text = "0" + text }
        if text.hasSuffix(".") { text += "0" }
        if let dot = text.firstIndex(of: "."), text.index(after: dot) < text.endIndex,
            text[text.index(after: dot)] == "e"
        {
            text.insert("0", at: text.index(after: dot))
        }
        return Double(text) ?? .nan
    }

    /// The parts of `12:30:45`: at least two, all but the first within 0...59 and of one or two digits.
    private static func sexagesimal(_ body: ArraySlice<UInt8>) -> [[UInt8]]? {
        let parts = body.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map(Array.init)
        guard parts.count > 1, let first = parts.first, let lead = first.first, isDigit(lead),
            first.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "_") })
        else { return nil }
        for part in parts.dropFirst() {
            guard (1...2).contains(part.count), part.allSatisfy(isDigit) else { return nil }
            if part.count == 2, part[0] > UInt8(ascii: "5") { return nil }
        }
        return parts
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isHex(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }
}
