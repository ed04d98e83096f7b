public import Diagnostics
public import Values

/// A value and the place it was written at.
public struct Located<Wrapped: Sendable>: Sendable {
    public var value: Wrapped
    public var location: SourceLocation
    /// What counts if this turns out to be omitted, as a template can say: the same keyword farther out. At most one.
    public var outer: [Located] = []

    public init(_ value: Wrapped, at location: SourceLocation) {
        self.value = value
        self.location = location
    }
}

/// What was written for a keyword; a template until the engine evaluates it.
public typealias Field = Located<Value>
