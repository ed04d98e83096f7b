import Diagnostics
import Results
import Target
import Values

/// Who may do what with a database's objects, as `community.postgresql.postgresql_privs` manages it.
struct PostgresPrivilegesModule: Module {
    static let manual = ModuleManual(
        name: "community.postgresql.postgresql_privs",
        summary: "Grant and revoke privileges and memberships in PostgreSQL.",
        description: """
            What is granted already is read from the objects' access lists, so a dry run names the very statements. An \
            owner holds every privilege without a grant, and none is made.
            """,
        arguments: [
            .required("login_db", .string, "The database.", aliases: ["db", "database"]),
            .required(
                "roles", .string, "Who is granted it, apart by commas; `PUBLIC` for everybody.", aliases: ["role"]),
            .optional("privs", .string, "Privileges apart by commas, or `ALL`.", aliases: ["priv"]),
            .optional(
                "type", .string, "What kind of object.", default: "table",
                choices: PostgresObjects.names + ["default_privs", "group"]),
            .optional(
                "objs", .string,
                "The objects, apart by commas; `ALL_IN_SCHEMA` for all of a schema, `ALL_DEFAULT` with `default_privs`. "
                    + "A function's argument types are apart by colons: `f(int:text)`.", aliases: ["obj"]),
            .optional("schema", .string, "The schema of the objects; `public` if not given."),
            .optional("target_roles", .string, "With `default_privs`: whose future objects, apart by commas."),
            .optional(
                "grant_option", .bool, "Whether the roles may hand it on; not given, that stays as it is.",
                aliases: ["admin_option"]),
            .optional(
                "state", .string, "Whether it is to be granted.", default: "present", choices: ["absent", "present"]),
            .optional("fail_on_role", .bool, "Fail if a role is not there, in place of a warning.", default: true),
        ] + PostgresLogin.arguments,
        example: """
            - community.postgresql.postgresql_privs:
                login_db: app
                roles: reporting
                objs: ALL_IN_SCHEMA
                privs: SELECT
              become: true
              become_user: postgres
            """,
        aliases: ["ansible.builtin.postgresql_privs", "community.general.postgresql_privs"]
    )

    private let database: String
    private let roles: [String]
    private let privileges: [String]
    private let type: String
    private let objects: [String]
    private let schema: String
    private let hasSchema: Bool
    private let targetRoles: [String]
    private let grantOption: Bool?
    private let isWanted: Bool
    private let failsOnRole: Bool
    private let login: PostgresLogin

