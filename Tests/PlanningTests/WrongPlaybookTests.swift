import Diagnostics
import Planning
import RunFixture
import Target
import Testing

/// What is said of wrong playbooks: all of it, each at its place, with what to do about it.
@Suite struct WrongPlaybookTests {
    static let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        .joined(separator: "/") + "/Cases/"
    static let cases = Case.all(in: folder + "wrong.txt")

    @Test("the cases are there")
    func present() { #expect(Self.cases.count > 25) }

    /// The diagnostics of a case, each as `code file:line:column`.
    @IOLoop
    static func diagnostics(_ example: Case) throws -> [(head: String, diagnostic: Diagnostic)] {
        let fixture = try RunFixture(example)
        var found: [Diagnostic]
        do throws(Diagnostics) {
            found = try fixture.plan().warnings
        } catch {
            found = error.all
        }
        return found.map { diagnostic in
            let place = (diagnostic.location?.description ?? "-").replacing(fixture.folder.path + "/", with: "")
            let severity = diagnostic.severity == .error ? "" : diagnostic.severity.rawValue + " "
            return ("\(severity)\(diagnostic.code.rawValue) \(place)", diagnostic)
        }
    }

    @Test("everything wrong is told", arguments: cases)
    func wrong(_ example: Case) async throws {
        let found = try await Self.diagnostics(example)
        let lines = (example.files["expect"] ?? "").split(separator: "\n").map(String.init)
        let told = found.map { "\($0.head) ~ \($0.diagnostic.summary) ~ \($0.diagnostic.remedy ?? "")" }
        var expected: [String] = []
        for line in lines {
            let parts = line.split(separator: "~", omittingEmptySubsequences: false).map {
                String($0).trimmingPrefix(" ").description
            }.map { $0.hasSuffix(" ") ? String($0.dropLast()) : $0 }
            expected.append(parts[0])
            guard let match = found.first(where: { $0.head == parts[0] }) else { continue }
            #expect(match.diagnostic.summary.contains(parts[1]), "\(told)")
            if !parts[2].isEmpty { #expect(match.diagnostic.remedy?.contains(parts[2]) ?? false, "\(told)") }
        }
        #expect(expected.sorted() == found.map(\.head).sorted(), "\(told.joined(separator: "\n"))")
    }

    @Test("an error shows the line with a caret")
    func rendering() async throws {
        let example = Case(
            """
            ::: playbook.yml
            - hosts: web1
              tasks:
                - debug: {msg: a}
                  whn: true
            """)
        let found = try await Self.diagnostics(example)
        let text = try #require(found.first).diagnostic.rendered()
        #expect(text.contains("playbook.yml:4:7"))
        #expect(text.contains("whn: true"))
        #expect(text.contains("      ^"))
    }
}

extension String {
    fileprivate func trimmingPrefix(_ prefix: String) -> Substring {
        var rest = self[...]
        while rest.hasPrefix(prefix) { rest = rest.dropFirst(prefix.count) }
        return rest
    }
}
