import Diagnostics
import Foundation
import Modules
import Results
import Target
import Testing
import Values

/// A case of `Cases/<module>/*.json`: a task, the host before it, and what is to become of both.
///
/// `$T` in any text stands for the case's own empty directory.
struct ModuleCase: Sendable, CustomTestStringConvertible {
    var file: String
    var name: String
    var module: String
    var arguments: ValueMap
    /// Shell text that makes the host as the case needs it.
    var prepare: String?
    /// What check mode and a run answer: `ok`, `changed`, `skipped`, `unknown`, `failed`.
    var check: String
    var run: String
    var again: String
    /// Return values that the run must have, by name; nested ones by `a.b`.
    var values: ValueMap
    /// Return values that must be secret.
    var secrets: [String]
    /// Text that the error must hold.
    var error: String?
    /// Shell text that must end with 0 after the run.
    var verify: String?
    /// Round trips that the second run may take.
    var roundTrips: Int
    /// What the case needs that a host with nothing but BusyBox lacks.
    var needs: String?
    /// Effects of earlier tasks of the same dry run; then only check mode is looked at.
    var foreseen: [Change.Effect]
    var isForeseenCase: Bool
    /// Why the real module does otherwise on purpose, or cannot be asked; such a case has no recorded answer.
    var differs: String?
    /// What the real module did; see Tests/Oracle/record_modules.py.
    var recorded: Recorded?
    /// Names of return values that are not held to the recorded ones, such as texts of a tool's version.
    var ignoredValues: Set<String>
    /// What `environment:` adds.
    var environment: ValueMap
    /// Whether what lies in the directory afterwards differs from run to run; `verify` looks at it then.
    var ignoresState: Bool
    /// Whether our diff shows more than the real one does.
    var ignoresDiff: Bool
    /// Paths whose content no two runs have in common, such as archives that hold the time.
    var ignoredContent: Set<String>

    var testDescription: String { "\(file): \(name)" }

    init(_ map: ValueMap, module: String, file: String, recorded: Recorded? = nil) throws {
        self.file = file
        self.recorded = recorded
        differs = map["differs"]?.stringValue
        ignoredValues = Set(map["ignore_values"]?.elements?.compactMap(\.stringValue) ?? [])
        environment = map["environment"]?.mapValue ?? [:]
        ignoresState = map["ignore_state"]?.isTruthy ?? false
        ignoresDiff = map["ignore_diff"]?.isTruthy ?? false
        ignoredContent = Set(map["ignore_content"]?.elements?.compactMap(\.stringValue) ?? [])
        self.module = map["module"]?.stringValue ?? module
        name = map["name"]?.stringValue ?? "unnamed"
        arguments = map["arguments"]?.mapValue ?? [:]
        prepare = map["prepare"]?.stringValue
        run = map["run"]?.stringValue ?? "changed"
        check = map["check"]?.stringValue ?? run
        again = map["again"]?.stringValue ?? (run == "failed" ? "failed" : "ok")
        values = map["values"]?.mapValue ?? [:]
        secrets = map["secrets"]?.elements?.compactMap(\.stringValue) ?? []
        error = map["error"]?.stringValue
        verify = map["verify"]?.stringValue
        roundTrips = map["round_trips"]?.intValue ?? 1
        needs = map["needs"]?.stringValue
        isForeseenCase = map["foreseen"] != nil
        foreseen = []
        let known: Set<String> = [
            "module", "name", "arguments", "prepare", "run", "check", "again", "values", "secrets", "error",
            "verify", "round_trips",
            "foreseen", "differs", "ignore_values", "ignore_content", "ignore_state", "ignore_diff", "environment",
            "needs",
        ]
        for (key, _) in map where !known.contains(key.text) {
            throw Diagnostic(.unknownKeyword, "unknown key '\(key.text)' in case '\(name)' of \(file)")
        }
        for effect in map["foreseen"]?.elements ?? [] {
            guard let effect = effect.mapValue else { continue }
            if let path = effect["directory"]?.stringValue {
                foreseen.append(
                    .file(
                        path: path,
                        .init(
                            kind: .directory, mode: 0o755, owner: effect["owner"]?.stringValue,
                            keepsContent: effect["keeps_content"] == true)))
            }
            if let path = effect["file"]?.stringValue {
                let content = effect["content"]?.stringValue.map { Array($0.utf8) }
                foreseen.append(
                    .file(
                        path: path,
                        .init(
                            kind: .file, mode: 0o644, checksum: effect["checksum"]?.stringValue, content: content,
                            keepsContent: effect["keeps_content"] == true)))
            }
            if let path = effect["absent"]?.stringValue { foreseen.append(.file(path: path, .init(kind: .absent))) }
            if let path = effect["link"]?.stringValue {
                foreseen.append(.file(path: path, .init(kind: .link, linkTarget: effect["to"]?.stringValue)))
            }
            if let name = effect["user"]?.stringValue { foreseen.append(.user(name, present: true)) }
            if let name = effect["group"]?.stringValue { foreseen.append(.group(name, present: true)) }
            if let kind = effect["postgres"]?.stringValue, let name = effect["name"]?.stringValue {
                foreseen.append(
                    .postgres(kind: kind, name: name, present: effect["present"]?.isTruthy ?? true))
            }
            if let name = effect["chain"]?.stringValue {
                foreseen.append(.chain(name, present: effect["present"]?.isTruthy ?? true))
            }
            if let name = effect["unit"]?.stringValue { foreseen.append(.unit(name, active: true, enabled: nil)) }
            if let name = effect["package"]?.stringValue { foreseen.append(.package(name, present: true)) }
        }
    }

