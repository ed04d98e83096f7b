public import Diagnostics
public import Results
internal import Synchronization
public import Target
public import Values

/// What became of one module on one host.
public struct ModuleOutcome: Sendable {
    /// How it ended, where it did not throw. A module that looked and failed with values (a command's status) has
    /// `failed`; the reason is in `result.failure`.
    public enum Status: Sendable, Hashable {
        case ok, changed, skipped, failed
        /// Check mode cannot tell what a run would do.
        case unknown(Unknown)
    }

    public var status: Status
    public var result: ModuleResult
    /// What was or would be changed, for the diff and for later tasks of a dry run; nil where nothing differs.
    public var change: Change?
}

/// Takes a module through inspecting, planning and, outside check mode, applying.
public enum ModuleRunner {
    /// - Parameters:
    ///   - module: The module with its arguments.
    ///   - target: The host. While planning it is lent as something that can only be asked.
    ///   - check: Whether to stop after planning.
    ///   - beforeChange: Called when it is known that something is to be done, or may be, before it is.
    /// - Throws: `Diagnostic` if the task failed on this host before there was anything to answer with.
    public static func perform(
        _ module: some ModuleWork, on target: some TargetWriter, check: Bool,
        beforeChange: (@IOLoop @Sendable () -> Void)? = nil
    ) async throws(Diagnostic) -> ModuleOutcome {
        switch try await module.plan(ReaderOnly(target)) {
        case .asWanted(let result):
            return outcome(result, change: nil)
        case .change(let planned, let step, let foreseen):
            let change = target.foreseen.hidden(planned)
            if check { return outcome(foreseen, change: change) }
            await beforeChange?()
            return outcome(try await module.apply(step, to: target), change: change)
        case .unknown(let unknown, let step):
            if check { return ModuleOutcome(status: .unknown(unknown), result: ModuleResult(), change: nil) }
            await beforeChange?()
            return outcome(try await module.apply(step, to: target), change: nil)
        }
    }

    /// Takes a module through inspecting and planning, and keeps what is to be done for later.
    ///
    /// - Parameter target: Lent as something that can only be asked until `PlannedChange.apply`.
    /// - Throws: `Diagnostic` as `plan` does.
    public static func inspect(_ module: some ModuleWork, on target: some TargetWriter) async throws(Diagnostic)
        -> Found
    {
        let bound = module as? any PathBound
        let reader = ReaderOnly(target)
        let plan = try await module.plan(reader)
        // Where a link leads, and over which others, is the host's affair.
        let concerns = bound?.followsLinks == true && reader.hasMetLinks ? nil : bound?.concerns
        switch plan {
        case .asWanted(let result):
            return .answer(outcome(result, change: nil), concerns)
        case .change(let wanted, let step, let foreseen):
            let change = target.foreseen.hidden(wanted)
            let planned = PlannedChange(change: change, foreseen: outcome(foreseen, change: change)) {
                () async throws(Diagnostic) in
                outcome(try await module.apply(step, to: target), change: change)
            }
            return .change(planned, concerns)
        case .unknown:
            return .unknown
        }
    }

    /// What planning alone found. The concerns are nil where only the host can tell what else matters to it.
    public enum Found: Sendable {
        /// Nothing is to be changed.
        case answer(ModuleOutcome, Concerns?)
        case change(PlannedChange, Concerns?)
        /// Only a run can tell.
        case unknown
    }

    /// A change that was planned and not made yet; it is as good as the host is as it was then.
    public struct PlannedChange: Sendable {
        public let change: Change
        /// What a dry run answers.
        public let foreseen: ModuleOutcome
        /// Makes the change.
        ///
        /// - Throws: `Diagnostic` as the module's `apply` does.
        public let apply: @Sendable () async throws(Diagnostic) -> ModuleOutcome
    }

    /// What a module came to that answered so.
    public static func outcome(of result: ModuleResult) -> ModuleOutcome { outcome(result, change: nil) }

    static func outcome(_ result: ModuleResult, change: Change?) -> ModuleOutcome {
        let status: ModuleOutcome.Status =
            result.failure != nil ? .failed : result.skipped ? .skipped : result.changed ? .changed : .ok
        var result = result
        if !result.facts.isEmpty { result.facts = HostFacts.harmless(result.facts, &result.warnings) }
        return ModuleOutcome(status: status, result: result, change: result.change ?? change)
    }
}

/// How many symbolic links were met.
private final class LinkCount: Sendable {
    let count = Atomic(0)
}

/// A host that can be asked and nothing else, whatever it was made from.
struct ReaderOnly<Base: TargetReader>: TargetReader {
    private let base: Base
    private let links = LinkCount()

    init(_ base: Base) { self.base = base }

    var hostName: String { base.hostName }
    var foreseen: Foreseen { base.foreseen }
    var environment: [(name: String, value: String)] { base.environment }
    var isControlMachine: Bool { base.isControlMachine }
    /// Whether a path that was looked at is a symbolic link.
    var hasMetLinks: Bool { links.count.load(ordering: .relaxed) > 0 }

    func noteLink(at path: String) { links.count.add(1, ordering: .relaxed) }

    func query(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?
    ) async throws(Diagnostic) -> CommandResult {
        try await base.query(script, arguments, input: input, timeout: timeout)
    }
}
