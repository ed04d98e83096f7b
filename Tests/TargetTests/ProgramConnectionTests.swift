import Diagnostics
import Glibc
import Testing

@testable import Target

/// Shells behind programs of this machine, on a real `chroot` to a folder that holds BusyBox.
@Suite struct ProgramConnectionTests {
    static let canChangeRoot = geteuid() == 0 && access("/bin/busybox", X_OK) == 0

    /// A root with every applet there is.
    private func makeRoot(in scratch: Scratch) async throws -> String {
        try await scratch.sh(
            """
            mkdir -p root/bin root/tmp root/root root/etc root/dev; chmod 1777 root/tmp
            mknod -m 666 root/dev/null c 1 3
            cp /bin/busybox root/bin/
            for name in $(busybox --list); do test -e root/bin/$name || ln -s busybox root/bin/$name; done
            """)
        return scratch.path + "/root"
    }

    @Test("a changed root has its own files, gets large ones, and is left clean", .enabled(if: canChangeRoot))
    func changedRoot() async throws {
        let scratch = Scratch()
        let root = try await makeRoot(in: scratch)
        let connection = ProgramConnection(ChrootProgram(directory: root))
        let target = HostTarget(hostName: "root", shell: try await connection.shell(as: nil))
        #expect(try await target.run(Command(.words(["ls", "/"]))).output == "bin\ndev\netc\nroot\ntmp\n")
        // Large enough to take a further shell.
        let content = (0..<(2 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        _ = try await target.write(FileWrite(path: "/etc/large", content: content, mode: 0o600))
        #expect(try await scratch.sh("wc -c <root/etc/large") == "\(content.count)\n")
        await connection.close()
        #expect(try await scratch.sh("ls -A root/tmp") == "")
        try await scratch.end()
    }

    @Test("a time limit ends a command there with its processes", .enabled(if: canChangeRoot))
    func limit() async throws {
        let scratch = Scratch()
        let connection = ProgramConnection(ChrootProgram(directory: try await makeRoot(in: scratch)))
        let shell = try await connection.shell(as: nil)
        let mark = "4250.\(Int.random(in: 1000...9999))"
        let error = await diagnostic {
            try await shell.command("sleep \(mark) & sleep \(mark)", timeout: .milliseconds(300))
        }
        #expect(error?.code == .timeout)
        #expect(try await shell.command("echo on").output == "on\n")
        await connection.close()
        #expect(try await scratch.sh("ps ax | grep -c '[s]leep \(mark)' || true") == "0\n")
        try await scratch.end()
    }

    @Test("a killed shell costs its request; a root that is gone, the connection", .enabled(if: canChangeRoot))
    func losses() async throws {
        let scratch = Scratch()
        let root = try await makeRoot(in: scratch)
        let connection = ProgramConnection(ChrootProgram(directory: root))
        let shell = try await connection.shell(as: nil)
        let killed = await diagnostic { try await shell.command("kill -9 $PPID; sleep 5") }
        #expect(killed?.code == .failed)
        #expect(killed?.summary.contains("ended the shell it ran in") == true)
        #expect(try await shell.command("echo on").output == "on\n")
        let lost = await diagnostic { try await shell.command("rm -rf /bin/sh; kill -9 $PPID; sleep 5") }
        #expect(lost?.code == .unreachable)
        #expect(lost?.summary.contains("the connection with the root '\(root)' was lost") == true)
        await connection.close()
        try await scratch.end()
    }

    @Test("what is wrong with a root is told, each with what helps", .enabled(if: canChangeRoot))
    func wrongRoots() async throws {
        let scratch = Scratch()
        let root = try await makeRoot(in: scratch)
        func trouble(_ program: ChrootProgram) async throws -> Diagnostic {
            let connection = ProgramConnection(program)
            let error = await diagnostic { try await connection.shell(as: nil).snippet("true") }
            await connection.close()
            #expect(error?.remedy != nil)
            return try #require(error)
        }
        let absent = try await trouble(ChrootProgram(directory: root + "/absent"))
        #expect(absent.code == .failed && absent.summary.contains("is no directory"))
        let empty = try await trouble(ChrootProgram(directory: root + "/etc"))
        #expect(empty.code == .failed && empty.summary.contains("no /bin/sh"))
        try await scratch.sh("rm root/dev/null")
        let bare = try await trouble(ChrootProgram(directory: root))
        #expect(bare.code == .failed && bare.summary.contains("no device /dev/null"))
        try await scratch.sh("mknod -m 666 root/dev/null c 1 3")
        var program = ChrootProgram(directory: root)
        program.executable = "no-such-program"
        let missing = try await trouble(program)
        #expect(missing.code == .failed && missing.summary.contains("'no-such-program' is not on this machine"))
        program = ChrootProgram(directory: root)
        program.shell = "/bin/no-shell"
        let shell = try await trouble(program)
        #expect(shell.code == .unreachable && shell.summary.contains("no shell began"))
        // Becoming another user fails in the same words as on any host.
        let connection = ProgramConnection(ChrootProgram(directory: root))
        let sudo = await diagnostic {
            try await connection.shell(as: Become(executable: "no-sudo")).snippet("true")
        }
        #expect(sudo?.code == .become && sudo?.summary.contains("'no-sudo' is not on this host") == true)
        await connection.close()
        try await scratch.end()
    }

    @Test("variables reach a shell whole, whatever they hold")
    func variables() async throws {
        let scratch = Scratch()
        let setting = DistantLink.setting([
            (name: "A", value: "it's \"$HOME\" `id` \\"), (name: "B", value: "two\nlines\n"), (name: "C", value: ""),
        ])
        #expect(setting.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        #expect(
            try await scratch.sh("\(setting)sh -c 'printf \"%s|\" \"$A\" \"$B\" \"${C-unset}\" \"${_n-unset}\"'")
                == "it's \"$HOME\" `id` \\|two\nlines\n||unset|")
        try await scratch.end()
    }
}
