import Configuration
import Diagnostics
import Engine
import Glibc
import Inventory
import Jinja
import Local
import Modules
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
    let configuration: Settings
    let verbosity: Int
    /// Reads the inventory's sources once more.
    let readInventory: () throws(Diagnostics) -> InventoryTree

    init(_ options: ApplyOptions) throws {
        let configuration = try Settings.load()
        let verbosity = max(options.verbose, configuration.integer(.verbosity) ?? 0)
        var warnings = configuration.warnings + (verbosity > 0 ? configuration.notes : [])
        warnings += TerminalReport.warnings(configuration) + ConfiguredKeywords.warnings(configuration)
        playbooks = try Self.playbooks(options, configuration)
        let secrets = try VaultPasswords.gather(options.vault, configuration)
        let playbookDirectory = playbooks.first.map { $0 == "-" ? "." : Path.directory(of: $0) }
        let extra = try ExtraVariables.read(options.extraVars, vault: secrets)
        let sources = try ConfiguredInventory.sources(
            options.inventory, configuration, vault: secrets, extra: extra, playbookDirectory: playbookDirectory)
        readInventory = { () throws(Diagnostics) in try InventoryLoader.load(sources).tree }
        let (inventory, inventoryWarnings) = try InventoryLoader.load(sources)
        warnings += inventoryWarnings
        var tags = TagSelection(
            only: Self.words(options.tags.isEmpty ? configuration.words(.tagsRun) : options.tags),
            skipped: Self.words(options.skipTags.isEmpty ? configuration.words(.tagsSkip) : options.skipTags))
        // A list of tags is of all there are, those that run only when asked for among them.
        if options.listTags, tags.only == ["all"] { tags.only = ["all", "never"] }
        let settings = try Self.settings(options, configuration, redactor)
        redactor.learn(.map(extra))
        let facts = RunFacts(
            isCheckMode: options.check, isDiffMode: settings.showsDiff, verbosity: verbosity,
            forks: settings.forks,
            runTags: tags.only, skipTags: tags.skipped, inventorySources: sources.paths.map(Path.absolute),
            limit: options.limit, configFile: configuration.path, remoteUser: settings.remoteUser,
            mergesMaps: configuration.text(.hashBehaviour) == "merge",
            injectsFacts: configuration.flag(.injectFactsAsVars), managedText: configuration.text(.managedStr))
        let files = ProjectFiles(vault: secrets, duplicates: ConfiguredInventory.duplicates(configuration))
        variables = RunVariables(
            inventory: inventory, extra: extra, run: facts, cache: try ConfiguredInventory.cache(configuration),
            opener: VaultPasswords.opener(secrets, redactor), isModule: ActionCatalog.isKnown,
            readFile: { (path) throws(Diagnostic) in try LocalFile.bytes(path, opening: secrets) })
        variables.lookups.setting = { configuration.text(writtenAt: $0) }
        variables.lookups.onWarning = { Console.show([Diagnostic(.template, $0, severity: .warning)]) }
        variables.lookups.settings = LookupSettings.all(configuration)
        var planning = PlanSettings(
            tags: tags, limit: options.limit, rolesPath: Self.rolesPath(configuration),
            collectionsPath: Self.collectionsPath(configuration, playbooks),
            modulePath: options.modulePath.flatMap { $0.split(separator: ":").map(String.init) }
                + configuration.words(.modulePath), yaml: .written,
            reviews: options.syntaxCheck, purpose: Self.purpose(options),
            keywords: ConfiguredKeywords.read(configuration),
            patternMismatch: PlanSettings.PatternMismatch(
                rawValue: configuration.text(.hostPatternMismatch) ?? "") ?? .warning)
        planning.requiresHandlers = configuration.flag(.errorOnMissingHandler)
        planning.moduleUtilsPath = configuration.words(.moduleUtilsPath)
        planner = Planner(files: files, variables: variables, settings: planning)
        self.settings = settings
        self.warnings = warnings
        if options.flushCache { for host in inventory.hostNames { variables.clearFacts(of: host) } }
        self.configuration = configuration
        self.verbosity = verbosity
        for host in inventory.hostNames {
            for (_, values) in (try? inventory.variableLayers(of: host)) ?? [] { redactor.learn(.map(values)) }
        }
    }

    private static func purpose(_ options: ApplyOptions) -> PlanSettings.Purpose {
        let lists = options.listTasks || options.listTags || options.listHosts || options.listDependencies
        return lists ? .list : options.syntaxCheck ? .check : .run
    }

    private static func playbooks(_ options: ApplyOptions, _ configuration: Settings) throws(Diagnostic) -> [String] {
        if !options.playbooks.isEmpty {
            return options.playbooks.map { name in
                // A playbook of a collection is named with it; a file of that name is nearer.
                if LocalFile.kind(name) != nil { return name }
                let installed = [AnsibleInstallation.find()?.directory].compactMap(\.self)
                return CollectionPlaybooks.path(named: name, in: collectionsPath(configuration, []) + installed) ?? name
            }
        }
        for name in ["playbooks/site.yml", "site.yml"] where ProjectFiles.isFile(name) { return [name] }
        throw Diagnostic(
            .badOption, "no playbook given, and there is no playbooks/site.yml here",
            remedy: "Name one: swiftprov apply -i INVENTORY PLAYBOOK.")
    }

    private static func rolesPath(_ configuration: Settings) -> [String] {
        // `roles/` at the top of the project serves playbooks in a folder of their own.
        (configuration.isGiven(.rolesPath) ? [] : ["roles"]) + configuration.words(.rolesPath)
    }

    /// The folders of collections: beside the playbooks, at the top of the project, and the configured ones.
    private static func collectionsPath(_ configuration: Settings, _ playbooks: [String]) -> [String] {
        var folders = playbooks.filter { $0 != "-" }.map { Path.join(Path.directory(of: $0), "collections") }
        if !configuration.isGiven(.collectionsPaths) { folders.append("collections") }
        var seen = Set<String>()
        return (folders + configuration.words(.collectionsPaths)).filter { seen.insert(Path.absolute($0)).inserted }
    }

    private static func words(_ texts: [String]) -> [String] {
        texts.flatMap { $0.split(separator: ",").map { String($0).trimmed } }
    }

    private static func settings(
        _ options: ApplyOptions, _ configuration: Settings, _ redactor: Redactor
    ) throws(Diagnostic) -> RunSettings {
        let connection = options.connection
        var settings = RunSettings()
        settings.isCheckMode = options.check
        settings.showsDiff = options.diff || configuration.flag(.diffAlways)
        settings.verbosity = max(options.verbose, configuration.integer(.verbosity) ?? 0)
        settings.forks = options.forks ?? configuration.integer(.forks) ?? 5
        guard settings.forks > 0 else {
            throw Diagnostic(.badOption, "--forks must be at least 1, not \(settings.forks)")
        }
        if let seconds = options.progressAfter {
            guard seconds >= 0 else {
                throw Diagnostic(.badOption, "--progress-after must not be negative, and is \(seconds)")
            }
            settings.progressAfter = seconds == 0 ? nil : .seconds(seconds)
        }
        if let text = options.deadline {
            guard let seconds = TimeText.seconds(text), seconds > 0 else {
                throw Diagnostic(
                    .badOption, "'\(text)' is no time for --deadline", remedy: "Write 90, 30m or 1h30m.")
            }
            settings.deadline = .seconds(seconds)
        }
        settings.becomes = connection.become || configuration.flag(.become)
        settings.becomeMethod = connection.becomeMethod ?? configuration.text(.becomeMethod) ?? "sudo"
        settings.becomeUser = connection.becomeUser ?? configuration.given(.becomeUser)
        settings.becomeDefaults = becomeDefaults(configuration, user: connection.becomeUser)
        settings.remoteUser = connection.user ?? configuration.text(.sshRemoteUser)
        settings.privateKey = connection.privateKey ?? configuration.text(.privateKeyFile)
        settings.connection =
            connection.connection ?? configuration.given(.transport).flatMap { $0 == "smart" ? nil : $0 }
        settings.sshArguments = [
            configuration.given(.sshArgs), connection.sshCommonArgs ?? configuration.text(.sshCommonArgs),
            connection.sshExtraArgs ?? configuration.text(.sshExtraArgs),
        ].compactMap(\.self)
        settings.checksHostKeys = configuration.flag(.sshHostKeyChecking)
        settings.timeout = .seconds(connection.timeout ?? configuration.integer(.sshTimeout) ?? 10)
        if connection.timeout == nil, configuration.isGiven(.dockerTimeout) {
            settings.dockerTimeout = configuration.integer(.dockerTimeout).map { .seconds($0) }
        }
        settings.forcesHandlers = options.forceHandlers || configuration.flag(.forceHandlers)
        settings.requiresHandlers = configuration.flag(.errorOnMissingHandler)
        settings.startAtTask = options.startAtTask
        settings.asksBeforeTasks = options.step
        settings.strategy = configuration.text(.strategy) ?? "linear"
        settings.pollInterval = configuration.integer(.pollInterval) ?? 15
        settings.gathering = RunSettings.Gathering(rawValue: configuration.text(.gathering) ?? "") ?? .implicit
        settings.customModules = customModules(configuration)
        settings.password = try password(
            asks: connection.askPass || configuration.flag(.askPass),
            file: connection.connectionPasswordFile ?? configuration.text(.connectionPasswordFile), "SSH password: ")
        settings.becomePassword = try password(
            asks: connection.askBecomePass || configuration.flag(.becomeAskPass),
            file: connection.becomePasswordFile ?? configuration.text(.becomePasswordFile),
            settings.password == nil ? "BECOME password: " : "BECOME password[defaults to SSH password]: ",
            otherwise: settings.password)
        settings.passphrase = configuration.given(.sshPassphrase)
        let configured = settings.becomeDefaults.values.compactMap(\.password)
        for secret in [settings.password, settings.becomePassword, settings.passphrase].compactMap(\.self) + configured
        {
            redactor.learn(secret)
        }
        return settings
    }

    private static func customModules(_ configuration: Settings) -> CustomModuleDefaults {
        var defaults = CustomModuleDefaults()
        defaults.python = configuration.given(.pythonInterpreter)
        defaults.pythonFallbacks = configuration.words(.pythonFallbacks)
        defaults.logsOnHosts = !configuration.flag(.noTargetSyslog)
        defaults.logFacility = configuration.text(.syslogFacility) ?? defaults.logFacility
        defaults.logNote = configuration.text(.targetLogInfo)
        defaults.specialFileSystems = configuration.words(.selinuxSpecialFileSystems)
        return defaults
    }

    /// What the sections of the become plugins say, by method.
    private static func becomeDefaults(
        _ configuration: Settings, user: String?
    ) -> [String: RunSettings.BecomeDefaults] {
        func defaults(
            _ executable: SettingKey, _ flags: SettingKey, _ password: SettingKey, _ name: SettingKey
        ) -> RunSettings.BecomeDefaults {
            RunSettings.BecomeDefaults(
                executable: configuration.given(executable), flags: configuration.given(flags),
                password: configuration.given(password), user: user == nil ? configuration.given(name) : nil)
        }
        return [
            "sudo": defaults(.sudoBecomeExe, .sudoBecomeFlags, .sudoBecomePass, .sudoBecomeUser),
            "su": defaults(.suBecomeExe, .suBecomeFlags, .suBecomePass, .suBecomeUser),
        ]
    }

    /// - Parameter otherwise: What an empty answer stands for.
    private static func password(
        asks: Bool, file: String?, _ prompt: String, otherwise: String? = nil
    ) throws(Diagnostic) -> String? {
        if let file {
            guard file == "-" else { return String(decoding: try VaultPasswordFile.read(file).bytes, as: UTF8.self) }
            guard let line = readLine(), !line.isEmpty else {
                throw Diagnostic(.badOption, "standard input, which is to hold a password, is empty")
            }
            return line
        }
        guard asks, let answer = Prompting.read(prompt, echoes: false).text, !answer.isEmpty else {
            return asks ? otherwise : nil
        }
        return answer
    }
}
