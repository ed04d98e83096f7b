public import Diagnostics
public import Results
internal import Values

extension TargetReader {
    /// Asks all about some paths in one round trip.
    ///
    /// What earlier tasks of this dry run would have left there counts.
    ///
    /// - Parameters:
    ///   - paths: The paths; `~` and `$NAME` in them are the host's.
    ///   - checksums: Whether to compute SHA-1 of regular files.
    ///   - owner: A user to look up, by name or number; see `Inspection.ownerID`.
    ///   - group: A group to look up likewise.
    /// - Throws: `Diagnostic` with code `.failed` if the host lacks `stat`.
    public func inspect(
        _ paths: [String], checksums: Bool = false, owner: String? = nil, group: String? = nil
    ) async throws(Diagnostic) -> Inspection {
        try await inspect(paths, checksums: checksums, owner: owner, group: group, with: "", []).inspection
    }

    /// Asks about paths and, with a snippet of the caller's in the same round trip, about anything else.
    ///
    /// - Parameters:
    ///   - entries: Whether to see if directories hold anything; costs reading them.
    ///   - extra: Runs after the paths were looked at; finds `words` in `$sp_a`, `$sp_b`, `$sp_c` and the last path,
    ///     expanded, in `$p`.
    ///   - words: At most three.
    /// - Returns: The inspection, and what the snippet wrote.
    package func inspect(
        _ paths: [String], checksums: Bool = false, entries: Bool = false, owner: String? = nil,
        group: String? = nil, with extra: Script, _ words: [String]
    ) async throws(Diagnostic) -> (inspection: Inspection, rest: FieldReader) {
        let asked = foreseen.isEmpty ? paths : paths.map(foreseen.resolved)
        let words = (words + ["", "", ""]).prefix(3)
        let answer = try await query(
            ReadingScripts.inspect + extra,
            [(checksums ? "c" : "") + (entries ? "n" : ""), FileState.format, owner ?? "", group ?? ""] + words + asked)
        guard answer.succeeded else {
            let said = answer.errorOutput.lastLine
            throw Diagnostic(
                .failed, "cannot look at '\(paths.joined(separator: "', '"))': \(said)",
                remedy: said.hasSuffix("ermission denied")
                    ? "Become a user who may, with `become: true`."
                    : "The host needs `stat` with -c, as coreutils and BusyBox have it.", host: hostName)
        }
        var fields = FieldReader(answer.stdout)
        let umask = UInt16(fields.next(), radix: 8) ?? 0o022
        let identity = Identity(fields.next())
        var inspection = Inspection(
            paths: [], umask: umask, identity: identity, ownerID: Int(fields.next()), groupID: Int(fields.next()))
        let ownerName = fields.next()
        let groupName = fields.next()
        inspection.ownerName = ownerName.isEmpty ? nil : ownerName
        inspection.groupName = groupName.isEmpty ? nil : groupName
        for _ in paths { inspection.paths.append(fields.nextPath()) }
        if !foreseen.isEmpty {
            inspection.paths = inspection.paths.map { foreseen.applied($0, identity) }
            if let owner, foreseen.users[owner] == false { inspection.ownerID = nil }
            if let group, foreseen.groups[group] == false { inspection.groupID = nil }
        }
        for path in inspection.paths where path.entry.kind == .link { noteLink(at: path.path) }
        return (inspection, fields)
    }

    /// The state of a path; see `inspect` for several at once.
    public func stat(_ path: String, follow: Bool = true) async throws(Diagnostic) -> FileState {
        guard let found = try await inspect([path]).paths.first else { return .absent }
        return follow ? found.followed : found.entry
    }

    /// SHA-1 of a file's content in hexadecimal, or nil if there is no readable regular file.
    public func checksum(at path: String) async throws(Diagnostic) -> String? {
        try await inspect([path], checksums: true).paths.first?.checksum
    }

    /// A file's content, or nil if there is no such file.
    ///
    /// - Parameter limit: Bytes; a longer file is an error, not cut.
    /// - Throws: `Diagnostic` with code `.failed` if it is there but cannot be read, or is longer.
    public func bytes(at path: String, limit: Int = 64 << 20) async throws(Diagnostic) -> [UInt8]? {
        let path = foreseen.resolved(path)
        if let effect = foreseen.effect(at: path), !effect.keepsContent {
            guard effect.kind != .absent else { return nil }
            guard let content = effect.content else {
                throw Diagnostic(
                    .failed, "what '\(path)' will hold is only known once the earlier task has run", host: hostName)
            }
            return content
        }
        let answer = try await query(ReadingScripts.content, path, String(limit))
        switch answer.status {
        case 0: return answer.stdout
        case 3: return nil
        case 4:
            throw Diagnostic(.failed, "'\(path)' is longer than \(limit) bytes", host: hostName)
        default:
            throw Diagnostic(.failed, "cannot read '\(path)': \(answer.errorOutput.lastLine)", host: hostName)
        }
    }

