import Diagnostics
import Results
import Target
import Values

/// Runs SQL, as `community.postgresql.postgresql_query` does.
struct PostgresQueryModule: Module {
    static let manual = ModuleManual(
        name: "community.postgresql.postgresql_query",
        summary: "Run SQL queries and register their rows.",
        description: """
            Queries that begin with SELECT, SHOW, VALUES, TABLE, WITH or EXPLAIN are run in a transaction that cannot \
            write; others, those that name a function known to act, and those that the server then refuses for writing, \
            only by a real run. Of a text with several statements the last one answers, and each runs once.
            """,
        arguments: [
            .required("query", .raw, "The query, or a list of them."),
            PostgresLogin.optionalDatabase,
            .optional("positional_args", .list(.raw), "What stands for each `%s`, in every query anew."),
            .optional("named_args", .map([]), "What stands for each `%(name)s`."),
            .optional("autocommit", .bool, "Each query by itself, not all in one transaction.", default: false),
            .optional("search_path", .list(.string), "Schemas to look for names in."),
            Argument(
                "encoding", .string, "The session's encoding.",
                refusal: "Sessions always speak UTF-8, and the server converts."),
        ] + PostgresLogin.arguments,
        check: "Reads; unknown for queries that write.",
        diff: "none",
        example: """
            - community.postgresql.postgresql_query:
                login_db: app
                query: SELECT id, name FROM users WHERE active = %s
                positional_args: [true]
            """,
        aliases: ["ansible.builtin.postgresql_query", "community.general.postgresql_query"],
        exclusive: [["positional_args", "named_args"]]
    )

    private let queries: [Query]
    /// As the task has them, without their values.
    private let written: [String]
    private let database: String?
    private let isTogether: Bool
    private let searchPath: [String]
    private let login: PostgresLogin

    private struct Query: Sendable {
        /// With its values.
        var text: String
        var statements: [SQLStatement]
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        let given = arguments["query"] ?? .null
        let texts = given.elements ?? [given]
        let hasArguments = arguments["positional_args"] != nil || arguments["named_args"] != nil
        var queries: [Query] = []
        for text in texts {
            guard let sql = text.stringValue, !sql.trimmed.isEmpty else {
                throw Diagnostic(.badValue, "a query must be a text that is not empty", at: arguments.location)
            }
            let whole = try hasArguments ? Self.filled(sql, arguments) : sql
            queries.append(try Self.query(whole, arguments.location))
        }
        if !arguments.list("positional_args").isEmpty, !texts.contains(where: { $0.pythonText.contains("%s") }) {
            throw Diagnostic(.badValue, "there are positional_args, but no `%s` in the query", at: arguments.location)
        }
        self.queries = queries
        written = texts.map(\.pythonText)
        database = PostgresLogin.database(arguments)
        isTogether = !arguments.bool("autocommit")
        searchPath = arguments.strings("search_path")
        login = try PostgresLogin(arguments)
    }

    private static func query(_ text: String, _ place: SourceLocation?) throws(Diagnostic) -> Query {
        let statements: [SQLStatement]
        do throws(Diagnostic) {
            statements = try SQLText.statements(text)
        } catch {
            throw error.located(at: place)
        }
        guard !statements.isEmpty else {
            throw Diagnostic(.badValue, "a query must be more than a comment", at: place)
        }
        if statements.contains(where: \.copiesThroughClient) {
            throw Diagnostic(
                .unsupported, "COPY from STDIN or to STDOUT has no place in a query", at: place,
                remedy: "Copy from or to a file of the server, or use a `command: psql …` task.")
        }
        return Query(text: text, statements: statements)
    }

    /// The query with values in the place of `%s`, `%(name)s` and `%%`.
    static func filled(_ sql: String, _ arguments: Arguments) throws(Diagnostic) -> String {
        let place = arguments.location
        let named = arguments.map("named_args")
        var positional = arguments.list("positional_args")[...]
        var result = ""
        var rest = sql[...]
        while let percent = rest.firstIndex(of: "%") {
            result += rest[..<percent]
            rest = rest[rest.utf8.index(after: percent)...]
            if rest.hasPrefix("%") {
                result += "%"
                rest = rest.dropFirst()
            } else if rest.hasPrefix("s"), named == nil {
                guard let value = positional.popFirst() else {
                    throw Diagnostic(.badValue, "there are more `%s` in the query than positional_args", at: place)
                }
                result += literal(value)
                rest = rest.dropFirst()
            } else if rest.hasPrefix("("), let close = rest.firstIndex(of: ")"),
                rest[rest.index(after: close)...].hasPrefix("s")
            {
                let name = String(rest[rest.index(after: rest.startIndex)..<close])
                guard let value = named?[name] else {
                    throw Diagnostic(
                        .badValue, "named_args lacks '\(name)', which the query asks for", at: place,
                        remedy: NearestNames.hint(name, among: named?.keys.map(\.text) ?? []))
                }
                result += literal(value)
                rest = rest[rest.index(close, offsetBy: 2)...]
            } else {
                throw Diagnostic(
                    .badValue, "a `%` in the query is neither `%s` nor `%(name)s`", at: place,
                    remedy: "Write `%%` for a percent sign.")
            }
        }
        // A query of a list may do without them, as with Ansible.
        if !positional.isEmpty, positional.startIndex > 0 {
            throw Diagnostic(
                .badValue, "there are \(positional.count) more positional_args than `%s` in the query", at: place)
        }
        return result + rest
    }

