internal import Values

/// What can be told of a private key's file without its passphrase.
struct PrivateKey {
    var path: String
    var content: [UInt8]
    var isEncrypted: Bool
    var isRSA: Bool

    /// Nil if the text is no private key.
    init?(path: String, content: [UInt8]) {
        let text = String(decoding: content, as: UTF8.self)
        guard let begin = text.firstRange(of: "-----BEGIN "), text.contains("PRIVATE KEY-----") else { return nil }
        self.path = path
        self.content = content
        let kind = text[begin.upperBound...].prefix { !$0.isNewline }
        isRSA = kind.hasPrefix("RSA ")
        isEncrypted = kind.hasPrefix("ENCRYPTED ") || text.contains("Proc-Type: 4,ENCRYPTED")
        guard kind.hasPrefix("OPENSSH ") else { return }
        // "openssh-key-v1" NUL, cipher, key derivation, its options, number of keys, the public key.
        let body = text[begin.upperBound...].drop { !$0.isNewline }.prefix { $0 != "-" }
        guard let bytes = Base64.decode(String(body.filter { !$0.isWhitespace })) else { return }
        var offset = 15
        guard let cipher = KeyBlob.string(in: bytes, at: &offset) else { return }
        isEncrypted = cipher != Array("none".utf8)
        for _ in 0..<2 { _ = KeyBlob.string(in: bytes, at: &offset) }
        offset += 4
        if let key = KeyBlob.string(in: bytes, at: &offset) { isRSA = KeyBlob.type(of: key) == "ssh-rsa" }
    }
}
