import Values

/// Facts about the distribution, the kernel's names and the host's.
enum PlatformFacts {
    static func add(_ raw: RawFacts, to facts: inout ValueMap) {
        let uname = raw.lines("uname").map(String.init)
        if uname.count >= 5 {
            facts["system"] = .string(uname[0])
            facts["nodename"] = .string(uname[1])
            facts["kernel"] = .string(uname[2])
            facts["kernel_version"] = .string(uname[3])
            facts["machine"] = .string(uname[4])
            let bits = raw["bits"].isEmpty ? (uname[4].contains("64") ? "64" : "32") : raw["bits"]
            facts["userspace_bits"] = .string(bits)
            let is32 = ["i386", "i486", "i586", "i686"].contains(uname[4])
            facts["architecture"] = .string(is32 ? "i386" : uname[4])
            facts["userspace_architecture"] = .string(
                bits == "64" || uname[4] != "x86_64" ? (is32 ? "i386" : uname[4]) : "i386")
            let node = raw["hostname"].isEmpty ? uname[1] : raw["hostname"]
            facts["hostname"] = .string(String(node.prefix { $0 != "." }))
            let fqdn = raw["fqdn"].isEmpty ? node : raw["fqdn"]
            facts["fqdn"] = .string(fqdn)
            facts["domain"] = .string(fqdn.firstIndex(of: ".").map { String(fqdn[fqdn.index(after: $0)...]) } ?? "")
        }
        facts["machine_id"] = .string(raw["machine_id"].trimmed)
        addDistribution(raw, to: &facts)
        addLSB(raw, to: &facts)
        addPython(raw, to: &facts)
    }

    /// The Python that hosts have for others; nothing here needs it.
    private static func addPython(_ raw: RawFacts, to facts: inout ValueMap) {
        let lines = raw.lines("python").map(String.init)
        guard lines.count == 2, lines[1].hasPrefix("Python ") else { return }
        // `3.12.4`, and before a release `3.13.0rc1`.
        let version = String(lines[1].dropFirst(7)).trimmed
        let parts = version.split(separator: ".")
        guard parts.count == 3, let major = Int(parts[0]), let minor = Int(parts[1]),
            let micro = Int(parts[2].prefix { $0.isNumber })
        else { return }
        let rest = parts[2].drop { $0.isNumber }
        let levels: [Substring: Value] = ["": "final", "a": "alpha", "b": "beta", "rc": "candidate"]
        guard let level = levels[rest.prefix { $0.isLetter }] else { return }
        let serial = Value.int(Int(rest.drop { $0.isLetter }.prefix { $0.isNumber }) ?? 0)
        facts["python_version"] = .string("\(major).\(minor).\(micro)")
        facts["python"] = [
            // Others than CPython say more in their version, and are left out above.
            "executable": .string(lines[0]), "type": "cpython",
            "version": [
                "major": .int(major), "minor": .int(minor), "micro": .int(micro), "releaselevel": level,
                "serial": serial,
            ],
            "version_info": [.int(major), .int(minor), .int(micro), level, serial],
        ]
    }

    private static func addDistribution(_ raw: RawFacts, to facts: inout ValueMap) {
        let release = pairs(raw["os-release"])
        let id = release["ID"] ?? ""
        let name = names[id] ?? release["NAME"].map { String($0.prefix { $0 != " " }) } ?? "Linux"
        var version = release["VERSION_ID"] ?? "NA"
        let debian = raw["debian_version"].trimmed
        if id == "debian", debian.first?.isNumber == true { version = debian }
        if id == "alpine", !raw["alpine-release"].isEmpty { version = raw["alpine-release"].trimmed }
        if ["centos", "rocky", "almalinux", "rhel", "fedora"].contains(id) {
            // The file of old says more than the new one: `CentOS Linux release 7.9.2009 (Core)`.
            let digits = raw["redhat-release"].drop { !$0.isNumber }.prefix { $0.isNumber || $0 == "." }
            if !digits.isEmpty { version = String(digits) }
        }
        let parts = version.split(separator: ".").map(String.init)
        facts["distribution"] = .string(name)
        facts["distribution_version"] = .string(version)
        facts["distribution_major_version"] = .string(parts.first ?? version)
        if parts.count > 1, id == "debian" || id == "rocky" || id == "almalinux" || id == "rhel" {
            facts["distribution_minor_version"] = .string(parts[1])
        }
        facts["distribution_release"] = .string(codename(release, name: name))
        facts["os_family"] = .string(family(id: id, like: release["ID_LIKE"] ?? "", name: name))
        facts["distribution_file_parsed"] = .bool(!release.isEmpty)
        facts["distribution_file_path"] = "/etc/os-release"
        facts["distribution_file_variety"] = .string(name)
    }

