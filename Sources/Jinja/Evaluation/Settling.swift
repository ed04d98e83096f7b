internal import Diagnostics
public import Values

/// Making values ready to be looked into, and putting errors in their place.
extension Evaluator {
    /// The value itself, evaluated if it is a template; what is within stays as it is.
    func resolved(_ value: Value) throws(Diagnostic) -> Value {
        guard case .string(let text) = value, text.isTemplate else { return value }
        do throws(Diagnostic) {
            return try scope.resolve(text)
        } catch  where error.code == .undefined {
            return .undefined(Undefined(error.summary, at: error.location, remedy: error.remedy))
        }
    }

    /// The value with all templates within evaluated, and lazily read maps read.
    func settled(_ value: Value) throws(Diagnostic) -> Value {
        switch value {
        case .string(let text): return text.isTemplate ? try settled(try resolved(value)) : value
        case .list(let items):
            guard items.contains(where: \.needsSettling) else { return value }
            return .list(try settledAll(items))
        case .tuple(let items):
            guard items.contains(where: \.needsSettling) else { return value }
            return .tuple(try settledAll(items))
        case .map(let map):
            guard !map.isPlain, map.contains(where: { $0.value.needsSettling }) else { return value }
            try session.checkStack()
            return .map(try map.mapValues { value throws(Diagnostic) in try settled(value) })
        case .object(let object): return try settledObject(object)
        default: return value
        }
    }

    private func settledAll(_ items: [Value]) throws(Diagnostic) -> [Value] {
        try session.checkStack()
        var result: [Value] = []
        result.reserveCapacity(items.count)
        for item in items { result.append(try settled(item)) }
        return result
    }

    private func settledObject(_ object: any ValueObject) throws(Diagnostic) -> Value {
        if let range = object as? RangeObject { return .list(try range.elements(session)) }
        guard !object.belongsToTemplate, let keys = object.keys else { return .object(object) }
        try session.checkStack()
        var map = ValueMap()
        for key in keys {
            if let value = try object.member(key) { map[key] = try settled(value) }
        }
        return .map(map)
    }

    /// A value an operator works on: settled, and an error if it is undefined.
    func operand(_ value: Value) throws(Diagnostic) -> Value {
        let value = try settled(value)
        if case .undefined(let undefined) = value { throw error(for: undefined) }
        return value
    }

    /// The value as a result: settled, nothing undefined within, omitted entries dropped, tuples made lists.
    func finished(_ value: Value) throws(Diagnostic) -> Value {
        switch try settled(value) {
        case .undefined(let undefined): throw error(for: undefined)
        case .object(let method as BoundMethod):
            throw Diagnostic(
                .template, "the method '\(method.name)' is named but not called", remedy: "Write '\(method.name)()'.")
        case .list(let items) where items.contains(where: \.needsFinishing),
            .tuple(let items) where items.contains(where: \.needsFinishing):
            var result: [Value] = []
            for item in items where !item.isOmitted { result.append(try finished(item)) }
            return .list(result)
        case .tuple(let items): return .list(items)
        case .large(let large):
            try PythonPrint.checkSize(.large(large))
            return .large(large)
        case .map(let map) where !map.isPlain && map.contains(where: { $0.value.needsFinishing }):
            var result = ValueMap()
            for (key, item) in map where !item.isOmitted { result[key] = try finished(item) }
            return .map(result)
        case let other: return other
        }
    }

    // MARK: Errors

    /// An undefined value, whose place is worked out only if it becomes an error.
    func undefined(
        _ summary: String, name: String, at offset: Int, candidates: @escaping () -> [String]
    ) -> Value {
        session.undefinedSites[summary] = .init(
            evaluator: self, offset: offset, candidates: candidates, name: name)
        return .undefined(Undefined(summary))
    }

    /// The error that using an undefined value is.
    func error(for undefined: Undefined) -> Diagnostic { complete(undefined).diagnostic }

    /// The same undefined value with its place and remedy.
    func complete(_ undefined: Undefined) -> Undefined {
        guard undefined.location == nil, let site = session.undefinedSites[undefined.summary] else {
            return undefined
        }
        var result = undefined
        result.location = site.evaluator.location(site.offset)
        result.remedy =
            undefined.remedy
            ?? (site.name.isEmpty ? nil : NearestHint.of(site.name, among: site.candidates()))
            ?? (site.name.isEmpty
                ? nil : "Set it in vars, defaults or the inventory, or give it a default with '| default(…)'.")
        return result
    }

    func failure(_ summary: String, at offset: Int, remedy: String? = nil) -> Diagnostic {
        Diagnostic(.template, summary, at: location(offset), remedy: remedy)
    }

    /// The error with the place it happened at, unless it has one.
    func located(_ error: Diagnostic, _ offset: Int) -> Diagnostic {
        guard error.location == nil else { return error }
        return error.located(at: location(offset))
    }

    func location(_ offset: Int) -> SourceLocation? {
        PlaceFinder.place(of: offset, in: template.text, origin: origin, isSecret: isSecret)
    }

    /// A value as an error message may show it: its type, and itself if it is short and not secret.
    func describe(_ value: Value) -> String { ErrorText.describe(value) }
}

/// How values look in error messages.
enum ErrorText {
    static func describe(_ value: Value) -> String {
        let type = value.typeName
        if value.holdsSecret { return "\(type) ********" }
        switch value {
        case .null: return "None"
        case .bool, .int, .double: return "\(type) \(value.pythonText)"
        case .large, .string, .list, .tuple, .map:
            let text = value.pythonRepresentation
            return text.utf8.count <= 60 ? "\(type) \(text)" : "\(type) \(text.prefix(57))…"
        default: return type
        }
    }
}

extension Value {
    /// Whether something within is still to be evaluated or read.
    var needsSettling: Bool {
        switch self {
        case .string(let text): text.isTemplate
        case .list(let items), .tuple(let items): items.contains(where: \.needsSettling)
        case .map(let map): !map.isPlain && map.contains(where: { $0.value.needsSettling })
        case .object(let object): object is RangeObject || (!object.belongsToTemplate && object.isMap)
        default: false
        }
    }

    /// Whether something within must not reach a result as it is.
    var needsFinishing: Bool {
        switch self {
        case .undefined, .tuple: true
        case .list(let items): items.contains(where: \.needsFinishing)
        case .map(let map): !map.isPlain && map.contains(where: { $0.value.needsFinishing })
        case .object: isOmitted
        default: false
        }
    }

    /// Whether this is `omit`.
    public var isOmitted: Bool {
        if case .object(let object) = self { return object is Omitted }
        return false
    }

    /// Whether this is what a condition without `else` gave.
    var isMissingElse: Bool {
        if case .undefined(let undefined) = self { return undefined.summary == Evaluator.missingElse }
        return false
    }

    /// The first undefined value within.
    var firstUndefined: Undefined? {
        switch self {
        case .undefined(let undefined): undefined
        case .list(let items), .tuple(let items): items.lazy.compactMap(\.firstUndefined).first
        case .map(let map): map.isPlain ? nil : map.lazy.compactMap({ $0.value.firstUndefined }).first
        default: nil
        }
    }
}

/// `omit`: a value that says "as if this had not been given"; it disappears from lists and maps.
public final class Omitted: ValueObject {
    public static let value = Value.object(Omitted())
    public var typeName: String { "omit" }
    private init() {}
}
