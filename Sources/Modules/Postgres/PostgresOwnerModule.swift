import Diagnostics
import Results
import Target
import Values

/// Who owns a database's objects, as `community.postgresql.postgresql_owner` changes it.
struct PostgresOwnerModule: Module {
    static let manual = ModuleManual(
        name: "community.postgresql.postgresql_owner",
        summary: "Change the owner of a PostgreSQL object, or of all that some roles own.",
        description: """
            An object is looked up in its schema (`billing.invoices`) or, without one, along the search path. Routines \
            are told apart by their arguments' types: `total(int, text)`.
            """,
        arguments: [
            .required("new_owner", .string, "The role that is to own it."),
            .optional("obj_name", .string, "The object."),
            .optional("obj_type", .string, "What kind of object.", choices: Kind.names, aliases: ["type"]),
            .optional(
                "reassign_owned_by", .list(.string),
                "Roles whose objects in this database, and databases and tablespaces, are to be the new owner's."),
            .optional(
                "fail_on_role", .bool, "With `reassign_owned_by`: fail if a role is not there, in place of a warning.",
                default: true),
            PostgresLogin.optionalDatabase,
        ] + PostgresLogin.arguments,
        example: """
            - community.postgresql.postgresql_owner:
                login_db: app
                obj_type: table
                obj_name: billing.invoices
                new_owner: app
              become: true
              become_user: postgres
            """,
        aliases: ["ansible.builtin.postgresql_owner", "community.general.postgresql_owner"],
        exclusive: [["obj_name", "reassign_owned_by"], ["obj_type", "reassign_owned_by"]],
        oneOf: [["obj_name", "reassign_owned_by"]]
    )

