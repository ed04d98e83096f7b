import Diagnostics
import Playbook
import Values
import Vault
import YAML

/// `-e`: variables from the command line, in every form Ansible takes.
enum ExtraVariables {
    static func read(_ texts: [String], vault: VaultSecrets) throws(Diagnostic) -> ValueMap {
        var result = ValueMap()
        for text in texts { result.merge(try read(text, vault)) }
        return result
    }

    private static func read(_ text: String, _ vault: VaultSecrets) throws(Diagnostic) -> ValueMap {
        if text.hasPrefix("@") {
            let path = String(text.dropFirst())
            let files = ProjectFiles(vault: vault)
            guard let node = try files.document(at: path) else { return [:] }
            var options = YAMLValueOptions.written
            options.isSecret = node.location.file.isSecret
            return try map(try node.value(options), "the file \(path)")
        }
        let file = SourceFile(name: "-e", text: text)
        if let first = text.trimmed.first, first == "{" || first == "[" {
            guard let node = try YAMLReader.read(text, file: file) else { return [:] }
            return try map(try node.value(.written), "-e '\(text)'")
        }
        let place = SourceLocation(file: file, line: 1, column: 1)
        let reading = KeyValueText.read(text)
        guard reading.rest.isEmpty, !reading.options.isEmpty else {
            throw Diagnostic(
                .badOption, "-e '\(text)' is no variable",
                remedy: "Write -e name=value, -e '{\"name\": …}' or -e @FILE.")
        }
        var result = ValueMap()
        for (name, value) in reading.options {
            let isTemplate = TemplateMarks.within(value)
            result[name] = .string(Text(value, marks: isTemplate ? .template : [], origin: isTemplate ? place : nil))
        }
        return result
    }

    private static func map(_ value: Value, _ what: String) throws(Diagnostic) -> ValueMap {
        guard let map = value.mapValue else {
            throw Diagnostic(.badOption, "\(what) must hold a map of names to values, not \(value.typeName)")
        }
        return map
    }
}
