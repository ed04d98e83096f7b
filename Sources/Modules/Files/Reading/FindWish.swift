import Diagnostics
internal import Jinja
import Results
import Target
import Values

/// What a `find` task looks for in names and states.
struct FindWish: Sendable {
    let type: String
    let limit: Int?
    let containsText: String
    let isLatin: Bool
    private let patterns: [Regex]
    private let excludes: [Regex]
    private let age: Int?
    private let stamp: String
    private let size: Int?
    private let showsHidden: Bool
    private let mode: UInt16?
    private let isExact: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        type = arguments.optionalString("file_type") ?? "file"
        containsText = arguments.optionalString("contains") ?? ""
        isLatin = ["latin-1", "latin1", "iso-8859-1"].contains(arguments.optionalString("encoding"))
        limit = arguments.int("limit")
        if let limit, limit <= 0 {
            throw Diagnostic(
                .badValue, "'limit: \(limit)' finds nothing", at: arguments.location,
                remedy: "Leave it out for no limit.")
        }
        let usesRegex = arguments.bool("use_regex")
        func compiled(_ name: String) throws(Diagnostic) -> [Regex] {
            var result: [Regex] = []
            for pattern in arguments.strings(name) {
                do {
                    result.append(try Regex.compiled(usesRegex ? pattern : Self.regex(ofGlob: pattern)))
                } catch {
                    throw error.located(at: arguments.location)
                }
            }
            return result
        }
        patterns = try compiled("patterns")
        excludes = try compiled("excludes")
        age = try Self.number(
            arguments, "age", ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800])
        size = try Self.number(
            arguments, "size", ["b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40])
        stamp = arguments.optionalString("age_stamp") ?? "mtime"
        showsHidden = arguments.bool("hidden")
        isExact = arguments.bool("exact_mode")
        guard let value = arguments["mode"], value != .string("") else {
            mode = nil
            return
        }
        guard let text = value.stringValue, let wanted = FileMode(text) else {
            throw Diagnostic(
                .badValue, "'mode: \(value.pythonText)' is not permission bits written as text", at: arguments.location,
                remedy: "Quote it: '0644'.")
        }
        mode = wanted.applied(to: 0, isDirectory: false, umask: 0)
    }

    /// `-3d` and the like; nil if it is not given.
    private static func number(
        _ arguments: Arguments, _ name: String, _ units: [Character: Int]
    ) throws(Diagnostic) -> Int? {
        guard let text = arguments.optionalString(name)?.lowercased() else { return nil }
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text : String(text.dropLast())
        guard let number = Int(digits), !digits.hasPrefix("+") else {
            throw Diagnostic(
                .badValue, "'\(name): \(text)' is not a whole number and a unit", at: arguments.location,
                remedy: "Units are \(units.keys.sorted().map(String.init).joined(separator: ", ")).")
        }
        // Nothing is larger or older than what a number can hold.
        let (value, isTooLarge) = number.multipliedReportingOverflow(by: unit ?? 1)
        return isTooLarge ? (number < 0 ? -Int.max : Int.max) : max(value, -Int.max)
    }

    /// Whether something that an earlier task of a dry run would make or change may be among what is found.
    ///
    /// - Parameters:
    ///   - below: Its path below the directory.
    ///   - levels: How deep is looked; nil for all the way.
    func mayFind(_ below: String, _ effect: Change.FileEffect, levels: Int?) throws(Diagnostic) -> Bool {
        guard !below.isEmpty, effect.kind != .absent else { return false }
        // Other permissions are seen in what was listed.
        if effect.keepsContent, effect.mode != nil { return false }
        if let levels, below.utf8.count(where: { $0 == UInt8(ascii: "/") }) >= max(levels, 1) { return false }
        let kind: FileState.Kind =
            effect.kind == .directory ? .directory : effect.kind == .link ? .link : .file
        return try isNamed(FilePlacement.basename(of: below), kind)
    }

    func matches(_ entry: FindListing.Entry, now: Double) throws(Diagnostic) -> Bool {
        guard try isNamed(entry.name, entry.state.kind) else { return false }
        if let age {
            let time =
                stamp == "atime" ? entry.state.accessed : stamp == "ctime" ? entry.state.changed : entry.state.modified
            guard age >= 0 ? now - time >= Double(age) : now - time <= Double(-age) else { return false }
        }
        if let size, entry.state.kind == .file {
            guard size >= 0 ? entry.state.size >= size : entry.state.size <= -size else { return false }
        }
        if let mode { return isExact ? entry.state.mode == mode : entry.state.mode & mode != 0 }
        return true
    }

    /// Whether name and kind are those looked for.
    private func isNamed(_ name: String, _ kind: FileState.Kind) throws(Diagnostic) -> Bool {
        if name.hasPrefix("."), !showsHidden { return false }
        switch (type, kind) {
        case ("any", _), ("directory", .directory), ("file", .file), ("link", .link): break
        default: return false
        }
        let bytes = Array(name.utf8)
        if !patterns.isEmpty, try !Self.matchesOne(bytes, patterns) { return false }
        return try !Self.matchesOne(bytes, excludes)
    }

    private static func matchesOne(_ name: [UInt8], _ regexes: [Regex]) throws(Diagnostic) -> Bool {
        for regex in regexes where try regex.firstMatch(in: name, anchored: true) != nil { return true }
        return false
    }

    /// A shell pattern as a regular expression, as Python's `fnmatch` reads it.
    static func regex(ofGlob pattern: String) -> String {
        var result = "(?s:"
        var rest = pattern[...]
        while let character = rest.popFirst() {
            switch character {
            case "*": result += ".*"
            case "?": result += "."
            case "[":
                // A bracket right behind the first one, or behind `!`, is one of the characters.
                let start = rest.first == "!" ? rest.dropFirst() : rest
                guard let close = start.dropFirst().firstIndex(of: "]") else {
                    result += "\\["
                    continue
                }
                var set = String(start[..<close]).replacing("\\", with: "\\\\").replacing("[", with: "\\[")
                if set.hasPrefix("^") || set.hasPrefix("]") { set = "\\" + set }
                result += "[" + (rest.first == "!" ? "^" : "") + set + "]"
                rest = rest[rest.index(after: close)...]
            case _ where character.isLetter || character.isNumber || character == "_" || !character.isASCII:
                result.append(character)
            default: result += "\\" + String(character)
            }
        }
        return result + ")\\Z"
    }
}

