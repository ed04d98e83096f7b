import Diagnostics
import Results
import Target
import Values

/// How a task reaches its PostgreSQL server, and the asking itself: through the host's psql.
///
/// SQL goes in on standard input and the password by the environment: nothing of either shows in a list of
/// processes. While planning, the session itself is told that it only reads.
struct PostgresLogin: Sendable {
    private var settings: [(name: String, value: String)]
    private let password: String
    private let sessionRole: String?

    /// The arguments all PostgreSQL modules share.
    static let arguments: [Argument] = [
        .optional("login_user", .string, "Who to log in as.", default: "postgres", aliases: ["login"]),
        .optional("login_password", .string, "That user's password.", default: "", secret: true),
        .optional(
            "login_host", .string, "The server; by default the host's own socket.", default: "", aliases: ["host"]),
        .optional("login_port", .int, "The server's port.", default: 5432, aliases: ["port"]),
        .optional(
            "login_unix_socket", .string, "The directory of the server's socket.", default: "", aliases: ["unix_socket"]
        ),
        .optional(
            "ssl_mode", .string, "How much TLS matters, as libpq has it.", default: "prefer",
            choices: ["allow", "disable", "prefer", "require", "verify-ca", "verify-full"]),
        .optional("ca_cert", .string, "The CA's certificate on the host.", aliases: ["ssl_rootcert"]),
        .optional("ssl_cert", .path, "The client's certificate on the host."),
        .optional("ssl_key", .path, "The client's key on the host."),
        .optional("connect_params", .map([]), "Further parameters for libpq, which come first.", default: [:]),
        .optional("session_role", .string, "The role to take on after the login."),
        .optional("trust_input", .bool, "Taken as given: names and values are always quoted.", default: true),
    ]

