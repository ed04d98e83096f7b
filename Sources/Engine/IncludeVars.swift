import Diagnostics
import Jinja
import Planning
import Playbook
import Results
import Values
import Variables

/// `include_vars`: variables of a file, or of all files below a directory.
struct IncludedVariables {
    private static let fileArguments = ["file", "_raw_params"]
    private static let directoryArguments = [
        "dir", "depth", "files_matching", "ignore_files", "extensions", "ignore_unknown_extensions",
    ]
    private static let others = ["name", "hash_behaviour"]

    private let arguments: ValueMap
    private let scope: LayeredScope
    /// The place of an argument, for errors.
    private let place: (String) -> SourceLocation?
    private let read: (String) throws(Diagnostic) -> ValueMap

    init(
        _ arguments: ValueMap, scope: LayeredScope, place: @escaping (String) -> SourceLocation?,
        read: @escaping (String) throws(Diagnostic) -> ValueMap
    ) throws(Diagnostic) {
        self.arguments = arguments
        self.scope = scope
        self.place = place
        self.read = read
        let known = Self.fileArguments + Self.directoryArguments + Self.others
        for key in arguments.keys where !known.contains(key.text) {
            throw Diagnostic(
                .unknownArgument, "unknown argument '\(key.text)' for include_vars", at: place(key.text),
                remedy: NearestNames.hint(key.text, among: known))
        }
        let ofFile = Self.fileArguments.first { arguments[$0] != nil }
        let ofDirectory = Self.directoryArguments.first { arguments[$0] != nil }
        guard ofFile == nil || ofDirectory == nil else {
            throw Diagnostic(
                .badValue, "include_vars takes a file or a directory, not both", at: place(ofDirectory ?? "dir"),
                remedy: "Remove '\(ofDirectory ?? "dir")' or the file.")
        }
    }

    /// What was read, and from which files, in order.
    func load() throws(Diagnostic) -> (values: ValueMap, files: [String]) {
        let files = try files()
        var values = ValueMap()
        for file in files { values.merge(try read(file)) }
        if let name = arguments["name"]?.pythonText { values = [.string(name): .map(values)] }
        return (try merged(values), files)
    }

    /// With `hash_behaviour: merge`, laid over what the host has under the same names.
    private func merged(_ values: ValueMap) throws(Diagnostic) -> ValueMap {
        guard let behaviour = arguments["hash_behaviour"], !behaviour.isNull else { return values }
        guard ["merge", "replace"].contains(behaviour.pythonText) else {
            throw Diagnostic(
                .badValue, "hash_behaviour must be merge or replace, not '\(behaviour.pythonText)'",
                at: place("hash_behaviour"))
        }
        guard behaviour.pythonText == "merge" else { return values }
        var result = ValueMap()
        for (key, value) in values {
            result[key] = value
            guard case .map(let new) = value, let old = try scope.lookup(key.text)?.mapValue else { continue }
            result[key] = .map(old.deeplyMerging(new))
        }
        return result
    }

    // MARK: Files

    private func files() throws(Diagnostic) -> [String] {
        if let directory = arguments["dir"]?.pythonText { return try files(below: directory) }
        guard let name = (arguments["file"] ?? arguments["_raw_params"])?.pythonText else {
            throw Diagnostic(.missingArgument, "include_vars needs 'file' or 'dir'")
        }
        guard let path = FileSearch.find(name, kind: "vars", in: scope.searchPath) else {
            let places = FileSearch.candidates(name, kind: "vars", in: scope.searchPath)
            throw Diagnostic(
                .missingFile, "no file '\(name)'", remedy: "Looked for \(places.joined(separator: ", ")).")
        }
        return [path]
    }

