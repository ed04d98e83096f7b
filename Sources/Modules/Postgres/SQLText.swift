import Diagnostics
internal import Values

/// One statement of a SQL text.
struct SQLStatement: Sendable, Equatable {
    /// As it is written, without the semicolon behind it and blanks around it.
    let text: String
    /// Key words and names that stand outside of quotes and comments, in capitals.
    let words: [String]

    /// Whether `PREPARE` takes it, so that its columns are known before it runs.
    var isPreparable: Bool {
        guard let first = words.first else { return false }
        guard ["SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE"].contains(first) else {
            return false
        }
        // `SELECT … INTO` makes a table.
        return !words.indices.contains { at in
            words[at] == "INTO" && (at == 0 || words[at - 1] != "INSERT" && words[at - 1] != "MERGE")
        }
    }

    /// Whether nothing but a further statement could make it write: what functions do is the server's to refuse,
    /// as far as it does.
    var onlyReads: Bool {
        guard let first = words.first, Self.readers.contains(first) else { return false }
        if words.contains(where: Self.writers.contains) { return false }
        let plain = text.lowercased()
        return !Self.actingFunctions.contains { plain.contains($0) }
    }

    private static let readers: Set<String> = ["SELECT", "SHOW", "VALUES", "TABLE", "WITH", "EXPLAIN"]
    private static let writers: Set<String> = [
        "INSERT", "UPDATE", "DELETE", "MERGE", "INTO", "ANALYZE", "ANALYSE",
    ]
    /// Functions of the server that act although the transaction only reads.
    private static let actingFunctions = [
        "pg_terminate_backend", "pg_cancel_backend", "pg_reload_conf", "pg_rotate_logfile", "pg_switch_", "pg_promote",
        "pg_backup_", "pg_start_backup", "pg_stop_backup", "pg_create_", "pg_drop_", "pg_copy_", "pg_replication_",
        "pg_logical_", "pg_wal_replay_", "pg_stat_reset", "pg_stat_statements_reset", "pg_log_backend", "pg_notify",
        "pg_file_", "pg_advisory", "pg_try_advisory", "set_config", "dblink", "lo_export", "lo_import", "lo_unlink",
        "lo_put", "lo_create", "lo_creat", "lo_from_bytea", "lo_truncate", "lowrite", "nextval", "setval",
    ]

    /// Whether it hands data to the program that sends it, or takes some: with psql those would be our own lines.
    var copiesThroughClient: Bool {
        words.first == "COPY" && (words.contains("STDIN") || words.contains("STDOUT"))
    }
}

/// Tells the statements of a SQL text apart, as the server's own lexer does.
///
/// - SeeAlso: "Lexical Structure" in PostgreSQL's documentation.
struct SQLText {
    private let bytes: [UInt8]
    private var at = 0
    private var start = 0
    private var words: [String] = []
    private var hasContent = false
    private var parentheses = 0
    /// How many `BEGIN … END` of a routine's body are open.
    private var bodies = 0
    private var statements: [SQLStatement] = []

    private init(_ text: String) { bytes = Array(text.utf8) }

    /// - Throws: `Diagnostic` with code `.badValue` if a quote or comment has no end, or a backslash stands where SQL
    ///   has none: there it would be a command of psql.
    static func statements(_ text: String) throws(Diagnostic) -> [SQLStatement] {
        var scanner = SQLText(text)
        try scanner.scan()
        return scanner.statements
    }

