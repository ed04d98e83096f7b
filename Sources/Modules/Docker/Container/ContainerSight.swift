internal import Diagnostics
internal import Target
internal import Values

/// What a plan for a container saw: all it needs to know, from one round trip.
struct ContainerSight: Sendable {
    var container: Value?
    /// The wanted image as it is on the host.
    var image: Value?
    /// The image the container was made from, where that was asked for.
    var currentImage: Value?
    var networks: [Value] = []
    /// IDs of containers that others are joined to by name (`network_mode: container:db`).
    var identities: [String: String] = [:]
    /// What `env_file` holds.
    var fileEnvironment: ValueMap?
    /// What the registry says about the tag, where that was asked for.
    var registry: RegistryWord = .notAsked
    /// The version of the Engine's interface.
    var apiVersion: APIVersion?
    /// False in a dry run in which the Engine is itself still to come.
    var hasEngine = true

    enum RegistryWord: Sendable {
        case notAsked
        case digest(String)
        /// The registry could not be asked; its or the Engine's words.
        case silent(String)
    }

    /// Whether the image on the host is what the registry has under that name; nil if nobody knows.
    var isImageCurrent: Bool? {
        guard let image else { return false }
        switch registry {
        case .notAsked: return true
        case .silent: return nil
        case .digest(let digest):
            return image["RepoDigests"].items.contains { $0.stringValue?.hasSuffix("@\(digest)") == true }
        }
    }
}

extension ContainerSpec {
    /// The containers whose IDs are needed to compare.
    var joined: [String] {
        let modes =
            [networkMode] + options.filter { ["ipc_mode", "pid_mode"].contains($0.name) }.map(\.wanted.stringValue)
        return modes.compactMap { mode in
            guard let mode, mode.hasPrefix("container:") else { return nil }
            return String(mode.dropFirst("container:".count))
        }
    }

    /// Looks at everything, in one round trip; two if the settings of the container's own image count or there
    /// is an `env_file`.
    func look(
        _ endpoint: DockerEndpoint, _ reader: some TargetReader
    ) async throws(Diagnostic) -> (state: EngineState, sight: ContainerSight) {
        var reads = [DockerRead.get("containers", name, "json")]
        let wantsImage = image != nil && state != .absent
        let reference = ImageReference(image ?? "")
        if wantsImage { reads.append(.get("images", reference.full, "json")) }
        let asksRegistry = wantsImage && pull == .always && !reference.isID
        if asksRegistry { reads.append(.get("distribution", reference.full, "json")) }
        let wantsNetworks = state != .absent && (networks != nil || networkMode != nil)
        if wantsNetworks { reads.append(.get("networks")) }
        if state != .absent { for other in joined { reads.append(.get("containers", other, "json")) } }

        let engine = try await endpoint.ask(reader, reads)
        var sight = ContainerSight()
        guard case .running(let answers) = engine else {
            sight.hasEngine = false
            return (engine, sight)
        }
        var rest = answers[...]
        func next() -> DockerAnswer { rest.removeFirst() }
        let first = next()
        sight.apiVersion = first.apiVersion
        sight.container = try first.valueIfPresent()
        // The Engine takes the beginning of an ID for a name, too; only the name itself counts.
        if let found = sight.container?["Name"].stringValue, found != "/\(name)", !found.isEmpty,
            sight.container?["Id"].stringValue != name
        {
            sight.container = nil
        }
        if wantsImage { sight.image = try next().valueIfPresent() }
        if asksRegistry {
            let answer = next()
            if answer.succeeded, let digest = try answer.value()["Descriptor", "digest"].stringValue {
                sight.registry = .digest(digest)
            } else {
                sight.registry = .silent(answer.message)
            }
        }
        if wantsNetworks { sight.networks = try next().value().items }
        if state != .absent {
            for other in joined {
                if let id = try next().valueIfPresent()?["Id"].stringValue { sight.identities[other] = id }
            }
        }
        if let id = sight.container?["Image"].stringValue, state != .absent, image == nil || comparesCurrentImage,
            case .running(let more) = try await endpoint.ask(reader, [.get("images", id, "json")])
        {
            sight.currentImage = try more[0].valueIfPresent()
        }
        if let path = environmentFile, state != .absent {
            sight.fileEnvironment = try await Self.environment(at: path, reader)
        }
        return (engine, sight)
    }

    private static func environment(at path: String, _ reader: some TargetReader) async throws(Diagnostic) -> ValueMap {
        let result = try await reader.query("cat -- \"$1\"", path)
        guard result.succeeded else {
            throw Diagnostic(
                .failed, "env_file: cannot read '\(path)' on the host: \(result.errorOutput.firstSentenceLine)",
                remedy: "put it there first, with a copy or template task.")
        }
        var map = ValueMap()
        for (index, line) in result.output.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let text = line.trimmed
            if text.isEmpty || text.hasPrefix("#") { continue }
            guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
                throw Diagnostic(
                    .badValue, "env_file: line \(index + 1) of '\(path)' is no NAME=value",
                    remedy: "write NAME=value, or # before a comment.")
            }
            map[String(text[..<sign])] = .string(String(text[text.index(after: sign)...]))
        }
        return map
    }
}
