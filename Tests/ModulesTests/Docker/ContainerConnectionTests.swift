import Diagnostics
import Foundation
import Target
import Testing

/// Tasks inside containers, by `docker exec` and `podman exec`, with a real engine each.
@Suite(.serialized, .enabled(if: EngineFixture.isAvailable, "no Docker Engine for tests"))
struct ContainerConnectionTests {
    /// A container with every applet of BusyBox, root and a user `app`.
    private static let makeImage = """
        set -e
        root=$(mktemp -d)
        mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/root" "$root/home/app"
        chmod 755 "$root"
        chmod 1777 "$root/tmp"
        cp /bin/busybox "$root/bin/"
        for name in $(busybox --list); do test -e "$root/bin/$name" || ln -s busybox "$root/bin/$name"; done
        printf 'root:x:0:0::/root:/bin/sh\\napp:x:1000:1000::/home/app:/bin/sh\\n' >"$root/etc/passwd"
        printf 'root:x:0:\\napp:x:1000:\\n' >"$root/etc/group"
        tar -C "$root" -c . | "$@"
        rm -rf "$root"
        """

    private func makeContainer(_ name: String, on engine: EngineFixture) async throws -> ContainerProgram {
        _ = try await engine.shell(
            Self.makeImage, "docker", "-H", engine.host, "import", "-c", #"CMD ["sleep","1000"]"#, "-", "whole:1")
        _ = try await engine.docker("run", "-d", "--network", "none", "--name", name, "whole:1")
        var program = ContainerProgram(.docker, container: name)
        program.globalArguments = ["-H", engine.host]
        return program
    }

    private func trouble(_ program: ContainerProgram) async throws -> Diagnostic {
        let connection = ProgramConnection(program)
        defer { Task { await connection.close() } }
        do {
            _ = try await connection.shell(as: nil).request(ShellRequest(.snippet, "true"))
        } catch {
            #expect(error.remedy != nil)
            return error
        }
        throw Diagnostic(.failed, "nothing was wrong")
    }

    @Test("user, directory, environment and large files; nothing is left behind")
    func work() async throws {
        let engine = try await EngineFixture.shared.engine()
        let root = try await makeContainer("conn-work", on: engine)
        var program = root
        program.user = "app"
        program.directory = "/home"
        program.environment = [(name: "GIVEN", value: "a 'quoted'\nvalue")]
        let connection = ProgramConnection(program)
        let target = HostTarget(hostName: "conn-work", shell: try await connection.shell(as: nil))
        let said = try await target.run(Command(.shell(#"id -un; pwd; echo "$HOME $GIVEN""#, executable: "/bin/sh")))
        #expect(said.output == "app\n/home\n/home/app a 'quoted'\nvalue\n")
        let content = (0..<(2 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 17 ^ $0 >> 8) }
        _ = try await target.write(FileWrite(path: "/tmp/large", content: content, mode: 0o640))
        let read = try await engine.docker("exec", "conn-work", "stat", "-c", "%s %a %U", "/tmp/large")
        #expect(read == "\(content.count) 640 app")
        await connection.close()
        #expect(try await engine.docker("exec", "conn-work", "ls", "-A", "/tmp") == "large")
        #expect(try await engine.docker("exec", "conn-work", "ps", "-o", "args").hasSuffix("sleep 1000\nps -o args"))
        _ = try await engine.docker("rm", "-f", "conn-work")
    }

    /// What a command failed with; nil if it did not.
    private func failure(_ shell: any Shell, _ text: String, within limit: Duration? = nil) async -> Diagnostic? {
        do {
            _ = try await shell.request(ShellRequest(.command, text, timeout: limit))
            return nil
        } catch {
            return error
        }
    }

    /// Waits until a command has made `/tmp/begun`.
    private func untilBegun(_ container: String, on engine: EngineFixture) async throws {
        while try await engine.docker("exec", container, "ls", "/tmp").contains("begun") == false {
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test("a time limit and the end of a run end what runs in the container, with its children")
    func endings() async throws {
        let engine = try await EngineFixture.shared.engine()
        let connection = ProgramConnection(try await makeContainer("conn-end", on: engine))
        let shell = try await connection.shell(as: nil)
        #expect(await failure(shell, "sleep 4260 & sleep 4260", within: .milliseconds(500))?.code == .timeout)
        let left = try await shell.request(ShellRequest(.command, "ps -o args | grep -c '^sleep 4260'"))
        #expect(left.output == "0\n")
        async let running = failure(shell, "touch /tmp/begun; sleep 4261 & sleep 4261")
        try await untilBegun("conn-end", on: engine)
        await connection.close()
        #expect(await running?.code == .interrupted)
        #expect(!(try await engine.docker("exec", "conn-end", "ps", "-o", "args").contains("sleep 4261")))
        _ = try await engine.docker("rm", "-f", "conn-end")
    }

    @Test("a killed shell costs its request; a container that ends, the connection")
    func losses() async throws {
        let engine = try await EngineFixture.shared.engine()
        let connection = ProgramConnection(try await makeContainer("conn-loss", on: engine))
        let shell = try await connection.shell(as: nil)
        let killed = await failure(shell, "kill -9 $PPID; sleep 5")
        #expect(killed?.code == .failed)
        #expect(killed?.summary.contains("ended the shell it ran in") == true)
        async let lost = failure(shell, "touch /tmp/begun; sleep 600")
        try await untilBegun("conn-loss", on: engine)
        _ = try await engine.docker("kill", "conn-loss")
        let reason = await lost
        #expect(reason?.code == .unreachable)
        #expect(reason?.summary.contains("the connection with the container 'conn-loss' was lost") == true)
        #expect(reason?.summary.contains("may have been done, in part or whole") == true)
        // Nothing is remembered against a container that is back.
        _ = try await engine.docker("start", "conn-loss")
        #expect(try await shell.request(ShellRequest(.command, "echo back")).output == "back\n")
        await connection.close()
        _ = try await engine.docker("rm", "-f", "conn-loss")
    }

    @Test("what is wrong is told in words of our own, with docker's and with what helps")
    func troubles() async throws {
        let engine = try await EngineFixture.shared.engine()
        let good = try await makeContainer("conn-wrong", on: engine)
        var program = good
        program.container = "conn-nobody"
        var error = try await trouble(program)
        #expect(error.code == .unreachable && error.summary.hasPrefix("there is no container 'conn-nobody'"))
        program = good
        program.user = "nobody-there"
        error = try await trouble(program)
        #expect(error.code == .unreachable && error.summary.hasPrefix("there is no user 'nobody-there'"))
        program = good
        program.directory = "/no/folder"
        error = try await trouble(program)
        #expect(error.code == .unreachable && error.summary.hasPrefix("there is no directory '/no/folder'"))
        program = good
        program.globalArguments = ["-H", "unix:///nowhere.sock"]
        error = try await trouble(program)
        #expect(error.code == .unreachable && error.summary.hasPrefix("docker does not reach its engine"))
        program = good
        program.globalArguments = ["--no-such-option"]
        error = try await trouble(program)
        #expect(error.code == .unreachable && error.summary.hasPrefix("docker does not know how it was called"))
        program = good
        program.executable = "no-such-docker"
        error = try await trouble(program)
        #expect(error.code == .failed && error.summary == "the program 'no-such-docker' is not on this machine")
        _ = try await engine.docker("pause", "conn-wrong")
        error = try await trouble(good)
        #expect(error.code == .unreachable && error.summary.hasPrefix("the container 'conn-wrong' is paused"))
        _ = try await engine.docker("unpause", "conn-wrong")
        _ = try await engine.docker("exec", "conn-wrong", "rm", "/bin/sh")
        error = try await trouble(good)
        #expect(error.code == .unreachable && error.summary.contains("has no /bin/sh"))
        _ = try await engine.docker("kill", "conn-wrong")
        error = try await trouble(good)
        #expect(error.code == .unreachable && error.summary.hasPrefix("the container 'conn-wrong' does not run"))
        _ = try await engine.docker("rm", "conn-wrong")
    }

    /// podman with data of its own, without groups that limit resources: those may be out of a test's reach.
    private static func podman(in directory: String) -> [String] {
        [
            "podman", "--root", directory + "/root", "--runroot", directory + "/run", "--storage-driver", "vfs",
            "--cgroup-manager", "cgroupfs", "--events-backend", "file",
        ]
    }

    @Test(
        "podman is spoken to in its own words",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/podman"), "podman is not installed"))
    func podman() async throws {
        let directory = "/var/tmp/swiftprov-podman-test.\(getpid())"
        let words = Self.podman(in: directory)
        do {
            try await speakWithPodman(words)
        } catch {
            Issue.record(error)
        }
        let target = try await EngineFixture.localTarget()
        _ = try await target.run(Command(.words(words + ["rm", "-f", "--all"])))
        _ = try await target.run(Command(.words(["rm", "-rf", directory])))
    }

    private func speakWithPodman(_ words: [String]) async throws {
        func run(_ more: String...) async throws -> CommandResult {
            try await EngineFixture.localTarget().run(Command(.words(words + more)))
        }
        let made = try await EngineFixture.localTarget().run(
            Command(.words(["sh", "-c", Self.makeImage, "sh"] + words + ["import", "-", "whole:1"])))
        #expect(made.succeeded, "\(made.errorOutput)")
        let started = try await run(
            "run", "-d", "--name", "conn-pod", "--network", "none", "--cgroups=disabled", "--ulimit",
            "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "whole:1", "sleep", "1000")
        #expect(started.succeeded, "\(started.errorOutput)")
        var program = ContainerProgram(.podman, container: "conn-pod")
        program.globalArguments = Array(words.dropFirst())
        program.user = "app"
        let connection = ProgramConnection(program)
        let shell = try await connection.shell(as: nil)
        #expect(try await shell.request(ShellRequest(.command, "id -un; cat", input: [65, 10])).output == "app\nA\n")
        await connection.close()
        #expect(try await run("exec", "conn-pod", "ls", "-A", "/tmp").output.isEmpty)
        program.container = "conn-nobody"
        #expect(try await trouble(program).summary.hasPrefix("there is no container 'conn-nobody'"))
        program.container = "conn-pod"
        program.user = "nobody-there"
        #expect(try await trouble(program).summary.hasPrefix("there is no user 'nobody-there'"))
        _ = try await run("kill", "conn-pod")
        program.user = nil
        #expect(try await trouble(program).summary.hasPrefix("the container 'conn-pod' does not run"))
    }
}
