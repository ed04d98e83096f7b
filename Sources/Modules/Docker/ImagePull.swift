internal import Diagnostics
internal import Target
internal import Values

/// Fetches images from registries, with the logins that the host has.
struct ImagePull: Sendable {
    var endpoint: DockerEndpoint
    var reference: ImageReference
    var platform: String?

    /// Pulls the image.
    ///
    /// - Returns: True if something newer came; false if the host had it already.
    /// - Throws: `Diagnostic` with the registry's words.
    @discardableResult
    func run(on writer: some TargetWriter) async throws(Diagnostic) -> Bool {
        var query = [("fromImage", reference.repository)]
        // Without a tag the Engine would pull all tags there are.
        query.append(("tag", reference.digest ?? reference.tag ?? "latest"))
        if let platform { query.append(("platform", platform)) }
        let headers = try await RegistryLogin.headers(for: reference, endpoint, writer)
        let write = try DockerWrite.post("images", "create", query: query, headers: headers)
        let answer = try await endpoint.change(writer, [write], timeout: nil)[0]
        if !answer.succeeded { throw trouble(answer.message) }
        return try Self.judge(answer.response.body, trouble: trouble)
    }

    /// Sends the image to its registry.
    ///
    /// - Returns: Whether the registry lacked any of it.
    func push(from writer: some TargetWriter) async throws(Diagnostic) -> Bool {
        var headers = try await RegistryLogin.headers(for: reference, endpoint, writer)
        // The Engine insists on the header; without a login it says nothing.
        if headers.isEmpty { headers = [RegistryLogin.none] }
        let write = try DockerWrite.post(
            "images", reference.repository, "push", query: [("tag", reference.tag ?? "latest")], headers: headers)
        let answer = try await endpoint.change(writer, [write], timeout: nil)[0]
        if !answer.succeeded { throw trouble(answer.message, verb: "push") }
        let lines = try JSON.parseStream(answer.response.body)
        for line in lines {
            if let error = line["error"].stringValue { throw trouble(error, verb: "push") }
        }
        return lines.contains { $0["status"].stringValue == "Pushed" }
    }

    /// The Engine reports progress as a stream of JSON texts, and failure in it after a status of 200.
    static func judge(_ body: [UInt8], trouble: (String) -> Diagnostic) throws(Diagnostic) -> Bool {
        var isNewer = false
        for line in try JSON.parseStream(body) {
            if let error = line["errorDetail", "message"].stringValue ?? line["error"].stringValue {
                throw trouble(error)
            }
            let status = line["status"].stringValue ?? ""
            if status.hasPrefix("Status: Downloaded newer image") || status == "Download complete" { isNewer = true }
            if status.hasPrefix("Status: Image is up to date") { return false }
        }
        return isNewer
    }

    private func trouble(_ message: String) -> Diagnostic { trouble(message, verb: "pull") }

    private func trouble(_ message: String, verb: String) -> Diagnostic {
        Diagnostic(
            .failed, "cannot \(verb) image '\(reference.full)': \(message.firstSentenceLine)",
            remedy: DockerTrouble.remedy(message))
    }
}

/// The logins that `docker login` left on the host.
enum RegistryLogin {
    /// Says that there is no login, where a header must be sent.
    static let none = (name: "X-Registry-Auth", value: Base64.encode("{}".utf8, .urlSafe))

    private static let readScript: Script = """
        file=${DOCKER_CONFIG:-$HOME/.docker}/config.json
        [ ! -r "$file" ] || cat "$file"
        """

    /// The header that carries the login for an image's registry; none if the host has no login there.
    static func headers(
        for reference: ImageReference, _ endpoint: DockerEndpoint, _ reader: some TargetReader
    ) async throws(Diagnostic) -> [(name: String, value: String)] {
        let result = try await reader.query(readScript)
        guard result.succeeded, !result.stdout.isEmpty, let config = try? JSON.parse(result.stdout) else { return [] }
        let registry = reference.registry ?? "https://index.docker.io/v1/"
        let helper = config["credHelpers", registry].stringValue ?? config["credsStore"].stringValue
        var login: Value?
        if let helper {
            let answer = try await reader.query(
                "printf '%s' \"$2\" | \"docker-credential-$1\" get", helper, registry)
            if answer.succeeded, let credentials = try? JSON.parse(answer.stdout) {
                login = [
                    "username": credentials["Username"], "password": credentials["Secret"],
                    "serveraddress": .string(registry),
                ]
            }
        } else {
            login = stored(config["auths"].mapValue ?? [:], registry)
        }
        guard let login else { return [] }
        return [(name: "X-Registry-Auth", value: Base64.encode(try JSON.text(login).utf8, .urlSafe))]
    }

    /// The registry's name alone, without `https://` and path.
    static func host(_ text: String) -> String {
        var rest = text[...]
        for prefix in ["https://", "http://"] where rest.hasPrefix(prefix) { rest = rest.dropFirst(prefix.count) }
        return String(rest.prefix { $0 != "/" })
    }

    /// The name that a registry's login is kept under: Docker Hub's is a whole address.
    static func key(_ registry: String) -> String {
        let name = host(registry)
        return name == "index.docker.io" || name == "docker.io" ? "https://index.docker.io/v1/" : name
    }

    /// Logins are kept under the registry's name, with or without `https://` and a path.
    private static func stored(_ auths: ValueMap, _ registry: String) -> Value? {
        let match = auths.first { $0.key.text == registry } ?? auths.first { host($0.key.text) == host(registry) }
        guard let entry = match?.value else { return nil }
        if let token = entry["identitytoken"].stringValue, !token.isEmpty {
            return ["identitytoken": .string(token), "serveraddress": .string(registry)]
        }
        guard let sealed = entry["auth"].stringValue, let text = Base64.decodedText(sealed) else { return nil }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        return ["username": .string(parts[0]), "password": .string(parts[1]), "serveraddress": .string(registry)]
    }
}
