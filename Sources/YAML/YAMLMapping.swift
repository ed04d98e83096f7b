internal import Diagnostics
internal import Values

/// Settles a mapping's pairs: merge keys are replaced by what they bring, keys given twice keep the last value.
enum YAMLMapping {
    typealias Pair = (key: YAMLNode, value: YAMLNode)

    /// - Parameters:
    ///   - pairs: The pairs as written.
    ///   - warnings: A key written twice is told here, with both places.
    /// - Returns: The pairs with each key once: what merges bring first, as PyYAML orders them.
    static func settled(_ pairs: [Pair], warnings: inout [Diagnostic]) throws(Diagnostic) -> [Pair] {
        let merges = pairs.contains { isMerge($0.key) }
        if !merges, areDistinct(pairs) { return pairs }
        let own = merges ? pairs.filter { !isMerge($0.key) } : pairs
        var result: [Pair] = []
        var positions: [ValueMap.Key: Int] = [:]
        result.reserveCapacity(own.count)
        positions.reserveCapacity(own.count)

        for pair in pairs where isMerge(pair.key) {
            for brought in try sources(of: pair) {
                for inner in brought { add(inner, to: &result, &positions) }
            }
        }
        let brought = result.count
        var seen: Set<ValueMap.Key> = []
        for pair in own {
            let key = YAMLResolver.key(pair.key)
            if let first = positions[key], first >= brought || seen.contains(key) {
                warnings.append(
                    Diagnostic(
                        .syntax,
                        "key '\(key.text)' is given twice; the last one counts",
                        at: pair.key.location,
                        remedy: "Remove one of the two.",
                        severity: .warning,
                        notes: [.init("given before here", at: result[first].key.location)]
                    )
                )
            }
            if brought > 0 { seen.insert(key) }
            add(pair, to: &result, &positions)
        }
        return result
    }

    /// Whether a mapping is one of the many that have few keys, each once. (Of more it is not known here.)
    private static func areDistinct(_ pairs: [Pair]) -> Bool {
        guard pairs.count <= 16 else { return false }
        let keys = pairs.map { YAMLResolver.key($0.key) }
        for index in keys.indices.dropFirst() where keys[..<index].contains(keys[index]) { return false }
        return true
    }

    private static func add(_ pair: Pair, to result: inout [Pair], _ positions: inout [ValueMap.Key: Int]) {
        let key = YAMLResolver.key(pair.key)
        if let position = positions[key] {
            result[position] = pair
        } else {
            positions[key] = result.count
            result.append(pair)
        }
    }

    /// The mappings that a merge key names, weakest first: in a list the first one wins.
    private static func sources(of merge: Pair) throws(Diagnostic) -> [[Pair]] {
        if let pairs = merge.value.pairs { return [pairs] }
        guard let items = merge.value.items else { throw wrong(merge.value) }
        var sources: [[Pair]] = []
        for item in items {
            guard let pairs = item.pairs else { throw wrong(item) }
            sources.append(pairs)
        }
        return sources.reversed()
    }

    private static func wrong(_ node: YAMLNode) -> Diagnostic {
        Diagnostic(
            .syntax, "'<<' needs a mapping or a list of mappings, not \(node.kindName)", at: node.location,
            remedy: "Name an anchored mapping, such as '<<: *defaults', or quote the key '<<'.")
    }

    private static func isMerge(_ key: YAMLNode) -> Bool {
        guard case .scalar(let scalar) = key.kind else { return false }
        if let tag = key.tag { return tag == YAMLTag.merge }
        return scalar.style == .plain && scalar.text == "<<"
    }
}
