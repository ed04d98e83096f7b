import Diagnostics
public import Jinja
public import Values
public import YAML

/// How sources of an inventory are read, as the configuration says; the defaults are Ansible's.
public struct InventoryOptions: Sendable {
    /// What becomes of keys given twice in YAML sources and files of variables.
    public var duplicates = DuplicateKeys.warn

    /// What becomes of group names that no variable could have (`force_valid_group_names`).
    public enum Naming: String, Sendable {
        /// They stay, with a warning.
        case never
        /// They stay, without one.
        case ignore
        /// They are made valid, with a warning.
        case always
        /// They are made valid, without one.
        case silently
    }

    /// The ways to read a source, in the order they are tried (`enable_plugins`).
    public var plugins = ["host_list", "script", "auto", "yaml", "ini", "toml"]
    /// The endings of YAML inventories.
    public var yamlEndings = [".yaml", ".yml", ".json"]
    /// The endings of files of variables besides none, in the order they are looked for.
    public var variablesEndings = [".yml", ".yaml", ".json"]
    /// Files in directories that end so are passed over (`ignore_extensions`).
    public var ignoredEndings = [
        ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry",
    ]
    /// Regular expressions of names in directories that are passed over (`ignore_patterns`).
    public var ignoredPatterns: [String] = []
    public var naming = Naming.never
    /// Whether group_vars and host_vars are read (`vars_plugins_enabled`).
    public var readsVariablesFiles = true
    /// Whether what a script writes to its standard error is shown (`always_show_stderr`).
    public var showsScriptErrors = true
    /// Whether maps of one name in several places are merged (`hash_behaviour = merge`).
    public var mergesMaps = false
    /// `-e`, for expressions of sources that ask for them.
    public var extra: ValueMap = [:]
    /// Whether every constructed source sees `-e` (`use_extra_vars`).
    public var usesExtra = false
    /// Evaluates the expressions of constructed and generated inventories.
    public var templates = TemplateEnvironment()
    /// The facts of a host that an earlier run kept.
    public var cachedFacts: @Sendable (String) -> ValueMap? = { _ in nil }

    public init() {}

    /// The names of plugins that are read here.
    static let known: Set<String> = [
        "host_list", "advanced_host_list", "script", "auto", "yaml", "ini", "toml", "constructed", "generator",
    ]

    /// A plugin's name without its collection.
    static func shortName(_ name: String) -> String {
        for prefix in ["ansible.builtin.", "ansible.legacy."] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return name
    }

    /// What is wrong with the names of plugins.
    func check() -> [Diagnostic] {
        let names = plugins.map(Self.shortName)
        var found: [Diagnostic] = []
        for name in names where !Self.known.contains(name) {
            found.append(
                Diagnostic(
                    .unsupported, "there is no inventory plugin '\(name)' here; enable_plugins names it in vain",
                    remedy: NearestNames.hint(name, among: Self.known)
                        ?? "Known are \(Self.known.sorted().joined(separator: ", ")).", severity: .warning))
        }
        if !names.contains(where: Self.known.contains) {
            found.append(
                Diagnostic(
                    .badOption, "enable_plugins names no inventory plugin that is here",
                    remedy: "Known are \(Self.known.sorted().joined(separator: ", "))."))
        }
        return found
    }
}
