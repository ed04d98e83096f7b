public import Values

/// How a change stands in a task's result as `diff`, which playbooks read and callbacks write (`register: r` with
/// `diff: true`, then `r.diff`). Ansible's modules agree on no one form; these are theirs.
public enum RegisteredDiff: Sendable {
    /// One map: the texts before and after, or the settings that differ (`file`, `replace`, `known_hosts`).
    case single
    /// A list of maps, one a text; settings alone are one map (`copy`, `template`).
    case list
    /// Two maps: the content, then the file's attributes (`lineinfile`, `blockinfile`, `ini_file`).
    case sections

    /// - Parameter path: What settings belong to, where the change itself does not say.
    /// - Returns: Nil if nothing would differ.
    public func value(of change: Change, path: Value?) -> Value? {
        guard !change.isEmpty else { return nil }
        var texts: [ValueMap] = []
        var before = ValueMap()
        var after = ValueMap()
        var actions: [String] = []
        for part in change.parts {
            switch part {
            case .text(let path, let old, let new): texts.append(text(path, old, new))
            case .setting(let name, let old, let new):
                before[.string(name)] = old
                after[.string(name)] = new
            case .action(let line): actions.append(line)
            }
        }
        if case .sections = self, let path = (path ?? texts.first?["after_header"])?.stringValue {
            return sections(path, texts, before, after, actions)
        }
        if texts.isEmpty || self == .single && texts.count == 1 {
            var result = texts.first ?? [:]
            if texts.isEmpty, !before.isEmpty || !after.isEmpty {
                var named: ValueMap = [:]
                if let path { named["path"] = path }
                result["before"] = .map(named.merging(before))
                result["after"] = .map(named.merging(after))
            }
            if !actions.isEmpty { result["prepared"] = .string(actions.joined(separator: "\n")) }
            return .map(result)
        }
        return .list(texts.map { .map($0) })
    }

    private func sections(
        _ path: String, _ texts: [ValueMap], _ before: ValueMap, _ after: ValueMap, _ actions: [String]
    ) -> Value {
        var content: ValueMap = ["before": "", "after": ""]
        if let text = texts.first {
            content["before"] = text["before"] ?? ""
            content["after"] = text["after"] ?? ""
        }
        content["before_header"] = .string("\(path) (content)")
        content["after_header"] = .string("\(path) (content)")
        if !actions.isEmpty { content["prepared"] = .string(actions.joined(separator: "\n")) }
        var attributes: ValueMap = [
            "before_header": .string("\(path) (file attributes)"), "after_header": .string("\(path) (file attributes)"),
        ]
        if !before.isEmpty || !after.isEmpty {
            attributes["before"] = .map(before)
            attributes["after"] = .map(after)
        }
        return .list([.map(content), .map(attributes)])
    }

    private func text(_ path: String, _ before: String?, _ after: String?) -> ValueMap {
        var result: ValueMap = [
            "before_header": .string(before == nil ? "/dev/null" : path), "before": .string(before ?? ""),
            "after_header": .string(after == nil ? "/dev/null" : path), "after": .string(after ?? ""),
        ]
        // A file that `copy` makes has no name before.
        if self == .list, before == nil { result.removeValue(forKey: "before_header") }
        return result
    }
}
