import Values

/// Whom a rule of pg_hba.conf is about: a network, or a name such as `samehost`, `.example.org`.
enum HbaAddress: Sendable, Equatable {
    /// 4 or 16 bytes.
    case network([UInt8], prefix: Int)
    case name(String)

    /// Why a text is no address.
    struct Trouble: Error { var text: String }

    /// Reads an address as rules have it.
    ///
    /// - Parameters:
    ///   - text: `10.0.0.0/8`, `::1/128`, an address that `mask` goes with, or a name.
    ///   - mask: The netmask, where it stands apart.
    init(_ text: String, mask: String?) throws(Trouble) {
        let bare = Self.unquoted(text)
        let parts = bare.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let bytes = Self.bytes(parts[0]) else {
            if text.contains(where: { ":\\/@+ ".contains($0) }) || parts[0].wholeMatch(of: /(\d+\.){3}\d+/) != nil {
                throw Trouble(text: "'\(text)' is no address, no network and no name")
            }
            if mask != nil { throw Trouble(text: "'netmask' cannot go with the name '\(text)'") }
            self = .name(text)
            return
        }
        let prefix: Int
        if parts.count == 2 {
            guard mask == nil else { throw Trouble(text: "'\(text)' has a length already, and 'netmask' another") }
            let length = Int(parts[1]) ?? Self.bytes(parts[1]).flatMap(Self.length)
            guard let length, (0...bytes.count * 8).contains(length) else {
                throw Trouble(text: "'\(text)' is no network")
            }
            prefix = length
        } else {
            guard let mask else { throw Trouble(text: "'\(text)' needs a length (/32) or a 'netmask'") }
            guard let other = Self.bytes(Self.unquoted(mask)), other.count == bytes.count,
                let length = Self.length(other)
            else { throw Trouble(text: "'\(mask)' is no netmask for '\(text)'") }
            prefix = length
        }
        guard Self.masked(bytes, prefix) == bytes || parts.count == 1 && mask != nil else {
            throw Trouble(text: "'\(text)' is an address within a network, not a network")
        }
        self = .network(Self.masked(bytes, prefix), prefix: prefix)
    }

    /// Whether the text is an address without a length, which a netmask must follow.
    static func isBareAddress(_ text: String) -> Bool { bytes(unquoted(text)) != nil }

    static func isMask(_ text: String) -> Bool { bytes(unquoted(text)).flatMap(length) != nil }

    var text: String {
        switch self {
        case .name(let name): name
        case .network(let bytes, let prefix): "\(Self.text(bytes))/\(prefix)"
        }
    }

    static func unquoted(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        IPAddress.ipv4(text) ?? IPAddress.ipv6(text).map { $0.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] } }
    }

    /// The number of leading ones; nil if ones follow a zero.
    private static func length(_ mask: [UInt8]) -> Int? {
        let bits = mask.flatMap { (byte: UInt8) -> [Bool] in (0..<8).map { byte & (0x80 >> $0) != 0 } }
        let length = bits.firstIndex(of: false) ?? bits.count
        return bits[length...].contains(true) ? nil : length
    }

    private static func masked(_ bytes: [UInt8], _ prefix: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(8, max(0, prefix - index * 8))
            return kept == 0 ? 0 : byte & (0xff << UInt8(8 - kept))
        }
    }

    /// The usual spelling: of IPv6 with the longest row of zeros left out (RFC 5952).
    private static func text(_ bytes: [UInt8]) -> String {
        if bytes.count == 4 { return bytes.map { String($0) }.joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > best.count { best = start..<end }
            start = max(end, start + 1)
        }
        func joined(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if best.count < 2 { return joined(groups[...]) }
        return joined(groups[..<best.lowerBound]) + "::" + joined(groups[best.upperBound...])
    }

    // MARK: Order

    /// How much it comes before others: the fewer addresses, the more. IPv4 counts as IPv6 four times as narrow.
    var weight: Int {
        switch self {
        case .network(let bytes, let prefix): bytes.count == 4 ? prefix * 4 : prefix
        case .name("all"): 0
        case .name("samehost"): 129
        case .name("samenet"): 96
        case .name(let name): name.hasPrefix(".") ? 64 : 128
        }
    }

    /// IPv4 before IPv6 before names.
    var kind: Int {
        guard case .network(let bytes, _) = self else { return 0 }
        return bytes.count == 4 ? 2 : 1
    }

    /// Whether it comes first among those of one weight and kind.
    func precedes(_ other: HbaAddress) -> Bool {
        switch (self, other) {
        case (.network(let mine, let prefix), .network(let its, let otherPrefix)):
            mine == its ? prefix < otherPrefix : mine.lexicographicallyPrecedes(its)
        default: text.unicodeScalars.lexicographicallyPrecedes(other.text.unicodeScalars)
        }
    }
}
