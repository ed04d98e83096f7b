import Diagnostics
import Foundation
import Modules
import Results
import Target
import Testing
import Values

/// The Docker modules against a real Engine.
@Suite(.serialized, .enabled(if: EngineFixture.isAvailable, "no dockerd here, or not root"))
struct DockerEngineTests {
    @Test("a network is foreseen, made, converged in one round trip, and removed")
    func network() async throws {
        let engine = try await EngineFixture.shared.engine()
        let arguments: ValueMap = [
            "name": "t-net", "ipam_config": [["subnet": "172.31.7.0/24", "gateway": "172.31.7.1"]],
            "labels": ["team": "a"],
        ]
        let foretold = try await engine.perform("docker_network", arguments, check: true)
        #expect(foretold.isChanged)
        #expect(try await engine.docker("network", "ls", "-q", "-f", "name=t-net").isEmpty)

        #expect(try await engine.perform("docker_network", arguments).isChanged)
        let again = try await engine.perform("community.docker.docker_network", arguments)
        #expect(again.outcome.status == .ok)
        #expect(again.roundTrips == 1)
        #expect(again.outcome.result.values["network"]?.mapValue?["Name"] == "t-net")

        var other = arguments
        other["internal"] = true
        let change = try await engine.perform("docker_network", other)
        #expect(change.settings.keys.sorted() == ["internal"])
        #expect(try await engine.docker("network", "inspect", "-f", "{{.Internal}}", "t-net") == "true")

        other["state"] = "absent"
        #expect(try await engine.perform("docker_network", other).isChanged)
        #expect(try await engine.perform("docker_network", other).outcome.status == .ok)
    }

