internal import Diagnostics
internal import Values

/// Python's two ways to put values into text: `'%s' % x` and `'{}'.format(x)`.
enum PythonFormat {
    // MARK: The % operator

    static func percent(_ format: Text, _ arguments: Value) throws(Diagnostic) -> Value {
        var waiting: [Value]
        switch arguments {
        case .tuple(let items): waiting = items
        default: waiting = [arguments]
        }
        let map = arguments.mapValue
        var result = ""
        var scalars = Array(format.string.unicodeScalars)[...]
        var usesMap = false
        func nextArgument() throws(Diagnostic) -> Value {
            guard !waiting.isEmpty else {
                throw Diagnostic(
                    .template, "not enough arguments for the format '\(format.isSecret ? "********" : format.string)'")
            }
            return waiting.removeFirst()
        }
        while let scalar = scalars.popFirst() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            if scalars.first == "%" {
                scalars.removeFirst()
                result += "%"
                continue
            }
            var key: String?
            if scalars.first == "(" {
                guard let close = scalars.firstIndex(of: ")") else {
                    throw Diagnostic(.template, "the format's key has no ')'")
                }
                key = PythonString.string(scalars[scalars.startIndex + 1..<close])
                scalars = scalars[(close + 1)...]
            }
            var spec = Spec()
            while let flag = scalars.first, "-+ #0".unicodeScalars.contains(flag) {
                switch flag {
                case "-": spec.alignment = "<"
                case "+": spec.sign = "+"
                case " ": if spec.sign != "+" { spec.sign = " " }
                case "#": spec.isAlternate = true
                default: spec.padsWithZeros = true
                }
                scalars.removeFirst()
            }
            func number() throws(Diagnostic) -> Int? {
                if scalars.first == "*" {
                    scalars.removeFirst()
                    guard let whole = try nextArgument().wholeNumber else {
                        throw Diagnostic(.template, "'*' in a format needs a number")
                    }
                    return whole.clamped.asBound
                }
                var digits = ""
                while let digit = scalars.first, ("0"..."9").contains(digit) {
                    digits.unicodeScalars.append(digit)
                    scalars.removeFirst()
                }
                return digits.isEmpty ? nil : Int(digits)
            }
            spec.width = try number() ?? 0
            if spec.width < 0 {
                spec.alignment = "<"
                spec.width = -spec.width
            }
            if scalars.first == "." {
                scalars.removeFirst()
                spec.precision = max(0, try number() ?? 0)
            }
            while let length = scalars.first, "hlL".unicodeScalars.contains(length) { scalars.removeFirst() }
            guard let kind = scalars.popFirst() else {
                throw Diagnostic(.template, "the format ends within a placeholder")
            }
            let value: Value
            if let key {
                guard let map, let found = map[key] else {
                    throw Diagnostic(.template, "the format needs the key '\(key)'")
                }
                usesMap = true
                value = found
            } else {
                value = try nextArgument()
            }
            result += try formatted(value, kind: kind, spec)
            guard result.utf8.count < 64 << 20 else { throw Diagnostic(.template, "the formatted text is too long") }
        }
        // A list, which could be asked for what a key names, may be left over; a tuple's elements may not.
        var mayRemain = map != nil
        if case .list = arguments { mayRemain = true }
        if !usesMap, !mayRemain, !waiting.isEmpty {
            throw Diagnostic(.template, "the format has fewer placeholders than it was given arguments")
        }
        let isSecret = format.isSecret || arguments.holdsSecret
        return .string(Text(result, marks: isSecret ? .secret : []))
    }

    struct Spec {
        var fill: UnicodeScalar = " "
        var alignment: UnicodeScalar?
        var sign: UnicodeScalar = "-"
        var isAlternate = false
        var padsWithZeros = false
        var width = 0
        var grouping: UnicodeScalar?
        var precision: Int?
        var kind: UnicodeScalar?
    }

    private static func formatted(_ value: Value, kind: UnicodeScalar, _ spec: Spec) throws(Diagnostic) -> String {
        var spec = spec
        if spec.width > 1_000_000 { throw Diagnostic(.template, "the format's width is too large") }
        switch kind {
        case "s", "r", "a":
            var text = kind == "s" ? PythonPrint.text(value) : PythonPrint.representation(value)
            if let precision = spec.precision { text = PythonString.string(text.unicodeScalars.prefix(precision)) }
            return padded(text, spec, standard: ">")
        case "c":
            if let whole = value.wholeNumber {
                guard let scalar = UInt32(exactly: whole.clamped).flatMap(UnicodeScalar.init) else {
                    throw Diagnostic(.template, "%c format: there is no character \(ErrorText.describe(value))")
                }
                return padded(String(scalar), spec, standard: ">")
            }
            return padded(PythonPrint.text(value), spec, standard: ">")
        case "d", "i", "u":
            guard let number = value.number else {
                throw Diagnostic(.template, "%\(kind) format: a number is required, not \(ErrorText.describe(value))")
            }
            guard let whole = number.whole ?? WholeNumber(truncating: number.asDouble) else {
                throw Diagnostic(.template, "%\(kind) format: the number is not finite")
            }
            try PythonPrint.checkSize(whole.value)
            return numeric(sign: whole.signum < 0, digits: precise(whole.digits(), spec), spec)
        case "x", "X", "o":
            guard let whole = value.wholeNumber else {
                throw Diagnostic(
                    .template, "%\(kind) format: a whole number is required, not \(ErrorText.describe(value))")
            }
            var digits = precise(whole.digits(radix: kind == "o" ? 8 : 16, uppercase: kind == "X"), spec)
            if spec.isAlternate { digits = (kind == "o" ? "0o" : "0\(kind)") + digits }
            return numeric(sign: whole.signum < 0, digits: digits, spec)
        case "f", "F", "e", "E", "g", "G":
            guard let number = value.number else {
                throw Diagnostic(.template, "%\(kind) format: a number is required, not \(ErrorText.describe(value))")
            }
            spec.kind = kind
            let double = try Arithmetic.float(number)
            return numeric(
                sign: double.sign == .minus && !double.isNaN,
                digits: floating(double.magnitude, kind, spec.precision ?? 6), spec)
        default: throw Diagnostic(.template, "the format has no placeholder '%\(kind)'")
        }
    }

    /// At least as many digits as the precision of a whole number's placeholder says.
    private static func precise(_ digits: String, _ spec: Spec) -> String {
        let missing = min(spec.precision ?? 0, 1_000_000) - digits.utf8.count
        return missing > 0 ? String(repeating: "0", count: missing) + digits : digits
    }

    private static func floating(_ value: Double, _ kind: UnicodeScalar, _ digits: Int) -> String {
        switch kind {
        case "e": PythonMath.exponential(value, digits: digits)
        case "E": PythonMath.exponential(value, digits: digits).uppercased()
        case "g": PythonMath.general(value, digits: digits)
        case "G": PythonMath.general(value, digits: digits).uppercased()
        default: PythonMath.fixed(value, digits: digits)
        }
    }

    private static func numeric(sign isNegative: Bool, digits: String, _ spec: Spec) -> String {
        let sign = isNegative ? "-" : spec.sign == "-" ? "" : String(spec.sign)
        if spec.padsWithZeros, spec.alignment == nil {
            let missing = max(0, spec.width - sign.utf8.count - digits.utf8.count)
            return sign + String(repeating: "0", count: missing) + digits
        }
        return padded(sign + digits, spec, standard: ">")
    }

    private static func padded(_ text: String, _ spec: Spec, standard: UnicodeScalar) -> String {
        let missing = spec.width - PythonString.length(text)
        guard missing > 0 else { return text }
        let fill = String(spec.fill)
        switch spec.alignment ?? standard {
        case "<": return text + String(repeating: fill, count: missing)
        case "^":
            return String(repeating: fill, count: missing / 2) + text
                + String(repeating: fill, count: missing - missing / 2)
        default: return String(repeating: fill, count: missing) + text
        }
    }

    // MARK: str.format

    static func braces(_ call: MethodCall, _ format: Text) throws(Diagnostic) -> Value {
        var counter = 0
        let result = try expanded(Array(format.string.unicodeScalars), call, &counter, depth: 0)
        let isSecret =
            format.isSecret || call.positional.contains(where: \.holdsSecret) || Value.map(call.named).holdsSecret
        return .string(Text(result, marks: isSecret ? .secret : []))
    }

    private static func expanded(
        _ scalars: [UnicodeScalar], _ call: MethodCall, _ counter: inout Int, depth: Int
    ) throws(Diagnostic) -> String {
        guard depth < 3 else { throw Diagnostic(.template, "the format's placeholders nest too deeply") }
        var result = ""
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            if scalar == "{" || scalar == "}" {
                if index < scalars.count, scalars[index] == scalar {
                    result.unicodeScalars.append(scalar)
                    index += 1
                    continue
                }
                guard scalar == "{" else { throw Diagnostic(.template, "a single '}' stands in the format") }
                var level = 1
                let start = index
                while index < scalars.count, level > 0 {
                    if scalars[index] == "{" { level += 1 }
                    if scalars[index] == "}" { level -= 1 }
                    index += 1
                }
                guard level == 0 else { throw Diagnostic(.template, "a '{' is never closed in the format") }
                result += try field(Array(scalars[start..<index - 1]), call, &counter, depth: depth)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func field(
        _ scalars: [UnicodeScalar], _ call: MethodCall, _ counter: inout Int, depth: Int
    ) throws(Diagnostic) -> String {
        var name = scalars[...]
        var specText: [UnicodeScalar] = []
        var conversion: UnicodeScalar?
        if let mark = scalars.firstIndex(where: { $0 == "!" || $0 == ":" }) {
            name = scalars[..<mark]
            var rest = scalars[mark...]
            if rest.first == "!" {
                conversion = rest.dropFirst().first
                rest = rest.dropFirst(2)
            }
            if rest.first == ":" { specText = Array(rest.dropFirst()) }
        }
        var value = try fieldValue(PythonString.string(name), call, &counter)
        switch conversion {
        case "r"?, "a"?: value = .string(PythonPrint.representation(value))
        case "s"?: value = .string(PythonPrint.text(value))
        default: break
        }
        let spec = try expanded(specText, call, &counter, depth: depth + 1)
        if case .object(let moment as DateTimeObject) = value, !spec.isEmpty { return moment.formatted(spec) }
        return try formatted(value, spec: spec)
    }

    private static func fieldValue(
        _ name: String, _ call: MethodCall, _ counter: inout Int
    ) throws(Diagnostic) -> Value {
        let end = name.firstIndex { $0 == "." || $0 == "[" } ?? name.endIndex
        let head = String(name[..<end])
        var value: Value
        if head.isEmpty {
            value = try call.required(counter, "\(counter)")
            counter += 1
        } else if let index = Int(head) {
            value = try call.required(index, "\(index)")
        } else if let named = call.named[head] {
            value = named
        } else {
            throw Diagnostic(.template, "the format needs the argument '\(head)'")
        }
        var rest = name[end...]
        while let mark = rest.first {
            rest = rest.dropFirst()
            if mark == "[" {
                let close = rest.firstIndex(of: "]") ?? rest.endIndex
                let key = String(rest[..<close])
                rest = close == rest.endIndex ? rest[close...] : rest[rest.index(after: close)...]
                value = try call.evaluator.item(value, Int(key).map { .int($0) } ?? .string(key), at: 0)
            } else {
                let close = rest.firstIndex { $0 == "." || $0 == "[" } ?? rest.endIndex
                value = try call.evaluator.attribute(value, String(rest[..<close]), at: 0)
                rest = rest[close...]
            }
        }
        return try call.evaluator.operand(value)
    }

    /// `format(value, spec)`
    static func formatted(_ value: Value, spec text: String) throws(Diagnostic) -> String {
        if text.isEmpty { return PythonPrint.text(value) }
        var spec = try parse(text)
        guard spec.width < 1_000_000, spec.precision ?? 0 < 400 else {
            throw Diagnostic(.template, "the format's width is too large")
        }
        if let number = value.number, spec.kind != "s" {
            let kind = spec.kind
            var digits: String
            let isNegative: Bool
            switch (number, kind) {
            case (.int, nil), (.int, "d"?), (.int, "n"?), (.large, nil), (.large, "d"?), (.large, "n"?):
                guard spec.precision == nil, let whole = number.whole else {
                    throw Diagnostic(.template, "the format '\(text)' gives a whole number a precision")
                }
                try PythonPrint.checkSize(value)
                digits = whole.digits()
                isNegative = whole.signum < 0
            case (.int, "x"?), (.int, "X"?), (.int, "o"?), (.int, "b"?), (.large, "x"?), (.large, "X"?),
                (.large, "o"?), (.large, "b"?):
                let radix = kind == "o" ? 8 : kind == "b" ? 2 : 16
                digits = number.whole?.digits(radix: radix, uppercase: kind == "X") ?? ""
                if spec.isAlternate, let kind { digits = "0\(kind)" + digits }
                isNegative = (number.whole?.signum ?? 0) < 0
            case (.int(let int), "c"?):
                return padded(
                    UInt32(exactly: int).flatMap(UnicodeScalar.init).map { String($0) } ?? "", spec, standard: "<")
            case (_, "%"?):
                let double = try Arithmetic.float(number)
                digits = PythonMath.fixed(double.magnitude * 100, digits: spec.precision ?? 6) + "%"
                isNegative = double.sign == .minus && !double.isNaN
            case (_, "f"?), (_, "F"?), (_, "e"?), (_, "E"?), (_, "g"?), (_, "G"?):
                let double = try Arithmetic.float(number)
                digits = floating(double.magnitude, kind ?? "f", spec.precision ?? 6)
                isNegative = double.sign == .minus && !double.isNaN
            case (.double(let double), nil):
                digits =
                    spec.precision.map { PythonMath.general(double.magnitude, digits: $0) }
                    ?? Value.pythonFloat(double.magnitude)
                isNegative = double.sign == .minus && !double.isNaN
            default: throw Diagnostic(.template, "the format '\(text)' does not fit \(ErrorText.describe(value))")
            }
            if let grouping = spec.grouping { digits = grouped(digits, grouping) }
            if spec.alignment == "=" {
                spec.alignment = nil
                let sign = isNegative ? "-" : spec.sign == "-" ? "" : String(spec.sign)
                let missing = max(0, spec.width - sign.utf8.count - digits.utf8.count)
                return sign + String(repeating: String(spec.fill), count: missing) + digits
            }
            return numeric(sign: isNegative, digits: digits, spec)
        }
        guard value.text != nil, spec.kind == nil || spec.kind == "s", spec.grouping == nil else {
            throw Diagnostic(.template, "the format '\(text)' does not fit \(ErrorText.describe(value))")
        }
        var string = PythonPrint.text(value)
        if let precision = spec.precision { string = PythonString.string(string.unicodeScalars.prefix(precision)) }
        return padded(string, spec, standard: "<")
    }

    private static func grouped(_ digits: String, _ separator: UnicodeScalar) -> String {
        let whole = digits.prefix { ("0"..."9").contains($0) }
        var result = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { result.unicodeScalars.append(separator) }
            result.append(digit)
        }
        return result + digits.dropFirst(whole.count)
    }

    private static func parse(_ text: String) throws(Diagnostic) -> Spec {
        var spec = Spec()
        var rest = Array(text.unicodeScalars)[...]
        let alignments: Set<UnicodeScalar> = ["<", ">", "^", "="]
        if rest.count >= 2, alignments.contains(rest[rest.startIndex + 1]) {
            spec.fill = rest[rest.startIndex]
            spec.alignment = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
        } else if let first = rest.first, alignments.contains(first) {
            spec.alignment = first
            rest = rest.dropFirst()
        }
        if let sign = rest.first, "+- ".unicodeScalars.contains(sign) {
            spec.sign = sign
            rest = rest.dropFirst()
        }
        if rest.first == "#" {
            spec.isAlternate = true
            rest = rest.dropFirst()
        }
        if rest.first == "0" {
            spec.padsWithZeros = true
            rest = rest.dropFirst()
        }
        func number() -> Int? {
            var digits = ""
            while let digit = rest.first, ("0"..."9").contains(digit) {
                digits.unicodeScalars.append(digit)
                rest = rest.dropFirst()
            }
            return Int(digits)
        }
        spec.width = number() ?? 0
        if let grouping = rest.first, grouping == "," || grouping == "_" {
            spec.grouping = grouping
            rest = rest.dropFirst()
        }
        if rest.first == "." {
            rest = rest.dropFirst()
            spec.precision = number()
        }
        spec.kind = rest.popFirst()
        guard rest.isEmpty else { throw Diagnostic(.template, "'\(text)' is not a format") }
        return spec
    }
}
