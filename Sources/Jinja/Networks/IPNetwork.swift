internal import Diagnostics
internal import Glibc
internal import Values

/// An IP address and the length of its network's prefix: `192.0.2.7/24`, `2001:db8::1/64`.
///
/// A lone address is its own network, with the longest prefix there is.
struct IPNetwork: Sendable {
    enum Version: Int, Sendable {
        case four = 4
        case six = 6

        /// Bits of an address.
        var width: Int { self == .four ? 32 : 128 }
        /// The highest address as a number.
        var highest: UInt128 { self == .four ? 0xFFFF_FFFF : .max }
    }

    let version: Version
    /// The address as a number.
    let value: UInt128
    /// Bits of the network's part, 0 up to the address's width.
    let prefix: Int

    /// - Returns: Nil if the number or the prefix is beyond what the version has.
    init?(_ version: Version, _ value: UInt128, prefix: Int? = nil) {
        guard value <= version.highest, (0...version.width).contains(prefix ?? version.width) else { return nil }
        self.version = version
        self.value = value
        self.prefix = prefix ?? version.width
    }

    private init(unchecked version: Version, _ value: UInt128, _ prefix: Int) {
        self.version = version
        self.value = value
        self.prefix = prefix
    }

    /// The address of a number, of the older version if it is small enough for that.
    ///
    /// This is how the filters have always turned numbers back into addresses, so `::1` of a network near zero comes
    /// back as `0.0.0.1`.
    static func address(_ number: UInt128) -> IPNetwork {
        number <= Version.four.highest
            ? IPNetwork(unchecked: .four, number, 32) : IPNetwork(unchecked: .six, number, 128)
    }

    /// Reads `ADDRESS`, `ADDRESS/PREFIX`, `ADDRESS/NETMASK` or `ADDRESS/HOSTMASK`.
    static func parse(_ text: String) -> IPNetwork? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let address = Self.address(text: parts[0]) else { return nil }
        guard parts.count == 2 else { return address }
        if let prefix = PythonNumber.int(parts[1]) {
            return IPNetwork(address.version, address.value, prefix: prefix)
        }
        guard let mask = Self.address(text: parts[1]), mask.version == address.version else { return nil }
        guard let prefix = mask.maskLength else { return nil }
        return IPNetwork(address.version, address.value, prefix: prefix)
    }

    /// Reads one address without a prefix.
    static func address(text: String) -> IPNetwork? {
        guard !text.utf8.contains(0) else { return nil }
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            return IPNetwork(unchecked: .four, UInt128(UInt32(bigEndian: four.s_addr)), 32)
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        let value = withUnsafeBytes(of: &six) { bytes in bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) } }
        return IPNetwork(unchecked: .six, value, 128)
    }

    // MARK: Parts

    /// Bits of the host's part.
    var hostBits: Int { version.width - prefix }
    /// The host's part as a mask: all ones where the host's bits are.
    var hostmask: UInt128 { hostBits == 0 ? 0 : UInt128.max >> UInt128(128 - hostBits) }
    var netmask: UInt128 { version.highest ^ hostmask }
    var first: UInt128 { value & netmask }
    var last: UInt128 { value | hostmask }
    /// Whether the address is the network's own, all its host bits zero.
    var isNetworkAddress: Bool { value == first }
    /// The broadcast address; an IPv4 network of one or two addresses has none.
    var broadcast: UInt128? { version == .four && hostBits <= 1 ? nil : last }
    /// The lowest and highest address a host may have, nil in a network of one address.
    var usable: (first: UInt128, last: UInt128)? {
        switch hostBits {
        case 0: nil
        case 1: (first, last)
        default: (first + 1, last - 1)
        }
    }
    /// The same network with its own address.
    var cidr: IPNetwork { IPNetwork(unchecked: version, first, prefix) }
    /// The address alone.
    var host: IPNetwork { IPNetwork(unchecked: version, value, version.width) }

    /// How many addresses there are, less `unused`.
    func size(less unused: Int = 0) throws(Diagnostic) -> Value {
        try WholeNumber.small(1).shiftedLeft(hostBits).subtracting(.small(unused)).value
    }

    /// How many leading ones the address has as a netmask, or leading zeros as a hostmask; nil if it is neither.
    var maskLength: Int? {
        if isNetmask { return version.width - (version.highest ^ value).nonzeroBitCount }
        return isHostmask ? version.width - value.nonzeroBitCount : nil
    }

    /// Ones, then zeros.
    var isNetmask: Bool { Self.isOnes(version.highest ^ value) }
    /// Zeros, then ones.
    var isHostmask: Bool { Self.isOnes(value) }

    private static func isOnes(_ number: UInt128) -> Bool { number & (number &+ 1) == 0 }

    /// Whether all of `other` lies within.
    func contains(_ other: IPNetwork) -> Bool {
        version == other.version && first <= other.first && other.last <= last
    }

    /// Whether it lies within one of the networks.
    func isWithin(_ networks: [IPNetwork]) -> Bool { networks.contains { $0.contains(self) } }

    // MARK: Text

    /// The address alone, without prefix.
    var addressText: String { Self.text(version, value) }
    /// Address and prefix.
    var text: String { "\(addressText)/\(prefix)" }

    /// An address of this version as text.
    func text(_ value: UInt128) -> String { Self.text(version, value) }

    static func text(_ version: Version, _ value: UInt128) -> String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if version == .four {
            var address = in_addr(s_addr: UInt32(truncatingIfNeeded: value).bigEndian)
            inet_ntop(AF_INET, &address, &buffer, socklen_t(buffer.count))
        } else {
            var number = value.bigEndian
            inet_ntop(AF_INET6, &number, &buffer, socklen_t(buffer.count))
        }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The address's 16-bit groups, highest first.
    var groups: [UInt16] {
        stride(from: 112, through: 0, by: -16).map { UInt16(truncatingIfNeeded: value >> UInt128($0)) }
    }

    /// The address's bytes, highest first.
    var octets: [UInt8] {
        stride(from: version.width - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt128($0)) }
    }

    /// The name under which the address is looked up in the DNS.
    var reverseName: String {
        if version == .four { return octets.reversed().map { "\($0)." }.joined() + "in-addr.arpa." }
        return octets.reversed().map { "\(String($0 & 15, radix: 16)).\(String($0 >> 4, radix: 16))." }.joined()
            + "ip6.arpa."
    }
}

