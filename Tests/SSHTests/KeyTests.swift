import Diagnostics
import Foundation
import Testing

@testable import SSH
@testable import Target

/// Keys of all kinds, from files and from an agent, with and without certificates, against a real sshd.
///
/// What libssh2 before 1.11 cannot do is expected to be told at once; everything else is to work with either.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: SSHDFixture.sshd != nil, "needs openssh-server")
) struct KeyTests {
    /// What connecting with these settings is refused with.
    private func refusal(_ settings: SSHSettings) async -> Diagnostic? {
        let connection = SSHConnection(settings)
        let reason = await diagnosis { try await connection.shell(as: nil).snippet("true") }
        await connection.close()
        return reason
    }

    private func keygen(_ sshd: SSHDFixture, _ words: String) throws {
        try SSHDFixture.run("/bin/sh", ["-c", "cd \(sshd.directory) && ssh-keygen -q \(words)"])
    }

    /// An agent with keys of the fixture's directory, for as long as the value lives.
    private final class Agent {
        let socket: String
        private let directory: String

        init(_ sshd: SSHDFixture, holding keys: String) throws {
            directory = sshd.directory
            socket = directory + "/agent"
            try SSHDFixture.run(
                "/bin/sh",
                [
                    "-c",
                    """
                    cd \(directory) && ssh-agent -a \(socket) >agent.env && . ./agent.env >agent.out
                    SSH_AUTH_SOCK=\(socket) ssh-add \(keys) 2>agent.out
                    """,
                ])
        }

        deinit { try? SSHDFixture.run("/bin/sh", ["-c", ". \(directory)/agent.env; kill $SSH_AGENT_PID"]) }
    }

    @Test("RSA keys let in from files of every format, and from an agent")
    func rsa() async throws {
        let sshd = try SSHDFixture()
        try keygen(sshd, "-t rsa -b 2048 -N '' -f new")
        try keygen(sshd, "-t rsa -b 2048 -m PEM -N '' -f pem")
        try keygen(sshd, "-t rsa -b 3072 -m PKCS8 -N '' -f pkcs8")
        let names = ["new", "pem", "pkcs8"]
        try sshd.write("authorized_keys", names.map { try sshd.publicKey($0) + "\n" }.joined())
        for name in names { #expect(await refusal(sshd.settings(key: name))?.summary == nil, "\(name)") }

        // Without a private half in reach it is the agent who signs.
        let agent = try Agent(sshd, holding: "pem")
        var settings = agentOnly(sshd)
        settings.agentSocket = agent.socket
        #expect(await refusal(settings)?.summary == nil)
        settings.identityFiles = ["\(sshd.directory)/pem.pub"]
        settings.usesGivenIdentitiesOnly = true
        #expect(await refusal(settings)?.summary == nil)
        settings.identityFiles = ["\(sshd.directory)/new.pub"]
        let other = await refusal(settings)
        #expect(other?.summary.contains("is the public half, and no agent has the other") == true)
    }

    @Test("an encrypted RSA key opens with its passphrase, or says what helps")
    func encrypted() async throws {
        let sshd = try SSHDFixture()
        try keygen(sshd, "-t rsa -b 2048 -a 1 -N secret -f locked")
        try sshd.write("authorized_keys", try sshd.publicKey("locked") + "\n")
        var settings = sshd.settings(key: "locked")
        settings.passphrase = "secret"
        let reason = await refusal(settings)
        if SessionHandle.signsRSAWithSHA2 {
            #expect(reason?.summary == nil)
        } else {
            #expect(reason?.code == .authentication)
            #expect(reason?.remedy?.contains("ssh-add") == true)
        }
    }

    @Test("certificates let in: beside the key, named, and with a key that only the agent holds")
    func certificates() async throws {
        let sshd = try SSHDFixture("TrustedUserCAKeys /dev/null")
        let trusting = try SSHDFixture("TrustedUserCAKeys \(sshd.directory)/ca.pub")
        try keygen(sshd, "-t ed25519 -N '' -f ca")
        let user = SSHDFixture.user
        for type in ["ed25519", "ecdsa", "rsa"] {
            try keygen(sshd, "-t \(type) -N '' -f \(type)")
            try keygen(sshd, "-s ca -I me -n \(user) \(type).pub")
        }
        try keygen(sshd, "-s ca -I me -n nobody-else other.pub")
        func settings(_ key: String?) -> SSHSettings {
            var settings = trusting.settings()
            settings.identityFiles = key.map { ["\(sshd.directory)/\($0)"] } ?? []
            settings.defaultIdentityFiles = []
            return settings
        }
        func check(_ type: String, _ settings: SSHSettings) async {
            let reason = await refusal(settings)
            if SessionHandle.signsRSAWithSHA2 || type == "ecdsa" {
                #expect(reason?.summary == nil, "\(type)")
            } else {
                #expect(reason?.code == .authentication)
                #expect(reason?.summary.contains("certificates of ecdsa keys only") == true, "\(type)")
                #expect(reason?.remedy?.contains("Install libssh2 1.11") == true)
            }
        }
        for type in ["ed25519", "ecdsa", "rsa"] { await check(type, settings(type)) }
        // For whom it is not meant it does not let in, and the key itself is tried as well.
        let wrong = await refusal(settings("other"))
        #expect(wrong?.summary.contains("key \(sshd.directory)/other: refused") == true)

        let agent = try Agent(sshd, holding: "ecdsa good")  // with ecdsa-cert.pub beside it
        var held = settings(nil)
        held.usesAgent = true
        held.agentSocket = agent.socket
        #expect(await refusal(held)?.summary == nil)
        try FileManager.default.moveItem(
            atPath: "\(sshd.directory)/ecdsa-cert.pub", toPath: "\(sshd.directory)/elsewhere.pub")
        var named = settings("ecdsa.pub")
        named.certificateFiles = ["\(sshd.directory)/elsewhere.pub"]
        named.usesAgent = true
        named.agentSocket = agent.socket
        named.usesGivenIdentitiesOnly = true
        #expect(await refusal(named)?.summary == nil)
        await check("rsa", settings("rsa"))
    }

    @Test("the agent's keys let in, after those that are given; with IdentitiesOnly no others are shown")
    func agent() async throws {
        let sshd = try SSHDFixture("MaxAuthTries 3")
        var settings = sshd.settings(key: "other")
        settings.usesAgent = true
        settings.agentSocket = sshd.directory + "/agent"
        let silent = await refusal(settings)
        #expect(silent?.code == .authentication)
        #expect(silent?.summary.contains("agent: No such file") == true)
        for number in 1...4 { try keygen(sshd, "-t ed25519 -N '' -f k\(number)") }
        let agent = try Agent(sshd, holding: "k1 k2 k3 k4 good")
        #expect(settings.agentSocket == agent.socket)
        // The server gives up before the agent's last key's turn comes; the login goes on where it was cut off.
        #expect(await refusal(settings) == nil)
        settings.identityFiles = ["\(sshd.directory)/good"]
        settings.usesGivenIdentitiesOnly = true
        #expect(await refusal(settings) == nil)
        // What let in once is shown first the next time, among keys that nobody gave.
        settings.identityFiles = []
        settings.defaultIdentityFiles = []
        settings.usesGivenIdentitiesOnly = false
        #expect(await refusal(settings) == nil)
    }

    /// Settings under which an agent's keys are all there are.
    private func agentOnly(_ sshd: SSHDFixture) -> SSHSettings {
        var settings = sshd.settings()
        settings.identityFiles = []
        settings.defaultIdentityFiles = []
        settings.usesAgent = true
        return settings
    }

    @Test("where a server counts failures, a login with many keys goes on over a few more connections")
    func manyKeys() async throws {
        let sshd = try SSHDFixture("MaxAuthTries 6", first: "PasswordAuthentication yes")
        var settings = agentOnly(sshd)
        for number in 1...9 { try keygen(sshd, "-t ed25519 -N '' -f m\(number)") }
        let agent = try Agent(sshd, holding: "m1 m2 m3 m4 m5 m6 m7 m8 m9 good")
        settings.agentSocket = agent.socket
        #expect(await refusal(settings) == nil)
        #expect(try await sshd.cutOffs(expecting: 1) == 1)
        // None of them opens the account: all were shown once, and then the password, once.
        try sshd.write("authorized_keys", "")
        let none = await refusal(settings)
        #expect(none?.code == .authentication)
        #expect(none?.summary.contains("10 keys tried: ") == true, "\(none?.summary ?? "")")
        #expect(try await sshd.cutOffs(expecting: 2) == 2)
        settings.password = "wrong"
        let password = await refusal(settings)
        #expect(password?.code == .authentication)
        #expect(password?.summary.components(separatedBy: "password: refused").count == 2)
        #expect(try await sshd.cutOffs(expecting: 3) == 3)
    }

    @Test("what a server that lets nobody try anything is asked has an end")
    func fewTries() async throws {
        let sshd = try SSHDFixture("MaxAuthTries 1")
        var settings = agentOnly(sshd)
        for number in 1...6 { try keygen(sshd, "-t ed25519 -N '' -f f\(number)") }
        let agent = try Agent(sshd, holding: "f1 f2 f3 f4 f5 f6")
        settings.agentSocket = agent.socket
        let reason = await refusal(settings)
        #expect(reason?.code == .authentication)
        #expect(reason?.summary.contains("Too many authentication failures") == true, "\(reason?.summary ?? "")")
        #expect(reason?.summary.contains("4 keys tried") == true)
        #expect(reason?.remedy?.contains("ansible_ssh_private_key_file") == true)
        #expect(try await sshd.cutOffs(expecting: 4) == 4)
    }
}
