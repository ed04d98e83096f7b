import Diagnostics
import Results
import Target
import Values

/// Roles that log in, as `community.postgresql.postgresql_user` manages them.
struct PostgresUserModule: Module {
    static let manual = ModuleManual(
        name: "community.postgresql.postgresql_user",
        summary: "Make, change and remove PostgreSQL users.",
        description: """
            A plain password is compared with the hash that the server keeps (SCRAM-SHA-256 or MD5), so that a user \
            who has it already is left alone; that takes the right to read pg_authid.
            """,
        arguments: [
            .required("name", .string, "The user.", aliases: ["user"]),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional("password", .string, "Its password, plain or as the server's hash.", secret: true),
            .optional("encrypted", .bool, "Taken as given: servers since 10 store hashes only.", default: true),
            .optional("no_password_changes", .bool, "Leave an existing user's password alone.", default: false),
            .optional(
                "role_attr_flags", .string,
                "`SUPERUSER`, `CREATEDB`, `CREATEROLE`, `INHERIT`, `LOGIN`, `REPLICATION`, `BYPASSRLS`, with `NO` before "
                    + "them for the contrary, apart by commas.", default: ""),
            .optional("expires", .string, "When the password ends, as SQL has it; `infinity` for never."),
            .optional("conn_limit", .int, "How many connections it may have; -1 for no limit."),
            .optional("comment", .string, "A comment on it; an empty text removes one."),
            .optional("configuration", .map([]), "Settings of its sessions (`ALTER ROLE … SET`).", default: [:]),
            .optional(
                "reset_unspecified_configuration", .bool, "Remove settings that are not listed.", default: false),
            .optional(
                "quote_configuration_values", .bool, "Quote the settings' values; false for lists as in search_path.",
                default: true),
            .optional(
                "fail_on_user", .bool, "Fail if the user cannot be removed, in place of a warning.", default: true,
                aliases: ["fail_on_role"]),
            PostgresLogin.optionalDatabase,
        ] + PostgresLogin.arguments,
        example: """
            - community.postgresql.postgresql_user:
                name: app
                password: "{{ app_db_password }}"
                role_attr_flags: NOSUPERUSER,NOCREATEDB
              become: true
              become_user: postgres
            """,
        aliases: ["ansible.builtin.postgresql_user", "community.general.postgresql_user"]
    )

    struct Step: Sendable {
        /// The password's place is taken by `passwordMark`.
        var statements: [String] = []
    }

    /// A flag's word and the column that holds it.
    private static let flags = [
        "SUPERUSER": "rolsuper", "INHERIT": "rolinherit", "CREATEROLE": "rolcreaterole", "CREATEDB": "rolcreatedb",
        "LOGIN": "rolcanlogin", "REPLICATION": "rolreplication", "BYPASSRLS": "rolbypassrls",
    ]
    private static let passwordMark = "%(password)s"

