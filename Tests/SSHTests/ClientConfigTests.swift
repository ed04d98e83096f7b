import Diagnostics
import Foundation
import Target
import Testing

@testable import SSH

/// What `ssh -G` answered for a configuration, and what we make of it.
@Suite struct ClientConfigTests {
    static let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        .joined(separator: "/") + "/ConfigCases"

    /// A home whose `.ssh` holds the configuration.
    private final class Home {
        let path: String

        init() throws {
            var template = Array("/tmp/ssh-config-XXXXXX".utf8CString)
            path = mkdtemp(&template).map { String(cString: $0) } ?? ""
            try FileManager.default.copyItem(atPath: ClientConfigTests.folder, toPath: path + "/.ssh")
        }

        func write(_ text: String) throws -> String {
            try text.write(toFile: path + "/written", atomically: true, encoding: .utf8)
            return path + "/written"
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    /// The recorded answers: host, option, its values in order.
    private static func answers() throws -> [(host: String, values: [String: [String]])] {
        var answers: [(host: String, values: [String: [String]])] = []
        for line in try String(contentsOfFile: folder + "/answers", encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("== ") {
                answers.append((String(line.dropFirst(3)), [:]))
            } else {
                let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
                answers[answers.count - 1].values[parts[0], default: []].append(parts[1])
            }
        }
        return answers
    }

    @Test("a configuration means what it means to OpenSSH")
    func oracle() throws {
        let home = try Home()
        let answers = try Self.answers()
        #expect(answers.count == 10)
        for (host, expected) in answers {
            let config = try SSHClientConfig(
                host: host, path: home.path + "/.ssh/config", files: SSHConfigFiles(), home: home.path,
                localUser: "root")
            #expect([config.hostName] == expected["hostname"], "\(host)")
            #expect([config.user ?? "root"] == expected["user"], "\(host)")
            #expect(try [String(config.port() ?? 22)] == expected["port"], "\(host)")
            #expect(config.identityFiles == expected["identityfile"], "\(host)")
            #expect(config.certificateFiles == expected["certificatefile"] ?? [], "\(host)")
            #expect(config.proxyJump.map { [$0] } == expected["proxyjump"], "\(host)")
            #expect(config.text("identitiesonly") ?? "no" == expected["identitiesonly"]?.first, "\(host)")
            #expect(
                config.text("serveraliveinterval").map { $0 == "2m" ? "120" : $0 }
                    == expected["serveraliveinterval"]?.first)
            #expect(config.text("serveralivecountmax") ?? "3" == expected["serveralivecountmax"]?.first, "\(host)")
            #expect(config.text("connecttimeout") ?? "none" == expected["connecttimeout"]?.first, "\(host)")
            let strict = config.text("stricthostkeychecking") == "no" ? "false" : config.text("stricthostkeychecking")
            #expect(strict == expected["stricthostkeychecking"]?.first, "\(host)")
            if let line = expected["proxycommand"]?.first { #expect(config.proxyCommand == config.expanded(line)) }
            #expect((config.proxyCommand == nil) == (expected["proxycommand"] == nil), "\(host)")
        }
    }

    @Test("settings have paths, tokens and the way through other hosts filled in")
    func settings() throws {
        let home = try Home()
        let reader = SSHSettingsReader(
            files: SSHConfigFiles(), path: home.path + "/.ssh/config", home: home.path, localUser: "root")
        let database = try reader.settings(of: "db1").settings
        #expect(
            database.identityFiles == ["db_post gres", "db_second", "common"].map { "\(home.path)/.ssh/\($0)" })
        #expect(database.knownHostsFiles.prefix(2) == ["\(home.path)/.ssh/kh_10.0.0.7", "/dev/null"])
        #expect(database.usesGivenIdentitiesOnly)
        #expect(
            try reader.settings(of: "piped").settings.route == .command("nc -X connect \"piped\" 22 -u fallback 100%"))

        guard case .through(let inner) = try reader.settings(of: "far").settings.route,
            case .through(let outer) = inner.route
        else {
            Issue.record("the chain of jump hosts was not built")
            return
        }
        #expect(inner.host == "inner")
        #expect((outer.host, outer.port, outer.user) == ("bastion", 2200, "jumper"))
        #expect(outer.route == .direct)

        // The command line's words win over the file's, the first over later ones.
        let given = try reader.settings(
            of: "web-1", options: [("User", "me"), ("port", "9"), ("Port", "10"), ("IdentityFile", "/k")]
        ).settings
        #expect((given.user, given.port, given.identityFiles.first) == ("me", 9, "/k"))
    }

