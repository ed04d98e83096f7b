import Diagnostics
import Glibc
import HTTP
import Values

/// Talks to HashiCorp Vault, or to OpenBao, which speaks the same.
struct HashiVaultClient {
    private let options: HashiVaultOptions
    private let context: LookupContext
    private let url: String
    private let namespace: String?

    init(_ options: HashiVaultOptions, _ context: LookupContext) throws(Diagnostic) {
        self.options = options
        self.context = context
        var url = try options.required("url")
        while url.hasSuffix("/") { url.removeLast() }
        self.url = url
        namespace = try options.text("namespace").flatMap { $0.isEmpty ? nil : $0 }
    }

    /// An answer: its status, and what it says.
    struct Answer {
        var status: Int
        var content: Value

        /// What the server says is wrong.
        var errors: String {
            let texts = content.mapValue?["errors"]?.elements?.map(\.pythonText) ?? []
            return texts.isEmpty ? "status \(status)" : texts.joined(separator: "; ")
        }

        /// The error that this answer is.
        func diagnostic(_ what: String) -> Diagnostic {
            let remedy: String? =
                switch status {
                case 400: "Check the path and the options."
                case 403: "Check the token and its policies."
                case 503: "The vault is sealed or down: see `vault status`."
                default: nil
                }
            return Diagnostic(.failed, "\(what): \(errors)", remedy: remedy)
        }
    }

    // MARK: Asking

    /// Reads a path, logging in first if need be.
    ///
    /// - Parameters:
    ///   - path: The path below `/v1/`, already escaped.
    /// - Throws: `Diagnostic` if the server cannot be asked or does not let us in; a status is no error, but 403 is.
    func read(_ path: String, named name: String) throws(Diagnostic) -> Answer {
        let (token, isKept) = try token()
        var answer = try ask("GET", path, token: token)
        if answer.status == 403, isKept {
            // What an earlier lookup was given may have run out.
            context.vaultTokens.removeAll()
            answer = try ask("GET", path, token: try self.token().token)
        }
        if answer.status == 403 { throw answer.diagnostic("HashiCorp Vault does not let us read '\(name)'") }
        return answer
    }

    /// Statuses after which asking again may help.
    private static let passing: Set<Int> = [412, 500, 502, 503]

    private func ask(
        _ method: String, _ path: String, body: Value? = nil, token: String? = nil
    ) throws(Diagnostic) -> Answer {
        var request = HTTPRequest(method, "\(url)/v1/\(path)")
        request.headers = [("Accept", "application/json"), ("X-Vault-Request", "true")]
        if let token { request.headers.append(("X-Vault-Token", token)) }
        if let namespace { request.headers.append(("X-Vault-Namespace", namespace)) }
        if let body {
            request.headers.append(("Content-Type", "application/json"))
            request.body = Array(try JSON.text(body).utf8)
        }
        request.verifiesCertificate = try options.verifiesCertificate
        request.authorityFile = try options.text("ca_cert")
        request.clientCertificate = try options.text("cert_auth_public_key")
        request.clientKey = try options.text("cert_auth_private_key")
        request.proxy = try options.proxy(for: url)
        if let seconds = try options.number("timeout"), seconds > 0 { request.timeout = .seconds(seconds) }
        let retries = try options.number("retries") ?? 0
        var tries = 0
        while true {
            do throws(Diagnostic) {
                let response = try HTTPClient.perform(request)
                if tries >= retries || !Self.passing.contains(response.status) {
                    return Answer(status: response.status, content: Self.content(response))
                }
            } catch {
                if tries >= retries || error.code == .badValue || error.code == .missingFile { throw error }
            }
            tries += 1
            // The pause doubles each time, from 0.3 seconds after the second failure on.
            if tries > 1 { usleep(UInt32(min(300_000 << min(tries - 2, 8), 60_000_000))) }
        }
    }

    /// What an answer says; null for none, or for text that is no JSON, as a proxy between may send it.
    private static func content(_ response: HTTPResponse) -> Value {
        (try? JSON.parse(response.body)) ?? .null
    }

    // MARK: Logging in

