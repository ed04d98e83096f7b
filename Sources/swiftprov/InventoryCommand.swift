import ArgumentParser
import Configuration
import Diagnostics
import Inventory
import Local
import Playbook
import Variables

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

    @Flag(name: .long, help: .hidden)
    var toml = false

    @Flag(name: .long, help: "Variables where they were given, not all of them at each host.")
    var export = false

    @Option(name: .long, help: "With --list: write to this file instead.")
    var output: String?

    @Option(name: [.customShort("l"), .long], help: "With --list: only these hosts.")
    var limit: String?

    @Option(
        name: [.customShort("e"), .customLong("extra-vars")], parsing: .singleValue,
        help: "Variables: `name=value`, YAML or JSON, or @FILE.")
    var extraVars: [String] = []

    @Option(name: .customLong("playbook-dir"), help: "A folder whose group_vars and host_vars count, too.")
    var playbookDirectory: String?

    @Flag(name: .customLong("flush-cache"), help: "Forget the cached facts of the inventory's hosts.")
    var flushCache = false

    @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Say more.")
    var verbose: Int

    @Argument(help: "With --graph: the group to begin with.")
    var group: String = "all"

    @OptionGroup(title: "Vault") var vault: VaultOptions

    func run() throws {
        try check()
        let configuration = try Settings.load()
        Console.show(configuration.warnings + (verbose > 0 ? configuration.notes : []))
        let secrets = try VaultPasswords.gather(vault, configuration)
        let extra = try ExtraVariables.read(extraVars, vault: secrets)
        let sources = try ConfiguredInventory.sources(
            inventory, configuration, vault: secrets, extra: extra,
            playbookDirectory: playbookDirectory ?? configuration.text(.playbookDir))
        let (tree, warnings) = try InventoryLoader.load(sources)
        Console.show(warnings)
        let cache = try ConfiguredInventory.cache(configuration)
        if flushCache { for host in tree.hostNames { cache?.remove(host) } }
        let listing = try InventoryListing(
            tree, limit: limit, isExport: export || configuration.flag(.inventoryExport), extra: extra,
            facts: sources.options.cachedFacts)
        if let host {
            Console.write(try listing.hostText(host, isYAML: yaml))
        } else if graph {
            Console.write(try listing.graphText(from: group, showsVariables: vars) + "\n")
        } else if let output {
            let text = yaml ? try listing.yamlText() : try listing.listText()
            try LocalFile.replace(output, with: Array(text.utf8))
        } else if yaml {
            Console.write(try listing.yamlText())
        } else {
            try listing.writeList { Console.write($0) }
            Console.write("\n")
        }
    }

    private func check() throws(Diagnostic) {
        let actions = [list, graph, host != nil].count(where: { $0 })
        guard actions == 1 else {
            throw Diagnostic(
                .badOption, actions == 0 ? "nothing to do" : "--list, --host and --graph exclude each other",
                remedy: "Say one of --list, --host HOST and --graph.")
        }
        if toml {
            throw Diagnostic(
                .badOption, "TOML is not supported", remedy: "Take --toml out, or say --yaml.")
        }
    }
}
