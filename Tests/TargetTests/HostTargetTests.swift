import Diagnostics
import Glibc
import Testing

@testable import Target

/// A directory that goes with the test, and a target on this machine.
final class Scratch: Sendable {
    let path: String
    let connection = ProgramConnection()

    init() {
        var template = Array("/tmp/target-tests-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
    }

    func target(_ environment: [(name: String, value: String)] = []) async throws -> HostTarget {
        HostTarget(hostName: "here", shell: try await connection.shell(as: nil), environment: environment)
    }

    /// Runs shell text as a test's own means, and gives its output.
    @discardableResult
    func sh(_ text: String) async throws -> String {
        let shell = try await connection.shell(as: nil)
        return try await shell.request(ShellRequest(.snippet, "cd \(path)\n\(text)")).output
    }

    func end() async throws {
        try await sh("cd /; rm -rf \(path)")
        await connection.close()
    }
}

@Suite(.timeLimit(.minutes(1))) struct HostTargetTests {
    @Test("arguments arrive whatever is in them")
    func arguments() async throws {
        let scratch = Scratch()
        let target = try await scratch.target()
        let nasty = ["", " ", "a'b", "$(reboot)", "`x`", "-n", "\n", "ü\u{1F600}", "\\", "*", "a\"b", "-e", "--"]
        let result = try await target.query("printf '%s\\0' \"$@\"", nasty)
        #expect(result.output == nasty.map { $0 + "\0" }.joined())
        let command = try await target.run(Command(.words(["printf", "%s\\0"] + nasty)))
        #expect(command.output == nasty.map { $0 + "\0" }.joined())
        #expect(await diagnostic { try await target.query("true", "a\0b") }?.code == .badValue)
        try await scratch.end()
    }

    @Test("environment, directory, input, shell lines")
    func commands() async throws {
        let scratch = Scratch()
        let target = try await scratch.target([("GREETING", "it's $HOME")])
        #expect(try await target.run(Command(.words(["printenv", "GREETING"]))).output == "it's $HOME\n")
        #expect(try await target.query("echo \"$GREETING\"").output == "it's $HOME\n")
        #expect(try await target.run(Command(.words(["pwd"]), directory: scratch.path)).output == scratch.path + "\n")
        let shell = Command(.shell("echo $((1+1)) | tr 2 3; exit 4", executable: "/bin/bash"), input: Array("x".utf8))
        let result = try await target.run(shell)
        #expect(result.output == "3\n")
        #expect(result.status == 4)
        #expect(try await target.run(Command(.words(["cat"]), input: Array("in".utf8))).output == "in")
        #expect(try await target.run(Command(.words(["no-such-program-anywhere"]))).status == 127)

        let missing = await diagnostic {
            try await target.run(Command(.words(["true"]), directory: "/no/such/dir"))
        }
        #expect(missing?.code == .failed)
        #expect(missing?.summary.contains("/no/such/dir") == true)
        #expect(missing?.host == "here")
        let name = try await scratch.target([("not-a-name", "x")])
        #expect(await diagnostic { try await name.query("true") }?.code == .badValue)
        try await scratch.end()
    }

    @Test("a large environment and command line are no trouble")
    func large() async throws {
        let scratch = Scratch()
        let target = try await scratch.target()
        let long = String(repeating: "echo x >/dev/null\n", count: 20_000)
        #expect(try await target.run(Command(.words(["true", String(repeating: "y", count: 100_000)]))).status == 0)
        #expect(try await target.query("sh -s", [], input: Array(long.utf8), timeout: nil).status == 0)
        try await scratch.end()
    }
}

@Suite(.timeLimit(.minutes(1))) struct FileWriteTests {
    @Test("a new file has the content and the umask's mode, and one request does it")
    func new() async throws {
        let scratch = Scratch()
        let target = try await scratch.target()
        try await scratch.sh(":")
        let shell = try await scratch.connection.shell(as: nil)
        let before = await shell.roundTrips
        let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        let outcome = try await target.write(FileWrite(path: scratch.path + "/a b'c", content: content))
        #expect(await shell.roundTrips - before == 1)
        #expect(outcome.backupPath == nil)
        #expect(try await scratch.sh("stat -c '%a %s' a*") == "644 100000\n")
        #expect(try await scratch.sh("cat a*").utf8.count > 0)
        #expect(try await scratch.sh("ls -A") == "a b'c\n")
        let empty = scratch.path + "/empty"
        _ = try await target.write(FileWrite(path: empty, content: []))
        #expect(try await scratch.sh("stat -c %s empty") == "0\n")
        try await scratch.end()
    }

    @Test("an existing file keeps its owner and mode, a backup is named as Ansible names it")
    func existing() async throws {
        let scratch = Scratch()
        let target = try await scratch.target()
        try await scratch.sh("printf old >f; chmod 4751 f; chown 12345:54321 f 2>/dev/null")
        let was = try await scratch.sh("stat -c '%a %u %g' f")
        let outcome = try await target.write(
            FileWrite(path: scratch.path + "/f", content: Array("new".utf8), backup: true))
        #expect(try await scratch.sh("cat f; stat -c ' %a %u %g' f") == "new " + was)
        let backup = try #require(outcome.backupPath)
        #expect(backup.wholeMatch(of: #/.*/f\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~/#) != nil)
        #expect(try await scratch.sh("cat f.*~; stat -c ' %a' f.*~") == "old " + was.split(separator: " ")[0] + "\n")

        _ = try await target.write(FileWrite(path: scratch.path + "/f", content: [], mode: 0o600))
        #expect(try await scratch.sh("stat -c '%a' f") == "600\n")
        try await scratch.end()
    }

    @Test("a file changed since it was inspected is left alone")
    func expecting() async throws {
        let scratch = Scratch()
        let target = try await scratch.target()
        try await scratch.sh("printf old >f")
        let path = scratch.path + "/f"
        let sum = try await scratch.sh("sha1sum <f | cut -c1-40").dropLast()
        for wrong in ["0000000000000000000000000000000000000000", ""] {
            let error = await diagnostic {
                try await target.write(FileWrite(path: path, content: [65], expecting: wrong))
            }
            #expect(error?.summary.contains("by somebody else") == true)
            #expect(try await scratch.sh("cat f; ls -A") == "oldf\n")
        }
        _ = try await target.write(FileWrite(path: path, content: [65], expecting: String(sum)))
        #expect(try await scratch.sh("cat f") == "A")
        let gone = await diagnostic {
            try await target.write(FileWrite(path: path + "2", content: [65], expecting: String(sum)))
        }
        #expect(gone?.summary.contains("removed") == true)
        _ = try await target.write(FileWrite(path: path + "3", content: [65], expecting: ""))
        try await scratch.end()
    }

    @Test("validation sees the new file under a name of its own, and can refuse it")
    func validate() async throws {
        let scratch = Scratch()
        let target = try await scratch.target()
        try await scratch.sh("printf old >f")
        let path = scratch.path + "/f"
        _ = try await target.write(
            FileWrite(path: path, content: Array("good".utf8), mode: 0o640, validate: "grep -q '^good$' %s"))
        #expect(try await scratch.sh("cat f; ls -A; stat -c %a f") == "goodf\n640\n")
        let refused = await diagnostic {
            try await target.write(
                FileWrite(path: path, content: Array("bad".utf8), validate: "sh -c 'echo no, $0 >&2; exit 3' %s"))
        }
        #expect(refused?.summary.contains("failed validation (status 3") == true)
        #expect(refused?.summary.contains("no, " + scratch.path) == true)
        #expect(try await scratch.sh("cat f; ls -A") == "goodf\n")
        #expect(
            await diagnostic { try await target.write(FileWrite(path: path, content: [], validate: "true")) }?.code
                == .badValue)
        try await scratch.end()
    }

