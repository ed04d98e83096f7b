internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Makes a container what it was decided to be.
struct ContainerWork {
    let spec: ContainerSpec
    let endpoint: DockerEndpoint
    let sight: ContainerSight
    let decision: ContainerDecision

    struct Outcome {
        var container: Value?
        var warnings: [String] = []
        /// The exit status of a container that was waited for.
        var status: Int?
        var failure: Diagnostic?
    }

    /// Names for the moment in which two containers stand beside each other.
    private var newName: String { "\(spec.name).swiftprov-new" }
    private var oldName: String { "\(spec.name).swiftprov-old" }

    func run(on writer: some TargetWriter) async throws(Diagnostic) -> Outcome {
        var outcome = Outcome()
        switch decision.base {
        case .remove:
            if let container = sight.container { try await remove(container, on: writer) }
            return outcome
        case .create:
            try await awaitRemoval(on: writer)
            let id = try await create(name: spec.name, on: writer, into: &outcome)
            try await start(new: id, on: writer)
            outcome.container = try await finish(id, on: writer, into: &outcome)
        case .replace:
            guard let container = sight.container else { return outcome }
            let id = try await replace(container, on: writer, into: &outcome)
            outcome.container = try await finish(id, on: writer, into: &outcome)
        case .keep:
            guard let container = sight.container, let id = container["Id"].stringValue else { return outcome }
            try await adjust(id, on: writer)
            outcome.container = try await finish(id, on: writer, into: &outcome)
        }
        return outcome
    }

    // MARK: - Making one

    /// Makes the container, connected to all its networks but not started.
    ///
    /// - Returns: Its ID. If a network refuses it, it is removed again and the refusal thrown.
    private func create(
        name: String, on writer: some TargetWriter, into outcome: inout Outcome
    ) async throws(Diagnostic) -> String {
        guard let image = spec.image ?? sight.container?["Config", "Image"].stringValue else {
            throw Diagnostic(.missingArgument, "no image to make container '\(spec.name)' from")
        }
        var query = [("name", name)]
        if let platform = spec.platform { query.append(("platform", platform)) }
        let body = spec.creation(image: image, sight)
        let answer = try await endpoint.change(
            writer, .post("containers", "create", query: query, body: body)
        ).value()
        guard let id = answer["Id"].stringValue else {
            throw Diagnostic(.failed, "the Docker Engine made container '\(name)' and did not say which")
        }
        outcome.warnings += answer["Warnings"].items.compactMap(\.stringValue)
        let more = spec.networksAfterCreation(sight)
        if !more.isEmpty {
            do {
                try await connect(id, to: more, on: writer)
            } catch {
                await discard(id, on: writer)
                throw error
            }
        }
        return id
    }

    private func connect(
        _ id: String, to networks: [ContainerSpec.Network], on writer: some TargetWriter
    ) async throws(Diagnostic) {
        var writes: [DockerWrite] = []
        for network in networks {
            writes.append(
                try .post(
                    "networks", network.name, "connect",
                    body: ["Container": .string(id), "EndpointConfig": network.endpoint]))
        }
        for answer in try await endpoint.change(writer, writes, timeout: endpoint.timeout) { try answer.check() }
    }

    /// Starts a container that was just made; one that cannot start does not stay behind.
    private func start(new id: String, on writer: some TargetWriter) async throws(Diagnostic) {
        guard decision.starts else { return }
        do {
            try await endpoint.change(writer, .post("containers", id, "start"))
        } catch {
            await discard(id, on: writer)
            throw Diagnostic(
                error.code, "container '\(spec.name)' cannot be started and was removed again: \(error.summary)",
                remedy: error.remedy)
        }
    }

    /// Removes what this task itself has made; its failure adds nothing to the error that led here.
    private func discard(_ id: String, on writer: some TargetWriter) async {
        let remove = DockerWrite.delete("containers", id, query: [("force", "1"), ("v", "1")])
        _ = try? await endpoint.change(writer, [remove], timeout: endpoint.timeout)
    }

    // MARK: - Replacing one

