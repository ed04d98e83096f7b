import Diagnostics
import Results
import RunFixture
import Testing
import Values

/// A dry run tells three things: would change, would not, cannot tell. What cannot be told travels.
@Suite struct CheckModeTests {
    /// The transcript of tasks on one host, dry.
    static func transcript(_ tasks: String, handlers: String = "", options: String = "--check") async throws
        -> (lines: [String], recap: String?, folder: TemporaryFolder)
    {
        let example = Case(files: [
            "options": options,
            "playbook.yml": "- hosts: web1\n  tasks:\n" + tasks + (handlers.isEmpty ? "" : "  handlers:\n" + handlers),
        ])
        let (outcome, folder) = try await RunFixture.run(example)
        let transcript = Transcript(outcome, folder: folder.path)
        return (
            transcript.lines.filter { !$0.hasPrefix("play") && !$0.hasPrefix("task") }, transcript.recap["web1"], folder
        )
    }

    @Test("a command's outcome is unknown, and so is what depends on it")
    func commands() async throws {
        let (lines, recap, folder) = try await Self.transcript(
            """
                - {name: c, command: "touch {{ playbook_dir }}/made", register: r}
                - {name: condition, debug: {msg: a}, when: r is changed}
                - {name: by value, debug: {msg: a}, when: r.rc == 0}
                - {name: argument, copy: {dest: "{{ playbook_dir }}/f", content: "{{ r.stdout }}"}}
                - {name: fact, set_fact: {x: "{{ r.stdout }}"}}
                - {name: of the fact, debug: {msg: "{{ x }}"}}
                - {name: loop, debug: {msg: a}, loop: "{{ r.stdout_lines }}"}
                - {name: independent, debug: {msg: known}}

            """)
        #expect(lines == Array(repeating: "web1 unknown", count: 7) + ["web1 ok \"known\""])
        #expect(recap?.hasSuffix("unknown=7") ?? false)
        #expect(folder.read("made") == nil)
        #expect(folder.read("f") == nil)
    }

    @Test("a template whose text only a run can tell makes its task unknown, and nothing fails")
    func templates() async throws {
        let example = Case(files: [
            "options": "--check", "templates/t.j2": "out={{ r.stdout }}\n",
            "playbook.yml": """
            - hosts: web1
              tasks:
                - {name: c, command: "echo x", register: r}
                - {name: file, template: {src: t.j2, dest: "{{ playbook_dir }}/t"}}
                - {name: lookup, debug: {msg: "{{ lookup('template', 't.j2') }}"}}
                - {name: looked, copy: {dest: "{{ playbook_dir }}/c", content: "{{ lookup('template', 't.j2') }}"}}
            """,
        ])
        let (outcome, folder) = try await RunFixture.run(example)
        let transcript = Transcript(outcome, folder: folder.path)
        #expect(transcript.recap["web1"]?.contains("failed=0") == true)
        #expect(transcript.lines.filter { $0.hasPrefix("web1 ") } == Array(repeating: "web1 unknown", count: 4))
    }

    @Test("groups of `groupby` are lists wherever they leave their template")
    func groups() async throws {
        let (lines, _, _) = try await Self.transcript(
            """
                - {name: lone, debug: {msg: "{{ [{'a': 1}, {'a': 2}, {'a': 1}] | groupby('a') }}"}}
                - {name: kept, set_fact: {g: "{{ [{'a': 1}, {'a': 2}] | groupby('a') }}"}}
                - {name: later, debug: {msg: "{{ g[1] }} {{ dict(g) | length }}"}}
                - {name: pairs, debug: {msg: "{{ dict([{'a': 1}] | groupby('a')) }}"}}

            """)
        #expect(lines.count == 4)
        #expect(lines[0] == "web1 ok [[1, [{\"a\": 1}, {\"a\": 1}]], [2, [{\"a\": 2}]]]", "\(lines[0])")
        #expect(lines[2] == "web1 ok \"[2, [{'a': 2}]] 2\"", "\(lines[2])")
        #expect(lines[3] == "web1 ok {\"1\": [{\"a\": 1}]}", "\(lines[3])")
    }

