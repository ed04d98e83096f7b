internal import Crypto
import Values

/// Whether a stored password is the one a task gives: servers keep a hash, never the password.
///
/// - SeeAlso: RFC 5802 and RFC 7677 for SCRAM-SHA-256; the MD5 form is PostgreSQL's own.
enum PostgresPassword {
    /// Whether a text is a hash that the server would store as it is.
    static func isHash(_ text: String) -> Bool {
        if text.hasPrefix("SCRAM-SHA-256$") { return text.split(separator: "$").count == 3 }
        return text.hasPrefix("md5") && text.utf8.count == 35
            && text.dropFirst(3).allSatisfy { $0.isHexDigit && $0.isASCII }
    }

    /// - Parameters:
    ///   - password: As the task gives it: plain, or a hash.
    ///   - stored: As `pg_authid` has it; nil for none.
    static func matches(_ password: String, _ stored: String?, user: String) -> Bool {
        guard let stored, !stored.isEmpty else { return password.isEmpty }
        if isHash(password) { return password == stored }
        if stored.hasPrefix("SCRAM-SHA-256$") { return matchesSCRAM(password, stored) }
        if stored.hasPrefix("md5") {
            return stored == "md5" + FilePlacement.hex(Insecure.MD5.hash(data: Array((password + user).utf8)))
        }
        return password == stored
    }

    /// `SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY`
    private static func matchesSCRAM(_ password: String, _ stored: String) -> Bool {
        let parts = stored.split(whereSeparator: { $0 == "$" || $0 == ":" }).map(String.init)
        guard parts.count == 5, let rounds = Int(parts[1]), (1...10_000_000).contains(rounds),
            let salt = Base64.decode(parts[2]), let serverKey = Base64.decode(parts[4])
        else { return false }
        let salted = saltedPassword(Array(password.utf8), salt, rounds)
        let key = HMAC<SHA256>.authenticationCode(for: Array("Server Key".utf8), using: SymmetricKey(data: salted))
        return Array(key) == serverKey
    }

    /// PBKDF2 with HMAC-SHA-256, one block long.
    private static func saltedPassword(_ password: [UInt8], _ salt: [UInt8], _ rounds: Int) -> [UInt8] {
        let key = SymmetricKey(data: password)
        var block = Array(HMAC<SHA256>.authenticationCode(for: salt + [0, 0, 0, 1], using: key))
        var result = block
        for _ in 1..<max(2, rounds) where rounds > 1 {
            block = Array(HMAC<SHA256>.authenticationCode(for: block, using: key))
            for index in result.indices { result[index] ^= block[index] }
        }
        return result
    }
}
