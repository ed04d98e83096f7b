internal import Crypto
import Diagnostics
import Results
import Target
import Values

/// A file with a content of ours that is to be at a place on the host: what copy and template come down to.
struct FilePlacement: Sendable {
    /// As the task gives it; a directory, or a text ending in a slash, takes the file under `basename`.
    var destination: String
    var basename: String?
    var content: [UInt8]
    /// The content where it lies on the host already; `content` is empty then.
    var hostFile: HostFile?
    /// What is told as `src` after a change.
    var source: String?
    var attributes: FileAttributes
    var directoryMode: FileMode?
    var follow = false
    var force = true
    var backup = false
    var validate: String?
    /// Whether content and diff must not be shown.
    var isSecret = false
    /// Whether missing directories are made where the destination ends in a slash.
    var makesDirectories = true
    /// The bits to give the file if it is written and the task names no mode.
    var modeIfWritten: UInt16?
    /// What the file holds now, where the caller has read it already.
    var knownContent: [UInt8]?

    /// What `apply` has to do.
    struct Step: Sendable {
        var path: String
        /// Directories to make first, top one first.
        var directories: [String] = []
        var directoryModes: UInt16?
        var writes: Bool
        /// The checksum of the content there; empty if there is no file.
        var expecting: String?
        /// A symbolic link in the way, to be replaced.
        var difference: FileAttributes.Difference
        var modeOfNew: UInt16?
    }

    /// A file of the host that is to be put in place.
    struct HostFile: Sendable {
        var path: String
        /// SHA-1 and MD5 in hexadecimal; the latter may be missing.
        var checksum: String
        var md5: String?
        /// Bytes.
        var size: Int
    }

    /// Content longer than this is not shown in diffs, as with Ansible.
    static let longestDiff = 104_448

    var checksum: String { hostFile?.checksum ?? Self.checksum(of: content) }
    var md5: String { hostFile?.md5 ?? Self.hex(Insecure.MD5.hash(data: content)) }
    private var size: Int { hostFile?.size ?? content.count }

    /// SHA-1 in hexadecimal.
    static func checksum(of content: [UInt8]) -> String { hex(Insecure.SHA1.hash(data: content)) }

