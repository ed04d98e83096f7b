internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Takes a name from an image, and the image away with its last one, as `community.docker.docker_image_remove` does.
struct DockerImageRemoveModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_image_remove",
        summary: "Remove a Docker image, or one of its names.",
        arguments: [
            .required("name", .string, "The image's name, with or without a tag, or its ID."),
            .optional("tag", .string, "The tag, where the name has none.", default: "latest"),
            .optional("force", .bool, "Remove it even if stopped containers or other names use it.", default: false),
            .optional("prune", .bool, "Remove nameless images that it was made from, too.", default: true),
        ] + DockerArguments.endpoint,
        check: "full; which layers go with it, and whether a container holds it, shows only in a run",
        diff: "Its names.",
        example: """
            - community.docker.docker_image_remove:
                name: app:1.3
            """,
        aliases: DockerArguments.aliases("docker_image_remove")
    )

    private let reference: ImageReference
    private let forces: Bool
    private let prunes: Bool
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        reference = try ImageReference(named: try arguments.string("name"), arguments)
        forces = arguments.bool("force")
        prunes = arguments.bool("prune")
        endpoint = try DockerEndpoint(arguments)
    }

    private static let nothing: ValueMap = ["actions": [], "image": [:], "deleted": [], "untagged": []]

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Value> {
        if target.foreseen.docker("image", reference.full) == false { return .asWanted(.ok(Self.nothing)) }
        let answers: [DockerAnswer]
        switch try await endpoint.ask(target, [.get("images", reference.full, "json")]) {
        case .foreseenUnknown(let unknown): return .unknown(unknown, [:])
        case .foreseenEmpty: return .asWanted(.ok(Self.nothing))
        case .running(let all): answers = all
        }
        guard let image = try answers[0].valueIfPresent() else {
            guard target.foreseen.docker("image", reference.full) == true else { return .asWanted(.ok(Self.nothing)) }
            return .unknown(Unknown("image '\(reference.full)' as an earlier task leaves it"), [:])
        }
        let tags = image["RepoTags"].items
        let digests = image["RepoDigests"].items
        if reference.isID, !forces, tags.count > 1 {
            throw Diagnostic(
                .failed, "image '\(reference.full)' has \(tags.count) names",
                remedy: "Remove them one by one, or say 'force: true'.", host: target.hostName)
        }
        let left = reference.isID ? [] : tags.filter { $0.stringValue != reference.full }
        let isLast = reference.isID || left.isEmpty && digests.count <= (reference.digest == nil ? 0 : 1)
        let untagged = reference.isID ? tags + digests : [.string(reference.full)]
        return .change(
            Change(
                [.setting("names of \(image["Id"].pythonText)", before: .list(tags), after: .list(left))],
                effects: [.docker(kind: "image", name: reference.full, present: false)]),
            image,
            foreseen: .changed(values(image, untagged: untagged, deleted: isLast ? [image["Id"]] : [])))
    }

    func apply(_ image: Value, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let answer = try await endpoint.change(
            target,
            [
                .delete(
                    "images", reference.full,
                    query: [("force", forces ? "true" : "false"), ("noprune", prunes ? "false" : "true")])
            ], timeout: endpoint.timeout)[0]
        // Somebody else was quicker.
        if answer.isMissing { return .ok(Self.nothing) }
        let entries = try answer.value().items
        func list(_ name: String) -> [Value] {
            entries.compactMap { $0[name].stringValue }.sorted().map { .string($0) }
        }
        return .changed(values(image, untagged: list("Untagged"), deleted: list("Deleted")))
    }

    private func values(_ image: Value, untagged: [Value], deleted: [Value]) -> ValueMap {
        [
            "actions": [.string("Removed image \(reference.full)")], "image": image, "untagged": .list(untagged),
            "deleted": .list(deleted),
        ]
    }
}
