internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Writes images to an archive on the host, as `community.docker.docker_image_export` does.
struct DockerImageExportModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_image_export",
        summary: "Write Docker images to an archive.",
        arguments: [
            .required("names", .list(.string), "The images, by name or ID.", aliases: ["name"]),
            .optional("tag", .string, "The tag of names without one.", default: "latest"),
            .required("path", .path, "The archive on the host."),
            .optional("force", .bool, "Write it even if it holds those images already.", default: false),
        ] + DockerArguments.endpoint,
        diff: "What would be written.",
        example: """
            - community.docker.docker_image_export:
                names: [app:1.4, db:7]
                path: /var/tmp/images.tar
            """,
        aliases: DockerArguments.aliases("docker_image_export")
    )

    private let images: [ImageReference]
    private let path: String
    private let forces: Bool
    private let endpoint: DockerEndpoint

    struct Step: Sendable {
        /// The archive, as the host has the path.
        var path = ""
        /// Why it is written.
        var reason = ""
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        var images: [ImageReference] = []
        for name in arguments.strings("names") {
            images.append(try ImageReference(named: name, arguments))
        }
        guard !images.isEmpty else {
            throw Diagnostic(.badValue, "'names' names no image", at: arguments.location)
        }
        self.images = images
        path = try arguments.string("path")
        forces = arguments.bool("force")
        endpoint = try DockerEndpoint(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        if let awaited = images.first(where: { target.foreseen.docker("image", $0.full) == true }) {
            return .unknown(Unknown("image '\(awaited.full)' as an earlier task leaves it"), Step())
        }
        let answers: [DockerAnswer]
        switch try await endpoint.ask(target, images.map { .get("images", $0.full, "json") }) {
        case .foreseenUnknown(let unknown): return .unknown(unknown, Step())
        case .foreseenEmpty: answers = []
        case .running(let all): answers = all
        }
        var found: [Value] = []
        for (index, image) in images.enumerated() {
            guard index < answers.count, let value = try answers[index].valueIfPresent() else {
                throw Diagnostic(
                    .failed, "there is no image '\(image.full)'", remedy: "Pull, build or load it in an earlier task.",
                    host: target.hostName)
            }
            found.append(value)
        }
        var values: ValueMap = ["images": .list(found)]
        let archive = try await ImageArchive(at: path, target)
        try archive.requirePlace(target)
        if archive.isAwaited, !forces {
            return .unknown(Unknown("whether archive '\(path)' will hold those images"), Step())
        }
        guard let reason = reason(archive, found) else { return .asWanted(.ok(values)) }
        values["msg"] = .string(reason)
        let names = images.map(\.full).joined(separator: ", ")
        return .change(
            Change(
                [.action("save \(names) to \(path): \(reason)")],
                effects: [.file(path: archive.place.path, .init(kind: .file))]),
            Step(path: archive.place.path, reason: reason), foreseen: .changed(values))
    }

    /// Why it is to be written; nil if it holds just those images.
    private func reason(_ archive: ImageArchive, _ found: [Value]) -> String? {
        if forces { return "it is forced" }
        guard archive.exists else { return "there is no archive yet" }
        guard var left = archive.images else { return "the file is no archive of images" }
        for (reference, image) in zip(images, found) {
            let id = image["Id"].stringValue.map { String($0.split(separator: ":").last ?? "") }
            let index = left.firstIndex { held in
                held.id == id && held.isNamed(reference)
            }
            guard let index else { return "the archive lacks \(reference.full)" }
            left.remove(at: index)
        }
        return left.isEmpty ? nil : "the archive holds other images, too"
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var result = try await ImageArchive.write(images, to: step.path, from: endpoint, on: target)
        guard
            case .running(let answers) = try await endpoint.ask(
                target, images.map { .get("images", $0.full, "json") })
        else { throw Diagnostic(.failed, "the Docker Engine is not running") }
        var found: [Value] = []
        for answer in answers { found.append(try answer.value()) }
        result.values = ["images": .list(found), "msg": .string(step.reason)]
        return result
    }
}
