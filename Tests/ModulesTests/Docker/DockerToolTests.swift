import Diagnostics
import Foundation
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

    @Test("images go to an archive, are removed, and come back from it")
    func archive() async throws {
        let engine = try await EngineFixture.shared.engine()
        let folder = "/var/tmp/swiftprov-archive-test.\(UUID().uuidString)"
        let path = folder + "/two.tar"
        try await engine.shell("mkdir \"$1\"", folder)
        _ = try await engine.docker("tag", "tiny:1", "t-arch:1")
        _ = try await engine.docker("tag", "tiny:2", "t-arch:2")
        let save: ValueMap = ["names": ["t-arch:1", "t-arch:2"], "path": .string(path)]
        #expect(try await engine.perform("docker_image_export", save, check: true).isChanged)
        #expect(!FileManager.default.fileExists(atPath: path))
        let saved = try await engine.perform("docker_image_export", save)
        #expect(saved.isChanged && saved.outcome.result.values["msg"] == "there is no archive yet")
        #expect(try await engine.perform("docker_image_export", save).outcome.status == .ok)
        var fewer = save
        fewer["names"] = ["t-arch:1"]
        let other = try await engine.perform("docker_image_export", fewer, check: true)
        #expect(other.outcome.result.values["msg"] == "the archive holds other images, too")

        // A link leads to the archive, whose mode and owner stay.
        try await engine.shell("chmod 640 \"$1\"; chown 1:2 \"$1\"; ln -s two.tar \"${1%/*}/link\"", path)
        var linked = save
        linked["path"] = .string(folder + "/link")
        #expect(try await engine.perform("docker_image_export", linked).outcome.status == .ok)
        linked["force"] = true
        #expect(try await engine.perform("docker_image_export", linked).isChanged)
        let told = try await engine.shell(
            "stat -c '%a %u %g' \"$1\"; readlink \"${1%/*}/link\"; ls -A \"${1%/*}\"", path)
        #expect(told.output == "640 1 2\ntwo.tar\nlink\ntwo.tar\n")
        // So does docker_image, which knows the host's home.
        var archived: ValueMap = ["name": "t-arch:1", "source": "local", "archive_path": .string(folder + "/link")]
        #expect(try await engine.perform("docker_image", archived).isChanged)
        #expect(try await engine.perform("docker_image", archived).outcome.status == .ok)
        let home = try await engine.shell("echo ~").output.split(separator: "\n").joined()
        archived["archive_path"] = .string("~/.swiftprov-test-\(UUID().uuidString).tar")
        #expect(try await engine.perform("docker_image", archived).isChanged)
        let kept = try #require(archived["archive_path"]?.stringValue).dropFirst()
        #expect(FileManager.default.fileExists(atPath: home + kept))
        #expect(try await engine.perform("docker_image", archived).outcome.status == .ok)
        try await engine.shell("rm -f \"$1\"", home + kept)
        #expect(try await engine.perform("docker_image_export", linked).isChanged)
        for check in [true, false] {
            var wrong = save
            wrong["path"] = .string(folder)
            let error = await #expect(throws: Diagnostic.self) {
                try await engine.perform("docker_image_export", wrong, check: check)
            }
            #expect(error?.summary == "'\(folder)' is a directory")
        }

        let load: ValueMap = ["path": .string(path)]
        #expect(try await engine.perform("docker_image_load", load).outcome.status == .ok)
        let foretold = try await engine.perform("docker_image_remove", ["name": "t-arch:1"], check: true)
        #expect(foretold.outcome.result.values["untagged"] == ["t-arch:1"])
        #expect(foretold.outcome.result.values["deleted"] == .list([]))
        let removed = try await engine.perform("docker_image_remove", ["name": "t-arch", "tag": "1"])
        #expect(removed.isChanged && removed.outcome.result.values["untagged"] == ["t-arch:1"])
        let again = try await engine.perform("docker_image_remove", ["name": "t-arch:1"])
        #expect(again.outcome.status == .ok && again.roundTrips == 1)
        #expect(again.outcome.result.values["image"] == .map([:]))

        let missing = try await engine.perform("docker_image_load", load, check: true)
        #expect(missing.isChanged && missing.settings["image t-arch:1"] != nil)
        #expect(missing.settings["image t-arch:2"] == nil)
        let loaded = try await engine.perform("docker_image_load", load)
        #expect(loaded.outcome.result.values["images"]?.elements?.count == 2)
        #expect(
            Set(loaded.outcome.result.values["image_names"]?.elements?.compactMap(\.stringValue) ?? [])
                == ["t-arch:1", "t-arch:2"])
        #expect(try await engine.perform("docker_image_load", load).outcome.status == .ok)

        // Not by its ID, as long as it has several names.
        let id = try await engine.docker("image", "inspect", "-f", "{{.Id}}", "t-arch:1")
        let named = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_image_remove", ["name": .string(id)], check: true)
        }
        #expect(named?.summary.hasSuffix("has 2 names") == true)
        _ = try await engine.docker("rmi", "t-arch:1", "t-arch:2")

        try await engine.shell("echo nothing >\"$1/bad.tar\"", folder)
        let bad = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_image_load", ["path": .string(folder + "/bad.tar")])
        }
        #expect(bad != nil)
        let gone = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_image_load", ["path": .string(folder + "/no.tar")], check: true)
        }
        #expect(gone?.summary == "there is no archive '\(folder)/no.tar' on the host")
        let none = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_image_export", ["names": ["no-such-image"], "path": .string(path)])
        }
        #expect(none?.summary == "there is no image 'no-such-image:latest'")
        try await engine.shell("rm -rf \"$1\"", folder)
    }
}

