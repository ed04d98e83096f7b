internal import Diagnostics
internal import Results
internal import Values

/// How two values of an option are compared.
enum Comparison: String, Sendable {
    case strict
    case ignore
    case allowMorePresent = "allow_more_present"
}

/// One option of a container's state: what is wanted, where the Engine keeps it, how the two are compared.
struct ContainerOption: Sendable {
    /// What kind of thing it is.
    enum Shape: Sendable {
        case value
        /// The order matters.
        case list
        /// The order does not matter.
        case set
        /// Names with values.
        case map
    }

    /// The name in playbooks, as the diff gives it.
    var name: String
    /// Where inspection shows it: `["Config", "Env"]`, `["HostConfig", "Memory"]`.
    var path: [String]
    var shape: Shape
    /// The wanted value in the Engine's own form.
    var wanted: Value
    var comparison: Comparison
    /// The field of an update request, for what can change in a container that exists.
    var updateKey: String?
    /// Whether the difference is told but makes no other container: `stop_timeout` is compared only if asked for.
    var isSent = true

    init(
        _ name: String, _ path: [String], _ shape: Shape, _ wanted: Value, comparison: Comparison? = nil,
        updateKey: String? = nil, isSent: Bool = true
    ) {
        self.name = name
        self.path = path
        self.shape = shape
        self.wanted = wanted
        self.updateKey = updateKey
        self.isSent = isSent
        self.comparison = comparison ?? (shape == .value || shape == .list ? .strict : .allowMorePresent)
    }

    /// What of the wanted value the container does not have, part by part.
    func differences(from container: Value) -> [Change.Part] {
        guard comparison != .ignore else { return [] }
        var actual = container
        for key in path { actual = actual[key] }
        let real = Self.plain(name, actual)
        let goal = Self.plain(name, wanted)
        switch shape {
        case .value:
            return Self.same(goal, real) ? [] : [DockerDiff.setting(name, before: real, after: wanted)]
        case .list:
            let isSame =
                comparison == .strict ? goal.items == real.items : Self.isSubsequence(goal.items, of: real.items)
            return isSame ? [] : [DockerDiff.setting(name, before: real, after: wanted)]
        case .set:
            let isSame =
                goal.items.allSatisfy { item in real.items.contains { Self.covers($0, item) } }
                && (comparison != .strict
                    || real.items.allSatisfy { item in goal.items.contains { Self.covers(item, $0) } })
            return isSame ? [] : [DockerDiff.setting(name, before: .list(real.items), after: .list(goal.items))]
        case .map:
            return mapDifferences(goal: goal.mapValue ?? [:], real: real.mapValue ?? [:])
        }
    }

    /// For maps the diff names the keys that differ, not the whole of them.
    private func mapDifferences(goal: ValueMap, real: ValueMap) -> [Change.Part] {
        var parts: [Change.Part] = []
        for (key, value) in goal where !Self.same(value, real[key] ?? .null) {
            parts.append(DockerDiff.setting("\(name).\(key.text)", before: real[key] ?? .null, after: value))
        }
        guard comparison == .strict else { return parts }
        for (key, value) in real where goal[key] == nil && !value.isNull {
            // What is taken away may be as secret as what is kept.
            let before = wanted.holdsSecret ? DockerDiff.hidden(value) : value
            parts.append(.setting("\(name).\(key.text)", before: before, after: .null))
        }
        return parts
    }

    /// The Engine leaves out or fills in what is nothing: both count as the same.
    private static func same(_ wanted: Value, _ real: Value) -> Bool {
        if wanted == real { return true }
        guard real.isNull || wanted.isNull else { return false }
        switch real.isNull ? wanted : real {
        case .bool(let bool): return !bool
        case .int(let int): return int == 0
        case .string(let text): return text.string.isEmpty
        case .list(let items): return items.isEmpty
        case .map(let map): return map.isEmpty
        default: return false
        }
    }

    /// Whether an element is the wanted one; for maps, whether it holds at least what is wanted.
    private static func covers(_ real: Value, _ wanted: Value) -> Bool {
        guard let wanted = wanted.mapValue, let real = real.mapValue else { return real == wanted }
        return wanted.allSatisfy { key, value in
            let other = real[key] ?? .null
            return value.mapValue != nil && !other.isNull ? covers(other, value) : same(value, other)
        }
    }

    private static func isSubsequence(_ wanted: [Value], of real: [Value]) -> Bool {
        var rest = real[...]
        for item in wanted {
            guard let index = rest.firstIndex(of: item) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }

    /// The value in one spelling for all that mean the same.
    private static func plain(_ name: String, _ value: Value) -> Value {
        switch name {
        case "env":
            // The Engine keeps NAME=value texts.
            guard let items = value.elements else { return value }
            var map = ValueMap()
            for item in items {
                guard case .string(let text) = item else { continue }
                let parts = text.string.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let rest = parts.count == 2 ? String(parts[1]) : ""
                map[String(parts[0])] = .string(Text(rest, marks: text.marks))
            }
            return .map(map)
        case "capabilities", "cap_drop":
            return .list(
                value.items.map {
                    let name = $0.pythonText.uppercased()
                    return .string(name.hasPrefix("CAP_") ? String(name.dropFirst(4)) : name)
                })
        case "security_opts":
            // `label:disable` is the old spelling of `label=disable`.
            return .list(
                value.items.map { item in
                    let text = item.pythonText
                    guard let sign = text.firstIndex(where: { $0 == ":" || $0 == "=" }) else { return item }
                    return .string(text[..<sign] + "=" + text[text.index(after: sign)...])
                })
        case "volumes":
            // A bind without a mode is one that can be written.
            return .list(value.items.map { .string(ContainerVolumes.withMode($0.pythonText)) })
        case "exposed_ports", "anonymous volumes":
            guard let map = value.mapValue else { return value }
            return .list(map.keys.map { .string($0.text) })
        case "healthcheck":
            // No check is the same as the check NONE.
            return value.isNull ? ["Test": ["NONE"]] : value
        case "restart_policy":
            // The Engine calls the policy "no" by an empty name, too.
            return value == "" ? "no" : value
        default: return value
        }
    }
}

extension Value {
    /// The elements, none for null.
    var items: [Value] { elements ?? [] }
}
