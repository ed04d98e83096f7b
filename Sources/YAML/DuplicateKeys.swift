public import Diagnostics

/// What becomes of keys that a mapping gives twice (`duplicate_dict_key`).
public enum DuplicateKeys: String, Sendable {
    /// The last one counts, and the person is told.
    case warn
    /// The last one counts.
    case ignore
    case error

    /// What is left to tell of the keys that a reader found given twice.
    ///
    /// - Parameter found: The reader's warnings.
    /// - Throws: The first of them as an error, where they are errors.
    public func settled(_ found: [Diagnostic]) throws(Diagnostic) -> [Diagnostic] {
        switch self {
        case .warn: return found
        case .ignore: return []
        case .error:
            guard var first = found.first else { return [] }
            first.severity = .error
            first.summary = String(first.summary.prefix { $0 != ";" })
            throw first
        }
    }
}
