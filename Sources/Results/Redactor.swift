public import Diagnostics
import Synchronization
public import Values

/// Keeps secrets out of everything that people or files get to see.
///
/// Two nets, one behind the other: texts marked as secret are never printed, and every line that leaves is searched
/// for the secrets this run has handled, in case a host or a module answered with one.
public final class Redactor: Sendable {
    /// What stands where a secret would.
    public static let mask = "********"

    /// In bytes. Shorter ones are hidden by their mark alone: as pieces of a line they would hide half of it.
    public static let shortestSought = 4
    private let known = Mutex<[String]>([])

    public init() {}

    /// Remembers every secret text within the value. What is still sealed is nothing to hide.
    public func learn(_ value: Value) {
        switch value {
        case .string(let text) where text.isSecret && !text.isSealed: learn(text.string)
        case .list(let items), .tuple(let items): for item in items { learn(item) }
        case .map(let map): for item in map.values { learn(item) }
        default: break
        }
    }

    /// Remembers a secret: as a whole, and each of its lines, since output comes in lines.
    public func learn(_ secret: String) {
        var pieces = [secret]
        if secret.contains("\n") {
            // A line may be shown with or without the carriage return at its end.
            for line in secret.split(separator: "\n") {
                let endsInReturn = line.unicodeScalars.last == "\r"
                pieces.append(endsInReturn ? String(line.unicodeScalars.dropLast()) : String(line))
            }
        }
        known.withLock { known in
            for piece in pieces where piece.utf8.count >= Self.shortestSought && !known.contains(piece) {
                known.append(piece)
                // The longest first, so that a secret within a secret does not leave the rest standing.
                known.sort { $0.utf8.count > $1.utf8.count }
            }
        }
    }

    /// The text without any known secret.
    public func redacted(_ text: String) -> String { Self.redacted(text, known.withLock { $0 }) }

    private static func redacted(_ text: String, _ secrets: [String]) -> String {
        var result = text
        for secret in secrets where result.utf8.count >= secret.utf8.count {
            result = result.replacing(secret, with: mask)
        }
        return result
    }

    /// The value with every secret text masked, marked or known, in the keys of maps, too.
    public func redacted(_ value: Value) -> Value { Self.redacted(value, known.withLock { $0 }) }

    private static func redacted(_ value: Value, _ secrets: [String]) -> Value {
        switch value {
        case .string(let text):
            .string(
                Text(text.isSecret ? mask : redacted(text.string, secrets), marks: text.marks, origin: text.origin))
        case .list(let items): .list(items.map { redacted($0, secrets) })
        case .tuple(let items): .tuple(items.map { redacted($0, secrets) })
        case .map(let map): .map(redacted(map, secrets))
        default: value
        }
    }

    private static func redacted(_ map: ValueMap, _ secrets: [String]) -> ValueMap {
        guard map.keys.contains(where: { holdsSecret($0, secrets) }) else {
            return map.mapValues { redacted($0, secrets) }
        }
        return ValueMap(
            map.map { key, value in
                (holdsSecret(key, secrets) ? .string(redacted(key.text, secrets)) : key, redacted(value, secrets))
            })
    }

    /// Whether a secret that is known stands somewhere in the value, in the keys of maps, too.
    public func holdsSecret(_ value: Value) -> Bool {
        let secrets = known.withLock { $0 }
        return !secrets.isEmpty && Self.holdsSecret(value, secrets)
    }

    private static func holdsSecret(_ value: Value, _ secrets: [String]) -> Bool {
        switch value {
        case .string(let text): holdsSecret(text.string, secrets)
        case .list(let items), .tuple(let items): items.contains { holdsSecret($0, secrets) }
        case .map(let map): map.contains { holdsSecret($0.key, secrets) || holdsSecret($0.value, secrets) }
        default: false
        }
    }

    /// A key has no mark: it can be told only where it is known.
    private static func holdsSecret(_ key: ValueMap.Key, _ secrets: [String]) -> Bool {
        if case .string(let text) = key { holdsSecret(text, secrets) } else { false }
    }

    private static func holdsSecret(_ text: String, _ secrets: [String]) -> Bool {
        secrets.contains { text.utf8.count >= $0.utf8.count && text.contains($0) }
    }

    /// The diagnostic with every known secret masked.
    public func redacted(_ diagnostic: Diagnostic) -> Diagnostic {
        var copy = diagnostic
        copy.summary = redacted(diagnostic.summary)
        copy.remedy = diagnostic.remedy.map(redacted)
        copy.notes = diagnostic.notes.map { Diagnostic.Note(redacted($0.text), at: $0.location) }
        return copy
    }
}