    /// Puts a new container in the old one's place.
    ///
    /// The new one is made under a name of its own first: whatever the Engine has against it comes up while the
    /// old one still runs, untouched. Then the two change places in one request, which the host carries out to
    /// its end even if our connection breaks: the old one is stopped and renamed, the new one renamed and
    /// started. Only when it runs is the old one removed; if it does not start (its port is taken, its path is
    /// missing), the old one gets its name back and is started again, if it ran.
    private func replace(
        _ old: Value, on writer: some TargetWriter, into outcome: inout Outcome
    ) async throws(Diagnostic) -> String {
        guard let oldID = old["Id"].stringValue else {
            throw Diagnostic(.failed, "the Docker Engine does not say which container '\(spec.name)' is")
        }
        // Left there by a run that was cut off: both are ours, and the container itself is neither of them.
        let leftovers = [newName, oldName].map { DockerWrite.delete("containers", $0, query: [("v", "0")]) }
        _ = try await endpoint.change(writer, leftovers, timeout: endpoint.timeout)

        let id = try await create(name: newName, on: writer, into: &outcome)
        let wasRunning = old["State", "Running"].isTruthy
        var writes: [DockerWrite] = []
        if wasRunning { writes += try stopping(oldID, isPaused: old["State", "Paused"].isTruthy) }
        let stops = writes.count
        writes.append(try .post("containers", oldID, "rename", query: [("name", oldName)]))
        writes.append(try .post("containers", id, "rename", query: [("name", spec.name)]))
        if decision.starts { writes.append(try .post("containers", id, "start")) }
        let answers: [DockerAnswer]
        do {
            answers = try await endpoint.change(writer, writes, timeout: endpoint.timeout + stopLimit)
        } catch {
            throw Diagnostic(
                error.code, "\(error.summary), while container '\(spec.name)' was being replaced",
                remedy: "see 'docker ps -a' on the host: the former container is called '\(oldName)' until the new "
                    + "one runs.")
        }
        // One that removes itself when it stops is gone by now: that is no refusal.
        let refused = answers.enumerated().first { index, answer in
            !answer.succeeded && !(answer.isMissing && index <= stops)
        }
        if let refused {
            let isBack = await putBack(oldID, wasRunning: wasRunning, discarding: id, on: writer)
            let cause = DockerTrouble.diagnostic(
                status: refused.element.status, message: refused.element.message, asked: refused.element.asked)
            throw Diagnostic(
                .failed,
                "the new container '\(spec.name)' cannot be started: \(cause.summary); "
                    + (isBack
                        ? "the former one was put back\(wasRunning ? " and runs" : "")"
                        : "and the former one could not be put back: look for '\(oldName)' with 'docker ps -a'"),
                remedy: cause.remedy)
        }
        let remove = DockerWrite.delete(
            "containers", oldID, query: [("v", spec.keepsVolumes ? "0" : "1"), ("force", "1")])
        let removal = try await endpoint.change(writer, [remove], timeout: endpoint.timeout)[0]
        if !removal.succeeded, !removal.isMissing, !removal.message.contains("already in progress") {
            outcome.warnings.append("the former container remains as '\(oldName)': \(removal.message)")
        }
        return id
    }

    /// - Returns: Whether the old container has its name again, and runs if it ran.
    private func putBack(_ old: String, wasRunning: Bool, discarding new: String, on writer: some TargetWriter) async
        -> Bool
    {
        do {
            var writes: [DockerWrite] = [.delete("containers", new, query: [("force", "1"), ("v", "1")])]
            writes.append(try .post("containers", old, "rename", query: [("name", spec.name)]))
            if wasRunning { writes.append(try .post("containers", old, "start")) }
            writes.append(.get("containers", old, "json"))
            let answers = try await endpoint.change(writer, writes, timeout: endpoint.timeout)
            let now = try answers[answers.count - 1].value()
            return now["Name"].stringValue == "/\(spec.name)" && now["State", "Running"].isTruthy == wasRunning
        } catch {
            return false
        }
    }

    // MARK: - Changing one as it is

