public import Diagnostics

/// Reads YAML text, as PyYAML with libyaml does for Ansible, into nodes that know their place.
public enum YAMLReader {
    /// The bounds that keep a hostile or broken text from eating memory or stack.
    public struct Limits: Sendable {
        /// How deep nodes may nest.
        public var depth: Int
        /// How many nodes a text may hold once its aliases are written out.
        public var nodes: Int

        /// Makes one from its parts.
        public init(depth: Int = 200, nodes: Int = 5_000_000) {
            self.depth = depth
            self.nodes = nodes
        }
    }

    /// Reads a text of at most one document.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - file: What the places in nodes and errors refer to; built from the same text.
    ///   - limits: The bounds.
    ///   - warnings: Keys given twice are added here, as Ansible warns of them; the last value wins.
    /// - Returns: The document's node, or nil if the text holds none (empty, comments only).
    /// - Throws: `Diagnostic` with code `.syntax` and the place; also if there is a second document.
    public static func read(
        _ text: String,
        file: SourceFile,
        limits: Limits = Limits(),
        warnings: inout [Diagnostic]
    ) throws(Diagnostic) -> YAMLNode? {
        let composer = YAMLComposer(text, file: file, limits: limits)
        let nodes = try composer.documents(atMost: 1)
        warnings += composer.warnings
        return nodes.first
    }

    /// Reads a text of at most one document where nobody is to be warned of keys given twice.
    public static func read(_ text: String, file: SourceFile, limits: Limits = Limits()) throws(Diagnostic) -> YAMLNode?
    {
        var ignored: [Diagnostic] = []
        return try read(text, file: file, limits: limits, warnings: &ignored)
    }

    /// Reads every document of a text, as `from_yaml_all` does.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - file: What the places in nodes and errors refer to.
    ///   - limits: The bounds.
    ///   - warnings: Keys given twice are added here.
    /// - Throws: `Diagnostic` with code `.syntax` and the place.
    public static func readAll(
        _ text: String,
        file: SourceFile,
        limits: Limits = Limits(),
        warnings: inout [Diagnostic]
    ) throws(Diagnostic) -> [YAMLNode] {
        let composer = YAMLComposer(text, file: file, limits: limits)
        let nodes = try composer.documents(atMost: nil)
        warnings += composer.warnings
        return nodes
    }

    /// Turns the bytes of a file into text, refusing what is not UTF-8.
    ///
    /// A byte order mark is dropped, as every YAML reader does.
    ///
    /// - Parameters:
    ///   - bytes: The file's content.
    ///   - name: What errors call the file.
    /// - Throws: `Diagnostic` with code `.syntax`, naming the first line that is not UTF-8.
    public static func text(_ bytes: [UInt8], name: String) throws(Diagnostic) -> String {
        var content = bytes[...]
        if content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
        if content.starts(with: [0xFF, 0xFE]) || content.starts(with: [0xFE, 0xFF]) {
            throw Diagnostic(
                .syntax, "'\(name)' is UTF-16, not UTF-8", remedy: "Convert it: iconv -f UTF-16 -t UTF-8.")
        }
        if let text = String(validating: content, as: UTF8.self) { return text }
        let good = String(decoding: content, as: UTF8.self)
        // The first replaced character is the first bad byte, unless the file itself holds U+FFFD before it.
        var line = 1
        var column = 1
        for scalar in good.unicodeScalars {
            if scalar == "\u{FFFD}" { break }
            if scalar == "\n" {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        throw Diagnostic(
            .syntax,
            "the text is not UTF-8",
            at: SourceLocation(file: SourceFile(name: name, text: good), line: line, column: column),
            remedy: "Save the file as UTF-8, or find its encoding with `file \(name)` and convert it with iconv."
        )
    }
}