    private let name: String
    private let isWanted: Bool
    private let password: String?
    private let keepsPassword: Bool
    private let flags: [(word: String, column: String, isSet: Bool)]
    private let expires: String?
    private let limit: Int?
    private let comment: String?
    private let configuration: [(name: String, value: String)]
    private let resetsOthers: Bool
    private let quotesValues: Bool
    private let failsOnUser: Bool
    private let database: String?
    private let login: PostgresLogin

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        isWanted = arguments.optionalString("state") != "absent"
        password = arguments.optionalString("password")
        keepsPassword = arguments.bool("no_password_changes")
        expires = arguments.optionalString("expires")
        limit = arguments.int("conn_limit")
        comment = arguments.optionalString("comment")
        configuration = (arguments.map("configuration") ?? [:]).map { ($0.key.text, $0.value.pythonText) }
        resetsOthers = arguments.bool("reset_unspecified_configuration")
        quotesValues = arguments.bool("quote_configuration_values")
        failsOnUser = arguments.bool("fail_on_user")
        database = PostgresLogin.database(arguments)
        login = try PostgresLogin(arguments)
        if !quotesValues {
            for (setting, value) in configuration {
                do throws(Diagnostic) {
                    let statements = try SQLText.statements(value)
                    guard statements.count == 1, statements[0].text == value.trimmed else {
                        throw Diagnostic(.badValue, "'\(setting)' in 'configuration' is no value of a setting")
                    }
                } catch {
                    throw error.located(at: arguments.location)
                }
            }
        }
        var flags: [(word: String, column: String, isSet: Bool)] = []
        for text in (arguments.optionalString("role_attr_flags") ?? "").split(separator: ",") {
            let word = text.trimmed.uppercased()
            if word.isEmpty { continue }
            if let column = Self.flags[word] {
                flags.append((word, column, true))
            } else if word.hasPrefix("NO"), let column = Self.flags[String(word.dropFirst(2))] {
                flags.append((word, column, false))
            } else {
                throw Diagnostic(
                    .badValue, "'\(word)' is no attribute of a role", at: arguments.location,
                    remedy: NearestNames.hint(word, among: Self.flags.keys.flatMap { [$0, "NO" + $0] })
                        ?? "There are \(Self.flags.keys.sorted().joined(separator: ", ")).")
            }
        }
        self.flags = flags
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let readsPassword = isWanted && password != nil && !keepsPassword
        let found = try await login.ask(
            target, database,
            """
            SELECT json_build_object(\(Self.flags.values.sorted().map { "'\($0)', \($0)" }.joined(separator: ", ")),
                'conn_limit', rolconnlimit, 'config', rolconfig, 'comment', shobj_description(r.oid, 'pg_authid'),
                'password', \(readsPassword ? "(SELECT rolpassword FROM pg_authid a WHERE a.oid = r.oid)" : "NULL"),
                'until', rolvaliduntil::text,
                'same_until', \(expires.map { "rolvaliduntil IS NOT DISTINCT FROM \(SQL.literal($0))::timestamptz" } ?? "true"))
            FROM pg_roles r WHERE rolname = \(SQL.literal(name));
            """)
        var row: Value?
        switch found {
        case .awaited(let unknown): return .unknown(unknown, Step())
        case .answered(let rows): row = rows.first
        }
        switch target.foreseen.postgres("role", name) {
        case true? where row == nil:
            if isWanted { return .unknown(Unknown("user '\(name)', whom an earlier task makes"), Step()) }
            row = [:]
        case false?: row = nil
        default: break
        }
        var change = Change()
        var statements: [String] = []
        let quoted = SQL.identifier(name)
        guard isWanted else {
            guard row != nil else { return .asWanted(result([], changed: false)) }
            change = Change(
                [.setting("user \(name)", before: "present", after: "absent")],
                effects: [.postgres(kind: "role", name: name, present: false)])
            statements = ["DROP USER \(quoted)"]
            return .change(change, Step(statements: statements), foreseen: result(statements, changed: true))
        }
        if let row {
            alter(row, &statements, &change)
        } else {
            var words = "CREATE USER \(quoted)"
            if password != nil || expires != nil || limit != nil || !flags.isEmpty { words += " WITH" }
            if let password {
                words += password.isEmpty ? " PASSWORD NULL" : " ENCRYPTED PASSWORD \(Self.passwordMark)"
            }
            if let expires { words += " VALID UNTIL \(SQL.literal(expires))" }
            if let limit { words += " CONNECTION LIMIT \(limit)" }
            words += flags.map { " " + $0.word }.joined()
            statements.append(words)
            change.parts.append(.setting("user \(name)", before: "absent", after: "present"))
            for (setting, value) in configuration { statements.append(set(setting, value)) }
            if let comment, !comment.isEmpty { statements.append(commentStatement(comment)) }
        }
        guard !statements.isEmpty else { return .asWanted(result([], changed: false)) }
        change.effects.append(.postgres(kind: "role", name: name, present: true))
        return .change(change, Step(statements: statements), foreseen: result(statements, changed: true))
    }

    private func alter(_ row: Value, _ statements: inout [String], _ change: inout Change) {
        var clauses = ""
        if let password, !keepsPassword,
            !PostgresPassword.matches(password, row["password"].stringValue, user: name)
        {
            clauses += password.isEmpty ? " PASSWORD NULL" : " ENCRYPTED PASSWORD \(Self.passwordMark)"
            change.parts.append(.action("change the password of \(name)"))
        }
        if let expires, row["same_until"] == false {
            clauses += " VALID UNTIL \(SQL.literal(expires))"
            change.parts.append(.setting("expires", before: row["until"], after: .string(expires)))
        }
        if let limit, row["conn_limit"] != .int(limit) {
            clauses += " CONNECTION LIMIT \(limit)"
            change.parts.append(.setting("conn_limit", before: row["conn_limit"], after: .int(limit)))
        }
        for flag in flags where row[flag.column] != .bool(flag.isSet) {
            clauses += " " + flag.word
            change.parts.append(
                .setting(flag.column.dropFirst(3).uppercased(), before: row[flag.column], after: .bool(flag.isSet)))
        }
        if !clauses.isEmpty { statements.append("ALTER USER \(SQL.identifier(name)) WITH\(clauses)") }

        var now: [String: String] = [:]
        for entry in row["config"].elements ?? [] {
            let parts = entry.pythonText.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            now[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        // Settings that are lists keep a quoted value as one name in quotes.
        for (setting, value) in configuration where now[setting] != value && now[setting] != SQL.identifier(value) {
            statements.append(set(setting, value))
            change.parts.append(
                .setting(setting, before: now[setting].map { .string($0) } ?? .null, after: .string(value)))
        }
        if resetsOthers {
            for setting in now.keys.sorted() where !configuration.contains(where: { $0.name == setting }) {
                statements.append("ALTER USER \(SQL.identifier(name)) RESET \(SQL.qualified(setting))")
                change.parts.append(.setting(setting, before: .string(now[setting] ?? ""), after: .null))
            }
        }
        if let comment, comment != row["comment"].stringValue ?? "" {
            statements.append(commentStatement(comment))
            change.parts.append(.setting("comment", before: row["comment"], after: .string(comment)))
        }
    }

    private func set(_ setting: String, _ value: String) -> String {
        "ALTER USER \(SQL.identifier(name)) SET \(SQL.qualified(setting)) TO \(quotesValues ? SQL.literal(value) : value)"
    }

    private func commentStatement(_ comment: String) -> String {
        "COMMENT ON ROLE \(SQL.identifier(name)) IS " + (comment.isEmpty ? "NULL" : SQL.literal(comment))
    }

    private func result(_ statements: [String], changed: Bool) -> ModuleResult {
        ModuleResult(
            changed: changed,
            values: ["user": .string(name), "queries": .list(statements.map { .string($0) })])
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let statements = step.statements.map { statement in
            statement.components(apartBy: Self.passwordMark).joined(separator: SQL.literal(password ?? ""))
        }
        do throws(Diagnostic) {
            try await login.runTogether(target, database, statements)
        } catch {
            guard !isWanted, !failsOnUser, error.code == .failed else { throw error }
            var outcome = result([], changed: false)
            outcome.warnings.append("user '\(name)' was not removed: \(error.summary)")
            return outcome
        }
        return result(step.statements, changed: true)
    }
}
