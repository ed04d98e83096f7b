import Diagnostics
import Values

/// A rule as iptables' words.
enum IptablesRule {
    /// What the manual cannot say of arguments that only go together.
    static func check(_ arguments: Arguments) throws(Diagnostic) {
        func refuse(_ summary: String, _ remedy: String? = nil) throws(Diagnostic) -> Never {
            throw Diagnostic(.badValue, summary, at: arguments.location, remedy: remedy)
        }
        for (name, value) in arguments.values where value.stringValue?.isEmpty == true {
            try refuse("'\(name.text)' is empty", "Leave it out, with `omit` where it comes from a variable.")
        }
        let jump = arguments.optionalString("jump")
        if arguments["log_prefix"] != nil || arguments["log_level"] != nil, let jump, jump != "LOG" {
            try refuse("'log_prefix' and 'log_level' only go with 'jump: LOG'")
        }
        let isCopied = jump?.lowercased() == "tee"
        if isCopied != (arguments["gateway"] != nil) {
            try refuse(isCopied ? "'jump: TEE' needs 'gateway'" : "'gateway' only goes with 'jump: TEE'")
        }
        if (arguments["match_set"] == nil) != (arguments["match_set_flags"] == nil) {
            try refuse("'match_set' and 'match_set_flags' only go together")
        }
        if arguments["rule_num"] != nil, arguments.optionalString("action") != "insert" {
            try refuse("'rule_num' only goes with 'action: insert'")
        }
        if let flags = arguments.map("tcp_flags"),
            (flags["flags"] ?? .null).isNull || (flags["flags_set"] ?? .null).isNull
        {
            try refuse("'tcp_flags' needs both 'flags' and 'flags_set'")
        }
    }

    /// The words, in the order in which the real module gives them; some extensions' options must come after what
    /// loads them.
    ///
    /// - Parameter counters: What the counters begin with; only words for a new rule may hold that.
    static func words(
        _ arguments: Arguments, for family: IptablesModule.Family, counters: [String] = []
    ) throws(Diagnostic) -> [String] {
        var rule: [String] = []
        func add(_ flag: String, _ text: String?) {
            guard let text else { return }
            if text.hasPrefix("!") { rule += ["!", flag, text.dropFirst().trimmed] } else { rule += [flag, text] }
        }
        func add(_ flag: String, argument name: String) { add(flag, arguments.optionalString(name)) }
        func add(_ flag: String, listed name: String) {
            let items = arguments.strings(name)
            if !items.isEmpty { rule += [flag, items.joined(separator: ",")] }
        }
        let matches = arguments.strings("match")
        /// Loads an extension for its options, unless `match` did.
        func load(_ name: String, for names: String...) {
            guard !matches.contains(name) || !["conntrack", "iprange", "set"].contains(name) else { return }
            if names.contains(where: { arguments[$0] != nil && arguments[$0]?.elements?.isEmpty != true }) {
                rule += ["-m", name]
            }
        }
        add("-p", argument: "protocol")
        add("-s", argument: "source")
        add("-d", argument: "destination")
        for match in matches { add("-m", match) }
        if let flags = arguments.map("tcp_flags") {
            rule.append("--tcp-flags")
            for key in ["flags", "flags_set"] {
                rule.append((flags[.string(key)]?.elements ?? []).map(\.pythonText).joined(separator: ","))
            }
        }
        add("-j", jump(arguments))
        add("--gateway", argument: "gateway")
        rule += arguments.optionalString("log_prefix").map { ["--log-prefix", $0] } ?? []
        add("--log-level", argument: "log_level")
        add("--to-destination", argument: "to_destination")
        load("multiport", for: "destination_ports")
        add("--dports", listed: "destination_ports")
        add("--to-source", argument: "to_source")
        add("-g", argument: "goto")
        add("-i", argument: "in_interface")
        add("-o", argument: "out_interface")
        rule += try fragment(arguments)
        rule += counters
        add("--source-port", argument: "source_port")
        add("--destination-port", argument: "destination_port")
        add("--to-ports", argument: "to_ports")
        add("--set-dscp", argument: "set_dscp_mark")
        add("--set-dscp-class", argument: "set_dscp_mark_class")
        switch arguments.optionalString("syn") {
        case "match": rule.append("--syn")
        case "negate": rule += ["!", "--syn"]
        default: break
        }
        if matches.contains("state"), !matches.contains("conntrack") {
            add("--state", listed: "ctstate")
        } else {
            load("conntrack", for: "ctstate")
            add("--ctstate", listed: "ctstate")
        }
        load("iprange", for: "src_range", "dst_range")
        add("--src-range", argument: "src_range")
        add("--dst-range", argument: "dst_range")
        load("set", for: "match_set")
        add("--match-set", argument: "match_set")
        rule += arguments.optionalString("match_set_flags").map { [$0] } ?? []
        load("limit", for: "limit", "limit_burst")
        add("--limit", argument: "limit")
        add("--limit-burst", argument: "limit_burst")
        load("owner", for: "uid_owner")
        add("--uid-owner", argument: "uid_owner")
        load("owner", for: "gid_owner")
        add("--gid-owner", argument: "gid_owner")
        if arguments["jump"] == nil { add("-j", arguments["reject_with"].map { _ in "REJECT" }) }
        add("--reject-with", argument: "reject_with")
        add(family == .ipv4 ? "--icmp-type" : "--icmpv6-type", argument: "icmp_type")
        load("comment", for: "comment")
        rule += arguments.optionalString("comment").map { ["--comment", $0] } ?? []
        return rule
    }

    private static func jump(_ arguments: Arguments) -> String? {
        if let jump = arguments.optionalString("jump") { return jump }
        if arguments["log_prefix"] != nil || arguments["log_level"] != nil { return "LOG" }
        if arguments["set_dscp_mark"] != nil || arguments["set_dscp_mark_class"] != nil { return "DSCP" }
        return nil
    }

    private static func fragment(_ arguments: Arguments) throws(Diagnostic) -> [String] {
        guard let text = arguments.optionalString("fragment")?.trimmed.lowercased() else { return [] }
        switch text {
        case "true", "yes", "1": return ["-f"]
        case "false", "no", "0": return []
        case "!": return ["!", "-f"]
        default:
            throw Diagnostic(
                .badValue, "'fragment: \(text)' says nothing", at: arguments.location,
                remedy: "Give `true` for further fragments, `\"!\"` for all but those.")
        }
    }
}
