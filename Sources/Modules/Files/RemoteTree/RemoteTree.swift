import Diagnostics
import Results
import Target
import Values

/// A directory of the host that is to be in another place there, with everything in it (`remote_src`).
///
/// What the destination has besides stays. A directory that is not there is copied as it is, with bits and times; in
/// one that is, files are compared by content, and one that differs gets content and bits of the source's. `mode` is
/// the top's alone, owner and group are everything's, also of what only the destination has: all this as Ansible does.
struct RemoteTree: Sendable {
    /// As the task gives it; only what it holds is copied if there is a slash at its end.
    var source: String
    var destination: String
    var attributes: FileAttributes
    var preservesMode: Bool
    var directoryMode: FileMode?
    var force: Bool
    /// Whether the place of the tree may be a link to a directory that is written then.
    var follow: Bool
    /// Whether links are copied as what they lead to. Without a word links stay links, unless there is something else
    /// in the place of one.
    var followsLinks: Bool?
    /// Which of the arguments that only concern files were given.
    var idle: [String] = []

    /// What is done, in this order.
    struct Step: Sendable {
        var operations: [RemoteTreeOperation] = []
        /// Told as `dest`, and looked at afterwards.
        var shown = ""
        var src = ""
    }

    /// Plans on what was seen; the source is a directory.
    func plan(_ sight: RemoteTreeSight, _ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let (destination, top) = (sight.destination, sight.top)
        let isThere = destination.followed.exists
        let keepsName = !source.hasSuffix("/")
        let makesDirectories = !isThere && self.destination.hasSuffix("/")
        // What is told as `dest`, and has the task's bits in the end.
        var shown = isThere && destination.followed.kind == .directory || makesDirectories ? top : destination
        if !keepsName, isThere || makesDirectories, !shown.path.hasSuffix("/") { shown.path += "/" }
        if keepsName, follow, top.entry.kind == .link, let real = top.realPath { shown.path = real }
        var draft = RemoteTreeDraft(sight: sight, attributes: attributes, followsLinks: followsLinks)
        draft.step.src = sight.source.path
        draft.step.shown = shown.path
        if !force, shown.followed.exists {
            return .asWanted(.ok(values(draft.step, shown.followed, ["msg": "file already exists"])))
        }
        try refuse(sight, makesDirectories: makesDirectories, target)

        var wanted = attributes
        if preservesMode { wanted.mode = .bits(sight.source.followed.mode) }
        // The top is copied whole unless it is there, or is one of the directories that a slash at the end asks for.
        let isWhole = !top.followed.exists && (keepsName || !makesDirectories)
        let modeOfMade = makesDirectories ? directoryMode : nil
        if makesDirectories || keepsName && !isThere {
            var missing = [RemoteTreeDraft.trimmed(destination.path)]
            if !sight.parent.followed.exists {
                // How far up directories are missing takes a question of its own; it is only asked before a change.
                missing = try await FilePlacement.missingDirectories(destination.path, target)
            }
            draft.make(directories: missing, mode: modeOfMade)
        }
        if isWhole { draft.copyWhole(mode: wanted.mode) }
        try draft.compare(isWhole: isWhole, on: target)
        draft.giveAway()
        var after: FileState
        if shown.followed.exists {
            let difference = try wanted.difference(from: shown.followed, in: sight.inspection, on: target)
            draft.set(difference, at: shown.path)
            after = difference.after
        } else if isWhole, !keepsName || isThere || makesDirectories {
            after = draft.stateOfNew(mode: wanted.mode, isWhole: true)
        } else {
            after = draft.stateOfNew(mode: modeOfMade, isWhole: false)
            if let mode = wanted.mode { after.mode = draft.setMode(mode, of: after, at: shown.path) }
        }

        var warnings = draft.warnings
        if !idle.isEmpty {
            warnings.append(
                "\(idle.map { "'\($0)'" }.joined(separator: " and ")) \(idle.count == 1 ? "is" : "are") for files; "
                    + "the source '\(sight.source.path)' is a directory, so nothing came of it")
        }
        if let unknown = draft.unknown { return .unknown(unknown, draft.step) }
        guard !draft.change.isEmpty else {
            return Plan.asWanted(.ok(values(draft.step, after))).adding(warnings)
        }
        // How large a directory is when things were added depends on the file system.
        after.size = -1
        return Plan.change(draft.change, draft.step, foreseen: .changed(values(draft.step, after))).adding(warnings)
    }

