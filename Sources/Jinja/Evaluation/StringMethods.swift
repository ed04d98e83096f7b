internal import Diagnostics
internal import Values

/// Python's methods of text.
enum StringMethods {
    static let names: Set<String> = [
        "capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "format", "format_map", "index",
        "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
        "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "partition",
        "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip",
        "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill", "encode",
    ]

    static func call(_ call: MethodCall, on text: Text) throws(Diagnostic) -> Value? {
        let string = text.string
        switch call.name {
        case "format": return try PythonFormat.braces(call, text)
        case "format_map":
            guard case .map(let map) = try call.required(0, "mapping") else {
                throw Diagnostic(.template, "format_map() needs a dictionary")
            }
            return try PythonFormat.braces(
                MethodCall(evaluator: call.evaluator, name: "format", positional: [], named: map), text)
        case "startswith": return .bool(try fits(call, string) { $0.starts(with: $1) })
        case "endswith": return .bool(try fits(call, string) { $0.reversed().starts(with: $1.reversed()) })
        case "split", "rsplit", "splitlines", "partition", "rpartition": return try pieces(call, string)
        case "count", "find", "index", "rfind", "rindex": return try found(call, string)
        case "encode":
            // There are no bytes here: text stays text.
            return .string(text)
        default:
            if let result = try changed(call, string) {
                return .string(Text(result, marks: text.marks.intersection(.secret)))
            }
            return .bool(has(call.name, string))
        }
    }

