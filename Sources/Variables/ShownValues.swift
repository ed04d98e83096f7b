public import Diagnostics
import Jinja
public import Values

/// Values as `debug` shows them.
extension LayeredScope {
    /// What a bare expression gives, for a person to look at: in place of what is undefined within stands a word about
    /// it, as ansible-core 2.19 has it.
    ///
    /// - Returns: The value, and what is undefined.
    public func shown(_ text: Text) throws(Diagnostic) -> (value: Value, undefined: [Diagnostic]) {
        try lookups.within(self) { () throws(Diagnostic) in
            var undefined: [Diagnostic] = []
            do throws(Diagnostic) {
                return (try shown(try engine.lookUp(text, in: self), &undefined), undefined)
            } catch {
                return (try Self.word(about: error, &undefined), undefined)
            }
        }
    }

    private func shown(_ value: Value, _ undefined: inout [Diagnostic]) throws(Diagnostic) -> Value {
        do throws(Diagnostic) {
            switch value {
            case .undefined(let nothing): throw nothing.diagnostic
            case .string(let text) where text.isTemplate: return try shown(try resolve(text), &undefined)
            case .list(let items), .tuple(let items):
                var result: [Value] = []
                for item in items where !Omit.isMarker(item) { result.append(try shown(item, &undefined)) }
                return .list(result)
            case .map(let map):
                var result = ValueMap()
                for (key, item) in map where !Omit.isMarker(item) { result[key] = try shown(item, &undefined) }
                return .map(result)
            case .object(let object) where object.isMap:
                var result = ValueMap()
                for key in object.keys ?? [] { result[key] = try shown(object, key, &undefined) }
                return .map(result)
            default: return value
            }
        } catch {
            return try Self.word(about: error, &undefined)
        }
    }

    private func shown(
        _ object: any ValueObject, _ key: ValueMap.Key, _ undefined: inout [Diagnostic]
    ) throws(Diagnostic) -> Value? {
        do throws(Diagnostic) {
            return try object.member(key).map { (item) throws(Diagnostic) in try shown(item, &undefined) }
        } catch {
            return try Self.word(about: error, &undefined)
        }
    }

    private static func word(about error: Diagnostic, _ undefined: inout [Diagnostic]) throws(Diagnostic) -> Value {
        guard error.code == .undefined else { throw error }
        let index = undefined.firstIndex { $0.summary == error.summary && $0.location == error.location }
        if index == nil { undefined.append(error) }
        return .string("<< error \((index ?? undefined.count - 1) + 1) - \(error.summary) >>")
    }
}
