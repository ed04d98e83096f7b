import Values

/// Facts about interfaces, addresses and default routes.
enum NetworkFacts {
    private struct Address {
        var interface: String
        var isIPv6: Bool
        var address: String
        var prefix: Int
        var broadcast: String
        var scope: String
        var label: String
        var peer: String?
    }

    static func add(_ raw: RawFacts, to facts: inout ValueMap) {
        let addresses = raw.lines("addresses").compactMap(parse)
        var all4: [Value] = []
        var all6: [Value] = []
        for address in addresses where address.isIPv6 ? address.address != "::1" : !address.address.hasPrefix("127.") {
            if address.isIPv6 { all6.append(.string(address.address)) } else { all4.append(.string(address.address)) }
        }
        for word in raw.words("bareaddresses") {
            if word.contains(":") { all6.append(.string(word)) } else { all4.append(.string(word)) }
        }
        facts["all_ipv4_addresses"] = .list(all4)
        facts["all_ipv6_addresses"] = .list(all6)

        var names: [Value] = []
        var interfaces: [String: ValueMap] = [:]
        for line in raw.all("interface") {
            let parts = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard parts.count >= 10 else { continue }
            let name = parts[0]
            let map = interface(parts, addresses.filter { $0.interface == name })
            names.append(.string(name))
            interfaces[name] = map
            // Names of facts hold letters, digits and underscores only.
            facts[String(name.map { $0 == "-" || $0 == ":" || $0 == "." ? "_" : $0 })] = .map(map)
        }
        facts["interfaces"] = .list(names)
        facts["default_ipv4"] = .map(route(raw["route4"], addresses, interfaces, isIPv6: false))
        facts["default_ipv6"] = .map(route(raw["route6"], addresses, interfaces, isIPv6: true))
        facts["locally_reachable_ips"] = [
            "ipv4": .list(localRoutes(raw) ?? addresses.filter { !$0.isIPv6 }.map { .string($0.address) }),
            "ipv6": .list(addresses.filter(\.isIPv6).map { .string($0.address) }),
        ]
    }

    /// What the kernel takes for the host's own: lines such as `local 127.0.0.0/8 dev lo …`.
    private static func localRoutes(_ raw: RawFacts) -> [Value]? {
        let routes = raw.lines("localroutes").compactMap { line -> Value? in
            let words = line.split(separator: " ")
            return words.count > 1 && words[0] == "local" ? .string(String(words[1])) : nil
        }
        return routes.isEmpty ? nil : routes
    }

    /// Reads a line of `ip -o addr`: `2: eth0    inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0\ …`.
    private static func parse(_ line: Substring) -> Address? {
        let words = line.prefix { $0 != "\\" }.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count > 3, words[2] == "inet" || words[2] == "inet6" else { return nil }
        let parts = words[3].split(separator: "/").map(String.init)
        func after(_ word: String) -> String? {
            guard let index = words.firstIndex(of: word), index + 1 < words.count else { return nil }
            return words[index + 1]
        }
        var prefix = parts.count > 1 ? Int(parts[1]) : nil
        // `10.0.0.1 peer 10.0.0.2/32`
        if prefix == nil { prefix = after("peer")?.split(separator: "/").last.flatMap { Int($0) } }
        return Address(
            interface: words[1], isIPv6: words[2] == "inet6", address: parts[0],
            prefix: prefix ?? (words[2] == "inet6" ? 128 : 32), broadcast: after("brd") ?? "",
            scope: after("scope") ?? "", label: words.last ?? words[1], peer: after("peer"))
    }

    private static func interface(_ parts: [String], _ addresses: [Address]) -> ValueMap {
        var map: ValueMap = ["device": .string(parts[0])]
        let isLoopback = parts[3] == "772"
        if !isLoopback, !parts[1].isEmpty, parts[1] != "00:00:00:00:00:00" { map["macaddress"] = .string(parts[1]) }
        map["mtu"] = .int(Int(parts[2]) ?? 0)
        map["active"] = .bool(parts[6] == "1")
        map["type"] = .string(type(parts[3], kind: parts[7]))
        if !parts[8].isEmpty { map["module"] = .string(parts[8]) }
        if let speed = Int(parts[5]), speed >= 0 { map["speed"] = .int(speed) }
        map["promisc"] = .bool((Int(parts[4].dropFirst(2), radix: 16) ?? 0) & 0x100 != 0)
        if parts[7] == "bridge" {
            map["interfaces"] = .list(parts[9].split(separator: " ").map { .string(String($0)) })
        }
        let v4 = addresses.filter { !$0.isIPv6 }
        if let first = v4.first { map["ipv4"] = .map(ipv4(first)) }
        if v4.count > 1 { map["ipv4_secondaries"] = .list(v4.dropFirst().map { .map(ipv4($0)) }) }
        let v6 = addresses.filter(\.isIPv6)
        if !v6.isEmpty {
            map["ipv6"] = .list(
                v6.map {
                    ["address": .string($0.address), "prefix": .string(String($0.prefix)), "scope": .string($0.scope)]
                })
        }
        return map
    }

