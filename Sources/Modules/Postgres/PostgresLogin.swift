import Diagnostics
import Results
import Target
import Values

/// How a task reaches its PostgreSQL server, and the asking itself: through the host's psql.
///
/// SQL goes in on standard input and the password by the environment: nothing of either shows in a list of
/// processes. Statements of a task reach the server as texts that psql itself does not read (`\gexec`), so that
/// nothing in them can be a command of psql. While planning, all happens in a transaction that only reads.
struct PostgresLogin: Sendable {
    private var settings: [(name: String, value: String)]
    private let password: String
    /// Parameters that are nobody else's business, as lines of a service file.
    private let secrets: [String]
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

    /// `login_db` where a module can do without.
    static let optionalDatabase = Argument.optional(
        "login_db", .string, "The database to connect to; by default the one of the login user's name.",
        aliases: ["db"])

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
        var secrets: [String] = []
        for (key, value) in arguments.map("connect_params") ?? [:] {
            if key.text == "password" {
                password = value.pythonText
                continue
            }
            guard !key.text.isEmpty, key.text.allSatisfy({ $0.isASCII && ($0.isLetter || $0 == "_") }) else {
                throw Diagnostic(.badValue, "'\(key.text)' is no parameter of libpq", at: arguments.location)
            }
            if key.text == "sslpassword" || key.text.hasSuffix("_secret") || value.holdsSecret {
                guard !value.pythonText.contains(where: \.isNewline) else {
                    throw Diagnostic(
                        .badValue, "'\(key.text)' in 'connect_params' holds a line end", at: arguments.location)
                }
                settings.removeAll { $0.name == key.text }
                secrets.append("\(key.text)=\(value.pythonText)")
                continue
            }
            settings.removeAll { $0.name == key.text }
            settings.append((key.text, value.pythonText))
        }
        if !secrets.isEmpty, settings.contains(where: { $0.name == "service" }) {
            throw Diagnostic(
                .badValue, "'connect_params' names a service and a secret", at: arguments.location,
                remedy: "Put the secret into the service's file, which only its user can read.")
        }
        self.settings = settings
        self.password = password
        self.secrets = secrets
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

