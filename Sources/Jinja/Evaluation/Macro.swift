internal import Diagnostics
internal import Values

/// A macro with the names around it.
final class Macro: TemplateObject, @unchecked Sendable {
    // Unchecked: it lives within one evaluation, on one thread.
    private let definition: MacroDefinition
    private let evaluator: Evaluator
    private let frame: Frame

    init(_ definition: MacroDefinition, _ evaluator: Evaluator, _ frame: Frame) {
        self.definition = definition
        self.evaluator = evaluator
        self.frame = frame
    }

    var typeName: String { "macro" }
    var text: String { "<Macro '\(definition.name.text)'>" }

    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? {
        switch key.text {
        case "name": .string(definition.name.text)
        case "arguments": .tuple(definition.parameters.map { .string($0.name.text) })
        case "catch_kwargs": .bool(definition.kwargsSlot != nil)
        case "catch_varargs": .bool(definition.varargsSlot != nil)
        case "caller": .bool(definition.callerSlot != nil)
        default: nil
        }
    }

    func call(_ positional: [Value], _ named: ValueMap) throws(Diagnostic) -> Value {
        try call(positional, named, caller: nil)
    }

    func call(_ positional: [Value], _ named: ValueMap, caller: Value?) throws(Diagnostic) -> Value {
        try evaluator.session.enterMacro()
        defer { evaluator.session.leaveMacro() }
        let inner = Frame(parent: frame)
        try bind(positional, named, caller, inner)
        return try evaluator.value(of: definition.body, inner)
    }

    /// Whether these are arguments by place alone, as many as there are parameters or with defaults for the rest, so
    /// that `print` can take them.
    func takes(_ arguments: CallArguments) -> Bool {
        let count = arguments.positional.count
        guard definition.isSimple, arguments.areByPlace, count <= definition.parameters.count else { return false }
        return definition.parameters[count...].allSatisfy { $0.defaultValue != nil }
    }

    /// A frame for one call, to be filled with the arguments by `set`.
    func callFrame() -> Frame { Frame(parent: frame) }

    func set(_ index: Int, _ value: Value, in inner: Frame) {
        inner.set(definition.parameters[index].name.slot, value)
    }

    /// Prints what the macro prints into text that has begun, as if it were returned and printed there.
    ///
    /// - Parameter count: How many arguments the frame holds; the other parameters have defaults.
    func print(_ inner: Frame, given count: Int, into output: inout Output) throws(Diagnostic) {
        try evaluator.session.enterMacro()
        defer { evaluator.session.leaveMacro() }
        for parameter in definition.parameters[count...] {
            guard let standard = parameter.defaultValue else { continue }
            inner.set(parameter.name.slot, try evaluator.evaluate(standard, inner))
        }
        _ = try evaluator.execute(definition.body, inner, &output)
    }

    private func bind(
        _ positional: [Value], _ named: ValueMap, _ caller: Value?, _ inner: Frame
    ) throws(Diagnostic) {
        let name = definition.name.text
        var rest = named
        var caller = caller
        for (index, parameter) in definition.parameters.enumerated() {
            let word = parameter.name.text
            if index < positional.count {
                guard named[word] == nil else {
                    throw Diagnostic(.template, "macro '\(name)' is given its argument '\(word)' twice")
                }
                inner.set(parameter.name.slot, positional[index])
            } else if let value = rest.removeValue(forKey: word) {
                inner.set(parameter.name.slot, value)
            } else if word == "caller", let given = caller {
                inner.set(parameter.name.slot, given)
                caller = nil
            } else if let standard = parameter.defaultValue {
                inner.set(parameter.name.slot, try evaluator.evaluate(standard, inner))
            } else {
                inner.set(
                    parameter.name.slot,
                    evaluator.undefined(
                        "the argument '\(word)' of macro '\(name)' was not given", name: "", at: definition.offset,
                        candidates: { [] }))
            }
        }
        if let slot = definition.callerSlot {
            let given = caller ?? rest.removeValue(forKey: "caller")
            inner.set(
                slot,
                given
                    ?? evaluator.undefined("no caller is defined", name: "", at: definition.offset, candidates: { [] }))
        } else if caller != nil {
            throw Diagnostic(.template, "macro '\(name)' was used in a call block but does not call 'caller()'")
        }
        let surplus = Array(positional.dropFirst(definition.parameters.count))
        if let slot = definition.varargsSlot {
            inner.set(slot, .tuple(surplus))
        } else if !surplus.isEmpty {
            throw Diagnostic(
                .template,
                "macro '\(name)' takes at most \(definition.parameters.count) arguments, \(positional.count) are given")
        }
        if let slot = definition.kwargsSlot {
            inner.set(slot, .map(rest))
        } else if let unexpected = rest.keys.first {
            throw Diagnostic(
                .template, "macro '\(name)' has no argument '\(unexpected.text)'",
                remedy: NearestHint.of(unexpected.text, among: definition.parameters.map(\.name.text)))
        }
    }
}
