internal import Diagnostics
internal import Glibc
internal import Target

/// Asks an ssh-agent for its keys and for signatures.
///
/// libssh2's own client asks for signatures with SHA-1 only before 1.11, and blocks while somebody confirms the use of a
/// key. The calls here block as well: they are for helper threads.
///
/// - SeeAlso: draft-miller-ssh-agent.
struct AgentClient: Sendable {
    /// A key that the agent holds, or a certificate.
    struct Key: Sendable {
        var blob: [UInt8]
        var comment: String
    }

    /// Why the agent did not do what it was asked, in words.
    struct Failure: Error { var reason: String }

    private let path: String
    /// The longest one answer may take; somebody may have to confirm it.
    private let timeout: Duration

    /// The agent that these settings mean; nil for none.
    init?(_ settings: SSHSettings) {
        guard settings.usesAgent,
            let path = settings.agentSocket ?? getenv("SSH_AUTH_SOCK").map({ String(cString: $0) }), !path.isEmpty
        else { return nil }
        self.path = path
        timeout = settings.connectTimeout
    }

    /// What an agent may send, in bytes; as OpenSSH has it.
    private static let answerLimit = 256 * 1024
    private static let keyLimit = 2048

    private enum Message {
        static let askForKeys: UInt8 = 11
        static let keys: UInt8 = 12
        static let sign: UInt8 = 13
        static let signature: UInt8 = 14
    }

    /// The keys it holds, in its order.
    func keys() -> Result<[Key], Failure> {
        Result { () throws(Failure) in
            let answer = try ask([Message.askForKeys], expecting: Message.keys)
            guard let count = KeyBlob.number(in: answer, at: 1), count <= Self.keyLimit else {
                throw Failure(reason: "gives an answer that makes no sense")
            }
            var offset = 5
            var keys: [Key] = []
            for _ in 0..<count {
                guard let blob = KeyBlob.string(in: answer, at: &offset),
                    let comment = KeyBlob.string(in: answer, at: &offset)
                else { throw Failure(reason: "gives an answer that makes no sense") }
                keys.append(Key(blob: blob, comment: String(decoding: comment, as: UTF8.self)))
            }
            return keys
        }
    }

    /// Has it sign.
    ///
    /// - Parameters:
    ///   - data: What is signed.
    ///   - blob: The key, as the agent lists it.
    ///   - algorithm: The name the signature is made for; those that begin with `rsa-sha2-` pick the hash.
    /// - Returns: The signature without its name.
    func signature(of data: [UInt8], with blob: [UInt8], by algorithm: String) -> Result<[UInt8], Failure> {
        Result { () throws(Failure) in
            let flags = algorithm.hasPrefix("rsa-sha2-256") ? 2 : algorithm.hasPrefix("rsa-sha2-512") ? 4 : 0
            let answer = try ask(
                [Message.sign] + KeyBlob.packed(blob) + KeyBlob.packed(data) + KeyBlob.packed(number: flags),
                expecting: Message.signature)
            var offset = 1
            guard let whole = KeyBlob.string(in: answer, at: &offset) else {
                throw Failure(reason: "gives an answer that makes no sense")
            }
            offset = 0
            guard let name = KeyBlob.string(in: whole, at: &offset).map({ String(decoding: $0, as: UTF8.self) }),
                name == (KeyBlob.plainType(ofCertificate: algorithm) ?? algorithm)
            else { throw Failure(reason: "signs in another way than was asked for; a newer agent may do") }
            if name.hasPrefix("sk-") { return Array(whole[offset...]) }  // flags and a counter belong to it
            guard let bare = KeyBlob.string(in: whole, at: &offset) else {
                throw Failure(reason: "gives an answer that makes no sense")
            }
            return bare
        }
    }

    // MARK: The conversation

    private func ask(_ message: [UInt8], expecting kind: UInt8) throws(Failure) -> [UInt8] {
        let socket = try connect()
        defer { close(socket) }
        try write(KeyBlob.packed(message), to: socket)
        let header = try read(4, from: socket)
        guard let length = KeyBlob.number(in: header, at: 0), (1...Self.answerLimit).contains(length) else {
            throw Failure(reason: "gives an answer that makes no sense")
        }
        let answer = try read(length, from: socket)
        guard answer.first == kind else {
            throw Failure(reason: kind == Message.signature ? "does not sign with it" : "does not list its keys")
        }
        return answer
    }

    private func connect() throws(Failure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure(reason: "has a path that is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Failure(reason: String(errno: errno)) }
        var limit = timeval(
            tv_sec: Int(timeout.components.seconds),
            tv_usec: Int(timeout.components.attoseconds / 1_000_000_000_000))
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else {
            let reason = String(errno: errno)
            close(socket)
            throw Failure(reason: reason)
        }
        return socket
    }

    private func write(_ bytes: [UInt8], to socket: Int32) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure(reason: Self.words(errno)) }
            sent += count
        }
    }

    private func read(_ count: Int, from socket: Int32) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes {
                recv(socket, $0.baseAddress.map { $0 + filled }, count - filled, 0)
            }
            if got < 0, errno == EINTR { continue }
            guard got != 0 else { throw Failure(reason: "hung up") }
            guard got > 0 else { throw Failure(reason: Self.words(errno)) }
            filled += got
        }
        return bytes
    }

    private static func words(_ number: Int32) -> String {
        number == EAGAIN ? "did not answer in time" : String(errno: number)
    }
}