    /// A token, and whether it was kept from an earlier lookup of this run; nil where none is to be sent.
    private func token() throws(Diagnostic) -> (token: String?, isKept: Bool) {
        let method = try options.text("auth_method") ?? "token"
        switch method {
        case "none": return (nil, false)
        case "token": return (try givenToken(), false)
        case "userpass", "ldap":
            let (user, password) = (
                try options.required("username", for: method), try options.required("password", for: method)
            )
            let mount = try mount(method)
            return try login(
                "auth/\(mount)/login/\(HashiVaultPath.quoted(user))", ["password": .string(password)],
                key: [method, mount, user, password])
        case "approle":
            let mount = try mount(method)
            let role = try options.required("role_id", for: method)
            let secret = try options.text("secret_id")
            var body: ValueMap = ["role_id": .string(role)]
            if let secret { body["secret_id"] = .string(secret) }
            return try login("auth/\(mount)/login", body, key: [method, mount, role, secret ?? ""])
        case "jwt":
            let mount = try mount(method)
            let (role, jwt) = (
                try options.required("role_id", for: method), try options.required("jwt", for: method)
            )
            return try login(
                "auth/\(mount)/login", ["role": .string(role), "jwt": .string(jwt)], key: [method, mount, role, jwt])
        case "cert":
            _ = try options.required("cert_auth_public_key", for: method)
            let key = try options.required("cert_auth_private_key", for: method)
            let mount = try mount(method)
            let role = try options.text("role_id")
            return try login(
                "auth/\(mount)/login", role.map { ["name": .string($0)] } ?? [:], key: [method, mount, role ?? "", key])
        default:
            throw Diagnostic(
                .unsupported, "auth_method '\(method)' is not supported here",
                remedy: "Use token, approle, userpass, ldap, jwt, cert or none.")
        }
    }

    private func mount(_ method: String) throws(Diagnostic) -> String {
        HashiVaultPath.quoted(try options.text("mount_point") ?? method)
    }

    private func login(
        _ path: String, _ body: ValueMap, key: [String]
    ) throws(Diagnostic) -> (token: String?, isKept: Bool) {
        // One login serves a whole run: each leaves a token behind in the vault, and costs a round trip.
        let key = [url, namespace ?? ""] + key
        if let known = context.vaultTokens[key] { return (known, true) }
        let answer = try ask("POST", path, body: .map(body))
        guard answer.status == 200,
            let token = answer.content.mapValue?["auth"]?.mapValue?["client_token"]?.stringValue
        else {
            throw answer.diagnostic("HashiCorp Vault does not let us log in at '\(path)'")
        }
        context.vaultTokens[key] = token
        return (token, false)
    }

    private func givenToken() throws(Diagnostic) -> String {
        var token = try options.text("token")
        if token == nil, let folder = try options.text("token_path") {
            let home = HashiVaultOptions.environment("HOME") ?? ""
            let name = try options.text("token_file") ?? ".vault-token"
            let path = (folder.hasPrefix("~/") || folder == "~" ? home + folder.dropFirst() : folder) + "/" + name
            if access(path, F_OK) == 0 {
                token = String(decoding: try context.readFile(path).content, as: UTF8.self).trimmedOfBlanks
            }
        }
        guard let token else {
            throw Diagnostic(
                .missingArgument, "no token for HashiCorp Vault was given or found",
                remedy: "Give the lookup 'token=', set VAULT_TOKEN, or log in: `vault login` writes ~/.vault-token.")
        }
        if try options.flag("token_validate") ?? false {
            let answer = try ask("GET", "auth/token/lookup-self", token: token)
            guard answer.status == 200 else { throw answer.diagnostic("the token for HashiCorp Vault is not valid") }
        }
        return token
    }
}

extension String {
    /// Without blanks and line ends around it.
    fileprivate var trimmedOfBlanks: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}

/// Paths as they stand in a URL.
enum HashiVaultPath {
    /// A mount point or the path of a secret: everything but its slashes is a name.
    static func quoted(_ path: String) -> String { escaped(path, keeping: "-_.~/") }

    /// A whole path as `vault read` takes it, in which a query may stand.
    static func lenient(_ path: String) -> String { escaped(path, keeping: "-_.~/!$&'()*+,;=:@?%") }

    private static func escaped(_ path: String, keeping: String) -> String {
        let kept = Set(keeping.utf8)
        var result = ""
        for byte in path.drop(while: { $0 == "/" }).utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case _ where kept.contains(byte): result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        while result.contains("//") { result = result.replacing("//", with: "/") }
        return result
    }
}
