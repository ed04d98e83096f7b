import Results
import Values

/// A change as `--diff` shows it.
enum ChangePicture {
    /// - Parameters:
    ///   - subject: What the settings belong to, where the parts do not say so themselves: a path, a name.
    ///   - context: How many unchanged lines are shown around a change.
    ///   - largest: Texts of more bytes are not compared.
    static func lines(
        _ change: Change, subject: String?, redactor: Redactor, context: Int = 3, largest: Int = .max
    ) -> [String] {
        var heading: [String] = []
        if let subject, let first = change.parts.first, case .setting = first {
            heading = ["@@ \(redactor.redacted(subject)) @@"]
        }
        return heading
            + change.parts.flatMap { part -> [String] in
                switch part {
                case .text(let path, let before, let after):
                    guard max(before?.utf8.count ?? 0, after?.utf8.count ?? 0) <= largest else {
                        return ["diff skipped: \(redactor.redacted(path)) is larger than \(largest) bytes"]
                    }
                    return UnifiedDiff.lines(
                        before: before.map(redactor.redacted), after: after.map(redactor.redacted),
                        path: redactor.redacted(path), context: context)
                case .setting(let name, let before, let after):
                    let name = redactor.redacted(name)
                    return ["- \(name): \(text(before, redactor))", "+ \(name): \(text(after, redactor))"]
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

extension TaskReport {
    /// The file, container, package … a change is about, as the module's answer names it.
    var subject: String? {
        for name in ["path", "dest", "name"] {
            if let text = values[name]?.stringValue { return text }
        }
        return label?.stringValue
    }
}
