import Results
import Target
import Testing

@testable import Engine
@testable import Target

/// What is told of a task while it runs.
@Suite struct TaskProgressTests {
    @IOLoop
    private final class Told {
        var notes: [ProgressNote] = []
        func progress(isHidden: Bool = false) -> TaskProgress {
            TaskProgress(host: "web1", task: "build", isHidden: isHidden) { self.notes.append($0) }
        }
        var lines: [String] {
            notes.flatMap { note -> [String] in if case .output(let lines) = note.content { lines } else { [] } }
        }
        var standings: [String] {
            notes.compactMap { note -> String? in if case .standing(let text) = note.content { text } else { nil } }
        }
        var omitted: Int {
            notes.reduce(0) { (sum: Int, note: ProgressNote) -> Int in
                if case .omitted(let count) = note.content { sum + count } else { sum }
            }
        }
    }

    private func look(_ seconds: Int, _ output: String = "", omitted: Int = 0, process: String? = nil) -> ProgressLook {
        var look = ProgressLook(elapsed: .seconds(seconds))
        look.output = Array(output.utf8)
        look.omitted = omitted
        look.process = process.flatMap { ProcessReport("x86_64\n" + $0).deciding }
        return look
    }

    @Test("whole lines are shown, wherever the looks cut them; carriage returns end lines, too")
    @IOLoop func lines() {
        let told = Told()
        let progress = told.progress()
        progress.take(look(5, "one\ntw"))
        #expect(told.lines == ["one"])
        progress.take(look(10, "o\r10%\r20%\nthree"))
        #expect(told.lines == ["one", "two", "10%", "20%"])
    }

    @Test("much output is shown from its end, and what is left out is counted")
    @IOLoop func bounded() {
        let told = Told()
        told.progress().take(look(5, (0..<100).map { "\($0)\n" }.joined(), omitted: 1000))
        #expect(told.lines == (80..<100).map(String.init))
        #expect(told.omitted == 1000 + (0..<80).reduce(0) { $0 + "\($1)\n".utf8.count })
    }

    @Test("a silent task is named with its process, what that waits for, and its last output")
    @IOLoop func silent() {
        let told = Told()
        let progress = told.progress()
        progress.take(look(5, "unpacking\nContinue? "))
        #expect(told.standings.isEmpty)
        let process = "P 7 S\nW wait_woken\nY 0 0x0\nF /dev/pts/1\nC installer\n"
        for second in stride(from: 10, through: 120, by: 5) { progress.take(look(second, process: process)) }
        #expect(
            told.standings
                == [30, 60, 120].map { second in
                    "'build' is still running after \(second) s: process 7 (installer) waits for input at a terminal "
                        + "(/dev/pts/1); nothing was heard of it for \(second - 5) s; its last output: Continue? "
                })
    }

    @Test("of a task with no_log only that it runs is told")
    @IOLoop func hidden() {
        let told = Told()
        told.progress(isHidden: true).take(look(40, "secret\n", process: "P 7 S\nW do_wait\nC tool --password x\n"))
        #expect(told.lines.isEmpty)
        #expect(told.standings == ["'build' is still running after 40 s: process 7 waits for a process it started"])
    }
}