    private func adjust(_ id: String, on writer: some TargetWriter) async throws(Diagnostic) {
        var writes: [DockerWrite] = []
        if !decision.update.isEmpty {
            writes.append(try .post("containers", id, "update", body: .map(decision.update)))
        }
        for network in decision.disconnects {
            writes.append(try .post("networks", network, "disconnect", body: ["Container": .string(id)]))
        }
        for network in decision.connects {
            writes.append(
                try .post(
                    "networks", network.name, "connect",
                    body: ["Container": .string(id), "EndpointConfig": network.endpoint]))
        }
        if !writes.isEmpty {
            let answers = try await endpoint.change(writer, writes, timeout: endpoint.timeout)
            for answer in answers { try answer.check() }
        }
        // Starting comes apart: a container without its networks had better stay as it is.
        writes = []
        if decision.starts { writes.append(try .post("containers", id, "start")) }
        if decision.restarts { writes.append(try .post("containers", id, "restart", query: stopQuery)) }
        if decision.stops {
            writes += try stopping(id, isPaused: sight.container?["State", "Paused"].isTruthy == true)
        }
        guard !writes.isEmpty else { return }
        let answers = try await endpoint.change(writer, writes, timeout: endpoint.timeout + stopLimit)
        for answer in answers { try answer.check() }
    }

    private func remove(_ container: Value, on writer: some TargetWriter) async throws(Diagnostic) {
        guard let id = container["Id"].stringValue else { return }
        var writes: [DockerWrite] = []
        if container["State", "Running"].isTruthy {
            writes += try stopping(id, isPaused: container["State", "Paused"].isTruthy)
        }
        writes.append(.delete("containers", id, query: [("v", spec.keepsVolumes ? "0" : "1")]))
        let answers = try await endpoint.change(writer, writes, timeout: endpoint.timeout + stopLimit)
        for answer in answers where !answer.isMissing && !answer.message.contains("already in progress") {
            try answer.check()
        }
    }

    private func stopping(_ id: String, isPaused: Bool) throws(Diagnostic) -> [DockerWrite] {
        var writes: [DockerWrite] = []
        if isPaused { writes.append(try .post("containers", id, "unpause")) }
        if spec.isKilled {
            let query = spec.killSignal.map { [("signal", $0)] } ?? []
            // Waiting for the end: a container that is still dying cannot be removed.
            writes.append(try .post("containers", id, "kill", query: query))
            writes.append(try .post("containers", id, "wait"))
        } else {
            writes.append(try .post("containers", id, "stop", query: stopQuery))
        }
        return writes
    }

    private var stopQuery: [(String, String)] { spec.stopTimeout.map { [("t", String($0))] } ?? [] }

    /// How much longer an answer may take because something is being stopped first.
    private var stopLimit: Duration { .seconds(max(spec.stopTimeout ?? 10, 10)) }

    // MARK: - Afterwards

    /// Pauses, waits for what is to be waited for, and looks at the container a last time.
    private func finish(
        _ id: String, on writer: some TargetWriter, into outcome: inout Outcome
    ) async throws(Diagnostic) -> Value? {
        if spec.isAwaited, decision.starts { return try await awaitEnd(id, on: writer, into: &outcome) }
        var writes: [DockerWrite] = []
        if let pauses = decision.pauses { writes.append(try .post("containers", id, pauses ? "pause" : "unpause")) }
        writes.append(.get("containers", id, "json"))
        let answers = try await endpoint.change(writer, writes, timeout: endpoint.timeout)
        for answer in answers.dropLast() { try answer.check() }
        // One that removes itself may have ended by now.
        let container = try answers[answers.count - 1].valueIfPresent()
        guard spec.state == .healthy else { return container }
        return try await awaitHealth(id, container, on: writer)
    }

