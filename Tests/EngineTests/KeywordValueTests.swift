import Diagnostics
import Results
import RunFixture
import Testing
import Values

/// Keywords whose value is only known in the run, and means nothing then.
@Suite struct KeywordValueTests {
    private static func run(_ play: String, _ task: String) async throws -> RunFixture.Outcome {
        let text = "- hosts: web1\n\(play)  tasks:\n    - {name: one, command: echo secret, \(task)}\n"
        return try await RunFixture.run(Case(files: ["playbook.yml": text])).outcome
    }

    @Test(
        "fail the task at their place",
        arguments: [
            "no_log: \"{{ 'maybe' }}\"", "check_mode: \"{{ 'maybe' }}\"", "become: \"{{ '' }}\"",
            "ignore_unreachable: \"{{ [] }}\"", "run_once: \"{{ 2 }}\"", "any_errors_fatal: \"{{ 'x' }}\"",
            "throttle: \"{{ 1.5 }}\"", "timeout: \"{{ 'x' }}\"", "timeout: \"{{ 10 ** 12 }}\"",
            "port: \"{{ 70000 }}\"", "until: false, retries: \"{{ 'x' }}\"", "until: false, retries: \"{{ 1e30 }}\"",
            "until: false, retries: 1, delay: \"{{ 'nan' }}\"", "until: false, retries: 1, delay: \"{{ 1e300 }}\"",
            "async: \"{{ 1e30 }}\"", "async: 5, poll: \"{{ 'x' }}\"",
            "loop: [1, 2], loop_control: {pause: \"{{ 1e30 }}\"}", "loop: [1], loop_control: {pause: \"{{ 'x' }}\"}",
        ])
    func tasks(_ keyword: String) async throws {
        let outcome = try await Self.run("", keyword)
        #expect(outcome.recap.exitStatus == 2)
        #expect(outcome.recap[host: "web1"].failed == 1)
        let report = try #require(outcome.results.first)
        #expect(report.diagnostic?.location?.line == 3, "\(String(describing: report.diagnostic))")
        #expect(report.values["stdout"] == nil, "the command ran")
    }

    @Test("a no_log that means nothing hides")
    func noLog() async throws {
        let outcome = try await Self.run("", "no_log: \"{{ 'maybe' }}\"")
        #expect(outcome.results.allSatisfy { $0.isHidden })
    }

    @Test(
        "keep a play from beginning",
        arguments: [
            "serial: \"{{ 'x' }}\"", "serial: \"{{ '1e400%' }}\"", "serial: [\"{{ 'nan%' }}\"]", "order: \"{{ 'x' }}\"",
            "max_fail_percentage: \"{{ 'x' }}\"", "force_handlers: \"{{ 'x' }}\"", "gather_facts: \"{{ 'x' }}\"",
        ])
    func plays(_ keyword: String) async throws {
        let outcome = try await Self.run("  \(keyword)\n", "changed_when: false")
        #expect(outcome.recap.exitStatus == 2)
        #expect(outcome.recap[host: "web1"].failed == 1)
        #expect(outcome.results.allSatisfy { $0.values["stdout"] == nil }, "the command ran")
        #expect(outcome.results.first?.diagnostic?.location?.line == 2)
    }

    @Test("that mean something count, templates or not")
    func right() async throws {
        let outcome = try await Self.run(
            "  serial: \"{{ '50%' }}\"\n  order: \"{{ 'sorted' }}\"\n  max_fail_percentage: \"10%\"\n",
            "until: r is succeeded, register: r, retries: \"{{ '2' }}\", delay: -1, throttle: 0, timeout: \"{{ 100 }}\""
        )
        #expect(outcome.recap.exitStatus == 0)
        #expect(outcome.recap[host: "web1"].changed == 1)
    }

    @Test("force_handlers of a play wins over the option, and may be a template")
    func forceHandlers() async throws {
        func ran(_ value: String, _ options: String) async throws -> Bool {
            let outcome = try await RunFixture.run(
                Case(
                    files: [
                        "playbook.yml": """
                        - hosts: web1
                          force_handlers: \(value)
                          handlers: [{name: tidy, command: "true"}]
                          tasks:
                            - {name: one, command: "true", notify: tidy}
                            - {name: two, command: "false"}
                        """,
                        "options": options,
                    ])
            ).outcome
            return outcome.results.contains { $0.task.name == "tidy" }
        }
        #expect(try await ran("\"{{ true }}\"", ""))
        #expect(try await !ran("false", "--force-handlers"))
    }

    @Test("values in a line are read with their escapes, as recorded of ansible-playbook")
    func escapes() async throws {
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "playbook.yml": #"""
                - hosts: web1
                  tasks:
                    - debug: msg="a\nb\tc\x41\u00e9\\d\101\q\0"
                    - debug: msg='a\nb'
                    - debug: msg=a\nb
                    - debug: msg="a\"b"
                    - debug: msg="{{ 'a\nb' }}"
                    - shell: printf "a\nb"
                """#
            ]))
        let reports = outcome.results
        #expect(
            reports.compactMap { $0.values["msg"]?.stringValue }
                == ["a\nb\tcAé\\d\\101\\q\\0", "a\nb", "a\nb", "a\"b", "a\nb", ""])
        #expect(reports.last?.values["cmd"] == #"printf "a\nb""#)
    }
}
