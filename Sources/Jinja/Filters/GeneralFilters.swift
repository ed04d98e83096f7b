internal import Crypto
internal import Diagnostics
@_spi(_Unicode) internal import Swift
internal import Values

/// `community.general`: dictionaries made of lists, checks, versions, CSV.
enum GeneralFilters {
    static let all: [Filter] = [
        Filter("dict", .structural, dictionary),
        Filter("dict_kv", ["key"], required: 1, .structural) { call throws(Diagnostic) in
            .map([try key(try call.value(0)): call.input])
        },
        Filter("groupby_as_dict", ["attribute"], required: 1, .structural, grouped),
        Filter("counter", count),
        Filter("accumulate", accumulate),
        Filter("crc32") { call throws(Diagnostic) in
            guard case .string(let text) = call.input else { throw call.wrongInput("text") }
            return .string(String(CRC32.of(text.string.utf8), radix: 16))
        },
        Filter("random_mac", ["seed"], randomAddress),
        Filter("version_sort", ["reverse"]) { call throws(Diagnostic) in
            let sorted = try PythonOrder.sorted(
                try call.elements(), reverse: call.bool(0, default: false)
            ) { item throws(Diagnostic) in
                guard case .string(let text) = item else {
                    throw call.failure("'version_sort' sorts texts, but one element is \(ErrorText.describe(item))")
                }
                return LooseVersion.key(text.string)
            }
            return .list(sorted)
        },
        Filter("unicode_normalize", ["form"], normalize),
        Filter("from_csv", ["dialect", "fieldnames", "delimiter", "skipinitialspace", "strict"], readCSV),
    ]

    private static func key(_ value: Value) throws(Diagnostic) -> ValueMap.Key {
        guard let key = value.asKey else {
            throw Diagnostic(.template, "\(ErrorText.describe(value)) cannot be a dictionary's key")
        }
        return key
    }

    private static func dictionary(_ call: Call) throws(Diagnostic) -> Value {
        if case .map = call.input { return call.input }
        var map = ValueMap()
        for pair in try call.elements() {
            guard
                let parts = pair.elements ?? pair.mapValue?.keys.map(\.value)
                    ?? pair.text.map({ _ in (try? call.evaluator.elements(pair)) ?? [] }),
                parts.count == 2
            else { throw call.failure("'dict' needs pairs, but one element is \(ErrorText.describe(pair))") }
            map[try key(parts[0])] = parts[1]
        }
        return .map(map)
    }

    private static func grouped(_ call: Call) throws(Diagnostic) -> Value {
        guard let items = call.input.elements else { throw call.wrongInput("a list of dictionaries") }
        let attribute = try call.value(0)
        var result = ValueMap()
        for (place, item) in items.enumerated() {
            guard case .map(let map) = item else {
                throw call.failure(
                    "'groupby_as_dict' needs dictionaries, but element \(place) is \(ErrorText.describe(item))")
            }
            guard let value = map[try key(attribute)] else {
                throw call.failure("element \(place) has no '\(PythonPrint.text(attribute))'")
            }
            let group = try key(value)
            guard result[group] == nil else {
                throw call.failure(
                    "more than one element has \(ErrorText.describe(value)) as '\(PythonPrint.text(attribute))'")
            }
            result[group] = item
        }
        return .map(result)
    }

    private static func count(_ call: Call) throws(Diagnostic) -> Value {
        guard call.input.elements != nil || call.input.text != nil else { throw call.wrongInput("a list or text") }
        var result = ValueMap()
        for item in try call.elements() {
            let key = try key(item)
            result[key] = .int((result[key]?.intValue ?? 0) + 1)
        }
        return .map(result)
    }

    private static func accumulate(_ call: Call) throws(Diagnostic) -> Value {
        guard call.input.elements != nil || call.input.text != nil else { throw call.wrongInput("a list or text") }
        let limits = call.evaluator.session.environment.limits
        var result: [Value] = []
        for item in try call.elements() {
            guard let last = result.last else {
                result.append(item)
                continue
            }
            let sum = try Arithmetic.apply(.plus, last, item, limits: limits)
            // Each text or list is a new one, as long as all before it together.
            try call.evaluator.session.countBytes(sum.text?.string.utf8.count ?? (sum.elements?.count ?? 0) * 8)
            result.append(sum)
        }
        return .list(result)
    }

