import ArgumentParser
import Configuration
import Diagnostics
import Engine
import Vault

/// `swiftprov vault`: seals and opens files as ansible-vault does.
struct VaultCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vault", abstract: "Seal and open files with a password.",
        subcommands: [View.self, Encrypt.self, Decrypt.self, Rekey.self, EncryptString.self])

    /// The passwords given, or the one typed when asked for.
    fileprivate static func secrets(_ options: VaultOptions, isNew: Bool = false) throws -> VaultSecrets {
        let secrets = try VaultPasswords.gather(options, try Settings.load())
        return secrets.isEmpty
            ? VaultSecrets([try asked(isNew ? "New Vault password: " : "Vault password: ", isNew)]) : secrets
    }

    /// A password from the terminal, typed twice where it is a new one.
    fileprivate static func asked(_ prompt: String, _ isNew: Bool) throws(Diagnostic) -> VaultSecrets.Password {
        let password = Prompting.read(prompt, echoes: false)
        guard !password.isEmpty else {
            throw Diagnostic(
                .badOption, "no vault password was given", remedy: "Use --vault-password-file, or type it.")
        }
        if isNew, Prompting.read("Confirm " + prompt, echoes: false) != password {
            throw Diagnostic(.badOption, "the passwords differ")
        }
        return VaultSecrets.Password(password)
    }

    struct View: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print what sealed files hold.")
        @Argument var files: [String]
        @OptionGroup var vault: VaultOptions

        func run() throws {
            let secrets = try VaultCommand.secrets(vault)
            for file in files {
                Console.write(String(decoding: try VaultFile.view(file, secrets: secrets), as: UTF8.self))
            }
        }
    }

    struct Encrypt: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Seal files where they lie.")
        @Argument var files: [String]
        @Option(name: .long, help: "Write here instead.") var output: String?
        @Option(name: .customLong("encrypt-vault-id"), help: "The vault id to seal for.") var label: String?
        @OptionGroup var vault: VaultOptions

        func run() throws {
            try VaultCommand.refuseOutput(output, files)
            let secrets = try VaultCommand.secrets(vault, isNew: true)
            for file in files { try VaultFile.encrypt(file, to: output, secrets: secrets, label: label) }
        }
    }

    struct Decrypt: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Open files where they lie.")
        @Argument var files: [String]
        @Option(name: .long, help: "Write here instead.") var output: String?
        @OptionGroup var vault: VaultOptions

        func run() throws {
            try VaultCommand.refuseOutput(output, files)
            let secrets = try VaultCommand.secrets(vault)
            for file in files { try VaultFile.decrypt(file, to: output, secrets: secrets) }
        }
    }

    struct Rekey: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Seal files anew with another password.")
        @Argument var files: [String]
        @Option(name: .customLong("new-vault-password-file"), help: "Where the new password is read from.")
        var newPasswordFile: String?
        @OptionGroup var vault: VaultOptions

        func run() throws {
            let secrets = try VaultCommand.secrets(vault)
            let password: VaultSecrets.Password
            if let newPasswordFile {
                password = try VaultPasswordFile.read(newPasswordFile)
            } else {
                password = try VaultCommand.asked("New Vault password: ", true)
            }
            for file in files { try VaultFile.rekey(file, secrets: secrets, to: password) }
        }
    }

    struct EncryptString: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "encrypt_string", abstract: "Print a sealed value to paste into YAML.")
        @Argument(help: "The text; without one it is read from standard input.") var text: String?
        @Option(name: [.customShort("n"), .long], help: "The variable's name.") var name: String?
        @Option(name: .customLong("encrypt-vault-id"), help: "The vault id to seal for.") var label: String?
        @OptionGroup var vault: VaultOptions

        func run() throws {
            let secrets = try VaultCommand.secrets(vault, isNew: true)
            let plain = text ?? Console.standardInput()
            Console.write(VaultFile.yaml(name, sealed: try secrets.seal(Array(plain.utf8), label: label)) + "\n")
        }
    }

    fileprivate static func refuseOutput(_ output: String?, _ files: [String]) throws(Diagnostic) {
        if output != nil, files.count != 1 {
            throw Diagnostic(.badOption, "--output goes with one file, not \(files.count)")
        }
    }
}
