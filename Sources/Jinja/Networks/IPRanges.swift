/// Ranges of addresses with a meaning of their own, from IANA's special-purpose registries.
enum IPRanges {
    static let loopback = networks("127.0.0.0/8", "::1/128")
    static let linkLocal = networks("169.254.0.0/16", "fe80::/10")
    static let multicast = networks("224.0.0.0/4", "ff00::/8")
    static let sixToFour = networks("2002::/16")
    static let teredo = networks("2001::/32")
    /// IPv4 addresses within IPv6.
    static let mapped = networks("::ffff:0:0/96")
    static let unspecified = networks("0.0.0.0/32", "::/128")
    /// Ranges for private networks, as the address tests mean it.
    static let privateUse = networks(
        "0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/29", "192.0.0.170/31",
        "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
        "::1/128", "::/128", "100::/64", "2001::/23", "2001:db8::/32", "fc00::/7", "fe80::/10")
    /// Addresses that carriers share among their customers: neither private nor public.
    static let shared = networks("100.64.0.0/10")
    /// Ranges kept for later.
    static let reserved = networks(
        "240.0.0.0/4", "::/8", "100::/8", "200::/7", "400::/6", "800::/5", "1000::/4", "4000::/3", "6000::/3",
        "8000::/3", "a000::/3", "c000::/3", "e000::/4", "f000::/5", "f800::/6", "fe00::/9")

    /// Ranges that are not globally reachable, as the `ipaddr` filter means it.
    private static let local = networks(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
        "::1/128", "::/128", "::ffff:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
        "fc00::/7", "fe80::/10")
    /// Ranges within those that are.
    private static let reachable = networks(
        "192.0.0.9/32", "192.0.0.10/32", "2001:1::1/128", "2001:1::2/128", "2001:3::/32", "2001:4:112::/48",
        "2001:20::/28", "2001:30::/28")

    /// Whether the address is reachable from anywhere.
    static func isGlobal(_ address: IPNetwork) -> Bool { !address.isWithin(local) || address.isWithin(reachable) }

    private static func networks(_ texts: String...) -> [IPNetwork] { texts.compactMap(IPNetwork.parse) }
}