    /// A file's content as text, or nil if there is no such file. Bytes that are not UTF-8 become U+FFFD.
    public func text(at path: String, limit: Int = 64 << 20) async throws(Diagnostic) -> String? {
        try await bytes(at: path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Walks an answer made of fields, each ended by a zero byte.
package struct FieldReader {
    private var rest: ArraySlice<UInt8>

    package init(_ bytes: [UInt8]) { rest = bytes[...] }

    package var isAtEnd: Bool { rest.isEmpty }

    /// The next field; empty at the end.
    package mutating func next() -> String { String(decoding: nextBytes(), as: UTF8.self) }

    /// The next field as it came.
    package mutating func nextBytes() -> [UInt8] {
        guard let end = rest.firstIndex(of: 0) else { return remainder() }
        defer { rest = rest[(end + 1)...] }
        return Array(rest[..<end])
    }

    /// As many bytes, whatever they are; fewer at the end, and none for less than none.
    package mutating func next(_ count: Int) -> [UInt8] {
        let count = Swift.max(0, count)
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// Everything that is left, as it came.
    package mutating func remainder() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }

    /// The fields that the inspecting script writes for one path.
    mutating func nextPath() -> PathInspection { nextNamedPath().found }

    /// The same, and the path's bytes as the host has them, which need not be UTF-8.
    package mutating func nextNamedPath() -> (name: [UInt8], found: PathInspection) {
        let name = nextBytes()
        var found = PathInspection(path: String(decoding: name, as: UTF8.self))
        let entry = next()
        let followed = next()
        let link = next()
        let real = next()
        let sum = next()
        let access = next()
        if let state = FileState(line: entry) { found.entry = state }
        found.followed = FileState(line: followed) ?? (found.entry.kind == .link ? .absent : found.entry)
        found.linkTarget = found.entry.kind == .link ? link : nil
        found.realPath = real.isEmpty ? nil : real
        found.checksum = sum.isEmpty ? nil : sum
        found.isReadable = access.contains("r")
        found.isWritable = access.contains("w")
        found.isExecutable = access.contains("x")
        found.holdsEntries = access.contains("n")
        return (name, found)
    }
}

extension Foreseen {
    /// What an earlier task would leave at that path, or nil if none would touch it.
    ///
    /// - Parameter path: Absolute, without a slash at its end; a path below a removed directory counts as removed.
    public func effect(at path: String) -> Change.FileEffect? {
        let path = Self.normalized(path)
        if let effect = files[path] { return effect }
        for ancestor in Self.ancestors(of: path) {
            if let effect = files[ancestor] {
                return effect.kind == .absent ? effect : nil
            }
        }
        return nil
    }

    /// The path with directories that would be links by then replaced by where those lead.
    func resolved(_ path: String) -> String {
        var path = path
        // As many links as the kernel follows, then leave it to the host.
        for _ in 0..<40 {
            guard
                let link = Self.ancestors(of: Self.normalized(path)).first(where: { files[$0]?.kind == .link }),
                let target = files[link]?.linkTarget
            else { return path }
            let rest = Self.normalized(path).dropFirst(link.count)
            let base = target.hasPrefix("/") ? target : Self.parent(of: link) + "/" + target
            path = base + rest
        }
        return path
    }

    /// What was found, with what earlier tasks would leave in its place.
    ///
    /// - Parameter identity: Who makes files; they own what no task gave to somebody else.
    package func applied(_ found: PathInspection, _ identity: Identity) -> PathInspection {
        guard let effect = effect(at: found.path) else { return found }
        var result = PathInspection(path: found.path)
        result.isForeseen = true
        result.hasForeseenContent = true
        guard effect.kind != .absent else { return result }
        var state = FileState(effect.kind == .directory ? .directory : effect.kind == .link ? .link : .file)
        // What the task did not say stays as the host has it.
        let before = found.entry.kind == state.kind ? found.entry : nil
        state.mode = effect.mode ?? before?.mode ?? (state.kind == .directory ? 0o755 : 0o644)
        (state.owner, state.uid) = Self.owner(
            effect.owner, before.map { ($0.owner, $0.uid) } ?? (identity.user, identity.uid))
        (state.group, state.gid) = Self.owner(
            effect.group, before.map { ($0.group, $0.gid) } ?? (identity.group, identity.gid))
        state.size = effect.size ?? effect.content?.count ?? before?.size ?? 0
        state.modified = before?.modified ?? 0
        result.entry = state
        let keepsContent = effect.keepsContent && before != nil
        result.hasForeseenContent = !keepsContent
        result.checksum = effect.checksum ?? (keepsContent ? found.checksum : nil)
        result.linkTarget = effect.linkTarget
        result.isReadable = true
        result.isWritable = true
        result.isExecutable = state.mode & 0o111 != 0
        result.holdsEntries = files.keys.contains { $0.hasPrefix(found.path + "/") } || found.holdsEntries
        result.followed = state.kind == .link ? found.followed : state
        return result
    }

    /// A foreseen owner: a name whose number is unknown (-1) unless it is who owns it now, or a number.
    private static func owner(_ wanted: String?, _ now: (name: String?, number: Int)) -> (String?, Int) {
        guard let wanted else { return now }
        if wanted == now.name || Int(wanted) == now.number { return now }
        if let number = Int(wanted) { return (nil, number) }
        return (wanted, -1)
    }

    /// The path without `.`, doubled slashes and a slash at its end.
    package static func normalized(_ path: String) -> String {
        var result = ""
        for part in path.split(separator: "/") where part != "." { result += "/" + part }
        return path.hasPrefix("/") ? (result.isEmpty ? "/" : result) : String(result.dropFirst())
    }

    /// The directories above a normalized path, nearest first.
    static func ancestors(of path: String) -> [String] {
        var result: [String] = []
        var path = path
        while let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            path = String(path[..<slash])
            result.append(path)
        }
        return result
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "" : String(path[..<slash])
    }
}