    static func hex(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var result: [UInt8] = []
        for byte in digest {
            result.append(digits[Int(byte >> 4)])
            result.append(digits[Int(byte & 15)])
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The file itself, and the directory that it may go to.
    var concerns: Concerns? {
        // With `follow` the file written is the one that a link leads to.
        if follow { return nil }
        guard let basename else { return Concerns([destination]) }
        return Concerns([Self.join(destination, basename)], places: [destination])
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let inspection = try await target.inspect(
            pathsToAsk, checksums: true, owner: attributes.owner, group: attributes.group)
        return try await plan(inspection, target)
    }

    /// Plans on what `pathsToAsk` came to, with checksums.
    func plan(_ inspection: Inspection, _ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        guard let asked = inspection.paths.first, let parent = inspection.paths.last else {
            throw Diagnostic(.internal, "no answer about '\(destination)'")
        }
        var place = asked
        let isDirectory = asked.followed.kind == .directory
        if isDirectory || destination.hasSuffix("/") {
            guard basename != nil, inspection.paths.count == 3 else {
                throw Diagnostic(
                    .failed, "'\(destination)' is a directory", remedy: "Name the file that is to hold the content.",
                    host: target.hostName)
            }
            place = inspection.paths[1]
        }
        if place.entry.kind == .link, follow, let real = place.realPath {
            place.path = real
            place.entry = place.followed
        }
        if place.entry.exists, !force {
            return .asWanted(.ok(values(place.path, place.entry.kind == .link ? place.followed : place.entry)))
        }

        var step = Step(path: place.path, writes: false, difference: .init(after: place.entry))
        var change = Change()
        if !isDirectory, destination.hasSuffix("/"), !asked.entry.exists, makesDirectories {
            try foreseeDirectories(asked.path, &step, &change, umask: inspection.umask)
            // How far up directories are missing takes a question of its own; it is only asked before a change.
            step.directories = try await Self.missingDirectories(asked.path, target)
        } else if !place.entry.exists, !isDirectory {
            try parent.requireDirectory(target)
        }

        let directoryChange = change
        let holder = isDirectory ? asked.followed : parent.followed
        guard
            var planned = try await planFile(place, checksum: checksum, in: inspection, holder: holder, target)
        else { return .asWanted(.ok(values(place.path, place.entry))) }
        planned.step.directories = step.directories
        planned.step.directoryModes = step.directoryModes
        change = planned.change
        change.parts = directoryChange.parts + change.parts
        change.effects = directoryChange.effects + change.effects
        var foreseen = values(place.path, planned.step.difference.after)
        if planned.step.writes { addContentValues(&foreseen) }
        return .change(change, planned.step, foreseen: .changed(foreseen))
    }

    /// Plans for a file whose place has been looked at; nil if it is as wanted.
    ///
    /// - Parameter holder: The directory it is in, whose group a new file may get.
    func planFile(
        _ place: PathInspection, checksum: String, in inspection: Inspection, holder: FileState? = nil,
        _ target: some TargetReader
    ) async throws(Diagnostic) -> (step: Step, change: Change)? {
        if place.entry.kind == .directory {
            throw Diagnostic(.failed, "'\(place.path)' is a directory", host: target.hostName)
        }
        var step = Step(path: place.path, writes: false, difference: .init(after: place.entry))
        var change = Change()
        let isSameContent = place.entry.kind == .file && place.checksum == checksum
        if !isSameContent {
            if place.entry.exists, !force { return nil }
            step.writes = true
            step.expecting = place.entry.kind == .file && !place.isForeseen ? place.checksum : nil
            if !place.entry.exists { step.expecting = "" }
            change.parts.append(try await contentPart(place, target))
        }
        if place.entry.exists, place.entry.kind != .link {
            step.difference = try attributes.difference(from: place.entry, in: inspection, on: target)
        } else {
            // A new file, or one that takes a link's place.
            try attributes.requireOwners(inspection, on: target)
            let after = attributes.stateOfNew(.file, in: inspection, parent: holder)
            step.difference = .init(after: after)
            step.modeOfNew = after.mode
        }
        step.difference.after.kind = .file
        if step.writes { step.difference.after.size = size }
        if step.writes, attributes.mode == nil, let modeIfWritten {
            step.difference.mode = modeIfWritten
            step.difference.after.mode = modeIfWritten
            if step.modeOfNew != nil { step.modeOfNew = modeIfWritten }
        }
        change.parts += step.difference.parts
        guard !change.isEmpty else { return nil }
        var effect = step.difference.after.effect(checksum: checksum, content: hostFile == nil ? content : nil)
        effect.isSecret = isSecret
        change.effects.append(.file(path: place.path, effect))
        return (step, change)
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        if !step.directories.isEmpty {
            try await target.perform(
                FilePlacement.makeDirectories,
                [step.directoryModes.map(FileMode.text) ?? "", attributes.owner ?? "", attributes.group ?? ""]
                    + step.directories,
                doing: "make directory '\(step.directories.last ?? "")'")
        }
        let outcome = try await put(step, on: target)
        var values = values(step.path, outcome.state)
        if step.writes { addContentValues(&values) }
        if let path = outcome.backupPath { values["backup_file"] = .string(path) }
        return .changed(values)
    }

    /// Writes the file, or sets what differs on it.
    func put(_ step: Step, on target: some TargetWriter) async throws(Diagnostic) -> FileWrite.Outcome {
        guard step.writes else {
            let state = try await FileAttributes.set([(step.path, step.difference)], on: target, seeing: step.path)
            return FileWrite.Outcome(state: state)
        }
        var file = FileWrite(
            path: step.path, content: content, owner: attributes.owner, group: attributes.group,
            mode: step.modeOfNew ?? step.difference.mode
                ?? (attributes.mode == nil ? nil : step.difference.after.mode),
            validate: validate, backup: backup, expecting: step.expecting,
            allowsUnsafeWrite: attributes.allowsUnsafeWrites, followsLinks: false)
        guard let hostFile else { return try await target.write(file) }
        file.size = hostFile.size
        return try await target.place(file, from: hostFile.path)
    }

    // MARK: Parts

    /// The destination, the file in it if it is a directory, the directory it is in.
    var pathsToAsk: [String] {
        var paths = [destination]
        if let basename { paths.append(Self.join(destination, basename)) }
        paths.append(Self.directory(of: destination))
        return paths
    }

    private func values(_ path: String, _ state: FileState) -> ValueMap {
        var values: ValueMap = ["dest": .string(path), "path": .string(path), "checksum": .string(checksum)]
        values.merge(state.commonValues)
        return values
    }

    private func addContentValues(_ values: inout ValueMap) {
        values["md5sum"] = .string(md5)
        if let source { values["src"] = .string(source) }
    }

    private func foreseeDirectories(
        _ path: String, _ step: inout Step, _ change: inout Change, umask: UInt16
    ) throws(Diagnostic) {
        let bits = directoryMode?.applied(to: 0o777 & ~umask, isDirectory: true, umask: umask)
        step.directoryModes = bits
        change.parts.append(.setting("directory \(path)", before: "absent", after: "directory"))
        let clean = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        change.effects.append(
            .file(
                path: clean,
                .init(kind: .directory, mode: bits ?? 0o777 & ~umask, owner: attributes.owner, group: attributes.group))
        )
    }

    /// The directories on a path's way, itself included, that are not there; top one first.
    static func missingDirectories(
        _ path: String, _ target: some TargetReader
    ) async throws(Diagnostic) -> [String] {
        var all: [String] = []
        var current = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        while !current.isEmpty, current != "/", current != "." {
            all.append(current)
            current = directory(of: current)
        }
        let states = try await target.inspect(all).paths
        for (path, state) in zip(all, states) where state.followed.exists && state.followed.kind != .directory {
            throw Diagnostic(.failed, "'\(path)' is not a directory", host: target.hostName)
        }
        return zip(all, states).filter { !$0.1.followed.exists }.map(\.0).reversed()
    }

    /// The diff of the content; what is long, binary or secret only says so.
    private func contentPart(_ place: PathInspection, _ target: some TargetReader) async throws(Diagnostic)
        -> Change.Part
    {
        if isSecret { return .hiddenContent(of: place.path) }
        if size > Self.longestDiff || place.followed.size > Self.longestDiff {
            return .action("content of \(place.path) differs (longer than \(Self.longestDiff) bytes, not shown)")
        }
        if hostFile != nil { return .hiddenContent(of: place.path) }
        var before: [UInt8]?
        if knownContent != nil {
            before = knownContent
        } else if place.entry.kind == .file {
            if place.hasForeseenContent, target.foreseen.effect(at: place.path)?.content == nil {
                return .action("content of \(place.path) differs from what an earlier task would write")
            }
            before = try await target.bytes(at: place.path)
        }
        if Self.isBinary(content) || before.map(Self.isBinary) == true {
            return .action("content of \(place.path) differs (binary, not shown)")
        }
        return .text(
            path: place.path, before: before.map { String(decoding: $0, as: UTF8.self) },
            after: String(decoding: content, as: UTF8.self))
    }

    static func isBinary(_ bytes: [UInt8]) -> Bool { bytes.prefix(8192).contains(0) }

    static func join(_ directory: String, _ name: String) -> String {
        directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }

    /// The directory a path is in; `.` for a bare name.
    static func directory(of path: String) -> String {
        var path = path[...]
        while path.count > 1, path.last == "/" { path = path.dropLast() }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func basename(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// The path without `.`, `..` and doubled slashes, as Python's `normpath` gives it: no link is looked at.
    static func normalized(_ path: String) -> String {
        let isAbsolute = path.hasPrefix("/")
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !isAbsolute {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return isAbsolute ? "/" + joined : joined.isEmpty ? "." : joined
    }

    /// `$1` mode, `$2` owner, `$3` group, then directories to make, each in one that is there by then.
    static let makeDirectories: Script = #"""
        mode=$1 owner=$2 group=$3
        shift 3
        for path do
            mkdir -- "$path" 2>/dev/null || [ -d "$path" ] || mkdir -- "$path" || exit 1
            if [ -n "$owner" ]; then chown -- "$owner" "$path" || exit 1; fi
            if [ -n "$group" ]; then chgrp -- "$group" "$path" || exit 1; fi
            if [ -n "$mode" ]; then chmod -- "$mode" "$path" || exit 1; fi
        done
        """#
}