    /// A value as SQL has it, so that it stays one whatever stands around its place.
    private static func literal(_ value: Value) -> String {
        switch value {
        case .null: "NULL"
        case .bool(let bool): bool ? "true" : "false"
        // A second `-` before it would begin a comment.
        case .int(let int): int < 0 ? "(\(int))" : String(int)
        case .large(let large): large.isNegative ? "(\(large.text))" : large.text
        case .double(let double):
            if double.isNaN {
                "'NaN'::float8"
            } else if double.isInfinite {
                double < 0 ? "'-Infinity'::float8" : "'Infinity'::float8"
            } else {
                double.sign == .minus ? "(\(double))" : String(double)
            }
        case .list(let items), .tuple(let items):
            items.isEmpty ? "'{}'" : "ARRAY[\(items.map(literal).joined(separator: ", "))]"
        default: SQL.literal(value.pythonText)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        let unknown = Plan<Void>.unknown(Unknown("what the query changes"), ())
        guard queries.allSatisfy({ $0.statements.allSatisfy(\.onlyReads) }) else { return unknown }
        let mark = Self.mark()
        let result = try await login.rawAnswer(target, database, script(mark, isTogether: false))
        guard result.succeeded else {
            if PostgresLogin.isRefusedForWriting(result) { return unknown }
            if let awaited = login.awaited(result, database, target) { return .unknown(awaited, ()) }
            throw login.trouble(result, target.hostName)
        }
        return .asWanted(outcome(result, mark))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let mark = Self.mark()
        let result = try await login.rawRun(target, database, script(mark, isTogether: isTogether))
        guard result.succeeded else { throw login.trouble(result, target.hostName) }
        return outcome(result, mark)
    }

    // MARK: Talking to psql

    /// A line that no row can be mistaken for.
    private static func mark() -> String {
        var generator = SystemRandomNumberGenerator()
        return "swiftprov-" + String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
    }

    /// What stands for null: a character that nobody's text holds.
    private static let null = "\u{F8FF}null\u{F8FF}"

    /// Fields and rows end with zero bytes; before each statement's rows come its columns' names and types.
    private func script(_ mark: String, isTogether: Bool) -> String {
        var text = """
            \\t off
            \\pset footer off
            \\pset null '\(Self.null)'
            \\pset fieldsep_zero
            \\pset recordsep_zero

            """
        if !searchPath.isEmpty {
            text += "SET search_path TO \(searchPath.map(SQL.identifier).joined(separator: ", "));\n"
        }
        if isTogether { text += "BEGIN;\n" }
        for (at, query) in queries.enumerated() {
            for (index, statement) in query.statements.enumerated() {
                // The last statement's rows are the query's.
                let isLast = index == query.statements.count - 1
                text += """
                    \\echo \(mark)
                    \(isLast ? Self.description(statement, "swiftprov_\(at)") : "")\\echo \(mark)
                    \\timing on
                    \\set QUIET off
                    \(PostgresLogin.handedOver(statement.text))\\set QUIET on
                    \\timing off

                    """
            }
        }
        return text + (isTogether ? "COMMIT;\n" : "")
    }

    /// Asks for a statement's columns; what cannot be prepared is described by psql, if it may read it.
    private static func description(_ statement: SQLStatement, _ name: String) -> String {
        if statement.isPreparable {
            return PostgresLogin.handedOver("PREPARE \(name) AS \(statement.text)")
                + "EXECUTE \(name) \\gdesc\nDEALLOCATE \(name);\n"
        }
        let answers = ["SHOW", "EXPLAIN", "FETCH", "CALL", "EXECUTE"].contains(statement.words.first ?? "")
        return answers && !statement.text.contains("\\") ? "\(statement.text)\n\\gdesc\n" : ""
    }

    private func outcome(_ result: CommandResult, _ mark: String) -> ModuleResult {
        let parts = Array(result.output.components(apartBy: mark + "\n").dropFirst())
        var all: [Value] = []
        var times: [Value] = []
        var rowCount = 0
        var status = ""
        var changed = false
        var at = 0
        for query in queries {
            var milliseconds = 0.0
            for index in query.statements.indices where at + 1 < parts.count {
                let answer = PostgresQueryAnswer(described: parts[at], parts[at + 1], null: Self.null)
                at += 2
                milliseconds += answer.milliseconds
                let isLast = index == query.statements.count - 1
                changed = changed || answer.isChange && (isLast || !answer.isAboutSession)
                guard isLast else { continue }
                // A query without rows answers an empty map, as with Ansible.
                all.append(answer.rows.isEmpty ? [:] : .list(answer.rows))
                status = answer.status
                rowCount += answer.rowCount
            }
            times.append(.double(milliseconds))
        }
        return ModuleResult(
            changed: changed,
            values: [
                "query": .string(queries.last?.text ?? ""), "query_list": .list(written.map { .string($0) }),
                "query_result": all.last ?? [:], "query_all_results": .list(all), "rowcount": .int(rowCount),
                "statusmessage": .string(status), "execution_time_ms": .list(times),
            ])
    }
}
