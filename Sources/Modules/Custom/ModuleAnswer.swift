import Diagnostics
import Results
import Target
import Values

/// What a module that is a file answered, as a result.
///
/// A host wrote it: it is data.
struct ModuleAnswer {
    private let name: String
    private let host: String
    private let verbosity: Int

    /// - Parameter verbosity: From 3 on a result keeps what the module was called with.
    init(of name: String, on host: String, verbosity: Int) {
        self.name = name
        self.host = host
        self.verbosity = verbosity
    }

    /// The result that a module's output is.
    func result(_ output: CommandResult) -> ModuleResult {
        var warnings: [String] = []
        guard let text = Self.object(in: output.output, &warnings), case .map(let answer)? = try? JSON.parse(text)
        else {
            return unreadable(output)
        }
        return result(of: answer, status: Int(output.status), warnings)
    }

    /// The lines that are the module's answer: from the first that begins with a brace to the last that ends with one.
    private static func object(in text: String, _ warnings: inout [String]) -> String? {
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        guard let start = lines.firstIndex(where: { $0.trimmed.hasPrefix("{") }),
            let end = lines.lastIndex(where: { $0.trimmed.hasSuffix("}") }), end >= start
        else { return nil }
        let rest = lines[(end + 1)...].joined(separator: "\n")
        if !rest.trimmed.isEmpty { warnings.append("Module invocation had junk after the JSON data: \(rest.trimmed)") }
        return lines[start...end].joined(separator: "\n")
    }

    private func unreadable(_ output: CommandResult) -> ModuleResult {
        let said = output.errorOutput.lastLine.isEmpty ? output.output.lastLine : output.errorOutput.lastLine
        let summary =
            "module '\(name)' ended with status \(output.status) and answered no JSON"
            + (said.isEmpty ? ", nor anything else" : ": \(said)")
        return ModuleResult(
            values: [
                "msg": .string(summary), "module_stdout": .string(output.output),
                "module_stderr": .string(output.errorOutput), "rc": .int(Int(output.status)),
            ],
            failure: Diagnostic(
                .failed, summary,
                remedy: "A module prints one JSON object on standard output, such as {\"changed\": false}; -v shows "
                    + "all that this one printed.", host: host))
    }

    private func result(of answer: ValueMap, status: Int, _ warnings: [String]) -> ModuleResult {
        var values = answer.mapValues(Self.plain)
        var result = ModuleResult(warnings: warnings)
        for key in values.keys where key.text.hasPrefix("_ansible_") {
            result.warnings.append("Removed unexpected internal key in module return: \(key.text)")
            values.removeValue(forKey: key)
        }
        if let results = values["results"], results.elements == nil, results.mapValue == nil {
            result.warnings.append(
                "Found internal 'results' key in module return, renamed to 'ansible_module_results'.")
            values.removeValue(forKey: "results")
            values["ansible_module_results"] = results
        }
        result.warnings += (values.removeValue(forKey: "warnings")?.elements ?? []).map(\.pythonText)
        for notice in values["deprecations"]?.elements ?? [] {
            result.warnings.append(Self.text(ofDeprecation: notice))
        }
        result.changed = values.removeValue(forKey: "changed")?.isTruthy ?? false
        result.skipped = values.removeValue(forKey: "skipped")?.isTruthy ?? false
        result.facts = values.removeValue(forKey: "ansible_facts")?.mapValue ?? [:]
        for stream in ["stdout", "stderr"] {
            guard let text = values[stream], values[stream + "_lines"] == nil else { continue }
            values[.string(stream + "_lines")] = .list(CommandRun.lines(text.isTruthy ? text.pythonText : ""))
        }
        result.change = ModuleDiff.change(values["diff"])
        let exception = answer["exception"].map(Self.messages) ?? []
        let hasFailed = values.removeValue(forKey: "failed").map(\.isTruthy) ?? Self.isFailure(values["rc"])
        if hasFailed {
            if values["msg"] == nil, let first = exception.first {
                values["msg"] = .string("Task failed: Module failed: \(first)")
            }
            values["exception"] = values["exception"] ?? .string(Self.noTraceback)
            let said = ([values["msg"]?.pythonText].compactMap(\.self) + exception).reduce(into: "") { text, part in
                if !text.contains(part) { text += text.isEmpty ? part : ": \(part)" }
            }
            result.failure = Diagnostic(
                .failed, said.isEmpty ? "module '\(name)' failed and does not say why (status \(status))" : said,
                host: host)
        }
        // A module that reaches a machine by itself may say that it cannot.
        if values.removeValue(forKey: "unreachable")?.isTruthy ?? false {
            result.failure = Diagnostic(
                .unreachable, values["msg"]?.pythonText ?? "module '\(name)' did not reach its machine", host: host)
        }
        if result.failure == nil, verbosity < 3 { values.removeValue(forKey: "invocation") }
        if result.skipped { values["failed"] = .bool(hasFailed) }
        result.values = values
        return result
    }

