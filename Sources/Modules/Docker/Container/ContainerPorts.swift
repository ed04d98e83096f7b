internal import Diagnostics
internal import Values

/// Published and exposed ports.
struct ContainerPorts: Sendable {
    /// Where a port of the container is published; a nil address is the default one, a nil port a free one.
    struct Binding: Sendable, Equatable {
        var port: String
        var address: String?
        var hostPort: String?
    }

    var bindings: [Binding] = []
    var exposed: [String] = []

    /// - Parameters:
    ///   - published: `80`, `8080:80`, `127.0.0.1:8080:80`, `[::1]::80`, `9000-9002:7000-7002/udp`.
    ///   - exposed: `80`, `80/udp`, `7000-7002`.
    init(published: [String], exposed: [String]) throws(Diagnostic) {
        for text in published { try add(published: text) }
        var all: [String] = []
        for text in exposed {
            let (ports, transport) = try Self.ports(text.trimmed, in: text)
            all += ports.map { "\($0)/\(transport)" }
        }
        // What is published is exposed, too.
        all += bindings.map(\.port)
        for port in all where !self.exposed.contains(port) { self.exposed.append(port) }
    }

    private mutating func add(published text: String) throws(Diagnostic) {
        let parts = try Self.split(text)
        guard (1...3).contains(parts.count) else {
            throw Self.wrong(text, remedy: "write [[address:]host port:]container port, IPv6 addresses in brackets.")
        }
        let (ports, transport) = try Self.ports(parts[parts.count - 1], in: text)
        var address: String?
        if parts.count == 3 {
            let bare = parts[0].hasPrefix("[") ? String(parts[0].dropFirst().dropLast()) : parts[0]
            let withoutZone = String(bare.prefix { $0 != "%" })
            guard IPAddress.ipv4(bare) != nil || (parts[0].hasPrefix("[") && IPAddress.ipv6(withoutZone) != nil) else {
                throw Self.wrong(text, remedy: "the address to publish at is an IP address, not a name.")
            }
            address = bare
        }
        let hostPart = parts.count > 1 ? parts[parts.count - 2] : ""
        // One port of the container may be given a range of the host to choose from.
        if ports.count == 1 {
            if !hostPart.isEmpty { _ = try Self.range(hostPart, in: text) }
            bindings.append(
                Binding(port: "\(ports[0])/\(transport)", address: address, hostPort: hostPart.isEmpty ? nil : hostPart)
            )
            return
        }
        let hostPorts: [Int?] = hostPart.isEmpty ? ports.map { _ in nil } : try Self.range(hostPart, in: text)
        guard hostPorts.count == ports.count else {
            throw Self.wrong(text, remedy: "both ranges must have the same length.")
        }
        for (port, hostPort) in zip(ports, hostPorts) {
            bindings.append(
                Binding(port: "\(port)/\(transport)", address: address, hostPort: hostPort.map { String($0) }))
        }
    }

    /// The bindings as the Engine keeps them.
    func portBindings(defaultAddress: String) -> Value {
        var map = ValueMap()
        for binding in bindings {
            let entry: Value = [
                "HostIp": .string(binding.address ?? defaultAddress), "HostPort": .string(binding.hostPort ?? ""),
            ]
            map[binding.port] = .list((map[binding.port]?.elements ?? []) + [entry])
        }
        return .map(map)
    }

    private static func ports(_ text: String, in whole: String) throws(Diagnostic) -> ([Int], String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let transport = parts.count > 1 ? parts[1].lowercased() : "tcp"
        guard parts.count <= 2, ["tcp", "udp", "sctp"].contains(transport) else {
            throw wrong(whole, remedy: "after '/' stands tcp, udp or sctp.")
        }
        return (try range(parts[0], in: whole), transport)
    }

    private static func range(_ text: String, in whole: String) throws(Diagnostic) -> [Int] {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last,
            (0...65535).contains(first), last <= 65535
        else {
            throw wrong(
                whole, remedy: "'\(text)' is neither a port (0 to 65535) nor a range of ports such as 8000-8010.")
        }
        return Array(first...last)
    }

    /// The parts between colons; those in brackets do not count.
    private static func split(_ text: String) throws(Diagnostic) -> [String] {
        var parts = [""]
        var isInside = false
        for character in text {
            if character == "[" { isInside = true }
            if character == "]" { isInside = false }
            if character == ":", !isInside {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        guard !isInside else { throw wrong(text, remedy: "the bracket is not closed.") }
        return parts
    }

    private static func wrong(_ text: String, remedy: String) -> Diagnostic {
        if text == "all" {
            return Diagnostic(
                .badValue, "published_ports: 'all' is no longer a port", remedy: "set 'publish_all_ports: true'.")
        }
        return Diagnostic(.badValue, "'\(text)' is no port to publish or expose", remedy: remedy)
    }
}
