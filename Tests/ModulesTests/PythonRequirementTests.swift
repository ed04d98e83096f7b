import Testing

@testable import Modules

/// What a package's versions mean, held to Python's own library `packaging`.
@Suite struct PythonRequirementTests {
    private static let table: [(String, String, Bool?)] = [
        ("foo==1.0", "1.0+x", true),
        ("foo==1.0+x", "1.0", false),
        ("foo==1.0+x", "1.0+x", true),
        ("foo==1.0+X_1", "1.0+x.1", true),
        ("foo!=1.0", "1.0+x", false),
        ("foo!=1.0+y", "1.0+x", true),
        ("foo>=1.0", "1.0+x", true),
        ("foo<=1.0", "1.0+x", true),
        ("foo>1.0", "1.0+x", false),
        ("foo>1.0", "1.0.post1", false),
        ("foo>1.0.post1", "1.0.post2", true),
        ("foo>1.0", "1.0.1", true),
        ("foo<1.0", "1.0rc1", false),
        ("foo<1.0rc2", "1.0rc1", true),
        ("foo<1.0", "0.9.dev1", true),
        ("foo~=1.4.0", "1.5", false),
        ("foo~=1.4.0", "1.4.9", true),
        ("foo~=1.4", "1.9", true),
        ("foo~=1.4.post2", "1.4.post1", false),
        ("foo~=1.4.post2", "1.9", true),
        ("foo==1.0.*", "1.5", false),
        ("foo==1.0.*", "1.0.7", true),
        ("foo==1.0.*", "1", true),
        ("foo==1.0.*", "1.0rc1", true),
        ("foo!=1.0.*", "1.0+x", false),
        ("foo==1.0", "1", true),
        ("foo==1.0", "1.0.0", true),
        ("foo===1.0", "1.0.0", false),
        ("foo===1.0+X", "1.0+x", true),
        ("foo==1.0-1", "1.0.post1", true),
        ("foo==1.0.alpha", "1a0", true),
        ("foo==1.0a1.post2.dev3", "1.0a1.post2.dev4", false),
        ("foo<1.0a1.post2", "1.0a1.dev1", true),
        ("foo>1.0.dev1", "1.0a1.dev1", true),
        ("foo==1!1.0", "1.0", false),
        ("foo>2", "1!1.0", true),
        ("foo==1.0preview2", "1.0rc2", true),
        ("foo>=1.0+x", "1.0", nil),
        ("foo~=1", "1.0", nil),
        ("foo==1.0rc1.*", "1.0rc1", nil),
        ("foo==1.0.*.*", "1.0", nil),
        ("foo==abc", "1.0", nil),
        ("foo", "1.0+x", true),
        ("foo[bar]>=1", "1.0", true),
        ("foo[a,b] >=1, <2", "1.5", true),
        ("foo[", "1.0", nil),
        ("foo>=1.0, !=1.5.*, <2", "1.5.2", false),
        ("foo==v1.0", "1.0", true),
    ]

    @Test(
        "a version that is there will do, or not, or only pip can tell",
        arguments: table)
    func satisfied(_ requirement: String, _ installed: String, _ expected: Bool?) {
        #expect(PythonRequirement(requirement).isSatisfied(by: ["foo": installed]) == expected)
    }

    @Test("a text split at its commas is put together again")
    func joined() {
        #expect(
            PythonRequirement.joined(["a>1", "<2", " b[c", "d]>=3", " !=4", "e", ""])
                == ["a>1,<2", "b[c,d]>=3,!=4", "e"])
    }
}