    /// What stands in a failure's answer where its module tells no more.
    private static let noTraceback = "(traceback unavailable)"

    /// Without a word of its own, a status other than zero is a failure.
    private static func isFailure(_ status: Value?) -> Bool {
        guard let status, !status.isNull else { return false }
        return status.pythonText != "0"
    }

    // MARK: Newer answers

    /// Messages of newer code, which come as objects, as older code gave them.
    private static func plain(_ value: Value) -> Value {
        switch value {
        case .list(let items): return .list(items.map(plain))
        case .map(var map):
            for key in map.keys where key.text.hasPrefix("_ansible_") { map.removeValue(forKey: key) }
            guard let type = map.removeValue(forKey: "__ansible_type")?.stringValue else {
                return .map(map.mapValues(plain))
            }
            switch type {
            case "WarningSummary": return map["event"]?.mapValue?["msg"] ?? ""
            case "ErrorSummary":
                return map["event"]?.mapValue?["formatted_traceback"] ?? .string(noTraceback)
            case "DeprecationSummary":
                if let event = map.removeValue(forKey: "event")?.mapValue { map["msg"] = event["msg"] }
                if let name = map["deprecator"]?.mapValue?["resolved_name"] { map["collection_name"] = name }
                return .map(map.mapValues(plain))
            default: return map["value"].map(plain) ?? .map(map.mapValues(plain))
            }
        default: return value
        }
    }

    /// What an exception and those behind it say; none where it is text alone.
    private static func messages(_ exception: Value) -> [String] {
        var messages: [String] = []
        var event = exception.mapValue?["event"]?.mapValue
        while let now = event, messages.count < 20 {
            if let text = now["msg"]?.pythonText { messages.append(text) }
            event = now["chain"]?.mapValue?["event"]?.mapValue
        }
        return messages
    }

    private static func text(ofDeprecation notice: Value) -> String {
        guard let map = notice.mapValue else { return notice.pythonText }
        let owner = map["collection_name"].map { $0.isNull ? "" : "\($0.pythonText) " } ?? ""
        let end = (map["version"] ?? map["date"]).map {
            $0.isNull ? "" : " (to be removed in \(owner)\($0.pythonText))"
        }
        return "deprecated: " + (map["msg"]?.pythonText ?? "") + (end ?? "")
    }
}

/// What a module says it changed.
enum ModuleDiff {
    /// A module's `diff`, one or several of them; nil where there is nothing to show.
    static func change(_ diff: Value?) -> Change? {
        guard let diff, !diff.isNull else { return nil }
        let parts = (diff.elements ?? [diff]).compactMap(\.mapValue).flatMap(self.parts)
        return parts.isEmpty ? nil : Change(parts)
    }

    private static func parts(_ diff: ValueMap) -> [Change.Part] {
        var parts: [Change.Part] = []
        if diff["before"] != nil || diff["after"] != nil {
            let before = text(diff["before"])
            let after = text(diff["after"])
            let header = diff["after_header"] ?? diff["before_header"]
            if before != after {
                parts.append(
                    .text(
                        path: header.map { $0.isNull ? "" : $0.pythonText } ?? "", before: before, after: after))
            }
        }
        if let prepared = diff["prepared"], prepared.isTruthy {
            parts += prepared.pythonText.split(whereSeparator: \.isNewline).map { .action(String($0)) }
        }
        return parts
    }

    private static func text(_ value: Value?) -> String {
        guard let value, !value.isNull else { return "" }
        guard value.mapValue != nil || value.elements != nil else { return value.pythonText }
        let style = JSON.Style(indent: 4, itemSeparator: ",", keySeparator: ": ", sortsKeys: true)
        return ((try? JSON.text(value, style: style)) ?? value.pythonRepresentation) + "\n"
    }
}