    private func files(below name: String) throws(Diagnostic) -> [String] {
        guard let root = FileSearch.find(name, kind: "vars", in: scope.searchPath) else {
            let places = FileSearch.candidates(name, kind: "vars", in: scope.searchPath)
            throw Diagnostic(
                .missingFile, "no directory '\(name)'", at: place("dir"),
                remedy: "Looked for \(places.joined(separator: ", ")).")
        }
        guard ProjectFiles.isDirectory(root) else {
            throw Diagnostic(.badValue, "'\(root)' is no directory", at: place("dir"), remedy: "Use 'file' for a file.")
        }
        var depth = 0
        if let given = arguments["depth"], !given.isNull {
            guard let number = given.intValue ?? Int(given.pythonText) else {
                throw Diagnostic(
                    .badValue, "'depth' must be a whole number, not \(given.pythonRepresentation)", at: place("depth"))
            }
            depth = number
        }
        let extensions = try words("extensions") ?? ["yaml", "yml", "json"]
        let ignored = try words("ignore_files") ?? []
        let passesUnknown = arguments["ignore_unknown_extensions"]?.isYes ?? false
        var result: [String] = []
        for path in walk(root, depth: depth) {
            let file = Path.name(of: path)
            if let pattern = arguments["files_matching"]?.pythonText, try !matches(file, pattern) { continue }
            var isIgnored = false
            for pattern in ignored where try matches(file, pattern + "$") { isIgnored = true }
            if isIgnored { continue }
            guard extensions.contains(where: { file.hasSuffix(".\($0)") && file.count > $0.count + 1 }) else {
                if passesUnknown { continue }
                throw Diagnostic(
                    .badValue, "'\(path)' has none of the extensions \(extensions.joined(separator: ", "))",
                    at: place("dir"),
                    remedy: "Move it, name it in 'ignore_files', or set ignore_unknown_extensions: true.")
            }
            result.append(path)
        }
        return result
    }

    /// Files of a directory, then those of each directory in it, names in order.
    ///
    /// - Parameter depth: How many levels; 0 for all.
    private func walk(_ root: String, depth: Int) -> [String] {
        let entries = Path.entries(of: root).map { "\(root)/\($0)" }
        let folders = depth == 1 ? [] : entries.filter(ProjectFiles.isDirectory)
        return entries.filter(ProjectFiles.isFile) + folders.flatMap { walk($0, depth: max(0, depth - 1)) }
    }

    /// Words given as a list, or in one text with blanks between.
    private func words(_ name: String) throws(Diagnostic) -> [String]? {
        guard let value = arguments[name], !value.isNull else { return nil }
        if let items = value.elements { return items.map(\.pythonText) }
        guard let text = value.stringValue else {
            throw Diagnostic(
                .badValue, "'\(name)' must be a list, not \(value.pythonRepresentation)", at: place(name))
        }
        return text.split(whereSeparator: { $0.isWhitespace || $0 == "," }).map(String.init)
    }

    /// Whether a regular expression of the language of templates is found in a name.
    private func matches(_ name: String, _ pattern: String) throws(Diagnostic) -> Bool {
        let values: ValueMap = ["name": .string(name), "pattern": .string(pattern)]
        let engine = TemplateEnvironment()
        let test = Text("name is search(pattern)")
        return try engine.evaluateExpression(test, in: MapScope(values, environment: engine)).isTruthy
    }
}

extension Engine {
    func includeVars(_ arguments: ValueMap, _ run: TaskRun, _ scope: LayeredScope) throws(Diagnostic) -> TaskOutcome {
        let places = run.task.node.action.places
        let planner = planner
        let included = try IncludedVariables(
            arguments, scope: scope, place: { places[$0] },
            read: { (path) throws(Diagnostic) in try planner.variables(in: path) })
        let (values, files) = try included.load()
        redactor.learn(.map(values))
        var outcome = TaskOutcome(.ok)
        outcome.included = values
        outcome.values["ansible_included_var_files"] = .list(files.map { .string($0) })
        outcome.values["ansible_facts"] = .map(values)
        return outcome
    }
}