    @Test("what is known in spite of an unknown part is told")
    func lazyConditions() async throws {
        let (lines, _, _) = try await Self.transcript(
            """
                - {name: c, command: "true", register: r}
                - {name: decided, debug: {msg: a}, when: [false, r is changed]}
                - {name: default, debug: {msg: "{{ r.rc | default(1) }}"}}

            """)
        #expect(lines[1] == "web1 skipped")
        #expect(lines[2] == "web1 unknown")
    }

    @Test("commands that say they only look run all the same")
    func checkModeFalse() async throws {
        let (lines, recap, _) = try await Self.transcript(
            """
                - {name: c, command: echo hi, register: r, check_mode: false, changed_when: false}
                - {name: uses it, debug: {msg: "{{ r.stdout }}"}}
                - {name: mode, debug: {msg: "{{ ansible_check_mode }}"}}

            """)
        #expect(lines == ["web1 ok", "web1 ok \"hi\"", "web1 ok true"])
        #expect(recap == "ok=3 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0")
    }

    @Test("check_mode: true in a real run changes nothing")
    func checkModeTrue() async throws {
        let (lines, _, folder) = try await Self.transcript(
            """
                - {name: dry, copy: {dest: "{{ playbook_dir }}/dry", content: a}, check_mode: true}
                - {name: real, copy: {dest: "{{ playbook_dir }}/real", content: a}}

            """, options: "")
        #expect(lines == ["web1 changed", "web1 changed"])
        #expect(folder.read("dry") == nil)
        #expect(folder.read("real") == "a")
    }

    @Test("files: what would change is told, later tasks count on it, nothing is written")
    func files() async throws {
        let tasks = """
                - {name: folder, file: {path: "{{ playbook_dir }}/d", state: directory}}
                - {name: copy, copy: {dest: "{{ playbook_dir }}/d/f", content: a}, notify: h}
                - {name: the same, copy: {dest: "{{ playbook_dir }}/d/f", content: a}}
                - {name: look, stat: {path: "{{ playbook_dir }}/d/f"}, register: s}
                - {name: seen, debug: {msg: "{{ s.stat.exists }}"}}

            """
        let handlers = "    - {name: h, debug: {msg: handled}}\n"
        let dry = try await Self.transcript(tasks, handlers: handlers)
        let real = try await Self.transcript(tasks, handlers: handlers, options: "")
        #expect(dry.lines == real.lines)
        #expect(dry.recap == real.recap)
        #expect(dry.folder.read("d/f") == nil)
        #expect(real.folder.read("d/f") == "a")
    }

    // If it waited, it would wait for hours.
    @Test("retries do not wait for what a dry run cannot tell", .timeLimit(.minutes(10)))
    func retries() async throws {
        let (lines, _, _) = try await Self.transcript(
            """
                - {name: c, command: "false", register: r, until: r is succeeded, retries: 5, delay: 36000}

            """)
        #expect(lines == ["web1 unknown"])
    }

    @Test("an include that depends on an unknown is unknown, not failed")
    func includes() async throws {
        let (lines, recap, _) = try await Self.transcript(
            """
                - {name: c, command: "true", register: r}
                - {name: include, include_tasks: "{{ r.stdout }}.yml"}
                - {name: condition, include_tasks: a.yml, when: r is changed}
                - {name: loop, include_tasks: a.yml, loop: "{{ r.stdout_lines }}"}
                - {name: goes on, debug: {msg: further}}

            """)
        #expect(lines == Array(repeating: "web1 unknown", count: 4) + ["web1 ok \"further\""])
        #expect(recap?.contains("failed=0") ?? false)
    }

    @Test("a loop with an unknown item is unknown as a whole, changed if another item would change")
    func loops() async throws {
        let (lines, _, _) = try await Self.transcript(
            """
                - {name: c, command: "true", register: r}
                - {name: loop, debug: {msg: "{{ item }}"}, loop: [a, "{{ r.stdout }}"]}
                - {name: judged, command: "true", changed_when: false, failed_when: false}

            """)
        #expect(lines.contains("web1 unknown"))
        #expect(!lines.contains { $0.contains("failed") })
    }

