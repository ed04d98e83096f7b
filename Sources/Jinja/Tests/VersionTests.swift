internal import Diagnostics
internal import Values

/// Comparing version numbers.
enum VersionTests {
    static let all: [Test] = [
        Test("version", ["version", "operator", "strict", "version_type"], required: 1, compare),
        Test("version_compare", ["version", "operator", "strict", "version_type"], required: 1, compare),
    ]

    private static let operators: [String: @Sendable (Int) -> Bool] = [
        "==": { $0 == 0 }, "=": { $0 == 0 }, "eq": { $0 == 0 }, "<": { $0 < 0 }, "lt": { $0 < 0 }, "<=": { $0 <= 0 },
        "le": { $0 <= 0 }, ">": { $0 > 0 }, "gt": { $0 > 0 }, ">=": { $0 >= 0 }, "ge": { $0 >= 0 }, "!=": { $0 != 0 },
        "<>": { $0 != 0 }, "ne": { $0 != 0 },
    ]

    @Sendable private static func compare(_ call: Call) throws(Diagnostic) -> Bool {
        let strict = call[2].flatMap { $0.isNull ? nil : $0 }
        let type = call[3].flatMap { $0.isNull ? nil : $0 }
        if strict != nil, type != nil { throw call.failure("'version' takes either strict or version_type, not both") }
        guard call.input.isTruthy else { throw call.failure("the version to test is empty") }
        guard try call.value(0).isTruthy else { throw call.failure("the version to compare with is empty") }
        let operation = try call.string(1, default: "eq")
        guard let condition = operators[operation] else {
            throw call.failure(
                "'\(operation)' does not compare versions",
                remedy: "Use one of \(operators.keys.sorted().joined(separator: " ")).")
        }
        let left = call.text
        let right = PythonPrint.text(try call.value(0))
        let kind = strict.map { $0.isTruthy ? "strict" : "loose" } ?? type.map(PythonPrint.text) ?? "loose"
        switch kind {
        case "loose": return condition(try LooseVersion.compare(left, right))
        case "strict": return condition(try StrictVersion.compare(left, right))
        case "semver", "semantic": return condition(try SemanticVersion.compare(left, right))
        case "pep440": return condition(try PEP440Version.compare(left, right))
        default:
            throw call.failure("version_type must be loose, strict, semver, semantic or pep440, not '\(kind)'")
        }
    }
}

/// Numbers and words in turn; dots separate.
enum LooseVersion {
    private enum Part {
        case number(String)
        case word(String)
    }

    static func compare(_ left: String, _ right: String) throws(Diagnostic) -> Int {
        let a = parts(left)
        let b = parts(right)
        for (x, y) in zip(a, b) {
            switch (x, y) {
            case (.number(let m), .number(let n)):
                // By length first: digits may be more than an Int holds.
                if m.count != n.count { return m.count < n.count ? -1 : 1 }
                if m != n { return m < n ? -1 : 1 }
            case (.word(let m), .word(let n)):
                let order = PythonString.compare(m, n)
                if order != 0 { return order }
            default:
                throw Diagnostic(
                    .template,
                    "the versions '\(left)' and '\(right)' cannot be compared: one has a number where the other has letters",
                    remedy: "Choose another version_type, such as 'semver' or 'pep440'.")
            }
        }
        return a.count == b.count ? 0 : a.count < b.count ? -1 : 1
    }

    /// The version as a value that sorts by it.
    static func key(_ text: String) -> Value {
        .list(
            parts(text).map { part in
                switch part {
                case .number(let digits):
                    if case .number(let whole) = WholeNumber.read(digits) { whole.value } else { .double(.infinity) }
                case .word(let word): .string(word)
                }
            })
    }

