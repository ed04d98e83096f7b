public import Diagnostics
internal import SwiftASN1

/// An extension of a certificate or of a request for one (RFC 5280, section 4.2).
public struct Extension: Sendable, Hashable {
    public var identifier: String
    public var isCritical: Bool
    /// In DER.
    public var value: [UInt8]

    public enum Kind {
        public static let subjectKeyIdentifier = "2.5.29.14"
        public static let keyUsage = "2.5.29.15"
        public static let subjectAltName = "2.5.29.17"
        public static let basicConstraints = "2.5.29.19"
        public static let nameConstraints = "2.5.29.30"
        public static let crlDistributionPoints = "2.5.29.31"
        public static let authorityKeyIdentifier = "2.5.29.35"
        public static let extendedKeyUsage = "2.5.29.37"
        public static let authorityInformation = "1.3.6.1.5.5.7.1.1"
        public static let tlsFeature = "1.3.6.1.5.5.7.1.24"
    }

    init(_ identifier: String, critical: Bool, _ value: [UInt8]) {
        self.identifier = identifier
        isCritical = critical
        self.value = value
    }

    // MARK: As it stands in a certificate

    init(_ node: ASN1Node) throws(Malformed) {
        let parts = try node.sequence(atLeast: 2)
        identifier = try parts[0].oid()
        isCritical = parts[1].identifier == .boolean && parts[1].bytes != [0]
        guard let last = parts.last, last.identifier == .octetString else { throw Malformed() }
        value = last.bytes
    }

    static func list(_ node: ASN1Node) throws(Malformed) -> [Extension] {
        var extensions: [Extension] = []
        for entry in try node.sequence() { extensions.append(try Extension(entry)) }
        return extensions
    }

    var encoded: [UInt8] {
        DER.sequence([DER.oid(identifier) ?? DER.null] + (isCritical ? [DER.boolean(true)] : []) + [DER.octets(value)])
    }

    /// Whether both say the same: in lists of names and purposes the order says nothing.
    public func means(_ other: Extension) -> Bool {
        guard identifier == other.identifier, isCritical == other.isCritical else { return false }
        if value == other.value { return true }
        guard let mine = try? ASN1Node.parse(value), let its = try? ASN1Node.parse(other.value) else { return false }
        func set(_ nodes: [ASN1Node]) -> Set<[UInt8]> { Set(nodes.map(\.encoded)) }
        switch identifier {
        case Kind.subjectAltName, Kind.extendedKeyUsage:
            return set(mine.children) == set(its.children)
        case Kind.nameConstraints:
            func sets(_ node: ASN1Node) -> [UInt?: Set<[UInt8]>] {
                Dictionary(node.children.map { ($0.contextTag, set($0.children)) }, uniquingKeysWith: { $0.union($1) })
            }
            return sets(mine) == sets(its)
        default: return false
        }
    }

    // MARK: Making

    public static func subjectAltName(_ names: [GeneralName], critical: Bool) -> Extension {
        Extension(Kind.subjectAltName, critical: critical, DER.sequence(names.map(\.encoded)))
    }

    /// What keys may be used for: long name, short name and the place of the bit.
    static let keyUsages = [
        ("Digital Signature", "digitalSignature"), ("Non Repudiation", "nonRepudiation"),
        ("Key Encipherment", "keyEncipherment"), ("Data Encipherment", "dataEncipherment"),
        ("Key Agreement", "keyAgreement"), ("Certificate Sign", "keyCertSign"), ("CRL Sign", "cRLSign"),
        ("Encipher Only", "encipherOnly"), ("Decipher Only", "decipherOnly"),
    ]

    /// - Throws: `Diagnostic` with code `.badValue` for a name that is none.
    public static func keyUsage(_ names: [String], critical: Bool) throws(Diagnostic) -> Extension {
        var bits: [UInt8] = [0, 0]
        for name in names {
            guard let place = keyUsages.firstIndex(where: { $0.0 == name || $0.1 == name }) else {
                throw Diagnostic(
                    .badValue, "'\(name)' is no use of a key",
                    remedy: "One of \(keyUsages.map(\.1).joined(separator: ", ")).")
            }
            bits[place / 8] |= 0x80 >> UInt8(place % 8)
        }
        while bits.last == 0 { bits.removeLast() }
        let unused = UInt8(bits.last?.trailingZeroBitCount ?? 0)
        return Extension(Kind.keyUsage, critical: critical, DER.bits(bits, unused: unused))
    }

    /// - Throws: `Diagnostic` with code `.badValue` for a name that is none.
    public static func extendedKeyUsage(_ names: [String], critical: Bool) throws(Diagnostic) -> Extension {
        var purposes: [[UInt8]] = []
        for name in names {
            guard let dotted = ObjectNames.dotted(name), let purpose = DER.oid(dotted) else {
                throw Diagnostic(
                    .badValue, "'\(name)' is no purpose of a key",
                    remedy: "Such as serverAuth, clientAuth, codeSigning, or a dotted identifier.")
            }
            purposes.append(purpose)
        }
        return Extension(Kind.extendedKeyUsage, critical: critical, DER.sequence(purposes))
    }