    /// CRC-32 as zip files have it (ISO 3309).
    private static func randomAddress(_ call: Call) throws(Diagnostic) -> Value {
        guard case .string(let text) = call.input else { throw call.wrongInput("text, such as '52:54:00'") }
        let prefix = text.string.lowercased()
        let words = prefix.split(separator: ":", omittingEmptySubsequences: false)
        guard words.count <= 5 else { throw call.failure("'random_mac' completes up to 5 bytes, not \(words.count)") }
        for word in words where word.prefix(2).count < 2 || !word.prefix(2).allSatisfy(\.isHexDigit) {
            throw call.failure("'\(word)' in '\(prefix)' is no byte in hexadecimal digits")
        }
        let lowest = 0x10_0000_0000
        let count = 0xFF_FFFF_FFFF - lowest + 1
        var number = Int.random(in: 0..<count)
        call.noteVolatile()
        if let seed = call[0], !seed.isNull {
            guard var generator = MersenneTwister(seed: seed) else {
                throw call.wrongArgument(0, "text or a whole number", seed)
            }
            number = generator.below(count)
        }
        var digits = String(lowest + number, radix: 16).prefix(2 * (6 - words.count))
        var result = prefix
        while digits.count >= 2 {
            result += ":" + digits.prefix(2)
            digits = digits.dropFirst(2)
        }
        return .string(result)
    }

    private static func normalize(_ call: Call) throws(Diagnostic) -> Value {
        guard case .string(let text) = call.input else { throw call.wrongInput("text") }
        var result = String.UnicodeScalarView()
        switch try call.string(0, default: "NFC") {
        case "NFC": for scalar in text.string._nfc { result.append(scalar) }
        case "NFD": for scalar in text.string._nfd { result.append(scalar) }
        case "NFKC", "NFKD":
            throw Diagnostic(
                .unsupported, "'unicode_normalize' does not support the compatibility forms NFKC and NFKD",
                remedy: "NFC and NFD are supported.")
        case let other:
            throw call.failure("'unicode_normalize' knows no form '\(other)'", remedy: "Its forms are NFC and NFD.")
        }
        return .string(String(result))
    }

    private static func readCSV(_ call: Call) throws(Diagnostic) -> Value {
        var reader = CSVText()
        switch try call.string(0, default: "excel") {
        case "excel", "unix": break
        case "excel-tab": reader.delimiter = "\t"
        case let other:
            throw call.failure(
                "'from_csv' knows no dialect '\(other)'", remedy: "Its dialects are excel, excel-tab and unix.")
        }
        if let delimiter = call[2], !delimiter.isNull {
            guard let text = delimiter.stringValue, text.unicodeScalars.count == 1, let sign = text.unicodeScalars.first
            else { throw call.wrongArgument(2, "one character", delimiter) }
            reader.delimiter = sign
        }
        if let skips = call[3], !skips.isNull { reader.skipsInitialSpace = skips.isTruthy }
        if let strict = call[4], !strict.isNull { reader.isStrict = strict.isTruthy }
        let text = call.text
        var rows = try reader.rows(text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text)
        var names: [Value] = []
        if let given = call[1], !given.isNull {
            names = try call.evaluator.elements(given)
        } else if !rows.isEmpty {
            names = rows.removeFirst().map { .string($0) }
        }
        var result: [Value] = []
        for row in rows where !row.isEmpty {
            var map = ValueMap()
            for (place, name) in names.enumerated() {
                map[try key(name)] = place < row.count ? .string(row[place]) : .null
            }
            // What is past the names has none.
            if row.count > names.count { map[.null] = .list(row[names.count...].map { .string($0) }) }
            result.append(.map(map))
        }
        return .list(result)
    }
}

extension MersenneTwister {
    /// Seeded as Python's `Random(seed)`; nil for what is neither text nor a whole number.
    init?(seed: Value) {
        switch seed {
        case .string(let text): self.init(text: text.string)
        default:
            guard let number = seed.wholeNumber else { return nil }
            self.init(number: number)
        }
    }
}
