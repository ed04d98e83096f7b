public import Diagnostics

/// The passwords that a run knows, each with its vault id, in the order given.
public struct VaultSecrets: Sendable {
    /// A password and the vault id it was given for.
    public struct Password: Sendable, Hashable {
        /// The vault id; `default` where none was given.
        public var label: String
        /// The password itself.
        public var bytes: [UInt8]

        /// Makes one from its parts.
        public init(label: String = "default", _ bytes: [UInt8]) {
            self.label = label
            self.bytes = bytes
        }

        /// Makes one from its parts.
        public init(label: String = "default", _ text: String) { self.init(label: label, Array(text.utf8)) }
    }

    public private(set) var passwords: [Password]
    /// Whether only passwords with the text's own vault id are tried (`vault_id_match` in ansible.cfg).
    public var matchesLabelOnly: Bool
    /// The salt of everything that is sealed (`vault_encrypt_salt` in ansible.cfg); nil, as it should be, for 32
    /// random bytes each time.
    public var fixedSalt: [UInt8]?
    private let cache = VaultKeyCache()

    /// Makes one from its parts.
    public init(_ passwords: [Password] = [], matchesLabelOnly: Bool = false) {
        self.passwords = passwords
        self.matchesLabelOnly = matchesLabelOnly
    }

    /// No password at all.
    public static let none = VaultSecrets()

    public var isEmpty: Bool { passwords.isEmpty }

    // MARK: Opening

    /// Opens a sealed text with the first password that fits: those with its vault id first, then the others.
    ///
    /// - Parameters:
    ///   - text: The sealed text, header included.
    ///   - location: Where it stands; the place of errors.
    /// - Returns: The plaintext.
    /// - Throws: `Diagnostic` with code `.vault`: not sealed, damaged, no password given, wrong password, or no
    ///   password for its vault id.
    public func open(_ text: String, at location: SourceLocation? = nil) throws(Diagnostic) -> [UInt8] {
        do throws(Diagnostic) {
            return try opening(text).plain
        } catch {
            throw error.located(at: location)
        }
    }

    /// The plaintext, and the password that gave it.
    func opening(_ text: String) throws(Diagnostic) -> (plain: [UInt8], password: Password) {
        let envelope = try VaultEnvelope(text)
        for password in try candidates(for: envelope) {
            let keys = try cache.keys(password: password.bytes, salt: envelope.salt)
            if let plain = try keys.opened(envelope) { return (plain, password) }
        }
        throw noneFits(envelope)
    }

    /// Opens a sealed text that holds text.
    ///
    /// - Throws: As `open`, and if what was sealed is not UTF-8.
    public func openText(_ text: String, at location: SourceLocation? = nil) throws(Diagnostic) -> String {
        let plain = try open(text, at: location)
        guard let string = String(validating: plain, as: UTF8.self) else {
            throw Diagnostic(.vault, "the vaulted data is not UTF-8 text", at: location)
        }
        return string
    }

    private func candidates(for envelope: VaultEnvelope) throws(Diagnostic) -> [Password] {
        guard !passwords.isEmpty else {
            let id = envelope.label.map { " (vault id '\($0)')" } ?? ""
            throw Diagnostic(
                .vault, "the data is vaulted\(id) and no vault password was given",
                remedy: envelope.label.map { "Give it with --vault-id \($0)@FILE or --vault-id \($0)@prompt." }
                    ?? "Give it with --ask-vault-pass or --vault-password-file FILE.")
        }
        let label = envelope.label ?? "default"
        let own = passwords.filter { $0.label == label }
        if matchesLabelOnly { return own }
        return own + passwords.filter { $0.label != label }
    }

    private func noneFits(_ envelope: VaultEnvelope) -> Diagnostic {
        let labels = passwords.map(\.label).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        if let label = envelope.label, !labels.contains(label) {
            return Diagnostic(
                .vault, "no password was given for vault id '\(label)', and none of the others fits",
                remedy: "Give it with --vault-id \(label)@FILE. Given were: \(labels.joined(separator: ", ")).")
        }
        let remedy = "Check it, or whether the data was sealed with another one or changed since."
        if passwords.count == 1 { return Diagnostic(.vault, "wrong vault password", remedy: remedy) }
        return Diagnostic(
            .vault, "none of the \(passwords.count) vault passwords fits (\(labels.joined(separator: ", ")))",
            remedy: remedy)
    }

    // MARK: Sealing

    /// Seals bytes with the password of a vault id, or the first password.
    ///
    /// - Parameters:
    ///   - plain: What to seal.
    ///   - label: The vault id to seal for; nil for the first password given.
    ///   - salt: The salt; nil, as always but in tests, for `fixedSalt` or 32 random bytes from the system.
    /// - Returns: The sealed text with its header.
    /// - Throws: `Diagnostic` with code `.vault` if there is no such password, or the text is sealed already.
    public func seal(_ plain: [UInt8], label: String? = nil, salt: [UInt8]? = nil) throws(Diagnostic) -> String {
        let password = try password(for: label)
        return try seal(plain, with: password, label: password.label, salt: salt)
    }

    /// Seals bytes with a password, under a vault id that need not be the password's own.
    func seal(
        _ plain: [UInt8], with password: Password, label: String?, salt: [UInt8]? = nil
    ) throws(Diagnostic) -> String {
        guard !VaultEnvelope.isSealed(plain) else {
            throw Diagnostic(
                .vault, "the data is sealed already", remedy: "To change its password use `swiftprov vault rekey`.")
        }
        let salt = salt ?? fixedSalt ?? Self.randomSalt()
        let keys = try cache.keys(password: password.bytes, salt: salt)
        return try keys.sealed(plain, salt: salt, label: label).text
    }

    /// The password to seal with: that of a vault id, or the only one.
    ///
    /// - Parameter label: The vault id; nil for the first password given.
    /// - Throws: `Diagnostic` with code `.vault` if there is none.
    public func password(for label: String?) throws(Diagnostic) -> Password {
        guard let password = label == nil ? passwords.first : passwords.first(where: { $0.label == label }) else {
            throw Diagnostic(
                .vault,
                label.map { "no password was given for vault id '\($0)'" }
                    ?? "no vault password was given to seal with",
                remedy: "Give it with --vault-id or --vault-password-file.")
        }
        return password
    }

    private static func randomSalt() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
    }
}
