import Diagnostics
import Values

/// A pg_hba.conf: its lines, of which rules can be told apart by whom they are about.
struct HbaFile: Sendable {
    private(set) var lines: [HbaLine]

    /// - Parameter text: The file's text; empty where there is none.
    /// - Throws: `HbaAddress.Trouble` naming the first line that is no rule.
    init(_ text: String) throws(HbaAddress.Trouble) {
        lines = []
        guard !text.isEmpty else { return }
        var number = 0
        var pending: [String] = []
        for piece in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            pending.append(String(Substring(piece)))
            // A backslash at the end joins lines, even within comments and quotes.
            if pending[pending.count - 1].hasSuffix("\\") { continue }
            do throws(HbaAddress.Trouble) {
                lines.append(try HbaLine(pending, number: number - pending.count + 1))
            } catch {
                throw HbaAddress.Trouble(text: "line \(number - pending.count + 1): \(error.text)")
            }
            pending = []
        }
        if !pending.isEmpty {
            throw HbaAddress.Trouble(text: "line \(number): a backslash at the end, and no line after it")
        }
    }

    init(lines: [HbaLine]) { self.lines = lines }

    var text: String { lines.map(\.text).joined(separator: "\n") }

    /// The rules as return values have them.
    var rules: [Value] { lines.compactMap { line in line.rule.map { .map($0.values) } } }

    /// What a wish does to the file.
    enum Deed { case adds, updates, removes }

    /// Brings one rule or comment about.
    ///
    /// - Returns: What was done; nil if nothing was to do.
    mutating func settle(_ wish: HbaLine, isWanted: Bool) -> Deed? {
        guard let index = lines.firstIndex(where: { $0.isAbout(wish) }) else {
            guard isWanted else { return nil }
            lines.append(wish)
            return .adds
        }
        guard isWanted else {
            lines.remove(at: index)
            return .removes
        }
        if lines[index].means(wish) { return nil }
        lines[index] = wish
        return .updates
    }

    /// Whether both hold the same rules in the same order.
    func means(_ other: HbaFile) -> Bool {
        lines.count == other.lines.count && zip(lines, other.lines).allSatisfy { $0.means($1) }
    }

    /// Comments first, then rules, the narrowest first, includes last; blank lines go.
    mutating func sort() {
        lines = lines.filter { $0.kind != .blank }.enumerated()
            .sorted { left, right in
                if left.element.precedes(right.element) { return true }
                if right.element.precedes(left.element) { return false }
                return left.offset < right.offset
            }
            .map(\.element)
    }
}

/// One line of the file, or several that belong together.
struct HbaLine: Sendable {
    enum Kind: Sendable { case comment, rule, include, blank }

    let kind: Kind
    let rule: HbaRule?
    /// As it stands in the file; nil for a new one.
    private let written: String?
    /// Begins with `#`.
    private let comment: String?
    /// From 1; nil for a new one.
    private let number: Int?

    /// - Parameter pieces: The line; several where a backslash joins them.
    fileprivate init(_ pieces: [String], number: Int) throws(HbaAddress.Trouble) {
        self.number = number
        written = pieces.joined(separator: "\n")
        let line = (pieces.dropLast().map { String($0.dropLast()) } + pieces.suffix(1)).joined()
        if line.trimmed.hasPrefix("#") {
            kind = .comment
            comment = (written ?? "").trimmed
            rule = nil
        } else if line.trimmed.isEmpty {
            kind = .blank
            comment = nil
            rule = nil
        } else {
            var words = try Self.words(line)
            comment = words.last?.hasPrefix("#") == true ? words.removeLast().trimmed : nil
            kind = words.first?.hasPrefix("include") == true ? .include : .rule
            rule = kind == .rule ? try HbaRule(words: words) : nil
        }
    }

    /// A new line.
    init(rule: HbaRule?, comment: String?) {
        self.rule = rule
        kind = rule == nil ? .comment : .rule
        let words = comment?.trimmed ?? ""
        self.comment = words.isEmpty ? nil : words.hasPrefix("#") ? words : "#" + words
        written = nil
        number = nil
    }

    var text: String {
        if let written { return written }
        return [rule?.text, comment].compactMap(\.self).joined(separator: "\t")
    }

    /// Whether it is the same comment, or a rule about the same connections.
    func isAbout(_ other: HbaLine) -> Bool {
        guard kind == other.kind else { return false }
        guard let rule, let its = other.rule else {
            return kind == .comment ? comment == other.comment : text == other.text
        }
        return rule.type == its.type && rule.database == its.database && rule.user == its.user
            && rule.address == its.address
    }

    /// Whether it also has the same method and options.
    func means(_ other: HbaLine) -> Bool {
        isAbout(other) && rule?.method == other.rule?.method && rule?.options == other.rule?.options
    }

    fileprivate func precedes(_ other: HbaLine) -> Bool {
        guard let rule, let its = other.rule else {
            func rank(_ kind: Kind) -> Int {
                switch kind {
                case .comment: 0
                case .rule: 1
                case .include: 2
                case .blank: 3
                }
            }
            if kind != other.kind { return rank(kind) < rank(other.kind) }
            // New comments come after those of the file.
            switch (number, other.number) {
            case (let mine?, let its?): return mine < its
            case (nil, nil): return text.unicodeScalars.lexicographicallyPrecedes(other.text.unicodeScalars)
            case (let mine, _): return mine != nil
            }
        }
        if let first = rule.precedes(its) { return first }
        return text.unicodeScalars.lexicographicallyPrecedes(other.text.unicodeScalars)
    }

