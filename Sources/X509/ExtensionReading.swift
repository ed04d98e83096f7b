internal import SwiftASN1

/// What extensions say, in the words of the modules that tell of certificates. Nil where the value is not as it
/// should be: others' certificates are what they are.
extension Extension {
    private var node: ASN1Node? { try? ASN1Node.parse(value) }

    public var names: [GeneralName]? {
        guard let node else { return nil }
        return Self.names(node.children)
    }

    private static func names(_ nodes: [ASN1Node]) -> [GeneralName]? {
        let names = nodes.map { try? GeneralName($0) }
        return names.contains { $0 == nil } ? nil : names.compactMap(\.self)
    }

    /// Long names, in alphabetical order.
    public var keyUsageNames: [String]? {
        guard let node, let unused = node.bytes.first, unused < 8 else { return nil }
        let bits = node.bytes.dropFirst()
        var names: [String] = []
        for (place, usage) in Self.keyUsages.enumerated() where place / 8 < bits.count {
            if bits[bits.startIndex + place / 8] & (0x80 >> UInt8(place % 8)) != 0 { names.append(usage.0) }
        }
        return names.sorted()
    }

    /// Long names, in alphabetical order.
    public var purposes: [String]? {
        node?.children.compactMap { try? ObjectNames.name($0.oid()) }.sorted()
    }

    /// `CA:TRUE` and, if there is one, `pathlen:1`.
    public var constraints: [String]? {
        guard let node else { return nil }
        let isAuthority = node.children.contains { $0.identifier == .boolean && $0.bytes != [0] }
        let length = node.children.first { $0.identifier == .integer }.map { Number(bytes: $0.bytes).text }
        return ["CA:\(isAuthority ? "TRUE" : "FALSE")"] + (length.map { ["pathlen:\($0)"] } ?? [])
    }

    public var asksForStaple: Bool? {
        node?.children.contains { $0.bytes == [5] }
    }

    public var keyIdentifier: [UInt8]? {
        guard let node, node.identifier == .octetString else { return nil }
        return node.bytes
    }

    /// The authority's key, the names of its certificate's issuer, and that certificate's number.
    public var authority: (key: [UInt8]?, issuer: [GeneralName]?, serial: Number?)? {
        guard let node else { return nil }
        func part(_ tag: UInt) -> ASN1Node? { node.children.first { $0.contextTag == tag } }
        return (
            part(0)?.bytes, part(1).flatMap { Self.names($0.children) }, part(2).map { Number(bytes: $0.bytes) }
        )
    }

    /// The first address of a kind that information about the authority is to be had at.
    ///
    /// - Parameter method: `1.3.6.1.5.5.7.48.1` for OCSP, `1.3.6.1.5.5.7.48.2` for the issuer's certificate.
    public func address(for method: String) -> String? {
        for entry in node?.children ?? [] {
            guard entry.children.count == 2, (try? entry.children[0].oid()) == method,
                case .uri(let text)? = try? GeneralName(entry.children[1])
            else { continue }
            return text
        }
        return nil
    }
}

/// A whole number of any size.
public struct Number: Sendable, Hashable {
    /// The most significant byte first; no sign.
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) { self.bytes = Array(bytes.drop { $0 == 0 }) }

    /// From decimal digits; nil for anything else, and for more digits than any certificate has.
    public init?(decimal text: String) {
        guard !text.isEmpty, text.utf8.count <= 1000 else { return nil }
        // The least significant byte first.
        var bytes: [UInt8] = []
        for digit in text.utf8 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            var carry = Int(digit - UInt8(ascii: "0"))
            for place in bytes.indices {
                let value = Int(bytes[place]) * 10 + carry
                bytes[place] = UInt8(value & 255)
                carry = value >> 8
            }
            if carry > 0 { bytes.append(UInt8(carry)) }
        }
        self.init(bytes: bytes.reversed())
    }

    public var bitCount: Int {
        guard let first = bytes.first else { return 0 }
        return bytes.count * 8 - first.leadingZeroBitCount
    }

    /// The longest number that is told in decimal, in bytes: what that takes grows with the square of the length, and
    /// a host may show a certificate with a number of any.
    private static let longestDecimal = 2048

    /// In decimal; a number that no key or certificate really has in hexadecimal.
    public var text: String {
        guard bytes.count <= Self.longestDecimal else {
            let digits = Array("0123456789abcdef".utf8)
            let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            return "0x" + String(decoding: text, as: UTF8.self)
        }
        // Nine digits at a time.
        var groups: [UInt64] = []
        for byte in bytes {
            var carry = UInt64(byte)
            for place in groups.indices {
                let value = groups[place] << 8 + carry
                groups[place] = value % 1_000_000_000
                carry = value / 1_000_000_000
            }
            while carry > 0 {
                groups.append(carry % 1_000_000_000)
                carry /= 1_000_000_000
            }
        }
        guard let top = groups.last else { return "0" }
        return String(top)
            + groups.dropLast().reversed().map { group in
                let digits = String(group)
                return String(repeating: "0", count: 9 - digits.count) + digits
            }.joined()
    }

    /// The number itself, where it fits.
    public var int: Int? {
        guard bitCount < Int.bitWidth else { return nil }
        return bytes.reduce(0) { $0 << 8 | Int($1) }
    }
}
