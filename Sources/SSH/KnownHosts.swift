internal import Crypto
internal import Diagnostics
internal import Values

/// What known_hosts files say, each line with its place.
///
/// Plain and hashed names, patterns, negation, ports, `@revoked` and `@cert-authority`: libssh2's own reader
/// knows neither patterns nor markers.
///
/// - SeeAlso: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.
struct KnownHosts {
    enum Marker { case none, revoked, authority }

    struct Entry {
        var marker: Marker
        var names: Substring
        var type: String
        /// The key in base64, as it stands there.
        var key: String
        /// `file:line`.
        var place: String
    }

    /// What they say about a host's key.
    enum Verdict: Equatable {
        case trusted
        case revoked(at: String)
        /// A key of that type is known, and it is another.
        case changed(at: String)
        /// Only keys of other types are known.
        case otherTypes([String], at: String)
        /// Only an authority for certificates is known for this host.
        case onlyAuthority(at: String)
        case unknown
    }

    private(set) var entries: [Entry] = []

    init(_ files: [(path: String, text: String)] = []) {
        for (path, text) in files { add(text, path) }
    }

    private mutating func add(_ text: String, _ path: String) {
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            var marker = Marker.none
            if first == "@revoked" { marker = .revoked }
            if first == "@cert-authority" { marker = .authority }
            if marker != .none { words.removeFirst() }
            guard words.count >= 3 else { continue }
            entries.append(
                Entry(
                    marker: marker, names: words[0], type: String(words[1]), key: String(words[2]),
                    place: "\(path):\(number)"))
        }
    }

    /// The name a host goes by: `web01`, `[web01]:2222`.
    static func name(of host: String, port: Int) -> String {
        let host = host.lowercased()
        return port == 22 ? host : "[\(host)]:\(port)"
    }

    /// The key types known for a host, for asking it for one of these.
    func types(for name: String) -> [String] {
        var types: [String] = []
        for entry in entries where entry.marker == .none && !types.contains(entry.type) && entry.matches(name) {
            types.append(entry.type)
        }
        return types
    }

    /// Looks a key up.
    ///
    /// - Parameters:
    ///   - name: The host, as `name(of:port:)` gives it.
    ///   - type: The key's type, `ssh-ed25519`.
    ///   - key: The key in base64.
    /// - Returns: What the files say; a revocation counts before everything else.
    func verdict(on name: String, type: String, key: String) -> Verdict {
        let matching = entries.filter { $0.matches(name) }
        if let entry = matching.first(where: { $0.marker == .revoked && $0.key == key }) {
            return .revoked(at: entry.place)
        }
        let plain = matching.filter { $0.marker == .none }
        if plain.contains(where: { $0.type == type && $0.key == key }) { return .trusted }
        if let entry = plain.first(where: { $0.type == type }) { return .changed(at: entry.place) }
        if let entry = plain.first { return .otherTypes(plain.map(\.type), at: entry.place) }
        if let entry = matching.first(where: { $0.marker == .authority }) { return .onlyAuthority(at: entry.place) }
        return .unknown
    }
}

extension KnownHosts.Entry {
    /// Whether the line is about that host.
    func matches(_ name: String) -> Bool {
        if names.hasPrefix("|1|") { return matchesHash(name) }
        var isMatch = false
        for pattern in names.split(separator: ",") {
            if pattern.hasPrefix("!") {
                // A name that is ruled out is ruled out whatever else stands in the line.
                if Self.matches(Array(pattern.dropFirst().lowercased().utf8), Array(name.utf8)) { return false }
            } else if Self.matches(Array(pattern.lowercased().utf8), Array(name.utf8)) {
                isMatch = true
            }
        }
        return isMatch
    }

    private func matchesHash(_ name: String) -> Bool {
        let parts = names.split(separator: "|")
        guard parts.count == 3, let salt = Base64.decode(parts[1]),
            let hash = Base64.decode(parts[2])
        else { return false }
        let code = HMAC<Insecure.SHA1>.authenticationCode(for: Array(name.utf8), using: SymmetricKey(data: salt))
        return Array(code) == hash
    }

    /// Shell-like patterns of `*` and `?`.
    private static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        var at = 0
        var inPattern = 0
        var star: (pattern: Int, name: Int)?
        while at < name.count {
            if inPattern < pattern.count, pattern[inPattern] == UInt8(ascii: "*") {
                star = (inPattern, at)
                inPattern += 1
            } else if inPattern < pattern.count,
                pattern[inPattern] == UInt8(ascii: "?") || pattern[inPattern] == name[at]
            {
                inPattern += 1
                at += 1
            } else if let back = star {
                star = (back.pattern, back.name + 1)
                inPattern = back.pattern + 1
                at = back.name + 1
            } else {
                return false
            }
        }
        return pattern[inPattern...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
