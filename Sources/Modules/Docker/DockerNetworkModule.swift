internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Makes and removes Docker networks, as `community.docker.docker_network` does.
struct DockerNetworkModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "community.docker.docker_network",
        summary: "Make or remove a Docker network.",
        description: """
            A network that is there is compared with what is asked for, option by option; one that is not named is \
            left as it is. A network cannot be altered: one that differs is removed and made anew, and the \
            containers that were connected are connected to the new one.
            """,
        arguments: [
            .required("name", .string, "The network's name.", aliases: ["network_name"]),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional("driver", .string, "Its driver.", default: "bridge"),
            .optional("driver_options", .map([]), "The driver's options."),
            .optional("internal", .bool, "Keep it from the outside."),
            .optional("attachable", .bool, "Let single containers join a swarm's network."),
            .optional("enable_ipv4", .bool, "Give out IPv4 addresses (Engine 28 and later)."),
            .optional("enable_ipv6", .bool, "Give out IPv6 addresses."),
            .optional("ingress", .bool, "Make it the swarm's ingress network."),
            .optional("config_only", .bool, "Make it a template for other networks."),
            .optional("config_from", .string, "The template network to take the configuration from."),
            .optional("scope", .string, "How far it reaches.", choices: ["local", "global", "swarm"]),
            .optional("ipam_driver", .string, "The driver that gives out addresses."),
            .optional("ipam_driver_options", .map([]), "That driver's options."),
            .optional(
                "ipam_config",
                .list(
                    .map([
                        .optional("subnet", .string, "The subnet, such as `172.20.0.0/16`."),
                        .optional("iprange", .string, "The part of it that addresses are given out from."),
                        .optional("gateway", .string, "The gateway's address."),
                        .optional("aux_addresses", .map([]), "Addresses that are taken, by host name."),
                    ])), "The address blocks."),
            .optional("labels", .map([]), "Its labels."),
            .optional("connected", .list(.string), "The containers to connect.", default: [], aliases: ["containers"]),
            .optional(
                "appends", .bool, "Leave other containers connected.", default: false, aliases: ["incremental"]),
            .optional("force", .bool, "Remove it and make it anew whatever it is like.", default: false),
        ] + DockerArguments.endpoint,
        example: """
            - community.docker.docker_network:
                name: app-net
                ipam_config:
                  - subnet: 172.28.0.0/16
            """,
        aliases: DockerArguments.aliases("docker_network")
    )

    /// What is to be done, found by `plan`.
    struct Step: Sendable {
        var existing: Value?
        var removes = false
        var creates = false
        var connects: [String] = []
        var disconnects: [String] = []
        /// The Engine could not be asked when the plan was made: look again first.
        var looksAgain = false
    }

    let name: String
    private let isPresent: Bool
    private let isForced: Bool
    private let appends: Bool
    private let connected: [String]
    private let wish: NetworkWish
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        isPresent = arguments.optionalString("state") != "absent"
        isForced = arguments.bool("force")
        appends = arguments.bool("appends")
        connected = arguments.strings("connected")
        wish = try NetworkWish(arguments)
        endpoint = try DockerEndpoint(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        var reads = [DockerRead.get("networks", name)]
        reads += connected.map { DockerRead.get("containers", $0, "json") }
        let state = try await endpoint.ask(target, reads)
        switch state {
        case .foreseenUnknown(let unknown): return .unknown(unknown, Step(looksAgain: true))
        case .foreseenEmpty:
            if let foreseen = target.foreseen.docker("network", name) { return afterForeseen(foreseen) }
            return try plan(nil, containers: [])
        case .running(let answers):
            if let foreseen = target.foreseen.docker("network", name) { return afterForeseen(foreseen) }
            return try plan(from: answers, foreseen: target.foreseen)
        }
    }

    /// What is left to say when an earlier task of the same dry run would have made or removed the network.
    private func afterForeseen(_ isForeseen: Bool) -> Plan<Step> {
        if isForeseen == isPresent, !isForced, connected.isEmpty { return .asWanted(.ok()) }
        if isForeseen == isPresent {
            return .unknown(Unknown("network '\(name)' as an earlier task leaves it"), Step(looksAgain: true))
        }
        let change = Change(
            [.setting("exists", before: .bool(isForeseen), after: .bool(isPresent))],
            effects: [.docker(kind: "network", name: name, present: isPresent)])
        return .change(change, Step(looksAgain: true), foreseen: .changed())
    }

    private func plan(from answers: [DockerAnswer], foreseen: Foreseen = Foreseen()) throws(Diagnostic) -> Plan<Step> {
        // The Engine also takes IDs and their beginnings for names; only the name itself counts here.
        let found = try answers[0].valueIfPresent()
        let network = found?["Name"].stringValue == name ? found : nil
        var containers: [String] = []
        for (container, answer) in zip(connected, answers.dropFirst()) {
            let isThere = try answer.valueIfPresent() != nil
            // As Ansible does, a container that is not there is passed over.
            if isThere || foreseen.docker("container", container) == true { containers.append(container) }
        }
        return try plan(network, containers: containers)
    }

    private func plan(_ network: Value?, containers: [String]) throws(Diagnostic) -> Plan<Step> {
        var change = Change(effects: [.docker(kind: "network", name: name, present: isPresent)])
        var step = Step(existing: network)
        guard isPresent else {
            guard network != nil else { return .asWanted(.ok()) }
            change.parts.append(.setting("exists", before: true, after: false))
            step.removes = true
            return .change(change, step, foreseen: .changed())
        }
        let members = Self.members(network)
        if let network {
            let differences = wish.differences(from: network)
            step.removes = isForced || !differences.isEmpty
            step.creates = step.removes
            change.parts += differences
            if isForced, differences.isEmpty { change.parts.append(.action("make network '\(name)' anew (force)")) }
        } else {
            step.creates = true
            change.parts.append(.setting("exists", before: false, after: true))
            change.parts += wish.description
        }
        // Who was connected stays connected, unless the task says otherwise.
        let wanted = connected.isEmpty ? members : containers
        step.connects = step.removes ? wanted : wanted.filter { !members.contains($0) }
        if step.removes, appends { step.connects += members.filter { !wanted.contains($0) } }
        step.disconnects = step.removes ? members : appends ? [] : members.filter { !wanted.contains($0) }
        for member in wanted where !members.contains(member) {
            change.parts.append(.setting("connected.\(member)", before: false, after: true))
        }
        for member in members where !wanted.contains(member) && !appends {
            change.parts.append(.setting("connected.\(member)", before: true, after: false))
        }
        guard !change.isEmpty else { return .asWanted(.ok(["network": network ?? .null])) }
        let after = Unknown("network '\(name)' as the run leaves it")
        return .change(change, step, foreseen: .changed(["network": .unknown(after)]))
    }

    private static func members(_ network: Value?) -> [String] {
        network?["Containers"].mapValue?.values.compactMap { $0["Name"].stringValue } ?? []
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        if step.looksAgain {
            let reads = [DockerRead.get("networks", name)] + connected.map { DockerRead.get("containers", $0, "json") }
            guard case .running(let answers) = try await endpoint.ask(target, reads) else {
                throw Diagnostic(.failed, "the Docker Engine is not running")
            }
            switch try plan(from: answers) {
            case .asWanted(let result): return result
            case .change(_, let fresh, _): return try await perform(fresh, on: target)
            case .unknown(let unknown, _): throw Diagnostic(.failed, "\(unknown.cause) cannot be told")
            }
        }
        return try await perform(step, on: target)
    }

    /// Makes the change.
    ///
    /// A network of the same name cannot stand beside the old one, so the old one goes first; should the new one
    /// be refused, the old one is made again as it was and its containers are connected to it.
    private func perform(_ step: Step, on target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let id = step.existing?["Id"].stringValue ?? name
        var before: [DockerWrite] = []
        for container in step.disconnects {
            before.append(
                try .post("networks", id, "disconnect", body: ["Container": .string(container), "Force": true]))
        }
        if step.removes { before.append(.delete("networks", id)) }
        if !before.isEmpty {
            let answers = try await endpoint.change(target, before, timeout: endpoint.timeout)
            if let refused = answers.first(where: { !$0.succeeded && !$0.isMissing }) {
                if step.removes, let existing = step.existing { await restore(existing, step.disconnects, on: target) }
                try refused.check()
            }
        }
        guard isPresent else { return .changed() }
        if step.creates {
            let answer = try await endpoint.change(
                target, [.post("networks", "create", body: wish.creation(name: name))], timeout: endpoint.timeout)[0]
            if !answer.succeeded, let existing = step.existing {
                await restore(existing, step.disconnects, on: target)
            }
            try answer.check()
        }
        var after: [DockerWrite] = []
        for container in step.connects {
            after.append(try .post("networks", name, "connect", body: ["Container": .string(container)]))
        }
        after.append(.get("networks", name))
        let answers = try await endpoint.change(target, after, timeout: endpoint.timeout)
        for answer in answers { try answer.check() }
        return .changed(["network": try answers[answers.count - 1].value()])
    }

    /// Makes the old network again, as well as it goes: its failure adds nothing to the error that led here.
    private func restore(_ network: Value, _ members: [String], on target: some TargetWriter) async {
        var body = ValueMap()
        for key in ["Name", "Driver", "Options", "Internal", "Attachable", "EnableIPv6", "Labels", "IPAM", "Scope"] {
            body[key] = network[key].ifSet
        }
        var writes: [DockerWrite] = []
        if let create = try? DockerWrite.post("networks", "create", body: .map(body)) { writes.append(create) }
        for member in members {
            let body: Value = ["Container": .string(member)]
            if let connect = try? DockerWrite.post("networks", name, "connect", body: body) { writes.append(connect) }
        }
        _ = try? await endpoint.change(target, writes, timeout: endpoint.timeout)
    }
}