    private func awaitHealth(_ id: String, _ first: Value?, on writer: some TargetWriter) async throws(Diagnostic)
        -> Value?
    {
        let clock = ContinuousClock()
        let start = clock.now
        var pause = Duration.milliseconds(250)
        var current = first
        while true {
            guard let container = current else {
                throw Diagnostic(.failed, "container '\(spec.name)' vanished while it was waited for")
            }
            let health = container["State", "Health", "Status"].stringValue ?? ""
            // Without a health check, running is as healthy as it gets.
            if health == "healthy" || health.isEmpty || health == "none" { return container }
            let said = container["State", "Health", "Log"].items.last?["Output"].stringValue?.firstSentenceLine ?? ""
            if !container["State", "Running"].isTruthy, !container["State", "Restarting"].isTruthy {
                throw Diagnostic(
                    .failed,
                    "container '\(spec.name)' ended with status \(container["State", "ExitCode"].pythonText) before it "
                        + "was healthy",
                    remedy: "'docker logs \(spec.name)' on the host shows what it wrote.")
            }
            if spec.healthyTimeout > 0, clock.now - start >= .seconds(spec.healthyTimeout) {
                throw Diagnostic(
                    .timeout,
                    "container '\(spec.name)' is still '\(health)' after \(spec.healthyTimeout) s"
                        + (said.isEmpty ? "" : "; its check last said: \(said)"),
                    remedy: "mend what its health check reports, or raise 'healthy_wait_timeout'.")
            }
            do { try await Task.sleep(for: pause) } catch { throw Diagnostic(.interrupted, "interrupted") }
            pause = min(pause * 1.3, .seconds(5))
            let answer = try await endpoint.change(writer, [.get("containers", id, "json")], timeout: endpoint.timeout)[
                0]
            current = try answer.valueIfPresent()
        }
    }

    private func awaitRemoval(on writer: some TargetWriter) async throws(Diagnostic) {
        guard let id = sight.container?["Id"].stringValue else { return }
        let write = try DockerWrite.post("containers", id, "wait", query: [("condition", "removed")])
        let answer = try await endpoint.change(writer, [write], timeout: .seconds(spec.removalTimeout))[0]
        if !answer.isMissing { try answer.check() }
    }

    /// For `detach: false`: waits for the container's end, takes what it wrote, and removes it if asked.
    private func awaitEnd(
        _ id: String, on writer: some TargetWriter, into outcome: inout Outcome
    ) async throws(Diagnostic) -> Value? {
        let answers = try await endpoint.change(
            writer,
            [
                .post("containers", id, "wait"), .get("containers", id, "json"),
                .get("containers", id, "logs", query: [("stdout", "1"), ("stderr", "1")]),
            ], timeout: nil)
        outcome.status = answers[0].isMissing ? nil : try answers[0].value()["StatusCode"].intValue
        var container = try answers[1].valueIfPresent()?.mapValue ?? [:]
        let output: String
        if spec.isAutoRemoved {
            output = "Cannot retrieve result as auto_remove is enabled"
        } else if answers[2].succeeded {
            output = ContainerOutput.text(
                answers[2].response.body, isTerminal: container["Config"]?["Tty"].isTruthy == true)
        } else {
            output = "its log driver keeps nothing that could be shown: \(answers[2].message)"
        }
        container["Output"] = .string(output)
        if spec.cleansUp { await discard(id, on: writer) }
        if let status = outcome.status, status != 0 {
            outcome.failure = Diagnostic(
                .commandFailed, "container '\(spec.name)' ended with status \(status): \(output.lastWords)")
        }
        return .map(container)
    }
}

/// What a container wrote.
enum ContainerOutput {
    /// Takes the frames apart in which the Engine sends both streams: kind, three empty bytes, length, content.
    /// A terminal's output comes as it is.
    static func text(_ bytes: [UInt8], isTerminal: Bool) -> String {
        guard !isTerminal else { return String(decoding: bytes, as: UTF8.self) }
        var result: [UInt8] = []
        var at = 0
        while at + 8 <= bytes.count {
            let length = bytes[(at + 4)..<(at + 8)].reduce(0) { $0 << 8 | Int($1) }
            let end = min(at + 8 + length, bytes.count)
            result += bytes[(at + 8)..<end]
            at = end
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension String {
    /// The last line that says something.
    fileprivate var lastWords: String {
        split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }.map(String.init) ?? "no output"
    }
}
