internal import Crypto
internal import CryptoExtras
public import Diagnostics
internal import SwiftASN1

/// The public half of a key, as certificates carry it.
public struct PublicKey: Sendable, Hashable {
    /// The subjectPublicKeyInfo, in DER.
    public let info: [UInt8]
    public let kind: Kind
    /// The key's own bits, whose hash is what key identifiers usually are.
    private let bits: [UInt8]

    public enum Kind: Sendable, Hashable {
        case rsa(modulus: Number, exponent: Number)
        case dsa(p: Number, q: Number, g: Number, y: Number)
        /// The curve's identifier and the point, uncompressed.
        case elliptic(curve: String, point: [UInt8])
        case ed25519, ed448, x25519, x448
        case other(String)
    }

    /// - Throws: `Diagnostic` with code `.failed` if the bytes are no public key.
    public init(_ info: [UInt8]) throws(Diagnostic) {
        do {
            try self.init(ASN1Node.parse(info))
        } catch {
            throw Diagnostic(.failed, "these bytes are no public key")
        }
    }

    init(_ node: ASN1Node) throws(Malformed) {
        let parts = try node.sequence(atLeast: 2)
        let algorithm = try parts[0].sequence(atLeast: 1)
        let parameters = algorithm.count > 1 ? algorithm[1] : nil
        bits = try parts[1].wholeBits()
        info = node.encoded
        switch try algorithm[0].oid() {
        case "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10":
            let numbers = try ASN1Node.parse(bits).sequence(atLeast: 2)
            kind = .rsa(modulus: Number(bytes: numbers[0].bytes), exponent: Number(bytes: numbers[1].bytes))
        case "1.2.840.10040.4.1":
            guard let parameters else { throw Malformed() }
            let numbers = try parameters.sequence(atLeast: 3).map { Number(bytes: $0.bytes) }
            let y = Number(bytes: try ASN1Node.parse(bits).bytes)
            kind = .dsa(p: numbers[0], q: numbers[1], g: numbers[2], y: y)
        case "1.2.840.10045.2.1":
            guard let parameters else { throw Malformed() }
            kind = .elliptic(curve: try parameters.oid(), point: bits)
        case "1.3.101.112": kind = .ed25519
        case "1.3.101.113": kind = .ed448
        case "1.3.101.110": kind = .x25519
        case "1.3.101.111": kind = .x448
        case let other: kind = .other(other)
        }
    }

    /// The identifier that RFC 5280 (4.2.1.2) proposes.
    public var identifier: [UInt8] { Array(Insecure.SHA1.hash(data: bits)) }

    public var pem: String { PEM.text(info, "PUBLIC KEY") }

    /// Elliptic curves: the identifier, the name that TLS has for it, the one that OpenSSL has, and the order's bits.
    public static let curves: [(dotted: String, name: String, opensslName: String, bits: Int)] = [
        ("1.2.840.10045.3.1.7", "secp256r1", "prime256v1", 256), ("1.3.132.0.34", "secp384r1", "secp384r1", 384),
        ("1.3.132.0.35", "secp521r1", "secp521r1", 521), ("1.3.132.0.33", "secp224r1", "secp224r1", 224),
        ("1.3.132.0.10", "secp256k1", "secp256k1", 256), ("1.2.840.10045.3.1.1", "secp192r1", "prime192v1", 192),
        ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", "brainpoolP256r1", 256),
        ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", "brainpoolP384r1", 384),
        ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", "brainpoolP512r1", 512),
        ("1.3.132.0.1", "sect163k1", "sect163k1", 163), ("1.3.132.0.15", "sect163r2", "sect163r2", 163),
        ("1.3.132.0.26", "sect233k1", "sect233k1", 233), ("1.3.132.0.27", "sect233r1", "sect233r1", 233),
        ("1.3.132.0.16", "sect283k1", "sect283k1", 283), ("1.3.132.0.17", "sect283r1", "sect283r1", 283),
        ("1.3.132.0.36", "sect409k1", "sect409k1", 409), ("1.3.132.0.37", "sect409r1", "sect409r1", 409),
        ("1.3.132.0.38", "sect571k1", "sect571k1", 571), ("1.3.132.0.39", "sect571r1", "sect571r1", 571),
    ]

