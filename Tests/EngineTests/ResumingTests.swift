import Diagnostics
import Foundation
import Results
import RunFixture
import Testing
import Values

/// What a run that goes on takes from the one before, and what it finds out for itself.
@Suite struct ResumingTests {
    private static func warnings(_ outcome: RunFixture.Outcome) -> [String] {
        outcome.events.compactMap { event in
            if case .said(let diagnostic) = event { diagnostic.summary } else { nil }
        }
    }

    private static func count(_ line: String, _ log: [String]) -> Int { log.filter { $0 == line }.count }

    /// A playbook for web1 that fails at its end until there is a file `go`.
    private static func playbook(_ tasks: String, hosts: String = "web1") -> String {
        """
        - hosts: \(hosts)
          gather_facts: false
          tasks:
        \(tasks)
            - name: last
              command: test -e FOLDER/go
              changed_when: false
          handlers:
            - name: told
              shell: echo told >>FOLDER/log
        """
    }

    @Test("what was as wanted, skipped or failed is what it is again: not changed, no handler, no warning")
    func settled() async throws {
        let tasks = """
                - {name: quiet, command: "true", changed_when: false, notify: told}
                - {name: fact, set_fact: {derived: "x{{ password }}y"}, notify: told}
                - {name: there, file: {path: FOLDER, state: directory}, notify: told}
                - {name: made, command: "true", args: {creates: FOLDER}, notify: told}
                - {name: items, file: {path: "{{ item }}", state: directory}, loop: [FOLDER, FOLDER], notify: told}
                - {name: left, command: "true", when: derived == "", notify: told}
                - {name: shown, debug: {msg: a}, changed_when: false, notify: told}
            """
        let folder = TemporaryFolder()
        let secrets = ["password": "correct horse battery"]
        let first = try await JournalTests.run(Self.playbook(tasks), in: folder, secrets: secrets)
        #expect(first.outcome.recap[host: "web1"].changed == 0)
        let kinds = [
            "quiet ok", "fact ok", "there ok", "made ok", "items ok", "left skipped", "shown ok", "last failed",
        ]
        #expect(JournalTests.statuses(first.outcome) == kinds)
        // What found nothing to do left no trace: the header, two commands that ran, and a fact.
        let lines = try #require(folder.read("journal")).split(separator: "\n")
        #expect(lines.count == 6)
        folder.write("go", "")
        let second = try await JournalTests.run(Self.playbook(tasks), in: folder, secrets: secrets)
        #expect(Array(JournalTests.statuses(second.outcome).dropLast()) == Array(kinds.dropLast()))
        #expect(second.log.isEmpty && Self.warnings(second.outcome).isEmpty)
    }

    @Test("a command that failed in a rescued block of no_log failed; one that was cut off was under way")
    func failures() async throws {
        let tasks = """
                - block:
                    - {name: hidden, shell: "echo hidden >>FOLDER/log; exit 3", no_log: true}
                    - {name: never, shell: echo never >>FOLDER/log}
                  rescue:
                    - {name: rescued, shell: echo rescued >>FOLDER/log}
            """
        let folder = TemporaryFolder()
        _ = try await JournalTests.run(Self.playbook(tasks), in: folder)
        folder.write("go", "")
        let (outcome, log) = try await JournalTests.run(Self.playbook(tasks), in: folder)
        #expect(JournalTests.statuses(outcome) == ["hidden failed before", "rescued changed before", "last ok"])
        #expect(log == ["hidden", "rescued"])
    }

