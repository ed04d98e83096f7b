import Diagnostics
import Results
import Target
import Values

/// A text file of the host that a module edits: read in one request, changed here, written whole.
///
/// What lineinfile, blockinfile, replace, ini_file and mount have in common.
struct FileEdit: Sendable {
    var path: String
    var attributes: FileAttributes
    /// Whether a file, and the directories above it, may be made.
    var creates = false
    var backup = false
    var validate: String?
    /// Whether content and diff must not be shown.
    var isSecret = false
    /// The return value that holds the backup's path; where it is `backup`, no backup is told as an empty text.
    var backupValue = "backup_file"
    /// Whether the file behind a link is changed; otherwise a file takes the link's place.
    var followsLinks = true
    /// Whether the return values hold the path and its state, and the message is about content alone.
    var tellsState = false

    /// `validate` and `backup` with the attributes of files.
    static let arguments: [Argument] =
        [
            .optional("backup", .bool, "Keep the old file beside the new one.", default: false),
            .optional("validate", .string, "A command that must accept the file, for which `%s` stands."),
        ] + FileAttributes.arguments

    init(path: String, attributes: FileAttributes = FileAttributes(), creates: Bool = false, backup: Bool = false) {
        self.path = path
        self.attributes = attributes
        self.creates = creates
        self.backup = backup
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        path = try arguments.string("path")
        attributes = try FileAttributes(arguments)
        creates = arguments.bool("create")
        backup = arguments.bool("backup")
        validate = try Self.validation(arguments)
    }

    /// The command that must accept a file, if the task has one.
    ///
    /// - Throws: `Diagnostic` if nothing in it stands for the file.
    static func validation(_ arguments: Arguments) throws(Diagnostic) -> String? {
        guard let command = arguments.optionalString("validate") else { return nil }
        guard command.contains("%s") else {
            throw Diagnostic(
                .badValue, "'validate: \(command)' lacks %s", at: arguments.location,
                remedy: "%s stands for the path of the file to be checked.")
        }
        return command
    }

    /// The file as it was found.
    struct Original: Sendable {
        var place: PathInspection
        var inspection: Inspection
        /// The directory it is in.
        var holder: PathInspection
        /// Nil if there is no such file.
        var content: [UInt8]?
        /// What the caller's own snippet wrote.
        var extra = ""
        var isMissing: Bool { content == nil }
    }

    /// What is to be written; nil where only a run can tell.
    struct Step: Sendable {
        var write: Write?

        struct Write: Sendable {
            var placement: FilePlacement
            var step: FilePlacement.Step
            var values: ValueMap
        }
    }

    /// The answer of a dry run where `read` gave nothing.
    var undecided: Plan<Step> { .unknown(Unknown("what '\(path)' will hold"), Step()) }

    // MARK: Reading

    /// Reads the file and all about it, in one round trip.
    ///
    /// - Parameters:
    ///   - mayBeMissing: Whether a file that is not there is no error, though none may be made.
    ///   - extra: A snippet of the caller's that asks for something else on the way; it writes no zero byte.
    /// - Returns: Nil if only a run can tell what it holds, since an earlier task of this dry run would write it.
    /// - Throws: `Diagnostic` if it cannot be read, is a directory, or is not there although it must be.
    func read(_ target: some TargetReader, mayBeMissing: Bool = false, with extra: Script = "") async throws(Diagnostic)
        -> Original?
    {
        var file = try await target.hostFile(
            path, also: [FilePlacement.directory(of: path)], owner: attributes.owner, group: attributes.group,
            with: extra)
        if file.awaits != nil { return nil }
        var place = file.place
        if place.entry.kind == .link, followsLinks { place = place.behindLink }
        if file.bytes == nil {
            if place.isAwaited(by: target) { return nil }
            guard creates || mayBeMissing else {
                throw Diagnostic(
                    .failed, "'\(place.path)' does not exist",
                    remedy: "Create it in an earlier task, or say 'create: true' where the module has it.",
                    host: target.hostName)
            }
        }
        return Original(
            place: place, inspection: file.inspection, holder: file.inspection.paths[0], content: file.bytes,
            extra: file.rest.next())
    }

    // MARK: Planning

    /// What Ansible's modules add to their message where they set owner, group or mode.
    private static let attributesChanged = "ownership, perms or SE linux context changed"

