import Diagnostics
import Results
import Target
import Values

/// The plan of a `RemoteTree` as it comes to be, one entry after the other.
struct RemoteTreeDraft {
    let sight: RemoteTreeSight
    let attributes: FileAttributes
    let followsLinks: Bool?
    var step = RemoteTree.Step()
    var change = Change()
    var warnings: [String] = []
    /// What keeps a dry run from telling.
    var unknown: Unknown?
    /// Names that are written or made anew, with their owner.
    private var written: Set<[UInt8]> = []

    init(sight: RemoteTreeSight, attributes: FileAttributes, followsLinks: Bool?) {
        self.sight = sight
        self.attributes = attributes
        self.followsLinks = followsLinks
    }

    /// How entries below a directory are dealt with.
    private enum Way {
        /// The directory is there, so each is compared.
        case compared
        /// The directory is copied with all it holds.
        case whole
        /// Something else is in the directory's place, and stays.
        case left
    }

    // MARK: Directories

    /// Makes directories that are missing, the destination last.
    mutating func make(directories: [String], mode: FileMode?) {
        let state = stateOfNew(mode: mode, isWhole: false)
        for path in directories {
            step.operations.append(
                .init(kind: .directory, path: Array(path.utf8), mode: mode == nil ? nil : state.mode))
            tell(new: path, "directory", state)
        }
    }

    /// Copies the top with everything in it.
    mutating func copyWhole(mode: FileMode?) {
        let state = stateOfNew(mode: mode, isWhole: true)
        step.operations.append(
            .init(
                kind: .tree, source: bytes(below: sight.source.path, []), path: bytes(below: sight.top.path, []),
                mode: mode == nil ? nil : state.mode))
        tell(new: Self.trimmed(sight.top.path), "directory", state)
    }

    /// The state of a directory that comes to be: the top as a copy of the source, or one that is made for it.
    func stateOfNew(mode: FileMode?, isWhole: Bool) -> FileState {
        var state = FileAttributes(owner: attributes.owner, group: attributes.group)
            .stateOfNew(.directory, in: sight.inspection, parent: holder)
        if isWhole { state.mode = sight.source.followed.mode } else { state.mode |= holder.mode & 0o2000 }
        if let mode { state.mode = mode.applied(to: state.mode, isDirectory: true, umask: sight.inspection.umask) }
        return state
    }

    /// The nearest directory that is there already: it may hand its group on.
    private var holder: FileState {
        for place in [sight.top, sight.destination] where place.followed.exists { return place.followed }
        return sight.parent.followed
    }

    // MARK: Entries

    /// Goes through everything below the source.
    mutating func compare(isWhole: Bool, on target: some TargetReader) throws(Diagnostic) {
        var ways: [[UInt8]: Way] = [[]: isWhole ? .whole : .compared]
        for item in sight.items {
            let holder = item.name.lastIndex(of: UInt8(ascii: "/")).map { Array(item.name[..<$0]) } ?? []
            let way = ways[holder] ?? .left
            if way == .left { continue }
            let isLink = item.source.entry.kind == .link && followsLinks != true
            try requireReadable(item.source, isLink: isLink, on: target)
            if way == .whole || !item.there.entry.exists {
                try make(item, isLink: isLink, alone: way == .compared, on: target)
                if !isLink, item.source.followed.kind == .directory { ways[item.name] = .whole }
                continue
            }
            if isLink {
                compareLink(item)
            } else if item.source.followed.kind == .directory {
                ways[item.name] = item.there.followed.kind == .directory ? .compared : .left
                if ways[item.name] == .left { leave(item, "a directory") }
            } else if item.source.followed.kind == .file, item.there.followed.kind == .file {
                compareFile(item)
            } else {
                leave(item, item.source.followed.kind == .file ? "a file" : "a pipe, socket or device")
            }
        }
    }

    private func requireReadable(
        _ source: PathInspection, isLink: Bool, on target: some TargetReader
    ) throws(Diagnostic) {
        if isLink { return }
        if source.entry.kind == .link, !source.followed.exists {
            throw Diagnostic(
                .failed, "the link '\(source.path)' leads nowhere, so it cannot be followed",
                remedy: "Mend or remove it, or keep links with 'local_follow: false'.", host: target.hostName)
        }
        if source.followed.kind == .file, !source.isReadable {
            throw Diagnostic(
                .failed, "cannot read '\(source.path)': permission denied",
                remedy: "Become a user who may, with `become: true`.", host: target.hostName)
        }
    }

