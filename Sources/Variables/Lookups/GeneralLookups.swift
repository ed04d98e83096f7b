import Diagnostics
import Glibc
import Values

/// Lookups of `community.general`.
extension Lookups {
    /// Directories, files and links below directories, in order, with what a task needs to make them again.
    static let fileTree: Function = { (terms, options, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let name = term.pythonText
            guard let root = context.find(name, kind: "files") else { continue }
            result += try FileTree.entries(root, excluded: options.text("exclude")).map { .map($0) }
        }
        return result
    }

    static let randomString: Function = { (_, options, _) throws(Diagnostic) in
        [.string(Text(try RandomString(options).text(), marks: .secret))]
    }

    /// Variables whose names match, laid over each other in the order of their names.
    static let mergedVariables: Function = { (terms, options, context) throws(Diagnostic) in
        let kind = try options.choice("pattern_type", ["regex", "prefix", "suffix"])
        let clash = try options.choice("override", ["error", "warn", "ignore"])
        guard options["groups"] == nil else {
            throw Diagnostic(
                .unsupported, "lookup 'merge_variables' does not support 'groups'",
                remedy: "Take the others' variables with hostvars and 'combine'.")
        }
        guard let scope = context.scope else { return [] }
        let all = Set(scope.names).sorted()
        var result: [Value] = []
        for term in terms {
            let pattern = term.pythonText
            let names =
                switch kind {
                case "prefix": all.filter { $0.hasPrefix(pattern) }
                case "suffix": all.filter { $0.hasSuffix(pattern) }
                default: try matchingNames(all, pattern).sorted()
                }
            var merged = options["initial_value"]
            for name in names {
                guard let raw = try scope.lookup(name) else { continue }
                let value = try scope.evaluate(raw)
                merged = try Self.merged(merged, value) { (path) throws(Diagnostic) in
                    let text = "'\(path)' is given anew by the variable '\(name)'"
                    if clash == "error" {
                        throw Diagnostic(.badValue, text, remedy: "Allow it with override='ignore'.")
                    }
                    if clash == "warn" { context.warn(text) }
                }
            }
            result.append(merged ?? [:])
        }
        return result
    }

    private static func merged(
        _ low: Value?, _ high: Value, _ path: String = "", _ clash: (String) throws(Diagnostic) -> Void
    ) throws(Diagnostic) -> Value {
        switch (low, high) {
        case (nil, _): return high
        case (.list(let a)?, .list(let b)): return .list(a + b)
        case (.map(var a)?, .map(let b)):
            for (key, value) in b {
                let inner = path.isEmpty ? key.text : "\(path).\(key.text)"
                if let old = a[key] {
                    switch (old, value) {
                    case (.map, .map), (.list, .list): a[key] = try merged(old, value, inner, clash)
                    default:
                        if old != value { try clash(inner) }
                        a[key] = value
                    }
                } else {
                    a[key] = value
                }
            }
            return .map(a)
        default:
            throw Diagnostic(.badValue, "merge_variables cannot lay \(high.shown) over \((low ?? .null).shown)")
        }
    }
}

/// What stands below a directory.
private enum FileTree {
    /// - Parameter excluded: A pattern of names that are passed over.
    static func entries(_ root: String, excluded: String?) throws(Diagnostic) -> [ValueMap] {
        var result: [ValueMap] = []
        var waiting = [""]
        while let folder = waiting.popLast() {
            var deeper: [String] = []
            let names = names(in: folder.isEmpty ? root : "\(root)/\(folder)")
            var passed: Set<String> = []
            if let excluded { passed = try Lookups.matchingNames(names, excluded, anchored: true) }
            for name in names where !passed.contains(name) {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                guard let entry = properties(root, path) else { continue }
                result.append(entry)
                if entry["state"] == "directory" { deeper.append(path) }
            }
            waiting += deeper.reversed()
        }
        return result
    }

