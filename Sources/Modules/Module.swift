public import Diagnostics
public import Results
public import Target
public import Values

/// Something to be done on a host, its arguments known: what would change, the change.
///
/// `plan` is handed a reader, so check mode cannot write: the engine stops after it. It has no side effects and
/// does not depend on the order in which it is asked.
public protocol ModuleWork: Sendable {
    /// What `plan` found and `apply` needs.
    associatedtype Step: Sendable

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step>
    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult
}

/// Something a task can ask for by name. One file a module: its manual, its arguments, what would change, the change.
public protocol Module: ModuleWork {
    /// The source of `swiftprov doc`, of the argument checks and of completions.
    static var manual: ModuleManual { get }

    /// - Throws: `Diagnostic` if an argument's value makes no sense; unknown, missing and mistyped ones were
    ///   refused before, by the manual.
    init(_ arguments: Arguments) throws(Diagnostic)
}

/// What a module found.
public enum Plan<Step: Sendable>: Sendable {
    /// The host is as wanted, or the module only asks: this is the answer.
    case asWanted(ModuleResult)
    /// It would change; `foreseen` is what a dry run answers and registers.
    case change(Change, Step, foreseen: ModuleResult)
    /// Only a run can tell: a dry run answers unknown, a run goes on with `apply`.
    case unknown(Unknown, Step)
}
