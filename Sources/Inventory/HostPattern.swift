public import Diagnostics
internal import Local
internal import Values

/// Selects hosts by patterns: `web:&staging:!web03`, `db*`, `~web\d+`, `web[0:2]`, `all`.
public enum HostPattern {
    /// What a pattern selected.
    public struct Selection: Sendable {
        /// The hosts' names in the order of the pattern, then of the inventory.
        public var hosts: [String]
        /// Words that matched nothing.
        public var warnings: [Diagnostic]
    }

    /// The hosts that a pattern means.
    ///
    /// - Parameters:
    ///   - pattern: The words, separated by commas or colons.
    ///   - tree: The inventory.
    ///   - limit: `--limit`: only hosts that this pattern means too; `@file` names a file with a host per line.
    ///   - location: Where the pattern was written.
    /// - Throws: `Diagnostic` with code `.badValue` for a bad regular expression or an index beyond the end.
    public static func select(
        _ pattern: String,
        from tree: InventoryTree,
        limit: String? = nil,
        at location: SourceLocation? = nil
    ) throws(Diagnostic) -> Selection {
        try select([pattern], from: tree, limit: limit, at: location)
    }

    /// The hosts that a list of patterns means, as `hosts:` may give one.
    public static func select(
        _ patterns: [String],
        from tree: InventoryTree,
        limit: String? = nil,
        at location: SourceLocation? = nil
    ) throws(Diagnostic) -> Selection {
        do throws(Diagnostic) {
            var selection = Matcher(tree: tree)
            var hosts = try selection.evaluate(patterns.flatMap(words))
            if let limit {
                let kept = Set(try selection.evaluate(try limitWords(limit)))
                hosts = hosts.filter { kept.contains($0) }
            }
            var seen: Set<String> = []
            return Selection(
                hosts: hosts.filter { seen.insert($0).inserted },
                warnings: selection.warnings.map { $0.located(at: location) })
        } catch {
            throw error.located(at: location)
        }
    }

    /// The single words of a pattern.
    ///
    /// With a comma in it only commas separate; else colons do, unless the whole is one host, an IPv6 address or a
    /// range.
    static func words(_ pattern: String) -> [String] {
        if pattern.contains(",") { return pattern.split(separator: ",").map(\.trimmed).filter { !$0.isEmpty } }
        if HostAddress.split(pattern) != nil { return [pattern] }
        var words: [String] = []
        var current = ""
        var index = pattern.startIndex
        while index < pattern.endIndex {
            let character = pattern[index]
            if character == "[", let close = pattern[index...].firstIndex(of: "]") {
                current += pattern[index...close]
                index = pattern.index(after: close)
                continue
            }
            if character == ":" || character == "[" || character == "]" || character.isWhitespace {
                words.append(current)
                current = ""
            } else {
                current.append(character)
            }
            index = pattern.index(after: index)
        }
        words.append(current)
        return words.map(\.trimmed).filter { !$0.isEmpty }
    }

    /// The words of `--limit`, those of its files included.
    private static func limitWords(_ limit: String) throws(Diagnostic) -> [String] {
        var result: [String] = []
        for word in words(limit) {
            guard word.hasPrefix("@") else {
                result.append(word)
                continue
            }
            let path = String(word.dropFirst())
            guard LocalFile.kind(path) != nil else {
                throw Diagnostic(
                    .missingFile, "there is no limit file '\(path)'", remedy: "Check the path after --limit @.")
            }
            let text = String(decoding: try LocalFile.bytes(path), as: UTF8.self)
            result += text.split(whereSeparator: \.isNewline).map(\.trimmed).filter { !$0.isEmpty }
        }
        return result
    }
}

/// Evaluates words against a tree.
private struct Matcher {
    let tree: InventoryTree
    var warnings: [Diagnostic] = []

    init(tree: InventoryTree) { self.tree = tree }

    /// Adds up the plain words, then keeps what the `&` words match, then drops what the `!` words match.
    mutating func evaluate(_ words: [String]) throws(Diagnostic) -> [String] {
        if let lone = words.first(where: { $0 == "!" || $0 == "&" }) {
            throw Diagnostic(
                .badValue, "'\(lone)' stands alone in a pattern", remedy: "Write it before what it means: '\(lone)web'."
            )
        }
        var plain = words.filter { !$0.hasPrefix("!") && !$0.hasPrefix("&") }
        if plain.isEmpty { plain = ["all"] }
        var hosts: [String] = []
        var seen: Set<String> = []
        for word in plain {
            let matched = tree.hasHost(word) ? [word] : try matches(word)
            for host in matched where seen.insert(host).inserted { hosts.append(host) }
        }
        for word in words where word.hasPrefix("&") {
            let kept = Set(try matches(String(word.dropFirst())))
            hosts.removeAll { !kept.contains($0) }
        }
        for word in words where word.hasPrefix("!") {
            let dropped = Set(try matches(String(word.dropFirst())))
            hosts.removeAll { dropped.contains($0) }
        }
        return hosts
    }

