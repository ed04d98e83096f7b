import Diagnostics
import Results
import Target
import Values

/// Which program a generic name stands for, as `community.general.alternatives` sets it on Debian.
struct AlternativesModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "community.general.alternatives",
        summary: "Choose which program a generic name stands for.",
        description: "It speaks to Debian's update-alternatives; that of Red Hat cannot be asked in a form to be read.",
        arguments: [
            .required("name", .string, "The generic name, such as `editor`."),
            .optional("path", .path, "The program."),
            .optional("link", .path, "The link that leads to it; needed for a name that is not there yet."),
            .optional("priority", .int, "How it ranks among others; 50 for a new one."),
            .optional(
                "state", .string,
                "`present`: known; `selected`: known and chosen; `auto`: known, and the highest priority is chosen.",
                default: "selected", choices: ["absent", "auto", "present", "selected"]),
            .optional(
                "subcommands",
                .list(
                    .map([
                        .required("name", .string, "Its generic name."), .required("link", .path, "Its link."),
                        .required("path", .path, "Its program."),
                    ])), "Links that go along.", aliases: ["slaves"]),
            Argument("family", .string, "For Red Hat.", refusal: "Only Debian's update-alternatives is supported."),
        ],
        example: """
            - community.general.alternatives:
                name: editor
                path: /usr/bin/vim.basic
            """,
        aliases: ["ansible.builtin.alternatives"]
    )

    private struct Subcommand: Equatable {
        var name: String
        var link: String
        var path: String
    }

    private let name: String
    private let path: String?
    private let link: String?
    private let priority: Int?
    private let state: String
    private let subcommands: [Subcommand]?

    struct Step: Sendable {
        var commands: [[String]] = []
        var message = ""
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        path = arguments.optionalString("path")
        link = arguments.optionalString("link")
        priority = arguments.int("priority")
        state = arguments.optionalString("state") ?? "selected"
        subcommands =
            arguments["subcommands"] == nil
            ? nil
            : arguments.list("subcommands").map { value in
                Subcommand(
                    name: value["name"].pythonText, link: value["link"].pythonText, path: value["path"].pythonText)
            }
        if name.isEmpty || name.hasPrefix("-") || name.contains("/") {
            throw Diagnostic(.badValue, "'\(name)' is no generic name", at: arguments.location)
        }
        if path == nil, state != "auto" {
            throw Diagnostic(.missingArgument, "alternatives needs 'path'", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let answer = try await target.query(Self.look, name, path ?? "")
        guard answer.status != 3 else {
            return try target.lacking(
                "update-alternatives", remedy: "Debian's package 'dpkg' brings it.", step: Step())
        }
        var fields = FieldReader(answer.stdout)
        let exists = fields.next() == "1"
        let group = Group(fields.next())
        var step = Step()
        var change = Change()
        var said: [String] = []
        if let path {
            let known = group.choices[path]
            if state == "absent" {
                if known != nil {
                    step.commands.append(["--remove", name, path])
                    said.append("Remove alternative '\(path)' from '\(name)'.")
                    change.parts.append(.setting("\(name): \(path)", before: "present", after: "absent"))
                }
            } else {
                let wantedSubcommands = subcommands.map { $0.sorted { $0.name < $1.name } }
                let isSame =
                    known.map { known in
                        (priority == nil || priority == known.priority)
                            && (wantedSubcommands == nil
                                || wantedSubcommands == group.subcommands(of: known).sorted { $0.name < $1.name })
                            && (link == nil || link == group.link)
                    } ?? false
                if !isSame {
                    guard exists || target.foreseen.awaitsPackages || target.foreseen.effect(at: path) != nil else {
                        throw Diagnostic(
                            .failed, "there is no program '\(path)'", remedy: "Install it in an earlier task.",
                            host: target.hostName)
                    }
                    guard let link = link ?? group.link else {
                        throw Diagnostic(
                            .failed, "there is no '\(name)' yet, and its 'link' is not given",
                            remedy: "Give 'link', such as /usr/bin/\(name).", host: target.hostName)
                    }
                    let rank = priority ?? known?.priority ?? 50
                    var words = ["--install", link, name, path, String(rank)]
                    for sub in subcommands ?? known.map(group.subcommands) ?? [] {
                        words += ["--slave", sub.link, sub.name, sub.path]
                    }
                    step.commands.append(words)
                    said.append("Install alternative '\(path)' for '\(name)'.")
                    change.parts.append(
                        .setting(
                            "\(name): \(path)", before: known.map { .int($0.priority) } ?? "absent", after: .int(rank)))
                }
                if state == "selected", group.value != path || !isSame && group.status != "manual" {
                    step.commands.append(["--set", name, path])
                    said.append("Set alternative '\(path)' for '\(name)'.")
                    change.parts.append(
                        .setting(name, before: group.value.map { .string($0) } ?? .null, after: .string(path)))
                }
            }
        }
        if state == "auto", group.status == "manual" {
            step.commands.append(["--auto", name])
            said.append("Set alternative to auto for '\(name)'.")
            change.parts.append(.setting("\(name): status", before: "manual", after: "auto"))
        }
        step.message = said.joined(separator: " ")
        guard !step.commands.isEmpty else { return .asWanted(.ok(["msg": ""])) }
        return .change(change, step, foreseen: .changed(["msg": .string(step.message)]))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await AccountName.run(
            step.commands.map { ["update-alternatives", "--quiet"] + $0 }, about: "'\(name)'", on: target)
        return .changed(["msg": .string(step.message)])
    }

    /// What `update-alternatives --query` says of a name.
    private struct Group {
        struct Choice {
            var priority = 0
            /// Programs of subcommands by their names.
            var paths: [String: String] = [:]
        }

        var link: String?
        var status = "auto"
        var value: String?
        var choices: [String: Choice] = [:]
        private var links: [String: String] = [:]

        init(_ text: String) {
            var choice: String?
            for line in HostText.lines(text) {
                if line.hasPrefix(" ") {
                    let words = line.trimmed.split(separator: " ", maxSplits: 1).map(String.init)
                    guard words.count == 2 else { continue }
                    if let choice { choices[choice]?.paths[words[0]] = words[1] } else { links[words[0]] = words[1] }
                    continue
                }
                guard let colon = line.firstIndex(of: ":") else { continue }
                let rest = line[line.index(after: colon)...].trimmed
                switch line[..<colon] {
                case "Link": link = rest
                case "Status": status = rest
                case "Value": value = rest == "none" ? nil : rest
                case "Alternative":
                    choice = rest
                    choices[rest] = Choice()
                case "Priority": if let choice { choices[choice]?.priority = Int(rest) ?? 0 }
                default: break
                }
            }
        }

        func subcommands(of choice: Choice) -> [Subcommand] {
            choice.paths.keys.sorted().map { name in
                Subcommand(name: name, link: links[name] ?? "", path: choice.paths[name] ?? "")
            }
        }
    }

    /// `$1` the name, `$2` the program.
    private static let look: Script = #"""
        command -v update-alternatives >/dev/null 2>&1 || exit 3
        if [ -n "$2" ] && [ -e "$2" ]; then printf '1\0'; else printf '0\0'; fi
        update-alternatives --query "$1" 2>/dev/null
        printf '\0'
        """#
}
