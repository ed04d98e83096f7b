import Diagnostics
internal import Jinja
import Results
import Target
import Values

/// Finds files below directories, as `ansible.builtin.find` does.
struct FindModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.find",
        summary: "Find files, directories or links below directories of the host.",
        description: """
            What is found is told as a list, sorted by name within each directory. A hidden directory is looked into \
            even without `hidden`, as Ansible does.
            """,
        arguments: [
            .required("paths", .list(.path), "The directories.", aliases: ["name", "path"]),
            .optional(
                "patterns", .list(.string),
                "Shell patterns, or with `use_regex` regular expressions, of which a name "
                    + "must match one.", default: [], aliases: ["pattern"]),
            .optional("excludes", .list(.string), "Patterns of names to leave out.", aliases: ["exclude"]),
            .optional("contains", .string, "What a line of the file begins with: a regular expression."),
            .optional("read_whole_file", .bool, "Look for `contains` anywhere in the whole file.", default: false),
            .optional(
                "file_type", .string, "What to find.", default: "file", choices: ["any", "directory", "file", "link"]),
            .optional("age", .string, "The least age, such as `2d`; with a minus, the greatest. Units: s m h d w."),
            .optional(
                "age_stamp", .string, "What age is counted from.", default: "mtime",
                choices: ["atime", "ctime", "mtime"]),
            .optional("size", .string, "The least size, such as `10m`; with a minus, the greatest. Units: b k m g t."),
            .optional("recurse", .bool, "Look into directories below.", default: false),
            .optional("hidden", .bool, "Find names that begin with a dot, too.", default: false),
            .optional("follow", .bool, "Look into directories that links lead to.", default: false),
            .optional("get_checksum", .bool, "Tell the files' checksums.", default: false),
            .optional(
                "checksum_algorithm", .string, "How they are computed.", default: "sha1",
                choices: ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"],
                aliases: ["checksum", "checksum_algo"]),
            .optional("use_regex", .bool, "Take patterns for regular expressions.", default: false),
            .optional("depth", .int, "How many levels of directories to look into, with `recurse`."),
            .optional("mode", .raw, "Permission bits to have, as text."),
            .optional("exact_mode", .bool, "Have exactly those; else at least one of them.", default: true),
            .optional(
                "encoding", .string, "How files are encoded, for `contains`.",
                choices: ["utf-8", "utf8", "UTF-8", "ascii", "latin-1", "latin1", "iso-8859-1"]),
            .optional("limit", .int, "The most files to find."),
        ],
        diff: "none",
        example: """
            - ansible.builtin.find:
                paths: /var/log
                patterns: '*.gz'
                age: 4w
                recurse: true
              register: old
            """,
        aliases: ["ansible.legacy.find"]
    )

    private let paths: [String]
    private let wish: FindWish
    private let recurses: Bool
    private let depth: Int?
    private let follows: Bool
    private let algorithm: String
    private let contains: Regex?
    private let readsWhole: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        paths = arguments.strings("paths")
        wish = try FindWish(arguments)
        recurses = arguments.bool("recurse")
        depth = arguments.int("depth").flatMap { $0 == 0 ? nil : $0 }
        follows = arguments.bool("follow")
        algorithm = arguments.bool("get_checksum") ? arguments.optionalString("checksum_algorithm") ?? "sha1" : ""
        readsWhole = arguments.bool("read_whole_file")
        let encoding = arguments.optionalString("encoding") ?? "utf-8"
        do {
            contains = try arguments.optionalString("contains").map { pattern throws(Diagnostic) in
                try Regex.compiled(pattern, encoding.lowercased().hasPrefix("utf") ? [] : .bytes)
            }
        } catch {
            throw error.located(at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        let levels = recurses ? depth.map { String(min(max($0, 1), Self.deepest) + 1) } ?? "" : "1"
        let answer = try await target.query(FindListing.script, [levels, follows ? "1" : ""] + paths)
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "cannot look for files: \(answer.errorOutput.lastLine)",
                remedy: "The host needs `find` and `stat`.", host: target.hostName)
        }
        var listing = FindListing(answer.stdout)
        var found: [FindListing.Entry] = []
        var examined = 0
        var skipped: ValueMap = [:]
        var warnings: [String] = []
        var isLimited = false
        for path in paths {
            let listed = listing.next()
            let top = listed?.top ?? path
            let foreseen = target.foreseen.effects(within: top)
            for (below, effect) in foreseen where try wish.mayFind(below, effect, levels: recurses ? depth : 1) {
                return .unknown(Unknown("what earlier tasks leave in '\(path)'"), ())
            }
            if listed == nil {
                // A directory to come, and all it will hold is not looked for.
                if foreseen.contains(where: { $0.below.isEmpty && $0.effect.kind == .directory }) { continue }
                if target.foreseen.awaitsPackages { return .unknown(Unknown("what '\(path)' will hold"), ()) }
            }
            let isGone = target.foreseen.effect(at: top)?.kind == .absent
            guard var tree = listed, !isGone else {
                let text = "'\(path)' is not a directory"
                skipped[path] = .string(text)
                warnings.append("skipped '\(path)': \(text)")
                continue
            }
            for (below, effect) in foreseen { tree.apply(effect, below) }
            let matches = try await self.matches(in: tree, &examined, already: found.count, target)
            found += matches.entries
            isLimited = isLimited || matches.isLimited
        }
        for (path, said) in FindListing.troubles(answer.errorOutput) { skipped[path] = .string(said) }
        let sums = try await checksums(of: found, target)
        let files = found.enumerated().map { index, entry -> Value in
            var values = StatModule.values(of: entry.state, path: entry.path)
            for name in ["exists", "blocks", "block_size", "device_type"] { values.removeValue(forKey: name) }
            values["pw_name"] = .string(entry.state.owner ?? "")
            values["gr_name"] = .string(entry.state.group ?? "")
            if let sum = sums[index] { values["checksum"] = .string(sum) }
            return .map(values)
        }
        let message =
            !warnings.isEmpty
            ? "Not all paths examined, check warnings for details"
            : isLimited ? "Limit of matches reached" : "All paths examined"
        return .asWanted(
            ModuleResult(
                values: [
                    "files": .list(files), "matched": .int(files.count), "examined": .int(examined),
                    "skipped_paths": .map(skipped), "msg": .string(message),
                ], warnings: warnings))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        throw Diagnostic(.internal, "a run knows what is to be found")
    }

    /// The matches below one directory, top ones first.
    private func matches(
        in tree: FindListing.Tree, _ examined: inout Int, already: Int, _ target: some TargetReader
    ) async throws(Diagnostic) -> (entries: [FindListing.Entry], isLimited: Bool) {
        var candidates: [FindListing.Entry] = []
        for level in tree.directories(depth: recurses ? nil : 1, deepest: depth) {
            examined += level.count
            for entry in level where depth.map({ entry.depth <= $0 }) ?? true {
                if try wish.matches(entry, now: tree.now) { candidates.append(entry) }
            }
            // Without contents to look at, the limit is known at once.
            if contains == nil, let limit = wish.limit, already + candidates.count >= limit { break }
        }
        if contains != nil { candidates = try await holding(candidates, target) }
        guard let limit = wish.limit, already + candidates.count >= limit else { return (candidates, false) }
        return (Array(candidates.prefix(limit - already)), true)
    }

    // MARK: Contents

    /// The files among those that hold what is looked for.
    private func holding(
        _ entries: [FindListing.Entry], _ target: some TargetReader
    ) async throws(Diagnostic) -> [FindListing.Entry] {
        guard let contains, wish.type == "file", !entries.isEmpty else { return entries }
        let total = entries.reduce(0) { $0 + $1.state.size }
        guard total <= Self.longest else {
            throw Diagnostic(
                .failed, "the files to look for '\(wish.containsText)' in are \(total >> 20) MiB together",
                remedy: "Narrow 'paths', 'patterns' or 'size', or use a `command: grep -l …` task.",
                host: target.hostName)
        }
        let answer = try await target.query(Self.contents, entries.map(\.path))
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "cannot read the files found: \(answer.errorOutput.lastLine)", host: target.hostName)
        }
        var rest = answer.stdout[...]
        var result: [FindListing.Entry] = []
        for entry in entries {
            guard let end = rest.firstIndex(of: 0),
                let size = Int(hostCount: String(decoding: rest[..<end], as: UTF8.self).trimmed)
            else { throw Diagnostic(.failed, "a file changed while it was read", host: target.hostName) }
            let content = Array(rest[(end + 1)...].prefix(size))
            rest = rest[(end + 1)...].dropFirst(size)
            if try holds(content, contains) { result.append(entry) }
        }
        return result
    }

    private func holds(_ content: [UInt8], _ regex: Regex) throws(Diagnostic) -> Bool {
        // A file that is not text holds nothing, as far as a pattern for text can tell.
        if !wish.isLatin, String(validating: content, as: UTF8.self) == nil { return false }
        if readsWhole { return try regex.firstMatch(in: content) != nil }
        for line in ByteLines.splitUniversal(content) where try regex.firstMatch(in: line, anchored: true) != nil {
            return true
        }
        return false
    }

    /// Levels of directories that no file system has.
    private static let deepest = 1_000_000

    /// Bytes that are read at most to look into files.
    private static let longest = 64 << 20

    private func checksums(
        of entries: [FindListing.Entry], _ target: some TargetReader
    ) async throws(Diagnostic) -> [Int: String] {
        guard !algorithm.isEmpty, wish.type == "file" || wish.type == "any" else { return [:] }
        let wanted = entries.indices.filter { entries[$0].state.kind == .file }
        guard !wanted.isEmpty else { return [:] }
        let answer = try await target.query(Self.digests, [algorithm] + wanted.map { entries[$0].path })
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "cannot compute checksums: \(answer.errorOutput.lastLine)", host: target.hostName)
        }
        var fields = FieldReader(answer.stdout)
        var result: [Int: String] = [:]
        for index in wanted {
            let sum = fields.next()
            if !sum.isEmpty { result[index] = sum }
        }
        return result
    }

    /// Each file's size and content, the size as it is read, so that none is taken for another's.
    private static let contents: Script = #"""
        work=$(umask 077; mktemp) || exit 1
        trap 'rm -f "$work"' EXIT
        for path do
            cat -- "$path" >"$work" 2>/dev/null || : >"$work"
            printf '%s\0' "$(wc -c <"$work")"
            cat "$work"
        done
        """#

    private static let digests: Script = #"""
        program=${1}sum
        shift
        command -v "$program" >/dev/null 2>&1 || { echo "$program: not found" >&2; exit 1; }
        for path do
            sum=$("$program" <"$path" 2>/dev/null)
            printf '%s\0' "${sum%% *}"
        done
        """#
}
