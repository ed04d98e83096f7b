import Foundation
import Synchronization

@testable import SSH

/// A throw-away sshd on a free loopback port, with keys and configuration of its own.
final class SSHDFixture: Sendable {
    let directory: String
    let port: Int
    private let process: Mutex<Int32>

    static var user: String { NSUserName() }
    static let sshd = ["/usr/sbin/sshd", "/usr/bin/sshd"].first { (path: String) in access(path, X_OK) == 0 }

    init(_ extra: String = "", first: String = "", hostKeyType: String = "ed25519") throws {
        var template = Array("/tmp/ssh-tests-XXXXXX".utf8CString)
        directory = mkdtemp(&template).map { String(cString: $0) } ?? ""
        chmod(directory, 0o711)  // sshd reads authorized_keys as the user who logs in
        port = Self.freePort()
        process = Mutex(0)
        try Self.run("/usr/bin/ssh-keygen", ["-q", "-t", hostKeyType, "-N", "", "-f", "\(directory)/host"])
        for name in ["good", "other"] {
            try Self.run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(directory)/\(name)"])
        }
        try write("known_hosts", "[127.0.0.1]:\(port) \(try publicKey("host"))\n")
        try write("authorized_keys", "\(try publicKey("good"))\n")
        try write(
            "config",
            """
            \(first)
            ListenAddress 127.0.0.1:\(port)
            HostKey \(directory)/host
            AuthorizedKeysFile \(directory)/authorized_keys
            PidFile none
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin yes
            MaxStartups 200
            MaxSessions 10
            \(extra)

            """)
        if getuid() == 0 { mkdir("/run/sshd", 0o755) }
        let sshd = Self.start([
            Self.sshd ?? "/usr/sbin/sshd", "-D", "-f", "\(directory)/config", "-E", "\(directory)/log",
        ])
        process.withLock { $0 = sshd }
        try waitForListener()
    }

    deinit { end() }

    func end() {
        process.withLock { process in
            if process > 0 {
                kill(process, SIGTERM)
                waitpid(process, nil, 0)
            }
            process = 0
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    func settings(key: String = "good") -> SSHSettings {
        var settings = SSHSettings(
            host: "127.0.0.1", port: port, user: Self.user, home: directory, identityFiles: ["\(directory)/\(key)"])
        settings.knownHostsFiles = ["\(directory)/known_hosts"]
        settings.usesAgent = false
        // Other tests keep the loop busy meanwhile; what is in time is not what these are about.
        settings.connectTimeout = .seconds(60)
        return settings
    }

    /// The first two words of a public key's file.
    func publicKey(_ name: String) throws -> String {
        try String(contentsOfFile: "\(directory)/\(name).pub", encoding: .utf8)
            .split(separator: " ").prefix(2).joined(separator: " ")
    }

    /// How many connections the server ended because too much was tried.
    ///
    /// - Parameter expected: How many there should be: what the process of a connection says may come into the log a
    ///   moment after the client was told.
    func cutOffs(expecting expected: Int) async throws -> Int {
        var count = 0
        for _ in 0..<100 {
            count = try String(contentsOfFile: "\(directory)/log", encoding: .utf8).split(whereSeparator: \.isNewline)
                .count { $0.contains("maximum authentication attempts exceeded") }
            if count >= expected { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        return count
    }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
    }

    /// Runs a program to its end. (Foundation's Process was seen to miss a child's end.)
    static func run(_ program: String, _ arguments: [String]) throws {
        var status: Int32 = 0
        while waitpid(start([program] + arguments), &status, 0) < 0, errno == EINTR {}
        if status != 0 { throw CocoaError(.executableLoad) }
    }

    private static func start(_ words: [String]) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 {
            posix_spawn_file_actions_addopen(&actions, Int32(descriptor), "/dev/null", O_RDWR, 0)
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { (word: String) in strdup(word) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        return posix_spawn(&process, words[0], &actions, nil, &arguments, environ) == 0 ? process : -1
    }

    static func freePort() -> Int {
        let socket = listener(backlog: 0)
        defer { close(socket.descriptor) }
        return socket.port
    }

    /// A socket that listens on a free loopback port; the caller closes it.
    static func listener(backlog: Int32) -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, length)
                _ = getsockname(descriptor, $0, &length)
            }
        }
        if backlog > 0 { listen(descriptor, backlog) }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    private func waitForListener() throws {
        for _ in 0..<200 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if status == 0 { return }
            usleep(25_000)
        }
        throw CocoaError(.fileReadUnknown)
    }
}
