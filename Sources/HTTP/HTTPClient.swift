internal import CHTTP
public import Diagnostics
internal import Glibc

/// Something to ask a server over HTTP from the control machine.
public struct HTTPRequest: Sendable {
    /// Such as `GET`.
    public var method: String
    /// `http:` or `https:`, and with `takesOtherSchemes` `ftp:` and `file:`.
    public var url: String
    /// In the order they are sent.
    public var headers: [(name: String, value: String)]
    /// Nil for none.
    public var body: [UInt8]?
    /// The longest that connecting may take.
    public var connectTimeout: Duration = .seconds(10)
    /// The longest that all of it may take; zero for no bound.
    public var timeout: Duration = .seconds(30)
    /// The longest that no byte may come; zero for no bound.
    public var idleTimeout: Duration = .zero
    /// Whether the server's certificate must be good.
    public var verifiesCertificate = true
    /// A file of the authorities to trust, PEM; nil for the system's.
    public var authorityFile: String?
    /// A directory of them, as `c_rehash` makes it.
    public var authorityDirectory: String?
    /// Our own certificate and key, PEM.
    public var clientCertificate: String?
    public var clientKey: String?
    /// Who asks.
    public var credentials: (user: String, password: String)?
    public var authentication = Authentication.basic
    /// Whether `~/.netrc` may say who asks.
    public var usesNetrc = false
    /// Ciphers for TLS up to 1.2, in OpenSSL's names with colons between; nil for the library's own choice.
    public var ciphers: String?
    /// Whether the URL may be one of `ftp:` or `file:`; redirections never lead there.
    public var takesOtherSchemes = false
    /// A proxy's URL; empty for none, nil for what `http_proxy`, `https_proxy` and `no_proxy` say.
    public var proxy: String?
    /// A socket to ask over instead of the network.
    public var unixSocket: String?
    public var userAgent: String? = "swiftprov"
    /// How many redirections are followed; zero for none.
    public var redirections = 5
    /// Answers longer than this many bytes are refused.
    public var longestBody = 64 << 20

    /// How a request says who asks.
    public enum Authentication: Sendable {
        /// User and password, without waiting to be asked.
        case basic
        /// As the server wants it, once it asks.
        case whenAsked
        /// A Kerberos ticket.
        case negotiate
    }

