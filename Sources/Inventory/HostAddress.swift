internal import Values

/// A host as written in an inventory, `web[01:20].example.com:2222`: a name that may hold ranges, and a port.
struct HostAddress {
    var name: String
    var port: Int?

    /// Takes a text apart. A text that is no host name as the field knows them is a name as a whole.
    init(_ text: String) {
        // Without a colon there is no port, whatever else the text is.
        guard text.utf8.contains(UInt8(ascii: ":")) else {
            name = text
            return
        }
        guard let split = Self.split(text) else {
            name = text
            return
        }
        (name, port) = split
    }

    /// The name and port, or nil if the text is no host name, address or range of such.
    ///
    /// A port stands after the last colon; an IPv6 address with a port needs brackets.
    static func split(_ text: String) -> (name: String, port: Int?)? {
        var name = text
        var port: Int?
        if let bracketed = bracketed(text) {
            (name, port) = bracketed
        } else if let colon = text.lastIndex(of: ":"), let number = digits(text[text.index(after: colon)...]),
            hasNoColonOutsideBrackets(text[..<colon])
        {
            (name, port) = (String(text[..<colon]), number)
        }
        return isAddress(name) ? (name, port) : nil
    }

    private static func bracketed(_ text: String) -> (String, Int?)? {
        guard text.first == "[", let close = text.lastIndex(of: "]"), close > text.index(after: text.startIndex) else {
            return nil
        }
        let after = text[text.index(after: close)...]
        guard after.first == ":", let port = digits(after.dropFirst()) else { return nil }
        return (String(text[text.index(after: text.startIndex)..<close]), port)
    }

    private static func digits(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return Int(text)
    }

    private static func hasNoColonOutsideBrackets(_ text: Substring) -> Bool {
        var isInside = false
        for character in text {
            switch character {
            case "[":
                if isInside { continue }
                isInside = true
            case "]":
                if !isInside { return false }
                isInside = false
            case ":" where !isInside: return false
            default: break
            }
        }
        return !isInside
    }

    // MARK: What is an address

    static func isAddress(_ text: String) -> Bool { isIPv4(text) || isIPv6(text) || isHostName(text) }

    /// Whether a text is a dotted address, ranges allowed.
    static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy(isOctet)
    }

    private static func isOctet(_ part: Substring) -> Bool {
        if let bounds = range(part) { return bounds.allSatisfy(isNumber) }
        guard (1...3).contains(part.count), isNumber(part), let value = Int(part) else { return false }
        return value <= 255
    }

    /// Whether a text is an IPv6 address, ranges allowed in place of its parts.
    static func isIPv6(_ text: String) -> Bool {
        guard text.contains(":") else { return false }
        var halves: [[Substring]] = [[]]
        var current = text.startIndex
        var index = text.startIndex
        var isInside = false
        while index < text.endIndex {
            let character = text[index]
            if character == "[" { isInside = true }
            if character == "]" { isInside = false }
            if character == ":", !isInside {
                let next = text.index(after: index)
                if next < text.endIndex, text[next] == ":" {
                    if index > current { halves[halves.count - 1].append(text[current..<index]) }
                    halves.append([])
                    index = text.index(after: next)
                    current = index
                    continue
                }
                halves[halves.count - 1].append(text[current..<index])
                current = next
            }
            index = text.index(after: index)
        }
        if current < text.endIndex {
            halves[halves.count - 1].append(text[current...])
        } else if text.last == ":", !text.hasSuffix("::") {
            return false
        }
        guard halves.count <= 2 else { return false }
        var parts = halves.flatMap { $0 }
        var needed = 8
        if let last = parts.last, last.contains(".") {
            guard isIPv4(String(last)) else { return false }
            parts.removeLast()
            needed = 6
        }
        guard parts.allSatisfy(isQuartet) else { return false }
        return halves.count == 2 ? parts.count < needed : parts.count == needed
    }

    private static func isQuartet(_ part: Substring) -> Bool {
        if let bounds = range(part) {
            return bounds.prefix(2).allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isHexDigit) }
                && bounds.dropFirst(2).allSatisfy(isNumber)
        }
        return (1...4).contains(part.count) && part.allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    /// Whether a text is a host name: labels of letters, digits, `-` and `_`, which none begins or ends with a dash.
    static func isHostName(_ text: String) -> Bool {
        var rest = text[...]
        var isStart = true
        var last: Character = "."
        while let character = rest.first {
            if character == "." {
                if isStart || last == "-" || last == "_" { return false }
                isStart = true
            } else if character == "[" {
                guard let close = rest.firstIndex(of: "]"), let bounds = range(rest[...close]) else { return false }
                let areLetters = bounds.prefix(2).allSatisfy {
                    $0.count == 1 && $0.allSatisfy { $0.isASCII && $0.isLetter }
                }
                guard areLetters || bounds.prefix(2).allSatisfy(isNumber), bounds.dropFirst(2).allSatisfy(isNumber)
                else {
                    return false
                }
                rest = rest[close...]
                isStart = false
            } else {
                guard character.isLetter || character.isNumber || character == "_" || character == "-" && !isStart
                else {
                    return false
                }
                isStart = false
            }
            last = character
            rest = rest.dropFirst()
        }
        return !isStart && last != "-" && last != "_"
    }

    /// The bounds of `[a:b]` or `[a:b:step]`.
    private static func range(_ text: Substring) -> [Substring]? {
        guard text.first == "[", text.last == "]" else { return nil }
        let bounds = text.dropFirst().dropLast().split(separator: ":", omittingEmptySubsequences: false)
        return (2...3).contains(bounds.count) ? bounds : nil
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
    }
}
