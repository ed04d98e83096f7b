import Diagnostics
import Modules
import Results
import Target
import Testing
import Values

/// The small Docker modules against a real Engine.
@Suite(.serialized, .enabled(if: EngineFixture.isAvailable, "no dockerd here, or not root"))
struct DockerToolTests {
    @Test("an image gets further names, once")
    func tag() async throws {
        let engine = try await EngineFixture.shared.engine()
        let arguments: ValueMap = ["name": "tiny:1", "repository": ["t-tag/app:5", "t-tag/other"]]
        let foretold = try await engine.perform("docker_image_tag", arguments, check: true)
        #expect(foretold.isChanged)
        #expect(try await engine.docker("images", "-q", "t-tag/app").isEmpty)
        let deed = try await engine.perform("docker_image_tag", arguments)
        #expect(deed.isChanged)
        #expect(deed.outcome.result.values["tagged_images"] == ["t-tag/app:5", "t-tag/other:latest"])
        let again = try await engine.perform("docker_image_tag", arguments)
        #expect(again.outcome.status == .ok && again.roundTrips == 1)

        var other = arguments
        other["name"] = "tiny:2"
        other["existing_images"] = "keep"
        #expect(try await engine.perform("docker_image_tag", other).outcome.status == .ok)
        other["existing_images"] = "overwrite"
        #expect(try await engine.perform("docker_image_tag", other).isChanged)

        let info = try await engine.perform("docker_image_info", ["name": ["t-tag/app:5", "no-such-image"]])
        #expect(info.outcome.status == .ok && info.roundTrips == 1)
        let images = info.outcome.result.values["images"]?.elements ?? []
        #expect(images.count == 1)
        #expect(images.first?.mapValue?["RepoTags"]?.elements?.contains("tiny:2") == true)
        _ = try await engine.docker("rmi", "t-tag/app:5", "t-tag/other:latest")

        let error = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_image_tag", ["name": "no-such-image", "repository": ["x:1"]])
        }
        #expect(error?.summary == "there is no image 'no-such-image:latest'")
    }

    @Test("a command runs in a container, with its input, place and variables")
    func exec() async throws {
        let engine = try await EngineFixture.shared.engine()
        _ = try await engine.docker("run", "-d", "--name", "t-exec", "--network", "none", "tiny:1")
        let deed = try await engine.perform(
            "docker_container_exec",
            [
                "container": "t-exec",
                "argv": ["sh", "-c", "cat; echo \"$A $PWD $DOCKER_HOST $PATH\"; echo bad >&2; exit 3"],
                "stdin": "in", "chdir": "/tmp",
                "env": [
                    "A": "it's", "DOCKER_HOST": "tcp://127.0.0.1:1", "PATH": "/bin:/usr/bin:/mine",
                    "no.name-of-sh": "x",
                ],
            ])
        #expect(deed.isChanged)
        #expect(deed.outcome.result.values["stdout"] == "in\nit's /tmp tcp://127.0.0.1:1 /bin:/usr/bin:/mine")
        #expect(deed.outcome.result.values["stderr"] == "bad")
        #expect(deed.outcome.result.values["rc"] == 3)
        let check = try await engine.perform(
            "docker_container_exec", ["container": "t-exec", "command": "true"], check: true)
        guard case .unknown = check.outcome.status else {
            Issue.record("check mode claims to know what a command does")
            return
        }
        _ = try await engine.docker("stop", "-t", "0", "t-exec")
        let error = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_container_exec", ["container": "t-exec", "command": "true"])
        }
        #expect(error?.summary == "container 't-exec' does not run")

        let prune = try await engine.perform(
            "docker_prune", ["containers": true, "containers_filters": ["label": "made=here"]])
        #expect(prune.isChanged)
        #expect(prune.outcome.result.values["containers"]?.elements?.count == 1)
        #expect(try await engine.docker("ps", "-aq", "-f", "name=t-exec").isEmpty)
        #expect(
            try await engine.perform(
                "docker_prune", ["containers": true, "containers_filters": ["label": "made=here"]]
            ).outcome.status == .ok)
    }
}
