public import Jinja
public import Values

extension LookupContext {
    /// Templates with lookups, for where no run is: the expressions of an inventory.
    ///
    /// - Parameters:
    ///   - opener: Opens a vaulted value when it is used.
    ///   - readFile: Reads a file of the control machine, opened if it is sealed.
    public static func environment(
        opener: TemplateEnvironment.Opener? = nil,
        readFile: @escaping FileReader
    ) -> TemplateEnvironment { LookupContext(readFile: readFile).environment(opener: opener) }

    /// Variables for a template that no run renders.
    ///
    /// - Parameters:
    ///   - values: All there are.
    ///   - directory: Where lookups begin to look for files.
    ///   - opener: Opens a vaulted value when it is used.
    ///   - readFile: Reads a file of the control machine, opened if it is sealed.
    public static func scope(
        _ values: ValueMap, in directory: String, opener: @escaping TemplateEnvironment.Opener,
        readFile: @escaping FileReader
    ) -> LayeredScope {
        let context = LookupContext(directory: directory, readFile: readFile)
        return LayeredScope(
            engine: context.environment(opener: opener), lookups: context, layers: [Layer("variables", values)],
            searchPath: [directory], mergesMaps: false, magicNames: [], magic: { _ in nil }, memory: nil)
    }
}
