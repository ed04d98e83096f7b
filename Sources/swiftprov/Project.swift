import Diagnostics
import Engine
import Glibc
import Inventory
import Jinja
import Planning
import Playbook
import Results
import Target
import Values
import Variables
import Vault
import YAML

/// Everything a run is made of, put together from options, configuration and files.
@IOLoop
final class Project {
    let playbooks: [String]
    let planner: Planner
    let variables: RunVariables
    let settings: RunSettings
    let redactor = Redactor()
    let warnings: [Diagnostic]
    let checksHostKeys: Bool
    let usesColors: Bool
    let showsSkipped: Bool

    init(_ options: ApplyOptions) throws {
        let configuration = try ConfigurationFile.load()
        var warnings = configuration.warnings
        playbooks = try Self.playbooks(options)
        let secrets = try VaultPasswords.gather(options.vault, configuration)
        let sources = Self.inventorySources(options.inventory, configuration)
        let yaml = YAMLValueOptions(vault: { (sealed, place) throws(Diagnostic) in
            try secrets.openText(sealed, at: place)
        })
        let playbookDirectory = playbooks.first.map { $0 == "-" ? "." : Path.directory(of: $0) }
        let (inventory, inventoryWarnings) = try InventoryLoader.load(
            InventorySources(paths: sources, playbookDirectory: playbookDirectory, vault: secrets))
        warnings += inventoryWarnings
        var tags = TagSelection(only: Self.words(options.tags), skipped: Self.words(options.skipTags))
        // A list of tags is of all there are, those that run only when asked for among them.
        if options.listTags, options.tags.isEmpty { tags.only = ["all", "never"] }
        let settings = try Self.settings(options, configuration, redactor)
        let extra = try ExtraVariables.read(options.extraVars, vault: secrets, yaml: yaml)
        redactor.learn(.map(extra))
        let facts = RunFacts(
            isCheckMode: options.check, isDiffMode: settings.showsDiff, verbosity: options.verbose,
            forks: settings.forks,
            runTags: tags.only, skipTags: tags.skipped, inventorySources: sources.map(Path.absolute),
            limit: options.limit, configFile: configuration.path.map(Path.absolute), remoteUser: settings.remoteUser,
            mergesMaps: configuration.text("defaults.hash_behaviour") == "merge")
        let files = ProjectFiles(vault: secrets)
        variables = RunVariables(
            inventory: inventory, extra: extra, run: facts, isModule: ActionCatalog.isKnown,
            readFile: { (path) throws(Diagnostic) in try files.content(of: path, opened: true) })
        variables.lookups.onWarning = { Console.show([Diagnostic(.template, $0, severity: .warning)]) }
        variables.lookups.settings = LookupSettings.all(facts, rolesPath: Self.rolesPath(configuration))
        planner = Planner(
            files: files, variables: variables,
            settings: PlanSettings(
                tags: tags, limit: options.limit, rolesPath: Self.rolesPath(configuration),
                collectionsPath: Self.collectionsPath(configuration), yaml: yaml,
                reviews: options.syntaxCheck))
        self.settings = settings
        self.warnings = warnings
        checksHostKeys = configuration.flag("defaults.host_key_checking") ?? true
        showsSkipped = configuration.flag("defaults.display_skipped_hosts") ?? true
        let forced = configuration.flag("defaults.force_color") ?? false
        let none = configuration.flag("defaults.nocolor") ?? (getenv("NO_COLOR") != nil)
        usesColors = forced || Console.isTerminal && !none
        for host in inventory.hostNames {
            for (_, values) in (try? inventory.variableLayers(of: host)) ?? [] { redactor.learn(.map(values)) }
        }
    }

    private static func playbooks(_ options: ApplyOptions) throws(Diagnostic) -> [String] {
        if !options.playbooks.isEmpty { return options.playbooks }
        for name in ["playbooks/site.yml", "site.yml"] where ProjectFiles.isFile(name) { return [name] }
        throw Diagnostic(
            .badOption, "no playbook given, and there is no playbooks/site.yml here",
            remedy: "Name one: swiftprov apply -i INVENTORY PLAYBOOK.")
    }

    /// What `-i` gave, else what the configuration names.
    nonisolated static func inventorySources(_ given: [String], _ configuration: ConfigurationFile) -> [String] {
        if !given.isEmpty { return given }
        if let text = configuration.text("defaults.inventory") {
            return text.split(separator: ",").map { name in
                configuration.path.map { Path.join(Path.directory(of: $0), String(name).trimmed) } ?? String(name)
            }
        }
        return ProjectFiles.isFile("/etc/ansible/hosts") ? ["/etc/ansible/hosts"] : []
    }

    private static func rolesPath(_ configuration: ConfigurationFile) -> [String] {
        let configured = configuration.paths("defaults.roles_path")
        if !configured.isEmpty { return configured }
        // `roles/` at the top of the project serves playbooks in a folder of their own.
        return ["roles", Path.join(".", "~/.ansible/roles"), "/usr/share/ansible/roles", "/etc/ansible/roles"]
    }