    private static func names(in folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var result: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { result.append(name) }
        }
        return result.sorted()
    }

    private static func properties(_ root: String, _ path: String) -> ValueMap? {
        let full = "\(root)/\(path)"
        var status = stat()
        guard lstat(full, &status) == 0 else { return nil }
        var result: ValueMap = ["root": .string(root), "path": .string(path)]
        switch status.st_mode & S_IFMT {
        case S_IFLNK:
            result["state"] = "link"
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(full, &buffer, buffer.count)
            guard count >= 0 else { return nil }
            result["src"] = .string(
                String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self))
        case S_IFDIR: result["state"] = "directory"
        case S_IFREG:
            result["state"] = "file"
            result["src"] = .string(full)
        default: return nil
        }
        result["uid"] = .int(Int(status.st_uid))
        result["gid"] = .int(Int(status.st_gid))
        result["owner"] =
            getpwuid(status.st_uid).map { .string(String(cString: $0.pointee.pw_name)) } ?? .int(Int(status.st_uid))
        result["group"] =
            getgrgid(status.st_gid).map { .string(String(cString: $0.pointee.gr_name)) } ?? .int(Int(status.st_gid))
        let mode = String(status.st_mode & 0o7777, radix: 8)
        result["mode"] = .string(String(repeating: "0", count: max(0, 4 - mode.count)) + mode)
        result["size"] = .int(Int(status.st_size))
        result["mtime"] = .double(Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9)
        result["ctime"] = .double(Double(status.st_ctim.tv_sec) + Double(status.st_ctim.tv_nsec) / 1e9)
        return result
    }
}

/// A text of random characters with at least so many of each kind.
struct RandomString {
    static let options: Set = [
        "length", "upper", "min_upper", "lower", "min_lower", "numbers", "min_numeric", "special", "min_special",
        "override_special", "override_all", "ignore_similar_chars", "similar_chars", "base64", "seed",
    ]
    private static let letters = "abcdefghijklmnopqrstuvwxyz"
    private static let punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

    private let length: Int
    /// The characters to choose from at last, and the sets of which some must be there.
    private let all: [Character]
    private let least: [(count: Int, characters: [Character])]

    init(_ options: LookupOptions) throws(Diagnostic) {
        guard options.text("seed") == nil, try !options.bool("base64") else {
            throw Diagnostic(
                .unsupported, "lookup 'random_string' does not support 'seed' and 'base64'",
                remedy: "For text that is the same each time use lookup('password', …); for base64 '| b64encode'.")
        }
        length = try options.int("length", default: 8)
        guard (0...100_000).contains(length) else { throw options.wrong("length", "0 to 100000", .int(length)) }
        let similar = try options.bool("ignore_similar_chars") ? options.text("similar_chars") ?? "il1LoO0" : ""
        func usable(_ text: String) -> [Character] { text.filter { !similar.contains($0) } }
        let sets: [(String, String, String)] = [
            ("upper", "min_upper", Self.letters.uppercased()), ("lower", "min_lower", Self.letters),
            ("numbers", "min_numeric", "0123456789"),
            ("special", "min_special", options.text("override_special") ?? Self.punctuation),
        ]
        var all: [Character] = []
        var least: [(count: Int, characters: [Character])] = []
        for (name, minimum, characters) in sets {
            if try options.bool(name, default: true) { all += usable(characters) }
            let count = try options.int(minimum, default: 0)
            guard count <= length else {
                throw Diagnostic(.badValue, "lookup 'random_string' is asked for \(count) characters in \(length)")
            }
            if count > 0 { least.append((count, usable(characters))) }
        }
        if let override = options.text("override_all") {
            (all, least) = (Array(override), [])
        }
        guard !all.isEmpty, least.allSatisfy({ !$0.characters.isEmpty }) else {
            throw Diagnostic(.badValue, "lookup 'random_string' has no characters to choose from")
        }
        let sum = least.reduce(0) { $0 + $1.count }
        guard sum <= length else {
            throw Diagnostic(.badValue, "lookup 'random_string' is asked for \(sum) characters in \(length)")
        }
        self.all = all
        self.least = least
    }

    func text() -> String {
        var chosen = least.flatMap { kind in (0..<kind.count).compactMap { _ in kind.characters.randomElement() } }
        while chosen.count < length, let next = all.randomElement() { chosen.append(next) }
        return String(chosen.shuffled())
    }
}