    /// A kind of object: what ALTER calls it and where the server keeps it.
    fileprivate struct Kind {
        var word: String
        var catalog: String
        /// What the columns' names begin with: `rel` for `relname`, `relowner`, `relnamespace`.
        var prefix: String
        /// Tells whether an object is found without its schema; nil for what is in no schema.
        var visible: String?
        var condition: String?
        var owner: String?
        var isRoutine: Bool { catalog == "pg_proc" }

        static let names = all.map(\.name)
        static func named(_ name: String) -> Kind? { all.first { $0.name == name }?.kind }

        private static func relation(_ word: String, _ kinds: String) -> Kind {
            Kind(
                word: word, catalog: "pg_class", prefix: "rel", visible: "pg_table_is_visible",
                condition: "relkind IN (\(kinds))")
        }

        private static func routine(_ word: String, _ condition: String?) -> Kind {
            Kind(word: word, catalog: "pg_proc", prefix: "pro", visible: "pg_function_is_visible", condition: condition)
        }

        private static let all: [(name: String, kind: Kind)] = [
            ("aggregate", routine("AGGREGATE", "prokind = 'a'")),
            (
                "collation",
                Kind(word: "COLLATION", catalog: "pg_collation", prefix: "coll", visible: "pg_collation_is_visible")
            ),
            (
                "conversion",
                Kind(word: "CONVERSION", catalog: "pg_conversion", prefix: "con", visible: "pg_conversion_is_visible")
            ),
            ("database", Kind(word: "DATABASE", catalog: "pg_database", prefix: "dat", owner: "datdba")),
            (
                "domain",
                Kind(
                    word: "DOMAIN", catalog: "pg_type", prefix: "typ", visible: "pg_type_is_visible",
                    condition: "typtype = 'd'")
            ),
            ("event_trigger", Kind(word: "EVENT TRIGGER", catalog: "pg_event_trigger", prefix: "evt")),
            (
                "foreign_data_wrapper",
                Kind(word: "FOREIGN DATA WRAPPER", catalog: "pg_foreign_data_wrapper", prefix: "fdw")
            ),
            ("foreign_table", relation("FOREIGN TABLE", "'f'")),
            ("function", routine("FUNCTION", "prokind IN ('f', 'w')")),
            ("language", Kind(word: "LANGUAGE", catalog: "pg_language", prefix: "lan")),
            (
                "large_object",
                Kind(word: "LARGE OBJECT", catalog: "pg_largeobject_metadata", prefix: "lom")
            ),
            ("matview", relation("MATERIALIZED VIEW", "'m'")),
            ("procedure", routine("PROCEDURE", "prokind = 'p'")),
            ("publication", Kind(word: "PUBLICATION", catalog: "pg_publication", prefix: "pub")),
            ("routine", routine("ROUTINE", nil)),
            ("schema", Kind(word: "SCHEMA", catalog: "pg_namespace", prefix: "nsp")),
            ("sequence", relation("SEQUENCE", "'S'")),
            ("server", Kind(word: "SERVER", catalog: "pg_foreign_server", prefix: "srv")),
            (
                "statistics",
                Kind(
                    word: "STATISTICS", catalog: "pg_statistic_ext", prefix: "stx",
                    visible: "pg_statistics_obj_is_visible")
            ),
            ("table", relation("TABLE", "'r', 'p'")),
            ("tablespace", Kind(word: "TABLESPACE", catalog: "pg_tablespace", prefix: "spc")),
            (
                "text_search_configuration",
                Kind(
                    word: "TEXT SEARCH CONFIGURATION", catalog: "pg_ts_config", prefix: "cfg",
                    visible: "pg_ts_config_is_visible")
            ),
            (
                "text_search_dictionary",
                Kind(
                    word: "TEXT SEARCH DICTIONARY", catalog: "pg_ts_dict", prefix: "dict",
                    visible: "pg_ts_dict_is_visible")
            ),
            (
                "type",
                Kind(
                    word: "TYPE", catalog: "pg_type", prefix: "typ", visible: "pg_type_is_visible",
                    condition: "typtype <> 'd'")
            ),
            ("view", relation("VIEW", "'v'")),
        ]

        /// A row of JSON for each object of that name: its owner, and its name as ALTER takes it.
        func question(_ name: String) -> String {
            let column = catalog == "pg_largeobject_metadata" ? "oid::text" : prefix + "name"
            let owner = owner ?? prefix + "owner"
            var conditions = condition.map { [$0] } ?? []
            var clause = column == "oid::text" ? "o.oid::text" : "quote_ident(o.\(column))"
            let signature = isRoutine ? name.drop { $0 != "(" } : ""
            let parts = SQL.parts(of: String(name.dropLast(signature.count)))
            let namespace = prefix + "namespace"
            if let visible {
                clause =
                    "quote_ident((SELECT nspname FROM pg_namespace n WHERE n.oid = o.\(namespace))) || '.' || \(clause)"
                if parts.count > 1 {
                    conditions.append(
                        "o.\(namespace) = (SELECT oid FROM pg_namespace WHERE nspname = \(SQL.literal(parts[0])))")
                } else {
                    conditions.append("\(visible)(o.oid)")
                }
            }
            if isRoutine {
                clause += " || '(' || pg_get_function_identity_arguments(o.oid) || ')'"
                if !signature.isEmpty {
                    let whole = parts.map(SQL.identifier).joined(separator: ".") + String(signature)
                    conditions.append("o.oid = to_regprocedure(\(SQL.literal(whole)))")
                }
            }
            let wanted = visible == nil ? SQL.parts(of: name).joined(separator: ".") : parts.last ?? name
            conditions.append("o.\(column) = \(SQL.literal(wanted))")
            return """
                SELECT json_build_object('owner', pg_get_userbyid(o.\(owner)), 'clause', \(clause))
                FROM \(catalog) o WHERE \(conditions.joined(separator: " AND "));
                """
        }
    }

    private let owner: String
    private let name: String?
    private let type: String
    private let roles: [String]
    private let failsOnRole: Bool
    private let database: String?
    private let login: PostgresLogin

    init(_ arguments: Arguments) throws(Diagnostic) {
        owner = try arguments.string("new_owner")
        name = arguments.optionalString("obj_name")
        type = arguments.optionalString("obj_type") ?? ""
        roles = arguments.strings("reassign_owned_by")
        failsOnRole = arguments.bool("fail_on_role")
        database = PostgresLogin.database(arguments)
        login = try PostgresLogin(arguments)
        if name != nil, type.isEmpty {
            throw Diagnostic(.missingArgument, "'obj_name' needs 'obj_type'", at: arguments.location)
        }
        if name == nil, roles.isEmpty {
            throw Diagnostic(.badValue, "'reassign_owned_by' names no role", at: arguments.location)
        }
    }

