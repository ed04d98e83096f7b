import Diagnostics
import Jinja
import Playbook
import Values
import Variables

/// Keywords evaluated for a host: one that is null is as good as not written; of one that is omitted counts what stands
/// around it.
extension LayeredScope {
    /// - Throws: `Diagnostic`, at the keyword's place.
    func value(of field: Field?) throws(Diagnostic) -> Value? {
        guard let field else { return nil }
        do throws(Diagnostic) {
            let value = try evaluate(field.value)
            // Not as one expression: there `nil` would be the value null.
            if Omit.isMarker(value) { return try self.value(of: field.outer.first) }
            if value.isNull { return nil }
            return value
        } catch {
            throw error.located(at: field.location)
        }
    }

    /// A keyword's value as `read` understands it; nil, too, where only a run can tell it.
    func value<Result>(
        of field: Field?, _ keyword: String,
        as read: (Value, String, SourceLocation?) throws(Diagnostic) -> Result
    ) throws(Diagnostic) -> Result? {
        guard let field, let value = try value(of: field) else { return nil }
        if case .unknown = value { return nil }
        return try read(value, keyword, field.location)
    }

    /// - Throws: `Diagnostic`, at the keyword's place, for a word that means neither yes nor no.
    func flag(of field: Field?, _ keyword: String) throws(Diagnostic) -> Bool? {
        guard let field, let value = try value(of: field) else { return nil }
        return try KeywordValue.flag(value, keyword, at: field.location)
    }
}
