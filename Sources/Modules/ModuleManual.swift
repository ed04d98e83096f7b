public import Results
public import Values

/// A module's manual: what it is called, what it takes, what it does in check and diff mode.
public struct ModuleManual: Sendable {
    /// The full name, such as `ansible.builtin.copy`; the short one follows from it.
    public var name: String
    public var summary: String
    /// Longer text, in paragraphs.
    public var description: String
    public var arguments: [Argument]
    /// What a dry run can tell.
    public var check: String
    /// What `--diff` shows.
    public var diff: String
    /// In which of Ansible's forms the difference is registered.
    public var registeredDiff: RegisteredDiff
    /// A YAML list of tasks; a test parses it.
    public var example: String
    /// Other full names it answers to (`community.general.docker_network`, `ansible.legacy.copy`).
    public var aliases: [String]
    /// The argument that free text after the module's name goes to (`command: uptime`), if it takes any.
    public var freeForm: String?
    /// Names of arguments of which at most one may be given.
    public var exclusive: [[String]]
    /// Names of arguments of which at least one must be given.
    public var oneOf: [[String]]
    /// Whether any further argument is taken as it comes (`set_fact`).
    public var takesAnyArgument: Bool

    public init(
        name: String, summary: String, description: String = "", arguments: [Argument], check: String = "full",
        diff: String = "full", registeredDiff: RegisteredDiff = .single, example: String, aliases: [String] = [],
        freeForm: String? = nil,
        exclusive: [[String]] = [], oneOf: [[String]] = [], takesAnyArgument: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.description = description
        self.arguments = arguments
        self.check = check
        self.diff = diff
        self.registeredDiff = registeredDiff
        self.example = example
        self.aliases = aliases
        self.freeForm = freeForm
        self.exclusive = exclusive
        self.oneOf = oneOf
        self.takesAnyArgument = takesAnyArgument
    }

    /// The name's last part: `copy`.
    public var shortName: String {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return name }
        return String(name[name.utf8.index(after: dot)...])
    }
}

/// One argument of a module.
public struct Argument: Sendable {
    /// The types of Ansible's argument specifications, with its conversions.
    public indirect enum Kind: Sendable {
        case string, int, float, bool, path, bits, bytes, raw
        /// A path or file name on the control machine or host, JSON text, permission bits as text.
        case json, mode
        /// A list of that kind; a text is split at commas, a single value becomes a list of one.
        case list(Kind)
        /// A map; with options named, checked like arguments.
        case map([Argument])
    }

    public var name: String
    public var kind: Kind
    public var text: String
    public var isRequired: Bool
    public var defaultValue: Value?
    public var choices: [String]
    public var aliases: [String]
    /// Whether its value is never shown.
    public var isSecret: Bool
    /// If set, the argument is known but not supported, and this says why and what to do instead.
    public var refusal: String?

    public init(
        _ name: String, _ kind: Kind, _ text: String, required: Bool = false, default defaultValue: Value? = nil,
        choices: [String] = [], aliases: [String] = [], secret: Bool = false, refusal: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.text = text
        self.isRequired = required
        self.defaultValue = defaultValue
        self.choices = choices
        self.aliases = aliases
        self.isSecret = secret
        self.refusal = refusal
    }

    public static func required(
        _ name: String, _ kind: Kind, _ text: String, choices: [String] = [], aliases: [String] = []
    ) -> Argument {
        Argument(name, kind, text, required: true, choices: choices, aliases: aliases)
    }

    public static func optional(
        _ name: String, _ kind: Kind, _ text: String, default defaultValue: Value? = nil, choices: [String] = [],
        aliases: [String] = [], secret: Bool = false
    ) -> Argument {
        Argument(
            name, kind, text, default: defaultValue, choices: choices, aliases: aliases, secret: secret)
    }
}