    private static func type(_ number: String, kind: String) -> String {
        if !kind.isEmpty { return kind }
        switch number {
        case "1": return "ether"
        case "32": return "infiniband"
        case "512": return "ppp"
        case "772": return "loopback"
        case "65534": return "tunnel"
        default: return "unknown"
        }
    }

    private static func ipv4(_ address: Address) -> ValueMap {
        // A shift by 32 leaves nothing.
        let mask: UInt32 = ~0 << UInt32(32 - min(32, max(0, address.prefix)))
        return [
            "address": .string(address.address), "broadcast": .string(address.broadcast),
            "netmask": .string(dotted(mask)),
            "network": .string(dotted((number(address.address) ?? 0) & mask)),
            "prefix": .string(String(address.prefix)),
        ]
    }

    private static func number(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".").compactMap { UInt32($0) }
        return parts.count == 4 ? parts.reduce(0) { $0 << 8 | $1 } : nil
    }

    private static func dotted(_ number: UInt32) -> String {
        [24, 16, 8, 0].map { String(number >> UInt32($0) & 255) }.joined(separator: ".")
    }

    /// Reads `8.8.8.8 via 10.0.0.1 dev eth0 src 10.0.0.2 uid 0`.
    private static func route(
        _ text: String, _ addresses: [Address], _ interfaces: [String: ValueMap], isIPv6: Bool
    ) -> ValueMap {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        func after(_ word: String) -> String? {
            guard let index = words.firstIndex(of: word), index + 1 < words.count else { return nil }
            return words[index + 1]
        }
        guard let name = after("dev"), name != "lo", let source = after("src") else { return [:] }
        var map: ValueMap = ["interface": .string(name), "address": .string(source)]
        if let gateway = after("via") { map["gateway"] = .string(gateway) }
        if let address = addresses.first(where: { $0.address == source && $0.isIPv6 == isIPv6 }) {
            if isIPv6 {
                map["prefix"] = .string(String(address.prefix))
                map["scope"] = .string(address.scope)
            } else {
                map.merge(ipv4(address))
                map["alias"] = .string(address.label)
            }
        }
        for key in ["macaddress", "mtu", "type"] { if let value = interfaces[name]?[key] { map[key] = value } }
        return map
    }
}

/// Facts about being a virtual machine or a container.
enum VirtualFacts {
    static func add(_ raw: RawFacts, to facts: inout ValueMap) {
        var guests: [String] = []
        let detected = raw.words("virt")
        let containers = [
            "docker": "docker", "podman": "podman", "lxc": "lxc", "lxc-libvirt": "lxc", "openvz": "openvz",
            "systemd-nspawn": "systemd-nspawn", "wsl": "wsl", "proot": "proot",
        ]
        if let container = detected.first, let name = containers[container] { guests += [name, "container"] }
        if guests.isEmpty {
            if !raw["dockerenv"].isEmpty || raw["cgroup"].contains("/docker") {
                guests += ["docker", "container"]
            } else if !raw["containerenv"].isEmpty {
                guests += ["podman", "container"]
            } else if let name = containers[raw["container"].trimmed] {
                guests += [name, "container"]
            }
        }
        let machines = [
            "kvm": "kvm", "qemu": "kvm", "amazon": "kvm", "vmware": "VMware", "oracle": "virtualbox",
            "microsoft": "VirtualPC",
            "xen": "xen", "parallels": "parallels", "bochs": "bochs", "uml": "uml", "zvm": "zvm", "bhyve": "bhyve",
            "powervm": "powervm_lx86", "qnx": "qnx", "acrn": "acrn", "apple": "apple", "google": "kvm",
        ]
        if detected.count > 1, let name = machines[detected[1]] { guests.append(name) }
        if detected.count < 2 {
            let product = raw["vdmi_product_name"] + " " + raw["vdmi_sys_vendor"] + " " + raw["vdmi_bios_vendor"]
            let marks = [
                ("KVM", "kvm"), ("QEMU", "kvm"), ("Amazon EC2", "kvm"), ("Google", "kvm"), ("OpenStack", "openstack"),
                ("VMware", "VMware"), ("VirtualBox", "virtualbox"), ("innotek", "virtualbox"), ("Xen", "xen"),
                ("Microsoft", "VirtualPC"), ("Parallels", "parallels"), ("Bochs", "bochs"),
            ]
            if let mark = marks.first(where: { product.contains($0.0) }) {
                guests.append(mark.1)
            } else if !raw["hypervisor"].isEmpty, guests.isEmpty {
                guests.append("kvm")
            }
        }
        var hosts: [String] = []
        let modules = Set(raw.words("modules"))
        if modules.contains("kvm") || !raw["kvm"].isEmpty { hosts.append("kvm") }
        if modules.contains("vboxdrv") { hosts.append("virtualbox") }
        if modules.contains("vmmon") { hosts.append("VMware") }
        facts["virtualization_tech_guest"] = .list(guests.map { .string($0) })
        facts["virtualization_tech_host"] = .list(hosts.map { .string($0) })
        facts["virtualization_type"] = .string(guests.first ?? hosts.first ?? "NA")
        facts["virtualization_role"] = .string(!guests.isEmpty ? "guest" : !hosts.isEmpty ? "host" : "NA")
    }
}
