internal import Diagnostics
internal import Values

/// A value object of this room's own: it knows how to print itself and may have methods and operators.
protocol TemplateObject: ValueObject {
    /// Python's `str()` of it.
    var text: String { get }
    /// Python's `repr()` of it.
    var representation: String { get }
    var truth: Bool? { get }
    /// Calls a method, or answers nil if it has none of that name.
    func callMethod(_ call: MethodCall) throws(Diagnostic) -> Value?
    var methods: [String] { get }
    func subtracting(_ other: Value) throws(Diagnostic) -> Value?
    func adding(_ other: Value) throws(Diagnostic) -> Value?
    /// Whether it comes before (-1), with (0) or after (1) another; nil if they cannot be compared.
    func order(with other: Value) -> Int?
}

extension TemplateObject {
    var belongsToTemplate: Bool { true }
    var text: String { "<\(typeName)>" }
    var representation: String { text }
    var truth: Bool? { nil }
    var methods: [String] { [] }
    func callMethod(_ call: MethodCall) throws(Diagnostic) -> Value? { nil }
    func subtracting(_ other: Value) throws(Diagnostic) -> Value? { nil }
    func adding(_ other: Value) throws(Diagnostic) -> Value? { nil }
    func order(with other: Value) -> Int? { nil }
}

/// An object that a loop can walk over.
protocol IterableObject: ValueObject {
    func elements(_ session: Session) throws(Diagnostic) -> [Value]
}

/// A method's call as the method sees it: arguments settled.
struct MethodCall {
    let evaluator: Evaluator
    let name: String
    let positional: [Value]
    let named: ValueMap

    /// The argument at a place or of a name, if given.
    func argument(_ index: Int, _ name: String = "") -> Value? {
        if positional.indices.contains(index) { return positional[index] }
        return name.isEmpty ? nil : named[name]
    }

    func required(_ index: Int, _ name: String = "argument") throws(Diagnostic) -> Value {
        guard let value = argument(index, name) else {
            throw Diagnostic(.template, "\(self.name)() needs the argument '\(name)'")
        }
        return value
    }

    func string(_ index: Int, _ name: String = "argument") throws(Diagnostic) -> String {
        let value = try required(index, name)
        guard case .string(let text) = value else {
            throw Diagnostic(.template, "\(self.name)() needs text, not \(ErrorText.describe(value))")
        }
        return text.string
    }

    func int(_ index: Int, _ name: String = "", default standard: Int) throws(Diagnostic) -> Int {
        guard let value = argument(index, name), !value.isNull else { return standard }
        guard let whole = value.wholeNumber else {
            throw Diagnostic(.template, "\(self.name)() needs a whole number, not \(ErrorText.describe(value))")
        }
        return whole.clamped.asBound
    }
}

/// Python's printed forms, of objects too.
enum PythonPrint {
    /// - Throws: `Diagnostic` for a whole number of more digits than are printed, here as in Python.
    static func checkSize(_ value: Value) throws(Diagnostic) {
        guard case .large(let large) = value, WholeNumber.large(large).isUnprintable else { return }
        throw Diagnostic(
            .template, "the number has more than \(WholeNumber.greatestDigits) digits",
            remedy: "Compute with floats, or print it in hexadecimal: '%x' % x.")
    }

    static func text(_ value: Value) -> String {
        switch value {
        case .string(let text): text.string
        case .object(let object as any TemplateObject): object.text
        default: representation(value)
        }
    }

    static func representation(_ value: Value) -> String {
        guard holdsObject(value) else { return value.pythonRepresentation }
        switch value {
        case .list(let items): return "[" + items.map(representation).joined(separator: ", ") + "]"
        case .tuple(let items):
            return "(" + items.map(representation).joined(separator: ", ") + (items.count == 1 ? ",)" : ")")
        case .map(let map):
            let entries = map.map { "\($0.key.value.pythonRepresentation): \(representation($0.value))" }
            return "{" + entries.joined(separator: ", ") + "}"
        case .object(let object as any TemplateObject): return object.representation
        default: return value.pythonRepresentation
        }
    }

    private static func holdsObject(_ value: Value) -> Bool {
        switch value {
        case .object: true
        case .list(let items), .tuple(let items): items.contains(where: holdsObject)
        case .map(let map): map.contains(where: { holdsObject($0.value) })
        default: false
        }
    }
}