    @Test("what was mended since is done anew: a variable, a template, a file; what came after looks again")
    func mended() async throws {
        let tasks = """
                - {name: variable, copy: {content: "{{ word }}", dest: FOLDER/a}}
                - {name: template, template: {src: t.j2, dest: FOLDER/b}}
                - {name: file, copy: {src: file.txt, dest: FOLDER/c}, notify: told}
                - {name: line, lineinfile: {path: FOLDER/c, line: more}}
                - {name: items, copy: {content: "{{ item }}", dest: "FOLDER/i{{ item }}"}, loop: "{{ list }}"}
                - {name: blind, shell: echo blind >>FOLDER/log}
            """
        func files(_ word: String, _ list: String) -> [String: String] {
            [
                "group_vars/all.yml": "word: \(word)\nlist: \(list)\n", "templates/t.j2": "\(word) {{ 1 + 1 }}",
                "files/file.txt": word,
            ]
        }
        let folder = TemporaryFolder()
        _ = try await JournalTests.run(Self.playbook(tasks), in: folder, files: files("old", "[1]"))
        #expect(folder.read("a") == "old" && folder.read("b") == "old 2" && folder.read("c") == "old\nmore\n")
        let second = try await JournalTests.run(Self.playbook(tasks), in: folder, files: files("new", "[1, 2]"))
        #expect(folder.read("a") == "new" && folder.read("b") == "new 2" && folder.read("c") == "new\nmore\n")
        #expect(folder.read("i2") == "2")
        #expect(
            JournalTests.statuses(second.outcome) == [
                "variable changed", "template changed", "file changed", "line changed", "items changed",
                "blind changed before", "last failed",
            ])
        // What was mended in the run before is no news to the next.
        folder.write("go", "")
        let third = try await JournalTests.run(Self.playbook(tasks), in: folder, files: files("new", "[1, 2]"))
        #expect(JournalTests.statuses(third.outcome).prefix(6).allSatisfy { $0.hasSuffix("changed before") })
        // Nobody told of its items, so the loop is told of itself.
        #expect(third.outcome.results.first { $0.task.name == "items" }?.isOfLoop == false)
        #expect(third.log == ["blind", "told"])
    }

    @Test(
        "what acts whenever it is asked is not asked: a temporary folder stays, although something before it was mended"
    )
    func anew() async throws {
        let tasks = """
                - {name: variable, copy: {content: "{{ word }}", dest: FOLDER/a}}
                - {name: folder, tempfile: {path: FOLDER, state: directory}, register: made}
                - {name: use, copy: {content: b, dest: "{{ made.path }}/b"}}
                - {name: path, shell: "echo {{ made.path }} >>FOLDER/log"}
                - {name: again, shell: "test -e FOLDER/go && echo {{ made.path }} >>FOLDER/log"}
            """
        let folder = TemporaryFolder()
        _ = try await JournalTests.run(Self.playbook(tasks), in: folder, files: ["group_vars/all.yml": "word: old"])
        folder.write("go", "")
        let (outcome, log) = try await JournalTests.run(
            Self.playbook(tasks), in: folder, files: ["group_vars/all.yml": "word: new"])
        #expect(
            JournalTests.statuses(outcome) == [
                "variable changed", "folder changed before", "use changed before", "path changed before",
                "again changed", "last ok",
            ])
        #expect(log.count == 2 && log.first == log.last)
    }

    @Test("what nobody mended is left as later tasks made it, without asking, and its handler is told all the same")
    func untouched() async throws {
        let tasks = """
                - {name: gone, file: {path: FOLDER/d, state: absent}, notify: told, register: gone}
                - {name: kept, copy: {content: "a\\n", dest: FOLDER/kept, force: true}}
                - {name: sealed, copy: {content: "{{ password }}", dest: FOLDER/sealed}, notify: told}
                - {name: blind, shell: "mkdir FOLDER/d && echo b >>FOLDER/kept"}
                - {name: once, command: "true", when: gone is changed}
            """
        let folder = TemporaryFolder()
        folder.write("d/x", "")
        let secrets = ["password": "correct horse battery"]
        _ = try await JournalTests.run(Self.playbook(tasks), in: folder, secrets: secrets)
        let journal = try #require(folder.read("journal"))
        #expect(!journal.contains("correct"))
        folder.write("d/made", "")
        folder.write("go", "")
        let (outcome, log) = try await JournalTests.run(Self.playbook(tasks), in: folder, secrets: secrets)
        #expect(JournalTests.statuses(outcome).prefix(5).allSatisfy { $0.hasSuffix("changed before") })
        #expect(folder.read("d/made") == "" && folder.read("kept") == "a\nb\n")
        #expect(log == ["told"])
        let trips = outcome.results.map(\.roundTrips)
        // Of what is secret no digest is kept: it alone was looked at.
        #expect(trips.prefix(5) == [0, 0, 1, 0, 0])
    }

    @Test("what was done before a task was rewritten counts no more, not even in the run after the next")
    func strayed() async throws {
        func tasks(_ word: String) -> String {
            """
                - {name: K, shell: echo \(word) >>FOLDER/log}
                - {name: L, shell: "echo L >>FOLDER/log; test ! -e FOLDER/wall"}
                - {name: M, shell: echo M >>FOLDER/log}
                - {name: R, shell: echo R >>FOLDER/log, run_once: true}
            """
        }
        let folder = TemporaryFolder()
        _ = try await JournalTests.run(Self.playbook(tasks("K1")), in: folder)
        folder.write("wall", "")
        _ = try await JournalTests.run(Self.playbook(tasks("K2")), in: folder)
        try FileManager.default.removeItem(atPath: folder.path + "/wall")
        folder.write("go", "")
        let (outcome, log) = try await JournalTests.run(Self.playbook(tasks("K2")), in: folder)
        #expect(log == ["K1", "L", "M", "R", "K2", "L", "L", "M", "R"])
        #expect(
            JournalTests.statuses(outcome) == ["K changed before", "L changed", "M changed", "R changed", "last ok"])
    }

    @Test("what ran once for all does not run again for a host that recovered")
    func once() async throws {
        let tasks = """
                - {name: there, command: "true", changed_when: false}
                - {name: migrate, shell: echo migrated >>FOLDER/log; echo 42, run_once: true, register: answer}
                - {name: use, shell: "echo {{ answer.stdout }} >>FOLDER/log"}
            """
        func inventory(_ kind: String) -> [String: String] {
            ["inventory": "web1 ansible_connection=\(kind)\nweb2 ansible_connection=local\n"]
        }
        let folder = TemporaryFolder()
        let playbook = Self.playbook(tasks, hosts: "all")
        let first = try await JournalTests.run(playbook, in: folder, files: inventory("nowhere"))
        #expect(first.log == ["migrated", "42"])
        folder.write("go", "")
        let second = try await JournalTests.run(playbook, in: folder, files: inventory("local"))
        #expect(second.outcome.recap.exitStatus == 0)
        // The recovered host uses what was answered then.
        #expect(second.log == ["migrated", "42", "42"])
    }

    @Test("items of a loop that must not be seen are not done again either")
    func hiddenItems() async throws {
        let tasks = """
                - name: items
                  shell: "echo {{ item.name }} >>FOLDER/log; test {{ item.name }} != c || test -e FOLDER/go"
                  loop: [{name: a, word: "{{ password }}"}, {name: b, word: ""}, {name: c, word: "{{ password }}"}]
                  no_log: true
            """
        let folder = TemporaryFolder()
        let secrets = ["password": "correct horse battery"]
        _ = try await JournalTests.run(Self.playbook(tasks), in: folder, secrets: secrets)
        folder.write("go", "")
        let (outcome, log) = try await JournalTests.run(Self.playbook(tasks), in: folder, secrets: secrets)
        #expect(log == ["a", "b", "c", "c"])
        #expect(outcome.recap.exitStatus == 0 && Self.warnings(outcome).isEmpty)
    }

    @Test("items that were made in the run before count as changed, although what they made is there")
    func madeItems() async throws {
        let tasks = """
                - name: items
                  shell: "echo {{ item }} >>FOLDER/log; touch FOLDER/{{ item }}; test {{ item }} != b || test -e FOLDER/go"
                  args: {creates: "FOLDER/{{ item }}"}
                  loop: [a, b]
                  notify: told
            """
        let folder = TemporaryFolder()
        _ = try await JournalTests.run(Self.playbook(tasks), in: folder)
        folder.write("go", "")
        let (outcome, log) = try await JournalTests.run(Self.playbook(tasks), in: folder)
        #expect(JournalTests.statuses(outcome) == ["items changed", "last ok", "told changed"])
        #expect(log == ["a", "b", "told"])
    }

    @Test("facts of a delegate stay the delegate's")
    func factsOwner() async throws {
        let tasks = """
                - {name: fact, set_fact: {color: red}, delegate_to: web2, delegate_facts: true}
                - {name: told, shell: "echo {{ color | default('none') }} {{ hostvars.web2.color }} >>FOLDER/told"}
                - {name: last, command: test -e FOLDER/go}
                - {name: again, shell: "echo {{ color | default('none') }} {{ hostvars.web2.color }} >>FOLDER/log"}
            """
        let folder = TemporaryFolder()
        _ = try await JournalTests.run(Self.playbook(tasks), in: folder)
        folder.write("go", "")
        let (outcome, log) = try await JournalTests.run(Self.playbook(tasks), in: folder)
        #expect(JournalTests.statuses(outcome).prefix(2) == ["fact ok before", "told changed before"])
        #expect(log == ["none red"])
    }

    @Test("facts that items of a loop found out are whose they were, those of items that need not be done again, too")
    func factsOwnersOfItems() async throws {
        let tasks = """
                - {name: mine, set_fact: {color: green}}
                - {name: facts, set_fact: {color: "of {{ item }} {{ 1000000 | random }}"}, delegate_to: "{{ item }}", delegate_facts: true, loop: [web2, web3]}
                - {name: noted, shell: "echo {{ color }} {{ hostvars.web2.color }} {{ hostvars.web3.color }} >>FOLDER/seen"}
                - name: reader
                  reader: {item: "{{ item }}"}
                  delegate_to: "{{ item }}"
                  delegate_facts: true
                  loop: [web2, web3]
                - {name: secret, set_fact: {word: "{{ password }}"}, delegate_to: "{{ item }}", delegate_facts: true, loop: [web2, web3]}
                - {name: last, command: test -e FOLDER/go}
                - {name: again, shell: "echo {{ color }} {{ hostvars.web2.color }} {{ hostvars.web3.color }} >>FOLDER/seen"}
                - {name: told, shell: "echo {{ ansible_facts.size | default('none') }} {{ hostvars.web2.ansible_facts.size }} {{ hostvars.web3.ansible_facts.size }} {{ hostvars.web3.word == password }} >>FOLDER/log"}
            """
        // A module of the playbook's own, which the second item's first time ends.
        let module = """
            #!/bin/sh
            # WANT_JSON
            case $(cat "$1") in *web3*) size=3 ;; *) size=2 ;; esac
            echo ran $size >>FOLDER/log
            if [ $size = 3 ] && [ ! -e FOLDER/go ]; then echo '{"failed": true, "msg": "not yet"}'; exit; fi
            echo '{"changed": true, "ansible_facts": {"size": '$size'}}'
            """
        let folder = TemporaryFolder()
        let secrets = ["password": "correct horse battery"]
        let files = ["library/reader": module.replacingOccurrences(of: "FOLDER", with: folder.path)]
        _ = try await JournalTests.run(Self.playbook(tasks), in: folder, secrets: secrets, files: files)
        #expect(try #require(folder.read("journal")).contains("correct") == false)
        folder.write("go", "")
        let (outcome, log) = try await JournalTests.run(
            Self.playbook(tasks), in: folder, secrets: secrets, files: files)
        #expect(
            JournalTests.statuses(outcome).prefix(4) == [
                "mine ok before", "facts ok before", "noted changed before", "reader changed",
            ])
        #expect(log == ["ran 2", "ran 3", "ran 3", "none 2 3 True"])
        let seen = try #require(folder.read("seen")).split(separator: "\n")
        #expect(seen.count == 2 && seen[0] == seen[1] && seen[0].hasPrefix("green of web2"))
    }

    @Test("neither words of a secret line, nor map keys, nor what no_log tasks answered is written down")
    func secrets() async throws {
        let tasks = """
                - {name: line, command: "echo {{ password | b64encode }}"}
                - {name: key, set_fact: {map: "{{ {password: 1} }}"}}
                - {name: token, command: echo hush-hush-token, no_log: true, register: t, changed_when: false}
                - {name: user, command: "echo --token {{ t.stdout }}"}
                - {name: object, command: "echo '{\\\"a\\\":[{\\\"token\\\":\\\"nested-hush\\\"}]}'", no_log: true, register: o}
                - {name: reader, command: "echo {{ (o.stdout | from_json).a[0].token }}"}
                - {name: mark, set_fact: {own: quiet-words}, no_log: true}
                - {name: writer, copy: {content: "{{ own }}", dest: "FOLDER/{{ own }}"}}
                - {name: plain, command: echo in the open, register: plain}
            """
        let folder = TemporaryFolder()
        let secrets = ["password": "correct horse battery"]
        _ = try await JournalTests.run(Self.playbook(tasks), in: folder, secrets: secrets)
        let journal = try #require(folder.read("journal"))
        for word in ["correct", "Y29ycmVjdCBob3", "hush-hush-token", "nested-hush", "quiet-words"] {
            #expect(!journal.contains(word), "\(word)")
        }
        #expect(journal.contains("in the open"))
    }
}
