public import Diagnostics
import Glibc
import Jinja
public import Values

/// What lookups work with: the files of the control machine, and the variables of whoever asks.
public final class LookupContext: @unchecked Sendable {
    // Belongs to the thread that evaluates templates, as `RunVariables` does.
    let readFile: FileReader
    weak var variables: RunVariables?
    /// Where what no play asks for is.
    private let directory: String
    /// A setting of ansible.cfg, such as `hashi_vault_collection.url`; nil where it is not set.
    public var setting: (String) -> String? = { _ in nil }
    /// Users of this machine that templates' files belong to.
    var userNames: [uid_t: Value] = [:]
    /// Tokens that HashiCorp Vault gave in this run, by how they were asked for.
    var vaultTokens: [[String]: String] = [:]
    /// The scope whose template is being evaluated; lookups such as `vars` and `template` ask in it.
    private(set) var scope: LayeredScope?

    /// Reads a file of the control machine, opened with the vault if it is sealed.
    public typealias FileReader = (_ path: String) throws(Diagnostic) -> (content: [UInt8], wasSealed: Bool)

    init(directory: String = ".", readFile: @escaping FileReader) {
        self.directory = directory
        self.readFile = readFile
    }

    /// What templates are evaluated with: these lookups, and the template files they bring in.
    func environment(
        opener: TemplateEnvironment.Opener?, isModule: @escaping @Sendable (String) -> Bool = { _ in false }
    ) -> TemplateEnvironment {
        TemplateEnvironment(
            functions: [
                "lookup": LookupFunction(.joined, self), "query": LookupFunction(.list, self),
                "q": LookupFunction(.list, self),
            ],
            loader: { (name) throws(Diagnostic) in try self.templateSource(name) }, opener: opener,
            isModule: isModule)
    }

    /// Settings by their names in ansible-core, for `lookup('config', …)`.
    public var settings: [String: (value: Value, origin: String)] = [:]
    /// Takes what a lookup was told to warn of instead of failing.
    public var onWarning: ((String) -> Void)?

    func warn(_ text: String) { onWarning?(text) }

    /// How many evaluations around the present one refuse lookups.
    private var refusals = 0

    /// Does `work` as part of an evaluation in `scope`.
    public func within<Result>(
        _ scope: LayeredScope, _ work: () throws(Diagnostic) -> Result
    ) throws(Diagnostic) -> Result {
        let outer = self.scope
        self.scope = scope
        if scope.refusesLookups { refusals += 1 }
        defer {
            self.scope = outer
            if scope.refusesLookups { refusals -= 1 }
        }
        return try work()
    }

    /// Where the files of the task are whose loop is being asked for; nil for `lookup()` and the like.
    private(set) var fileKind: String?

    /// The items of `with_NAME: value` at a task.
    ///
    /// - Parameters:
    ///   - terms: The loop's list.
    ///   - action: The task's action, which decides where files are sought.
    public func loopItems(
        _ name: String, _ terms: [Value], action: String, at place: SourceLocation?
    ) throws(Diagnostic) -> [Value] {
        let outer = fileKind
        fileKind = action.contains("template") ? "templates" : action.contains("var") ? "vars" : "files"
        defer { fileKind = outer }
        return try items(name, terms, at: place)
    }

    /// The items of `query('NAME', …)`.
    ///
    /// - Throws: `Diagnostic` if there is no such lookup, or it does not find what it is asked for.
    public func items(
        _ name: String, _ terms: [Value], _ options: ValueMap = [:], at place: SourceLocation? = nil
    ) throws(Diagnostic) -> [Value] {
        // What a lookup finds may be otherwise the next time.
        scope?.noteVolatile()
        guard refusals == 0 else {
            throw Diagnostic(.unsupported, "no lookup is done before its task's turn", at: place)
        }
        guard let lookup = Lookups.lookup(named: name) else { throw Lookups.trouble(with: name, at: place) }
        do throws(Diagnostic) {
            let given = LookupOptions(name, options)
            if let known = lookup.options {
                for key in options.keys where !known.contains(key.text) {
                    throw given.unknown(key.text, among: known)
                }
            }
            return try lookup.function(terms, given, self)
        } catch {
            throw error.located(at: place)
        }
    }

