import Diagnostics
import Results
import RunFixture
import Testing
import Values

/// Where runs end otherwise than ansible-playbook's, on purpose: a mistake costs the host it concerns, not the run.
@Suite struct OwnWayTests {
    @Test("a handler that is only known in the run, and that nobody has, fails the host at its place")
    func unknownHandler() async throws {
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "playbook.yml": """
                - hosts: web
                  tasks:
                    - name: one
                      command: "true"
                      changed_when: inventory_hostname == 'web1'
                      notify: "{{ 'nobody' }}"
                    - {name: two, debug: {msg: further}}
                """
            ]))
        #expect(outcome.recap.exitStatus == 2)
        #expect(outcome.recap[host: "web1"].failed == 1)
        #expect(outcome.recap[host: "web2"].ok == 2)
        let diagnostics = outcome.events.compactMap { event -> Diagnostic? in
            if case .result(let report) = event { report.diagnostic } else { nil }
        }
        #expect(diagnostics.count == 1)
        #expect(diagnostics.first?.summary.contains("nobody") ?? false)
        #expect(diagnostics.first?.location?.line == 6)
    }

    @Test("a missing include is rescued like any other failure")
    func missingInclude() async throws {
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "playbook.yml": """
                - hosts: web1
                  tasks:
                    - block:
                        - {name: missing, include_tasks: absent.yml}
                      rescue:
                        - {name: rescued, debug: {msg: "{{ ansible_failed_task.name }}"}}
                """
            ]))
        #expect(outcome.recap.exitStatus == 0)
        #expect(outcome.recap[host: "web1"].rescued == 1)
        #expect(outcome.recap[host: "web1"].ok == 1)
    }

    @Test("a file that includes itself without end fails, and does not take the program down")
    func endlessInclude() async throws {
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "playbook.yml": "- hosts: web1\n  tasks: [{include_tasks: a.yml}]\n",
                "a.yml": "- {include_tasks: a.yml}\n",
            ]))
        #expect(outcome.recap.exitStatus == 2)
        #expect(outcome.recap[host: "web1"].failed == 1)
    }

    @Test("a loop of thousands costs as much an item as one of ten")
    func manyItems() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "playbook.yml": """
                - hosts: web1
                  tasks:
                    - {name: many, set_fact: {last: "{{ item }}"}, loop: "{{ range(2000) | list }}", register: all}
                    - {name: told, debug: {msg: "{{ last }} {{ all.results | length }}"}}
                """
            ]))
        let items = outcome.events.filter { if case .item = $0 { true } else { false } }
        #expect(items.count == 2000)
        #expect(outcome.recap[host: "web1"].ok == 2)
        #expect(clock.now - start < .seconds(20))
    }
}
