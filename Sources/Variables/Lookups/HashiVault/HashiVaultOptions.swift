import Diagnostics
import Glibc
import Values

/// The options of a lookup in HashiCorp Vault, from every place that community.hashi_vault looks at.
///
/// The lookup's own arguments win over variables `ansible_hashi_vault_…`, these over `ANSIBLE_HASHI_VAULT_…`, these
/// over ansible.cfg's section `hashi_vault_collection`, and these over Vault's own `VAULT_…`.
struct HashiVaultOptions {
    private let given: ValueMap
    private let context: LookupContext

    /// - Throws: `Diagnostic` with code `.unknownArgument` for an option that no lookup has.
    init(_ given: ValueMap, _ context: LookupContext) throws(Diagnostic) {
        var plain = ValueMap()
        for (key, value) in given {
            let name = Self.aliases[key.text] ?? key.text
            guard Self.known.contains(name) else {
                throw Diagnostic(
                    .unknownArgument, "unknown option '\(key.text)' of a HashiCorp Vault lookup",
                    remedy: NearestNames.hint(key.text, among: Self.known)
                        ?? "Known are: \(Self.known.sorted().joined(separator: ", ")).")
            }
            plain[name] = value
        }
        self.given = plain
        self.context = context
    }

    private static let aliases = ["cacert": "ca_cert", "as": "return_format"]
    private static let known: Set<String> = [
        "secret", "return_format", "engine_mount_point", "version", "url", "proxies", "ca_cert", "validate_certs",
        "namespace", "timeout", "retries", "retry_action", "auth_method", "mount_point", "token", "token_path",
        "token_file", "token_validate", "username", "password", "role_id", "secret_id", "jwt", "cert_auth_public_key",
        "cert_auth_private_key",
    ]
    /// Options that are the lookup's own: no variable and no setting gives them.
    private static let ownOnly: Set<String> = ["secret", "return_format", "version"]
    /// What Vault's own programs read.
    private static let vaultVariables = [
        "url": "VAULT_ADDR", "ca_cert": "VAULT_CACERT", "namespace": "VAULT_NAMESPACE", "token": "VAULT_TOKEN",
        "token_path": "HOME",
    ]

    /// An option's value; nil where nobody gives one.
    func value(_ name: String) throws(Diagnostic) -> Value? {
        if let value = given[name], !value.isNull { return value }
        if Self.ownOnly.contains(name) { return nil }
        for variable in name == "url" ? ["url", "addr"] : [name] {
            if let scope = context.scope, let value = try scope.lookup("ansible_hashi_vault_\(variable)") {
                return try scope.deep(value)
            }
        }
        let setting = name == "url" ? "ADDR" : name.uppercased()
        if let text = Self.environment("ANSIBLE_HASHI_VAULT_\(setting)") { return .string(text) }
        if let text = context.setting("hashi_vault_collection.\(name)") { return .string(text) }
        return Self.vaultVariables[name].flatMap(Self.environment).map { .string($0) }
    }

    func text(_ name: String) throws(Diagnostic) -> String? { try value(name)?.pythonText }

    /// - Throws: `Diagnostic` with code `.missingArgument`, saying where the option can be given.
    func required(_ name: String, for method: String? = nil) throws(Diagnostic) -> String {
        if let text = try text(name), !text.isEmpty { return text }
        let setting = name == "url" ? "VAULT_ADDR" : "ANSIBLE_HASHI_VAULT_\(name.uppercased())"
        throw Diagnostic(
            .missingArgument,
            method.map { "'\(name)' is needed for auth_method '\($0)'" } ?? "no '\(name)' of HashiCorp Vault is known",
            remedy: "Give the lookup '\(name)=', or set ansible_hashi_vault_\(name) or \(setting).")
    }

    /// - Throws: `Diagnostic` with code `.badValue` for what is neither true nor false.
    func flag(_ name: String) throws(Diagnostic) -> Bool? {
        guard let value = try value(name) else { return nil }
        if let bool = value.boolValue { return bool }
        if let bool = Self.bool(value.pythonText) { return bool }
        throw Diagnostic(.badValue, "'\(name)' must be true or false, not '\(value.pythonText)'")
    }

    /// - Throws: `Diagnostic` with code `.badValue` for what is no whole number.
    func number(_ name: String) throws(Diagnostic) -> Int? {
        guard let value = try value(name) else { return nil }
        if let number = value.intValue ?? Int(value.pythonText), number >= 0 { return number }
        throw Diagnostic(.badValue, "'\(name)' must be a whole number, not \(value.pythonRepresentation)")
    }

    /// Whether the server's certificate must be good.
    var verifiesCertificate: Bool {
        get throws(Diagnostic) {
            if let flag = try flag("validate_certs") { return flag }
            return !(Self.environment("VAULT_SKIP_VERIFY").flatMap(Self.bool) ?? false)
        }
    }

    /// The proxy for a URL; nil for what the environment says.
    func proxy(for url: String) throws(Diagnostic) -> String? {
        guard var value = try value("proxies") else { return nil }
        if let text = value.stringValue, text.hasPrefix("{"), let map = try? JSON.parse(text) { value = map }
        guard let map = value.mapValue else { return value.pythonText }
        return map[url.hasPrefix("https:") ? "https" : "http"]?.pythonText
    }

    private static func bool(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "yes", "on", "1", "true", "t", "y": true
        case "no", "off", "0", "false", "f", "n": false
        default: nil
        }
    }

    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
