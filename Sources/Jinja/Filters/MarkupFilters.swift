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