    /// The methods that answer text.
    private static func changed(_ call: MethodCall, _ string: String) throws(Diagnostic) -> String? {
        switch call.name {
        case "upper": return string.uppercased()
        case "lower", "casefold": return string.lowercased()
        case "capitalize": return PythonString.capitalize(string)
        case "title": return PythonString.title(string)
        case "swapcase":
            return string.unicodeScalars.map {
                $0.properties.isUppercase ? $0.properties.lowercaseMapping : $0.properties.uppercaseMapping
            }.joined()
        case "strip": return PythonString.strip(string, characters: try characters(call))
        case "lstrip": return PythonString.strip(string, characters: try characters(call), right: false)
        case "rstrip": return PythonString.strip(string, characters: try characters(call), left: false)
        case "replace":
            var result = GrowingText(call.evaluator.session)
            try result.append(
                string, replacing: try call.string(0, "old"), with: try call.string(1, "new"),
                count: try call.int(2, "count", default: -1))
            return try result.finished()
        case "join":
            var parts: [String] = []
            for item in try call.evaluator.elements(try call.required(0, "iterable")) {
                guard case .string(let part) = try call.evaluator.operand(item) else {
                    throw Diagnostic(
                        .template, "join() needs texts, but the list holds \(ErrorText.describe(item))",
                        remedy: "The filter '| join' takes anything.")
                }
                parts.append(part.string)
            }
            var result = GrowingText(call.evaluator.session)
            try result.append(parts, between: string)
            return try result.finished()
        case "removeprefix":
            let prefix = try call.string(0, "prefix")
            return string.utf8.starts(with: prefix.utf8)
                ? String(decoding: string.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : string
        case "removesuffix":
            let suffix = try call.string(0, "suffix")
            return !suffix.isEmpty && string.utf8.reversed().starts(with: suffix.utf8.reversed())
                ? String(decoding: string.utf8.dropLast(suffix.utf8.count), as: UTF8.self) : string
        case "zfill":
            let width = try width(call)
            let missing = max(0, width - PythonString.length(string))
            let sign = string.hasPrefix("-") || string.hasPrefix("+") ? String(string.prefix(1)) : ""
            return sign + String(repeating: "0", count: missing) + string.dropFirst(sign.count)
        case "ljust", "rjust", "center":
            let width = try width(call)
            let fill = call.argument(1)?.stringValue ?? " "
            let missing = max(0, width - PythonString.length(string))
            switch call.name {
            case "ljust": return PythonString.pad(string, width: width, fill: fill, left: 0, right: missing)
            case "rjust": return PythonString.pad(string, width: width, fill: fill, left: missing, right: 0)
            default: return PythonString.center(string, width: width, fill: fill)
            }
        case "expandtabs":
            let size = try call.int(0, "tabsize", default: 8)
            guard size <= 1000 else { throw Diagnostic(.template, "expandtabs() to \(size) columns is too wide") }
            var column = 0
            var result = ""
            for scalar in string.unicodeScalars {
                if scalar == "\t" {
                    let count = size > 0 ? size - column % size : 0
                    result += String(repeating: " ", count: count)
                    column += count
                } else {
                    result.unicodeScalars.append(scalar)
                    column = scalar == "\n" || scalar == "\r" ? 0 : column + 1
                }
            }
            return result
        default: return nil
        }
    }

    private static func width(_ call: MethodCall) throws(Diagnostic) -> Int {
        let width = try call.int(0, "width", default: 0)
        guard width <= 10_000_000 else {
            throw Diagnostic(.template, "\(call.name)() to a width of \(width) is too wide")
        }
        return width
    }

    private static func characters(_ call: MethodCall) throws(Diagnostic) -> String? {
        guard let value = call.argument(0, "chars"), !value.isNull else { return nil }
        return try call.string(0, "chars")
    }

    private static func fits(
        _ call: MethodCall, _ string: String, _ condition: ([UInt8], [UInt8]) -> Bool
    ) throws(Diagnostic) -> Bool {
        let wanted = try call.required(0, "prefix")
        let scalars = Array(string.unicodeScalars)
        let start = min(max(try call.int(1, default: 0), 0), scalars.count)
        let end = min(max(try call.int(2, default: scalars.count), start), scalars.count)
        let bytes = Array(PythonString.string(scalars[start..<end]).utf8)
        for option in wanted.elements ?? [wanted] {
            guard case .string(let part) = option else {
                throw Diagnostic(.template, "\(call.name)() needs text, not \(ErrorText.describe(option))")
            }
            if condition(bytes, Array(part.string.utf8)) { return true }
        }
        return false
    }

    private static func pieces(_ call: MethodCall, _ string: String) throws(Diagnostic) -> Value {
        func list(_ parts: [String]) -> Value { .list(parts.map { .string($0) }) }
        switch call.name {
        case "splitlines":
            return list(PythonString.splitLines(string, keepsEnds: call.argument(0, "keepends")?.isTruthy ?? false))
        case "partition", "rpartition":
            let separator = try call.string(0, "sep")
            guard !separator.isEmpty else { throw Diagnostic(.template, "the separator is empty") }
            let parts =
                call.name == "partition"
                ? PythonString.split(string, separator: separator, limit: 1)
                : PythonString.rsplit(string, separator: separator, limit: 1)
            if parts.count == 2 { return .tuple([.string(parts[0]), .string(separator), .string(parts[1])]) }
            return .tuple(call.name == "partition" ? [.string(string), "", ""] : ["", "", .string(string)])
        default:
            var separator: String?
            if let value = call.argument(0, "sep"), !value.isNull {
                separator = try call.string(0, "sep")
                guard separator?.isEmpty == false else { throw Diagnostic(.template, "the separator is empty") }
            }
            let limit = try call.int(1, "maxsplit", default: -1)
            return list(
                call.name == "split"
                    ? PythonString.split(string, separator: separator, limit: limit)
                    : PythonString.rsplit(string, separator: separator, limit: limit))
        }
    }

    private static func found(_ call: MethodCall, _ string: String) throws(Diagnostic) -> Value {
        let needle = Array(try call.string(0, "sub").unicodeScalars)
        let scalars = Array(string.unicodeScalars)
        var start = try call.int(1, default: 0)
        var end = try call.int(2, default: scalars.count)
        if start < 0 { start = max(0, start + scalars.count) }
        if end < 0 { end += scalars.count }
        end = min(end, scalars.count)
        var places: [Int] = []
        var index = start
        while index + needle.count <= end {
            if scalars[index..<index + needle.count].elementsEqual(needle) {
                places.append(index)
                if call.name == "find" || call.name == "index" { break }
                index += call.name == "count" ? max(1, needle.count) : 1
            } else {
                index += 1
            }
        }
        switch call.name {
        case "count": return .int(places.count)
        case "find": return .int(places.first ?? -1)
        case "rfind": return .int(places.last ?? -1)
        default:
            guard let place = call.name == "index" ? places.first : places.last else {
                throw Diagnostic(.template, "\(call.name)(): the text does not hold what is looked for")
            }
            return .int(place)
        }
    }

    private static func has(_ name: String, _ string: String) -> Bool {
        switch name {
        case "isalpha": PythonString.all(string) { isAlphabetic($0) }
        case "isdigit", "isdecimal":
            PythonString.all(string) {
                $0.properties.numericType == .decimal || (name == "isdigit" && $0.properties.numericType == .digit)
            }
        case "isnumeric": PythonString.all(string) { $0.properties.numericType != nil }
        case "isalnum": PythonString.all(string) { isAlphabetic($0) || $0.properties.numericType != nil }
        case "isspace": PythonString.all(string, PythonString.isSpace)
        case "isupper": PythonString.isUpper(string)
        case "islower": PythonString.isLower(string)
        case "istitle": PythonString.isTitle(string)
        case "isascii": PythonString.isASCII(string)
        case "isidentifier":
            PythonString.all(string) { isAlphabetic($0) || $0 == "_" || $0.properties.numericType == .decimal }
                && string.unicodeScalars.first.map { $0.properties.numericType == nil } ?? false
        case "isprintable":
            string.unicodeScalars.allSatisfy { $0 == " " || !($0.value < 0x20 || (0x7F...0xA0).contains($0.value)) }
        default: false
        }
    }

    private static func isAlphabetic(_ scalar: UnicodeScalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }
}
