import Results
import Values

/// A change as `--diff` shows it.
enum ChangePicture {
    static func lines(_ change: Change, redactor: Redactor) -> [String] {
        change.parts.flatMap { part -> [String] in
            switch part {
            case .text(let path, let before, let after):
                return UnifiedDiff.lines(
                    before: before.map(redactor.redacted), after: after.map(redactor.redacted), path: path)
            case .setting(let name, let before, let after):
                return [
                    "- \(name): \(text(before, redactor))",
                    "+ \(name): \(text(after, redactor))",
                ]
            case .action(let description):
                return ["+ \(redactor.redacted(description))"]
            }
        }
    }

    private static func text(_ value: Value, _ redactor: Redactor) -> String {
        if value.isNull { return "(none)" }
        let safe = redactor.redacted(value)
        return safe.stringValue ?? JSONText.of(safe)
    }
}