    var isForBusyBox: Bool { needs == nil }

    /// The cases that any machine can run.
    static let all = cases(in: "Cases")
    /// The cases that change a whole machine, for a throw-away one; `SWIFTPROV_MODULE_CASES` picks folders.
    static let forHosts: [ModuleCase] = {
        let all = cases(in: "HostCases")
        guard let picked = ProcessInfo.processInfo.environment["SWIFTPROV_MODULE_CASES"] else { return all }
        let folders = picked.split(separator: ",").map { $0 + "/" }
        return all.filter { it in folders.contains { it.file.hasPrefix($0) } }
    }()

    private static func cases(in folder: String) -> [ModuleCase] {
        var cases: [ModuleCase] = []
        guard let top = Bundle.module.url(forResource: folder, withExtension: nil),
            let walker = FileManager.default.enumerator(atPath: top.path)
        else { return [] }
        for case let name as String in walker where name.hasSuffix(".json") && !name.hasSuffix(".recorded.json") {
            let module = String(name.split(separator: "/").first ?? "")
            do {
                let data = try Data(contentsOf: top.appendingPathComponent(name))
                let beside = top.appendingPathComponent(name.replacing(".json", with: ".recorded.json"))
                let records = try (try? Data(contentsOf: beside)).map { try JSON.parse($0) }?.mapValue ?? [:]
                var names: Set<String> = []
                for case .map(let map) in try JSON.parse(data).elements ?? [] {
                    let title = map["name"]?.stringValue ?? "unnamed"
                    if !names.insert(title).inserted { Issue.record("\(name): two cases '\(title)'") }
                    let it = try ModuleCase(
                        map, module: module, file: name, recorded: records[title]?.mapValue.map(Recorded.init))
                    cases.append(it)
                }
                for (key, _) in records where !names.contains(key.text) {
                    Issue.record("\(name): no case '\(key.text)' for the recorded one")
                }
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
        // Cases of a file build on one another, so they keep their order.
        return cases.enumerated().sorted { ($0.element.file, $0.offset) < ($1.element.file, $1.offset) }.map(\.element)
    }
}

/// A real `sh` on this machine with an empty directory of its own.
final class Bench: Sendable {
    let directory: String
    let connection = ProgramConnection()
    /// What the modules speak to.
    let shell: any Shell
    /// What prepares the cases and looks at what came of them.
    private let tools: any Shell

    /// Whether it is a machine of its own, which the cases may turn upside down.
    let isHost: Bool

    /// - Parameter program: What starts `sh` as root on a throw-away host, such as `docker exec -i h1 sh`.
    init(program: String) async throws {
        directory = "/tmp/swiftprov-\(UUID().uuidString)"
        isHost = true
        // `su`'s line ends with a user, `-c` and a text: the program's last word stands where the user would.
        shell = try await connection.shell(as: Self.become(program))
        tools = shell
        let made = try await HostTarget(hostName: "bench", shell: shell).run(["mkdir", directory])
        precondition(made.succeeded)
    }

    /// - Parameter program: What starts the `sh` of this machine that modules speak to, such as
    ///   `sh Tests/Testbed/busybox.sh`; the machine's own if nil.
    init(modulesThrough program: String? = nil) async throws {
        isHost = false
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("swiftprov-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        tools = try await connection.shell(as: nil)
        guard let program else {
            shell = tools
            return
        }
        shell = try await connection.shell(as: Self.become(program))
    }

    private static func become(_ program: String) -> Become {
        let words = program.split(separator: " ").map(String.init)
        return Become(
            method: .su, user: words.last ?? "sh", executable: words.first, flags: Array(words.dropFirst().dropLast()))
    }

    func close() async {
        if isHost { _ = try? await target().run(["rm", "-rf", directory]) }
        await connection.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func target(_ foreseen: [Change.Effect] = [], environment: ValueMap = [:]) -> HostTarget {
        var state = Foreseen()
        state.add(Change([], effects: foreseen))
        return HostTarget(
            hostName: "bench", shell: shell, foreseen: state,
            environment: environment.map { ($0.key.text, fill($0.value.pythonText)) })
    }

    /// Runs shell text in the case's directory.
    func sh(_ text: String) async throws -> CommandResult {
        try await HostTarget(hostName: "bench", shell: tools).run(
            Command(.shell(fill(text), executable: "/bin/sh"), directory: directory))
    }

    func fill(_ text: String) -> String { text.replacing("$T", with: directory) }

    func fill(_ value: Value) -> Value { value.mapText { Text(fill($0.string), marks: $0.marks) } }

    /// All that a change would show in: names, kinds, modes, owners, sizes, times, content.
    func snapshot() async throws -> String {
        if isHost {
            return try await sh(
                """
                sha1sum /etc/passwd /etc/group /etc/shadow /etc/gshadow; dpkg-query -W
                ls -la /home; find . | sort; uname -n
                find /etc /root /home /var/spool/cron -xdev \\( -name .rpmdb -o -path /root/.docker \\) -prune -o -printf '%p %m %U %G %s %T@ %l\\n' | sort
                for t in iptables-save ip6tables-save; do command -v $t >/dev/null && $t 2>/dev/null | grep ^-; done
                if [ -S /run/docker.sock ]; then docker ps -aq --no-trunc; docker network ls -q; docker volume ls -q; fi 2>&1
                systemctl show -p Id,ActiveState,InvocationID cron ssh nap nap2 bad web
                """
            ).output
        }
        return try await sh(
            "find . -type d -printf '%p %m %U %G\\n' -o -printf '%p %y %m %U %G %s %T@ %l\\n' | sort; find . -type f | sort | xargs -r -d '\\n' sha1sum"
        ).output
    }

    var context: ModuleContext {
        let directory = directory
        return ModuleContext(
            findFile: { (name, _) throws(Diagnostic) in name.hasPrefix("/") ? name : "\(directory)/local/\(name)" },
            readFile: { (path, _) throws(Diagnostic) in
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw Diagnostic(.missingFile, "no file '\(path)'")
                }
                return Array(data)
            },
            render: { (text, _, _) throws(Diagnostic) in
                Text(text.string.replacing("{{ name }}", with: "world"), marks: text.marks)
            },
            show: { (text) throws(Diagnostic) in
                (text.string == "yes" ? true : text.string == "no" ? false : .string(text), [])
            },
            condition: { (condition) throws(Diagnostic) in
                condition == "yes" ? true : condition == "no" ? false : condition
            },
            variable: { (_) throws(Diagnostic) in nil }
        )
    }
}
