import Results
internal import Values

/// A server's address with the name and password in it apart, so that neither is shown, nor handed to a program where
/// the host's other users see it.
struct Address: Sendable {
    /// The address without them.
    let text: String
    /// Decoded; nil if the address names nobody.
    let user: String?
    let password: String?

    init(_ written: String) {
        guard let scheme = written.firstRange(of: "://"),
            let at = Self.authority(of: written, from: scheme.upperBound).lastIndex(of: "@")
        else {
            (text, user, password) = (written, nil, nil)
            return
        }
        let named = written[scheme.upperBound..<at]
        let colon = named.firstIndex(of: ":") ?? named.endIndex
        text = String(written[..<scheme.upperBound] + written[written.index(after: at)...])
        user = Self.decoded(named[..<colon])
        password = Self.decoded(named[colon...].dropFirst())
    }

    /// A text as it may be shown: passwords in its addresses are masked.
    ///
    /// Over HTTP a name alone is masked, too, and so is one beside an empty password: tokens are written so.
    static func masked(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let scheme = rest.firstRange(of: "://") {
            result += rest[..<scheme.upperBound]
            let isWeb =
                rest[..<scheme.lowerBound].lowercased().hasSuffix("http")
                || rest[..<scheme.lowerBound].lowercased().hasSuffix("https")
            let authority = authority(of: rest, from: scheme.upperBound)
            rest = rest[scheme.upperBound...]
            guard let at = authority.lastIndex(of: "@") else { continue }
            let named = authority[..<at]
            let colon = named.firstIndex(of: ":")
            let password = colon.map { named[named.index(after: $0)...] } ?? ""
            if password.isEmpty || password == "x-oauth-basic" {
                result += isWeb ? Redactor.mask : String(named)
            } else {
                result += named.prefix { $0 != ":" } + ":" + Redactor.mask
            }
            rest = rest[at...]
        }
        return result + rest
    }

    /// Who and where: all up to the path, or to what ends an address within a text.
    private static func authority(of text: some StringProtocol, from start: String.Index) -> Substring {
        Substring(text[start...].prefix { !"/?#'\"<>".contains($0) && !$0.isWhitespace })
    }

    /// A part in which `%40` stands for `@`.
    private static func decoded(_ part: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
