import Diagnostics
import Results
import Target
import Values

/// Locales of the C library, as `community.general.locale_gen` makes and removes them.
struct LocaleGenModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "community.general.locale_gen",
        summary: "Make locales, or remove them.",
        arguments: [
            .required("name", .list(.string), "Locales with their encoding, such as `de_CH.UTF-8`."),
            .optional(
                "state", .string, "Whether they are to be there.", default: "present", choices: ["absent", "present"]),
        ],
        example: """
            - community.general.locale_gen:
                name: [en_GB.UTF-8, de_DE.UTF-8]
            """,
        aliases: ["ansible.builtin.locale_gen"]
    )

    private static let file = "/etc/locale.gen"
    private static let values: ValueMap = ["mechanism": "glibc"]

    private let names: [String]
    private let isWanted: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        names = arguments.strings("name").map(\.trimmed).filter { !$0.isEmpty }
        isWanted = arguments.optionalString("state") != "absent"
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<HostText.Step> {
        var found = try await target.hostText(Self.file, with: Self.look)
        if let awaits = found.awaits { return .unknown(awaits, .none) }
        let isEquipped = found.rest.next() == "1"
        let made = Set(found.rest.next().split(separator: "\n").map { Self.plain(String($0)) })
        guard isEquipped, found.text != nil else {
            return try target.lacking("locale-gen", remedy: "Install the package 'locales' first.", step: .none)
        }
        let differing = names.filter { made.contains(Self.plain($0)) != isWanted }
        guard !differing.isEmpty else { return .asWanted(.ok(Self.values)) }
        var lines = found.lines
        for name in differing {
            let isNamed = lines.contains { Self.locale(in: $0).map { Self.plain($0) == Self.plain(name) } ?? false }
            guard isNamed || !isWanted else {
                throw Diagnostic(
                    .failed, "the host's C library has no locale '\(name)'",
                    remedy: "`/usr/share/i18n/SUPPORTED` there lists them.", host: target.hostName)
            }
            lines = lines.map { line in
                guard let locale = Self.locale(in: line), Self.plain(locale) == Self.plain(name) else { return line }
                let bare = line.drop { $0 == "#" || $0 == " " || $0 == "\t" }
                return isWanted ? String(bare) : "# " + bare
            }
        }
        let after = lines.map { $0 + "\n" }.joined()
        let parts = differing.map { name in
            Change.Part.setting(
                "locale \(name)", before: isWanted ? "absent" : "present", after: isWanted ? "present" : "absent")
        }
        guard let (change, step) = found.plan(after) else {
            // The file says so already; only the locales were not made.
            return .change(Change(parts), .none, foreseen: .changed(Self.values))
        }
        return .change(
            Change(parts + change.parts, effects: change.effects), step, foreseen: .changed(Self.values))
    }

    func apply(_ step: HostText.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await target.carryOut(step)
        try await target.run(["locale-gen"])
        return .changed(Self.values)
    }

    /// The locale that a line of the file names, switched on or not.
    private static func locale(in line: String) -> String? {
        let words = line.drop { $0 == "#" || $0 == " " || $0 == "\t" }.split(separator: " ")
        guard words.count == 2, words[0].contains("_") || words[0].hasPrefix("C") else { return nil }
        return String(words[0])
    }

    /// `en_GB.utf8` and `en_GB.UTF-8` are the same one.
    private static func plain(_ name: String) -> String {
        let name = name.trimmed
        guard let dot = name.firstIndex(of: ".") else { return name }
        let rest = name[dot...]
        let modifier = rest.firstIndex(of: "@").map { String(rest[$0...]) } ?? ""
        let encoding = rest.prefix { $0 != "@" }.lowercased().filter { $0 != "-" }
        return name[..<dot] + encoding + modifier
    }

    private static let look: Script = #"""
        if command -v locale-gen >/dev/null 2>&1; then printf '1\0'; else printf '0\0'; fi
        locale -a 2>/dev/null
        printf '\0'
        """#
}
