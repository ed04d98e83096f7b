internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Tells about a container, as `community.docker.docker_container_info` does.
struct DockerContainerInfoModule: Module {
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

    private let name: String
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        endpoint = try DockerEndpoint(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        if let foreseen = target.foreseen.docker("container", name) {
            if !foreseen { return .asWanted(.ok(["exists": false, "container": .null])) }
            return .unknown(Unknown("container '\(name)' as an earlier task leaves it"), ())
        }
        switch try await endpoint.ask(target, [.get("containers", name, "json")]) {
        case .foreseenUnknown(let unknown): return .unknown(unknown, ())
        case .foreseenEmpty: return .asWanted(.ok(["exists": false, "container": .null]))
        case .running(let answers): return .asWanted(.ok(try Self.values(answers[0])))
        }
    }

    private static func values(_ answer: DockerAnswer) throws(Diagnostic) -> ValueMap {
        let container = try answer.valueIfPresent()
        return ["exists": .bool(container != nil), "container": container ?? .null]
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        guard case .running(let answers) = try await endpoint.ask(target, [.get("containers", name, "json")]) else {
            throw Diagnostic(.failed, "the Docker Engine is not running")
        }
        return .ok(try Self.values(answers[0]))
    }
}
