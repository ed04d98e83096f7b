import Diagnostics
import Glibc
public import Results
import Synchronization
import Values
import YAML

/// The output people know from ansible-playbook: banners, a line a host, the recap.
public final class TerminalReporter: Reporter {
    /// How it is to look.
    public struct Style: Sendable {
        public var colors: Bool
        public var verbosity: Int
        /// The width banners are filled to.
        public var width: Int
        public var showsSkipped: Bool
        /// Whether hosts that are as wanted are shown (`display_ok_hosts`).
        public var showsOK = true
        /// Whether a module's answer is shown as YAML instead of JSON (`callback_result_format`).
        public var answersInYAML = false
        /// Whether answers take a line a value even without -vv (`callback_format_pretty`); nil for as usual.
        public var answersArePretty: Bool?
        /// Whether a failure names its task's place even without -vv.
        public var showsPathOnFailure = false
        /// Whether what `set_stats` gave is shown below the recap (`show_custom_stats`).
        public var showsCustomStats = false
        /// How many unchanged lines a difference shows around a change.
        public var diffContext = 3
        /// Texts of more bytes are not compared (`max_diff_size`).
        public var largestDiff = 104_448
        /// What each kind of line is painted in, by the names that ansible.cfg has in `[colors]`.
        public var palette: [String: String] = [:]

        public init(colors: Bool, verbosity: Int, width: Int = 79, showsSkipped: Bool = true) {
            self.colors = colors
            self.verbosity = verbosity
            self.width = width
            self.showsSkipped = showsSkipped
        }
    }

    private let style: Style
    private let redactor: Redactor
    private let write: @Sendable (String) -> Void
    /// Where failures go (`display_failed_stderr`).
    private let writeFailure: @Sendable (String) -> Void
    private let stats = Mutex(CustomStats())

    /// - Parameters:
    ///   - write: Where a finished piece of text goes; it ends with its own line end.
    ///   - writeFailure: Where a piece that tells of a failure goes; nil for the same place.
    public init(
        style: Style, redactor: Redactor, write: @escaping @Sendable (String) -> Void,
        writeFailure: (@Sendable (String) -> Void)? = nil
    ) {
        self.style = style
        self.redactor = redactor
        self.write = write
        self.writeFailure = writeFailure ?? write
    }

    public func finish() {}

    public func take(_ event: RunEvent) {
        switch event {
        case .playStarted(let name, _): banner("PLAY [\(safe(name))]")
        case .playSkipped(let name, let why):
            banner("PLAY [\(safe(name))]")
            line("skipping: \(why)", .cyan)
        case .taskStarted(let title):
            banner("\(title.kind.rawValue) [\(safe(title.name))]")
            if style.verbosity > 1, let place = title.location {
                line("task path: \(place.file.name):\(place.line)", .gray)
            }
        case .item(let report):
            keepStats(report)
            if report.status != .skipped || style.showsSkipped { result(report) }
        case .result(let report):
            if !report.isOfLoop {
                keepStats(report)
                result(report)
            } else if report.isIgnored {
                line("...ignoring", .cyan)
            }
            if style.verbosity > 2, report.status != .skipped { line(measure(report), .gray) }
        case .retry(let report, let attempt, let total):
            line(
                "FAILED - RETRYING: [\(safe(report.host))]: \(safe(report.task.name)) (\(total - attempt + 1) retries left).",
                .gray)
        case .included(let file, let hosts, let label):
            let item = label.map { " => (item=\(name(of: $0)))" } ?? ""
            line("included: \(safe(file)) for \(safe(hosts.joined(separator: ", ")))\(item)", .cyan)
        case .job(let note):
            let text =
                switch note.state {
                case .running: "ASYNC POLL on \(safe(note.host)): jid=\(note.id) started=True finished=False"
                case .finished: "ASYNC OK on \(safe(note.host)): jid=\(note.id)"
                case .failed: "ASYNC FAILED on \(safe(note.host)): jid=\(note.id)"
                }
            line(text, .gray)
        case .progress(let note):
            switch note.content {
            case .output(let lines): for text in lines { line("\(safe(note.host)) | \(safe(text))", .gray) }
            case .omitted(let count): line("\(safe(note.host)) | … \(count) bytes of its output are not shown …", .gray)
            case .standing(let text): line("\(safe(note.host)): \(safe(text))", .purple)
            }
        case .noHostsLeft: banner("NO MORE HOSTS LEFT")
        case .said(let diagnostic):
            line(
                SafeText.visible(redactor.redacted(diagnostic).rendered()),
                diagnostic.severity == .error ? .red : .purple)
        case .ended(let recap):
            show(recap)
            showStats()
        }
    }