    init(_ arguments: Arguments) throws(Diagnostic) {
        var settings: [(name: String, value: String)] = [
            ("user", arguments.optionalString("login_user") ?? "postgres"),
            ("port", String(arguments.int("login_port") ?? 5432)),
            ("sslmode", arguments.optionalString("ssl_mode") ?? "prefer"),
        ]
        func add(_ name: String, _ argument: String) {
            guard let value = arguments.optionalString(argument), !value.isEmpty else { return }
            settings.append((name, value))
        }
        add("host", "login_host")
        if arguments.optionalString("login_host") ?? "" == "" || arguments.optionalString("login_host") == "localhost" {
            // A socket stands in for the name, as with libpq.
            if let socket = arguments.optionalString("login_unix_socket"), !socket.isEmpty {
                settings.removeAll { $0.name == "host" }
                settings.append(("host", socket))
            }
        }
        add("sslrootcert", "ca_cert")
        add("sslcert", "ssl_cert")
        add("sslkey", "ssl_key")
        var password = arguments.optionalString("login_password") ?? ""
        for (key, value) in arguments.map("connect_params") ?? [:] {
            if key.text == "password" {
                password = value.pythonText
                continue
            }
            settings.removeAll { $0.name == key.text }
            settings.append((key.text, value.pythonText))
        }
        self.settings = settings
        self.password = password
        sessionRole = arguments.optionalString("session_role").flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What messages call the server.
    var name: String {
        settings.first { $0.name == "host" }.map { "the PostgreSQL server at '\($0.value)'" }
            ?? "the host's PostgreSQL server"
    }

    /// The server as a module's plan found it.
    enum State: Sendable {
        /// One JSON value for each row.
        case answered([Value])
        /// It is not there yet: an earlier task of this dry run brings it, or the database.
        case awaited(Unknown)
    }

    /// Asks, in a session that cannot write.
    ///
    /// - Parameters:
    ///   - sql: Statements whose rows are JSON texts, one a row.
    ///   - database: The database to connect to.
    func ask(_ target: some TargetReader, _ database: String, _ sql: String) async throws(Diagnostic) -> State {
        let result = try await target.query(
            Self.psql, [connection(database), password, "1"], input: input(sql), timeout: nil)
        if !result.succeeded, let awaited = awaited(result, database, target) { return .awaited(awaited) }
        return .answered(try rows(result, target.hostName))
    }

    /// Runs statements that change something; a transaction is the caller's to ask for.
    ///
    /// - Returns: One JSON value for each row that the statements give.
    @discardableResult
    func run(_ target: some TargetWriter, _ database: String, _ sql: String) async throws(Diagnostic) -> [Value] {
        let result = try await target.execute(
            Self.psql, [connection(database), password, ""], input: input(sql), timeout: nil)
        return try rows(result, target.hostName)
    }

    /// As `run`, for statements that belong together: all or none.
    @discardableResult
    func runTogether(
        _ target: some TargetWriter, _ database: String, _ statements: [String]
    ) async throws(Diagnostic) -> [Value] {
        try await run(
            target, database, "BEGIN;\n" + statements.map { $0 + ";\n" }.joined() + "COMMIT;\n")
    }

    /// Runs statements and gives psql's answer as it came; for queries whose rows are not ours to shape.
    func rawAnswer(
        _ target: some TargetReader, _ database: String, _ script: String
    ) async throws(Diagnostic) -> CommandResult {
        try await target.query(Self.psql, [connection(database), password, "1"], input: input(script), timeout: nil)
    }

    /// As `rawAnswer`, with leave to write.
    func rawRun(
        _ target: some TargetWriter, _ database: String, _ script: String
    ) async throws(Diagnostic) -> CommandResult {
        try await target.execute(Self.psql, [connection(database), password, ""], input: input(script), timeout: nil)
    }

    /// Why there is no answer yet, if an earlier task of this dry run explains it.
    func awaited(_ result: CommandResult, _ database: String, _ target: some TargetReader) -> Unknown? {
        let said = result.errorOutput
        let foreseen = target.foreseen
        if result.status == 2, said.contains("database \"\(database)\" does not exist"),
            foreseen.postgres("database", database) == true
        {
            return Unknown("database '\(database)', which an earlier task makes")
        }
        let noServer = result.status == 127 || result.status == 2
        guard noServer, foreseen.awaitsPackages || foreseen.units.contains(where: { $0.value.active == true }) else {
            return nil
        }
        return Unknown("the PostgreSQL server, which an earlier task brings")
    }

    /// The error that psql's answer is.
    func trouble(_ result: CommandResult, _ host: String) -> Diagnostic {
        if result.status == 127 {
            return Diagnostic(
                .failed, "the host has no 'psql' to reach \(name) with",
                remedy: "Install postgresql-client first.", host: host)
        }
        let lines = result.errorOutput.split(separator: "\n").map(String.init)
        let said =
            lines.first { $0.contains("ERROR:") || $0.contains("FATAL:") } ?? lines.last ?? "status \(result.status)"
        let bare = said.text(after: "ERROR:  ") ?? said.text(after: "FATAL:  ") ?? said
        if result.status == 2 {
            return Diagnostic(
                .failed, "cannot connect to \(name): \(bare)",
                remedy: bare.contains("eer authentication")
                    ? "Become the user that the server knows by that name: `become_user: postgres`."
                    : "See 'login_host', 'login_user' and the server's pg_hba.conf.", host: host)
        }
        let detail = lines.first { $0.hasPrefix("DETAIL:") }.map { " (\($0.dropFirst(7).trimmed))" } ?? ""
        return Diagnostic(.failed, "\(name) refused: \(bare)\(detail)", host: host)
    }

    private func rows(_ result: CommandResult, _ host: String) throws(Diagnostic) -> [Value] {
        guard result.succeeded else { throw trouble(result, host) }
        var rows: [Value] = []
        for line in HostText.lines(result.output) where !line.isEmpty { rows.append(try JSON.parse(line)) }
        return rows
    }

    private func input(_ sql: String) -> [UInt8] {
        let role = sessionRole.map { "SET ROLE \(SQL.identifier($0));\n" } ?? ""
        return Array("SET standard_conforming_strings = on;\n\(role)\(sql)\n".utf8)
    }

    /// A connection string, as libpq has it.
    private func connection(_ database: String) -> String {
        (settings + [("dbname", database)]).map { name, value in
            let escaped = value.flatMap { $0 == "'" || $0 == "\\" ? ["\\", $0] : [$0] }
            return "\(name)='\(String(escaped))'"
        }.joined(separator: " ")
    }

    /// `$1` the connection string, `$2` the password, `$3` whether the session only reads. Status 127: no psql.
    private static let psql: Script = #"""
        command -v psql >/dev/null 2>&1 || exit 127
        if [ -n "$2" ]; then PGPASSWORD=$2; export PGPASSWORD; fi
        if [ -n "$3" ]; then PGOPTIONS="$PGOPTIONS -c default_transaction_read_only=on"; export PGOPTIONS; fi
        PGCLIENTENCODING=UTF8
        export PGCLIENTENCODING
        # Where the user may not be, psql would warn.
        cd / && exec psql -X -q -A -t -w -v ON_ERROR_STOP=1 -d "$1" -f -
        """#
}

/// Quoting for SQL with standard strings.
enum SQL {
    /// A name in double quotes.
    static func identifier(_ name: String) -> String {
        "\"" + name.components(apartBy: "\"").joined(separator: "\"\"") + "\""
    }

    /// A name with its schema, `a.b`, each part quoted; parts already quoted stay as they are.
    static func qualified(_ name: String) -> String {
        var parts: [String] = [""]
        var isQuoted = false
        for character in name {
            if character == "\"" { isQuoted.toggle() }
            if character == ".", !isQuoted { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts.map { $0.hasPrefix("\"") && $0.hasSuffix("\"") && $0.count > 2 ? $0 : identifier($0) }
            .joined(separator: ".")
    }

    /// A text in single quotes.
    static func literal(_ text: String) -> String {
        "'" + text.components(apartBy: "'").joined(separator: "''") + "'"
    }
}

extension String {
    /// What stands behind the first occurrence of a text, or nil if it does not occur.
    fileprivate func text(after mark: String) -> String? {
        let parts = components(apartBy: mark)
        return parts.count > 1 ? parts[1...].joined(separator: mark) : nil
    }
}

/// All PostgreSQL modules, for the index.
enum PostgresModules {
    static let all: [any Module.Type] = [
        PostgresDatabaseModule.self,
        PostgresExtensionModule.self,
        PostgresHbaModule.self,
        PostgresPingModule.self,
        PostgresPrivilegesModule.self,
        PostgresQueryModule.self,
        PostgresSchemaModule.self,
        PostgresUserModule.self,
    ]
}
