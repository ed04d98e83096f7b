public import Diagnostics
internal import SwiftASN1

/// A request for a certificate (PKCS #10, RFC 2986).
public struct SigningRequest: Sendable {
    public let subject: DistinguishedName
    public let key: PublicKey
    public let extensions: [Extension]
    /// Whether the key it is for signed it; nil if such signatures cannot be checked here.
    public let isSignedByItsKey: Bool?

    private static let extensionRequest = "1.2.840.113549.1.9.14"

    /// - Parameter text: PEM.
    /// - Throws: `Diagnostic` with code `.failed` if it is no request.
    public init(_ text: String, name: String) throws(Diagnostic) {
        guard let bytes = PEM.bytes(text, "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST") else {
            throw Diagnostic(.failed, "\(name) holds no certificate signing request in PEM")
        }
        do {
            try self.init(ASN1Node.parse(bytes))
        } catch {
            throw Diagnostic(.failed, "\(name) holds a broken certificate signing request")
        }
    }

    private init(_ node: ASN1Node) throws(Malformed) {
        let parts = try node.sequence(atLeast: 3)
        let info = try parts[0].sequence(atLeast: 3)
        subject = try DistinguishedName(info[1])
        key = try PublicKey(info[2])
        var extensions: [Extension] = []
        for attribute in info.first(where: { $0.contextTag == 0 })?.children ?? [] {
            let entry = try attribute.sequence(atLeast: 2)
            guard try entry[0].oid() == Self.extensionRequest, let list = entry[1].children.first else { continue }
            extensions += try Extension.list(list)
        }
        self.extensions = extensions
        isSignedByItsKey = key.made(
            try parts[2].wholeBits(), of: parts[0].encoded, algorithm: try parts[1].sequence(atLeast: 1)[0].oid())
    }

    /// What is to be signed.
    public static func content(
        subject: DistinguishedName, key: PublicKey, extensions: [Extension]
    ) -> [UInt8] {
        let attributes =
            extensions.isEmpty
            ? []
            : DER.sequence([
                DER.known("1.2.840.113549.1.9.14"), DER.set([DER.sequence(extensions.map(\.encoded))]),
            ])
        return DER.sequence([DER.integer(0), subject.encoded, key.info, DER.explicit(0, attributes)])
    }

    /// The request, in PEM.
    public static func pem(_ content: [UInt8], _ algorithm: SignatureAlgorithm, _ signature: [UInt8]) -> String {
        PEM.text(DER.sequence([content, algorithm.encoded, DER.bits(signature)]), "CERTIFICATE REQUEST")
    }
}
