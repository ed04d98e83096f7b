import Diagnostics
import Foundation
import Local
import Testing

@testable import SSH
@testable import Target

/// Users of this machine made for the test, with sudo rights of three kinds.
///
/// Only where that is asked for: it
/// changes the machine's accounts for as long as the tests run.
final class TestUsers: Sendable {
    static let isWanted = getuid() == 0 && getenv("SWIFTPROV_TEST_USERS") != nil && SSHDFixture.sshd != nil

    let free = "spfree"
    let asked = "spasked"
    let barred = "spbarred"
    let password = "right horse"

    init() throws {
        for user in [free, asked, barred] {
            try? SSHDFixture.run("/usr/sbin/useradd", ["-m", "-s", "/bin/bash", user])
            try SSHDFixture.run("/bin/sh", ["-c", "echo '\(user):\(password)' | chpasswd"])
        }
        try "\(free) ALL=(ALL) NOPASSWD: ALL\n\(asked) ALL=(ALL) ALL\n".write(
            toFile: "/etc/sudoers.d/swiftprov-tests", atomically: true, encoding: .utf8)
    }

    func end() {
        unlink("/etc/sudoers.d/swiftprov-tests")
        for user in [free, asked, barred] { try? SSHDFixture.run("/usr/sbin/userdel", ["-r", "-f", user]) }
    }
}

