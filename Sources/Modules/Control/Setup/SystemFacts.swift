import Diagnostics
import Values

/// Facts about the running system: time, user, name servers, managers of packages and services, keys.
enum SystemFacts {
    static func add(_ raw: RawFacts, to facts: inout ValueMap) {
        addDate(raw, to: &facts)
        addUser(raw, to: &facts)
        addDNS(raw, to: &facts)
        addManagers(raw, to: &facts)
        var environment: ValueMap = [:]
        for (name, value) in raw.environment { environment[name] = .string(value) }
        facts["env"] = .map(environment)
        facts["cmdline"] = .map(commandLine(raw["cmdline"], collects: false))
        facts["proc_cmdline"] = .map(commandLine(raw["cmdline"], collects: true))
        let load = raw.words("loadavg").prefix(3).compactMap { Double($0) }
        if load.count == 3 {
            facts["loadavg"] = ["1m": .double(load[0]), "5m": .double(load[1]), "15m": .double(load[2])]
        }
        facts["fips"] = .bool(raw["fips"].trimmed == "1")
        facts["apparmor"] = ["status": raw["apparmor"].isEmpty ? "disabled" : "enabled"]
        facts["selinux"] = selinux(raw)
        addCapabilities(raw, to: &facts)
        let systemd = raw.lines("systemdversion").map(String.init)
        if systemd.count > 1, let version = systemd[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) {
            facts["systemd"] = ["features": .string(systemd[1]), "version": .int(version)]
        }
        // The name is Ansible's; what it says is that nothing is missing for these facts.
        facts["selinux_python_present"] = true
        let roots = raw.words("chroot")
        facts["is_chroot"] = .bool(roots.count == 2 && roots[0] != roots[1])
        for key in raw.all("sshkey") {
            let words = key.split(separator: " ").map(String.init)
            guard words.count == 3 else { continue }
            facts["ssh_host_key_\(words[0])_public"] = .string(words[2])
            facts["ssh_host_key_\(words[0])_public_keytype"] = .string(words[1])
        }
    }

    /// What `capsh` says this process may do: `Current: =ep` is everything.
    private static func addCapabilities(_ raw: RawFacts, to facts: inout ValueMap) {
        let line = raw["capsh"].trimmed
        guard line.hasPrefix("Current:") else { return }
        let words = line.dropFirst(8).trimmed
        let isEverything = words == "=ep"
        let list = words.split(separator: "=", omittingEmptySubsequences: false).dropFirst().first ?? ""
        facts["system_capabilities_enforced"] = isEverything ? "False" : "True"
        facts["system_capabilities"] = .list(
            isEverything ? [] : list.split(separator: ",").map { .string($0.trimmed) })
    }

    private static func addDate(_ raw: RawFacts, to facts: inout ValueMap) {
        let parts = raw["date"].split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 14 else { return }
        let utc = raw["dateutc"]
        // Not every `date` knows fractions.
        let digits = parts[7].allSatisfy(\.isNumber) ? String(parts[7].prefix(6)) : "000000"
        let date = "\(parts[0])-\(parts[1])-\(parts[2])"
        let time = "\(parts[3]):\(parts[4]):\(parts[5])"
        let basic = "\(parts[0])\(parts[1])\(parts[2])T\(parts[3])\(parts[4])\(parts[5])"
        facts["date_time"] = [
            "date": .string(date), "time": .string(time), "year": .string(parts[0]), "month": .string(parts[1]),
            "day": .string(parts[2]), "hour": .string(parts[3]), "minute": .string(parts[4]),
            "second": .string(parts[5]),
            "epoch": .string(parts[6]), "epoch_int": .string(parts[6]), "tz_offset": .string(parts[8]),
            "tz": .string(parts[9]), "tz_dst": .string(parts[9]), "weekday": .string(parts[10]),
            "weekday_number": .string(parts[11]), "weeknumber": .string(parts[13]), "iso8601": .string(utc + "Z"),
            "iso8601_micro": .string("\(utc).\(digits)Z"), "iso8601_basic": .string(basic + digits),
            "iso8601_basic_short": .string(basic),
        ]
    }

    private static func addUser(_ raw: RawFacts, to facts: inout ValueMap) {
        let ids = raw.lines("user").map(String.init)
        let entry = raw["passwd"].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if ids.count >= 5 {
            facts["effective_user_id"] = .int(Int(ids[0]) ?? 0)
            facts["effective_group_id"] = .int(Int(ids[1]) ?? 0)
            facts["user_id"] = .string(ids[2])
            facts["real_user_id"] = .int(Int(ids[3]) ?? 0)
            facts["real_group_id"] = .int(Int(ids[4]) ?? 0)
        }
        if entry.count >= 7 {
            facts["user_uid"] = .int(Int(entry[2]) ?? 0)
            facts["user_gid"] = .int(Int(entry[3]) ?? 0)
            facts["user_gecos"] = .string(entry[4])
            facts["user_dir"] = .string(entry[5])
            facts["user_shell"] = .string(entry[6].trimmed)
        }
    }

