import Diagnostics
import Reporting
import Results
import Synchronization
import Testing
import Values

/// What `swiftprov run` and the callbacks minimal and oneline show.
@Suite struct AdHocTests {
    private static func text(
        _ report: TaskReport, oneLine: Bool = false, showsErrors: Bool = false, redactor: Redactor = Redactor()
    ) -> String {
        let box = Box()
        let reporter = AdHocReporter(
            redactor: redactor, isOneLine: oneLine, showsErrors: showsErrors, write: { box.add($0) })
        reporter.take(.result(report))
        return box.text
    }

    private final class Box: Sendable {
        private let pieces = Mutex("")
        func add(_ piece: String) { pieces.withLock { $0 += piece } }
        var text: String { pieces.withLock { $0 } }
    }

    @Test("what was left out has no answer")
    func skipped() { #expect(Self.text(TerminalTests.report(.skipped, ["msg": "why"])) == "web1 | SKIPPED\n") }

    @Test("a difference is shown where it is asked for, warnings always, nothing of what is hidden")
    func difference() {
        var report = TerminalTests.report(.changed, ["rc": 0, "stdout": "done"])
        report.change = .text("/etc/tresor", before: "a\n", after: "b\n")
        report.warnings = ["look\u{1b}"]
        let plain = "web1 | CHANGED | rc=0 >>\ndone\n[WARNING]: look\\x1b\n"
        #expect(Self.text(report) == plain)
        report.showsDiff = true
        let redactor = Redactor()
        redactor.learn("tresor")
        #expect(
            Self.text(report, redactor: redactor)
                == "--- before: /etc/********\n+++ after: /etc/********\n@@ -1,1 +1,1 @@\n-a\n+b\n" + plain)
        report.isHidden = true
        #expect(Self.text(report) == "web1 | CHANGED => hidden by no_log\n")
    }

    @Test("a playbook's failures come with their place")
    func failure() {
        let file = SourceFile(name: "site.yml", text: "- fail:\n")
        var report = TerminalTests.report(.failed, ["msg": "x"])
        report.diagnostic = Diagnostic(.failed, "x", at: SourceLocation(file: file, line: 1, column: 3))
        #expect(!Self.text(report).contains("site.yml"))
        #expect(Self.text(report, showsErrors: true).hasPrefix("site.yml:1:3: error: x\n"))
        #expect(Self.text(report, oneLine: true, showsErrors: true).hasSuffix("web1 | FAILED! => {\"msg\": \"x\"}\n"))
    }
}