/// What `find` on the host listed.
struct FindListing {
    struct Entry: Sendable {
        var path: String
        var name: String
        /// 1 for what is in the directory itself.
        var depth: Int
        var state: FileState
    }

    /// Everything below one of the directories.
    struct Tree {
        var now: Double
        var top: String
        fileprivate var children: [String: [Entry]] = [:]

        /// The contents of directories, each sorted, from the top down.
        ///
        /// - Parameters:
        ///   - depth: How many levels to look at; nil for all.
        ///   - deepest: The level below whose directories nothing is looked at any more.
        func directories(depth: Int?, deepest: Int?) -> [[Entry]] {
            var result: [[Entry]] = []
            walk(top, 1, depth, deepest, &result)
            return result
        }

        /// Takes in what an earlier task of a dry run would do to what is there.
        ///
        /// - Parameter below: The path below the top.
        mutating func apply(_ effect: Change.FileEffect, _ below: String) {
            guard !below.isEmpty else { return }
            let path = FilePlacement.join(top, below)
            let holder = FilePlacement.directory(of: path)
            guard let index = children[holder]?.firstIndex(where: { $0.path == path }) else { return }
            guard effect.kind == .absent else {
                if let mode = effect.mode { children[holder]?[index].state.mode = mode }
                return
            }
            children[holder]?.remove(at: index)
            for key in children.keys where key == path || key.hasPrefix(path + "/") { children[key] = nil }
        }

        private func walk(_ path: String, _ level: Int, _ depth: Int?, _ deepest: Int?, _ result: inout [[Entry]]) {
            let entries = (children[path] ?? []).sorted { left, right in
                let isLeft = left.state.kind == .directory
                let isRight = right.state.kind == .directory
                return isLeft == isRight ? left.name < right.name : isRight
            }
            result.append(entries)
            if let depth, level >= depth { return }
            if let deepest, level > deepest { return }
            for entry in entries where children[entry.path] != nil || entry.state.kind == .directory {
                walk(entry.path, level + 1, depth, deepest, &result)
            }
        }
    }

    private var fields: FieldReader
    private let now: Double

    init(_ bytes: [UInt8]) {
        fields = FieldReader(bytes)
        now = Double(fields.next()) ?? 0
    }

