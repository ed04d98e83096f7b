internal import Diagnostics
internal import Values

/// Sizes for people.
enum SizeFilters {
    static let all: [Filter] = [
        Filter("filesizeformat", ["binary"], fileSize),
        Filter("human_readable", ["isbits", "unit"], readable),
        Filter("human_to_bytes", ["default_unit", "isbits"], bytes),
    ]

    private static func fileSize(_ call: Call) throws(Diagnostic) -> Value {
        let isBinary = call.bool(0, default: false)
        let given =
            try call.input.number.map(Arithmetic.float) ?? call.input.stringValue.flatMap(PythonNumber.double)
        guard let size = given, size.isFinite else { throw call.wrongInput("a number") }
        let base: Double = isBinary ? 1024 : 1000
        if size == 1 { return "1 Byte" }
        if size < base { return .string("\(WholeNumber(truncating: size)?.text ?? "0") Bytes") }
        let letters = ["k", "M", "G", "T", "P", "E", "Z", "Y"]
        var unit = base
        for (index, letter) in letters.enumerated() {
            unit *= base
            if size < unit || index == letters.count - 1 {
                let number = PythonMath.fixed(base * size / unit, digits: 1)
                return .string("\(number) \(isBinary ? letter.uppercased() + "iB" : letter + "B")")
            }
        }
        return .null
    }

    /// Powers of 1024 by letter, the largest first.
    private static let ranges: [(letter: String, power: Int)] = [
        ("Y", 80), ("Z", 70), ("E", 60), ("P", 50), ("T", 40), ("G", 30), ("M", 20), ("K", 10), ("B", 0),
    ]

    private static func readable(_ call: Call) throws(Diagnostic) -> Value {
        guard let number = call.input.number else { throw call.wrongInput("a number") }
        let size = try Arithmetic.float(number)
        let isBits = call.bool(0, default: false)
        let unit = call[1].flatMap { $0.isNull ? nil : PythonPrint.text($0).uppercased() }
        let word = isBits ? "bits" : "Bytes"
        let range =
            ranges.first { range in
                unit.map { $0 == range.letter } ?? (size >= PythonMath.power(2, Double(range.power)))
            } ?? ("B", 0)
        let suffix = range.power == 0 ? word : range.letter + word.prefix(1)
        return .string(PythonMath.fixed(size / PythonMath.power(2, Double(range.power)), digits: 2) + " " + suffix)
    }

    private static let names = [
        "B": ("byte", "bit"), "K": ("kilobyte", "kilobit"), "M": ("megabyte", "megabit"), "G": ("gigabyte", "gigabit"),
        "T": ("terabyte", "terabit"), "P": ("petabyte", "petabit"), "E": ("exabyte", "exabit"),
        "Z": ("zettabyte", "zettabit"), "Y": ("yottabyte", "yottabit"),
    ]

    private static func bytes(_ call: Call) throws(Diagnostic) -> Value {
        let text = Array(call.text.utf8)
        let regex = try Regex.compiled("([0-9]*\\.?[0-9]+)(?:\\s*([A-Za-z]+))?\\s*$")
        guard let match = try regex.firstMatch(in: text, anchored: true), let digits = match.ranges[1],
            let number = Double(String(decoding: text[digits], as: UTF8.self))
        else { throw call.failure("'human_to_bytes' cannot read \(ErrorText.describe(call.input))") }
        let isBits = call.bool(1, default: false)
        let given = match.ranges[2].map { String(decoding: text[$0], as: UTF8.self) }
        guard let unit = given ?? call[0].flatMap({ $0.isNull ? nil : PythonPrint.text($0) }), let first = unit.first
        else {
            return try whole(number, call)
        }
        let letter = first.uppercased()
        guard let range = ranges.first(where: { $0.letter == letter }), let name = names[letter] else {
            throw call.failure("'\(unit)' is no unit of size", remedy: "Units begin with one of B K M G T P E Z Y.")
        }
        if unit.utf8.count > 1 {
            let short = letter == "B" ? (isBits ? "b" : "B") : letter + (isBits ? "b" : "B")
            guard unit == short || unit.lowercased() == (isBits ? name.1 : name.0) else {
                throw call.failure(
                    "'\(unit)' is not the unit expected here",
                    remedy: "Write '\(short)' or '\(isBits ? name.1 : name.0)'.")
            }
        }
        return try whole(number * PythonMath.power(2, Double(range.power)), call)
    }

    private static func whole(_ number: Double, _ call: Call) throws(Diagnostic) -> Value {
        guard let whole = WholeNumber(truncating: number.rounded(.toNearestOrEven)) else {
            throw call.failure("the size is too large for a float")
        }
        return whole.value
    }
}
