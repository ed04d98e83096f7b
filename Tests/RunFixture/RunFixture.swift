package import Diagnostics
import Engine
import Glibc
import Inventory
import Local
import Modules
package import Planning
import Playbook
package import Results
import Synchronization
package import Target
import Values
import Variables
import Vault
import YAML

/// A project in a folder of its own, planned and run in this process on the local machine.
@IOLoop
package final class RunFixture {
    package let folder: TemporaryFolder
    package let redactor = Redactor()
    private let planner: Planner
    private let variables: RunVariables
    private var settings = RunSettings()
    private let playbooks: [String]
    private let readInventory: () throws(Diagnostics) -> InventoryTree

    /// What a run told, and how it ended.
    package struct Outcome: Sendable {
        package var events: [RunEvent]
        package var recap: Recap

        /// What was told of each task, in order; items of loops are told of apart.
        package var results: [TaskReport] {
            events.compactMap { event in if case .result(let report) = event { report } else { nil } }
        }
    }

    /// The hosts cases have unless they bring an inventory of their own.
    package nonisolated static let inventory = """
        [web]
        web1
        web2
        web3

        [db]
        db1

        [all:vars]
        ansible_connection=local

        """

    private let journal: RunJournal?

    /// - Parameters:
    ///   - secrets: Extra variables that came out of a vault.
    ///   - place: The folder to put the project in; nil for a new one.
    ///   - readsAhead: Whether hosts are asked about tasks before their turn, as those behind a slow network are.
    ///   - journalPath: Where the run's journal is kept, or lies from the run before; nil for none.
    package init(
        _ example: Case, secrets hidden: [String: String] = [:], reviews: Bool = false,
        in place: TemporaryFolder? = nil, journalPath: String? = nil,
        readsAhead: Bool = getenv("SWIFTPROV_TEST_READS_AHEAD") != nil
    ) throws {
        if readsAhead { settings.readsAhead = .after(.zero) }
        // What `lookup('env')` finds, here as in the recording.
        setenv("INHERITED", "from outside", 1)
        folder = place ?? TemporaryFolder()
        journal = try journalPath.flatMap { try AppendedFile($0) }.map { file in
            try RunJournal(file, header: ["options": .string(example.options.joined(separator: " "))]) { _ in }
        }
        for (name, text) in example.files { folder.write(name, text) }
        if example.files["inventory"] == nil { folder.write("inventory", Self.inventory) }
        playbooks = ["\(folder.path)/playbook.yml"]
        let options = try Options(example.options)
        let secrets = VaultSecrets.none
        let sources = ["\(folder.path)/inventory"]
        let configured = Self.configuration(folder)
        var inventorySources = InventorySources(paths: sources, playbookDirectory: folder.path, vault: secrets)
        inventorySources.options.mergesMaps = configured["hash_behaviour"] == "merge"
        readInventory = { () throws(Diagnostics) in try InventoryLoader.load(inventorySources).tree }
        let (inventory, _) = try InventoryLoader.load(inventorySources)
        settings.isCheckMode = options.isCheckMode
        settings.showsDiff = options.showsDiff
        settings.forcesHandlers = options.forcesHandlers
        settings.gathering = .explicit
        settings.forks = options.forks
        settings.startAtTask = options.startAtTask
        var extra = try options.extraVariables(.written)
        for (name, text) in hidden { extra[name] = .string(Text(text, marks: .secret)) }
        redactor.learn(.map(extra))
        let files = ProjectFiles(vault: secrets)
        variables = RunVariables(
            inventory: inventory, extra: extra,
            run: RunFacts(
                isCheckMode: options.isCheckMode, isDiffMode: options.showsDiff, forks: options.forks,
                runTags: options.tags.only, skipTags: options.tags.skipped, inventorySources: sources,
                limit: options.limit,
                mergesMaps: configured["hash_behaviour"] == "merge", managedText: configured["ansible_managed"]),
            opener: { (sealed, place) throws(Diagnostic) in try secrets.openText(sealed, at: place) },
            readFile: { (path) throws(Diagnostic) in try LocalFile.bytes(path, opening: secrets) })
        var plan = PlanSettings(
            tags: options.tags, limit: options.limit, rolesPath: ["\(folder.path)/roles"],
            collectionsPath: ["\(folder.path)/collections"], yaml: .written, reviews: reviews,
            patternMismatch: configured["host_pattern_mismatch"].flatMap(PlanSettings.PatternMismatch.init) ?? .warning)
        // A case may bring an ansible-core of its own, or say that there is none.
        let installed = "\(folder.path)/installed/ansible"
        if example.files.keys.contains(where: { $0.hasPrefix("installed/") }) {
            plan.findInstallation = { AnsibleInstallation(package: installed) }
        }
        planner = Planner(files: files, variables: variables, settings: plan)
        for host in inventory.hostNames {
            for (_, values) in try inventory.variableLayers(of: host) { redactor.learn(.map(values)) }
        }
    }

    /// The settings of a case's `ansible.cfg`.
    private static func configuration(_ folder: TemporaryFolder) -> [String: String] {
        var settings: [String: String] = [:]
        for line in (TemporaryFolder.contents("\(folder.path)/ansible.cfg") ?? "").split(separator: "\n") {
            let words = line.split(separator: "=", maxSplits: 1).map { $0.drop { $0 == " " } }
            if words.count == 2 { settings[words[0].filter { $0 != " " }] = String(words[1]) }
        }
        return settings
    }

    /// - Throws: `Diagnostics` with all that is wrong with the project.
    package func plan() throws(Diagnostics) -> RunPlan { try planner.plan(playbooks) }

    package func run() async throws -> Outcome {
        let plan = try plan()
        let events = Gathered()
        let engine = Engine(
            planner: planner, variables: variables, settings: settings, redactor: redactor,
            connections: LocalMachine(), readInventory: readInventory, journal: journal, events: { events.add($0) })
        let recap = await engine.run(plan)
        return Outcome(events: events.all, recap: recap)
    }

    /// Plans and runs a case; everything happens on the loop's thread, as in the program.
    package nonisolated static func run(_ example: Case) async throws -> (outcome: Outcome, folder: TemporaryFolder) {
        try await withTaskExecutorPreference(EventLoop.shared) {
            let fixture = try await RunFixture(example)
            return (try await fixture.run(), fixture.folder)
        }
    }

    /// The same with secret variables, and with what knows them.
    package nonisolated static func perform(
        _ example: Case, secrets: [String: String]
    ) async throws -> (outcome: Outcome, redactor: Redactor) {
        try await withTaskExecutorPreference(EventLoop.shared) {
            let fixture = try await RunFixture(example, secrets: secrets)
            return (try await fixture.run(), fixture.redactor)
        }
    }

    private final class Gathered: Sendable {
        private let events = Mutex<[RunEvent]>([])
        func add(_ event: RunEvent) { events.withLock { $0.append(event) } }
        var all: [RunEvent] { events.withLock { $0 } }
    }
}

