internal import Diagnostics
internal import Values

/// Finds the text of each setting and makes it a value.
struct SettingsReader {
    let surroundings: ConfigurationSurroundings
    let path: String?
    let text: ConfigurationText?
    private(set) var errors: [Diagnostic] = []
    private(set) var warnings: [Diagnostic] = []
    private var home: String?

    init(surroundings: ConfigurationSurroundings, path: String?, text: ConfigurationText?) {
        self.surroundings = surroundings
        self.path = path
        self.text = text
    }

    /// The environment's value, else the file's, else the default.
    mutating func entry(_ setting: Setting) -> Settings.Entry {
        if setting.name == "CONFIG_FILE" {
            let value = path.map { Value.string($0) } ?? .null
            return Settings.Entry(setting: setting, value: value, origin: .found)
        }
        for name in setting.environment.reversed() {
            guard let given = surroundings.environment(name) else { continue }
            // An empty variable is the shell's way to unset a path; a number's default counts then, as in Ansible.
            if given.isEmpty, [.integer, .decimal].contains(setting.kind) { return byDefault(setting) }
            if given.isEmpty, [.path, .pathSpec, .pathList].contains(setting.kind) { continue }
            return read(given, setting, .environment(name))
        }
        for key in setting.ini.reversed() {
            guard let given = text?.entry(key) else { continue }
            return read(given.text, setting, .file(given.place, key: key))
        }
        return byDefault(setting)
    }

    private mutating func byDefault(_ setting: Setting) -> Settings.Entry {
        let value = setting.written.flatMap { try? self.value(of: $0, setting, .byDefault) } ?? .null
        return Settings.Entry(setting: setting, value: value, origin: .byDefault)
    }

    private mutating func read(_ text: String, _ setting: Setting, _ origin: Settings.Origin) -> Settings.Entry {
        var place: SourceLocation?
        var name = setting.name
        switch origin {
        case .file(let location, let key): (place, name) = (location, key)
        case .environment(let variable): name = variable
        case .byDefault, .found: break
        }
        do throws(Diagnostic) {
            let value = try value(of: text, setting, origin)
            try check(value, setting)
            return Settings.Entry(setting: setting, value: value, origin: origin)
        } catch {
            var error = error.located(at: place)
            error.summary = "'\(name)' \(error.summary)"
            // Several plugins read the same key; its error is one.
            if !errors.contains(where: { $0.summary == error.summary }) { errors.append(error) }
            return Settings.Entry(setting: setting, value: .null, origin: origin)
        }
    }

    private mutating func value(of text: String, _ setting: Setting, _ origin: Settings.Origin) throws(Diagnostic)
        -> Value
    {
        let base: String? =
            if case .file(let place, _) = origin {
                String(place.file.name[..<(place.file.name.lastIndex(of: "/") ?? place.file.name.startIndex)])
            } else { nil }
        func resolved(_ path: String) -> Value { .string(surroundings.resolved(path, from: base)) }
        switch setting.kind {
        case .flag: return .bool(flag(text, setting, origin))
        case .integer:
            guard let number = Self.integer(text) else {
                throw Diagnostic(.badOption, "must be a whole number, not '\(text)'", remedy: "Write digits alone.")
            }
            return .int(number)
        case .decimal:
            guard let number = Double(text.trimmed) else {
                throw Diagnostic(.badOption, "must be a number, not '\(text)'", remedy: "Write it like 1.5.")
            }
            return .double(number)
        case .text: return .string(origin.isFile ? text.unquoted : text)
        case .raw:
            if !origin.isChanged, let value = try? JSON.parse(text) { return value }
            return .string(origin.isFile ? text.unquoted : text)
        case .list:
            if text.isEmpty, !origin.isChanged { return .list([]) }
            return .list(
                text.split(separator: ",", omittingEmptySubsequences: false).map { .string($0.trimmed.unquoted) })
        case .path: return resolved(homed(text, origin))
        case .pathSpec:
            return .list(
                homed(text, origin).split(separator: ":", omittingEmptySubsequences: false).map { resolved(String($0)) }
            )
        case .pathList:
            return .list(
                homed(text, origin).split(separator: ",", omittingEmptySubsequences: false)
                    .map { resolved($0.trimmed) })
        case .dictionary:
            guard !origin.isChanged, let map = try? JSON.parse(text) else {
                throw Diagnostic(.badOption, "cannot be given as text", remedy: "Take it out.")
            }
            return map
        }
    }

    /// Defaults may begin with the folder that ANSIBLE_HOME names.
    private mutating func homed(_ text: String, _ origin: Settings.Origin) -> String {
        guard !origin.isChanged, text.hasPrefix("{{ANSIBLE_HOME}}") else { return text }
        if home == nil {
            home = SettingsTable.setting("ANSIBLE_HOME").map { entry($0) }?.value.stringValue
        }
        return surroundings.replacing("{{ANSIBLE_HOME}}", in: text, by: home ?? "~/.ansible")
    }

    private mutating func flag(_ text: String, _ setting: Setting, _ origin: Settings.Origin) -> Bool {
        let word = text.unquoted.trimmed.lowercased()
        if ["y", "yes", "on", "1", "true", "t"].contains(word) { return true }
        if !["n", "no", "off", "0", "false", "f", ""].contains(word), origin.isChanged {
            let place: SourceLocation? = if case .file(let place, _) = origin { place } else { nil }
            let told = "'\(text)' is neither true nor false and counts as false"
            if !warnings.contains(where: { $0.summary == told && $0.location?.line == place?.line }) {
                warnings.append(
                    Diagnostic(
                        .badOption, told, at: place, remedy: "Write true or false for \(setting.name).",
                        severity: .warning))
            }
        }
        return false
    }

    private static func integer(_ text: String) -> Int? {
        let text = text.trimmed
        if let number = Int(text) { return number }
        guard let number = Double(text), number == number.rounded(), abs(number) < 1e15 else { return nil }
        return Int(number)
    }

    private func check(_ value: Value, _ setting: Setting) throws(Diagnostic) {
        guard !setting.choices.isEmpty else { return }
        for item in value.elements ?? [value] where !setting.choices.contains(item.pythonText) {
            throw Diagnostic(
                .badOption, "cannot be '\(item.pythonText)'",
                remedy: NearestNames.hint(item.pythonText, among: setting.choices)
                    ?? "It may be \(setting.choices.joined(separator: ", ")).")
        }
    }
}

extension Settings.Origin {
    var isFile: Bool { if case .file = self { true } else { false } }
}
