public import Diagnostics
public import Jinja

extension LookupContext {
    /// Templates with lookups, for where no run is: the expressions of an inventory.
    ///
    /// - Parameters:
    ///   - opener: Opens a vaulted value when it is used.
    ///   - readFile: Reads a file of the control machine, opened if it is sealed.
    public static func environment(
        opener: TemplateEnvironment.Opener? = nil,
        readFile: @escaping (String) throws(Diagnostic) -> [UInt8]
    ) -> TemplateEnvironment {
        let context = LookupContext(readFile: readFile)
        return TemplateEnvironment(
            functions: [
                "lookup": LookupFunction(.joined, context), "query": LookupFunction(.list, context),
                "q": LookupFunction(.list, context),
            ], opener: opener)
    }
}
