import Diagnostics
import Results
import Target
import Values

/// A file or directory that is copied from one place on the host to another (`remote_src`).
struct RemoteCopy: Sendable {
    var source: String
    var placement: FilePlacement
    var preservesMode: Bool
    var directoryMode: FileMode?
    /// Whether links below a directory are copied as what they lead to; see `RemoteTree`.
    var followsLinks: Bool?
    /// The SHA-1 that the source must have.
    var checksum: String?

    enum Step: Sendable {
        case file(FilePlacement, FilePlacement.Step)
        case tree(RemoteTree.Step)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let sight = try await RemoteTreeSight.of(
            source, to: placement.destination, owner: placement.attributes.owner, group: placement.attributes.group,
            followsLinks: followsLinks == true, on: target)
        let found = sight.source
        if let checksum, found.followed.exists, checksum.lowercased() != found.checksum {
            throw Diagnostic(
                .failed,
                found.checksum.map { "the source's SHA-1 is \($0), not \(checksum)" }
                    ?? "source '\(found.path)' has no SHA-1 to compare with 'checksum': it is no file",
                remedy: "Take the right file, or mend 'checksum'.", host: target.hostName)
        }
        switch found.followed.kind {
        case .file: break
        case .absent:
            throw Diagnostic(
                .failed, "source '\(found.path)' is not on the host",
                remedy: "With 'remote_src: false' it is looked for on the control machine.", host: target.hostName)
        case .directory: return try await tree.plan(sight, target).map(Step.tree)
        default:
            throw Diagnostic(.failed, "source '\(found.path)' is not a file", host: target.hostName)
        }
        guard let content = try await target.bytes(at: found.path) else {
            throw Diagnostic(.failed, "source '\(found.path)' is gone", host: target.hostName)
        }
        var placement = placement
        placement.content = content
        placement.isSecret = target.foreseen.isSecret(at: found.path)
        placement.source = found.path
        placement.basename = FilePlacement.basename(of: source)
        if preservesMode { placement.attributes.mode = .bits(found.followed.mode) }
        let prepared = placement
        return try await prepared.plan(target).map { .file(prepared, $0) }
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        switch step {
        case .file(let placement, let step): try await placement.apply(step, to: target)
        case .tree(let step): try await tree.apply(step, to: target)
        }
    }

    private var tree: RemoteTree {
        RemoteTree(
            source: source, destination: placement.destination, attributes: placement.attributes,
            preservesMode: preservesMode, directoryMode: directoryMode, force: placement.force,
            follow: placement.follow, followsLinks: followsLinks,
            idle: (placement.backup ? ["backup"] : []) + (placement.validate == nil ? [] : ["validate"]))
    }
}
