import Diagnostics
import Glibc
import Target
import Testing
import Values

@testable import SSH

@Suite struct KnownHostsTests {
    private let key = "AAAAC3NzaC1lZDI1NTE5AAAAIExample"

    private func verdict(_ text: String, _ name: String, type: String = "ssh-ed25519") -> KnownHosts.Verdict {
        KnownHosts([("kh", text)]).verdict(on: name, type: type, key: key)
    }

    @Test("names, ports, lists, patterns and negation")
    func names() {
        #expect(verdict("web01 ssh-ed25519 \(key)", "web01") == .trusted)
        #expect(verdict("# c\n\nweb01,10.0.0.1\tssh-ed25519 \(key) comment", "10.0.0.1") == .trusted)
        #expect(verdict("[web01]:2222 ssh-ed25519 \(key)", KnownHosts.name(of: "WEB01", port: 2222)) == .trusted)
        #expect(verdict("web01 ssh-ed25519 \(key)", "[web01]:2222") == .unknown)
        #expect(verdict("*.example.org ssh-ed25519 \(key)", "a.b.example.org") == .trusted)
        #expect(verdict("web?? ssh-ed25519 \(key)", "web01") == .trusted)
        #expect(verdict("web?? ssh-ed25519 \(key)", "web1") == .unknown)
        #expect(verdict("!web02,web* ssh-ed25519 \(key)", "web02") == .unknown)
        #expect(verdict("web*,!web02 ssh-ed25519 \(key)", "web02") == .unknown)
    }

    @Test("changed, of other type, revoked, by authority only")
    func verdicts() {
        #expect(verdict("a ssh-rsa X\nweb01 ssh-ed25519 other", "web01") == .changed(at: "kh:2"))
        #expect(verdict("web01 ssh-rsa other", "web01") == .otherTypes(["ssh-rsa"], at: "kh:1"))
        #expect(verdict("@revoked * ssh-ed25519 \(key)\nweb01 ssh-ed25519 \(key)", "web01") == .revoked(at: "kh:1"))
        #expect(verdict("@cert-authority *.org ssh-ed25519 ca", "web.org") == .onlyAuthority(at: "kh:1"))
        #expect(verdict("", "web01") == .unknown)
    }

    @Test("a hashed name, as ssh-keygen -H writes it")
    func hashed() {
        // Made with `ssh-keygen -H` from "web01".
        let salt = Base64.encode(Array(0..<20))
        #expect(Base64.decode(salt) == Array(0..<20))
        #expect(verdict("|1|\(salt)|AAAAAAAAAAAAAAAAAAAAAAAAAAA= ssh-ed25519 \(key)", "web01") == .unknown)
    }

    @Test("base64 both ways")
    func base64() {
        for count in 0..<20 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==")
        #expect(Base64.decode("no base64!") == nil)
    }

    @Test("a host whose key has changed is shown no password, even where keys are not checked")
    @IOLoop
    func password() throws {
        var template = Array("/tmp/ssh-known-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        defer { close(file) }
        let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        defer { unlink(path) }
        // A key's blob begins with its type.
        let blob = [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [1, 2, 3]
        let other = Base64.encode([0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [9])
        let text = Array(
            "changed ssh-ed25519 \(other)\nsame ssh-ed25519 \(Base64.encode(blob))\ntyped ssh-rsa AAAA\n".utf8)
        #expect(write(file, text, text.count) == text.count)
        func mayShowPassword(_ host: String) throws -> Bool {
            var settings = SSHSettings(host: host, port: 22, user: "u", home: "/", identityFiles: [])
            settings.knownHostsFiles = [path]
            settings.hostKeyChecking = .off
            return try HostKeyCheck(settings).check(blob)
        }
        #expect(try !mayShowPassword("changed"))
        #expect(try mayShowPassword("same"))
        #expect(try mayShowPassword("new"))
        // Whoever stands in between would show a key of another type.
        #expect(try !mayShowPassword("typed"))
        var careful = SSHSettings(host: "typed", port: 22, user: "u", home: "/", identityFiles: [])
        careful.knownHostsFiles = [path]
        careful.hostKeyChecking = .acceptNew
        #expect(throws: Diagnostic.self) { try HostKeyCheck(careful).check(blob) }
        // An alias is looked for as it is.
        careful.hostKeyAlias = "same"
        careful.port = 2222
        #expect(try HostKeyCheck(careful).check(blob))
    }
}
