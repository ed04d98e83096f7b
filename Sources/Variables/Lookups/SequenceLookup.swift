import Diagnostics
import Values

/// `with_sequence`: numbers as text, `start=1 end=5 stride=2 format=web%02d`, or the short form `1-5/2:web%02d`.
extension Lookups {
    static let sequence: Function = { (terms, options, _) throws(Diagnostic) in
        var result: [Value] = []
        let asked = terms.isEmpty ? [Value.string("")] : terms
        for term in asked {
            var sequence = NumberSequence()
            if case .map(let map) = term { try sequence.take(map) } else { try sequence.take(term.pythonText) }
            try sequence.take(options.values)
            result += try sequence.texts().map { .string($0) }
        }
        return result
    }
}

/// The numbers asked for.
private struct NumberSequence {
    private var start = 1
    private var end: Int?
    private var count: Int?
    private var stride: Int?
    private var format = "%d"
    private static let most = 1_000_000

    mutating func take(_ options: ValueMap) throws(Diagnostic) {
        for (key, value) in options { try set(key.text, value.pythonText) }
    }

    mutating func take(_ text: String) throws(Diagnostic) {
        if text.isEmpty { return }
        if text.contains("=") {
            for word in text.split(whereSeparator: \.isWhitespace) {
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { throw wrong(text) }
                try set(parts[0], parts[1])
            }
            return
        }
        var rest = text[...]
        if let colon = rest.firstIndex(of: ":") {
            format = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        if let slash = rest.firstIndex(of: "/") {
            stride = try number(String(rest[rest.index(after: slash)...]))
            rest = rest[..<slash]
        }
        if let dash = rest.dropFirst().firstIndex(of: "-") {
            start = try number(String(rest[..<dash]))
            end = try number(String(rest[rest.index(after: dash)...]))
        } else {
            end = try number(String(rest))
        }
    }

    private mutating func set(_ name: String, _ value: String) throws(Diagnostic) {
        switch name {
        case "start": start = try number(value)
        case "end": end = try number(value)
        case "count": count = try number(value)
        case "stride": stride = try number(value)
        case "format": format = value
        default:
            throw Diagnostic(
                .badValue, "with_sequence knows no '\(name)'",
                remedy: NearestNames.hint(name, among: ["start", "end", "count", "stride", "format"]))
        }
    }

    private func number(_ text: String) throws(Diagnostic) -> Int {
        if text.hasPrefix("0x") || text.hasPrefix("0X"), let value = Int(text.dropFirst(2), radix: 16) { return value }
        if text.count > 1, text.hasPrefix("0"), let value = Int(text.dropFirst(), radix: 8) { return value }
        guard let value = Int(text) else { throw wrong(text) }
        return value
    }

    private func wrong(_ text: String) -> Diagnostic {
        Diagnostic(
            .badValue, "'\(text)' is no sequence of numbers",
            remedy: "Write 'count=4', 'start=1 end=10 stride=3 format=web%02d' or '1-10/3:web%02d'.")
    }

    func texts() throws(Diagnostic) -> [String] {
        var last: Int
        let step: Int
        switch (end, count) {
        case (nil, nil):
            throw Diagnostic(.badValue, "with_sequence needs 'count' or 'end'", remedy: "Such as 'count=4'.")
        case (_?, _?):
            throw Diagnostic(.badValue, "with_sequence takes 'count' or 'end', not both")
        case (let end?, nil):
            last = end
            step = stride ?? 1
        case (nil, let count?):
            if count == 0 { return [] }
            step = stride ?? 1
            last = start + (count - 1) * step
        }
        guard step != 0 else { return [] }
        guard (last >= start) == (step > 0) || last == start else {
            throw Diagnostic(.badValue, "to count from \(start) to \(last) the stride must not be \(step)")
        }
        let count = (last - start) / step + 1
        guard count <= Self.most else {
            throw Diagnostic(.badValue, "with_sequence of \(count) numbers; at most \(Self.most) make sense")
        }
        return try (0..<count).map { start + $0 * step }.map { (value) throws(Diagnostic) in try formatted(value) }
    }

    /// The number in printf's format; one conversion of `d`, `i`, `u`, `x`, `X`, `o` is what makes sense here.
    private func formatted(_ value: Int) throws(Diagnostic) -> String {
        guard let percent = format.firstIndex(of: "%") else { throw badFormat }
        var index = format.index(after: percent)
        var isZeroPadded = false
        var isLeft = false
        while index < format.endIndex, "0-+ #".contains(format[index]) {
            isZeroPadded = isZeroPadded || format[index] == "0"
            isLeft = isLeft || format[index] == "-"
            index = format.index(after: index)
        }
        var width = 0
        while index < format.endIndex, let digit = format[index].wholeNumberValue {
            width = min(width * 10 + digit, 4096)
            index = format.index(after: index)
        }
        guard index < format.endIndex else { throw badFormat }
        var digits: String
        switch format[index] {
        case "d", "i", "u": digits = String(value)
        case "x": digits = String(value, radix: 16)
        case "X": digits = String(value, radix: 16, uppercase: true)
        case "o": digits = String(value, radix: 8)
        default: throw badFormat
        }
        if digits.count < width {
            let padding = String(repeating: isZeroPadded && !isLeft ? "0" : " ", count: width - digits.count)
            if isLeft {
                digits += padding
            } else if isZeroPadded, digits.hasPrefix("-") {
                digits = "-" + padding + digits.dropFirst()
            } else {
                digits = padding + digits
            }
        }
        return format[..<percent] + digits + format[format.index(after: index)...]
    }

    private var badFormat: Diagnostic {
        Diagnostic(.badValue, "'\(format)' is no format for a number", remedy: "Such as 'web%02d'.")
    }
}
