internal import Diagnostics
internal import Glibc
internal import Values

/// `ansible.utils`: what kind of address or network it is.
enum NetworkTests {
    static let all: [Test] = [
        Test("ip") { call throws(Diagnostic) in network(call) != nil },
        Test("ipv4") { call throws(Diagnostic) in network(call)?.version == .four },
        Test("ipv6") { call throws(Diagnostic) in network(call)?.version == .six },
        Test("ip_address") { call throws(Diagnostic) in address(call) != nil },
        Test("ipv4_address") { call throws(Diagnostic) in address(call)?.version == .four },
        Test("ipv6_address") { call throws(Diagnostic) in address(call)?.version == .six },
        Test("ipv4_hostmask") { call throws(Diagnostic) in
            StrictAddress.network("10.0.0.0/\(call.text)").map { $0.text($0.hostmask) == call.text } ?? false
        },
        Test("ipv4_netmask") { call throws(Diagnostic) in
            StrictAddress.network("10.0.0.0/\(call.text)").map { $0.text($0.netmask) == call.text } ?? false
        },
        Test("ipv6_ipv4_mapped") { call throws(Diagnostic) in isWithin(call, IPRanges.mapped) },
        Test("ipv6_sixtofour") { call throws(Diagnostic) in isWithin(call, IPRanges.sixToFour) },
        Test("ipv6_teredo") { call throws(Diagnostic) in isWithin(call, IPRanges.teredo) },
        Test("loopback") { call throws(Diagnostic) in isWithin(call, IPRanges.loopback) },
        Test("multicast") { call throws(Diagnostic) in isWithin(call, IPRanges.multicast) },
        Test("reserved") { call throws(Diagnostic) in isWithin(call, IPRanges.reserved) },
        Test("unspecified") { call throws(Diagnostic) in isWithin(call, IPRanges.unspecified) },
        Test("private") { call throws(Diagnostic) in address(call).map(isPrivate) ?? false },
        Test("public") { call throws(Diagnostic) in
            address(call).map { !isPrivate($0) && !$0.isWithin(IPRanges.shared) } ?? false
        },
        Test("mac") { call throws(Diagnostic) in try isHardwareAddress(call.text) },
        Test("in_network", ["network"], required: 1) { call throws(Diagnostic) in
            contains(network(PythonPrint.text(try call.value(0))), network(call))
        },
        Test("subnet_of", ["network_b"], required: 1) { call throws(Diagnostic) in
            contains(network(PythonPrint.text(try call.value(0))), network(call))
        },
        Test("supernet_of", ["network_b"], required: 1) { call throws(Diagnostic) in
            contains(network(call), network(PythonPrint.text(try call.value(0))))
        },
        Test("in_any_network", ["networks"], required: 1) { call throws(Diagnostic) in try matches(call) > 0 },
        Test("in_one_network", ["networks"], required: 1) { call throws(Diagnostic) in try matches(call) == 1 },
        Test("resolvable") { call throws(Diagnostic) in isResolvable(call) },
    ]

    private static func network(_ text: String) -> IPNetwork? { StrictAddress.network(text) }
    private static func network(_ call: Call) -> IPNetwork? { StrictAddress.network(call.text) }
    private static func address(_ call: Call) -> IPNetwork? { StrictAddress.address(call.text) }

    private static func isWithin(_ call: Call, _ ranges: [IPNetwork]) -> Bool {
        address(call)?.isWithin(ranges) ?? false
    }

    /// An IPv4 address within IPv6 counts as what it is without.
    private static func isPrivate(_ address: IPNetwork) -> Bool {
        if address.isWithin(IPRanges.mapped), let inner = IPNetwork(.four, address.value & 0xFFFF_FFFF) {
            return inner.isWithin(IPRanges.privateUse)
        }
        return address.isWithin(IPRanges.privateUse)
    }

    private static func contains(_ outer: IPNetwork?, _ inner: IPNetwork?) -> Bool {
        guard let outer, let inner else { return false }
        return outer.contains(inner)
    }

    private static func matches(_ call: Call) throws(Diagnostic) -> Int {
        let networks = try call.value(0)
        guard let texts = networks.elements ?? networks.text.map({ [.string($0)] }) else {
            throw call.wrongArgument(0, "a list of networks", networks)
        }
        let inner = network(call)
        return texts.count { contains(network(PythonPrint.text($0)), inner) }
    }

    private static func isHardwareAddress(_ text: String) throws(Diagnostic) -> Bool {
        let pattern = "([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|[0-9a-f]{4}\\.[0-9a-f]{4}\\.[0-9a-f]{4}$|[0-9a-f]{12}$"
        return try Regex.compiled(pattern, .ignoreCase).firstMatch(in: Array(text.utf8), anchored: true) != nil
    }

    /// Whether the control machine finds an address for the name, or a name for the address.
    private static func isResolvable(_ call: Call) -> Bool {
        call.noteVolatile()
        let name = call.text
        guard !name.utf8.contains(0) else { return false }
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, nil, &found) == 0, let first = found else { return false }
        defer { freeaddrinfo(found) }
        guard StrictAddress.address(name) != nil else { return true }
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        return getnameinfo(
            first.pointee.ai_addr, first.pointee.ai_addrlen, &buffer, socklen_t(buffer.count), nil, 0, NI_NAMEREQD)
            == 0
    }
}
