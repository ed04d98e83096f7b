import Diagnostics
import Values

/// `lookup('config', 'DEFAULT_FORKS')`: settings of the run.
extension Lookups {
    static let configuration: Function = { (terms, options, context) throws(Diagnostic) in
        let onMissing = try options.choice("on_missing", ["error", "skip", "warn"])
        let showsOrigin = try options.bool("show_origin")
        if let plugin = options.text("plugin_name") ?? options.text("plugin_type") {
            throw Diagnostic(
                .unsupported, "lookup 'config' does not know the settings of plugins, such as '\(plugin)'",
                remedy: "Ask the variable or setting itself, such as ansible_user or DEFAULT_REMOTE_USER.")
        }
        var result: [Value] = []
        for term in terms {
            guard let name = term.stringValue else {
                throw Diagnostic(.badValue, "lookup 'config' needs a setting's name, not \(term.shown)")
            }
            guard let setting = context.settings[name] else {
                let text = "no setting '\(name)'"
                switch onMissing {
                case "skip": continue
                case "warn": context.warn("lookup 'config': \(text)")
                default:
                    throw Diagnostic(
                        .badValue, text,
                        remedy: NearestNames.hint(name, among: context.settings.keys)
                            ?? "Settings here: \(context.settings.keys.sorted().joined(separator: ", ")).")
                }
                continue
            }
            result.append(showsOrigin ? .list([setting.value, .string(setting.origin)]) : setting.value)
        }
        return result
    }
}
