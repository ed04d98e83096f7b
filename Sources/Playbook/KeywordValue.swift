public import Diagnostics
public import Values

/// What keywords' values mean once they are evaluated: a word that means nothing is an error, never a guess.
///
/// A slip in `no_log` must not show what is secret, nor one in `check_mode` change a host.
public enum KeywordValue {
    /// The longest time that a keyword may name, in seconds; as in Ansible.
    public static let longestTime = 100_000_000

    /// Whether a value means yes (`true`, `yes`, `on`, `1`, `t`, `y`) or no.
    ///
    /// - Throws: `Diagnostic` with code `.badValue` for what means neither.
    public static func flag(
        _ value: Value, _ keyword: String, at place: SourceLocation? = nil
    ) throws(Diagnostic) -> Bool {
        switch value {
        case .bool(let flag): return flag
        case .int(let number) where number == 0 || number == 1: return number == 1
        case .double(let number) where number == 0 || number == 1: return number == 1
        case .string(let text):
            let word = text.string.trimmed.lowercased()
            if ["true", "yes", "on", "1", "y", "t"].contains(word) { return true }
            if ["false", "no", "off", "0", "n", "f"].contains(word) { return false }
        // Only a dry run meets what is not known yet. There to hide, and to change nothing, is the careful answer.
        case .unknown: return true
        default: break
        }
        throw wrong(value, keyword, "true or false", at: place)
    }

    /// A whole number, as such or as text.
    ///
    /// - Throws: `Diagnostic` with code `.badValue` for what is none.
    public static func integer(
        _ value: Value, _ keyword: String, at place: SourceLocation? = nil
    ) throws(Diagnostic) -> Int {
        switch value {
        case .int(let number): return number
        case .large: throw wrong(value, keyword, "a whole number of at most 64 bits", at: place)
        case .bool(let flag): return flag ? 1 : 0
        case .double(let number): if let whole = Int(exactly: number) { return whole }
        case .string(let text): if let whole = Int(text.string.trimmed) { return whole }
        default: break
        }
        throw wrong(value, keyword, "a whole number", at: place)
    }

    /// A number with or without a fraction, as such or as text.
    ///
    /// - Throws: `Diagnostic` with code `.badValue` for what is none, and for what is not finite.
    public static func number(
        _ value: Value, _ keyword: String, at place: SourceLocation? = nil
    ) throws(Diagnostic) -> Double {
        switch value {
        case .int(let number): return Double(number)
        case .large(let number) where number.asDouble.isFinite: return number.asDouble
        case .bool(let flag): return flag ? 1 : 0
        case .double(let number) where number.isFinite: return number
        case .string(let text):
            if let number = Double(text.string.trimmed), number.isFinite { return number }
        default: break
        }
        throw wrong(value, keyword, "a number", at: place)
    }

    /// Whole seconds, none below zero.
    ///
    /// - Throws: `Diagnostic` with code `.badValue` for what is none, and for more than a process can wait.
    public static func seconds(
        _ value: Value, _ keyword: String, at place: SourceLocation? = nil
    ) throws(Diagnostic) -> Int {
        let number = try integer(value, keyword, at: place)
        guard number <= longestTime else { throw wrong(value, keyword, "at most \(longestTime) seconds", at: place) }
        return max(0, number)
    }

    /// Seconds to wait between two things, none below zero.
    ///
    /// - Throws: `Diagnostic` with code `.badValue` for what is none, and for more than a process can wait.
    public static func pause(
        _ value: Value, _ keyword: String, at place: SourceLocation? = nil
    ) throws(Diagnostic) -> Double {
        let number = try number(value, keyword, at: place)
        guard number <= Double(longestTime) else {
            throw wrong(value, keyword, "at most \(longestTime) seconds", at: place)
        }
        return max(0, number)
    }

    /// A share in per cent, with or without the sign for it.
    ///
    /// - Throws: `Diagnostic` with code `.badValue` for what is none.
    public static func percentage(
        _ value: Value, _ keyword: String, at place: SourceLocation? = nil
    ) throws(Diagnostic) -> Double {
        guard let text = value.stringValue, text.trimmed.hasSuffix("%") else {
            return try number(value, keyword, at: place)
        }
        guard let number = Double(String(text.trimmed.dropLast()).trimmed), number.isFinite else {
            throw wrong(value, keyword, "a percentage", at: place)
        }
        return number
    }

    /// How many of `count` hosts a batch holds, as an entry of `serial` says: a number, or a share of all.
    ///
    /// - Returns: Zero or less where the entry means all.
    /// - Throws: `Diagnostic` with code `.badValue` for what is neither.
    public static func batchSize(_ value: Value, of count: Int, at place: SourceLocation? = nil) throws(Diagnostic)
        -> Int
    {
        if value.stringValue?.trimmed.hasSuffix("%") ?? false {
            let share = min(max(try percentage(value, "serial", at: place), 0), 100)
            return max(1, Int(Double(count) * share / 100))
        }
        if case .double(let number) = value, let whole = Int(exactly: number.rounded(.towardZero)) { return whole }
        do throws(Diagnostic) {
            return try integer(value, "serial", at: place)
        } catch {
            throw wrong(value, "serial", "a number of hosts or a percentage", at: place)
        }
    }

    /// The orders in which a play takes its hosts.
    public static let orders = ["inventory", "reverse_inventory", "sorted", "reverse_sorted", "shuffle"]

    /// - Throws: `Diagnostic` with code `.badValue` for a word that is no order.
    public static func order(_ value: Value, at place: SourceLocation? = nil) throws(Diagnostic) -> String {
        if value.isNull { return "inventory" }
        let word = value.pythonText
        guard orders.contains(word) else {
            throw Diagnostic(
                .badValue, "there is no order '\(value.holdsSecret ? "…" : word)'", at: place,
                remedy: NearestNames.hint(word, among: orders) ?? "Orders: \(orders.joined(separator: ", ")).")
        }
        return word
    }

    private static func wrong(
        _ value: Value, _ keyword: String, _ wanted: String, at place: SourceLocation?
    ) -> Diagnostic {
        let shown = value.holdsSecret ? "what is given" : value.pythonRepresentation
        return Diagnostic(
            .badValue, "'\(keyword)' must be \(wanted), not \(shown)", at: place,
            remedy: "Write it as it is meant; a value that means nothing is not guessed at.")
    }
}

extension KeywordValue {
    /// Checks what is written for an inherited keyword, as far as that can be told without a host.
    ///
    /// - Throws: `Diagnostic` with code `.badValue`, at its place.
    public static func check(_ field: Field, of setting: Keywords.Setting) throws(Diagnostic) {
        let name = setting.rawValue
        guard isWritten(field) else { return }
        switch setting {
        case .anyErrorsFatal, .become, .checkMode, .delegateFacts, .diff, .ignoreErrors, .ignoreUnreachable, .noLog,
            .runOnce:
            _ = try flag(field.value, name, at: field.location)
        case .port, .throttle: _ = try integer(field.value, name, at: field.location)
        case .timeout: _ = try seconds(field.value, name, at: field.location)
        case .becomeExe, .becomeFlags, .becomeMethod, .becomeUser, .collections, .connection, .debugger, .delegateTo,
            .moduleDefaults, .remoteUser:
            break
        }
    }

    /// Whether a field says something that is known before a run.
    public static func isWritten(_ field: Field) -> Bool { !field.value.isNull && !field.value.holdsTemplate }
}
