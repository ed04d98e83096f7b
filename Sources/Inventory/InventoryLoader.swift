public import Diagnostics
public import Vault

/// Where an inventory comes from.
public struct InventorySources: Sendable {
    /// What each `-i` gave: a file, a directory, an executable, or hosts with commas.
    public var paths: [String]
    /// The playbook's directory, whose group_vars and host_vars count too.
    public var playbookDirectory: String?
    /// The passwords for what is vaulted.
    public var vault: VaultSecrets
    /// The longest an inventory script may take.
    public var scriptLimit: Duration
    /// How sources are read.
    public var options: InventoryOptions

    /// Makes one from its parts.
    public init(
        paths: [String],
        playbookDirectory: String? = nil,
        vault: VaultSecrets = .none,
        scriptLimit: Duration = .seconds(300),
        options: InventoryOptions = InventoryOptions()
    ) {
        self.options = options
        self.paths = paths
        self.playbookDirectory = playbookDirectory
        self.vault = vault
        self.scriptLimit = scriptLimit
    }
}

/// Reads all sources of an inventory into one tree.
public enum InventoryLoader {
    /// Reads the sources in order; later ones add to and override earlier ones.
    ///
    /// Where Ansible only warns of a source that it cannot read, and runs without its hosts, this is an error here.
    ///
    /// - Throws: `Diagnostics` with everything that is wrong in all sources.
    public static func load(_ sources: InventorySources) throws(Diagnostics) -> (
        tree: InventoryTree, warnings: [Diagnostic]
    ) {
        var reading = SourceReading(sources)
        let troubles = Diagnostics(sources.options.check())
        try troubles.throwIfAny()
        reading.diagnostics += troubles.all
        for path in sources.paths where !path.isEmpty { reading.read(path) }
        reading.finish()
        let gathered = Diagnostics(reading.diagnostics)
        try gathered.throwIfAny()
        return (reading.tree, reading.diagnostics)
    }
}

extension StringProtocol {
    /// The text without blanks at its ends.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
