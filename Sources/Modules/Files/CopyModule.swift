import Diagnostics
import Results
import Target
import Values

/// Puts files of the control machine, or text from the playbook, in place on the host.
struct CopyModule: Module, PathBound, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.copy",
        summary: "Copy files or directories to the host, or write a text there.",
        description: """
            A file is looked for in `files/` of the role and beside the playbook. A directory is copied with its \
            name; with a slash at its end, only what it holds. Sealed files are opened with the vault unless \
            `decrypt` is false. With `remote_src`, a directory of the host is copied there: what is not at `dest` yet \
            with its permission bits and times, files that are there if their content differs. `mode` is then that \
            of the top alone, while `owner` and `group` are given to everything `dest` holds.
            """,
        arguments: [
            .optional("src", .path, "The file or directory, on the control machine unless `remote_src` is true."),
            .optional("content", .json, "The text to write, in place of `src`; lists and maps become JSON."),
            .required("dest", .path, "Where it goes. In a directory, a file keeps its name."),
            .optional("backup", .bool, "Keep the old file beside the new one.", default: false),
            .optional("force", .bool, "Replace a file whose content differs.", default: true),
            .optional(
                "directory_mode", .mode,
                "The permission bits of directories that are made; with `remote_src`, of those down to `dest`."),
            .optional("remote_src", .bool, "Whether `src` is on the host.", default: false),
            .optional("follow", .bool, "Write through a symbolic link instead of replacing it.", default: false),
            .optional(
                "local_follow", .bool,
                "Copy what links in `src` lead to, not the links: true, but for a directory on the host."),
            .optional("checksum", .string, "The SHA-1 that the source must have."),
            .optional("validate", .string, "A command that must accept the file, for which `%s` stands."),
            .optional("decrypt", .bool, "Open sealed files with the vault.", default: true),
        ] + FileAttributes.arguments,
        registeredDiff: .list,
        example: """
            - ansible.builtin.copy:
                src: app.conf
                dest: /etc/app/
                owner: root
                mode: u=rw,go=r
            - ansible.builtin.copy:
                content: "welcome\\n"
                dest: /etc/motd
            """,
        aliases: ["ansible.legacy.copy"],
        exclusive: [["src", "content"]], oneOf: [["src", "content"]]
    )

    /// Where the content comes from decides how it is planned.
    private enum Source: Sendable {
        case placement(FilePlacement)
        case tree(TreePlacement)
        case remote(RemoteCopy)
    }

    enum Step: Sendable {
        case placement(FilePlacement.Step)
        case tree(TreePlacement.Step)
        case remote(RemoteCopy.Step)
    }

    private let source: Source

    init(_ arguments: Arguments) throws(Diagnostic) {
        let destination = try arguments.string("dest")
        var attributes = try FileAttributes(arguments)
        let directoryMode = arguments.optionalString("directory_mode").flatMap { FileMode($0) }
        let validate = try FileEdit.validation(arguments)
        var placement = FilePlacement(
            destination: destination, content: [], attributes: attributes, directoryMode: directoryMode,
            follow: arguments.bool("follow"), force: arguments.bool("force"), backup: arguments.bool("backup"),
            validate: validate)
        if let content = arguments["content"] {
            if destination.hasSuffix("/") {
                throw Diagnostic(
                    .badValue, "'content' is for a file, but 'dest: \(destination)' is a directory",
                    at: arguments.location)
            }
            placement.content = Array(try Self.text(content).utf8)
            placement.isSecret = content.holdsSecret
            try Self.verify(arguments.optionalString("checksum"), placement, arguments.location)
            source = .placement(placement)
            return
        }
        let name = try arguments.string("src")
        if arguments.bool("remote_src") {
            source = .remote(
                RemoteCopy(
                    source: name, placement: placement, preservesMode: arguments.optionalString("mode") == "preserve",
                    directoryMode: directoryMode, followsLinks: arguments.optionalBool("local_follow"),
                    isCheckMode: arguments.context.isCheckMode, checksum: arguments.optionalString("checksum")))
            return
        }
        let path = try arguments.context.findFile(name, "files")
        switch LocalFiles.kind(of: path) {
        case .directory?:
            source = .tree(
                try TreePlacement(
                    path: path, holdsOnlyContent: name.hasSuffix("/"), destination: destination,
                    attributes: attributes, directoryMode: directoryMode,
                    preservesMode: arguments.optionalString("mode") == "preserve",
                    followsLinks: arguments.optionalBool("local_follow") ?? true, force: arguments.bool("force"),
                    backup: arguments.bool("backup"), validate: validate,
                    follow: arguments.bool("follow"), decrypt: arguments.bool("decrypt"), context: arguments.context))
        default:
            if arguments.optionalString("mode") == "preserve" {
                attributes.mode = .bits(try LocalFiles.mode(of: path))
                placement.attributes = attributes
            }
            (placement.content, placement.isSecret) = try arguments.context.content(
                of: path, opening: arguments.bool("decrypt"))
            placement.basename = FilePlacement.basename(of: name)
            placement.source = path
            try Self.verify(arguments.optionalString("checksum"), placement, arguments.location)
            source = .placement(placement)
        }
    }

    var concerns: Concerns? {
        if case .placement(let placement) = source { placement.concerns } else { nil }
    }

    /// Files on the host may be many and long.
    var asksLittle: Bool { if case .remote = source { false } else { true } }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        switch source {
        case .placement(let placement): try await placement.plan(target).map(Step.placement)
        case .tree(let tree): try await tree.plan(target).map(Step.tree)
        case .remote(let remote): try await remote.plan(target).map(Step.remote)
        }
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        switch (source, step) {
        case (.placement(let placement), .placement(let step)): try await placement.apply(step, to: target)
        case (.tree(let tree), .tree(let step)): try await tree.apply(step, to: target)
        case (.remote(let remote), .remote(let step)): try await remote.apply(step, to: target)
        default: throw Diagnostic(.internal, "a step of another kind of copy")
        }
    }

    /// A list or map is written as JSON, as Python writes it; anything else as its text.
    private static func text(_ content: Value) throws(Diagnostic) -> String {
        switch content {
        case .list, .tuple, .map: try JSON.text(content, style: .python)
        default: content.pythonText
        }
    }

    private static func verify(
        _ checksum: String?, _ placement: FilePlacement, _ place: SourceLocation?
    ) throws(Diagnostic) {
        guard let checksum, checksum.lowercased() != placement.checksum else { return }
        throw Diagnostic(
            .failed, "the source's SHA-1 is \(placement.checksum), not \(checksum)", at: place,
            remedy: "Take the right file, or mend 'checksum'.")
    }
}

extension Plan {
    /// The same plan with its step wrapped.
    func map<Other>(_ wrap: (Step) -> Other) -> Plan<Other> {
        switch self {
        case .asWanted(let result): .asWanted(result)
        case .change(let change, let step, let foreseen): .change(change, wrap(step), foreseen: foreseen)
        case .unknown(let unknown, let step): .unknown(unknown, wrap(step))
        }
    }

    /// The same plan with warnings to its answer.
    func adding(_ warnings: [String]) -> Plan {
        guard !warnings.isEmpty else { return self }
        switch self {
        case .asWanted(var result):
            result.warnings += warnings
            return .asWanted(result)
        case .change(let change, let step, var foreseen):
            foreseen.warnings += warnings
            return .change(change, step, foreseen: foreseen)
        case .unknown: return self
        }
    }
}
