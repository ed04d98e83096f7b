internal import Diagnostics
internal import Values

/// `urlize`: addresses within text made links.
enum URLizeFilter {
    static let all: [Filter] = [
        Filter("urlize", ["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"]) { call throws(Diagnostic) in
            .string(try Links(call).text(call.text))
        }
    ]

    /// How the links look.
    private struct Links {
        private var attributes = ""
        private var limit: Int?
        private var schemes: [String] = []
        private let address: Regex
        private let mail: Regex

        /// What counts as an address of the web: with a scheme or `www.`, or under one of the first top-level domains.
        private static let addressPattern =
            "(?:(?:https?://|www\\.)(?:(?:[\\w%-]+\\.)+)?(?:[a-z]{2,63}|xn--[\\w%]{2,59})"
            + "|(?:[\\w%-]{2,63}\\.)+(?:com|net|int|edu|gov|org|info|mil)"
            + "|https?://(?:\\d{1,3}(?:\\.\\d{1,3}){3}|\\[(?:[\\da-f]{0,4}:){2}(?:[\\da-f]{0,4}:?){1,6}\\]))"
            + "(?::\\d{1,5})?(?:[/?#]\\S*)?$"

        init(_ call: Call) throws(Diagnostic) {
            var relations = Set(PythonString.split(call[3].flatMap { $0.stringValue } ?? "", separator: nil))
            if call.bool(1, default: false) { relations.insert("nofollow") }
            relations.insert("noopener")
            attributes = " rel=\"\(MarkupFilters.escaped(relations.sorted().joined(separator: " ")))\""
            if let target = call[2], !target.isNull {
                attributes += " target=\"\(MarkupFilters.escaped(PythonPrint.text(target)))\""
            }
            if let limit = call[0], !limit.isNull { self.limit = limit.intValue }
            if let schemes = call[4], !schemes.isNull {
                let form = try Regex.compiled("[\\w.+-]{2,}:/{0,2}$")
                for scheme in try call.evaluator.elements(schemes) {
                    let text = PythonPrint.text(scheme)
                    guard try form.firstMatch(in: Array(text.utf8), anchored: true) != nil else {
                        throw call.failure(
                            "'\(text)' is no scheme", remedy: "Write it with its colon: 'tel:', 'ftp://'.")
                    }
                    self.schemes.append(text)
                }
            }
            address = try Regex.compiled(Self.addressPattern, .ignoreCase)
            mail = try Regex.compiled("\\S+@\\w[\\w.-]*\\.\\w+$")
        }

        func text(_ text: String) throws(Diagnostic) -> String {
            let bytes = Array(MarkupFilters.escaped(text).utf8)
            var result = ""
            var position = 0
            for blank in try Regex.compiled("\\s+").matches(in: bytes) {
                result += try linked(String(decoding: bytes[position..<blank.whole.lowerBound], as: UTF8.self))
                result += String(decoding: bytes[blank.whole], as: UTF8.self)
                position = blank.whole.upperBound
            }
            return result + (try linked(String(decoding: bytes[position...], as: UTF8.self)))
        }

        private func linked(_ word: String) throws(Diagnostic) -> String {
            var (head, middle, tail) = ("", word[...], "")
            while let sign = ["(", "<", "&lt;"].first(where: { middle.hasPrefix($0) }) {
                head += sign
                middle = middle.dropFirst(sign.count)
            }
            while let sign = [")", ">", ".", ",", "&gt;"].first(where: { middle.hasSuffix($0) }) {
                tail = sign + tail
                middle = middle.dropLast(sign.count)
            }
            // Brackets that the address opens belong to it.
            var body = String(middle)
            for (open, close) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
                let opened = Self.count(open, in: body)
                guard opened > Self.count(close, in: body) else { continue }
                for _ in 0..<min(opened, Self.count(close, in: tail)) {
                    guard let range = tail.firstRange(of: close) else { break }
                    body += tail[..<range.upperBound]
                    tail = String(tail[range.upperBound...])
                }
            }
            return head + (try link(body)) + tail
        }

        private static func count(_ part: String, in text: String) -> Int { text.ranges(of: part).count }

        private func link(_ text: String) throws(Diagnostic) -> String {
            func matches(_ regex: Regex, _ text: some StringProtocol) throws(Diagnostic) -> Bool {
                try regex.firstMatch(in: Array(text.utf8), anchored: true) != nil
            }
            if try matches(address, text) {
                let hasScheme = text.hasPrefix("https://") || text.hasPrefix("http://")
                return "<a href=\"\(hasScheme ? "" : "https://")\(text)\"\(attributes)>\(shortened(text))</a>"
            }
            if text.hasPrefix("mailto:"), try matches(mail, text.dropFirst(7)) {
                return "<a href=\"\(text)\">\(text.dropFirst(7))</a>"
            }
            if text.contains("@"), !text.hasPrefix("www."), !text.contains(":"), try matches(mail, text) {
                return "<a href=\"mailto:\(text)\">\(text)</a>"
            }
            guard schemes.contains(where: { text != $0 && text.hasPrefix($0) }) else { return text }
            return "<a href=\"\(text)\"\(attributes)>\(text)</a>"
        }

        private func shortened(_ text: String) -> String {
            guard let limit, limit >= 0, PythonString.length(text) > limit else { return text }
            return PythonString.string(text.unicodeScalars.prefix(limit)) + "..."
        }
    }
}