    @Test("links are followed or replaced")
    func links() async throws {
        let scratch = Scratch()
        let target = try await scratch.target()
        try await scratch.sh("mkdir d; printf old >d/real; ln -s d/real link; ln -s nowhere/x dangling")
        _ = try await target.write(FileWrite(path: scratch.path + "/link", content: [65]))
        #expect(try await scratch.sh("cat d/real; readlink link; ls -A d") == "Ad/real\nreal\n")
        _ = try await target.write(FileWrite(path: scratch.path + "/link", content: [66], followsLinks: false))
        #expect(try await scratch.sh("cat d/real link; test -L link || echo ' file'") == "AB file\n")
        #expect(
            await diagnostic { try await target.write(FileWrite(path: scratch.path + "/dangling", content: [])) }?.code
                == .failed)
        try await scratch.end()
    }

    @Test("what cannot be written says why and leaves nothing behind")
    func refusals() async throws {
        let scratch = Scratch()
        let target = try await scratch.target()
        try await scratch.sh("mkdir d; mkfifo pipe; printf keep >f")
        func refusal(_ file: FileWrite) async -> String {
            await diagnostic { try await target.write(file) }?.summary ?? "written"
        }
        #expect(await refusal(FileWrite(path: scratch.path + "/x/y", content: [])).contains("directory does not exist"))
        #expect(await refusal(FileWrite(path: scratch.path + "/d", content: [])).contains("it is a directory"))
        #expect(await refusal(FileWrite(path: scratch.path + "/pipe", content: [])).contains("pipe"))
        #expect(
            await refusal(FileWrite(path: scratch.path + "/f", content: [], owner: "no-such-user"))
                .contains("no such user"))
        #expect(
            await refusal(FileWrite(path: scratch.path + "/f", content: [], group: "no-such-group"))
                .contains("no such group"))
        #expect(
            await refusal(FileWrite(path: "/proc/swiftprov", content: [])).contains("cannot write '/proc/swiftprov'"))
        #expect(try await scratch.sh("cat f; ls -A") == "keepd\nf\npipe\n")
        try await scratch.end()
    }

    /// Needs root, who alone can mount.
    @Test("a full disk leaves the old file as it was", .enabled(if: getuid() == 0, "only root can mount a small disk"))
    func full() async throws {
        let scratch = Scratch()
        let target = try await scratch.target()
        let mounted = try await scratch.sh("mkdir m && mount -t tmpfs -o size=64k tmpfs m && echo yes")
        try #require(mounted == "yes\n", "this machine does not let root mount")
        try await scratch.sh("printf old >m/f")
        for size in [100_000, 3_000_000] {
            let error = await diagnostic {
                try await target.write(
                    FileWrite(path: scratch.path + "/m/f", content: [UInt8](repeating: 1, count: size)))
            }
            #expect(error?.summary.contains("no space left") == true)
            #expect(error?.remedy != nil)
            #expect(try await scratch.sh("cat m/f; ls -A m") == "oldf\n")
        }
        try await scratch.sh("mount -o remount,ro m")
        let error = await diagnostic {
            try await target.write(FileWrite(path: scratch.path + "/m/f", content: [65]))
        }
        #expect(error?.summary.contains("read-only") == true)
        try await scratch.sh("umount m")
        try await scratch.end()
    }

    @Test("a file that is a mount is written in place", .enabled(if: getuid() == 0, "only root can mount"))
    func mount() async throws {
        let scratch = Scratch()
        let target = try await scratch.target()
        let mounted = try await scratch.sh("echo a >a; echo b >b; mount --bind a b && echo yes")
        try #require(mounted == "yes\n", "this machine does not let root mount")
        _ = try await target.write(FileWrite(path: scratch.path + "/b", content: Array("new".utf8), mode: 0o640))
        #expect(try await scratch.sh("cat a b; ls -A; stat -c %a a") == "newnewa\nb\n640\n")
        try await scratch.sh("umount b")
        try await scratch.end()
    }

    /// Nothing can be renamed over a mount, so the new content may end halfway; the old one must not be lost by that.
    @Test(
        "a full disk leaves a file that is written in place as it was",
        .enabled(if: getuid() == 0, "only root can mount"))
    func fullInPlace() async throws {
        let scratch = Scratch()
        let target = try await scratch.target()
        let mounted = try await scratch.sh(
            "mkdir m && mount -t tmpfs -o size=64k tmpfs m && printf old >m/a && echo b >b && mount --bind m/a b && echo yes"
        )
        try #require(mounted == "yes\n", "this machine does not let root mount")
        let error = await diagnostic {
            try await target.write(
                FileWrite(path: scratch.path + "/b", content: [UInt8](repeating: 1, count: 100_000)))
        }
        #expect(error?.summary.contains("no space left") == true)
        #expect(try await scratch.sh("cat b; ls -A . m") == "old.:\nb\nm\n\nm:\na\n")
        try await scratch.sh("umount b; umount m")
        try await scratch.end()
    }

    /// Nobody can open such a file, not even to see that the disk has it.
    @Test("a file may be for nobody to read", .enabled(if: getuid() == 0, "only root can become somebody else"))
    func unreadable() async throws {
        let scratch = Scratch()
        try await scratch.sh("chmod 777 .")
        let shell = FramedShell(become: nil, openTimeout: .seconds(20)) { line throws(Diagnostic) in
            let line = line.replacing("/bin/sh", with: "setpriv --reuid=65534 --regid=65534 --clear-groups /bin/sh")
            return try ProcessLink(words: ["/bin/sh", "-c", line])
        }
        let target = HostTarget(hostName: "here", shell: shell)
        _ = try await target.write(FileWrite(path: scratch.path + "/f", content: Array("x".utf8), mode: 0))
        #expect(try await scratch.sh("stat -c '%a %u' f; cat f; ls -A") == "0 65534\nxf\n")
        await shell.close()
        try await scratch.end()
    }

    @Test("busybox's programs do as well as the GNU ones", .enabled(if: SystemShell.busybox.path != nil))
    func busybox() async throws {
        let scratch = Scratch()
        try await scratch.sh("mkdir bin; for a in $(/bin/busybox --list); do ln -s /bin/busybox bin/$a; done")
        let shell = SystemShell.busybox.open()
        let target = HostTarget(hostName: "here", shell: shell, environment: [("PATH", scratch.path + "/bin")])
        #expect(try await target.query("mv --help 2>&1 | grep -c '^BusyBox'").output == "1\n")
        try await scratch.sh("printf old >f; chmod 640 f; ln -s f link")
        let sum = try await scratch.sh("sha1sum <f | cut -c1-40").dropLast()
        let outcome = try await target.write(
            FileWrite(
                path: scratch.path + "/link", content: Array("new".utf8), owner: "0", group: "root",
                validate: "grep -q new %s", backup: true, expecting: String(sum)))
        #expect(try await scratch.sh("cat f; stat -c ' %a' f; readlink link") == "new 640\nf\n")
        #expect(outcome.backupPath != nil)
        _ = try await target.write(FileWrite(path: scratch.path + "/fresh", content: []))
        #expect(try await scratch.sh("stat -c '%a %s' fresh; ls -A | grep -c swiftprov || true") == "644 0\n0\n")
        #expect(
            await diagnostic {
                try await target.write(FileWrite(path: scratch.path + "/f", content: [], owner: "no-such-user"))
            }?.summary.contains("no such user") == true)
        await shell.close()
        try await scratch.end()
    }

    @Test("nobody else can read a new content while it takes the place of a file that all could read")
    func privateWhileMade() async throws {
        let scratch = Scratch()
        // Programs in front of the system's note what they find of the file in the making.
        for (name, place) in [
            ("cat", "/proc/$$/fd/1"), ("chown", "${3-$2}"), ("chmod", "${3-$2}"), ("chgrp", "${3-$2}"),
        ] {
            try await scratch.sh(
                """
                mkdir -p bin; cat >bin/\(name) <<'END'
                #!/bin/sh
                case $(readlink -f "\(place)") in
                */.swiftprov-*) mode=$(stat -L -c %a "\(place)"); echo "$mode" >>\(scratch.path)/seen;;
                esac
                exec /bin/\(name) "$@"
                END
                chmod +x bin/\(name); echo old >f; chmod 644 f
                """)
        }
        let target = try await scratch.target([("PATH", scratch.path + "/bin:/usr/bin:/bin")])
        let outcome = try await target.write(
            FileWrite(path: scratch.path + "/f", content: Array("secret".utf8), mode: 0o640))
        #expect(outcome.state.mode == 0o640)
        let seen = try await scratch.sh("cat seen").split(separator: "\n")
        #expect(!seen.isEmpty)
        // The first `chmod` finds what was taken over from the old file, before there is any content.
        #expect(seen.dropFirst().allSatisfy { $0 == "600" }, "\(seen)")
        try await scratch.end()
    }
}
