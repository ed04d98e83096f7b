import Configuration
import Diagnostics
import Glibc
import Reporting
import Results
internal import Values

/// The report on the terminal, in the shape that the configuration asks for.
struct TerminalReport {
    private let redactor: Redactor
    private let callback: Callback
    private let style: TerminalReporter.Style
    private let splitsFailures: Bool
    private let isAdHoc: Bool

    /// - Parameters:
    ///   - adHoc: Set for a single task.
    /// - Throws: `Diagnostic` with code `.badOption` for a color that is none.
    init(
        _ settings: Settings, redactor: Redactor, verbosity: Int, adHoc: Apply.AdHocStyle? = nil
    ) throws(Diagnostic) {
        self.redactor = redactor
        isAdHoc = adHoc != nil
        callback =
            switch adHoc {
            case .paragraphs: .minimal
            case .oneLine: .oneLine
            case nil: Self.callback(settings)
            }
        var style = TerminalReporter.Style(
            colors: Self.usesColors(settings), verbosity: verbosity, width: Console.width)
        style.showsSkipped = settings.flag(.reportDisplaySkippedHosts)
        style.showsOK = settings.flag(.reportDisplayOkHosts)
        style.answersInYAML = callback == .yaml || settings.text(.reportResultFormat) == "yaml"
        if settings.isGiven(.reportPrettyResults) { style.answersArePretty = settings.flag(.reportPrettyResults) }
        style.showsPathOnFailure = settings.flag(.reportShowTaskPathOnFailure)
        style.showsCustomStats = settings.flag(.reportShowCustomStats)
        style.diffContext = max(0, settings.integer(.diffContext) ?? 3)
        style.largestDiff = settings.integer(.maxFileSizeForDiff) ?? style.largestDiff
        style.palette = try Self.palette(settings)
        self.style = style
        splitsFailures = settings.flag(.reportDisplayFailedStderr)
    }

    /// The reporter that the person at the terminal sees.
    func reporter() -> any Reporter {
        var failure: (@Sendable (String) -> Void)?
        if splitsFailures { failure = { Console.writeError($0) } }
        return reporter(style, { Console.write($0) }, failure: failure)
    }

    /// The same report for a file, without colors.
    func reporter(to write: @escaping @Sendable (String) -> Void) -> any Reporter {
        var style = style
        style.colors = false
        style.width = 79
        return reporter(style, write, failure: nil)
    }

    private func reporter(
        _ style: TerminalReporter.Style, _ write: @escaping @Sendable (String) -> Void,
        failure: (@Sendable (String) -> Void)?
    ) -> any Reporter {
        switch callback {
        case .jsonLines: JSONLinesReporter(redactor: redactor, write: write)
        case .minimal, .oneLine:
            AdHocReporter(
                redactor: redactor, isOneLine: callback == .oneLine, showsErrors: !isAdHoc,
                diffContext: style.diffContext, largestDiff: style.largestDiff, write: write)
        case .text, .yaml:
            TerminalReporter(style: style, redactor: redactor, write: write, writeFailure: failure)
        }
    }

    private enum Callback { case text, yaml, jsonLines, minimal, oneLine }

    private static let callbacks: [String: Callback] = [
        "default": .text, "yaml": .yaml, "debug": .yaml, "json": .jsonLines, "jsonl": .jsonLines,
        "minimal": .minimal, "oneline": .oneLine,
    ]

    /// What the name of a stdout callback stands for here.
    private static func callback(_ settings: Settings) -> Callback {
        callbacks[shortName(settings.text(.stdoutCallback) ?? "default")] ?? .text
    }

    private static func shortName(_ name: String) -> String { String(name.split(separator: ".").last ?? "") }

    /// Callbacks that are asked for and are not there.
    static func warnings(_ settings: Settings) -> [Diagnostic] {
        let known = callbacks.keys.sorted()
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
