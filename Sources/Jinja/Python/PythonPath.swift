internal import Values

/// Paths as Python's `os.path` treats them.
enum PythonPath {
    static func basename(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: slash)...])
    }

    static func dirname(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        var head = String(path[...slash])
        if head.contains(where: { $0 != "/" }) { while head.hasSuffix("/") { head.removeLast() } }
        return head
    }

    static func join(_ parts: [String]) -> String {
        guard var result = parts.first else { return "" }
        for part in parts.dropFirst() {
            if part.hasPrefix("/") {
                result = part
            } else if result.isEmpty || result.hasSuffix("/") {
                result += part
            } else {
                result += "/" + part
            }
        }
        return result
    }

    static func normalize(_ path: String) -> String {
        if path.isEmpty { return "." }
        // Two leading slashes have a meaning of their own in POSIX; three are one.
        let slashes = path.hasPrefix("//") && !path.hasPrefix("///") ? "//" : path.hasPrefix("/") ? "/" : ""
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part != ".." || (slashes.isEmpty && (parts.isEmpty || parts.last == "..")) {
                parts.append(part)
            } else if !parts.isEmpty {
                parts.removeLast()
            }
        }
        let result = slashes + parts.joined(separator: "/")
        return result.isEmpty ? "." : result
    }

    static func splitExtension(_ path: String) -> (root: String, extension: String) {
        let name = basename(path)
        guard let dot = name.lastIndex(of: "."), name[..<dot].contains(where: { $0 != "." }) else { return (path, "") }
        let suffix = String(name[dot...])
        return (String(path.dropLast(suffix.count)), suffix)
    }

    static func relative(_ path: String, to start: String) -> String {
        let to = path.split(separator: "/")
        let from = start.split(separator: "/")
        let common = zip(to, from).prefix { $0 == $1 }.count
        let parts = Array(repeating: "..", count: from.count - common) + to[common...].map(String.init)
        return parts.isEmpty ? "." : parts.joined(separator: "/")
    }

    static func common(_ paths: [String]) -> String? {
        guard let first = paths.first else { return nil }
        let isAbsolute = first.hasPrefix("/")
        guard paths.allSatisfy({ $0.hasPrefix("/") == isAbsolute }) else { return nil }
        var common = first.split(separator: "/").filter { $0 != "." }
        for path in paths.dropFirst() {
            let parts = path.split(separator: "/").filter { $0 != "." }
            common = Array(zip(common, parts).prefix { $0 == $1 }.map(\.0))
        }
        return (isAbsolute ? "/" : "") + common.joined(separator: "/")
    }

    // MARK: Windows

    static func windowsSplitDrive(_ path: String) -> (drive: String, path: String) {
        let scalars = Array(path)
        func isSlash(_ index: Int) -> Bool {
            index < scalars.count && (scalars[index] == "\\" || scalars[index] == "/")
        }
        if isSlash(0), isSlash(1), !isSlash(2) {
            guard let second = (2..<scalars.count).first(where: isSlash) else { return (path, "") }
            guard let third = (second + 1..<max(second + 1, scalars.count)).first(where: isSlash) else {
                return (path, "")
            }
            if third == second + 1 { return ("", path) }
            return (String(scalars[..<third]), String(scalars[third...]))
        }
        if scalars.count >= 2, scalars[1] == ":" { return (String(scalars[..<2]), String(scalars[2...])) }
        return ("", path)
    }

    static func windowsBasename(_ path: String) -> String {
        let rest = windowsSplitDrive(path).path
        guard let slash = rest.lastIndex(where: { $0 == "\\" || $0 == "/" }) else { return rest }
        return String(rest[rest.index(after: slash)...])
    }

    static func windowsDirname(_ path: String) -> String {
        let (drive, rest) = windowsSplitDrive(path)
        guard let slash = rest.lastIndex(where: { $0 == "\\" || $0 == "/" }) else { return drive }
        var head = String(rest[...slash])
        if head.contains(where: { $0 != "\\" && $0 != "/" }) {
            while head.hasSuffix("\\") || head.hasSuffix("/") { head.removeLast() }
        }
        return drive + head
    }
}
