import Diagnostics
import Results
import Target
import Values

/// Rules of pg_hba.conf, as `community.postgresql.postgresql_pg_hba` sets them.
struct PostgresHbaModule: Module {
    /// What one rule is made of; both the arguments and the keys of an item of `rules`.
    private static func ruleArguments(hasDefaults: Bool) -> [Argument] {
        func preset(_ value: Value) -> Value? { hasDefaults ? value : nil }
        return [
            .optional(
                "contype", .string, "The type of connection; without one (and without `rules`) the file is only read.",
                choices: HbaRule.types),
            .optional("databases", .string, "The databases, with commas between them.", default: preset("all")),
            .optional("users", .string, "The roles, with commas between them.", default: preset("all")),
            .optional(
                "address", .string, "A network (`10.0.0.0/8`), a name, `all`, `samehost`, `samenet`; not for `local`.",
                default: preset("samehost"), aliases: ["source", "src"]),
            .optional("netmask", .string, "The netmask of an address without a length."),
            .optional(
                "method", .string, "How they prove who they are.", default: preset("md5"), choices: HbaRule.choices),
            .optional("options", .string, "Options of the method: `name=value name=value`."),
            .optional("comment", .string, "A comment behind the rule; without `contype`, a line of its own."),
            .optional(
                "state", .string, "Whether it is there.", default: preset("present"), choices: ["absent", "present"]),
        ]
    }

    static let manual = ModuleManual(
        name: "community.postgresql.postgresql_pg_hba",
        summary: "Set who may connect to a PostgreSQL server, in pg_hba.conf.",
        description: """
            Rules about the same connections (type, database, role, address) are one rule. The server takes the file \
            in when it is reloaded: notify a handler.
            """,
        arguments: [.required("dest", .path, "The file.")] + ruleArguments(hasDefaults: true) + [
            .optional("rules", .list(.map(ruleArguments(hasDefaults: false))), "Several rules, of the same keys."),
            .optional(
                "rules_behavior", .string,
                "With `rules`: whether the arguments for a rule must not be given, or stand for what a rule lacks.",
                default: "conflict", choices: ["conflict", "combine"]),
            .optional(
                "overwrite", .bool, "Remove all other rules and comments, whatever the file holds.", default: false),
            .optional(
                "sort_rules", .bool, "Whenever something changes, put narrow rules before wide ones.", default: true),
            .optional("create", .bool, "Make the file if it is not there.", default: false),
            .optional("backup", .bool, "Keep the old file.", default: false),
            .optional("backup_file", .string, "Where to keep it; by default beside the new one."),
            Argument(
                "keep_comments_at_rules", .bool, "Comments always stay at their rules.", default: true),
        ] + FileAttributes.arguments,
        example: """
            - community.postgresql.postgresql_pg_hba:
                dest: /etc/postgresql/15/main/pg_hba.conf
                contype: hostssl
                databases: app
                users: app
                address: 192.0.2.0/24
                method: scram-sha-256
              notify: reload PostgreSQL
            """
    )

    private struct Wish: Sendable {
        var line: HbaLine
        var isWanted: Bool
    }

    private let edit: FileEdit
    private let backupFile: String?
    private let wishes: [Wish]
    private let overwrites: Bool
    private let sorts: Bool
    private let creates: Bool

    struct Step: Sendable {
        var edit: FileEdit.Step
        /// The old file, where it goes to a place of its own.
        var kept: FileWrite?
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        var edit = FileEdit(path: try arguments.string("dest"), attributes: try FileAttributes(arguments))
        creates = arguments.bool("create")
        edit.creates = true
        backupFile = arguments.optionalString("backup_file")
        edit.backup = arguments.bool("backup") && backupFile == nil
        self.edit = edit
        overwrites = arguments.bool("overwrite")
        sorts = arguments.bool("sort_rules")
        if backupFile != nil, !arguments.bool("backup") {
            throw Diagnostic(.badValue, "'backup_file' needs 'backup: true'", at: arguments.location)
        }
        var wishes: [Wish] = []
        for rule in try Self.rules(arguments) { wishes += try Self.wishes(rule, arguments.location) }
        self.wishes = wishes
    }

    /// The rules as maps with all their keys.
    private static func rules(_ arguments: Arguments) throws(Diagnostic) -> [ValueMap] {
        let own = ruleArguments(hasDefaults: true)
        let given = arguments.list("rules").compactMap(\.mapValue)
        guard !given.isEmpty else {
            guard arguments["contype"] != nil || arguments["comment"] != nil else { return [] }
            return [arguments.values]
        }
        let isCombined = arguments.optionalString("rules_behavior") == "combine"
        if !isCombined,
            let other = own.first(where: { ($0.defaultValue ?? .null) != arguments.values[.string($0.name)] ?? .null })
        {
            throw Diagnostic(
                .badValue, "'\(other.name)' and 'rules' exclude each other", at: arguments.location,
                remedy: "With 'rules_behavior: combine' it stands for what a rule lacks.")
        }
        return given.map { rule in
            var rule = rule
            for argument in own where (rule[.string(argument.name)] ?? .null).isNull {
                rule[.string(argument.name)] =
                    isCombined ? arguments.values[.string(argument.name)] : argument.defaultValue
            }
            return rule
        }
    }

