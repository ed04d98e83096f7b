import Diagnostics
import Results
import Target
import Values

/// Files, directories, links and their attributes, as `ansible.builtin.file` manages them.
struct FileModule: Module, PathBound, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.file",
        summary: "Make, change or remove files, directories and links.",
        arguments: [
            .required("path", .path, "The path it is about.", aliases: ["dest", "name"]),
            .optional(
                "state", .string,
                "`file` changes an existing file's attributes; `touch` makes an empty one or renews its times; "
                    + "`directory` makes missing parents, too; `absent` removes, directories with all they hold.",
                choices: ["absent", "directory", "file", "hard", "link", "touch"]),
            .optional("src", .path, "What a link leads to."),
            .optional("recurse", .bool, "Set the attributes on everything in the directory.", default: false),
            .optional(
                "force", .bool, "Make a link even if its source is missing or a file is in its place.", default: false),
            .optional("follow", .bool, "Work on what a link leads to.", default: true),
            .optional("modification_time", .string, "`preserve`, `now` or a time in the format below."),
            .optional(
                "modification_time_format", .string, "How the time is written, as strptime reads it.",
                default: "%Y%m%d%H%M.%S"),
            .optional("access_time", .string, "`preserve`, `now` or a time in the format below."),
            .optional(
                "access_time_format", .string, "How the time is written, as strptime reads it.",
                default: "%Y%m%d%H%M.%S"),
        ] + FileAttributes.arguments,
        example: """
            - ansible.builtin.file:
                path: /etc/app
                state: directory
                owner: root
                mode: '0755'
            """,
        aliases: ["ansible.legacy.file"]
    )

    private let path: String
    private let state: String?
    private let source: String?
    private let recurse: Bool
    private let force: Bool
    private let follow: Bool
    private let attributes: FileAttributes
    private let times: FileTimes

    /// What `apply` does.
    struct Step: Sendable {
        enum Making: Sendable {
            case nothing, remove, touch
            case directories([String])
            case link(to: String, hard: Bool, replaces: FileState.Kind)
        }
        var path: String
        var making: Making = .nothing
        var bits: UInt16?
        var differences: [(path: String, difference: FileAttributes.Difference)] = []
        /// Where times are set; the real path of a followed link.
        var timesPath: String?
        /// Return values that do not come from looking.
        var values: ValueMap
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        let written = try arguments.string("path")
        var trimmed = written[...]
        while trimmed.count > 1, trimmed.last == "/" { trimmed = trimmed.dropLast() }
        path = String(trimmed)
        state = arguments.optionalString("state")
        source = arguments.optionalString("src")
        recurse = arguments.bool("recurse")
        force = arguments.bool("force")
        follow = arguments.bool("follow")
        attributes = try FileAttributes(arguments)
        times = try FileTimes(arguments, touches: state == "touch")
        guard !path.isEmpty else { throw Diagnostic(.badValue, "'path' is empty", at: arguments.location) }
        if recurse, let state, state != "directory" {
            throw Diagnostic(
                .badValue, "'recurse' is for directories, not 'state: \(state)'", at: arguments.location,
                remedy: "Use 'state: directory' or drop 'recurse'.")
        }
        if source != nil, state != "link", state != "hard" {
            throw Diagnostic(
                .badValue, "'src' is for 'state: link' and 'state: hard' only", at: arguments.location,
                remedy: state == nil ? "Add 'state: link'." : "To copy a file, use ansible.builtin.copy.")
        }
        if state == "absent", path == "/" {
            throw Diagnostic(
                .badValue, "'path: /' with 'state: absent' would remove everything", at: arguments.location)
        }
    }

    var followsLinks: Bool { follow && state != "absent" }

    var concerns: Concerns? {
        // Links are followed, and what they lead to is only known on the host.
        if source != nil || state == "link" || state == "hard" { return nil }
        return recurse || state == "absent" ? Concerns([path]) : Concerns([], places: [path])
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        var asked = [path, FilePlacement.directory(of: path)]
        if let source {
            // A link's source counts from where the link is.
            asked.append(
                source.hasPrefix("/") || source.hasPrefix("~") || state == "hard"
                    ? source : FilePlacement.join(FilePlacement.directory(of: path), source))
        }
        // The path is asked last, too, so that the snippet finds it in `$p`.
        asked.append(path)
        var (inspection, rest) = try await target.inspect(
            asked, entries: state == "link", owner: attributes.owner, group: attributes.group,
            with: recurse ? Self.listing + FileTimes.script : FileTimes.script, times.words)
        let found = inspection.paths[0]
        let listed = recurse ? try Self.readListing(&rest, below: found.path, on: target) : []
        let wantedTimes = times.resolved(&rest)
        let context = Context(
            found: found, parent: inspection.paths[1], source: source == nil ? nil : inspection.paths[2],
            inspection: inspection, times: wantedTimes)

        if state != "absent" { try attributes.requireOwners(inspection, on: target) }
        let wanted = state ?? (found.entry.exists ? found.entry.ansibleState : recurse ? "directory" : "file")
        switch wanted {
        case "absent": return removal(found)
        case "directory": return try await directory(context, listed, target)
        case "link": return try link(context, target)
        case "hard" where source != nil || !found.entry.exists || state == "hard": return try hardLink(context, target)
        case "touch" where !found.entry.exists:
            try requireParent(context, target)
            var step = Step(path: found.path, making: .touch, values: ["dest": .string(found.path)])
            return creation(&step, .file, context)
        default: return try existing(context, isTouch: wanted == "touch", target)
        }
    }

    /// All that a state's planning looks at.
    private struct Context {
        var found: PathInspection
        var parent: PathInspection
        var source: PathInspection?
        var inspection: Inspection
        var times: FileTimes.Wanted
    }

    // MARK: States

    private func removal(_ found: PathInspection) -> Plan<Step> {
        let values: ValueMap = ["path": .string(found.path), "state": "absent"]
        guard found.entry.exists else { return .asWanted(.ok(values)) }
        return .change(
            Change(
                [.setting("state", before: .string(found.entry.ansibleState), after: "absent")],
                effects: [.file(path: found.path, .init(kind: .absent))]),
            Step(path: found.path, making: .remove, values: values), foreseen: .changed(values))
    }

    private func existing(
        _ context: Context, isTouch: Bool, _ target: some TargetReader
    ) throws(Diagnostic) -> Plan<Step> {
        let (path, state) = followed(context)
        if !isTouch, !state.exists || state.kind == .directory || state.kind == .link {
            throw Diagnostic(
                .failed, "'\(path)' is \(state.exists ? "a \(state.ansibleState)" : "absent"), not a file",
                remedy: state.exists
                    ? "Ask for 'state: \(state.ansibleState)'."
                    : "'state: touch' makes an empty file, 'copy' with 'content' one that holds something.",
                host: target.hostName)
        }
        let key: ValueMap.Key = isTouch ? "dest" : "path"
        var step = Step(path: path, values: [key: .string(path)])
        return try finish(&step, state, Change(), context, target)
    }

    private func directory(
        _ context: Context, _ listed: [(path: String, state: FileState)], _ target: some TargetReader
    ) async throws(Diagnostic) -> Plan<Step> {
        let (path, state) = followed(context)
        var step = Step(path: path, values: ["path": .string(path)])
        guard state.exists else {
            var missing = [path]
            if !context.parent.followed.exists {
                missing = try await missingDirectories(path, target)
            } else if context.parent.followed.kind != .directory {
                throw Diagnostic(.failed, "'\(context.parent.path)' is not a directory", host: target.hostName)
            }
            step.making = .directories(missing)
            return creation(&step, .directory, context, also: missing.dropLast())
        }
        guard state.kind == .directory else {
            throw Diagnostic(
                .failed, "'\(path)' exists and is a \(state.ansibleState)",
                remedy: "Remove it first ('state: absent') if it may go.", host: target.hostName)
        }
        var change = Change()
        for (below, entry) in listed {
            let difference = try attributes.difference(from: entry, in: context.inspection, on: target)
            guard !difference.isEmpty else { continue }
            for part in difference.parts {
                if case .setting(let name, let before, let after) = part {
                    change.parts.append(.setting("\(below): \(name)", before: before, after: after))
                }
            }
            change.effects.append(.file(path: below, difference.after.effect(keepsContent: true)))
            step.differences.append((below, difference))
        }
        return try finish(&step, state, change, context, target)
    }

    private func link(_ context: Context, _ target: some TargetReader) throws(Diagnostic) -> Plan<Step> {
        let entry = context.found.entry
        let old = entry.kind == .link ? context.found.linkTarget : nil
        guard let source = source ?? old else {
            throw Diagnostic(.missingArgument, "'src' says what a new link leads to; it is missing")
        }
        if self.source != nil, !force, let origin = context.source, !origin.followed.exists {
            throw Diagnostic(
                .failed, "'\(origin.path)', which the link should lead to, does not exist",
                remedy: "Use 'force: true' to make the link all the same.", host: target.hostName)
        }
        if entry.exists, entry.kind != .link {
            if !force {
                throw Diagnostic(
                    .failed, "'\(context.found.path)' is a \(entry.ansibleState), not a link",
                    remedy: "Use 'force: true' to replace it.", host: target.hostName)
            }
            if entry.kind == .directory, context.found.holdsEntries {
                throw Diagnostic(
                    .failed,
                    "'\(context.found.path)' is a directory that holds something; it is not replaced by a link",
                    remedy: "Remove it first ('state: absent') if it may go.", host: target.hostName)
            }
        }
        let path = context.found.path
        var step = Step(path: path, values: ["dest": .string(path), "src": .string(source)])
        guard old != source else {
            let (real, state) = followed(context)
            if follow, !state.exists { return .asWanted(danglingResult(step.values, entry)) }
            return try finish(&step, at: real, state, shown: entry, Change(), context, target)
        }
        try requireParent(context, target)
        step.making = .link(to: source, hard: false, replaces: entry.kind)
        var change = Change()
        change.parts.append(.setting("state", before: .string(entry.ansibleState), after: "link"))
        change.parts.append(.setting("src", before: old.map { .string($0) } ?? .null, after: .string(source)))
        var after = FileAttributes().stateOfNew(.link, in: context.inspection, parent: context.parent.followed)
        after.size = source.utf8.count
        change.effects.append(.file(path: path, after.effect(linkTarget: source)))
        // Attributes go to what the link leads to, as `follow` says.
        if !attributes.isEmpty, let origin = context.source, origin.followed.exists, follow {
            let difference = try attributes.difference(from: origin.followed, in: context.inspection, on: target)
            if !difference.isEmpty {
                let real = origin.realPath ?? origin.path
                step.differences.append((real, difference))
                change.parts += difference.parts
                change.effects.append(.file(path: real, difference.after.effect(keepsContent: true)))
            }
        }
        return .change(change, step, foreseen: .changed(step.values.merging(after.commonValues)))
    }

    private func danglingResult(_ values: ValueMap, _ entry: FileState) -> ModuleResult {
        var result = ModuleResult.ok(values.merging(entry.commonValues))
        if !attributes.isEmpty {
            result.warnings.append("the link leads nowhere, so owner, group and mode were not set")
        }
        return result
    }

    private func hardLink(_ context: Context, _ target: some TargetReader) throws(Diagnostic) -> Plan<Step> {
        let entry = context.found.entry
        let path = context.found.path
        guard let origin = context.source, let source else {
            guard entry.linkCount > 1 else {
                throw Diagnostic(.missingArgument, "'src' says what a new hard link leads to; it is missing")
            }
            var step = Step(path: path, values: ["dest": .string(path)])
            return try finish(&step, entry, Change(), context, target)
        }
        guard origin.followed.exists else {
            throw Diagnostic(.failed, "'\(origin.path)', which 'src' names, does not exist", host: target.hostName)
        }
        var step = Step(path: path, values: ["dest": .string(path), "src": .string(source)])
        if entry.exists, entry.inode == origin.entry.inode, entry.device == origin.entry.device, entry.inode != 0 {
            return try finish(&step, entry, Change(), context, target)
        }
        if entry.exists, entry.kind != .link, !force {
            throw Diagnostic(
                .failed, "'\(path)' exists and is not a hard link to '\(origin.path)'",
                remedy: "Use 'force: true' to replace it.", host: target.hostName)
        }
        if entry.kind == .directory {
            throw Diagnostic(.failed, "'\(path)' is a directory; it is not replaced by a link", host: target.hostName)
        }
        try requireParent(context, target)
        step.making = .link(to: origin.path, hard: true, replaces: entry.kind)
        var state = origin.followed
        state.linkCount += 1
        let change = Change(
            [.setting("state", before: .string(entry.ansibleState), after: "hard")],
            effects: [.file(path: path, state.effect())])
        return try finish(&step, state, change, context, target)
    }

    // MARK: Common ends

    /// The path and state that attributes belong to: what a link leads to, if it is to be followed.
    private func followed(_ context: Context) -> (String, FileState) {
        guard follow, context.found.entry.kind == .link else { return (context.found.path, context.found.entry) }
        return (context.found.realPath ?? context.found.path, context.found.followed)
    }

    /// Something new comes to be.
    private func creation(
        _ step: inout Step, _ kind: FileState.Kind, _ context: Context, also parents: some Sequence<String> = []
    ) -> Plan<Step> {
        let after = attributes.stateOfNew(kind, in: context.inspection, parent: context.parent.followed)
        step.bits = after.mode
        var change = Change([
            .setting("state", before: "absent", after: .string(kind == .directory ? "directory" : "file"))
        ])
        for parent in parents { change.effects.append(.file(path: parent, after.effect())) }
        change.effects.append(.file(path: step.path, after.effect(content: kind == .file ? [] : nil)))
        if kind == .file { step.timesPath = context.times.isNow ? nil : step.path }
        return .change(change, step, foreseen: .changed(step.values.merging(after.commonValues)))
    }

    /// What is there keeps being there; its attributes and times may differ.
    private func finish(
        _ step: inout Step, at place: String? = nil, _ state: FileState, shown: FileState? = nil, _ begun: Change,
        _ context: Context, _ target: some TargetReader
    ) throws(Diagnostic) -> Plan<Step> {
        var change = begun
        let place = place ?? step.path
        let difference = try attributes.difference(from: state, in: context.inspection, on: target)
        if !difference.isEmpty {
            step.differences.append((place, difference))
            change.parts += difference.parts
            change.effects.append(.file(path: place, difference.after.effect(keepsContent: true)))
        }
        let timeParts = context.times.parts(state)
        if !timeParts.isEmpty {
            step.timesPath = place
            change.parts += timeParts
        }
        let values = step.values.merging((shown ?? difference.after).commonValues)
        guard !change.isEmpty else { return .asWanted(.ok(values)) }
        return .change(change, step, foreseen: .changed(values))
    }

    private func requireParent(_ context: Context, _ target: some TargetReader) throws(Diagnostic) {
        try context.parent.requireDirectory(target)
    }

    private func missingDirectories(_ path: String, _ target: some TargetReader) async throws(Diagnostic) -> [String] {
        var all: [String] = []
        var current = path
        while !current.isEmpty, current != "/", current != "." {
            all.append(current)
            current = FilePlacement.directory(of: current)
        }
        let states = try await target.inspect(all).paths
        for state in states where state.followed.exists && state.followed.kind != .directory {
            throw Diagnostic(.failed, "'\(state.path)' is not a directory", host: target.hostName)
        }
        return states.filter { !$0.followed.exists }.map(\.path).reversed()
    }

    // MARK: Applying

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        if case .remove = step.making {
            try await target.perform(Self.remove, [step.path], doing: "remove '\(step.path)'")
            return .changed(step.values)
        }
        // Each is one request; the last one tells how the path stands then.
        var after: FileState?
        if let making = making(step) {
            after = try await target.perform(making.script, making.words, doing: making.doing, seeing: step.path)
        }
        if !step.differences.isEmpty {
            after = try await FileAttributes.set(step.differences, on: target, seeing: step.path)
        }
        if let place = step.timesPath {
            try await times.set(on: place, target)
            after = nil
        }
        if after == nil { after = try await target.stat(step.path, follow: false) }
        return .changed(step.values.merging((after ?? .absent).commonValues))
    }

    /// The snippet that makes what the step wants made; nil if there is nothing to make.
    private func making(_ step: Step) -> (script: Script, words: [String], doing: String)? {
        let path = step.path
        let bits = step.bits.map { attributes.mode == nil ? "" : FileMode.text($0) } ?? ""
        let owners = [attributes.owner ?? "", attributes.group ?? ""]
        switch step.making {
        case .nothing, .remove: return nil
        case .touch: return (Self.touch, [bits] + owners + [path], "make '\(path)'")
        case .directories(let paths):
            return (FilePlacement.makeDirectories, [bits] + owners + paths, "make directory '\(path)'")
        case .link(let source, let hard, let replaced):
            return (
                Self.makeLink, [hard ? "" : "-s", source, path, replaced == .directory ? "d" : ""], "link '\(path)'"
            )
        }
    }

    private static let remove: Script = #"rm -rf -- "$1""#

    private static let touch: Script = #"""
        (set -C; : >"$4") || exit 1
        if [ -n "$2" ]; then chown -- "$2" "$4" || { rm -f -- "$4"; exit 1; }; fi
        if [ -n "$3" ]; then chgrp -- "$3" "$4" || { rm -f -- "$4"; exit 1; }; fi
        if [ -n "$1" ]; then chmod -- "$1" "$4" || { rm -f -- "$4"; exit 1; }; fi
        """#

    /// `$1` is `-s` or empty, `$2` where it leads, `$3` the link, `$4` is `d` if a directory is in its place.
    private static let makeLink: Script = #"""
        case $3 in */*) dir=${3%/*}/ ;; *) dir=./ ;; esac
        # Within a directory of ours: in that of the link somebody may have a name ready for us to follow.
        own=
        trap '[ -z "$own" ] || rm -rf -- "$own"' EXIT
        own=$(mktemp -d "$dir.swiftprov-XXXXXXXXXX") || exit 1
        ln $1 -- "$2" "$own/link" || exit 1
        if [ "$4" = d ]; then rmdir -- "$3" || exit 1; fi
        # Two names of one file are left alone by a rename.
        mv -fT -- "$own/link" "$3" 2>/dev/null || { rm -f -- "$3" && mv -f -- "$own/link" "$3"; }
        """#

    /// Everything below `$p`: the states, one a line, then the names in the same order.
    private static let listing: Script = #"""
        if [ -d "$p" ]; then
            find "$p"/. -mindepth 1 -exec stat -c "$sp_format" -- {} + || exit 1
            printf '\0'
            find "$p"/. -mindepth 1 -print0 || exit 1
        else
            printf '\0'
        fi
        printf '\0'
        """#

    private static func readListing(
        _ rest: inout FieldReader, below top: String, on target: some TargetReader
    ) throws(Diagnostic) -> [(path: String, state: FileState)] {
        let lines = rest.next().split(separator: "\n")
        var names: [String] = []
        while true {
            let name = rest.next()
            if name.isEmpty { break }
            names.append(name)
        }
        guard lines.count == names.count else {
            throw Diagnostic(
                .failed, "'\(top)' changed while it was looked at", remedy: "Try again.", host: target.hostName)
        }
        var entries: [(path: String, state: FileState)] = []
        for (line, name) in zip(lines, names) {
            guard let state = FileState(line: line) else { continue }
            entries.append((name.replacing("/./", with: "/", maxReplacements: 1), state))
        }
        return entries
    }
}