    private static func addDNS(_ raw: RawFacts, to facts: inout ValueMap) {
        var servers: [Value] = []
        var dns: ValueMap = [:]
        for line in raw.lines("resolv") {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let first = words.first, !first.hasPrefix("#"), !first.hasPrefix(";") else { continue }
            let rest = words.dropFirst()
            switch first {
            case "nameserver": servers += rest.prefix(1).map { .string($0) }
            case "domain": if let domain = rest.first { dns["domain"] = .string(domain) }
            case "search": dns["search"] = .list(rest.map { .string($0) })
            case "sortlist": dns["sortlist"] = .list(rest.map { .string($0) })
            case "options":
                var options: ValueMap = [:]
                for option in rest {
                    let parts = option.split(separator: ":", maxSplits: 1).map(String.init)
                    options[parts[0]] = parts.count > 1 ? .string(parts[1]) : true
                }
                dns["options"] = .map(options)
            default: break
            }
        }
        if !servers.isEmpty { dns["nameservers"] = .list(servers) }
        facts["dns"] = .map(dns)
    }

    private static func addManagers(_ raw: RawFacts, to facts: inout ValueMap) {
        let found = raw.words("managers")
        let names: [(program: String, name: String)] = [
            ("ostree", "atomic_container"), ("dnf5", "dnf5"), ("dnf", "dnf"), ("yum", "yum"), ("apt-get", "apt"),
            ("zypper", "zypper"), ("apk", "apk"), ("pacman", "pacman"), ("xbps-install", "xbps"), ("emerge", "portage"),
            ("pkg", "pkgng"), ("microdnf", "dnf"),
        ]
        var candidates = names
        // A Debian host may have dnf and a Fedora one apt; the family decides.
        if facts["os_family"] == "Debian" {
            candidates.sort { ($0.name == "apt" ? 0 : 1) < ($1.name == "apt" ? 0 : 1) }
        }
        facts["pkg_mgr"] = .string(candidates.first { found.contains($0.program) }?.name ?? "unknown")
        let initName = raw["init"].trimmed
        let service: String =
            if !raw["systemd"].isEmpty || initName == "systemd" {
                "systemd"
            } else if !raw["openrc"].isEmpty {
                "openrc"
            } else if initName == "init" || initName == "sysvinit" || initName.isEmpty {
                raw["initlink"].contains("systemd")
                    ? "systemd" : raw["initlink"].contains("busybox") ? "busybox" : "sysvinit"
            } else {
                initName
            }
        facts["service_mgr"] = .string(service)
    }

    private static func selinux(_ raw: RawFacts) -> Value {
        guard !raw["enforce"].isEmpty else { return ["status": "disabled"] }
        let config = PlatformFacts.pairs(raw["selinux-config"])
        return [
            "status": "enabled", "mode": raw["enforce"].trimmed == "1" ? "enforcing" : "permissive",
            "config_mode": .string(config["SELINUX"] ?? "unknown"), "type": .string(config["SELINUXTYPE"] ?? "unknown"),
        ]
    }

    /// The kernel's command line as a map; where a name comes twice, the last wins or all are kept.
    private static func commandLine(_ text: String, collects: Bool) -> ValueMap {
        var result: ValueMap = [:]
        for word in text.split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value: Value = parts.count > 1 ? .string(parts[1]) : true
            if collects, let old = result[parts[0]], parts.count > 1 {
                result[parts[0]] = .list((old.elements ?? [old]) + [value])
            } else {
                result[parts[0]] = value
            }
        }
        return result
    }
}

/// Facts that the host's owner put there: files or programs in `/etc/ansible/facts.d`.
enum LocalFacts {
    static func add(_ raw: RawFacts, to facts: inout ValueMap, warnings: inout [String]) {
        var local: ValueMap = [:]
        for failed in raw.all("factfail") {
            let (path, rest) = split(failed)
            let (status, text) = split(rest)
            warnings.append("\(path) failed: \(text.split(separator: "\n").last ?? "")")
            local[name(path)] = .string(
                Text("Failure executing fact script \(path), rc: \(status), err: \(text)"))
        }
        for item in raw.all("fact") {
            let (path, text) = split(item)
            local[name(path)] =
                value(text)
                ?? .string(Text("error loading facts as JSON or ini - please check content: \(path)"))
        }
        facts["local"] = .map(local)
    }

    private static func name(_ path: String) -> String { String((path.split(separator: "/").last ?? "").dropLast(5)) }

    private static func split(_ item: String) -> (String, String) {
        guard let end = item.firstIndex(of: "\n") else { return (item, "") }
        return (String(item[..<end]), String(item[item.index(after: end)...]))
    }

    /// JSON if it is JSON, sections of `name = value` if it is those; nil otherwise.
    private static func value(_ text: String) -> Value? {
        if let value = try? JSON.parse(text) { return value }
        var sections: ValueMap = [:]
        var section: String?
        for line in text.split(separator: "\n").map(\.trimmed) {
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                let name = String(line.dropFirst().dropLast())
                section = name
                sections[name] = [:]
            } else if let section, let mark = line.firstIndex(where: { $0 == "=" || $0 == ":" }) {
                var entries = sections[section]?.mapValue ?? [:]
                entries[line[..<mark].trimmed.lowercased()] = .string(line[line.index(after: mark)...].trimmed)
                sections[section] = .map(entries)
            } else {
                return nil
            }
        }
        return .map(sections)
    }
}
