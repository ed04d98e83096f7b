import Foundation
import Results
import RunFixture
import Testing
import Values

/// Items of a loop that have nothing to do with each other are changed together; others wait for their turn.
@Suite struct LoopAheadTests {
    private func run(_ tasks: String, options: String = "") async throws -> (reports: [TaskReport], items: [TaskReport])
    {
        let playbook = "- hosts: web1\n  gather_facts: false\n  tasks:\n" + tasks + "\n"
        let (outcome, _) = try await RunFixture.run(Case(files: ["playbook.yml": playbook, "options": options]))
        #expect(outcome.recap.exitStatus == 0)
        var (reports, items): ([TaskReport], [TaskReport]) = ([], [])
        for event in outcome.events {
            if case .result(let report) = event { reports.append(report) }
            if case .item(let report) = event { items.append(report) }
        }
        return (reports, items)
    }

    @Test("a hundred new files cost one look and one writing", arguments: [false, true])
    func together(isCheck: Bool) async throws {
        let folder = TemporaryFolder()
        let (reports, items) = try await run(
            """
                - name: files
                  copy: {content: "{{ item }}", dest: "\(folder.path)/f{{ item }}", mode: '0640'}
                  loop: "{{ range(100) | list }}"
            """, options: isCheck ? "--check" : "")
        #expect(items.count == 100)
        #expect(items.allSatisfy { $0.status == .changed })
        #expect(reports.first.map { $0.roundTrips <= 3 } ?? false)
        let made = try FileManager.default.contentsOfDirectory(atPath: folder.path).count
        #expect(made == (isCheck ? 0 : 100))
        if !isCheck {
            #expect(try String(contentsOfFile: folder.path + "/f42", encoding: .utf8) == "42")
        }
    }

    @Test("items about one path are done one after the other")
    func samePath() async throws {
        let folder = TemporaryFolder()
        let (_, items) = try await run(
            """
                - name: files
                  copy: {content: "{{ item }}", dest: "\(folder.path)/same"}
                  loop: [a, a, b, b, a]
            """)
        #expect(items.map(\.status) == [.changed, .ok, .changed, .ok, .changed])
        #expect(try String(contentsOfFile: folder.path + "/same", encoding: .utf8) == "a")
    }

    @Test("what is below a directory waits for it, and goes with it")
    func nested() async throws {
        let folder = TemporaryFolder()
        let (_, items) = try await run(
            """
                - name: tree
                  file: {path: "\(folder.path)/{{ item.path }}", state: "{{ item.state }}", mode: "{{ item.mode | d(omit) }}"}
                  loop:
                    - {path: a, state: directory, mode: '0700'}
                    - {path: a/b, state: directory, mode: '0750'}
                    - {path: a/b, state: directory, mode: '0750'}
                    - {path: c, state: directory, mode: '0755'}
                    - {path: a, state: absent}
                    - {path: a/b, state: absent}
            """)
        #expect(items.map(\.status) == [.changed, .changed, .ok, .changed, .changed, .ok])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["c"])
    }

    @Test("nothing is done ahead of an item that may be the last, or ahead of a pause")
    func inTurn() async throws {
        let folder = TemporaryFolder()
        let (_, items) = try await run(
            """
                - name: files
                  copy: {content: "{{ item }}", dest: "\(folder.path)/f{{ item }}"}
                  loop: [1, 2, 3, 4]
                  loop_control: {break_when: item == 2}
            """)
        #expect(items.count == 2)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["f1", "f2"])
    }

    @Test("no_log and delegation are each item's own")
    func traits() async throws {
        let folder = TemporaryFolder()
        let (reports, items) = try await run(
            """
                - name: files
                  copy: {content: "{{ item }}", dest: "\(folder.path)/f{{ item }}"}
                  loop: [1, 2, 3]
                  no_log: "{{ item == 1 }}"
                  delegate_to: "{{ 'web2' if item == 2 else 'web3' }}"
            """)
        #expect(items.map(\.isHidden) == [true, false, false])
        #expect(items.map(\.delegate) == ["web3", "web2", "web3"])
        #expect(reports.first?.isHidden == true)
    }
}
