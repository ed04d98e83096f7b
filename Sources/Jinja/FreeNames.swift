public import Diagnostics
public import Values

/// A name that a template reads and does not itself define.
public struct FreeName: Sendable {
    public var name: String
    /// Where it is first read.
    public var location: SourceLocation?
}

extension TemplateEnvironment {
    /// The names a template or expression can read from its scope, told from its syntax alone.
    ///
    /// Names that only the template itself ever assigns are left out, and so are the functions every template
    /// knows. What included templates read is not known here.
    ///
    /// - Parameter asExpression: Whether the text is a bare expression.
    public func freeNames(of text: Text, asExpression: Bool = false) throws(Diagnostic) -> [FreeName] {
        guard asExpression || Self.isTemplate(text.string) else { return [] }
        let (body, options) = asExpression ? (text, .value) : try TemplateHeader.stripped(text, .value)
        let template = try compiled(
            body.string, options: options, isExpression: asExpression, origin: body.origin, isSecret: text.isSecret)
        return template.names.indices.compactMap { slot in
            let name = template.names[slot]
            guard !template.isAssigned[slot], template.firstUse[slot] >= 0, !Globals.names.contains(name),
                functions[name] == nil
            else { return nil }
            let place = PlaceFinder.place(
                of: template.firstUse[slot], in: body.string, origin: body.origin, isSecret: text.isSecret)
            return FreeName(name: name, location: place)
        }
    }

    /// Checks the syntax, without evaluating anything.
    public func check(_ text: Text, asExpression: Bool = false) throws(Diagnostic) {
        guard asExpression || Self.isTemplate(text.string) else { return }
        let (body, options) = asExpression ? (text, .value) : try TemplateHeader.stripped(text, .value)
        _ = try compiled(
            body.string, options: options, isExpression: asExpression, origin: body.origin, isSecret: text.isSecret)
    }
}
