public import Diagnostics
import Local
public import Values
public import Vault
public import YAML

/// Reads files of variables: group_vars, host_vars, `vars_files`, `-e @file`.
public enum VariablesFile {
    /// A file's document, with the options that its values are to be read with.
    public struct Document: Sendable {
        public var root: YAMLNode?
        public var file: SourceFile
        public var options: YAMLValueOptions
        /// The value of a file that is JSON, which is read as such.
        var json: Value?
        /// Keys given twice.
        public var warnings: [Diagnostic]

        /// The file's value; null if it is empty.
        public func value() throws(Diagnostic) -> Value {
            if let json { return json }
            return try root?.value(options) ?? .null
        }
    }

    /// Reads a file, vaulted or not, YAML or JSON.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - secrets: The passwords, should the whole file be vaulted.
    ///   - templates: Whether texts with template delimiters are templates.
    /// - Throws: `Diagnostic`: unreadable, cannot be opened, not UTF-8, malformed.
    public static func document(
        _ path: String, secrets: VaultSecrets, templates: Bool = true
    ) throws(Diagnostic) -> Document {
        let (bytes, isSecret) = try LocalFile.bytes(path, opening: secrets)
        return try document(bytes, name: path, isSecret: isSecret, templates: templates)
    }

    /// Reads the content of a file that is already at hand.
    public static func document(
        _ bytes: [UInt8], name: String, isSecret: Bool = false, templates: Bool = true
    ) throws(Diagnostic) -> Document {
        let text = try YAMLReader.text(bytes, name: name)
        let file = SourceFile(name: name, text: text, isSecret: isSecret)
        let options = YAMLValueOptions(templates: templates, isSecret: isSecret, takesVaulted: true)
        // Ansible tries JSON first, where 1e3 is a number and not text.
        if let first = text.utf8.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "["),
            let json = try? JSON.parse(text)
        {
            let start = SourceLocation(file: file, line: 1, column: 1)
            return Document(file: file, options: options, json: json.asWritten(options, at: start), warnings: [])
        }
        var warnings: [Diagnostic] = []
        let root = try YAMLReader.read(text, file: file, warnings: &warnings)
        return Document(root: root, file: file, options: options, warnings: warnings)
    }

    /// The variables that a file gives; an empty file gives none.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - secrets: The passwords, should the whole file be vaulted.
    ///   - warnings: Keys given twice are added here.
    /// - Throws: `Diagnostic`, also if the file holds something else than a mapping.
    public static func variables(
        _ path: String, secrets: VaultSecrets, warnings: inout [Diagnostic]
    ) throws(Diagnostic) -> ValueMap {
        let document = try document(path, secrets: secrets)
        warnings += document.warnings
        let value = try document.value()
        if let map = value.mapValue { return map }
        // Ansible passes over a file that holds nothing, `false` or an empty list.
        if !value.isTruthy { return [:] }
        throw Diagnostic(
            .badValue, "a file of variables must hold 'name: value' pairs, not \(document.root?.kindName ?? "a list")",
            at: document.root?.location ?? SourceLocation(file: document.file, line: 1, column: 1),
            remedy: "Write 'name: value', one per line, without a leading dash.")
    }
}

extension Value {
    /// A value read from JSON, with the marks that its texts would have had in YAML.
    func asWritten(_ options: YAMLValueOptions, at place: SourceLocation) -> Value {
        mapText { text in
            var text = text
            if options.isSecret { text.marks.insert(.secret) }
            if options.templates, TemplateMarks.within(text.string) {
                text.marks.insert(.template)
                text.origin = place
            }
            return text
        }
    }
}
