import Configuration
import Values

/// What `lookup('config', …)` knows: every setting of ansible-core's, under its name there.
enum LookupSettings {
    static func all(_ settings: Settings) -> [String: (value: Value, origin: String)] {
        var result: [String: (value: Value, origin: String)] = [:]
        for entry in settings.all { result[entry.setting.key] = (entry.value, entry.origin.text) }
        return result
    }
}
