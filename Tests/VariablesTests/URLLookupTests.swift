import Diagnostics
import Testing
import Values
import Variables

/// `lookup('url')` against a server that answers as it was told.
@Suite struct URLLookupTests {
    private let server: RecordedServer
    private let scope: LayeredScope
    private let kept: RunVariables

    init() throws {
        server = try RecordedServer(answers: [
            "GET /lines": (200, "one\ntwo\n\nfour\n"), "GET /secret": (200, "fine"), "GET /gone": (404, "no such page"),
        ])
        kept = try server.variables()
        scope = kept.scope(host: "h1", task: nil)
    }

    private func evaluate(_ expression: String) throws(Diagnostic) -> Value {
        try scope.evaluate(.string(Text("{{ \(expression) }}", marks: .template)))
    }

    @Test("an answer comes line by line, or as it is")
    func lines() throws {
        #expect(try evaluate("query('url', server ~ '/lines')") == ["one", "two", "", "four"])
        #expect(try evaluate("lookup('url', server ~ '/lines', split_lines=False)") == "one\ntwo\n\nfour\n")
        #expect(server.requests == ["GET /lines", "GET /lines"])
    }

    @Test("a name and password are shown when they are to be, and never in an error")
    func login() throws {
        let forced = "username='me', password='pa:ss', force_basic_auth=True"
        #expect(try evaluate("lookup('url', server ~ '/secret', \(forced))") == "fine")
        #expect(server.requests == ["GET /secret as Basic bWU6cGE6c3M="])
        let error = #expect(throws: Diagnostic.self) {
            try evaluate("lookup('url', server.replace('//', '//me:hidden@') ~ '/gone')")
        }
        #expect(error?.summary.contains("404") == true)
        #expect(error?.summary.contains("hidden") == false)
    }

    @Test("what cannot be done is refused, and so is what is no address")
    func refused() throws {
        for expression in [
            "lookup('url', 'example.org')", "lookup('url', server, unredirected_headers=['x'])",
            "lookup('url', server, follow_redirects='sometimes')", "lookup('url', server, headers='x')",
            "lookup('url', server, verify=True)",
        ] {
            #expect(throws: Diagnostic.self, "\(expression)") { try evaluate(expression) }
        }
        #expect(server.requests.isEmpty)
    }
}
