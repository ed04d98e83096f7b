internal import Values

/// Where PostgreSQL's catalogs keep the access lists of its kinds of objects.
enum PostgresObjects {
    private struct Kind {
        /// What GRANT calls it.
        var word: String
        var catalog: String
        /// Columns: name, owner, access list.
        var name: String
        var owner: String
        var list: String
        /// The letter `acldefault` knows it by.
        var letter: String
        /// The schema's column, for what is in one.
        var schema: String?
        var condition: String?
        var privileges: [String]
    }

    private static let kinds: [(name: String, kind: Kind)] = [
        (
            "database",
            Kind(
                word: "DATABASE", catalog: "pg_database", name: "datname", owner: "datdba", list: "datacl", letter: "d",
                privileges: ["CREATE", "CONNECT", "TEMPORARY"])
        ),
        (
            "schema",
            Kind(
                word: "SCHEMA", catalog: "pg_namespace", name: "nspname", owner: "nspowner", list: "nspacl",
                letter: "n", privileges: ["CREATE", "USAGE"])
        ),
        (
            "table",
            Kind(
                word: "TABLE", catalog: "pg_class", name: "relname", owner: "relowner", list: "relacl", letter: "r",
                schema: "relnamespace", condition: "relkind IN ('r', 'v', 'm', 'f', 'p')",
                privileges: [
                    "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN",
                ])
        ),
        (
            "sequence",
            Kind(
                word: "SEQUENCE", catalog: "pg_class", name: "relname", owner: "relowner", list: "relacl", letter: "s",
                schema: "relnamespace", condition: "relkind = 'S'", privileges: ["SELECT", "UPDATE", "USAGE"])
        ),
        (
            "function",
            Kind(
                word: "FUNCTION", catalog: "pg_proc", name: "proname", owner: "proowner", list: "proacl", letter: "f",
                schema: "pronamespace", condition: "prokind <> 'p'", privileges: ["EXECUTE"])
        ),
        (
            "procedure",
            Kind(
                word: "PROCEDURE", catalog: "pg_proc", name: "proname", owner: "proowner", list: "proacl", letter: "f",
                schema: "pronamespace", condition: "prokind = 'p'", privileges: ["EXECUTE"])
        ),
        (
            "type",
            Kind(
                word: "TYPE", catalog: "pg_type", name: "typname", owner: "typowner", list: "typacl", letter: "T",
                schema: "typnamespace", privileges: ["USAGE"])
        ),
        (
            "language",
            Kind(
                word: "LANGUAGE", catalog: "pg_language", name: "lanname", owner: "lanowner", list: "lanacl",
                letter: "l", privileges: ["USAGE"])
        ),
        (
            "tablespace",
            Kind(
                word: "TABLESPACE", catalog: "pg_tablespace", name: "spcname", owner: "spcowner", list: "spcacl",
                letter: "t", privileges: ["CREATE"])
        ),
        (
            "foreign_data_wrapper",
            Kind(
                word: "FOREIGN DATA WRAPPER", catalog: "pg_foreign_data_wrapper", name: "fdwname", owner: "fdwowner",
                list: "fdwacl", letter: "F", privileges: ["USAGE"])
        ),
        (
            "foreign_server",
            Kind(
                word: "FOREIGN SERVER", catalog: "pg_foreign_server", name: "srvname", owner: "srvowner",
                list: "srvacl", letter: "S", privileges: ["USAGE"])
        ),
    ]

    /// What future objects can be of, with the letters of `pg_default_acl` and `acldefault`.
    private static let futures = [
        ("TABLES", "r"), ("SEQUENCES", "S"), ("FUNCTIONS", "f"), ("TYPES", "T"), ("SCHEMAS", "n"),
    ]

    static let names = kinds.map(\.name)

    private static func kind(_ name: String) -> Kind? { kinds.first { $0.name == name }?.kind }

    static func isInSchema(_ type: String) -> Bool { kind(type)?.schema != nil }

    static func privileges(of type: String) -> [String] {
        if type == "default_privs" {
            return ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"]
                + ["USAGE", "EXECUTE", "CREATE"]
        }
        return kind(type)?.privileges ?? []
    }

