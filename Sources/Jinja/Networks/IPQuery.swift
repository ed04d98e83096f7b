internal import Diagnostics
internal import Values

/// What `ipaddr` is asked about an address or network.
///
/// Answers are as the collection's: what does not apply is null, what is no address is false.
struct IPQuery {
    /// Whether the value was written as an address or with a prefix.
    private enum Kind { case address, network }

    private let network: IPNetwork
    private let kind: Kind
    /// What a query that only checks gives back.
    private let value: Value
    private let filter: String

    // MARK: Reading the value

    /// What the query answers for a value; for a list, what it answers for those elements it is true of.
    ///
    /// - Throws: `Diagnostic` if there is no such query, or it makes no sense for this address.
    static func answer(
        _ value: Value, _ query: String = "", version: Int? = nil, filter: String = "ipaddr"
    ) throws(Diagnostic) -> Value {
        if let items = value.elements {
            var result: [Value] = []
            for item in items {
                let answer = try Self.answer(item, query, version: version, filter: filter)
                if answer.isTruthy { result.append(answer) }
            }
            return .list(result)
        }
        guard let subject = IPQuery(value, version: version, filter: filter) else { return .bool(false) }
        return try subject.answer(query, version: version)
    }

    private init?(_ value: Value, version: Int?, filter: String) {
        self.filter = filter
        guard value.isTruthy, value.boolValue == nil else { return nil }
        let text = PythonPrint.text(value)
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            guard let number = UInt128(text) else { return nil }
            let old = version == 6 ? nil : IPNetwork(.four, number)
            guard let network = old ?? IPNetwork(.six, number) else { return nil }
            self.network = network
            self.value = .string(network.text)
            kind = .address
            return
        }
        guard value.text != nil else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if let network = IPNetwork.parse(text) {
            self.network = network
            self.value = value
            kind = parts.count == 2 ? .network : .address
            return
        }
        guard parts.count == 2, let number = UInt128(parts[0]), let prefix = PythonNumber.int(String(parts[1])),
            let network = IPNetwork(.four, number, prefix: prefix) ?? IPNetwork(.six, number, prefix: prefix)
        else { return nil }
        self.network = network
        self.value = .string(network.text)
        kind = .network
    }

    // MARK: Answering

    /// Queries that are answered by a function of the subject alone.
    private static let queries: [String: @Sendable (IPQuery) throws(Diagnostic) -> Value] = [
        "": { (ip) throws(Diagnostic) in .string(ip.kind == .address ? ip.network.addressText : ip.network.text) },
        "6to4": { (ip) throws(Diagnostic) in ip.sixToFour },
        "address": { (ip) throws(Diagnostic) in ip.hostAddress },
        "address/prefix": { (ip) throws(Diagnostic) in ip.hostWithPrefix },
        "bool": { (_) throws(Diagnostic) in true },
        "broadcast": { (ip) throws(Diagnostic) in
            ip.network.hostBits > 1 ? .string(ip.network.text(ip.network.last)) : .null
        },
        "cidr": { (ip) throws(Diagnostic) in .string(ip.network.text) },
        "first_usable": { (ip) throws(Diagnostic) in
            try ip.needsNetwork()
            return ip.network.usable.map { ip.plain($0.first) } ?? .null
        },
        "gateway": { (ip) throws(Diagnostic) in ip.hostWithPrefix },
        "gw": { (ip) throws(Diagnostic) in ip.hostWithPrefix },
        "host": { (ip) throws(Diagnostic) in
            let isHost = ip.network.hostBits == 0 || !ip.network.isNetworkAddress || ip.network.broadcast == nil
            return isHost ? .string(ip.network.text) : .null
        },
        "host/prefix": { (ip) throws(Diagnostic) in ip.hostWithPrefix },
        "hostmask": { (ip) throws(Diagnostic) in .string(ip.network.text(ip.network.hostmask)) },
        "hostnet": { (ip) throws(Diagnostic) in ip.hostWithPrefix },
        "int": { (ip) throws(Diagnostic) in
            ip.kind == .address
                ? WholeNumber(ip.network.value).value : .string("\(ip.network.value)/\(ip.network.prefix)")
        },
        "ip": { (ip) throws(Diagnostic) in ip.hostAddress },
        "ip/prefix": { (ip) throws(Diagnostic) in ip.isHostInNetwork ? .string(ip.network.text) : .null },
        "ip_netmask": { (ip) throws(Diagnostic) in
            ip.isHostInNetwork
                ? .string("\(ip.network.addressText) \(ip.network.text(ip.network.netmask))") : .null
        },
        "ipv4": { (ip) throws(Diagnostic) in ip.asVersionFour },
        "ipv6": { (ip) throws(Diagnostic) in
            guard ip.network.version == .four else { return ip.value }
            let mapped = IPNetwork(.six, 0xFFFF_0000_0000 | ip.network.value, prefix: ip.network.prefix + 96)
            return mapped.map { .string($0.text) } ?? false
        },
        "last_usable": { (ip) throws(Diagnostic) in
            try ip.needsNetwork()
            return ip.network.usable.map { ip.plain($0.last) } ?? .null
        },
        "link-local": { (ip) throws(Diagnostic) in ip.checked(ip.network.host.isWithin(IPRanges.linkLocal)) },
        "lo": { (ip) throws(Diagnostic) in ip.checked(ip.network.host.isWithin(IPRanges.loopback)) },
        "loopback": { (ip) throws(Diagnostic) in ip.checked(ip.network.host.isWithin(IPRanges.loopback)) },
        "multicast": { (ip) throws(Diagnostic) in ip.checked(ip.network.isWithin(IPRanges.multicast)) },
        "net": { (ip) throws(Diagnostic) in
            ip.network.hostBits > 0 && ip.network.isNetworkAddress ? .string(ip.network.text) : .null
        },
        "netmask": { (ip) throws(Diagnostic) in .string(ip.network.text(ip.network.netmask)) },
        "network": { (ip) throws(Diagnostic) in .string(ip.network.cidr.addressText) },
        "network_id": { (ip) throws(Diagnostic) in .string(ip.network.cidr.addressText) },
        "network/prefix": { (ip) throws(Diagnostic) in .string(ip.network.cidr.text) },
        "network_netmask": { (ip) throws(Diagnostic) in
            .string("\(ip.network.cidr.addressText) \(ip.network.text(ip.network.netmask))")
        },
        "network_wildcard": { (ip) throws(Diagnostic) in
            .string("\(ip.network.cidr.addressText) \(ip.network.text(ip.network.hostmask))")
        },
        "next_usable": { (ip) throws(Diagnostic) in try ip.usable(1) },
        "peer": { (ip) throws(Diagnostic) in try ip.peer() },
        "prefix": { (ip) throws(Diagnostic) in .int(ip.network.prefix) },
        "previous_usable": { (ip) throws(Diagnostic) in try ip.usable(-1) },
        "private": { (ip) throws(Diagnostic) in ip.checked(!IPRanges.isGlobal(ip.network.host)) },
        "public": { (ip) throws(Diagnostic) in ip.checked(ip.isPublic) },
        "range_usable": { (ip) throws(Diagnostic) in
            try ip.needsNetwork()
            guard let (first, last) = ip.network.usable else { return .null }
            return .string(IPNetwork.address(first).addressText + "-" + IPNetwork.address(last).addressText)
        },
        "revdns": { (ip) throws(Diagnostic) in .string(ip.network.reverseName) },
        "router": { (ip) throws(Diagnostic) in ip.hostWithPrefix },
        "size": { (ip) throws(Diagnostic) in try ip.network.size() },
        "size_usable": { (ip) throws(Diagnostic) in
            switch ip.network.hostBits {
            case 0: 0
            case 1: 2
            default: try ip.network.size(less: 2)
            }
        },
        "subnet": { (ip) throws(Diagnostic) in .string(ip.network.cidr.text) },
        "type": { (ip) throws(Diagnostic) in
            ip.network.hostBits > 0 && ip.network.isNetworkAddress ? "network" : "address"
        },
        "unicast": { (ip) throws(Diagnostic) in ip.checked(!ip.network.isWithin(IPRanges.multicast)) },
        "version": { (ip) throws(Diagnostic) in .int(ip.network.version.rawValue) },
        "wildcard": { (ip) throws(Diagnostic) in .string(ip.network.text(ip.network.hostmask)) },
        "wrap": { (ip) throws(Diagnostic) in
            guard ip.network.version == .six else { return ip.value }
            let wrapped = "[\(ip.network.addressText)]"
            return .string(ip.kind == .address ? wrapped : wrapped + "/\(ip.network.prefix)")
        },
    ]

    private func answer(_ query: String, version: Int?) throws(Diagnostic) -> Value {
        let isMatching = version == nil || version == 0 || version == network.version.rawValue
        if let answer = Self.queries[query] { return isMatching ? try answer(self) : false }
        if !query.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let within = IPNetwork.parse(query) {
            return isMatching ? checked(within.contains(network)) : false
        }
        guard isMatching else { return false }
        guard PythonNumber.double(query) != nil else { throw unknown(query) }
        if network.hostBits == 0 { return .string(kind == .address ? network.addressText : network.text) }
        guard case .number(let index) = PythonNumber.whole(query), let member = network.member(index) else {
            return false
        }
        return .string("\(member)/\(network.prefix)")
    }

    private func unknown(_ query: String) -> Diagnostic {
        Diagnostic(
            .template, "'\(filter)' knows no query '\(query)'",
            remedy: NearestHint.of(query, among: Self.queries.keys)
                ?? "Queries are \(Self.queries.keys.filter { !$0.isEmpty }.sorted().joined(separator: ", ")), a network or a number."
        )
    }

    /// The value as it came, or null.
    private func checked(_ holds: Bool) -> Value { holds ? value : .null }

    private func plain(_ number: UInt128) -> Value { .string(IPNetwork.address(number).addressText) }

    private func needsNetwork() throws(Diagnostic) {
        if kind == .address {
            throw Diagnostic(
                .template, "'\(filter)' needs a network here, not the address \(network.addressText)",
                remedy: "Write it with its prefix, such as \(network.addressText)/24.")
        }
    }

    private var hostAddress: Value {
        if network.hostBits == 0 || !network.isNetworkAddress || network.broadcast == nil || network.version == .six {
            return .string(network.addressText)
        }
        return .null
    }

    private var hostWithPrefix: Value {
        let isEdge = network.isNetworkAddress || network.value == network.broadcast
        return network.hostBits > 1 && isEdge ? false : .string(network.text)
    }

    private var isHostInNetwork: Bool { network.hostBits == 1 || network.hostBits > 1 && !network.isNetworkAddress }

    private var asVersionFour: Value {
        guard network.version == .six else { return value }
        let mapped: UInt128 = 0xFFFF_0000_0000
        let number: UInt128
        if network.value <= 0xFFFF_FFFF {
            number = network.value
        } else if network.value >= mapped, network.value <= mapped | 0xFFFF_FFFF {
            number = network.value - mapped
        } else {
            return false
        }
        return IPNetwork(.four, number, prefix: network.prefix - 96).map { .string($0.text) } ?? false
    }

    private var sixToFour: Value {
        if network.version == .four {
            if network.hostBits > 0, network.isNetworkAddress { return false }
            // A multicast address is neither: no host has it, so there is no network behind it.
            guard isPublic || !IPRanges.isGlobal(network.host) else { return false }
            let digits = network.octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            return .string("2002:\(digits[0])\(digits[1]):\(digits[2])\(digits[3])::1/48")
        }
        let isWithin = network.host.isWithin(IPRanges.sixToFour)
        if kind == .network, network.isNetworkAddress { return false }
        return isWithin ? value : false
    }

    /// The address `distance` away, if a host may have it.
    func usable(_ distance: Int) throws(Diagnostic) -> Value {
        try needsNetwork()
        return try network.usable(distance)
    }

    private func peer() throws(Diagnostic) -> Value {
        try needsNetwork()
        switch network.hostBits {
        case 1: return plain(network.value ^ 1)
        case 2:
            guard !network.isNetworkAddress, network.value != network.last else {
                throw Diagnostic(
                    .template, "\(network.text) is the network's first or last address and has no peer")
            }
            return plain(network.value ^ 3)
        default:
            throw Diagnostic(
                .template, "\(network.text) is no point-to-point network, so nothing is its peer",
                remedy: "Networks with a peer are /30 and /31 (IPv4), /126 and /127 (IPv6).")
        }
    }

    private var isPublic: Bool {
        let host = network.host
        return !host.isWithin(IPRanges.multicast) && !host.isWithin(IPRanges.loopback) && IPRanges.isGlobal(host)
            && !host.isNetmask && !host.isHostmask
    }
}

extension IPNetwork {
    /// The address at a place of the network, counted from its end if negative; nil if there is none.
    func member(_ index: WholeNumber) -> String? {
        guard let distance = index.magnitude128 else { return nil }
        if index.signum >= 0 {
            return distance <= last - first ? text(first + distance) : nil
        }
        return distance - 1 <= last - first ? text(last - (distance - 1)) : nil
    }

    /// The address `distance` away, or null if no host may have it.
    func usable(_ distance: Int) throws(Diagnostic) -> Value {
        guard let usable else { return .null }
        let step = UInt128(distance.magnitude)
        let (number, isOver) =
            distance < 0 ? value.subtractingReportingOverflow(step) : value.addingReportingOverflow(step)
        guard !isOver else { throw Diagnostic(.template, "there is no address \(distance) away from \(addressText)") }
        return number >= usable.first && number <= usable.last ? .string(Self.address(number).addressText) : .null
    }
}
