internal import Diagnostics
internal import Values
internal import Vault

/// Sealing text for a vault, and opening it, with a password given to the filter.
enum VaultFilters {
    static let all: [Filter] = [
        // What is sealed is no secret any more, so the marks of what went in do not travel.
        Filter("vault", ["secret", "salt", "vault_id", "wrap_object", "vaultid"], required: 1, .structural, seal),
        Filter("unvault", ["secret", "vault_id", "vaultid"], required: 1, .structural, open),
    ]

    private static func password(_ call: Call, label: String) throws(Diagnostic) -> VaultSecrets {
        if let undefined = call.input.firstUndefined { throw undefined.diagnostic }
        return VaultSecrets([VaultSecrets.Password(label: label, try call.string(0))])
    }

    private static func seal(_ call: Call) throws(Diagnostic) -> Value {
        let label = try call.string(4, default: try call.string(2, default: "filter_default"))
        let password = try password(call, label: label)
        guard case .string(let text) = call.input else { throw call.wrongInput("text to seal") }
        guard !call.bool(3, default: false) else {
            throw Diagnostic(
                .unsupported, "'vault' does not support wrap_object",
                remedy: "The sealed text as it is can be written to a file, after 'key: !vault |'.")
        }
        var salt: [UInt8]?
        if let given = call[1], !given.isNull { salt = Array(PythonPrint.text(given).utf8) }
        if salt == nil { call.noteVolatile() }
        return .string(try password.seal(Array(text.string.utf8), label: label, salt: salt))
    }

    private static func open(_ call: Call) throws(Diagnostic) -> Value {
        let password = try password(call, label: "filter_default")
        guard case .string(let text) = call.input else { throw call.wrongInput("sealed text") }
        guard VaultEnvelope.isSealed(text.string) else { return call.input }
        return .string(Text(try password.openText(text.string), marks: .secret))
    }
}
