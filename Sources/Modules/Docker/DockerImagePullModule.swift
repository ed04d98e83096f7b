internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Pulls an image, as `community.docker.docker_image_pull` does.
struct DockerImagePullModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_image_pull",
        summary: "Pull a Docker image.",
        description: """
            With `pull: always` the registry is asked whether it has something newer under that name, and only then \
            the image is pulled.
            """,
        arguments: [
            .required("name", .string, "The image's name, with or without a tag."),
            .optional("tag", .string, "The tag, where the name has none.", default: "latest"),
            .optional("platform", .string, "The platform to pull."),
            .optional(
                "pull", .string, "When to pull it.", default: "always", choices: ["always", "not_present"]),
        ] + DockerArguments.endpoint,
        example: """
            - community.docker.docker_image_pull:
                name: registry.example.com/app
                tag: "1.2"
            """,
        aliases: DockerArguments.aliases("docker_image_pull")
    )

    private let reference: ImageReference
    private let platform: String?
    private let asksAlways: Bool
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        let name = try arguments.string("name")
        let reference = try ImageReference(named: name, arguments)
        guard !reference.isID else {
            throw Diagnostic(.badValue, "an image cannot be pulled by its ID '\(name)'", at: arguments.location)
        }
        self.reference = reference
        platform = arguments.optionalString("platform")
        asksAlways = arguments.optionalString("pull") != "not_present"
        endpoint = try DockerEndpoint(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        if target.foreseen.docker("image", reference.full) == true { return .asWanted(.ok()) }
        var reads = [DockerRead.get("images", reference.full, "json")]
        if asksAlways { reads.append(.get("distribution", reference.full, "json")) }
        var image: Value?
        switch try await endpoint.ask(target, reads) {
        case .foreseenUnknown(let unknown): return .unknown(unknown, ())
        case .foreseenEmpty: break
        case .running(let answers):
            image = try answers[0].valueIfPresent()
            if let image {
                guard asksAlways else { return .asWanted(.ok(["image": image])) }
                guard answers[1].succeeded, let digest = try answers[1].value()["Descriptor", "digest"].stringValue
                else {
                    return .unknown(Unknown("whether the registry has something newer for '\(reference.full)'"), ())
                }
                let has = image["RepoDigests"].items.contains { $0.stringValue?.hasSuffix("@\(digest)") == true }
                if has { return .asWanted(.ok(["image": image])) }
            }
        }
        let change = Change(
            [.setting("image", before: image?["Id"] ?? .null, after: .string("newest of \(reference.full)"))],
            effects: [.docker(kind: "image", name: reference.full, present: true)])
        let after = Unknown("image '\(reference.full)' as the run leaves it")
        return .change(change, (), foreseen: .changed(["image": .unknown(after)]))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let isNewer = try await ImagePull(endpoint: endpoint, reference: reference, platform: platform).run(on: target)
        let image = try await endpoint.change(target, .get("images", reference.full, "json")).value()
        return ModuleResult(changed: isNewer, values: ["image": image])
    }
}
