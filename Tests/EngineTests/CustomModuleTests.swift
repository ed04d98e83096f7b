import Diagnostics
import Results
import RunFixture
import Testing
import Values

/// Modules that are files, where nothing was recorded: what is put on a host, and what is refused.
@Suite struct CustomModuleTests {
    /// As much of ansible-core as a module needs, in a few lines.
    static let core = """
        ::: installed/ansible/release.py
        __version__ = '2.99.1'
        ::: installed/ansible/module_utils/basic.py
        import json
        import sys
        from ansible.module_utils.common.text import line
        _ANSIBLE_ARGS = None


        class AnsibleModule:
            def __init__(self, argument_spec, supports_check_mode=False):
                self.params = json.loads(_ANSIBLE_ARGS.decode())["ANSIBLE_MODULE_ARGS"]
                self.check_mode = self.params["_ansible_check_mode"]
                if self.check_mode and not supports_check_mode:
                    self.exit_json(skipped=True, msg="cannot check")

            def exit_json(self, **answer):
                print(line(answer))
                sys.exit(0)
        ::: installed/ansible/module_utils/common/__init__.py
        ::: installed/ansible/module_utils/common/text.py
        import json as j; line = j.dumps

        """

    static func values(_ example: Case) async throws -> [TaskReport] {
        let (outcome, _) = try await RunFixture.run(example)
        return outcome.results
    }

    private static let hasPython = TemporaryFolder.contents("/usr/bin/python3") != nil

    @Test("a module in Python is sent with the code it imports, and nothing of it is left", .enabled(if: hasPython))
    func python() async throws {
        let reports = try await Self.values(
            Case(
                Self.core + """
                    ::: library/mine.py
                    import os, sys
                    from ansible.module_utils.basic import AnsibleModule
                    import ansible
                    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
                    module.exit_json(
                        changed=True, version=ansible.__version__, words=len(sys.argv), check=module.check_mode,
                        place=module.params["_ansible_tmpdir"], secret=module.params["secret"],
                        seen=oct(os.stat(module.params["_ansible_tmpdir"]).st_mode & 0o777),
                        diff=dict(before="a\\n", after="b\\n", after_header="there"))
                    ::: playbook.yml
                    - hosts: web1
                      tasks:
                        - mine: {secret: hush}
                          register: answer
                        - mine: {secret: hush}
                          check_mode: true
                        - command: test -e {{ answer.place }}
                          failed_when: false
                    """))
        try #require(reports.count == 3, "\(reports.compactMap(\.diagnostic))")
        #expect(reports[0].values["version"] == "2.99.1")
        #expect(reports[0].values["words"] == 1)
        #expect(reports[0].values["check"] == false)
        #expect(reports[0].values["seen"] == "0o700")
        #expect(reports[0].status == .changed)
        #expect(reports[0].change?.parts.count == 1)
        #expect(reports[1].values["check"] == true)
        #expect(reports[1].status == .changed)
        #expect(reports[2].values["rc"] == 1)
    }

    @Test("in check mode a script that does not know of it is not run")
    func unknown() async throws {
        let reports = try await Self.values(
            Case(
                """
                ::: options
                --check
                ::: library/write.sh
                #!/bin/sh
                # WANT_JSON
                echo '{"changed": true}'
                ::: playbook.yml
                - hosts: web1
                  tasks: [{write: }]
                """))
        guard case .unknown = reports[0].status else {
            Issue.record("\(reports[0].status)")
            return
        }
    }

    @Test("a module is sent once to a host; then a call is one round trip")
    func roundTrips() async throws {
        let reports = try await Self.values(
            Case(
                """
                ::: library/say.sh
                #!/bin/sh
                # WANT_JSON
                echo '{"changed": false}'
                ::: playbook.yml
                - hosts: web1
                  tasks:
                    - command: echo
                    - say:
                    - say: {n: 1}
                """))
        #expect(reports.map(\.roundTrips).suffix(2) == [3, 1])
    }

    @Test("a program is run as it is, where programs may be run")
    func binary() async throws {
        // Bytes that are no text, behind a script that ends before them.
        let reports = try await Self.values(
            Case(
                """
                ::: library/program
                #!/bin/sh
                echo '{"changed": true, "given": "'"$(grep -c '"name": "x"' "$1")"'"}'
                exit
                \u{1}\u{2}
                ::: playbook.yml
                - hosts: web1
                  tasks: [{program: {name: x}}]
                """))
        #expect(reports[0].values["given"] == "1")
        #expect(reports[0].status == .changed)
    }

    @Test("a host without the interpreter is told of, with the remedy")
    func noPython() async throws {
        let reports = try await Self.values(
            Case(
                Self.core + """
                    ::: library/mine.py
                    from ansible.module_utils.basic import AnsibleModule
                    ::: playbook.yml
                    - hosts: web1
                      vars: {ansible_python_interpreter: /no/python}
                      tasks: [{mine: }]
                    """))
        #expect(reports[0].status == .failed)
        #expect(reports[0].diagnostic?.summary == "the host has no '/no/python', which runs the module 'mine'")
        #expect(reports[0].diagnostic?.remedy?.contains("ansible_python_interpreter") == true)
    }

    struct Refusal: Sendable, CustomStringConvertible {
        var description: String
        var files: String
        var summary: String
    }

    static let refusals: [Refusal] = [
        Refusal(
            description: "no ansible-core on this machine",
            files: """
                ::: installed/none
                ::: library/mine.py
                from ansible.module_utils.basic import AnsibleModule
                """,
            summary: "module 'mine' is written in Python and needs ansible-core's code, which is not here"),
        Refusal(
            description: "an import that nothing provides",
            files: core + """
                ::: library/mine.py
                from ansible.module_utils.basic import AnsibleModule
                from ansible_collections.a.b.plugins.module_utils.c import d
                """,
            summary: "module 'mine' imports ansible_collections.a.b.plugins.module_utils.c.d, which is not on this "
                + "machine"),
        Refusal(
            description: "no interpreter",
            files: "::: library/mine\necho\n", summary: "module 'mine' does not say what runs it"),
        Refusal(
            description: "PowerShell", files: "::: library/mine.ps1\n#Requires -Module X\n",
            summary: "module 'mine' is written for PowerShell"),
        Refusal(
            description: "an action of the control machine", files: "::: action_plugins/mine.py\n",
            summary: "'mine' is Python code that Ansible runs on the control machine; that is not run here"),
    ]

    @Test("what cannot be run is refused before a host is touched, at its place", arguments: refusals)
    func refused(_ refusal: Refusal) async throws {
        let playbook = "\n::: playbook.yml\n- hosts: web1\n  tasks:\n    - mine:\n"
        do {
            _ = try await RunFixture.run(Case(refusal.files + playbook))
            Issue.record("it ran")
        } catch let found as Diagnostics {
            let error = try #require(found.errors.first)
            #expect(error.summary == refusal.summary)
            #expect(error.location?.line == 3)
            #expect(error.remedy != nil)
        }
    }
}
