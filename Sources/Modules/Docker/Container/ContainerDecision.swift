internal import Diagnostics
internal import Results
internal import Values

/// What is to be done about a container, and why.
struct ContainerDecision: Sendable {
    enum Base: Sendable { case keep, create, replace, remove }

    var base = Base.keep
    /// The diff.
    var parts: [Change.Part] = []
    /// What can be changed in the container as it is.
    var update = ValueMap()
    var disconnects: [String] = []
    var connects: [ContainerSpec.Network] = []
    var starts = false
    var restarts = false
    var stops = false
    var pauses: Bool?
    /// The image must come first; what it holds decides the rest, which is then decided again.
    var pulls = false

    var isNothing: Bool { parts.isEmpty }
}

extension ContainerSpec {
    /// Compares what was seen with what is wanted.
    ///
    /// - Parameter mayPull: False once the image was pulled: then it counts as it is.
    func decide(_ sight: ContainerSight, mayPull: Bool) throws(Diagnostic) -> ContainerDecision {
        var decision = ContainerDecision()
        guard state != .absent else {
            guard let container = sight.container else { return decision }
            decision.base = .remove
            if container["State", "Running"].isTruthy {
                decision.parts.append(.setting("running", before: true, after: false))
            }
            decision.parts.append(.setting("exists", before: true, after: false))
            return decision
        }
        let isLeaving = sight.container?["State", "Status"].stringValue == "removing"
        guard let container = sight.container, !isLeaving else {
            guard let image else {
                throw Diagnostic(
                    .missingArgument, "there is no container '\(name)', and without 'image' none can be made",
                    remedy: "name the image.")
            }
            decision.base = .create
            decision.parts = [
                .setting("exists", before: false, after: true), .setting("image", before: .null, after: .string(image)),
            ]
            // What the image brings along is not worth telling, only what the task asks for.
            var bare = sight
            bare.image = nil
            bare.currentImage = nil
            for option in expected(bare) where option.isSent {
                decision.parts += option.differences(from: .null).filter { !Self.isEmpty($0) }
            }
            decision.parts += (networks ?? []).map { .setting("network.\($0.name)", before: .null, after: $0.value) }
            if mayPull, sight.isImageCurrent != true { pullFirst(&decision) }
            decision.starts = state == .started || state == .healthy
            if decision.starts {
                decision.parts.append(.setting("running", before: false, after: true))
                decision.pauses = isPaused == true ? true : nil
            }
            return decision
        }
        try compare(container, sight, mayPull: mayPull, into: &decision)
        return decision
    }

    private func compare(
        _ container: Value, _ sight: ContainerSight, mayPull: Bool, into decision: inout ContainerDecision
    ) throws(Diagnostic) {
        var differences: [Change.Part] = []
        var updates: [Change.Part] = []
        for option in expected(sight) {
            let parts = option.differences(from: container)
            guard !parts.isEmpty else { continue }
            if option.updateKey == nil { differences += parts } else { updates += parts }
        }
        try checkImageLabels(sight)
        var imageParts: [Change.Part] = []
        if imageComparison == .strict, let image {
            let before = container["Config", "Image"].stringValue ?? ""
            if !ignoresImageName, ImageReference(image).canonical != ImageReference(before).canonical,
                before != image
            {
                imageParts.append(.setting("image", before: .string(before), after: .string(image)))
            } else if mayPull, case .digest(let digest) = sight.registry, sight.isImageCurrent == false {
                imageParts.append(.setting("image digest", before: container["Image"], after: .string(digest)))
            } else if let wanted = sight.image?["Id"], wanted != container["Image"] {
                imageParts.append(.setting("image id", before: container["Image"], after: wanted))
            }
        }
        if mayPull, image != nil, sight.isImageCurrent != true { pullFirst(&decision) }
        let isRunning = container["State", "Running"].isTruthy
        let shouldRun = state == .started || state == .healthy
        if recreates || !differences.isEmpty || !imageParts.isEmpty {
            decision.base = .replace
            decision.parts += imageParts + differences + updates
            if imageParts.isEmpty, differences.isEmpty {
                decision.parts.append(.action("make container '\(name)' anew (recreate)"))
            }
            decision.starts = shouldRun
            if shouldRun, !isRunning { decision.parts.append(.setting("running", before: false, after: true)) }
            if isPaused == true, shouldRun { decision.pauses = true }
            return
        }
        decision.parts += updates
        if !updates.isEmpty { decision.update = updateBody() }
        compareNetworks(container, sight, into: &decision)
        if shouldRun, !isRunning {
            decision.starts = true
            decision.parts.append(.setting("running", before: false, after: true))
        } else if shouldRun, restarts {
            decision.restarts = true
            decision.parts.append(.action("restart container '\(name)'"))
        } else if state == .stopped, isRunning {
            decision.stops = true
            decision.parts.append(.setting("running", before: true, after: false))
        }
        let isNowPaused = container["State", "Paused"].isTruthy && !decision.restarts && !decision.starts
        if shouldRun, let isPaused, isPaused != isNowPaused {
            decision.pauses = isPaused
            decision.parts.append(.setting("paused", before: .bool(isNowPaused), after: .bool(isPaused)))
        }
    }

    private func pullFirst(_ decision: inout ContainerDecision) {
        guard let image, !ImageReference(image).isID else { return }
        decision.pulls = true
        decision.parts.append(.action("pull image '\(ImageReference(image).full)'"))
    }

    private static func isEmpty(_ part: Change.Part) -> Bool {
        guard case .setting(_, _, let after) = part else { return false }
        return after.isNull || after.elements?.isEmpty == true
    }

    // MARK: - What is expected