    /// Refuses what cannot be copied, or not there.
    private func refuse(
        _ sight: RemoteTreeSight, makesDirectories: Bool, _ target: some TargetReader
    ) throws(Diagnostic) {
        func failed(_ what: String, _ remedy: String? = nil) -> Diagnostic {
            Diagnostic(.failed, what, remedy: remedy, host: target.hostName)
        }
        let (destination, top) = (sight.destination, sight.top)
        for place in [destination, top] where place.entry.exists && place.followed.kind != .directory {
            throw failed(
                place.entry.kind == .link
                    ? "'\(place.path)' is a link that leads to no directory" : "'\(place.path)' is not a directory",
                "The source '\(sight.source.path)' is one: remove what is in the way, or choose another 'dest'.")
        }
        if !destination.followed.exists, !makesDirectories { try sight.parent.requireDirectory(target) }
        if !source.hasSuffix("/"), top.entry.kind == .link, !follow {
            throw failed(
                "'\(top.path)' is a link, and the directory it leads to is not written",
                "With 'follow: true' it is; or remove the link.")
        }
        if sight.isInside {
            throw failed(
                "'\(top.path)' is within the source '\(sight.source.path)', which would be copied into itself",
                "Choose a 'dest' beside it.")
        }
        let holder = destination.followed.exists ? destination : sight.parent
        if !top.followed.exists, holder.followed.exists, !holder.isWritable, !holder.isForeseen {
            throw failed("cannot write into '\(holder.path)'", "Become a user who may, with `become: true`.")
        }
        try attributes.requireOwners(sight.inspection, on: target)
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let fixed = [attributes.owner ?? "", attributes.group ?? "", followsLinks == true ? "-L" : "-P"]
        var rest = step.operations[...]
        var state = FileState.absent
        repeat {
            let part = rest.prefix(Self.batch)
            rest = rest.dropFirst(Self.batch)
            state = try await target.perform(
                RemoteTreeScripts.apply, fixed + part.flatMap(\.words), doing: "copy '\(step.src)'",
                seeing: step.shown)
        } while !rest.isEmpty
        return .changed(values(step, state))
    }

    /// How many operations go in one request: what is made ready together is put in place together.
    private static let batch = 500

    private func values(_ step: Step, _ state: FileState, _ more: ValueMap = [:]) -> ValueMap {
        var values: ValueMap = [
            "dest": .string(step.shown), "src": .string(step.src), "checksum": .null, "md5sum": .null,
        ]
        values.merge(state.commonValues)
        values.merge(more)
        return values
    }
}

/// One thing that `RemoteTreeScripts.apply` does.
struct RemoteTreeOperation: Sendable {
    enum Kind: String, Sendable {
        case directory = "d", tree = "t", file = "f", link = "l", ownership = "o", attributes = "a"
    }

    var kind: Kind
    /// As the host has them: any bytes but zero.
    var source: [UInt8] = []
    var path: [UInt8]
    var mode: UInt16?
    /// A file's SHA-1 as it was seen, `-` for none; which of owner and group are set.
    var detail = ""

    var words: [String] {
        // Five digits: with fewer, chmod leaves a directory its set-id bits.
        [kind.rawValue, Self.word(source), Self.word(path), mode.map { "0" + FileMode.text($0) } ?? "", detail]
    }

    /// A path as the script reads it: text goes as it is, other bytes as `printf %b` has them.
    private static func word(_ path: [UInt8]) -> String {
        // No program takes such a name for an option.
        let path = path.first == UInt8(ascii: "/") || path.isEmpty ? path : Array("./".utf8) + path
        if let text = String(validating: path, as: UTF8.self) { return "=" + text }
        return path.reduce(into: "%") { word, byte in
            let digits = String(byte, radix: 8)
            word += "\\0" + String(repeating: "0", count: 3 - digits.count) + digits
        }
    }
}
