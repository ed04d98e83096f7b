import ArgumentParser
import Diagnostics
import Inventory
import Playbook
import Vault

/// `swiftprov inventory`: what an inventory holds, as ansible-inventory prints it.
struct InventoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory", abstract: "Show what an inventory holds.")

    @Option(
        name: [.customShort("i"), .customLong("inventory"), .customLong("inventory-file")], parsing: .singleValue,
        help: "An inventory file or directory, or hosts with a comma.")
    var inventory: [String] = []

    @Flag(name: .long, help: "All groups and hosts as JSON.")
    var list = false

    @Option(name: .long, help: "One host's variables as JSON.")
    var host: String?

    @Flag(name: .long, help: "The groups as a tree.")
    var graph = false

    @Flag(name: .long, help: "With --graph: variables, too.")
    var vars = false

    @Flag(name: [.customShort("y"), .long], help: "With --list or --host: YAML instead of JSON.")
    var yaml = false

    @Flag(name: .long, help: "Variables where they were given, not all of them at each host.")
    var export = false

    @Option(name: [.customShort("l"), .long], help: "Only these hosts.")
    var limit: String?

    @Option(name: .customLong("playbook-dir"), help: "A folder whose group_vars and host_vars count, too.")
    var playbookDirectory: String?

    @Argument(help: "With --graph: the group to begin with.")
    var group: String = "all"

    @OptionGroup(title: "Vault") var vault: VaultOptions

    func run() throws {
        guard [list, graph, host != nil].count(where: { $0 }) == 1 else {
            throw Diagnostic(.badOption, "say one of --list, --host HOST and --graph")
        }
        if yaml, !list {
            throw Diagnostic(.badOption, "--yaml goes with --list")
        }
        let configuration = try ConfigurationFile.load()
        let secrets = try VaultPasswords.gather(vault, configuration)
        let paths = Project.inventorySources(inventory, configuration)
        let (tree, warnings) = try InventoryLoader.load(
            InventorySources(
                paths: paths, playbookDirectory: playbookDirectory, vault: secrets))
        Console.show(warnings)
        let listing = try InventoryListing(tree, limit: limit, isExport: export)
        if let host {
            Console.write(try listing.hostText(host) + "\n")
        } else if graph {
            Console.write(try listing.graphText(from: group, showsVariables: vars) + "\n")
        } else if yaml {
            Console.write(try listing.yamlText())
        } else {
            try listing.writeList { Console.write($0) }
            Console.write("\n")
        }
    }
}