    /// Whether this key made a signature; nil if such signatures cannot be checked here.
    func made(_ signature: [UInt8], of bytes: [UInt8], algorithm: String) -> Bool? {
        switch (algorithm, kind) {
        case ("1.3.101.112", .ed25519):
            guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bits) else { return false }
            return key.isValidSignature(signature, for: bytes)
        case (let algorithm, .rsa):
            guard let key = try? _RSA.Signing.PublicKey(unsafeDERRepresentation: info) else { return nil }
            let given = _RSA.Signing.RSASignature(rawRepresentation: signature)
            switch algorithm {
            case "1.2.840.113549.1.1.5":
                return key.isValidSignature(given, for: Insecure.SHA1.hash(data: bytes), padding: .insecurePKCS1v1_5)
            case "1.2.840.113549.1.1.11":
                return key.isValidSignature(given, for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5)
            case "1.2.840.113549.1.1.12":
                return key.isValidSignature(given, for: SHA384.hash(data: bytes), padding: .insecurePKCS1v1_5)
            case "1.2.840.113549.1.1.13":
                return key.isValidSignature(given, for: SHA512.hash(data: bytes), padding: .insecurePKCS1v1_5)
            default: return nil
            }
        case (let algorithm, .elliptic(let curve, let point)):
            switch algorithm {
            case "1.2.840.10045.4.3.2": return Self.check(curve, point, signature, SHA256.hash(data: bytes))
            case "1.2.840.10045.4.3.3": return Self.check(curve, point, signature, SHA384.hash(data: bytes))
            case "1.2.840.10045.4.3.4": return Self.check(curve, point, signature, SHA512.hash(data: bytes))
            default: return nil
            }
        default: return nil
        }
    }

    private static func check(_ curve: String, _ point: [UInt8], _ signature: [UInt8], _ digest: some Digest) -> Bool? {
        switch curve {
        case "1.2.840.10045.3.1.7":
            guard let key = try? P256.Signing.PublicKey(x963Representation: point),
                let given = try? P256.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(given, for: digest)
        case "1.3.132.0.34":
            guard let key = try? P384.Signing.PublicKey(x963Representation: point),
                let given = try? P384.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(given, for: digest)
        case "1.3.132.0.35":
            guard let key = try? P521.Signing.PublicKey(x963Representation: point),
                let given = try? P521.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(given, for: digest)
        default: return nil
        }
    }
}

/// How a key signs.
public struct SignatureAlgorithm: Sendable {
    /// Dotted.
    public let identifier: String
    let encoded: [UInt8]
    /// The digest's name for `openssl dgst`; nil where the key signs the bytes themselves.
    public let digest: String?

    /// - Throws: `Diagnostic` with code `.badValue` if such a key does not sign with that digest.
    public init(_ key: PublicKey, digest name: String) throws(Diagnostic) {
        let digest = name.lowercased().filter { $0 != "-" && $0 != "_" }
        let dotted: String?
        var hasNull = false
        switch key.kind {
        case .ed25519: dotted = "1.3.101.112"
        case .ed448: dotted = "1.3.101.113"
        case .rsa:
            hasNull = true
            dotted =
                [
                    "md5": "1.2.840.113549.1.1.4", "sha1": "1.2.840.113549.1.1.5", "sha224": "1.2.840.113549.1.1.14",
                    "sha256": "1.2.840.113549.1.1.11", "sha384": "1.2.840.113549.1.1.12",
                    "sha512": "1.2.840.113549.1.1.13",
                ][digest]
        case .elliptic:
            dotted =
                [
                    "sha1": "1.2.840.10045.4.1", "sha224": "1.2.840.10045.4.3.1", "sha256": "1.2.840.10045.4.3.2",
                    "sha384": "1.2.840.10045.4.3.3", "sha512": "1.2.840.10045.4.3.4",
                ][digest]
        case .dsa:
            dotted =
                [
                    "sha1": "1.2.840.10040.4.3", "sha224": "2.16.840.1.101.3.4.3.1", "sha256": "2.16.840.1.101.3.4.3.2",
                ][digest]
        case .x25519, .x448, .other:
            throw Diagnostic(
                .badValue, "a key of this kind cannot sign", remedy: "Use an RSA, ECC, Ed25519 or Ed448 key.")
        }
        guard let dotted, let identifier = DER.oid(dotted) else {
            throw Diagnostic(
                .badValue, "such a key does not sign with the digest '\(name)'",
                remedy: "Use sha256, sha384 or sha512.")
        }
        self.identifier = dotted
        encoded = DER.sequence([identifier] + (hasNull ? [DER.null] : []))
        if case .ed25519 = key.kind {
            self.digest = nil
        } else if case .ed448 = key.kind {
            self.digest = nil
        } else {
            self.digest = digest
        }
    }
}