    /// A wish for each database and role of a rule.
    private static func wishes(_ rule: ValueMap, _ place: SourceLocation?) throws(Diagnostic) -> [Wish] {
        func text(_ name: String) -> String? { rule[.string(name)].flatMap { $0.isNull ? nil : $0.pythonText } }
        func names(_ name: String) throws(Diagnostic) -> [String] {
            let text = text(name) ?? "all"
            let names =
                text.hasPrefix("\"")
                ? [text] : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            for item in names where (try? HbaLine.words(item).count) != 1 || item.contains("#") {
                throw Diagnostic(.badValue, "'\(item)' is no name for '\(name)'", at: place)
            }
            return names.map(\.trimmed)
        }
        let isWanted = text("state") != "absent"
        guard let type = text("contype") else {
            guard let comment = text("comment"), !comment.trimmed.isEmpty else {
                throw Diagnostic(.missingArgument, "a rule without 'contype' and 'comment'", at: place)
            }
            return [Wish(line: HbaLine(rule: nil, comment: comment), isWanted: isWanted)]
        }
        let address: HbaAddress?
        let options: [String: String]
        do throws(HbaAddress.Trouble) {
            address = type == "local" ? nil : try HbaAddress(text("address") ?? "samehost", mask: text("netmask"))
            options = try HbaRule.options(try HbaLine.words(text("options") ?? ""))
        } catch {
            throw Diagnostic(.badValue, error.text, at: place)
        }
        let users = try names("users")
        var wishes: [Wish] = []
        for database in try names("databases") {
            for user in users {
                let made = HbaRule(
                    type: type, database: database, user: user, address: address, method: text("method") ?? "md5",
                    options: options)
                wishes.append(Wish(line: HbaLine(rule: made, comment: text("comment")), isWanted: isWanted))
            }
        }
        return wishes
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let nothing = Step(edit: FileEdit.Step())
        var edit = edit
        guard let original = try await edit.read(target, mayBeMissing: true) else {
            return .unknown(Unknown("what '\(edit.path)' will hold"), nothing)
        }
        if original.isMissing, target.foreseen.awaitsPackages {
            return .unknown(Unknown("'\(edit.path)', which a package may bring"), nothing)
        }
        let text = String(decoding: original.content ?? [], as: UTF8.self)
        var file: HbaFile
        do throws(HbaAddress.Trouble) {
            file = try HbaFile(text)
        } catch {
            guard overwrites else {
                throw Diagnostic(
                    .failed, "'\(original.place.path)' cannot be read: \(error.text)",
                    remedy: "Mend it, or replace all of it with 'overwrite: true'.", host: target.hostName)
            }
            file = HbaFile(lines: [])
        }
        var messages: [String] = []
        let isChanged = change(&file, &messages)
        var values: ValueMap = ["pg_hba_string": .string(file.text), "pg_hba": .list(file.rules)]
        guard isChanged else {
            values["msgs"] = []
            guard !original.isMissing, !edit.attributes.isEmpty else { return .asWanted(.ok(values)) }
            return wrapped(
                try await edit.plan(original, content: original.content ?? [], message: "", values: values, target))
        }
        if original.isMissing {
            guard creates else {
                throw Diagnostic(
                    .failed, "'\(original.place.path)' does not exist", remedy: "Say 'create: true' to have it made.",
                    host: target.hostName)
            }
            // It may hold secrets of a directory service.
            if edit.attributes.mode == nil { edit.attributes.mode = FileMode("0600") }
        }
        messages.append("Changed")
        let keeps = !original.isMissing && (edit.backup || backupFile != nil)
        if keeps { messages.append("Creating Backup") }
        messages.append("Writing")
        values["msgs"] = .list(messages.map { .string($0) })
        let planned = try await edit.plan(original, content: Array(file.text.utf8), message: "", values: values, target)
        let state = original.place.followed
        let kept = backupFile.flatMap { path in
            keeps
                ? FileWrite(
                    path: path, content: original.content ?? [], owner: String(state.uid), group: String(state.gid),
                    mode: state.mode) : nil
        }
        return wrapped(planned, kept)
    }

    private func wrapped(_ plan: Plan<FileEdit.Step>, _ kept: FileWrite? = nil) -> Plan<Step> {
        switch plan {
        case .asWanted(let result): .asWanted(result)
        case .change(let change, let step, let foreseen):
            .change(change, Step(edit: step, kept: kept), foreseen: foreseen)
        case .unknown(let unknown, let step): .unknown(unknown, Step(edit: step))
        }
    }

    /// Brings the file to what is wanted.
    private func change(_ file: inout HbaFile, _ messages: inout [String]) -> Bool {
        if overwrites {
            var wanted = HbaFile(lines: wishes.filter(\.isWanted).map(\.line))
            if sorts { wanted.sort() }
            guard !wanted.means(file) else { return false }
            file = wanted
            return true
        }
        var isChanged = false
        for wish in wishes {
            let verb =
                switch file.settle(wish.line, isWanted: wish.isWanted) {
                case nil: ""
                case .adds: "Adding"
                case .updates: "Updating"
                case .removes: "Removing"
                }
            guard !verb.isEmpty else { continue }
            isChanged = true
            messages.append("\(verb) rule \(wish.line.text)")
        }
        if isChanged, sorts { file.sort() }
        return isChanged
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        if let kept = step.kept { _ = try await target.write(kept) }
        var result = try await edit.apply(step.edit, to: target)
        if let kept = step.kept { result.values["backup_file"] = .string(kept.path) }
        return result
    }
}