    private mutating func scan() throws(Diagnostic) {
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case 0: throw Diagnostic(.badValue, "SQL holds no zero bytes")
            case UInt8(ascii: " "), 9...13: at += 1
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"): skipLine()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): try skipComment()
            case UInt8(ascii: ";") where parentheses == 0 && bodies == 0: endStatement()
            case UInt8(ascii: "\\"):
                throw Diagnostic(
                    .badValue, "a query holds SQL, not commands of psql",
                    remedy: "A backslash stands in quotes only; run psql's own commands with a `command: psql …` task.")
            default:
                hasContent = true
                try scanToken(byte)
            }
        }
        endStatement()
    }

    private mutating func scanToken(_ byte: UInt8) throws(Diagnostic) {
        switch byte {
        case UInt8(ascii: "'"): try skipQuoted(byte, escapes: false)
        case UInt8(ascii: "\""): try skipQuoted(byte, escapes: false)
        case UInt8(ascii: "$"): try skipDollarQuoted()
        case UInt8(ascii: "("):
            parentheses += 1
            at += 1
        case UInt8(ascii: ")"):
            parentheses = max(0, parentheses - 1)
            at += 1
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            while let next = peek(0), Self.isWordByte(next) && next != UInt8(ascii: "$") || next == UInt8(ascii: ".") {
                at += 1
            }
        case _ where Self.isWordByte(byte): try scanWord()
        default: at += 1
        }
    }

    private mutating func endStatement() {
        if hasContent {
            statements.append(
                SQLStatement(text: String(decoding: bytes[start..<at], as: UTF8.self).trimmed, words: words))
        }
        if at < bytes.count { at += 1 }
        start = at
        words = []
        hasContent = false
        parentheses = 0
        bodies = 0
    }

    private func peek(_ distance: Int) -> UInt8? {
        at + distance < bytes.count ? bytes[at + distance] : nil
    }

    /// Letters, digits, the underscore, `$` and all that is not ASCII.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...0xFF:
            true
        default: false
        }
    }

    private mutating func scanWord() throws(Diagnostic) {
        let begin = at
        while let byte = peek(0), Self.isWordByte(byte) { at += 1 }
        let word = String(decoding: bytes[begin..<at], as: UTF8.self).uppercased()
        if word == "E", peek(0) == UInt8(ascii: "'") {
            try skipQuoted(UInt8(ascii: "'"), escapes: true)
            return
        }
        words.append(word)
        guard makesRoutine, parentheses == 0 else { return }
        switch word {
        case "BEGIN": bodies += 1
        case "CASE" where bodies > 0: bodies += 1
        case "END": bodies = max(0, bodies - 1)
        default: break
        }
    }

    /// `CREATE [OR REPLACE] FUNCTION` or `PROCEDURE`, whose body may be a block of statements.
    private var makesRoutine: Bool {
        let head = words.prefix(4).filter { $0 != "OR" && $0 != "REPLACE" }
        return head.count > 1 && head[0] == "CREATE" && (head[1] == "FUNCTION" || head[1] == "PROCEDURE")
    }

    private mutating func skipLine() {
        while let byte = peek(0), byte != 10, byte != 13 { at += 1 }
    }

    /// Comments of that kind nest.
    private mutating func skipComment() throws(Diagnostic) {
        var depth = 0
        repeat {
            guard let byte = peek(0) else { throw Self.unended("comment") }
            if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                at += 2
            } else if byte == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                at += 2
            } else {
                at += 1
            }
        } while depth > 0
    }

    /// A doubled quote is part of the text; a text with escapes goes on in the next line's quotes.
    private mutating func skipQuoted(_ quote: UInt8, escapes: Bool) throws(Diagnostic) {
        at += 1
        while let byte = peek(0) {
            if escapes, byte == UInt8(ascii: "\\") {
                at += 2
            } else if byte != quote {
                at += 1
            } else if peek(1) == quote {
                at += 2
            } else {
                at += 1
                guard escapes, let next = continuation() else { return }
                at = next
            }
        }
        throw Self.unended("quote")
    }

    /// Where a text goes on in quotes of its own, with nothing but blanks and a line end between.
    private func continuation() -> Int? {
        var look = at
        var hasLineEnd = false
        while look < bytes.count {
            switch bytes[look] {
            case 10, 13: hasLineEnd = true
            case UInt8(ascii: " "), 9, 11, 12: break
            case UInt8(ascii: "-") where look + 1 < bytes.count && bytes[look + 1] == UInt8(ascii: "-"):
                while look + 1 < bytes.count, bytes[look + 1] != 10, bytes[look + 1] != 13 { look += 1 }
            case UInt8(ascii: "'"): return hasLineEnd ? look + 1 : nil
            default: return nil
            }
            look += 1
        }
        return nil
    }

    /// `$$ … $$` or `$name$ … $name$`; a lone `$` is no quote.
    private mutating func skipDollarQuoted() throws(Diagnostic) {
        var end = at + 1
        while end < bytes.count, Self.isWordByte(bytes[end]), bytes[end] != UInt8(ascii: "$") { end += 1 }
        let startsWithDigit = at + 1 < bytes.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at + 1])
        guard end < bytes.count, bytes[end] == UInt8(ascii: "$"), !startsWithDigit else {
            at += 1
            return
        }
        let mark = bytes[at...end]
        at = end + 1
        while at + mark.count <= bytes.count {
            if bytes[at] == UInt8(ascii: "$"), bytes[at..<(at + mark.count)].elementsEqual(mark) {
                at += mark.count
                return
            }
            at += 1
        }
        throw Self.unended("text in \(String(decoding: mark, as: UTF8.self))")
    }

    private static func unended(_ what: String) -> Diagnostic {
        Diagnostic(.badValue, "a \(what) in the SQL has no end")
    }
}

/// Quoting for SQL with standard strings.
enum SQL {
    /// A name in double quotes.
    static func identifier(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }

    /// A name with its schema, `a.b`, each part quoted; parts already quoted stay as they are.
    static func qualified(_ name: String) -> String { parts(of: name).map(identifier).joined(separator: ".") }

    /// The names that a name with its schema is made of, without their quotes.
    static func parts(of name: String) -> [String] {
        var parts: [String] = [""]
        var isQuoted = false
        for scalar in name.unicodeScalars {
            if scalar == "\"" { isQuoted.toggle() }
            if scalar == ".", !isQuoted {
                parts.append("")
            } else {
                parts[parts.count - 1].unicodeScalars.append(scalar)
            }
        }
        return parts.map { part in
            guard isQuotedWhole(part) else { return part }
            return String(part.unicodeScalars.dropFirst().dropLast()).replacing("\"\"", with: "\"")
        }
    }

    /// Whether a text is one name in double quotes: within, they are doubled.
    private static func isQuotedWhole(_ part: String) -> Bool {
        let scalars = part.unicodeScalars
        guard scalars.count > 2, scalars.first == "\"", scalars.last == "\"" else { return false }
        return !String(scalars.dropFirst().dropLast()).replacing("\"\"", with: "").contains("\"")
    }

    /// A text in single quotes, right whatever the session takes backslashes for.
    static func literal(_ text: String) -> String {
        let quoted = "'" + text.replacing("'", with: "''") + "'"
        guard text.contains("\\") else { return quoted }
        return "E" + quoted.replacing("\\", with: "\\\\")
    }

    /// A text between dollar quotes that it does not hold itself.
    static func dollarQuoted(_ text: String) -> String {
        var mark = "$sp$"
        while text.contains(mark.dropLast()) { mark = "$s" + mark.dropFirst() }
        return mark + text + "\n" + mark
    }
}
