import Diagnostics
import Results
import Target
import Values

/// Owner, group and mode that a task wants a path to have: the arguments all file modules share.
struct FileAttributes: Sendable {
    var owner: String?
    var group: String?
    var mode: FileMode?
    var allowsUnsafeWrites = false

    /// The shared arguments, for a module's manual.
    static let arguments: [Argument] = [
        .optional("owner", .string, "The user that owns it, by name or number."),
        .optional("group", .string, "The group it belongs to, by name or number."),
        .optional("mode", .mode, "Its permission bits: `'0644'` or symbols such as `u=rwX,g=rX,o=`. Quote numbers."),
        .optional(
            "unsafe_writes", .bool,
            "Write into the existing file where it cannot be replaced in one step, as for a bind mount.", default: false
        ),
        Argument(
            "attributes", .string, "File system flags, as `chattr` has them.", aliases: ["attr"],
            refusal: "Set them with a `command: chattr …` task."),
        Argument("seuser", .string, "The SELinux user.", refusal: Self.selinux),
        Argument("serole", .string, "The SELinux role.", refusal: Self.selinux),
        Argument("setype", .string, "The SELinux type.", refusal: Self.selinux),
        Argument("selevel", .string, "The SELinux level.", refusal: Self.selinux),
    ]

    private static let selinux = "SELinux contexts are not set yet; use a `command: chcon …` task."

    init(owner: String? = nil, group: String? = nil, mode: FileMode? = nil) {
        self.owner = owner
        self.group = group
        self.mode = mode
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        owner = arguments.optionalString("owner")
        group = arguments.optionalString("group")
        allowsUnsafeWrites = arguments.bool("unsafe_writes")
        if let text = arguments.optionalString("mode"), text != "preserve" {
            guard let mode = FileMode(text) else {
                throw Diagnostic(.badValue, "'\(text)' is not a mode", at: arguments.location)
            }
            self.mode = mode
        }
    }

    var isEmpty: Bool { owner == nil && group == nil && mode == nil }

    /// What differs between a path's state and these wishes.
    struct Difference: Sendable {
        var parts: [Change.Part] = []
        /// Permission bits to set, owner and group to give; nil where nothing is to be done.
        var mode: UInt16?
        var owner: String?
        var group: String?
        /// The state as it would be.
        var after: FileState

        var isEmpty: Bool { parts.isEmpty }
    }

    /// Compares with what is there.
    ///
    /// - Throws: `Diagnostic` if the owner or group wanted does not exist, now or after this dry run's earlier tasks.
    func difference(
        from state: FileState, in inspection: Inspection, on target: some TargetReader
    ) throws(Diagnostic) -> Difference {
        try requireOwners(inspection, on: target)
        var difference = Difference(after: state)
        if let owner, !Self.isSame(owner, inspection.ownerID, name: state.owner, number: state.uid) {
            difference.owner = owner
            difference.parts.append(
                .setting("owner", before: .string(state.owner ?? String(state.uid)), after: .string(owner)))
            difference.after.owner = inspection.ownerName ?? (Int(owner) == nil ? owner : nil)
            difference.after.uid = inspection.ownerID ?? -1
        }
        if let group, !Self.isSame(group, inspection.groupID, name: state.group, number: state.gid) {
            difference.group = group
            difference.parts.append(
                .setting("group", before: .string(state.group ?? String(state.gid)), after: .string(group)))
            difference.after.group = inspection.groupName ?? (Int(group) == nil ? group : nil)
            difference.after.gid = inspection.groupID ?? -1
        }
        if let mode, state.kind != .link {
            let wanted = mode.applied(
                to: state.mode, isDirectory: state.kind == .directory, umask: inspection.umask)
            if wanted != state.mode {
                difference.mode = wanted
                difference.parts.append(
                    .setting("mode", before: .string(state.modeText), after: .string(FileMode.text(wanted))))
                difference.after.mode = wanted
            }
        }
        // Changing the owner clears the set-id bits, so the mode has to be set again after it.
        if difference.owner != nil || difference.group != nil, difference.mode == nil, state.kind != .link,
            state.mode & 0o6000 != 0
        {
            difference.mode = difference.after.mode
        }
        return difference
    }

