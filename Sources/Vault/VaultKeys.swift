internal import Crypto
internal import CryptoExtras
internal import Diagnostics
internal import Synchronization

/// The keys that a password and a salt give: one to encrypt, one to authenticate, and the first counter block.
struct VaultKeys: Sendable {
    let cipherKey: SymmetricKey
    let codeKey: SymmetricKey
    let counter: [UInt8]

    /// PBKDF2 with SHA-256, 10,000 rounds, 80 bytes; the numbers are the format's own.
    init(password: [UInt8], salt: [UInt8]) throws(Diagnostic) {
        do {
            let derived = try KDF.Insecure.PBKDF2.deriveKey(
                from: password, salt: salt, using: .sha256, outputByteCount: 80, unsafeUncheckedRounds: 10_000)
            let bytes = derived.withUnsafeBytes { Array($0) }
            cipherKey = SymmetricKey(data: bytes[0..<32])
            codeKey = SymmetricKey(data: bytes[32..<64])
            counter = Array(bytes[64..<80])
        } catch {
            throw Diagnostic(.internal, "the vault key could not be derived: \(error)")
        }
    }

    /// The plaintext, or nil if the authentication code says that these are not the keys.
    ///
    /// - Throws: `Diagnostic` with code `.vault` if the keys are right but the padding is not.
    func opened(_ envelope: VaultEnvelope) throws(Diagnostic) -> [UInt8]? {
        // `isValidAuthenticationCode` compares in constant time.
        guard HMAC<SHA256>.isValidAuthenticationCode(envelope.code, authenticating: envelope.ciphertext, using: codeKey)
        else { return nil }
        var plain = try crypted(envelope.ciphertext)
        guard let padding = plain.last, (1...16).contains(padding), Int(padding) <= plain.count,
            plain.suffix(Int(padding)).allSatisfy({ $0 == padding })
        else { throw VaultEnvelope.damaged("its padding is wrong") }
        plain.removeLast(Int(padding))
        return plain
    }

    func sealed(_ plain: [UInt8], salt: [UInt8], label: String?) throws(Diagnostic) -> VaultEnvelope {
        let padding = 16 - plain.count % 16
        let ciphertext = try crypted(plain + [UInt8](repeating: UInt8(padding), count: padding))
        let code = Array(HMAC<SHA256>.authenticationCode(for: ciphertext, using: codeKey))
        return VaultEnvelope(label: label, salt: salt, code: code, ciphertext: ciphertext)
    }

    /// In counter mode encrypting and decrypting are the same.
    private func crypted(_ bytes: [UInt8]) throws(Diagnostic) -> [UInt8] {
        do {
            let nonce = try AES._CTR.Nonce(nonceBytes: counter)
            return Array(try AES._CTR.encrypt(bytes, using: cipherKey, nonce: nonce))
        } catch {
            throw Diagnostic(.internal, "the vault cipher failed: \(error)")
        }
    }
}

/// Keys already derived in this run: deriving takes some 10 ms, and one salt may be asked for many times.
final class VaultKeyCache: Sendable {
    private struct Source: Hashable {
        var password: [UInt8]
        var salt: [UInt8]
    }

    private let keys = Mutex<[Source: VaultKeys]>([:])

    func keys(password: [UInt8], salt: [UInt8]) throws(Diagnostic) -> VaultKeys {
        let source = Source(password: password, salt: salt)
        if let known = keys.withLock({ $0[source] }) { return known }
        // Derived outside the lock, so that several threads can derive at once.
        let derived = try VaultKeys(password: password, salt: salt)
        keys.withLock { $0[source] = derived }
        return derived
    }
}
