internal import Values

/// Python's pattern syntax where PCRE2's differs.
enum PatternTranslation {
    /// The pattern as PCRE2 wants it: `\Z` is Python's very end, which is `\z` there, and `$` is Python's end.
    static func toPCRE(_ pattern: String) -> String {
        guard pattern.contains("\\") || pattern.contains("[") else { return pattern }
        var result = ""
        var scalars = Array(pattern.unicodeScalars)[...]
        var isInClass = false
        var classBegins = false
        while let scalar = scalars.popFirst() {
            if scalar == "\\" {
                guard let next = scalars.popFirst() else {
                    result += "\\"
                    break
                }
                switch next {
                case "Z" where !isInClass: result += "\\z"
                case "u", "U":
                    // `\u00e9` is an escape of Python's patterns; PCRE2 writes it `\x{00e9}`.
                    let digits = scalars.prefix(next == "u" ? 4 : 8)
                    scalars = scalars.dropFirst(digits.count)
                    result += "\\x{" + PythonString.string(digits) + "}"
                default:
                    result.unicodeScalars.append("\\")
                    result.unicodeScalars.append(next)
                }
                classBegins = false
                continue
            }
            if isInClass {
                if scalar == "[" {
                    // Python knows no classes such as [:alpha:]; a bracket within a class is itself.
                    result += "\\["
                    classBegins = false
                    continue
                }
                if scalar == "]", !classBegins { isInClass = false }
                if !(scalar == "^" && classBegins) { classBegins = false }
            } else if scalar == "[" {
                isInClass = true
                classBegins = true
            }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}

/// A replacement text as Python's `re.sub` reads it.
package struct ReplacementTemplate: Sendable {
    private enum Part: Sendable {
        case literal([UInt8])
        case group(Int)
        case name(String)
    }

    private var parts: [Part] = []

    package init(_ text: String) {
        var literal: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        func flush(_ parts: inout [Part]) {
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = []
        }
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
                literal.append(bytes[index])
                index += 1
                continue
            }
            let next = bytes[index + 1]
            index += 2
            switch next {
            case UInt8(ascii: "g"):
                guard index < bytes.count, bytes[index] == UInt8(ascii: "<"),
                    let close = bytes[index...].firstIndex(of: UInt8(ascii: ">"))
                else {
                    literal += [UInt8(ascii: "\\"), next]
                    continue
                }
                let name = String(decoding: bytes[index + 1..<close], as: UTF8.self)
                flush(&parts)
                parts.append(Int(name).map { .group($0) } ?? .name(name))
                index = close + 1
            case _ where isDigit(next):
                var number = Int(next - UInt8(ascii: "0"))
                if number == 0 {
                    literal.append(0)
                    continue
                }
                if index < bytes.count, isDigit(bytes[index]) {
                    number = number * 10 + Int(bytes[index] - UInt8(ascii: "0"))
                    index += 1
                }
                flush(&parts)
                parts.append(.group(number))
            case UInt8(ascii: "n"): literal.append(0x0A)
            case UInt8(ascii: "t"): literal.append(0x09)
            case UInt8(ascii: "r"): literal.append(0x0D)
            case UInt8(ascii: "a"): literal.append(0x07)
            case UInt8(ascii: "b"): literal.append(0x08)
            case UInt8(ascii: "f"): literal.append(0x0C)
            case UInt8(ascii: "v"): literal.append(0x0B)
            case UInt8(ascii: "\\"): literal.append(next)
            default: literal += [UInt8(ascii: "\\"), next]
            }
        }
        flush(&parts)
    }

    /// The replacement for one match, or the group that does not exist.
    package func expanded(_ match: Regex.Match, in bytes: [UInt8], _ regex: Regex) -> (bytes: [UInt8], missing: String?)
    {
        var result: [UInt8] = []
        for part in parts {
            switch part {
            case .literal(let literal): result += literal
            case .group(let number):
                guard match.ranges.indices.contains(number) else { return ([], String(number)) }
                if let range = match.ranges[number] { result += bytes[range] }
            case .name(let name):
                guard let number = regex.groupNames[name] else { return ([], name) }
                if let range = match.ranges[number] { result += bytes[range] }
            }
        }
        return (result, nil)
    }
}