/// Files put into containers of a real Engine.
@Suite(.serialized, .enabled(if: EngineFixture.isAvailable, "no dockerd here, or not root"))
struct DockerCopyIntoTests {
    @Test("a text is copied once, and anew when it, its mode or its owner differs")
    func content() async throws {
        let engine = try await EngineFixture.shared.engine()
        _ = try await engine.docker("run", "-d", "--name", "t-into", "--network", "none", "tiny:1")
        func seen() async throws -> String {
            try await engine.docker("exec", "t-into", "sh", "-c", "stat -c '%a %u %g' /tmp/f && cat /tmp/f")
        }
        var arguments: ValueMap = [
            "container": "t-into", "container_path": "tmp//f", "content": "one\n", "mode": "0640",
            "mode_parse": "modern",
        ]
        let foretold = try await engine.perform("docker_container_copy_into", arguments, check: true)
        #expect(foretold.isChanged)
        #expect(try await engine.docker("exec", "t-into", "sh", "-c", "ls /tmp").isEmpty)
        let deed = try await engine.perform("docker_container_copy_into", arguments)
        #expect(deed.isChanged && deed.outcome.result.values["container_path"] == "/tmp/f")
        #expect(try await seen() == "640 0 0\none")
        let again = try await engine.perform("docker_container_copy_into", arguments)
        #expect(again.outcome.status == .ok && again.roundTrips == 1)

        for (name, value, result) in [
            ("content", Value.string("two, longer"), "640 0 0\ntwo, longer"), ("mode", "0600", "600 0 0\ntwo, longer"),
        ] {
            arguments[name] = value
            #expect(try await engine.perform("docker_container_copy_into", arguments, check: true).isChanged)
            #expect(try await engine.perform("docker_container_copy_into", arguments).isChanged)
            #expect(try await seen() == result)
            #expect(try await engine.perform("docker_container_copy_into", arguments).outcome.status == .ok)
        }
        arguments.merge(["owner_id": 3_000_000, "group_id": 7])
        #expect(try await engine.perform("docker_container_copy_into", arguments).isChanged)
        #expect(try await seen() == "600 3000000 7\ntwo, longer")
        #expect(try await engine.perform("docker_container_copy_into", arguments).outcome.status == .ok)

        // What is there is left alone, or replaced unseen.
        arguments.merge(["content": "three", "force": false])
        #expect(try await engine.perform("docker_container_copy_into", arguments).outcome.status == .ok)
        arguments["force"] = true
        #expect(try await engine.perform("docker_container_copy_into", arguments).isChanged)
        #expect(try await engine.perform("docker_container_copy_into", arguments).isChanged)
        _ = try await engine.docker("rm", "-f", "t-into")
    }

    @Test("a file is copied, links are followed or not, and a directory is no place for it")
    func file() async throws {
        let engine = try await EngineFixture.shared.engine()
        let folder = try FileManager.default.url(
            for: .itemReplacementDirectory, in: .userDomainMask, appropriateFor: URL(fileURLWithPath: "/tmp"),
            create: true
        ).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let long = String(repeating: "0123456789", count: 200_000)
        try long.write(toFile: folder + "/f", atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: folder + "/l", withDestinationPath: "f")
        _ = try await engine.docker("run", "-d", "--name", "t-from", "--network", "none", "tiny:1")
        _ = try await engine.docker(
            "exec", "t-from", "sh", "-c",
            "mkdir -p /tmp/d/e; ln -s d/real /tmp/l; ln -s /tmp/c2 /tmp/c1; ln -s c1 /tmp/c2")
        var arguments: ValueMap = [
            "container": "t-from", "path": .string(folder + "/l"), "container_path": "/tmp/l", "owner_id": 0,
            "group_id": 0, "follow": true,
        ]
        for check in [true, false] {
            let deed = try await engine.perform("docker_container_copy_into", arguments, check: check)
            #expect(deed.isChanged && deed.outcome.result.values["container_path"] == "/tmp/d/real")
        }
        #expect(
            try await engine.docker("exec", "t-from", "sh", "-c", "wc -c </tmp/d/real; readlink /tmp/l")
                == "2000000\nd/real")
        #expect(try await engine.perform("docker_container_copy_into", arguments).outcome.status == .ok)

        arguments.merge(["local_follow": false, "follow": false])
        #expect(try await engine.perform("docker_container_copy_into", arguments).isChanged)
        #expect(try await engine.docker("exec", "t-from", "sh", "-c", "readlink /tmp/l") == "f")
        #expect(try await engine.perform("docker_container_copy_into", arguments).outcome.status == .ok)

        for (path, follow, words) in [
            ("/tmp/c1", true, "too many links"), ("/no/such/f", false, "'/no/such'"), ("/tmp/d/e", false, "directory"),
        ] {
            arguments.merge(["container_path": .string(path), "follow": .bool(follow), "local_follow": true])
            let error = await #expect(throws: Diagnostic.self) {
                try await engine.perform("docker_container_copy_into", arguments)
            }
            #expect(
                error.map { "\($0.summary) \($0.remedy ?? "")" }?.contains(words) == true,
                "\(String(describing: error))")
        }
        _ = try await engine.docker("rm", "-f", "t-from")
        let error = await #expect(throws: Diagnostic.self) {
            try await engine.perform("docker_container_copy_into", arguments)
        }
        #expect(error?.summary == "there is no container 't-from'")
    }
}
