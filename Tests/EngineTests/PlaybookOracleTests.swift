import Diagnostics
import Glibc
import Modules
import Results
import RunFixture
import Testing
import Values

/// Held to what ansible-playbook did with the same playbooks; `Tests/Oracle/record_playbooks.py` recorded it.
@Suite struct PlaybookOracleTests {
    static let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        .joined(separator: "/") + "/Cases/"
    static let files = [
        "argspecs", "async", "blocks", "collections", "conditions", "custom", "delegation", "errors", "gathering",
        "handing_down",
        "handlers", "hosts", "included_vars",
        "includes", "items", "lookups", "loops", "meta", "modes", "nesting", "notifying", "precedence", "registers",
        "retries", "roles", "sections", "strategies", "tags", "templates", "trust",
        "unreachable_items", "variables",
    ]

    struct Expected: Sendable {
        var lines: [String]
        var recap: [String: String]
        var status: Int
    }

    struct Recorded: Sendable, CustomStringConvertible {
        var example: Case
        var expected: Expected?
        var description: String { example.name }
    }

    static let cases = cases(of: files)

    static func cases(of files: [String]) -> [Recorded] {
        files.flatMap { file -> [Recorded] in
            let answers = expectations(file)
            return Case.all(in: folder + file + ".txt").map { example in
                var named = example
                named.name = "\(file): \(example.name)"
                return Recorded(example: named, expected: answers[example.name])
            }
        }
    }

    static func expectations(_ file: String) -> [String: Expected] {
        guard let text = TemporaryFolder.contents(folder + file + ".expected.json"),
            let map = (try? JSON.parse(text))?.mapValue
        else { return [:] }
        var result: [String: Expected] = [:]
        for (name, value) in map {
            let answer = value.mapValue ?? [:]
            var recap: [String: String] = [:]
            for (host, counts) in answer["recap"]?.mapValue ?? [:] { recap[host.text] = counts.stringValue }
            result[name.text] = Expected(
                lines: (answer["events"]?.elements ?? []).compactMap(\.stringValue), recap: recap,
                status: answer["status"]?.intValue ?? -1)
        }
        return result
    }

    @Test("the cases and the fixture's inventory are there")
    func present() throws {
        #expect(Self.cases.count > 80)
        #expect(TemporaryFolder.contents(Self.folder + "inventory") == RunFixture.inventory)
    }

    @Test("runs as ansible-playbook did", arguments: cases)
    func run(_ recorded: Recorded) async throws { try await Self.holds(recorded) }

    /// Modules in Python need ansible-core's own code here, too.
    @Test(
        "runs modules in Python as ansible-playbook did",
        .enabled(if: AnsibleInstallation.find() != nil), arguments: cases(of: ["python"]))
    func runPython(_ recorded: Recorded) async throws { try await Self.holds(recorded) }

    /// Only root becomes anybody without being asked for anything.
    private static let canBecome =
        geteuid() == 0
        && ["/usr/bin/sudo", "/usr/bin/python3"].allSatisfy { TemporaryFolder.contents($0) != nil }

    @Test("becomes others as ansible-playbook did", .enabled(if: canBecome), arguments: cases(of: ["become"]))
    func runBecome(_ recorded: Recorded) async throws { try await Self.holds(recorded) }

    static func holds(_ recorded: Recorded) async throws {
        let expected = try #require(recorded.expected, "no answer recorded")
        let (outcome, folder) = try await RunFixture.run(recorded.example)
        let isFree = recorded.example.files["playbook.yml"]?.contains("strategy:") ?? false
        let transcript = Transcript(outcome, folder: folder.path, isFree: isFree)
        let difference = difference(Transcript.ordered(expected.lines), transcript.lines)
        #expect(difference.isEmpty, "\(difference)")
        #expect(transcript.recap == expected.recap)
        #expect(outcome.recap.exitStatus == Int32(expected.status))
    }

    /// Both transcripts, the lines that only one has marked; empty if they are the same.
    static func difference(_ expected: [String], _ actual: [String]) -> String {
        if expected == actual { return "" }
        var lines = actual.map { "  " + $0 }
        var removals: [(Int, String)] = []
        for change in actual.difference(from: expected) {
            switch change {
            case .insert(let offset, _, _): lines[offset] = "+ " + actual[offset]
            case .remove(let offset, let line, _): removals.append((offset, "- \(offset): " + line))
            }
        }
        return "\n" + (lines + removals.map(\.1)).joined(separator: "\n")
    }
}
