internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Removes what nothing uses any more, as `community.docker.docker_prune` does.
struct DockerPruneModule: Module {
    private static let kinds = ["containers", "images", "networks", "volumes"]

    static let manual = ModuleManual(
        name: "community.docker.docker_prune",
        summary: "Remove Docker objects that nothing uses.",
        description: """
            Which objects those are, the Engine decides while it removes them, so a dry run can only say so.
            """,
        arguments: kinds.flatMap { kind -> [Argument] in
            [
                .optional(kind, .bool, "Remove \(kind).", default: false),
                .optional("\(kind)_filters", .map([]), "Which of the \(kind): the Engine's filters."),
            ]
        } + [
            .optional("builder_cache", .bool, "Empty the builder's cache.", default: false),
            .optional("builder_cache_all", .bool, "Of all kinds, not only what nothing uses.", default: false),
            .optional("builder_cache_filters", .map([]), "Which of it: the Engine's filters."),
            .optional("builder_cache_keep_storage", .bytes, "How much of it to keep."),
        ] + DockerArguments.endpoint,
        check: "Unknown: the Engine decides while it removes.",
        diff: "nothing to show",
        example: """
            - community.docker.docker_prune:
                containers: true
                images: true
                images_filters:
                  dangling: false
            """,
        aliases: DockerArguments.aliases("docker_prune")
    )

    private let kinds: [String]
    private let writes: [DockerWrite]
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        var kinds: [String] = []
        var writes: [DockerWrite] = []
        for kind in Self.kinds where arguments.bool(kind) {
            kinds.append(kind)
            writes.append(try .post(kind, "prune", query: try Self.query(arguments.map("\(kind)_filters"))))
        }
        if arguments.bool("builder_cache") {
            kinds.append("builder_cache")
            var query = try Self.query(arguments.map("builder_cache_filters"))
            if arguments.bool("builder_cache_all") { query.append(("all", "true")) }
            if let kept = arguments.int("builder_cache_keep_storage") { query.append(("keep-storage", String(kept))) }
            writes.append(try .post("build", "prune", query: query))
        }
        self.kinds = kinds
        self.writes = writes
        endpoint = try DockerEndpoint(arguments)
    }

    private static func query(_ filters: ValueMap?) throws(Diagnostic) -> [(String, String)] {
        guard let filters, !filters.isEmpty else { return [] }
        return [("filters", try DockerHostInfoModule.filterQuery(filters))]
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        if kinds.isEmpty { return .asWanted(.ok()) }
        return .unknown(Unknown("what the Docker Engine finds unused"), ())
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let answers = try await endpoint.change(target, writes, timeout: nil)
        var values: ValueMap = [:]
        var changed = false
        for (kind, answer) in zip(kinds, answers) {
            let value = try answer.value()
            let key =
                kind == "builder_cache" ? "CachesDeleted" : kind.prefix(1).uppercased() + kind.dropFirst() + "Deleted"
            let removed = value[key].items
            values[kind == "builder_cache" ? "builder_cache_caches_deleted" : kind] = .list(removed)
            if kind != "networks" {
                values["\(kind)_space_reclaimed"] = value["SpaceReclaimed"].intValue.map { .int($0) } ?? 0
            }
            changed = changed || !removed.isEmpty
        }
        return ModuleResult(changed: changed, values: values)
    }
}
