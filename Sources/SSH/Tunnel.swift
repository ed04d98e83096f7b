internal import Diagnostics
internal import Glibc
internal import Target

/// Carries bytes between a channel of one session and a socket that another session talks through.
///
/// The other session has one end of a pair of sockets, as if it were a connection; this has the other. It lives as
/// long as the loop watches its socket.
@IOLoop
final class Tunnel: ShellLinkOwner {
    private let link: ChannelLink
    private let socket: Int32
    /// What came from the channel and does not fit into the socket yet.
    private var waiting: [UInt8] = []
    private var isReading = true
    private var isOpen = true
    private let onEnd: @IOLoop () -> Void

    private init(_ link: ChannelLink, _ socket: Int32, _ onEnd: @escaping @IOLoop () -> Void) {
        self.link = link
        self.socket = socket
        self.onEnd = onEnd
    }

    /// Opens a way through a session to an address.
    ///
    /// - Parameter onEnd: Called once when it is closed, from whichever side.
    /// - Returns: A socket that does not block; the caller closes it, which ends the tunnel.
    /// - Throws: `Diagnostic` with code `.unreachable`.
    static func open(
        _ session: SSHSession, to host: String, port: Int, onEnd: @escaping @IOLoop () -> Void
    ) async throws(Diagnostic) -> Int32 {
        let link = try await ChannelLink.tunnel(session, to: host, port: port)
        let pair: (ours: Int32, theirs: Int32)
        do throws(Diagnostic) {
            pair = try SocketPair.make()
        } catch {
            link.cut()
            throw error
        }
        let tunnel = Tunnel(link, pair.ours, onEnd)
        link.owner = tunnel
        EventLoop.shared.watch(pair.ours) { readiness in
            if readiness.canWrite { tunnel.write() }
            if readiness.canRead { tunnel.read() }
        }
        return pair.theirs
    }

    // MARK: From the socket to the channel

    private func read() {
        guard isOpen, isReading else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(socket, &buffer, buffer.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return close() }
        link.send(Array(buffer[..<count]))
        link.flush()
        if link.backlog > ChannelLink.roomyBacklog {
            isReading = false
            rewatch()
        }
    }

    func linkHasRoom() {
        guard isOpen, !isReading else { return }
        isReading = true
        rewatch()
    }

    // MARK: From the channel to the socket

    func linkReceived(stdout bytes: UnsafeRawBufferPointer) {
        guard isOpen else { return }
        let wasEmpty = waiting.isEmpty
        waiting += bytes
        if wasEmpty { write() }
    }

    func linkReceived(stderr bytes: UnsafeRawBufferPointer) {}

    private func write() {
        guard isOpen else { return }
        while !waiting.isEmpty {
            let count = waiting.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { break }
            guard count > 0 else { return close() }
            waiting.removeFirst(count)
        }
        rewatch()
    }

    private func rewatch() { EventLoop.shared.rewatch(socket, reading: isReading, writing: !waiting.isEmpty) }

    // MARK: The end

    func linkEnded(_ end: LinkEnd) { close() }

    private func close() {
        guard isOpen else { return }
        isOpen = false
        EventLoop.shared.unwatch(socket)
        Glibc.close(socket)
        link.cut()
        onEnd()
    }
}

/// Two sockets that are connected with each other.
enum SocketPair {
    /// - Returns: Two sockets that do not block and that no child inherits; the caller closes both.
    /// - Throws: `Diagnostic` with code `.unreachable`.
    static func make() throws(Diagnostic) -> (ours: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw Diagnostic(.unreachable, "no pair of sockets could be made: \(String(errno: errno))")
        }
        return (ends[0], ends[1])
    }
}
