import Diagnostics
import Results
import Target
import Values

/// Schemas of a database, as `community.postgresql.postgresql_schema` manages them.
struct PostgresSchemaModule: Module {
    static let manual = ModuleManual(
        name: "community.postgresql.postgresql_schema",
        summary: "Make, change and remove schemas of a PostgreSQL database.",
        arguments: [
            .required("name", .string, "The schema.", aliases: ["schema"]),
            .optional("login_db", .string, "The database.", default: "postgres", aliases: ["db", "database"]),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional("owner", .string, "The role that owns it.", default: ""),
            .optional("cascade_drop", .bool, "Remove it with all that it holds.", default: false),
            .optional("comment", .string, "A comment on it; an empty text removes one."),
        ] + PostgresLogin.arguments,
        example: """
            - community.postgresql.postgresql_schema:
                name: billing
                login_db: app
                owner: app
            """,
        aliases: ["ansible.builtin.postgresql_schema", "community.general.postgresql_schema"]
    )

    private let name: String
    private let database: String
    private let isWanted: Bool
    private let owner: String
    private let cascades: Bool
    private let comment: String?
    private let login: PostgresLogin

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        database = arguments.optionalString("login_db") ?? "postgres"
        isWanted = arguments.optionalString("state") != "absent"
        owner = arguments.optionalString("owner") ?? ""
        cascades = arguments.bool("cascade_drop")
        comment = arguments.optionalString("comment")
        login = try PostgresLogin(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<[String]> {
        var row: Value?
        switch try await login.ask(
            target, database,
            """
            SELECT json_build_object('owner', pg_get_userbyid(nspowner), 'comment', obj_description(oid, 'pg_namespace'))
            FROM pg_namespace WHERE nspname = \(SQL.literal(name));
            """)
        {
        case .awaited(let unknown): return .unknown(unknown, [])
        case .answered(let rows): row = rows.first
        }
        let effectName = Self.effectName(name, database)
        switch target.foreseen.postgres("schema", effectName) {
        case true? where row == nil:
            if isWanted { return .unknown(Unknown("schema '\(name)', which an earlier task makes"), []) }
            row = [:]
        case false?: row = nil
        default: break
        }
        var change = Change()
        var statements: [String] = []
        let quoted = SQL.identifier(name)
        if isWanted {
            if let row {
                if !owner.isEmpty, row["owner"] != .string(owner) {
                    statements.append("ALTER SCHEMA \(quoted) OWNER TO \(SQL.identifier(owner))")
                    change.parts.append(.setting("owner", before: row["owner"], after: .string(owner)))
                }
            } else {
                statements.append(
                    "CREATE SCHEMA \(quoted)" + (owner.isEmpty ? "" : " AUTHORIZATION \(SQL.identifier(owner))"))
                change.parts.append(.setting("schema \(name)", before: "absent", after: "present"))
            }
            if let comment, comment != row?["comment"].stringValue ?? "" {
                statements.append(
                    "COMMENT ON SCHEMA \(quoted) IS " + (comment.isEmpty ? "NULL" : SQL.literal(comment)))
                change.parts.append(.setting("comment", before: row?["comment"] ?? .null, after: .string(comment)))
            }
        } else if row != nil {
            statements.append("DROP SCHEMA \(quoted)" + (cascades ? " CASCADE" : ""))
            change.parts.append(.setting("schema \(name)", before: "present", after: "absent"))
        }
        guard !statements.isEmpty else { return .asWanted(result([], changed: false)) }
        change.effects = [.postgres(kind: "schema", name: effectName, present: isWanted)]
        return .change(change, statements, foreseen: result(statements, changed: true))
    }

    /// What later tasks of a dry run know the schema by: a database's name holds no zero byte.
    static func effectName(_ schema: String, _ database: String) -> String { "\(database)\0\(schema)" }

    private func result(_ statements: [String], changed: Bool) -> ModuleResult {
        ModuleResult(
            changed: changed,
            values: ["schema": .string(name), "queries": .list(statements.map { .string($0) })])
    }

    func apply(_ step: [String], to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await login.runTogether(target, database, step)
        return result(step, changed: true)
    }
}
