/// A MAC address (48 bits) or EUI-64, as network cards have it.
struct HardwareAddress: Sendable {
    let value: UInt64
    let isLong: Bool

    /// Reads the forms in use: `00:1b:77:49:54:fd`, `00-1B-77…`, `001b.7749.54fd`, `001b77:4954fd`, `001b774954fd`,
    /// a number, and those of EUI-64.
    init?(_ text: String) {
        if let number = Self.number(text, groups: Self.shortForms, bare: 11...12) {
            self = HardwareAddress(number, isLong: false)
        } else if let number = PythonNumber.int(text), number >= 0 {
            self.init(UInt64(number))
        } else if let number = Self.number(text, groups: Self.longForms, bare: 16...16) {
            self = HardwareAddress(number, isLong: true)
        } else {
            return nil
        }
    }

    init(_ number: UInt64) { self.init(number, isLong: number > 0xFFFF_FFFF_FFFF) }

    private init(_ number: UInt64, isLong: Bool) {
        value = number
        self.isLong = isLong
    }

    /// How many groups, of how many digits, between which signs.
    private typealias Grouping = (count: Int, digits: ClosedRange<Int>, separators: String)
    private static let shortForms: [Grouping] = [(6, 1...2, ":-"), (3, 1...4, ":-."), (2, 5...6, ":-")]
    private static let longForms: [Grouping] = [(8, 1...2, ":-"), (4, 1...4, ":-.")]

    private static func number(_ text: String, groups forms: [Grouping], bare: ClosedRange<Int>) -> UInt64? {
        func isHex(_ word: Substring) -> Bool { word.utf8.allSatisfy { Character(UnicodeScalar($0)).isHexDigit } }
        if bare.contains(text.utf8.count), isHex(text[...]) { return UInt64(text, radix: 16) }
        for form in forms {
            for separator in form.separators {
                let words = text.split(separator: separator, omittingEmptySubsequences: false)
                guard words.count == form.count,
                    words.allSatisfy({ form.digits.contains($0.utf8.count) && isHex($0) })
                else { continue }
                let bits = UInt64(form.digits.upperBound * 4)
                return words.reduce(0) { $0 << bits | (UInt64($1, radix: 16) ?? 0) }
            }
        }
        return nil
    }

    /// Ways to write the 48 bits.
    struct Form: Sendable {
        var digits: Int
        var separator: String
        var isUpper = false
        var isPadded = true
    }

    /// The ways to write a MAC address, by the names the filters have for them.
    static let forms: [String: Form] = {
        let windows = HardwareAddress.Form(digits: 2, separator: "-", isUpper: true)
        let database = HardwareAddress.Form(digits: 6, separator: ":")
        return [
            "bare": .init(digits: 12, separator: "", isUpper: true), "cisco": .init(digits: 4, separator: "."),
            "eui48": windows, "win": windows, "linux": .init(digits: 2, separator: ":"), "pgsql": database,
            "postgresql": database, "psql": database,
            "unix": .init(digits: 2, separator: ":", isPadded: false),
        ]
    }()

    /// The address in a form; nil for an EUI-64, which has more bits than these forms.
    func text(_ form: Form) -> String? {
        guard !isLong else { return nil }
        let bits = form.digits * 4
        return stride(from: 48 - bits, through: 0, by: -bits).map { shift in
            let word = value >> UInt64(shift) & ((UInt64(1) << UInt64(bits)) - 1)
            let digits = String(word, radix: 16, uppercase: form.isUpper)
            let padding = form.isPadded ? form.digits - digits.count : 0
            return String(repeating: "0", count: padding) + digits
        }.joined(separator: form.separator)
    }

    /// The interface identifier that stateless autoconfiguration makes of it (RFC 4291).
    var interfaceIdentifier: UInt64 {
        let long = isLong ? value : (value >> 24) << 40 | 0xFF_FE00_0000 | value & 0xFF_FFFF
        return long ^ 0x0200_0000_0000_0000
    }
}
