internal import Values

/// A setting of Ansible's configuration: what it is called, where it is read from and what becomes of it here.
public struct Setting: Sendable {
    /// What a setting's text is read as.
    public enum Kind: String, Sendable {
        case flag = "boolean"
        case integer
        case decimal = "float"
        case text = "string"
        /// Words with commas between them.
        case list
        case path
        /// Paths with colons between them.
        case pathSpec = "pathspec"
        /// Paths with commas between them.
        case pathList = "pathlist"
        case dictionary = "dict"
        case raw
    }

    /// What this tool does with a setting.
    public enum Use: Sendable {
        case honoured
        /// Honoured as far as the note says.
        case partly(String)
        /// It tunes what does not exist here, so that whatever it says holds.
        case moot(Reason)
        /// It would change what a run does, and does not: whoever sets it is told so.
        case unhonoured(Reason)
    }

    /// Why a setting is not honoured, or need not be.
    public enum Reason: String, Sendable {
        case python = "it is about the Python code that does not exist here"
        case plugins = "plugins and modules written in Python are not loaded"
        case network = "network devices and their persistent connections are not there"
        case galaxy = "collections and roles are installed by ansible-galaxy, not by this tool"
        case developers = "it is for the developers of ansible-core"
        case cows = "there are no cows"
        case noSuchText = "no such text is printed"
        case sharedColor = "it shares the color of ok, skip or error"
        case dryRun = "a dry run says what it is in any case"
        case noPrograms = "connections are made by this program itself, without ssh, scp and sftp"
        case pipelining = "there is one shell per host and no module to copy: everything is pipelined"
        case always = "it is so in any case"
        case warnings = "there is no such warning"
        case strictInventory = "an inventory source that cannot be read is an error in any case"
        case notYet = "it is not supported yet"
    }

    /// The name that ansible-config shows.
    public let name: String
    /// The plugin it belongs to, such as `connection/ssh`; nil for those of Ansible itself.
    public let plugin: String?
    public let kind: Kind
    /// The default as it would be written in a file.
    public let written: String?
    /// Section and key in ansible.cfg, `defaults.forks`; the last one given counts.
    public let ini: [String]
    /// The variables of the environment that win over the file; the last one given counts.
    public let environment: [String]
    /// The values it may have; empty for any.
    public let choices: [String]
    public let use: Use

    init(
        _ name: String, of plugin: String? = nil, _ kind: Kind, default written: String? = nil, ini: [String] = [],
        env: [String] = [], choices: [String] = [], _ use: Use
    ) {
        self.name = name
        self.plugin = plugin
        self.kind = kind
        self.written = written
        self.ini = ini
        environment = env
        self.choices = choices
        self.use = use
    }

    /// The name by which it is asked for: `DEFAULT_FORKS`, `connection/ssh/timeout`.
    public var key: String { plugin.map { "\($0)/\(name)" } ?? name }

    /// What this tool does with it, in words.
    public var useText: String {
        switch use {
        case .honoured: "honoured"
        case .partly(let note): "honoured: \(note)"
        case .moot(let reason): "nothing to do: \(reason.rawValue)"
        case .unhonoured(let reason): "not honoured: \(reason.rawValue)"
        }
    }
}

extension Setting {
    /// A row of the table in the documentation.
    public var markdown: String {
        let places = ini.map { key in
            let parts = key.split(separator: ".", maxSplits: 1)
            return "`[\(parts.first ?? "")] \(parts.last ?? "")`"
        }
        let names = environment.map { "`\($0)`" }
        return "| `\(key)` | \((places + names).joined(separator: ", ")) | \(kind.rawValue) | \(useText) |"
    }
}

/// All settings that are known, the single source of what is read, honoured, listed and documented.
public enum SettingsTable {
    /// Those of Ansible itself, in the order of their names.
    public static let base: [Setting] =
        (firstSettings + colorSettings + defaultSettings + middleSettings + galaxySettings + lastSettings)
        .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    /// Those of plugins, by plugin.
    public static let plugins: [Setting] = programConnectionSettings + pluginSettings

    private static let index: [String: Setting] = Dictionary(
        (base + plugins).map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })

    /// The setting of that name, such as `DEFAULT_FORKS` or `connection/ssh/timeout`.
    public static func setting(_ key: String) -> Setting? { index[key] }
}
