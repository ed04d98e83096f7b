/// All filters by name.
enum FilterIndex {
    private static let all: [String: Filter] = {
        let groups: [[Filter]] = [
            ValueFilters.all, NumberFilters.all, ListFilters.all, GroupFilters.all, SelectionFilters.all,
            MapFilters.all,
            SetFilters.all, CombinationFilters.all, TextFilters.all,
            LayoutFilters.all, MarkupFilters.all, CommentFilter.all,
            PathFilters.all, RegexFilters.all, JSONFilters.all, CodingFilters.all, SizeFilters.all, RandomFilters.all,
            TimeFilters.all, YAMLFilters.all, PasswordFilters.all,
        ]
        var result: [String: Filter] = [:]
        for filter in groups.joined() { result[filter.name] = filter }
        return result
    }()

    static var names: [String] { Array(all.keys) }

    /// The filter of a name, which may be given with its collection in front.
    static func filter(named name: String) -> Filter? { all[PluginName.short(name)] }
}

/// Names such as `ansible.builtin.combine`.
enum PluginName {
    private static let collections = [
        "ansible.builtin.", "ansible.legacy.", "ansible.utils.", "ansible.netcommon.", "community.general.",
    ]

    static func short(_ name: String) -> String {
        for collection in collections where name.hasPrefix(collection) {
            return String(name.dropFirst(collection.count))
        }
        return name
    }
}
