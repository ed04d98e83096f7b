internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Runs, changes, stops and removes Docker containers, as `community.docker.docker_container` does.
///
/// `ContainerSpec` is what the task asks for, `ContainerSight` what the host showed, `ContainerDecision` what
/// follows from both, `ContainerWork` does it.
struct DockerContainerModule: Module {
    struct Step: Sendable {
        var sight: ContainerSight
        var decision: ContainerDecision
        /// The host could not tell enough when the plan was made: look again first.
        var looksAgain = false
    }

    private let spec: ContainerSpec
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        spec = try ContainerSpec(arguments)
        endpoint = try DockerEndpoint(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let (engine, sight) = try await spec.look(endpoint, target)
        if case .foreseenUnknown(let unknown) = engine {
            return .unknown(unknown, Step(sight: sight, decision: .init(), looksAgain: true))
        }
        if let foreseen = target.foreseen.docker("container", spec.name) {
            return try afterForeseen(foreseen, sight)
        }
        try spec.checkNetworks(sight, foreseen: target.foreseen)
        try checkImage(sight, foreseen: target.foreseen)
        var decision = try spec.decide(sight, mayPull: true)
        if let image = spec.image, target.foreseen.docker("image", ImageReference(image).full) == true {
            // An earlier task of this dry run would have brought it.
            decision.pulls = false
        }
        let step = Step(sight: sight, decision: decision, looksAgain: decision.pulls)
        // A tag that the registry will not tell about can only be known by pulling it, unless the container is to
        // change anyway.
        if spec.pull == .always, sight.image != nil, sight.isImageCurrent == nil, decision.base == .keep,
            case .silent(let words) = sight.registry
        {
            let cause =
                "whether the registry has something newer for '\(spec.image ?? "")' (\(words.firstSentenceLine))"
            return .unknown(Unknown(cause), step)
        }
        guard !decision.isNothing else { return .asWanted(.ok(facts(sight.container))) }
        return .change(change(decision), step, foreseen: foreseenResult)
    }

    /// What is left to say when an earlier task of the same dry run would have made or removed the container.
    private func afterForeseen(_ isThere: Bool, _ sight: ContainerSight) throws(Diagnostic) -> Plan<Step> {
        let step = Step(sight: sight, decision: .init(), looksAgain: true)
        if spec.state == .absent, !isThere { return .asWanted(.ok()) }
        if isThere, spec.state != .absent, !spec.recreates, !spec.restarts {
            return .unknown(Unknown("container '\(spec.name)' as an earlier task leaves it"), step)
        }
        var decision = ContainerDecision()
        if !isThere {
            var empty = sight
            empty.container = nil
            decision = try spec.decide(empty, mayPull: true)
        } else if spec.state == .absent {
            decision.parts = [.setting("exists", before: true, after: false)]
        } else {
            let what = spec.recreates ? "make container '\(spec.name)' anew" : "restart container '\(spec.name)'"
            decision.parts = [.action(what)]
        }
        return .change(change(decision), step, foreseen: foreseenResult)
    }

    private var foreseenResult: ModuleResult {
        guard spec.state != .absent else { return .changed() }
        return .changed(["container": .unknown(Unknown("container '\(spec.name)' as the run leaves it"))])
    }

    private func change(_ decision: ContainerDecision) -> Change {
        var effects: [Change.Effect] = [.docker(kind: "container", name: spec.name, present: spec.state != .absent)]
        if decision.pulls, let image = spec.image {
            effects.append(.docker(kind: "image", name: ImageReference(image).full, present: true))
        }
        return Change(decision.parts, effects: effects)
    }

    private func facts(_ container: Value?) -> ValueMap {
        guard let container else { return [:] }
        return ["container": DockerDiff.hiding(spec.secrets, in: container)]
    }

    /// - Throws: `Diagnostic` if the image is not there and must not or cannot be pulled.
    private func checkImage(_ sight: ContainerSight, foreseen: Foreseen) throws(Diagnostic) {
        guard sight.hasEngine, sight.image == nil, spec.state != .absent, let image = spec.image else { return }
        let reference = ImageReference(image)
        if foreseen.docker("image", reference.full) == true { return }
        if reference.isID {
            throw Diagnostic(.failed, "there is no image with the ID '\(image)' on the host")
        }
        if spec.pull == .never {
            throw Diagnostic(
                .failed,
                "there is no image '\(reference.full)' on the host, and 'pull: never' keeps it from being pulled",
                remedy: "load or build it first with docker_image, or let it be pulled (pull: missing).")
        }
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var sight = step.sight
        var decision = step.decision
        var result = ModuleResult()
        if spec.pull == .always, sight.isImageCurrent == nil { decision.pulls = true }
        if decision.pulls, let image = spec.image {
            let pull = ImagePull(endpoint: endpoint, reference: ImageReference(image), platform: spec.platform)
            result.changed = try await pull.run(on: target)
        }
        if step.looksAgain || decision.pulls {
            let (engine, fresh) = try await spec.look(endpoint, target)
            guard case .running = engine else { throw Diagnostic(.failed, "the Docker Engine is not running") }
            try spec.checkNetworks(fresh, foreseen: target.foreseen)
            // An image that was just pulled is what the registry has: it is not asked again.
            let isPulled = decision.pulls
            try checkImage(fresh, foreseen: target.foreseen)
            sight = fresh
            decision = try spec.decide(fresh, mayPull: !isPulled)
            if decision.pulls, let image = spec.image {
                let pull = ImagePull(endpoint: endpoint, reference: ImageReference(image), platform: spec.platform)
                result.changed = try await pull.run(on: target)
                sight = try await spec.look(endpoint, target).sight
                decision = try spec.decide(sight, mayPull: false)
            }
        }
        let work = ContainerWork(spec: spec, endpoint: endpoint, sight: sight, decision: decision)
        let outcome = try await work.run(on: target)
        result.changed = result.changed || !decision.isNothing
        result.warnings += outcome.warnings
        result.failure = outcome.failure
        result.values = facts(outcome.container ?? (spec.state == .absent ? nil : sight.container))
        if let status = outcome.status { result.values["status"] = .int(status) }
        return result
    }
}
