internal import Crypto

/// The digests that fingerprints are made with.
public enum X509Digests {
    /// Each digest of some bytes, by its name.
    public static func all(_ bytes: [UInt8]) -> [(name: String, digest: [UInt8])] {
        [
            ("md5", Array(Insecure.MD5.hash(data: bytes))), ("sha1", Array(Insecure.SHA1.hash(data: bytes))),
            ("sha256", Array(SHA256.hash(data: bytes))), ("sha384", Array(SHA384.hash(data: bytes))),
            ("sha512", Array(SHA512.hash(data: bytes))),
        ]
    }
}
