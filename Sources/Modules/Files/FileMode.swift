internal import Values

/// Permission bits as a task gives them: a number in octal, or symbols such as `u=rwX,g=rX,o=`.
enum FileMode: Sendable, Hashable {
    case bits(UInt16)
    case symbols([Clause])

    /// One part of a symbolic mode: whose bits, and what is done to them.
    struct Clause: Sendable, Hashable {
        enum Operation: Character, Sendable { case add = "+", remove = "-", set = "=" }
        /// Some of `ugo`; empty if none was named: all, less the umask.
        var classes: [Character]
        var operation: Operation
        /// Some of `rwxXst`, or one of `ugo` to copy from.
        var permissions: [Character]
    }

    /// Reads `0644`, `644`, `0o644` or symbols; nil if it is neither.
    init?(_ text: String) {
        let text = text.trimmed
        let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
        if !digits.isEmpty, digits.allSatisfy(\.isNumber) {
            guard let bits = UInt16(digits, radix: 8), bits <= 0o7777 else { return nil }
            self = .bits(bits)
            return
        }
        var clauses: [Clause] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let classes = part.prefix { "ugoa".contains($0) }
            var rest = part.dropFirst(classes.count)
            guard !rest.isEmpty else { return nil }
            while let first = rest.first {
                guard let operation = Clause.Operation(rawValue: first) else { return nil }
                let permissions = rest.dropFirst().prefix { !"+-=".contains($0) }
                guard permissions.allSatisfy({ "rwxXstugo".contains($0) }) else { return nil }
                clauses.append(
                    Clause(
                        classes: classes.contains("a") ? ["u", "g", "o"] : Array(classes), operation: operation,
                        permissions: Array(permissions)))
                rest = rest.dropFirst(1 + permissions.count)
            }
        }
        guard !clauses.isEmpty else { return nil }
        self = .symbols(clauses)
    }

    /// The bits that result from `current`.
    ///
    /// - Parameters:
    ///   - current: What the file has, or would be created with.
    ///   - isDirectory: `X` gives a directory the search bit.
    ///   - umask: Bits that a clause without classes leaves alone.
    func applied(to current: UInt16, isDirectory: Bool, umask: UInt16) -> UInt16 {
        switch self {
        case .bits(let bits): return bits
        case .symbols(let clauses):
            var mode = current
            for clause in clauses {
                let classes = clause.classes.isEmpty ? ["u", "g", "o"] : clause.classes
                var bits: UInt16 = 0
                for name in classes {
                    bits |= Self.bits(clause.permissions, for: name, in: mode, isDirectory: isDirectory)
                }
                if clause.classes.isEmpty { bits &= ~umask }
                switch clause.operation {
                case .add: mode |= bits
                case .remove: mode &= ~bits
                case .set:
                    for name in classes { mode &= ~Self.mask(of: name) }
                    mode |= bits
                }
            }
            return mode
        }
    }

    private static func shift(_ name: Character) -> UInt16 { name == "u" ? 6 : name == "g" ? 3 : 0 }

    /// The bits that belong to a class, its special bit included.
    private static func mask(of name: Character) -> UInt16 {
        switch name {
        case "u": 0o4700
        case "g": 0o2070
        default: 0o1007
        }
    }

    private static func bits(
        _ permissions: [Character], for name: Character, in mode: UInt16, isDirectory: Bool
    ) -> UInt16 {
        var result: UInt16 = 0
        for permission in permissions {
            switch permission {
            case "r": result |= 4 << shift(name)
            case "w": result |= 2 << shift(name)
            case "x": result |= 1 << shift(name)
            case "X": if isDirectory || mode & 0o111 != 0 { result |= 1 << shift(name) }
            case "s": if name == "u" { result |= 0o4000 } else if name == "g" { result |= 0o2000 }
            case "t": result |= name == "o" ? 0o1000 : 0
            case "u", "g", "o": result |= (mode >> shift(permission) & 7) << shift(name)
            default: break
            }
        }
        return result
    }

    /// Whether a number was most likely written in decimal where octal was meant, as in `mode: 644`.
    ///
    /// Such numbers, read as bits, leave the owner without something that others have, or set special bits that
    /// three digits do not speak of; the ones people mean do neither.
    static func looksDecimal(_ number: Int) -> Bool {
        guard number > 7, String(number).allSatisfy({ $0 < "8" }) else { return false }
        let owner = number >> 6 & 7
        let others = (number >> 3 & 7) | (number & 7)
        return others & ~owner != 0 || (number > 0o777 && (number < 1000 || owner & 4 == 0))
    }

    static func text(_ bits: UInt16) -> String {
        let digits = String(bits, radix: 8)
        return "0" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    /// The bits as `chmod` is given them: with fewer than five digits it leaves a directory its set-id bits.
    static func operand(_ bits: UInt16) -> String { "0" + text(bits) }
}
