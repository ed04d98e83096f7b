internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Gives images further names, as `community.docker.docker_image_tag` does.
struct DockerImageTagModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_image_tag",
        summary: "Give a Docker image further names.",
        arguments: [
            .required("name", .string, "The image."),
            .optional("tag", .string, "Its tag, if the name has none.", default: "latest"),
            .required("repository", .list(.string), "The new names; without a tag they get the image's."),
            .optional(
                "existing_images", .string, "Whether a name that another image has is taken from it.",
                default: "overwrite", choices: ["keep", "overwrite"]),
        ] + DockerArguments.endpoint,
        example: """
            - community.docker.docker_image_tag:
                name: app:1.4
                repository: [registry.example.com/app:1.4, app:stable]
            """,
        aliases: DockerArguments.aliases("docker_image_tag")
    )

    private let image: String
    private let names: [ImageReference]
    private let overwrites: Bool
    private let endpoint: DockerEndpoint

    struct Step: Sendable {
        /// The names that the image does not have yet.
        var names: [ImageReference] = []
        var looksAgain = false
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        image = try ImageReference(named: try arguments.string("name"), arguments).full
        var names: [ImageReference] = []
        for text in arguments.strings("repository") {
            let reference = try ImageReference(named: text, arguments)
            guard !reference.isID, reference.digest == nil else {
                throw Diagnostic(.badValue, "'\(text)' cannot be a name to give", at: arguments.location)
            }
            names.append(reference)
        }
        self.names = names
        overwrites = arguments.optionalString("existing_images") != "keep"
        endpoint = try DockerEndpoint(arguments)
    }

    private var questions: [DockerRead] {
        [.get("images", image, "json")] + names.map { .get("images", $0.full, "json") }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        if target.foreseen.docker("image", image) == true {
            return .unknown(Unknown("image '\(image)' as an earlier task leaves it"), Step(looksAgain: true))
        }
        switch try await endpoint.ask(target, questions) {
        case .foreseenUnknown(let unknown): return .unknown(unknown, Step(looksAgain: true))
        case .foreseenEmpty: throw missing(target.hostName)
        case .running(let answers): return try plan(answers, target.hostName)
        }
    }

    private func missing(_ host: String) -> Diagnostic {
        Diagnostic(
            .failed, "there is no image '\(image)'", remedy: "Pull or build it in an earlier task.", host: host)
    }

    private func plan(_ answers: [DockerAnswer], _ host: String) throws(Diagnostic) -> Plan<Step> {
        guard let image = try answers[0].valueIfPresent() else { throw missing(host) }
        var step = Step()
        var change = Change()
        for (name, answer) in zip(names, answers.dropFirst()) {
            let before = try answer.valueIfPresent()
            if before?["Id"] == image["Id"] || before != nil && !overwrites { continue }
            step.names.append(name)
            change.parts.append(
                .setting("image \(name.full)", before: before?["Id"] ?? "absent", after: image["Id"]))
            change.effects.append(.docker(kind: "image", name: name.full, present: true))
        }
        guard !step.names.isEmpty else { return .asWanted(.ok(["image": image, "tagged_images": []])) }
        return .change(
            change, step,
            foreseen: .changed([
                "image": .unknown(Unknown("image '\(self.image)' with its new names")),
                "tagged_images": .list(step.names.map { .string($0.full) }),
            ]))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var step = step
        if step.looksAgain {
            guard case .running(let answers) = try await endpoint.ask(target, questions) else {
                throw Diagnostic(.failed, "the Docker Engine is not running")
            }
            switch try plan(answers, target.hostName) {
            case .asWanted(let result): return result
            case .change(_, let fresh, _), .unknown(_, let fresh): step = fresh
            }
        }
        var writes: [DockerWrite] = []
        for name in step.names {
            writes.append(
                try .post(
                    "images", image, "tag", query: [("repo", name.repository), ("tag", name.tag ?? "latest")]))
        }
        writes.append(.get("images", image, "json"))
        let answers = try await endpoint.change(target, writes, timeout: endpoint.timeout)
        for answer in answers.dropLast() { try answer.check() }
        return .changed([
            "image": try answers.last?.value() ?? .null,
            "tagged_images": .list(step.names.map { .string($0.full) }),
        ])
    }
}
