public import Diagnostics
public import Values

/// Where a template's names come from. Called on one thread at a time.
public protocol Scope {
    /// The value of a name, or nil if nobody defines it.
    ///
    /// It is resolved one level: never itself a template, though texts within a list or map may be.
    func lookup(_ name: String) throws(Diagnostic) -> Value?

    /// Evaluates a template that was found inside a value, in this scope.
    ///
    /// A name that is undefined within may come back as `.undefined` or as an error with the code `.undefined`;
    /// either way `default` and `is defined` can still meet it.
    func resolve(_ text: Text) throws(Diagnostic) -> Value

    /// Notes that more than the scope's values had a part in what is being evaluated, so that it may be otherwise the
    /// next time: chance, the clock, files.
    func noteVolatile()

    /// All names that are defined, for "did you mean".
    var names: [String] { get }
}

/// A scope over plain values, in which a value's templates see the same values.
public struct MapScope: Scope {
    public var values: ValueMap
    public let environment: TemplateEnvironment

    public init(_ values: ValueMap, environment: TemplateEnvironment) {
        self.values = values
        self.environment = environment
    }

    public func lookup(_ name: String) throws(Diagnostic) -> Value? {
        guard let value = values[name] else { return nil }
        if case .string(let text) = value, text.isTemplate { return try resolve(text) }
        return value
    }

    public func resolve(_ text: Text) throws(Diagnostic) -> Value {
        guard !StackGuard.isNearlyFull else {
            throw Diagnostic(
                .recursion, "a variable's template leads back to itself, or the chain of templates is too long",
                at: text.origin)
        }
        return try environment.evaluateLazily(text, in: self)
    }

    /// Does nothing: this scope remembers nothing.
    public func noteVolatile() {}

    public var names: [String] { values.keys.map(\.text) }
}

/// Names of a template's own, laid over the scope it runs in: what an included template sees of its includer.
struct LayeredScope: Scope {
    var values: [String: Value]
    var base: any Scope

    func lookup(_ name: String) throws(Diagnostic) -> Value? {
        if let value = values[name] { return value }
        return try base.lookup(name)
    }

    func resolve(_ text: Text) throws(Diagnostic) -> Value { try base.resolve(text) }
    func noteVolatile() { base.noteVolatile() }

    var names: [String] { Array(values.keys) + base.names }
}

/// The scope of a template imported without context: it sees functions only.
struct EmptyScope: Scope {
    var base: any Scope
    func lookup(_ name: String) throws(Diagnostic) -> Value? { nil }
    func resolve(_ text: Text) throws(Diagnostic) -> Value { try base.resolve(text) }
    func noteVolatile() { base.noteVolatile() }
    var names: [String] { [] }
}
