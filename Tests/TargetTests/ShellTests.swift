import Diagnostics
import Glibc
import Local
import Testing

@testable import Target

/// What requests do to real shells, and must not do to the requests behind them.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ShellTests {
    /// A nasty request with what it should answer, in both ways of running.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var status: Int32
        var out: String = ""
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ status: Int32, _ out: String = "") {
            (self.name, self.text, self.status, self.out) = (name, text, status, out)
        }
    }

    static let cases = [
        Case("output", "echo hi", 0, "hi\n"),
        Case("no output", "true", 0),
        Case("no end of line", "printf abc", 0, "abc"),
        Case("false", "false", 1),
        Case("exit", "exit 42", 42),
        Case("exec", "exec echo replaced", 0, "replaced\n"),
        Case("exec of nothing", "exec /nonexistent/program", 127),
        Case("closed output", "exec 1>&-; echo lost; exit 3", 3),
        Case("closed everything", "exec 0<&- 1>&- 2>&-", 0),
        Case("unterminated quote", "echo 'abc", 2),
        Case("syntax error", "if then fi ((", 2),
        Case("here-document", "cat <<X\na $((1+1)) b\nX", 0, "a 2 b\n"),
        Case("unterminated here-document", "cat <<'X' | grep .\nabc\n", 0, "abc\n"),
        Case("quotes", "printf '%s|' 'a'\\''b' \"c\\\"d\"", 0, "a'b|c\"d|"),
        Case("eats input", "cat; head -c 100; read x; echo \"[$x]\"", 0, "[]\n"),
        Case("redefined functions", "_n() { :; }; _r() { :; }; echo() { :; }; printf ok", 0, "ok"),
        Case("set -e", "set -e; false; echo never", 1),
        Case("set -u and -x", "set -u; : \"$nothing_of_that_name\"", 2),
        Case("changed directory and traps", "cd /; trap 'echo bye' EXIT; trap '' TERM; exit 5", 5, "bye\n"),
        Case("exported token", "env | grep -v ^_= | grep -c swiftprov || true", 0, "0\n"),
        Case("killed by itself", "sh -c 'kill -9 $$'", 137),
        Case("terminated group of its own", "setsid sh -c 'kill -TERM 0'", 143),
        Case("closed by exec redirection", "exec >/dev/null; echo gone", 0),
        Case("many lines", "i=0; while test $i -lt 1000; do echo; i=$((i+1)); done | wc -l | tr -d ' '", 0, "1000\n"),
        Case("big here", "printf '%0100000d' 0 | wc -c | tr -d ' '", 0, "100000\n"),
        Case("background", "sleep 0.2 & echo started", 0, "started\n"),
    ]

    @Test(
        "a quoted word is one word, whatever is in it",
        arguments: [
            "a b", "", "'", "a'\u{301}; echo out; '", "a\r\nb", "\r'\n", "$(id)`id`", "é'é", "'\u{200D}'\u{FE0F}",
        ])
    func quoting(_ word: String) async throws {
        let shell = try #require(SystemShell.present.first).open()
        let result = try await shell.request(
            ShellRequest(.snippet, "printf '%s|' x \(ShellQuoting.quote(word))"))
        #expect(result.stdout == Array("x|\(word)|".utf8))
        await shell.close()
    }

    @Test("nasty requests answer as they should and harm nobody", arguments: SystemShell.present)
    func nasty(_ system: SystemShell) async throws {
        let shell = system.open()
        for kind in [ShellRequest.Kind.snippet, .command] {
            for one in Self.cases {
                let result = try await shell.request(ShellRequest(kind, one.text))
                // Shells differ in the status of a syntax error, as long as it is one.
                let isSyntax = one.status == 2
                #expect(isSyntax ? result.status != 0 : result.status == one.status, "\(one.name) \(kind)")
                #expect(result.output == one.out, "\(one.name) \(kind)")
                let after = try await shell.snippet("echo still here")
                #expect(after.output == "still here\n", "after \(one.name)")
                #expect(after.stderr == [], "after \(one.name)")
            }
        }
        await shell.close()
    }

    @Test("streams stay apart and are binary safe", arguments: SystemShell.present)
    func binary(_ system: SystemShell) async throws {
        let shell = system.open()
        for kind in [ShellRequest.Kind.snippet, .command] {
            let result = try await shell.request(
                ShellRequest(kind, "printf '\\000\\001\\377\\n\\n'; printf '\\200\\n' >&2; exit 9"))
            #expect(result == CommandResult(status: 9, stdout: [0, 1, 255, 10, 10], stderr: [128, 10]))
        }
        await shell.close()
    }

    @Test("megabytes on both streams at once", arguments: SystemShell.present)
    func big(_ system: SystemShell) async throws {
        let shell = system.open()
        for kind in [ShellRequest.Kind.snippet, .command] {
            let result = try await shell.request(
                ShellRequest(kind, "head -c 3000000 /dev/zero & head -c 2000000 /dev/zero >&2; wait"))
            #expect(result.status == 0)
            #expect(result.stdout.count == 3_000_000)
            #expect(result.stderr.count == 2_000_000)
        }
        await shell.close()
    }

    @Test("input of every size arrives as it is", arguments: SystemShell.present)
    func input(_ system: SystemShell) async throws {
        let shell = system.open()
        for size in [0, 1, 2, 3, 57, 1000, 70_000, 300_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            for kind in [ShellRequest.Kind.snippet, .command] {
                let result = try await shell.request(ShellRequest(kind, "cat", input: bytes))
                #expect(result.status == 0, "\(size) \(kind)")
                #expect(result.stdout == bytes, "\(size) \(kind)")
                #expect(result.stderr == [], "\(size) \(kind)")
            }
        }
        // Who does not read its input does no harm.
        let ignored = try await shell.snippet("echo x", input: [UInt8](repeating: 1, count: 500_000))
        #expect(ignored.output == "x\n")
        #expect(try await shell.command("wc -c", input: [UInt8](repeating: 1, count: 5)).output.contains("5"))
        await shell.close()
    }

    @Test("20 MB of input while output comes back", arguments: [SystemShell.dash])
    func huge(_ system: SystemShell) async throws {
        let shell = system.open()
        let bytes = [UInt8](repeating: 65, count: 20 << 20)
        async let flood = shell.snippet("head -c 8000000 /dev/zero")
        async let counted = shell.snippet("wc -c", input: bytes)
        #expect(try await flood.stdout.count == 8_000_000)
        #expect(try await counted.output.contains("\(20 << 20)"))
        await shell.close()
    }

    @Test("a command's background child cannot write into a later answer", arguments: SystemShell.present)
    func background(_ system: SystemShell) async throws {
        let shell = system.open()
        let first = try await shell.command("(sleep 0.3; echo late; echo late >&2) & echo now")
        #expect(first.output == "now\n")
        let second = try await shell.snippet("sleep 0.6; echo clean")
        #expect(second.output == "clean\n")
        #expect(second.stderr == [])
        await shell.close()
    }

    @Test("a request that kills the shell costs that request only", arguments: SystemShell.present)
    func killed(_ system: SystemShell) async throws {
        let shell = system.open()
        let directory = try await shell.snippet("echo \"$_d\"").output.dropLast()
        async let before = shell.snippet("echo before")
        async let killer = diagnostic { try await shell.snippet("kill -9 $$; sleep 5") }
        async let after = shell.snippet("echo after")
        #expect(try await before.output == "before\n")
        let error = await killer
        #expect(error?.code == .failed)
        #expect(error?.summary.contains("signal 9") == true)
        #expect(try await after.output == "after\n")
        // What the killed shell could not remove, the next one does.
        #expect(try await shell.snippet("test -e \(directory); echo $?; test -d \"$_d\"; echo $?").output == "1\n0\n")
        await shell.close()
    }

    @Test("kill 0 does not reach the shell from a command", arguments: SystemShell.present)
    func killGroup(_ system: SystemShell) async throws {
        let shell = system.open()
        let result = try await shell.command("kill -9 0; sleep 5")
        #expect(result.status == 137)
        #expect(result.stderr == [])
        #expect(try await shell.snippet("kill -TERM 0; echo on").status != 1)
        #expect(try await shell.snippet("echo on").output == "on\n")
        await shell.close()
    }

    @Test("a command that takes too long ends with its children", arguments: SystemShell.present)
    func timeout(_ system: SystemShell) async throws {
        let shell = system.open()
        let mark = "4242.\(Int.random(in: 1000...9999))"
        let start = ContinuousClock.now
        async let slow = diagnostic {
            try await shell.command("sleep \(mark) & sleep \(mark); wait", timeout: .seconds(1))
        }
        async let behind = shell.snippet("echo behind")
        let error = await slow
        #expect(error?.code == .timeout)
        #expect(try await behind.output == "behind\n")
        #expect(start.duration(to: .now) < .seconds(60))
        #expect(try await shell.snippet("ps ax | grep -c '[s]leep \(mark)' || true").output == "0\n")
        await shell.close()
    }

    @Test("a command that ignores TERM is killed")
    func stubborn() async throws {
        let shell = SystemShell.dash.open()
        let error = await diagnostic {
            try await shell.command("trap '' TERM; while :; do sleep 0.2; done", timeout: .seconds(1))
        }
        #expect(error?.code == .timeout)
        #expect(try await shell.snippet("echo fine").output == "fine\n")
        await shell.close()
    }

    @Test("a snippet that takes too long ends as a command does")
    func snippetTimeout() async throws {
        let shell = SystemShell.dash.open()
        let error = await diagnostic { try await shell.snippet("sleep 30", timeout: .milliseconds(500)) }
        #expect(error?.code == .timeout)
        #expect(try await shell.snippet("echo fine", timeout: .seconds(5)).output == "fine\n")
        await shell.close()
    }

    @Test("cancelling a task ends its command")
    func cancel() async throws {
        let shell = SystemShell.dash.open()
        _ = try await shell.snippet(":")
        let mark = "4243.\(Int.random(in: 1000...9999))"
        let task = Task { await diagnostic { try await shell.command("sleep \(mark)") } }
        try await Task.sleep(for: .milliseconds(300))
        task.cancel()
        #expect(await task.value?.code == .interrupted)
        #expect(try await shell.snippet("ps ax | grep -c '[s]leep \(mark)' || true").output == "0\n")
        await shell.close()
    }

    @Test("a hundred requests made together are one round trip")
    func roundTrips() async throws {
        let shell = SystemShell.dash.open()
        _ = try await shell.snippet(":")
        let before = await shell.roundTrips
        let outputs = await Task(executorPreference: EventLoop.shared) {
            await withTaskGroup(of: String?.self) { group in
                for number in 0..<100 {
                    group.addTask { try? await shell.snippet("echo \(number)").output }
                }
                return await group.reduce(into: Set<String>()) { set, text in if let text { set.insert(text) } }
            }
        }.value
        #expect(outputs.count == 100)
        #expect(await shell.roundTrips - before == 1)
        await shell.close()
    }

    @Test("nothing is left behind: no directory, no process")
    func leavesNothing() async throws {
        let connection = ProgramConnection()
        let shell = try await connection.shell(as: nil)
        let directory = try await shell.request(ShellRequest(.snippet, "echo \"$_d\"")).output.dropLast()
        #expect(directory.contains(".swiftprov-"))
        #expect(access(String(directory), F_OK) == 0)
        var status = stat()
        #expect(stat(String(directory), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        _ = try await shell.request(ShellRequest(.command, "echo x"))
        await connection.close()
        #expect(access(String(directory), F_OK) != 0)
    }

    @Test("the token is in no environment, argument or file that a command can see")
    func tokenIsSecret() async throws {
        let shell = SystemShell.dash.open()
        // The marker's token, as only the shell itself can tell it.
        let result = try await shell.snippet("type _n 2>/dev/null; command -V _n")
        #expect(result.status == 0)
        let directory = try await shell.snippet("echo \"$_d\"").output.dropLast()
        let seen = try await shell.command(
            "cat /proc/$PPID/cmdline /proc/$PPID/environ /proc/self/environ; ls /proc/$PPID/fd; cat \(directory)/* 2>/dev/null"
        )
        let hex = seen.output.split { !$0.isHexDigit }.filter { $0.count == 32 }
        #expect(hex.isEmpty, "\(hex)")
        await shell.close()
    }

    @Test("the password goes out only when asked for, whatever noise there is, and a wrong one is named")
    func passwords() async throws {
        let scratch = Scratch()
        // Speaks sudo's protocol; takes the password "right", asks twice.
        try await scratch.sh(
            """
            cat >fakesudo <<'X'
            #!/bin/sh
            while test $# -gt 0; do
            case $1 in -p) p=$2; shift 2;; --) shift; break;; *) shift;; esac
            done
            echo "welcome, noise"; echo "lecture" >&2
            for i in 1 2; do
            printf '%s' "$p" >&2; read -r w
            test "$w" = right && exec "$@"
            echo "Sorry, try again." >&2
            done
            exit 1
            X
            chmod +x fakesudo
            """)
        let connection = ProgramConnection()
        let good = try await connection.shell(as: Become(password: "right", executable: scratch.path + "/fakesudo"))
        #expect(try await good.snippet("echo in; cat", input: [65]).output == "in\nA")
        let bad = try await connection.shell(as: Become(password: "wrong", executable: scratch.path + "/fakesudo"))
        let error = await diagnostic { try await bad.snippet("true") }
        #expect(error?.code == .become)
        #expect(error?.summary.contains("did not accept the password") == true)
        await connection.close()
        try await scratch.end()
    }

    @Test("a flood of output costs its request only")
    func flood() async throws {
        let shell = SystemShell.dash.open()
        async let endless = diagnostic { try await shell.snippet("cat /dev/zero") }
        async let behind = shell.snippet("echo behind")
        #expect(await endless?.summary.contains("64 MiB") == true)
        #expect(try await behind.output == "behind\n")
        let large = await diagnostic { try await shell.command("head -c 80000000 /dev/zero") }
        #expect(large?.code == .failed)
        #expect(try await shell.snippet("echo fine").output == "fine\n")
        await shell.close()
    }

    @Test("closing ends a command that runs, with its processes")
    func closing() async throws {
        let shell = SystemShell.dash.open()
        let mark = "4244.\(Int.random(in: 1000...9999))"
        async let running = diagnostic { try await shell.command("sleep \(mark) & sleep \(mark)") }
        try await Task.sleep(for: .milliseconds(300))
        await shell.close()
        #expect(await running?.code == .interrupted)
        let other = SystemShell.dash.open()
        #expect(try await other.snippet("ps ax | grep -c '[s]leep \(mark)' || true").output == "0\n")
        await other.close()
    }

    @Test("what a snippet set up goes when a signal ends it", arguments: SystemShell.present)
    func snippetEnds(_ system: SystemShell) async throws {
        let shell = system.open()
        let scratch = Scratch()
        for signal in ["TERM", "HUP", "INT"] {
            // The subshell's own number is its child's parent.
            let result = try await shell.snippet(
                """
                trap 'rm -f \(scratch.path)/made' EXIT
                : >\(scratch.path)/made
                kill -\(signal) "$(sh -c 'echo $PPID')"
                sleep 0.1; echo never
                """)
            #expect(result == CommandResult(status: 143, stdout: [], stderr: []), "\(signal)")
            #expect(access(scratch.path + "/made", F_OK) != 0, "\(signal)")
        }
        let made = try await shell.snippet("t=$(mktemp) && case $t in \"$_d\"/*) echo inside;; *) echo \"$t\";; esac")
        #expect(made.output == "inside\n")
        await shell.close()
        try await scratch.end()
    }

    @Test("a request whose input was cut short is not run", arguments: [1, 1000, 400_000])
    func cutInput(size: Int) async throws {
        let scratch = Scratch()
        var framing = ShellFraming(token: "TOKEN")
        framing.inputWay = .smallHereDocuments
        var request = framing.encode(
            ShellRequest(.snippet, "cat >\(scratch.path)/made", input: [UInt8](repeating: 65, count: size)), number: 1)
        var stream = Array(ShellBoot.text(token: "TOKEN").utf8)
        var pieces: [[UInt8]] = []
        while let piece = request.next() { pieces.append(piece) }
        for end in stride(from: 0, to: pieces.joined().count, by: max(1, pieces.joined().count / 8)) {
            _ = try LocalProgram.run(["/bin/sh"], limit: .seconds(20), input: stream + pieces.joined().prefix(end))
            #expect(access(scratch.path + "/made", F_OK) != 0, "cut at \(end)")
        }
        stream += pieces.joined()
        _ = try LocalProgram.run(["/bin/sh"], limit: .seconds(20), input: stream)
        #expect(access(scratch.path + "/made", F_OK) == 0)
        try await scratch.end()
    }

    @Test("what lies elsewhere goes with the shell, however it ends", arguments: SystemShell.present)
    func apart(_ system: SystemShell) async throws {
        let scratch = Scratch()
        let shell = system.open()
        for (name, ends) in [(".swiftprov-killed", true), (".swiftprov-a b'c", false)] {
            let path = scratch.path + "/" + name
            let noted = try await shell.snippet("mkdir \(ShellQuoting.quote(path)); _t \(ShellQuoting.quote(path))")
            #expect(noted.succeeded)
            #expect(access(path, F_OK) == 0)
            guard ends else { continue }
            _ = await diagnostic { try await shell.snippet("kill -9 $$; sleep 5") }
            _ = try await shell.snippet(":")
            #expect(access(path, F_OK) != 0, "the next shell removes it")
        }
        await shell.close()
        for _ in 0..<100 where access(scratch.path + "/.swiftprov-a b'c", F_OK) == 0 {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(access(scratch.path + "/.swiftprov-a b'c", F_OK) != 0, "its own end removes it")
        try await scratch.end()
    }

    /// One path a line: a path with a line end in it would be two, one of them somebody else's.
    @Test("nothing goes with the shell but what only we name so", arguments: SystemShell.present)
    func notOurs(_ system: SystemShell) async throws {
        let scratch = Scratch()
        try await scratch.sh("mkdir other")
        let shell = system.open()
        for path in ["/other", "/other\n/.swiftprov-x", "/other/.swiftprov-x/f"] {
            let noted = try await shell.snippet("_t \(ShellQuoting.quote(scratch.path + path))")
            #expect(noted.succeeded == path.hasSuffix("/f"), "\(path)")
        }
        // Whatever else gets there.
        let other = ShellQuoting.quote(scratch.path + "/other")
        let own = try await shell.snippet("printf '%s\\n' \(other) >>\"$_d/apart\"; printf %s \"$_d\"").output
        await shell.close()
        for _ in 0..<100 where access(own, F_OK) == 0 { try await Task.sleep(for: .milliseconds(50)) }
        #expect(access(own, F_OK) != 0 && access(scratch.path + "/other", F_OK) == 0)
        try await scratch.end()
    }
}
