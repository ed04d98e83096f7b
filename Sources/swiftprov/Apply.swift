import ArgumentParser
import Configuration
import Diagnostics
@preconcurrency import Dispatch
import Engine
import Glibc
import Planning
import Playbook
import Reporting
import Results
import Target
import Values
import Variables

/// `swiftprov apply`: makes hosts what playbooks say, or tells what that would change.
struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run playbooks.",
        discussion: """
            Options have ansible-playbook's names. Without a playbook it runs playbooks/site.yml.
            Exit status: 0 all well, 2 a host failed, 4 a host was unreachable or a file is wrong, 6 both,
            5 wrong options, 99 interrupted, or --deadline passed.
            """
    )

    @OptionGroup var options: ApplyOptions

    func run() async throws {
        let options = options
        // Modules and templates run on the loop's thread, too: nothing is handed from thread to thread.
        let status = try await withTaskExecutorPreference(EventLoop.shared) { try await Self.perform(options) }
        if status != 0 { throw ExitCode(ExitStatus.of(run: status)) }
    }

    /// How the answers of a single task are shown, where there is no playbook.
    enum AdHocStyle { case paragraphs, oneLine }

    /// - Parameters:
    ///   - options: What to run and how.
    ///   - standardInput: What stands for standard input where a playbook is read from it; nil reads it.
    ///   - adHoc: Set for a single task.
    @IOLoop
    static func perform(
        _ options: ApplyOptions, standardInput: String? = nil, adHoc: AdHocStyle? = nil
    ) async throws -> Int32 {
        let project = try Project(options)
        let plan: RunPlan
        do throws(Diagnostics) {
            plan = try project.planner.plan(
                project.playbooks,
                standardInput: project.playbooks.contains("-") ? standardInput ?? Console.standardInput() : nil)
        } catch {
            Console.show((project.warnings + error.all).map(project.redactor.redacted))
            return ExitStatus.of(error.errors)
        }
        Console.show((project.warnings + plan.warnings).map(project.redactor.redacted))
        let lists = options.listTasks || options.listTags || options.listHosts || options.listDependencies
        if adHoc != nil, options.listHosts {
            let hosts = plan.plays.flatMap(\.hosts)
            Console.write(([" hosts (\(hosts.count)):"] + hosts.map { "   \($0)" }).map { " \($0)\n" }.joined())
            return 0
        }
        if lists {
            let parts = Listing.Parts(
                hosts: options.listHosts, tasks: options.listTasks, tags: options.listTags,
                dependencies: options.listDependencies)
            Console.write(project.redactor.redacted(Listing.text(of: plan, parts: parts)) + "\n")
            return 0
        }
        if options.syntaxCheck {
            for path in project.playbooks { Console.write("\nplaybook: \(path)\n") }
            return 0
        }
        if let name = options.startAtTask, !plan.plays.contains(where: { $0.starting(at: name) != nil }) {
            let hint = NearestNames.hint(name, among: Set(plan.taskTitles)).map { $0 + " " } ?? ""
            throw Diagnostic(
                .badOption, "there is no task '\(name)' to start at",
                remedy: hint + "--list-tasks shows the names; what include_… brings in is only known in the run.")
        }
        return try await run(plan, project, options, adHoc)
    }

    @IOLoop
    private static func run(
        _ plan: RunPlan, _ project: Project, _ options: ApplyOptions, _ adHoc: AdHocStyle?
    ) async throws -> Int32 {
        let (events, continuation) = AsyncStream<RunEvent>.makeStream()
        // A run that cannot be resumed must not empty the last one's report, nor a mistake in the options end what could
        // be resumed.
        let resumed = options.resume ? try JournalFiles.open(options, project) : nil
        let (reporters, files) = try reporters(options, project, adHoc)
        // Reporters write to files and terminals, which may be slow: they have a task of their own.
        let reporting = Task.detached {
            for await event in events { for reporter in reporters { reporter.take(event) } }
            for reporter in reporters { reporter.finish() }
        }
        let journal = try resumed ?? JournalFiles.open(options, project)
        let engine = Engine(
            planner: project.planner, variables: project.variables, settings: project.settings,
            redactor: project.redactor, connections: HostConnections(configuration: project.configuration),
            readInventory: project.readInventory, journal: journal,
            events: { continuation.yield($0) })
        let interrupt = InterruptWatch(
            onFirst: { Task { @IOLoop in engine.interrupt() } }, onSecond: { Task { @IOLoop in await engine.cut() } })
        let recap = await engine.run(plan)
        interrupt.cancel()
        continuation.finish()
        await reporting.value
        journal?.close(keeps: recap.exitStatus != 0)
        try RetryFile.write(recap.lostHosts, of: project.playbooks, project.configuration)
        let troubles = files.compactMap(\.trouble)
        Console.show(troubles)
        return recap.exitStatus == 0 && !troubles.isEmpty ? ExitStatus.of(troubles) : recap.exitStatus
    }

    private static func reporters(
        _ options: ApplyOptions, _ project: Project, _ adHoc: AdHocStyle?
    ) throws(Diagnostic) -> (reporters: [any Reporter], files: [ReportFile]) {
        let terminal = try TerminalReport(
            project.configuration, redactor: project.redactor, verbosity: project.verbosity, adHoc: adHoc)
        var result = [terminal.reporter()]
        var files: [ReportFile] = []
        if let path = project.configuration.text(.logPath) {
            let log = try ReportFile(path, appends: true)
            for warning in project.warnings {
                log.log(SafeText.visible(project.redactor.redacted(warning).rendered()) + "\n", level: "WARNING")
            }
            result.append(terminal.reporter(to: { log.log($0) }))
            files.append(log)
        }
        for report in options.report {
            let parts = report.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[0] == "json" else {
                throw Diagnostic(
                    .badOption, "unknown report '\(report)'", remedy: "Write --report json=FILE.")
            }
            let file = try ReportFile(parts[1])
            result.append(JSONLinesReporter(redactor: project.redactor, write: { file.write($0) }))
            files.append(file)
        }
        return (result, files)
    }
}

/// Ctrl-C: once, what runs is finished and nothing new begun; twice, what runs is ended on the hosts; a third time,
/// this process ends without waiting for that.
final class InterruptWatch: Sendable {
    private let sources: [any DispatchSourceSignal]

    init(onFirst: @escaping @Sendable () -> Void, onSecond: @escaping @Sendable () -> Void) {
        let count = Counter()
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                // Ctrl-C at a question is an answer to it.
                if number == SIGINT, Prompting.interrupt() { return }
                switch count.next() {
                case 1:
                    Console.writeError(
                        "\ninterrupted: what runs is finished, nothing new begins (again: what runs is ended)\n")
                    onFirst()
                case 2:
                    Console.writeError("\ninterrupted: ending what runs on the hosts (again: leave it there)\n")
                    onSecond()
                default: SwiftProv.leave(99)
                }
            }
            source.resume()
            return source
        }
    }

    func cancel() { for source in sources { source.cancel() } }
}
