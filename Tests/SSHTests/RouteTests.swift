import Diagnostics
import Foundation
import Testing

@testable import SSH
@testable import Target

/// Ways to a host that are no plain connection: programs, and other hosts, all on the loopback address.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: SSHDFixture.sshd != nil, "needs openssh-server")
) struct RouteTests {
    private func answer(_ settings: SSHSettings, _ script: String) async throws -> CommandResult {
        let connection = SSHConnection(settings)
        do {
            let result = try await connection.shell(as: nil).snippet(script)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    @Test("through one host and through two, megabytes in both directions")
    func jumps() async throws {
        let (outer, inner, target) = (try SSHDFixture(), try SSHDFixture(), try SSHDFixture())
        var settings = target.settings()
        settings.route = .through(outer.settings())
        #expect(try await answer(settings, "echo there").output == "there\n")

        var second = inner.settings()
        second.route = .through(outer.settings())
        settings.route = .through(second)
        let connection = SSHConnection(settings)
        let shell = try await connection.shell(as: nil)
        #expect(try await shell.snippet("head -c 3000000 /dev/zero | tr '\\0' x").stdout.count == 3_000_000)
        let sent = [UInt8](repeating: UInt8(ascii: "y"), count: 200_000)
        #expect(try await shell.snippet("wc -c", input: sent).output.contains("200000"))
        await connection.close()
    }

    @Test("several hosts share the connection to the host they go through")
    func shared() async throws {
        let (jump, target) = (try SSHDFixture(), try SSHDFixture())
        var settings = target.settings()
        settings.route = .through(jump.settings())
        let connections = (0..<5).map { _ in SSHConnection(settings) }
        for connection in connections {
            #expect(try await connection.shell(as: nil).snippet("echo up").output == "up\n")
        }
        let log = try String(contentsOfFile: jump.directory + "/log", encoding: .utf8)
        #expect(log.components(separatedBy: "Accepted publickey").count - 1 == 1)
        for connection in connections { await connection.close() }
    }

    /// The host on the way says neither yes nor no as long as it tries itself.
    @Test("a host that does not answer behind another keeps nobody else waiting, and no longer than it may")
    func silence() async throws {
        let (jump, target, silent) = (try SSHDFixture(), try SSHDFixture(), try SilentPort())
        var settings = target.settings()
        settings.route = .through(jump.settings())
        let connection = SSHConnection(settings)
        let shell = try await connection.shell(as: nil)
        var lost = settings
        lost.port = silent.port
        lost.connectTimeout = .seconds(2)
        let attempt = Task { [lost] in try await answer(lost, "true") }
        for _ in 0..<20 {
            try await Task.sleep(for: .milliseconds(20))
            #expect(try await shell.snippet("echo up").output == "up\n")
        }
        let error = await #expect(throws: Diagnostic.self) { try await attempt.value }
        #expect(error?.code == .unreachable)
        #expect(error?.summary.contains("port \(silent.port) in 2 s") == true, "\(String(describing: error))")
        #expect(try await shell.snippet("echo up").output == "up\n")
        await connection.close()
    }

    /// A port of this machine whose queue is full, so that who connects hears nothing.
    private final class SilentPort {
        let port: Int
        private var sockets: [Int32] = []

        init() throws {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            func asSocketAddress<R>(_ work: (UnsafeMutablePointer<sockaddr>) -> R) -> R {
                withUnsafeMutablePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1, work)
                }
            }
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            sockets.append(listener)
            try #require(asSocketAddress { bind(listener, $0, length) } == 0 && listen(listener, 0) == 0)
            try #require(asSocketAddress { getsockname(listener, $0, &length) } == 0)
            port = Int(UInt16(bigEndian: address.sin_port))
            for _ in 0..<4 {
                let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
                sockets.append(filler)
                _ = asSocketAddress { connect(filler, $0, length) }
            }
        }

        deinit { for socket in sockets { close(socket) } }
    }

    @Test("through a program")
    func command() async throws {
        let (target, bridge) = (try SSHDFixture(), try SSHDFixture())
        var settings = target.settings()
        let ssh =
            "ssh -F none -o BatchMode=yes -o UserKnownHostsFile=\(bridge.directory)/known_hosts "
            + "-i \(bridge.directory)/good -p \(bridge.port) -W 127.0.0.1:\(target.port) \(SSHDFixture.user)@127.0.0.1"
        settings.route = .command(ssh)
        // What the settings name is for the host's key only: the program makes the connection.
        #expect(try await answer(settings, "echo there").output == "there\n")
    }

    @Test("what fails on the way says where")
    func failures() async throws {
        let (jump, target) = (try SSHDFixture("AllowTcpForwarding no"), try SSHDFixture())
        func refusal(_ route: SSHRoute) async -> Diagnostic? {
            var settings = target.settings()
            settings.route = route
            settings.connectTimeout = .seconds(20)
            do {
                _ = try await answer(settings, "true")
                return nil
            } catch {
                return error as? Diagnostic
            }
        }
        let forbidden = await refusal(.through(jump.settings()))
        #expect(forbidden?.code == .unreachable)
        #expect(forbidden?.summary.contains("does not connect to 127.0.0.1 port \(target.port)") == true)
        let locked = await refusal(.through(jump.settings(key: "other")))
        #expect(locked?.code == .authentication)
        #expect(locked?.summary.contains("on the way through 127.0.0.1") == true)
        #expect(await refusal(.command("exit 3"))?.code == .unreachable)
        #expect(await refusal(.command("/nowhere/proxy"))?.code == .unreachable)
    }
}