    /// The hosts that one word means, its index or slice applied.
    private mutating func matches(_ word: String) throws(Diagnostic) -> [String] {
        guard !word.isEmpty else { return [] }
        let (pattern, subscripted) = Self.subscripted(word)
        if case .slice? = subscripted, word.dropFirst(pattern.count).contains("-") {
            warnings.append(
                Diagnostic(
                    .badValue, "'\(word)' is taken for a slice of '\(pattern)'",
                    remedy: "Write slices as [x:y]; to match one character of several, end the pattern in '*'.",
                    severity: .warning))
        }
        let hosts = try enumerate(pattern)
        guard let subscripted, !hosts.isEmpty else { return hosts }
        switch subscripted {
        case .index(let index):
            let position = index < 0 ? hosts.count + index : index
            guard hosts.indices.contains(position) else {
                throw Diagnostic(
                    .badValue, "'\(word)' asks for host \(index) of \(hosts.count)",
                    remedy: "Counting begins at 0; -1 is the last.")
            }
            return [hosts[position]]
        case .slice(let first, let last):
            guard first < hosts.count else { return [] }
            let end = min(last ?? hosts.count - 1, hosts.count - 1)
            return first <= end ? Array(hosts[first...end]) : []
        }
    }

    private enum Subscript {
        case index(Int)
        /// Both ends count; nil is the last host.
        case slice(Int, Int?)
    }

    /// `web[1:3]` taken apart; a regular expression keeps its brackets.
    private static func subscripted(_ word: String) -> (String, Subscript?) {
        guard !word.hasPrefix("~"), word.hasSuffix("]"), let open = word.lastIndex(of: "["), open > word.startIndex
        else {
            return (word, nil)
        }
        let inside = word[word.index(after: open)...].dropLast()
        let base = String(word[..<open])
        if let index = Int(inside), !inside.hasPrefix("+") { return (base, .index(index)) }
        let bounds = inside.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "-" }
        guard bounds.count == 2, let first = Int(bounds[0]), first >= 0 else { return (word, nil) }
        if bounds[1].isEmpty { return (base, .slice(first, nil)) }
        guard let last = Int(bounds[1]), last >= 0 else { return (word, nil) }
        // Ansible takes a slice that ends at 0 for a single index.
        return (base, last == 0 ? .index(first) : .slice(first, last))
    }

    private mutating func enumerate(_ pattern: String) throws(Diagnostic) -> [String] {
        let name = try NamePattern(pattern)
        var hosts: [String] = []
        var seen: Set<String> = []
        var matchedGroup = false
        for group in tree.groups where name.matches(group.name) {
            matchedGroup = true
            for host in tree.hostNames(in: group.name) where seen.insert(host).inserted { hosts.append(host) }
        }
        if !matchedGroup || pattern.hasPrefix("~") || pattern.contains(where: { ".?*[".contains($0) }) {
            for host in tree.hosts where name.matches(host.name) && seen.insert(host.name).inserted {
                hosts.append(host.name)
            }
        }
        if hosts.isEmpty, let local = tree.host(named: pattern), InventoryTree.localNames.contains(pattern) {
            return [local.name]
        }
        if hosts.isEmpty, !matchedGroup, pattern != "all" {
            let names = tree.groups.map(\.name) + tree.hosts.prefix(2000).map(\.name)
            warnings.append(
                Diagnostic(
                    .noHosts, "pattern '\(pattern)' matches no host and no group",
                    remedy: NearestNames.hint(pattern, among: names), severity: .warning))
        }
        return hosts
    }
}

extension InventoryTree {
    /// The names of the hosts that a pattern means; what matches nothing is passed over silently, so where a person
    /// is to hear of it ask `HostPattern`.
    ///
    /// - Throws: `Diagnostic` with code `.badValue` for a bad regular expression or an index beyond the end.
    public func hostNames(matching pattern: String) throws(Diagnostic) -> [String] {
        try HostPattern.select(pattern, from: self).hosts
    }
}
