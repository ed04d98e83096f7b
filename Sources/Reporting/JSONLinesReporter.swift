import Diagnostics
public import Results
import Values

/// One JSON object a line for every event, for programs.
public final class JSONLinesReporter: Reporter {
    private let redactor: Redactor
    private let write: @Sendable (String) -> Void

    public init(redactor: Redactor, write: @escaping @Sendable (String) -> Void) {
        self.redactor = redactor
        self.write = write
    }

    public func finish() {}

    public func take(_ event: RunEvent) {
        var object = ValueMap()
        switch event {
        case .playStarted(let name, let hosts):
            object = ["event": "play", "name": .string(name), "hosts": .list(hosts.map { .string($0) })]
        case .playSkipped(let name, let why):
            object = ["event": "play_skipped", "name": .string(name), "reason": .string(why)]
        case .taskStarted(let title):
            object = ["event": "task", "name": .string(title.name), "kind": .string(title.kind.rawValue)]
            object["place"] = title.location.map { .string($0.description) }
        case .item(let report): object = describe(report, event: "item")
        case .result(let report): object = describe(report, event: "result")
        case .retry(let report, let attempt, let total):
            object = [
                "event": "retry", "host": .string(report.host), "task": .string(report.task.name),
                "attempt": .int(attempt), "retries": .int(total),
            ]
        case .included(let file, let hosts, let label):
            object = ["event": "included", "file": .string(file), "hosts": .list(hosts.map { .string($0) })]
            if let label { object["item"] = label }
        case .job(let note):
            object = [
                "event": "job", "host": .string(note.host), "id": .string(note.id),
                "state": .string(note.state.rawValue),
            ]
        // What may differ from one run to the next, and is in the result as well.
        case .progress: return
        case .noHostsLeft: object = ["event": "no_hosts_left"]
        case .said(let diagnostic):
            object = [
                "event": .string(diagnostic.severity.rawValue),
                "text": .string(redactor.redacted(diagnostic).rendered()),
            ]
        case .ended(let recap):
            // Names of hosts, and numbers.
            write(JSONText.of(.map(describe(recap))) + "\n")
            return
        }
        // The names of an event's own fields are ours.
        write(JSONText.of(.map(object.mapValues(redactor.redacted))) + "\n")
    }

    private func describe(_ report: TaskReport, event: String) -> ValueMap {
        var object: ValueMap = [
            "event": .string(event), "host": .string(report.host), "task": .string(report.task.name),
            "action": .string(report.action), "status": .string(report.status.word),
            "round_trips": .int(report.roundTrips),
        ]
        if report.task.kind == .handler { object["handler"] = true }
        if report.wasDoneBefore { object["before"] = true }
        if report.isIgnored { object["ignored"] = true }
        if let delegate = report.delegate { object["delegate"] = .string(delegate) }
        if case .unknown(let unknown) = report.status { object["depends_on"] = .string(unknown.cause) }
        guard !report.isHidden else {
            object["hidden"] = true
            return object
        }
        if let label = report.label { object["item"] = label }
        if let diagnostic = report.diagnostic { object["error"] = .string(redactor.redacted(diagnostic).rendered()) }
        var values = report.values
        if let change = report.change {
            // It stands beside the result; as the difference it is shorter than the whole texts.
            values.removeValue(forKey: "diff")
            object["diff"] = .list(ChangePicture.lines(change, subject: nil, redactor: redactor).map { .string($0) })
        }
        object["result"] = .map(values)
        return object
    }

    private func describe(_ recap: Recap) -> ValueMap {
        var hosts = ValueMap()
        for name in recap.hosts {
            let counts = recap[host: name]
            hosts[name] = [
                "ok": .int(counts.ok), "changed": .int(counts.changed), "unreachable": .int(counts.unreachable),
                "failed": .int(counts.failed), "skipped": .int(counts.skipped), "rescued": .int(counts.rescued),
                "ignored": .int(counts.ignored), "unknown": .int(counts.unknown),
                "round_trips": .int(counts.roundTrips), "connect_round_trips": .int(counts.setupRoundTrips),
            ]
        }
        return [
            "event": "recap", "check": .bool(recap.isCheckMode), "hosts": .map(hosts),
            "status": .int(Int(recap.exitStatus)),
        ]
    }
}
