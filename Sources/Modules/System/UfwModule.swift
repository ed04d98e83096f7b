import Diagnostics
import Results
import Target
import Values

/// The rules and the state of the host's uncomplicated firewall, as `community.general.ufw` sets them.
struct UfwModule: Module {
    static let manual = ModuleManual(
        name: "community.general.ufw",
        summary: "Set rules, policies and the state of ufw.",
        description: """
            What a rule would do, ufw's own dry run tells. Of several wishes in one task the state comes first, then \
            the policy, the rule, the logging.
            """,
        arguments: [
            .optional(
                "state", .string,
                "`enabled` and `disabled`, also for the next start; `reloaded`; `reset` to how it came.",
                choices: ["disabled", "enabled", "reloaded", "reset"]),
            .optional(
                "default", .string, "The policy for packets that no rule matches.",
                choices: ["allow", "deny", "reject"],
                aliases: ["policy"]),
            .optional(
                "logging", .string, "How much is logged.", choices: ["on", "off", "low", "medium", "high", "full"]),
            .optional("rule", .string, "What a rule does.", choices: ["allow", "deny", "limit", "reject"]),
            .optional(
                "direction", .string, "`in` or `out` for a rule; `incoming`, `outgoing` or `routed` for a policy.",
                choices: ["in", "incoming", "out", "outgoing", "routed"]),
            .optional("delete", .bool, "Remove the rule.", default: false),
            .optional("route", .bool, "The rule is for packets that are passed on.", default: false),
            .optional("insert", .int, "The place of a new rule, from 1."),
            .optional(
                "insert_relative_to", .string, "What `insert` counts from.", default: "zero",
                choices: ["first-ipv4", "first-ipv6", "last-ipv4", "last-ipv6", "zero"]),
            .optional("interface", .string, "The interface; with `direction`.", aliases: ["if"]),
            .optional("interface_in", .string, "The interface it comes in by.", aliases: ["if_in"]),
            .optional("interface_out", .string, "The interface it goes out by.", aliases: ["if_out"]),
            .optional("log", .bool, "Log new connections that the rule matches.", default: false),
            .optional("from_ip", .string, "The address it comes from.", default: "any", aliases: ["from", "src"]),
            .optional("from_port", .string, "The port it comes from."),
            .optional("to_ip", .string, "The address it goes to.", default: "any", aliases: ["dest", "to"]),
            .optional("to_port", .string, "The port it goes to.", aliases: ["port"]),
            .optional(
                "proto", .string, "The protocol.",
                choices: ["any", "tcp", "udp", "ipv6", "esp", "ah", "gre", "igmp", "vrrp"], aliases: ["protocol"]),
            .optional("name", .string, "An application's profile on the host.", aliases: ["app"]),
            .optional("comment", .string, "A comment, part of the rule."),
        ],
        diff: "The rules, and the settings.",
        example: """
            - community.general.ufw:
                rule: allow
                to_port: "443"
                proto: tcp
                from_ip: 192.0.2.0/24
            """,
        aliases: ["ansible.builtin.ufw"],
        exclusive: [["name", "proto", "logging"], ["direction", "interface_in"], ["direction", "interface_out"]],
        oneOf: [["state", "default", "rule", "logging"]]
    )

    private let state: String?
    private let policy: String?
    private let policyDirection: String
    private let logging: String?
    private let rule: UfwRule?

