import Diagnostics
import Glibc
import Synchronization
import Testing

@testable import Target

/// What is seen of requests that take long.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ProgressTests {
    /// The looks that were told of.
    private final class Looks: Sendable {
        private let looks = Mutex<[ProgressLook]>([])
        var all: [ProgressLook] { looks.withLock { $0 } }
        var output: String { String(decoding: all.flatMap(\.output), as: UTF8.self) }
        func watch(after time: Duration) -> ProgressWatch {
            ProgressWatch(after: time) { look in self.looks.withLock { $0.append(look) } }
        }
    }

    private func request(_ kind: ShellRequest.Kind, _ text: String, _ looks: Looks) -> ShellRequest {
        var request = ShellRequest(kind, text)
        request.progress = looks.watch(after: .milliseconds(100))
        return request
    }

    /// Waits until something is so, a minute at most.
    private func wait(until isSo: () -> Bool) async throws {
        for _ in 0..<600 where !isSo() { try await Task.sleep(for: .milliseconds(100)) }
    }

    @Test(
        "a command's output comes as it is printed, binary safe, and the result is whole",
        arguments: SystemShell.present)
    func output(_ system: SystemShell) async throws {
        let shell = system.open()
        let looks = Looks()
        let gate = "/tmp/progress-\(getpid())-\(system)"
        defer { unlink(gate) }
        async let result = shell.request(
            request(
                .command,
                "printf 'one\\n\\0two'; echo oops >&2; while ! test -e \(gate); do sleep 0.1; done; echo three", looks))
        try await wait { looks.output.contains("two") }
        #expect(looks.output == "one\n\0two")
        #expect(looks.all.flatMap(\.errors) == Array("oops\n".utf8))
        close(open(gate, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
        let whole = try await result
        #expect(whole.output == "one\n\0twothree\n")
        #expect(whole.errorOutput == "oops\n")
        await shell.close()
    }

    @Test("much output is shown from its end, and what is left out is counted")
    func bounded() async throws {
        let shell = SystemShell.dash.open()
        let looks = Looks()
        async let result = shell.request(request(.command, "head -c 100000 /dev/zero; echo end; sleep 60", looks))
        try await wait { looks.output.hasSuffix("end\n") }
        #expect(looks.all.allSatisfy { $0.output.count <= 8192 })
        #expect(looks.all.reduce(0) { $0 + $1.omitted + $1.output.count } == 100_004)
        await shell.close()
        _ = try? await result
    }

    @Test("a command that waits for a lock is named with the lock and its holder")
    func lock() async throws {
        let shell = SystemShell.dash.open()
        let looks = Looks()
        let lock = "/tmp/progress-lock-\(getpid())"
        defer { unlink(lock) }
        async let result = shell.request(
            request(.command, "exec 9>\(lock); flock 9; flock \(lock) true", looks))
        try await wait { looks.all.last?.process?.wait.contains("held by") == true }
        let process = try #require(looks.all.last?.process)
        #expect(process.command == "flock \(lock) true")
        #expect(process.wait.hasPrefix("waits for a lock on \(lock), held by process "))
        #expect(kill(pid_t(process.number), 0) == 0)
        await shell.close()
        _ = try? await result
        // Whoever inherits it takes its status a moment later.
        try await wait { kill(pid_t(process.number), 0) != 0 }
        #expect(kill(pid_t(process.number), 0) != 0, "closing ended it")
    }

    @Test("a snippet that takes long is named, and closing ends what it runs", arguments: SystemShell.present)
    func snippet(_ system: SystemShell) async throws {
        let shell = system.open()
        let looks = Looks()
        async let ended = diagnostic {
            try await shell.request(request(.snippet, "echo hidden; sleep 61; true", looks))
        }
        try await wait { looks.all.last?.process?.wait == "sleeps" }
        let process = try #require(looks.all.last?.process)
        #expect(process.command == "sleep 61")
        #expect(looks.output.isEmpty)
        await shell.close()
        #expect(await ended?.code == .interrupted)
        try await wait { kill(pid_t(process.number), 0) != 0 }
        #expect(kill(pid_t(process.number), 0) != 0)
    }

    @Test("requests that are quick cost no look and no further shell")
    func quick() async throws {
        let opened = Mutex(0)
        let shell = FramedShell(become: nil, openTimeout: .seconds(20)) { line throws(Diagnostic) in
            opened.withLock { $0 += 1 }
            return try ProcessLink(words: ["/bin/sh", "-c", line])
        }
        let looks = Looks()
        for number in 0..<20 {
            var request = ShellRequest(.command, "echo \(number)")
            request.progress = looks.watch(after: .seconds(60))
            #expect(try await shell.request(request).output == "\(number)\n")
        }
        #expect(looks.all.isEmpty)
        #expect(opened.withLock { $0 } == 1)
        await shell.close()
    }

    @Test(
        "what a process waits for, from what the kernel says",
        arguments: [
            ("P 7 R\nW 0\nY running", "is computing"),
            ("P 7 T\nW do_signal_stop", "is stopped by a signal"),
            (
                "P 7 D\nW rpc_wait_bit_killable\nY 4 0x7f",
                "waits for a disk or a network file system (rpc_wait_bit_killable)"
            ),
            ("P 7 S\nW wait_woken\nY 0 0x0 0x7f\nF /dev/pts/3", "waits for input at a terminal (/dev/pts/3)"),
            ("P 7 S\nW pipe_read\nY 0 0x0 0x7f\nF pipe:[12]", "waits to read from a pipe"),
            ("P 7 S\nW pipe_write\nY 1 0x1 0x7f\nF pipe:[12]", "waits to write to a pipe"),
            ("P 7 S\nW wait_for_partner", "waits to read from a pipe"),
            ("P 7 S\nW do_poll\nY 7 0x7f\nN 02 0100007F:1F90", "waits for 127.0.0.1 port 8080 to answer at all"),
            ("P 7 S\nW do_poll\nN 01 0000000000000000FFFF00000100007F:0016", "waits for 127.0.0.1 port 22"),
            (
                "P 7 S\nW sk_wait_data\nN 01 B80D0120000000000000000001000000:01BB",
                "waits for [2001:db8:0:0:0:0:0:1] port 443"
            ),
            ("P 7 S\nW hrtimer_nanosleep", "sleeps"),
            ("P 7 S\nW 0\nY 230 0x0", "sleeps"),
            ("P 7 S\nW futex_wait_queue", "waits for another of its threads"),
            (
                "P 7 S\nW locks_lock_inode_wait\nY 73 0x3 0x2\nF /run/x\nH 12 apt get",
                "waits for a lock on /run/x, held by process 12 (apt get)"
            ),
            ("P 7 S\nW 0\nY 73 0x3 0x2\nF /run/x", "waits for a lock on /run/x"),
            ("P 7 S\nW some_place", "waits (some_place)"),
            ("P 7 S\nW 0", "waits"),
        ])
    func words(_ said: String, _ expected: String) {
        #expect(ProcessReport("x86_64\nT 3\n" + said + "\n").deciding?.wait == expected)
    }

    @Test("of several processes the one is named that says most; nonsense from a host does no harm")
    func choice() {
        let report = ProcessReport(
            "x86_64\nT 250\nP 5 S\nW hrtimer_nanosleep\nC sleep 9\nP 6 S\nW locks_lock_inode_wait\nC dpkg\nH 4 apt\nP 8 R\n"
        )
        #expect(report.ticks == 250)
        #expect(report.deciding?.number == 6)
        #expect(report.deciding?.command == "dpkg")
        for text in ["", "\n\n", "P", "x\nP\nW\nH\nN 01 xyz\n", "x\nN 01 0:0\nP a b\nT many"] {
            #expect(ProcessReport(text).deciding == nil)
        }
    }
}
