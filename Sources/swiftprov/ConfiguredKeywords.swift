import Configuration
import Diagnostics
import Playbook
import Values

/// Settings that say what a keyword says where no playbook does.
enum ConfiguredKeywords {
    static func read(_ configuration: Settings) -> [Keywords.Setting: Field] {
        var keywords: [Keywords.Setting: Field] = [:]
        for (key, keyword) in [
            (SettingKey.anyErrorsFatal, Keywords.Setting.anyErrorsFatal), (.noLog, .noLog), (.taskTimeout, .timeout),
            (.sshPort, .port),
        ] {
            guard configuration.isGiven(key), let entry = configuration.entry(key.rawValue) else { continue }
            keywords[keyword] = Field(entry.value, at: place(of: entry))
        }
        return keywords
    }

    /// Extensions of templates that are asked for and are not there.
    static func warnings(_ configuration: Settings) -> [Diagnostic] {
        let there: Set<String> = ["jinja2.ext.do", "jinja2.ext.loopcontrols"]
        let missing = configuration.words(.jinja2Extensions).filter { !there.contains($0) }
        guard !missing.isEmpty, let entry = configuration.entry(SettingKey.jinja2Extensions.rawValue) else { return [] }
        return [
            Diagnostic(
                .unsupported, "templates have no extension '\(missing.joined(separator: "', '"))' here",
                at: place(of: entry), remedy: "do and loopcontrols are always on; take the others out.",
                severity: .warning)
        ]
    }

    private static func place(of entry: Settings.Entry) -> SourceLocation {
        if case .file(let place, _) = entry.origin { return place }
        let file = SourceFile(name: entry.origin.text, text: entry.value.pythonText)
        return SourceLocation(file: file, line: 1, column: 1)
    }
}
