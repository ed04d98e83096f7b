import Diagnostics
import Playbook
import Values
import Variables
import YAML

/// Containers that cannot start together, that nobody can reach, or that do not come back after a reboot.
extension Review {
    /// A container as a task describes it on one host.
    private struct Container {
        var name: String
        var host: String
        var image: String?
        var ports: [String]
        var networks: [String]?
        var volumes: [String]
        var task: PlannedTask

        func place(_ argument: String) -> SourceLocation? {
            task.node.action.places[argument] ?? task.node.action.location
        }
    }

    mutating func reviewContainers() {
        var containers: [Container] = []
        for play in plays {
            for task in play.tasks + play.handlers where task.node.action.shortName == "docker_container" {
                reviewRestartPolicy(task)
                for host in play.hosts.prefix(Self.hostsLookedAt) { containers += self.containers(task, play, host) }
            }
        }
        reviewPorts(containers)
        reviewReach(containers)
        reviewPlacement(containers)
        reviewImages(containers)
    }

    /// Beyond these many hosts a play's hosts are alike.
    private static var hostsLookedAt: Int { 16 }

    private func containers(_ task: PlannedTask, _ play: PlannedPlay, _ host: String) -> [Container] {
        let arguments = task.node.action.arguments
        return items(of: task, scope(play, host, task)).compactMap { item in
            let scope = scope(play, host, task)
            if let item { scope.push(Layer("loop", [.string(task.node.loop?.variable ?? "item"): item])) }
            func value(_ name: String) -> Value? { arguments[name].flatMap { try? scope.evaluate($0) } }
            guard let name = value("name")?.stringValue else { return nil }
            var networks: [String]?
            if let list = value("networks") {
                networks =
                    list.mapValue?.keys.map(\.text)
                    ?? list.elements?.compactMap { $0.mapValue?["name"]?.stringValue ?? $0.stringValue }
            }
            let ports = (value("ports") ?? value("published_ports"))?.elements?.map(\.pythonText) ?? []
            return Container(
                name: name, host: host, image: value("image")?.stringValue, ports: ports, networks: networks,
                volumes: value("volumes")?.elements?.map(\.pythonText) ?? [], task: task)
        }
    }

    /// A host's port can be published once.
    private mutating func reviewPorts(_ containers: [Container]) {
        var owners: [String: Container] = [:]
        for container in containers {
            for port in container.ports {
                let parts = port.split(separator: "/")[0].split(separator: ":")
                guard parts.count >= 2 else { continue }
                let key = "\(container.host) \(parts.dropLast().joined(separator: ":"))"
                guard let owner = owners[key], owner.name != container.name else {
                    owners[key] = container
                    continue
                }
                remark(
                    "'\(owner.name)' and '\(container.name)' publish the same port \(parts[parts.count - 2]) on \(container.host)",
                    at: container.place("ports"),
                    remedy: "Only one can have it. Don't publish replicas: let the balancer reach them by name on "
                        + "their network, with exposed_ports.")
            }
        }
    }

    /// A container on a network of its own that publishes nothing serves nobody.
    private mutating func reviewReach(_ containers: [Container]) {
        for container in containers where container.ports.isEmpty {
            guard let networks = container.networks, !networks.isEmpty else { continue }
            let others = containers.filter {
                $0.host == container.host && $0.name != container.name
                    && !Set($0.networks ?? []).isDisjoint(with: networks)
            }
            if others.isEmpty {
                remark(
                    "nothing can reach '\(container.name)': no other container is on \(networks.joined(separator: ", ")), and it publishes no port",
                    at: container.place("networks"),
                    remedy: "Put those that use it on the same network, or publish its port to them.")
            }
        }
    }

    /// A container with data of its own on several hosts is several separate ones.
    private mutating func reviewPlacement(_ containers: [Container]) {
        for (_, group) in Dictionary(grouping: containers, by: { "\($0.task.id) \($0.name)" }) {
            guard group.count > 1, let first = group.first else { continue }
            let hasData = first.volumes.contains { volume in
                volume.contains(":") && !volume.hasPrefix("/") && !volume.hasPrefix(".") && !volume.hasSuffix(":ro")
            }
            guard hasData else { continue }
            remark(
                "'\(first.name)' with data of its own would run on \(group.count) hosts: \(group.map(\.host).sorted().joined(separator: ", "))",
                at: first.task.node.location,
                remedy: "Put the host that is meant in a group of its own, and the role in a play for that group.")
        }
    }

    private mutating func reviewRestartPolicy(_ task: PlannedTask) {
        let arguments = task.node.action.arguments
        guard arguments["image"] != nil, arguments["restart_policy"] == nil, arguments["detach"] == nil,
            arguments["auto_remove"] == nil, ["started", "healthy", nil].contains(arguments["state"]?.stringValue)
        else { return }
        remark(
            "no restart_policy: the container stays down after a reboot", at: task.node.action.location,
            remedy: "Add 'restart_policy: unless-stopped'.", severity: .note)
    }

    /// Images that change under one's feet, or come from a registry that nobody has told the engine about.
    private mutating func reviewImages(_ containers: [Container]) {
        for path in planner.variableFilePaths(plays) + Set(plays.flatMap { $0.tasks.map(\.file) }).sorted() {
            guard let root = try? planner.files.document(at: path) else { continue }
            for (key, value) in root.allPairs where key.scalarText == "image" {
                guard let image = value.scalarText, !image.hasPrefix("{{"), image.hasSuffix(":latest") else { continue }
                remark(
                    "'\(image)' is whatever was pushed last: hosts end up with different ones", at: value.location,
                    remedy: "Pin a tag, such as \(image.dropLast(7)):1.0, or a digest.")
            }
        }
        let tasks = plays.flatMap(\.tasks)
        let texts = tasks.map { $0.node.action.arguments.values.map(\.pythonText).joined(separator: " ") }
        let isPrepared =
            tasks.contains { $0.node.action.shortName == "docker_login" }
            || texts.contains { $0.contains("daemon.json") || $0.contains("certs.d") }
        guard !isPrepared else { return }
        for container in containers {
            guard let image = container.image, let slash = image.firstIndex(of: "/") else { continue }
            let registry = image[..<slash]
            guard registry.contains("."), registry != "docker.io", let place = container.place("image") else {
                continue
            }
            remark(
                "nothing here makes hosts trust or log in to \(registry)", at: place,
                remedy: "Put its CA in /etc/docker/certs.d/\(registry)/ca.crt, or its address in daemon.json; "
                    + "docker_login if it asks for a password.", severity: .note)
        }
    }
}
