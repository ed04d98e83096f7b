internal import Diagnostics
internal import Values

/// HTML, XML and URLs.
enum MarkupFilters {
    static let all: [Filter] = [
        Filter("escape") { call throws(Diagnostic) in .string(escaped(call.text)) },
        Filter("e") { call throws(Diagnostic) in .string(escaped(call.text)) },
        Filter("forceescape") { call throws(Diagnostic) in .string(escaped(call.text)) },
        Filter("safe") { call throws(Diagnostic) in .string(call.text) },
        Filter("striptags") { call throws(Diagnostic) in .string(try stripped(call.text)) },
        Filter("xmlattr", ["autospace"], .structural, attributes),
        Filter("urlize", ["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"], urlize),
        Filter("urlsplit", ["query"], split),
    ]

    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "'": result += "&#39;"
            case "\"": result += "&#34;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func stripped(_ text: String) throws(Diagnostic) -> String {
        var text = try removed("<!--.*?-->", from: text)
        text = try removed("<.*?>", from: text)
        text = PythonString.split(text, separator: nil).joined(separator: " ")
        for (entity, sign) in [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&nbsp;", "\u{A0}"),
            ("&amp;", "&"),
        ] {
            text = PythonString.replace(text, entity, sign)
        }
        return text
    }

    private static func removed(_ pattern: String, from text: String) throws(Diagnostic) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var position = 0
        for match in try Regex.compiled("(?s)" + pattern).matches(in: bytes) {
            result += bytes[position..<match.whole.lowerBound]
            position = match.whole.upperBound
        }
        return String(decoding: result + bytes[position...], as: UTF8.self)
    }

    private static func attributes(_ call: Call) throws(Diagnostic) -> Value {
        let map = try call.map()
        var parts: [String] = []
        for (key, value) in map where !value.isNull && !value.isUndefined {
            guard
                !key.text.unicodeScalars.contains(where: {
                    PythonString.isSpace($0) || "/>=".unicodeScalars.contains($0)
                })
            else {
                throw call.failure("'\(key.text)' cannot be an attribute's name")
            }
            parts.append("\(escaped(key.text))=\"\(escaped(PythonPrint.text(value)))\"")
        }
        let text = parts.joined(separator: " ")
        let result = Text(
            call.bool(0, default: true) && !text.isEmpty ? " " + text : text,
            marks: call.input.holdsSecret ? .secret : [])
        return .string(result)
    }

    private static func urlize(_ call: Call) throws(Diagnostic) -> Value {
        guard call[4] == nil || call[4]?.isNull == true else {
            throw Diagnostic(.unsupported, "'urlize' does not support extra_schemes")
        }
        var relations = Set(PythonString.split(call.printed(3, default: ""), separator: nil))
        if call.bool(1, default: false) { relations.insert("nofollow") }
        relations.insert("noopener")
        let relation = " rel=\"\(escaped(relations.sorted().joined(separator: " ")))\""
        let target = call[2].flatMap { $0.isNull ? nil : " target=\"\(escaped(PythonPrint.text($0)))\"" } ?? ""
        let limit = call[0].flatMap { $0.isNull ? nil : $0.intValue }
        func shortened(_ text: String) -> String {
            guard let limit, limit >= 0, PythonString.length(text) > limit else { return text }
            return PythonString.string(text.unicodeScalars.prefix(limit)) + "..."
        }
        let bytes = Array(escaped(call.text).utf8)
        let word = try Regex.compiled(
            "((?:\\(|<|&lt;)*)((?:https?://|www\\.)[^\\s<>]*?|(?:mailto:)?[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+)((?:[.,)>:;\"']|&gt;|&#3[49];)*)(?=\\s|\\z)"
        )
        var result: [UInt8] = []
        var position = 0
        for match in try word.matches(in: bytes) {
            // A word starts at the beginning or after a blank.
            let start = match.whole.lowerBound
            guard start == 0 || [0x20, 0x09, 0x0A, 0x0D].contains(bytes[start - 1]), let middle = match.ranges[2] else {
                continue
            }
            let text = String(decoding: bytes[middle], as: UTF8.self)
            guard
                text.hasPrefix("http") && PythonString.length(text) > 8 || text.hasPrefix("www.") || text.contains("@")
            else { continue }
            result += bytes[position..<middle.lowerBound]
            let link: String
            if text.contains("@"), !text.hasPrefix("http"), !text.hasPrefix("www.") {
                let address = text.hasPrefix("mailto:") ? text : "mailto:" + text
                link = "<a href=\"\(address)\">\(text.hasPrefix("mailto:") ? String(text.dropFirst(7)) : text)</a>"
            } else {
                let address = text.hasPrefix("www.") ? "https://" + text : text
                link = "<a href=\"\(address)\"\(relation)\(target)>\(shortened(text))</a>"
            }
            result += Array(link.utf8)
            position = middle.upperBound
        }
        return .string(String(decoding: result + bytes[position...], as: UTF8.self))
    }

    private static func split(_ call: Call) throws(Diagnostic) -> Value {
        let parts = URLParts(call.text)
        func optional(_ text: String?) -> Value { text.map { .string($0) } ?? .null }
        let map: ValueMap = [
            "fragment": .string(parts.fragment), "hostname": optional(parts.host), "netloc": .string(parts.authority),
            "password": optional(parts.password), "path": .string(parts.path),
            "port": parts.port.map { .int($0) } ?? .null,
            "query": .string(parts.query), "scheme": .string(parts.scheme), "username": optional(parts.user),
        ]
        let wanted = try call.string(0, default: "")
        if wanted.isEmpty { return .map(map) }
        guard let value = map[wanted] else {
            throw call.failure(
                "a URL has no part '\(wanted)'",
                remedy: "Its parts are \(map.keys.map(\.text).joined(separator: ", ")).")
        }
        return value
    }
}