    /// - Parameter alone: Whether it is copied by itself, not with the directory it is in.
    private mutating func make(
        _ item: RemoteTreeSight.Item, isLink: Bool, alone: Bool, on target: some TargetReader
    ) throws(Diagnostic) {
        let source = item.source
        let kind = isLink ? FileState.Kind.link : source.followed.kind
        var state = FileAttributes(owner: attributes.owner, group: attributes.group)
            .stateOfNew(kind, in: sight.inspection, parent: holder)
        var operation = RemoteTreeOperation(
            kind: .file, source: bytes(below: sight.source.path, item.name),
            path: bytes(below: sight.top.path, item.name),
            detail: "-")
        switch kind {
        case .link: operation.kind = .link
        case .directory:
            operation.kind = .tree
            state.mode = source.followed.mode
        case .file:
            state.size = source.followed.size
            // Ansible gives what a link led to the usual bits.
            let isUsual = alone && source.entry.kind == .link
            state.mode = isUsual ? 0o666 & ~sight.inspection.umask : kept(source.followed.mode)
            operation.mode = state.mode
        default:
            throw Diagnostic(
                .failed, "'\(source.path)' is neither a file, a directory nor a link",
                remedy: "Take it out of the source, or copy what is beside it.", host: target.hostName)
        }
        if alone {
            if kind == .directory { operation.detail = "" }
            step.operations.append(operation)
        }
        tell(
            new: item.there.path, state.ansibleState, state, linkTarget: isLink ? source.linkTarget : nil,
            checksum: kind == .file ? source.checksum : nil)
        written.insert(item.name)
    }

    private mutating func compareLink(_ item: RemoteTreeSight.Item) {
        let (source, there) = (item.source, item.there)
        switch there.entry.kind {
        case .link:
            guard there.linkTarget != source.linkTarget else { return }
        case .file where source.followed.kind == .file:
            if there.checksum == source.checksum, there.checksum != nil { return }
            guard followsLinks == false else { return compareFile(item) }
        default:
            return leave(item, "a link")
        }
        step.operations.append(
            .init(
                kind: .link, source: bytes(below: sight.source.path, item.name),
                path: bytes(below: sight.top.path, item.name)))
        change.parts.append(
            .setting(
                "\(there.path): src", before: there.linkTarget.map { .string($0) } ?? .null,
                after: source.linkTarget.map { .string($0) } ?? .null))
        change.effects.append(.file(path: there.path, .init(kind: .link, linkTarget: source.linkTarget)))
        written.insert(item.name)
    }

    private mutating func compareFile(_ item: RemoteTreeSight.Item) {
        let (source, there) = (item.source, item.there)
        guard let wanted = source.checksum else {
            unknown = unknown ?? Unknown("what an earlier task leaves in '\(source.path)'")
            return
        }
        guard there.checksum != wanted else { return }
        var state = there.followed
        state.size = source.followed.size
        state.mode = source.followed.mode
        if let owner = attributes.owner {
            if sight.inspection.ownerID != state.uid { state.mode = Self.unprivileged(state.mode) }
            (state.uid, state.owner) = (sight.inspection.ownerID ?? -1, sight.inspection.ownerName ?? owner)
        }
        if let group = attributes.group {
            if sight.inspection.groupID != state.gid { state.mode = Self.unprivileged(state.mode) }
            (state.gid, state.group) = (sight.inspection.groupID ?? -1, sight.inspection.groupName ?? group)
        }
        step.operations.append(
            .init(
                kind: .file, source: bytes(below: sight.source.path, item.name),
                path: bytes(below: sight.top.path, item.name), mode: state.mode, detail: there.checksum ?? ""))
        change.parts.append(.hiddenContent(of: there.path))
        if state.mode != there.followed.mode {
            change.parts.append(
                .setting(
                    "\(there.path): mode", before: .string(there.followed.modeText), after: .string(state.modeText)))
        }
        let path = there.entry.kind == .link ? there.realPath ?? there.path : there.path
        change.effects.append(.file(path: path, state.effect(checksum: wanted)))
        if there.entry.kind != .link { written.insert(item.name) }
    }

