import Diagnostics
import Results
import Target
import Values

/// Extensions of a database, as `community.postgresql.postgresql_ext` manages them.
struct PostgresExtensionModule: Module {
    static let manual = ModuleManual(
        name: "community.postgresql.postgresql_ext",
        summary: "Add, update and remove extensions of a PostgreSQL database.",
        arguments: [
            .required("name", .string, "The extension.", aliases: ["ext"]),
            .required("login_db", .string, "The database.", aliases: ["db"]),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional("schema", .string, "The schema its objects go into."),
            .optional("version", .string, "The version; `latest` updates to the newest there is."),
            .optional("cascade", .bool, "Add what it needs, or remove what needs it.", default: false),
            .optional("comment", .string, "A comment on it; an empty text removes one."),
        ] + PostgresLogin.arguments,
        example: """
            - community.postgresql.postgresql_ext:
                name: pg_stat_statements
                login_db: app
            """,
        aliases: ["ansible.builtin.postgresql_ext", "community.general.postgresql_ext"]
    )

    struct Step: Sendable {
        var statements: [String] = []
        var before = ""
    }

    private let name: String
    private let database: String
    private let isWanted: Bool
    private let schema: String?
    private let version: String?
    private let cascades: Bool
    private let comment: String?
    private let login: PostgresLogin

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        database = try arguments.string("login_db")
        isWanted = arguments.optionalString("state") != "absent"
        schema = arguments.optionalString("schema")
        version = arguments.optionalString("version")
        cascades = arguments.bool("cascade")
        comment = arguments.optionalString("comment")
        login = try PostgresLogin(arguments)
    }

    private var question: String {
        let literal = SQL.literal(name)
        return """
            SELECT json_build_object('installed', (SELECT extversion FROM pg_extension WHERE extname = \(literal)),
                'default', (SELECT default_version FROM pg_available_extensions WHERE name = \(literal)),
                'versions', (SELECT json_agg(version) FROM pg_available_extension_versions WHERE name = \(literal)),
                'schema', (SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                    WHERE extname = \(literal)),
                'comment', (SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = \(literal)));
            """
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let row: Value
        switch try await login.ask(target, database, question) {
        case .awaited(let unknown): return .unknown(unknown, Step())
        case .answered(let rows): row = rows.first ?? .null
        }
        let installed = row["installed"].stringValue
        let quoted = SQL.identifier(name)
        var step = Step(before: installed ?? "")
        var after = installed ?? ""
        var change = Change()
        if !isWanted {
            if installed != nil {
                step.statements.append("DROP EXTENSION \(quoted)" + (cascades ? " CASCADE" : ""))
                after = ""
            }
        } else {
            guard let standard = row["default"].stringValue else {
                if target.foreseen.awaitsPackages {
                    return .unknown(Unknown("extension '\(name)', which a package may bring"), step)
                }
                throw Diagnostic(
                    .failed, "the server has no extension '\(name)'",
                    remedy: "Install the package that brings it (postgresql-contrib, postgresql-…-\(name)).",
                    host: target.hostName)
            }
            let versions = (row["versions"].elements ?? []).map(\.pythonText)
            let wanted = version == "latest" ? standard : version
            if let wanted, wanted != installed, !versions.contains(wanted) {
                throw Diagnostic(
                    .failed, "extension '\(name)' has no version '\(wanted)'",
                    remedy: "There are \(versions.sorted().joined(separator: ", ")).", host: target.hostName)
            }
            if installed == nil {
                var words = "CREATE EXTENSION \(quoted)"
                if let schema { words += " WITH SCHEMA \(SQL.identifier(schema))" }
                if let wanted { words += " VERSION \(SQL.literal(wanted))" }
                if cascades { words += " CASCADE" }
                step.statements.append(words)
                after = wanted ?? standard
            } else {
                if let wanted, wanted != installed {
                    step.statements.append("ALTER EXTENSION \(quoted) UPDATE TO \(SQL.literal(wanted))")
                    after = wanted
                }
                if let schema, row["schema"] != .string(schema) {
                    step.statements.append("ALTER EXTENSION \(quoted) SET SCHEMA \(SQL.identifier(schema))")
                    change.parts.append(.setting("schema", before: row["schema"], after: .string(schema)))
                }
            }
            if let comment, comment != (installed == nil ? "" : row["comment"].stringValue ?? "") {
                step.statements.append(
                    "COMMENT ON EXTENSION \(quoted) IS " + (comment.isEmpty ? "NULL" : SQL.literal(comment)))
                change.parts.append(.setting("comment", before: row["comment"], after: .string(comment)))
            }
        }
        if after != step.before {
            change.parts.insert(
                .setting("extension \(name)", before: .string(step.before), after: .string(after)), at: 0)
        }
        guard !step.statements.isEmpty else { return .asWanted(result(step, after, changed: false)) }
        return .change(change, step, foreseen: result(step, after, changed: true))
    }

    private func result(_ step: Step, _ after: String, changed: Bool) -> ModuleResult {
        ModuleResult(
            changed: changed,
            values: [
                "ext": .string(name), "db": .string(database), "prev_version": .string(step.before),
                "version": .string(after), "queries": .list(step.statements.map { .string($0) }),
            ])
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await login.runTogether(target, database, step.statements)
        guard case .answered(let rows) = try await login.ask(target, database, question) else {
            return result(step, "", changed: true)
        }
        return result(step, rows.first?["installed"].stringValue ?? "", changed: true)
    }
}