@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: TestUsers.isWanted, "needs root and SWIFTPROV_TEST_USERS=1, as CI sets it")
) struct BecomeTests {
    private func outcome(_ sshd: SSHDFixture, _ login: String, _ become: Become) async -> (String, Diagnostic?) {
        var settings = sshd.settings()
        settings.user = login
        let connection = SSHConnection(settings)
        do throws(Diagnostic) {
            let shell = try await connection.shell(as: become)
            let result = try await shell.request(ShellRequest(.command, "id -un; cat", input: Array("input".utf8)))
            await connection.close()
            return (result.output, nil)
        } catch {
            await connection.close()
            return ("", error)
        }
    }

    @Test("the shells of a user are ended when asked, those of others stay, and a new one can be had")
    func endShells() async throws {
        let users = try TestUsers()
        defer { users.end() }
        let sshd = try SSHDFixture()
        var settings = sshd.settings()
        settings.user = users.free
        let connection = SSHConnection(settings)
        let root = try await connection.shell(as: Become())
        let other = try await connection.shell(as: Become(user: users.asked))
        #expect(try await other.request(ShellRequest(.command, "id -un")).output == "\(users.asked)\n")
        func processes(of user: String) async throws -> String {
            try await root.request(ShellRequest(.command, "ps -o pid= -u \(user); true")).output
        }
        #expect(try await !processes(of: users.asked).isEmpty)
        await connection.endShells(of: users.asked)
        #expect(try await processes(of: users.asked).isEmpty)
        let new = try await connection.shell(as: Become(user: users.asked))
        #expect(try await new.request(ShellRequest(.command, "id -un")).output == "\(users.asked)\n")
        await connection.close()
    }

    @Test("sudo without and with a password, and what it says when it will not")
    func sudo() async throws {
        let users = try TestUsers()
        defer { users.end() }
        let sshd = try SSHDFixture()
        #expect(await outcome(sshd, users.free, Become()).0 == "root\ninput")
        #expect(await outcome(sshd, users.free, Become(user: users.barred)).0 == "\(users.barred)\ninput")
        // A password that sudo does not ask for must not reach the shell.
        #expect(await outcome(sshd, users.free, Become(password: "touch /oops")).0 == "root\ninput")
        #expect(await outcome(sshd, users.asked, Become(password: users.password)).0 == "root\ninput")

        let wrong = await outcome(sshd, users.asked, Become(password: "wrong")).1
        #expect(wrong?.code == .become)
        #expect(wrong?.summary.contains("did not accept the password") == true)
        let none = await outcome(sshd, users.asked, Become()).1
        #expect(none?.summary.contains("asks for a password") == true)
        #expect(none?.remedy?.contains("-K") == true)
        let barred = await outcome(sshd, users.barred, Become(password: users.password)).1
        #expect(barred?.summary.contains("may not become") == true, "\(String(describing: barred))")
        let nobody = await outcome(sshd, users.free, Become(user: "no-such-user")).1
        #expect(nobody?.summary.contains("no user 'no-such-user'") == true, "\(String(describing: nobody))")
        let absent = await outcome(sshd, users.free, Become(executable: "/opt/no/sudo")).1
        #expect(absent?.summary.contains("is not on this host") == true, "\(String(describing: absent))")
    }

    @Test("su with a password, and from root without")
    func su() async throws {
        let users = try TestUsers()
        defer { users.end() }
        let sshd = try SSHDFixture()
        let become = Become(method: .su, user: users.asked, password: users.password)
        #expect(await outcome(sshd, users.barred, become).0 == "\(users.asked)\ninput")
        #expect(
            await outcome(sshd, SSHDFixture.user, Become(method: .su, user: users.free)).0 == "\(users.free)\ninput")
        let wrong = await outcome(sshd, users.barred, Become(method: .su, user: users.asked, password: "wrong")).1
        #expect(wrong?.summary.contains("did not accept the password") == true, "\(String(describing: wrong))")
        let none = await outcome(sshd, users.barred, Become(method: .su, user: users.asked)).1
        #expect(none?.code == .become, "\(String(describing: none))")
    }

    @Test("a sudo that insists on a terminal gets one, with a password and without")
    func requireTerminal() async throws {
        let users = try TestUsers()
        defer { users.end() }
        try
            "Defaults:\(users.free),\(users.asked) requiretty\n\(users.free) ALL=(ALL) NOPASSWD: ALL\n\(users.asked) ALL=(ALL) ALL\n"
            .write(toFile: "/etc/sudoers.d/swiftprov-tests", atomically: true, encoding: .utf8)
        let sshd = try SSHDFixture()
        #expect(await said(sshd, users.free, Become()) == "root\ninput")
        #expect(await said(sshd, users.free, Become(user: users.barred)) == "\(users.barred)\ninput")
        #expect(await said(sshd, users.asked, Become(password: users.password)) == "root\ninput")

        let wrong = await outcome(sshd, users.asked, Become(password: "wrong")).1
        #expect(wrong?.summary.contains("did not accept the password") == true, "\(String(describing: wrong))")
        let none = await outcome(sshd, users.asked, Become()).1
        #expect(none?.summary.contains("asks for a password") == true, "\(String(describing: none))")

        let strict = try SSHDFixture("PermitTTY no")
        let refused = await outcome(strict, users.free, Become()).1
        #expect(refused?.code == .become && refused?.summary.contains("wants a terminal") == true)
        #expect(refused?.remedy?.contains("PermitTTY") == true, "\(String(describing: refused))")
        #expect(try leftovers(of: users) == [])
    }

    @Test("a shell beside a terminal carries any bytes, is ended like another, and leaves nothing")
    func terminalShell() async throws {
        let users = try TestUsers()
        defer { users.end() }
        try "Defaults:\(users.asked) requiretty\n\(users.asked) ALL=(ALL) ALL\n"
            .write(toFile: "/etc/sudoers.d/swiftprov-tests", atomically: true, encoding: .utf8)
        let sshd = try SSHDFixture()
        var settings = sshd.settings()
        settings.user = users.asked
        let connection = SSHConnection(settings)
        let root = try await connection.shell(as: Become(password: users.password))
        // All bytes a terminal would change or obey, small and so large that a further shell takes them.
        for count in [256, 3 << 20] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            var request = ShellRequest(
                .snippet, "cat >/tmp/swiftprov-bytes.$$; cksum </tmp/swiftprov-bytes.$$; rm /tmp/swiftprov-bytes.$$")
            request.input = bytes
            request.checksItsInput = true
            let sum = try await root.request(request).output
            #expect(try Array(sum.utf8) == LocalProgram.run(["/usr/bin/cksum"], input: bytes).output)
        }
        let both = try await root.command("printf 'a\\r\\nb\\003'; echo wrong >&2")
        #expect(both.output == "a\r\nb\u{3}" && both.errorOutput == "wrong\n")
        #expect(await diagnosis { try await root.command("sleep 7301", timeout: .seconds(1)) }?.code == .timeout)
        #expect(try await root.snippet("pgrep -f 'sleep 730[1]' | wc -l").output == "0\n")
        await connection.close()
        #expect(try leftovers(of: users) == [])
    }

    @Test(
        "doas asks at a terminal",
        .enabled(if: access("/usr/bin/doas", X_OK) == 0, "no doas here"))
    func doas() async throws {
        let users = try TestUsers()
        defer { users.end() }
        let before = try? String(contentsOfFile: "/etc/doas.conf", encoding: .utf8)
        defer {
            if let before {
                try? before.write(toFile: "/etc/doas.conf", atomically: true, encoding: .utf8)
            } else {
                unlink("/etc/doas.conf")
            }
        }
        try "permit nopass \(users.free)\npermit \(users.asked)\n"
            .write(toFile: "/etc/doas.conf", atomically: true, encoding: .utf8)
        let sshd = try SSHDFixture()
        #expect(await said(sshd, users.free, Become(method: .doas)) == "root\ninput")
        // A password that doas does not ask for must not reach the shell.
        #expect(await said(sshd, users.free, Become(method: .doas, password: "touch /oops")) == "root\ninput")
        let become = Become(method: .doas, password: users.password)
        #expect(await said(sshd, users.asked, become) == "root\ninput")
        let wrong = await outcome(sshd, users.asked, Become(method: .doas, password: "wrong")).1
        #expect(wrong?.summary.contains("did not accept the password") == true, "\(String(describing: wrong))")
        let none = await outcome(sshd, users.asked, Become(method: .doas)).1
        #expect(none?.summary.contains("asks for a password") == true, "\(String(describing: none))")
        let barred = await outcome(sshd, users.barred, become).1
        #expect(barred?.summary.contains("may not become") == true, "\(String(describing: barred))")
        #expect(!FileManager.default.fileExists(atPath: "/oops"))
        #expect(try leftovers(of: users) == [])
    }

    /// Answers each `?` with the text.
    private struct Answering: TerminalDialogue {
        var text: String
        mutating func answer(to heard: inout [UInt8]) throws(Diagnostic) -> [UInt8]? {
            guard let mark = heard.firstIndex(of: UInt8(ascii: "?")) else { return nil }
            heard.removeSubrange(...mark)
            return Array("\(text)\n".utf8)
        }
    }

    @Test("commands at a terminal run as the user that was become, and are ended with what they started")
    func converse() async throws {
        let users = try TestUsers()
        defer { users.end() }
        let sshd = try SSHDFixture()
        let command = "printf 'who? '; read a; echo \"$a is $(id -un)\"; test -t 0"
        for (login, become) in [
            (users.asked, nil), (users.free, Become()), (users.asked, Become(password: users.password)),
            (users.barred, Become(method: .su, user: users.asked, password: users.password)),
        ] as [(String, Become?)] {
            var settings = sshd.settings()
            settings.user = login
            let connection = SSHConnection(settings)
            let target = HostTarget(hostName: "h", shell: try await connection.shell(as: become))
            let outcome = try await target.converse(
                TerminalCommand(Command(.shell(command, executable: "/bin/sh"))), Answering(text: "he"))
            let name = become?.user ?? login
            #expect(String(decoding: outcome.output, as: UTF8.self) == "who? he is \(name)\r\n")
            #expect(outcome.status == 0)

            // The background child keeps the terminal, and ignores its end.
            let stubborn = "trap '' HUP; sleep 7302 & echo begun; sleep 7302"
            let ended = try await target.converse(
                TerminalCommand(Command(.shell(stubborn, executable: "/bin/sh")), patience: .seconds(1)),
                Answering(text: ""))
            #expect(ended.status == nil && ended.output == Array("begun\r\n".utf8))
            #expect(try await target.run(["sh", "-c", "pgrep -f 'sleep 730[2]' | wc -l"]).output == "0\n")
            #expect(try await target.run(["sh", "-c", "ls /tmp/.swiftprov-*/t-* 2>/dev/null | wc -l"]).output == "0\n")
            await connection.close()
        }
        var settings = sshd.settings()
        settings.user = users.asked
        let wrong = SSHConnection(settings)
        let target = HostTarget(hostName: "h", shell: try await wrong.shell(as: Become(password: "wrong")))
        let error = await diagnosis {
            _ = try await target.converse(TerminalCommand(Command(.words(["id"]))), Answering(text: ""))
        }
        #expect(error?.code == .become)
        await wrong.close()
    }

    /// What the shell said, or what went wrong.
    private func said(_ sshd: SSHDFixture, _ login: String, _ become: Become) async -> String {
        let outcome = await outcome(sshd, login, become)
        return outcome.1?.summary ?? outcome.0
    }

    /// What is left of shells in the directories for temporary files, and of processes.
    private func leftovers(of users: TestUsers) throws -> [String] {
        let wanted = try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter { name in
            guard name.hasPrefix(".swiftprov-") else { return false }
            let owner = try? FileManager.default.attributesOfItem(atPath: "/tmp/\(name)")[.ownerAccountName] as? String
            return [users.free, users.asked, users.barred].contains(owner ?? "")
        }
        return wanted
    }

    @Test("two identities share a connection, and one password failure does not spoil the other")
    func together() async throws {
        let users = try TestUsers()
        defer { users.end() }
        let sshd = try SSHDFixture()
        var settings = sshd.settings()
        settings.user = users.asked
        let connection = SSHConnection(settings)
        let login = try await connection.shell(as: nil)
        let root = try await connection.shell(as: Become(password: users.password))
        async let first = login.snippet("id -un")
        async let second = root.snippet("id -un")
        #expect(try await first.output == "\(users.asked)\n")
        #expect(try await second.output == "root\n")
        // The command runs as root, so only root can end it.
        #expect(await diagnosis { try await root.command("sleep 60", timeout: .seconds(1)) }?.code == .timeout)
        let wrong = try await connection.shell(as: Become(password: "wrong"))
        for _ in 0..<3 { #expect(await diagnosis { try await wrong.snippet("true") }?.code == .become) }
        #expect(try await login.snippet("echo fine").output == "fine\n")
        await connection.close()
    }

    @Test("logging in by password and by answers to questions")
    func passwords() async throws {
        let users = try TestUsers()
        defer { users.end() }
        for way in ["PasswordAuthentication yes", "KbdInteractiveAuthentication yes"] {
            let sshd = try SSHDFixture(first: "UsePAM yes\n\(way)")
            var settings = sshd.settings()
            settings.user = users.barred
            settings.identityFiles = []
            settings.password = users.password
            let connection = SSHConnection(settings)
            #expect(try await connection.shell(as: nil).snippet("id -un").output == "\(users.barred)\n", "\(way)")
            await connection.close()
            settings.password = "wrong"
            let refused = SSHConnection(settings)
            let error = await diagnosis { try await refused.shell(as: nil) }
            #expect(error?.code == .authentication)
            #expect(error?.summary.contains("refused") == true)
            await refused.close()
        }
    }
}
