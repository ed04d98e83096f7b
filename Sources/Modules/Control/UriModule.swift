import Diagnostics
import Results
import Target
import Values

/// Asks a web service, from the host, as `ansible.builtin.uri` does.
struct UriModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.uri",
        summary: "Send an HTTP request from the host and look at the answer.",
        description: """
            The host's curl is used, or its wget. A host that has neither but bash can still send plain HTTP requests, \
            which follow no redirections.
            """,
        arguments: [
            .required("url", .string, "The address, http or https."),
            .optional("method", .string, "The HTTP method.", default: "GET"),
            .optional("body", .raw, "What to send; `src` sends a file."),
            .optional(
                "body_format", .string, "How the body is written; `json` and `form-urlencoded` take maps.",
                default: "raw", choices: ["form-multipart", "form-urlencoded", "json", "raw"]),
            .optional("headers", .map([]), "Further headers.", default: [:]),
            .optional("status_code", .list(.int), "Statuses that count as success.", default: [200]),
            .optional("return_content", .bool, "Give back the answer's text as `content`.", default: false),
            .optional("timeout", .int, "The longest the request may take, in seconds.", default: 30),
            .optional(
                "follow_redirects", .string, "`safe` follows for GET and HEAD only.", default: "safe",
                choices: ["all", "no", "none", "safe", "urllib2", "yes"]),
            .optional("url_username", .string, "The user for basic authentication.", aliases: ["user"]),
            .optional("url_password", .string, "Its password.", aliases: ["password"], secret: true),
            .optional("force_basic_auth", .bool, "Send them without being asked; always done here.", default: false),
            .optional("validate_certs", .bool, "Check the server's certificate.", default: true),
            .optional("ca_path", .path, "Certificates of authorities to trust."),
            .optional("client_cert", .path, "A certificate to show."),
            .optional("client_key", .path, "Its key."),
            .optional("creates", .path, "A path; if it is there, nothing is asked."),
            .optional("removes", .path, "A path; if it is not there, nothing is asked."),
            .optional("dest", .path, "A file or directory to keep the answer in."),
            .optional("src", .path, "A file whose content is sent."),
            .optional("remote_src", .bool, "Whether `src` is on the host.", default: false),
            .optional("http_agent", .string, "What to be called.", default: "ansible-httpget"),
            .optional("use_proxy", .bool, "Use the proxy that the host's environment names.", default: true),
            .optional("unix_socket", .path, "A socket to connect to instead."),
            .optional("force", .bool, "Ask caches for a fresh answer.", default: false),
            .optional("decompress", .bool, "Unpack an answer that was packed for the way.", default: true),
            .optional(
                "use_netrc", .bool, "Let the host's `.netrc` say who asks where nothing else does.", default: true),
            Argument(
                "unredirected_headers", .list(.string), "Headers not to send after a redirection.",
                refusal: "Name the last address in 'url', or set 'follow_redirects: none'."),
            Argument("use_gssapi", .bool, "Kerberos.", refusal: "Kerberos is not supported."),
            Argument("ciphers", .list(.string), "TLS ciphers.", refusal: "The host's own choice of ciphers is used."),
        ] + FileAttributes.arguments,
        check: "Unknown, since only asking can tell.",
        diff: "none",
        example: """
            - ansible.builtin.uri:
                url: http://127.0.0.1/health
                return_content: true
              register: health
              until: health.status == 200
              retries: 10
            """,
        aliases: ["ansible.legacy.uri"], exclusive: [["body", "src"]]
    )

    private let request: UriRequest
    private let statuses: [Int]
    private let returnsContent: Bool
    private let creates: String?
    private let removes: String?
    private let destination: String?
    private let attributes: FileAttributes

    init(_ arguments: Arguments) throws(Diagnostic) {
        request = try UriRequest(arguments)
        statuses = arguments.list("status_code").compactMap(\.intValue)
        returnsContent = arguments.bool("return_content")
        creates = arguments.optionalString("creates")
        removes = arguments.optionalString("removes")
        destination = arguments.optionalString("dest")
        attributes = try FileAttributes(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        if let creates, try await target.stat(creates).exists {
            return .asWanted(ModuleResult(values: ["msg": .string("skipped, since '\(creates)' exists")]))
        }
        if let removes, !(try await target.stat(removes).exists) {
            return .asWanted(ModuleResult(values: ["msg": .string("skipped, since '\(removes)' does not exist")]))
        }
        return .unknown(Unknown("what \(request.url) answers"), ())
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let start = WallClock.now()
        let result = try await target.execute(
            UriScripts.ask, request.words, input: request.input, timeout: .seconds(request.timeout + 30))
        let elapsed = (WallClock.now().microseconds - start.microseconds) / 1_000_000
        if result.status == 3 {
            throw Diagnostic(
                .failed, "the host has neither curl nor wget to ask \(request.url) with",
                remedy: "Install curl there, or ask from here with 'delegate_to: localhost'.", host: target.hostName)
        }
        guard result.succeeded, let answer = UriAnswer(result.stdout) else {
            let said = result.errorOutput.lastLine
            let message = "Status code was -1 and not \(Value.list(statuses.map { .int($0) }).pythonText): \(said)"
            return .failed(
                Diagnostic(.failed, "cannot reach \(request.url): \(said)", host: target.hostName),
                [
                    "status": -1, "url": .string(request.url), "msg": .string(message), "elapsed": .int(elapsed),
                    "redirected": false,
                ])
        }
        var values = answer.values(url: request.url)
        values["elapsed"] = .int(elapsed)
        let isJSON = answer.isJSON
        let text = String(decoding: answer.body, as: UTF8.self)
        if isJSON, let value = try? JSON.parse(answer.body) { values["json"] = value }
        guard statuses.contains(answer.status) else {
            let message =
                "Status code was \(answer.status) and not "
                + "\(Value.list(statuses.map { .int($0) }).pythonText): HTTP Error \(answer.status): \(answer.reason)"
            values["msg"] = .string(message)
            values["content"] = .string(text)
            return .failed(
                Diagnostic(.failed, "\(request.url) answered \(answer.status) \(answer.reason)", host: target.hostName),
                values)
        }
        if returnsContent { values["content"] = .string(text) }
        guard let destination else { return .ok(values) }
        let placement = FilePlacement(
            destination: destination, basename: answer.fileName(of: request.url), content: answer.body,
            attributes: attributes)
        switch try await placement.plan(target) {
        case .asWanted(let kept): return .ok(kept.values.merging(values))
        case .change(_, let step, _):
            let kept = try await placement.apply(step, to: target)
            return .changed(kept.values.merging(values))
        case .unknown: return .ok(values)
        }
    }
}
