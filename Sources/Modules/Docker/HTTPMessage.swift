internal import Diagnostics
internal import Values

/// A request to the Engine, as HTTP/1.1 has it.
struct HTTPRequest: Sendable {
    var method: String
    /// The path with its parts already percent-encoded: see `DockerPath`.
    var path: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    /// The bytes on the wire.
    ///
    /// - Parameter isLast: Whether the server is to close the connection after its answer.
    func bytes(isLast: Bool) -> [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: docker\r\nUser-Agent: swiftprov\r\n"
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        if !body.isEmpty || method == "POST" || method == "PUT" { head += "Content-Length: \(body.count)\r\n" }
        if isLast { head += "Connection: close\r\n" }
        return Array((head + "\r\n").utf8) + body
    }
}

/// An answer of the Engine.
struct HTTPResponse: Sendable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: [UInt8]

    /// 304 is the Engine's word for "was so already", such as a started container that is started.
    var succeeded: Bool { (200..<300).contains(status) || status == 304 }

    /// Reads the answers to `count` requests sent in a row on one connection.
    ///
    /// - Parameters:
    ///   - bytes: All that came back, to the end of the connection.
    ///   - count: The number of requests. Fewer answers than that are not an error here: a connection that broke
    ///     leaves the last ones unanswered, and the caller knows what that means.
    ///   - lastMayBeCut: Whether the last answer counts with as much of its body as there is.
    /// - Throws: `Diagnostic` with code `.failed` if it is not HTTP.
    static func parse(
        _ bytes: [UInt8], count: Int, lastMayBeCut: Bool = false
    ) throws(Diagnostic) -> [HTTPResponse] {
        var reader = HTTPReader(bytes, takesCut: lastMayBeCut)
        var result: [HTTPResponse] = []
        while result.count < count, let response = try reader.response() {
            // 1xx only announces the answer.
            if response.status >= 200 { result.append(response) }
        }
        return result
    }
}

/// Cuts HTTP/1.1 answers out of bytes (RFC 9112).
private struct HTTPReader {
    private let bytes: [UInt8]
    private let takesCut: Bool
    private var at = 0

    init(_ bytes: [UInt8], takesCut: Bool) {
        self.bytes = bytes
        self.takesCut = takesCut
    }

    /// The next answer, or nil if there is no whole one left.
    mutating func response() throws(Diagnostic) -> HTTPResponse? {
        guard at < bytes.count else { return nil }
        guard let statusLine = line() else { return try unfinished() }
        let parts = statusLine.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]), (100..<600).contains(status)
        else {
            throw Diagnostic(.failed, "the Docker Engine's answer is not HTTP: '\(statusLine.prefix(80))'")
        }
        var headers: [String: String] = [:]
        while true {
            guard let header = line() else { return nil }
            if header.isEmpty { break }
            guard let colon = header.firstIndex(of: ":") else {
                throw Diagnostic(.failed, "the Docker Engine sent a header without a name: '\(header.prefix(80))'")
            }
            headers[header[..<colon].lowercased()] = String(header[header.index(after: colon)...]).trimmed
        }
        guard let body = try body(status: status, headers: headers) else { return nil }
        return HTTPResponse(status: status, headers: headers, body: body)
    }

    private mutating func body(status: Int, headers: [String: String]) throws(Diagnostic) -> [UInt8]? {
        if status < 200 || status == 204 || status == 304 { return [] }
        if headers["transfer-encoding"]?.lowercased().contains("chunked") == true { return try chunks() }
        if let text = headers["content-length"] {
            guard let length = Int(text), length >= 0 else {
                throw Diagnostic(.failed, "the Docker Engine sent the length '\(text)'")
            }
            return take(length)
        }
        // Neither: the body ends with the connection.
        return take(bytes.count - at)
    }

    private mutating func chunks() throws(Diagnostic) -> [UInt8]? {
        var result: [UInt8] = []
        while true {
            guard let size = line() else { return takesCut ? result : nil }
            guard let length = Int(size.prefix { $0 != ";" }.trimmed, radix: 16), length >= 0 else {
                throw Diagnostic(.failed, "the Docker Engine sent the chunk size '\(size.prefix(40))'")
            }
            if length == 0 { break }
            guard let chunk = take(length) else { return takesCut ? result : nil }
            result += chunk
            guard take(2) != nil else { return takesCut ? result : nil }
        }
        // Trailers, to the empty line.
        while let trailer = line() {
            if trailer.isEmpty { return result }
        }
        return takesCut ? result : nil
    }

    private mutating func unfinished() throws(Diagnostic) -> HTTPResponse? {
        at = bytes.count
        return nil
    }

    private mutating func line() -> String? {
        guard let end = bytes[at...].firstIndex(of: 0x0A) else { return nil }
        var line = bytes[at..<end]
        at = end + 1
        if line.last == 0x0D { line = line.dropLast() }
        return String(decoding: line, as: UTF8.self)
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        guard count <= bytes.count - at else {
            defer { at = bytes.count }
            return takesCut ? Array(bytes[at...]) : nil
        }
        defer { at += count }
        return Array(bytes[at..<at + count])
    }
}

/// Percent-encoding for the parts of a path and for queries (RFC 3986).
enum DockerPath {
    /// `/containers/web/json?all=1`: each part and each pair encoded.
    static func of(_ parts: [String], query: [(String, String)]) -> String {
        let path = parts.map { "/" + encode($0) }.joined()
        guard !query.isEmpty else { return path }
        return path + "?" + query.map { "\(encode($0.0))=\(encode($0.1))" }.joined(separator: "&")
    }

    static func encode(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }
}
