import Diagnostics
import Reporting
import Results
import RunFixture
import Synchronization
import Testing
import Values

/// What people see of a run.
@Suite struct TerminalTests {
    /// A reporter's text for events.
    static func text(
        _ events: [RunEvent], verbosity: Int = 0, colors: Bool = false, redactor: Redactor = Redactor(),
        showsSkipped: Bool = true
    ) -> String {
        let written = Written()
        var style = TerminalReporter.Style(colors: colors, verbosity: verbosity, width: 40)
        style.showsSkipped = showsSkipped
        let reporter = TerminalReporter(style: style, redactor: redactor, write: { written.add($0) })
        for event in events { reporter.take(event) }
        reporter.finish()
        return written.text
    }

    static func json(_ events: [RunEvent], redactor: Redactor = Redactor()) -> String {
        let written = Written()
        let reporter = JSONLinesReporter(redactor: redactor, write: { written.add($0) })
        for event in events { reporter.take(event) }
        reporter.finish()
        return written.text
    }

    private final class Written: Sendable {
        private let pieces = Mutex("")
        func add(_ piece: String) { pieces.withLock { $0 += piece } }
        var text: String { pieces.withLock { $0 } }
    }

    /// What `set_stats` registers.
    static func stats(_ host: String, _ data: ValueMap, aggregate: Bool = true, perHost: Bool = false) -> TaskReport {
        var report = report(
            .ok,
            ["ansible_stats": ["data": .map(data), "aggregate": .bool(aggregate), "per_host": .bool(perHost)]])
        report.host = host
        return report
    }

    @Test("a module's own results are no loop's: its failure is shown")
    func resultsOfModules() {
        var failed = Self.report(.failed, ["results": ["a"], "msg": "no package"])
        failed.diagnostic = Diagnostic(.failed, "no package")
        #expect(Self.text([.result(failed)]).contains("no package"))
        failed.isOfLoop = true
        #expect(!Self.text([.result(failed)]).contains("no package"))
    }

