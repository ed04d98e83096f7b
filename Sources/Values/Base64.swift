/// Bytes as text of 64 signs (RFC 4648).
public enum Base64 {
    /// Which signs stand for 62 and 63.
    public enum Alphabet: Sendable {
        /// `+` and `/`.
        case standard
        /// `-` and `_`, for addresses and file names.
        case urlSafe

        fileprivate var signs: [UInt8] {
            Array(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(self == .standard ? "+/" : "-_")".utf8)
        }
    }

    private static let standardSigns = Alphabet.standard.signs
    private static let urlSafeSigns = Alphabet.urlSafe.signs

    public static func encode(_ bytes: some Collection<UInt8>, _ alphabet: Alphabet = .standard) -> String {
        String(decoding: encodedBytes(Array(bytes)[...], alphabet: alphabet), as: UTF8.self)
    }

    /// The same as bytes, with a line end after so many signs, which is a multiple of 4; 0 for one line.
    public static func encodedBytes(
        _ bytes: ArraySlice<UInt8>, lineLength: Int = 0, alphabet: Alphabet = .standard
    ) -> [UInt8] {
        let encoded = (bytes.count + 2) / 3 * 4
        let size = lineLength == 0 ? encoded : encoded + max(0, (encoded - 1) / lineLength)
        return [UInt8](unsafeUninitializedCapacity: size) { output, count in
            (alphabet == .standard ? standardSigns : urlSafeSigns).withUnsafeBufferPointer { signs in
                bytes.withUnsafeBufferPointer { bytes in
                    var at = 0
                    var column = 0
                    var to = 0
                    while at < bytes.count {
                        if lineLength > 0, column == lineLength {
                            output[to] = UInt8(ascii: "\n")
                            to += 1
                            column = 0
                        }
                        let left = bytes.count - at
                        let word =
                            UInt32(bytes[at]) << 16 | (left > 1 ? UInt32(bytes[at + 1]) << 8 : 0)
                            | (left > 2 ? UInt32(bytes[at + 2]) : 0)
                        output[to] = signs[Int(word >> 18 & 63)]
                        output[to + 1] = signs[Int(word >> 12 & 63)]
                        output[to + 2] = left > 1 ? signs[Int(word >> 6 & 63)] : UInt8(ascii: "=")
                        output[to + 3] = left > 2 ? signs[Int(word & 63)] : UInt8(ascii: "=")
                        to += 4
                        column += 4
                        at += 3
                    }
                    count = to
                }
            }
        }
    }

    /// The bytes behind a text of either alphabet; line ends are passed over, and padding may be missing.
    ///
    /// - Returns: Nil if any other sign is in it.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var result: [UInt8] = []
        var word: UInt32 = 0
        var bits = 0
        for byte in text.utf8 where byte != UInt8(ascii: "=") && byte != 10 && byte != 13 {
            guard let value = value(of: byte, .standard) ?? value(of: byte, .urlSafe) else { return nil }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return result
    }

    /// The text behind a text of either alphabet; nil if there is none, or if it is no UTF-8.
    public static func decodedText(_ text: some StringProtocol) -> String? {
        decode(text).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The bytes behind a text as Python reads it: signs that do not belong to the alphabet are passed over, but the
    /// padding must be right.
    ///
    /// - Returns: Nil if the padding is wrong.
    public static func decodeLeniently(_ text: String, _ alphabet: Alphabet = .standard) -> [UInt8]? {
        var result: [UInt8] = []
        var word: UInt32 = 0
        var count = 0
        var padding = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "=") {
                padding += 1
                if count >= 2, count + padding >= 4 { break }
                continue
            }
            guard let value = value(of: byte, alphabet) else { continue }
            padding = 0
            word = word << 6 | UInt32(value)
            count += 1
            if count == 4 {
                result += [UInt8(word >> 16 & 255), UInt8(word >> 8 & 255), UInt8(word & 255)]
                word = 0
                count = 0
            }
        }
        switch count {
        case 0: return result
        case 2 where padding >= 2: return result + [UInt8(word >> 4 & 255)]
        case 3 where padding >= 1: return result + [UInt8(word >> 10 & 255), UInt8(word >> 2 & 255)]
        default: return nil
        }
    }

    private static func value(of sign: UInt8, _ alphabet: Alphabet) -> UInt8? {
        switch sign {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): sign - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): sign - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): sign - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+") where alphabet == .standard, UInt8(ascii: "-") where alphabet == .urlSafe: 62
        case UInt8(ascii: "/") where alphabet == .standard, UInt8(ascii: "_") where alphabet == .urlSafe: 63
        default: nil
        }
    }
}