    /// A request with nothing special about it.
    public init(
        _ method: String = "GET", _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// A server's answer, whatever its status.
public struct HTTPResponse: Sendable {
    public var status: Int
    /// As they came, the names in their own case.
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]
    /// The URL that answered, after redirections.
    public var url: String

    /// The value of the first header of that name, in whatever case.
    public subscript(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Asks servers over HTTP, by libcurl, which is loaded at the first request.
public enum HTTPClient {
    /// Sends a request and waits for the answer on this thread.
    ///
    /// - Throws: `Diagnostic` without the URL's user and password: `.timeout`, `.badValue` for a URL that is none,
    ///   `.missingFile` if there is no libcurl, otherwise `.failed`. A status such as 404 is no error.
    public static func perform(_ request: HTTPRequest) throws(Diagnostic) -> HTTPResponse {
        for text in [request.method, request.url] + request.headers.flatMap({ [$0.name, $0.value] })
        where text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            // A line break would begin a header of somebody else's making.
            throw Diagnostic(.badValue, "a control character in a URL or a header", remedy: "Remove the line break.")
        }
        var response = swiftprov_http_response()
        let result = sent(request, &response)
        defer { swiftprov_http_release(&response) }
        let address = shown(request.url)
        switch Int(result) {
        case SWIFTPROV_HTTP_OK: break
        case SWIFTPROV_HTTP_NO_LIBRARY:
            throw Diagnostic(
                .missingFile, "libcurl is needed to ask \(address), and it is not installed",
                remedy: "Install libcurl4 (Debian, Ubuntu), libcurl (Fedora) or curl (Arch).")
        case SWIFTPROV_HTTP_TIMEOUT:
            throw Diagnostic(
                .timeout, "\(address) did not answer in time", remedy: "See whether it is up, or raise the timeout.")
        case SWIFTPROV_HTTP_CERTIFICATE:
            throw Diagnostic(
                .failed, "the certificate of \(address) is not trusted: \(words(response))",
                remedy: "Name the authority that signed it (ca_cert); validate_certs=false trusts anybody.")
        case SWIFTPROV_HTTP_TOO_LONG:
            throw Diagnostic(.failed, "the answer of \(address) is longer than \(request.longestBody) bytes")
        case SWIFTPROV_HTTP_BAD_URL:
            throw Diagnostic(.badValue, "'\(address)' cannot be asked: \(words(response))")
        default:
            throw Diagnostic(
                .failed, "cannot ask \(address): \(words(response))",
                remedy: "Check the address, and whether it is up and reachable from here.")
        }
        return HTTPResponse(
            status: response.status, headers: headers(response),
            body: Array(UnsafeRawBufferPointer(start: response.body, count: response.body_length)),
            url: response.url.map { String(cString: $0) } ?? request.url)
    }

    /// A URL without user and password, for people to see.
    public static func shown(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let mark = authority.lastIndex(of: "@") else { return url }
        return String(url[..<scheme.upperBound] + rest[rest.index(after: mark)...])
    }

    private static func sent(_ request: HTTPRequest, _ response: inout swiftprov_http_response) -> Int32 {
        // Copies that live as long as the call; libcurl makes its own of what it keeps.
        var copies: [UnsafeMutablePointer<CChar>?] = []
        defer { for copy in copies { free(copy) } }
        func pointer(_ text: String?) -> UnsafePointer<CChar>? {
            guard let text, let copy = strdup(text) else { return nil }
            copies.append(copy)
            return UnsafePointer(copy)
        }
        var plain = swiftprov_http_request()
        plain.method = pointer(request.method)
        plain.url = pointer(request.url)
        plain.connect_timeout = request.connectTimeout.milliseconds
        plain.timeout = request.timeout.milliseconds
        plain.verifies = request.verifiesCertificate ? 1 : 0
        plain.ca_file = pointer(request.authorityFile)
        plain.ca_directory = pointer(request.authorityDirectory)
        plain.client_certificate = pointer(request.clientCertificate)
        plain.client_key = pointer(request.clientKey)
        plain.credentials = pointer(request.credentials.map { "\($0.user):\($0.password)" })
        plain.authentication =
            switch request.authentication {
            case .basic: Int32(SWIFTPROV_HTTP_BASIC)
            case .whenAsked: Int32(SWIFTPROV_HTTP_ASKED)
            case .negotiate: Int32(SWIFTPROV_HTTP_NEGOTIATED)
            }
        plain.uses_netrc = request.usesNetrc ? 1 : 0
        plain.ciphers = pointer(request.ciphers)
        plain.takes_other_schemes = request.takesOtherSchemes ? 1 : 0
        plain.idle_timeout = (request.idleTimeout.milliseconds + 999) / 1000
        plain.proxy = pointer(request.proxy)
        plain.unix_socket = pointer(request.unixSocket)
        plain.user_agent = pointer(request.userAgent)
        plain.redirections = request.redirections
        plain.longest_body = request.longestBody
        plain.has_body = request.body == nil ? 0 : 1
        // A header without a value needs a semicolon, or libcurl takes the line for "do not send it".
        let lines = request.headers.map { pointer($0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)") }
        return lines.withUnsafeBufferPointer { lines in
            plain.headers = lines.baseAddress
            plain.header_count = lines.count
            return (request.body ?? []).withUnsafeBytes { body in
                plain.body = body.baseAddress
                plain.body_length = body.count
                return swiftprov_http_perform(&plain, &response)
            }
        }
    }

    private static func headers(_ response: swiftprov_http_response) -> [(name: String, value: String)] {
        let bytes = UnsafeRawBufferPointer(start: response.headers, count: response.headers_length)
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...]
            return (String(line[..<colon]), String(value.drop(while: \.isWhitespace)))
        }
    }

    private static func words(_ response: swiftprov_http_response) -> String {
        withUnsafeBytes(of: response.error) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension Duration {
    /// Whole milliseconds, at least one for anything that is not zero; zero, which stands for no bound, for ages.
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = components
        // Longer than anybody waits is for ever.
        guard seconds < 1 << 31 else { return 0 }
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
