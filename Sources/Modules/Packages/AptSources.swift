import Values

/// The one-line style of apt's sources: `/etc/apt/sources.list` and the `.list` files beside it.
///
/// - SeeAlso: sources.list(5).
struct AptSources: Sendable {
    /// A line of such a file.
    struct Line: Sendable {
        /// As it stands in the file.
        var text: String
        /// `deb …` without what is around it; nil for blank lines and comments.
        var source: String?
        var isEnabled = false
        var comment = ""

        /// The line that says so.
        var written: String {
            guard let source else { return text }
            return (isEnabled ? "" : "# ") + source + (comment.isEmpty ? "" : " # " + comment)
        }
    }

    /// The files by path, in the order apt reads them.
    var files: [(path: String, lines: [Line])]

    /// Whether any file names the source, switched on or not.
    func holds(_ source: String) -> Bool { files.contains { $0.lines.contains { $0.source == source } } }

    /// Switches the source on where it is, or adds it to the file of that path.
    ///
    /// - Returns: The paths of files that differ now.
    mutating func enable(_ source: String, comment: String, in path: String) -> [String] {
        var changed: [String] = []
        var isFound = false
        for (at, file) in files.enumerated() {
            var lines = file.lines
            for (index, line) in lines.enumerated() where line.source == source {
                isFound = true
                // A comment that the task does not give stays.
                let wanted = comment.isEmpty ? line.comment : comment
                if line.isEnabled, line.comment == wanted { continue }
                lines[index].isEnabled = true
                lines[index].comment = wanted
                lines[index].text = lines[index].written
                if !changed.contains(file.path) { changed.append(file.path) }
            }
            files[at].lines = lines
        }
        if isFound { return changed }
        var line = Line(text: "", source: source, isEnabled: true, comment: comment)
        line.text = line.written
        if let at = files.firstIndex(where: { $0.path == path }) {
            files[at].lines.append(line)
        } else {
            files.append((path, [line]))
        }
        return [path]
    }

    /// Takes the source out wherever it is; returns the paths of files that differ now.
    mutating func remove(_ source: String) -> [String] {
        var changed: [String] = []
        for (at, file) in files.enumerated() where file.lines.contains(where: { $0.source == source }) {
            files[at].lines.removeAll { $0.source == source }
            changed.append(file.path)
        }
        return changed
    }

    func text(of path: String) -> String {
        (files.first { $0.path == path }?.lines ?? []).map { $0.text + "\n" }.joined()
    }

    /// Reads a file's text; lines that are no sources are kept as they are.
    static func lines(_ text: String) -> [Line] { HostText.lines(text).map(line) }

    /// Reads one line.
    static func line(_ text: String) -> Line {
        var rest = text.trimmed[...]
        var line = Line(text: text, isEnabled: true)
        while rest.first == "#" {
            line.isEnabled = false
            rest = rest.dropFirst().drop(while: \.isWhitespace)
        }
        if let hash = rest.firstIndex(of: "#") {
            line.comment = rest[rest.index(after: hash)...].trimmed
            rest = rest[..<hash]
        }
        let words = words(String(rest))
        guard let type = words.first, type == "deb" || type == "deb-src", words.count >= 3 else {
            return Line(text: text)
        }
        line.source = words.joined(separator: " ")
        return line
    }

    /// The words; options in brackets are one, however many blanks are in them.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var open: String?
        for word in text.split(whereSeparator: \.isWhitespace) {
            if let begun = open {
                open = begun + " " + word
            } else if word.hasPrefix("["), words.count == 1 {
                open = String(word)
            } else {
                words.append(String(word))
                continue
            }
            if word.hasSuffix("]"), let whole = open {
                words.append(whole)
                open = nil
            }
        }
        return words
    }

    /// The name of the file that a source goes to: its address with all but letters and digits as underscores.
    static func fileName(for source: String) -> String {
        var words = source.split(separator: " ").map(String.init)[...]
        words = words.drop { $0 == "deb" || $0 == "deb-src" }
        while let first = words.first, first.hasPrefix("[") {
            // Options may hold blanks.
            while let word = words.first {
                words = words.dropFirst()
                if word.hasSuffix("]") { break }
            }
        }
        var address = words.first ?? ""
        if let scheme = address.firstIndex(of: ":"), address[scheme...].hasPrefix("://") {
            address = String(address[address.index(scheme, offsetBy: 3)...])
        }
        if let at = address.firstIndex(of: "@") { address = String(address[address.index(after: at)...]) }
        let parts = address.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return parts.joined(separator: "_")
    }
}
