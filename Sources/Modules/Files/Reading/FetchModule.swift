internal import Crypto
import Diagnostics
internal import Local
import Results
import Target
import Values

/// Copies a file of the host to the control machine, as `ansible.builtin.fetch` does.
struct FetchModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.fetch",
        summary: "Copy a file of the host to the control machine.",
        description: """
            It goes to `dest/HOST/path/on/the/host`, or with `flat` to `dest` itself. A relative `dest` is beside the \
            playbook.
            """,
        arguments: [
            .required("src", .string, "The file on the host."),
            .required("dest", .string, "The directory here; with `flat`, the file, or a directory ending in a slash."),
            .optional("flat", .bool, "Leave the host's name and the path on it out.", default: false),
            .optional("fail_on_missing", .bool, "Fail if the file is not there.", default: true),
            .optional("validate_checksum", .bool, "Check that it came whole; always done here.", default: true),
        ],
        check: "full",
        diff: "none",
        example: """
            - ansible.builtin.fetch:
                src: /etc/machine-id
                dest: collected/
            """
    )

    private let source: String
    private let destination: String
    private let isFlat: Bool
    private let failsOnMissing: Bool
    private let hostName: String?

    struct Step: Sendable {
        var path: String
        var checksum: String
        /// Bytes.
        var size = 0
        var local: String
    }

    /// SHA-1 and MD5 of what comes in pieces.
    private struct Digests {
        private var sha1 = Insecure.SHA1()
        private var md5Function = Insecure.MD5()

        mutating func add(_ bytes: [UInt8]) {
            sha1.update(data: bytes)
            md5Function.update(data: bytes)
        }

        var checksum: String { FilePlacement.hex(sha1.finalize()) }
        var md5: String { FilePlacement.hex(md5Function.finalize()) }
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        source = try arguments.string("src")
        var destination = try arguments.string("dest")
        if !destination.hasPrefix("/") {
            let base = try arguments.context.variable("playbook_dir")?.stringValue ?? "."
            destination = FilePlacement.join(base, destination)
        }
        self.destination = destination
        isFlat = arguments.bool("flat")
        failsOnMissing = arguments.bool("fail_on_missing")
        hostName = try arguments.context.variable("inventory_hostname")?.stringValue
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let found = try await target.inspect([source], checksums: true).paths[0]
        if found.hasForeseenContent, found.followed.kind == .file || found.isAwaited(by: target) {
            return .unknown(
                Unknown("what '\(source)' will hold"), Step(path: found.path, checksum: "", local: ""))
        }
        switch found.followed.kind {
        case .file: break
        case .absent:
            guard !failsOnMissing else {
                throw Diagnostic(.failed, "'\(found.path)' does not exist", host: target.hostName)
            }
            return .asWanted(
                .ok(["file": .string(found.path), "msg": "the remote file does not exist, not transferring, ignored"]))
        case .directory:
            let message = "remote file is a directory, fetch cannot work on directories"
            guard !failsOnMissing else {
                throw Diagnostic(
                    .failed, "'\(found.path)' is a directory", remedy: "Only files can be fetched.",
                    host: target.hostName)
            }
            return .asWanted(
                .ok(["file": .string(found.path), "msg": .string(message + ", not transferring, ignored")]))
        default: throw Diagnostic(.failed, "'\(found.path)' is not a file", host: target.hostName)
        }
        guard let checksum = found.checksum else {
            throw Diagnostic(
                .failed, "cannot read '\(found.path)'", remedy: "Become a user who may, with `become: true`.",
                host: target.hostName)
        }
        let local = try place(of: found.path, target.hostName)
        if LocalFiles.kind(of: local) == .file {
            var here = Digests()
            try LocalFile.readPieces(of: local) { here.add($0) }
            if here.checksum == checksum {
                return .asWanted(
                    .ok([
                        "dest": .string(local), "file": .string(found.path), "checksum": .string(checksum),
                        "md5sum": .string(here.md5),
                    ]))
            }
        }
        return .change(
            .action("copy \(found.path) to \(local) here"),
            Step(path: found.path, checksum: checksum, size: found.followed.size, local: local),
            foreseen: .changed([
                "dest": .string(local), "checksum": .string(checksum), "remote_checksum": .string(checksum),
                "remote_md5sum": .null,
            ]))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try LocalFile.makeDirectory(FilePlacement.directory(of: step.local), mode: 0o777)
        let draft = try LocalFileDraft(of: step.local, access: .byUmask)
        var digests = Digests()
        // Piece by piece: neither end ever holds a large file in memory.
        for number in 0...(step.size / Self.pieceSize) {
            let answer = try await target.query(
                Self.piece, step.path, String(number * Self.pieceCount), String(Self.pieceCount))
            guard answer.succeeded else {
                throw Diagnostic(
                    .failed, "cannot read '\(step.path)': \(answer.errorOutput.lastLine)", host: target.hostName)
            }
            digests.add(answer.stdout)
            try draft.append(answer.stdout)
            // It has become shorter, or its size was none.
            if answer.stdout.isEmpty { break }
        }
        let checksum = digests.checksum
        guard step.checksum == checksum else {
            throw Diagnostic(
                .failed, "'\(step.path)' changed while it was fetched", remedy: "Run again.", host: target.hostName)
        }
        try draft.putInPlace()
        return .changed([
            "dest": .string(step.local), "checksum": .string(checksum), "remote_checksum": .string(checksum),
            "md5sum": .string(digests.md5), "remote_md5sum": .null,
        ])
    }

    /// Mebibytes read at once.
    private static let pieceCount = 16
    private static let pieceSize = pieceCount << 20

    /// `$1` the file, `$2` mebibytes to leave out at its begin, `$3` mebibytes to read; `dd` goes there without reading.
    private static let piece: Script = #"""
        exec 3<"$1" || exit 1
        dd bs=1048576 skip="$2" count="$3" <&3 2>/dev/null
        """#

    /// Where the file goes here: never outside `dest`, whatever the host's name or the path hold.
    private func place(of path: String, _ host: String) throws(Diagnostic) -> String {
        if isFlat {
            var place = destination
            if place.hasSuffix("/") {
                place += FilePlacement.basename(of: path)
            } else if LocalFiles.kind(of: place) == .directory {
                throw Diagnostic(
                    .failed, "'dest: \(destination)' is a directory here",
                    remedy: "End it with a slash to put the file into it.")
            }
            if LocalFiles.kind(of: place) == .directory {
                throw Diagnostic(.failed, "'\(place)' is a directory here, where the file would go")
            }
            return FilePlacement.normalized(place)
        }
        let base = FilePlacement.normalized(FilePlacement.join(destination, hostName ?? host))
        let place = FilePlacement.normalized(base + "/" + path)
        let top = FilePlacement.normalized(destination)
        // The base is one name below the top, whatever the host's name holds.
        guard place.hasPrefix(base + "/"), base.hasPrefix(top == "/" ? top : top + "/") else {
            throw Diagnostic(
                .failed, "'\(path)' would be put outside '\(base)'", remedy: "Give 'src' without '..'.", host: host)
        }
        return place
    }
}
