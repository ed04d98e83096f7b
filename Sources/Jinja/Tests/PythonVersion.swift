internal import Values

/// A version as PEP 440 has it: `1!2.0rc1.post2.dev3+local`.
package struct PythonVersion: Comparable, Sendable {
    private let epoch: Int
    /// As written, with zeros at its end: `~=1.4.0` is about 1.4, not about 1.
    private let release: [Int]
    /// The rank of `a`, `b`, `rc`, and the number behind it.
    private let pre: [Int]?
    private let post: Int?
    private let dev: Int?
    /// What stands behind `+`, part by part.
    private let local: [String]?

    private static let pattern =
        "v?(?:([0-9]+)!)?([0-9]+(?:\\.[0-9]+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]*))?"
        + "(-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?([-_.]?dev[-_.]?[0-9]*)?"
        + "(?:\\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\\Z"

    /// - Returns: Nil for what PEP 440 does not take for a version.
    package init?(_ text: String) {
        let bytes = Array(PythonString.strip(text, characters: nil).lowercased().utf8)
        guard let match = try? Regex.compiled(Self.pattern).firstMatch(in: bytes, anchored: true) else { return nil }
        func part(_ group: Int) -> String? { match.ranges[group].map { String(decoding: bytes[$0], as: UTF8.self) } }
        /// The number at a part's end; none is 0.
        func number(_ part: String) -> Int {
            let digits = part.drop { !$0.isNumber }
            return digits.isEmpty ? 0 : Int(digits) ?? .max
        }
        epoch = part(1).map(number) ?? 0
        release = (part(2) ?? "").split(separator: ".").map { Int($0) ?? .max }
        pre = part(3).map { [$0.hasPrefix("a") ? 1 : $0.hasPrefix("b") ? 2 : 3, number(part(4) ?? "")] }
        post = part(5).map(number)
        dev = part(6).map(number)
        local = part(7).map { $0.split { "-_.".contains($0) }.map(String.init) }
    }

    private init(epoch: Int, release: [Int], pre: [Int]?, post: Int?, dev: Int?, local: [String]?) {
        self.epoch = epoch
        self.release = release
        self.pre = pre
        self.post = post
        self.dev = dev
        self.local = local
    }

    package var isPrerelease: Bool { pre != nil || dev != nil }
    package var isPostrelease: Bool { post != nil }
    package var hasLocal: Bool { local != nil }

    /// Without what stands behind `+`.
    package var publicVersion: PythonVersion {
        PythonVersion(epoch: epoch, release: release, pre: pre, post: post, dev: dev, local: nil)
    }

    /// Epoch and release alone.
    package var base: PythonVersion {
        PythonVersion(epoch: epoch, release: release, pre: nil, post: nil, dev: nil, local: nil)
    }

    /// The release without its last part; nil if it has only one.
    package var withoutLast: PythonVersion? {
        guard release.count > 1 else { return nil }
        return PythonVersion(
            epoch: epoch, release: release.dropLast(), pre: nil, post: nil, dev: nil, local: nil)
    }

    /// Whether it begins with the parts of another, as `==1.4.*` asks.
    package func begins(with other: PythonVersion) -> Bool {
        let padded = release + Array(repeating: 0, count: max(0, other.release.count - release.count))
        return epoch == other.epoch && padded.prefix(other.release.count).elementsEqual(other.release)
    }

    package static func == (left: PythonVersion, right: PythonVersion) -> Bool {
        !(left < right) && !(right < left)
    }

    package static func < (left: PythonVersion, right: PythonVersion) -> Bool {
        for (one, other) in zip(left.publicKey(right.release.count), right.publicKey(left.release.count))
        where one != other { return one < other }
        return left.localKey.lexicographicallyPrecedes(right.localKey) { one, other in
            one.rank != other.rank
                ? one.rank < other.rank
                : one.number != other.number ? one.number < other.number : one.text < other.text
        }
    }

    /// Numbers that order versions without their local parts.
    ///
    /// - Parameter count: How many parts the release has at least, zeros behind it.
    private func publicKey(_ count: Int) -> [Int] {
        // A development release of none of the others comes before all of them.
        let early = pre == nil && post == nil && dev != nil ? [0, 0] : pre ?? [4, 0]
        return [epoch] + release + Array(repeating: 0, count: max(0, count - release.count)) + early
            + [post ?? -1, dev ?? .max]
    }

    /// Numbers come after words, and anything after nothing.
    private var localKey: [(rank: Int, number: Int, text: String)] {
        (local ?? []).map { part in Int(part).map { (1, $0, "") } ?? (0, 0, part) }
    }
}