    @Test("what set_stats gave stands below the recap, where that is asked for")
    func customStats() {
        let events: [RunEvent] = [
            .result(Self.stats("b", ["n": 1, "s": "a"], perHost: true)),
            .result(Self.stats("b", ["n": 2, "s": 3, "l": [1]], perHost: true)),
            .result(Self.stats("a", ["n": 7], perHost: true)),
            .result(Self.stats("a", ["d": ["x": ["y": 1]], "n": 5, "l": ["a"]])),
            .result(Self.stats("b", ["d": ["x": ["z": 2]], "n": 6, "l": ["b"]])),
            .result(Self.stats("b", ["n": 1], aggregate: false)),
            .ended(Recap()),
        ]
        let written = Written()
        var style = TerminalReporter.Style(colors: false, verbosity: 0, width: 40)
        style.showsCustomStats = true
        let reporter = TerminalReporter(style: style, redactor: Redactor(), write: { written.add($0) })
        for event in events { reporter.take(event) }
        let shown = written.text.split(separator: "CUSTOM STATS").last.map(String.init) ?? ""
        // As ansible-core 2.19 shows the same.
        #expect(
            shown == """
                : **************************
                \ta: { "n": 7}
                \tb: { "l": [  1 ], "n": 3, "s": "a"}

                \tRUN: { "d": {  "x": {   "y": 1,   "z": 2  } }, "l": [  "a",  "b" ], "n": 1}


                """)
        #expect(!Self.text(events).contains("CUSTOM"))
    }

    static let title = TaskTitle(kind: .task, name: "look", location: nil)

    static func report(_ status: TaskReport.Status, _ values: ValueMap = [:]) -> TaskReport {
        TaskReport(host: "web1", task: title, status: status, action: "command", values: values)
    }

    @Test("banners are filled with stars")
    func banners() {
        let text = Self.text([
            .playStarted(name: "site", hosts: ["web1"]), .taskStarted(Self.title),
            .taskStarted(TaskTitle(kind: .handler, name: "restart", location: nil)), .noHostsLeft,
        ])
        #expect(
            text == """

                PLAY [site] ****************************

                TASK [look] ****************************

                RUNNING HANDLER [restart] **************

                NO MORE HOSTS LEFT *********************

                """)
    }

    @Test(
        "a line for every status",
        arguments: [
            (.ok, "ok: [web1]\n"), (.changed, "changed: [web1]\n"), (.skipped, "skipping: [web1]\n"),
            (.unknown(Unknown("the outcome of task 'x'")), "unknown: [web1] => depends on the outcome of task 'x'\n"),
        ] as [(TaskReport.Status, String)])
    func statuses(_ status: TaskReport.Status, _ expected: String) {
        #expect(Self.text([.result(Self.report(status))]) == expected)
    }

    @Test("a failure shows the values and why")
    func failure() {
        var report = Self.report(.failed, ["msg": "no", "rc": 1])
        report.diagnostic = Diagnostic(.failed, "it broke", remedy: "Mend it.")
        let text = Self.text([.result(report)])
        #expect(text.hasPrefix("fatal: [web1]: FAILED! => {\"msg\": \"no\", \"rc\": 1}\n"))
        #expect(text.contains("it broke"))
        #expect(text.contains("Mend it."))
        report.isIgnored = true
        #expect(Self.text([.result(report)]).hasSuffix("...ignoring\n"))
    }

    @Test("an item, a delegate, a retry")
    func items() {
        var report = Self.report(.changed)
        report.label = "a"
        report.delegate = "db1"
        #expect(Self.text([.item(report)]) == "changed: [web1 -> db1] => (item=a)\n")
        report.label = ["k": 1]
        #expect(Self.text([.item(report)]) == "changed: [web1 -> db1] => (item={'k': 1})\n")
        #expect(
            Self.text([.retry(Self.report(.failed), attempt: 1, of: 3)])
                == "FAILED - RETRYING: [web1]: look (3 retries left).\n")
    }

    @Test("values appear with -v, and debug's always")
    func verbosity() {
        var report = Self.report(.ok, ["stdout": "hi", "changed": false])
        #expect(Self.text([.result(report)]) == "ok: [web1]\n")
        #expect(
            Self.text([.result(report)], verbosity: 1) == "ok: [web1] => {\"changed\": false, \"stdout\": \"hi\"}\n")
        report.isShown = true
        #expect(Self.text([.result(report)]) == "ok: [web1] => {\n    \"stdout\": \"hi\"\n}\n")
        #expect(Self.text([.result(report)], verbosity: 3).contains("round trips: 0"))
    }

    @Test("skipped hosts can be left out")
    func skipped() {
        #expect(Self.text([.result(Self.report(.skipped))], showsSkipped: false).isEmpty)
    }

    @Test("a dry run's last line says whether something changed all the same")
    func dryRun() {
        var recap = Recap()
        recap.isCheckMode = true
        #expect(Self.text([.ended(recap)]).contains("nothing was changed.\n"))
        recap.changedInEarnest = true
        #expect(Self.text([.ended(recap)]).contains("nothing was changed but by tasks with 'check_mode: false'."))
    }

    @Test("the recap")
    func recap() {
        var recap = Recap()
        var counts = Recap.Counts()
        counts.ok = 12
        counts.changed = 3
        recap[host: "web1"] = counts
        counts.failed = 1
        recap[host: "a-host-with-a-name-longer-than-most.example.com"] = counts
        let lines = Self.text([.ended(recap)]).split(separator: "\n").map(String.init)
        #expect(
            lines[2]
                == "web1                                            : ok=12   changed=3    unreachable=0    failed=0    "
                + "skipped=0    rescued=0    ignored=0   ")
        #expect(lines[1].hasPrefix("a-host-with-a-name-longer-than-most.example.com : ok=12   changed=3 "))
        #expect(recap.exitStatus == 2)
        recap.isCheckMode = true
        #expect(Self.text([.ended(recap)]).contains("unknown=0"))
        #expect(Self.text([.ended(recap)]).contains("nothing was changed"))
    }

    @Test("colors are only there if wanted, and end with their line")
    func colors() {
        #expect(Self.text([.result(Self.report(.ok))], colors: true) == "\u{1b}[0;32mok: [web1]\u{1b}[0m\n")
        #expect(!Self.text([.result(Self.report(.ok))]).contains("\u{1b}"))
    }

    @Test("what a host says cannot steer the terminal")
    func escapes() {
        var report = Self.report(.failed, ["stdout": "\u{1b}[2Jgone\u{7}"])
        report.diagnostic = Diagnostic(.failed, "said \u{1b}]0;title\u{7}")
        report.label = "\u{1b}[1A"
        report.warnings = ["\u{1b}[31m"]
        let title = TaskTitle(kind: .task, name: "\u{1b}[31mname\nsecond", location: nil)
        var change = report
        change.status = .changed
        change.showsDiff = true
        change.change = .text("/f\u{1b}", before: "a\u{1b}[0m\n", after: "b\u{7}\n")
        let events: [RunEvent] = [
            .taskStarted(title), .item(report), .result(change), .said(Diagnostic(.failed, "x\u{1b}")),
            .included(file: "f\u{1b}", hosts: ["h"]), .playStarted(name: "p\u{1b}", hosts: []),
        ]
        for verbosity in 0...4 {
            let text = Self.text(events, verbosity: verbosity)
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0.value != 0x0A || $0.value == 0x7F })
        }
        #expect(!Self.json(events).unicodeScalars.contains { $0.value < 0x20 && $0.value != 0x0A })
    }

    @Test("what is shown of a running task cannot steer the terminal, and holds no secret")
    func progress() {
        let redactor = Redactor()
        redactor.learn("hunter22")
        let notes: [ProgressNote.Content] = [
            .output(["plain", "\u{1b}[2Jgone hunter22"]), .omitted(12), .standing("'look' runs tool hunter22\n\u{7}"),
        ]
        let events = notes.map { RunEvent.progress(ProgressNote(host: "web1", task: "look", content: $0)) }
        #expect(
            Self.text(events, redactor: redactor) == """
                web1 | plain
                web1 | \\x1b[2Jgone ********
                web1 | … 12 bytes of its output are not shown …
                web1: 'look' runs tool ********\\n\\x07

                """)
        #expect(Self.json(events).isEmpty, "a report for programs says nothing that differs from run to run")
    }
}