    /// Ansible leaves what is of another kind as it is, and says nothing.
    private mutating func leave(_ item: RemoteTreeSight.Item, _ kind: String) {
        warnings.append(
            "'\(item.there.path)' is \(Self.word(item.there.entry.kind)) where the source has \(kind); it is left alone"
        )
    }

    // MARK: Owner and bits

    /// Gives everything that the destination has, and somebody else owns, to the owner and group of the task.
    mutating func giveAway() {
        for (name, state) in sight.foreign where !written.contains(name) {
            // The top's own is among the attributes that are set last.
            if name.isEmpty { continue }
            let path = FilePlacement.join(sight.top.path, String(decoding: name, as: UTF8.self))
            step.operations.append(.init(kind: .ownership, path: bytes(below: sight.top.path, name)))
            var after = state
            if let owner = attributes.owner, sight.inspection.ownerID != state.uid {
                change.parts.append(
                    .setting(
                        "\(path): owner", before: .string(state.owner ?? String(state.uid)), after: .string(owner)))
                (after.uid, after.owner) = (sight.inspection.ownerID ?? -1, sight.inspection.ownerName ?? owner)
            }
            if let group = attributes.group, sight.inspection.groupID != state.gid {
                change.parts.append(
                    .setting(
                        "\(path): group", before: .string(state.group ?? String(state.gid)), after: .string(group)))
                (after.gid, after.group) = (sight.inspection.groupID ?? -1, sight.inspection.groupName ?? group)
            }
            if state.kind == .file { after.mode = Self.unprivileged(after.mode) }
            change.effects.append(.file(path: path, after.effect(keepsContent: true)))
        }
    }

    /// Gives a directory that is there what differs.
    mutating func set(_ difference: FileAttributes.Difference, at path: String) {
        guard !difference.isEmpty else { return }
        step.operations.append(
            .init(
                kind: .attributes, path: Array(path.utf8), mode: difference.mode,
                detail: (difference.owner == nil ? "" : "o") + (difference.group == nil ? "" : "g")))
        for part in difference.parts {
            if case .setting(let name, let before, let after) = part {
                change.parts.append(.setting("\(path): \(name)", before: before, after: after))
            }
        }
        change.effects.append(.file(path: Self.trimmed(path), difference.after.effect(keepsContent: true)))
    }

    /// Gives a directory that was made before its bits.
    mutating func setMode(_ mode: FileMode, of state: FileState, at path: String) -> UInt16 {
        let bits = mode.applied(to: state.mode, isDirectory: true, umask: sight.inspection.umask)
        guard bits != state.mode else { return bits }
        step.operations.append(.init(kind: .attributes, path: Array(path.utf8), mode: bits))
        var after = state
        after.mode = bits
        change.effects.append(.file(path: Self.trimmed(path), after.effect()))
        return bits
    }

    // MARK: Parts

    /// The bits of a new file. Who gives a program away takes its privileges from it.
    private func kept(_ mode: UInt16) -> UInt16 {
        let identity = sight.inspection.identity
        let changesHands =
            attributes.owner != nil && sight.inspection.ownerID != identity.uid
            || attributes.group != nil && sight.inspection.groupID != identity.gid
        return changesHands ? Self.unprivileged(mode) : mode
    }

    private static func unprivileged(_ mode: UInt16) -> UInt16 {
        mode & 0o010 != 0 ? mode & ~0o6000 : mode & ~0o4000
    }

    private mutating func tell(
        new path: String, _ state: String, _ after: FileState, linkTarget: String? = nil, checksum: String? = nil
    ) {
        change.parts.append(.setting("\(path): state", before: "absent", after: .string(state)))
        change.effects.append(.file(path: path, after.effect(checksum: checksum, linkTarget: linkTarget)))
    }

    private func bytes(below top: String, _ name: [UInt8]) -> [UInt8] {
        let top = Array(Self.trimmed(top).utf8)
        guard !name.isEmpty else { return top }
        return (top == [UInt8(ascii: "/")] ? top : top + [UInt8(ascii: "/")]) + name
    }

    /// The path without slashes at its end.
    static func trimmed(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.last == "/" { path = path.dropLast() }
        return String(path)
    }

    private static func word(_ kind: FileState.Kind) -> String {
        switch kind {
        case .absent: "nothing"
        case .file: "a file"
        case .directory: "a directory"
        case .link: "a link"
        case .fifo, .socket, .blockDevice, .characterDevice: "a pipe, socket or device"
        }
    }
}
