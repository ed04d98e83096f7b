import Diagnostics
import Results
import Target
import Values

/// One setting of a firewalld zone, or a zone itself, as `ansible.posix.firewalld` sets it through firewall-cmd.
struct FirewalldModule: Module {
    static let manual = ModuleManual(
        name: "ansible.posix.firewalld",
        summary: "Set services, ports and rules of firewalld's zones.",
        description: """
            Where firewalld does not run, `offline: true` with `permanent: true` changes its files through \
            firewall-offline-cmd. A zone that was made must be reloaded before it can be used at once.
            """,
        arguments: [
            .required(
                "state", .string, "Whether the setting is there; `present` and `absent` are for zones and targets.",
                choices: ["absent", "disabled", "enabled", "present"]),
            .optional("zone", .string, "The zone; by default firewalld's default zone."),
            .optional("permanent", .bool, "Change what holds from the next start on.", default: false),
            .optional(
                "immediate", .bool, "Change what holds now; taken as given without `permanent`.", default: false),
            .optional(
                "offline", .bool, "Do without what holds now where firewalld does not run; with `permanent`.",
                default: false),
            .optional("timeout", .int, "How many seconds it holds now; what is permanent stays.", default: 0),
            .optional("service", .string, "A service, one that `firewall-cmd --get-services` names."),
            .optional("port", .string, "A port or range with its protocol: `8080/tcp`, `60000-61000/udp`."),
            .optional("protocol", .string, "A protocol."),
            .optional("source", .string, "A network that belongs to the zone; with `permanent`."),
            .optional("interface", .string, "An interface that belongs to the zone; with `zone`."),
            .optional("rich_rule", .string, "A rule in firewalld's rich language."),
            .optional("icmp_block", .string, "An ICMP type that is not let in."),
            .optional("icmp_block_inversion", .bool, "Whether only those are let in."),
            .optional("masquerade", .bool, "Whether senders behind this host get its address."),
            .optional("forward", .bool, "Whether packets pass between the zone's interfaces."),
            .optional(
                "port_forward",
                .list(
                    .map([
                        .required("port", .string, "The port."),
                        .required("proto", .string, "Its protocol.", choices: ["udp", "tcp"]),
                        .required("toport", .string, "The port it goes to."),
                        .optional("toaddr", .string, "The address it goes to."),
                    ])), "A port that leads elsewhere; one."),
            .optional(
                "target", .string, "What becomes of packets that nothing matches; with `zone`.",
                choices: ["default", "ACCEPT", "DROP", "%%REJECT%%"]),
        ],
        diff: "The setting.",
        example: """
            - ansible.posix.firewalld:
                service: https
                zone: public
                permanent: true
                immediate: true
                state: enabled
            """,
        aliases: ["ansible.builtin.firewalld"],
        exclusive: [
            [
                "icmp_block", "icmp_block_inversion", "service", "protocol", "port", "port_forward", "rich_rule",
                "interface", "forward", "masquerade", "source", "target",
            ]
        ]
    )

    /// What the task is about.
    private enum Subject {
        /// firewall-cmd's option behind `--query-`, `--add-`, `--remove-`, with its value.
        case setting(String, String?)
        /// As firewall-cmd spells it.
        case target(String)
        case zone
    }

    private let subject: Subject
    /// What people call it.
    private let name: String
    private let isWanted: Bool
    private let state: String
    private let zone: String?
    private let permanent: Bool
    private let immediate: Bool
    private let offline: Bool
    private let timeout: Int

