import Results
import RunFixture
import Target
import Testing
import Values

/// Facts are what a host says of itself, not how it is reached.
@Suite struct HostFactsTests {
    @Test("a host cannot say by a job's file where its later tasks run; the rest of its facts count")
    func jobFile() async throws {
        let restricted = ConnectionVariable.allNames.sorted()
        let facts =
            restricted.map { #""\#($0)": "evil""# } + [
                #""ansible_python_interpreter": "evil""#, #""ansible_hashi_vault_url": "evil""#,
                #""ansible_color": "red""#,
                #""ansible_ssh_host_key_rsa_public": "AAAA""#,
            ]
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "playbook.yml": """
                - hosts: web1
                  vars: {ansible_async_dir: "{{ playbook_dir }}/jobs"}
                  tasks:
                    - name: ask
                      async_status: {jid: j1.1}
                    - name: kinds
                      debug: {msg: "{{ [ansible_connection, ansible_host, ansible_port is defined, ansible_color] }}"}
                    - name: key
                      debug: {msg: "{{ ansible_ssh_host_key_rsa_public }}"}
                """,
                "jobs/j1.1":
                    #"{"started": true, "finished": true, "ansible_facts": {\#(facts.joined(separator: ","))}}"#,
            ]))
        let reports = outcome.results
        try #require(reports.count == 3)
        #expect(reports[1].values["msg"] == ["local", "web1", false, "red"])
        #expect(reports[2].values["msg"] == "AAAA")
        let told = Set(restricted + ["ansible_python_interpreter", "ansible_hashi_vault_url"])
        #expect(Set(reports[0].warnings) == Set(told.map { "Removed restricted key from module data: \($0)" }))
    }

    @Test("a job of ours that asked for facts still gives them, every one")
    func setup() async throws {
        let (outcome, _) = try await RunFixture.run(
            Case(files: [
                "playbook.yml": """
                - hosts: web1
                  vars: {ansible_async_dir: "{{ playbook_dir }}/jobs"}
                  tasks:
                    - {name: start, setup: {gather_subset: [min]}, async: 30, poll: 0, register: job}
                    - name: ask
                      async_status: {jid: "{{ job.ansible_job_id }}"}
                      register: answer
                      until: answer.finished
                      retries: 200
                      delay: 0.1
                    - name: told
                      debug: {msg: "{{ [ansible_kernel, ansible_facts.user_id] | select | length }}"}
                """
            ]))
        let reports = outcome.results
        try #require(reports.count == 3)
        #expect(reports[1].warnings.isEmpty)
        #expect(reports[2].values["msg"] == 2)
    }
}
