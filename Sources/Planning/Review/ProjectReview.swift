import Diagnostics
import Playbook
import Values
import Variables
import YAML

/// How roles, hosts and files of a project fit together.
extension Review {
    /// A role that uses what another one makes should say so: run alone, by its tag, it fails.
    mutating func reviewRoles() {
        for play in plays {
            let makers = play.roles.filter { role in tasks(of: role, play).contains { $0.isNetworkTask } }
            guard let maker = makers.first else { continue }
            for role in play.roles where role !== maker && role.parent == nil {
                let users = tasks(of: role, play).filter {
                    $0.node.action.shortName == "docker_container" && $0.node.action.arguments["networks"] != nil
                }
                guard !users.isEmpty, !play.depends(role, on: maker.name) else { continue }
                remark(
                    "role '\(role.name)' uses networks that role '\(maker.name)' makes, and does not say so",
                    at: role.location,
                    remedy: "Write it in \(role.path)/meta/main.yml: dependencies: [{role: \(maker.name)}].",
                    severity: .note)
            }
        }
        reviewCompose()
    }

    private func tasks(of role: RoleInstance, _ play: PlannedPlay) -> [PlannedTask] {
        play.tasks.filter { $0.role === role }
    }

    private mutating func reviewCompose() {
        let tasks = plays.flatMap(\.tasks)
        let usesCompose = tasks.contains { task in
            task.node.action.shortName.hasPrefix("docker_compose")
                || (task.node.action.freeForm?.string.contains("compose") ?? false)
        }
        guard !usesCompose else { return }
        for task in tasks where ["apt", "package", "dnf", "yum"].contains(task.node.action.shortName) {
            let names = task.node.action.arguments["name"]
            let list = (names?.elements ?? [names].compactMap(\.self)).map(\.pythonText)
            guard list.contains("docker-compose") else { continue }
            remark(
                "docker-compose is installed, and nothing here uses it", at: task.node.action.places["name"],
                remedy: "Take it out: no module here needs Python or docker-compose on a host.", severity: .note)
        }
    }

    /// A play that would change the machine it is run from.
    mutating func reviewConnections() {
        for play in plays where play.inherited.settings[.become]?.value.isTruthy ?? false {
            for host in play.hosts {
                let scope = scope(play, host, nil)
                guard let kind = try? scope.lookup("ansible_connection"), kind.stringValue == "local" else { continue }
                let changes = play.tasks.contains {
                    ["apt", "package", "dnf", "yum"].contains($0.node.action.shortName)
                }
                guard changes else { continue }
                remark(
                    "on '\(host)' this play installs packages on the very machine it is run from, as root",
                    at: play.node.hosts.location,
                    remedy: "Give development a machine or container of its own.", severity: .note)
            }
        }
    }

    /// Words that YAML 1.1 takes for true and false, and that people take for words.
    mutating func reviewWriting() {
        for path in Set(plays.map(\.file) + plays.flatMap { $0.tasks.map(\.file) }).sorted() {
            guard let root = try? planner.files.document(at: path) else { continue }
            for (_, value) in root.allPairs {
                guard case .scalar(let scalar) = value.kind, scalar.style == .plain else { continue }
                let word = scalar.text.lowercased()
                guard ["yes", "no", "on", "off"].contains(word) else { continue }
                let meant = ["yes", "on"].contains(word) ? "true" : "false"
                remark(
                    "'\(scalar.text)' means \(meant)", at: value.location, remedy: "Write '\(meant)'.",
                    severity: .note)
            }
        }
    }
}

extension PlannedTask {
    fileprivate var isNetworkTask: Bool { node.action.shortName == "docker_network" }
}

extension PlannedPlay {
    /// Whether a role brings the other in, directly or through others.
    fileprivate func depends(_ role: RoleInstance, on name: String) -> Bool {
        roles.contains { other in
            guard other.name == name else { return false }
            var next = other.parent
            while let parent = next {
                if parent.name == role.name { return true }
                next = parent.parent
            }
            return false
        }
    }
}

extension YAMLNode {
    /// Every pair of every map within.
    var allPairs: [(key: YAMLNode, value: YAMLNode)] {
        var result: [(key: YAMLNode, value: YAMLNode)] = []
        for (key, value) in pairs ?? [] {
            result.append((key, value))
            result += value.allPairs
        }
        for item in items ?? [] { result += item.allPairs }
        return result
    }
}