    struct Step: Sendable {
        var commands: [[String]] = []
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        state = arguments.optionalString("state")
        policy = arguments.optionalString("default")
        logging = arguments.optionalString("logging")
        let direction = arguments.optionalString("direction")
        policyDirection = direction ?? "incoming"
        if policy != nil, !["incoming", "outgoing", "routed"].contains(policyDirection) {
            throw Diagnostic(
                .badValue, "'direction: \(policyDirection)' is none for a policy", at: arguments.location,
                remedy: "Write incoming, outgoing or routed.")
        }
        if arguments["interface"] != nil, direction == nil {
            throw Diagnostic(.missingArgument, "'interface' needs 'direction'", at: arguments.location)
        }
        rule = try UfwRule(arguments)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let words = try await rule?.words(target) ?? []
        let answer = try await target.query(Self.look, words)
        guard answer.status != 111 else {
            return try target.lacking("ufw", remedy: "Install the package 'ufw'.", step: Step())
        }
        guard answer.succeeded else { throw refusal(answer.errorOutput, target.hostName) }
        let found = Found(answer.stdout)
        if !words.isEmpty, found.dryStatus != 0 {
            if target.foreseen.awaitsPackages {
                return .unknown(Unknown("what ufw says once earlier tasks have installed their packages"), Step())
            }
            throw refusal(found.dryOutput, target.hostName)
        }
        var step = Step()
        var change = Change()
        if let state { plan(state, found, &step, &change) }
        if let policy, let before = found.policies[policyDirection], before != policy {
            step.commands.append(["default", policy, policyDirection])
            change.parts.append(.setting("default \(policyDirection)", before: .string(before), after: .string(policy)))
        }
        if !words.isEmpty {
            let before = found.rules
            let after = found.foreseenRules
            if after != before {
                step.commands.append(words)
                change.parts.append(.text(path: "ufw rules", before: before, after: after))
            } else if state == "reset" {
                step.commands.append(words)
            }
        }
        if let logging, logging == "on" ? found.logging == "off" : logging != found.logging {
            step.commands.append(["logging", logging])
            change.parts.append(.setting("logging", before: .string(found.logging), after: .string(logging)))
        }
        let commands = Self.told(step)
        guard !step.commands.isEmpty else {
            return .asWanted(.ok(["commands": commands, "msg": .string(found.status)]))
        }
        return .change(change, step, foreseen: .changed(["commands": commands]))
    }

    private func plan(_ state: String, _ found: Found, _ step: inout Step, _ change: inout Change) {
        let isOn = found.isActive && found.isEnabled
        switch state {
        case "enabled" where !isOn, "disabled" where found.isActive || found.isEnabled:
            step.commands.append(["--force", state == "enabled" ? "enable" : "disable"])
            change.parts.append(
                .setting("state", before: isOn ? "enabled" : "disabled", after: .string(state)))
        case "reloaded" where found.isActive:
            step.commands.append(["reload"])
            change.parts.append(.action("reload ufw"))
        case "reset":
            step.commands.append(["--force", "reset"])
            change.parts.append(.action("disable ufw and reset it to how it came"))
        default: break
        }
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        // What it came to is looked at in the same go.
        let (words, answer) = try await CommandSequence.run(
            (step.commands + [Self.status]).map { ["ufw"] + $0 }, on: target)
        guard answer.succeeded || words.dropFirst() == Self.status[...] else {
            throw refusal(answer.errorOutput + answer.output, target.hostName)
        }
        return .changed(["commands": Self.told(step), "msg": .string(answer.output.trimmed)])
    }

    private static func told(_ step: Step) -> Value {
        .list(step.commands.map { .string(ShellQuoting.join(["ufw"] + $0)) })
    }

    private func refusal(_ said: String, _ host: String) -> Diagnostic {
        let line = said.trimmed.lastLine
        return Diagnostic(
            .failed, "ufw refused: \(line)",
            remedy: line.contains("need to be root") ? "Become root with `become: true`." : nil, host: host)
    }

    /// What ufw and its files say.
    private struct Found {
        let status: String
        let isActive: Bool
        let isEnabled: Bool
        let logging: String
        /// By direction, in ufw's words.
        let policies: [String: String]
        private let four: [String]
        private let six: [String]
        let dryStatus: Int
        let dryOutput: String

        init(_ bytes: [UInt8]) {
            var fields = FieldReader(bytes)
            status = fields.next().trimmed
            isActive = status.hasPrefix("Status: active")
            four = HostText.lines(fields.next())
            six = HostText.lines(fields.next())
            isEnabled = fields.next().trimmed == "yes"
            let level = fields.next().trimmed
            logging = level.isEmpty ? "off" : level
            var policies: [String: String] = [:]
            for direction in ["incoming", "outgoing", "routed"] {
                let word = fields.next().filter { $0 != "\"" && $0 != "'" }.trimmed
                policies[direction] = ["ACCEPT": "allow", "DROP": "deny", "REJECT": "reject"][word] ?? word
            }
            self.policies = policies
            dryStatus = Int(fields.next()) ?? 0
            dryOutput = fields.next()
        }

        var rules: String { (four + six).map { $0 + "\n" }.joined() }

        /// The rules that the dry run shows: of a family that it does not touch it shows none.
        var foreseenRules: String {
            var after = [four, six]
            var section: [String] = []
            var isOpen = false
            var isSix = false
            func close() {
                if isOpen { after[isSix ? 1 : 0] = section }
                (section, isOpen, isSix) = ([], true, false)
            }
            for line in HostText.lines(dryOutput) {
                if line == "*filter" { close() }
                if line.hasPrefix("### tuple") { section.append(line) }
                if line.contains("ufw6-") { isSix = true }
            }
            close()
            return after.joined().map { $0 + "\n" }.joined()
        }
    }

