import Diagnostics
import Results
import Target
import Values

/// Databases, as `community.postgresql.postgresql_db` manages them.
struct PostgresDatabaseModule: Module {
    static let manual = ModuleManual(
        name: "community.postgresql.postgresql_db",
        summary: "Make, change, rename and remove PostgreSQL databases.",
        arguments: [
            .required("name", .string, "The database.", aliases: ["db"]),
            .optional(
                "state", .string, "`rename` gives it the name in `target`.", default: "present",
                choices: ["absent", "present", "rename"]),
            .optional("owner", .string, "The role that owns it.", default: ""),
            .optional("template", .string, "The template of a new database.", default: ""),
            .optional("encoding", .string, "Its encoding, such as `UTF8`.", default: ""),
            .optional("lc_collate", .string, "Its collation.", default: ""),
            .optional("lc_ctype", .string, "Its character classes.", default: ""),
            .optional("icu_locale", .string, "Its ICU locale.", default: ""),
            .optional("locale_provider", .string, "`icu` or `libc`.", default: ""),
            .optional("conn_limit", .string, "How many connections it takes; -1 for no limit.", default: ""),
            .optional("tablespace", .path, "Its tablespace.", default: ""),
            .optional("comment", .string, "A comment on it; an empty text removes one."),
            .optional("maintenance_db", .string, "The database to connect to.", default: "postgres"),
            .optional("force", .bool, "With `absent`, end its connections first.", default: false),
            .optional("target", .path, "With `rename`, the new name.", default: ""),
            Argument(
                "target_opts", .string, "Words for pg_dump.",
                refusal: "Dump and restore with a `command: pg_dump …` task."),
            Argument(
                "dump_extra_args", .string, "Words for pg_dump.",
                refusal: "Dump and restore with a `command: pg_dump …` task."),
        ] + PostgresLogin.arguments,
        example: """
            - community.postgresql.postgresql_db:
                name: app
                owner: app
                encoding: UTF8
              become: true
              become_user: postgres
            """,
        aliases: ["ansible.builtin.postgresql_db", "community.general.postgresql_db"]
    )

    struct Step: Sendable {
        var statements: [String] = []
    }

