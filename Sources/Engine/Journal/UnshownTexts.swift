import Results
import Target
import Values

/// What tasks with `no_log` answered: texts without a mark that must not be kept on disk, whoever says them again.
@IOLoop
final class UnshownTexts {
    private var texts: Set<String> = []
    /// Whether there was more than can be remembered: then every text may be one of them.
    private var isFull = false
    private static let most = 5000

    /// Remembers every text within an answer, each of its lines, and what it holds as JSON; what is known of files and
    /// times besides is no secret.
    func learn(_ value: Value) {
        switch value {
        case .string(let text): learn(text.string)
        case .list(let items), .tuple(let items): for item in items { learn(item) }
        case .map(let map):
            for (key, item) in map where !Self.plainNames.contains(key.text) {
                if key == "diff" { learnTexts(of: item) } else { learn(item) }
            }
        default: break
        }
    }

    /// Remembers the texts of a difference; its settings, such as modes, are no secrets.
    private func learnTexts(of difference: Value) {
        for map in difference.elements ?? [difference] {
            for name in ["before", "after"] {
                if let text = map.mapValue?[name]?.stringValue { learn(text) }
            }
        }
    }

    private func learn(_ text: String) {
        let lines = text.split(separator: "\n").map { line in
            line.unicodeScalars.last == "\r" ? String(line.unicodeScalars.dropLast()) : String(line)
        }
        for piece in [text] + lines where piece.utf8.count >= Redactor.shortestSought && !isFull {
            texts.insert(piece)
            isFull = texts.count > Self.most
        }
        guard let first = text.utf8.first, [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(first),
            let value = try? JSON.parse(Array(text.utf8))
        else { return }
        learn(value)
    }

    /// Whether one of them stands somewhere in a value, in a map's keys, too.
    func stand(in value: Value) -> Bool {
        switch value {
        case .string(let text): stand(in: text.string)
        case .list(let items), .tuple(let items): items.contains(where: stand)
        case .map(let map): map.contains { stand(in: $0.key.text) || stand(in: $0.value) }
        default: false
        }
    }

    private func stand(in text: String) -> Bool {
        guard text.utf8.count >= Redactor.shortestSought, !texts.isEmpty else { return false }
        if isFull || texts.contains(text) { return true }
        return texts.contains { text.contains($0) }
    }

    /// What modules answer besides what a host or a service said.
    private static let plainNames: Set<String> = [
        "ansible_job_id", "ansible_loop_var", "backup_file", "checksum", "cmd", "delta", "dest", "end", "group",
        "invocation", "item", "md5sum", "mode", "msg", "name", "owner", "path", "results_file", "secontext",
        "skip_reason", "src", "start", "state",
    ]
}
