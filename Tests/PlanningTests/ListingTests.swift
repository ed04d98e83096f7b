import Diagnostics
import Planning
import RunFixture
import Target
import Testing
import Values

/// Held to what ansible-playbook lists for the same projects; `Tests/Oracle/record_listings.py` recorded it.
@Suite struct ListingTests {
    static let cases = Case.all(in: WrongPlaybookTests.folder + "listing.txt")

    static func recorded(_ name: String, _ option: String) -> [String] {
        let text = TemporaryFolder.contents(WrongPlaybookTests.folder + "listing.expected.json") ?? ""
        let lines = (try? JSON.parse(text))?.mapValue?[.string(.init(name))]?.mapValue?[.string(.init(option))]
        return (lines?.elements ?? []).compactMap(\.stringValue)
    }

    @IOLoop
    static func listing(_ example: Case, _ parts: Listing.Parts) throws -> [String] {
        let fixture = try RunFixture(example)
        let text = Listing.text(of: try fixture.plan(), parts: parts).replacing(fixture.folder.path + "/", with: "")
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test("--list-tasks", arguments: cases)
    func tasks(_ example: Case) async throws {
        let lines = try await Self.listing(example, .init(hosts: false, tasks: true, tags: false, dependencies: false))
        #expect(Self.sortingTags(lines) == Self.sortingTags(Self.recorded(example.name, "--list-tasks")))
    }

    @Test("--list-tags", arguments: cases)
    func tags(_ example: Case) async throws {
        var example = example
        // As the command does it: tags that run only when asked for are listed, too.
        if example.files["options"]?.contains("--tags") != true {
            example.files["options", default: ""] += " --tags all,never"
        }
        let lines = try await Self.listing(example, .init(hosts: false, tasks: false, tags: true, dependencies: false))
        #expect(Self.sortingTags(lines) == Self.sortingTags(Self.recorded(example.name, "--list-tags")))
    }

    /// ansible-playbook lists a play's hosts in no order; here they stand as in the inventory.
    @Test("--list-hosts", arguments: cases)
    func hosts(_ example: Case) async throws {
        let lines = try await Self.listing(example, .init(hosts: true, tasks: false, tags: false, dependencies: false))
        #expect(
            Self.sortingTags(Self.sortingHosts(lines))
                == Self.sortingTags(Self.sortingHosts(Self.recorded(example.name, "--list-hosts"))))
    }

    /// A play's tags, which ansible-playbook lists in no order.
    static func sortingTags(_ lines: [String]) -> [String] {
        lines.map { line in
            guard line.hasPrefix("  play #"), let mark = line.firstRange(of: "TAGS: [") else { return line }
            let tags = line[mark.upperBound...].dropLast().split(separator: ",").sorted()
            return String(line[..<mark.upperBound]) + tags.joined(separator: ",") + "]"
        }
    }

    static func sortingHosts(_ lines: [String]) -> [String] {
        var result: [String] = []
        var hosts: [String] = []
        for line in lines {
            if line.hasPrefix("      ") {
                hosts.append(line)
            } else {
                result += hosts.sorted() + [line]
                hosts = []
            }
        }
        return result + hosts.sorted()
    }

    @Test("roles and what they depend on, as a tree")
    func dependencies() async throws {
        let lines = try await Self.listing(
            Case(files: [
                "playbook.yml": "- hosts: web\n  roles: [one, two]\n",
                "roles/one/meta/main.yml": "dependencies: [base, more]\n",
                "roles/two/meta/main.yml": "dependencies: [base]\n",
                "roles/more/meta/main.yml": "dependencies: [base]\n",
                "roles/base/tasks/main.yml": "[]\n",
            ]), .init(hosts: false, tasks: false, tags: false, dependencies: true))
        #expect(
            Array(lines.dropFirst(4)) == [
                "    roles:",
                "      ├── one",
                "      │   ├── base",
                "      │   └── more",
                "      │       └── base",
                "      └── two",
                "          └── base",
            ])
    }
}

/// Which tags are chosen, as ansible-core's `Taggable.evaluate_tags` has it.
@Suite struct TagSelectionTests {
    @Test(
        "selection",
        arguments: [
            ([], [], ["a"], true), ([], [], [], true), ([], [], ["never"], false), ([], [], ["never", "a"], false),
            (["a"], [], ["a"], true), (["a"], [], ["b"], false), (["a"], [], [], false), (["a"], [], ["always"], true),
            (["a"], [], ["never", "a"], true), (["never"], [], ["never"], true), (["tagged"], [], ["a"], true),
            (["tagged"], [], [], false), (["tagged"], [], ["never"], false), (["untagged"], [], [], true),
            (["untagged"], [], ["a"], false), (["untagged"], [], ["always"], true), (["all"], [], ["a"], true),
            (["all"], [], ["never"], false), ([], ["a"], ["a"], false), ([], ["a"], ["a", "always"], false),
            ([], ["a"], ["b"], true), ([], ["always"], ["always"], false), ([], ["tagged"], ["a"], false),
            ([], ["tagged"], [], true), ([], ["untagged"], [], false), ([], ["untagged"], ["a"], true),
            ([], ["all"], ["a"], false), ([], ["all"], ["always"], true), (["a"], ["b"], ["a", "b"], false),
            (["a"], ["b"], ["a"], true),
        ] as [([String], [String], [String], Bool)])
    func selection(_ only: [String], _ skipped: [String], _ tags: [String], _ expected: Bool) {
        #expect(TagSelection(only: only, skipped: skipped).includes(tags) == expected)
    }
}