    // MARK: Results

    private func result(_ report: TaskReport) {
        if report.status == .skipped, !style.showsSkipped { return }
        if report.status == .ok, !style.showsOK { return }
        if report.showsDiff, !report.isHidden, let change = report.change, report.status == .changed {
            for text in ChangePicture.lines(
                change, subject: report.subject, redactor: redactor, context: style.diffContext,
                largest: style.largestDiff)
            { diffLine(text) }
        }
        // Hosts that tasks added may be named by what another host said.
        var host = safe(report.host)
        if let delegate = report.delegate { host += " -> \(safe(delegate))" }
        var text: String
        let color: Color
        if style.showsPathOnFailure, style.verbosity < 2, report.status == .failed || report.status == .unreachable,
            let place = report.task.location
        {
            line("task path: \(place.file.name):\(place.line)", .gray)
        }
        switch report.status {
        case .ok: (text, color) = ("ok: [\(host)]", .green)
        case .changed: (text, color) = ("changed: [\(host)]", .yellow)
        case .skipped: (text, color) = ("skipping: [\(host)]", .cyan)
        case .failed: (text, color) = ("fatal: [\(host)]: FAILED!", .red)
        case .unreachable: (text, color) = ("fatal: [\(host)]: UNREACHABLE!", .red)
        case .unknown(let unknown):
            (text, color) = ("unknown: [\(host)] => depends on \(safe(unknown.cause))", .purple)
        }
        let isLost = report.status == .failed || report.status == .unreachable
        if isLost, report.label != nil { text = "failed: [\(host)]" }
        if report.wasDoneBefore { text += " (in the run before)" }
        // As Ansible has it: with an arrow unless the item failed.
        if let label = report.label {
            let item = report.isHidden ? "(censored due to no_log)" : name(of: label)
            text += isLost ? " (item=\(item))" : " => (item=\(item))"
        }
        if let answer = answer(report) { text += " => \(answer)" }
        let isFailure = (report.status == .failed || report.status == .unreachable) && !report.isIgnored
        line(text, color, isFailure: isFailure)
        if let diagnostic = report.diagnostic, report.status == .failed || report.status == .unreachable {
            show(diagnostic, hidden: report.isHidden)
        }
        for warning in report.warnings where !report.isHidden {
            line("[WARNING]: \(safe(redactor.redacted(warning)))", .purple)
        }
        if report.isIgnored, report.label == nil { line("...ignoring", .cyan) }
    }

    /// An item's label.
    private func name(of label: Value) -> String {
        let shown = redactor.redacted(label)
        return safe(shown.stringValue ?? shown.pythonRepresentation)
    }

    private func show(_ diagnostic: Diagnostic, hidden: Bool) {
        if hidden {
            line("  the output is hidden: 'no_log: true' was set for this task", .red)
            return
        }
        line(SafeText.visible(redactor.redacted(diagnostic).rendered()), .red)
    }

    /// The module's own words, where they are worth showing: always for `debug`, with -v for the others, and for
    /// failures.
    private func answer(_ report: TaskReport) -> String? {
        if report.isHidden {
            return style.verbosity > 0 || report.status == .failed
                ? "{\"censored\": \"the output has been hidden due to the fact that 'no_log: true' was specified for this result\", \"changed\": \(report.status == .changed)}"
                : nil
        }
        if case .unknown = report.status { return nil }
        guard report.isShown && report.status != .skipped || style.verbosity > 0 || report.status == .failed else {
            return nil
        }
        var values = report.values
        if report.isShown {
            values = ValueMap(
                values.filter { !["changed", "failed", "skipped"].contains($0.key.text) }.map { ($0.key, $0.value) })
        }
        // They follow in lines of their own.
        if !report.warnings.isEmpty { values.removeValue(forKey: "warnings") }
        if style.verbosity < 1 { values.removeValue(forKey: "ansible_facts") }
        if style.verbosity < 3 {
            for name in ["invocation", "exception", "diff"] { values.removeValue(forKey: name) }
        }
        if values.isEmpty { return nil }
        if style.answersInYAML { return yamlAnswer(values) }
        let indent: Int? = style.answersArePretty ?? (report.isShown || style.verbosity > 1) ? 4 : nil
        return SafeText.visible(JSONText.of(redactor.redacted(.map(values)), indent: indent, sorted: true))
    }

