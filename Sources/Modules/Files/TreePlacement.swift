internal import Crypto
import Diagnostics
import Results
import Target
import Values

/// A directory of the control machine that is to be on the host, with everything in it.
///
/// What the host has besides stays. All paths are asked about in one request.
struct TreePlacement: Sendable {
    private let source: String
    /// Without a slash at its end.
    private let destination: String
    /// What is told as `dest`.
    private let shown: String
    private let attributes: FileAttributes
    private let directoryMode: FileMode?
    private let template: FilePlacement
    private let items: [Item]

    /// One thing to be there.
    private struct Item: Sendable {
        var entry: LocalFiles.Entry
        var path: String
        var mode: FileMode?
        var content: [UInt8] = []
        var isSecret = false
        var checksum = ""
    }

    struct Step: Sendable {
        /// Directories to make, top ones first.
        var directories: [String] = []
        var directoryBits: UInt16?
        var files: [(placement: FilePlacement, step: FilePlacement.Step)] = []
        var links: [(path: String, target: String)] = []
        var differences: [(path: String, difference: FileAttributes.Difference)] = []
    }

    init(
        path: String, holdsOnlyContent: Bool, destination: String, attributes: FileAttributes,
        directoryMode: FileMode?, preservesMode: Bool, followsLinks: Bool, force: Bool, backup: Bool,
        validate: String?, follow: Bool, decrypt: Bool, context: ModuleContext
    ) throws(Diagnostic) {
        source = path
        var trimmed = destination[...]
        while trimmed.count > 1, trimmed.last == "/" { trimmed = trimmed.dropLast() }
        let top =
            holdsOnlyContent ? String(trimmed) : FilePlacement.join(String(trimmed), FilePlacement.basename(of: path))
        self.destination = top
        shown = String(trimmed) + "/"
        self.attributes = attributes
        self.directoryMode = directoryMode
        template = FilePlacement(
            destination: "", content: [], attributes: attributes, follow: follow, force: force, backup: backup,
            validate: validate)
        var items: [Item] = []
        for entry in try LocalFiles.tree(path, follow: followsLinks) {
            var item = Item(entry: entry, path: FilePlacement.join(top, entry.relative))
            if entry.kind == .file {
                item.mode = preservesMode ? .bits(entry.mode) : attributes.mode
                (item.content, item.isSecret) = try context.content(of: entry.path, opening: decrypt)
                item.checksum = FilePlacement.hex(Insecure.SHA1.hash(data: item.content))
            }
            items.append(item)
        }
        self.items = items
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        // The directories above come first: those that are missing are made, too.
        var above: [String] = []
        var current = destination
        while !current.isEmpty, current != "/", current != ".", current != "~" {
            above.insert(current, at: 0)
            current = FilePlacement.directory(of: current)
        }
        let inspection = try await target.inspect(
            above + items.map(\.path), checksums: true, owner: attributes.owner, group: attributes.group)
        try attributes.requireOwners(inspection, on: target)
        var step = Step()
        var change = Change()
        let forDirectories = FileAttributes(owner: attributes.owner, group: attributes.group, mode: directoryMode)

        func makeDirectory(_ found: PathInspection) throws(Diagnostic) {
            guard !found.followed.exists else {
                throw Diagnostic(.failed, "'\(found.path)' is not a directory", host: target.hostName)
            }
            let after = forDirectories.stateOfNew(.directory, in: inspection, parent: nil)
            step.directories.append(found.path)
            step.directoryBits = directoryMode == nil ? nil : after.mode
            change.parts.append(.setting("\(found.path): state", before: "absent", after: "directory"))
            change.effects.append(.file(path: found.path, after.effect()))
        }

        for (index, found) in inspection.paths.prefix(above.count).enumerated() where found.followed.kind != .directory
        {
            _ = index
            try makeDirectory(found)
        }
        for (item, found) in zip(items, inspection.paths.dropFirst(above.count)) {
            switch item.entry.kind {
            case .directory:
                guard found.followed.kind == .directory else {
                    try makeDirectory(found)
                    continue
                }
                let difference = try forDirectories.difference(from: found.followed, in: inspection, on: target)
                add(difference, found.path, &step, &change)
            case .link:
                guard let leads = item.entry.target, found.linkTarget != leads else { continue }
                if found.entry.kind == .directory {
                    throw Diagnostic(.failed, "'\(found.path)' is a directory, not a link", host: target.hostName)
                }
                step.links.append((found.path, leads))
                change.parts.append(
                    .setting(
                        "\(found.path): src", before: found.linkTarget.map { .string($0) } ?? .null,
                        after: .string(leads)))
                change.effects.append(.file(path: found.path, .init(kind: .link, linkTarget: leads)))
            default:
                try await planFile(item, found, inspection, target, &step, &change)
            }
        }
        let values: ValueMap = ["dest": .string(shown), "src": .string(source)]
        guard !change.isEmpty else { return .asWanted(.ok(values)) }
        return .change(change, step, foreseen: .changed(values))
    }

    private func planFile(
        _ item: Item, _ found: PathInspection, _ inspection: Inspection, _ target: some TargetReader,
        _ step: inout Step, _ change: inout Change
    ) async throws(Diagnostic) {
        var placement = template
        placement.destination = found.path
        placement.content = item.content
        placement.isSecret = item.isSecret
        placement.attributes.mode = item.mode
        guard let planned = try await placement.planFile(found, checksum: item.checksum, in: inspection, target) else {
            return
        }
        step.files.append((placement, planned.step))
        change.parts += planned.change.parts
        change.effects += planned.change.effects
    }

    private func add(
        _ difference: FileAttributes.Difference, _ path: String, _ step: inout Step, _ change: inout Change
    ) {
        guard !difference.isEmpty else { return }
        step.differences.append((path, difference))
        for part in difference.parts {
            if case .setting(let name, let before, let after) = part {
                change.parts.append(.setting("\(path): \(name)", before: before, after: after))
            }
        }
        change.effects.append(.file(path: path, difference.after.effect(keepsContent: true)))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        if !step.directories.isEmpty {
            try await target.perform(
                FilePlacement.makeDirectories,
                [step.directoryBits.map(FileMode.operand) ?? "", attributes.owner ?? "", attributes.group ?? ""]
                    + step.directories,
                doing: "make directories below '\(destination)'")
        }
        for (placement, fileStep) in step.files { _ = try await placement.put(fileStep, on: target) }
        if !step.links.isEmpty {
            try await target.perform(
                Self.makeLinks, step.links.flatMap { [$0.target, $0.path] }, doing: "make links below '\(destination)'")
        }
        if !step.differences.isEmpty { try await FileAttributes.set(step.differences, on: target) }
        return .changed(["dest": .string(shown), "src": .string(source)])
    }

    private static let makeLinks: Script = #"""
        while [ $# -gt 0 ]; do
            rm -f -- "$2" && ln -s -- "$1" "$2" || exit 1
            shift 2
        done
        """#
}
