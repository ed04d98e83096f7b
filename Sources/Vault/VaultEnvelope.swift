public import Diagnostics
internal import Values

/// A sealed text taken apart: `$ANSIBLE_VAULT;1.1;AES256` or `1.2` with the label of its password.
///
/// The lines below the header are the hexadecimal form of three hexadecimal numbers: salt, authentication code and
/// ciphertext. The label is a hint for finding the password; nothing protects it.
public struct VaultEnvelope: Sendable {
    /// `1.1` or `1.2`.
    public let version: String
    /// The vault id of format 1.2, nil where none was written.
    public let label: String?
    let salt: [UInt8]
    let code: [UInt8]
    let ciphertext: [UInt8]

    static let header = "$ANSIBLE_VAULT"

    /// Whether a text begins as a sealed one does.
    public static func isSealed(_ bytes: some Sequence<UInt8>) -> Bool { bytes.starts(with: header.utf8) }

    /// Whether a text begins as a sealed one does.
    public static func isSealed(_ text: String) -> Bool { isSealed(text.utf8) }

    /// Takes a sealed text apart. Blanks around lines are passed over, as in an indented `!vault |` block.
    ///
    /// - Throws: `Diagnostic` with code `.vault`: not sealed, another format or cipher, or damaged.
    public init(_ text: String) throws(Diagnostic) {
        guard Self.isSealed(text) else {
            throw Diagnostic(
                .vault, "this is not vaulted data: it does not begin with '\(Self.header)'",
                remedy: "Seal it with `swiftprov vault encrypt`, or use it as it is.")
        }
        var lines = text.split(whereSeparator: \.isNewline).map(Self.trimmed).filter { !$0.isEmpty }
        let fields = lines.removeFirst().split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        guard fields.count >= 3 else { throw Self.damaged("its first line lacks the version or the cipher") }
        guard fields[1] == "1.1" || fields[1] == "1.2" else {
            throw Diagnostic(
                .vault, "vault format '\(fields[1])' is not known",
                remedy: "Seal it anew; formats 1.1 and 1.2 are read.")
        }
        guard fields[2] == "AES256" else {
            throw Diagnostic(
                .vault, "vault cipher '\(fields[2])' is not known",
                remedy: "Seal it anew with AES256, the only one in use.")
        }
        version = fields[1]
        label = fields.count >= 4 && !fields[3].isEmpty ? fields[3] : nil

        guard let inner = Hex.decoded(lines.joined().utf8) else {
            throw Self.damaged("its text is not hexadecimal")
        }
        let parts = inner.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let salt = Hex.decoded(parts[0]), let code = Hex.decoded(parts[1]),
            let ciphertext = Hex.decoded(parts[2])
        else { throw Self.damaged("it is cut short or mixed up") }
        guard code.count == 32, !salt.isEmpty, !ciphertext.isEmpty else {
            throw Self.damaged("it is cut short")
        }
        self.salt = salt
        self.code = code
        self.ciphertext = ciphertext
    }

    init(label: String?, salt: [UInt8], code: [UInt8], ciphertext: [UInt8]) {
        // `default` is what no label means, so it needs no newer format.
        self.label = label == "default" ? nil : label
        version = self.label == nil ? "1.1" : "1.2"
        self.salt = salt
        self.code = code
        self.ciphertext = ciphertext
    }

    /// The sealed text, in lines of 80 characters with a line end after each.
    public var text: String {
        var text = "\(Self.header);\(version);AES256"
        if let label { text += ";\(label)" }
        text += "\n"
        let inner = [salt, code, ciphertext].map { Hex.encoded($0) }.joined(separator: "\n")
        var line = Substring(Hex.encoded(Array(inner.utf8)))
        while !line.isEmpty {
            text += line.prefix(80) + "\n"
            line = line.dropFirst(80)
        }
        return text
    }

    static func damaged(_ how: String) -> Diagnostic {
        Diagnostic(
            .vault, "the vaulted data is damaged: \(how)",
            remedy: "Restore it from version control or seal the value anew; check that no line was lost in an edit.")
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var text = text[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}

/// Bytes as pairs of hexadecimal digits.
enum Hex {
    static func encoded(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func decoded(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text {
            let digit: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = character - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? bytes : nil
    }
}
