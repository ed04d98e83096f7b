import Diagnostics
import Values

/// An HTTP request, made ready for curl, wget or bash on the host.
struct UriRequest: Sendable {
    /// Without a name and password.
    let url: String
    /// Seconds.
    let timeout: Int
    private let method: String
    private let headers: [(name: String, value: String)]
    private let body: [UInt8]?
    private let remoteBody: String?
    private let follows: Bool
    private let options: [(name: String, value: String)]
    private let isVerified: Bool
    private let readsNetrc: Bool
    private let unpacks: Bool
    /// Whether a header says who asks, or holds a secret.
    let isConfidential: Bool

    /// What seconds are cut to: curl counts them in milliseconds, which are to fit on any host.
    static let longestTimeout = 2_000_000

    init(_ arguments: Arguments, schemes: [String] = ["http", "https"]) throws(Diagnostic) {
        let address = Address(try arguments.string("url"))
        url = address.text
        guard schemes.contains(where: { address.text.hasPrefix($0 + "://") }) else {
            let known = schemes.map { $0 + "://" }.joined(separator: ", ")
            throw Diagnostic(
                .badValue, "'url: \(url)' begins with none of \(known)", at: arguments.location)
        }
        guard !url.unicodeScalars.contains(where: { $0.value <= 32 }) else {
            throw Diagnostic(
                .badValue, "'url: \(url)' holds a blank", at: arguments.location, remedy: "Write %20 for it.")
        }
        let verb = (arguments.optionalString("method") ?? "GET").uppercased()
        guard !verb.isEmpty, verb.utf8.allSatisfy({ (65...90).contains($0) || $0 == 45 }) else {
            throw Diagnostic(.badValue, "'method: \(verb)' is not an HTTP method", at: arguments.location)
        }
        method = verb
        timeout = min(max(1, arguments.int("timeout") ?? 30), Self.longestTimeout)
        isVerified = arguments.bool("validate_certs")
        switch arguments.optionalString("follow_redirects") ?? "safe" {
        case "all", "yes": follows = true
        case "none", "no": follows = false
        default: follows = verb == "GET" || verb == "HEAD"
        }

        var headers: [(name: String, value: String)] = []
        for (key, value) in arguments.map("headers") ?? [:] where !value.isNull {
            headers.append((key.text, value.pythonText))
        }
        func has(_ name: String) -> Bool { headers.contains { $0.name.lowercased() == name } }
        var text: [UInt8]?
        if let value = arguments["body"] {
            switch arguments.optionalString("body_format") ?? "raw" {
            case "json":
                if let written = value.stringValue {
                    text = Array(written.utf8)
                } else {
                    text = Array(try JSON.text(value, style: .python).utf8)
                }
                if !has("content-type") { headers.append(("Content-Type", "application/json")) }
            case "form-urlencoded":
                text = Array(Self.form(value).utf8)
                if !has("content-type") { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
            case "form-multipart":
                throw Diagnostic(
                    .unsupported, "'body_format: form-multipart' is not supported yet", at: arguments.location,
                    remedy: "Use a `command` task with `curl -F`.")
            default:
                switch value {
                case .map, .list, .tuple: text = Array(try JSON.text(value, style: .python).utf8)
                default: text = Array(value.pythonText.utf8)
                }
            }
        }
        if arguments.bool("force") { headers.append(("Cache-Control", "no-cache")) }
        if !has("user-agent") {
            headers.append(("User-Agent", arguments.optionalString("http_agent") ?? "ansible-httpget"))
        }
        if let source = arguments.optionalString("src"), arguments.bool("remote_src") {
            remoteBody = source
        } else {
            remoteBody = nil
            if let source = arguments.optionalString("src") {
                text = try arguments.context.readFile(arguments.context.findFile(source, "files"), true)
            }
        }
        body = text
        for (name, value) in headers where (name + value).unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" }) {
            throw Diagnostic(.badValue, "header '\(name)' holds a line end", at: arguments.location)
        }

        var options: [(name: String, value: String)] = []
        let user = arguments.optionalString("url_username")
        if let name = user ?? address.user {
            let password = user == nil ? address.password : arguments.optionalString("url_password")
            let pair = "\(name):\(password ?? "")"
            options.append(("user", pair))
            // curl makes its own; the others need the header.
            self.headers = headers + [("Authorization", "Basic " + Base64.encode(Array(pair.utf8)))]
        } else {
            self.headers = headers
        }
        if let value = arguments.optionalString("ca_path") { options.append(("cacert", value)) }
        if let value = arguments.optionalString("client_cert") { options.append(("cert", value)) }
        if let value = arguments.optionalString("client_key") { options.append(("key", value)) }
        if let value = arguments.optionalString("unix_socket") { options.append(("unix-socket", value)) }
        if !arguments.bool("use_proxy") { options.append(("noproxy", "*")) }
        self.options = options
        let isSigned = self.headers.contains { $0.name.lowercased() == "authorization" }
        isConfidential = isSigned || (arguments.map("headers") ?? [:]).contains { $0.value.holdsSecret }
        unpacks = arguments.optionalBool("decompress") ?? true
        readsNetrc = (arguments.optionalBool("use_netrc") ?? true) && !isSigned
    }