    /// Plans for a content, which may be the one that is there.
    ///
    /// - Parameters:
    ///   - message: What is told about the change of the content; empty where there is none.
    ///   - values: Further return values.
    func plan(
        _ original: Original, content: [UInt8], message: String, values: ValueMap = [:], _ target: some TargetReader
    ) async throws(Diagnostic) -> Plan<Step> {
        var place = original.place
        if place.entry.kind == .link, content == original.content { place = place.behindLink }
        var placement = FilePlacement(
            destination: place.path, content: content, attributes: attributes, backup: backup,
            validate: validate)
        placement.isSecret = isSecret
        placement.knownContent = original.content
        if place.entry.kind == .link, place.followed.exists { placement.modeIfWritten = place.followed.mode }
        var directories: [String] = []
        if original.isMissing, original.holder.followed.kind != .directory {
            directories = try await FilePlacement.missingDirectories(original.holder.path, target)
        }
        var told = values
        if backupValue == "backup" { told["backup"] = "" }
        guard
            var planned = try await placement.planFile(
                place, checksum: placement.checksum, in: original.inspection,
                holder: original.holder.followed, target)
        else {
            told["msg"] = .string(message)
            if tellsState { told.merge(stateValues(place.path, place.followed)) }
            return .asWanted(.ok(told))
        }
        planned.step.directories = directories
        planned.change.parts =
            directories.map { .setting("directory \($0)", before: "absent", after: "directory") } + planned.change.parts
        planned.change.effects =
            directories.map { .file(path: $0, .init(kind: .directory)) } + planned.change.effects
        let setsAttributes = !tellsState && setsAttributes(planned.step, original)
        if tellsState { told.merge(stateValues(place.path, planned.step.difference.after)) }
        told["msg"] = .string(
            setsAttributes ? (planned.step.writes ? message + " and " : "") + Self.attributesChanged : message)
        let step = Step(write: .init(placement: placement, step: planned.step, values: told))
        return .change(planned.change, step, foreseen: .changed(told))
    }

    private func stateValues(_ path: String, _ state: FileState) -> ValueMap {
        var values: ValueMap = ["path": .string(path)]
        if state.exists { values.merge(state.commonValues) }
        return values
    }

    /// Whether owner, group or mode would differ from what a written file gets by itself.
    private func setsAttributes(_ step: FilePlacement.Step, _ original: Original) -> Bool {
        guard original.isMissing else { return !step.difference.isEmpty }
        let usual = FileAttributes().stateOfNew(
            .file, in: original.inspection, parent: original.holder.followed)
        let after = step.difference.after
        return after.mode != usual.mode || after.uid != usual.uid || after.gid != usual.gid
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        guard let write = step.write else { throw Diagnostic(.internal, "nothing was planned for '\(path)'") }
        if let last = write.step.directories.last {
            try await target.perform(
                FilePlacement.makeDirectories, ["", "", ""] + write.step.directories, doing: "make directory '\(last)'")
        }
        let outcome = try await write.placement.put(write.step, on: target)
        var values = write.values
        if let path = outcome.backupPath { values[backupValue] = .string(path) }
        return .changed(values)
    }
}

extension PathInspection {
    /// The same for what a link leads to.
    var behindLink: PathInspection {
        var copy = self
        copy.path = realPath ?? path
        copy.entry = followed
        return copy
    }
}

/// Lines of a file as bytes, each with its end.
enum ByteLines {
    /// Splits behind `\n`; what follows the last one is a line, too.
    static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: newline).map { $0 + 1 } ?? bytes.endIndex
            lines.append(Array(bytes[start..<end]))
            start = end
        }
        return lines
    }

    /// Splits behind `\n`, `\r\n` and `\r`.
    static func splitUniversal(_ bytes: [UInt8]) -> [[UInt8]] {
        split(bytes).flatMap { line -> [[UInt8]] in
            guard line.contains(carriageReturn) else { return [line] }
            var parts: [[UInt8]] = []
            var part: [UInt8] = []
            for (index, byte) in line.enumerated() {
                part.append(byte)
                let next = index + 1 < line.count ? line[index + 1] : nil
                if byte == newline || byte == carriageReturn && next != newline {
                    parts.append(part)
                    part = []
                }
            }
            if !part.isEmpty { parts.append(part) }
            return parts
        }
    }

    /// Without the characters of line ends at its end.
    static func bare(_ line: [UInt8]) -> ArraySlice<UInt8> {
        var rest = line[...]
        while let last = rest.last, last == newline || last == carriageReturn { rest = rest.dropLast() }
        return rest
    }

    /// Whether the bytes hold others in a row.
    static func contains(_ part: [UInt8], in bytes: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard bytes.count >= part.count else { return false }
        var index = 0
        while index <= bytes.count - part.count {
            if bytes[index] == first, bytes[index..<index + part.count].elementsEqual(part) { return true }
            index += 1
        }
        return false
    }

    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
}
