import Diagnostics
import Glibc
import HTTP
import Values

/// `lookup('url', 'https://…')`: what a web server answers the control machine.
extension Lookups {
    static let url: Function = { (terms, options, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let body = try URLLookup(term.pythonText, options, context).answer()
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

struct URLLookup {
    static let options: Set = [
        "validate_certs", "use_proxy", "username", "password", "headers", "force", "timeout", "http_agent",
        "force_basic_auth", "follow_redirects", "use_gssapi", "use_netrc", "unix_socket", "ca_path",
        "unredirected_headers", "ciphers", "split_lines",
    ]

    private var request: HTTPRequest

    init(_ address: String, _ given: LookupOptions, _ context: LookupContext) throws(Diagnostic) {
        let options = try Self.completed(given, context)
        guard ["http://", "https://", "ftp://", "file://"].contains(where: { address.lowercased().hasPrefix($0) })
        else {
            throw Diagnostic(.badValue, "'\(address)' is no URL", remedy: "Such as https://example.org/file.")
        }
        request = HTTPRequest("GET", address)
        request.takesOtherSchemes = true
        let seconds = try options.seconds("timeout", default: 10)
        request.connectTimeout = .seconds(seconds)
        // A long answer may take its time; one that does not come ends.
        request.timeout = .zero
        request.idleTimeout = .seconds(seconds)
        request.userAgent = options.text("http_agent") ?? "ansible-httpget"
        request.verifiesCertificate = try options.bool("validate_certs", default: true)
        if try !options.bool("use_proxy", default: true) { request.proxy = "" }
        request.usesNetrc = try options.bool("use_netrc", default: true)
        if try options.bool("force") { request.headers.append(("Cache-Control", "no-cache")) }
        request.unixSocket = options.text("unix_socket")
        request.authorityFile = options.text("ca_path")
        if let ciphers = options["ciphers"], !ciphers.isNull {
            request.ciphers = (ciphers.elements ?? [ciphers]).map(\.pythonText).joined(separator: ":")
        }
        request.credentials = options.text("username").map { ($0, options.text("password") ?? "") }
        request.authentication =
            try options.bool("use_gssapi")
            ? .negotiate : try options.bool("force_basic_auth") ? .basic : .whenAsked
        // A lookup only reads, and to that all of Ansible's other words say yes.
        let redirects = try options.choice("follow_redirects", ["urllib2", "all", "yes", "safe", "none", "no"])
        request.redirections = ["none", "no"].contains(redirects) ? 0 : 10
        if let kept = options["unredirected_headers"], !(kept.elements ?? [kept]).isEmpty, !kept.isNull,
            request.redirections > 0
        {
            throw Diagnostic(
                .unsupported, "lookup 'url' sends headers along with redirections and cannot leave out any",
                remedy: "Use follow_redirects='none' with the last address, or drop 'unredirected_headers'.")
        }
        try add(headers: options["headers"], options)
    }

    /// The options with those that variables and the environment give.
    private static func completed(
        _ given: LookupOptions, _ context: LookupContext
    ) throws(Diagnostic) -> LookupOptions {
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
            if let scope = context.scope, let value = try scope.lookup(name.variable) {
                options.set(name.option, try scope.deep(value))
            } else if let text = getenv(name.environment) {
                options.set(name.option, .string(String(cString: text)))
            }
        }
        return options
    }

    private mutating func add(headers: Value?, _ options: LookupOptions) throws(Diagnostic) {
        guard let headers, !headers.isNull else { return }
        guard case .map(let map) = headers else { throw options.wrong("headers", "a dictionary", headers) }
        for (name, value) in map { request.headers.append((name.text, value.pythonText)) }
    }

    func answer() throws(Diagnostic) -> String {
        let response = try HTTPClient.perform(request)
        guard response.status < 300 else {
            throw Diagnostic(
                .commandFailed, "'\(HTTPClient.shown(request.url))' answers with status \(response.status)")
        }
        return String(decoding: response.body, as: UTF8.self)
    }
}
