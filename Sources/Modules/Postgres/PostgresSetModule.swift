import Diagnostics
import Results
import Target
import Values

/// Settings of a whole server, as `community.postgresql.postgresql_set` keeps them with `ALTER SYSTEM`.
struct PostgresSetModule: Module {
    static let manual = ModuleManual(
        name: "community.postgresql.postgresql_set",
        summary: "Set parameters of a PostgreSQL server with ALTER SYSTEM.",
        description: """
            A value is compared with the one that runs, whatever units it is written in, or with the one that the \
            server's files hold where a restart is awaited. The server reads its files again after a change.
            """,
        arguments: [
            .required("name", .string, "The parameter, such as `work_mem`."),
            .optional("value", .string, "Its value; `default` for the one it has by default."),
            .optional("reset", .bool, "Take it out of what ALTER SYSTEM wrote.", default: false),
            PostgresLogin.optionalDatabase,
        ] + PostgresLogin.arguments,
        example: """
            - community.postgresql.postgresql_set:
                name: work_mem
                value: 32MB
              become: true
              become_user: postgres
            """,
        aliases: ["ansible.builtin.postgresql_set", "community.general.postgresql_set"]
    )

    private let name: String
    /// Nil to have it reset.
    private let value: String?
    private let database: String?
    private let login: PostgresLogin

    struct Step: Sendable {
        var statements: [String] = []
        var before = PostgresSetting(.null)
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name").trimmed.lowercased()
        let place = arguments.location
        let given = arguments["value"].map { value in
            value.boolValue.map { $0 ? "on" : "off" } ?? value.pythonText
        }
        guard (given == nil) == arguments.bool("reset") else {
            throw Diagnostic(
                given == nil ? .missingArgument : .badValue,
                given == nil ? "postgresql_set needs 'value' or 'reset'" : "'value' goes without 'reset'", at: place)
        }
        value =
            switch given {
            case nil, "default"?: nil
            case "True"?: "on"
            case "False"?: "off"
            case let text?: text
            }
        if name == "shared_preload_libraries", value == "" {
            throw Diagnostic(
                .badValue, "an empty 'shared_preload_libraries' would keep the server from starting", at: place,
                remedy: "Say 'reset: true'.")
        }
        database = PostgresLogin.database(arguments)
        login = try PostgresLogin(arguments)
    }

    private var question: String {
        """
        SELECT json_build_object('name', name, 'setting', setting, 'unit', unit, 'context', context, 'type', vartype,
            'pretty', current_setting(name),
            'version', current_setting('server_version_num')::int,
            'kept', (SELECT setting FROM pg_file_settings f WHERE f.name = s.name ORDER BY seqno DESC LIMIT 1),
            'altered', EXISTS (SELECT FROM pg_file_settings f WHERE f.name = s.name
                AND f.sourcefile LIKE '%postgresql.auto.conf'))
        FROM pg_settings s WHERE lower(name) = \(SQL.literal(name));
        """
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let row: Value
        switch try await login.ask(target, database, question) {
        case .awaited(let unknown): return .unknown(unknown, Step())
        case .answered(let rows):
            guard let first = rows.first else {
                throw Diagnostic(
                    .failed, "\(login.name) knows no parameter '\(name)'",
                    remedy: "Mend the name, or load the library that brings it first.", host: target.hostName)
            }
            row = first
        }
        let setting = PostgresSetting(row)
        guard setting.context != "internal" else {
            throw Diagnostic(.failed, "parameter '\(name)' cannot be changed", host: target.hostName)
        }
        let value = value.map { setting.spelled($0) }
        let isAsWanted = value.map { setting.isSet(to: $0) } ?? !setting.isAltered
        var step = Step(before: setting)
        guard !isAsWanted else { return .asWanted(result(step, setting, changed: false)) }
        step.statements.append(statement(setting, value))
        var foretold = result(step, setting, changed: true)
        // What the server makes of it is told once it did; texts alone stay as they are.
        foretold.values["value"] = nil
        foretold.values["value_pretty"] = setting.isPlainText ? value.map { .string($0) } : nil
        let change = Change([
            .setting(name, before: .string(setting.kept ?? setting.pretty), after: value.map { .string($0) } ?? .null)
        ])
        return .change(change, step, foreseen: foretold)
    }

    private func statement(_ setting: PostgresSetting, _ value: String?) -> String {
        let quoted = SQL.qualified(name)
        guard let value else { return "ALTER SYSTEM RESET \(quoted)" }
        // Those lists keep each name in quotes; of other parameters a text is the whole.
        let items = setting.isListOfNames ? PostgresSetting.items(of: value) : [value]
        return "ALTER SYSTEM SET \(quoted) = \((items.isEmpty ? [""] : items).map(SQL.literal).joined(separator: ", "))"
    }