extension IPNetwork {
    /// The fewest networks that hold exactly the addresses from `first` to `last`, in order.
    static func covering(_ version: Version, _ first: UInt128, _ last: UInt128) -> [IPNetwork] {
        var result: [IPNetwork] = []
        var start = first
        while start <= last {
            var bits = start == 0 ? version.width : min(version.width, start.trailingZeroBitCount)
            while bits > 0, bits == 128 ? last != .max : start + ((UInt128(1) << UInt128(bits)) - 1) > last {
                bits -= 1
            }
            let network = IPNetwork(unchecked: version, start, version.width - bits)
            result.append(network)
            if network.last == .max { break }
            start = network.last + 1
        }
        return result
    }

    /// Neighbouring and overlapping networks merged; those that stand alone stay as they were written.
    static func merged(_ networks: [IPNetwork]) -> [IPNetwork] {
        let sorted = networks.sorted {
            ($0.version.rawValue, $0.last, $0.first, $0.value, $0.prefix)
                < ($1.version.rawValue, $1.last, $1.first, $1.value, $1.prefix)
        }
        var ranges = sorted.map { (version: $0.version, first: $0.first, last: $0.last, alone: Optional($0)) }
        var index = ranges.count - 1
        while index > 0 {
            let (upper, lower) = (ranges[index], ranges[index - 1])
            if upper.version == lower.version, upper.first == 0 || upper.first - 1 <= lower.last {
                ranges[index - 1] = (upper.version, min(lower.first, upper.first), upper.last, nil)
                ranges.remove(at: index)
            }
            index -= 1
        }
        return ranges.flatMap { range in
            range.alone.map { [$0] } ?? covering(range.version, range.first, range.last)
        }
    }

    /// The smallest network that holds all of them; nil if they are of both versions.
    static func spanning(_ networks: [IPNetwork]) -> IPNetwork? {
        guard let one = networks.first, networks.allSatisfy({ $0.version == one.version }),
            let lowest = networks.map(\.first).min(),
            // The highest by where it begins, the longer prefix last: its length is where the search starts.
            let highest = networks.max(by: { ($0.first, $0.prefix, $0.value) < ($1.first, $1.prefix, $1.value) })
        else { return nil }
        var prefix = highest.prefix
        var number = highest.last
        while prefix > 0, number > lowest {
            prefix -= 1
            let hostBits = one.version.width - prefix
            number = hostBits >= 128 ? 0 : (number >> UInt128(hostBits)) << UInt128(hostBits)
        }
        return IPNetwork(unchecked: one.version, number, prefix)
    }
}
