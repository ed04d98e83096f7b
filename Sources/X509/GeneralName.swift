public import Diagnostics
internal import Glibc
internal import SwiftASN1
internal import Values

/// One of the names in a certificate's extensions, as OpenSSL writes them: `DNS:example.org`, `IP:10.0.0.1`.
public enum GeneralName: Sendable, Hashable {
    case dns(String)
    /// 4 or 16 bytes, twice as many with a mask behind.
    case address([UInt8])
    case email(String)
    case uri(String)
    case registered(String)
    /// Its kind, and its value in DER.
    case other(String, [UInt8])
    case directory(DistinguishedName)
    /// A kind that is not made here, as it was found.
    case unread([UInt8])

    /// - Parameter what: What the name is for, for messages.
    /// - Throws: `Diagnostic` with code `.badValue`.
    public init(_ text: String, what: String = "subject_alt_name") throws(Diagnostic) {
        func refused(_ reason: String, _ remedy: String? = nil) -> Diagnostic {
            Diagnostic(.badValue, "\(what): cannot read '\(text)': \(reason)", remedy: remedy)
        }
        guard let colon = text.firstIndex(of: ":") else {
            throw refused("it has no kind", "Did you mean 'DNS:\(text)'?")
        }
        let value = String(text[text.index(after: colon)...])
        let kind = String(text[..<colon])
        if ["DNS", "email", "URI"].contains(kind), !value.utf8.allSatisfy({ $0 < 0x80 }) {
            throw refused("it may hold ASCII only", "Write the domain in its xn--… form.")
        }
        switch kind {
        case "DNS": self = .dns(value)
        case "email": self = .email(value)
        case "URI": self = .uri(value)
        case "IP":
            guard let bytes = Self.address(value) else { throw refused("that is no address") }
            self = .address(bytes)
        case "RID":
            guard DER.oid(value) != nil else { throw refused("that is no object identifier") }
            self = .registered(value)
        case "otherName":
            let parts = value.split(separator: ";", maxSplits: 1).map(String.init)
            guard parts.count == 2, DER.oid(parts[0]) != nil else {
                throw refused("it is no 'otherName:<OID>;<value>'")
            }
            if parts[1].hasPrefix("UTF8:") || parts[1].hasPrefix("UTF8String:") {
                let text = parts[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
                self = .other(parts[0], DER.utf8(String(text)))
            } else if let bytes = Hex.bytes(parts[1]), !bytes.isEmpty {
                self = .other(parts[0], bytes)
            } else {
                throw refused("its value is neither 'UTF8:…' nor bytes in hexadecimal such as 0c:02:68:69")
            }
        case "dirName":
            let name = try DistinguishedName(parsing: value)
            self = .directory(try DistinguishedName(name.attributes.reversed()))
        default:
            throw refused("'\(kind)' is no kind of name", "Use DNS, IP, email, URI, RID, otherName or dirName.")
        }
    }

    init(_ node: ASN1Node) throws(Malformed) {
        let text = String(decoding: node.bytes, as: UTF8.self)
        switch node.contextTag {
        case 0:
            let parts = node.children
            guard parts.count == 2, let value = parts[1].children.first else { throw Malformed() }
            self = .other(try parts[0].oid(), value.encoded)
        case 1: self = .email(text)
        case 2: self = .dns(text)
        case 4:
            guard let name = node.children.first else { throw Malformed() }
            self = .directory(try DistinguishedName(name))
        case 6: self = .uri(text)
        case 7: self = .address(node.bytes)
        case 8:
            self = .registered(try ASN1Node.parse(DER.node(0x06, node.bytes)).oid())
        case 3, 5: self = .unread(node.encoded)
        default: throw Malformed()
        }
    }

    var encoded: [UInt8] {
        switch self {
        case .dns(let text): DER.implicit(2, Array(text.utf8))
        case .address(let bytes): DER.implicit(7, bytes)
        case .email(let text): DER.implicit(1, Array(text.utf8))
        case .uri(let text): DER.implicit(6, Array(text.utf8))
        case .registered(let dotted): DER.implicit(8, Array((DER.oid(dotted) ?? DER.null).dropFirst(2)))
        case .other(let dotted, let value):
            DER.explicit(0, (DER.oid(dotted) ?? DER.null) + DER.explicit(0, value))
        case .directory(let name): DER.explicit(4, name.encoded)
        case .unread(let bytes): bytes
        }
    }

    public var text: String {
        switch self {
        case .dns(let text): "DNS:\(text)"
        case .address(let bytes): "IP:\(Self.text(ofAddress: bytes))"
        case .email(let text): "email:\(text)"
        case .uri(let text): "URI:\(text)"
        case .registered(let dotted): "RID:\(dotted)"
        case .other(let dotted, let value): "otherName:\(dotted);\(Hex.text(value))"
        case .directory(let name): "dirName:\(name.reversedText)"
        case .unread(let bytes): "unknown:\(Hex.text(bytes))"
        }
    }

    // MARK: Addresses

    private static func address(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, let address = bytes(ofAddress: first), parts.count <= 2 else { return nil }
        guard parts.count == 2 else { return address }
        var mask = [UInt8](repeating: 0, count: address.count)
        if let length = Int(parts[1]) {
            guard (0...address.count * 8).contains(length) else { return nil }
            for bit in 0..<length { mask[bit / 8] |= 0x80 >> UInt8(bit % 8) }
        } else if let given = bytes(ofAddress: parts[1]), given.count == address.count {
            mask = given
        } else {
            return nil
        }
        // A network's own part only.
        return zip(address, mask).allSatisfy { $0 & ~$1 == 0 } ? address + mask : nil
    }

    private static func bytes(ofAddress text: String) -> [UInt8]? {
        for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: size)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }

    private static func text(ofAddress bytes: [UInt8]) -> String {
        func plain(_ bytes: [UInt8]) -> String {
            var buffer = [CChar](repeating: 0, count: 64)
            guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count)) != nil
            else {
                return Hex.text(bytes)
            }
            return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        switch bytes.count {
        case 4, 16: return plain(bytes)
        case 8, 32:
            let half = bytes.count / 2
            let length = bytes[half...].reduce(0) { $0 + $1.nonzeroBitCount }
            return "\(plain(Array(bytes[..<half])))/\(length)"
        default: return Hex.text(bytes)
        }
    }
}

/// Bytes as `0a:1b:2c`.
public enum Hex {
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    /// - Returns: Nil if the text is no such list; the colons may be left out.
    public static func bytes(_ text: String) -> [UInt8]? {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        if text.contains(":") {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            let bytes = parts.map { $0.count <= 2 ? UInt8($0, radix: 16) : nil }
            return bytes.contains(nil) ? nil : bytes.compactMap(\.self)
        }
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        return bytes.contains(nil) ? nil : bytes.compactMap(\.self)
    }
}
