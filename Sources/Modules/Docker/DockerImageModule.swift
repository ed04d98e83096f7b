internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Pulls, builds, loads, tags, pushes, saves and removes images, as `community.docker.docker_image` does.
struct DockerImageModule: Module {
    struct Step: Sendable {
        /// Get the image from its source first.
        var fetches = false
        var tags = false
        var pushes = false
        var archives = false
        var removes = false
        var looksAgain = false
        var image: Value?
    }

    private enum Source: String { case build, load, pull, local }

    private let reference: ImageReference
    private let source: Source?
    private let isPresent: Bool
    private let forcesSource: Bool
    private let forcesTag: Bool
    private let forcesRemoval: Bool
    private let pushes: Bool
    private let repository: ImageReference?
    private let archivePath: String?
    private let loadPath: String?
    private let platform: String?
    private let build: ImageBuild?
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        let name = try arguments.string("name")
        let reference = try ImageReference(named: name, arguments)
        self.reference = reference
        source = arguments.optionalString("source").flatMap(Source.init)
        isPresent = arguments.optionalString("state") != "absent"
        forcesSource = arguments.bool("force_source")
        forcesTag = arguments.bool("force_tag")
        forcesRemoval = arguments.bool("force_absent")
        pushes = arguments.bool("push")
        archivePath = arguments.optionalString("archive_path")
        loadPath = arguments.optionalString("load_path")
        platform = arguments["pull"]?["platform"].stringValue
        if let text = arguments.optionalString("repository") {
            try ImageReference.check(text)
            var target = ImageReference(text)
            if target.tag == nil { target.tag = reference.tag ?? "latest" }
            repository = target
        } else {
            repository = nil
        }
        build = try arguments["build"].map { (value) throws(Diagnostic) in try ImageBuild(value) }
        endpoint = try DockerEndpoint(arguments)
        guard isPresent else { return }
        let missing: String? =
            switch source {
            case nil: "source"
            case .build where build == nil: "build"
            case .load where loadPath == nil: "load_path"
            default: nil
            }
        if let missing {
            throw Diagnostic(
                .missingArgument,
                "missing argument '\(missing)'" + (source.map { ", which 'source: \($0)' needs" } ?? ""),
                at: arguments.location,
                remedy: missing == "source" ? "say where the image comes from: pull, build, load or local." : nil)
        }
        if reference.isID, source != .local {
            throw Diagnostic(
                .badValue, "an image named by its ID can only have the source 'local'", at: arguments.location)
        }
    }

    // MARK: - Plan

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let again = Step(looksAgain: true)
        if let foreseen = target.foreseen.docker("image", reference.full) {
            if foreseen == isPresent, repository == nil, !pushes, archivePath == nil { return .asWanted(.ok()) }
            return .change(
                change([.action(isPresent ? "finish image '\(reference.full)'" : "remove image '\(reference.full)'")]),
                again, foreseen: .changed())
        }
        var reads = [DockerRead.get("images", reference.full, "json")]
        if let repository { reads.append(.get("images", repository.full, "json")) }
        let asksRegistry = isPresent && source == .pull && forcesSource
        if asksRegistry { reads.append(.get("distribution", reference.full, "json")) }
        switch try await endpoint.ask(target, reads) {
        case .foreseenUnknown(let unknown): return .unknown(unknown, again)
        case .foreseenEmpty: return try await plan(image: nil, tagged: nil, registry: nil, target)
        case .running(let answers):
            let image = try answers[0].valueIfPresent()
            let tagged = repository == nil ? nil : try answers[1].valueIfPresent()
            return try await plan(image: image, tagged: tagged, registry: asksRegistry ? answers.last : nil, target)
        }
    }

    private func plan(
        image: Value?, tagged: Value?, registry: DockerAnswer?, _ target: some TargetReader
    ) async throws(Diagnostic) -> Plan<Step> {
        guard isPresent else {
            guard image != nil else { return .asWanted(.ok(["image": [:]])) }
            return .change(
                change([.setting("exists", before: true, after: false)]), Step(removes: true), foreseen: .changed())
        }
        var step = Step(image: image)
        var parts: [Change.Part] = []
        if image == nil {
            if source == .local {
                throw Diagnostic(
                    .failed, "there is no image '\(reference.full)' on the host, and 'source: local' only looks there",
                    remedy: "pull, build or load it.")
            }
            step.fetches = true
            parts.append(.setting("exists", before: false, after: true))
            parts.append(.action(verb))
        } else if forcesSource, source == .pull, let registry {
            // The registry tells without pulling whether it has something newer.
            if registry.succeeded, let digest = try registry.value()["Descriptor", "digest"].stringValue {
                let has =
                    image?["RepoDigests"].items.contains { $0.stringValue?.hasSuffix("@\(digest)") == true } == true
                if !has {
                    step.fetches = true
                    parts.append(.setting("digest", before: image?["RepoDigests"] ?? .null, after: .string(digest)))
                }
            } else {
                step.fetches = true
                let cause = "whether the registry has something newer for '\(reference.full)'"
                return .unknown(Unknown(cause), step)
            }
        } else if forcesSource, source == .build || source == .load {
            step.fetches = true
            parts.append(.action(verb))
        }
        if let repository, forcesTag || tagged?["Id"] != image?["Id"] || step.fetches {
            step.tags = true
            parts.append(
                .setting("tag \(repository.full)", before: tagged?["Id"] ?? .null, after: image?["Id"] ?? "new"))
        }
        if pushes {
            step.pushes = true
            // Only the registry knows what it lacks, and tells only when it is sent something.
            if parts.isEmpty, archivePath == nil {
                return .unknown(Unknown("whether the registry lacks any of '\((repository ?? reference).full)'"), step)
            }
            parts.append(.action("push image '\((repository ?? reference).full)'"))
        }
        if let archivePath, try await archiveDiffers(archivePath, image, target) || step.fetches {
            step.archives = true
            parts.append(.action("save image '\(reference.full)' to \(archivePath)"))
        }
        guard !parts.isEmpty else { return .asWanted(.ok(["image": image ?? .null])) }
        let after = Unknown("image '\(reference.full)' as the run leaves it")
        return .change(change(parts), step, foreseen: .changed(["image": .unknown(after)]))
    }

    private var verb: String {
        switch source {
        case .build: "build image '\(reference.full)' from \(build?.path ?? "")"
        case .load: "load image '\(reference.full)' from \(loadPath ?? "")"
        default: "pull image '\(reference.full)'"
        }
    }

    private func change(_ parts: [Change.Part]) -> Change {
        Change(parts, effects: [.docker(kind: "image", name: reference.full, present: isPresent)])
    }

    /// Whether the archive holds another image or none.
    private func archiveDiffers(
        _ path: String, _ image: Value?, _ target: some TargetReader
    ) async throws(Diagnostic) -> Bool {
        let archive = try await ImageArchive(at: path, target)
        try archive.requirePlace(target)
        guard let images = archive.images, images.count == 1,
            let id = image?["Id"].stringValue?.split(separator: ":").last
        else { return true }
        return images[0].id != id || !images[0].isNamed(reference)
    }

    // MARK: - Apply

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var step = step
        if step.looksAgain {
            switch try await plan(target) {
            case .asWanted(let result): return result
            case .change(_, let fresh, _), .unknown(_, let fresh):
                guard !fresh.looksAgain else { throw Diagnostic(.failed, "the Docker Engine is not running") }
                step = fresh
            }
        }
        var result = ModuleResult()
        if step.removes {
            let query = forcesRemoval ? [("force", "1")] : []
            try await endpoint.change(target, .delete("images", reference.full, query: query))
            return .changed(["image": [:]])
        }
        if step.fetches {
            switch source {
            case .build:
                if let build { result.values["stdout"] = .string(try await build.run(reference, endpoint, target)) }
                result.changed = true
            case .load:
                try await load(target)
                result.changed = true
            default:
                let pull = ImagePull(endpoint: endpoint, reference: reference, platform: platform)
                result.changed = try await pull.run(on: target)
            }
        }
        if step.tags, let repository {
            try await endpoint.change(
                target,
                .post(
                    "images", reference.full, "tag",
                    query: [("repo", repository.repository), ("tag", repository.tag ?? "latest")]))
            result.changed = true
        }
        if step.archives, let archivePath {
            let archived = try await ImageArchive.write([reference], to: archivePath, from: endpoint, on: target)
            result.warnings += archived.warnings
            result.changed = true
        }
        if step.pushes {
            let push = ImagePull(endpoint: endpoint, reference: repository ?? reference, platform: nil)
            let hasPushed = try await push.push(from: target)
            result.changed = hasPushed || result.changed
        }
        let answer = try await endpoint.change(target, .get("images", reference.full, "json"))
        result.values["image"] = try answer.value()
        return result
    }

    private func load(_ target: some TargetWriter) async throws(Diagnostic) {
        guard let loadPath else { return }
        let answer = try await endpoint.send(
            target, file: loadPath, to: "/images/load?quiet=1", contentType: "application/x-tar")
        try answer.check()
        for line in try JSON.parseStream(answer.response.body) {
            if let error = line["error"].stringValue {
                throw Diagnostic(.failed, "cannot load '\(loadPath)': \(error.firstSentenceLine)")
            }
        }
        guard case .running(let answers) = try await endpoint.ask(target, [.get("images", reference.full, "json")]),
            answers[0].succeeded
        else {
            throw Diagnostic(
                .failed, "the archive '\(loadPath)' does not hold image '\(reference.full)'",
                remedy: "'tar -xOf \(loadPath) manifest.json' on the host lists what it holds.")
        }
    }
}

