internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Tells about the Engine and what it holds, as `community.docker.docker_host_info` does.
struct DockerHostInfoModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_host_info",
        summary: "Tell about a Docker Engine and what it holds.",
        description: "Answers `host_info`, and the lists that were asked for; by default an excerpt of each entry.",
        arguments: [
            .optional("containers", .bool, "List the containers that run.", default: false),
            .optional("containers_all", .bool, "List the stopped ones, too.", default: false),
            .optional("containers_filters", .map([]), "What they must be like, as the Engine's filters."),
            .optional("images", .bool, "List images.", default: false),
            .optional("images_filters", .map([]), "What they must be like."),
            .optional("networks", .bool, "List networks.", default: false),
            .optional("networks_filters", .map([]), "What they must be like."),
            .optional("volumes", .bool, "List volumes.", default: false),
            .optional("volumes_filters", .map([]), "What they must be like."),
            .optional("disk_usage", .bool, "Tell what takes how much room.", default: false),
            .optional("verbose_output", .bool, "All that is known about each entry.", default: false),
        ] + DockerArguments.endpoint,
        diff: "nothing to show",
        example: """
            - community.docker.docker_host_info:
                containers: true
              register: engine
            """,
        aliases: DockerArguments.aliases("docker_host_info")
    )

    private static let excerpts: [String: [String]] = [
        "containers": ["Id", "Image", "Command", "Created", "Status", "Ports", "Names"],
        "images": ["Id", "RepoTags", "Created", "Size"],
        "networks": ["Id", "Driver", "Name", "Scope"],
        "volumes": ["Driver", "Name"],
    ]

    private let wanted: [String]
    private let reads: [DockerRead]
    private let isVerbose: Bool
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        var wanted: [String] = []
        var reads = [DockerRead.get("info")]
        func add(_ name: String, _ parts: String...) throws(Diagnostic) {
            guard arguments.bool(name) else { return }
            var query: [(String, String)] = []
            if name == "containers", arguments.bool("containers_all") { query.append(("all", "1")) }
            if let filters = arguments.map("\(name)_filters"), !filters.isEmpty {
                query.append(("filters", try Self.filterQuery(filters)))
            }
            wanted.append(name)
            reads.append(parts.count == 2 ? .get(parts[0], parts[1], query: query) : .get(parts[0], query: query))
        }
        try add("containers", "containers", "json")
        try add("images", "images", "json")
        try add("networks", "networks")
        try add("volumes", "volumes")
        try add("disk_usage", "system", "df")
        self.wanted = wanted
        self.reads = reads
        isVerbose = arguments.bool("verbose_output")
        endpoint = try DockerEndpoint(arguments)
    }

    /// Filters as the Engine takes them: lists of texts.
    static func filterQuery(_ filters: ValueMap) throws(Diagnostic) -> String {
        let lists = filters.mapValues { value in
            Value.list((value.elements ?? [value]).map { .string(filterText($0)) })
        }
        return try JSON.text(.map(lists))
    }

    /// The Engine's filters are texts: true is `true`.
    private static func filterText(_ value: Value) -> String {
        value.boolValue.map { $0 ? "true" : "false" } ?? value.pythonText
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        switch try await endpoint.ask(target, reads) {
        case .foreseenUnknown(let unknown): return .unknown(unknown, ())
        case .foreseenEmpty: return .unknown(Unknown("the Docker Engine, which is still to be installed"), ())
        case .running(let answers): return .asWanted(.ok(try values(answers)))
        }
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        guard case .running(let answers) = try await endpoint.ask(target, reads) else {
            throw Diagnostic(.failed, "the Docker Engine is not running")
        }
        return .ok(try values(answers))
    }

    private func values(_ answers: [DockerAnswer]) throws(Diagnostic) -> ValueMap {
        var values: ValueMap = ["can_talk_to_docker": true, "host_info": try answers[0].value()]
        for (name, answer) in zip(wanted, answers.dropFirst()) {
            let value = try answer.value()
            if name == "disk_usage" {
                values[name] = isVerbose ? value : ["LayersSize": value["LayersSize"]]
                continue
            }
            let items = name == "volumes" ? value["Volumes"].items : value.items
            guard !isVerbose, let keys = Self.excerpts[name] else {
                values[name] = .list(items)
                continue
            }
            values[name] = .list(items.map { item in .map(ValueMap(keys.map { (.string($0), item[$0]) })) })
        }
        return values
    }
}
