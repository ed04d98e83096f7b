import Diagnostics
import Results
import Target
import Values

/// Asks a PostgreSQL server for a sign of life, as `community.postgresql.postgresql_ping` does.
struct PostgresPingModule: Module {
    static let manual = ModuleManual(
        name: "community.postgresql.postgresql_ping",
        summary: "See whether a PostgreSQL server answers, and which version it is.",
        arguments: [
            PostgresLogin.optionalDatabase
        ] + PostgresLogin.arguments,
        check: "full; nothing is changed",
        diff: "none",
        example: """
            - community.postgresql.postgresql_ping:
                login_db: app
            """,
        aliases: ["ansible.builtin.postgresql_ping", "community.general.postgresql_ping"]
    )

    private let database: String?
    private let login: PostgresLogin

    init(_ arguments: Arguments) throws(Diagnostic) {
        database = PostgresLogin.database(arguments)
        login = try PostgresLogin(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> {
        let sql = """
            SELECT json_build_object('raw', version(), 'full', split_part(current_setting('server_version'), ' ', 1),
                'number', current_setting('server_version_num')::int);
            """
        let row: Value
        do throws(Diagnostic) {
            switch try await login.ask(target, database, sql) {
            case .awaited(let unknown):
                return .asWanted(.ok(["is_available": .unknown(unknown), "server_version": .unknown(unknown)]))
            case .answered(let rows): row = rows.first ?? .null
            }
        } catch {
            // A server that does not answer is an answer, too.
            guard error.code == .failed, error.summary.hasPrefix("cannot connect") else { throw error }
            return .asWanted(
                .ok(["is_available": false, "server_version": [:], "conn_err_msg": .string(error.summary)]))
        }
        let number = row["number"].intValue ?? 0
        return .asWanted(
            .ok([
                "is_available": true, "conn_err_msg": "",
                "server_version": [
                    "major": .int(number / 10000), "minor": .int(number % 10000), "full": row["full"],
                    "raw": row["raw"],
                ],
            ]))
    }

    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}
}
