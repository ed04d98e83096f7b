internal import Diagnostics
internal import Values

/// Attributes, items and iteration.
extension Evaluator {
    /// `value.name`: Python's attribute if there is one, else the item of that name.
    func attribute(_ value: Value, _ name: String, at offset: Int) throws(Diagnostic) -> Value {
        try attribute(value, name, nil, at: offset)
    }

    /// The same for a name that is written in the template.
    func attribute(_ node: Expression.Attribute, of value: Value) throws(Diagnostic) -> Value {
        if let item = value.entry(node.name) { return try resolved(item) }
        if let part = node.loopPart, case .object(let object) = value, let loop = object as? LoopObject {
            return loop.value(of: part)
        }
        return try attribute(value, node.name.text, node.method, at: node.offset)
    }

    private func attribute(
        _ value: Value, _ name: String, _ traits: MethodTraits?, at offset: Int
    ) throws(Diagnostic) -> Value {
        func isMethod() -> Bool { MethodIndex.has(name, traits ?? MethodIndex.traits(of: name), on: value) }
        switch value {
        case .undefined, .unknown: return value
        case .map(let map):
            if let item = map[name] { return try resolved(item) }
            if isMethod() { return .object(BoundMethod(self, value, name)) }
            return undefined(
                "'dict' has no attribute '\(name)'", name: name, at: offset, candidates: { map.keys.map(\.text) })
        case .object(let object):
            if let member = try object.member(.string(name)) { return try resolved(member) }
            if isMethod() { return .object(BoundMethod(self, value, name)) }
            let type = object.typeName
            return undefined(
                "'\(type)' has no attribute '\(name)'", name: name, at: offset,
                candidates: { object.keys?.map(\.text) ?? [] })
        default:
            if isMethod() { return .object(BoundMethod(self, value, name)) }
            return undefined(
                "'\(value.typeName)' has no attribute '\(name)'", name: name, at: offset, candidates: { [] })
        }
    }

    /// `value[key]`: the item, else the attribute of that name.
    func item(_ value: Value, _ key: Value, at offset: Int) throws(Diagnostic) -> Value {
        if case .undefined(let undefined) = key { throw error(for: undefined) }
        if case .unknown = key { return key }
        switch value {
        case .undefined, .unknown: return value
        case .list(let items), .tuple(let items):
            if let index = integerKey(key) {
                let place = index < 0 ? index + items.count : index
                if items.indices.contains(place) { return try resolved(items[place]) }
                return undefined(
                    "the list has no element \(index): it has \(items.count)", name: "", at: offset, candidates: { [] })
            }
        case .string(let text):
            if let index = integerKey(key) {
                if let character = PythonString.character(of: text.string, at: index) {
                    return .string(Text(character, marks: text.marks.intersection(.secret)))
                }
                return undefined("the text has no character \(index)", name: "", at: offset, candidates: { [] })
            }
        case .map(let map):
            if case .string(let name) = key {
                if let item = map[name.string] { return try resolved(item) }
            } else if let key = key.asKey, let item = map[key] {
                return try resolved(item)
            }
        case .object(let object):
            if let key = key.asKey, let item = try object.member(key) { return try resolved(item) }
            if let range = object as? RangeObject, let index = key.wholeNumber, let element = try range.element(index) {
                return element
            }
        default: break
        }
        if case .string(let name) = key { return try attribute(value, name.string, at: offset) }
        return undefined(
            "'\(value.typeName)' has no element \(key.pythonRepresentation)", name: "", at: offset, candidates: { [] })
    }

    private func integerKey(_ key: Value) -> Int? {
        switch key {
        case .int(let int): int
        case .bool(let bool): bool ? 1 : 0
        default: nil
        }
    }

    /// What a loop over the value walks: each is resolved one level when it is used.
    func elements(_ value: Value) throws(Diagnostic) -> [Value] {
        switch value {
        case .list(let items), .tuple(let items): return items
        case .map(let map): return map.keys.map(\.value)
        case .string(let text):
            let marks = text.marks.intersection(.secret)
            return text.string.unicodeScalars.map { .string(Text(String($0), marks: marks)) }
        case .object(let object):
            if let iterable = object as? any IterableObject { return try iterable.elements(session) }
            if let keys = object.keys { return keys.map(\.value) }
        case .undefined(let undefined): throw error(for: undefined)
        default: break
        }
        throw Diagnostic(
            .template, "cannot walk over \(describe(value))",
            remedy: value.isNull ? "Give it a default: '| default([], true)'." : "A loop needs a list or a dictionary.")
    }

    /// A dotted path as `map(attribute='a.b.0')` has it.
    func path(_ attribute: Value, of value: Value, at offset: Int) throws(Diagnostic) -> Value {
        guard case .string(let text) = attribute else { return try item(value, attribute, at: offset) }
        if PythonString.isSimpleName(text.string) { return try item(value, attribute, at: offset) }
        var result = value
        for part in text.string.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            let word = String(Substring(part))
            if let index = Int(word) {
                result = try item(result, .int(index), at: offset)
            } else {
                result = try item(result, .string(word), at: offset)
            }
        }
        return result
    }
}

/// A method taken off its value without being called, such as `{{ x.upper }}`.
final class BoundMethod: ValueObject, @unchecked Sendable {
    // Unchecked: it lives within one evaluation, on one thread.
    private let evaluator: Evaluator
    private let receiver: Value
    let name: String

    init(_ evaluator: Evaluator, _ receiver: Value, _ name: String) {
        self.evaluator = evaluator
        self.receiver = receiver
        self.name = name
    }

    var typeName: String { "method" }

    func call(_ positional: [Value], _ named: ValueMap) throws(Diagnostic) -> Value {
        var receiver = receiver
        let call = MethodCall(evaluator: evaluator, name: name, positional: positional, named: named)
        return try MethodIndex.call(call, on: &receiver) ?? .null
    }
}
