internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Logs in to registries and out, as `community.docker.docker_login` does.
///
/// The host's own docker command does it: it checks the login with the registry and knows the credential stores
/// there are. The password travels on its standard input.
struct DockerLoginModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_login",
        summary: "Log in to a Docker registry, or out.",
        description: """
            A login that the host's docker configuration holds already is not tried again, unless \
            `reauthorize` asks for it.
            """,
        arguments: [
            .optional(
                "registry_url", .string, "The registry's address.", default: "https://index.docker.io/v1/",
                aliases: ["registry", "url"]),
            .optional("username", .string, "The user; needed to log in."),
            .optional("password", .string, "The password or token; needed to log in.", secret: true),
            .optional(
                "reauthorize", .bool, "Log in even if the host has that login.", default: false, aliases: ["reauth"]),
            .optional(
                "config_path", .path, "Docker's configuration file on the host, which must be called config.json.",
                default: "~/.docker/config.json", aliases: ["dockercfg_path"]),
            .optional(
                "state", .string, "Whether to be logged in.", default: "present", choices: ["present", "absent"]),
        ] + DockerArguments.endpoint,
        example: """
            - community.docker.docker_login:
                registry_url: registry.example.com
                username: deploy
                password: "{{ vault_registry_password }}"
            """,
        aliases: DockerArguments.aliases("docker_login")
    )

    private let registry: String
    private let username: String
    private let password: Text
    private let isPresent: Bool
    private let repeats: Bool
    private let path: String
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        let url = arguments.optionalString("registry_url") ?? ""
        registry = url.isEmpty ? "https://index.docker.io/v1/" : url
        isPresent = arguments.optionalString("state") != "absent"
        repeats = arguments.bool("reauthorize")
        username = arguments.optionalString("username") ?? ""
        password = arguments["password"]?.text ?? Text(arguments.optionalString("password") ?? "")
        path = arguments.optionalString("config_path") ?? "~/.docker/config.json"
        endpoint = try DockerEndpoint(arguments)
        guard path.hasSuffix("/config.json") else {
            throw Diagnostic(
                .badValue, "config_path '\(path)' is not called config.json", at: arguments.location,
                remedy: "the docker command only knows that name: choose another directory.")
        }
        guard !registry.hasPrefix("-"), !username.hasPrefix("-") else {
            throw Diagnostic(.badValue, "neither a registry nor a user begins with '-'", at: arguments.location)
        }
        for (name, text) in [("username", username), ("password", password.string)] where isPresent && text.isEmpty {
            throw Diagnostic(
                .missingArgument, "missing argument '\(name)', which logging in needs", at: arguments.location)
        }
    }

    /// The directory of the configuration on the host.
    private static let directoryScript: Script = """
        case $1 in '~/'*) directory=$HOME/${1#'~/'} ;; *) directory=$1 ;; esac
        directory=${directory%/config.json}
        printf '%s\\n' "$directory"
        [ ! -r "$directory/config.json" ] || cat "$directory/config.json"
        """

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<String> {
        let result = try await target.query(Self.directoryScript, path)
        let end = result.stdout.firstIndex(of: UInt8(ascii: "\n")) ?? result.stdout.endIndex
        let directory = String(decoding: result.stdout[..<end], as: UTF8.self)
        let rest = result.stdout[end...].dropFirst()
        let config: Value = rest.isEmpty ? [:] : try JSON.parse(rest)
        let host = RegistryLogin.key(registry)
        let entry = config["auths"].mapValue?.first { RegistryLogin.host($0.key.text) == RegistryLogin.host(host) }?
            .value
        let hasStore = config["credsStore"].stringValue != nil || config["credHelpers", host].stringValue != nil
        guard isPresent else {
            guard entry != nil else { return .asWanted(.ok()) }
            return .change(
                Change([.setting("login at \(host)", before: true, after: false)]), directory, foreseen: .changed())
        }
        let stored = entry?["auth"].stringValue.flatMap { Base64.decodedText($0) }
        if stored == "\(username):\(password.string)", !repeats { return .asWanted(.ok()) }
        if hasStore, entry != nil, !repeats {
            // What a credential store holds is its own affair; logging in again would tell.
            return .unknown(Unknown("whether the host's credential store has this login for \(host)"), directory)
        }
        let before = stored.flatMap { $0.split(separator: ":").first.map(String.init) }
        return .change(
            Change([
                .setting("login at \(host)", before: before.map { .string($0) } ?? .null, after: .string(username))
            ]), directory, foreseen: .changed())
    }

    func apply(_ directory: String, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var words = endpoint.commandLine
        words.insert(contentsOf: ["--config", directory], at: 1)
        let server = registry == "https://index.docker.io/v1/" ? [] : [registry]
        guard isPresent else {
            try await target.run(words + ["logout"] + server)
            return .changed()
        }
        words += ["login", "--username", username, "--password-stdin"] + server
        let input = Array(password.string.utf8)
        let result = try await target.run(Command(.words(words), input: input, timeout: endpoint.timeout))
        guard result.succeeded else {
            let said =
                (result.errorOutput + result.output).split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
            throw Diagnostic(
                .authentication, "cannot log in to \(registry) as '\(username)': \(said)",
                remedy: DockerTrouble.remedy(said) ?? "check user name, password and the registry's address.")
        }
        return .changed(["login_results": ["Status": "Login Succeeded"]])
    }
}
