internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Makes and removes Docker volumes, as `community.docker.docker_volume` does.
struct DockerVolumeModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "community.docker.docker_volume",
        summary: "Make or remove a Docker volume.",
        description: """
            A volume cannot be altered, and making it anew loses what it holds: a volume that differs is left as it \
            is, with a warning, unless `recreate` allows more.
            """,
        arguments: [
            .required("volume_name", .string, "The volume's name.", aliases: ["name"]),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional("driver", .string, "Its driver.", default: "local"),
            .optional("driver_options", .map([]), "The driver's options."),
            .optional("labels", .map([]), "Its labels."),
            .optional(
                "recreate", .string, "When to remove the volume, with all that it holds, and make it anew.",
                default: "never", choices: ["always", "never", "options-changed"]),
        ] + DockerArguments.endpoint,
        example: """
            - community.docker.docker_volume:
                name: postgres-data
            """,
        aliases: DockerArguments.aliases("docker_volume")
    )

    struct Step: Sendable {
        var removes = false
        var creates = false
        var looksAgain = false
    }

    private let name: String
    private let isPresent: Bool
    private let recreate: String
    private let driver: String
    private let options: ValueMap
    private let labels: ValueMap
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("volume_name")
        isPresent = arguments.optionalString("state") != "absent"
        recreate = arguments.optionalString("recreate") ?? "never"
        driver = arguments.optionalString("driver") ?? "local"
        options = DockerOptions.texts(arguments.map("driver_options"))
        labels = try DockerOptions.labels(arguments.map("labels"), of: "labels", at: arguments.location)
        endpoint = try DockerEndpoint(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let state = try await endpoint.ask(target, [.get("volumes", name)])
        if case .foreseenUnknown(let unknown) = state { return .unknown(unknown, Step(looksAgain: true)) }
        if let foreseen = target.foreseen.docker("volume", name) {
            if foreseen == isPresent, recreate != "always" { return .asWanted(.ok()) }
            let change = Change(
                [.setting("exists", before: .bool(foreseen), after: .bool(isPresent))],
                effects: [.docker(kind: "volume", name: name, present: isPresent)])
            return .change(change, Step(looksAgain: true), foreseen: .changed())
        }
        guard case .running(let answers) = state else { return plan(nil) }
        return plan(try answers[0].valueIfPresent())
    }

    private func plan(_ volume: Value?) -> Plan<Step> {
        var change = Change(effects: [.docker(kind: "volume", name: name, present: isPresent)])
        guard isPresent else {
            guard volume != nil else { return .asWanted(.ok()) }
            change.parts.append(.setting("exists", before: true, after: false))
            return .change(change, Step(removes: true), foreseen: .changed())
        }
        var step = Step()
        if let volume {
            let differences = differences(from: volume)
            let recreates = recreate == "always" || recreate == "options-changed" && !differences.isEmpty
            guard recreates else {
                var result = ModuleResult.ok(["volume": volume])
                if !differences.isEmpty {
                    let names = differences.map(Self.name).joined(separator: ", ")
                    result.warnings.append(
                        "volume '\(name)' differs from what the task asks for (\(names)) and is left as it is: only "
                            + "making it anew could change that, which 'recreate: options-changed' allows")
                }
                return .asWanted(result)
            }
            step = Step(removes: true, creates: true)
            change.parts += differences
            change.parts.append(.action("remove volume '\(name)' with all that it holds, and make it anew"))
        } else {
            step.creates = true
            change.parts.append(.setting("exists", before: false, after: true))
            change.parts.append(.setting("driver", before: .null, after: .string(driver)))
            if !options.isEmpty { change.parts.append(.setting("driver_options", before: .null, after: .map(options))) }
            if !labels.isEmpty { change.parts.append(.setting("labels", before: .null, after: .map(labels))) }
        }
        let after = Unknown("volume '\(name)' as the run leaves it")
        return .change(change, step, foreseen: .changed(["volume": .unknown(after)]))
    }

    private static func name(_ part: Change.Part) -> String {
        if case .setting(let name, _, _) = part { name } else { "" }
    }

    private func differences(from volume: Value) -> [Change.Part] {
        var parts: [Change.Part] = []
        func compare(_ name: String, _ before: Value, _ after: Value) {
            if before != after { parts.append(DockerDiff.setting(name, before: before, after: after)) }
        }
        compare("driver", volume["Driver"], .string(driver))
        for (key, value) in options { compare("driver_options.\(key.text)", volume["Options", key.text], value) }
        for (key, value) in labels { compare("labels.\(key.text)", volume["Labels", key.text], value) }
        return parts
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var step = step
        if step.looksAgain {
            guard case .running(let answers) = try await endpoint.ask(target, [.get("volumes", name)]) else {
                throw Diagnostic(.failed, "the Docker Engine is not running")
            }
            switch plan(try answers[0].valueIfPresent()) {
            case .asWanted(let result): return result
            case .change(_, let fresh, _), .unknown(_, let fresh): step = fresh
            }
        }
        if step.removes { try await endpoint.change(target, .delete("volumes", name)) }
        guard step.creates else { return .changed() }
        let body: Value = [
            "Name": .string(name), "Driver": .string(driver), "DriverOpts": .map(options), "Labels": .map(labels),
        ]
        let answers = try await endpoint.change(
            target, [.post("volumes", "create", body: body), .get("volumes", name)], timeout: endpoint.timeout)
        try answers[0].check()
        return .changed(["volume": try answers[1].value()])
    }
}
