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
            Queries that begin with SELECT, SHOW, VALUES, TABLE, WITH or EXPLAIN are run in a session that cannot write; \
            others, and those that the server then refuses for writing, only by a real run.
            """,
        arguments: [
            .required("query", .raw, "The query, or a list of them."),
            .optional("login_db", .string, "The database.", aliases: ["db"]),
            .optional("positional_args", .list(.raw), "What stands for each `%s`."),
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

    private let queries: [String]
    private let database: String
    private let isTogether: Bool
    private let searchPath: [String]
    private let login: PostgresLogin

    init(_ arguments: Arguments) throws(Diagnostic) {
        let given = arguments["query"] ?? .null
        let texts = given.elements ?? [given]
        var positional = arguments.list("positional_args")[...]
        let hasArguments = arguments["positional_args"] != nil || arguments["named_args"] != nil
        var queries: [String] = []
        for text in texts {
            guard let sql = text.stringValue, !sql.trimmed.isEmpty else {
                throw Diagnostic(.badValue, "a query must be a text that is not empty", at: arguments.location)
            }
            if HostText.lines(sql).contains(where: { $0.trimmed.hasPrefix("\\") }) {
                throw Diagnostic(
                    .badValue, "a query holds SQL, not commands of psql", at: arguments.location,
                    remedy: "Run psql's own commands with a `command: psql …` task.")
            }
            queries.append(
                hasArguments
                    ? try Self.filled(sql, &positional, arguments.map("named_args"), arguments.location) : sql)
        }
        if !positional.isEmpty {
            throw Diagnostic(
                .badValue, "there are \(positional.count) more positional_args than `%s` in the query",
                at: arguments.location)
        }
        self.queries = queries
        database = arguments.optionalString("login_db") ?? "postgres"
        isTogether = !arguments.bool("autocommit")
        searchPath = arguments.strings("search_path")
        login = try PostgresLogin(arguments)
    }

    /// The query with values in the place of `%s`, `%(name)s` and `%%`.
    private static func filled(
        _ sql: String, _ positional: inout ArraySlice<Value>, _ named: ValueMap?, _ place: SourceLocation?
    ) throws(Diagnostic) -> String {
        var result = ""
        var rest = sql[...]
        while let percent = rest.firstIndex(of: "%") {
            result += rest[..<percent]
            rest = rest[rest.index(after: percent)...]
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
        return result + rest
    }

    private static func literal(_ value: Value) -> String {
        switch value {
        case .null: "NULL"
        case .bool(let bool): bool ? "true" : "false"
        case .int(let int): String(int)
        case .double(let double): String(double)
        case .list(let items), .tuple(let items):
            items.isEmpty ? "'{}'" : "ARRAY[\(items.map(literal).joined(separator: ", "))]"
        default: SQL.literal(value.pythonText)
        }
    }

    private static let readers: Set<String> = ["SELECT", "SHOW", "VALUES", "TABLE", "WITH", "EXPLAIN"]

    private var onlyReads: Bool {
        queries.allSatisfy { sql in
            let words = sql.split { !($0.isLetter || $0 == "_") }.prefix(2).map { $0.uppercased() }
            guard let first = words.first, Self.readers.contains(first) else { return false }
            return !(first == "EXPLAIN" && words.last == "ANALYZE")
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        let unknown = Plan<Void>.unknown(Unknown("what the query changes"), ())
        guard onlyReads else { return unknown }
        let mark = Self.mark()
        let result = try await login.rawAnswer(target, database, script(mark))
        guard result.succeeded else {
            if result.errorOutput.contains("in a read-only transaction") { return unknown }
            if let awaited = login.awaited(result, database, target) { return .unknown(awaited, ()) }
            throw login.trouble(result, target.hostName)
        }
        return .asWanted(outcome(result, mark))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let mark = Self.mark()
        let result = try await login.rawRun(target, database, script(mark))
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

    /// Fields and rows end with zero bytes; before each query's rows come its columns' names and types.
    private func script(_ mark: String) -> String {
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
        for query in queries {
            var bare = query.trimmed
            while bare.hasSuffix(";") { bare = String(bare.dropLast()).trimmed }
            // A comment at the end must not hide what follows.
            text += """
                \\echo \(mark)
                \(bare)
                \\gdesc
                \\echo \(mark)
                \\timing on
                \\set QUIET off
                \(bare)
                ;
                \\set QUIET on
                \\timing off

                """
        }
        return text + (isTogether ? "COMMIT;\n" : "")
    }

    private func outcome(_ result: CommandResult, _ mark: String) -> ModuleResult {
        let parts = result.output.components(apartBy: mark + "\n").dropFirst()
        var all: [Value] = []
        var times: [Value] = []
        var rowCount = 0
        var status = ""
        var changed = false
        var described = ""
        for (index, part) in parts.enumerated() {
            guard index % 2 == 1 else {
                described = part
                continue
            }
            let answer = QueryAnswer(described: described, part, null: Self.null)
            all.append(.list(answer.rows))
            times.append(.double(answer.milliseconds))
            status = answer.status
            let words = status.split(separator: " ")
            let count = words.last.flatMap { Int($0) } ?? 0
            rowCount += count
            switch words.first {
            case "SELECT", "SHOW", "EXPLAIN": break
            case "INSERT", "UPDATE", "DELETE", "MERGE", "COPY": changed = changed || count > 0
            default: changed = true
            }
        }
        return ModuleResult(
            changed: changed,
            values: [
                "query": .string(queries.last ?? ""), "query_list": .list(queries.map { .string($0) }),
                "query_result": all.last ?? [], "query_all_results": .list(all), "rowcount": .int(rowCount),
                "statusmessage": .string(status), "execution_time_ms": .list(times),
            ])
    }
}

/// One query's answer out of psql's output.
private struct QueryAnswer {
    var rows: [Value] = []
    var status = ""
    var milliseconds = 0.0

    init(described: String, _ text: String, null: String) {
        var fields = text.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        // What follows the last zero byte are the command's tag and the time it took.
        for line in HostText.lines(fields.removeLast()) where !line.isEmpty {
            if line.hasPrefix("Time: ") {
                milliseconds = line.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
            } else {
                status = line
            }
        }
        var columns: [(name: String, type: String)] = []
        let description = described.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        // `Column`, `Type`, then a pair for each.
        for at in stride(from: 2, to: description.count - 1, by: 2) {
            columns.append((description[at], description[at + 1]))
        }
        guard !columns.isEmpty else { return }
        for start in stride(from: columns.count, to: fields.count, by: columns.count) {
            var row: ValueMap = [:]
            for (offset, column) in columns.enumerated() where start + offset < fields.count {
                row[column.name] = Self.value(fields[start + offset], column.type, null: null)
            }
            rows.append(.map(row))
        }
        if status.isEmpty { status = "SELECT \(rows.count)" }
    }

    private static func value(_ text: String, _ type: String, null: String) -> Value {
        if text == null { return .null }
        if type.hasSuffix("[]") { return list(text, String(type.dropLast(2))) ?? .string(text) }
        switch type {
        case "smallint", "integer", "bigint", "oid": return Int(text).map { .int($0) } ?? .string(text)
        case "boolean": return .bool(text == "t")
        case "json", "jsonb": return (try? JSON.parse(text)) ?? .string(text)
        default:
            let isNumber = type == "real" || type == "double precision" || type.hasPrefix("numeric")
            if isNumber, let double = Double(text), double.isFinite { return .double(double) }
            return .string(text)
        }
    }

    /// `{1,2,NULL}` or `{"a b",c}`; nil for lists of lists.
    private static func list(_ text: String, _ type: String) -> Value? {
        guard text.hasPrefix("{"), text.hasSuffix("}"), !text.hasPrefix("{{") else { return nil }
        var items: [Value] = []
        var item = ""
        var isQuoted = false
        var wasQuoted = false
        var isEscaped = false
        func close() {
            items.append(!wasQuoted && item == "NULL" ? .null : value(item, type, null: "\0"))
            item = ""
            wasQuoted = false
        }
        for character in text.dropFirst().dropLast() {
            if isEscaped {
                item.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
                wasQuoted = true
            } else if character == ",", !isQuoted {
                close()
            } else {
                item.append(character)
            }
        }
        if !item.isEmpty || wasQuoted || !items.isEmpty { close() }
        return .list(items)
    }
}
