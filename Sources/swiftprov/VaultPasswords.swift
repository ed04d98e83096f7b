import Configuration
import Diagnostics
import Engine
import Jinja
import Playbook
import Results
import Synchronization
internal import Values
import Vault

/// The vault passwords that options and configuration name.
enum VaultPasswords {
    /// A vault id as it is written: `label@source`, or a source alone.
    struct Identity {
        var label: String?
        /// A file, or `prompt`.
        var source: String

        /// - Throws: `Diagnostic` with code `.badOption` for a label that no sealed text could bear.
        init(_ text: String) throws(Diagnostic) {
            guard !text.contains(";") else {
                throw Diagnostic(
                    .badOption, "'\(text)' is no vault id: it holds a ';'", remedy: "Choose a label without it.")
            }
            let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            label = parts.count == 2 && !parts[0].isEmpty ? parts[0] : nil
            source = parts.count == 2 ? parts[1] : text
        }

        init(label: String?, source: String) {
            self.label = label
            self.source = source
        }

        static let asked = "prompt_ask_vault_pass"
    }

    /// What the options of a command and the configuration name together, in Ansible's order.
    static func identities(
        _ options: VaultOptions, _ configuration: Settings
    ) throws(Diagnostic) -> [Identity] {
        var identities = try configured(configuration)
        for text in options.vaultID { identities.append(try Identity(text)) }
        let own = configuration.text(.vaultIdentity) ?? "default"
        let files = options.vaultPasswordFile + [configuration.text(.vaultPasswordFile)].compactMap(\.self)
        identities += files.map { Identity(label: own, source: $0) }
        if options.askVaultPass || configuration.flag(.askVaultPass) {
            identities.append(Identity(label: own, source: Identity.asked))
        }
        return identities
    }

    /// What `vault_identity_list` in ansible.cfg names.
    static func configured(_ configuration: Settings) throws(Diagnostic) -> [Identity] {
        var identities: [Identity] = []
        for text in configuration.words(.vaultIdentityList) { identities.append(try Identity(text)) }
        return identities
    }

    /// The passwords for a run.
    static func gather(
        _ options: VaultOptions, _ configuration: Settings
    ) throws(Diagnostic) -> VaultSecrets {
        try read(try identities(options, configuration), configuration)
    }

    /// Reads and asks for passwords.
    ///
    /// A source that gives none is passed over with a warning as long as another gives one: people list the
    /// passwords of all environments and hold those of some.
    ///
    /// - Parameters:
    ///   - identities: Where they come from.
    ///   - configuration: What else ansible.cfg says about vaults.
    ///   - isNew: Whether they are to seal with: those typed are then asked for twice.
    static func read(
        _ identities: [Identity], _ configuration: Settings, isNew: Bool = false
    ) throws(Diagnostic) -> VaultSecrets {
        var passwords: [VaultSecrets.Password] = []
        var troubles: [Diagnostic] = []
        for identity in identities {
            if identity.source == "prompt" || identity.source == Identity.asked {
                passwords.append(try asked(identity, isNew))
                continue
            }
            do throws(Diagnostic) {
                passwords.append(
                    try VaultPasswordFile.read(
                        identity.source, label: identity.label, earlier: VaultSecrets(passwords)))
            } catch {
                troubles.append(error)
            }
        }
        if passwords.isEmpty, let trouble = troubles.last { throw trouble }
        Console.show(
            troubles.map {
                var warning = $0
                warning.severity = .warning
                return warning
            })
        // The passwords themselves are not sought in output: they go nowhere but into the key.
        var secrets = VaultSecrets(
            passwords, matchesLabelOnly: configuration.flag(.vaultIdMatch))
        secrets.fixedSalt = configuration.text(.vaultEncryptSalt).map { Array($0.utf8) }
        return secrets
    }

    private static func asked(_ identity: Identity, _ isNew: Bool) throws(Diagnostic) -> VaultSecrets.Password {
        let label = identity.label ?? "default"
        let (first, again) =
            identity.source == "prompt"
            ? (
                isNew ? "New vault password (\(label)): " : "Vault password (\(label)): ",
                "Confirm new vault password (\(label)): "
            )
            : (isNew ? "New Vault password: " : "Vault password: ", "Confirm New Vault password: ")
        func read(_ question: String) -> String {
            (Prompting.read(question, echoes: false, apartFromInput: true).text ?? "").trimmed
        }
        let password = read(first)
        guard !password.isEmpty else {
            throw Diagnostic(
                .vault, "no vault password was given for '\(label)'",
                remedy: "Type it at the prompt, or use --vault-password-file.")
        }
        if isNew, read(again) != password {
            throw Diagnostic(.vault, "the two passwords differ", remedy: "Type the same one twice.")
        }
        return VaultSecrets.Password(label: label, password)
    }

    /// Opens vaulted values when they are used, each once, and has them sought in all output from then on.
    static func opener(_ secrets: VaultSecrets, _ redactor: Redactor) -> TemplateEnvironment.Opener {
        let opened = OpenedTexts()
        return { (sealed, place) throws(Diagnostic) in
            if let known = opened[sealed] { return known }
            let text = try secrets.openText(sealed, at: place)
            redactor.learn(text)
            opened[sealed] = text
            return text
        }
    }

    /// Plaintexts by what they were sealed as.
    private final class OpenedTexts: Sendable {
        private let texts = Mutex<[String: String]>([:])

        subscript(sealed: String) -> String? {
            get { texts.withLock { $0[sealed] } }
            set { texts.withLock { $0[sealed] = newValue } }
        }
    }
}
