import Diagnostics
import Results
import Target
import Values

/// The host's time zone, as `community.general.timezone` sets it.
struct TimezoneModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "community.general.timezone",
        summary: "Set the time zone, and whether the hardware clock keeps local time.",
        description: """
            Hosts run by systemd are told through timedatectl; others get the link `/etc/localtime` and, where there \
            is one, the file `/etc/timezone`.
            """,
        arguments: [
            .optional("name", .string, "The zone, such as `Europe/Berlin`."),
            .optional(
                "hwclock", .string, "What the hardware clock keeps.", choices: ["UTC", "local"], aliases: ["rtc"]),
        ],
        example: """
            - community.general.timezone:
                name: Etc/UTC
            """,
        aliases: ["ansible.builtin.timezone"], oneOf: [["name", "hwclock"]]
    )

    private let name: String?
    private let clock: String?

    struct Step: Sendable {
        var usesSystemd = false
        var name: String?
        var clock: String?
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = arguments.optionalString("name")
        clock = arguments.optionalString("hwclock")
        if let name, name.isEmpty || name.hasPrefix("/") || name.hasPrefix("-") || name.contains("..") {
            throw Diagnostic(
                .badValue, "'\(name)' is no time zone", at: arguments.location,
                remedy: "Write it as `Europe/Berlin` or `Etc/UTC`.")
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let answer = try await target.query(Self.look, name ?? "")
        var fields = FieldReader(answer.stdout)
        let usesSystemd = fields.next() == "1"
        let exists = fields.next() == "1"
        let link = fields.next()
        let file = fields.next().trimmed
        let clockNow = fields.next() == "LOCAL" ? "local" : "UTC"
        if name != nil, !exists {
            if target.foreseen.awaitsPackages {
                return .unknown(Unknown("the time zones that a package brings"), Step())
            }
            throw Diagnostic(
                .failed, "the host knows no time zone '\(name ?? "")'",
                remedy: "Mend the name, or install tzdata; `ls /usr/share/zoneinfo` there shows them.",
                host: target.hostName)
        }
        let zoneNow = Self.zone(ofLink: link) ?? file
        var step = Step(usesSystemd: usesSystemd)
        var change = Change()
        if let name, name != zoneNow || !usesSystemd && !file.isEmpty && file != name {
            step.name = name
            change.parts.append(.setting("name", before: .string(zoneNow), after: .string(name)))
        }
        if let clock, clock != clockNow {
            step.clock = clock
            change.parts.append(.setting("hwclock", before: .string(clockNow), after: .string(clock)))
        }
        guard !change.isEmpty else { return .asWanted(.ok()) }
        if let zone = step.name {
            change.effects = [
                .file(path: "/etc/localtime", .init(kind: .link, linkTarget: "/usr/share/zoneinfo/\(zone)"))
            ]
        }
        return .change(change, step, foreseen: .changed())
    }

    /// `Europe/Berlin` for `/usr/share/zoneinfo/Europe/Berlin`.
    private static func zone(ofLink link: String) -> String? {
        let parts = link.split(separator: "/")
        guard let at = parts.firstIndex(of: "zoneinfo"), at + 1 < parts.count else { return nil }
        return parts[(at + 1)...].joined(separator: "/")
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await target.perform(
            Self.set, [step.name ?? "", step.clock ?? "", step.usesSystemd ? "1" : ""], doing: "set the time zone")
        if let name = step.name {
            // Debian's file goes along where it is; systemd of some releases leaves it behind.
            let file = try await target.hostText("/etc/timezone")
            if file.text != nil, let planned = file.plan("\(name)\n") { try await target.carryOut(planned.step) }
        }
        if let clock = step.clock, !step.usesSystemd {
            // Three lines: the clock's drift, when it was last set, and what it keeps; see hwclock(8).
            let file = try await target.hostText("/etc/adjtime")
            let lines = (file.lines + ["0.0 0 0.0", "0"].dropFirst(min(2, file.lines.count))).prefix(2)
            let text = (lines + [clock == "local" ? "LOCAL" : "UTC"]).map { $0 + "\n" }.joined()
            if let planned = file.plan(text) { try await target.carryOut(planned.step) }
        }
        return .changed()
    }

    /// `$1` a zone to look for. Writes whether systemd is told, whether the zone exists, where the link leads, what
    /// the file says and what the hardware clock keeps.
    private static let look: Script = #"""
        if [ -d /run/systemd/system ] && command -v timedatectl >/dev/null 2>&1; then printf '1\0'; else printf '0\0'; fi
        if [ -n "$1" ] && [ -f "/usr/share/zoneinfo/$1" ]; then printf '1\0'; else printf '0\0'; fi
        printf '%s\0' "$(readlink /etc/localtime 2>/dev/null)"
        printf '%s\0' "$(cat /etc/timezone 2>/dev/null)"
        printf '%s\0' "$(sed -n 3p /etc/adjtime 2>/dev/null)"
        """#

    /// `$1` the zone, `$2` what the clock keeps, `$3` whether through systemd.
    private static let set: Script = #"""
        if [ -n "$3" ]; then
            if [ -n "$1" ]; then timedatectl set-timezone "$1" || exit 1; fi
            if [ -n "$2" ]; then
                if [ "$2" = local ]; then rtc=1; else rtc=0; fi
                timedatectl set-local-rtc $rtc || exit 1
            fi
        elif [ -n "$1" ]; then
            ln -s -f -n -- "/usr/share/zoneinfo/$1" /etc/.localtime.new && mv -f /etc/.localtime.new /etc/localtime || exit 1
        fi
        """#
}
