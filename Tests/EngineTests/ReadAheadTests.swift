import Glibc
import Local
import Results
import RunFixture
import Testing
import Values

/// Hosts that are asked about tasks before their turn: the run is the same, and waits less often.
@Suite struct ReadAheadTests {
    private func run(_ tasks: String, in folder: TemporaryFolder, ahead: Bool = true) async throws -> [TaskReport] {
        let playbook = "- hosts: db1\n  gather_facts: false\n  vars: {here: \(folder.path)}\n  tasks:\n" + tasks
        let fixture = try await RunFixture(Case(name: "ahead", files: ["playbook.yml": playbook]), readsAhead: ahead)
        return try await fixture.run().results
    }

    private func trips(_ reports: [TaskReport]) -> Int { reports.map(\.roundTrips).reduce(0, +) }

    @Test("twenty tasks that find nothing to do wait five times, not twenty")
    func waits() async throws {
        let folder = TemporaryFolder()
        folder.write("file", "text\n")
        let tasks = (0..<20).map { number in
            number.isMultiple(of: 2)
                ? "    - stat: {path: '{{ here }}/file'}\n      register: answer\(number)\n"
                : "    - copy: {content: \"text\\n\", dest: '{{ here }}/file'}\n"
        }.joined()
        let plain = try await run(tasks, in: folder, ahead: false)
        #expect(plain.count == 20 && trips(plain) == 20)
        let ahead = try await run(tasks, in: folder)
        #expect(ahead.count == 20 && ahead.allSatisfy { $0.status == .ok })
        #expect(trips(ahead) <= 5)
        #expect(plain.map { $0.values["checksum"] } == ahead.map { $0.values["checksum"] })
    }

    @Test("what a task changes is seen by the next, whoever was asked about what before")
    func changes() async throws {
        let still = "    - stat: {path: /etc/passwd}\n"
        let tasks =
            String(repeating: still, count: 6) + """
                    - stat: {path: '{{ here }}/new'}
                      register: before
                    - copy: {content: "one\\n", dest: '{{ here }}/new'}
                    - stat: {path: '{{ here }}/new'}
                      register: after
                    - lineinfile: {path: '{{ here }}/new', line: two}
                    - lineinfile: {path: '{{ here }}/new', line: two}
                    - stat: {path: '{{ here }}/new'}
                      register: last
                    - stat: {path: '{{ here }}/made'}
                      register: unmade
                    - command: touch {{ here }}/made
                    - stat: {path: '{{ here }}/made'}
                      register: made
                    - file: {path: '{{ here }}/new', state: absent}
                      when: made.stat.exists
                    - file: {path: '{{ here }}/new', state: absent}
                    - assert:
                        that:
                          - not before.stat.exists
                          - after.stat.size == 4
                          - last.stat.size == 8
                          - not unmade.stat.exists

                """
        let folder = TemporaryFolder()
        let reports = try await run(tasks, in: folder)
        #expect(
            reports.dropFirst(6).map(\.status) == [
                .ok, .changed, .ok, .changed, .ok, .ok, .ok, .changed, .ok, .changed, .ok, .ok,
            ])
    }

    @Test("a lookup is done once, at its task's turn, and not at all where the task has none")
    func lookups() async throws {
        let folder = TemporaryFolder()
        let tasks =
            String(repeating: "    - stat: {path: /etc/passwd}\n", count: 4) + """
                    - stat: {path: "{{ lookup('pipe', 'echo turn >>' ~ here ~ '/log; echo /etc/group') }}"}
                      register: asked
                    - stat: {path: "{{ lookup('pipe', 'echo never >>' ~ here ~ '/log; echo /etc/group') }}"}
                      when: not asked.stat.exists

                """
        let reports = try await run(tasks, in: folder)
        #expect(reports.suffix(2).map(\.status) == [.ok, .skipped])
        #expect(folder.read("log") == "turn\n")
    }

    @Test("a task that fails ends the play, and what was asked about the rest is forgotten")
    func failures() async throws {
        let tasks =
            String(repeating: "    - stat: {path: /etc/passwd}\n", count: 4) + """
                    - file: {path: '{{ here }}/none', state: file}
                    - copy: {content: x, dest: '{{ here }}/never'}

                """
        let folder = TemporaryFolder()
        let reports = try await run(tasks, in: folder)
        #expect(reports.map(\.status) == [.ok, .ok, .ok, .ok, .failed])
        #expect(access("\(folder.path)/never", F_OK) != 0)
    }

    @Test("directories of the host that are copied there are looked at when it is their turn")
    func trees() async throws {
        let folder = TemporaryFolder()
        folder.write("s/file", "text\n")
        let tasks =
            String(repeating: "    - stat: {path: /etc/passwd}\n", count: 4) + """
                    - copy: {src: '{{ here }}/s/', dest: '{{ here }}/d', remote_src: true}
                    - copy: {src: '{{ here }}/s/', dest: '{{ here }}/d', remote_src: true}
                    - copy: {src: '{{ here }}/s/', dest: '{{ here }}/d', remote_src: true}

                """
        let reports = try await run(tasks, in: folder)
        #expect(reports.suffix(3).map(\.status) == [.changed, .ok, .ok])
        #expect(reports.suffix(3).map(\.roundTrips) == [2, 1, 1])
    }
}
