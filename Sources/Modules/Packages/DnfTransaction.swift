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
            // Name, architecture, version, repository, size, and the size's unit if it has one; a long name stands on
            // a line of its own.
            words += line.split(separator: " ").map(String.init)
            guard words.count >= 5 else { continue }
            add(kind, words)
            words = []
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