    /// Whether a lookup of that full name is known and not supported.
    public static func isRefused(_ name: String) -> Bool { Lookups.refused[name] != nil }

    /// Whether there is such a lookup.
    public static func exists(_ name: String) -> Bool { Lookups.lookup(named: name) != nil }

    /// The file a lookup means: beside the role or the play, under `kind` first.
    func find(_ name: String, kind: String) -> String? {
        FileSearch.find(name, kind: kind, in: searchPath)
    }

    /// Where files are sought, the nearest directory first.
    var searchPath: [String] { scope?.searchPath ?? ["."] }

    /// The play's directory, where commands run and passwords are kept.
    var playDirectory: String { variables?.play.directory ?? directory }

    /// The setting `ansible_managed`.
    var managedText: String { variables?.run.managedText ?? RunFacts.usualManagedText }

    /// A file's text, secret if the file is sealed.
    func text(of path: String) throws(Diagnostic) -> Text {
        let (content, wasSealed) = try readFile(path)
        return Text(String(decoding: content, as: UTF8.self), marks: wasSealed ? .secret : [])
    }
}

/// Finds files named without a path, as roles and plays name them.
public enum FileSearch {
    /// The places looked at, in order: in each directory, its `files` or `templates`, then itself.
    public static func candidates(_ name: String, kind: String, in directories: [String]) -> [String] {
        if name.hasPrefix("/") { return [name] }
        if name.hasPrefix("~/"), let home = getenv("HOME") { return [String(cString: home) + name.dropFirst()] }
        return directories.flatMap { directory in
            kind.isEmpty ? ["\(directory)/\(name)"] : ["\(directory)/\(kind)/\(name)", "\(directory)/\(name)"]
        }
    }

    /// The first that exists.
    public static func find(_ name: String, kind: String, in directories: [String]) -> String? {
        candidates(name, kind: kind, in: directories).first { access($0, F_OK) == 0 }
    }

    /// The path from the root, without `.` and `..` in it.
    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return normal(path) }
        guard let directory = getcwd(nil, 0) else { return normal(path) }
        defer { free(directory) }
        return normal("\(String(cString: directory))/\(path)")
    }

    /// The path without `.` and `..` in it; links are not followed.
    static func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !path.hasPrefix("/") {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return path.hasPrefix("/") ? "/" + joined : joined.isEmpty ? "." : joined
    }
}

/// `lookup()`, `query()` and `q()` in templates.
final class LookupFunction: ValueObject {
    enum Answer { case joined, list }

    private let answer: Answer
    private let context: LookupContext
    var typeName: String { "function" }

    init(_ answer: Answer, _ context: LookupContext) {
        self.answer = answer
        self.context = context
    }

    func call(_ positional: [Value], _ named: ValueMap) throws(Diagnostic) -> Value {
        guard let name = positional.first?.stringValue else {
            throw Diagnostic(.template, "a lookup needs a name", remedy: "Such as lookup('env', 'HOME').")
        }
        var options = named
        let wantsList = options.removeValue(forKey: "wantlist")?.isTruthy ?? (answer == .list)
        let onError = options.removeValue(forKey: "errors")?.pythonText ?? "strict"
        guard ["strict", "warn", "ignore"].contains(onError) else {
            throw Diagnostic(.template, "'errors' must be strict, warn or ignore, not '\(onError)'")
        }
        var items: [Value]
        do throws(Diagnostic) {
            items = try context.items(name, Array(positional.dropFirst()), options)
        } catch {
            // A name that is not there is no trouble of the lookup itself.
            if onError == "strict" || error.code == .unsupported { throw error }
            if onError == "warn" { context.warn("lookup '\(name)': \(error.summary)") }
            return wantsList ? .list([]) : .null
        }
        // What a lookup gives is data: it is never evaluated, whatever it looks like.
        items = items.map { $0.mapText { Text($0.string, marks: $0.marks.subtracting(.template)) } }
        if wantsList { return .list(items) }
        if items.count == 1 { return items[0] }
        guard !items.isEmpty, items.allSatisfy({ $0.text != nil }) else { return .list(items) }
        let isSecret = items.contains(where: \.holdsSecret)
        return .string(Text(items.map(\.pythonText).joined(separator: ","), marks: isSecret ? .secret : []))
    }
}