    struct Step: Sendable {
        var commands: [[String]] = []
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        func refuse(_ summary: String, _ remedy: String? = nil) throws(Diagnostic) -> Never {
            throw Diagnostic(.badValue, summary, at: arguments.location, remedy: remedy)
        }
        state = try arguments.string("state")
        zone = arguments.optionalString("zone")
        permanent = arguments.bool("permanent")
        immediate = arguments.bool("immediate") || !permanent
        offline = arguments.bool("offline")
        timeout = arguments.int("timeout") ?? 0
        let isEnabled = state == "enabled"
        var subject = Subject.zone
        var name = "zone \(zone ?? "")"
        var isWanted = state == "enabled" || state == "present"
        for option in ["service", "port", "protocol", "source", "interface", "rich_rule", "icmp_block"] {
            guard let value = arguments.optionalString(option) else { continue }
            let flag = option.replacing("_", with: "-")
            subject = .setting(flag, value)
            name = "\(flag) \(value)"
        }
        for option in ["icmp_block_inversion", "masquerade", "forward"] {
            guard let value = arguments.optionalBool(option) else { continue }
            // `masquerade: false` with `state: enabled` means that it is not to be.
            isWanted = isEnabled == value
            name = option.replacing("_", with: "-")
            subject = .setting(name, nil)
        }
        if let port = arguments.optionalString("port"), port.wholeMatch(of: /\s*\S+\/[a-z]+\s*/) == nil {
            try refuse("'port: \(port)' has no protocol", "Write it as 8080/tcp.")
        }
        if arguments["port_forward"] != nil {
            let all = arguments.list("port_forward")
            guard all.count == 1, let map = all[0].mapValue else { try refuse("'port_forward' takes one port") }
            var words = ["port", "proto", "toport"].map { "\($0)=\(map[.string($0)]?.pythonText ?? "")" }
            if let address = map["toaddr"], !address.isNull { words.append("toaddr=\(address.pythonText)") }
            subject = .setting("forward-port", words.joined(separator: ":"))
            name = "port_forward \(words.joined(separator: ":"))"
        }
        if let wanted = arguments.optionalString("target") {
            guard permanent else { try refuse("'target' can only be set with 'permanent: true'") }
            // The zone's file has it between percent signs, firewall-cmd has not.
            subject = .target(wanted == "%%REJECT%%" ? "REJECT" : wanted)
            name = "target"
        }
        switch subject {
        case .setting:
            if !["enabled", "disabled"].contains(state) {
                try refuse("'state: \(state)' is for zones and targets", "Write enabled or disabled.")
            }
        case .target where zone == nil: try refuse("'target' needs 'zone'")
        case .target: break
        case .zone:
            if ["enabled", "disabled"].contains(state) {
                try refuse(
                    "nothing is said that would be \(state)", "Name a service, a port …; zones are present or absent.")
            }
            if zone == nil { try refuse("'state: \(state)' needs 'zone'") }
            if !permanent { try refuse("a zone can only be made and removed with 'permanent: true'") }
        }
        if arguments["interface"] != nil, zone == nil { try refuse("'interface' needs 'zone'") }
        if arguments["source"] != nil, !permanent { try refuse("'source' needs 'permanent: true'") }
        if timeout != 0, permanent, !immediate {
            try refuse("'timeout' is for what holds now", "Say 'immediate: true' besides 'permanent', or leave it out.")
        }
        if offline, !permanent { try refuse("'offline: true' needs 'permanent: true'") }
        self.subject = subject
        self.name = name
        self.isWanted = isWanted
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let answer = try await target.query(
            Self.ask, [permanent ? "1" : "", immediate ? "1" : "", offline ? "1" : ""] + question)
        switch answer.status {
        case 111: return try target.lacking("firewall-cmd", remedy: "Install the package 'firewalld'.", step: Step())
        case 112:
            if target.foreseen.packages["firewalld"] == true
                || ["firewalld", "firewalld.service"].contains(where: { target.foreseen.units[$0]?.active == true })
            {
                return .unknown(Unknown("what firewalld says, which an earlier task starts"), Step())
            }
            throw Diagnostic(
                .failed, "firewalld does not run",
                remedy: "Start it in an earlier task; 'offline: true' with 'permanent: true' changes its files alone.",
                host: target.hostName)
        default: break
        }
        var fields = FieldReader(answer.stdout)
        let runs = fields.next() == "running"
        try refuseImmediate(runs, target.hostName)
        var step = Step()
        var change = Change()
        for (place, isMeant) in [("permanent", permanent), ("runtime", immediate && runs)] where isMeant {
            let status = fields.next()
            let answer = fields.next().trimmed
            let warned = fields.next().trimmed
            let said = status == "0" || warned.isEmpty ? answer : warned
            try plan(place, status, said, runs, target.hostName, &step, &change)
        }
        let message = message(runs, changed: !step.commands.isEmpty)
        guard !step.commands.isEmpty else { return .asWanted(.ok(["msg": message])) }
        return .change(change, step, foreseen: .changed(["msg": message]))
    }

