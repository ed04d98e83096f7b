import Diagnostics
import Results
import Target
import Values

/// Gathers facts about the host in one round trip, as `ansible.builtin.setup` does; no Python is needed for it.
struct SetupModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.setup",
        summary: "Gather facts about the host.",
        description: """
            One snippet of POSIX shell reads what the facts are made of; they are made here. There are no facts about \
            Python, since none is needed.
            """,
        arguments: [
            .optional(
                "gather_subset", .list(.string),
                "What to gather: `all`, `min`, `hardware`, `network`, `virtual`, or single families; `!` before one leaves it out.",
                default: ["all"]),
            .optional("filter", .list(.string), "Patterns of fact names to keep.", default: []),
            .optional("gather_timeout", .int, "How long a file system may take to answer, in seconds.", default: 10),
            .optional("fact_path", .path, "Where the host keeps facts of its own.", default: "/etc/ansible/facts.d"),
        ],
        diff: "none",
        example: """
            - ansible.builtin.setup:
                gather_subset: [network, '!hardware']
            """,
        aliases: ["ansible.builtin.gather_facts", "ansible.legacy.setup", "ansible.legacy.gather_facts"]
    )

    private let subset: [String]
    private let filters: [String]
    private let timeout: Int
    private let factPath: String
    private let families: Set<FactFamily>

    init(_ arguments: Arguments) throws(Diagnostic) {
        subset = arguments.strings("gather_subset").map(\.trimmed).filter { !$0.isEmpty }
        filters = arguments.strings("filter").map(\.trimmed).filter { !$0.isEmpty && $0 != "*" }
        timeout = arguments.seconds("gather_timeout", or: 10)
        factPath = arguments.optionalString("fact_path") ?? "/etc/ansible/facts.d"
        families = try FactFamily.wanted(subset, at: arguments.location)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Never> {
        let answer = try await target.query(
            SetupScripts.all,
            [families.map(\.rawValue).sorted().joined(separator: " "), factPath, String(timeout)])
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "cannot gather facts: \(answer.errorOutput.lastLine)", host: target.hostName)
        }
        let raw = RawFacts(answer.stdout)
        var facts: ValueMap = [:]
        var warnings: [String] = []
        if families.contains(.platform) {
            PlatformFacts.add(raw, to: &facts)
            SystemFacts.add(raw, to: &facts)
        }
        if families.contains(.local) { LocalFacts.add(raw, to: &facts, warnings: &warnings) }
        if families.contains(.hardware) { HardwareFacts.add(raw, to: &facts) }
        if families.contains(.network) { NetworkFacts.add(raw, to: &facts) }
        if families.contains(.virtual) { VirtualFacts.add(raw, to: &facts) }
        var named: ValueMap = [:]
        for (key, value) in facts where isKept(key.text) { named["ansible_" + key.text] = value }
        if filters.isEmpty {
            named["gather_subset"] = .list(subset.map { .string($0) })
            named["module_setup"] = true
        }
        return .asWanted(
            ModuleResult(values: ["ansible_facts": .map(named)], facts: named, warnings: warnings))
    }

    func apply(_ step: Never, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {}

    private func isKept(_ name: String) -> Bool {
        filters.isEmpty
            || filters.contains { Wildcard.matches("ansible_" + name, $0) || Wildcard.matches(name, $0) }
    }
}

/// Parts of the facts that are gathered or left out together.
enum FactFamily: String, CaseIterable, Sendable {
    case platform, local, hardware, network, virtual

    private static let names: [String: FactFamily] = [
        "hardware": .hardware, "network": .network, "virtual": .virtual, "virtualization": .virtual,
        "virtualization_type": .virtual, "virtualization_role": .virtual, "interfaces": .network, "mounts": .hardware,
        "devices": .hardware, "device_links": .hardware, "lvm": .hardware, "fibre_channel_wwn": .hardware,
        "iscsi": .hardware, "nvme": .hardware, "processor": .hardware, "processor_cores": .hardware,
        "processor_count": .hardware,
        "default_ipv4": .network, "default_ipv6": .network, "all_ipv4_addresses": .network,
        "all_ipv6_addresses": .network, "memory": .hardware, "memtotal_mb": .hardware, "local": .local,
    ]
    /// Names of families that are always gathered together here.
    private static let platformNames: Set<String> = [
        "min", "distribution", "platform", "date_time", "user", "env", "dns", "pkg_mgr", "service_mgr", "lsb",
        "selinux",
        "apparmor", "ssh_pub_keys", "fips", "cmdline", "python", "system_capabilities", "caps", "hostname", "fqdn",
        "architecture", "kernel", "os_family", "machine", "systemd", "is_chroot", "loadavg", "machine_id",
    ]
    /// Names that Ansible knows and that have nothing to give here.
    private static let silentNames: Set<String> = ["facter", "ohai", "chroot"]

