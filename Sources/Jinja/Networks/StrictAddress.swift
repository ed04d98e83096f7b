internal import Values

/// Addresses and networks as Python's `ipaddress` reads them: host bits of a network must be zero.
enum StrictAddress {
    /// An address; an IPv6 one may have a zone, as in `fe80::1%eth0`.
    static func address(_ text: String) -> IPNetwork? {
        guard let percent = text.firstIndex(of: "%") else { return IPNetwork.address(text: text) }
        let zone = text[text.index(after: percent)...]
        guard !zone.isEmpty, !zone.contains("%"), !zone.contains("/"),
            let address = IPNetwork.address(text: String(text[..<percent])), address.version == .six
        else { return nil }
        return address
    }

    static func network(_ text: String) -> IPNetwork? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let address = address(parts[0]) else { return nil }
        guard parts.count == 2 else { return address }
        let prefix: Int
        if !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            guard let number = Int(parts[1]) else { return nil }
            prefix = number
        } else {
            guard address.version == .four, let mask = IPNetwork.address(text: parts[1]), mask.version == .four,
                let length = mask.maskLength
            else { return nil }
            prefix = length
        }
        guard let network = IPNetwork(address.version, address.value, prefix: prefix), network.isNetworkAddress else {
            return nil
        }
        return network
    }
}
