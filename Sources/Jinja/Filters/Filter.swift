internal import Diagnostics
internal import Values

/// What a filter or test is called and which arguments it takes.
final class Signature: Sendable {
    let kind: String
    let name: String
    let parameters: [String]
    /// How many of the parameters must be given.
    let required: Int
    let style: Filter.Style

    init(_ kind: String, _ name: String, _ parameters: [String], required: Int, _ style: Filter.Style) {
        self.kind = kind
        self.name = name
        self.parameters = parameters
        self.required = required
        self.style = style
    }
}

/// A filter: its name, its parameters in order, and what it does.
final class Filter: Sendable {
    struct Style: OptionSet, Sendable {
        let rawValue: Int
        /// It moves values without making new text of them: marks stay where they are, and parts may be
        /// undefined.
        static let structural = Style(rawValue: 1)
        /// It is given its input and arguments as they are: undefined, unknown, with templates within.
        static let lenient = Style(rawValue: 2)
        /// It takes any number of further positional arguments.
        static let variadic = Style(rawValue: 4)
        /// It takes any further named arguments.
        static let keywords = Style(rawValue: 8)
    }

    let signature: Signature
    let function: @Sendable (Call) throws(Diagnostic) -> Value
    /// A shorter way for plain input, if it has one.
    let quick: QuickFilter?

    var name: String { signature.name }
    var style: Style { signature.style }

    init(
        _ name: String, _ parameters: [String], required: Int = 0, _ style: Style, quick: QuickFilter? = nil,
        _ function: @escaping @Sendable (Call) throws(Diagnostic) -> Value
    ) {
        signature = Signature("filter", name, parameters, required: required, style)
        self.function = function
        self.quick = quick
    }
}

extension Filter {
    /// A filter without parameters.
    convenience init(
        _ name: String, _ style: Style, quick: QuickFilter? = nil,
        _ function: @escaping @Sendable (Call) throws(Diagnostic) -> Value
    ) {
        self.init(name, [], required: 0, style, quick: quick, function)
    }

    /// A filter without parameters or peculiarities.
    convenience init(
        _ name: String, quick: QuickFilter? = nil, _ function: @escaping @Sendable (Call) throws(Diagnostic) -> Value
    ) {
        self.init(name, [], required: 0, [], quick: quick, function)
    }

    /// A filter without peculiarities.
    convenience init(
        _ name: String, _ parameters: [String], required: Int = 0, quick: QuickFilter? = nil,
        _ function: @escaping @Sendable (Call) throws(Diagnostic) -> Value
    ) {
        self.init(name, parameters, required: required, [], quick: quick, function)
    }
}

/// A test: like a filter, but it answers yes or no.
final class Test: Sendable {
    let signature: Signature
    /// It is asked about undefined and unknown values, too.
    let isLenient: Bool
    /// It looks at the value itself only, not at what is within.
    let isShallow: Bool
    let function: @Sendable (Call) throws(Diagnostic) -> Bool

    var name: String { signature.name }

    init(
        _ name: String, _ parameters: [String] = [], required: Int = 0, isLenient: Bool = false,
        isShallow: Bool = false, _ function: @escaping @Sendable (Call) throws(Diagnostic) -> Bool
    ) {
        signature = Signature("test", name, parameters, required: required, [])
        self.isLenient = isLenient
        self.isShallow = isShallow
        self.function = function
    }
}

/// One use of a filter or test, its arguments put where its parameters are.
struct Call {
    let evaluator: Evaluator
    let input: Value
    let offset: Int
    private let signature: Signature
    /// The arguments that were given by place, if that is all there are.
    private let positional: [Value]
    /// Where there are others: by name, or past the parameters.
    private let sorted: SortedArguments?

    /// Notes that more than what is given has a part in the outcome: chance, the clock, files.
    func noteVolatile() { evaluator.session.isVolatile = true }

    var name: String { signature.name }
    /// Positional arguments past the parameters.
    var extra: [Value] { sorted?.extra ?? [] }
    /// Named arguments that are no parameters.
    var named: ValueMap { sorted?.named ?? [:] }
    private var parameters: [String] { signature.parameters }