/// Connects to the local machine; every other kind of connection finds nobody.
private struct LocalMachine: ConnectionProvider {
    func connection(_ request: ConnectionRequest) throws(Diagnostic) -> any Connection {
        request.kind == "local" ? ProgramConnection(openTimeout: request.timeout) : Nobody(name: request.name)
    }

    private struct Nobody: Connection {
        let name: String
        func shell(as become: Become?) async throws(Diagnostic) -> any Shell {
            throw Diagnostic(.unreachable, "nobody answers", host: name)
        }
        func endShells(of user: String) async {}
        func close() async {}
    }
}

/// The options that cases use.
private struct Options {
    var isCheckMode = false
    var showsDiff = false
    var forcesHandlers = false
    var forks = 5
    var limit: String?
    var startAtTask: String?
    var tags = TagSelection()
    private var extra: [String] = []

    init(_ words: [String]) throws(Diagnostic) {
        var only: [String] = []
        var skipped: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "--check": isCheckMode = true
            case "--diff": showsDiff = true
            case "--force-handlers": forcesHandlers = true
            case "--tags", "--skip-tags", "--limit", "-e", "-f", "--start-at-task":
                guard let value = rest.popFirst() else { throw Diagnostic(.badOption, "\(word) needs a value") }
                switch word {
                case "--tags": only += value.split(separator: ",").map(String.init)
                case "--skip-tags": skipped += value.split(separator: ",").map(String.init)
                case "--limit": limit = value
                case "--start-at-task": startAtTask = value
                case "-f": forks = Int(value) ?? 5
                default: extra.append(value)
                }
            default: throw Diagnostic(.badOption, "the fixture does not know '\(word)'")
            }
        }
        tags = TagSelection(only: only, skipped: skipped)
    }

    func extraVariables(_ yaml: YAMLValueOptions) throws(Diagnostic) -> ValueMap {
        var result = ValueMap()
        for text in extra {
            if text.hasPrefix("{") {
                let file = SourceFile(name: "-e", text: text)
                result.merge(try YAMLReader.read(text, file: file)?.value(yaml).mapValue ?? [:])
            } else {
                for (name, value) in KeyValueText.read(text).options { result[name] = .string(value) }
            }
        }
        return result
    }
}
