internal import Results
internal import Values

/// How a setting that differs is told.
enum DockerDiff {
    /// What a secret replaces was most likely one, too: if the new value is secret, the old one is not shown
    /// either.
    static func setting(_ name: String, before: Value, after: Value) -> Change.Part {
        guard after.holdsSecret else { return .setting(name, before: before, after: after) }
        return .setting(name, before: hidden(before), after: after)
    }

    /// The value with all its texts secret.
    static func hidden(_ value: Value) -> Value { value.mapText(secret) }

    /// Marks every text in `value` that holds one of the secrets, such as an inspected container's environment.
    static func hiding(_ secrets: Set<String>, in value: Value) -> Value {
        // A secret of a letter or two would hide half of everything and protect nothing.
        let worthHiding = secrets.filter { $0.utf8.count >= 3 }
        guard !worthHiding.isEmpty else { return value }
        return value.mapText { text in worthHiding.contains { text.string.contains($0) } ? secret(text) : text }
    }

    /// All secret texts in a value.
    static func secrets(in value: Value) -> Set<String> {
        switch value {
        case .string(let text): text.isSecret ? [text.string] : []
        case .list(let items), .tuple(let items): items.reduce(into: []) { $0.formUnion(secrets(in: $1)) }
        case .map(let map): map.values.reduce(into: []) { $0.formUnion(secrets(in: $1)) }
        default: []
        }
    }

    private static func secret(_ text: Text) -> Text {
        var text = text
        text.marks.insert(.secret)
        return text
    }
}