    init(
        evaluator: Evaluator, signature: Signature, input: Value, offset: Int, positional: [Value], named: ValueMap
    ) throws(Diagnostic) {
        self.evaluator = evaluator
        self.signature = signature
        self.input = input
        self.offset = offset
        self.positional = positional
        let isPlain = named.isEmpty && positional.count <= signature.parameters.count
        sorted = isPlain ? nil : try SortedArguments(positional, named, signature)
        for index in 0..<signature.required where self[index] == nil {
            throw Diagnostic(
                .template, "\(signature.kind) '\(name)' needs the argument '\(signature.parameters[index])'")
        }
    }

    // MARK: Arguments by place

    subscript(index: Int) -> Value? {
        if let sorted { return sorted.arguments[index] }
        // (A value can itself be written `nil`, and that would be one.)
        return index < positional.count ? positional[index] : Value?.none
    }

    func value(_ index: Int) throws(Diagnostic) -> Value {
        guard let value = self[index] else {
            throw Diagnostic(.template, "'\(name)' needs the argument '\(parameters[index])'")
        }
        return value
    }

    func bool(_ index: Int, default standard: Bool) -> Bool {
        guard let value = self[index] else { return standard }
        return value.isTruthy
    }

    func int(_ index: Int, default standard: Int) throws(Diagnostic) -> Int {
        guard let value = self[index], !value.isNull else { return standard }
        if let whole = value.wholeNumber { return whole.clamped.asBound }
        throw wrongArgument(index, "a whole number", value)
    }

    func string(_ index: Int, default standard: String? = nil) throws(Diagnostic) -> String {
        guard let value = self[index] else {
            if let standard { return standard }
            throw Diagnostic(.template, "'\(name)' needs the argument '\(parameters[index])'")
        }
        if case .string(let text) = value { return text.string }
        throw wrongArgument(index, "text", value)
    }

    /// Text, or anything else as Python prints it.
    func printed(_ index: Int, default standard: String) -> String {
        self[index].map(PythonPrint.text) ?? standard
    }

    func wrongArgument(_ index: Int, _ wanted: String, _ value: Value) -> Diagnostic {
        Diagnostic(
            .template,
            "the argument '\(parameters[index])' of '\(name)' must be \(wanted), not \(ErrorText.describe(value))")
    }

    // MARK: The input

    /// The input as text, whatever it is.
    var text: String { PythonPrint.text(input) }

    /// The input's elements: a list's, a dictionary's keys, a text's characters.
    func elements() throws(Diagnostic) -> [Value] { try evaluator.elements(input) }

    func map() throws(Diagnostic) -> ValueMap {
        guard case .map(let map) = input else { throw wrongInput("a dictionary") }
        return map
    }

    func wrongInput(_ wanted: String) -> Diagnostic {
        Diagnostic(.template, "'\(name)' needs \(wanted), not \(ErrorText.describe(input))")
    }

    func failure(_ summary: String, remedy: String? = nil) -> Diagnostic {
        Diagnostic(.template, summary, remedy: remedy)
    }
}

/// Arguments by the parameters they are for.
private final class SortedArguments {
    /// Nil where none was given.
    private(set) var arguments: [Value?]
    private(set) var extra: [Value] = []
    private(set) var named: ValueMap = [:]

    init(_ positional: [Value], _ given: ValueMap, _ signature: Signature) throws(Diagnostic) {
        let (kind, name, parameters) = (signature.kind, signature.name, signature.parameters)
        arguments = positional.prefix(parameters.count).map { $0 }
        while arguments.count < parameters.count { arguments.append(nil) }
        if positional.count > parameters.count {
            guard signature.style.contains(.variadic) else {
                throw Diagnostic(
                    .template,
                    "\(kind) '\(name)' takes at most \(parameters.count) arguments, \(positional.count) are given")
            }
            extra = Array(positional[parameters.count...])
        }
        for (key, value) in given {
            if let index = parameters.firstIndex(of: key.text) {
                guard arguments[index] == nil else {
                    throw Diagnostic(.template, "\(kind) '\(name)' is given its argument '\(key.text)' twice")
                }
                arguments[index] = value
            } else if signature.style.contains(.keywords) {
                named[key] = value
            } else {
                throw Diagnostic(
                    .template, "\(kind) '\(name)' has no argument '\(key.text)'",
                    remedy: NearestHint.of(key.text, among: parameters)
                        ?? (parameters.isEmpty ? nil : "Its arguments are \(parameters.joined(separator: ", ")).")
                )
            }
        }
    }
}

extension Int {
    /// The number as a width, count or index: no larger than can be added to without overflow.
    var asBound: Int { Swift.min(Swift.max(self, -(1 << 52)), 1 << 52) }
}
