import Diagnostics
import RunFixture
import Testing
import Values
import Variables

/// Every lookup that ansible-doc lists is there, or refused by its name with another way.
@Suite struct LookupNameTests {
    @Test("lookups")
    func lookups() throws {
        let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        let path = folder.joined(separator: "/") + "/JinjaTests/Cases/names.json"
        let text = try #require(TemporaryFolder.contents(path))
        let names = try JSON.parse(text).mapValue?["lookup"]?.elements?.compactMap(\.stringValue) ?? []
        try #require(names.count > 50)
        for name in names {
            if name.hasPrefix("ansible.builtin.") { #expect(LookupContext.exists(name), "\(name)") }
            #expect(LookupContext.exists(name) || LookupContext.isRefused(name), "\(name)")
        }
        #expect(!LookupContext.exists("nope") && !LookupContext.isRefused("nope"))
    }
}