    /// The first row names all roles; for a role whose objects are to go on, a row tells whether it owns any.
    private var question: String {
        let roles = "SELECT json_build_object('roles', json_agg(rolname)) FROM pg_roles;\n"
        if let name, let kind = Kind.named(type) { return roles + kind.question(name) }
        return roles + """
            SELECT json_build_object('role', rolname) FROM pg_roles r
            WHERE rolname IN (\(self.roles.map(SQL.literal).joined(separator: ", "))) AND EXISTS (
                SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = r.oid AND deptype = 'o'
                    AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())));
            """
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<PostgresStatements> {
        let rows: [Value]
        switch try await login.ask(target, database, question) {
        case .awaited(let unknown): return .unknown(unknown, PostgresStatements())
        case .answered(let answer): rows = answer
        }
        let known = (rows.first?["roles"].elements ?? []).map(\.pythonText)
        if !known.contains(owner) {
            if target.foreseen.postgres("role", owner) == true {
                return .unknown(Unknown("role '\(owner)', which an earlier task makes"), PostgresStatements())
            }
            throw missingRole(owner, target.hostName)
        }
        let found = Array(rows.dropFirst())
        return try name == nil ? reassignment(found, known, target) : transfer(found, target)
    }

    private func transfer(_ found: [Value], _ target: some TargetReader) throws(Diagnostic) -> Plan<PostgresStatements>
    {
        let name = name ?? ""
        guard let object = found.first else {
            let isForeseen =
                type == "database"
                ? target.foreseen.postgres("database", name)
                : type == "schema"
                    ? target.foreseen.postgres(
                        "schema", PostgresSchemaModule.effectName(name, login.databaseName(database))) : nil
            if isForeseen == true {
                return .unknown(Unknown("\(type) '\(name)', which an earlier task makes"), PostgresStatements())
            }
            throw Diagnostic(.failed, "there is no \(type) '\(name)'", host: target.hostName)
        }
        guard found.count == 1 else {
            throw Diagnostic(
                .failed, "there are \(found.count) of \(type) '\(name)'",
                remedy: "Name the arguments' types: "
                    + found.prefix(3).compactMap { $0["clause"].stringValue }.joined(separator: ", ") + ".",
                host: target.hostName)
        }
        let before = object["owner"].stringValue ?? ""
        guard before != owner else { return .asWanted(PostgresStatements().result(changed: false)) }
        let step = PostgresStatements(statements: [
            "ALTER \(Kind.named(type)?.word ?? "") \(object["clause"].stringValue ?? "") OWNER TO \(SQL.identifier(owner))"
        ])
        return .change(
            Change([.setting("owner of \(type) \(name)", before: .string(before), after: .string(owner))]), step,
            foreseen: step.result(changed: true))
    }

    private func reassignment(
        _ found: [Value], _ known: [String], _ target: some TargetReader
    ) throws(Diagnostic) -> Plan<PostgresStatements> {
        var step = PostgresStatements()
        var isUnknown = false
        for role in roles where !known.contains(role) {
            if target.foreseen.postgres("role", role) == true {
                isUnknown = true
            } else if failsOnRole {
                throw missingRole(role, target.hostName)
            } else {
                step.warnings.append("role '\(role)' does not exist, and owns nothing")
            }
        }
        if isUnknown { return .unknown(Unknown("what a role owns that an earlier task makes"), step) }
        let owners = found.compactMap { $0["role"].stringValue }.filter { $0 != owner }
        guard !owners.isEmpty else { return .asWanted(step.result(changed: false)) }
        step.statements = [
            "REASSIGN OWNED BY \(owners.map(SQL.identifier).joined(separator: ", ")) TO \(SQL.identifier(owner))"
        ]
        return .change(.action(step.statements[0]), step, foreseen: step.result(changed: true))
    }

    private func missingRole(_ role: String, _ host: String) -> Diagnostic {
        Diagnostic(
            .failed, "there is no role '\(role)'", remedy: "Make it in an earlier task (postgresql_user).", host: host)
    }

    func apply(_ step: PostgresStatements, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await login.runTogether(target, database, step.statements)
        return step.result(changed: true)
    }
}
