/// All tests by name.
enum TestIndex {
    private static let all: [String: Test] = {
        let groups: [[Test]] = [
            TypeTests.all, ComparisonTests.all, ResultTests.all, TextTests.all, FileTests.all, VersionTests.all,
        ]
        var result: [String: Test] = [:]
        for test in groups.joined() { result[test.name] = test }
        return result
    }()

    static var names: [String] { Array(all.keys) }

    /// The test of a name, which may be given with its collection in front.
    static func test(named name: String) -> Test? { all[PluginName.short(name)] }
}