    private static func parts(_ text: String) -> [Part] {
        enum Kind { case digit, letter, dot, other }
        func kind(_ scalar: UnicodeScalar) -> Kind {
            if ("0"..."9").contains(scalar) { return .digit }
            if ("a"..."z").contains(scalar) { return .letter }
            return scalar == "." ? .dot : .other
        }
        var result: [Part] = []
        var current: [UnicodeScalar] = []
        func flush() {
            guard let first = current.first else { return }
            let word = PythonString.string(current)
            if kind(first) == .digit {
                let trimmed = word.drop { $0 == "0" }
                result.append(.number(trimmed.isEmpty ? "0" : String(trimmed)))
            } else {
                result.append(.word(word))
            }
            current = []
        }
        for scalar in text.unicodeScalars {
            let kind = kind(scalar)
            if let last = current.last {
                let lastKind =
                    switch last {
                    case "0"..."9": Kind.digit
                    case "a"..."z": Kind.letter
                    default: Kind.other
                    }
                if lastKind != kind { flush() }
            }
            if kind == .dot { flush() } else { current.append(scalar) }
        }
        flush()
        return result
    }
}

/// Two or three numbers, perhaps with `a` or `b` and a number.
enum StrictVersion {
    static func compare(_ left: String, _ right: String) throws(Diagnostic) -> Int {
        let a = try parse(left)
        let b = try parse(right)
        return a.lexicographicallyPrecedes(b) ? -1 : a == b ? 0 : 1
    }

    private static func parse(_ text: String) throws(Diagnostic) -> [Int] {
        let bytes = Array(text.utf8)
        let regex = try Regex.compiled("(\\d+)\\.(\\d+)(?:\\.(\\d+))?(?:([ab])(\\d+))?\\Z")
        guard let match = try regex.firstMatch(in: bytes, anchored: true) else {
            throw Diagnostic(
                .template, "'\(text)' is not a strict version number", remedy: "Strict ones are like 1.2 or 1.2.3b4.")
        }
        func number(_ group: Int) -> Int {
            match.ranges[group].flatMap { Int(String(decoding: bytes[$0], as: UTF8.self)) } ?? 0
        }
        let stage: Int = match.ranges[4].map { bytes[$0.lowerBound] == UInt8(ascii: "a") ? 0 : 1 } ?? 2
        return [number(1), number(2), number(3), stage, number(5)]
    }
}

/// https://semver.org
enum SemanticVersion {
    static func compare(_ left: String, _ right: String) throws(Diagnostic) -> Int {
        let a = try parse(left)
        let b = try parse(right)
        if a.core != b.core { return a.core.lexicographicallyPrecedes(b.core) ? -1 : 1 }
        if a.early.isEmpty || b.early.isEmpty {
            return a.early.isEmpty == b.early.isEmpty ? 0 : a.early.isEmpty ? 1 : -1
        }
        for (x, y) in zip(a.early, b.early) where x != y {
            switch (Int(x), Int(y)) {
            case (let m?, let n?): return m < n ? -1 : 1
            case (nil, nil): return PythonString.compare(x, y)
            case (nil, _): return 1
            case (_, nil): return -1
            }
        }
        return a.early.count == b.early.count ? 0 : a.early.count < b.early.count ? -1 : 1
    }

    private static func parse(_ text: String) throws(Diagnostic) -> (core: [Int], early: [String]) {
        let bytes = Array(text.utf8)
        let regex = try Regex.compiled(
            "(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)"
                + "(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
                + "(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?\\Z")
        guard let match = try regex.firstMatch(in: bytes, anchored: true) else {
            throw Diagnostic(
                .template, "'\(text)' is not a semantic version", remedy: "Semantic ones are like 1.2.3 or 1.2.3-rc.1.")
        }
        func part(_ group: Int) -> String {
            match.ranges[group].map { String(decoding: bytes[$0], as: UTF8.self) } ?? ""
        }
        return ((1...3).map { Int(part($0)) ?? .max }, part(4).split(separator: ".").map(String.init))
    }
}

/// Python packages' versions.
enum PEP440Version {
    static func compare(_ left: String, _ right: String) throws(Diagnostic) -> Int {
        let a = try parse(left)
        let b = try parse(right)
        return a < b ? -1 : a == b ? 0 : 1
    }

    private static func parse(_ text: String) throws(Diagnostic) -> PythonVersion {
        guard let version = PythonVersion(text) else {
            throw Diagnostic(.template, "'\(text)' is not a version as PEP 440 has it")
        }
        return version
    }
}
