import Diagnostics
import Results
import Target
import Values

/// Groups of accounts, as `ansible.builtin.group` manages them.
struct GroupModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.group",
        summary: "Make, change and remove groups.",
        arguments: [
            .required("name", .string, "The group."),
            .optional("gid", .int, "Its number."),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional("system", .bool, "Take a number from those for the system.", default: false),
            .optional("non_unique", .bool, "Allow a number that another group has.", default: false),
            .optional("local", .bool, "Look only into the host's own files.", default: false),
            .optional("force", .bool, "Remove it even if it is a user's primary group.", default: false),
            .optional("gid_min", .int, "The lowest number to take."),
            .optional("gid_max", .int, "The highest number to take."),
        ],
        example: """
            - ansible.builtin.group:
                name: app
                gid: 1500
            """,
        aliases: ["ansible.legacy.group"]
    )

    private let name: String
    private let number: Int?
    private let isWanted: Bool
    private let isSystem: Bool
    private let allowsDouble: Bool
    private let isLocal: Bool
    private let force: Bool
    private let range: (low: Int?, high: Int?)

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        number = arguments.int("gid")
        isWanted = arguments.optionalString("state") != "absent"
        isSystem = arguments.bool("system")
        allowsDouble = arguments.bool("non_unique")
        isLocal = arguments.bool("local")
        force = arguments.bool("force")
        range = (arguments.int("gid_min"), arguments.int("gid_max"))
        try AccountName.check(name, "group", arguments.location)
        if allowsDouble, number == nil {
            throw Diagnostic(.missingArgument, "'non_unique' needs 'gid'", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<[String]> {
        let answer = try await target.query(Self.look, [name, isLocal ? "1" : ""])
        let fields = answer.output.trimmed.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var current = fields.count >= 3 ? Int(fields[2]) : nil
        let exists = target.foreseen.groups[name] ?? (current != nil)
        if !exists { current = nil }
        var values: ValueMap = ["name": .string(name), "state": isWanted ? "present" : "absent"]
        guard isWanted else {
            guard exists else { return .asWanted(.ok(values)) }
            return .change(
                Change(
                    [.setting("state", before: "present", after: "absent")], effects: [.group(name, present: false)]),
                ["groupdel"] + (force ? ["-f"] : []) + ["--", name], foreseen: .changed(values))
        }
        values["system"] = .bool(isSystem)
        if let id = number ?? current { values["gid"] = .int(id) }
        guard exists else {
            var words = ["groupadd"]
            if let number { words += ["-g", String(number)] }
            if allowsDouble { words.append("-o") }
            if isSystem { words.append("-r") }
            if let low = range.low { words += ["-K", "GID_MIN=\(low)"] }
            if let high = range.high { words += ["-K", "GID_MAX=\(high)"] }
            return .change(
                Change(
                    [.setting("state", before: "absent", after: "present")], effects: [.group(name, present: true)]),
                words + ["--", name], foreseen: .changed(values))
        }
        guard let number, let current, number != current else { return .asWanted(.ok(values)) }
        return .change(
            Change([.setting("gid", before: .int(current), after: .int(number))]),
            ["groupmod", "-g", String(number)] + (allowsDouble ? ["-o"] : []) + ["--", name], foreseen: .changed(values)
        )
    }

    func apply(_ step: [String], to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await AccountName.run([step], about: "group '\(name)'", on: target)
        var values: ValueMap = ["name": .string(name), "state": isWanted ? "present" : "absent"]
        if isWanted {
            let answer = try await target.query(Self.look, [name, isLocal ? "1" : ""])
            let fields = answer.output.trimmed.split(separator: ":", omittingEmptySubsequences: false)
            values["system"] = .bool(isSystem)
            values["gid"] = fields.count >= 3 ? Int(fields[2]).map { .int($0) } : nil
        }
        return .changed(values)
    }

    /// Prints the group's line.
    private static let look: Script = #"""
        if [ -z "$2" ] && command -v getent >/dev/null 2>&1; then
            # A number would be looked up as one.
            getent group | while IFS= read -r line; do
                case $line in "$1":*) printf '%s\n' "$line"; break ;; esac
            done
            exit 0
        fi
        while IFS= read -r line; do
            case $line in "$1":*) printf '%s\n' "$line"; break ;; esac
        done </etc/group
        """#
}

/// What is common to modules about accounts.
enum AccountName {
    static func check(_ name: String, _ kind: String, _ place: SourceLocation?) throws(Diagnostic) {
        guard !name.isEmpty, !name.hasPrefix("-"), !name.contains(where: { $0 == ":" || $0 == "\n" || $0 == "/" })
        else {
            throw Diagnostic(.badValue, "'\(name)' cannot be the name of a \(kind)", at: place)
        }
    }

    /// Runs programs one after the other; the first that fails is the task's failure, in its own words.
    static func run(_ commands: [[String]], about subject: String, on target: some TargetWriter)
        async throws(Diagnostic)
    {
        for words in commands {
            let result = try await target.run(Command(.words(words)))
            guard !result.succeeded else { continue }
            if result.status == 127 {
                throw Diagnostic(
                    .failed, "the host has no '\(words[0])' to change \(subject) with",
                    remedy: "Install the package that brings it (passwd on Debian, shadow on Alpine).",
                    host: target.hostName)
            }
            let said = result.errorOutput.lastLine
            throw Diagnostic(
                .failed, "\(words[0]) refused \(subject): \(said.isEmpty ? "status \(result.status)" : said)",
                host: target.hostName)
        }
    }
}