    /// - Parameter constraints: `CA:TRUE`, `CA:FALSE`, `pathlen:1`.
    /// - Throws: `Diagnostic` with code `.badValue` for anything else.
    public static func basicConstraints(_ constraints: [String], critical: Bool) throws(Diagnostic) -> Extension {
        var isAuthority = false
        var pathLength: Int?
        for constraint in constraints {
            switch constraint {
            case "CA:TRUE": isAuthority = true
            case "CA:FALSE": isAuthority = false
            default:
                guard constraint.hasPrefix("pathlen:"), let length = Int(constraint.dropFirst(8)), length >= 0 else {
                    throw Diagnostic(
                        .badValue, "'\(constraint)' is no basic constraint",
                        remedy: "Use CA:TRUE, CA:FALSE and pathlen:<number>.")
                }
                pathLength = length
            }
        }
        if pathLength != nil, !isAuthority {
            throw Diagnostic(.badValue, "'pathlen' makes sense with CA:TRUE only")
        }
        let parts = (isAuthority ? [DER.boolean(true)] : []) + (pathLength.map { [DER.integer($0)] } ?? [])
        return Extension(Kind.basicConstraints, critical: critical, DER.sequence(parts))
    }

    /// Asks for a stapled answer of the authority (RFC 7633).
    public static func mustStaple(critical: Bool) -> Extension {
        Extension(Kind.tlsFeature, critical: critical, DER.sequence([DER.integer(5)]))
    }

    public static func nameConstraints(
        permitted: [GeneralName], excluded: [GeneralName], critical: Bool
    ) -> Extension {
        func subtrees(_ tag: UInt8, _ names: [GeneralName]) -> [[UInt8]] {
            names.isEmpty ? [] : [DER.explicit(tag, Array(names.map { DER.sequence([$0.encoded]) }.joined()))]
        }
        return Extension(
            Kind.nameConstraints, critical: critical, DER.sequence(subtrees(0, permitted) + subtrees(1, excluded)))
    }

    public static func subjectKeyIdentifier(_ bytes: [UInt8]) -> Extension {
        Extension(Kind.subjectKeyIdentifier, critical: false, DER.octets(bytes))
    }

    /// - Parameters:
    ///   - issuer: Names of the authority's certificate's issuer.
    ///   - serial: That certificate's number.
    public static func authorityKeyIdentifier(_ key: [UInt8]?, issuer: [GeneralName]?, serial: Number?) -> Extension {
        var parts: [[UInt8]] = []
        if let key { parts.append(DER.implicit(0, key)) }
        if let issuer { parts.append(DER.explicit(1, Array(issuer.map(\.encoded).joined()))) }
        if let serial { parts.append(DER.implicit(2, DER.content(ofInteger: serial.bytes))) }
        return Extension(Kind.authorityKeyIdentifier, critical: false, DER.sequence(parts))
    }

    /// Where to ask which certificates were withdrawn.
    public struct DistributionPoint: Sendable {
        public var fullName: [GeneralName]
        public var relativeName: [DistinguishedName.Attribute]
        public var issuer: [GeneralName]
        /// Places of reasons in `reasonNames`.
        public var reasons: [Int]

        /// In the order of their bits; the first stands for bit 1.
        public static let reasonNames = [
            "key_compromise", "ca_compromise", "affiliation_changed", "superseded", "cessation_of_operation",
            "certificate_hold", "privilege_withdrawn", "aa_compromise",
        ]

        public init(
            fullName: [GeneralName], relativeName: [DistinguishedName.Attribute], issuer: [GeneralName], reasons: [Int]
        ) {
            self.fullName = fullName
            self.relativeName = relativeName
            self.issuer = issuer
            self.reasons = reasons
        }

        fileprivate func encoded() throws(Diagnostic) -> [UInt8] {
            var parts: [[UInt8]] = []
            if !fullName.isEmpty {
                parts.append(DER.explicit(0, DER.explicit(0, Array(fullName.map(\.encoded).joined()))))
            } else if !relativeName.isEmpty {
                var attributes: [[UInt8]] = []
                for attribute in relativeName { attributes.append(try DistinguishedName.encode(attribute)) }
                let set = DER.set(attributes)
                parts.append(DER.explicit(0, [0xA1] + set.dropFirst()))
            }
            if !reasons.isEmpty {
                var bits: [UInt8] = [0, 0]
                for reason in reasons { bits[(reason + 1) / 8] |= 0x80 >> UInt8((reason + 1) % 8) }
                while bits.last == 0 { bits.removeLast() }
                let unused = UInt8(bits.last?.trailingZeroBitCount ?? 0)
                parts.append(DER.implicit(1, Array(DER.bits(bits, unused: unused).dropFirst(2))))
            }
            if !issuer.isEmpty { parts.append(DER.explicit(2, Array(issuer.map(\.encoded).joined()))) }
            return DER.sequence(parts)
        }
    }

    /// - Throws: `Diagnostic` with code `.badValue` if a relative name cannot be written.
    public static func crlDistributionPoints(_ points: [DistributionPoint]) throws(Diagnostic) -> Extension {
        var parts: [[UInt8]] = []
        for point in points { parts.append(try point.encoded()) }
        return Extension(Kind.crlDistributionPoints, critical: false, DER.sequence(parts))
    }
}

extension [Extension] {
    public func first(_ identifier: String) -> Extension? { first { $0.identifier == identifier } }

    /// Whether both lists say the same, in whatever order.
    public func mean(_ other: [Extension]) -> Bool {
        count == other.count && allSatisfy { mine in other.contains { $0.means(mine) } }
    }
}
