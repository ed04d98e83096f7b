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

    /// A file of such lines.
    struct File: Sendable {
        var path: String
        var lines: [Line] = []
        private let coding: TextCoding

        init(path: String, content: [UInt8] = []) {
            self.path = path
            coding = TextCoding(of: content)
            lines = HostText.lines(coding.text(content)).map(AptSources.line)
        }

        var text: String { lines.map { $0.text + "\n" }.joined() }
        var content: [UInt8] { coding.bytes(text) }
        /// A source as it reads among the file's lines.
        func spelling(_ source: String) -> String { coding.spelling(source) }
    }

    /// The files in the order apt reads them.
    var files: [File]

    /// Switches the source on where it is, or adds it to the file of that path. Comments beside it stay.
    ///
    /// - Returns: The paths of files that differ now.
    mutating func enable(_ source: String, in path: String) -> [String] {
        var changed: [String] = []
        var isFound = false
        for (at, file) in files.enumerated() {
            var lines = file.lines
            for (index, line) in lines.enumerated() where line.source == file.spelling(source) {
                isFound = true
                if line.isEnabled { continue }
                lines[index].isEnabled = true
                lines[index].text = lines[index].written
                if !changed.contains(file.path) { changed.append(file.path) }
            }
            files[at].lines = lines
        }
        if isFound { return changed }
        let at = files.firstIndex { $0.path == path } ?? files.count
        if at == files.count { files.append(File(path: path)) }
        var line = Line(text: "", source: files[at].spelling(source), isEnabled: true)
        line.text = line.written
        files[at].lines.append(line)
        return [path]
    }

    /// Takes the source out wherever it is; returns the paths of files that differ now.
    mutating func remove(_ source: String) -> [String] {
        var changed: [String] = []
        for (at, file) in files.enumerated() {
            let source = file.spelling(source)
            guard file.lines.contains(where: { $0.source == source }) else { continue }
            files[at].lines.removeAll { $0.source == source }
            changed.append(file.path)
        }
        return changed
    }

    func text(of path: String) -> String { files.first { $0.path == path }?.text ?? "" }

    func content(of path: String) -> [UInt8] { files.first { $0.path == path }?.content ?? [] }

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
