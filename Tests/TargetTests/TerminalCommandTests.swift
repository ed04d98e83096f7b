import Diagnostics
import Glibc
import Testing

@testable import Target

/// Commands at a terminal of their own, with each shell that may be a machine's `/bin/sh`.
@Suite struct TerminalCommandTests {
    /// Answers each `?` with the text.
    private struct Answering: TerminalDialogue {
        var text = "yes"
        mutating func answer(to heard: inout [UInt8]) throws(Diagnostic) -> [UInt8]? {
            guard let mark = heard.firstIndex(of: UInt8(ascii: "?")) else { return nil }
            heard.removeSubrange(...mark)
            return Array("\(text)\n".utf8)
        }
    }

    private struct Silent: TerminalDialogue {
        mutating func answer(to heard: inout [UInt8]) -> [UInt8]? { nil }
    }

    private func converse(
        _ target: HostTarget, _ text: String, directory: String? = nil, patience: Duration? = nil,
        timeout: Duration? = nil
    ) async throws(Diagnostic) -> TerminalOutcome {
        let command = Command(.shell(text, executable: "/bin/sh"), directory: directory, timeout: timeout)
        return try await target.converse(TerminalCommand(command, patience: patience), Answering())
    }

    @Test("it asks, is answered, and its status is known", arguments: SystemShell.present)
    func answers(_ system: SystemShell) async throws {
        let shell = system.open(withTerminals: true)
        let target = HostTarget(hostName: "here", shell: shell, environment: [("NAME", "a'b")])
        let outcome = try await converse(target, "printf 'sure? '; read a; echo \"$a $NAME\"; test -t 0; exit 5")
        #expect(String(decoding: outcome.output, as: UTF8.self) == "sure? yes a'b\r\n")
        #expect(outcome.status == 5)
        // The mark of the end may come in pieces, after more than is remembered.
        let much = try await converse(target, "head -c 200000 /dev/zero | tr '\\0' x; printf '?'; read a; echo \"$a\"")
        #expect(much.output.count == 200_001 + 5 && much.status == 0)
        let lost = await diagnostic { try await converse(target, "true", directory: "/no/such place") }
        #expect(lost?.summary.hasPrefix("cannot change to directory '/no/such place': ") == true)
        #expect(try await shell.snippet("ls \"$_d\" | grep -c '^t-'").output == "0\n")
        await shell.close()
    }

    @Test("who takes too long is ended with all it started", arguments: SystemShell.present)
    func endings(_ system: SystemShell) async throws {
        let shell = system.open(withTerminals: true)
        let target = HostTarget(hostName: "here", shell: shell)
        let sleep = "sleep 73.\(getpid())\(SystemShell.allCases.firstIndex(of: system) ?? 0)"
        let slow = "trap '' HUP; \(sleep) & echo begun; \(sleep)"
        let silent = try await converse(target, slow, patience: .seconds(1))
        #expect(silent.status == nil && silent.output == Array("begun\r\n".utf8))
        #expect(await diagnostic { try await converse(target, slow, timeout: .seconds(1)) }?.code == .timeout)
        let task = Task { await diagnostic { try await converse(target, slow) } }
        try await Task.sleep(for: .seconds(1))
        task.cancel()
        #expect(await task.value?.code == .interrupted)
        #expect(try await shell.snippet("pgrep -f '^\(sleep)$' | wc -l; ls \"$_d\" | grep -c '^t-'").output == "0\n0\n")
        await shell.close()
    }

    @Test("what floods is ended")
    func flood() async throws {
        let shell = SystemShell.present[0].open(withTerminals: true)
        let target = HostTarget(hostName: "here", shell: shell)
        let command = Command(.shell("yes x | head -c 70000000; sleep 7300", executable: "/bin/sh"))
        let error = await diagnostic { try await target.converse(TerminalCommand(command), Silent()) }
        #expect(error?.summary.contains("printed more than 64 MiB") == true, "\(String(describing: error))")
        #expect(try await shell.snippet("ls \"$_d\" | grep -c '^t-'").output == "0\n")
        await shell.close()
    }

    @Test("where the command cannot be kept nothing is run, and where there is no terminal that is said")
    func refusals() async throws {
        // No file there can hold anything.
        func opener(atTerminal: Bool) -> FramedShell.Opener {
            { line throws(Diagnostic) in
                try ProcessLink(words: ["/bin/sh", "-c", "trap '' XFSZ; ulimit -f 0; \(line)"], atTerminal: atTerminal)
            }
        }
        let shell = FramedShell(
            become: nil, openTimeout: .seconds(20), terminal: opener(atTerminal: true),
            opener: opener(atTerminal: false))
        let target = HostTarget(hostName: "here", shell: shell)
        let error = await diagnostic { try await converse(target, "echo ran") }
        #expect(
            error?.summary.hasPrefix("cannot keep the command on the host") == true, "\(error?.summary ?? "no error")")
        #expect(error?.host == "here")
        await shell.close()

        let plain = SystemShell.present[0].open()
        let other = await diagnostic { try await converse(HostTarget(hostName: "there", shell: plain), "true") }
        #expect(other?.code == .unsupported && other?.summary.contains("gives no terminal") == true)
        await plain.close()
    }
}