    /// Words of a rule to try, if any. Writes the status, the rules of either family, whether it is enabled, the log's
    /// level, the three policies, and what came of the trial.
    private static let look: Script = #"""
        command -v ufw >/dev/null 2>&1 || exit 111
        # What it warns of is no part of the status.
        status=$(ufw status verbose) || { printf '%s\n' "$status" >&2; exit 1; }
        printf '%s\0' "$status"
        for folder in /etc/ufw /var/lib/ufw /lib/ufw; do
            [ ! -f "$folder/user.rules" ] || break
        done
        for file in user.rules user6.rules; do
            grep '^### tuple' "$folder/$file" 2>/dev/null
            printf '\0'
        done
        for name in ENABLED LOGLEVEL; do
            printf '%s\0' "$(sed -n "s/^$name=//p" /etc/ufw/ufw.conf 2>/dev/null)"
        done
        for name in INPUT OUTPUT FORWARD; do
            printf '%s\0' "$(sed -n "s/^DEFAULT_${name}_POLICY=//p" /etc/default/ufw 2>/dev/null)"
        done
        if [ $# -gt 0 ]; then
            said=$(ufw --dry-run "$@" 2>&1)
            printf '%s\0%s\0' $? "$said"
        fi
        """#

    private static let status = ["status", "verbose"]
}

/// One rule, as ufw's words have it.
private struct UfwRule: Sendable {
    private let before: [String]
    private let after: [String]
    private let place: Int?
    private let origin: String

    /// Nil if the task has no rule.
    init?(_ arguments: Arguments) throws(Diagnostic) {
        guard let verdict = arguments.optionalString("rule") else { return nil }
        let direction = arguments.optionalString("direction")
        if let direction, direction != "in", direction != "out" {
            throw Diagnostic(
                .badValue, "'direction: \(direction)' is none for a rule", at: arguments.location,
                remedy: "Write in or out.")
        }
        if !arguments.bool("route"), arguments["interface_in"] != nil, arguments["interface_out"] != nil {
            throw Diagnostic(
                .badValue, "'interface_in' and 'interface_out' only go together with 'route: true'",
                at: arguments.location)
        }
        let isDeleted = arguments.bool("delete")
        before = (arguments.bool("route") ? ["route"] : []) + (isDeleted ? ["delete"] : [])
        place = isDeleted ? nil : arguments.int("insert")
        origin = arguments.optionalString("insert_relative_to") ?? "zero"
        var words = [verdict] + (direction.map { [$0] } ?? [])
        for (name, option) in [
            ("interface", ["on"]), ("interface_in", ["in", "on"]), ("interface_out", ["out", "on"]),
        ] {
            if let interface = arguments.optionalString(name) { words += option + [interface] }
        }
        if arguments.bool("log") { words.append("log") }
        for (name, option) in [
            ("from_ip", "from"), ("from_port", "port"), ("to_ip", "to"), ("to_port", "port"), ("proto", "proto"),
            ("name", "app"), ("comment", "comment"),
        ] {
            guard let value = arguments.optionalString(name), !value.isEmpty else { continue }
            words += [option, value]
        }
        after = words
    }

    func words(_ target: some TargetReader) async throws(Diagnostic) -> [String] {
        guard let place = try await number(target) else { return before + after }
        return before + ["insert", String(place)] + after
    }

    /// The place to insert at; nil where the rule goes to the end.
    private func number(_ target: some TargetReader) async throws(Diagnostic) -> Int? {
        guard let place else { return nil }
        if origin == "zero" { return place }
        // Rules for IPv6 come last and are marked.
        var fours = 0
        var all = 0
        for line in HostText.lines(try await target.query(Self.numbered).output) {
            guard line.hasPrefix("["), let end = line.firstIndex(of: "]"),
                let number = Int(line[line.index(after: line.startIndex)..<end].trimmed)
            else { continue }
            all = max(all, number)
            if !line.contains("(v6)") { fours = max(fours, number) }
        }
        let base =
            switch origin {
            case "first-ipv4": 1
            case "last-ipv4": max(fours, 1)
            case "first-ipv6": fours + 1
            default: all > fours ? all : all + 1
            }
        return place + base > all ? nil : place + base
    }

    private static let numbered: Script = "ufw status numbered 2>/dev/null"
}
