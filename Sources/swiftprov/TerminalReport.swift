import Configuration
import Diagnostics
import Glibc
import Reporting
import Results

/// The report on the terminal, in the shape that the configuration asks for.
enum TerminalReport {
    /// - Throws: `Diagnostic` with code `.badOption` for a color that is none.
    static func reporter(
        _ settings: Settings, redactor: Redactor, verbosity: Int
    ) throws(Diagnostic) -> any Reporter {
        let callback = callback(settings)
        if callback == .jsonLines {
            return JSONLinesReporter(redactor: redactor, write: { Console.write($0) })
        }
        var style = TerminalReporter.Style(
            colors: usesColors(settings), verbosity: verbosity, width: Console.width)
        style.showsSkipped = settings.flag(.reportDisplaySkippedHosts)
        style.showsOK = settings.flag(.reportDisplayOkHosts)
        style.answersInYAML = callback == .yaml || settings.text(.reportResultFormat) == "yaml"
        if settings.isGiven(.reportPrettyResults) { style.answersArePretty = settings.flag(.reportPrettyResults) }
        style.showsPathOnFailure = settings.flag(.reportShowTaskPathOnFailure)
        style.showsCustomStats = settings.flag(.reportShowCustomStats)
        style.diffContext = max(0, settings.integer(.diffContext) ?? 3)
        style.largestDiff = settings.integer(.maxFileSizeForDiff) ?? style.largestDiff
        style.palette = try palette(settings)
        guard settings.flag(.reportDisplayFailedStderr) else {
            return TerminalReporter(style: style, redactor: redactor, write: { Console.write($0) })
        }
        return TerminalReporter(
            style: style, redactor: redactor, write: { Console.write($0) }, writeFailure: { Console.writeError($0) })
    }

    private enum Callback { case text, yaml, jsonLines }

    /// What the name of a stdout callback stands for here.
    private static func callback(_ settings: Settings) -> Callback {
        switch shortName(settings.text(.stdoutCallback) ?? "default") {
        case "yaml", "debug": .yaml
        case "json", "jsonl": .jsonLines
        default: .text
        }
    }

    private static func shortName(_ name: String) -> String { String(name.split(separator: ".").last ?? "") }

    /// Callbacks that are asked for and are not there.
    static func warnings(_ settings: Settings) -> [Diagnostic] {
        let known = ["default", "yaml", "debug", "json", "jsonl"]
        var found: [Diagnostic] = []
        let name = settings.text(.stdoutCallback) ?? "default"
        if !known.contains(shortName(name)) {
            found.append(
                Diagnostic(
                    .unsupported, "there is no stdout callback '\(name)' here; the default one is used",
                    remedy: NearestNames.hint(name, among: known) ?? "Known are \(known.joined(separator: ", ")).",
                    severity: .warning))
        }
        return found
    }

    private static func usesColors(_ settings: Settings) -> Bool {
        settings.flag(.forceColor) || Console.isTerminal && !settings.flag(.nocolor)
    }

    private static let codes: [String: String] = [
        "black": "0;30", "bright gray": "0;37", "blue": "0;34", "white": "1;37", "green": "0;32",
        "bright blue": "1;34", "cyan": "0;36", "bright green": "1;32", "red": "0;31", "bright cyan": "1;36",
        "purple": "0;35", "bright red": "1;31", "yellow": "0;33", "bright purple": "1;35", "dark gray": "1;30",
        "bright yellow": "1;33", "magenta": "0;35", "bright magenta": "1;35", "normal": "0",
    ]

    /// The colors that were given, by the name of the setting in `[colors]`.
    private static func palette(_ settings: Settings) throws(Diagnostic) -> [String: String] {
        var palette: [String: String] = [:]
        for (key, name) in [
            (SettingKey.colorOk, "ok"), (.colorChanged, "changed"), (.colorSkip, "skip"), (.colorError, "error"),
            (.colorWarn, "warn"), (.colorDebug, "debug"),
        ] {
            guard let color = settings.given(key) else { continue }
            palette[name] = try code(color, key)
        }
        return palette
    }

    /// The number of a color: a name, `colorN`, `rgbRGB` with digits to 5, or `grayN`, as Ansible counts them.
    private static func code(_ color: String, _ key: SettingKey) throws(Diagnostic) -> String {
        if let code = codes[color] { return code }
        if color.hasPrefix("color"), let number = Int(color.dropFirst(5)), (0...255).contains(number) {
            return "38;5;\(number)"
        }
        let digits = color.dropFirst(3).compactMap(\.wholeNumberValue)
        if color.hasPrefix("rgb"), color.count == 6, digits.count == 3, digits.allSatisfy({ $0 < 6 }) {
            return "38;5;\(16 + 36 * digits[0] + 6 * digits[1] + digits[2])"
        }
        if color.hasPrefix("gray"), let number = Int(color.dropFirst(4)), (0...23).contains(number) {
            return "38;5;\(232 + number)"
        }
        throw Diagnostic(
            .badOption, "'\(color)' is no color for \(key.rawValue)",
            remedy: NearestNames.hint(color, among: codes.keys) ?? "Say red, bright blue, color123, rgb255 or gray12.")
    }
}
