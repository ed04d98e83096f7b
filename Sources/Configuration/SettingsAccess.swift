internal import Values

/// Settings by key, as the values that the rest of the program works with.
extension Settings {
    private func value(_ key: SettingKey) -> Value { entry(key.rawValue)?.value ?? .null }

    /// Whether somebody set it, in the file or in the environment.
    public func isGiven(_ key: SettingKey) -> Bool { entry(key.rawValue)?.origin.isChanged ?? false }

    public func flag(_ key: SettingKey) -> Bool {
        let value = value(key)
        // Some that are true or false have no type, and are what was written.
        if let text = value.stringValue { return ["y", "yes", "on", "1", "true", "t"].contains(text.lowercased()) }
        return value.isTruthy
    }

    /// A text or path; nil if there is none or it is empty.
    public func text(_ key: SettingKey) -> String? {
        let value = value(key)
        if value.isNull { return nil }
        let text = value.pythonText
        return text.isEmpty ? nil : text
    }

    /// A text or path that somebody set; nil for the default.
    public func given(_ key: SettingKey) -> String? { isGiven(key) ? text(key) : nil }

    public func integer(_ key: SettingKey) -> Int? { value(key).intValue }

    /// The words or paths of a list.
    public func words(_ key: SettingKey) -> [String] {
        (value(key).elements ?? []).map(\.pythonText).filter { !$0.isEmpty }
    }

    /// What somebody set under a section and key, such as `hashi_vault_collection.url`, or in its variable.
    public func text(writtenAt key: String) -> String? {
        let entry = all.first { $0.setting.ini.contains(key) && $0.origin.isChanged }
        return entry.flatMap { $0.value.isNull || $0.value.pythonText.isEmpty ? nil : $0.value.pythonText }
    }
}