    /// The answer as YAML, from the next line on and set in.
    private func yamlAnswer(_ values: ValueMap) -> String {
        let plain = JSONText.printable(redactor.redacted(.map(values)))
        guard let text = try? YAMLWriter(flow: .block).text(plain) else { return "" }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return SafeText.visible("\n" + lines.map { "    \($0)" }.joined(separator: "\n"))
    }

    private func measure(_ report: TaskReport) -> String {
        let seconds =
            Double(report.duration.components.seconds)
            + Double(report.duration.components.attoseconds) / 1e18
        let milliseconds = Int((seconds * 1000).rounded())
        return "  [\(safe(report.host))] round trips: \(report.roundTrips), \(milliseconds) ms"
    }

    private func show(_ recap: Recap) {
        banner("PLAY RECAP")
        let width = max(27, (recap.hosts.map(\.count).max() ?? 0) + 1)
        for host in recap.hosts.sorted(by: { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }) {
            let counts = recap[host: host]
            let color: Color =
                counts.failed > 0 || counts.unreachable > 0 ? .red : counts.changed > 0 ? .yellow : .green
            let name = safe(host) + String(repeating: " ", count: max(1, width - host.count))
            var fields = [
                ("ok", counts.ok), ("changed", counts.changed), ("unreachable", counts.unreachable),
                ("failed", counts.failed), ("skipped", counts.skipped), ("rescued", counts.rescued),
                ("ignored", counts.ignored),
            ]
            if recap.isCheckMode { fields.append(("unknown", counts.unknown)) }
            let text = fields.map { "\($0.0)=\(String($0.1).padded(4))" }.joined(separator: " ")
            line(painted(name, color, isBoldOnly: false) + ": " + text)
            if style.verbosity > 2 {
                let setup = counts.setupRoundTrips > 0 ? ", and \(counts.setupRoundTrips) to connect" : ""
                line("  round trips: \(counts.roundTrips)\(setup)", .gray)
            }
        }
        if recap.isCheckMode {
            line("")
            line(
                recap.changedInEarnest
                    ? "This was a dry run: nothing was changed but by tasks with 'check_mode: false'."
                    : "This was a dry run: nothing was changed.", .cyan)
        }
        line("")
    }

    private func keepStats(_ report: TaskReport) {
        guard style.showsCustomStats, !report.isHidden, report.status != .failed else { return }
        stats.withLock { $0.add(report.values, of: report.host) }
    }

    private func showStats() {
        let stats = stats.withLock { $0 }
        guard !stats.isEmpty else { return }
        func text(_ value: Value) -> String {
            // One line, with the blanks of several.
            let lines = JSONText.of(redactor.redacted(value), indent: 1, sorted: true).split(separator: "\n")
            return SafeText.visible(lines.joined())
        }
        banner("CUSTOM STATS:")
        for (host, values) in stats.hosts.sorted(by: { $0.key.text < $1.key.text }) {
            line("\t\(safe(host.text)): \(text(values))")
        }
        if !stats.run.isEmpty {
            line("")
            line("\tRUN: \(text(.map(stats.run)))")
        }
        line("")
    }

    // MARK: Writing

    private enum Color: String {
        case red = "31", green = "32", yellow = "33", purple = "35", cyan = "36", gray = "90"

        /// The setting in `[colors]` that repaints it.
        var setting: String {
            switch self {
            case .red: "error"
            case .green: "ok"
            case .yellow: "changed"
            case .purple: "warn"
            case .cyan: "skip"
            case .gray: "debug"
            }
        }
    }

    private func safe(_ text: String) -> String { SafeText.visible(redactor.redacted(text), keepsLines: false) }

    private func banner(_ text: String) {
        let stars = String(repeating: "*", count: max(3, style.width - text.count - 1))
        write("\n\(text) \(stars)\n")
    }

    private func line(_ text: String, _ color: Color? = nil, isFailure: Bool = false) {
        (isFailure ? writeFailure : write)((color.map { painted(text, $0, isBoldOnly: false) } ?? text) + "\n")
    }

    private func diffLine(_ text: String) {
        let visible = SafeText.visible(text)
        switch text.first {
        case "+": line(visible, .green)
        case "-": line(visible, .red)
        case "@": line(visible, .cyan)
        default: line(visible)
        }
    }

    private func painted(_ text: String, _ color: Color, isBoldOnly: Bool) -> String {
        guard style.colors else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { "\u{1b}[\(style.palette[color.setting] ?? "0;" + color.rawValue)m\($0)\u{1b}[0m" }
            .joined(separator: "\n")
    }
}

extension String {
    /// The text filled with blanks to a width.
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
