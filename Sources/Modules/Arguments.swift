public import Diagnostics
public import Values

/// A module's arguments after the manual has checked and converted them: names are the manual's own, values of
/// the stated kind, defaults filled in, `omit`ted ones left out.
public struct Arguments: Sendable {
    public let values: ValueMap
    /// Where the task was written; the place of errors that no argument has a better one for.
    public let location: SourceLocation?
    /// What the engine knows and some modules need: files beside the playbook, the template engine.
    public let context: ModuleContext

    public init(values: ValueMap, location: SourceLocation? = nil, context: ModuleContext = .none) {
        self.values = values
        self.location = location
        self.context = context
    }

    public subscript(_ name: String) -> Value? {
        guard let value = values[name], !value.isNull else { return nil }
        return value
    }

    /// The text of a required argument.
    public func string(_ name: String) throws(Diagnostic) -> String {
        guard let value = optionalString(name) else {
            throw Diagnostic(.missingArgument, "missing required argument '\(name)'", at: location)
        }
        return value
    }

    public func optionalString(_ name: String) -> String? { self[name]?.pythonText }
    public func bool(_ name: String) -> Bool { self[name]?.isTruthy ?? false }
    public func optionalBool(_ name: String) -> Bool? { self[name]?.isTruthy }
    public func int(_ name: String) -> Int? { self[name]?.intValue }
    /// Whole seconds of some wait, cut to thirty years, so that they can be added and handed to any program.
    func seconds(_ name: String, or usual: Int, atLeast least: Int = 0) -> Int {
        min(max(least, int(name) ?? usual), 1_000_000_000)
    }
    public func list(_ name: String) -> [Value] { self[name]?.elements ?? [] }
    public func strings(_ name: String) -> [String] { list(name).map(\.pythonText) }
    public func map(_ name: String) -> ValueMap? { self[name]?.mapValue }
}

/// What the engine lends to modules that work with files of the control machine or with templates.
public struct ModuleContext: Sendable {
    /// Finds a file as Ansible does for that kind (`files`, `templates`): role, then play. Returns the path.
    public var findFile: @Sendable (_ name: String, _ kind: String) throws(Diagnostic) -> String
    /// Reads a file of the control machine, opened with the vault where it is sealed and `decrypt` is true.
    public var readFile: @Sendable (_ path: String, _ decrypt: Bool) throws(Diagnostic) -> [UInt8]
    /// Renders a template's text, secret or not, with the task's variables. The path is where it was found.
    /// The options are the template module's own: `src`, `trim_blocks`, `variable_start_string` …
    public var render: @Sendable (_ text: Text, _ path: String, _ options: ValueMap) throws(Diagnostic) -> Text
    /// The value of a bare expression, as `when:` has it, with the task's variables, for a person to look at: in place of
    /// what is undefined stands a word about it, and what is wrong is told beside.
    public var show: @Sendable (_ expression: Text) throws(Diagnostic) -> (value: Value, undefined: [Diagnostic])
    /// Whether a condition holds, as `when:` has it: a bool, or unknown.
    public var condition: @Sendable (_ condition: Value) throws(Diagnostic) -> Value
    /// The host's variables, by name.
    public var variable: @Sendable (_ name: String) throws(Diagnostic) -> Value?
    public var isCheckMode: Bool
    /// How to reach the host, for a `ControlMachineModule`; nil where all it is about is on its target.
    public var access: HostAccess?
    /// The number of `-v` given.
    public var verbosity: Int

    public init(
        findFile: @escaping @Sendable (String, String) throws(Diagnostic) -> String,
        readFile: @escaping @Sendable (String, Bool) throws(Diagnostic) -> [UInt8],
        render: @escaping @Sendable (Text, String, ValueMap) throws(Diagnostic) -> Text,
        show: @escaping @Sendable (Text) throws(Diagnostic) -> (value: Value, undefined: [Diagnostic]),
        condition: @escaping @Sendable (Value) throws(Diagnostic) -> Value,
        variable: @escaping @Sendable (String) throws(Diagnostic) -> Value?,
        isCheckMode: Bool = false,
        verbosity: Int = 0
    ) {
        self.findFile = findFile
        self.readFile = readFile
        self.render = render
        self.show = show
        self.condition = condition
        self.variable = variable
        self.isCheckMode = isCheckMode
        self.verbosity = verbosity
    }

    /// The content of a file of the control machine.
    ///
    /// - Parameter opening: Whether it is opened with the vault if it is sealed.
    /// - Returns: The content, and whether it must not be shown, having been sealed.
    func content(of path: String, opening: Bool) throws(Diagnostic) -> (bytes: [UInt8], isSecret: Bool) {
        let written = try readFile(path, false)
        guard opening, Self.isSealed(written) else { return (written, false) }
        return (try readFile(path, true), true)
    }

    /// Whether a file's content is a vault's.
    public static func isSealed(_ content: [UInt8]) -> Bool { content.starts(with: "$ANSIBLE_VAULT;".utf8) }

    /// A context that has nothing to lend, for modules that need none and for tests.
    public static let none = ModuleContext(
        findFile: { (name, _) throws(Diagnostic) in throw Diagnostic(.missingFile, "no file '\(name)' here") },
        readFile: { (path, _) throws(Diagnostic) in throw Diagnostic(.missingFile, "no file '\(path)' here") },
        render: { (_, path, _) throws(Diagnostic) in throw Diagnostic(.template, "cannot render '\(path)' here") },
        show: { (text) throws(Diagnostic) in throw Diagnostic(.template, "cannot evaluate '\(text.string)' here") },
        condition: { (value) throws(Diagnostic) in
            throw Diagnostic(.template, "cannot evaluate '\(value.pythonText)' here")
        },
        variable: { (_) throws(Diagnostic) in nil }
    )
}