    private func result(_ step: Step, _ setting: PostgresSetting, changed: Bool) -> ModuleResult {
        let needsRestart = setting.context == "postmaster"
        let isPending = needsRestart && (changed || setting.isPending)
        return ModuleResult(
            changed: changed,
            values: [
                "name": .string(name), "context": .string(setting.context), "restart_required": .bool(needsRestart),
                "prev_val_pretty": .string(step.before.pretty), "value_pretty": .string(setting.pretty),
                "value": setting.rawValue, "queries": .list(step.statements.map { .string($0) }),
            ], warnings: isPending ? ["the server takes '\(name)' over when it is restarted"] : [])
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await login.run(target, database, step.statements + ["SELECT WHERE NOT pg_reload_conf()"])
        var after = step.before
        let value = value.map { step.before.spelled($0) }
        if after.context == "postmaster" {
            if let value { after.pretty = value }
            return result(step, after, changed: true)
        }
        // The server reads its files by and by.
        for _ in 0..<10 {
            let pause = "SELECT 'null' FROM pg_sleep(0.1);\n"
            guard case .answered(let rows) = try await login.ask(target, database, pause + question), rows.count > 1
            else { break }
            after = PostgresSetting(rows[1])
            if value.map({ after.isSet(to: $0) }) ?? (after.pretty != step.before.pretty) { break }
        }
        return result(step, after, changed: true)
    }
}

/// A parameter as the server tells it.
struct PostgresSetting: Sendable {
    let context: String
    /// As `SHOW` has it.
    var pretty: String
    /// What the files say, where that is told.
    let kept: String?
    /// Whether a restart is awaited: the files say something else than what runs.
    var isPending: Bool { context == "postmaster" && kept.map { !isSame($0, pretty) } ?? false }
    /// Whether ALTER SYSTEM wrote it.
    let isAltered: Bool
    private let setting: String
    private let unit: String?
    private let type: String
    private let name: String
    private let version: Int

    init(_ row: Value) {
        context = row["context"].stringValue ?? ""
        pretty = row["pretty"].stringValue ?? ""
        kept = row["kept"].stringValue
        isAltered = row["altered"] == true
        setting = row["setting"].stringValue ?? ""
        unit = row["unit"].stringValue
        type = row["type"].stringValue ?? ""
        name = row["name"].stringValue ?? ""
        version = row["version"].intValue ?? 0
    }

    /// Whether it is a list whose items the server keeps in quotes.
    var isListOfNames: Bool {
        let lists: Set<String> = [
            "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
            "temp_tablespaces",
        ]
        return lists.contains(name) || name == "unix_socket_directories" && version >= 140_000
    }

    /// Whether it shows as it was written.
    var isPlainText: Bool { type == "string" && !isListOfNames }

    /// A size as the server writes its unit: `32mb` is refused there, `32MB` is not.
    func spelled(_ value: String) -> String {
        guard unit?.hasSuffix("B") == true, ["integer", "real"].contains(type),
            let match = value.trimmed.wholeMatch(of: /([-0-9.]+\s*)([kmgtKMGT]?)[bB]/)
        else { return value }
        return match.1 + (match.2.lowercased() == "k" ? "k" : match.2.uppercased()) + "B"
    }

    /// Whether the value is the one that runs, or the one that a restart brings.
    func isSet(to value: String) -> Bool {
        if isPending, let kept { return isSame(kept, value) }
        return isSame(pretty, value) || isSame(setting, value)
    }

    /// The number in bytes where it is a size, as Ansible tells it.
    var rawValue: Value {
        let factor = unit == "kB" ? 1024 : unit == "MB" ? 1 << 20 : 0
        guard factor > 0, let number = Int(setting) else {
            return ["value": .string(setting), "unit": unit.map { .string($0) } ?? .null]
        }
        return ["value": number > 0 ? .int(number * factor) : .string(setting), "unit": "b"]
    }

    private func isSame(_ one: String, _ other: String) -> Bool {
        if one == other { return true }
        switch type {
        case "bool":
            return Self.boolean(one) != nil && Self.boolean(one) == Self.boolean(other)
        case "integer", "real":
            guard let first = amount(one), let second = amount(other) else { return false }
            return first == second
        case "enum": return one.lowercased() == other.lowercased()
        default: return isListOfNames && Self.items(of: one) == Self.items(of: other)
        }
    }

    static func items(of list: String) -> [String] {
        list.split(separator: ",").map { item in
            let bare = item.trimmed
            let isQuoted =
                bare.count > 1
                && (bare.hasPrefix("\"") && bare.hasSuffix("\"") || bare.hasPrefix("'") && bare.hasSuffix("'"))
            return isQuoted ? String(bare.dropFirst().dropLast()) : bare
        }
    }

    private static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "on", "true", "yes", "1", "t", "y": true
        case "off", "false", "no", "0", "f", "n": false
        default: nil
        }
    }

    /// A number with its unit, in bytes or milliseconds; one without is in the parameter's own.
    private func amount(_ text: String) -> Double? {
        let text = text.trimmed
        let digits = text.prefix { $0.isNumber || $0 == "." || $0 == "-" }
        let given = text.dropFirst(digits.count).trimmed
        guard let number = Double(digits) else { return nil }
        let own = Self.factor(unit ?? "") ?? 1
        guard !given.isEmpty else { return number * own }
        return Self.factor(given).map { number * $0 }
    }

    private static func factor(_ unit: String) -> Double? {
        let count = Double(unit.prefix { $0.isNumber }) ?? 1
        let units: [String: Double] = [
            "B": 1, "kB": 1024, "MB": 1_048_576, "GB": 1_073_741_824, "TB": 1_099_511_627_776,
            "us": 0.001, "ms": 1, "s": 1000, "min": 60000, "h": 3_600_000, "d": 86_400_000,
        ]
        return units[String(unit.drop { $0.isNumber })].map { $0 * count }
    }
}
