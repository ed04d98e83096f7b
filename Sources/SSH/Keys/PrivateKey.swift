internal import Crypto
internal import CryptoExtras
internal import Values

/// What can be told of a private key's file without its passphrase.
struct PrivateKey: Sendable {
    var path: String
    var content: [UInt8]
    var isEncrypted: Bool
    var isRSA: Bool
    /// The public half, where the file holds it in the open.
    var publicBlob: [UInt8]?
    /// The private half as it is packed in the file's newer format, if it is not encrypted.
    private var packedPrivate: [UInt8]?

    /// Nil if the text is no private key.
    init?(path: String, content: [UInt8]) {
        let text = String(decoding: content, as: UTF8.self)
        guard let begin = text.firstRange(of: "-----BEGIN "), text.contains("PRIVATE KEY-----") else { return nil }
        self.path = path
        self.content = content
        let kind = text[begin.upperBound...].prefix { !$0.isNewline }
        isRSA = kind.hasPrefix("RSA ")
        isEncrypted = kind.hasPrefix("ENCRYPTED ") || text.contains("Proc-Type: 4,ENCRYPTED")
        guard kind.hasPrefix("OPENSSH ") else {
            // A key of PKCS #8 does not say in its first line what it is.
            if kind.hasPrefix("PRIVATE KEY"), (try? _RSA.Signing.PrivateKey(unsafePEMRepresentation: text)) != nil {
                isRSA = true
            }
            return
        }
        // "openssh-key-v1" NUL, cipher, key derivation, its options, number of keys, the public key, the private one.
        let body = text[begin.upperBound...].drop { !$0.isNewline }.prefix { $0 != "-" }
        guard let bytes = Base64.decode(String(body.filter { !$0.isWhitespace })) else { return }
        var offset = 15
        guard let cipher = KeyBlob.string(in: bytes, at: &offset) else { return }
        isEncrypted = cipher != Array("none".utf8)
        for _ in 0..<2 { _ = KeyBlob.string(in: bytes, at: &offset) }
        offset += 4
        publicBlob = KeyBlob.string(in: bytes, at: &offset)
        isRSA = publicBlob.flatMap(KeyBlob.type) == "ssh-rsa"
        if !isEncrypted { packedPrivate = KeyBlob.string(in: bytes, at: &offset) }
    }

    /// The key for signing with RSA here, without libssh2; nil if it is none, or encrypted.
    var rsa: RSASigner? {
        guard isRSA, !isEncrypted else { return nil }
        if let packedPrivate { return RSASigner(packed: packedPrivate) }
        return RSASigner(pem: String(decoding: content, as: UTF8.self))
    }
}

/// Signs with an RSA key in the ways servers take today, which libssh2 before 1.11 cannot.
///
/// - SeeAlso: RFC 8332.
struct RSASigner: Sendable {
    private let key: _RSA.Signing.PrivateKey
    /// The public half.
    let publicBlob: [UInt8]

    /// A key as PEM, not encrypted.
    init?(pem: String) {
        guard let key = try? _RSA.Signing.PrivateKey(unsafePEMRepresentation: pem),
            let parts = try? key.publicKey.getKeyPrimitives()
        else { return nil }
        self.key = key
        publicBlob = Self.blob(exponent: Array(parts.publicExponent), modulus: Array(parts.modulus))
    }

    /// A key as OpenSSH's own format packs it: two checks that are the same, the type, then the numbers.
    init?(packed bytes: [UInt8]) {
        guard let first = KeyBlob.number(in: bytes, at: 0), first == KeyBlob.number(in: bytes, at: 4) else {
            return nil
        }
        var offset = 8
        guard KeyBlob.string(in: bytes, at: &offset) == Array("ssh-rsa".utf8),
            let modulus = KeyBlob.string(in: bytes, at: &offset), let exponent = KeyBlob.string(in: bytes, at: &offset),
            let secret = KeyBlob.string(in: bytes, at: &offset), KeyBlob.string(in: bytes, at: &offset) != nil,
            let p = KeyBlob.string(in: bytes, at: &offset), let q = KeyBlob.string(in: bytes, at: &offset),
            let key = try? _RSA.Signing.PrivateKey(n: modulus, e: exponent, d: secret, p: p, q: q)
        else { return nil }
        self.key = key
        publicBlob = Self.blob(exponent: exponent, modulus: modulus)
    }

    /// A positive number that begins with a high bit has a zero before it.
    private static func blob(exponent: [UInt8], modulus: [UInt8]) -> [UInt8] {
        [exponent, modulus].reduce(KeyBlob.packed("ssh-rsa".utf8)) { blob, number in
            let digits = number.drop { $0 == 0 }
            return blob + KeyBlob.packed((digits.first ?? 0) & 0x80 == 0 ? Array(digits) : [0] + digits)
        }
    }

    /// The bare signature, or nil for an algorithm that is none of these.
    func signature(of data: [UInt8], by algorithm: String) -> [UInt8]? {
        let signed: _RSA.Signing.RSASignature? =
            if algorithm.hasPrefix("rsa-sha2-512") {
                try? key.signature(for: SHA512.hash(data: data), padding: .insecurePKCS1v1_5)
            } else if algorithm.hasPrefix("rsa-sha2-256") {
                try? key.signature(for: SHA256.hash(data: data), padding: .insecurePKCS1v1_5)
            } else {
                nil
            }
        return signed.map { Array($0.rawRepresentation) }
    }
}
