import ArgumentParser
import Configuration
import Diagnostics
import Engine
import Vault

extension VaultCommand {
    struct EncryptString: VaultAction {
        static let configuration = CommandConfiguration(
            commandName: "encrypt_string", abstract: "Print sealed values to paste into YAML.")
        @Argument(help: "The texts; `-`, or none, is standard input.") var texts: [String] = []
        @Option(name: [.customShort("n"), .long], parsing: .singleValue, help: "A variable's name, one for each text.")
        var name: [String] = []
        @Option(name: .customLong("stdin-name"), help: "The variable's name for standard input.")
        var standardInputName: String?
        @Flag(name: [.customShort("p"), .long], help: "Ask for the text.") var prompt = false
        @Flag(name: .customLong("show-input"), help: "With --prompt: show what is typed.") var showsInput = false
        @Option(name: .long, help: "Write here instead; `-` is standard output.") var output: String?
        @Option(name: .customLong("encrypt-vault-id"), help: "The vault id to seal for.") var label: String?
        @OptionGroup(title: "Vault") var vault: VaultOptions

        /// A text to seal, and where it came from.
        private struct Source {
            var name: String?
            var text: String
            var origin: String
        }

        func perform() throws {
            let readsInput =
                texts.contains(VaultFile.standardStream) || standardInputName != nil || texts.isEmpty && !prompt
            if prompt, readsInput {
                throw Diagnostic(.badOption, "--prompt does not go with text from standard input")
            }
            let (secrets, label) = try Sealing.secrets(vault, label, try Settings.load())
            let sources = try sources(readsInput)
            var lines = ""
            for (index, source) in sources.enumerated() {
                if sources.count > 1 {
                    let place = "the string #\(index + 1) from \(source.origin)"
                    let what = source.name.map { "variable (\"\($0)\", \(place))" } ?? place
                    Console.writeError("# The encrypted version of \(what).\n")
                }
                let sealed = try secrets.seal(Array(source.text.utf8), label: label)
                lines += VaultFile.yaml(source.name, sealed: sealed) + "\n"
            }
            try VaultFile.put(Array(lines.utf8), at: output ?? VaultFile.standardStream)
            Outcome.tell("Encryption successful")
        }

        private func sources(_ readsInput: Bool) throws(Diagnostic) -> [Source] {
            var sources: [Source] = []
            if prompt {
                let name = Prompting.read("Variable name (enter for no name): ", echoes: true).text ?? ""
                let question = showsInput ? "String to encrypt: " : "String to encrypt (hidden): "
                let text = Prompting.read(question, echoes: showsInput).text ?? ""
                sources.append(
                    Source(name: name.isEmpty ? nil : name, text: try filled(text), origin: "the interactive prompt"))
            }
            if readsInput {
                if Console.isTerminal {
                    Console.writeError(
                        "Reading plaintext input from stdin. "
                            + "(ctrl-d to end input, twice if your content does not already have a newline)\n")
                }
                let bytes = try VaultFile.bytes(VaultFile.standardStream)
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw Diagnostic(
                        .badOption, "standard input is not UTF-8 text, and a variable must be",
                        remedy: "Seal it as a file with `swiftprov vault encrypt`.")
                }
                if Console.isTerminal, !text.hasSuffix("\n") { Console.write("\n") }
                sources.append(Source(name: standardInputName, text: try filled(text), origin: "stdin"))
            }
            let given = texts.filter { $0 != VaultFile.standardStream }
            if let last = name.last, given.count > name.count {
                Console.writeError(
                    "The number of --name options do not match the number of args.\n"
                        + "The last named variable will be \"\(last)\". The rest will not have names.\n")
            }
            for (index, text) in given.enumerated() {
                sources.append(
                    Source(
                        name: index < name.count ? name[index] : nil, text: try filled(text),
                        origin: "the command line args"))
            }
            return sources
        }

        private func filled(_ text: String) throws(Diagnostic) -> String {
            guard text.isEmpty else { return text }
            throw Diagnostic(.badOption, "the text to seal is empty", remedy: "An empty value needs no vault.")
        }
    }
}