    @Test("an assertion about something unknown is unknown")
    func assertions() async throws {
        let (lines, recap, _) = try await Self.transcript(
            """
                - {name: c, command: "true", register: r}
                - {name: a, assert: {that: r.rc == 0}}
                - {name: b, fail: {msg: no}, when: r is failed}
                - {name: d, debug: {var: r.stdout}}

            """)
        #expect(lines == Array(repeating: "web1 unknown", count: 4))
        #expect(recap?.contains("failed=0") ?? false)
    }

    @Test("what a delegate would have is foreseen of the delegate")
    func delegated() async throws {
        let (outcome, folder) = try await RunFixture.run(
            Case(files: [
                "options": "--check",
                "playbook.yml": """
                - hosts: web1
                  tasks:
                    - {name: copy, copy: {dest: "{{ playbook_dir }}/f", content: a}, delegate_to: web2}
                    - {name: own, stat: {path: "{{ playbook_dir }}/f"}, register: own}
                    - {name: theirs, stat: {path: "{{ playbook_dir }}/f"}, register: theirs, delegate_to: web2}
                    - {name: seen, debug: {msg: "{{ own.stat.exists }} {{ theirs.stat.exists }}"}}
                    - name: each
                      copy: {dest: "{{ playbook_dir }}/g", content: a}
                      delegate_to: "{{ item }}"
                      loop: [web2, web3]
                    - {name: both, stat: {path: "{{ playbook_dir }}/g"}, register: r, delegate_to: "{{ item }}",
                       loop: [web1, web2, web3]}
                    - {name: seen of all, debug: {msg: "{{ r.results | map(attribute='stat.exists') | list }}"}}
                - hosts: web2
                  tasks:
                    - {name: itself, stat: {path: "{{ playbook_dir }}/f"}, register: r}
                    - {name: seen of it, debug: {msg: "{{ r.stat.exists }}"}}
                """,
            ]))
        let lines = Transcript(outcome, folder: folder.path).lines
        #expect(lines.contains("web1 ok \"False True\""), "\(lines)")
        #expect(lines.contains("web1 ok [false, true, true]"), "\(lines)")
        #expect(lines.contains("web2 ok true"), "\(lines)")
        #expect(lines.filter { $0.hasPrefix("item web1 changed") }.count == 2)
    }

    @Test(
        "keywords and variables that only a run can tell make the task unknown, even one that runs all the same",
        arguments: [
            "environment: {X: '{{ r.stdout }}'}", "delegate_to: '{{ r.stdout }}'",
            "vars: {ansible_connection: '{{ r.stdout }}'}", "vars: {ansible_port: '{{ r.stdout }}'}",
            "vars: {ansible_user: '{{ r.stdout }}'}", "port: '{{ r.stdout }}'", "remote_user: '{{ r.stdout }}'",
            "become: '{{ r.rc }}'", "become: true, become_user: '{{ r.stdout }}'",
            "vars: {ansible_become: '{{ r.rc }}'}", "timeout: '{{ r.rc }}'", "retries: '{{ r.rc }}', until: true",
            "async: '{{ r.rc }}'", "async: 5, vars: {ansible_async_dir: '{{ r.stdout }}'}",
            "loop: [a], environment: {X: '{{ r.stdout }}'}",
        ])
    func unknownKeywords(_ keyword: String) async throws {
        let (lines, recap, folder) = try await Self.transcript(
            """
                - {name: c, command: "true", register: r}
                - {name: it, shell: "echo $X > {{ playbook_dir }}/f", check_mode: false, \(keyword)}
                - {name: not in earnest, file: {path: "{{ playbook_dir }}/f", state: touch}, \(keyword)}

            """)
        #expect(lines.filter { !$0.hasPrefix("item") } == Array(repeating: "web1 unknown", count: 3))
        #expect(recap?.contains("failed=0") ?? false)
        #expect(folder.read("f") == nil)
    }

