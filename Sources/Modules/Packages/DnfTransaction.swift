internal import Values

/// What dnf says it would do: a table with a heading for each kind of change.
struct DnfTransaction: Sendable {
    struct Operation: Sendable {
        var name: String
        var before: String
        var after: String
        /// `Installed: nginx-1.22-1.x86_64`
        var told: String
    }

    private(set) var operations: [Operation] = []
    var isEmpty: Bool { operations.isEmpty }

    init(_ text: String) {
        var kind = ""
        var words: [String] = []
        for line in HostText.lines(text) {
            if line.hasPrefix("Transaction Summary") { break }
            if line.hasSuffix(":"), !line.hasPrefix(" ") {
                kind =
                    ["Installing", "Upgrading", "Downgrading", "Removing", "Reinstalling"].first { line.hasPrefix($0) }
                    ?? ""
                words = []
                continue
            }
            guard !kind.isEmpty, line.hasPrefix(" ") else { continue }
            if line.trimmed.hasPrefix("replacing ") {
                replace(line.split(separator: " ").dropFirst().map(String.init))
                continue
            }
            // Name, architecture, version, repository, size, and the size's unit if it has one; a long name stands on
            // a line of its own.
            words += line.split(separator: " ").map(String.init)
            guard words.count >= 5 else { continue }
            add(kind, words)
            words = []
        }
    }

    /// What the package above takes the place of: `curl x86_64 8.6.0-8.fc40 …` with dnf 5, `curl.x86_64 7.76-1` before.
    private mutating func replace(_ fields: [String]) {
        var fields = fields
        if fields.count == 2, let dot = fields[0].lastIndex(of: ".") {
            fields = [String(fields[0][..<dot]), String(fields[0][fields[0].index(after: dot)...]), fields[1]]
        }
        guard fields.count >= 3, let last = operations.indices.last else { return }
        if operations[last].name == fields[0] {
            operations[last].before = fields[2]
        } else {
            add("Removing", fields)
            // The next such line is about the same package.
            operations.swapAt(last, last + 1)
        }
    }

    private mutating func add(_ kind: String, _ fields: [String]) {
        let version = fields[2]
        let whole = "\(fields[0])-\(version).\(fields[1])"
        switch kind {
        case "Removing":
            operations.append(
                Operation(name: fields[0], before: version, after: "not installed", told: "Removed: \(whole)"))
        case "Installing":
            operations.append(
                Operation(name: fields[0], before: "not installed", after: version, told: "Installed: \(whole)"))
        default:
            operations.append(
                Operation(name: fields[0], before: "another version", after: version, told: "Installed: \(whole)"))
        }
    }
}
