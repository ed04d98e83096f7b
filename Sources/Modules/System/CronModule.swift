import Diagnostics
import Results
import Target
import Values

/// Jobs of cron and variables of crontabs, as `ansible.builtin.cron` manages them.
struct CronModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.cron",
        summary: "Put jobs and variables into crontabs.",
        description: """
            A job is found again by its name, which stands in a comment above it. Without `cron_file` it is a user's \
            own crontab, which the host's `crontab` program reads and writes.
            """,
        arguments: [
            .required("name", .string, "The job's name; with `env`, the variable's."),
            .optional("user", .string, "Whose crontab; with `cron_file`, who runs the job."),
            .optional("job", .string, "The command line; with `env`, the value.", aliases: ["value"]),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional("cron_file", .path, "A file of `/etc/cron.d`, by name or whole path, in place of a crontab."),
            .optional("backup", .bool, "Keep the crontab as it was in a file of its own.", default: false),
            .optional("minute", .string, "`0` to `59`, `*`, `*/5`, `0,30` …", default: "*"),
            .optional("hour", .string, "`0` to `23` likewise.", default: "*"),
            .optional("day", .string, "Day of the month, `1` to `31`.", default: "*", aliases: ["dom"]),
            .optional("month", .string, "`1` to `12` or `JAN` to `DEC`.", default: "*"),
            .optional("weekday", .string, "`0` to `6` or `SUN` to `SAT`.", default: "*", aliases: ["dow"]),
            .optional(
                "special_time", .string, "A name in place of the five times.",
                choices: ["annually", "daily", "hourly", "monthly", "reboot", "weekly", "yearly"]),
            .optional("disabled", .bool, "Write the job as a comment.", default: false),
            .optional("env", .bool, "It is a variable and no job.", default: false),
            .optional("insertafter", .string, "The variable to put a new variable behind."),
            .optional("insertbefore", .string, "The variable to put a new variable before."),
        ],
        example: """
            - ansible.builtin.cron:
                name: nightly backup
                hour: "3"
                minute: "20"
                job: /usr/local/bin/backup >/var/log/backup.log 2>&1
            """,
        aliases: ["ansible.legacy.cron"], exclusive: [["insertafter", "insertbefore"]]
    )

    private let name: String
    private let user: String?
    /// The job's line without its schedule's name, or the variable's value.
    private let job: String?
    private let isWanted: Bool
    private let file: String?
    private let keepsBackup: Bool
    private let schedule: String
    private let isDisabled: Bool
    private let isVariable: Bool
    private let after: String?
    private let before: String?
    private let given: ValueMap
    private var warnings: [String] = []

    enum Step: Sendable {
        case file(HostText.Step, backup: [UInt8]?)
        /// A user's crontab, whole.
        case crontab([UInt8], backup: [UInt8]?)
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        let place = arguments.location
        name = try arguments.string("name")
        user = arguments.optionalString("user")
        isWanted = arguments.optionalString("state") != "absent"
        keepsBackup = arguments.bool("backup")
        isDisabled = arguments.bool("disabled")
        isVariable = arguments.bool("env")
        after = arguments.optionalString("insertafter")
        before = arguments.optionalString("insertbefore")
        var given: ValueMap = [:]
        if let file = arguments.optionalString("cron_file") {
            guard file != "/etc/crontab" else {
                throw Diagnostic(
                    .badValue, "/etc/crontab is not managed through 'cron_file'", at: place,
                    remedy: "Put the job into a file of /etc/cron.d.")
            }
            self.file = file.hasPrefix("/") ? file : "/etc/cron.d/" + file
            given["cron_file"] = .string(file)
            let base = FilePlacement.basename(of: file)
            if !base.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }) {
                warnings.append("cron passes over files of /etc/cron.d with a name such as '\(base)'")
            }
        } else {
            file = nil
        }
        self.given = given
        let times = ["minute", "hour", "day", "month", "weekday"].map { arguments.optionalString($0) ?? "*" }
        if let special = arguments.optionalString("special_time") {
            guard times.allSatisfy({ $0 == "*" }) else {
                throw Diagnostic(
                    .badValue, "'special_time' goes without 'minute', 'hour', 'day', 'month' and 'weekday'", at: place)
            }
            schedule = "@" + special
        } else {
            schedule = times.joined(separator: " ")
        }
        let job = arguments.optionalString("job")
        if isWanted {
            guard let job else {
                throw Diagnostic(.missingArgument, "cron needs 'job': what is to be run?", at: place)
            }
            if file != nil, user == nil {
                throw Diagnostic(.missingArgument, "'cron_file' needs 'user': who runs the job?", at: place)
            }
            if after != nil || before != nil, !isVariable {
                throw Diagnostic(
                    .badValue, "'insertafter' and 'insertbefore' are for variables ('env: true')", at: place)
            }
            if job.trimmedLineEnds.contains(where: \.isNewline) {
                warnings.append("the job holds line ends; cron reads what follows as jobs of their own")
            }
        }
        self.job = job
        if isVariable, name.contains(" ") {
            throw Diagnostic(.badValue, "'\(name)' cannot be a variable's name", at: place)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        if let file { return try await plan(file: file, target) }
        let answer = try await target.query(Self.look, user ?? "")
        var old: [UInt8] = []
        switch answer.status {
        case 0: old = answer.stdout
        case 3:
            return try target.lacking(
                "crontab", remedy: "Install cron first.", step: Step.crontab([], backup: nil))
        default:
            // A user that an earlier task makes has none yet.
            guard let user, target.foreseen.users[user] == true || target.foreseen.awaitsPackages else {
                throw Diagnostic(
                    .failed, "cannot read the crontab: \(answer.errorOutput.lastLine)", host: target.hostName)
            }
        }
        let coding = TextCoding(of: old)
        let before = coding.text(old)
        var crontab = Crontab(listed: HostText.lines(before))
        let isChanged = try edit(&crontab, before, coding.spelling, target)
        guard isChanged else { return .asWanted(result(crontab, changed: false)) }
        let title = user.map { "crontab for user \"\($0)\"" } ?? "crontab"
        return .change(
            .text(title, before: before, after: crontab.text),
            .crontab(coding.bytes(crontab.text), backup: keepsBackup ? old : nil),
            foreseen: result(crontab, changed: true))
    }

    private func plan(file: String, _ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let found = try await target.hostText(file, also: [FilePlacement.directory(of: file)])
        if let awaits = found.awaits { return .unknown(awaits, .file(.none, backup: nil)) }
        if isWanted, found.inspection.paths[0].followed.kind != .directory {
            if found.inspection.paths[0].isAwaited(by: target) {
                return .unknown(
                    Unknown("the directory of '\(file)', which a package brings"), .file(.none, backup: nil))
            }
            throw Diagnostic(
                .failed, "directory '\(found.inspection.paths[0].path)' does not exist",
                remedy: "Install cron first.", host: target.hostName)
        }
        var crontab = Crontab(found.lines)
        let isChanged = try edit(&crontab, found.text ?? "", found.spelling, target)
        let after = !isWanted && !isVariable && crontab.isBlank ? nil : crontab.text
        guard isChanged, let (change, step) = found.plan(after, mode: 0o644) else {
            return .asWanted(result(crontab, changed: false))
        }
        let backup = keepsBackup ? found.bytes : nil
        return .change(change, .file(step, backup: backup), foreseen: result(crontab, changed: true))
    }

    /// Makes the lines what they are to be; returns whether they were not.
    ///
    /// - Parameter spelling: How a text of the task reads among the crontab's.
    private func edit(
        _ crontab: inout Crontab, _ before: String, _ spelling: (String) -> String, _ target: some TargetReader
    ) throws(Diagnostic) -> Bool {
        var isChanged: Bool
        let name = spelling(name)
        let job = spelling(job ?? "")
        if isVariable {
            if isWanted {
                switch crontab.put(
                    variable: "\(name)=\"\(job)\"", name: name, after: after, before: self.before)
                {
                case .asWanted: isChanged = false
                case .changed: isChanged = true
                case .missing(let other):
                    throw Diagnostic(
                        .failed, "the crontab has no variable '\(other)' to put '\(name)' beside",
                        host: target.hostName)
                }
            } else {
                isChanged = crontab.remove(variable: name)
            }
        } else if isWanted {
            let words = [schedule] + (file == nil ? [] : [user ?? "root"]) + [job.trimmedLineEnds]
            isChanged = crontab.put(
                job: (isDisabled ? "#" : "") + words.joined(separator: " "), name: name)
        } else {
            isChanged = crontab.remove(job: name)
        }
        // cron passes over a last line without an end.
        if !before.isEmpty, before.utf8.last != UInt8(ascii: "\n") { isChanged = true }
        return isChanged
    }

    private func result(_ crontab: Crontab, changed: Bool) -> ModuleResult {
        var values = given
        values["jobs"] = .list(crontab.jobNames.map { .string($0) })
        values["envs"] = .list(crontab.variableNames.map { .string($0) })
        return ModuleResult(changed: changed, values: values, warnings: warnings)
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var kept: String?
        let content: [UInt8]
        switch step {
        case .file(let step, let backup):
            kept = try await keep(backup, on: target)
            try await target.carryOut(step)
            if case .write(let file) = step { content = file.content } else { content = [] }
        case .crontab(let whole, let backup):
            kept = try await keep(backup, on: target)
            try await target.perform(
                Self.install, [user ?? ""], input: whole, doing: "install the crontab")
            content = whole
        }
        var outcome = result(Crontab(HostText.lines(TextCoding(of: content).text(content))), changed: true)
        if let kept { outcome.values["backup_file"] = .string(kept) }
        return outcome
    }

    private func keep(_ content: [UInt8]?, on target: some TargetWriter) async throws(Diagnostic) -> String? {
        guard let content else { return nil }
        let made = try await target.perform(Self.backup, [], input: content, doing: "keep the crontab as it was")
        return made.output.lastLine
    }

    /// `$1` the user, or empty for one's own.
    private static let look: Script = #"""
        command -v crontab >/dev/null 2>&1 || exit 3
        if [ -n "$1" ] && [ "$1" != "$(id -un)" ]; then set -- -u "$1" -l; else set -- -l; fi
        said=$(mktemp) || exit 1
        trap 'rm -f "$said"' EXIT
        crontab "$@" 2>"$said"
        status=$?
        # Having none is no trouble.
        if [ $status != 0 ] && grep -qi -e 'no crontab for' -e "can't open" "$said"; then status=0; fi
        [ $status = 0 ] || { cat "$said" >&2; exit 1; }
        """#

    private static let install: Script = #"""
        if [ -n "$1" ] && [ "$1" != "$(id -un)" ]; then crontab -u "$1" -; else crontab -; fi
        """#

    private static let backup: Script = #"""
        kept= file=
        trap '[ -n "$kept" ] || [ -z "$file" ] || rm -f -- "$file"' EXIT
        file=$(mktemp /tmp/crontabXXXXXXXX) || { file=; exit 1; }
        cat >"$file" || exit 1
        kept=1
        printf '%s\n' "$file"
        """#
}

extension String {
    /// Without line ends at both ends.
    fileprivate var trimmedLineEnds: String {
        var rest = self[...]
        while let first = rest.first, first.isNewline { rest = rest.dropFirst() }
        while let last = rest.last, last.isNewline { rest = rest.dropLast() }
        return String(rest)
    }
}