    /// The database that a task's `login_db` names; nil for the one that the server takes by default.
    static func database(_ arguments: Arguments) -> String? {
        arguments.optionalString("login_db").flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What the database is called that is connected to: by default it has the user's name.
    func databaseName(_ database: String?) -> String {
        func setting(_ name: String) -> String? { settings.first { $0.name == name }?.value }
        return setting("dbname") ?? database ?? setting("user") ?? ""
    }

    /// Asks, in a transaction that cannot write.
    ///
    /// - Parameters:
    ///   - sql: Statements of ours whose rows are JSON texts, one a row; what a task gave stands in quotes there.
    ///   - database: The database to connect to; nil for the default one.
    func ask(_ target: some TargetReader, _ database: String?, _ sql: String) async throws(Diagnostic) -> State {
        let result = try await rawAnswer(target, database, sql)
        if !result.succeeded, let awaited = awaited(result, database, target) { return .awaited(awaited) }
        return .answered(try rows(result, target.hostName))
    }

    /// Runs statements that change something, each by itself.
    func run(_ target: some TargetWriter, _ database: String?, _ statements: [String]) async throws(Diagnostic) {
        let result = try await rawRun(target, database, statements.map(Self.handedOver).joined())
        guard result.succeeded else { throw trouble(result, target.hostName) }
    }

    /// As `run`, for statements that belong together: all or none.
    func runTogether(
        _ target: some TargetWriter, _ database: String?, _ statements: [String]
    ) async throws(Diagnostic) {
        try await run(target, database, ["BEGIN"] + statements + ["COMMIT"])
    }

    /// Gives psql's answer to a script as it came, in a transaction that cannot write.
    ///
    /// - Parameter script: Read by psql itself: a task's own SQL stands in it as `handedOver` writes it.
    func rawAnswer(
        _ target: some TargetReader, _ database: String?, _ script: String
    ) async throws(Diagnostic) -> CommandResult {
        let whole = "BEGIN TRANSACTION READ ONLY;\n\(script)\nROLLBACK;\n"
        return try await target.query(Self.psql, words(database), input: try input(whole), timeout: nil)
    }

    /// As `rawAnswer`, with leave to write and without a transaction.
    func rawRun(
        _ target: some TargetWriter, _ database: String?, _ script: String
    ) async throws(Diagnostic) -> CommandResult {
        try await target.execute(Self.psql, words(database), input: try input(script), timeout: nil)
    }

    /// The lines that have the server run a statement of which psql reads nothing: `\gexec` sends a query's answer
    /// as it is.
    static func handedOver(_ statement: String) -> String {
        "SELECT \(SQL.dollarQuoted(statement)) \\gexec\n"
    }

    /// Why there is no answer yet, if an earlier task of this dry run explains it.
    func awaited(_ result: CommandResult, _ database: String?, _ target: some TargetReader) -> Unknown? {
        let said = result.errorOutput
        let foreseen = target.foreseen
        let database = databaseName(database)
        // The server may say so in another language; the name is in it all the same.
        if result.status == 2, said.contains(database), foreseen.postgres("database", database) == true {
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
        let bare =
            Self.refusal(in: result)?.text ?? said.text(after: "ERROR:  ") ?? said.text(after: "FATAL:  ") ?? said
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

    /// Whether the server refused a statement because it would write.
    static func isRefusedForWriting(_ result: CommandResult) -> Bool { refusal(in: result)?.code == "25006" }

    /// What the server refused, as psql tells it (`psql:<stdin>:3: ERROR:  25006: …`): the code (SQLSTATE), which is the
    /// same in all languages a server speaks, and the words.
    private static func refusal(in result: CommandResult) -> (code: String, text: String)? {
        for line in HostText.lines(result.errorOutput) {
            guard let match = line.firstMatch(of: /^psql:.+?:\d+: [^:]+:  ([0-9A-Z]{5}): (.*)/) else { continue }
            // Notices and warnings come that way, too.
            guard !["00", "01", "02"].contains(match.1.prefix(2)) else { continue }
            return (String(match.1), String(match.2))
        }
        return nil
    }

    private func rows(_ result: CommandResult, _ host: String) throws(Diagnostic) -> [Value] {
        guard result.succeeded else { throw trouble(result, host) }
        var rows: [Value] = []
        for line in HostText.lines(result.output) where !line.isEmpty { rows.append(try JSON.parse(line)) }
        return rows
    }

    private func input(_ sql: String) throws(Diagnostic) -> [UInt8] {
        let role = sessionRole.map { "SET ROLE \(SQL.identifier($0));\n" } ?? ""
        let whole = Array("SET standard_conforming_strings = on;\n\(role)\(sql)\n".utf8)
        // psql would read on in the next line, and take texts for something else.
        guard !whole.contains(0) else { throw Diagnostic(.badValue, "PostgreSQL takes no text with a zero byte in it") }
        return whole
    }

    /// What `psql` below finds as its words.
    private func words(_ database: String?) -> [String] {
        [connection(database), password, secrets.joined(separator: "\n")]
    }

    /// A connection string, as libpq has it.
    private func connection(_ database: String?) -> String {
        let names = settings.contains { $0.name == "dbname" } ? [] : database.map { [("dbname", $0)] } ?? []
        let service = secrets.isEmpty ? [] : [("service", "swiftprov")]
        return (settings + names + service).map { name, value in
            let escaped = value.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
            return "\(name)='\(escaped)'"
        }.joined(separator: " ")
    }

    /// `$1` the connection string, `$2` the password, `$3` lines of a service file. Status 127: no psql.
    private static let psql: Script = #"""
        command -v psql >/dev/null 2>&1 || exit 127
        if [ -n "$2" ]; then PGPASSWORD=$2; export PGPASSWORD; fi
        PGCLIENTENCODING=UTF8
        export PGCLIENTENCODING
        # Where the user may not be, psql would warn.
        cd /
        secrets=$3
        set -- psql -X -q -A -t -w -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -d "$1" -f -
        [ -n "$secrets" ] || exec "$@"
        PGSERVICEFILE=/dev/fd/3
        export PGSERVICEFILE
        exec "$@" 3<<SP_SERVICE
        [swiftprov]
        $secrets
        SP_SERVICE
        """#
}

extension String {
    /// What stands behind the first occurrence of a text, or nil if it does not occur.
    fileprivate func text(after mark: String) -> String? {
        let parts = components(apartBy: mark)
        return parts.count > 1 ? parts[1...].joined(separator: mark) : nil
    }
}

/// What is to be run in one go, and what is to be said besides.
struct PostgresStatements: Sendable {
    var statements: [String] = []
    var warnings: [String] = []

    func result(changed: Bool) -> ModuleResult {
        ModuleResult(changed: changed, values: ["queries": .list(statements.map { .string($0) })], warnings: warnings)
    }
}

/// All PostgreSQL modules, for the index.
enum PostgresModules {
    static let all: [any Module.Type] = [
        PostgresDatabaseModule.self,
        PostgresExtensionModule.self,
        PostgresOwnerModule.self,
        PostgresHbaModule.self,
        PostgresPingModule.self,
        PostgresPrivilegesModule.self,
        PostgresQueryModule.self,
        PostgresSchemaModule.self,
        PostgresSetModule.self,
        PostgresUserModule.self,
    ]
}
