import ArgumentParser
import Configuration
import Diagnostics
import Local
import Values
import YAML

/// `swiftprov config`: the settings in force and where they come from, as ansible-config shows them.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show settings and where they come from.",
        subcommands: [Dump.self, List.self, View.self, Initialise.self])

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case display, json, yaml
        /// A table for documents.
        case markdown
    }

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case base, all, become, cache, callback, connection, inventory, lookup, vars

        func includes(_ setting: Setting) -> Bool {
            guard let plugin = setting.plugin else { return self == .base || self == .all }
            return self == .all || plugin.hasPrefix(rawValue + "/")
        }
    }

    struct Source: ParsableArguments {
        @Option(name: [.short, .long], help: "The file of settings; without it the one that a run would find.")
        var config: String?

        func load() throws -> Settings {
            let settings = try Settings.load(config)
            Console.show(settings.warnings)
            return settings
        }
    }

    struct Dump: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print each setting's value and origin.")
        @Flag(name: [.customLong("only-changed"), .customLong("changed-only")], help: "Only what somebody set.")
        var onlyChanged = false
        @Option(name: [.short, .customLong("type")], help: "Whose settings: base, all, or a kind of plugin.")
        var type = Kind.base
        @Option(name: [.short, .long], help: "display, json or yaml.") var format = Format.display
        @OptionGroup var source: Source

        func run() throws {
            let settings = try source.load()
            Console.write(try ConfigurationListing.dump(settings, as: format, of: type, onlyChanged: onlyChanged))
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print all settings and what becomes of them.")
        @Option(name: [.short, .customLong("type")], help: "Whose settings: base, all, or a kind of plugin.")
        var type = Kind.base
        @Option(name: [.short, .long], help: "yaml, json or markdown.") var format = Format.yaml

        func run() throws {
            Console.write(try ConfigurationListing.list(as: format, of: type))
        }
    }

    struct View: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the file of settings.")
        @OptionGroup var source: Source

        func run() throws {
            guard let path = try source.load().path else {
                throw Diagnostic(
                    .badOption, "there is no file of settings",
                    remedy: "Write ansible.cfg here, or name one with --config or ANSIBLE_CONFIG.")
            }
            Console.write(String(decoding: try LocalFile.bytes(path), as: UTF8.self))
        }
    }

    struct Initialise: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Not there: `config list` says what can be set.", shouldDisplay: false)
        @Argument(parsing: .captureForPassthrough) var words: [String] = []

        func run() throws {
            throw Diagnostic(
                .badOption, "`config init` is not supported",
                remedy: "`swiftprov config list` prints every setting with its section, key and default.")
        }
    }
}

/// The texts of `config dump` and `config list`.
enum ConfigurationListing {
    private static let style = JSON.Style(indent: 4, itemSeparator: ", ", keySeparator: ": ", sortsKeys: true)
    /// Settings that hold secrets are named, never shown.
    private static let secrets: Set<String> = ["become_pass", "private_key", "private_key_passphrase"]

    static func dump(
        _ settings: Settings, as format: ConfigCommand.Format, of kind: ConfigCommand.Kind, onlyChanged: Bool
    ) throws(Diagnostic) -> String {
        let entries = settings.all.filter { entry in
            guard kind.includes(entry.setting) else { return false }
            if case .found = entry.origin { return true }
            return !onlyChanged || entry.origin.isChanged
        }
        switch format {
        case .display: return entries.map { "\(display($0))\n" }.joined()
        case .json: return try JSON.text(.list(entries.map(record)), style: style) + "\n"
        case .yaml: return try YAMLWriter(flow: .block).text(.list(entries.map(record)))
        case .markdown:
            throw Diagnostic(.badOption, "`config dump` prints no markdown", remedy: "Say display, json or yaml.")
        }
    }

    private static func display(_ entry: Settings.Entry) -> String {
        "\(entry.setting.key)(\(entry.origin.text)) = \(shown(entry).pythonText)"
    }

    private static func record(_ entry: Settings.Entry) -> Value {
        ["name": .string(entry.setting.key), "origin": .string(entry.origin.text), "value": shown(entry)]
    }

    private static func shown(_ entry: Settings.Entry) -> Value {
        secrets.contains(entry.setting.name) && !entry.value.isNull ? "********" : entry.value
    }

    static func list(as format: ConfigCommand.Format, of kind: ConfigCommand.Kind) throws(Diagnostic) -> String {
        let settings = (SettingsTable.base + SettingsTable.plugins).filter(kind.includes)
        if format == .markdown { return settings.map { $0.markdown + "\n" }.joined() }
        var map = ValueMap()
        for setting in settings {
            var data: ValueMap = ["type": .string(setting.kind.rawValue), "use": .string(setting.useText)]
            data["default"] = Settings.defaults.entry(setting.key)?.value ?? .null
            if !setting.environment.isEmpty {
                data["env"] = .list(setting.environment.map { ["name": .string($0)] })
            }
            if !setting.ini.isEmpty {
                data["ini"] = .list(
                    setting.ini.map { place in
                        let parts = place.split(separator: ".", maxSplits: 1).map(String.init)
                        return ["section": .string(parts.first ?? ""), "key": .string(parts.last ?? "")]
                    })
            }
            if !setting.choices.isEmpty { data["choices"] = .list(setting.choices.map { .string($0) }) }
            map[setting.key] = .map(data)
        }
        if format == .json { return try JSON.text(.map(map), style: style) + "\n" }
        return try YAMLWriter(flow: .block).text(.map(map))
    }
}
