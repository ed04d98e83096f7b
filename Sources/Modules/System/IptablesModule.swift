import Diagnostics
import Results
import Target
import Values

/// Rules of the kernel's packet filter, as `ansible.builtin.iptables` sets them through the host's iptables.
struct IptablesModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.iptables",
        summary: "Add and remove packet filter rules, chains and policies in the running kernel.",
        description: """
            Whether a rule is there iptables itself tells (`-C`), so a rule may be written in any of the ways it \
            understands. Nothing is saved for the next start of the host.
            """,
        arguments: [
            .optional(
                "table", .string, "The table.", default: "filter",
                choices: ["filter", "nat", "mangle", "raw", "security"]),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional(
                "action", .string, "Where a new rule goes: at the end, or at the top.", default: "append",
                choices: ["append", "insert"]),
            .optional(
                "ip_version", .string, "Whose rules: those of iptables, of ip6tables, or of both.", default: "ipv4",
                choices: ["ipv4", "ipv6", "both"]),
            .optional("chain", .string, "The chain; needed unless a whole table is flushed."),
            .optional("rule_num", .string, "The place to insert at, from 1; with `action: insert`."),
            .optional("protocol", .string, "The protocol; `!` before it inverts, as for all addresses and names here."),
            .optional("wait", .string, "How many seconds to wait for another iptables to finish."),
            .optional("source", .string, "The address or network a packet comes from."),
            .optional("to_source", .string, "The address to put in with `jump: SNAT`."),
            .optional("destination", .string, "The address or network a packet goes to."),
            .optional("to_destination", .string, "The address to put in with `jump: DNAT`."),
            .optional("match", .list(.string), "Match extensions to load.", default: []),
            .optional(
                "tcp_flags",
                .map([
                    .optional("flags", .list(.string), "The flags to look at."),
                    .optional("flags_set", .list(.string), "Those of them that must be set."),
                ]), "TCP flags."),
            .optional("jump", .string, "What becomes of a packet: `ACCEPT`, `DROP`, a chain …"),
            .optional("gateway", .string, "Who gets the copies with `jump: TEE`."),
            .optional("log_prefix", .string, "What stands before each line of the log; implies `jump: LOG`."),
            .optional(
                "log_level", .string, "The log's level; implies `jump: LOG`.",
                choices: [
                    "0", "1", "2", "3", "4", "5", "6", "7", "emerg", "alert", "crit", "error", "warning", "notice",
                    "info", "debug",
                ]),
            .optional("goto", .string, "The chain to go on in, without coming back."),
            .optional("in_interface", .string, "The interface it came in by; `+` at the end stands for anything."),
            .optional("out_interface", .string, "The interface it goes out by."),
            .optional("fragment", .string, "`true` for second and further fragments, `\"!\"` for all but those."),
            .optional("set_counters", .string, "What a new rule's counters begin with: `packets,bytes`."),
            .optional("source_port", .string, "A port or a range (`1024:65535`)."),
            .optional("destination_port", .string, "A port or a range."),
            .optional("destination_ports", .list(.string), "Several ports and ranges.", default: []),
            .optional("to_ports", .string, "The port or range to put in, with REDIRECT and MASQUERADE."),
            .optional("set_dscp_mark", .string, "The DSCP mark to set; implies `jump: DSCP`."),
            .optional("set_dscp_mark_class", .string, "The DiffServ class to set; implies `jump: DSCP`."),
            .optional("comment", .string, "A comment, part of the rule."),
            .optional("ctstate", .list(.string), "States of the connection.", default: []),
            .optional("src_range", .string, "A range of source addresses."),
            .optional("dst_range", .string, "A range of destination addresses."),
            .optional("match_set", .string, "A set of ipset; with `match_set_flags`."),
            .optional(
                "match_set_flags", .string, "Which of a packet's addresses to look up in the set.",
                choices: ["src", "dst", "src,dst", "dst,src", "src,src", "dst,dst"]),
            .optional("limit", .string, "How often it matches at most: `5/minute`."),
            .optional("limit_burst", .string, "How often before the limit counts."),
            .optional("uid_owner", .string, "The user whose process sends it."),
            .optional("gid_owner", .string, "The group whose process sends it."),
            .optional("reject_with", .string, "What a refused sender hears; implies `jump: REJECT`."),
            .optional("icmp_type", .string, "The ICMP type."),
            .optional(
                "syn", .string, "Whether only packets match that begin a TCP connection, or all but those.",
                default: "ignore", choices: ["ignore", "match", "negate"]),
            .optional("flush", .bool, "Remove all rules of the chain, or of the table.", default: false),
            .optional(
                "policy", .string, "What a built-in chain does in the end; all but chain and table is left aside then.",
                choices: ["ACCEPT", "DROP", "QUEUE", "RETURN"]),
            .optional(
                "chain_management", .bool,
                "Make or remove the chain itself, where nothing but `chain` and `table` is given.", default: false),
            .optional("numeric", .bool, "Taken as given: names are never looked up.", default: false),
        ],
        check: "full; whether a chain that is to go is empty and unused shows only in a run", diff: "The rule.",
        example: """
            - ansible.builtin.iptables:
                chain: INPUT
                protocol: tcp
                destination_port: "22"
                ctstate: NEW
                jump: ACCEPT
                comment: new SSH connections
            """,
        exclusive: [["set_dscp_mark", "set_dscp_mark_class"], ["flush", "policy"]]
    )

    /// What the task is about.
    private enum Wish {
        case rule(isWanted: Bool)
        case chain(isWanted: Bool)
        case policy(String)
        case flush
    }

    private let wish: Wish
    private let table: String
    private let chain: String?
    private let families: [Family]
    /// The number of the place to insert at; nil to append.
    private let insertsAt: String?
    private let counters: [String]
    private let wait: [String]
    private let rules: [Family: [String]]
    private let managesChain: Bool
    private let result: ValueMap

    enum Family: String, Sendable {
        case ipv4, ipv6

        var program: String { self == .ipv4 ? "iptables" : "ip6tables" }
    }

    struct Step: Sendable {
        var commands: [[String]] = []
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        try IptablesRule.check(arguments)
        table = arguments.optionalString("table") ?? "filter"
        chain = arguments.optionalString("chain")
        let version = arguments.optionalString("ip_version") ?? "ipv4"
        families = version == "both" ? [.ipv4, .ipv6] : [Family(rawValue: version) ?? .ipv4]
        let isInserted = arguments.optionalString("action") == "insert"
        insertsAt = isInserted ? arguments.optionalString("rule_num") ?? "1" : nil
        counters = arguments.optionalString("set_counters").map { ["-c", $0] } ?? []
        wait = arguments.optionalString("wait").map { ["-w", $0] } ?? []
        managesChain = arguments.bool("chain_management")
        var rules: [Family: [String]] = [:]
        for family in families { rules[family] = try IptablesRule.words(arguments, for: family) }
        self.rules = rules
        let isWanted = arguments.optionalString("state") != "absent"
        let first = rules[families[0]] ?? []
        if arguments.bool("flush") {
            wish = .flush
        } else if let policy = arguments.optionalString("policy") {
            wish = .policy(policy)
        } else {
            wish = first.isEmpty ? .chain(isWanted: isWanted) : .rule(isWanted: isWanted)
        }
        if chain == nil, !arguments.bool("flush") {
            throw Diagnostic(
                .missingArgument, "iptables needs 'chain'", at: arguments.location,
                remedy: "Only `flush: true` goes without, for a whole table.")
        }
        if let chain, chain.isEmpty || chain.hasPrefix("-") || chain.contains(where: \.isWhitespace) {
            throw Diagnostic(.badValue, "'\(chain)' is no name of a chain", at: arguments.location)
        }
        // The counters stand where the real module's answer has them.
        result = [
            "ip_version": .string(version), "table": .string(table), "chain": chain.map { .string($0) } ?? .null,
            "flush": .bool(arguments.bool("flush")),
            "rule": .string(
                try IptablesRule.words(arguments, for: families[0], counters: counters).joined(separator: " ")),
            "state": .string(isWanted ? "present" : "absent"), "chain_management": .bool(managesChain),
            "wait": arguments.optionalString("wait").map { .string($0) } ?? .null,
        ]
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        var step = Step()
        var change = Change()
        for family in families {
            let subject = [family.rawValue, table, chain].compactMap(\.self).joined(separator: " ")
            let answer = try await target.query(Self.ask, question(family))
            if answer.status == 111 {
                return try target.lacking(
                    family.program, remedy: "Install the package 'iptables' in an earlier task.", step: Step())
            }
            if lacksChain(subject, answer, target) {
                if target.foreseen.awaitsPackages || target.foreseen.units.contains(where: { $0.value.active == true })
                {
                    return .unknown(
                        Unknown("chain '\(chain ?? "")', which a program of an earlier task may make"), step)
                }
                throw Diagnostic(
                    .failed, "table '\(table)' of \(family.program) has no chain '\(chain ?? "")'",
                    remedy: "Make it in an earlier task: 'chain' with `chain_management: true` and no rule.",
                    host: target.hostName)
            }
            try plan(family, subject, answer, target, &step, &change)
        }
        guard !step.commands.isEmpty else { return .asWanted(.ok(result)) }
        return .change(change, step, foreseen: .changed(result))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let (words, answer) = try await CommandSequence.run(step.commands, on: target)
        guard answer.succeeded else { throw refusal(words.first ?? "iptables", answer, target.hostName) }
        return .changed(result)
    }

    // MARK: One family

    /// What `ask` finds as its words.
    private func question(_ family: Family) -> [String] {
        let look = ["-t", table, "-S"] + (chain.map { [$0] } ?? []) + wait
        guard case .rule(let isWanted) = wish else { return [family.program, "0"] + look }
        return [family.program, isWanted ? String(look.count) : "0"] + (isWanted ? look : [])
            + ["-t", table, "-C", chain ?? ""] + wait + (rules[family] ?? [])
    }

    /// Whether a rule is wanted in a chain that is not there.
    private func lacksChain(_ subject: String, _ answer: CommandResult, _ target: some TargetReader) -> Bool {
        guard case .rule(isWanted: true) = wish else { return false }
        switch target.foreseen.chains[subject] {
        case true?: return false
        case false?: return true
        case nil: return answer.status == 112
        }
    }

    private func plan(
        _ family: Family, _ subject: String, _ answer: CommandResult, _ target: some TargetReader, _ step: inout Step,
        _ change: inout Change
    ) throws(Diagnostic) {
        /// A command as the step has it: `-A INPUT -w 5 …`.
        func command(_ verb: String, _ place: [String] = [], _ rest: [String] = []) -> [String] {
            [family.program, "-t", table, verb] + (chain.map { [$0] } ?? []) + place + wait + rest
        }
        let rule = rules[family] ?? []
        switch wish {
        case .rule(let isWanted):
            let text = Value.string(rule.joined(separator: " "))
            // A chain that an earlier task of this dry run makes or removes: no rule is in it, none leads there.
            let awaits = awaitsChain(family, rule, target)
            let isThere =
                try awaits && answer.status != 0 || target.foreseen.chains[subject] == false
                ? false : exists(family, answer, isWanted, target.hostName)
            guard isThere != isWanted else { return }
            if !isWanted {
                step.commands.append(command("-D", [], rule))
            } else if let insertsAt {
                step.commands.append(command("-I", [insertsAt], counters + rule))
            } else {
                step.commands.append(command("-A", [], counters + rule))
            }
            change.parts.append(
                .setting(subject, before: isWanted ? "absent" : text, after: isWanted ? text : "absent"))
        case .chain(let isWanted):
            let foreseen = target.foreseen.chains[subject]
            let isThere = foreseen == nil ? try exists(family, answer, isWanted, target.hostName) : foreseen == true
            guard isThere != isWanted else { return }
            guard managesChain else {
                throw Diagnostic(
                    .failed,
                    isWanted ? "there is no chain '\(chain ?? "")'" : "chain '\(chain ?? "")' is there, and stays",
                    remedy: "With `chain_management: true` it is \(isWanted ? "made" : "removed").",
                    host: target.hostName)
            }
            step.commands.append(command(isWanted ? "-N" : "-X"))
            change.parts.append(
                .setting(subject, before: isWanted ? "absent" : "present", after: isWanted ? "present" : "absent"))
            change.effects.append(.chain(subject, present: isWanted))
        case .policy(let wanted):
            guard try exists(family, answer, true, target.hostName),
                let line = HostText.lines(answer.output).first(where: { $0.hasPrefix("-P ") }),
                let current = line.split(separator: " ").last
            else {
                throw Diagnostic(
                    .failed, "'\(chain ?? "")' has no policy", remedy: "Only built-in chains have one.",
                    host: target.hostName)
            }
            guard current != wanted else { return }
            step.commands.append(command("-P", [wanted]))
            change.parts.append(
                .setting(subject + ": policy", before: .string(String(current)), after: .string(wanted)))
        case .flush:
            // A chain that an earlier task of this dry run makes is empty.
            if target.foreseen.chains[subject] == true { return }
            guard target.foreseen.chains[subject] != false, try exists(family, answer, true, target.hostName) else {
                throw Diagnostic(.failed, "there is no chain '\(chain ?? "")' to flush", host: target.hostName)
            }
            let there = HostText.lines(answer.output).filter { $0.hasPrefix("-A ") }
            guard !there.isEmpty else { return }
            step.commands.append(command("-F"))
            change.parts.append(.text(path: subject, before: there.map { $0 + "\n" }.joined(), after: ""))
        }
    }

    /// Whether the rule's own chain, or one that it leads to, is only made by an earlier task of this dry run.
    private func awaitsChain(_ family: Family, _ rule: [String], _ target: some TargetReader) -> Bool {
        var names = [chain ?? ""]
        for (flag, name) in zip(rule, rule.dropFirst()) where flag == "-j" || flag == "-g" { names.append(name) }
        return names.contains { target.foreseen.chains["\(family.rawValue) \(table) \($0)"] == true }
    }

    /// What iptables' status says: 0 it is there, 1 it is not. Anything else is a rule that makes no sense, or no
    /// leave to ask.
    private func exists(
        _ family: Family, _ answer: CommandResult, _ isWanted: Bool, _ host: String
    ) throws(Diagnostic) -> Bool {
        if answer.status == 0 { return true }
        if answer.status == 1 { return false }
        // A rule that leads to a chain that is not there is not there either.
        let said = answer.errorOutput
        if !isWanted, said.contains("does not exist") || said.contains("load target") { return false }
        throw refusal(family.program, answer, host)
    }

    private func refusal(_ program: String, _ answer: CommandResult, _ host: String) -> Diagnostic {
        let said = HostText.lines(answer.errorOutput).first { !$0.trimmed.isEmpty } ?? "status \(answer.status)"
        let lacksRights = answer.errorOutput.contains("Permission denied")
        return Diagnostic(
            .failed, "\(program) refused: \(said)", remedy: lacksRights ? "Become root with `become: true`." : nil,
            host: host)
    }

    /// `$1` the program; the number of words that ask for a rule's chain, where it must be there, and those; then what
    /// it is asked. Status 111 if the host lacks it; 112 if there is neither the rule nor its chain.
    private static let ask: Script =
        ReadingScripts.firstWords + #"""
            command -v "$1" >/dev/null 2>&1 || exit 111
            program=$1
            count=$2
            shift 2
            sp_line "$count"
            ask() { shift "$count"; "$program" "$@"; }
            ask "$@"
            status=$?
            # iptables answers alike where a rule is missing and where its chain is.
            if [ "$status" = 1 ] && [ "$count" -gt 0 ]; then
                eval "\"\$program\" $sp_line" >/dev/null 2>&1 || exit 112
            fi
            exit "$status"
            """#
}
