/// Text from hosts, made fit for a terminal: what would move the cursor, change colours or hide lines is shown, not
/// obeyed.
public enum SafeText {
    /// The text with control characters written out (`\x1b`); tabs and, if wanted, line ends stay.
    public static func visible(_ text: String, keepsLines: Bool = true) -> String {
        guard text.unicodeScalars.contains(where: { isUnsafe($0, keepsLines: keepsLines) }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isUnsafe(scalar, keepsLines: keepsLines) {
                result.append(contentsOf: written(scalar).unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar, keepsLines: Bool) -> Bool {
        switch scalar.value {
        case 0x09: false
        case 0x0A: !keepsLines
        case 0..<0x20, 0x7F..<0xA0: true
        // Marks that turn the direction of text around make a line read as another.
        case 0x202A...0x202E, 0x2066...0x2069, 0x200E, 0x200F: true
        default: false
        }
    }

    private static func written(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0x0A: return "\\n"
        case 0x0D: return "\\r"
        default:
            let digits = String(scalar.value, radix: 16)
            return scalar.value > 0xFF ? "\\u{\(digits)}" : "\\x" + (digits.count < 2 ? "0" : "") + digits
        }
    }
}