    /// What `UriScripts.ask` is given: nothing secret, since others may see words.
    var words: [String] {
        [
            url, method, String(timeout), follows ? "1" : "", isVerified ? "1" : "", remoteBody ?? "",
            body == nil ? "" : "1", options.isEmpty || options.allSatisfy { $0.name == "user" } ? "" : "curl",
            String(configuration.count), String(headerText.count), netrc, unpacks ? "1" : "",
        ]
    }

    /// Three parts one after the other: curl's configuration, header lines, the body.
    ///
    /// The address is in the first: query parameters are often secret.
    var input: [UInt8] { configuration + headerText + (body ?? []) }
    /// Whether the host's `.netrc` may say who asks.
    var netrc: String { readsNetrc ? "on" : "off" }

    /// The lengths of the first two parts of `input`, in bytes.
    var lengths: [String] { [String(configuration.count), String(headerText.count)] }
    /// Whether only curl can do what is asked.
    var needsCurl: Bool { !options.allSatisfy { $0.name == "user" } }
    var verifies: Bool { isVerified }

    private var headerText: [UInt8] {
        Array(headers.map { "\($0.name): \($0.value)\r\n" }.joined().utf8)
    }

    /// curl's configuration file, where quotes, backslashes and line ends are escaped.
    private var configuration: [UInt8] {
        var text = ""
        func add(_ name: String, _ value: String) {
            let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
                .replacing("\n", with: "\\n").replacing("\r", with: "\\r")
            text += "\(name) = \"\(escaped)\"\n"
        }
        add("url", url)
        // Brackets and braces are no patterns.
        text += "globoff\n"
        if readsNetrc { text += "netrc-optional\n" }
        for (name, value) in options { add(name, value) }
        for (name, value) in headers where name != "Authorization" || !options.contains(where: { $0.name == "user" }) {
            // A header without a value is written with a semicolon.
            add("header", value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        return Array(text.utf8)
    }

    private static func form(_ value: Value) -> String {
        var pairs: [(String, String)] = []
        if let map = value.mapValue {
            for (key, item) in map {
                for part in item.elements ?? [item] { pairs.append((key.text, part.pythonText)) }
            }
        } else if let list = value.elements {
            for item in list {
                if let pair = item.elements, pair.count == 2 { pairs.append((pair[0].pythonText, pair[1].pythonText)) }
            }
        } else {
            return value.pythonText
        }
        return pairs.map { "\(escaped($0.0))=\(escaped($0.1))" }.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: result.unicodeScalars.append(Unicode.Scalar(byte))
            case 32: result += "+"
            default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
