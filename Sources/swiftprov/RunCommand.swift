import ArgumentParser
import Configuration
import Diagnostics
import Planning
import Target
import Values

/// `swiftprov run`: one task on the hosts of a pattern, as `ansible` does it.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Do one thing on hosts.",
        discussion: """
            Options have the names that the program `ansible` gives them. Without -m it runs a command.

                swiftprov run web -i hosts -a uptime
                swiftprov run all -i hosts -b -m apt -a "name=curl state=present"
            """
    )

    @Option(name: [.customShort("m"), .customLong("module-name")], help: "The module. Default: command.")
    var module: String?

    @Option(
        name: [.customShort("a"), .customLong("args")], parsing: .unconditional,
        help: "Its arguments: `name=value`, a command's text, or a JSON map.")
    var arguments: String?

    @Flag(name: [.customShort("o"), .customLong("one-line")], help: "Each host's answer on one line.")
    var oneLine = false

    @Option(name: [.customShort("B"), .customLong("background")], help: "Leave it to the host for so many seconds.")
    var background: Int?

    @Option(name: [.customShort("P"), .customLong("poll")], help: "With -B: seconds between looks; 0 looks no more.")
    var poll: Int?

    @Option(name: .customLong("task-timeout"), help: "Seconds the task may take.")
    var taskTimeout: Int?

    @Argument(
        parsing: .allUnrecognized,
        help: "The hosts (a group, a name, or a pattern such as 'web:&paris'), and the options of `apply`.")
    var rest: [String] = []

    func run() async throws {
        var options = try ApplyOptions.parse(rest)
        guard let pattern = options.playbooks.first, options.playbooks.count == 1 else {
            throw Diagnostic(
                .badOption,
                options.playbooks.isEmpty ? "no hosts given" : "'\(options.playbooks[1])' is one pattern too many",
                remedy: "Write: swiftprov run PATTERN -m MODULE -a ARGUMENTS.")
        }
        let text = try playbook(pattern, try Settings.load(), listsOnly: options.listHosts)
        options.playbooks = ["-"]
        let isOneLine = oneLine
        let status = try await withTaskExecutorPreference(EventLoop.shared) { [options] in
            try await Apply.perform(options, standardInput: text, adHoc: isOneLine ? .oneLine : .paragraphs)
        }
        if status != 0 { throw ExitCode(ExitStatus.of(run: status)) }
    }

    /// The play with that one task. JSON is YAML, too; what was typed stays data until the reader of playbooks
    /// takes it apart.
    ///
    /// - Parameter listsOnly: The hosts are listed and no module is run, so that none needs its arguments.
    private func playbook(
        _ pattern: String, _ configuration: Settings, listsOnly: Bool
    ) throws(Diagnostic) -> String {
        let module = listsOnly ? "ping" : module ?? configuration.text(.moduleName) ?? "command"
        let arguments = listsOnly ? "" : arguments ?? configuration.text(.moduleArgs) ?? ""
        var task: ValueMap = [:]
        if arguments.hasPrefix("{") {
            guard let map = (try? JSON.parse(arguments))?.mapValue else {
                throw Diagnostic(.badOption, "the arguments begin with '{' and are no JSON map: \(arguments)")
            }
            task["action"] = .map(ValueMap([("module", .string(module))]).merging(map))
        } else {
            task["action"] = .string(arguments.isEmpty ? module : "\(module) \(arguments)")
        }
        if let background { task["async"] = .int(background) }
        if let background, background > 0 { task["poll"] = .int(poll ?? 15) }
        if let taskTimeout { task["timeout"] = .int(taskTimeout) }
        let play: Value = [
            "name": "Ansible Ad-Hoc", "hosts": .string(pattern), "gather_facts": false, "tasks": .list([.map(task)]),
        ]
        return try JSON.text(.list([play]))
    }
}
