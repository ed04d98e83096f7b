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
    public static func standaloneScope(
        of values: ValueMap, in directory: String, opener: @escaping TemplateEnvironment.Opener,
        readFile: @escaping FileReader
    ) -> LayeredScope {
        let context = LookupContext(directory: directory, readFile: readFile)
        // A template in a role's `templates/` finds what the role has.
        let whole = FileSearch.absolute(directory)
        let isInRole = whole.hasSuffix("/templates")
        let places = [directory] + (isInRole ? [TemplateFile.folder(of: whole)] : [])
        return LayeredScope(
            engine: context.environment(opener: opener), lookups: context, layers: [Layer("variables", values)],
            searchPath: places, mergesMaps: false, magicNames: [], magic: { _ in nil }, memory: nil)
    }
}
