import Diagnostics
import Results
import Target
import Values

/// A file that is copied from one place on the host to another (`remote_src`).
struct RemoteCopy: Sendable {
    var source: String
    var placement: FilePlacement
    var preservesMode: Bool

    struct Step: Sendable {
        var placement: FilePlacement
        var step: FilePlacement.Step
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let found = try await target.inspect([source], checksums: true).paths[0]
        switch found.followed.kind {
        case .file: break
        case .absent:
            throw Diagnostic(
                .failed, "source '\(found.path)' is not on the host",
                remedy: "With 'remote_src: false' it is looked for on the control machine.", host: target.hostName)
        case .directory:
            throw Diagnostic(
                .unsupported, "copying the directory '\(found.path)' from the host to the host is not supported yet",
                remedy: "Use a `command: cp -a …` task with `creates`.", host: target.hostName)
        default:
            throw Diagnostic(.failed, "source '\(found.path)' is not a file", host: target.hostName)
        }
        guard let content = try await target.bytes(at: found.path) else {
            throw Diagnostic(.failed, "source '\(found.path)' is gone", host: target.hostName)
        }
        var placement = placement
        placement.content = content
        placement.source = found.path
        placement.basename = FilePlacement.basename(of: source)
        if preservesMode { placement.attributes.mode = .bits(found.followed.mode) }
        let prepared = placement
        return try await prepared.plan(target).map { Step(placement: prepared, step: $0) }
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await step.placement.apply(step.step, to: target)
    }
}
