public import Values

/// What `set_stats` tasks gave a run, for the whole of it or host by host.
public struct CustomStats: Sendable {
    /// By host, in the order they came.
    public private(set) var hosts: ValueMap = [:]
    public private(set) var run: ValueMap = [:]

    public var isEmpty: Bool { hosts.isEmpty && run.isEmpty }

    public init() {}

    /// Takes in a task's answer; answers of other tasks change nothing.
    ///
    /// - Parameter values: What a task registered: `ansible_stats` with `data`, `per_host` and `aggregate`.
    public mutating func add(_ values: ValueMap, of host: String) {
        guard let told = values["ansible_stats"]?.mapValue, let data = told["data"]?.mapValue else { return }
        let isPerHost = told["per_host"]?.isTruthy ?? false
        var held = isPerHost ? hosts[.string(host)]?.mapValue ?? [:] : run
        for (key, value) in data {
            guard told["aggregate"]?.isTruthy ?? true, let before = held[key] else {
                held[key] = value
                continue
            }
            // What cannot be added to what is there leaves that as it is, as with Ansible.
            if let sum = Self.sum(before, value) { held[key] = sum }
        }
        if isPerHost { hosts[.string(host)] = .map(held) } else { run = held }
    }

    private static func sum(_ one: Value, _ other: Value) -> Value? {
        switch (one, other) {
        case (.int(let first), .int(let second)):
            let (sum, isTooLarge) = first.addingReportingOverflow(second)
            return isTooLarge ? .double(Double(first) + Double(second)) : .int(sum)
        case (.double(let first), .double(let second)): return .double(first + second)
        case (.bool(let first), .bool(let second)): return .int((first ? 1 : 0) + (second ? 1 : 0))
        case (.string(let first), .string(let second)):
            let isSecret = one.holdsSecret || other.holdsSecret
            return .string(Text(first.string + second.string, marks: isSecret ? .secret : []))
        case (.list(let first), .list(let second)): return .list(first + second)
        case (.map(let first), .map(let second)): return .map(first.deeplyMerging(second))
        default: return nil
        }
    }
}
