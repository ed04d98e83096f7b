internal import Diagnostics
internal import Glibc
internal import Target

/// Opens TCP connections: all addresses of a name in the order the resolver gives them, IPv6 and IPv4.
@IOLoop
enum Dialer {
    private struct Address: Sendable {
        var bytes: [UInt8]
        var family: Int32
        var text: String
    }

    private struct LookupFailure: Error { var reason: String }

    /// Connects to the first address that answers.
    ///
    /// - Parameters:
    ///   - host: A name or an address.
    ///   - port: The port, 22 for sshd as a rule.
    ///   - deadline: When to give up.
    /// - Returns: A connected socket that does not block; the caller closes it.
    /// - Throws: `Diagnostic` with code `.unreachable`, naming host, port and the reason of each address.
    static func dial(
        _ host: String, port: Int, until deadline: ContinuousClock.Instant
    ) async throws(Diagnostic) -> Int32 {
        let addresses: [Address]
        switch await HelperThread.run({ lookUp(host, port: port) }) {
        case .success(let found): addresses = found
        case .failure(let failure):
            throw Diagnostic(
                .unreachable, "cannot find the address of '\(host)': \(failure.reason)",
                remedy: "Correct the name, or give its address with `ansible_host`.")
        }
        var reasons: [(text: String, number: Int32)] = []
        for address in addresses {
            switch await connect(address, until: deadline) {
            case .success(let socket): return socket
            case .failure(let error): reasons.append((address.text, error.number))
            }
        }
        throw failure(host, port, reasons)
    }

    private struct SystemError: Error { var number: Int32 }

    private nonisolated static func lookUp(_ host: String, port: Int) -> Result<[Address], LookupFailure> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        var status = getaddrinfo(host, String(port), &hints, &list)
        if status != 0, status != EAI_AGAIN {
            // A machine with loopback only has no "configured" address; then all there are will do.
            hints.ai_flags = AI_NUMERICSERV
            status = getaddrinfo(host, String(port), &hints, &list)
        }
        guard status == 0 else { return .failure(LookupFailure(reason: String(cString: gai_strerror(status)))) }
        defer { freeaddrinfo(list) }
        var addresses: [Address] = []
        var next = list
        while let info = next?.pointee {
            if let address = info.ai_addr {
                var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
                getnameinfo(address, info.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
                addresses.append(
                    Address(
                        bytes: Array(UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen))),
                        family: info.ai_family,
                        text: String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)))
            }
            next = info.ai_next
        }
        return addresses.isEmpty ? .failure(LookupFailure(reason: "it has none")) : .success(addresses)
    }

    private static func connect(
        _ address: Address, until deadline: ContinuousClock.Instant
    ) async -> Result<Int32, SystemError> {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(address.family, kind, 0)
        guard socket >= 0 else { return .failure(SystemError(number: errno)) }
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        let status = address.bytes.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { Glibc.connect(socket, $0.baseAddress, socklen_t(bytes.count)) }
        }
        if status != 0, errno != EINPROGRESS {
            let number = errno
            Glibc.close(socket)
            return .failure(SystemError(number: number))
        }
        var number: Int32 = 0
        if status != 0 {
            if await becomesWritable(socket, until: deadline) {
                var size = socklen_t(4)
                getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size)
            } else {
                number = ETIMEDOUT
            }
        }
        if number != 0 {
            Glibc.close(socket)
            return .failure(SystemError(number: number))
        }
        return .success(socket)
    }

    private static func becomesWritable(_ socket: Int32, until deadline: ContinuousClock.Instant) async -> Bool {
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else { return false }
        return await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            var timer: LoopTimer?
            timer = EventLoop.shared.after(left) {
                EventLoop.shared.unwatch(socket)
                continuation.resume(returning: false)
            }
            EventLoop.shared.watch(socket, reading: false, writing: true) { _ in
                EventLoop.shared.unwatch(socket)
                timer?.cancel()
                continuation.resume(returning: true)
            }
        }
    }

    private static func failure(_ host: String, _ port: Int, _ reasons: [(text: String, number: Int32)]) -> Diagnostic {
        let number = reasons.last?.number ?? ETIMEDOUT
        let tried =
            reasons.count > 1
            ? " (tried " + reasons.map { "\($0.text): \(String(errno: $0.number))" }.joined(separator: ", ") + ")" : ""
        switch number {
        case ECONNREFUSED:
            return Diagnostic(
                .unreachable, "connection to \(host) port \(port) refused\(tried)",
                remedy: "Start sshd there, or give its port with `ansible_port`.")
        case ETIMEDOUT:
            return Diagnostic(
                .unreachable, "no answer from \(host) port \(port) in time\(tried)",
                remedy:
                    "See whether the host is up and a firewall lets you through; `timeout` in ansible.cfg waits longer."
            )
        case EHOSTUNREACH, ENETUNREACH:
            return Diagnostic(
                .unreachable, "no route to \(host) port \(port): \(String(errno: number))\(tried)",
                remedy: "See whether this machine's network reaches that address.")
        default:
            return Diagnostic(.unreachable, "cannot connect to \(host) port \(port): \(String(errno: number))\(tried)")
        }
    }
}