    /// The options with what the image adds to them: its environment, labels, ports and volumes are part of the
    /// container as well.
    func expected(_ sight: ContainerSight) -> [ContainerOption] {
        let image = comparesCurrentImage || self.image == nil ? sight.currentImage ?? sight.image : sight.image
        let config = image?["Config"] ?? .null
        var result: [ContainerOption] = options.map { option in
            var option = option
            switch option.name {
            case "command" where option.wanted.items.isEmpty: option.wanted = config["Cmd"].ifSet ?? .list([])
            case "ipc_mode", "pid_mode": option.wanted = identified(option.wanted, sight)
            default: break
            }
            return option
        }

        var environment = ValueMap()
        for item in config["Env"].items {
            let parts = item.pythonText.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { environment[String(parts[0])] = .string(String(parts[1])) }
        }
        if let file = sight.fileEnvironment { environment.merge(file) }
        if let own = self.environment { environment.merge(own) }
        result.append(.init("env", ["Config", "Env"], .map, .map(environment), comparison: envComparison))

        if let labels {
            var all = failsOnImageLabels ? ValueMap() : config["Labels"].mapValue ?? [:]
            all.merge(labels)
            result.append(.init("labels", ["Config", "Labels"], .map, .map(all), comparison: labelComparison))
        }
        var exposed =
            config["ExposedPorts"].mapValue?.keys.map { $0.text.contains("/") ? $0.text : "\($0.text)/tcp" } ?? []
        for port in ports?.exposed ?? [] where !exposed.contains(port) { exposed.append(port) }
        result.append(
            .init(
                "exposed_ports", ["Config", "ExposedPorts"], .set, .list(exposed.map { .string($0) }),
                comparison: exposedComparison))
        if let ports, !ports.bindings.isEmpty || portComparison == .strict {
            result.append(
                .init(
                    "published_ports", ["HostConfig", "PortBindings"], .map,
                    ports.portBindings(defaultAddress: address(sight)), comparison: portComparison))
        }
        var anonymous = config["Volumes"].mapValue?.keys.map(\.text) ?? []
        for path in anonymousVolumes where !anonymous.contains(path) { anonymous.append(path) }
        result.append(
            .init(
                "anonymous volumes", ["Config", "Volumes"], .set, .list(anonymous.map { .string($0) }),
                comparison: volumeComparison))
        if volumeComparison == .strict, !options.contains(where: { $0.name == "volumes" }) {
            result.append(.init("volumes", ["HostConfig", "Binds"], .set, .list([]), comparison: .strict))
        }
        if let networkMode {
            // The Engine turns 'default' into 'bridge' as soon as it makes the container.
            let mode =
                networkMode == "default" && sight.container?["HostConfig", "NetworkMode"] == "bridge"
                ? "bridge" : networkMode
            var wanted = identified(.string(mode), sight)
            // A container may have been given its network by ID.
            if let real = sight.container?["HostConfig", "NetworkMode"],
                sight.networks.contains(where: { $0["Name"] == wanted && $0["Id"] == real })
            {
                wanted = real
            }
            result.append(
                .init("network_mode", ["HostConfig", "NetworkMode"], .value, wanted, comparison: networkModeComparison))
        }
        if let platform, let image { result.append(contentsOf: Self.platformOption(platform, image)) }
        return result
    }

    /// `container:NAME` with the ID in place of the name, as the Engine keeps it.
    private func identified(_ mode: Value, _ sight: ContainerSight) -> Value {
        guard let text = mode.stringValue, text.hasPrefix("container:") else { return mode }
        let other = String(text.dropFirst("container:".count))
        return sight.identities[other].map { .string("container:\($0)") } ?? mode
    }

    /// The address to publish at: the task's, else what a network of the container says, else all of IPv4.
    func address(_ sight: ContainerSight) -> String {
        if let defaultAddress { return defaultAddress }
        for network in networks ?? [] {
            let known = sight.networks.first { $0["Name"].stringValue == network.name }
            let option = known?["Options", "com.docker.network.bridge.host_binding_ipv4"].stringValue
            if known?["Driver"] == "bridge", let option, !option.isEmpty { return option }
        }
        return "0.0.0.0"
    }

    private static func platformOption(_ platform: String, _ image: Value) -> [ContainerOption] {
        let architectures = ["x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "i386": "386"]
        let parts = platform.lowercased().split(separator: "/").map { architectures[String($0)] ?? String($0) }
        let os = image["Os"].stringValue ?? "linux"
        let architecture = image["Architecture"].stringValue ?? ""
        // One word alone is an architecture, or the name of a system.
        let isSame =
            parts.count == 1 ? parts[0] == architecture || parts[0] == os : parts[0] == os && parts[1] == architecture
        if isSame { return [] }
        return [.init("platform", ["platform of the image"], .value, .string(platform), isSent: false)]
    }

    private func checkImageLabels(_ sight: ContainerSight) throws(Diagnostic) {
        guard failsOnImageLabels, labelComparison == .strict else { return }
        let own = sight.image?["Config", "Labels"].mapValue ?? [:]
        let left = own.keys.map(\.text).filter { labels?[$0] == nil }
        guard left.isEmpty else {
            throw Diagnostic(
                .failed, "the image has labels that the task leaves out: \(left.joined(separator: ", "))",
                remedy: "name them, or set 'image_label_mismatch: ignore'.")
        }
    }

    /// All that an update can change, as wanted: the Engine takes it as a whole.
    private func updateBody() -> ValueMap {
        var body = ValueMap()
        for option in options {
            guard let key = option.updateKey else { continue }
            let parts = key.split(separator: ".").map(String.init)
            if parts.count == 2 {
                var inner = body[parts[0]]?.mapValue ?? [:]
                inner[parts[1]] = option.wanted
                body[parts[0]] = .map(inner)
            } else {
                body[key] = option.wanted
            }
        }
        return body
    }
}
