import Diagnostics
internal import Values

/// The lines of an `authorized_keys` file, read as sshd reads them.
///
/// - SeeAlso: sshd(8), AUTHORIZED_KEYS FILE FORMAT.
struct AuthorizedKeys: Sendable {
    /// A key, or a line that is none: a comment, a blank line, something broken.
    struct Entry: Sendable {
        /// The key in base64; for other lines, the line itself.
        var key: String
        /// `ssh-ed25519` and the like; nil for lines that are no keys.
        var type: String?
        var options: [Option] = []
        var comment = ""
        /// Where it goes among the others.
        var rank: Int

        /// Whether it says the same, in whatever order its options are.
        func says(_ other: Entry) -> Bool {
            key == other.key && type == other.type && comment == other.comment
                && options.sorted(by: Option.precedes) == other.options.sorted(by: Option.precedes)
        }

        var line: String {
            guard let type else { return key }
            let words = options.map { option in option.value.map { "\(option.name)=\($0)" } ?? option.name }
            return (words.isEmpty ? "" : words.joined(separator: ",") + " ") + "\(type) \(key) \(comment)"
        }
    }

    /// `no-pty`, or `from="10.0.0.0/8"` with its quotes.
    struct Option: Sendable, Equatable {
        var name: String
        var value: String?

        static func precedes(_ left: Option, _ right: Option) -> Bool {
            (left.name, left.value ?? "") < (right.name, right.value ?? "")
        }
    }

    private(set) var entries: [Entry] = []

    init(_ lines: [String]) {
        for (rank, line) in lines.enumerated() {
            put(Self.parse(line, rank: rank) ?? Entry(key: line, rank: rank))
        }
    }

    /// The entry in place of the one with its key, if there is one, else as a further one.
    mutating func put(_ entry: Entry) {
        if let index = entries.firstIndex(where: { $0.key == entry.key }) {
            entries[index] = entry
        } else {
            entries.append(entry)
        }
    }

    func entry(_ key: String) -> Entry? { entries.first { $0.key == key && $0.type != nil } }

    mutating func remove(where isToGo: (Entry) -> Bool) { entries.removeAll(where: isToGo) }

    /// The file's text, every line in its place.
    var text: String {
        entries.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
            .map { $0.element.line + "\n" }.joined()
    }

    /// Reads a line; nil if there is no key in it.
    static func parse(_ line: String, rank: Int) -> Entry? {
        let words = line.split { $0 == " " || $0 == "\t" || $0.isNewline }.map(String.init)
        if words.first == "#" { return nil }
        guard let at = words.firstIndex(where: types.contains), at + 1 < words.count else { return nil }
        return Entry(
            key: words[at + 1], type: words[at], options: options(words[..<at].joined(separator: " ")),
            comment: words[(at + 2)...].joined(separator: " "), rank: rank)
    }

    /// Splits options at commas outside of quotes.
    static func options(_ text: String) -> [Option] {
        var parts: [String] = []
        var part = ""
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "," {
                parts.append(part)
                part = ""
                continue
            }
            part.append(character)
        }
        parts.append(part)
        return parts.filter { !$0.isEmpty }.map { part in
            guard let equals = part.firstIndex(of: "=") else { return Option(name: part, value: nil) }
            return Option(name: String(part[..<equals]), value: String(part[part.index(after: equals)...]))
        }
    }

    private static let types: Set<String> = {
        let plain = [
            "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-ed25519", "ssh-dss", "ssh-rsa",
            "rsa-sha2-256", "rsa-sha2-512",
        ]
        let atOpenSSH = [
            "sk-ecdsa-sha2-nistp256", "sk-ecdsa-sha2-nistp256-cert-v01", "webauthn-sk-ecdsa-sha2-nistp256",
            "sk-ssh-ed25519", "sk-ssh-ed25519-cert-v01", "ssh-xmss", "ssh-xmss-cert-v01",
        ]
        return Set(plain + (plain.map { $0 + "-cert-v01" } + atOpenSSH).map { $0 + "@openssh.com" })
    }()
}
