import Diagnostics
import Testing
import Values

@testable import Jinja

/// Every filter and test that ansible-doc lists is there, or refused by its name with another way.
///
/// `Tests/Oracle/record_names.py` records the list.
@Suite struct NameTests {
    private func names(_ kind: String) throws -> [String] {
        let names = try CaseFiles.json("names.json").mapValue?[kind]?.elements ?? []
        try #require(names.count > 60)
        return names.compactMap(\.stringValue)
    }

    @Test("filters")
    func filters() throws {
        for name in try names("filter") where FilterIndex.filter(named: name) == nil {
            let trouble = FilterIndex.trouble(with: name)
            #expect(trouble.summary == "the filter '\(name)' is not supported" && trouble.remedy != nil, "\(name)")
            #expect(!name.hasPrefix("ansible.builtin."), "\(name)")
        }
    }

    @Test("tests")
    func tests() throws {
        for name in try names("test") where TestIndex.test(named: name) == nil {
            let trouble = TestIndex.trouble(with: name)
            #expect(trouble.summary == "the test '\(name)' is not supported" && trouble.remedy != nil, "\(name)")
            #expect(!name.hasPrefix("ansible.builtin."), "\(name)")
        }
    }

    @Test("a short name leads nowhere but where it did before")
    func shortNames() {
        #expect(FilterIndex.filter(named: "json_query") != nil)
        #expect(FilterIndex.filter(named: "ipaddr") != nil)
        #expect(FilterIndex.filter(named: "ansible.netcommon.ipaddr") != nil)
        #expect(FilterIndex.filter(named: "crc32") == nil)
        #expect(FilterIndex.trouble(with: "crc32").remedy == "write 'community.general.crc32'.")
        #expect(FilterIndex.filter(named: "ansible.utils.combine") == nil)
    }
}
