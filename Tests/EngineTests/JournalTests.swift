import Diagnostics
import Foundation
import Local
import Results
import RunFixture
import Target
import Testing
import Values

@testable import Engine

/// Runs that go on where an earlier one ended.
@Suite struct JournalTests {
    private static let playbook = """
        - hosts: web1
          gather_facts: false
          tasks:
            - name: first
              shell: echo first >>FOLDER/log; echo spoken
              register: words
              notify: told
            - name: chance
              set_fact:
                number: "{{ 1000000000 | random }}"
            - name: items
              shell: "echo {{ item }} >>FOLDER/log; test {{ item }} != b || test -e FOLDER/go"
              loop: [a, b, c]
            - name: last
              shell: "echo {{ words.stdout }} {{ number }} >>FOLDER/log"
          handlers:
            - name: told
              shell: echo told >>FOLDER/log
        """

    /// What a run of the playbook told, and the log it left.
    static func run(
        _ playbook: String = JournalTests.playbook, in folder: TemporaryFolder, secrets: [String: String] = [:],
        files: [String: String] = [:]
    ) async throws -> (outcome: RunFixture.Outcome, log: [String]) {
        var files = files
        files["playbook.yml"] = playbook.replacingOccurrences(of: "FOLDER", with: folder.path) + "\n"
        let example = Case(files: files)
        let outcome = try await withTaskExecutorPreference(EventLoop.shared) {
            try await RunFixture(
                example, secrets: secrets, in: folder, journalPath: folder.path + "/journal"
            ).run()
        }
        return (outcome, (folder.read("log") ?? "").split(separator: "\n").map(String.init))
    }

    static func statuses(_ outcome: RunFixture.Outcome) -> [String] {
        outcome.events.compactMap { event in
            guard case .result(let report) = event else { return nil }
            return "\(report.task.name) \(report.status.word)\(report.wasDoneBefore ? " before" : "")"
        }
    }

