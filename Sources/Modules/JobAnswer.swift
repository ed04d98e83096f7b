public import Diagnostics
public import Results
public import Values

/// A job's file, read.
public enum JobAnswer {
    /// What a job has come to, from the text of its file.
    ///
    /// - Parameters:
    ///   - text: The file's content; a host wrote it.
    ///   - known: What is known without it: the job, its file.
    ///   - host: For messages.
    public static func result(_ text: [UInt8], _ known: ValueMap, host: String) -> ModuleResult {
        var values = known
        guard let map = (try? JSON.parse(text))?.mapValue else {
            // A file half written by something else: it may yet be written.
            values["finished"] = false
            return .ok(values)
        }
        values.merge(map)
        if map["started"] != nil {
            values["finished"] = .bool(map["finished"]?.isTruthy ?? false)
        } else {
            values["finished"] = true
        }
        values["started"] = .bool(values["started"]?.isTruthy ?? true)
        for name in ["stdout", "stderr"] where map[name] != nil && map[name + "_lines"] == nil {
            values[.string(name + "_lines")] = .list(CommandRun.lines(map[name]?.pythonText ?? ""))
        }
        var result = ModuleResult(
            changed: map["changed"]?.isTruthy ?? false, skipped: map["skipped"]?.isTruthy ?? false, values: values)
        result.facts = map["ansible_facts"]?.mapValue ?? [:]
        for name in ["changed", "failed", "skipped", "ansible_facts"] { result.values[name] = nil }
        if map["failed"]?.isTruthy ?? false {
            let said = map["msg"]?.pythonText ?? "the job failed"
            let words = values.lastWords
            result.failure = Diagnostic(
                .commandFailed, words.isEmpty ? said : "\(said): \(words)", host: host)
        }
        return result
    }
}