    /// The state of something new.
    func stateOfNew(_ kind: FileState.Kind, in inspection: Inspection, parent: FileState?) -> FileState {
        var state = FileState(kind)
        // How large a new directory is depends on the file system.
        if kind == .directory { state.size = -1 }
        // A set-group-id directory hands that on to directories.
        let inherited = kind == .directory ? (parent?.mode ?? 0) & 0o2000 : 0
        state.mode =
            kind == .link
            ? 0o777 : modeOfNew(isDirectory: kind == .directory, umask: inspection.umask, inherited: inherited)
        state.uid = inspection.identity.uid
        state.owner = inspection.identity.user
        state.gid = inspection.identity.gid
        state.group = inspection.identity.group
        if let parent, parent.mode & 0o2000 != 0 {
            // A set-group-id directory hands its group on.
            (state.gid, state.group) = (parent.gid, parent.group)
        }
        if let owner {
            state.uid = inspection.ownerID ?? -1
            state.owner = inspection.ownerName ?? (Int(owner) == nil ? owner : nil)
        }
        if let group {
            state.gid = inspection.groupID ?? -1
            state.group = inspection.groupName ?? (Int(group) == nil ? group : nil)
        }
        return state
    }

    /// The bits something new would get.
    ///
    /// - Parameter inherited: Bits that it has from the directory it is in.
    func modeOfNew(isDirectory: Bool, umask: UInt16, inherited: UInt16 = 0) -> UInt16 {
        let usual: UInt16 = (isDirectory ? 0o777 : 0o666) & ~umask | inherited
        return mode?.applied(to: usual, isDirectory: isDirectory, umask: umask) ?? usual
    }

    /// The owner or group wanted must exist, unless an earlier task of the dry run would make it.
    func requireOwners(_ inspection: Inspection, on target: some TargetReader) throws(Diagnostic) {
        // Packages still to be installed may bring users along.
        if target.foreseen.awaitsPackages { return }
        if let owner, inspection.ownerID == nil, target.foreseen.users[owner] != true {
            throw Diagnostic(
                .failed, "there is no user '\(owner)'", remedy: "Create it in an earlier task.", host: target.hostName)
        }
        if let group, inspection.groupID == nil, target.foreseen.groups[group] != true,
            // A user's own group comes with the user.
            target.foreseen.users[group] != true
        {
            throw Diagnostic(
                .failed, "there is no group '\(group)'", remedy: "Create it in an earlier task.", host: target.hostName)
        }
    }

    private static func isSame(_ wanted: String, _ id: Int?, name: String?, number: Int) -> Bool {
        if let id, number >= 0 { return id == number }
        return wanted == name
    }

