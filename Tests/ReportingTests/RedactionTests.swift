import Diagnostics
import Reporting
import Results
import RunFixture
import Testing
import Values

/// A secret never appears, whatever way it takes.
@Suite struct RedactionTests {
    static let secret = "s3cret-Passw0rd"

    static let inventory = """
        all:
          hosts:
            web1: {ansible_connection: local}

        """

    /// A project with a secret of the play's, which reaches every place that is shown.
    static func example(_ tasks: String, options: String = "--diff") -> Case {
        Case(files: [
            "inventory": inventory, "options": options,
            "playbook.yml": "- hosts: web1\n  tasks:\n" + tasks,
        ])
    }

    static func outputs(_ example: Case) async throws -> [(String, String)] {
        try await withFixture(example) { outcome, redactor in
            var outputs = (0...4).map {
                (
                    "-\(String(repeating: "v", count: $0))",
                    TerminalTests.text(outcome.events, verbosity: $0, redactor: redactor)
                )
            }
            outputs.append(("json", TerminalTests.json(outcome.events, redactor: redactor)))
            return outputs
        }
    }

    static func withFixture<Result>(
        _ example: Case, _ body: (RunFixture.Outcome, Redactor) throws -> Result
    ) async throws -> Result {
        let (outcome, redactor) = try await RunFixture.perform(example, secrets: ["word": secret])
        return try body(outcome, redactor)
    }

    @Test(
        "not in any output",
        arguments: [
            ("debug", "    - debug: {msg: 'it is {{ word }}'}\n"),
            ("debug var", "    - debug: {var: word}\n"),
            ("task name", "    - {name: 'use {{ word }}', debug: {msg: a}}\n"),
            ("loop labels", "    - {debug: {msg: a}, loop: ['{{ word }}', 'x{{ word }}y']}\n"),
            ("loop label", "    - {debug: {msg: a}, loop: [1], loop_control: {label: 'l {{ word }}'}}\n"),
            ("command output", "    - {shell: \"echo '{{ word }}' | rev | rev; echo '{{ word }}' >&2\"}\n"),
            ("failing command", "    - {shell: \"echo '{{ word }}'; exit 3\"}\n"),
            ("fail", "    - {fail: {msg: 'wrong: {{ word }}'}}\n"),
            ("assert", "    - {assert: {that: \"word == 'other'\", fail_msg: 'is {{ word }}'}}\n"),
            ("copy with diff", "    - {copy: {dest: '{{ playbook_dir }}/f', content: \"a\\n{{ word }}\\nb\\n\"}}\n"),
            (
                "derived",
                "    - {set_fact: {made: \"{{ word | upper }} {{ word | b64encode }}\"}}\n    - {debug: {var: made}}\n"
            ),
            ("registered", "    - {shell: \"echo '{{ word }}'\", register: out}\n    - {debug: {var: out}}\n"),
            ("key of a map", "    - {set_fact: {made: '{{ {word: {word: 1}} }}'}}\n    - {debug: {var: made}}\n"),
            ("word of a command", "    - {command: \"false {{ word }} {{ word | b64encode }}\"}\n"),
            ("word of a job's command", "    - {command: \"false {{ word | b64encode }}\", async: 9, poll: 1}\n"),
            (
                "what a command said of its words",
                "    - {command: \"sh -c 'echo $1 >&2; exit 3' - --x={{ word | b64encode }}\"}\n"
            ),
            ("item of a map", "    - {debug: {msg: '{{ item.value }}'}, with_dict: {a: '{{ word }}'}}\n"),
            ("bad value", "    - {file: {path: /tmp/x, state: '{{ word }}'}}\n"),
            ("missing file", "    - {copy: {src: '{{ word }}.txt', dest: /tmp/x}}\n"),
            ("undefined attribute", "    - {debug: {msg: '{{ {}[word] }}'}}\n"),
            ("included file", "    - include_tasks: '{{ word }}.yml'\n"),
            ("loop not a list", "    - {debug: {msg: a}, loop: '{{ word }}'}\n"),
            ("environment", "    - {shell: 'echo $W', environment: {W: '{{ word }}'}}\n"),
            ("delegate", "    - {debug: {msg: a}, delegate_to: '{{ word }}'}\n"),
        ])
    func nowhere(_ name: String, _ tasks: String) async throws {
        let hidden = [Self.secret, Self.secret.uppercased(), "czNjcmV0LVBhc3N3MHJk"]
        for (output, text) in try await Self.outputs(Self.example(tasks)) {
            for word in hidden { #expect(!text.contains(word), "\(name), \(output): \(text)") }
            #expect(text.contains("web1"))
        }
    }

    @Test("what stands in a playbook beside a secret hides nothing")
    func besides() async throws {
        let tasks = """
                - {command: "printf spoken-{{ word | b64encode }}"}
                - {debug: {msg: printf is no secret}}

            """
        for (output, text) in try await Self.outputs(Self.example(tasks)) {
            #expect(text.contains("printf is no secret"), "\(output): \(text)")
        }
    }

    @Test("keys are masked where they hold what is known; the names of a report's own fields are not")
    func keys() {
        let redactor = Redactor()
        redactor.learn("abcd")
        redactor.learn("status")
        let value: Value = [["xabcd": 1, "other": ["abcd": "abcd"]]]
        #expect(redactor.redacted(value) == [["x********": 1, "other": ["********": "********"]]])
        #expect(redactor.holdsSecret(value) && !redactor.holdsSecret(["other": "abc"]))
        let report = TaskReport(
            host: "web1", task: TaskTitle(kind: .task, name: "t", location: nil), status: .ok, action: "debug")
        #expect(TerminalTests.json([.result(report)], redactor: redactor).contains(#""status":"#))
    }

    @Test("no_log hides what is no secret")
    func noLog() async throws {
        let tasks = """
                - {command: echo quiet-word, no_log: true, register: out}
                - {command: echo quiet-word, no_log: true, loop: [quiet-word]}
                - {copy: {dest: '{{ playbook_dir }}/f', content: quiet-word}, no_log: true}
                - {fail: {msg: quiet-word}, no_log: true}

            """
        for (output, text) in try await Self.outputs(Self.example(tasks)) {
            #expect(!text.contains("quiet-word"), "\(output): \(text)")
        }
    }

    @Test("pieces of a secret's lines, and secrets within secrets")
    func lines() {
        let redactor = Redactor()
        redactor.learn("first-line\nsecond-line")
        redactor.learn("third-line\r\nfourth-line\r\n")
        #expect(redactor.redacted("x third-line\ny fourth-line\u{301}") == "x ********\ny ********\u{301}")
        redactor.learn("abcd")
        redactor.learn("abcdefgh")
        #expect(redactor.redacted("a second-line b") == "a ******** b")
        #expect(redactor.redacted("abcdefgh abcd") == "******** ********")
        #expect(redactor.redacted("harmless") == "harmless")
        redactor.learn("abc")
        #expect(redactor.redacted("abc") == "abc")
    }
}
