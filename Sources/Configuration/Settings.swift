public import Diagnostics
internal import Glibc
internal import Local
public import Values

/// The settings of a run: from the environment, from `ansible.cfg`, or as they are by default.
public struct Settings: Sendable {
    /// Where a setting's value comes from.
    public enum Origin: Sendable {
        case byDefault
        case environment(String)
        /// A file's section and key, such as `defaults.forks`.
        case file(SourceLocation, key: String)
        /// It is what was found, not set: `CONFIG_FILE`.
        case found

        /// What ansible-config prints for it.
        public var text: String {
            switch self {
            case .byDefault: "default"
            case .environment(let name): "env: \(name)"
            case .file(let place, _): place.file.name
            case .found: ""
            }
        }

        /// Whether somebody set it.
        public var isChanged: Bool {
            switch self {
            case .byDefault, .found: false
            case .environment, .file: true
            }
        }
    }

    /// A setting's value and its origin.
    public struct Entry: Sendable {
        public var setting: Setting
        public var value: Value
        public var origin: Origin
    }

    /// The file that was read, from the root on; nil if there is none.
    public let path: String?
    /// What the person should hear: a file that is passed over, settings that are not honoured.
    public private(set) var warnings: [Diagnostic] = []
    /// Settings that were given and mean nothing here, for those who want to know.
    public private(set) var notes: [Diagnostic] = []
    private var entries: [String: Entry] = [:]

    /// Reads the settings.
    ///
    /// - Parameters:
    ///   - file: The file to read; nil for the one found first: `ANSIBLE_CONFIG`, `ansible.cfg` in the current
    ///     directory unless anybody may write there, `~/.ansible.cfg`, `/etc/ansible/ansible.cfg`.
    ///   - surroundings: The environment and the current directory.
    /// - Throws: `Diagnostics` with code `.badOption` for each setting whose text is not what it should be.
    public static func load(
        _ file: String? = nil, in surroundings: ConfigurationSurroundings = .process
    ) throws(Diagnostics) -> Settings {
        var warnings: [Diagnostic] = []
        let path = file.map { surroundings.resolved($0) } ?? found(in: surroundings, &warnings)
        var text: ConfigurationText?
        do throws(Diagnostic) {
            if let path { text = try read(path) }
        } catch {
            throw Diagnostics([error])
        }
        var reader = SettingsReader(surroundings: surroundings, path: path, text: text)
        var settings = Settings(path: path)
        for setting in SettingsTable.base + SettingsTable.plugins {
            settings.entries[setting.key] = reader.entry(setting)
        }
        try Diagnostics(reader.errors).throwIfAny()
        settings.warnings = warnings + reader.warnings
        settings.tellUse()
        return settings
    }

    private init(path: String?) { self.path = path }

    /// The settings of an empty environment without a file.
    public static let defaults: Settings = {
        let nowhere = ConfigurationSurroundings(directory: "/") { _ in nil }
        var reader = SettingsReader(surroundings: nowhere, path: nil, text: nil)
        var settings = Settings(path: nil)
        for setting in SettingsTable.base + SettingsTable.plugins {
            settings.entries[setting.key] = reader.entry(setting)
        }
        return settings
    }()

    // MARK: Asking

    /// A setting's value and origin, by the name that ansible-config shows; nil if there is no such setting.
    public func entry(_ name: String) -> Entry? { entries[name] }

    /// All settings of Ansible itself, in the order of their names, then those of plugins.
    public var all: [Entry] { (SettingsTable.base + SettingsTable.plugins).compactMap { entries[$0.key] } }

    // MARK: Files

    private static func found(in surroundings: ConfigurationSurroundings, _ warnings: inout [Diagnostic]) -> String? {
        var candidates: [String] = []
        if let named = surroundings.environment("ANSIBLE_CONFIG") {
            var path = surroundings.resolved(named)
            if LocalFile.kind(path) == .directory { path += "/ansible.cfg" }
            if isReadable(path) { return path }
            warnings.append(
                Diagnostic(
                    .badOption, "ANSIBLE_CONFIG names '\(named)', which cannot be read and is passed over",
                    remedy: "Mend the path, or unset ANSIBLE_CONFIG.", severity: .warning))
        }
        let here = surroundings.directory + "/ansible.cfg"
        if isWorldWritable(surroundings.directory) {
            if LocalFile.kind(here) != nil {
                warnings.append(
                    Diagnostic(
                        .badOption, "ansible.cfg is passed over: anybody may write to this directory",
                        remedy: "chmod o-w . or name the file in ANSIBLE_CONFIG.", severity: .warning))
            }
        } else {
            candidates.append(here)
        }
        candidates += [surroundings.resolved("~/.ansible.cfg"), "/etc/ansible/ansible.cfg"]
        return candidates.first(where: isReadable)
    }

    private static func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }

    private static func isWorldWritable(_ directory: String) -> Bool {
        var status = stat()
        return stat(directory, &status) == 0 && status.st_mode & S_IWOTH != 0
    }

    private static func read(_ path: String) throws(Diagnostic) -> ConfigurationText {
        guard path.hasSuffix(".cfg") || path.hasSuffix(".ini") else {
            throw Diagnostic(
                .badOption, "'\(path)' is no file of settings", remedy: "Its name must end in .cfg or .ini.")
        }
        let bytes: [UInt8]
        do throws(Diagnostic) {
            bytes = try LocalFile.bytes(path)
        } catch {
            throw Diagnostic(.badOption, error.summary, remedy: error.remedy)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Diagnostic(.badOption, "'\(path)' is not UTF-8", remedy: "Save it as UTF-8.")
        }
        return try ConfigurationText(text, file: SourceFile(name: path, text: text))
    }

    // MARK: What becomes of them

    /// Tells of settings that were given and are not honoured, each place once.
    private mutating func tellUse() {
        var told: Set<String> = []
        for entry in all where entry.origin.isChanged {
            let place: SourceLocation?
            let name: String
            switch entry.origin {
            case .file(let location, let key): (place, name) = (location, key)
            case .environment(let variable): (place, name) = (nil, variable)
            case .byDefault, .found: continue
            }
            switch entry.setting.use {
            case .honoured, .partly: continue
            case .unhonoured(let reason):
                // What says what holds in any case needs no word.
                if entry.value == Settings.defaults.entries[entry.setting.key]?.value { continue }
                guard told.insert(name).inserted else { continue }
                warnings.append(
                    Diagnostic(
                        .unsupported, "the setting '\(name)' is not honoured: \(reason.rawValue)", at: place,
                        remedy: "Take it out, or see `swiftprov config list`.", severity: .warning))
            case .moot(let reason):
                // Variables that everybody has, such as PAGER, were not set for the sake of this run.
                if case .environment(let variable) = entry.origin, !variable.contains("ANSIBLE_") { continue }
                guard told.insert(name).inserted else { continue }
                notes.append(
                    Diagnostic(
                        .unsupported, "the setting '\(name)' has no meaning here: \(reason.rawValue)", at: place,
                        severity: .note))
            }
        }
    }
}