    private let name: String
    private let state: String
    private let newName: String
    private let maintenance: String
    private let force: Bool
    private let comment: String?
    private let limit: String
    /// Argument, column and clause of what cannot be changed once the database is there.
    private let settings: [String: String]
    private let login: PostgresLogin

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        state = arguments.optionalString("state") ?? "present"
        newName = arguments.optionalString("target") ?? ""
        maintenance = arguments.optionalString("maintenance_db") ?? "postgres"
        force = arguments.bool("force")
        comment = arguments.optionalString("comment")
        limit = arguments.optionalString("conn_limit") ?? ""
        var settings: [String: String] = [:]
        for name in [
            "owner", "template", "encoding", "lc_collate", "lc_ctype", "icu_locale", "locale_provider", "tablespace",
        ] {
            if let value = arguments.optionalString(name), !value.isEmpty { settings[name] = value }
        }
        self.settings = settings
        login = try PostgresLogin(arguments)
        if state == "rename", newName.isEmpty {
            throw Diagnostic(.missingArgument, "'state: rename' needs 'target'", at: arguments.location)
        }
        if !limit.isEmpty, Int(limit) == nil {
            throw Diagnostic(.badValue, "'conn_limit: \(limit)' is no number", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let names = [name] + (state == "rename" ? [newName] : [])
        let found = try await login.ask(
            target, maintenance,
            """
            SELECT json_build_object('name', datname, 'owner', pg_get_userbyid(datdba),
                'encoding', pg_encoding_to_char(encoding), 'lc_collate', datcollate, 'lc_ctype', datctype,
                'conn_limit', datconnlimit, 'tablespace', spcname, 'comment', shobj_description(d.oid, 'pg_database'))
            FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace
            WHERE datname IN (\(names.map(SQL.literal).joined(separator: ", ")));
            """)
        let rows: [Value]
        switch found {
        case .awaited(let unknown): return .unknown(unknown, Step())
        case .answered(let answer): rows = answer
        }
        /// The database's row as it would be by now.
        func row(_ name: String) -> Value? {
            let found = rows.first { $0["name"] == .string(name) }
            switch target.foreseen.postgres("database", name) {
            case true?: return found ?? [:]
            case false?: return nil
            case nil: return found
            }
        }
        let now = row(name)
        if state == "present", now?.mapValue?.isEmpty == true {
            return .unknown(Unknown("database '\(name)', which an earlier task makes"), Step())
        }
        return try plan(now, isNewNameTaken: state == "rename" && row(newName) != nil, target.hostName)
    }

    private func plan(_ row: Value?, isNewNameTaken: Bool, _ host: String) throws(Diagnostic) -> Plan<Step> {
        var change = Change()
        var statements: [String] = []
        let quoted = SQL.identifier(name)
        switch state {
        case "absent":
            guard row != nil else { return .asWanted(result([], changed: false)) }
            statements.append("DROP DATABASE \(quoted)" + (force ? " WITH (FORCE)" : ""))
            change.parts.append(.setting("database \(name)", before: "present", after: "absent"))
            change.effects.append(.postgres(kind: "database", name: name, present: false))
        case "rename":
            if row == nil, isNewNameTaken { return .asWanted(result([], changed: false)) }
            guard row != nil, !isNewNameTaken else {
                throw Diagnostic(
                    .failed,
                    row == nil
                        ? "there is no database '\(name)' to rename" : "there is a database '\(newName)' already",
                    host: host)
            }
            statements.append("ALTER DATABASE \(quoted) RENAME TO \(SQL.identifier(newName))")
            change.parts.append(.setting("name", before: .string(name), after: .string(newName)))
            change.effects += [
                .postgres(kind: "database", name: name, present: false),
                .postgres(kind: "database", name: newName, present: true),
            ]
        default:
            change.effects.append(.postgres(kind: "database", name: name, present: true))
            if let row {
                try alter(row, &statements, &change, host)
            } else {
                create(&statements, &change)
            }
        }
        guard !statements.isEmpty else { return .asWanted(result([], changed: false)) }
        return .change(change, Step(statements: statements), foreseen: result(statements, changed: true))
    }

    private func create(_ statements: inout [String], _ change: inout Change) {
        var words = "CREATE DATABASE \(SQL.identifier(name))"
        for (setting, clause, isName) in [
            ("owner", "OWNER", true), ("template", "TEMPLATE", true), ("encoding", "ENCODING", false),
            ("lc_collate", "LC_COLLATE", false), ("lc_ctype", "LC_CTYPE", false),
            ("icu_locale", "ICU_LOCALE", false), ("locale_provider", "LOCALE_PROVIDER", true),
            ("tablespace", "TABLESPACE", true),
        ] {
            guard let value = settings[setting] else { continue }
            words += " \(clause) \(isName ? SQL.identifier(value) : SQL.literal(value))"
        }
        if let limit = Int(limit) { words += " CONNECTION LIMIT \(limit)" }
        statements.append(words)
        change.parts.append(.setting("database \(name)", before: "absent", after: "present"))
        if let comment, !comment.isEmpty { statements.append(commentStatement(comment)) }
    }

    private func alter(
        _ row: Value, _ statements: inout [String], _ change: inout Change, _ host: String
    ) throws(Diagnostic) {
        let quoted = SQL.identifier(name)
        func text(_ key: String) -> String { row[key].stringValue ?? "" }
        // What a database was made with it keeps.
        if let encoding = settings["encoding"], Self.plain(encoding) != Self.plain(text("encoding")) {
            throw Diagnostic(
                .failed, "database '\(name)' has encoding \(text("encoding")), not \(encoding)",
                remedy: "An encoding cannot be changed; dump the database and make it anew.", host: host)
        }
        for key in ["lc_collate", "lc_ctype"] {
            if let wanted = settings[key], wanted != text(key) {
                throw Diagnostic(
                    .failed, "database '\(name)' has \(key) \(text(key)), not \(wanted)",
                    remedy: "It cannot be changed; dump the database and make it anew.", host: host)
            }
        }
        func set(_ key: String, _ before: String, _ after: String, _ statement: String) {
            guard before != after else { return }
            statements.append(statement)
            change.parts.append(.setting(key, before: .string(before), after: .string(after)))
        }
        if let owner = settings["owner"] {
            set("owner", text("owner"), owner, "ALTER DATABASE \(quoted) OWNER TO \(SQL.identifier(owner))")
        }
        if let limit = Int(limit) {
            set(
                "conn_limit", String(row["conn_limit"].intValue ?? -1), String(limit),
                "ALTER DATABASE \(quoted) CONNECTION LIMIT \(limit)")
        }
        if let space = settings["tablespace"] {
            set(
                "tablespace", text("tablespace"), space,
                "ALTER DATABASE \(quoted) SET TABLESPACE \(SQL.identifier(space))")
        }
        if let comment { set("comment", text("comment"), comment, commentStatement(comment)) }
    }

    private func commentStatement(_ comment: String) -> String {
        "COMMENT ON DATABASE \(SQL.identifier(name)) IS " + (comment.isEmpty ? "NULL" : SQL.literal(comment))
    }

    private static func plain(_ encoding: String) -> String {
        encoding.lowercased().filter { $0 != "-" && $0 != "_" }
    }

    private func result(_ statements: [String], changed: Bool) -> ModuleResult {
        ModuleResult(
            changed: changed,
            values: ["db": .string(name), "executed_commands": .list(statements.map { .string($0) })])
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        // CREATE DATABASE and its like go without a transaction.
        try await login.run(target, maintenance, step.statements)
        return result(step.statements, changed: true)
    }
}
