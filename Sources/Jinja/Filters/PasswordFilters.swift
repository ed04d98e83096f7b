internal import CCrypt
internal import Diagnostics
internal import Values

/// Passwords as `/etc/shadow` keeps them, hashed by the system's libcrypt.
enum PasswordFilters {
    static let all: [Filter] = [
        Filter("password_hash", ["hashtype", "salt", "salt_size", "rounds", "ident"], hash)
    ]

    private struct Method {
        var prefix: String
        var saltSizes: ClosedRange<Int>
        var saltSize: Int
        var rounds: ClosedRange<Int>?
        /// The rounds meant if the hash names none.
        var impliedRounds: Int?
        /// The rounds used if none are asked for.
        var usualRounds: Int?
    }

    private static let methods: [String: Method] = [
        "md5": Method(prefix: "1", saltSizes: 0...8, saltSize: 8),
        "sha256": Method(
            prefix: "5", saltSizes: 0...16, saltSize: 16, rounds: 1000...999_999_999, impliedRounds: 5000,
            usualRounds: 535_000),
        "sha512": Method(
            prefix: "6", saltSizes: 0...16, saltSize: 16, rounds: 1000...999_999_999, impliedRounds: 5000,
            usualRounds: 656_000),
        "blowfish": Method(
            prefix: "2b", saltSizes: 22...22, saltSize: 22, rounds: 4...31, impliedRounds: 12, usualRounds: 12),
    ]

    private static let aliases = [
        "md5_crypt": "md5", "sha256_crypt": "sha256", "sha512_crypt": "sha512", "bcrypt": "blowfish",
    ]

    private static let alphabet = Array("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    private static func hash(_ call: Call) throws(Diagnostic) -> Value {
        let name = try call.string(0, default: "sha512")
        guard let method = methods[aliases[name] ?? name] else {
            throw call.failure(
                "'password_hash' does not know '\(name)'",
                remedy: "Use one of \(methods.keys.sorted().joined(separator: ", ")).")
        }
        let salt = try salt(call, method)
        var setting = "$\(method.prefix)$"
        let rounds = try call.int(3, default: 0)
        if let implied = method.impliedRounds, let usual = method.usualRounds, let range = method.rounds {
            let count = rounds == 0 ? usual : rounds
            guard range.contains(count) else {
                throw call.failure("\(name) takes \(range.lowerBound) to \(range.upperBound) rounds, not \(count)")
            }
            if method.prefix == "2b" {
                let ident = try call.string(4, default: "2b")
                guard ["2b", "2a", "2y"].contains(ident) else {
                    throw call.failure("blowfish has the idents 2a, 2b and 2y, not '\(ident)'")
                }
                setting = "$\(ident)$\(count < 10 ? "0" : "")\(count)$"
            } else if count != implied {
                setting += "rounds=\(count)$"
            }
        }
        return .string(try crypted(call.text, setting + salt, call))
    }

    private static func salt(_ call: Call, _ method: Method) throws(Diagnostic) -> String {
        if let given = call[1], !given.isNull {
            let salt = PythonPrint.text(given)
            guard method.saltSizes.contains(salt.utf8.count) else {
                throw call.failure(
                    "the salt must have \(method.saltSizes.lowerBound) to \(method.saltSizes.upperBound) characters, not \(salt.utf8.count)"
                )
            }
            guard salt.utf8.allSatisfy(alphabet.contains) else {
                throw call.failure("the salt holds characters other than letters, digits, '.' and '/'")
            }
            return salt
        }
        let size = try call.int(2, default: method.saltSize)
        guard method.saltSizes.contains(size) else {
            throw call.failure(
                "the salt must have \(method.saltSizes.lowerBound) to \(method.saltSizes.upperBound) characters, not \(size)"
            )
        }
        call.noteVolatile()
        var generator = SystemRandomNumberGenerator()
        return String(
            decoding: (0..<size).map { _ in alphabet[Int.random(in: 0..<64, using: &generator)] }, as: UTF8.self)
    }

    private static func crypted(_ password: String, _ setting: String, _ call: Call) throws(Diagnostic) -> String {
        // The working memory is large; it goes on the heap.
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        data.initialize(to: crypt_data())
        defer {
            data.deinitialize(count: 1)
            data.deallocate()
        }
        guard !password.utf8.contains(0) else { throw call.failure("the password holds a NUL") }
        guard let raw = crypt_r(password, setting, data) else {
            throw call.failure("libcrypt refused to hash the password")
        }
        let result = String(cString: raw)
        // libcrypt tells failure by a text that no hash can be.
        guard result.hasPrefix("$") else {
            throw Diagnostic(.unsupported, "this system's libcrypt does not know the hash '\(setting.prefix(4))'")
        }
        return result
    }
}
