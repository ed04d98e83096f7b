import Diagnostics
import Foundation
import Testing

@testable import SSH
@testable import Target

extension Shell {
    func snippet(_ text: String, input: [UInt8]? = nil, timeout: Duration? = nil) async throws -> CommandResult {
        try await request(ShellRequest(.snippet, text, input: input, timeout: timeout))
    }

    func command(_ text: String, timeout: Duration? = nil) async throws -> CommandResult {
        try await request(ShellRequest(.command, text, timeout: timeout))
    }
}

@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: SSHDFixture.sshd != nil, "needs openssh-server")
) struct SSHConnectionTests {
    /// What connecting with these settings is refused with.
    private func refusal(_ settings: SSHSettings, as become: Become? = nil) async -> Diagnostic? {
        let connection = SSHConnection(settings)
        do throws(Diagnostic) {
            _ = try await connection.shell(as: become).request(ShellRequest(.snippet, "true"))
            await connection.close()
            return nil
        } catch {
            await connection.close()
            return error
        }
    }

    @Test("a key lets in, and fifty requests are one round trip")
    func roundTrips() async throws {
        let sshd = try SSHDFixture()
        let connection = SSHConnection(sshd.settings())
        let shell = try await connection.shell(as: nil)
        #expect(
            try await shell.snippet("echo hello; echo oops >&2; exit 3")
                == CommandResult(status: 3, stdout: Array("hello\n".utf8), stderr: Array("oops\n".utf8)))
        let before = await shell.roundTrips
        let answers = await Task(executorPreference: EventLoop.shared) {
            await withTaskGroup(of: String?.self) { group in
                for number in 0..<50 { group.addTask { try? await shell.snippet("echo \(number)").output } }
                return await group.reduce(into: Set<String>()) { set, text in if let text { set.insert(text) } }
            }
        }.value
        #expect(answers.count == 50)
        #expect(await shell.roundTrips - before == 1)
        let directory = try await shell.snippet("echo $_d").output.dropLast()
        #expect(FileManager.default.fileExists(atPath: String(directory)))
        await connection.close()
        #expect(!FileManager.default.fileExists(atPath: String(directory)))
    }

    @Test("megabytes in both directions, and files written whole")
    func large() async throws {
        let sshd = try SSHDFixture()
        let connection = SSHConnection(sshd.settings())
        let shell = try await connection.shell(as: nil)
        let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        async let echoed = shell.snippet("cat", input: bytes)
        async let flood = shell.snippet("head -c 6000000 /dev/zero; head -c 5000000 /dev/zero >&2")
        #expect(try await echoed.stdout == bytes)
        #expect(try await flood.stdout.count == 6_000_000)
        #expect(try await flood.stderr.count == 5_000_000)
        let target = HostTarget(hostName: "h", shell: shell)
        _ = try await target.write(FileWrite(path: sshd.directory + "/big", content: bytes))
        #expect(FileManager.default.contents(atPath: sshd.directory + "/big").map(Array.init) == bytes)
        await connection.close()
    }

    @Test("a request that kills its shell costs itself only; a time limit ends the command")
    func killed() async throws {
        let sshd = try SSHDFixture()
        let connection = SSHConnection(sshd.settings())
        let shell = try await connection.shell(as: nil)
        async let killer = diagnosis { try await shell.snippet("sleep 3 & kill -9 $$; sleep 5") }
        async let after = shell.snippet("echo after")
        #expect(await killer?.code == .failed)
        #expect(try await after.output == "after\n")
        #expect(await diagnosis { try await shell.command("sleep 60", timeout: .seconds(1)) }?.code == .timeout)
        #expect(try await shell.snippet("echo fine").output == "fine\n")
        await connection.close()
    }

    @Test("a connection cut in the middle says so, and the next request connects again")
    func cut() async throws {
        let sshd = try SSHDFixture()
        let connection = SSHConnection(sshd.settings())
        let shell = try await connection.shell(as: nil)
        // Tasks that begin on the loop begin in order: the second one waits behind the one that is cut.
        let cut = ShellRequest(.command, "sleep 2; kill -9 $(ps -o ppid= -p $PPID); sleep 5")
        let running = Task { @IOLoop in try await shell.request(cut) }
        let behind = Task { @IOLoop in try await shell.request(ShellRequest(.snippet, "echo behind")) }
        let error = await diagnosis { try await running.value }
        #expect(error?.code == .unreachable)
        #expect(error?.summary.contains("may have been done") == true)
        #expect(await diagnosis { try await behind.value }?.code == .unreachable)
        #expect(try await shell.snippet("echo again").output == "again\n")
        await connection.close()
    }

    @Test("what a channel brings before anybody listens is heard, and so is its end")
    func early() async throws {
        let sshd = try SSHDFixture()
        let connection = SSHConnection(sshd.settings())
        let session = try await connection.session()
        let link = try await ChannelLink.open(session, line: "echo early; echo trouble >&2; exit 3")
        try await Task.sleep(for: .milliseconds(500))
        let (said, trouble, ended) = await Task { @IOLoop in
            let ear = LinkEar()
            let ended = Promise<LinkEnd>()
            var (said, trouble): ([UInt8], [UInt8]) = ([], [])
            ear.onBytes = { bytes, isError in
                if isError { trouble.append(contentsOf: bytes) } else { said.append(contentsOf: bytes) }
            }
            ear.onEnd = { ended.fulfill($0) }
            link.owner = ear
            let how = await ended.wait()
            return (String(decoding: said, as: UTF8.self), String(decoding: trouble, as: UTF8.self), how)
        }.value
        #expect(said == "early\n")
        #expect(trouble == "trouble\n")
        guard case .shellEnded("exit status 3") = ended else {
            Issue.record("ended by \(ended)")
            return
        }
        await connection.close()
    }

    @Test("host keys: unknown, taken down, hashed, changed, revoked, other type")
    func hostKeys() async throws {
        let sshd = try SSHDFixture()
        let (known, key) = ("\(sshd.directory)/known_hosts", try sshd.publicKey("host"))
        var settings = sshd.settings()

        try sshd.write("known_hosts", "")
        let unknown = await refusal(settings)
        #expect(unknown?.code == .hostKey)
        #expect(unknown?.remedy?.contains("ssh-keyscan -p \(sshd.port) 127.0.0.1 >> \(known)") == true)

        settings.hostKeyChecking = .acceptNew
        #expect(await refusal(settings) == nil)
        #expect(try String(contentsOfFile: known, encoding: .utf8) == "[127.0.0.1]:\(sshd.port) \(key)\n")
        settings.hostKeyChecking = .strict
        #expect(await refusal(settings) == nil)

        try SSHDFixture.run("/usr/bin/ssh-keygen", ["-H", "-f", known])
        #expect(try String(contentsOfFile: known, encoding: .utf8).hasPrefix("|1|"))
        #expect(await refusal(settings) == nil)

        let other = try sshd.publicKey("other")
        try sshd.write("known_hosts", "# first\n[127.0.0.1]:\(sshd.port) \(other)\n")
        for checking in [SSHSettings.HostKeyChecking.strict, .acceptNew] {
            settings.hostKeyChecking = checking
            let changed = await refusal(settings)
            #expect(changed?.code == .hostKey)
            #expect(changed?.summary.contains("\(known):2") == true)
            #expect(changed?.remedy?.contains("ssh-keygen -R '[127.0.0.1]:\(sshd.port)'") == true)
        }
        settings.hostKeyChecking = .off
        #expect(await refusal(settings) == nil)

        try sshd.write("known_hosts", "@revoked * \(key)\n[127.0.0.1]:\(sshd.port) \(key)\n")
        #expect(await refusal(settings)?.summary.contains("revoked at \(known):1") == true)

        settings.hostKeyChecking = .strict
        try sshd.write("known_hosts", "@cert-authority * \(other)\n")
        #expect(await refusal(settings)?.summary.contains("authority") == true)
    }

    @Test("who is not let in hears what was tried")
    func authentication() async throws {
        let sshd = try SSHDFixture()
        let wrong = await refusal(sshd.settings(key: "other"))
        #expect(wrong?.code == .authentication)
        #expect(wrong?.summary.contains("key \(sshd.directory)/other: refused") == true)

        let missing = await refusal(sshd.settings(key: "missing"))
        #expect(missing?.summary.contains("No such file") == true)

        try SSHDFixture.run(
            "/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", "\(sshd.directory)/locked"])
        try sshd.write("authorized_keys", "\(try sshd.publicKey("good"))\n\(try sshd.publicKey("locked"))\n")
        var settings = sshd.settings(key: "locked")
        let locked = await refusal(settings)
        #expect(locked?.summary.contains("encrypted") == true)
        #expect(locked?.remedy?.contains("ssh-add") == true)
        settings.passphrase = "secret"
        #expect(await refusal(settings) == nil)
        settings.passphrase = "wrong"
        #expect(await refusal(settings)?.code == .authentication)

        try SSHDFixture.run("/usr/bin/ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-f", "\(sshd.directory)/ec"])
        try sshd.write("authorized_keys", "\(try sshd.publicKey("ec"))\n")
        #expect(await refusal(sshd.settings(key: "ec")) == nil)
    }

    @Test("what cannot be reached says why")
    func unreachable() async throws {
        var settings = SSHSettings(host: "127.0.0.1", port: SSHDFixture.freePort(), user: "u", home: "/nonexistent")
        let refused = await refusal(settings)
        #expect(refused?.code == .unreachable)
        #expect(refused?.summary.contains("refused") == true)
        #expect(refused?.remedy != nil)

        settings.host = "no-such-host.invalid"
        #expect(await refusal(settings)?.summary.contains("cannot find the address of 'no-such-host.invalid'") == true)

        let silent = SSHDFixture.listener(backlog: 5)
        defer { close(silent.descriptor) }
        settings.host = "127.0.0.1"
        settings.port = silent.port
        settings.connectTimeout = .milliseconds(500)
        let start = ContinuousClock.now
        let late = await refusal(settings)
        #expect(late?.code == .unreachable)
        #expect(late?.summary.contains("in time") == true)
        #expect(start.duration(to: .now) < .seconds(60))
    }

    @Test("noise of the login shell's start-up does no harm")
    func noise() async throws {
        let sshd = try SSHDFixture("SetEnv BASH_ENV=/nonexistent\nBanner /etc/passwd")
        #expect(await refusal(sshd.settings()) == nil)
        let forced = try SSHDFixture("ForceCommand echo no shell for you >&2; exit 1")
        let error = await refusal(forced.settings())
        #expect(error?.code == .unreachable)
        #expect(error?.summary.contains("no shell for you") == true)
    }

    @Test("a host that falls silent is given up in time")
    func silence() async throws {
        let sshd = try SSHDFixture()
        var settings = sshd.settings()
        settings.keepaliveInterval = .seconds(2)
        // Many, so that a busy machine's pauses are not taken for a dead host.
        settings.keepaliveCount = 10
        let connection = SSHConnection(settings)
        let shell = try await connection.shell(as: nil)
        // The commands run under sshd's process for this connection: stopped, it takes and says nothing.
        let pid = try await shell.snippet("ps -o ppid= -p $$").output.filter(\.isNumber)
        // Answered keepalives keep a quiet connection.
        try await Task.sleep(for: .seconds(8))
        #expect(try await shell.snippet("ps -o ppid= -p $$").output.filter(\.isNumber) == pid, "it connected again")
        let start = ContinuousClock.now
        let server = try #require(Int32(pid))
        #expect(kill(server, SIGSTOP) == 0)
        defer { kill(server, SIGKILL) }
        let error = await diagnosis { try await shell.snippet("echo on") }
        #expect(error?.code == .unreachable)
        #expect(error?.summary.contains("has not answered") == true)
        #expect(start.duration(to: .now) < .seconds(60))
        await connection.close()
    }

    @Test("twenty connections at once")
    func many() async throws {
        let sshd = try SSHDFixture()
        let settings = sshd.settings()
        let answers = await Task(executorPreference: EventLoop.shared) {
            await withTaskGroup(of: String.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let connection = SSHConnection(settings)
                        let answer = await diagnosis {
                            let shell = try await connection.shell(as: nil)
                            let output = try await shell.snippet("echo \(number)").output
                            if output != "\(number)\n" { throw Diagnostic(.internal, output) }
                        }
                        await connection.close()
                        return answer?.summary ?? "fine"
                    }
                }
                return await group.reduce(into: [String]()) { $0.append($1) }
            }
        }.value
        #expect(answers == Array(repeating: "fine", count: 20))
    }
}

/// The error's words and code.
func diagnosis(_ work: () async throws -> some Any) async -> Diagnostic? {
    do {
        _ = try await work()
        return nil
    } catch {
        return error as? Diagnostic ?? Diagnostic(.internal, "\(error)")
    }
}