    /// Looks at one of the two configurations.
    private func plan(
        _ place: String, _ status: String, _ said: String, _ runs: Bool, _ host: String, _ step: inout Step,
        _ change: inout Change
    ) throws(Diagnostic) {
        let program = runs ? ["firewall-cmd"] : ["firewall-offline-cmd"]
        let permanence = place == "permanent" && runs ? ["--permanent"] : []
        let zoneWords = zone.map { ["--zone=\($0)"] } ?? []
        /// Takes any other status for a refusal.
        func require(_ answers: [String]) throws(Diagnostic) {
            guard answers.contains(status) else {
                throw Diagnostic(.failed, "firewalld refused: \(said.lastLine)", host: host)
            }
        }
        switch subject {
        case .setting(let flag, let value):
            // 0 is yes, 1 no.
            try require(["0", "1"])
            guard (status == "0") != isWanted else { return }
            var verb = isWanted ? "add" : "remove"
            // An interface leaves the zone it was in.
            if flag == "interface", isWanted { verb = "change" }
            var words = program + permanence + zoneWords + ["--\(verb)-\(flag)" + (value.map { "=\($0)" } ?? "")]
            if timeout != 0, isWanted, place == "runtime" { words.append("--timeout=\(timeout)") }
            step.commands.append(words)
            change.parts.append(
                .setting(
                    "\(name) (\(place))", before: isWanted ? "disabled" : "enabled",
                    after: isWanted ? "enabled" : "disabled"))
        case .target(let wanted):
            guard place == "permanent" else { return }
            try require(["0"])
            let current = said == "%%REJECT%%" ? "REJECT" : said
            // One that is not to be is only reset where it is the zone's.
            guard isWanted ? current != wanted : current == wanted && wanted != "default" else { return }
            let after = isWanted ? wanted : "default"
            step.commands.append(program + permanence + zoneWords + ["--set-target=\(after)"])
            change.parts.append(.setting("target", before: .string(current), after: .string(after)))
        case .zone:
            guard place == "permanent", let zone else { return }
            try require(["0"])
            let isThere = said.split(whereSeparator: \.isWhitespace).contains { $0 == zone }
            guard isThere != isWanted else { return }
            step.commands.append(program + permanence + ["--\(isWanted ? "new" : "delete")-zone=\(zone)"])
            change.parts.append(
                .setting(name, before: isThere ? "present" : "absent", after: isWanted ? "present" : "absent"))
        }
    }

    /// Zones and targets are for the next start alone.
    private func refuseImmediate(_ runs: Bool, _ host: String) throws(Diagnostic) {
        if case .setting = subject { return }
        guard immediate, runs else { return }
        throw Diagnostic(
            .failed, "'immediate' does not go with zones and their targets", remedy: "Leave it out.", host: host)
    }

    /// The question as firewall-cmd takes it, without `--permanent`.
    private var question: [String] {
        let zoneWords = zone.map { ["--zone=\($0)"] } ?? []
        switch subject {
        case .setting(let flag, let value): return zoneWords + ["--query-\(flag)" + (value.map { "=\($0)" } ?? "")]
        case .target: return zoneWords + ["--get-target"]
        case .zone: return ["--get-zones"]
        }
    }

    private func message(_ runs: Bool, changed: Bool) -> Value {
        var said: [String] = []
        switch (permanent, immediate && runs) {
        case (true, true): said.append("Permanent and Non-Permanent(immediate) operation")
        case (true, false): said.append("Permanent operation")
        default: said.append("Non-permanent operation")
        }
        if changed { said.append("Changed \(name) to \(state)") }
        if !runs { said.append("(offline operation: only on-disk configs were altered)") }
        return .string(said.joined(separator: ", "))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let (words, answer) = try await CommandSequence.run(step.commands, on: target)
        guard answer.succeeded else {
            let said = (answer.errorOutput + answer.output).trimmed.lastLine
            throw Diagnostic(.failed, "firewalld refused: \(said)", host: target.hostName)
        }
        return .changed(["msg": message(words.first == "firewall-cmd", changed: true)])
    }

    /// `$1` whether what is permanent matters, `$2` whether what holds now does, `$3` whether files alone will do where
    /// it does not run, then the question. Writes whether firewalld runs, and for each of both the status, the answer
    /// and what was said besides. Status 111: there is none; 112: it does not run, and must.
    private static let ask: Script = #"""
        command -v firewall-cmd >/dev/null 2>&1 || exit 111
        permanent=$1 now=$2 offline=$3
        shift 3
        work=$(umask 077; mktemp -d) || exit 1
        trap 'rm -rf "$work"' EXIT
        say() {
            said=$("$@" 2>"$work/said")
            printf '%s\0%s\0%s\0' $? "$said" "$(cat "$work/said")"
        }
        if firewall-cmd --state >/dev/null 2>&1; then
            printf 'running\0'
            if [ -n "$permanent" ]; then say firewall-cmd --permanent "$@"; fi
            if [ -n "$now" ]; then say firewall-cmd "$@"; fi
        else
            [ -n "$permanent" ] || exit 112
            [ -z "$now" ] || [ -n "$offline" ] || exit 112
            printf 'off\0'
            say firewall-offline-cmd "$@"
        fi
        """#
}
