internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Loads all images of an archive, as `community.docker.docker_image_load` does.
struct DockerImageLoadModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_image_load",
        summary: "Load the Docker images of an archive.",
        description: "An archive is not loaded again if all its images are there under their names.",
        arguments: [.required("path", .path, "The archive on the host.")] + DockerArguments.endpoint,
        diff: "The names and IDs.",
        example: """
            - community.docker.docker_image_load:
                path: /var/tmp/app.tar
            """,
        aliases: DockerArguments.aliases("docker_image_load")
    )

    private let path: String
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        path = try arguments.string("path")
        endpoint = try DockerEndpoint(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        let archive = try await ImageArchive(at: path, target)
        guard archive.exists, !archive.isAwaited else {
            if !target.foreseen.isEmpty { return .unknown(Unknown("what archive '\(path)' will hold"), ()) }
            throw Diagnostic(.failed, "there is no archive '\(path)' on the host", host: target.hostName)
        }
        let wanted = (archive.images ?? []).flatMap { image in
            (image.names.isEmpty ? ["sha256:" + image.id] : image.names).map { (name: $0, id: "sha256:" + image.id) }
        }
        let answers: [DockerAnswer]
        // One question more, so that there is one at all.
        let questions: [DockerRead] = [.get("version")] + wanted.map { .get("images", $0.name, "json") }
        switch try await endpoint.ask(target, questions) {
        case .foreseenUnknown(let unknown): return .unknown(unknown, ())
        case .foreseenEmpty: answers = []
        case .running(let all): answers = Array(all.dropFirst())
        }
        var change = Change()
        var images: [Value] = []
        for (index, image) in wanted.enumerated() {
            let before = index < answers.count ? try answers[index].valueIfPresent() : nil
            change.effects.append(.docker(kind: "image", name: image.name, present: true))
            if let before, before["Id"].stringValue == image.id {
                images.append(before)
                continue
            }
            change.parts.append(
                .setting("image \(image.name)", before: before?["Id"] ?? "absent", after: .string(image.id)))
        }
        // Without a list of its images only a load tells what it holds.
        if wanted.isEmpty { return .change(.action("load '\(path)'"), (), foreseen: .changed()) }
        let names = Value.list(wanted.map { .string($0.name) })
        guard !change.parts.isEmpty else {
            return .asWanted(.ok(["image_names": names, "images": .list(images)]))
        }
        return .change(
            change, (),
            foreseen: .changed(["image_names": names, "images": .unknown(Unknown("the images of '\(path)'"))]))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let answer = try await endpoint.send(
            target, file: path, to: "/images/load", contentType: "application/x-tar")
        try answer.check()
        var lines: [String] = []
        for line in try JSON.parseStream(answer.response.body) {
            if let error = line["error"].stringValue {
                throw Diagnostic(
                    .failed, "cannot load '\(path)': \(error.firstSentenceLine)", remedy: DockerTrouble.remedy(error),
                    host: target.hostName)
            }
            lines += (line["stream"].stringValue ?? line["status"].stringValue ?? "")
                .split(whereSeparator: \.isNewline).map(String.init)
        }
        let names = lines.compactMap { line in
            ["Loaded image: ", "Loaded image ID: "].first { line.hasPrefix($0) }.map {
                String(line.dropFirst($0.count)).trimmed
            }
        }
        guard !names.isEmpty else {
            throw Diagnostic(
                .failed, "the archive '\(path)' holds no image",
                remedy: "`docker save` makes such archives, `docker export` those of another kind.",
                host: target.hostName)
        }
        guard case .running(let answers) = try await endpoint.ask(target, names.map { .get("images", $0, "json") })
        else { throw Diagnostic(.failed, "the Docker Engine is not running") }
        var images: [Value] = []
        for answer in answers { if let image = try answer.valueIfPresent() { images.append(image) } }
        return .changed([
            "image_names": .list(names.map { .string($0) }), "images": .list(images),
            "stdout": .string(lines.joined(separator: "\n")),
        ])
    }
}
