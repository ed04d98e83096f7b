import Diagnostics
import Foundation
import Testing

@testable import Target

/// What other users of a host can see of what is done there.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SecrecyTests {
    private static let secret = "tr0ub4dor-and-\(getpid())"

    /// Every command line of this machine that holds the secret; anybody can read these.
    private func commandLines() -> [String] {
        processes().compactMap {
            let text = String(
                decoding: (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\($0)/cmdline"))) ?? Data(), as: UTF8.self)
            return text.contains(Self.secret) ? text : nil
        }
    }

    private func processes() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { $0.allSatisfy(\.isNumber) }
    }

    @Test("neither a command's text and input nor a snippet's arguments are on any command line while they are used")
    func commandLine() async throws {
        let shell = SystemShell.dash.open()
        let target = HostTarget(
            hostName: "h", shell: shell, environment: [(name: "PASSWORD", value: Self.secret)])
        let gate = "/tmp/secrecy-\(getpid())"
        defer { unlink(gate) }
        let wait = "while ! test -e \(gate); do sleep 0.05; done"
        async let command = target.run(
            Command(.shell("\(wait); : \(Self.secret); cat", executable: "/bin/sh"), input: Array(Self.secret.utf8)))
        try await Task.sleep(for: .milliseconds(300))
        // The line that a person wrote for a shell is that shell's argument, as it is with every tool; environment and
        // input are not.
        let seen = commandLines().filter { !$0.hasPrefix("/bin/sh\0-c\0") }
        #expect(seen == [])
        close(open(gate, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
        #expect(try await command.output == Self.secret)
        unlink(gate)
        async let snippet = target.execute(
            "while ! test -e \"$2\"; do sleep 0.05; done; printf %s \"$1\"", [Self.secret, gate],
            input: Array(Self.secret.utf8), timeout: nil)
        try await Task.sleep(for: .milliseconds(300))
        #expect(commandLines() == [])
        close(open(gate, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
        #expect(try await snippet.output == Self.secret)
        await shell.close()
    }

    @Test("what lies on the host while a command runs, nobody else can look into")
    func temporaryFiles() async throws {
        let shell = SystemShell.dash.open()
        let listing = try await shell.command(
            """
            umask; d=${0%/*}; ls -ld "$d" | cut -c1-10
            """)
        let lines = listing.output.split(separator: "\n").map(String.init)
        #expect(lines.contains("drwx------"))
        let names = try await shell.snippet("echo ${_d##*/}").output.dropLast()
        #expect(names.hasPrefix(".swiftprov-") && names.count >= ".swiftprov-".count + 10)
        await shell.close()
    }
}