    /// What is below the next directory; nil if there is no such directory.
    mutating func next() -> Tree? {
        guard fields.next() == "directory" else { return nil }
        var tree = Tree(now: now, top: FilePlacement.normalized(fields.next()))
        let top = tree.top == "/" ? "" : tree.top
        while !fields.isAtEnd {
            let kind = fields.next()
            if kind == "end" { break }
            let state = kind == "stat" ? FileState(line: fields.next()) ?? .absent : state(kind)
            let path = FilePlacement.normalized(fields.next())
            guard state.exists, path.hasPrefix(top + "/") else { continue }
            let entry = Entry(
                path: path, name: FilePlacement.basename(of: path),
                depth: path.utf8.count { $0 == UInt8(ascii: "/") } - top.utf8.count { $0 == UInt8(ascii: "/") },
                state: state)
            tree.children[FilePlacement.directory(of: path), default: []].append(entry)
        }
        return tree
    }

    /// The state as GNU `find` tells it.
    private mutating func state(_ kind: String) -> FileState {
        let kinds: [String: FileState.Kind] = [
            "f": .file, "d": .directory, "l": .link, "p": .fifo, "s": .socket, "b": .blockDevice,
            "c": .characterDevice,
        ]
        var state = FileState(kinds[kind] ?? .file)
        state.mode = UInt16(fields.next(), radix: 8) ?? 0
        state.size = Int(fields.next()) ?? 0
        state.uid = Int(fields.next()) ?? 0
        state.gid = Int(fields.next()) ?? 0
        let owner = fields.next()
        let group = fields.next()
        // Without a name, the number stands for it.
        state.owner = owner == String(state.uid) ? nil : owner
        state.group = group == String(state.gid) ? nil : group
        state.inode = Int(fields.next()) ?? 0
        state.device = Int(fields.next()) ?? 0
        state.linkCount = Int(fields.next()) ?? 1
        state.accessed = Double(fields.next()) ?? 0
        state.modified = Double(fields.next()) ?? 0
        state.changed = Double(fields.next()) ?? 0
        return state
    }

    /// The paths that `find` could not look at, and why.
    static func troubles(_ said: String) -> [(path: String, reason: String)] {
        said.split(separator: "\n").compactMap { line in
            // find: '/path': Permission denied
            guard line.hasPrefix("find: "), let colon = line.ranges(of: ": ").last else { return nil }
            let path = line[line.index(line.startIndex, offsetBy: 6)..<colon.lowerBound]
            let quotes: Set<Character> = ["'", "‘", "’", "`"]
            return (String(path.filter { !quotes.contains($0) }), String(line[colon.upperBound...]))
        }
    }

    /// `$1` how deep, `$2` whether to follow links, then directories. GNU's `find` tells all by itself; elsewhere
    /// `stat` is asked file by file, since only so no name can be taken for another file.
    static let script: Script =
        ReadingScripts.expand + #"""
            depth=$1 follow=$2
            shift 2
            date +%s | tr '\n' '\000'
            gnu=
            find / -maxdepth 0 -printf '' 2>/dev/null && gnu=1
            for path do
                sp_expand "$path"
                if ! [ -d "$p" ]; then printf 'none\0'; continue; fi
                case $p in -*) p=./$p ;; esac
                printf 'directory\0%s\0' "$p"
                case $p in */) ;; *) p=$p/ ;; esac
                set -f
                limit=
                [ -z "$depth" ] || limit="-maxdepth $depth"
                if [ -n "$gnu" ] && [ -z "$follow" ]; then
                    find "$p" -mindepth 1 $limit -printf \
                        '%y\0%m\0%s\0%U\0%G\0%u\0%g\0%i\0%D\0%n\0%A@\0%T@\0%C@\0%p\0'
                else
                    option=-P
                    [ -z "$follow" ] || option=-L
                    [ -n "$gnu" ] || [ -n "$follow" ] || option=
                    find $option "$p" -mindepth 1 $limit -exec sh -c '
                        for file do
                            line=$(stat -c "$0" -- "$file" 2>/dev/null) || continue
                            printf "stat\0%s\0%s\0" "$line" "$file"
                        done' '%f %s %u %g %U %G %i %d %h %b %o %t %T %X %Y %Z|%x|%y|%z' {} +
                fi
                set +f
                printf 'end\0'
            done
            exit 0
            """#
}
