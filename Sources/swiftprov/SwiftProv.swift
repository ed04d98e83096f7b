import ArgumentParser
import Diagnostics
import Glibc

/// The program: subcommands, and the field's own exit statuses.
@main
struct SwiftProv: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swiftprov",
        abstract: "Runs Ansible playbooks over SSH with one native binary: no Python here, none on the hosts.",
        version: version,
        subcommands: [
            Apply.self, InventoryCommand.self, VaultCommand.self, TemplateCommand.self, ConfigCommand.self, Doc.self,
        ]
    )

    static let version = "0.1.0"

    /// Status for options that make no sense, as ansible-playbook has it.
    static let badOptionStatus: Int32 = 5

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let status as ExitCode {
            Glibc.exit(status.rawValue)
        } catch let trouble as Diagnostics {
            Console.show(trouble.all)
            Glibc.exit(ExitStatus.of(trouble.errors))
        } catch let trouble as Diagnostic {
            Console.show([trouble])
            Glibc.exit(ExitStatus.of([trouble]))
        } catch {
            let status = exitCode(for: error)
            let text = fullMessage(for: error)
            if status.isSuccess {
                Console.write(text + "\n")
                Glibc.exit(0)
            }
            Console.writeError(text + "\n")
            Glibc.exit(badOptionStatus)
        }
        Glibc.exit(0)
    }
}

/// The process's exit status for what kept a run from starting.
enum ExitStatus {
    /// 5 for options, 1 for what cannot be done, 4 for files that cannot be read as what they should be.
    static func of(_ errors: [Diagnostic]) -> Int32 {
        if errors.contains(where: { $0.code == .badOption }) { return SwiftProv.badOptionStatus }
        if errors.allSatisfy({ $0.code == .internal }) { return 250 }
        return 4
    }
}
