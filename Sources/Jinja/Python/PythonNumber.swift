internal import Values

/// Reading numbers from text as Python's `int()` and `float()` do.
enum PythonNumber {
    /// `int(text, base)`, or nil where Python raises or the number has more than 64 bits.
    static func int(_ text: String, base: Int = 10) -> Int? {
        if case .number(.small(let int)) = whole(text, base: base) { int } else { nil }
    }

    /// `int(text, base)` of any size.
    static func whole(_ text: String, base: Int = 10) -> WholeNumber.Reading {
        if base == 10, let int = Int(text) { return .number(.small(int)) }
        var word = PythonString.strip(text, characters: nil)
        var isNegative = false
        if word.hasPrefix("-") || word.hasPrefix("+") {
            isNegative = word.hasPrefix("-")
            word.removeFirst()
        }
        var base = base
        let prefix = word.prefix(2).lowercased()
        let bases = ["0x": 16, "0o": 8, "0b": 2]
        if let found = bases[prefix], base == found || base == 0 {
            word.removeFirst(2)
            if word.hasPrefix("_") { word.removeFirst() }
            base = found
        } else if base == 0 {
            base = 10
        }
        guard let first = word.first, first != "_", word.last != "_", !word.contains("__"), !word.hasPrefix("+"),
            !word.hasPrefix("-"), (2...36).contains(base)
        else { return .none }
        return WholeNumber.read((isNegative ? "-" : "") + word.filter { $0 != "_" }, radix: base)
    }

    /// `float(text)`, or nil where Python raises.
    static func double(_ text: String) -> Double? {
        let word = PythonString.strip(text, characters: nil).lowercased()
        switch word {
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        case "nan", "+nan", "-nan": return .nan
        default: break
        }
        guard let first = word.utf8.first, first != UInt8(ascii: "_"), !word.hasSuffix("_"), !word.contains("__"),
            word.utf8.allSatisfy({ "0123456789+-.e_".utf8.contains($0) })
        else { return nil }
        return Double(word.filter { $0 != "_" })
    }

    /// A whole number from a float, if it fits.
    static func int(_ double: Double) -> Int? { Int(exactly: double.rounded(.towardZero)) }
}
