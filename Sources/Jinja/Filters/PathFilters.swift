internal import Diagnostics
internal import Glibc
internal import Values

/// Paths. Those that look at the file system look at the control machine's.
enum PathFilters {
    static let all: [Filter] = [
        Filter("basename") { call throws(Diagnostic) in .string(PythonPath.basename(try path(call))) },
        Filter("dirname") { call throws(Diagnostic) in .string(PythonPath.dirname(try path(call))) },
        Filter("normpath") { call throws(Diagnostic) in .string(PythonPath.normalize(try path(call))) },
        Filter("splitext") { call throws(Diagnostic) in
            let (root, suffix) = PythonPath.splitExtension(try path(call))
            return .tuple([.string(root), .string(suffix)])
        },
        Filter("path_join", join),
        Filter("commonpath", common),
        Filter("relpath", ["start"], relative),
        Filter("realpath") { call throws(Diagnostic) in
            call.noteVolatile()
            return .string(real(try path(call)))
        },
        Filter("expanduser") { call throws(Diagnostic) in .string(expandedUser(try path(call))) },
        Filter("expandvars") { call throws(Diagnostic) in .string(expandedVariables(try path(call))) },
        Filter("fileglob", fileGlob),
        Filter("win_basename") { call throws(Diagnostic) in .string(PythonPath.windowsBasename(try path(call))) },
        Filter("win_dirname") { call throws(Diagnostic) in .string(PythonPath.windowsDirname(try path(call))) },
        Filter("win_splitdrive") { call throws(Diagnostic) in
            let (drive, rest) = PythonPath.windowsSplitDrive(try path(call))
            return .tuple([.string(drive), .string(rest)])
        },
    ]

    private static func path(_ call: Call) throws(Diagnostic) -> String {
        guard case .string(let text) = call.input else { throw call.wrongInput("a path as text") }
        return text.string
    }

    private static func paths(_ call: Call) throws(Diagnostic) -> [String] {
        var result: [String] = []
        for item in call.input.elements ?? [] {
            guard case .string(let text) = item else {
                throw call.failure("'\(call.name)' needs paths as text, but one is \(ErrorText.describe(item))")
            }
            result.append(text.string)
        }
        return result
    }

    private static func join(_ call: Call) throws(Diagnostic) -> Value {
        if case .string = call.input { return call.input }
        guard call.input.elements != nil else { throw call.wrongInput("a list of paths or text") }
        let parts = try paths(call)
        guard !parts.isEmpty else { throw call.failure("'path_join' was given an empty list") }
        return .string(PythonPath.join(parts))
    }

    private static func common(_ call: Call) throws(Diagnostic) -> Value {
        guard call.input.elements != nil else { throw call.wrongInput("a list of paths") }
        guard let result = PythonPath.common(try paths(call)) else {
            throw call.failure("'commonpath' needs at least one path, and all absolute or all relative")
        }
        return .string(result)
    }

    private static var workingDirectory: String {
        guard let raw = getcwd(nil, 0) else { return "/" }
        defer { free(raw) }
        return String(cString: raw)
    }

    private static func absolute(_ path: String) -> String {
        PythonPath.normalize(path.hasPrefix("/") ? path : workingDirectory + "/" + path)
    }

    private static func relative(_ call: Call) throws(Diagnostic) -> Value {
        let start = try call.string(0, default: ".")
        return .string(PythonPath.relative(absolute(try path(call)), to: absolute(start)))
    }

    /// The path with symbolic links followed as far as it exists.
    private static func real(_ path: String) -> String {
        var missing: [String] = []
        var current = path.hasPrefix("/") ? path : workingDirectory + "/" + path
        while true {
            if let raw = realpath(current, nil) {
                defer { free(raw) }
                let base = String(cString: raw)
                return missing.isEmpty ? base : PythonPath.normalize(([base] + missing).joined(separator: "/"))
            }
            let name = PythonPath.basename(current)
            if name == current || current == "/" { return PythonPath.normalize(path) }
            if !name.isEmpty { missing.insert(name, at: 0) }
            current = PythonPath.dirname(current)
        }
    }

    private static func expandedUser(_ path: String) -> String {
        guard path.hasPrefix("~") else { return path }
        let end = path.firstIndex(of: "/") ?? path.endIndex
        let user = String(path[path.index(after: path.startIndex)..<end])
        var home: String?
        if user.isEmpty, let raw = getenv("HOME") {
            home = String(cString: raw)
        } else if let entry = user.isEmpty ? getpwuid(getuid()) : getpwnam(user), let directory = entry.pointee.pw_dir {
            home = String(cString: directory)
        }
        guard var home else { return path }
        while home.count > 1, home.hasSuffix("/") { home.removeLast() }
        let result = home + path[end...]
        return result.isEmpty ? "/" : result
    }

    private static func expandedVariables(_ path: String) -> String {
        var result = ""
        var rest = Array(path.unicodeScalars)[...]
        func isName(_ scalar: UnicodeScalar) -> Bool {
            scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
                || ("0"..."9").contains(scalar)
        }
        while let scalar = rest.popFirst() {
            guard scalar == "$" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            var name: [UnicodeScalar] = []
            var written: [UnicodeScalar] = ["$"]
            if rest.first == "{", let close = rest.firstIndex(of: "}") {
                name = Array(rest[(rest.startIndex + 1)..<close])
                written += rest[...close]
                rest = rest[(close + 1)...]
            } else {
                name = Array(rest.prefix(while: isName))
                written += name
                rest = rest.dropFirst(name.count)
            }
            if !name.isEmpty, let raw = getenv(PythonString.string(name)) {
                result += String(cString: raw)
            } else {
                result += PythonString.string(written)
            }
        }
        return result
    }

    private static func fileGlob(_ call: Call) throws(Diagnostic) -> Value {
        call.noteVolatile()
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(try path(call), 0, nil, &found) == 0, let list = found.gl_pathv else { return .list([]) }
        var result: [Value] = []
        for index in 0..<Int(found.gl_pathc) {
            guard let raw = list[index] else { continue }
            var status = stat()
            if stat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
                result.append(.string(String(cString: raw)))
            }
        }
        return .list(result)
    }
}
