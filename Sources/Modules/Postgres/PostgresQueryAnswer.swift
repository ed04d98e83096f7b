import Values

/// One statement's answer out of psql's output.
struct PostgresQueryAnswer {
    private(set) var rows: [Value] = []
    /// The command's tag, such as `INSERT 0 2`.
    private(set) var status = ""
    private(set) var milliseconds = 0.0

    /// How many rows it gave or changed.
    var rowCount: Int { status.split(separator: " ").last.flatMap { Int($0) } ?? 0 }

    /// Whether the tag is that of a statement that changed something.
    var isChange: Bool {
        switch status.split(separator: " ").first {
        // Rows that were not described come without a tag.
        case nil, "SELECT", "SHOW", "EXPLAIN": false
        case "INSERT", "UPDATE", "DELETE", "MERGE", "COPY": rowCount > 0
        default: true
        }
    }

    /// Whether it only concerned the session, as what opens or ends a transaction does.
    var isAboutSession: Bool {
        [
            "BEGIN", "CLOSE", "COMMIT", "DEALLOCATE", "DECLARE", "DISCARD", "FETCH", "LISTEN", "LOAD", "LOCK", "MOVE",
            "PREPARE", "RELEASE", "RESET", "ROLLBACK", "SAVEPOINT", "SET", "START", "UNLISTEN",
        ].contains(status.split(separator: " ").first ?? "")
    }

    init(described: String, _ text: String, null: String) {
        var fields = text.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        var isTimed = false
        // What follows the last zero byte are the command's tag and the time it took.
        for line in HostText.lines(fields.removeLast()) where !line.isEmpty {
            if line.hasPrefix("Time: ") {
                // The statement's own; what handed it over is timed behind it.
                if isTimed { continue }
                isTimed = true
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
