/// All tests by name.
enum TestIndex {
    private static let table: PluginTable<Test> = {
        let builtin: [[Test]] = [
            TypeTests.all, ComparisonTests.all, ResultTests.all, TextTests.all, FileTests.all, VersionTests.all,
        ]
        return PluginTable(
            kind: "test", builtin: byName(builtin.joined()),
            collections: [
                "ansible.utils": byName(NetworkTests.all), "community.general": byName(GeneralTests.all),
            ],
            shortNames: [:],
            refused: [
                "ansible.utils.validate":
                    "Check values with 'assert', or a role's arguments with its meta/argument_specs.yml."
            ])
    }()

    private static func byName(_ tests: some Sequence<Test>) -> [String: Test] {
        Dictionary(tests.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
    }

    static var names: [String] { table.names }

    /// The test of a name, which may be given with its collection in front.
    static func test(named name: String) -> Test? { table.plugin(named: name) }

    static func trouble(with name: String) -> (summary: String, remedy: String?) { table.trouble(with: name) }
}
