internal import Diagnostics
internal import Results
internal import Values

/// A network as a task asks for it; what it does not name is nil and not compared.
struct NetworkWish: Sendable {
    private let driver: String
    private let driverOptions: ValueMap
    private let labels: ValueMap
    /// Settings that are a value each, under the Engine's names.
    private var plain: [(argument: String, key: String, value: Value)] = []
    private let configFrom: String?
    private let ipamDriver: String?
    private let ipamOptions: ValueMap?
    private let pools: [ValueMap]

    init(_ arguments: Arguments) throws(Diagnostic) {
        // A template network has the driver 'null', whatever was asked for.
        driver = arguments.bool("config_only") ? "null" : arguments.optionalString("driver") ?? "bridge"
        driverOptions = DockerOptions.texts(arguments.map("driver_options"))
        labels = try DockerOptions.labels(arguments.map("labels"), of: "labels", at: arguments.location)
        for (argument, key) in [
            ("config_only", "ConfigOnly"), ("enable_ipv4", "EnableIPv4"), ("enable_ipv6", "EnableIPv6"),
            ("internal", "Internal"), ("attachable", "Attachable"), ("ingress", "Ingress"),
        ] {
            if let value = arguments.optionalBool(argument) { plain.append((argument, key, .bool(value))) }
        }
        if let scope = arguments.optionalString("scope") { plain.append(("scope", "Scope", .string(scope))) }
        configFrom = arguments.optionalString("config_from")
        ipamDriver = arguments.optionalString("ipam_driver")
        ipamOptions = arguments.map("ipam_driver_options").map { DockerOptions.texts($0) }
        var pools: [ValueMap] = []
        for (index, item) in arguments.list("ipam_config").enumerated() {
            var pool = ValueMap()
            for (argument, key) in Self.poolKeys {
                if let value = item[argument].ifSet { pool[key] = value }
            }
            guard let subnet = pool["Subnet"]?.stringValue, IPAddress.network(subnet) != nil else {
                throw Diagnostic(
                    .badValue, "ipam_config[\(index)]: '\(item["subnet"].pythonText)' is no subnet",
                    at: arguments.location, remedy: "write it as 172.28.0.0/16 or fd00:1::/64.")
            }
            pools.append(pool)
        }
        self.pools = pools
    }

    private static let poolKeys = [
        ("subnet", "Subnet"), ("iprange", "IPRange"), ("gateway", "Gateway"), ("aux_addresses", "AuxiliaryAddresses"),
    ]

    /// What the Engine is sent to make it.
    func creation(name: String) -> Value {
        var body: ValueMap = [
            "Name": .string(name), "Driver": .string(driver), "Options": .map(driverOptions), "CheckDuplicate": true,
        ]
        for setting in plain { body[setting.key] = setting.value }
        if let configFrom { body["ConfigFrom"] = ["Network": .string(configFrom)] }
        if !labels.isEmpty { body["Labels"] = .map(labels) }
        if ipamDriver != nil || ipamOptions != nil || !pools.isEmpty {
            var ipam: ValueMap = ["Config": .list(pools.map { .map($0) })]
            ipam["Driver"] = ipamDriver.map { .string($0) }
            ipam["Options"] = ipamOptions.map { .map($0) }
            body["IPAM"] = .map(ipam)
        }
        return .map(body)
    }

    /// What a new network would be like, for the diff.
    var description: [Change.Part] {
        var parts: [Change.Part] = [.setting("driver", before: .null, after: .string(driver))]
        for setting in plain { parts.append(.setting(setting.argument, before: .null, after: setting.value)) }
        if !driverOptions.isEmpty {
            parts.append(.setting("driver_options", before: .null, after: .map(driverOptions)))
        }
        if !pools.isEmpty {
            parts.append(.setting("ipam_config", before: .null, after: .list(pools.map { .map($0) })))
        }
        if !labels.isEmpty { parts.append(.setting("labels", before: .null, after: .map(labels))) }
        return parts
    }

    /// What of it the network is not.
    func differences(from network: Value) -> [Change.Part] {
        var parts: [Change.Part] = []
        func compare(_ name: String, _ before: Value, _ after: Value) {
            if before != after { parts.append(DockerDiff.setting(name, before: before, after: after)) }
        }
        compare("driver", network["Driver"], .string(driver))
        for (key, value) in driverOptions {
            compare("driver_options.\(key.text)", network["Options", key.text], value)
        }
        for setting in plain {
            let isBool = setting.value.boolValue != nil
            compare(setting.argument, network[setting.key].ifSet ?? (isBool ? false : .null), setting.value)
        }
        if let configFrom { compare("config_from", network["ConfigFrom", "Network"], .string(configFrom)) }
        if let ipamDriver { compare("ipam_driver", network["IPAM", "Driver"], .string(ipamDriver)) }
        if let ipamOptions {
            compare("ipam_driver_options", network["IPAM", "Options"].ifSet ?? [:], .map(ipamOptions))
        }
        let real = network["IPAM", "Config"].elements ?? []
        for (index, pool) in pools.enumerated() {
            // The one with the same subnet is the one to compare with.
            let wanted = pool["Subnet"].flatMap(\.stringValue).flatMap(IPAddress.network)
            let match = real.first { $0["Subnet"].stringValue.flatMap(IPAddress.network) == wanted } ?? .null
            for (key, value) in pool where Self.normalized(match[key.text]) != Self.normalized(value) {
                let argument = Self.poolKeys.first { $0.1 == key.text }?.0 ?? key.text
                parts.append(.setting("ipam_config[\(index)].\(argument)", before: match[key.text], after: value))
            }
        }
        for (key, value) in labels { compare("labels.\(key.text)", network["Labels", key.text], value) }
        return parts
    }

    /// An address in its shortest spelling, so that `fd00:0::1` and `fd00::1` are the same.
    private static func normalized(_ value: Value) -> Value {
        if let text = value.stringValue {
            return .string(IPAddress.network(text) ?? IPAddress.normalized(text) ?? text)
        }
        if let map = value.mapValue { return .map(map.mapValues { normalized($0) }) }
        return value
    }
}

/// Options and labels as Docker takes them: all texts.
enum DockerOptions {
    /// Booleans become `true` and `false`, numbers their digits.
    static func texts(_ map: ValueMap?) -> ValueMap {
        (map ?? [:]).mapValues { value in
            switch value {
            case .string: value
            case .bool(let bool): bool ? "true" : "false"
            default: .string(value.pythonText)
            }
        }
    }

    /// - Throws: `Diagnostic` if a value is no text: Docker knows only texts, and what `yes` or `1.10` would
    ///   become is not what it looks like.
    static func labels(_ map: ValueMap?, of argument: String, at place: SourceLocation?) throws(Diagnostic) -> ValueMap
    {
        for (key, value) in map ?? [:] where value.stringValue == nil {
            throw Diagnostic(
                .badValue, "\(argument): the value of '\(key.text)' is no text but \(value.pythonRepresentation)",
                at: place, remedy: "put it in quotes.")
        }
        return map ?? [:]
    }
}
