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
    private let context: ModuleContext

    struct Step: Sendable {
        var path: String
        var checksum: String
        var local: String
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        source = try arguments.string("src")
        var destination = try arguments.string("dest")
        context = arguments.context
        if !destination.hasPrefix("/") {
            let base = try context.variable("playbook_dir")?.stringValue ?? "."
            destination = FilePlacement.join(base, destination)
        }
        self.destination = destination
        isFlat = arguments.bool("flat")
        failsOnMissing = arguments.bool("fail_on_missing")
        hostName = try context.variable("inventory_hostname")?.stringValue
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let found = try await target.inspect([source], checksums: true).paths[0]
        if found.isForeseen, found.followed.kind == .file || found.isAwaited(by: target) {
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
            let here = try context.readFile(local, false)
            if FilePlacement.hex(Insecure.SHA1.hash(data: here)) == checksum {
                return .asWanted(
                    .ok([
                        "dest": .string(local), "file": .string(found.path), "checksum": .string(checksum),
                        "md5sum": .string(FilePlacement.hex(Insecure.MD5.hash(data: here))),
                    ]))
            }
        }
        return .change(
            .action("copy \(found.path) to \(local) here"), Step(path: found.path, checksum: checksum, local: local),
            foreseen: .changed([
                "dest": .string(local), "checksum": .string(checksum), "remote_checksum": .string(checksum),
                "remote_md5sum": .null,
            ]))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        guard let content = try await target.bytes(at: step.path) else {
            throw Diagnostic(.failed, "'\(step.path)' is gone", host: target.hostName)
        }
        let checksum = FilePlacement.hex(Insecure.SHA1.hash(data: content))
        guard step.checksum == checksum else {
            throw Diagnostic(
                .failed, "'\(step.path)' changed while it was fetched", remedy: "Run again.", host: target.hostName)
        }
        try LocalFile.makeDirectory(FilePlacement.directory(of: step.local), mode: 0o777)
        try LocalFile.replace(step.local, with: content, access: .byUmask)
        return .changed([
            "dest": .string(step.local), "checksum": .string(checksum), "remote_checksum": .string(checksum),
            "md5sum": .string(FilePlacement.hex(Insecure.MD5.hash(data: content))), "remote_md5sum": .null,
        ])
    }

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
        guard place.hasPrefix(base + "/"), base.hasPrefix(FilePlacement.normalized(destination)) else {
            throw Diagnostic(
                .failed, "'\(path)' would be put outside '\(base)'", remedy: "Give 'src' without '..'.", host: host)
        }
        return place
    }
}
