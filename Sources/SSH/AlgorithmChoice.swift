internal import CLibSSH2
internal import Diagnostics
internal import Target
internal import Values

/// Tells libssh2 which algorithms to take, before the handshake.
@IOLoop
enum AlgorithmChoice {
    /// - Parameter usual: The host-key algorithms to ask for where nobody says anything about them.
    /// - Throws: `Diagnostic` with code `.unsupported` if the library has none of those that were asked for.
    static func apply(_ settings: SSHSettings, usual: String, to session: SSHSession) throws(Diagnostic) {
        // libssh2 1.10 takes what it does not know out of a list by copying bytes over themselves: it is given only
        // what it has.
        let known = supported(LIBSSH2_METHOD_HOSTKEY, session)
        let usual = usual.split(separator: ",").map(String.init).filter(known.contains)
        libssh2_session_method_pref(session.raw, LIBSSH2_METHOD_HOSTKEY, usual.joined(separator: ","))
        for (kind, list) in settings.algorithms.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let methods: [Int32] =
                switch kind {
                case .hostKey: [LIBSSH2_METHOD_HOSTKEY]
                case .keyExchange: [LIBSSH2_METHOD_KEX]
                case .cipher: [LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC]
                case .code: [LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC]
                }
            for method in methods {
                let all = supported(method, session)
                let wanted = chosen(list, from: kind == .hostKey ? usual : all).filter(all.contains)
                guard !wanted.isEmpty,
                    libssh2_session_method_pref(session.raw, method, wanted.joined(separator: ",")) == 0
                else {
                    throw Diagnostic(
                        .unsupported, "libssh2 \(SessionHandle.version) has none of the \(kind.rawValue) '\(list)'",
                        remedy: "It has: \(all.joined(separator: ", ")).")
                }
            }
        }
    }

    /// A list as ssh_config(5) writes it: `+` adds at the end, `^` at the front, `-` takes away.
    static func chosen(_ list: String, from base: [String]) -> [String] {
        let names = list.drop { "+-^".contains($0) }.split(separator: ",").map(String.init)
        switch list.first {
        case "+": return base + names.filter { !base.contains($0) }
        case "^": return names + base.filter { !names.contains($0) }
        case "-": return base.filter { !SSHPattern.fits($0, anyOf: names) }
        default: return names
        }
    }

    private static func supported(_ method: Int32, _ session: SSHSession) -> [String] {
        var list: UnsafeMutablePointer<UnsafePointer<CChar>?>?
        let count = libssh2_session_supported_algs(session.raw, method, &list)
        guard count > 0, let list else { return [] }
        defer { libssh2_free(session.raw, list) }
        return (0..<Int(count)).compactMap { list[$0].map { String(cString: $0) } }
    }
}
