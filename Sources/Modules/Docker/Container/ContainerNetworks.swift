internal import Diagnostics
internal import Results
internal import Target
internal import Values

extension ContainerSpec.Network {
    /// As the diff shows it.
    var value: Value {
        var map: ValueMap = [:]
        map["ipv4_address"] = ipv4.map { .string($0) }
        map["ipv6_address"] = ipv6.map { .string($0) }
        if !aliases.isEmpty { map["aliases"] = .list(aliases.map { .string($0) }) }
        if !links.isEmpty { map["links"] = .list(links.map { .string("\($0.container):\($0.alias)") }) }
        map["mac_address"] = mac.map { .string($0) }
        return .map(map)
    }

    /// As the Engine takes it.
    var endpoint: Value {
        var map: ValueMap = [:]
        var addresses: ValueMap = [:]
        addresses["IPv4Address"] = ipv4.map { .string($0) }
        addresses["IPv6Address"] = ipv6.map { .string($0) }
        if !addresses.isEmpty { map["IPAMConfig"] = .map(addresses) }
        if !aliases.isEmpty { map["Aliases"] = .list(aliases.map { .string($0) }) }
        if !links.isEmpty { map["Links"] = .list(links.map { .string("\($0.container):\($0.alias)") }) }
        map["MacAddress"] = mac.map { .string($0) }
        return .map(map)
    }

    /// Whether the container's connection is like that; what is not named does not count.
    fileprivate func matches(_ real: Value) -> Bool {
        func same(_ wanted: String?, _ key: String) -> Bool {
            guard let wanted else { return true }
            let actual = real["IPAMConfig", key].stringValue ?? ""
            return IPAddress.normalized(wanted) ?? wanted == IPAddress.normalized(actual) ?? actual
        }
        let realAliases = real["Aliases"].items.compactMap(\.stringValue)
        let realLinks = real["Links"].items.compactMap(\.stringValue)
        return same(ipv4, "IPv4Address") && same(ipv6, "IPv6Address")
            && aliases.allSatisfy(realAliases.contains)
            && links.allSatisfy { realLinks.contains("\($0.container):\($0.alias)") }
            && (mac.map { $0.lowercased() == real["MacAddress"].stringValue?.lowercased() } ?? true)
    }
}

extension ContainerSpec {
    /// Finds the networks to connect to, to connect anew, and to leave.
    func compareNetworks(_ container: Value, _ sight: ContainerSight, into decision: inout ContainerDecision) {
        guard networkComparison != .ignore, let networks else { return }
        let connected = container["NetworkSettings", "Networks"].mapValue ?? [:]
        for network in networks {
            let real = connected[network.name]
            if let real, network.matches(real) { continue }
            if let real {
                let shown: Value = [
                    "ipv4_address": real["IPAMConfig", "IPv4Address"], "aliases": real["Aliases"],
                    "links": real["Links"],
                ]
                decision.disconnects.append(network.name)
                decision.parts.append(.setting("network.\(network.name)", before: shown, after: network.value))
            } else {
                decision.parts.append(.setting("network.\(network.name)", before: .null, after: network.value))
            }
            decision.connects.append(network)
        }
        guard networkComparison == .strict else { return }
        for key in connected.keys where !networks.contains(where: { $0.name == key.text }) {
            decision.disconnects.append(key.text)
            decision.parts.append(.setting("network.\(key.text)", before: "connected", after: .null))
        }
    }

    /// - Throws: `Diagnostic` if a network is neither there nor foreseen.
    func checkNetworks(_ sight: ContainerSight, foreseen: Foreseen) throws(Diagnostic) {
        guard sight.hasEngine, state != .absent else { return }
        for network in networks ?? [] {
            let isThere = sight.networks.contains { $0["Name"].stringValue == network.name }
            if foreseen.docker("network", network.name) ?? isThere { continue }
            throw Diagnostic(
                .failed, "there is no network '\(network.name)' for container '\(name)'",
                remedy: "make it first: 'community.docker.docker_network: {name: \(network.name)}'.")
        }
    }
}
