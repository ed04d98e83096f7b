import Diagnostics
import Glibc
import Jinja
import Local
import Values

/// `lookup('password', 'FILE')`: a random password, made once and kept in a file of the control machine.
extension Lookups {
    static let password: Function = { (terms, options, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            var options = options
            let names: Set = ["length", "chars", "encrypt", "ident", "seed"]
            let name = try options.take(inline: term, names)
            let isCheck = context.scope?.isCheckMode ?? false
            let keeper = try PasswordKeeper(name, options, context.playDirectory)
            guard let kept = try keeper.password(mayWrite: !isCheck) else {
                result.append(.unknown(Unknown("password that '\(name)' will hold")))
                continue
            }
            result.append(.string(Text(try keeper.shown(kept), marks: .secret)))
        }
        return result
    }
}

/// One password and the file it is kept in.
private struct PasswordKeeper {
    /// A password as its file has it.
    struct Kept {
        var password: String
        var salt: String?
        var ident: String?

        init(password: String) { self.password = password }

        /// The form of the file: `PASSWORD salt=SALT ident=IDENT`.
        init(line: String) {
            password = line
            guard let place = line.ranges(of: " salt=").last else { return }
            password = String(line[..<place.lowerBound])
            let rest = String(line[place.upperBound...])
            guard let next = rest.ranges(of: " ident=").last else {
                salt = rest
                return
            }
            salt = String(rest[..<next.lowerBound])
            ident = String(rest[next.upperBound...])
        }

        var line: String { password + (salt.map { " salt=\($0)" } ?? "") + (ident.map { " ident=\($0)" } ?? "") }
    }

    private let path: String
    private let length: Int
    private let characters: [UnicodeScalar]
    private let seed: String?
    private let method: String?
    private let ident: String?
    /// A path that keeps nothing: a new password each time.
    private var isKept: Bool { path != "/dev/null" }

    init(_ name: String, _ options: LookupOptions, _ directory: String) throws(Diagnostic) {
        guard !name.isEmpty else { throw Diagnostic(.badValue, "lookup 'password' needs a file to keep it in") }
        path = FileSearch.normal(FileSearch.candidates(name, kind: "", in: [directory]).first ?? name)
        length = try options.int("length", default: 20)
        guard (1...10_000).contains(length) else { throw options.wrong("length", "1 to 10000", .int(length)) }
        characters = try Self.characters(options["chars"])
        seed = options.text("seed")
        // An empty text means none.
        method = options.text("encrypt").flatMap { $0.isEmpty ? nil : $0 }
        ident = options.text("ident")
    }

    // MARK: Making

    private static let sets: [String: String] = {
        let lower = "abcdefghijklmnopqrstuvwxyz"
        let upper = lower.uppercased()
        let digits = "0123456789"
        let punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
        let whitespace = " \t\n\r\u{B}\u{C}"
        return [
            "ascii_letters": lower + upper, "ascii_lowercase": lower, "ascii_uppercase": upper, "digits": digits,
            "hexdigits": digits + "abcdefABCDEF", "octdigits": "01234567", "punctuation": punctuation,
            "whitespace": whitespace, "printable": digits + lower + upper + punctuation + whitespace,
        ]
    }()

    /// Names of sets of characters, or characters themselves; quotes are never among them.
    private static func characters(_ value: Value?) throws(Diagnostic) -> [UnicodeScalar] {
        var words: [String]
        switch value {
        case nil, .null?: words = ["ascii_letters", "digits", ".,:-_"]
        case .string(let text)?:
            // A comma that is meant is written twice.
            words = text.string.contains(",,") ? [","] : []
            words += text.string.replacing(",,", with: ",").split(separator: ",").map(String.init)
        case let value?: words = (value.elements ?? [value]).map(\.pythonText)
        }
        let all = words.map { sets[$0] ?? $0 }.joined().unicodeScalars.filter { $0 != "\"" && $0 != "'" }
        guard !all.isEmpty else { throw Diagnostic(.badValue, "lookup 'password' has no characters to choose from") }
        return Array(all)
    }

    private func new() -> String {
        var generator = seed.map { SeededChoice($0) }
        var text = String.UnicodeScalarView()
        for _ in 0..<length {
            let place = generator?.below(characters.count) ?? Int.random(in: characters.indices)
            text.append(characters[place])
        }
        return String(text)
    }

    /// The salt that the method wants, for a password that is shown hashed.
    private func salt() -> String {
        let sizes = ["md5_crypt": 8, "sha256_crypt": 16, "sha512_crypt": 16, "bcrypt": 22]
        let signs = Array("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        var salt = (0..<(method.flatMap { sizes[$0] } ?? 8)).compactMap { _ in signs.randomElement() }
        // The last sign of bcrypt's salt holds two bits only.
        if method == "bcrypt" { salt[salt.count - 1] = ".Oeu".randomElement() ?? "." }
        return String(salt)
    }

    // MARK: Keeping

    /// The password of the file, made and written if there is none; nil if that is not allowed.
    func password(mayWrite: Bool) throws(Diagnostic) -> Kept? {
        let old = isKept ? try read() : nil
        if old == nil, isKept, !mayWrite { return nil }
        var kept = old ?? Kept(password: new())
        if let stored = kept.ident, let ident, stored != ident {
            throw Diagnostic(.badValue, "'\(path)' was made with ident \(stored), not \(ident)")
        }
        if method != nil {
            if kept.salt == nil { kept.salt = salt() }
            if kept.ident == nil { kept.ident = ident ?? (method == "bcrypt" ? "2b" : nil) }
        }
        guard isKept, old.map({ $0.line != kept.line }) ?? true else { return kept }
        guard mayWrite else { return nil }
        // Another run may have made one meanwhile: then that is the password.
        if try !write(kept.line, replaces: old != nil), let other = try read() { return other }
        return kept
    }

    func shown(_ kept: Kept) throws(Diagnostic) -> String {
        guard let method else { return kept.password }
        let hash = Text("password | password_hash(method, salt, ident=ident)")
        let call = Text("password | password_hash(method, salt)")
        var values: ValueMap = ["password": .string(kept.password), "method": .string(method)]
        values["salt"] = .string(kept.salt ?? "")
        if let ident = kept.ident { values["ident"] = .string(ident) }
        let engine = TemplateEnvironment()
        let result = try engine.evaluateExpression(
            kept.ident == nil ? call : hash, in: MapScope(values, environment: engine))
        return result.pythonText
    }

    private func read() throws(Diagnostic) -> Kept? {
        guard LocalFile.kind(path) != nil else { return nil }
        return Kept(line: Lookups.strippedAtEnd(String(decoding: try LocalFile.bytes(path), as: UTF8.self)))
    }

    /// Writes the file whole or not at all, readable by its owner alone.
    ///
    /// - Returns: False if it must not replace a file and there is one by now.
    private func write(_ line: String, replaces: Bool) throws(Diagnostic) -> Bool {
        try LocalFile.makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]), mode: 0o700)
        let bytes = Array((line + "\n").utf8)
        guard replaces else { return try LocalFile.create(path, with: bytes) }
        try LocalFile.replace(path, with: bytes)
        return true
    }
}