    @Test("an unknown until ends the tries, an unknown notification is told of, an unknown end ends nothing")
    func unknownElsewhere() async throws {
        let example = Case(files: [
            "options": "--check",
            "playbook.yml": """
            - hosts: web1
              tasks:
                - {name: c, command: "true", register: r}
                - {name: until, command: "true", check_mode: false, until: r.rc == 0, retries: 2, delay: 1}
                - {name: notify, copy: {dest: "{{ playbook_dir }}/f", content: a}, notify: "{{ r.stdout }}"}
                - {name: end, meta: end_play, when: r.rc == 0}
                - {name: goes on, debug: {msg: further}}
              handlers:
                - {name: h, debug: {msg: a}}
            """,
        ])
        let (outcome, folder) = try await RunFixture.run(example)
        let lines = Transcript(outcome, folder: folder.path).lines.filter { $0.hasPrefix("web1") }
        #expect(
            lines == ["web1 unknown", "web1 unknown", "web1 changed", "web1 unknown", "web1 ok \"further\""])
        let warnings = outcome.results.flatMap(\.warnings)
        #expect(warnings.contains { $0.contains("handlers") && $0.contains("'c'") }, "\(warnings)")
        #expect(outcome.recap.exitStatus == 0)
    }

    @Test("a dry run in which something changed all the same says so", arguments: [true, false])
    func inEarnest(_ changes: Bool) async throws {
        let example = Case(files: [
            "options": "--check",
            "playbook.yml": """
            - hosts: web1
              tasks:
                - {name: looks, command: "true", check_mode: false, changed_when: \(changes)}
                - {name: would change, copy: {dest: "{{ playbook_dir }}/f", content: a}}
            """,
        ])
        let (outcome, _) = try await RunFixture.run(example)
        #expect(outcome.recap.changedInEarnest == changes)
    }

    @Test("what a file would hold of a secret stays one to later tasks: no diff has it, and nothing that is read of it")
    func secretsForeseen() async throws {
        let playbook = """
            - hosts: web1
              tasks:
                - {name: secret, copy: {content: "{{ password }}\n", dest: "{{ playbook_dir }}/f"}}
                - {name: bits, file: {path: "{{ playbook_dir }}/f", mode: "0600"}}
                - {name: line, lineinfile: {path: "{{ playbook_dir }}/f", line: more}}
                - {name: words, replace: {path: "{{ playbook_dir }}/f", regexp: "^more$", replace: most}}
                - {name: copied, copy: {src: "{{ playbook_dir }}/f", dest: "{{ playbook_dir }}/g", remote_src: true}}
                - {name: block, blockinfile: {path: "{{ playbook_dir }}/g", block: b}}
                - {name: items, lineinfile: {path: "{{ playbook_dir }}/g", line: "{{ item }}"}, loop: [c, d]}
                - {name: put together, assemble: {src: "{{ playbook_dir }}", regexp: "^[fg]$", dest: "{{ playbook_dir }}/all", remote_src: true}}
                - {name: read, slurp: {src: "{{ playbook_dir }}/g"}, register: read}
                - {name: open, copy: {content: "plain\n", dest: "{{ playbook_dir }}/o"}}
                - {name: seen, lineinfile: {path: "{{ playbook_dir }}/o", line: more}}
            """
        let (outcome, _) = try await RunFixture.perform(
            Case(files: ["options": "--check --diff", "playbook.yml": playbook]),
            secrets: ["password": "correct horse battery"])
        var shown: [String: Int] = [:]
        for event in outcome.events {
            let report: TaskReport
            switch event {
            case .item(let item): report = item
            case .result(let result): report = result
            default: continue
            }
            #expect(report.status != .failed, "\(report.task.name)")
            if report.task.name == "read" { #expect(report.values["content"]?.holdsSecret == true) }
            for case .text(_, let before, let after)? in report.change?.parts ?? [] {
                shown[report.task.name, default: 0] += 1
                #expect(!((before ?? "") + (after ?? "")).contains("horse"), "\(report.task.name)")
            }
        }
        #expect(shown == ["open": 1, "seen": 1])
    }
}
