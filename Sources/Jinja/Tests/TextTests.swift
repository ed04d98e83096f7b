internal import Diagnostics
internal import Values

/// Tests of text: case, regular expressions, URLs, vaults.
enum TextTests {
    static let all: [Test] = [
        Test("lower") { call throws(Diagnostic) in PythonString.isLower(call.text) },
        Test("upper") { call throws(Diagnostic) in PythonString.isUpper(call.text) },
        Test("match", ["pattern", "ignorecase", "multiline"]) { call throws(Diagnostic) in
            try regex(call, anchored: true, whole: false)
        },
        Test("search", ["pattern", "ignorecase", "multiline"]) { call throws(Diagnostic) in
            try regex(call, anchored: false, whole: false)
        },
        Test("regex", ["pattern", "ignorecase", "multiline", "match_type"]) { call throws(Diagnostic) in
            switch try call.string(3, default: "search") {
            case "search": return try regex(call, anchored: false, whole: false)
            case "match": return try regex(call, anchored: true, whole: false)
            case "fullmatch": return try regex(call, anchored: true, whole: true)
            case let other: throw call.failure("match_type must be search, match or fullmatch, not '\(other)'")
            }
        },
        Test("uri", ["schemes"]) { call throws(Diagnostic) in try isURI(call) },
        Test("url", ["schemes"]) { call throws(Diagnostic) in
            guard try isURI(call) else { return false }
            let parts = URLParts(call.text)
            return !parts.authority.isEmpty || parts.scheme == "file"
        },
        Test("urn") { call throws(Diagnostic) in call.input.text != nil && URLParts(call.text).scheme == "urn" },
        // Values are opened when they are read, so none is sealed here; a text that looks so is just text.
        Test("vault_encrypted") { call throws(Diagnostic) in call.input.mapValue?["__ansible_vault"] != nil },
    ]

    private static func regex(_ call: Call, anchored: Bool, whole: Bool) throws(Diagnostic) -> Bool {
        var pattern = try call.string(0, default: "")
        if whole { pattern = "(?:\(pattern))\\Z" }
        let options = RegexFilters.options(
            ignoreCase: call.bool(1, default: false), multiline: call.bool(2, default: false))
        return try Regex.compiled(pattern, options).firstMatch(in: Array(call.text.utf8), anchored: anchored) != nil
    }

    private static func isURI(_ call: Call) throws(Diagnostic) -> Bool {
        guard call.input.text != nil else { return false }
        guard let schemes = call[0], schemes.isTruthy else { return true }
        let scheme = URLParts(call.text).scheme
        return (schemes.elements ?? [schemes]).contains { $0.stringValue == scheme }
    }
}

/// A URL taken apart as Python's `urlsplit` does.
struct URLParts {
    var scheme = ""
    var authority = ""
    var path = ""
    var query = ""
    var fragment = ""

    init(_ text: String) {
        var rest = text[...]
        if let colon = rest.firstIndex(of: ":"), colon > rest.startIndex, rest.first?.isLetter ?? false,
            rest[..<colon].utf8.allSatisfy({ byte in
                "+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8.contains(byte)
            })
        {
            scheme = rest[..<colon].lowercased()
            rest = rest[rest.index(after: colon)...]
        }
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
            authority = String(rest[..<end])
            rest = rest[end...]
        }
        if let mark = rest.firstIndex(of: "#") {
            fragment = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        if let mark = rest.firstIndex(of: "?") {
            query = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        path = String(rest)
    }

    private var hostAndPort: Substring {
        guard let at = authority.lastIndex(of: "@") else { return authority[...] }
        return authority[authority.index(after: at)...]
    }

    var user: String? {
        guard let at = authority.lastIndex(of: "@") else { return nil }
        let info = authority[..<at]
        return String(info[..<(info.firstIndex(of: ":") ?? info.endIndex)])
    }

    var password: String? {
        guard let at = authority.lastIndex(of: "@") else { return nil }
        let info = authority[..<at]
        return info.firstIndex(of: ":").map { String(info[info.index(after: $0)...]) }
    }

    var host: String? {
        let part = hostAndPort
        var host: Substring
        if part.hasPrefix("["), let close = part.firstIndex(of: "]") {
            host = part[part.index(after: part.startIndex)..<close]
        } else {
            host = part[..<(part.firstIndex(of: ":") ?? part.endIndex)]
        }
        return host.isEmpty ? nil : host.lowercased()
    }

    var port: Int? {
        var part = hostAndPort
        if part.hasPrefix("["), let close = part.firstIndex(of: "]") { part = part[close...] }
        return part.lastIndex(of: ":").flatMap { Int(part[part.index(after: $0)...]) }
    }
}
