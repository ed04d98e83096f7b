internal import Values

/// A public key as it travels: strings with their length before them.
///
/// - SeeAlso: RFC 4251 §5, RFC 4253 §6.6; for certificates PROTOCOL.certkeys of OpenSSH.
enum KeyBlob {
    /// The string at the offset, which moves behind it.
    static func string(in bytes: [UInt8], at offset: inout Int) -> [UInt8]? {
        guard let length = number(in: bytes, at: offset), offset + 4 + length <= bytes.count else { return nil }
        defer { offset += 4 + length }
        return Array(bytes[offset + 4..<offset + 4 + length])
    }

    /// The four bytes at the offset as a number.
    static func number(in bytes: [UInt8], at offset: Int) -> Int? {
        guard offset >= 0, offset + 4 <= bytes.count else { return nil }
        return bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    /// A string with its length before it.
    static func packed(_ bytes: some Collection<UInt8>) -> [UInt8] { packed(number: bytes.count) + bytes }

    static func packed(number: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    static func type(of blob: [UInt8]) -> String? {
        var offset = 0
        return string(in: blob, at: &offset).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: Certificates

    private static let certificateEnd = "-cert-v01@openssh.com"

    /// The type of the key that a certificate is about: `ssh-ed25519` for `ssh-ed25519-cert-v01@openssh.com`; nil for
    /// what is no certificate.
    static func plainType(ofCertificate type: String) -> String? {
        guard type.hasSuffix(certificateEnd) else { return nil }
        let plain = String(type.dropLast(certificateEnd.count))
        // Security keys have the domain in their plain name as well.
        return plain.hasPrefix("sk-") ? plain + "@openssh.com" : plain
    }

    /// The key that a certificate is about; nil for what is no certificate of a type that is known.
    static func plainKey(ofCertificate blob: [UInt8]) -> [UInt8]? {
        guard let type = type(of: blob), let plain = plainType(ofCertificate: type) else { return nil }
        let fields: Int? =
            switch plain {
            case "ssh-ed25519": 1
            case "ssh-rsa", "sk-ssh-ed25519@openssh.com": 2
            case let name where name.hasPrefix("ecdsa-sha2-"): 2
            case "sk-ecdsa-sha2-nistp256@openssh.com": 3
            default: nil
            }
        guard let fields else { return nil }
        var offset = 4 + type.utf8.count
        guard string(in: blob, at: &offset) != nil else { return nil }  // the nonce
        var key = packed(plain.utf8)
        for _ in 0..<fields {
            guard let field = string(in: blob, at: &offset) else { return nil }
            key += packed(field)
        }
        return key
    }

    /// The same key under another name of its type.
    static func renamed(_ blob: [UInt8], to type: String) -> [UInt8]? {
        var offset = 0
        guard string(in: blob, at: &offset) != nil else { return nil }
        return packed(type.utf8) + blob[offset...]
    }
}

/// A line of a `.pub` file: type, key, comment.
struct PublicKeyLine: Sendable {
    /// The line without its end, as libssh2 takes it.
    var text: String
    var blob: [UInt8]

    /// Nil if the text is no such line.
    init?(_ content: [UInt8]) {
        let line = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isNewline).first
        let words = (line ?? "").split(whereSeparator: \.isWhitespace)
        guard let line, words.count >= 2, let blob = Base64.decode(String(words[1])),
            KeyBlob.type(of: blob).map({ $0 == words[0] }) == true
        else { return nil }
        text = String(line)
        self.blob = blob
    }
}
