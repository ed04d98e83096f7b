internal import Values

/// What a Python file imports from `ansible.module_utils` and from collections, read from its text: nothing is run.
struct PythonImports {
    /// A name that an import asks for.
    struct Name: Hashable {
        /// `ansible`, `module_utils`, `basic`, `AnsibleModule`: the last part may be a module or something in one.
        var parts: [String]
        /// Whether the file cannot be loaded without it: an import within a function, a class or a `try` may fail.
        var isRequired: Bool
    }

    private(set) var names: [Name] = []

    /// - Parameters:
    ///   - source: The file's text.
    ///   - module: Its full name, which relative imports start from.
    ///   - isPackage: Whether it is a package's `__init__.py`.
    init(_ source: [UInt8], module: [String], isPackage: Bool) {
        var seen = Set<Name>()
        for statement in PythonStatements.imports(in: source) {
            for parts in Self.names(statement.words, module: module, isPackage: isPackage) {
                let name = Name(parts: parts, isRequired: statement.isOutermost)
                if seen.insert(name).inserted { names.append(name) }
            }
        }
    }

    private static func names(_ words: [String], module: [String], isPackage: Bool) -> [[String]] {
        if words.first == "import" {
            return items(words.dropFirst()).map(split).filter {
                $0.count > 2 && $0[0] == "ansible" && $0[1] == "module_utils" || $0.first == "ansible_collections"
            }
        }
        guard words.count >= 4, words[0] == "from", let at = words.firstIndex(of: "import") else { return [] }
        let written = words[1..<at].joined()
        let level = written.prefix { $0 == "." }.count
        var base = split(String(written.dropFirst(level)))
        if level > 0 {
            let dropped = isPackage ? level - 1 : level
            guard dropped <= module.count else { return [] }
            base = module.dropLast(dropped) + base
        }
        let isOurs =
            base.starts(with: ["ansible", "module_utils"])
            || base.count >= 5 && base[0] == "ansible_collections" && base[3] == "plugins" && base[4] == "module_utils"
        guard isOurs else { return [] }
        return items(words[(at + 1)...]).map { $0 == "*" ? base : base + [$0] }
    }

    /// The names of a list, what they are called here left out.
    private static func items(_ words: ArraySlice<String>) -> [String] {
        words.split(separator: ",").compactMap { item in item.first { $0 != "(" && $0 != ")" } }
    }

    private static func split(_ name: String) -> [String] { name.split(separator: ".").map(String.init) }
}

/// The import statements of a Python text: comments and the insides of strings left out, lines in brackets and
/// continued lines joined.
private struct PythonStatements {
    struct Statement {
        var words: [String]
        var isOutermost: Bool
    }

    private let bytes: [UInt8]
    private var at = 0
    private var statements: [Statement] = []

    static func imports(in source: [UInt8]) -> [Statement] {
        var reader = PythonStatements(bytes: source)
        reader.read()
        return reader.statements
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func read() {
        var text: [UInt8] = []
        var depth = 0
        var isIndented = false
        var isFirst = true
        var isAtLineStart = true
        func byte(_ offset: Int) -> UInt8 { at + offset < bytes.count ? bytes[at + offset] : 0 }
        while at < bytes.count {
            let next = bytes[at]
            if isAtLineStart {
                isIndented = next == UInt8(ascii: " ") || next == UInt8(ascii: "\t")
                isFirst = true
                isAtLineStart = false
            }
            switch next {
            case UInt8(ascii: "#"):
                while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
                continue
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                skipString(quote: next)
                text.append(next)
                continue
            case UInt8(ascii: "\\") where byte(1) == UInt8(ascii: "\n"):
                text.append(UInt8(ascii: " "))
                at += 2
                continue
            case UInt8(ascii: "\\") where byte(1) == UInt8(ascii: "\r") && byte(2) == UInt8(ascii: "\n"):
                text.append(UInt8(ascii: " "))
                at += 3
                continue
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                text.append(next)
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth = max(0, depth - 1)
                text.append(next)
            case UInt8(ascii: "\n") where depth == 0:
                take(&text, isOutermost: !isIndented && isFirst)
                isAtLineStart = true
            case UInt8(ascii: ";") where depth == 0:
                take(&text, isOutermost: !isIndented && isFirst)
            case UInt8(ascii: ":") where depth == 0:
                // What follows on the line belongs to an `if`, a `try` or the like.
                take(&text, isOutermost: !isIndented && isFirst)
                isFirst = false
            default:
                text.append(next)
            }
            at += 1
        }
        take(&text, isOutermost: !isIndented && isFirst)
    }

    private mutating func skipString(quote: UInt8) {
        let isLong = at + 2 < bytes.count && bytes[at + 1] == quote && bytes[at + 2] == quote
        at += isLong ? 3 : 1
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "\\") {
                at += 2
            } else if bytes[at] == quote {
                if !isLong {
                    at += 1
                    return
                }
                if at + 2 < bytes.count, bytes[at + 1] == quote, bytes[at + 2] == quote {
                    at += 3
                    return
                }
                at += 1
            } else if bytes[at] == UInt8(ascii: "\n"), !isLong {
                return
            } else {
                at += 1
            }
        }
    }

    /// Keeps the statement if it is an import.
    private mutating func take(_ text: inout [UInt8], isOutermost: Bool) {
        defer { text.removeAll(keepingCapacity: true) }
        let start = text.firstIndex { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: "\n") }
        guard let start, text[start] == UInt8(ascii: "i") || text[start] == UInt8(ascii: "f") else { return }
        let line = String(decoding: text[start...], as: UTF8.self)
        guard line.hasPrefix("import") || line.hasPrefix("from") else { return }
        var words: [String] = []
        var word = ""
        for character in line {
            if character.isLetter || character.isNumber || character == "_" || character == "." {
                word.append(character)
                continue
            }
            if !word.isEmpty { words.append(word) }
            word = ""
            if !character.isWhitespace { words.append(String(character)) }
        }
        if !word.isEmpty { words.append(word) }
        guard words.first == "import" || words.first == "from" else { return }
        statements.append(Statement(words: words, isOutermost: isOutermost))
    }
}