    @Test("a jump host that is meant for all hosts does not go through itself")
    func circles() throws {
        let home = try Home()
        let path = try home.write("Host *\n  ProxyJump bastion\nHost a\n  ProxyJump b\n")
        let reader = SSHSettingsReader(files: SSHConfigFiles(), path: path, home: home.path, localUser: "u")
        guard case .through(let jump) = try reader.settings(of: "web").settings.route else {
            Issue.record("no jump host")
            return
        }
        #expect(jump.route == .direct)
        let circle = try home.write("Host a\n  ProxyJump b\nHost b\n  ProxyJump a\n")
        let other = SSHSettingsReader(files: SSHConfigFiles(), path: circle, home: home.path, localUser: "u")
        #expect(throws: Diagnostic.self) { try other.settings(of: "a") }
    }

    @Test("what would be ignored is named at its line, once; what is wrong is an error")
    func warnings() throws {
        let home = try Home()
        func read(_ text: String) throws -> [Diagnostic] {
            let path = try home.write(text)
            return try SSHSettingsReader(files: SSHConfigFiles(), path: path, home: home.path, localUser: "u")
                .settings(of: "h").warnings
        }
        let found = try read("Host *\n  ForwardAgent yes\n  Hostnam x\n  Compression yes\nHost other\n  Tunnel yes\n")
        #expect(found.map { $0.location?.line } == [2, 3])
        #expect(found.last?.remedy?.contains("hostname") == true)
        #expect(try read("IgnoreUnknown Use*\nUseKeychain yes\nForwardAgent no\n").isEmpty)
        for text in [
            "Host \"a\n", "Match\n", "Match nonsense x\n", "Port 99999\n", "User\n", "Match user\n", "ProxyJump a:b\n",
        ] { #expect(throws: Diagnostic.self, "\(text)") { try read(text) } }
    }

    @Test("lists of algorithms are changed as OpenSSH changes them")
    @IOLoop
    func algorithms() {
        let base = ["a1", "a2", "b1"]
        #expect(AlgorithmChoice.chosen("x,a1", from: base) == ["x", "a1"])
        #expect(AlgorithmChoice.chosen("+x,a1", from: base) == ["a1", "a2", "b1", "x"])
        #expect(AlgorithmChoice.chosen("^b1,x", from: base) == ["b1", "x", "a1", "a2"])
        #expect(AlgorithmChoice.chosen("-a*", from: base) == ["b1"])
    }

    @Test(
        "patterns",
        arguments: [
            ("web1", "web?", true), ("web10", "web?", false), ("web10", "*1*", true), ("", "*", true),
            ("abc", "a*c*", true), ("abd", "a*c", false), ("a.b.c", "*.b.*", true),
        ])
    func patterns(_ text: String, _ pattern: String, _ fits: Bool) {
        #expect(SSHPattern.fits(text, pattern) == fits)
    }

    @Test(
        "names that a shell would read are refused, as OpenSSH does",
        arguments: ["-oProxyCommand=x", "a;b", "a b", "$(x)", "a`b", "a\\b", "a|b", "a'b", "a\nb"])
    func hostileHosts(_ name: String) {
        let reader = SSHSettingsReader(files: SSHConfigFiles(), path: "none", home: "/", localUser: "u")
        let error = #expect(throws: Diagnostic.self) { try reader.settings(of: name) }
        #expect(error?.code == .badValue)
    }

    @Test("likewise users; a domain's user is one", arguments: ["-l", "a;b", "a -b", "a`b`", "a&", "a\\"])
    func hostileUsers(_ name: String) throws {
        let reader = SSHSettingsReader(files: SSHConfigFiles(), path: "none", home: "/", localUser: "u")
        let error = #expect(throws: Diagnostic.self) { try reader.settings(of: "web", options: [("User", name)]) }
        #expect(error?.code == .badValue)
        #expect(try reader.settings(of: "web", options: [("User", "DOMAIN\\ann")]).settings.user == "DOMAIN\\ann")
    }

    @Test(
        "a time beyond all bounds is an error",
        arguments: ["99999999999999999w", "9223372036854775807", "1w9999999999999d"])
    func endless(_ time: String) {
        let reader = SSHSettingsReader(files: SSHConfigFiles(), path: "none", home: "/", localUser: "u")
        let error = #expect(throws: Diagnostic.self) {
            try reader.settings(of: "web", options: [("ConnectTimeout", time)])
        }
        #expect(error?.code == .badValue)
    }
}
