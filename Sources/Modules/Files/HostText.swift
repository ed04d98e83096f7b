import Diagnostics
import Results
import Target
import Values

/// A text file as a host has it, read together with all that is to be known about it, in one round trip: what
/// modules that change a line or two of a file begin with.
struct HostText: Sendable {
    /// What is at the path.
    let place: PathInspection
    /// All paths that were asked about, the file's last.
    let inspection: Inspection
    /// The content; nil if there is no such file.
    let text: String?
    private let coding: TextCoding
    /// Whether only an earlier task of this dry run knows what the file will hold.
    let awaits: Unknown?
    /// What the caller's own snippet wrote.
    var rest: FieldReader

    /// What `apply` does about it.
    enum Step: Sendable {
        case write(FileWrite)
        case remove(String)
        /// Stands where check mode could not tell; a run never gets there.
        case none
    }

    fileprivate init(_ file: HostFile) {
        place = file.place
        inspection = file.inspection
        awaits = file.awaits
        rest = file.rest
        coding = TextCoding(of: file.bytes ?? [])
        text = file.bytes.map(coding.text)
    }

    /// The content as it came; empty if there is no such file.
    var bytes: [UInt8] { text.map(coding.bytes) ?? [] }

    /// A text from elsewhere as it reads among the file's lines.
    func spelling(_ text: String) -> String { coding.spelling(text) }

    /// The lines, without their ends.
    var lines: [String] { text.map(Self.lines) ?? [] }

    /// A text's lines, without their ends; a line end at the very end begins no further line.
    static func lines(_ text: String) -> [String] {
        // Not by characters: "\r\n" is one of those, and the carriage return belongs to the line.
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// What becomes of the file if it is to hold another text.
    ///
    /// - Parameters:
    ///   - after: The text; nil if the file is to go.
    ///   - owner: Who is to own a new file, and an old one that is written.
    ///   - mode: The permission bits, likewise; nil keeps an old file's and leaves a new one to the umask.
    /// - Returns: Nil if it holds just that.
    func plan(
        _ after: String?, owner: String? = nil, group: String? = nil, mode: UInt16? = nil, backup: Bool = false,
        validate: String? = nil
    ) -> (change: Change, step: Step)? {
        guard after != text else { return nil }
        var change = Change([.text(path: path, before: text, after: after)])
        guard let after else {
            change.effects = [.file(path: path, .init(kind: .absent))]
            return (change, .remove(path))
        }
        let content = coding.bytes(after)
        let bits = mode ?? (text == nil ? 0o666 & ~inspection.umask : place.followed.mode)
        change.effects = [
            .file(
                path: path,
                .init(
                    kind: .file, mode: bits, owner: owner ?? place.followed.owner, group: group ?? place.followed.group,
                    checksum: FilePlacement.checksum(of: content), size: content.count, content: content))
        ]
        return (
            change,
            .write(
                FileWrite(
                    path: path, content: content, owner: owner, group: group,
                    mode: mode ?? (text == nil ? bits : nil), validate: validate, backup: backup,
                    expecting: place.isForeseen ? nil : text == nil ? "" : place.checksum))
        )
    }

    /// The path that is written: where a link leads, if it leads somewhere.
    var path: String { place.realPath ?? place.path }
}

/// How a file's bytes are taken for text: as UTF-8 or, where they are none, each byte as one character, so that every
/// byte goes back as it came.
struct TextCoding: Sendable {
    private let isBytewise: Bool

    init(of bytes: [UInt8]) { isBytewise = String(validating: bytes, as: UTF8.self) == nil }

    func text(_ bytes: [UInt8]) -> String {
        guard isBytewise else { return String(decoding: bytes, as: UTF8.self) }
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(Unicode.Scalar(byte)) }
        return String(text)
    }

    func bytes(_ text: String) -> [UInt8] {
        guard isBytewise else { return Array(text.utf8) }
        return text.unicodeScalars.flatMap { scalar in
            scalar.value < 0x100 ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(scalar).utf8)
        }
    }

    /// A text from elsewhere as it reads among such a file's, so that its UTF-8 is what gets there.
    func spelling(_ text: String) -> String { isBytewise ? self.text(Array(text.utf8)) : text }
}

extension TargetReader {
    /// Reads a text file and, with a snippet of the caller's in the same round trip, anything else.
    ///
    /// - Parameters:
    ///   - path: The file; `~` and `$NAME` in it are the host's.
    ///   - also: Further paths to look at; they come first in the inspection.
    ///   - extra: Runs after the file was read; finds `words` in `$sp_a`, `$sp_b`, `$sp_c`.
    /// - Throws: `Diagnostic` if it is no regular file or cannot be read.
    func hostText(
        _ path: String, also: [String] = [], owner: String? = nil, group: String? = nil, with extra: Script = "",
        _ words: [String] = []
    ) async throws(Diagnostic) -> HostText {
        let file = try await hostFile(path, also: also, owner: owner, group: group, with: extra, words)
        if file.bytes?.contains(0) == true {
            throw Diagnostic(.failed, "'\(file.place.path)' is no text: it holds zero bytes", host: hostName)
        }
        return HostText(file)
    }

    /// What a module does that needs a program the host lacks: in a dry run that installs packages it may come with
    /// one of them.
    ///
    /// - Parameter step: Stands for what a run would do; it is never done.
    func lacking<Step>(_ program: String, remedy: String, step: Step) throws(Diagnostic) -> Plan<Step> {
        if foreseen.awaitsPackages {
            return .unknown(Unknown("what '\(program)' will say, which an earlier task installs"), step)
        }
        throw Diagnostic(.failed, "the host has no '\(program)'", remedy: remedy, host: hostName)
    }
}

extension TargetWriter {
    /// Writes or removes the file as planned.
    ///
    /// - Returns: The path of the backup, if one was made.
    @discardableResult
    func carryOut(_ step: HostText.Step) async throws(Diagnostic) -> String? {
        switch step {
        case .write(let file): return try await write(file).backupPath
        case .remove(let path): try await perform(HostTextScripts.remove, [path], doing: "remove '\(path)'")
        case .none: break
        }
        return nil
    }
}

private enum HostTextScripts {
    static let remove: Script = #"""
        rm -f -- "$1"
        """#
}
