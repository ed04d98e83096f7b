import Diagnostics
import Playbook
import Results
import Values

/// What a run told, a line an event: the words in which `Tests/Oracle/callback/recorder.py` writes down what
/// ansible-playbook does.
package struct Transcript {
    package var lines: [String] = []
    package var recap: [String: String] = [:]

    /// - Parameters:
    ///   - folder: The project's folder, which is `DIR` in transcripts.
    ///   - isFree: Whether hosts go their own ways: each line says whose it is then.
    package init(_ outcome: RunFixture.Outcome, folder: String, isFree: Bool = false) {
        var titles: [String: String] = [:]
        for event in outcome.events {
            if isFree, let (host, title) = Self.owner(of: event), titles[host] != title {
                titles[host] = title
                lines.append("\(host) \(title)")
            }
            if case .playStarted = event { titles = [:] }
            guard let line = Self.line(event, isFree: isFree) else { continue }
            lines.append(line.replacing(folder, with: "DIR"))
        }
        lines = Self.ordered(lines)
        for host in outcome.recap.hosts {
            let counts = outcome.recap[host: host]
            recap[host] = """
                ok=\(counts.ok) changed=\(counts.changed) unreachable=\(counts.unreachable) failed=\(counts.failed) \
                skipped=\(counts.skipped) rescued=\(counts.rescued) ignored=\(counts.ignored)
                """
            if counts.unknown > 0 { recap[host, default: ""] += " unknown=\(counts.unknown)" }
        }
    }

    private static func owner(of event: RunEvent) -> (host: String, title: String)? {
        switch event {
        case .item(let report), .result(let report), .retry(let report, _, _):
            (report.host, "\(report.task.kind == .handler ? "handler" : "task") \(report.task.name)")
        default: nil
        }
    }

    private static func line(_ event: RunEvent, isFree: Bool) -> String? {
        switch event {
        // What is seen while a task runs differs from run to run.
        case .progress: return nil
        case .taskStarted where isFree: return nil
        case .included(let file, let hosts, _) where isFree:
            return hosts.map { "\($0) included \(Path.name(of: file))" }.joined(separator: "\n")
        case .playStarted(let name, _): return "play \(name)"
        case .playSkipped(let name, _): return "play \(name)\nno hosts matched"
        case .taskStarted(let title): return "\(title.kind == .handler ? "handler" : "task") \(title.name)"
        case .item(let report): return describe(report)
        case .result(let report): return describe(report)
        // How often a job is asked about depends on how long it takes.
        case .retry(let report, _, _) where report.action.hasSuffix("async_status"): return nil
        case .retry(let report, _, _): return "retry \(report.host)"
        case .included(let file, let hosts, _):
            return "included \(Path.name(of: file)) for \(hosts.sorted().joined(separator: ", "))"
        case .job: return nil
        case .noHostsLeft: return "no hosts left"
        case .said(let diagnostic) where diagnostic.severity != .error: return nil
        case .said(let diagnostic): return "said \(diagnostic.summary)"
        case .ended: return nil
        }
    }

    private static func describe(_ report: TaskReport) -> String {
        var line = "\(report.host) \(report.status.word)"
        if let label = report.label {
            // To ansible-playbook an item whose host is out of reach is one that failed.
            let word = report.status == .unreachable ? "failed" : report.status.word
            line = "item \(report.host) \(word) \(json(label))"
        }
        if report.isIgnored, report.status == .failed, report.label == nil { line += " ignored" }
        let isDebug = report.action.split(separator: ".").last == "debug"
        if isDebug, report.status == .ok, report.values["results"] == nil, let message = report.values["msg"] {
            line += " \(json(message))"
        }
        return line
    }

    private static func json(_ value: Value) -> String {
        let style = JSON.Style(itemSeparator: ", ", keySeparator: ": ", sortsKeys: true, escapesNonASCII: true)
        return (try? JSON.text(value, style: style)) ?? "?"
    }

    /// Hosts answer in any order: within a task their lines are sorted by host, each host's own order kept.
    package static func ordered(_ lines: [String]) -> [String] {
        var result: [String] = []
        var group: [(host: String, line: String)] = []
        func flush() {
            let sorted = group.enumerated().sorted { ($0.element.host, $0.offset) < ($1.element.host, $1.offset) }
            result += sorted.map(\.element.line)
            group = []
        }
        for line in lines.flatMap({ $0.split(separator: "\n").map(String.init) }) {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            switch words.first {
            case "item", "retry": group.append((words[1], line))
            case "play", "task", "handler", "included", "no", "said", nil:
                flush()
                // ansible-playbook says this once for every host left.
                if line != "no hosts left" || result.last != line { result.append(line) }
            case .some(let host): group.append((host, line))
            }
        }
        flush()
        return result
    }
}
