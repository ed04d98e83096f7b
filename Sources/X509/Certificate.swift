public import Diagnostics
internal import SwiftASN1
internal import Values

/// A certificate (RFC 5280).
public struct Certificate: Sendable {
    /// In DER.
    public let bytes: [UInt8]
    /// 1 to 3.
    public let version: Int
    public let serial: Number
    public let issuer: DistinguishedName
    public let subject: DistinguishedName
    public let key: PublicKey
    public let extensions: [Extension]
    /// Seconds since 1970.
    public let notBefore: Int
    public let notAfter: Int
    /// Dotted.
    public let signatureAlgorithm: String
    private let content: [UInt8]
    private let signature: [UInt8]

    /// - Parameters:
    ///   - bytes: PEM or DER.
    ///   - name: What it is called in messages.
    /// - Throws: `Diagnostic` with code `.failed` if it is no certificate.
    public init(_ bytes: [UInt8], name: String) throws(Diagnostic) {
        let text = String(decoding: bytes, as: UTF8.self)
        let isPEM = text.contains("-----BEGIN")
        guard let der = isPEM ? PEM.bytes(text, "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE") : bytes
        else { throw Diagnostic(.failed, "\(name) holds no certificate in PEM") }
        do {
            try self.init(ASN1Node.parse(der))
        } catch {
            throw Diagnostic(.failed, "\(name) holds \(isPEM ? "a broken" : "no") certificate")
        }
    }

    private init(_ node: ASN1Node) throws(Malformed) {
        let parts = try node.sequence(atLeast: 3)
        var fields = try parts[0].sequence(atLeast: 6)[...]
        if let tagged = fields.first, tagged.contextTag == 0 {
            guard let number = tagged.children.first?.bytes.last, number <= 2 else { throw Malformed() }
            version = Int(number) + 1
            fields.removeFirst()
        } else {
            version = 1
        }
        guard fields.count >= 6 else { throw Malformed() }
        let at = fields.startIndex
        serial = Number(bytes: fields[at].bytes)
        issuer = try DistinguishedName(fields[at + 2])
        let validity = try fields[at + 3].sequence(atLeast: 2)
        guard let from = UTC.seconds(validity[0]), let until = UTC.seconds(validity[1]) else { throw Malformed() }
        (notBefore, notAfter) = (from, until)
        subject = try DistinguishedName(fields[at + 4])
        key = try PublicKey(fields[at + 5])
        if let list = fields.first(where: { $0.contextTag == 3 })?.children.first {
            extensions = try Extension.list(list)
        } else {
            extensions = []
        }
        signatureAlgorithm = try parts[1].sequence(atLeast: 1)[0].oid()
        signature = try parts[2].wholeBits()
        content = parts[0].encoded
        bytes = node.encoded
    }

    /// Whether a key signed it; nil if such signatures cannot be checked here.
    public func isSigned(by key: PublicKey) -> Bool? { key.made(signature, of: content, algorithm: signatureAlgorithm) }

    /// What a certificate is to say.
    public struct Content {
        /// The bytes of the number, the most significant first.
        public var serial: [UInt8]
        public var issuer: DistinguishedName
        public var subject: DistinguishedName
        public var key: PublicKey
        public var extensions: [Extension]
        /// Seconds since 1970.
        public var notBefore: Int
        public var notAfter: Int

        public init(
            serial: [UInt8], issuer: DistinguishedName, subject: DistinguishedName, key: PublicKey,
            extensions: [Extension], notBefore: Int, notAfter: Int
        ) {
            self.serial = serial
            self.issuer = issuer
            self.subject = subject
            self.key = key
            self.extensions = extensions
            self.notBefore = notBefore
            self.notAfter = notAfter
        }

        /// What is to be signed.
        public func encoded(_ algorithm: SignatureAlgorithm) -> [UInt8] {
            let list = extensions.isEmpty ? [] : [DER.explicit(3, DER.sequence(extensions.map(\.encoded)))]
            return DER.sequence(
                [
                    DER.explicit(0, DER.integer(2)), DER.integer(serial), algorithm.encoded, issuer.encoded,
                    DER.sequence([UTC.encoded(notBefore), UTC.encoded(notAfter)]), subject.encoded, key.info,
                ] + list)
        }
    }

    /// The certificate, in PEM.
    public static func pem(_ content: [UInt8], _ algorithm: SignatureAlgorithm, _ signature: [UInt8]) -> String {
        PEM.text(DER.sequence([content, algorithm.encoded, DER.bits(signature)]), "CERTIFICATE")
    }
}
