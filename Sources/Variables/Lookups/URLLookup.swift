import Diagnostics
import Glibc
import Values

/// `lookup('url', 'https://…')`: what a web server answers the control machine, asked with `curl`.
///
/// The system's own curl is the one that security updates reach and that knows its certificates, proxies and
/// Kerberos. It is told everything through standard input, so nothing secret is in a command line.
extension Lookups {
    static let url: Function = { (terms, options, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let request = try URLRequest(term.pythonText, options, context)
            let body = try request.answer()
            guard try options.bool("split_lines", default: true) else {
                result.append(.string(body))
                continue
            }
            var lines = body.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            if lines.last?.isEmpty ?? false { lines.removeLast() }
            result += lines.map { .string(String($0)) }
        }
        return result
    }
}

struct URLRequest {
    static let options: Set = [
        "validate_certs", "use_proxy", "username", "password", "headers", "force", "timeout", "http_agent",
        "force_basic_auth", "follow_redirects", "use_gssapi", "use_netrc", "unix_socket", "ca_path",
        "unredirected_headers", "ciphers", "split_lines",
    ]

    private let address: String
    private let directory: String
    private var lines: [String] = []

    init(_ address: String, _ given: LookupOptions, _ context: LookupContext) throws(Diagnostic) {
        self.address = address
        directory = context.playDirectory
        let options = Self.completed(given, context)
        add("url", address)
        guard ["http://", "https://", "ftp://", "file://"].contains(where: { address.lowercased().hasPrefix($0) })
        else {
            throw Diagnostic(.badValue, "'\(address)' is no URL", remedy: "Such as https://example.org/file.")
        }
        lines += ["silent", "show-error", "globoff"]
        let seconds = Double(options.text("timeout") ?? "10") ?? 10
        add("connect-timeout", "\(seconds)")
        // No answer can take for ever: as long without a byte ends it.
        add("speed-limit", "1")
        add("speed-time", "\(max(1, Int(seconds.rounded(.up))))")
        add("user-agent", options.text("http_agent") ?? "ansible-httpget")
        if try !options.bool("validate_certs", default: true) { lines.append("insecure") }
        if try !options.bool("use_proxy", default: true) { add("noproxy", "*") }
        if try options.bool("use_netrc", default: true) { lines.append("netrc-optional") }
        if try options.bool("force") { add("header", "Cache-Control: no-cache") }
        if try options.bool("use_gssapi") { lines.append("negotiate") }
        if let socket = options.text("unix_socket") { add("unix-socket", socket) }
        if let path = options.text("ca_path") { add("cacert", path) }
        if let ciphers = options["ciphers"], !ciphers.isNull {
            add("ciphers", (ciphers.elements ?? [ciphers]).map(\.pythonText).joined(separator: ":"))
        }
        if let user = options.text("username") {
            add("user", "\(user):\(options.text("password") ?? "")")
            // Without the flag the server is asked first how it wants the password.
            lines.append(try options.bool("force_basic_auth") ? "basic" : "anyauth")
        }
        switch try options.choice("follow_redirects", ["urllib2", "all", "yes", "safe", "none", "no"]) {
        case "none", "no": break
        default: lines.append("location")
        }
        try add(headers: options["headers"], options)
    }

    /// The options with those that variables and the environment give.
    private static func completed(_ given: LookupOptions, _ context: LookupContext) -> LookupOptions {
        var options = given
        let names: [(option: String, variable: String, environment: String)] = [
            ("force", "ansible_lookup_url_force", "ANSIBLE_LOOKUP_URL_FORCE"),
            ("timeout", "ansible_lookup_url_timeout", "ANSIBLE_LOOKUP_URL_TIMEOUT"),
            ("http_agent", "ansible_lookup_url_agent", "ANSIBLE_LOOKUP_URL_AGENT"),
            ("follow_redirects", "ansible_lookup_url_follow_redirects", "ANSIBLE_LOOKUP_URL_FOLLOW_REDIRECTS"),
            ("use_gssapi", "ansible_lookup_url_use_gssapi", "ANSIBLE_LOOKUP_URL_USE_GSSAPI"),
            ("use_netrc", "ansible_lookup_url_use_netrc", "ANSIBLE_LOOKUP_URL_USE_NETRC"),
            ("unix_socket", "ansible_lookup_url_unix_socket", "ANSIBLE_LOOKUP_URL_UNIX_SOCKET"),
            ("ca_path", "ansible_lookup_url_ca_path", "ANSIBLE_LOOKUP_URL_CA_PATH"),
            ("ciphers", "ansible_lookup_url_ciphers", "ANSIBLE_LOOKUP_URL_CIPHERS"),
            ("force_basic_auth", "ansible_lookup_url_force_basic_auth", "ANSIBLE_LOOKUP_URL_FORCE_BASIC_AUTH"),
            ("unredirected_headers", "ansible_lookup_url_unredir_headers", "ANSIBLE_LOOKUP_URL_UNREDIR_HEADERS"),
        ]
        for name in names where options[name.option] == nil {
            if let value = try? context.scope?.lookup(name.variable) {
                options.set(name.option, value)
            } else if let text = getenv(name.environment) {
                options.set(name.option, .string(String(cString: text)))
            }
        }
        return options
    }

    private mutating func add(headers: Value?, _ options: LookupOptions) throws(Diagnostic) {
        guard let headers, !headers.isNull else { return }
        guard case .map(let map) = headers else { throw options.wrong("headers", "a dictionary", headers) }
        for (name, value) in map {
            let line = "\(name.text): \(value.pythonText)"
            guard !line.contains(where: \.isNewline) else {
                throw options.wrong("headers", "without line ends", .string(name.text))
            }
            add("header", line)
        }
    }

    /// A line of curl's configuration, the value quoted.
    private mutating func add(_ name: String, _ value: String) {
        var quoted = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": quoted += "\\\\"
            case "\"": quoted += "\\\""
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            default: quoted.unicodeScalars.append(character)
            }
        }
        lines.append("\(name) = \"\(quoted)\"")
    }

    func answer() throws(Diagnostic) -> String {
        // The status stands after the body, on a line of its own.
        let configuration = (lines + ["write-out = \"\\n%{http_code}\""]).joined(separator: "\n") + "\n"
        let outcome = try ControlCommand.run(
            "exec curl --disable --config -", in: directory, input: Array(configuration.utf8))
        guard outcome.status != 127 else {
            throw Diagnostic(
                .commandFailed, "lookup 'url' needs 'curl' on the control machine, which is not there",
                remedy: "Install the package curl.")
        }
        guard outcome.status == 0, let end = outcome.output.utf8.lastIndex(of: UInt8(ascii: "\n")) else {
            let reason =
                outcome.errors.split(whereSeparator: \.isNewline).last.map(String.init) ?? "status \(outcome.status)"
            throw Diagnostic(
                .commandFailed, "cannot get '\(address)': \(reason)",
                remedy: "Try the same address with curl on this machine.")
        }
        let status = Int(outcome.output[outcome.output.utf8.index(after: end)...]) ?? 0
        guard status < 300 else {
            throw Diagnostic(.commandFailed, "'\(address)' answers with status \(status)")
        }
        return String(outcome.output[..<end])
    }
}
