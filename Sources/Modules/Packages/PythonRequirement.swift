internal import Jinja
internal import Values

/// A package with the versions of it that will do. See PEP 508 and PEP 440.
struct PythonRequirement: Sendable {
    let text: String
    /// In its canonical form; nil for URLs, paths and what else only pip can read.
    let name: String?
    /// Whether extras are asked for: which packages those are only pip can tell.
    let hasExtras: Bool
    private let clauses: [Clause]

    private struct Clause: Sendable {
        var comparison: String
        /// As written.
        var text: String
        var version: PythonVersion
        /// Whether it ends in `.*`.
        var isPrefix: Bool

        /// Nil for what PEP 440 does not allow.
        init?(_ part: String) {
            comparison = String(part.prefix { "<>=!~".contains($0) })
            text = part.dropFirst(comparison.count).trimmed
            isPrefix = text.hasSuffix(".*")
            guard let version = PythonVersion(isPrefix ? String(text.dropLast(2)) : text) else { return nil }
            self.version = version
            switch comparison {
            case "==", "!=":
                if isPrefix, version.hasLocal || version.isPrerelease || version.isPostrelease { return nil }
            case "===": if isPrefix { return nil }
            case "~=": if isPrefix || version.hasLocal || version.withoutLast == nil { return nil }
            case ">=", "<=", ">", "<": if isPrefix || version.hasLocal { return nil }
            default: return nil
            }
        }

        /// - Parameter text: The version as its list has it.
        func holds(_ found: PythonVersion, _ text: String) -> Bool {
            // A local version, such as `2.1+cpu`, only counts where one is asked for.
            let bare = version.hasLocal ? found : found.publicVersion
            switch comparison {
            case "==": return isPrefix ? found.begins(with: version) : bare == version
            case "!=": return isPrefix ? !found.begins(with: version) : bare != version
            case "===": return text.lowercased() == self.text.lowercased()
            case ">=": return bare >= version
            case "<=": return bare <= version
            case "~=": return bare >= version && version.withoutLast.map { found.begins(with: $0) } == true
            // What comes before or after a release is not another one, unless it was asked about.
            case "<":
                return bare < version && !(found.isPrerelease && !version.isPrerelease && found.base == version.base)
            default:
                return found > version && !(found.isPostrelease && !version.isPostrelease && found.base == version.base)
                    && !(found.hasLocal && found.base == version.base)
            }
        }
    }

    init(_ text: String) {
        self.text = text
        let bare = text.prefix { $0 != ";" }.trimmed
        let name = bare.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        var rest = bare.dropFirst(name.count).trimmed[...]
        // `.` and the like are directories.
        var isPlain = name.first != "." && name.last != "." && !name.isEmpty && !text.contains(";")
        var extras = ""
        if rest.first == "[" {
            let close = rest.firstIndex(of: "]")
            isPlain = isPlain && close != nil
            extras = rest.dropFirst().prefix { $0 != "]" }.trimmed
            rest = rest[(close.map(rest.index(after:)) ?? rest.endIndex)...]
        }
        var clauses: [Clause] = []
        for part in rest.split(separator: ",").map(\.trimmed) {
            guard let clause = Clause(part) else {
                isPlain = false
                continue
            }
            clauses.append(clause)
        }
        self.name = isPlain ? Self.canonical(String(name)) : nil
        hasExtras = !extras.isEmpty
        self.clauses = clauses
    }

    /// The packages that a list names, which a text may have been split into at its commas: `a>1,<2`, `a[b,c]`.
    static func joined(_ parts: [String]) -> [String] {
        var names: [String] = []
        for part in parts.map(\.trimmed) where !part.isEmpty {
            if let last = names.last, let first = part.first,
                "<>=!~".contains(first) || last.contains("[") && !last.contains("]")
            {
                names[names.count - 1] = last + "," + part
            } else {
                names.append(part)
            }
        }
        return names
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
        return clauses.allSatisfy { $0.holds(version, found) }
    }
}
