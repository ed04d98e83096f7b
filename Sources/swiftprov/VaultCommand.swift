import ArgumentParser
import Configuration
import Diagnostics
import Engine
import Glibc
import Values
import Vault

/// `swiftprov vault`: seals and opens files as ansible-vault does, with its options and its exit statuses.
struct VaultCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vault", abstract: "Seal and open files with a password.",
        subcommands: [
            Create.self, Edit.self, View.self, Encrypt.self, Decrypt.self, Rekey.self, EncryptString.self,
        ])

    struct Create: VaultAction {
        static let configuration = CommandConfiguration(abstract: "Write a new sealed file in an editor.")
        @Argument(help: "The file to make.") var file: String
        @Option(name: .customLong("encrypt-vault-id"), help: "The vault id to seal for.") var label: String?
        @Flag(name: .customLong("skip-tty-check"), help: "Open the editor even if output is no terminal.")
        var skipsTerminalCheck = false
        @OptionGroup(title: "Vault") var vault: VaultOptions

        func perform() throws {
            let configuration = try Settings.load()
            let (secrets, label) = try Sealing.secrets(vault, label, configuration)
            guard skipsTerminalCheck || Console.isTerminal else {
                throw Diagnostic(
                    .badOption, "no editor can be opened: the output is no terminal",
                    remedy: "Use --skip-tty-check if the editor needs none, or `swiftprov vault encrypt`.")
            }
            try VaultEditor.create(
                file, editor: try Editor.words(configuration), secrets: secrets, label: label)
        }
    }

    struct Edit: VaultAction {
        static let configuration = CommandConfiguration(abstract: "Change sealed files in an editor.")
        @Argument(help: "The files.") var files: [String] = []
        @Option(
            name: .customLong("encrypt-vault-id"), help: "Taken for ansible-vault's sake: a file keeps its vault id.")
        var label: String?
        @OptionGroup(title: "Vault") var vault: VaultOptions

        func perform() throws {
            let configuration = try Settings.load()
            let secrets = try Opening.secrets(vault, configuration)
            for file in files {
                _ = try VaultEditor.edit(file, editor: try Editor.words(configuration), secrets: secrets)
            }
        }
    }

    struct View: VaultAction {
        static let configuration = CommandConfiguration(abstract: "Print what sealed files hold.")
        @Argument(help: "The files; `-` is standard input.") var files: [String] = []
        @OptionGroup(title: "Vault") var vault: VaultOptions

        func perform() throws {
            let secrets = try Opening.secrets(vault, try Settings.load())
            for file in files {
                let plain = try VaultFile.view(file, secrets: secrets)
                let needsEnd = !plain.isEmpty && plain.last != UInt8(ascii: "\n")
                try VaultFile.put(plain + (needsEnd ? [UInt8(ascii: "\n")] : []), at: VaultFile.standardStream)
            }
        }
    }

    struct Encrypt: VaultAction {
        static let configuration = CommandConfiguration(abstract: "Seal files where they lie.")
        @Argument(help: "The files; `-`, or none, is standard input.") var files: [String] = []
        @Option(name: .long, help: "Write here instead; `-` is standard output.") var output: String?
        @Option(name: .customLong("encrypt-vault-id"), help: "The vault id to seal for.") var label: String?
        @OptionGroup(title: "Vault") var vault: VaultOptions

        func perform() throws {
            try Outcome.refuse(output, files)
            let (secrets, label) = try Sealing.secrets(vault, label, try Settings.load())
            for file in Outcome.orStandardInput(files, "plaintext") {
                try VaultFile.encrypt(file, to: output, secrets: secrets, label: label)
            }
            Outcome.tell("Encryption successful")
        }
    }

    struct Decrypt: VaultAction {
        static let configuration = CommandConfiguration(abstract: "Open files where they lie.")
        @Argument(help: "The files; `-`, or none, is standard input.") var files: [String] = []
        @Option(name: .long, help: "Write here instead; `-` is standard output.") var output: String?
        @OptionGroup(title: "Vault") var vault: VaultOptions

        func perform() throws {
            try Outcome.refuse(output, files)
            let secrets = try Opening.secrets(vault, try Settings.load())
            for file in Outcome.orStandardInput(files, "ciphertext") {
                try VaultFile.decrypt(file, to: output, secrets: secrets)
            }
            Outcome.tell("Decryption successful")
        }
    }

    struct Rekey: VaultAction {
        static let configuration = CommandConfiguration(abstract: "Seal files anew with another password.")
        @Argument(help: "The files.") var files: [String] = []
        @Option(name: .customLong("encrypt-vault-id"), help: "The vault id to seal for.") var label: String?
        @Option(name: .customLong("new-vault-password-file"), help: "Where the new password is read from.")
        var newPasswordFile: String?
        @Option(name: .customLong("new-vault-id"), help: "LABEL@FILE or LABEL@prompt: the new vault id and password.")
        var newID: String?
        @OptionGroup(title: "Vault") var vault: VaultOptions

        func perform() throws {
            if newPasswordFile != nil, newID != nil {
                throw Diagnostic(.badOption, "--new-vault-id and --new-vault-password-file exclude each other")
            }
            let configuration = try Settings.load()
            let secrets = try Opening.secrets(vault, configuration)
            let label = label ?? configuration.text(.vaultEncryptIdentity)
            let own = configuration.text(.vaultIdentity) ?? "default"
            var identities = label == nil ? [] : try VaultPasswords.configured(configuration)
            if let newID { identities.append(try VaultPasswords.Identity(newID)) }
            if let newPasswordFile { identities.append(.init(label: own, source: newPasswordFile)) }
            if identities.isEmpty { identities = [.init(label: own, source: VaultPasswords.Identity.asked)] }
            let new = try VaultPasswords.read(identities, configuration, isNew: true)
            let password = try new.password(for: label)
            for file in files { try VaultFile.rekey(file, secrets: secrets, to: password) }
            Outcome.tell("Rekey successful")
        }
    }
}

