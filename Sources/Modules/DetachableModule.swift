public import Diagnostics
import Results
public import Target
import Values

/// A module whose work the host can go on with by itself: a command of which only the end is of interest.
public protocol DetachableModule: ModuleWork {
    /// What the host is to do, after `plan` has looked.
    func work(_ step: Step) throws(Diagnostic) -> HostJob.Work
}

extension ModuleRunner {
    /// Starts a module's work as a job of the host. What it need not do is answered by the job at once.
    ///
    /// - Returns: The path of the file that holds or will hold the answer.
    /// - Throws: `Diagnostic` if it cannot be started.
    public static func start(
        _ module: some DetachableModule, as job: HostJob, on target: HostTarget
    ) async throws(Diagnostic) -> String {
        switch try await module.plan(ReaderOnly(target)) {
        case .asWanted(let result): try await tell(outcome(result, change: nil), of: job, on: target)
        case .change(_, let step, _), .unknown(_, let step):
            try await target.start(try module.work(step), as: job)
        }
    }

    /// Leaves an outcome on the host as a job's answer.
    public static func tell(
        _ outcome: ModuleOutcome, of job: HostJob, on target: some TargetWriter
    ) async throws(Diagnostic) -> String {
        var values = outcome.result.values
        values["changed"] = .bool(outcome.result.changed)
        if let failure = outcome.result.failure {
            values["failed"] = true
            values["msg"] = values["msg"] ?? .string(failure.summary)
        }
        if outcome.result.skipped { values["skipped"] = true }
        if !outcome.result.facts.isEmpty { values["ansible_facts"] = .map(outcome.result.facts) }
        return try await target.tell(try JSON.text(.map(values)) + "\n", of: job)
    }
}
