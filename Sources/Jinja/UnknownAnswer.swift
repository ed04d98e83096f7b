public import Diagnostics
public import Values

/// How it is said that only a real run can tell, where no value can be given: something is thrown, and who can say it
/// makes the unknown value of it, or the unknown outcome.
public enum UnknownAnswer {
    private static let mark = "unknown until run: "

    public static func error(_ unknown: Unknown) -> Diagnostic { Diagnostic(.internal, mark + unknown.cause) }

    /// What is unknown, if that is what an error says.
    public static func unknown(in error: Diagnostic) -> Unknown? {
        guard error.code == .internal, error.summary.hasPrefix(mark) else { return nil }
        return Unknown(String(error.summary.dropFirst(mark.count)))
    }
}
