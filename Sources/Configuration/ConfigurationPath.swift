internal import Glibc
internal import Values

/// Where a configuration is read: what `~`, `$NAME` and relative paths mean.
public struct ConfigurationSurroundings: Sendable {
    /// The current directory.
    public var directory: String
    /// What a variable of the environment holds.
    public var environment: @Sendable (String) -> String?

    /// Those of this process.
    public static var process: ConfigurationSurroundings {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let directory = getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? "/"
        return ConfigurationSurroundings(directory: directory) { name in getenv(name).map { String(cString: $0) } }
    }

    /// Makes one from its parts.
    public init(directory: String, environment: @escaping @Sendable (String) -> String?) {
        self.directory = directory
        self.environment = environment
    }

    /// A path from the root on: `{{CWD}}`, `~`, `~user`, `$NAME` and `${NAME}` replaced, `.` and `..` taken out.
    ///
    /// - Parameters:
    ///   - path: As written.
    ///   - base: The directory that a relative path begins at; nil for the current one.
    func resolved(_ path: String, from base: String? = nil) -> String {
        var text = expandingVariables(expandingHome(replacing("{{CWD}}", in: path, by: directory)))
        if !text.hasPrefix("/") { text = (base ?? directory) + "/" + text }
        var parts: [Substring] = []
        for part in text.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    func replacing(_ piece: String, in text: String, by other: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.indices.first(where: { rest[$0...].hasPrefix(piece) }) {
            result += rest[..<start] + other
            rest = rest[rest.index(start, offsetBy: piece.count)...]
        }
        return result + rest
    }

    private func expandingHome(_ text: String) -> String {
        guard text.hasPrefix("~") else { return text }
        let name = text.dropFirst().prefix { $0 != "/" }
        let rest = text.dropFirst(name.count + 1)
        let home: String?
        if name.isEmpty {
            home = environment("HOME") ?? Self.home(getpwuid(getuid()))
        } else {
            home = Self.home(getpwnam(String(name)))
        }
        return home.map { $0 + rest } ?? text
    }

    private static func home(_ entry: UnsafeMutablePointer<passwd>?) -> String? {
        entry?.pointee.pw_dir.map { String(cString: $0) }
    }

    /// Names that the environment does not have stay as they are.
    private func expandingVariables(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            let after = rest[rest.index(after: dollar)...]
            let isBraced = after.first == "{"
            let name =
                isBraced
                ? after.dropFirst().prefix { $0 != "}" }
                : after.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" }
            let isClosed = !isBraced || after.dropFirst(name.count + 1).first == "}"
            if !name.isEmpty, isClosed, let value = environment(String(name)) {
                result += value
                rest = after.dropFirst(name.count + (isBraced ? 2 : 0))
            } else {
                result += "$"
                rest = after
            }
        }
        return result + rest
    }
}