    /// The words of a line: blanks part them, quotes hold them together, `#` begins a comment, which is the last word.
    static func words(_ line: String) throws(HbaAddress.Trouble) -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for index in line.indices {
            let character = line[index]
            if character == "\"" {
                isQuoted.toggle()
                word.append(character)
            } else if isQuoted {
                word.append(character)
            } else if character == "#" {
                if !word.isEmpty { words.append(word) }
                return words + [String(line[index...])]
            } else if character.isWhitespace {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        if isQuoted { throw HbaAddress.Trouble(text: "a quotation mark without its end") }
        if !word.isEmpty { words.append(word) }
        return words
    }
}

/// A rule: who may connect to what from where, and how they prove who they are.
struct HbaRule: Sendable {
    static let types = ["local", "host", "hostnossl", "hostssl", "hostgssenc", "hostnogssenc"]
    /// Those of the manual, and two that only files hold.
    private static let methods = Set(HbaRule.choices + ["bsd", "oauth"])
    static let choices = [
        "cert", "gss", "ident", "krb5", "ldap", "md5", "pam", "password", "peer", "radius", "reject", "scram-sha-256",
        "sspi", "trust",
    ]

    var type: String
    var database: String
    var user: String
    /// Nil for `local`.
    var address: HbaAddress?
    var method: String
    var options: [String: String]

    init(
        type: String, database: String, user: String, address: HbaAddress?, method: String, options: [String: String]
    ) {
        self.type = type
        self.database = Self.ordered(database)
        self.user = Self.ordered(user)
        self.address = address
        self.method = method
        self.options = options
    }

    fileprivate init(words: [String]) throws(HbaAddress.Trouble) {
        guard words.count >= 4 else { throw HbaAddress.Trouble(text: "too few words for a rule") }
        type = HbaAddress.unquoted(words[0])
        guard Self.types.contains(type) else {
            throw HbaAddress.Trouble(text: "'\(words[0])' is no type of connection")
        }
        // Quotes keep their meaning here: they make a keyword a name.
        database = Self.ordered(words[1])
        user = Self.ordered(words[2])
        var rest = words.dropFirst(3)
        if type != "local" {
            let from = rest.removeFirst()
            let isBare = HbaAddress.isBareAddress(from)
            let mask = isBare && rest.first.map(HbaAddress.isMask) == true ? rest.removeFirst() : nil
            address = try HbaAddress(from, mask: mask)
        }
        guard let method = rest.popFirst().map(HbaAddress.unquoted) else {
            throw HbaAddress.Trouble(text: "too few words for a rule")
        }
        guard Self.methods.contains(method) else { throw HbaAddress.Trouble(text: "'\(method)' is no method") }
        self.method = method
        options = try Self.options(Array(rest))
    }

    /// `name=value` words by their names.
    static func options(_ words: [String]) throws(HbaAddress.Trouble) -> [String: String] {
        var options: [String: String] = [:]
        for word in words {
            let bare = HbaAddress.unquoted(word)
            guard let equals = bare.firstIndex(of: "="), equals != bare.startIndex,
                bare.index(after: equals) != bare.endIndex
            else { throw HbaAddress.Trouble(text: "option '\(word)' is not written as name=value") }
            let name = String(bare[..<equals])
            guard options.updateValue(String(bare[bare.index(after: equals)...]), forKey: name) == nil else {
                throw HbaAddress.Trouble(text: "two options '\(name)'")
            }
        }
        return options
    }

    /// A list of names in one order; quoted ones and patterns stay as they are.
    private static func ordered(_ names: String) -> String {
        if names.contains("\"") || names.hasPrefix("/") { return names }
        return names.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }.joined(separator: ",")
    }

    private var optionText: String {
        options.keys.sorted().map { name in
            let option = "\(name)=\(options[name] ?? "")"
            return option.contains(where: \.isWhitespace) && !option.contains("\"") ? "\"\(option)\"" : option
        }.joined(separator: " ")
    }

    var text: String {
        [type, database, user, address?.text, method, options.isEmpty ? nil : optionText].compactMap(\.self)
            .joined(separator: "\t")
    }

    var values: ValueMap {
        var values: ValueMap = [
            "type": .string(type), "db": .string(database), "usr": .string(user), "method": .string(method),
        ]
        if let address { values["src"] = .string(address.text) }
        if !options.isEmpty { values["options"] = .string(optionText) }
        return values
    }

    // MARK: Order

    /// Whether it comes before another: nil where only their texts tell.
    fileprivate func precedes(_ other: HbaRule) -> Bool? {
        let mine = weights
        let its = other.weights
        if mine != its { return mine.lexicographicallyPrecedes(its) }
        guard let address, let itsAddress = other.address, address != itsAddress else { return nil }
        return address.precedes(itsAddress)
    }

    /// Smaller numbers come first.
    private var weights: [Int] { [-(address?.weight ?? 130), databaseWeight, userWeight, -(address?.kind ?? 3)] }

    private var databaseWeight: Int {
        if database.hasPrefix("\"") { return 3 }
        let names = database.split(separator: ",")
        if names.contains("all") { return 100_000 }
        if database == "replication" { return 0 }
        return ["samerole", "samegroup"].contains(database) ? 2 : 3 + names.count
    }

    private var userWeight: Int {
        if user.hasPrefix("\"") { return 1 }
        let names = user.split(separator: ",")
        return names.contains("all") ? 100_000 : 1 + names.count
    }
}
