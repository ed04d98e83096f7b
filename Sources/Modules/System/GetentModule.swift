import Diagnostics
import Results
import Target
import Values

/// Entries of the host's databases, as `ansible.builtin.getent` reads them.
struct GetentModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.getent",
        summary: "Read users, groups, hosts and the like from the host's databases.",
        description: "The entries become the fact `getent_DATABASE`: a list of fields for every key.",
        arguments: [
            .required("database", .string, "The database: `passwd`, `group`, `hosts`, `services` …"),
            .optional("key", .string, "One key to look up; without it, all entries."),
            .optional("service", .string, "The one service to ask, such as `files`."),
            .optional("split", .string, "What fields are apart by, if not what the database is known for."),
            .optional("fail_key", .bool, "Fail if the key is not there.", default: true),
        ],
        check: "full; nothing is changed",
        diff: "none",
        example: """
            - ansible.builtin.getent:
                database: passwd
                key: www-data
            """,
        aliases: ["ansible.legacy.getent"]
    )

    private let database: String
    private let key: String?
    private let service: String?
    private let split: String?
    private let fails: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        database = try arguments.string("database")
        key = arguments.optionalString("key")
        service = arguments.optionalString("service")
        split = arguments.optionalString("split")
        fails = arguments.bool("fail_key")
        if database.isEmpty || database.hasPrefix("-") {
            throw Diagnostic(.badValue, "'\(database)' is no database", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> {
        let answer = try await target.query(Self.look, database, service ?? "", key ?? "")
        let fact = "getent_\(database)"
        switch answer.status {
        case 0: break
        case 2:
            guard let key, !fails else {
                throw Diagnostic(
                    .failed, "database '\(database)' has no '\(key ?? "")'",
                    remedy: "'fail_key: false' takes that for an answer.", host: target.hostName)
            }
            return .asWanted(
                ModuleResult(
                    values: ["msg": "One or more supplied key could not be found in the database."],
                    facts: [.string(fact): [key: .null]]))
        case 1:
            throw Diagnostic(
                .failed, "the host knows no database '\(database)'\(service.map { " of '\($0)'" } ?? "")",
                host: target.hostName)
        case 3:
            throw Diagnostic(
                .failed, "database '\(database)' cannot be listed", remedy: "Give 'key'.", host: target.hostName)
        default:
            throw Diagnostic(
                .failed, "the host has no getent (status \(answer.status))",
                remedy: "Its C library's package brings it.", host: target.hostName)
        }
        var entries: ValueMap = [:]
        for line in HostText.lines(answer.output) where !line.isEmpty {
            let fields = fields(line)
            // A line of nothing but blanks names no key.
            guard let name = fields.first else { continue }
            let value = Value.list(fields.dropFirst().map { .string($0) })
            // A key that is there more than once keeps all.
            switch entries[name] {
            case nil: entries[name] = value
            case .list(let known) where known.allSatisfy({ $0.elements != nil }) && !known.isEmpty:
                entries[name] = .list(known + [value])
            case let known?: entries[name] = .list([known, value])
            }
        }
        return .asWanted(ModuleResult(facts: [.string(fact): .map(entries)]))
    }

    /// Fields apart by the separator asked for, the one the database is known for, or blanks.
    private func fields(_ line: String) -> [String] {
        let colons: Set<String> = ["passwd", "shadow", "group", "gshadow"]
        if let separator = split ?? (colons.contains(database) ? ":" : nil), !separator.isEmpty {
            return line.components(apartBy: separator)
        }
        return line.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}

    /// `$1` the database, `$2` a service, `$3` a key.
    private static let look: Script = #"""
        database=$1 service=$2 key=$3
        command -v getent >/dev/null 2>&1 || exit 127
        set --
        [ -z "$service" ] || set -- -s "$service"
        if [ -n "$key" ]; then exec getent "$@" -- "$database" "$key"; fi
        exec getent "$@" -- "$database"
        """#
}
