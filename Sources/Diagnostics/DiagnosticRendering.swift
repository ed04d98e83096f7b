extension Diagnostic {
    /// The text people read: place, severity, summary, the line with a caret, notes, remedy.
    ///
    /// ```
    /// site.yml:14:7: error: unknown argument 'mod' for ansible.builtin.file
    ///  14 |       mod: "0644"
    ///     |       ^
    ///   help: did you mean 'mode'?
    /// ```
    public func rendered() -> String {
        var lines = [heading]
        lines += Self.excerpt(at: location)
        for note in notes {
            lines.append((note.location.map { "\($0): " } ?? "  ") + "note: \(note.text)")
            lines += Self.excerpt(at: note.location)
        }
        if let remedy { lines.append("  help: \(remedy)") }
        return lines.joined(separator: "\n")
    }

    private var heading: String {
        var prefix = ""
        if let location { prefix += "\(location): " }
        if let host { prefix += "\(host): " }
        return "\(prefix)\(severity.rawValue): \(summary)"
    }

    private static func excerpt(at place: SourceLocation?) -> [String] {
        guard let place, let line = place.file.line(place.line) else { return [] }
        let number = String(place.line)
        let margin = String(repeating: " ", count: number.count + 2)
        // Tabs stay tabs under the line, so that the caret stands where the character stands.
        let before = line.prefix(max(0, place.column - 1)).map { $0 == "\t" ? "\t" : " " }.joined()
        return [" \(number) | \(line)", "\(margin)| \(before)^"]
    }
}

/// Finds the names that a mistyped one was most likely meant to be.
public enum NearestNames {
    /// The candidates within a third of the name's length, nearest first, at most three.
    public static func of(_ name: String, among candidates: some Sequence<String>) -> [String] {
        let limit = max(1, (name.count + 1) / 3)
        let word = Array(name.lowercased())
        return
            candidates
            .compactMap { candidate -> (name: String, distance: Int)? in
                guard abs(candidate.count - word.count) <= limit, candidate != name else { return nil }
                let distance = distance(word, Array(candidate.lowercased()))
                return distance <= limit ? (candidate, distance) : nil
            }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
            .prefix(3)
            .map(\.name)
    }

    /// A remedy naming them: `did you mean 'mode'?`, or nil if none is near.
    public static func hint(_ name: String, among candidates: some Sequence<String>) -> String? {
        let near = of(name, among: candidates)
        guard !near.isEmpty else { return nil }
        return "did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?"
    }

    /// Edit distance where a swap of two neighbours counts as one.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for i in 1...left.count {
            var row = [i] + [Int](repeating: 0, count: right.count)
            for j in 1...right.count {
                let cost = left[i - 1] == right[j - 1] ? 0 : 1
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
                if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
                    row[j] = min(row[j], beforeLast[j - 2] + 1)
                }
            }
            beforeLast = last
            last = row
        }
        return last[right.count]
    }
}
