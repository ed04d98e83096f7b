internal import Values

/// A package with the versions of it that will do. See PEP 508 and PEP 440.
struct PythonRequirement: Sendable {
    let text: String
    /// In its canonical form; nil for URLs, paths and what else only pip can read.
    let name: String?
    private let clauses: [(comparison: String, version: String)]

    init(_ text: String) {
        self.text = text
        let bare = text.prefix { $0 != ";" }.trimmed
        let name = bare.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        var rest = bare.dropFirst(name.count).trimmed[...]
        if rest.first == "[", let close = rest.firstIndex(of: "]") { rest = rest[rest.index(after: close)...] }
        var clauses: [(String, String)] = []
        // `.` and the like are directories.
        var isPlain = name.first != "." && name.last != "." && !name.isEmpty && !text.contains(";")
        for part in rest.split(separator: ",").map(\.trimmed) {
            let comparison = part.prefix { "<>=!~".contains($0) }
            let version = part.dropFirst(comparison.count).trimmed
            isPlain = isPlain && !comparison.isEmpty && PythonVersion(version.replacing(".*", with: "")) != nil
            clauses.append((String(comparison), version))
        }
        self.name = isPlain ? Self.canonical(String(name)) : nil
        self.clauses = clauses
    }

    static func canonical(_ name: String) -> String {
        var result = ""
        for character in name.lowercased() {
            let plain: Character = character == "_" || character == "." ? "-" : character
            if plain != "-" || result.last != "-" { result.append(plain) }
        }
        return result
    }

    /// Whether a version of it that will do is there; nil if only pip can tell.
    func isSatisfied(by installed: [String: String]) -> Bool? {
        guard let name else { return nil }
        guard let found = installed[name] else { return false }
        guard let version = PythonVersion(found) else { return nil }
        for (comparison, wanted) in clauses {
            let isPrefix = wanted.hasSuffix(".*")
            guard let other = PythonVersion(isPrefix ? String(wanted.dropLast(2)) : wanted) else { return nil }
            let holds: Bool
            switch comparison {
            case "==": holds = isPrefix ? version.begins(with: other) : version == other
            case "===": holds = found == wanted
            case "!=": holds = isPrefix ? !version.begins(with: other) : version != other
            case ">=": holds = version >= other
            case "<=": holds = version <= other
            case ">": holds = version > other
            case "<": holds = version < other
            case "~=": holds = version >= other && version.begins(with: other.withoutLast)
            default: return nil
            }
            if !holds { return false }
        }
        return true
    }
}

/// A version as PEP 440 orders them: epoch, release, and what comes before or after it.
struct PythonVersion: Comparable {
    private var epoch = 0
    private var release: [Int] = []
    /// Where the stage stands among others: development, alpha, beta, candidate, release, post-release.
    private var stage: [Int] = [Self.final, 0]
    private static let final = 4

    init?(_ text: String) {
        var rest = text.trimmed.lowercased()[...]
        if rest.first == "v" { rest = rest.dropFirst() }
        if let mark = rest.firstIndex(of: "!") {
            guard let epoch = Int(rest[..<mark]) else { return nil }
            self.epoch = epoch
            rest = rest[rest.index(after: mark)...]
        }
        rest = rest.prefix { $0 != "+" }
        while let digits = Self.digits(rest) {
            release.append(digits.number)
            rest = rest.dropFirst(digits.count)
            guard rest.first == ".", Self.digits(rest.dropFirst()) != nil else { break }
            rest = rest.dropFirst()
        }
        guard !release.isEmpty else { return nil }
        while release.count > 1, release.last == 0 { release.removeLast() }
        if rest.isEmpty { return }
        let letters = rest.drop { ".-_".contains($0) }
        let word = letters.prefix { $0.isLetter }
        let ranks: [String: Int] = [
            "dev": 0, "a": 1, "alpha": 1, "b": 2, "beta": 2, "rc": 3, "c": 3, "pre": 3, "post": 5, "rev": 5, "r": 5,
        ]
        guard let rank = ranks[String(word)] else { return nil }
        let number = letters.dropFirst(word.count).drop { ".-_".contains($0) }
        stage = [rank, Self.digits(number)?.number ?? 0]
    }

    private static func digits(_ text: Substring) -> (number: Int, count: Int)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return Int(digits).map { ($0, digits.count) }
    }

    var withoutLast: PythonVersion {
        var copy = self
        if copy.release.count > 1 { copy.release.removeLast() }
        copy.stage = [Self.final, 0]
        return copy
    }

    func begins(with other: PythonVersion) -> Bool {
        let padded = release + Array(repeating: 0, count: max(0, other.release.count - release.count))
        return epoch == other.epoch && padded.prefix(other.release.count).elementsEqual(other.release)
    }

    static func < (left: PythonVersion, right: PythonVersion) -> Bool {
        if left.epoch != right.epoch { return left.epoch < right.epoch }
        let count = max(left.release.count, right.release.count)
        for index in 0..<count {
            let one = index < left.release.count ? left.release[index] : 0
            let two = index < right.release.count ? right.release[index] : 0
            if one != two { return one < two }
        }
        return left.stage.lexicographicallyPrecedes(right.stage)
    }
}
