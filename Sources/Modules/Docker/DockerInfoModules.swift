internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Tells about a network, as `community.docker.docker_network_info` does.
struct DockerNetworkInfoModule: DockerInfoModule {
    static let kind = "network"
    static let manual = ModuleManual(
        name: "community.docker.docker_network_info",
        summary: "Tell about a Docker network.",
        description: "Answers `exists`, and `network` with what the Engine says about it.",
        arguments: [.required("name", .string, "The network's name or ID.")] + DockerArguments.endpoint,
        diff: "nothing to show",
        example: """
            - community.docker.docker_network_info:
                name: app-net
              register: net
            """,
        aliases: DockerArguments.aliases("docker_network_info")
    )

    let name: String
    let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        endpoint = try DockerEndpoint(arguments)
    }

    var question: DockerRead { .get("networks", name) }
}

/// Tells about a volume, as `community.docker.docker_volume_info` does.
struct DockerVolumeInfoModule: DockerInfoModule {
    static let kind = "volume"
    static let manual = ModuleManual(
        name: "community.docker.docker_volume_info",
        summary: "Tell about a Docker volume.",
        description: "Answers `exists`, and `volume` with what the Engine says about it.",
        arguments: [.required("name", .string, "The volume's name.", aliases: ["volume_name"])]
            + DockerArguments.endpoint,
        diff: "nothing to show",
        example: """
            - community.docker.docker_volume_info:
                name: postgres-data
              register: data
            """,
        aliases: DockerArguments.aliases("docker_volume_info")
    )

    let name: String
    let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        endpoint = try DockerEndpoint(arguments)
    }

    var question: DockerRead { .get("volumes", name) }
}

/// Tells about a container, as `community.docker.docker_container_info` does.
struct DockerContainerInfoModule: DockerInfoModule {
    static let kind = "container"
    static let manual = ModuleManual(
        name: "community.docker.docker_container_info",
        summary: "Tell about a Docker container.",
        description: "Answers `exists`, and `container` with what the Engine says about it.",
        arguments: [.required("name", .string, "The container's name or ID.")] + DockerArguments.endpoint,
        diff: "nothing to show",
        example: """
            - community.docker.docker_container_info:
                name: web
              register: web
            """,
        aliases: DockerArguments.aliases("docker_container_info")
    )

    let name: String
    let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        endpoint = try DockerEndpoint(arguments)
    }

    var question: DockerRead { .get("containers", name, "json") }
}

/// A module that tells about one of the Engine's objects: whether it is there, and all that is known about it.
protocol DockerInfoModule: Module where Step == Void {
    /// What the object is called in results and in what a dry run foresees.
    static var kind: String { get }
    var name: String { get }
    var endpoint: DockerEndpoint { get }
    var question: DockerRead { get }
}

extension DockerInfoModule {
    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        if let foreseen = target.foreseen.docker(Self.kind, name) {
            if !foreseen { return .asWanted(.ok(values(nil))) }
            return .unknown(Unknown("\(Self.kind) '\(name)' as an earlier task leaves it"), ())
        }
        switch try await endpoint.ask(target, [question]) {
        case .foreseenUnknown(let unknown): return .unknown(unknown, ())
        case .foreseenEmpty: return .asWanted(.ok(values(nil)))
        case .running(let answers): return .asWanted(.ok(values(try answers[0].valueIfPresent())))
        }
    }

    private func values(_ object: Value?) -> ValueMap {
        var values: ValueMap = ["exists": .bool(object != nil)]
        values[Self.kind] = object ?? .null
        return values
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        guard case .running(let answers) = try await endpoint.ask(target, [question]) else {
            throw Diagnostic(.failed, "the Docker Engine is not running")
        }
        return .ok(values(try answers[0].valueIfPresent()))
    }
}