    /// What a `gather_subset` comes down to.
    static func wanted(_ subset: [String], at place: SourceLocation?) throws(Diagnostic) -> Set<FactFamily> {
        var wanted: Set<FactFamily> = []
        var unwanted: Set<FactFamily> = []
        var leavesAll = false
        var leavesMinimum = false
        for word in subset {
            let isLeftOut = word.hasPrefix("!")
            let name = isLeftOut ? String(word.dropFirst()) : word
            if name == "all" {
                if isLeftOut { leavesAll = true } else { wanted = Set(allCases) }
            } else if let family = names[name] {
                if isLeftOut { unwanted.insert(family) } else { wanted.insert(family) }
            } else if platformNames.contains(name) {
                if isLeftOut { leavesMinimum = leavesMinimum || name == "min" } else { wanted.insert(.platform) }
            } else if !silentNames.contains(name) {
                throw Diagnostic(
                    .badValue, "'\(name)' is not a family of facts", at: place,
                    remedy: NearestNames.hint(name, among: Array(names.keys) + ["all", "min"])
                        ?? "There are all, min, hardware, network and virtual.")
            }
        }
        if wanted.isEmpty, !leavesAll { wanted = Set(allCases) }
        if !leavesMinimum { wanted.formUnion([.platform, .local]) }
        return wanted.subtracting(unwanted)
    }
}

/// What the snippet read, by the names it gave.
struct RawFacts: Sendable {
    private var fields: [String: String] = [:]
    /// Fields that come several times, such as mounts.
    private var lists: [String: [String]] = [:]
    /// The environment, as the host's programs see it.
    private(set) var environment: [(name: String, value: String)] = []

    init(_ bytes: [UInt8]) {
        var reader = FieldReader(bytes)
        while !reader.isAtEnd {
            let name = reader.next()
            if name == "environment" { break }
            let value = reader.next()
            if name.hasPrefix("+") {
                lists[String(name.dropFirst()), default: []].append(value)
            } else {
                fields[name] = value
            }
        }
        while !reader.isAtEnd {
            let pair = reader.next()
            guard let equals = pair.firstIndex(of: "=") else { continue }
            environment.append((String(pair[..<equals]), String(pair[pair.index(after: equals)...])))
        }
    }

    subscript(_ name: String) -> String { fields[name] ?? "" }
    func all(_ name: String) -> [String] { lists[name] ?? [] }
    func lines(_ name: String) -> [Substring] { self[name].split(separator: "\n") }
    func words(_ name: String) -> [String] { self[name].split(whereSeparator: \.isWhitespace).map(String.init) }
}

/// Shell patterns: `*`, `?` and `[…]`.
enum Wildcard {
    static func matches(_ text: String, _ pattern: String) -> Bool {
        matches(Array(text)[...], Array(pattern)[...])
    }

    private static func matches(_ text: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        switch first {
        case "*":
            var text = text
            while true {
                if matches(text, rest) { return true }
                if text.isEmpty { return false }
                text = text.dropFirst()
            }
        case "?": return !text.isEmpty && matches(text.dropFirst(), rest)
        case "[":
            guard let character = text.first, let end = rest.dropFirst().firstIndex(of: "]") else { return false }
            var set = rest[..<end]
            let isNegated = set.first == "!"
            if isNegated { set = set.dropFirst() }
            var isIn = false
            while let low = set.first {
                if set.count > 2, set[set.startIndex + 1] == "-" {
                    if low <= character, character <= set[set.startIndex + 2] { isIn = true }
                    set = set.dropFirst(3)
                } else {
                    if low == character { isIn = true }
                    set = set.dropFirst()
                }
            }
            return isIn != isNegated && matches(text.dropFirst(), rest[(end + 1)...])
        default: return text.first == first && matches(text.dropFirst(), rest)
        }
    }
}