    @Test("a refused network leaves the old one as it was")
    func refusedNetwork() async throws {
        let engine = try await EngineFixture.shared.engine()
        _ = try await engine.perform("docker_network", ["name": "t-keep", "labels": ["a": "b"]])
        let error = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_network", ["name": "t-keep", "driver": "nosuch"])
        }
        #expect(error?.summary.contains("nosuch") == true)
        #expect(
            try await engine.docker("network", "inspect", "-f", "{{.Driver}} {{.Labels.a}}", "t-keep") == "bridge b")
        _ = try await engine.docker("network", "rm", "t-keep")
    }

    @Test("a volume is made, kept when it differs, and made anew only if allowed")
    func volume() async throws {
        let engine = try await EngineFixture.shared.engine()
        #expect(try await engine.perform("docker_volume", ["name": "t-vol"]).isChanged)
        let again = try await engine.perform("docker_volume", ["name": "t-vol"])
        #expect(again.outcome.status == .ok && again.roundTrips == 1)
        let differs = try await engine.perform("docker_volume", ["name": "t-vol", "labels": ["a": "b"]])
        #expect(differs.outcome.status == .ok)
        #expect(differs.outcome.result.warnings.first?.contains("labels.a") == true)
        let anew = try await engine.perform(
            "docker_volume", ["name": "t-vol", "labels": ["a": "b"], "recreate": "options-changed"])
        #expect(anew.isChanged && anew.settings.keys.contains("labels.a"))
        #expect(try await engine.perform("docker_volume", ["name": "t-vol", "state": "absent"]).isChanged)
        #expect(try await engine.docker("volume", "ls", "-q", "-f", "name=t-vol").isEmpty)
    }

    /// A container with much about it.
    private let web: ValueMap = [
        "name": "t-web", "image": "tiny:1", "command": "httpd -f -p 8080 -h '/data'",
        "env": ["PLAIN": "one", "PASSWORD": .string(Text("hunter2-secret", marks: .secret))],
        "networks": [["name": "t-a"], ["name": "t-b", "aliases": ["www"]]],
        "published_ports": ["18080:8080", "127.0.0.1:18081:8081/udp"], "exposed_ports": ["9000-9002"],
        "volumes": ["t-data:/data", "/etc/hostname:/host:ro", "/anonymous"],
        "labels": ["role": "web"], "restart_policy": "unless-stopped", "memory": "64M", "cpus": 0.5,
        "healthcheck": [
            "test": ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"], "interval": "1s",
            "timeout": "2s", "retries": 3,
        ],
        "capabilities": ["NET_ADMIN"], "cap_drop": ["MKNOD"], "hostname": "web", "user": "0",
        "ulimits": ["nofile:1024:2048"], "tmpfs": ["/run:size=1m"], "etc_hosts": ["db": "10.0.0.9"],
        "log_driver": "json-file", "log_options": ["max-size": "1m"], "stop_timeout": 1, "init": true,
        "mounts": [["target": "/m", "source": "t-data", "type": "volume", "read_only": true]],
        "sysctls": ["net.ipv4.ip_unprivileged_port_start": 0], "dns_servers": ["10.0.0.1"],
    ]

    private func cleanUp(_ engine: EngineFixture) async throws {
        for name in ["t-web", "t-web.swiftprov-new", "t-web.swiftprov-old", "t-other"] {
            _ = try? await engine.docker("rm", "-f", "-v", name)
        }
        for name in ["t-a", "t-b"] { _ = try? await engine.docker("network", "rm", name) }
        _ = try? await engine.docker("volume", "rm", "-f", "t-data")
    }

    @Test("a container is foretold, made, converged in one round trip, changed exactly where it differs")
    func container() async throws {
        let engine = try await EngineFixture.shared.engine()
        try await cleanUp(engine)
        for name in ["t-a", "t-b"] { _ = try await engine.perform("docker_network", ["name": .string(name)]) }

        let foretold = try await engine.perform("docker_container", web, check: true)
        #expect(foretold.isChanged)
        #expect(foretold.settings["exists"]?.after == true)
        #expect(foretold.settings["env.PASSWORD"]?.after.holdsSecret == true)
        #expect(try await engine.docker("ps", "-aq", "-f", "name=t-web").isEmpty)

        let made = try await engine.perform("docker_container", web)
        #expect(made.isChanged)
        let real = try #require(made.outcome.result.values["container"])
        #expect(real.mapValue?["State"]?.mapValue?["Running"] == true)
        // The secret is hidden in what the Engine answers.
        let secrets = try #require(real.mapValue?["Config"]?.mapValue?["Env"]?.elements).filter {
            $0.stringValue?.contains("hunter2") == true
        }
        #expect(secrets.count == 1 && secrets.allSatisfy { $0.text?.isSecret == true })

        for check in [true, false] {
            let again = try await engine.perform("docker_container", web, check: check)
            #expect(again.outcome.status == .ok, "\(String(describing: again.outcome.change))")
            #expect(again.roundTrips == 1)
        }
        #expect(try await engine.docker("exec", "t-web", "cat", "/host").isEmpty == false)

        let id = try await engine.docker("inspect", "-f", "{{.Id}}", "t-web")
        var other = web
        other["env"] = ["PLAIN": "two", "PASSWORD": .string(Text("changed-secret", marks: .secret))]
        for check in [true, false] {
            let change = try await engine.perform("docker_container", other, check: check)
            #expect(change.isChanged)
            #expect(change.settings.keys.sorted() == ["env.PASSWORD", "env.PLAIN"])
            #expect(change.settings["env.PLAIN"]?.before == "one")
            #expect(change.settings["env.PLAIN"]?.after == "two")
            #expect(change.settings["env.PASSWORD"]?.before.holdsSecret == true)
            #expect(change.settings["env.PASSWORD"]?.after.holdsSecret == true)
            let now = try await engine.docker("inspect", "-f", "{{.Id}}", "t-web")
            #expect((now == id) == check)
        }
        #expect(try await engine.docker("exec", "t-web", "env").contains("PLAIN=two"))
        #expect(try await engine.perform("docker_container", other).outcome.status == .ok)
        #expect(try await engine.docker("ps", "-aq", "-f", "name=swiftprov").isEmpty)

        // Removed by hand: it comes back.
        _ = try await engine.docker("rm", "-f", "t-web")
        #expect(try await engine.perform("docker_container", other).settings["exists"]?.after == true)

        let newImage = other.merging(["image": "tiny:2"])
        let moved = try await engine.perform("docker_container", newImage)
        #expect(moved.settings.keys.sorted() == ["image"])
        #expect(try await engine.docker("inspect", "-f", "{{.Config.Image}}", "t-web") == "tiny:2")
        #expect(try await engine.perform("docker_container", newImage).outcome.status == .ok)

        let gone = newImage.merging(["state": "absent"])
        #expect(try await engine.perform("docker_container", gone, check: true).isChanged)
        #expect(try await engine.perform("docker_container", gone).isChanged)
        #expect(try await engine.perform("docker_container", gone).outcome.status == .ok)
        try await cleanUp(engine)
    }

    @Test("limits, restart policy and networks change in the container as it is")
    func inPlace() async throws {
        let engine = try await EngineFixture.shared.engine()
        try await cleanUp(engine)
        for name in ["t-a", "t-b"] { _ = try await engine.perform("docker_network", ["name": .string(name)]) }
        var task: ValueMap = [
            "name": "t-web", "image": "tiny:1", "networks": [["name": "t-a"]], "memory": "32M", "memory_swap": "64M",
            "stop_timeout": 1,
        ]
        _ = try await engine.perform("docker_container", task)
        let id = try await engine.docker("inspect", "-f", "{{.Id}}", "t-web")
        task["memory"] = "48M"
        task["restart_policy"] = "always"
        task["networks"] = [["name": "t-a"], ["name": "t-b", "ipv4_address": nil, "aliases": ["web"]]]
        let change = try await engine.perform("docker_container", task)
        #expect(change.settings.keys.sorted() == ["memory", "network.t-b", "restart_policy"])
        #expect(try await engine.docker("inspect", "-f", "{{.Id}}", "t-web") == id)
        #expect(try await engine.perform("docker_container", task).outcome.status == .ok)

        task["networks"] = [["name": "t-b", "aliases": ["web"]]]
        task["network_mode"] = "t-a"
        #expect(try await engine.perform("docker_container", task).outcome.status == .ok)
        task["comparisons"] = ["networks": "strict"]
        #expect(try await engine.perform("docker_container", task).settings.keys.sorted() == ["network.t-a"])

        #expect(try await engine.perform("docker_container", ["name": "t-web", "state": "stopped"]).isChanged)
        #expect(try await engine.docker("inspect", "-f", "{{.State.Running}}", "t-web") == "false")
        #expect(
            try await engine.perform("docker_container", ["name": "t-web", "state": "stopped"]).outcome.status == .ok)
        #expect(try await engine.perform("docker_container", ["name": "t-web"]).settings["running"]?.after == true)
        #expect(
            try await engine.perform("docker_container", ["name": "t-web", "restart": true, "stop_timeout": 1])
                .isChanged)
        try await cleanUp(engine)
    }

    @Test("if the new container does not start, the old one is put back and runs")
    func putBack() async throws {
        let engine = try await EngineFixture.shared.engine()
        try await cleanUp(engine)
        let task: ValueMap = ["name": "t-web", "image": "tiny:1", "env": ["V": "1"], "stop_timeout": 1]
        _ = try await engine.perform("docker_container", task)
        let id = try await engine.docker("inspect", "-f", "{{.Id}}", "t-web")
        _ = try await engine.perform(
            "docker_container", ["name": "t-other", "image": "tiny:1", "ports": ["18090:80"], "stop_timeout": 1])
        let error = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_container", task.merging(["ports": ["18090:80"]]))
        }
        #expect(error?.summary.contains("port is already allocated") == true)
        #expect(error?.summary.contains("put back and runs") == true)
        #expect(error?.remedy?.contains("docker ps") == true)
        #expect(try await engine.docker("inspect", "-f", "{{.Id}} {{.State.Running}}", "t-web") == "\(id) true")
        #expect(try await engine.docker("ps", "-aq", "-f", "name=swiftprov").isEmpty)

        // A command that is not there is found out the same way.
        let missing = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_container", task.merging(["command": "/no/such"]))
        }
        #expect(missing?.summary.contains("/no/such") == true)
        #expect(try await engine.docker("inspect", "-f", "{{.Id}} {{.State.Running}}", "t-web") == "\(id) true")

        // And one that is new leaves nothing behind.
        await #expect(throws: Diagnostic.self) {
            try await engine.perform(
                "docker_container", ["name": "t-third", "image": "tiny:1", "ports": ["18090:80"]])
        }
        #expect(try await engine.docker("ps", "-aq", "-f", "name=t-third").isEmpty)
        try await cleanUp(engine)
    }

    @Test("a healthy container is waited for; one that ends is an error at once")
    func healthy() async throws {
        let engine = try await EngineFixture.shared.engine()
        try await cleanUp(engine)
        let check: Value = ["test": "true", "interval": "1s"]
        let deed = try await engine.perform(
            "docker_container",
            ["name": "t-web", "image": "tiny:1", "healthcheck": check, "state": "healthy", "stop_timeout": 1])
        let container = deed.outcome.result.values["container"]?.mapValue
        #expect(container?["State"]?.mapValue?["Health"]?.mapValue?["Status"] == "healthy")
        let error = await #expect(throws: Diagnostic.self) {
            try await engine.perform(
                "docker_container",
                [
                    "name": "t-other", "image": "tiny:1", "command": "sh -c 'exit 3'", "healthcheck": check,
                    "state": "healthy",
                ])
        }
        #expect(error?.summary.contains("status 3") == true)
        try await cleanUp(engine)
    }

    @Test("detach: false answers with what the container wrote, and fails as it did")
    func awaited() async throws {
        let engine = try await EngineFixture.shared.engine()
        try await cleanUp(engine)
        var task: ValueMap = [
            "name": "t-web", "image": "tiny:1", "command": ["sh", "-c", "echo out; echo err >&2; exit 0"],
            "detach": false, "cleanup": true,
        ]
        let deed = try await engine.perform("docker_container", task)
        let output = deed.outcome.result.values["container"]?.mapValue?["Output"]?.stringValue ?? ""
        #expect(output.contains("out\n") && output.contains("err\n"))
        #expect(deed.outcome.result.values["status"] == 0)
        #expect(try await engine.docker("ps", "-aq", "-f", "name=t-web").isEmpty)
        task["command"] = ["sh", "-c", "echo gone wrong; exit 5"]
        let failed = try await engine.perform("docker_container", task)
        #expect(failed.outcome.status == .failed)
        #expect(failed.outcome.result.failure?.summary.contains("status 5: gone wrong") == true)
    }

    @Test("what is missing is named with its remedy")
    func missing() async throws {
        let engine = try await EngineFixture.shared.engine()
        let network = await #expect(throws: Diagnostic.self) {
            try await engine.perform(
                "docker_container", ["name": "t-x", "image": "tiny:1", "networks": [["name": "nowhere"]]], check: true)
        }
        #expect(network?.summary.contains("no network 'nowhere'") == true)
        let never = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_container", ["name": "t-x", "image": "nosuch:1", "pull": "never"])
        }
        #expect(never?.summary.contains("no image 'nosuch:1'") == true)
        // Nothing listens there: the registry's refusal is told, and nothing is left behind.
        let pull = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_container", ["name": "t-x", "image": "127.0.0.1:9/app:1"])
        }
        #expect(pull?.summary.contains("cannot pull image '127.0.0.1:9/app:1'") == true)
        #expect(pull?.remedy != nil)
        #expect(try await engine.docker("ps", "-aq", "-f", "name=t-x").isEmpty)

        let engineGone = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_network", ["name": "x"], host: "unix:///nonexistent/docker.sock")
        }
        #expect(engineGone?.summary.contains("not running") == true)
        #expect(engineGone?.remedy?.contains("start") == true)
    }

    @Test("in a dry run that installs the Engine, everything would be made and nothing fails")
    func foreseenEngine() async throws {
        let engine = try await EngineFixture.shared.engine()
        var foreseen = Foreseen()
        foreseen.add(Change([.action("install")], effects: [.package("docker.io", present: true)]))
        func dry(_ name: String, _ arguments: ValueMap) async throws -> ModuleOutcome {
            let outcome = try await engine.perform(
                name, arguments, check: true, foreseen: foreseen, host: "unix:///nonexistent/docker.sock"
            ).outcome
            if let change = outcome.change { foreseen.add(change) }
            return outcome
        }
        #expect(try await dry("docker_network", ["name": "app-net"]).status == .changed)
        #expect(try await dry("docker_network", ["name": "app-net"]).status == .ok)
        #expect(try await dry("docker_volume", ["name": "data"]).status == .changed)
        #expect(try await dry("docker_image", ["name": "app:1", "source": "pull"]).status == .changed)
        #expect(
            try await dry(
                "docker_container", ["name": "db", "image": "app:1", "networks": [["name": "app-net"]]]
            ).status == .changed)
        guard case .unknown = try await dry("docker_container_info", ["name": "db"]).status else {
            Issue.record("a container that is still to be made is unknown")
            return
        }
        #expect(try await dry("docker_container_info", ["name": "none"]).result.values["exists"] == false)
    }

    @Test("an image is tagged, saved, loaded and removed")
    func image() async throws {
        let engine = try await EngineFixture.shared.engine()
        let tag: ValueMap = ["name": "tiny:1", "source": "local", "repository": "other:9"]
        #expect(try await engine.perform("docker_image", tag).isChanged)
        let again = try await engine.perform("docker_image", tag)
        #expect(again.outcome.status == .ok && again.roundTrips == 1)

        let path = "/var/tmp/swiftprov-image-test.tar"
        let save: ValueMap = ["name": "other:9", "source": "local", "archive_path": .string(path)]
        #expect(try await engine.perform("docker_image", save).isChanged)
        #expect(try await engine.perform("docker_image", save).outcome.status == .ok)

        #expect(try await engine.perform("docker_image", ["name": "other:9", "state": "absent"]).isChanged)
        let load: ValueMap = ["name": "other:9", "source": "load", "load_path": .string(path)]
        #expect(try await engine.perform("docker_image", load, check: true).isChanged)
        #expect(try await engine.perform("docker_image", load).isChanged)
        #expect(try await engine.perform("docker_image", load).outcome.status == .ok)
        #expect(try await engine.perform("docker_image", ["name": "other:9", "state": "absent"]).isChanged)
        try await engine.shell("rm -f \"$1\"", path)
    }

    @Test("the information module tells what is there")
    func info() async throws {
        let engine = try await EngineFixture.shared.engine()
        try await cleanUp(engine)
        #expect(
            try await engine.perform("docker_container_info", ["name": "t-web"]).outcome.result.values["exists"]
                == false)
        _ = try await engine.perform("docker_container", ["name": "t-web", "image": "tiny:1", "stop_timeout": 1])
        let deed = try await engine.perform("ansible.builtin.docker_container_info", ["name": "t-web"])
        #expect(deed.outcome.result.values["exists"] == true)
        #expect(deed.roundTrips == 1)
        try await cleanUp(engine)
    }

    @Test(
        "images come from a registry, and what is newer there is known without pulling it",
        .enabled(if: registry != nil, "SWIFTPROV_TEST_REGISTRY names no registry that the Engine reaches"))
    func registryImages() async throws {
        let engine = try await EngineFixture.shared.engine()
        let image = try #require(Self.registry) + "/swiftprov-test:1"
        func publish(_ source: String) async throws {
            _ = try await engine.docker("tag", source, image)
            _ = try await engine.docker("push", "-q", image)
            _ = try await engine.docker("rmi", "-f", image)
        }
        try await cleanUp(engine)
        try await publish("tiny:1")
        let pull: ValueMap = ["name": .string(image), "source": "pull", "force_source": true]
        #expect(try await engine.perform("docker_image", pull, check: true).isChanged)
        #expect(try await engine.perform("docker_image", pull).isChanged)
        let again = try await engine.perform("docker_image", pull)
        #expect(again.outcome.status == .ok && again.roundTrips == 1)
        _ = try await engine.docker("rmi", image)

        let task: ValueMap = ["name": "t-web", "image": .string(image), "pull": "always", "stop_timeout": 1]
        let foretold = try await engine.perform("docker_container", task, check: true)
        #expect(foretold.isChanged)
        #expect(try await engine.docker("images", "-q", image).isEmpty)
        #expect(try await engine.perform("docker_container", task).isChanged)
        for check in [true, false] {
            let converged = try await engine.perform("docker_container", task, check: check)
            #expect(converged.outcome.status == .ok && converged.roundTrips == 1)
        }
        // Something newer under the same tag: foretold by digest, then pulled, and the container replaced.
        let old = try await engine.docker("inspect", "-f", "{{.Image}}", "t-web")
        _ = try await engine.docker("tag", "tiny:2", image)
        _ = try await engine.docker("push", "-q", image)
        _ = try await engine.docker("tag", old, image)
        for check in [true, false] {
            let newer = try await engine.perform("docker_container", task, check: check)
            #expect(newer.isChanged && newer.settings["image digest"] != nil)
        }
        #expect(try await engine.docker("inspect", "-f", "{{.Image}}", "t-web") != old)
        #expect(try await engine.perform("docker_container", task).outcome.status == .ok)

        // A tag that the registry does not have.
        let error = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_container", ["name": "t-x", "image": .string(image + "-nope")])
        }
        #expect(error?.remedy?.contains("no such tag") == true, "\(String(describing: error))")
        try await cleanUp(engine)
        _ = try await engine.docker("rmi", "-f", image)
    }

    @Test(
        "a login is kept, converged without asking the registry, and taken back",
        .enabled(if: registry != nil, "SWIFTPROV_TEST_REGISTRY names no registry that the Engine reaches"))
    func login() async throws {
        let engine = try await EngineFixture.shared.engine()
        let path = "/var/tmp/swiftprov-login-test/config.json"
        var task: ValueMap = [
            "registry_url": .string(try #require(Self.registry)), "username": "ann", "config_path": .string(path),
            "password": .string(Text("s3cret:with'quote", marks: .secret)),
        ]
        #expect(try await engine.perform("docker_login", task, check: true).isChanged)
        #expect(try await engine.perform("docker_login", task).isChanged)
        #expect(try await engine.perform("docker_login", task).outcome.status == .ok)
        task["password"] = "other"
        #expect(try await engine.perform("docker_login", task).isChanged)
        task["state"] = "absent"
        #expect(try await engine.perform("docker_login", task).isChanged)
        #expect(try await engine.perform("docker_login", task).outcome.status == .ok)
        try await engine.shell("rm -rf /var/tmp/swiftprov-login-test")
    }

    private static let registry = ProcessInfo.processInfo.environment["SWIFTPROV_TEST_REGISTRY"]
}