    private static func codename(_ release: [String: String], name: String) -> String {
        if let codename = release["VERSION_CODENAME"] ?? release["UBUNTU_CODENAME"], !codename.isEmpty {
            return codename
        }
        if name == "Fedora" { return "" }
        // `8.9 (Green Obsidian)`
        if let version = release["VERSION"], let open = version.firstIndex(of: "(") {
            return String(version[version.index(after: open)...].prefix { $0 != ")" })
        }
        return "NA"
    }

    private static func addLSB(_ raw: RawFacts, to facts: inout ValueMap) {
        var lsb: ValueMap = [:]
        let named = [
            "Distributor ID": "id", "Description": "description", "Release": "release", "Codename": "codename",
            "DISTRIB_ID": "id", "DISTRIB_DESCRIPTION": "description", "DISTRIB_RELEASE": "release",
            "DISTRIB_CODENAME": "codename",
        ]
        for line in raw.lines("lsb") {
            guard let colon = line.firstIndex(of: ":"), let name = named[String(line[..<colon])] else { continue }
            lsb[name] = .string(unquoted(line[line.index(after: colon)...].trimmed))
        }
        for (key, value) in pairs(raw["lsb-release"]) { if let name = named[key] { lsb[name] = .string(value) } }
        if let release = lsb["release"]?.stringValue {
            lsb["major_release"] = .string(String(release.prefix { $0 != "." }))
        }
        facts["lsb"] = .map(lsb)
    }

    /// Reads `NAME=value` lines where values may be quoted.
    static func pairs(_ text: String) -> [String: String] {
        var pairs: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "="), line.first != "#" else { continue }
            pairs[line[..<equals].trimmed] = unquoted(line[line.index(after: equals)...].trimmed)
        }
        return pairs
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count > 1, let first = text.first, first == "\"" || first == "'", text.last == first else {
            return text
        }
        return String(text.dropFirst().dropLast())
    }

    /// Ansible's names for distributions, by their ID.
    private static let names = [
        "debian": "Debian", "ubuntu": "Ubuntu", "raspbian": "Debian", "linuxmint": "Linux Mint", "kali": "Kali",
        "pop": "Pop!_OS", "devuan": "Devuan", "neon": "KDE neon", "rhel": "RedHat", "centos": "CentOS",
        "fedora": "Fedora", "rocky": "Rocky", "almalinux": "AlmaLinux", "ol": "OracleLinux", "amzn": "Amazon",
        "sles": "SLES", "sled": "SLED", "opensuse-leap": "openSUSE Leap", "opensuse-tumbleweed": "openSUSE Tumbleweed",
        "arch": "Archlinux", "manjaro": "Manjaro", "gentoo": "Gentoo", "alpine": "Alpine", "void": "Void",
        "nixos": "NixOS", "clear-linux-os": "Clear Linux OS", "openwrt": "OpenWrt", "scientific": "Scientific",
        "cloudlinux": "CloudLinux", "openEuler": "openEuler", "flatcar": "Flatcar",
    ]

    private static func family(id: String, like: String, name: String) -> String {
        let families: [(family: String, members: Set<String>)] = [
            (
                "Debian",
                ["debian", "ubuntu", "raspbian", "linuxmint", "kali", "pop", "devuan", "neon", "parrot", "deepin"]
            ),
            (
                "RedHat",
                [
                    "rhel", "centos", "fedora", "rocky", "almalinux", "ol", "amzn", "scientific", "cloudlinux",
                    "openEuler", "virtuozzo",
                ]
            ),
            ("Suse", ["sles", "sled", "opensuse-leap", "opensuse-tumbleweed", "suse", "opensuse"]),
            ("Archlinux", ["arch", "manjaro", "antergos"]), ("Gentoo", ["gentoo", "funtoo"]), ("Alpine", ["alpine"]),
        ]
        for (family, members) in families where members.contains(id) { return family }
        for word in like.split(separator: " ") {
            for (family, members) in families where members.contains(String(word)) { return family }
        }
        return name
    }
}
