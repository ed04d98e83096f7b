public import Diagnostics
import Playbook
public import Values

/// Files that a run reads when it meets them.
extension Planner {
    /// Variables of a play's `vars_files` entry: the first of the files that exists.
    ///
    /// - Throws: `Diagnostic` if none exists, or what is wrong with the one that does.
    public func variablesFile(_ names: [String], askedAt place: SourceLocation?) throws(Diagnostic) -> ValueMap {
        let candidates = names.flatMap { name in
            (name.hasPrefix("vars/") ? [name] : ["vars/" + name, name]).map { Path.join(playbookDirectory, $0) }
        }
        guard let path = candidates.first(where: ProjectFiles.isFile) else {
            throw Diagnostic(
                .missingFile, "no file '\(names.joined(separator: "' or '"))'", at: place,
                remedy: "Looked for \(candidates.joined(separator: ", ")).")
        }
        return try variables(in: path)
    }

    /// The variables a file holds.
    ///
    /// - Throws: `Diagnostic` with the first thing wrong with it.
    public func variables(in path: String) throws(Diagnostic) -> ValueMap {
        let root = try files.document(at: path)
        var parser = makeParser()
        let values = parser.variables(root)
        if let error = parser.diagnostics.errors.first { throw error }
        return values
    }

    /// A file of the control machine, as modules ask for it.
    public func content(of path: String, opened: Bool) throws(Diagnostic) -> [UInt8] {
        try files.content(of: path, opened: opened)
    }
}
