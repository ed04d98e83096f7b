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
        let diagnostics = outcome.results.compactMap(\.diagnostic)
        #expect(diagnostics.count == 1)
        #expect(diagnostics.first?.summary.contains("nobody") ?? false)
        #expect(diagnostics.first?.location?.line == 6)
    }

    @Test("keywords that cannot be evaluated fail the task on its hosts", arguments: ["run_once", "throttle"])
    func brokenKeyword(_ keyword: String) async throws {
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "playbook.yml": """
                - hosts: web
                  tasks:
                    - {name: broken, debug: {msg: a}, \(keyword): "{{ ansible_facts.nothing }}"}
                - hosts: db
                  tasks:
                    - {name: another play, debug: {msg: b}}
                """
            ]))
        #expect(outcome.recap.exitStatus == 2)
        for host in ["web1", "web2", "web3"] { #expect(outcome.recap[host: host].failed == 1) }
    }

    @Test("a loop's own report says whether its items told all there is")
    func toldByItem() async throws {
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "there.yml": "- debug: {msg: a}",
                "playbook.yml": """
                - hosts: web1
                  tasks:
                    - {name: items, debug: {msg: "{{ item }}"}, loop: [1, 2]}
                    - {name: none, debug: {msg: "{{ item }}"}, loop: []}
                    - {name: a module's own, debug: {var: results}, vars: {results: [3]}}
                    - {name: not a list, debug: {msg: "{{ item }}"}, loop: 4, ignore_errors: true}
                    - {name: out of turn, debug: {msg: a}, loop: [1, 2], loop_control: {break_when: nothing.at_all},
                       ignore_errors: true}
                    - {name: some files, include_tasks: "{{ item }}", loop: [there.yml, other.yml], ignore_errors: true,
                       when: item == 'there.yml' or nothing}
                """,
            ]))
        let told = outcome.results.filter { $0.task.name != "debug" }.map { "\($0.task.name): \($0.isOfLoop)" }
        #expect(
            told == [
                "items: true", "none: false", "a module's own: false", "not a list: false", "out of turn: false",
                "some files: true",
            ])
    }

    @Test("hosts that even the run does not make end it, with the place of their pattern")
    func hostsThatNeverCome() async throws {
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "playbook.yml": """
                - hosts: web1
                  tasks:
                    - {name: group, group_by: {key: other}}
                - hosts: "{{ groups.ng[0] }}"
                  tasks:
                    - {name: not reached, debug: {msg: b}}
                - hosts: web2
                  tasks:
                    - {name: nor this, debug: {msg: c}}
                """
            ]))
        #expect(outcome.recap.exitStatus == 4)
        #expect(outcome.recap.hosts == ["web1"])
        let said = outcome.events.compactMap { event -> Diagnostic? in
            if case .said(let diagnostic) = event { diagnostic } else { nil }
        }
        #expect(said.map(\.location?.line) == [4])
    }

    @Test("an include with no_log hides its items, and what it brings in, too")
    func hiddenInclude() async throws {
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "playbook.yml": """
                - hosts: web1
                  tasks:
                    - name: brought in
                      include_tasks: inner.yml
                      no_log: true
                      when: item != 'PlainSecretA'
                      loop: [PlainSecretA, PlainSecretB]
                """,
                "inner.yml": "- {name: inner, debug: {msg: \"{{ item }}\"}}\n",
            ]))
        var hidden: [Bool] = []
        for event in outcome.events {
            switch event {
            case .item(let report), .result(let report): hidden.append(report.isHidden)
            default: break
            }
        }
        #expect(hidden == [true, true])
    }

    @Test("a loop's own report is hidden if one of its items is")
    func hiddenItems() async throws {
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "playbook.yml": """
                - hosts: web1
                  tasks:
                    - {name: some, debug: {msg: a}, loop: [a, b], no_log: "{{ item == 'a' }}"}
                    - {name: none, debug: {msg: a}, loop: [b], no_log: "{{ item == 'a' }}"}
                """
            ]))
        var hidden: [Bool] = []
        for event in outcome.events {
            switch event {
            case .item(let report), .result(let report): hidden.append(report.isHidden)
            default: break
            }
        }
        #expect(hidden == [true, false, true, false, false])
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

    /// Where each item costs as much as all before it together, this takes far longer than the limit.
    @Test("a loop of thousands costs as much an item as one of ten", .timeLimit(.minutes(2)))
    func manyItems() async throws {
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
    }
}
