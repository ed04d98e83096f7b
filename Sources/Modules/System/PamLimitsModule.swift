import Diagnostics
import Results
import Target
import Values

/// Limits of logins, as `community.general.pam_limits` sets them.
struct PamLimitsModule: Module, ReadsAhead {
    private static let items = [
        "core", "data", "fsize", "memlock", "nofile", "rss", "stack", "cpu", "nproc", "as", "maxlogins",
        "maxsyslogins", "priority", "locks", "sigpending", "msgqueue", "nice", "rtprio", "chroot",
    ]

    static let manual = ModuleManual(
        name: "community.general.pam_limits",
        summary: "Set what logins may use, in limits.conf.",
        arguments: [
            .required("domain", .string, "A user, `@group`, `*`, or a range of numbers."),
            .required("limit_type", .string, "Which limit.", choices: ["-", "hard", "soft"]),
            .required("limit_item", .string, "What is limited.", choices: items),
            .required("value", .string, "A number, or `unlimited`, `infinity`, `-1`."),
            .optional("use_max", .bool, "Keep a higher value that is there.", default: false),
            .optional("use_min", .bool, "Keep a lower value that is there.", default: false),
            .optional("dest", .path, "The file.", default: "/etc/security/limits.conf"),
            .optional("comment", .string, "A comment behind it.", default: ""),
            .optional("backup", .bool, "Keep the old file beside the new one.", default: false),
        ],
        example: """
            - community.general.pam_limits:
                domain: postgres
                limit_type: "-"
                limit_item: nofile
                value: "65536"
            """,
        aliases: ["ansible.builtin.pam_limits"], exclusive: [["use_max", "use_min"]]
    )

    private let domain: String
    private let type: String
    private let item: String
    private let value: String
    private let keepsHigher: Bool
    private let keepsLower: Bool
    private let path: String
    private let comment: String
    private let backup: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        domain = try arguments.string("domain")
        type = try arguments.string("limit_type")
        item = try arguments.string("limit_item")
        value = try arguments.string("value").trimmed
        keepsHigher = arguments.bool("use_max")
        keepsLower = arguments.bool("use_min")
        path = arguments.optionalString("dest") ?? "/etc/security/limits.conf"
        comment = arguments.optionalString("comment") ?? ""
        backup = arguments.bool("backup")
        if domain.isEmpty || domain.contains(where: \.isWhitespace) || domain.hasPrefix("#") {
            throw Diagnostic(.badValue, "'\(domain)' is no domain of limits.conf", at: arguments.location)
        }
        let isNice = item == "nice" || item == "priority"
        let number = Int(value)
        let isFine =
            isNice
            ? number.map((-20...19).contains) ?? false
            : Self.isEndless(value) || number.map { $0 >= 0 } ?? false
        guard isFine || item == "chroot" else {
            throw Diagnostic(
                .badValue, "'value: \(value)' is no limit for \(item)", at: arguments.location,
                remedy: isNice ? "Give a number from -20 to 19." : "Give a number from 0 on, or `unlimited`.")
        }
    }

    private static func isEndless(_ value: String) -> Bool { ["unlimited", "infinity", "-1"].contains(value) }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<HostText.Step> {
        let found = try await target.hostText(path, also: [FilePlacement.directory(of: path)])
        if let awaits = found.awaits { return .unknown(awaits, .none) }
        let directory = found.inspection.paths[0]
        guard directory.followed.kind == .directory else {
            if directory.isAwaited(by: target) { return .unknown(Unknown("directory '\(directory.path)'"), .none) }
            throw Diagnostic(.failed, "directory '\(directory.path)' does not exist", host: target.hostName)
        }
        var lines: [String] = []
        var isThere = false
        var said = ""
        for line in found.lines {
            let hash = line.firstIndex(of: "#") ?? line.endIndex
            let words = line[..<hash].split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count == 4, words[0] == domain, words[1] == type, words[2] == item else {
                lines.append(line)
                continue
            }
            // A second line for the same thing would win over ours.
            if isThere { continue }
            isThere = true
            let wanted = chosen(over: words[3])
            if wanted == words[3], comment.isEmpty || line[hash...] == "#" + comment {
                said = line
            } else {
                said = self.line(wanted, comment.isEmpty ? String(line[hash...]) : "#" + comment)
            }
            lines.append(said)
        }
        if !isThere {
            said = line(value, comment.isEmpty ? "" : "#" + comment)
            lines.append(said)
        }
        let values: ValueMap = ["msg": .string(said + "\n")]
        guard lines != found.lines,
            let (change, step) = found.plan(lines.map { $0 + "\n" }.joined(), backup: backup)
        else { return .asWanted(.ok(values)) }
        return .change(change, step, foreseen: .changed(values))
    }

    private func line(_ value: String, _ comment: String) -> String {
        let bare = "\(domain)\t\(type)\t\(item)\t\(value)"
        return comment.isEmpty ? bare : "\(bare)\t\(comment)"
    }

    /// The value to write where one is there already.
    private func chosen(over old: String) -> String {
        guard keepsHigher || keepsLower else { return value }
        func size(_ text: String) -> Int { Self.isEndless(text) ? .max : Int(text) ?? 0 }
        return keepsHigher == (size(old) >= size(value)) ? old : value
    }

    func apply(_ step: HostText.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let kept = try await target.carryOut(step)
        var values: ValueMap = [:]
        if case .write(let file) = step {
            let lines = HostText.lines(String(decoding: file.content, as: UTF8.self))
            let said = lines.last {
                $0.split(whereSeparator: \.isWhitespace).prefix(3).elementsEqual([domain[...], type[...], item[...]])
            }
            values["msg"] = .string((said ?? "") + "\n")
        }
        if let kept { values["backup_file"] = .string(kept) }
        return .changed(values)
    }
}
