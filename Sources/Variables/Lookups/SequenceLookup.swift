import Diagnostics
import Jinja
import Values

/// `with_sequence`: numbers as text, `start=1 end=5 stride=2 format=web%02d`, or the short form `1-5/2:web%02d`.
extension Lookups {
    static let sequence: Function = { (terms, options, _) throws(Diagnostic) in
        var result: [Value] = []
        if terms.isEmpty, options.values.isEmpty { return [] }
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
    /// Larger numbers could overflow when they are multiplied.
    private static let largest: UInt = 1 << 30

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
        guard let value = Int(text) else { throw wrong(text) }
        return value
    }

    private func wrong(_ text: String) -> Diagnostic {
        Diagnostic(
            .badValue, "'\(text)' is no sequence of numbers",
            remedy: "Write 'count=4', 'start=1 end=10 stride=3 format=web%02d' or '1-10/3:web%02d'.")
    }

    func texts() throws(Diagnostic) -> [String] {
        let last: Int
        let step = stride ?? 1
        for number in [start, end ?? 0, count ?? 0, step] where number.magnitude > Self.largest {
            throw Diagnostic(.badValue, "with_sequence cannot count with \(number)")
        }
        switch (end, count) {
        case (nil, nil):
            throw Diagnostic(.badValue, "with_sequence needs 'count' or 'end'", remedy: "Such as 'count=4'.")
        case (_?, _?):
            throw Diagnostic(.badValue, "with_sequence takes 'count' or 'end', not both")
        case (let end?, nil): last = end
        case (nil, let count?):
            if count == 0 { return [] }
            // Counted downwards there is one more, as there always was.
            last = start + count * step - 1
        }
        guard step != 0 else { return [] }
        guard (last >= start) == (step > 0) || last == start else {
            throw Diagnostic(.badValue, "to count from \(start) to \(last) the stride must not be \(step)")
        }
        let number = (last - start) / step + 1
        guard number <= Self.most else {
            throw Diagnostic(.badValue, "with_sequence of \(number) numbers; at most \(Self.most) make sense")
        }
        guard format.count(where: { $0 == "%" }) == 1 else { throw badFormat }
        let engine = TemplateEnvironment()
        let formatted = Text("format % number")
        var result: [String] = []
        for index in 0..<number {
            let values: ValueMap = ["format": .string(format), "number": .int(start + index * step)]
            let text = try engine.evaluateExpression(formatted, in: MapScope(values, environment: engine))
            result.append(text.pythonText)
        }
        return result
    }

    private var badFormat: Diagnostic {
        Diagnostic(.badValue, "'\(format)' is no format for a number", remedy: "Such as 'web%02d'.")
    }
}
