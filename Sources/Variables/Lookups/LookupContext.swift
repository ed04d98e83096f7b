public import Diagnostics
import Glibc
import Jinja
public import Values

/// What lookups work with: the files of the control machine, and the variables of whoever asks.
public final class LookupContext: @unchecked Sendable {
    // Belongs to the thread that evaluates templates, as `RunVariables` does.
    let readFile: (String) throws(Diagnostic) -> [UInt8]
    weak var variables: RunVariables?
    /// A setting of ansible.cfg, such as `hashi_vault_collection.url`; nil where it is not set.
    public var setting: (String) -> String? = { _ in nil }
    /// Tokens that HashiCorp Vault gave in this run, by how they were asked for.
    var vaultTokens: [[String]: String] = [:]
    /// The scope whose template is being evaluated; lookups such as `vars` and `template` ask in it.
    private(set) var scope: LayeredScope?

    init(readFile: @escaping (String) throws(Diagnostic) -> [UInt8]) { self.readFile = readFile }

    /// Does `work` as part of an evaluation in `scope`.
    public func within<Result>(
        _ scope: LayeredScope, _ work: () throws(Diagnostic) -> Result
    ) throws(Diagnostic) -> Result {
        let outer = self.scope
        self.scope = scope
        defer { self.scope = outer }
        return try work()
    }

    /// The items of `with_NAME: value`, or of `query('NAME', …)`.
    ///
    /// - Throws: `Diagnostic` if there is no such lookup, or it does not find what it is asked for.
    public func items(
        _ name: String, _ terms: [Value], _ options: ValueMap = [:], at place: SourceLocation? = nil
    ) throws(Diagnostic) -> [Value] {
        let short = Self.shortName(name)
        guard let lookup = Lookups.all[short] else {
            throw Diagnostic(
                .unsupported, "no lookup '\(name)'", at: place,
                remedy: NearestNames.hint(short, among: Lookups.all.keys)
                    ?? "Lookups here: \(Lookups.all.keys.sorted().joined(separator: ", ")).")
        }
        do throws(Diagnostic) {
            return try lookup(terms, options, self)
        } catch {
            throw error.located(at: place)
        }
    }

    /// Whether there is such a lookup.
    public static func exists(_ name: String) -> Bool { Lookups.all[shortName(name)] != nil }

    private static func shortName(_ name: String) -> String {
        for prefix in ["ansible.builtin.", "ansible.legacy.", "community.general.", "community.hashi_vault."]
        where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return name
    }

    /// The file a lookup means: beside the role or the play, under `kind` first.
    func find(_ name: String, kind: String) -> String? {
        FileSearch.find(name, kind: kind, in: scope?.searchPath ?? ["."])
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
        var items: [Value]
        do throws(Diagnostic) {
            items = try context.items(name, Array(positional.dropFirst()), options)
        } catch {
            if onError == "strict" { throw error }
            return wantsList ? .list([]) : .null
        }
        // What a lookup gives is data: it is never evaluated, whatever it looks like.
        items = items.map { $0.mapText { Text($0.string, marks: $0.marks.subtracting(.template)) } }
        if wantsList { return .list(items) }
        if items.count == 1 { return items[0] }
        guard items.allSatisfy({ $0.text != nil }) else { return .list(items) }
        let isSecret = items.contains(where: \.holdsSecret)
        return .string(Text(items.map(\.pythonText).joined(separator: ","), marks: isSecret ? .secret : []))
    }
}
