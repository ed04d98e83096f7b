internal import CLinux
internal import Diagnostics
internal import Values

/// What the templates that take part in one evaluation share: the bounds on what they may use up.
final class Session {
    let environment: TemplateEnvironment
    private let stackLimit: UInt
    private let limits: TemplateLimits
    @exclusivity(unchecked) private var turns = 0
    @exclusivity(unchecked) private var written = 0
    private var macroDepth = 0
    /// Whether chance, the clock or a file had a part in it: see `Scope.noteVolatile`.
    var isVolatile = false
    /// When the time was first looked at: most templates are done long before.
    private var started: ContinuousClock.Instant?
    /// Where each undefined name was met, by its summary: the place and the nearest names are worked out only
    /// if it turns into an error, since `default` and `is defined` meet most of them.
    var undefinedSites: [String: UndefinedSite] = [:]

    struct UndefinedSite {
        var evaluator: Evaluator
        var offset: Int
        /// The names it may have been meant to be.
        var candidates: () -> [String]
        var name: String
    }

    init(_ environment: TemplateEnvironment) {
        self.environment = environment
        limits = environment.limits
        stackLimit = StackGuard.limit
    }

    /// Whether the stack may still grow. In line, since every node of an expression asks.
    @inline(__always)
    var hasStackLeft: Bool { swiftprov_stack_mark() >= stackLimit }

    /// Counts one turn of a loop or one element made.
    func countTurn(_ number: Int = 1) throws(Diagnostic) {
        turns &+= number
        guard turns <= limits.turns else {
            throw Diagnostic(
                .template, "the template's loops take more than \(limits.turns) turns",
                remedy: "Check the loop's bounds.")
        }
        if turns & 1023 == 0 || number > 1023 { try checkTime() }
    }

    /// Refuses a text so long that what a filter makes of it could exhaust the memory: quoting makes five bytes of one.
    func checkInput(_ value: Value) throws(Diagnostic) {
        guard case .string(let text) = value, text.string.utf8.count > limits.bytes / 8 else { return }
        throw Diagnostic(
            .template, "a filter is given a text of \(text.string.utf8.count) bytes, more than \(limits.bytes / 8)")
    }

    func checkTime() throws(Diagnostic) {
        let now = ContinuousClock.now
        guard let started else {
            self.started = now
            return
        }
        guard now - started <= limits.time else {
            throw Diagnostic(.template, "the template takes longer than \(limits.time)")
        }
    }

    /// Counts bytes of text that were made.
    func countBytes(_ number: Int) throws(Diagnostic) {
        try checkRoom(for: number)
        written &+= number
    }

    /// Refuses bytes of text that are about to be made, if there would be too many.
    func checkRoom(for number: Int) throws(Diagnostic) {
        guard written &+ number <= limits.bytes else {
            throw Diagnostic(.template, "the template makes more than \(limits.bytes) bytes of text")
        }
    }

    func enterMacro() throws(Diagnostic) {
        macroDepth += 1
        guard macroDepth <= limits.macroDepth, hasStackLeft else {
            throw Diagnostic(
                .recursion, "macros or templates call each other more than \(macroDepth - 1) levels deep")
        }
    }

    func leaveMacro() { macroDepth -= 1 }

    func checkStack() throws(Diagnostic) {
        guard hasStackLeft else {
            throw Diagnostic(.recursion, "the template nests too deeply")
        }
    }
}

/// Bounds on what one evaluation may use, so that no template can hang or exhaust the program.
public struct TemplateLimits: Sendable {
    /// Turns of all loops together, and elements made.
    public var turns = 20_000_000
    /// Bytes of text made, intermediate ones included.
    public var bytes = 512 * 1024 * 1024
    public var time: Duration = .seconds(60)
    /// Macros, includes and recursive loops within each other.
    public var macroDepth = 200
    /// Elements of one list that a range or a repetition makes.
    public var elements = 5_000_000

    public init() {}
}
