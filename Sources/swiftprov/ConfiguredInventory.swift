import Configuration
import Diagnostics
import Inventory
import Local
import Playbook
import Synchronization
import Values
import Variables
import Vault
import YAML

/// The inventory's sources as options and settings name them.
enum ConfiguredInventory {
    /// - Parameters:
    ///   - given: What `-i` gave; if nothing, the settings name the sources.
    ///   - extra: `-e`, for the expressions of sources that use it.
    static func sources(
        _ given: [String], _ settings: Settings, vault: VaultSecrets, extra: ValueMap, playbookDirectory: String?
    ) throws(Diagnostic) -> InventorySources {
        InventorySources(
            paths: paths(given, settings), playbookDirectory: playbookDirectory, vault: vault,
            options: try options(settings, vault: vault, extra: extra))
    }

    private static func paths(_ given: [String], _ settings: Settings) -> [String] {
        if !given.isEmpty { return given }
        let configured = settings.words(.hostList)
        // The usual place need not be there.
        return settings.isGiven(.hostList) ? configured : configured.filter { LocalFile.kind($0) != nil }
    }

    private static func options(
        _ settings: Settings, vault: VaultSecrets, extra: ValueMap
    ) throws(Diagnostic) -> InventoryOptions {
        var options = InventoryOptions()
        options.plugins = settings.words(.inventoryEnabled)
        options.yamlEndings = settings.words(.inventoryYamlExtensions)
        options.variablesEndings = settings.words(.variablesFilesValidExtensions)
        options.ignoredEndings = settings.words(.inventoryIgnoreExts)
        options.ignoredPatterns = settings.words(.inventoryIgnorePatterns)
        options.naming = InventoryOptions.Naming(rawValue: settings.text(.transformInvalidGroupChars) ?? "") ?? .never
        let plugins = settings.words(.variablePluginsEnabled).map { $0.split(separator: ".").last ?? "" }
        options.readsVariablesFiles = plugins.contains("host_group_vars")
        options.duplicates = duplicates(settings)
        options.showsScriptErrors = settings.flag(.scriptAlwaysShowStderr)
        options.mergesMaps = settings.text(.hashBehaviour) == "merge"
        options.extra = extra
        options.usesExtra = settings.flag(.constructedUseExtraVars)
        options.templates = LookupContext.environment(
            opener: { (sealed, place) throws(Diagnostic) in try vault.openText(sealed, at: place) },
            readFile: { (path) throws(Diagnostic) in try LocalFile.bytes(path, opening: vault) })
        if let cache = try cache(settings) {
            // The cache belongs to one thread; sources may be read by any.
            let locked = Mutex(cache)
            options.cachedFacts = { host in locked.withLock { $0.facts(of: host) } }
        }
        return options
    }

    /// What becomes of keys given twice, in all YAML files.
    static func duplicates(_ settings: Settings) -> DuplicateKeys {
        DuplicateKeys(rawValue: settings.text(.duplicateYamlDictKey) ?? "") ?? .warn
    }

    /// Where facts are kept between runs, if they are.
    static func cache(_ settings: Settings) throws(Diagnostic) -> FactCache? {
        let name = settings.text(.cachePlugin) ?? "memory"
        switch name {
        case "memory", "ansible.builtin.memory": return nil
        case "jsonfile", "ansible.builtin.jsonfile":
            guard let directory = settings.text(.factFileUri) else {
                throw Diagnostic(
                    .badOption, "fact_caching = jsonfile needs fact_caching_connection",
                    remedy: "Let it name the directory that facts are kept in.")
            }
            return try FactCache(
                directory: directory, prefix: settings.text(.factFilePrefix) ?? "",
                timeout: max(0, settings.integer(.factFileTimeout) ?? 86400))
        default:
            throw Diagnostic(
                .badOption, "there is no cache of facts '\(name)' here",
                remedy: NearestNames.hint(name, among: ["memory", "jsonfile"]) ?? "Say memory or jsonfile.")
        }
    }
}
