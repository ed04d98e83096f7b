internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Tells about images, as `community.docker.docker_image_info` does.
struct DockerImageInfoModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_image_info",
        summary: "Tell about Docker images.",
        description: "Answers `images`: what the Engine says about those that are there.",
        arguments: [
            .optional("name", .list(.string), "Names or IDs; without them, all images.")
        ] + DockerArguments.endpoint,
        diff: "nothing to show",
        example: """
            - community.docker.docker_image_info:
                name: [nginx:1.27, postgres]
              register: images
            """,
        aliases: DockerArguments.aliases("docker_image_info")
    )

    private let names: [String]
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        var names: [String] = []
        for name in arguments.strings("name") {
            try ImageReference.check(name)
            // A short ID is no name with a tag.
            names.append(name.hasPrefix("sha256:") ? name : ImageReference(name).full)
        }
        self.names = names
        endpoint = try DockerEndpoint(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        if names.contains(where: { target.foreseen.docker("image", $0) == true }) {
            return .unknown(Unknown("images as an earlier task leaves them"), ())
        }
        switch try await endpoint.ask(target, questions(names)) {
        case .foreseenUnknown(let unknown): return .unknown(unknown, ())
        case .foreseenEmpty: return .asWanted(.ok(["images": []]))
        case .running(let answers): return .asWanted(try await result(answers, target))
        }
    }

    private func questions(_ names: [String]) -> [DockerRead] {
        names.isEmpty ? [.get("images", "json")] : names.map { .get("images", $0, "json") }
    }

    private func result(_ answers: [DockerAnswer], _ target: some TargetReader) async throws(Diagnostic)
        -> ModuleResult
    {
        var answers = answers
        if names.isEmpty, let list = answers.first {
            let all = try list.value().items.compactMap { $0["Id"].stringValue }
            guard !all.isEmpty, case .running(let each) = try await endpoint.ask(target, questions(all)) else {
                return .ok(["images": []])
            }
            answers = each
        }
        var images: [Value] = []
        for answer in answers {
            if let image = try answer.valueIfPresent(), !images.contains(where: { $0["Id"] == image["Id"] }) {
                images.append(image)
            }
        }
        return .ok(["images": .list(images)])
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        guard case .running(let answers) = try await endpoint.ask(target, questions(names)) else {
            throw Diagnostic(.failed, "the Docker Engine is not running")
        }
        return try await result(answers, target)
    }
}
