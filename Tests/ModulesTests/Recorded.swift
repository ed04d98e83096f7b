import Foundation
import Results
import Target
import Values

/// What the real module did with a case, as Tests/Oracle/record_modules.py wrote it down.
struct Recorded: Sendable {
    /// `ok`, `changed`, `skipped` or `failed`, in check mode and in the run.
    var check: String
    var run: String
    /// Return values without those that no two runs share.
    var values: ValueMap
    /// Content before and after, as `--diff` shows it.
    var diff: [String]?
    /// A line for each path: name, kind, mode, owner if not the user who runs it, SHA-1 of the content or a link's
    /// text.
    var state: [String]

    init(_ map: ValueMap) {
        check = map["check"]?.stringValue ?? ""
        run = map["run"]?.stringValue ?? ""
        values = map["values"]?.mapValue ?? [:]
        diff = map["diff"]?.elements?.compactMap(\.stringValue)
        state = map["state"]?.elements?.compactMap(\.stringValue) ?? []
    }

    /// A line of the state without its last word, where contents differ from run to run.
    func line(_ line: String, without ignored: Set<String>) -> String {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count >= 5, ignored.contains(words.dropLast(4).joined(separator: " ")) else { return line }
        return words.dropLast().joined(separator: " ")
    }

    /// Our value in the recording's terms: neutral as to the case's directory, of maps only what was recorded.
    func kept(_ value: Value, like other: Value, by bench: Bench) -> Value {
        switch (value, other) {
        case (.map(let map), .map(let recorded)):
            var result: ValueMap = [:]
            for (key, item) in map {
                let name = bench.neutral(key.text)
                if let same = recorded[name] { result[name] = kept(item, like: same, by: bench) }
            }
            return .map(result)
        case (.list(let found), .list(let others)):
            // What a directory holds comes in no order; recordings are sorted.
            var items = found
            if items.allSatisfy({ $0.mapValue?["path"]?.stringValue != nil }) {
                items.sort { ($0.mapValue?["path"]?.stringValue ?? "") < ($1.mapValue?["path"]?.stringValue ?? "") }
            }
            return .list(
                items.enumerated().map { kept($1, like: others.indices.contains($0) ? others[$0] : .null, by: bench) })
        case (.string(let text), _): return .string(bench.neutral(text.string))
        default: return value
        }
    }
}

extension Bench {
    /// The text with the case's directory as `$T` and the names of backups without what differs from run to run.
    func neutral(_ text: String) -> String {
        text.replacing(directory, with: "$T")
            .replacing(/\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~/, with: ".BACKUP~")
    }

    /// What lies in the case's directory, as recordings have it.
    func state() async throws -> [String] {
        let me = try await sh("printf '%s:%s' \"$(id -u)\" \"$(id -g)\"").output
        let found = try await sh(
            """
            find . -mindepth 1 -printf '%P\\t%y\\t%m\\t%U:%G\\t%l\\0'
            printf '//\\0'
            find . -type f -exec sha1sum -z {} +
            """
        ).output
        let parts = found.split(separator: "//\0", maxSplits: 1, omittingEmptySubsequences: false)
        var sums: [Substring: Substring] = [:]
        for line in parts.last?.split(separator: "\0") ?? [] {
            // `sum  ./path`
            sums[line.dropFirst(44)] = line.prefix(40)
        }
        return (parts.first?.split(separator: "\0") ?? []).map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count == 5 else { return String(line) }
            let kind = ["f", "d", "l"].contains(fields[1]) ? fields[1] : "s"
            let mode = kind == "l" ? "" : fields[2]
            let owner = fields[3] == me ? "" : fields[3]
            let content = kind == "f" ? sums[fields[0]] ?? "" : fields[4]
            return "\(neutral(String(fields[0]))) \(kind) \(mode) \(owner) \(neutral(String(content)))"
        }.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    }
}
