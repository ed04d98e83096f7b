import Values

/// An HTTP answer as the host's snippet hands it over.
struct UriAnswer: Sendable {
    let status: Int
    let reason: String
    let body: [UInt8]
    private let effectiveURL: String
    private let headers: [(name: String, value: String)]

    /// Reads the address that answered in the end, a zero byte, header blocks, a zero byte, the body.
    init?(_ bytes: [UInt8]) {
        guard let first = bytes.firstIndex(of: 0), let second = bytes[(first + 1)...].firstIndex(of: 0) else {
            return nil
        }
        effectiveURL = String(decoding: bytes[..<first], as: UTF8.self)
        body = Array(bytes[(second + 1)...])
        let text = String(decoding: bytes[(first + 1)..<second], as: UTF8.self)
        var status: Int?
        var reason = ""
        var headers: [(name: String, value: String)] = []
        // Several blocks come from redirections and interim answers; the last is the answer.
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let line = line.trimmed
            if line.hasPrefix("HTTP/") {
                let words = line.split(separator: " ", maxSplits: 2).map(String.init)
                status = words.count > 1 ? Int(words[1]) : nil
                reason = words.count > 2 ? words[2] : ""
                headers = []
            } else if let colon = line.firstIndex(of: ":") {
                headers.append((String(line[..<colon]), line[line.index(after: colon)...].trimmed))
            }
        }
        guard let status else { return nil }
        self.status = status
        self.reason = reason.isEmpty ? Self.reasons[status] ?? "" : reason
        self.headers = headers
    }

    /// The return values: headers in lower case with underscores, as Ansible flattens them.
    func values(url: String) -> ValueMap {
        var values: ValueMap = [:]
        var cookies: ValueMap = [:]
        for (name, value) in headers {
            let key = name.lowercased().replacing("-", with: "_")
            if key == "set_cookie", let equals = value.firstIndex(of: "=") {
                cookies[String(value[..<equals])] = .string(
                    String(value[value.index(after: equals)...].prefix { $0 != ";" }))
            }
            values[key] = .string(values[key]?.stringValue.map { "\($0), \(value)" } ?? value)
        }
        values["status"] = .int(status)
        values["url"] = .string(effectiveURL.isEmpty ? url : effectiveURL)
        values["redirected"] = .bool(!effectiveURL.isEmpty && effectiveURL != url)
        let length = headers.first { $0.name.lowercased() == "content-length" }?.value
        values["msg"] = .string("\(reason.isEmpty ? "OK" : reason) (\(length ?? "unknown") bytes)")
        values["cookies"] = .map(cookies)
        values["cookies_string"] = .string(
            cookies.map { "\($0.key.text)=\($0.value.pythonText)" }.joined(separator: "; "))
        return values
    }

    var isJSON: Bool {
        let type =
            headers.last { $0.name.lowercased() == "content-type" }?.value.lowercased().prefix { $0 != ";" }.trimmed
            ?? ""
        return type == "application/json" || type == "application/javascript" || type.hasSuffix("+json")
    }

    /// The name a file of the answer gets in a directory.
    func fileName(of url: String) -> String {
        let path = (effectiveURL.isEmpty ? url : effectiveURL).prefix { $0 != "?" && $0 != "#" }
        let parts = path.split(separator: "/").map(String.init)
        return parts.count > 2 ? parts[parts.count - 1] : "index.html"
    }

    private static let reasons = [
        200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 301: "Moved Permanently", 302: "Found",
        304: "Not Modified", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
        405: "Method Not Allowed", 409: "Conflict", 500: "Internal Server Error", 502: "Bad Gateway",
        503: "Service Unavailable", 504: "Gateway Timeout",
    ]
}