    init(_ arguments: Arguments) throws(Diagnostic) {
        func words(_ name: String) -> [String] {
            (arguments.optionalString(name) ?? "").split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
        }
        database = try arguments.string("login_db")
        roles = words("roles")
        privileges = words("privs").map { word in
            let word = word.uppercased()
            return word == "TEMP" ? "TEMPORARY" : word == "ALL PRIVILEGES" ? "ALL" : word
        }
        type = arguments.optionalString("type") ?? "table"
        objects = words("objs")
        hasSchema = arguments.optionalString("schema").map { !$0.isEmpty } ?? false
        schema = hasSchema ? arguments.optionalString("schema") ?? "public" : "public"
        targetRoles = words("target_roles")
        grantOption = arguments.optionalBool("grant_option")
        isWanted = arguments.optionalString("state") != "absent"
        failsOnRole = arguments.bool("fail_on_role")
        login = try PostgresLogin(arguments)
        let place = arguments.location
        func need(_ condition: Bool, _ text: String) throws(Diagnostic) {
            if !condition { throw Diagnostic(.missingArgument, text, at: place) }
        }
        if type == "group" {
            guard privileges.isEmpty else {
                throw Diagnostic(.badValue, "'type: group' is about memberships and takes no 'privs'", at: place)
            }
        } else {
            try need(!privileges.isEmpty, "'type: \(type)' needs 'privs'")
        }
        if type != "database" { try need(!objects.isEmpty, "'type: \(type)' needs 'objs'") }
        if !targetRoles.isEmpty, type != "default_privs" {
            throw Diagnostic(.badValue, "'target_roles' is for 'type: default_privs'", at: place)
        }
        let known = PostgresObjects.privileges(of: type)
        for word in privileges where word != "ALL" && !known.contains(word) {
            throw Diagnostic(
                .badValue, "'\(word)' is no privilege on a \(type)", at: place,
                remedy: NearestNames.hint(word, among: known) ?? "There are \(known.joined(separator: ", ")).")
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<PostgresStatements> {
        let question = PostgresObjects.question(
            type: type, names: type == "database" && objects.isEmpty ? [database] : objects, schema: schema,
            inSchema: hasSchema, targetRoles: targetRoles)
        let rows: [Value]
        switch try await login.ask(
            target, database,
            """
            SELECT json_build_object('roles', (SELECT json_agg(rolname) FROM pg_roles),
                'schemas', (SELECT json_agg(nspname) FROM pg_namespace));
            \(question)
            """)
        {
        case .awaited(let unknown): return .unknown(unknown, PostgresStatements())
        case .answered(let answer): rows = answer
        }
        var step = PostgresStatements()
        var roles: [String] = []
        let known = Set((rows.first?["roles"].elements ?? []).map(\.pythonText))
        let implicit: Set<String> = ["PUBLIC", "CURRENT_USER", "SESSION_USER", "CURRENT_ROLE"]
        for role in self.roles {
            if implicit.contains(role.uppercased()) || known.contains(role) {
                roles.append(role)
            } else if target.foreseen.postgres("role", role) == true {
                return .unknown(Unknown("role '\(role)', which an earlier task makes"), PostgresStatements())
            } else if failsOnRole {
                throw Diagnostic(
                    .failed, "there is no role '\(role)'", remedy: "Make it in an earlier task (postgresql_user).",
                    host: target.hostName)
            } else {
                step.warnings.append("role '\(role)' does not exist, and gets nothing")
            }
        }
        if let awaited = awaitedObject(rows.first ?? .null, target) { return .unknown(awaited, PostgresStatements()) }
        let found = rows.dropFirst().map { PostgresObject($0) }
        if objects != ["ALL_IN_SCHEMA"], type != "default_privs" {
            for name in type == "database" && objects.isEmpty ? [database] : objects
            where !found.contains(where: { $0.asked == name.asSignature(type) }) {
                if let awaited = awaitedObject(named: name, target) { return .unknown(awaited, PostgresStatements()) }
                throw Diagnostic(
                    .failed,
                    "there is no \(type) '\(name)'"
                        + (PostgresObjects.isInSchema(type) ? " in schema '\(schema)'" : ""),
                    host: target.hostName)
            }
        }
        var change = Change()
        for object in found {
            for role in roles {
                for statement in statements(object, role) {
                    step.statements.append(statement)
                    change.parts.append(.action(statement))
                }
            }
        }
        guard !step.statements.isEmpty else { return .asWanted(step.result(changed: false)) }
        return .change(change, step, foreseen: step.result(changed: true))
    }

    /// What is not there yet since an earlier task of this dry run makes it: the schema, or whose future objects it is.
    private func awaitedObject(_ row: Value, _ target: some TargetReader) -> Unknown? {
        let isInSchema = PostgresObjects.isInSchema(type) || type == "default_privs" && hasSchema
        let schemas = (row["schemas"].elements ?? []).map(\.pythonText)
        if isInSchema, !schemas.contains(schema),
            target.foreseen.postgres("schema", PostgresSchemaModule.effectName(schema, database)) == true
        {
            return Unknown("schema '\(schema)', which an earlier task makes")
        }
        let roles = (row["roles"].elements ?? []).map(\.pythonText)
        return targetRoles.first { !roles.contains($0) && target.foreseen.postgres("role", $0) == true }
            .map { Unknown("role '\($0)', which an earlier task makes") }
    }

    /// The same for an object that was asked about by name.
    private func awaitedObject(named name: String, _ target: some TargetReader) -> Unknown? {
        let isForeseen: Bool? =
            switch type {
            case "database": target.foreseen.postgres("database", name)
            case "schema": target.foreseen.postgres("schema", PostgresSchemaModule.effectName(name, database))
            case "group": target.foreseen.postgres("role", name)
            default: nil
            }
        return isForeseen == true ? Unknown("\(type) '\(name)', which an earlier task makes") : nil
    }

    /// What it takes for one role on one object; nothing if it is as wanted.
    private func statements(_ object: PostgresObject, _ role: String) -> [String] {
        let quoted =
            ["PUBLIC", "CURRENT_USER", "SESSION_USER", "CURRENT_ROLE"].contains(role.uppercased())
            ? role.uppercased() : SQL.identifier(role)
        let held = object.held(by: role)
        let wanted = privileges.contains("ALL") || type == "group" ? object.all : privileges
        let prefix = object.prefix.isEmpty ? "" : object.prefix + " "
        let isGroup = type == "group"
        func list(_ words: [String]) -> String {
            isGroup ? "" : (privileges.contains("ALL") ? "ALL" : words.joined(separator: ", ")) + " "
        }
        let option = isGroup ? "ADMIN OPTION" : "GRANT OPTION"
        guard isWanted else {
            let some = wanted.filter { held[$0] != nil }
            return some.isEmpty ? [] : ["\(prefix)REVOKE \(list(some))\(object.clause) FROM \(quoted)"]
        }
        let missing = wanted.filter { held[$0] == nil || grantOption == true && held[$0] == false }
        var statements: [String] = []
        if !missing.isEmpty {
            statements.append(
                "\(prefix)GRANT \(list(missing))\(object.clause) TO \(quoted)"
                    + (grantOption == true ? " WITH \(option)" : ""))
        }
        if grantOption == false {
            let handedOn = wanted.filter { held[$0] == true }
            if !handedOn.isEmpty {
                statements.append("\(prefix)REVOKE \(option) FOR \(list(handedOn))\(object.clause) FROM \(quoted)")
            }
        }
        return statements
    }

    func apply(_ step: PostgresStatements, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await login.runTogether(target, database, step.statements)
        return step.result(changed: true)
    }
}

/// An object with its access list, as the server told it.
struct PostgresObject: Sendable {
    /// The name it was asked by.
    let asked: String
    /// `ON TABLE "public"."t"`
    let clause: String
    /// What stands before GRANT (`ALTER DEFAULT PRIVILEGES …`).
    let prefix: String
    /// All privileges there are on it.
    let all: [String]
    private let list: [(role: String, privilege: String, isGrantable: Bool)]

    init(_ row: Value) {
        asked = row["asked"].stringValue ?? ""
        clause = row["clause"].stringValue ?? ""
        prefix = row["prefix"].stringValue ?? ""
        all = (row["all"].elements ?? []).map(\.pythonText)
        list = (row["list"].elements ?? []).compactMap { entry in
            guard let parts = entry.elements, parts.count == 3 else { return nil }
            return (parts[0].pythonText, parts[1].pythonText, parts[2].isTruthy)
        }
    }

    /// Privileges a role holds by itself, and whether it may hand each on.
    func held(by role: String) -> [String: Bool] {
        let role = role.uppercased() == "PUBLIC" ? "PUBLIC" : role
        var held: [String: Bool] = [:]
        for entry in list where entry.role == role {
            held[entry.privilege] = (held[entry.privilege] ?? false) || entry.isGrantable
        }
        return held
    }
}
