import Diagnostics
import Modules
import Target
import Testing
import Values

@Suite struct SynchronizeModuleTests {
    /// The words that rsync is started with in a dry run; a program in its place writes them down.
    private func words(_ raw: ValueMap, _ access: HostAccess?) async throws -> [String] {
        let bench = try await Bench()
        _ = try await bench.sh(
            "mkdir bin; printf '#!/bin/sh\\nprintf \"%%s\\\\n\" \"$@\" >$T/words\\n' >bin/rsync; chmod +x bin/rsync")
        let type = try #require(ModuleIndex.find("synchronize"))
        let (values, said) = ArgumentCheck.check(type.manual, raw)
        var context = bench.context
        context.access = access
        let module = try type.init(Arguments(values: try #require(values, "\(said)"), context: context))
        let target = bench.target(environment: ["PATH": "$T/bin"])
        let outcome = try await ModuleRunner.perform(module, on: target, check: true)
        #expect(outcome.status == .ok)
        let written = try await bench.sh("cat words").output.split(separator: "\n").map(String.init)
        await bench.close()
        return written
    }

    private static let usual = [
        "--dry-run", "--delay-updates", "-F", "--compress", "--archive",
    ]
    private static let format = "--out-format=<<CHANGED>>%i %n%L"

    @Test("rsync signs in as the engine does")
    func access() async throws {
        let access = HostAccess(
            address: "fe80::1", port: 2222, user: "ann", privateKey: "/keys/a b",
            arguments: ["-o ProxyJump=gate -4"], checksHostKey: false, become: Become(user: "app"))
        let written = try await words(["src": "/a/", "dest": "/b"], access)
        #expect(
            written == Self.usual + [
                "--rsh=ssh -o BatchMode=yes -S none -i '/keys/a b' -p 2222 -o StrictHostKeyChecking=no "
                    + "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ProxyJump=gate -4",
                "--rsync-path=sudo -H -n -u app rsync", Self.format, "--", "/a/", "ann@[fe80::1]:/b",
            ])
    }

    @Test("arguments become rsync's options")
    func options() async throws {
        let written = try await words(
            [
                "src": "/a", "dest": "/b", "mode": "pull", "archive": false, "recursive": true, "times": false,
                "delete": true, "compress": false, "delay_updates": false, "rsync_timeout": 5, "dest_port": 23,
                "rsync_opts": ["--exclude '*.log'", "--chmod=D755"], "set_remote_user": false,
                "rsync_path": "nice rsync",
                "ssh_connection_multiplexing": true,
            ], HostAccess(address: "h1", user: "ann"))
        #expect(
            written == [
                "--dry-run", "--timeout=5", "--delete-after", "--recursive", "--exclude", "*.log", "--chmod=D755",
                "--rsh=ssh -o BatchMode=yes -p 23", "--rsync-path=nice rsync", Self.format, "--", "h1:/a", "/b",
            ])
    }

    @Test("what rsync cannot be given is refused before it is started")
    func refusals() async throws {
        let type = try #require(ModuleIndex.find("ansible.posix.synchronize"))
        func error(_ access: HostAccess) throws -> String? {
            let values = try #require(ArgumentCheck.check(type.manual, ["src": "/a", "dest": "/b"]).values)
            var context = ModuleContext.none
            context.access = access
            return #expect(throws: Diagnostic.self) { try type.init(Arguments(values: values, context: context)) }?
                .summary
        }
        #expect(try error(HostAccess(address: "h1", usesPassword: true))?.contains("password") == true)
        #expect(try error(HostAccess(address: "h1", become: Become(password: "x")))?.contains("password") == true)
        #expect(try error(HostAccess(address: "h1", become: Become(method: .su)))?.contains("su") == true)
    }
}