    /// A query with a row of JSON for each object: `asked`, `clause`, `prefix`, `all` and the access list, `list`.
    static func question(
        type: String, names: [String], schema: String, inSchema: Bool, targetRoles: [String]
    ) -> String {
        switch type {
        case "group": return memberships(names)
        case "default_privs": return defaults(names, schema: inSchema ? schema : nil, targetRoles)
        default: break
        }
        guard let kind = kind(type) else { return "" }
        let isRoutine = kind.catalog == "pg_proc"
        let wholeName =
            kind.schema.map {
                "quote_ident((SELECT nspname FROM pg_namespace n WHERE n.oid = o.\($0))) || '.' || quote_ident(\(kind.name))"
            } ?? "quote_ident(\(kind.name))"
        let signature = "\(kind.name) || '(' || pg_get_function_identity_arguments(o.oid) || ')'"
        let clause =
            "'ON \(kind.word) ' || \(wholeName)"
            + (isRoutine ? " || '(' || pg_get_function_identity_arguments(o.oid) || ')'" : "")
        var conditions = kind.condition.map { [$0] } ?? []
        if let column = kind.schema {
            conditions.append("\(column) = (SELECT oid FROM pg_namespace WHERE nspname = \(SQL.literal(schema)))")
        }
        // A routine is known by its arguments' types, however they are spelt.
        var asked = kind.name
        if names != ["ALL_IN_SCHEMA"] {
            if isRoutine {
                let cases = names.map { name in
                    let text = name.asSignature(type)
                    let whole = SQL.qualified(schema) + "." + text.asQuotedSignature
                    return "WHEN o.oid = to_regprocedure(\(SQL.literal(whole))) THEN \(SQL.literal(text))"
                }
                asked = "CASE \(cases.joined(separator: " ")) END"
                conditions.append("\(asked) IS NOT NULL")
            } else {
                conditions.append("\(kind.name) IN (\(names.map(SQL.literal).joined(separator: ", ")))")
            }
        } else if isRoutine {
            asked = signature
        }
        let standard = "acldefault('\(kind.letter)', o.\(kind.owner))"
        return """
            SELECT json_build_object('asked', \(asked), 'clause', \(clause),
                'all', (SELECT json_agg(privilege_type) FROM aclexplode(\(standard)) WHERE grantee = o.\(kind.owner)),
                'list', (\(entries("COALESCE(o.\(kind.list), \(standard))"))))
            FROM \(kind.catalog) o WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(kind.name);
            """
    }

    private static func entries(_ list: String) -> String {
        """
        SELECT json_agg(json_build_array(CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END,
            privilege_type, is_grantable)) FROM aclexplode(\(list))
        """
    }

    private static func memberships(_ names: [String]) -> String {
        """
        SELECT json_build_object('asked', rolname, 'clause', quote_ident(rolname), 'all', json_build_array('MEMBER'),
            'list', (SELECT json_agg(json_build_array(pg_get_userbyid(member), 'MEMBER', admin_option))
                FROM pg_auth_members WHERE roleid = o.oid))
        FROM pg_roles o WHERE rolname IN (\(names.map(SQL.literal).joined(separator: ", "))) ORDER BY rolname;
        """
    }

    private static func defaults(_ names: [String], schema: String?, _ targetRoles: [String]) -> String {
        let wanted = names.map { $0.uppercased() }
        var rows: [String] = []
        for role in targetRoles.isEmpty ? [nil] : targetRoles.map(Optional.some) {
            let owner =
                role.map { "(SELECT oid FROM pg_roles WHERE rolname = \(SQL.literal($0)))" }
                ?? "(SELECT oid FROM pg_roles WHERE rolname = current_user)"
            for (word, letter) in futures where wanted == ["ALL_DEFAULT"] || wanted.contains(word) {
                // Schemas are in no schema.
                if word == "SCHEMAS", schema != nil { continue }
                let namespace =
                    schema.map { "(SELECT oid FROM pg_namespace WHERE nspname = \(SQL.literal($0)))" } ?? "0"
                let standard = "acldefault('\(letter == "S" ? "s" : letter)', \(owner))"
                let current =
                    "(SELECT defaclacl FROM pg_default_acl WHERE defaclrole = \(owner) AND "
                    + "defaclnamespace = \(namespace) AND defaclobjtype = '\(letter)')"
                let list = schema == nil ? "COALESCE(\(current), \(standard))" : current
                let prefix =
                    "ALTER DEFAULT PRIVILEGES" + (role.map { " FOR ROLE \(SQL.identifier($0))" } ?? "")
                    + (schema.map { " IN SCHEMA \(SQL.identifier($0))" } ?? "")
                rows.append(
                    """
                    SELECT json_build_object('asked', \(SQL.literal(word)), 'clause', \(SQL.literal("ON " + word)),
                        'prefix', \(SQL.literal(prefix)),
                        'all', (SELECT json_agg(privilege_type) FROM aclexplode(\(standard)) WHERE grantee = \(owner)),
                        'list', (\(entries(list))));
                    """)
            }
        }
        return rows.joined(separator: "\n")
    }
}

extension String {
    /// An object's name as rows answer with it: a routine's with commas and parentheses.
    func asSignature(_ type: String) -> String {
        guard type == "function" || type == "procedure" else { return self }
        let text = components(apartBy: ":").joined(separator: ", ")
        return text.contains("(") ? text : text + "()"
    }

    /// `f(int, text)` with the name in quotes.
    fileprivate var asQuotedSignature: String {
        guard let open = firstIndex(of: "(") else { return SQL.identifier(self) }
        return SQL.identifier(self[..<open].trimmed) + self[open...]
    }
}
