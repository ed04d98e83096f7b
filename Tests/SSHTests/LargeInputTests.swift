import Diagnostics
import Foundation
import Target
import Testing

@testable import SSH

/// Large input has a shell of its own, whose bytes are never commands.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: SSHDFixture.sshd != nil, "needs sshd"))
struct LargeInputTests {
    private func failure(_ work: () async throws -> Void) async -> Diagnostic? {
        do {
            try await work()
            return nil
        } catch {
            return error as? Diagnostic
        }
    }

    @Test("what a request that fails early leaves unread is not run")
    func leftOver() async throws {
        let sshd = try SSHDFixture()
        let connection = SSHConnection(sshd.settings())
        let shell = try await connection.shell(as: nil)
        let target = HostTarget(hostName: "h", shell: shell)
        _ = try await shell.snippet("true")
        let mark = sshd.directory + "/was-run"
        let bytes = Array(String(repeating: "\ntouch \(mark)\n", count: 100_000).utf8)
        let refused = await failure {
            _ = try await target.write(FileWrite(path: sshd.directory + "/nowhere/f", content: bytes))
        }
        #expect(refused?.summary.contains("directory does not exist") == true)
        let headOnly = ("head -c 10 >/dev/null; exit 7" as Script).checkingItsInput
        let early = try await target.execute(headOnly, [], input: bytes, timeout: nil)
        #expect(early.status == 7)
        let killed = await failure {
            let suicide = ("kill -9 $$; sleep 1" as Script).checkingItsInput
            _ = try await target.execute(suicide, [], input: bytes, timeout: nil)
        }
        #expect(killed?.summary.contains("ended the shell") == true)
        #expect(try await shell.snippet("echo fine").output == "fine\n")
        #expect(!FileManager.default.fileExists(atPath: mark))
        await connection.close()
    }

    @Test("a host that allows one session takes it the long way")
    func oneSession() async throws {
        let sshd = try SSHDFixture(first: "MaxSessions 1")
        let connection = SSHConnection(sshd.settings())
        let shell = try await connection.shell(as: nil)
        let target = HostTarget(hostName: "h", shell: shell)
        _ = try await shell.snippet("true")
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        _ = try await target.write(FileWrite(path: sshd.directory + "/big", content: bytes))
        #expect(FileManager.default.contents(atPath: sshd.directory + "/big").map(Array.init) == bytes)
        await connection.close()
    }

    @Test("cut short, the old file stands and nothing else is left")
    func cutShort() async throws {
        let sshd = try SSHDFixture()
        let connection = SSHConnection(sshd.settings())
        let shell = try await connection.shell(as: nil)
        let target = HostTarget(hostName: "h", shell: shell)
        _ = try await shell.snippet("mkdir \(sshd.directory)/d; printf old >\(sshd.directory)/d/f")
        let bytes = [UInt8](repeating: 65, count: 30_000_000)
        let sending = Task {
            try await target.write(FileWrite(path: sshd.directory + "/d/f", content: bytes, validate: "sleep 1 %s"))
        }
        _ = try await shell.snippet("i=0; until ls -A \(sshd.directory)/d | grep -q swiftprov; do sleep 0.01; done")
        sending.cancel()
        #expect(await failure { _ = try await sending.value }?.code == .interrupted)
        let left = try await shell.snippet(
            "i=0; while ls -A \(sshd.directory)/d | grep -q swiftprov && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done; "
                + "ls -A \(sshd.directory)/d; cat \(sshd.directory)/d/f")
        #expect(left.output == "f\nold")
        await connection.close()
    }
}
