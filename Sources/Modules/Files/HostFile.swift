import Diagnostics
import Results
import Target
import Values

/// A regular file as a host has it, read together with all that is to be known about it, in one round trip.
struct HostFile: Sendable {
    /// What is at the path; the checksum is that of the content.
    var place: PathInspection
    /// All paths that were asked about, the file's last.
    var inspection: Inspection
    /// The content; nil if there is no such file, or only a run can tell.
    var bytes: [UInt8]?
    /// Whether only an earlier task of this dry run knows what the file will hold.
    var awaits: Unknown?
    /// What the caller's own snippet wrote.
    var rest: FieldReader

    /// Bytes; a longer file is no text that anybody edits.
    fileprivate static let limit = 64 << 20

    /// After the common look: the length of the file in `$p`, as many bytes and an empty field. Without a file that can
    /// be read the length is empty; of one longer than 64 MiB it is `long`.
    fileprivate static let script: Script = #"""
        if [ -f "$p" ] && [ -r "$p" ]; then
            sp_size=$(stat -L -c %s -- "$p")
            # The kernel's own files have no length before they are read.
            [ "$sp_size" != 0 ] || sp_size=$(cat -- "$p" | wc -c)
            if [ "$sp_size" -gt 67108864 ]; then printf 'long\0'
            else
                printf '%s\0' "$((sp_size))"
                head -c "$sp_size" <"$p" || exit 1
                printf '\0'
            fi
        else
            printf '\0'
        fi
        """#
}

extension TargetReader {
    /// Reads a file and, with a snippet of the caller's in the same round trip, anything else.
    ///
    /// - Parameters:
    ///   - path: The file; `~` and `$NAME` in it are the host's.
    ///   - also: Further paths to look at; they come first in the inspection.
    ///   - extra: Runs after the file was read; finds `words` in `$sp_a`, `$sp_b`, `$sp_c`.
    /// - Throws: `Diagnostic` if something else than a file is there, or a file that is too long or cannot be read.
    func hostFile(
        _ path: String, also: [String] = [], owner: String? = nil, group: String? = nil, with extra: Script = "",
        _ words: [String] = []
    ) async throws(Diagnostic) -> HostFile {
        let asked = try await inspect(
            also + [path], checksums: true, owner: owner, group: group, with: HostFile.script + extra, words)
        guard let place = asked.inspection.paths.last else { throw Diagnostic(.internal, "no answer about '\(path)'") }
        var file = HostFile(place: place, inspection: asked.inspection, rest: asked.rest)
        func failed(_ what: String, _ remedy: String? = nil) -> Diagnostic {
            Diagnostic(.failed, what, remedy: remedy, host: hostName)
        }
        let length = file.rest.next()
        var read: [UInt8]?
        if let count = Int(length) {
            let bytes = file.rest.next(count)
            guard bytes.count == count, file.rest.next().isEmpty else {
                throw failed("'\(place.path)' changed while it was read", "Try again.")
            }
            read = bytes
        }
        switch place.followed.kind {
        case .absent where place.entry.kind != .link || !place.hasForeseenContent: return file
        case .directory: throw failed("'\(place.path)' is a directory")
        case .file, .absent: break
        default: throw failed("'\(place.path)' is a device, socket or pipe")
        }
        if place.hasForeseenContent {
            if let content = foreseen.effect(at: place.path)?.content {
                file.bytes = content
                file.place.checksum = FilePlacement.checksum(of: content)
            } else {
                file.awaits = Unknown("what an earlier task leaves in '\(place.path)'")
            }
            return file
        }
        guard length != "long" else { throw failed("'\(place.path)' is longer than \(HostFile.limit >> 20) MiB") }
        guard let read else {
            throw failed(
                "cannot read '\(place.path)': permission denied", "Become a user who may, with `become: true`.")
        }
        file.bytes = read
        return file
    }
}