    @Test("what was done is not done again; what failed is, and what depends on answers has them")
    func resumed() async throws {
        let folder = TemporaryFolder()
        let first = try await Self.run(in: folder)
        #expect(first.outcome.recap.exitStatus == 2)
        #expect(first.log == ["first", "a", "b"] || first.log == ["first", "a", "b", "c"])
        folder.write("go", "")
        let second = try await Self.run(in: folder)
        #expect(
            Self.statuses(second.outcome)
                == ["first changed before", "chance ok before", "items changed", "last changed", "told changed"])
        // The item that failed was run once more, those that were done were not.
        #expect(second.log.filter { $0 == "first" }.count == 1)
        #expect(second.log.filter { $0 == "a" }.count == 1)
        #expect(second.log.filter { $0 == "b" }.count == 2)
        #expect(second.log.filter { $0 == "c" }.count == 1)
        #expect(second.log.filter { $0.hasPrefix("spoken ") }.count == 1)
        // A third run has nothing left to do, and its facts are those of the first.
        let third = try await Self.run(in: folder)
        #expect(third.log == second.log)
        #expect(Self.statuses(third.outcome).allSatisfy { $0.hasSuffix("before") })
        func number(_ outcome: RunFixture.Outcome) -> Value? {
            for case .result(let report) in outcome.events where report.task.name == "chance" {
                return report.values["ansible_facts"]?.mapValue?["number"]
            }
            return nil
        }
        #expect(number(first.outcome) != nil)
        #expect(number(first.outcome)?.pythonText == number(third.outcome)?.pythonText)
    }

    @Test("wherever the writing of the journal ended, nothing that it holds is done twice")
    func torn() async throws {
        let folder = TemporaryFolder()
        folder.write("go", "")
        _ = try await Self.run(in: folder)
        let whole = Array(try #require(folder.read("journal")).utf8)
        for length in stride(from: 0, to: whole.count, by: 97) {
            try Data(whole[..<length]).write(to: URL(fileURLWithPath: folder.path + "/journal"))
            folder.write("log", "")
            let (outcome, log) = try await Self.run(in: folder)
            #expect(outcome.recap.exitStatus == 0)
            let kept = String(decoding: whole[..<length], as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: false
            )
            .dropLast().filter { $0.contains("\"status\":\"changed\"") }
            // One line of the log for each deed that the journal does not hold: first, three items, last, told.
            let tasks = kept.filter { $0.contains("\"results\"") || !$0.contains("\"item\"") }
            let items = tasks.contains { $0.contains("\"results\"") } ? 3 : kept.count - tasks.count
            #expect(log.count == 6 - items - tasks.filter { !$0.contains("\"results\"") }.count, "at \(length)")
        }
    }

    @Test("a task that was under way is run again with a warning; what finds nothing to do then counts as changed")
    func underWay() async throws {
        let playbook = """
            - hosts: web1
              gather_facts: false
              tasks:
                - name: blind
                  shell: echo blind >>FOLDER/log
                - name: file
                  copy: {content: x, dest: FOLDER/file}
                  notify: told
              handlers:
                - name: told
                  shell: echo told >>FOLDER/log
            """
        let folder = TemporaryFolder()
        _ = try await Self.run(playbook, in: folder)
        // Only the notes that tasks began are there, as if the run had been killed before the answers came.
        let lines = try #require(folder.read("journal")).split(separator: "\n").filter { !$0.contains("\"status\"") }
        folder.write("journal", lines.prefix(3).joined(separator: "\n") + "\n")
        folder.write("log", "")
        let (outcome, log) = try await Self.run(playbook, in: folder)
        #expect(log == ["blind", "told"], "the file was as wanted, and its handler ran all the same")
        let warnings = outcome.events.compactMap { event -> String? in
            if case .said(let diagnostic) = event { diagnostic.summary } else { nil }
        }
        #expect(warnings.contains { $0.contains("'blind' was under way on web1") })
        #expect(!warnings.contains { $0.contains("'file'") })
    }

    @Test("a task that was rewritten is done, and so is all that follows")
    func rewritten() async throws {
        let folder = TemporaryFolder()
        folder.write("go", "")
        _ = try await Self.run(in: folder)
        folder.write("log", "")
        let changed = Self.playbook.replacingOccurrences(of: "loop: [a, b, c]", with: "loop: [a, b, c, d]")
        let more = try await Self.run(changed, in: folder).log
        #expect(more.prefix(4) == ["a", "b", "c", "d"] && more.count == 6 && more.last == "told")
        folder.write("log", "")
        let renamed = Self.playbook.replacingOccurrences(of: "name: items", with: "name: things")
        let (_, log) = try await Self.run(renamed, in: folder)
        #expect(log.count == 5 && !log.contains("first"))
    }

    @Test("nothing secret is written; what was done with a secret is not done again")
    func secrets() async throws {
        let playbook = """
            - hosts: web1
              gather_facts: false
              tasks:
                - name: hidden
                  shell: echo hidden >>FOLDER/log; echo whisper
                  no_log: true
                - name: known
                  shell: "echo known >>FOLDER/log; echo {{ password }}"
                  register: answer
                - name: fact
                  set_fact: {derived: "x{{ password }}y"}
                - name: end
                  command: test -e FOLDER/go
            """
        let folder = TemporaryFolder()
        let password = "correct horse battery"
        _ = try await Self.run(playbook, in: folder, secrets: ["password": password])
        let journal = try #require(folder.read("journal"))
        #expect(!journal.contains("correct") && !journal.contains("whisper"))
        var status = stat()
        #expect(stat(folder.path + "/journal", &status) == 0 && status.st_mode & 0o077 == 0)
        folder.write("go", "")
        let (outcome, log) = try await Self.run(playbook, in: folder, secrets: ["password": password])
        #expect(outcome.recap.exitStatus == 0)
        #expect(log == ["hidden", "known"])
    }

    @Test("other options than then are refused, and so is a journal in use")
    @IOLoop func otherOptions() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/journal"
        let first = try #require(try AppendedFile(path))
        #expect(try AppendedFile(path) == nil)
        _ = try RunJournal(first, header: ["limit": "web1"]) { _ in }
        func refusal(_ limit: Value) -> Diagnostic? {
            do throws(Diagnostic) {
                _ = try RunJournal(first, header: ["limit": limit]) { _ in }
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal("web2")?.summary == "the run before had another limit: web1")
        #expect(refusal("web1")?.summary == nil)
    }
}
