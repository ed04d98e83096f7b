public import Diagnostics
public import Values
public protocol Scope { func lookup(_ name: String) throws(Diagnostic) -> Value?; func resolve(_ text: Text) throws(Diagnostic) -> Value; var names: [String] { get } }
public enum ConditionOutcome: Sendable, Hashable { case yes, no, unknown(Unknown) }
public struct MapScope: Scope { public init(_ values: ValueMap, environment: TemplateEnvironment) {}
 public func lookup(_ name: String) throws(Diagnostic) -> Value? { nil }
 public func resolve(_ text: Text) throws(Diagnostic) -> Value { .null }
 public var names: [String] { [] } }
public final class TemplateEnvironment: Sendable {
 public init(functions: [String: any ValueObject] = [:]) {}
 public func evaluate(_ text: Text, in scope: any Scope) throws(Diagnostic) -> Value { .null }
 public func evaluateLazily(_ text: Text, in scope: any Scope) throws(Diagnostic) -> Value { .null }
 public func evaluateExpression(_ text: Text, in scope: any Scope, literalBackslashes: Bool = true) throws(Diagnostic) -> Value { .null }
 public func condition(_ value: Value, in scope: any Scope, at place: SourceLocation? = nil) throws(Diagnostic) -> ConditionOutcome { .yes }
 public func render(_ text: Text, options: TemplateOptions, in scope: any Scope) throws(Diagnostic) -> Text { text }
 public func check(_ text: Text, asExpression: Bool = false) throws(Diagnostic) {}
}
