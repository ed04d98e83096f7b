import ArgumentParser
import Diagnostics
import Glibc
internal import Values

/// The program: subcommands, and the field's own exit statuses.
@main
struct SwiftProv: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swiftprov",
        abstract: "Runs Ansible playbooks over SSH with one native binary: no Python here, none on the hosts.",
        version: version,
        subcommands: [
            Apply.self, InventoryCommand.self, VaultCommand.self, TemplateCommand.self, ConfigCommand.self, Doc.self,
            RunCommand.self,
        ]
    )

    static let version = "0.1.0"

    /// Status for options that make no sense, as ansible-playbook has it.
    static let badOptionStatus: Int32 = 5

    /// Ends the program. The loop's thread may still be at work (a session that says goodbye), so no library is taken
    /// down under its hands, as `exit` would.
    static func leave(_ status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        do {
            if let personality = Personality.current {
                try await perform(try personality.command())
            } else {
                try await perform(try parseAsRoot())
            }
        } catch let status as ExitCode {
            leave(status.rawValue)
        } catch let trouble as Diagnostics {
            Console.show(trouble.all)
            leave(ExitStatus.of(trouble.errors))
        } catch let trouble as Diagnostic {
            Console.show([trouble])
            leave(ExitStatus.of([trouble]))
        } catch {
            let status = exitCode(for: error)
            let text = fullMessage(for: error)
            if status.isSuccess {
                Console.write(text + "\n")
                leave(0)
            }
            Console.writeError(text + "\n")
            leave(ExitStatus.badOption)
        }
        leave(0)
    }

    private static func perform(_ command: sending any ParsableCommand) async throws {
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            var command = command
            try command.run()
        }
    }
}

/// The programs of Ansible that this one stands in for when it is called by their names, through a link.
enum Personality: String {
    case adHoc = "ansible"
    case playbook = "ansible-playbook"
    case inventory = "ansible-inventory"
    case vault = "ansible-vault"
    case config = "ansible-config"

    /// Whom the program was called as; nil under its own name.
    static let current = CommandLine.arguments.first.flatMap { path in
        Personality(rawValue: path.split(separator: "/").last.map(String.init) ?? path)
    }

    /// The command that takes that program's options.
    func command() throws -> sending any ParsableCommand {
        let words = Array(CommandLine.arguments.dropFirst())
        if words.contains("--version") {
            Console.write("\(rawValue) [core 2.19.4]\n  swiftprov version = \(SwiftProv.version)\n")
            throw ExitCode(0)
        }
        switch self {
        case .adHoc: return try RunCommand.parseAsRoot(words)
        case .playbook: return try Apply.parseAsRoot(words)
        case .inventory: return try InventoryCommand.parseAsRoot(words)
        case .vault: return try VaultCommand.parseAsRoot(words)
        case .config: return try ConfigCommand.parseAsRoot(words)
        }
    }
}

/// The process's exit status for what kept a run from starting.
enum ExitStatus {
    /// For options that make no sense; ansible-playbook's own number under its name.
    static var badOption: Int32 { Personality.current == nil ? SwiftProv.badOptionStatus : 2 }

    /// A run's own status; Ansible knows none for both, and says that hosts were unreachable.
    static func of(run status: Int32) -> Int32 { Personality.current != nil && status == 6 ? 4 : status }

    /// 5 for options, 1 for what cannot be done, 4 for files that cannot be read as what they should be.
    static func of(_ errors: [Diagnostic]) -> Int32 {
        if errors.contains(where: { $0.code == .badOption }) { return badOption }
        if errors.allSatisfy({ $0.code == .internal }) { return 250 }
        if Personality.current != nil, errors.contains(where: { [.missingFile, .missingRole].contains($0.code) }) {
            return 1
        }
        return 4
    }
}