    /// Sets what differs on a list of paths: path, mode, owner, group, four arguments each, empty for no change.
    static let setScript: Script = #"""
        while [ $# -gt 0 ]; do
            if [ -n "$3" ]; then chown -h -- "$3" "$1" || exit 1; fi
            if [ -n "$4" ]; then chgrp -h -- "$4" "$1" || exit 1; fi
            if [ -n "$2" ]; then chmod -- "$2" "$1" || exit 1; fi
            shift 4
        done
        """#

    /// Sets the differences, and says in the host's words why it could not.
    static func set(
        _ differences: [(path: String, difference: Difference)], on target: some TargetWriter
    ) async throws(Diagnostic) {
        try await target.perform(setScript, words(of: differences), doing: settingWords)
    }

    /// The same, and how a path stands afterwards.
    static func set(
        _ differences: [(path: String, difference: Difference)], on target: some TargetWriter, seeing path: String
    ) async throws(Diagnostic) -> FileState {
        try await target.perform(setScript, words(of: differences), doing: settingWords, seeing: path)
    }

    private static let settingWords = "set owner, group or mode"

    private static func words(of differences: [(path: String, difference: Difference)]) -> [String] {
        differences.flatMap { path, difference in
            [path, difference.mode.map(FileMode.operand) ?? "", difference.owner ?? "", difference.group ?? ""]
        }
    }
}

extension TargetWriter {
    /// Runs a snippet of our own and takes a status other than 0 as the task's failure.
    ///
    /// - Parameter doing: What it was to do, for the message: `create '/x'`.
    @discardableResult
    func perform(
        _ script: Script, _ arguments: [String], input: [UInt8]? = nil, timeout: Duration? = nil, doing: String
    ) async throws(Diagnostic) -> CommandResult {
        let result = try await execute(script, arguments, input: input, timeout: timeout)
        guard result.succeeded else {
            let words = result.errorOutput.lastLine
            throw Diagnostic(
                .failed, "cannot \(doing): \(words.isEmpty ? "status \(result.status)" : words)", host: hostName)
        }
        return result
    }
}

extension TargetWriter {
    /// Works with something temporary on the host, and removes it whatever becomes of the work.
    ///
    /// - Parameter path: A file, or a directory with all it holds.
    /// - Returns: What the work came to; a warning tells if the path could not be removed.
    /// - Throws: `Diagnostic` of the work: one of the removal never stands in its place.
    func removing(
        _ path: String, after work: () async throws(Diagnostic) -> ModuleResult
    ) async throws(Diagnostic) -> ModuleResult {
        let outcome: Result<ModuleResult, Diagnostic>
        do throws(Diagnostic) { outcome = .success(try await work()) } catch { outcome = .failure(error) }
        var trouble: Diagnostic?
        do throws(Diagnostic) {
            try await perform(#"rm -rf -- "$1""#, [path], doing: "remove '\(path)'")
        } catch {
            trouble = error
        }
        switch outcome {
        case .success(var result):
            if let trouble { result.warnings.append(trouble.summary) }
            return result
        case .failure(var error):
            if let trouble { error.notes.append(Diagnostic.Note(trouble.summary)) }
            throw error
        }
    }
}

extension TargetWriter {
    /// The same, and how a path stands afterwards, in one request.
    ///
    /// - Parameter path: Where to look once the snippet is done; a link there is not followed.
    func perform(
        _ script: Script, _ arguments: [String], doing: String, seeing path: String
    ) async throws(Diagnostic) -> FileState {
        let result = try await perform(
            Self.beforeSeeing + script + Self.seeing, [path, FileState.format] + arguments, doing: doing)
        return FileState(line: result.output.lastLine) ?? .absent
    }

    /// The snippet runs in a subshell: it may `exit` before its end.
    private static var beforeSeeing: Script {
        #"""
        sp_path=$1 sp_format=$2
        shift 2
        (
        """#
    }

    private static var seeing: Script {
        #"""
        ) || exit
        stat -c "$sp_format" -- "$sp_path" 2>/dev/null || :
        """#
    }
}

extension PathInspection {
    /// Whether it may be there once packages of this dry run are installed: nobody can name their directories.
    func isAwaited(by target: some TargetReader) -> Bool { !entry.exists && target.foreseen.awaitsPackages }

    /// Sees that there is a directory to put something into, or will be.
    func requireDirectory(_ target: some TargetReader) throws(Diagnostic) {
        guard followed.kind != .directory, !isAwaited(by: target) else { return }
        throw Diagnostic(
            .failed, "directory '\(path)' does not exist",
            remedy: "Create it in an earlier task (file: state=directory).", host: target.hostName)
    }
}

extension Inspection {
    /// Refuses a place where no file can be written.
    ///
    /// - Parameters:
    ///   - place: Where among the paths the file's own is; its directory is the path before.
    func requireFilePlace(_ place: Int, on target: some TargetReader) throws(Diagnostic) {
        let (holder, place) = (paths[place - 1], paths[place])
        try holder.requireDirectory(target)
        guard place.followed.kind != .directory else {
            throw Diagnostic(.failed, "'\(place.path)' is a directory", host: target.hostName)
        }
    }
}

extension FileState {
    /// The return values that file modules share, under Ansible's names.
    var commonValues: ValueMap {
        guard exists else { return ["state": "absent"] }
        var values: ValueMap = [:]
        if uid >= 0 { values["uid"] = .int(uid) }
        if gid >= 0 { values["gid"] = .int(gid) }
        // What an account yet to be made will be called is known before its number is.
        if uid >= 0 || owner != nil { values["owner"] = .string(owner ?? String(uid)) }
        if gid >= 0 || group != nil { values["group"] = .string(group ?? String(gid)) }
        values["mode"] = .string(modeText)
        values["state"] = .string(ansibleState)
        if size >= 0 { values["size"] = .int(size) }
        return values
    }

    /// What a later task of the same dry run would find.
    ///
    /// - Parameter keepsContent: Whether only attributes would differ from what is there.
    func effect(
        checksum: String? = nil, content: [UInt8]? = nil, linkTarget: String? = nil, keepsContent: Bool = false
    ) -> Change.FileEffect {
        Change.FileEffect(
            kind: kind == .directory ? .directory : kind == .link ? .link : .file, mode: mode,
            owner: owner ?? (uid >= 0 ? String(uid) : nil), group: group ?? (gid >= 0 ? String(gid) : nil),
            checksum: checksum, linkTarget: linkTarget, size: size,
            content: (content?.count ?? 0) <= 1 << 20 ? content : nil, keepsContent: keepsContent)
    }
}