/// A subcommand of `vault`, which ends with ansible-vault's exit statuses: 5 for options, 1 for everything else.
protocol VaultAction: ParsableCommand {
    func perform() throws
}

extension VaultAction {
    func run() throws {
        do {
            try perform()
        } catch let trouble as Diagnostic {
            Console.show([trouble])
            throw ExitCode(trouble.code == .badOption ? SwiftProv.badOptionStatus : 1)
        }
    }
}

/// The passwords that open what is sealed.
private enum Opening {
    static func secrets(_ options: VaultOptions, _ configuration: Settings) throws(Diagnostic) -> VaultSecrets {
        var identities = try VaultPasswords.identities(options, configuration)
        if identities.isEmpty { identities = [.init(label: nil, source: VaultPasswords.Identity.asked)] }
        return try VaultPasswords.read(identities, configuration)
    }
}

/// The password that seals, and the vault id it stands for.
enum Sealing {
    static func secrets(
        _ options: VaultOptions, _ label: String?, _ configuration: Settings
    ) throws(Diagnostic) -> (VaultSecrets, label: String) {
        var identities = try VaultPasswords.identities(options, configuration)
        if identities.isEmpty { identities = [.init(label: nil, source: VaultPasswords.Identity.asked)] }
        let secrets = try VaultPasswords.read(identities, configuration, isNew: true)
        let label = label ?? configuration.text(.vaultEncryptIdentity)
        if label == nil, secrets.passwords.count > 1 {
            let labels = secrets.passwords.map(\.label).joined(separator: ", ")
            throw Diagnostic(
                .badOption, "several vault ids could seal: \(labels)", remedy: "Choose one with --encrypt-vault-id.")
        }
        return (secrets, try secrets.password(for: label).label)
    }
}

/// What the subcommands say and refuse alike.
enum Outcome {
    static func refuse(_ output: String?, _ files: [String]) throws(Diagnostic) {
        if output != nil, files.count > 1 {
            throw Diagnostic(.badOption, "--output goes with one file, not \(files.count)")
        }
    }

    static func orStandardInput(_ files: [String], _ what: String) -> [String] {
        guard files.isEmpty else { return files }
        if isatty(STDIN_FILENO) == 1 { Console.writeError("Reading \(what) input from stdin\n") }
        return [VaultFile.standardStream]
    }

    /// Says that it went well, to a person only.
    static func tell(_ words: String) {
        if Console.isTerminal { Console.writeError(words + "\n") }
    }
}

/// The editor that a person chose.
private enum Editor {
    /// `EDITOR`, else `ANSIBLE_EDITOR`, else ansible.cfg's `editor`, else vi: so ansible-vault chooses.
    static func words(_ configuration: Settings) throws(Diagnostic) -> [String] {
        let line = configuration.text(.editor) ?? "vi"
        let words = try ShellWords.split(line)
        guard !words.isEmpty else {
            throw Diagnostic(.badOption, "the editor '\(line)' names no program", remedy: "Set EDITOR.")
        }
        return words
    }
}