/// How an image is built.
struct ImageBuild: Sendable {
    let path: String
    private let options: [String]

    init(_ build: Value) throws(Diagnostic) {
        path = build["path"].pythonText
        var options: [String] = []
        func add(_ name: String, _ option: String) {
            if let value = build[name].ifSet { options += [option, value.pythonText] }
        }
        func flag(_ name: String, _ option: String) { if build[name].isTruthy { options.append(option) } }
        if let file = build["dockerfile"].ifSet?.pythonText {
            options += ["-f", file.hasPrefix("/") ? file : path + "/" + file]
        }
        flag("nocache", "--no-cache")
        flag("pull", "--pull")
        if !build["rm"].isNull, !build["rm"].isTruthy { options.append("--rm=false") }
        add("network", "--network")
        add("target", "--target")
        add("platform", "--platform")
        if let size = build["shm_size"].ifSet {
            options += ["--shm-size", String(try DockerUnits.bytes(size.pythonText, of: "build.shm_size"))]
        }
        for image in build["cache_from"].items { options += ["--cache-from", image.pythonText] }
        for (key, value) in DockerOptions.texts(build["args"].mapValue) {
            options += ["--build-arg", "\(key.text)=\(value.pythonText)"]
        }
        for (key, value) in DockerOptions.texts(build["labels"].mapValue) {
            options += ["--label", "\(key.text)=\(value.pythonText)"]
        }
        for (key, value) in build["etc_hosts"].mapValue ?? [:] {
            options += ["--add-host", "\(key.text):\(value.pythonText)"]
        }
        let limits = build["container_limits"]
        for (name, option) in [
            ("memory", "--memory"), ("memswap", "--memory-swap"), ("cpushares", "--cpu-shares"),
            ("cpusetcpus", "--cpuset-cpus"),
        ] {
            if let value = limits[name].ifSet { options += [option, value.pythonText] }
        }
        self.options = options
    }

    /// Builds with the host's docker command: it knows `.dockerignore` and the builders there are.
    ///
    /// - Returns: What the build wrote.
    func run(
        _ reference: ImageReference, _ endpoint: DockerEndpoint, _ writer: some TargetWriter
    ) async throws(Diagnostic) -> String {
        let words = endpoint.commandLine + ["build", "-t", reference.full] + options + ["--", path]
        let result = try await writer.run(Command(.words(words)))
        guard result.succeeded else {
            let lines = (result.output + "\n" + result.errorOutput).split(whereSeparator: \.isNewline)
            throw Diagnostic(
                .failed, "cannot build image '\(reference.full)': \(lines.suffix(3).joined(separator: " | "))",
                remedy: lines.last.flatMap { DockerTrouble.remedy(String($0)) })
        }
        return result.output
    }
}

extension DockerEndpoint {
    /// The docker command, pointed at this Engine.
    var commandLine: [String] { ["docker"] + (host.map { ["-H", $0] } ?? []) + options }
}
