/// One thing that is wrong, told so that its reader can mend it.
///
/// The summary is one line in lower case that holds the offending value; the place, when known, is where the
/// reader should look; the remedy says what to do. Tests look at the code, people read the text.
public struct Diagnostic: Error, Sendable {
    /// What kind of trouble this is; it decides the exit status.
    public enum Code: String, Sendable {
        // Wrong input, found before a host is touched.
        case badOption
        case syntax
        case unknownKeyword
        case unknownModule
        case unknownArgument
        case missingArgument
        case badValue
        case missingFile
        case missingRole
        case unsupported
        case noHosts
        case vault
        // Trouble while values are made.
        case template
        case undefined
        case recursion
        // Trouble on a host.
        case unreachable
        case hostKey
        case authentication
        case become
        case timeout
        case commandFailed
        case failed
        case outOfMemory
        case interrupted
        case `internal`
    }

    /// How grave it is. A warning never stops a run.
    public enum Severity: String, Sendable {
        case error
        case warning
        case note
    }

    public var code: Code
    public var severity: Severity
    public var summary: String
    public var location: SourceLocation?
    public var remedy: String?
    /// The host it happened on, if it did.
    public var host: String?
    /// Further places that belong to it, such as where a role was asked for.
    public var notes: [Note]

    /// A further place and what it has to do with the trouble.
    public struct Note: Sendable {
        public var text: String
        public var location: SourceLocation?

        public init(_ text: String, at location: SourceLocation? = nil) {
            self.text = text
            self.location = location
        }
    }

    public init(
        _ code: Code,
        _ summary: String,
        at location: SourceLocation? = nil,
        remedy: String? = nil,
        host: String? = nil,
        severity: Severity = .error,
        notes: [Note] = []
    ) {
        self.code = code
        self.summary = summary
        self.location = location
        self.remedy = remedy
        self.host = host
        self.severity = severity
        self.notes = notes
    }

    /// The same trouble, placed at `place` unless it already has a place.
    public func located(at place: SourceLocation?) -> Diagnostic {
        guard location == nil, let place else { return self }
        var copy = self
        copy.location = place
        return copy
    }
}

/// Several troubles found in one reading: parsing gathers all it finds.
public struct Diagnostics: Error, Sendable {
    public private(set) var all: [Diagnostic] = []

    public init(_ all: [Diagnostic] = []) { self.all = all }

    public mutating func add(_ diagnostic: Diagnostic) { all.append(diagnostic) }
    public mutating func add(contentsOf other: Diagnostics) { all.append(contentsOf: other.all) }

    public var errors: [Diagnostic] { all.filter { $0.severity == .error } }
    public var hasErrors: Bool { all.contains { $0.severity == .error } }

    /// The same, each trouble once: by its place and its summary.
    public func withoutRepetition() -> Diagnostics {
        var seen = Set<String>()
        return Diagnostics(
            all.filter { seen.insert("\($0.location?.description ?? "") \($0.host ?? "") \($0.summary)").inserted })
    }

    /// Throws what was gathered if there is an error among it.
    public func throwIfAny() throws(Diagnostics) {
        if hasErrors { throw self }
    }
}
