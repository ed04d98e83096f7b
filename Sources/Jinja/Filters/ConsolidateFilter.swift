internal import Diagnostics
internal import Values

/// `ansible.utils.consolidate`: facts of several sources, joined by a key each has.
enum ConsolidateFilter {
    static let all: [Filter] = [
        Filter(
            "consolidate", ["fail_missing_match_key", "fail_missing_match_value", "fail_duplicate"], .structural,
            consolidate)
    ]

    private struct Source {
        var name: ValueMap.Key
        /// The entries by what they have as the key to match by; the last of several.
        var entries: [(key: ValueMap.Key, entry: Value)] = []

        func entry(_ key: ValueMap.Key) -> Value? { entries.last { $0.key == key }?.entry }
    }

    private static func consolidate(_ call: Call) throws(Diagnostic) -> Value {
        var sources: [Source] = []
        var troubles: [String] = []
        for (number, value) in (call.input.elements ?? [call.input]).enumerated() {
            guard let source = value.mapValue, let data = source["data"]?.elements, let match = source["match_key"],
                let name = source["name"]?.asKey
            else {
                throw call.failure(
                    "'consolidate' needs sources with 'data', 'match_key' and 'name', but one is \(ErrorText.describe(value))"
                )
            }
            var read = Source(name: name)
            for (place, entry) in data.enumerated() {
                guard let found = match.asKey.flatMap({ entry.mapValue?[$0] }), let key = found.asKey else {
                    if call.bool(0, default: true) {
                        troubles.append(
                            "entry \(place + 1) of source \(number + 1) has no '\(PythonPrint.text(match))'")
                    }
                    continue
                }
                read.entries.append((key, entry))
            }
            if call.bool(2, default: true), Set(read.entries.map(\.key)).count != read.entries.count {
                troubles.append("source \(number + 1) has the same value twice")
            }
            sources.append(read)
        }
        let keys = try PythonOrder.sorted(Set(sources.flatMap { $0.entries.map(\.key) }).map(\.value)) {
            key throws(Diagnostic) in key
        }.compactMap(\.asKey)
        if call.bool(1, default: true) {
            for (number, source) in sources.enumerated() {
                let missing = keys.filter { source.entry($0) == nil }.map(\.text)
                if !missing.isEmpty { troubles.append("source \(number + 1) lacks \(missing.joined(separator: ", "))") }
            }
        }
        guard troubles.isEmpty else { throw call.failure("'consolidate': \(troubles.joined(separator: "; "))") }
        var result = ValueMap()
        for key in keys {
            var entry = ValueMap()
            for source in sources { entry[source.name] = source.entry(key) ?? [:] }
            result[key] = .map(entry)
        }
        return .map(result)
    }
}
