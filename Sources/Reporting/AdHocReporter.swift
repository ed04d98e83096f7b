import Diagnostics
public import Results
import Values

/// A result a host and nothing else, as `ansible` prints what a single task did, and the callbacks minimal and oneline
/// what playbooks do.
public final class AdHocReporter: Reporter {
    private let redactor: Redactor
    private let isOneLine: Bool
    private let showsErrors: Bool
    private let diffContext: Int
    private let largestDiff: Int
    private let write: @Sendable (String) -> Void

    /// - Parameters:
    ///   - isOneLine: Whether each host's answer stays on one line (`-o`).
    ///   - showsErrors: Whether what failed is shown with its place, too: a playbook has places, a single task none.
    ///   - diffContext: How many unchanged lines a difference shows around a change.
    ///   - largestDiff: Texts of more bytes are not compared.
    ///   - write: Where a finished piece of text goes; it ends with its own line end.
    public init(
        redactor: Redactor, isOneLine: Bool, showsErrors: Bool = false, diffContext: Int = 3,
        largestDiff: Int = 104_448, write: @escaping @Sendable (String) -> Void
    ) {
        self.showsErrors = showsErrors
        self.diffContext = diffContext
        self.largestDiff = largestDiff
        self.redactor = redactor
        self.isOneLine = isOneLine
        self.write = write
    }

    public func finish() {}

    public func take(_ event: RunEvent) {
        switch event {
        case .item(let report): showDifference(report)
        case .result(let report):
            // A loop's items have shown theirs.
            if !report.isOfLoop { showDifference(report) }
            if showsErrors, !report.isHidden, let diagnostic = report.diagnostic { show(diagnostic) }
            write(text(of: report) + "\n")
            for warning in report.warnings where !report.isHidden {
                write("[WARNING]: \(SafeText.visible(redactor.redacted(warning), keepsLines: false))\n")
            }
        case .said(let diagnostic): show(diagnostic)
        default: break
        }
    }

    private func show(_ diagnostic: Diagnostic) {
        write(SafeText.visible(redactor.redacted(diagnostic).rendered()) + "\n")
    }

    private func showDifference(_ report: TaskReport) {
        guard report.showsDiff, !report.isHidden, report.status == .changed, let change = report.change else { return }
        let lines = ChangePicture.lines(
            change, subject: report.subject, redactor: redactor, context: diffContext, largest: largestDiff)
        for line in lines { write(SafeText.visible(line) + "\n") }
    }

    /// Modules whose answer is what a program printed.
    private static let programs: Set<String> = ["command", "shell", "raw", "script", "win_command", "win_shell"]

    private func text(of report: TaskReport) -> String {
        let host = SafeText.visible(redactor.redacted(report.host), keepsLines: false)
        let word: String
        switch report.status {
        case .ok: word = "SUCCESS"
        case .changed: word = "CHANGED"
        case .skipped: word = "SKIPPED"
        case .failed: word = "FAILED"
        case .unreachable: word = "UNREACHABLE"
        case .unknown(let unknown):
            return "\(host) | UNKNOWN => depends on \(SafeText.visible(redactor.redacted(unknown.cause)))"
        }
        let short = report.action.split(separator: ".").last.map(String.init) ?? ""
        let isFailure = report.status == .failed || report.status == .unreachable
        guard !report.isHidden else { return "\(host) | \(word) => hidden by no_log" }
        if report.status == .skipped { return "\(host) | SKIPPED" }
        if Self.programs.contains(short), let status = report.values["rc"], report.status != .unreachable {
            return "\(host) | \(word) | rc=\(status.pythonText) "
                + (isOneLine ? "| " : ">>\n") + printed(report.values)
        }
        var values = report.values
        if short == "debug" || !isFailure { values["failed"] = nil }
        if short == "debug" { values["changed"] = nil }
        let json = JSONText.of(redactor.redacted(.map(values)), indent: isOneLine ? nil : 4, sorted: true)
        return "\(host) | \(word)\(isFailure ? "!" : "") => \(SafeText.visible(json))"
    }

    /// What a program printed, its errors after its output.
    private func printed(_ values: ValueMap) -> String {
        func text(_ name: String) -> String {
            SafeText.visible(redactor.redacted(values[.string(name)] ?? "").pythonText, keepsLines: true)
        }
        if isOneLine {
            let output = text("stdout").split(separator: "\n", omittingEmptySubsequences: false).joined(
                separator: "\\n")
            let errors = text("stderr").split(separator: "\n", omittingEmptySubsequences: false).joined(
                separator: "\\n")
            return "(stdout) \(output)" + (errors.isEmpty ? "" : " (stderr) \(errors)")
        }
        let parts = [text("stdout"), text("stderr"), text("msg")].filter { !$0.isEmpty }
        return parts.joined(separator: "\n")
    }
}