    private static func collectionsPath(_ configuration: ConfigurationFile) -> [String] {
        let configured =
            configuration.paths("defaults.collections_path") + configuration.paths("defaults.collections_paths")
        return configured.isEmpty
            ? ["collections", Path.join(".", "~/.ansible/collections"), "/usr/share/ansible/collections"] : configured
    }

    private static func words(_ texts: [String]) -> [String] {
        texts.flatMap { $0.split(separator: ",").map { String($0).trimmed } }
    }

    private static func settings(
        _ options: ApplyOptions, _ configuration: ConfigurationFile, _ redactor: Redactor
    ) throws(Diagnostic) -> RunSettings {
        let connection = options.connection
        var settings = RunSettings()
        settings.isCheckMode = options.check
        settings.showsDiff = options.diff || (configuration.flag("diff.always") ?? false)
        settings.verbosity = options.verbose
        let forks = try number(configuration.text("defaults.forks"), "forks")
        settings.forks = options.forks ?? forks ?? 5
        guard settings.forks > 0 else {
            throw Diagnostic(.badOption, "--forks must be at least 1, not \(settings.forks)")
        }
        settings.becomes = connection.become || (configuration.flag("privilege_escalation.become") ?? false)
        settings.becomeMethod =
            connection.becomeMethod ?? configuration.text("privilege_escalation.become_method") ?? "sudo"
        settings.becomeUser = connection.becomeUser ?? configuration.text("privilege_escalation.become_user")
        settings.remoteUser = connection.user ?? configuration.text("defaults.remote_user")
        settings.privateKey = connection.privateKey ?? configuration.path("defaults.private_key_file")
        settings.connection =
            connection.connection ?? configuration.text("defaults.transport").flatMap { $0 == "smart" ? nil : $0 }
        let arguments = [
            configuration.text("ssh_connection.ssh_args"),
            connection.sshCommonArgs ?? configuration.text("ssh_connection.ssh_common_args"),
            connection.sshExtraArgs ?? configuration.text("ssh_connection.ssh_extra_args"),
        ]
        settings.sshArguments = arguments.compactMap(\.self)
        let seconds = try number(configuration.text("defaults.timeout"), "timeout")
        settings.timeout = .seconds(connection.timeout ?? seconds ?? 10)
        settings.forcesHandlers = options.forceHandlers || (configuration.flag("defaults.force_handlers") ?? false)
        settings.gathersImplicitly = configuration.text("defaults.gathering") != "explicit"
        settings.password = try password(
            asks: connection.askPass, file: connection.connectionPasswordFile, "SSH password: ")
        settings.becomePassword = try password(
            asks: connection.askBecomePass || (configuration.flag("privilege_escalation.become_ask_pass") ?? false),
            file: connection.becomePasswordFile ?? configuration.path("privilege_escalation.become_password_file"),
            "BECOME password: ")
        for secret in [settings.password, settings.becomePassword].compactMap(\.self) { redactor.learn(secret) }
        return settings
    }

    private static func number(_ text: String?, _ name: String) throws(Diagnostic) -> Int? {
        guard let text else { return nil }
        guard let number = Int(text) else {
            throw Diagnostic(.badOption, "the setting '\(name)' must be a number, not '\(text)'")
        }
        return number
    }

    private static func password(asks: Bool, file: String?, _ prompt: String) throws(Diagnostic) -> String? {
        if let file {
            if file == "-" { return readLine() ?? "" }
            return String(decoding: try VaultPasswordFile.read(file).bytes, as: UTF8.self)
        }
        return asks ? Prompting.read(prompt, echoes: false) : nil
    }
}

/// The vault passwords that options and configuration name.
enum VaultPasswords {
    static func gather(
        _ options: VaultOptions, _ configuration: ConfigurationFile
    ) throws(Diagnostic) -> VaultSecrets {
        var passwords: [VaultSecrets.Password] = []
        var ids = options.vaultID
        if ids.isEmpty, let list = configuration.text("defaults.vault_identity_list") {
            ids = list.split(separator: ",").map { String($0).trimmed }
        }
        for id in ids {
            let parts = id.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let (label, source) = parts.count == 2 ? (parts[0], parts[1]) : ("default", id)
            if source == "prompt" || source == "prompt_ask_vault_pass" {
                passwords.append(.init(label: label, Prompting.read("Vault password (\(label)): ", echoes: false)))
            } else {
                passwords.append(try VaultPasswordFile.read(source, label: label))
            }
        }
        var files = options.vaultPasswordFile
        if files.isEmpty, let file = configuration.path("defaults.vault_password_file") { files = [file] }
        for file in files { passwords.append(try VaultPasswordFile.read(file)) }
        if options.askVaultPass || (configuration.flag("defaults.ask_vault_pass") ?? false) {
            let password = Prompting.read("Vault password: ", echoes: false)
            guard !password.isEmpty else {
                throw Diagnostic(
                    .badOption, "no vault password was given",
                    remedy: "Type it at the prompt, or use --vault-password-file.")
            }
            passwords.append(.init(password))
        }
        // The passwords themselves are not sought in output: they go nowhere but into the key.
        return VaultSecrets(passwords)
    }
}
