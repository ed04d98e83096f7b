internal import Diagnostics
internal import Values

/// Turns a task's arguments into the Engine's own terms, all at once and before any host is touched.
struct ContainerWishes {
    private(set) var options: [ContainerOption] = []
    private(set) var networks: [ContainerSpec.Network]?
    private(set) var networkMode: String?
    private(set) var connectsFirst = false
    private(set) var ports: ContainerPorts?
    private(set) var defaultAddress: String?
    private(set) var environment: ValueMap?
    private(set) var labels: ValueMap?
    private(set) var anonymousVolumes: [String] = []
    private let arguments: Arguments

    init(_ arguments: Arguments, fillsIn: Bool) throws(Diagnostic) {
        self.arguments = arguments
        do {
            try addProcess(fillsIn: fillsIn)
            try addNetwork()
            try addStorage(fillsIn: fillsIn)
            try addResources(fillsIn: fillsIn)
            try addIsolation(fillsIn: fillsIn)
        } catch {
            throw error.located(at: arguments.location)
        }
    }

    // MARK: - The process

    private mutating func addProcess(fillsIn: Bool) throws(Diagnostic) {
        let isCompatible = arguments.optionalString("command_handling") == "compatibility"
        if let command = arguments["command"] {
            var words: [Value]
            if let list = command.elements {
                words = list.map(Self.text)
                if isCompatible { words = try Self.split(words, of: "command") }
            } else {
                words = try Self.split([command], of: "command")
            }
            if !(isCompatible && words.isEmpty) { add("command", ["Config", "Cmd"], .list, .list(words)) }
        }
        if arguments["entrypoint"] != nil {
            var words = arguments.list("entrypoint").map(Self.text)
            if isCompatible { words = try Self.split(words, of: "entrypoint") }
            if !(isCompatible && words.isEmpty) { add("entrypoint", ["Config", "Entrypoint"], .list, .list(words)) }
        }
        environment = try arguments.map("env").map { (map) throws(Diagnostic) in
            try DockerOptions.environment(map, at: arguments.location)
        }
        labels = try arguments.map("labels").map { (map) throws(Diagnostic) in
            try DockerOptions.labels(map, of: "labels", at: arguments.location)
        }
        if let check = arguments["healthcheck"] {
            add("healthcheck", ["Config", "Healthcheck"], .map, try Self.healthcheck(check))
        }
        for (name, key) in [
            ("hostname", "Hostname"), ("domainname", "Domainname"), ("user", "User"), ("working_dir", "WorkingDir"),
            ("stop_signal", "StopSignal"), ("mac_address", "MacAddress"),
        ] {
            guard let text = arguments.optionalString(name) else { continue }
            let value = name == "mac_address" ? text.map { $0 == "-" ? ":" : String($0) }.joined() : text
            add(name, ["Config", key], .value, .string(value))
        }
        if let timeout = arguments.int("stop_timeout") {
            options.append(
                .init("stop_timeout", ["Config", "StopTimeout"], .value, .int(timeout), comparison: .ignore))
        }
        addBool("tty", ["Config", "Tty"], usual: fillsIn ? false : nil)
        addBool("interactive", ["Config", "OpenStdin"], usual: fillsIn ? false : nil)
        if let detach = arguments.optionalBool("detach") ?? (fillsIn ? true : nil) {
            // What is not detached is attached: the Engine keeps it the other way round.
            add("attached (not detach)", ["Config", "AttachStdout"], .value, .bool(!detach))
        }
        addBool("init", ["HostConfig", "Init"], usual: fillsIn ? false : nil)
        addBool("auto_remove", ["HostConfig", "AutoRemove"], usual: fillsIn ? false : nil)
        if let driver = arguments.optionalString("log_driver") {
            add("log_driver", ["HostConfig", "LogConfig", "Type"], .value, .string(driver))
            add(
                "log_options", ["HostConfig", "LogConfig", "Config"], .map,
                .map(DockerOptions.texts(arguments.map("log_options"))))
        } else if arguments["log_options"] != nil {
            throw Diagnostic(.missingArgument, "'log_options' needs 'log_driver'")
        }
        if let policy = arguments.optionalString("restart_policy") {
            // Sent together: the Engine takes both in one.
            options.append(
                .init(
                    "restart_policy", ["HostConfig", "RestartPolicy", "Name"], .value, .string(policy),
                    updateKey: "RestartPolicy.Name"))
            if let retries = arguments.int("restart_retries") {
                options.append(
                    .init(
                        "restart_retries", ["HostConfig", "RestartPolicy", "MaximumRetryCount"], .value, .int(retries),
                        updateKey: "RestartPolicy.MaximumRetryCount"))
            }
        } else if arguments["restart_retries"] != nil {
            throw Diagnostic(.missingArgument, "'restart_retries' needs 'restart_policy'")
        }
    }

    private static func split(_ words: [Value], of argument: String) throws(Diagnostic) -> [Value] {
        let line = words.map(\.pythonText).joined(separator: " ")
        let isSecret = words.contains(where: \.holdsSecret)
        return try DockerUnits.words(line, of: argument).map { .string(Text($0, marks: isSecret ? .secret : [])) }
    }

    private static func text(_ value: Value) -> Value {
        value.text.map { .string(Text($0.string, marks: $0.marks.intersection(.secret))) } ?? .string(value.pythonText)
    }

    private static func healthcheck(_ check: Value) throws(Diagnostic) -> Value {
        var map = ValueMap()
        let test = check["test"]
        let isGiven = test.elements.map { !$0.isEmpty } ?? !test.pythonText.isEmpty && !test.isNull
        if isGiven {
            map["Test"] = .list(test.elements.map { $0.map(text) } ?? ["CMD-SHELL", text(test)])
        } else if !(check["test_cli_compatible"].isTruthy && test.isNull) {
            return ["Test": ["NONE"]]
        }
        if map["Test"]?.elements?.first == "NONE" { return ["Test": ["NONE"]] }
        for (name, key) in [
            ("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod"),
            ("start_interval", "StartInterval"),
        ] {
            guard let text = check[name].ifSet else { continue }
            let nanoseconds = try DockerUnits.nanoseconds(text.pythonText, of: "healthcheck.\(name)")
            if nanoseconds > 0 { map[key] = .int(nanoseconds) }
        }
        if let retries = check["retries"].intValue, retries > 0 { map["Retries"] = .int(retries) }
        return .map(map)
    }

    // MARK: - The network

    private mutating func addNetwork() throws(Diagnostic) {
        if arguments["networks"] != nil {
            networks = arguments.list("networks").map { item in
                ContainerSpec.Network(
                    name: item["name"].pythonText,
                    ipv4: item["ipv4_address"].ifSet?.pythonText, ipv6: item["ipv6_address"].ifSet?.pythonText,
                    aliases: item["aliases"].items.map(\.pythonText),
                    links: item["links"].items.map { link in
                        let parts = link.pythonText.split(separator: ":", maxSplits: 1).map(String.init)
                        return (container: parts.first ?? "", alias: parts.last ?? "")
                    },
                    mac: item["mac_address"].ifSet.map { $0.pythonText.map { $0 == "-" ? ":" : String($0) }.joined() })
            }
        }
        networkMode = arguments.optionalString("network_mode")
        let first = networks?.first?.name
        if arguments.optionalBool("networks_cli_compatible") ?? true, let first {
            // As the docker command does: what networks are listed are all there are.
            if networkMode == nil { networkMode = first }
            connectsFirst = networkMode == first
        }
        if arguments["published_ports"] != nil || arguments["exposed_ports"] != nil {
            ports = try ContainerPorts(
                published: arguments.strings("published_ports"), exposed: arguments.strings("exposed_ports"))
        }
        if let address = arguments.optionalString("default_host_ip") {
            let bare = address.hasPrefix("[") ? String(address.dropFirst().dropLast()) : address
            guard address.isEmpty || IPAddress.normalized(bare) != nil else {
                throw Diagnostic(.badValue, "default_host_ip: '\(address)' is no IP address")
            }
            defaultAddress = bare
        }
        addBool("publish_all_ports", ["HostConfig", "PublishAllPorts"])
        if arguments["links"] != nil {
            let name = arguments.optionalString("name") ?? ""
            let links: [Value] = arguments.strings("links").map { link in
                let parts = link.split(separator: ":", maxSplits: 1).map(String.init)
                return .string("/\(parts.first ?? ""):/\(name)/\(parts.last ?? "")")
            }
            add("links", ["HostConfig", "Links"], .set, .list(links))
        }
        addTexts("dns_servers", ["HostConfig", "Dns"], .list)
        addTexts("dns_opts", ["HostConfig", "DnsOptions"], .set)
        addTexts("dns_search_domains", ["HostConfig", "DnsSearch"], .set)
        if let hosts = arguments.map("etc_hosts") {
            add(
                "etc_hosts", ["HostConfig", "ExtraHosts"], .set,
                .list(hosts.map { .string("\($0.key.text):\($0.value.pythonText)") }))
        }
    }

    // MARK: - Storage

    private mutating func addStorage(fillsIn: Bool) throws(Diagnostic) {
        if arguments["volumes"] != nil {
            let volumes = try ContainerVolumes(arguments.strings("volumes"))
            anonymousVolumes = volumes.anonymous
            add("volumes", ["HostConfig", "Binds"], .set, .list(volumes.binds.map { .string($0) }))
        }
        if arguments["mounts"] != nil {
            var mounts: [Value] = []
            for mount in arguments.list("mounts") { mounts.append(try ContainerMounts.engineForm(mount)) }
            add("mounts", ["HostConfig", "Mounts"], .set, .list(mounts))
        }
        if arguments["tmpfs"] != nil {
            var map = ValueMap()
            for text in arguments.strings("tmpfs") {
                let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
                map[parts.first ?? ""] = .string(parts.count > 1 ? parts[1] : "")
            }
            add("tmpfs", ["HostConfig", "Tmpfs"], .map, .map(map))
        }
        addText("volume_driver", "VolumeDriver")
        addTexts("volumes_from", ["HostConfig", "VolumesFrom"], .set)
        if let options = arguments.map("storage_opts") {
            add("storage_opts", ["HostConfig", "StorageOpt"], .map, .map(DockerOptions.texts(options)))
        }
        addBool("read_only", ["HostConfig", "ReadonlyRootfs"], usual: fillsIn ? false : nil)
    }

    // MARK: - Resources

    private mutating func addResources(fillsIn: Bool) throws(Diagnostic) {
        for (name, key, canUpdate) in [
            ("memory", "Memory", true), ("memory_reservation", "MemoryReservation", true),
            ("memory_swap", "MemorySwap", true), ("kernel_memory", "KernelMemory", true),
            ("shm_size", "ShmSize", false),
        ] {
            guard let text = arguments.optionalString(name) ?? (name == "memory" && fillsIn ? "0" : nil) else {
                continue
            }
            let isUnlimited = name == "memory_swap" && ["unlimited", "-1"].contains(text)
            let bytes = isUnlimited ? -1 : try DockerUnits.bytes(text, of: name)
            options.append(
                .init(name, ["HostConfig", key], .value, .int(bytes), updateKey: canUpdate ? key : nil))
        }
        if let cpus = arguments["cpus"]?.number?.asDouble {
            guard cpus >= 0, cpus < 1e6 else { throw Diagnostic(.badValue, "cpus: \(cpus) is no number of processors") }
            add("cpus", ["HostConfig", "NanoCpus"], .value, .int(Int((cpus * 1e9).rounded())))
        }
        for (name, key, canUpdate) in [
            ("cpu_period", "CpuPeriod", true), ("cpu_quota", "CpuQuota", true), ("cpu_shares", "CpuShares", true),
            ("blkio_weight", "BlkioWeight", true), ("memory_swappiness", "MemorySwappiness", false),
            ("oom_score_adj", "OomScoreAdj", false), ("pids_limit", "PidsLimit", false),
        ] {
            guard let value = arguments.int(name) else { continue }
            options.append(.init(name, ["HostConfig", key], .value, .int(value), updateKey: canUpdate ? key : nil))
        }
        for (name, key) in [("cpuset_cpus", "CpusetCpus"), ("cpuset_mems", "CpusetMems")] {
            guard let text = arguments.optionalString(name) else { continue }
            options.append(.init(name, ["HostConfig", key], .value, .string(text), updateKey: key))
        }
        addBool("oom_killer", ["HostConfig", "OomKillDisable"])
        for (name, key) in [
            ("device_read_bps", "BlkioDeviceReadBps"), ("device_write_bps", "BlkioDeviceWriteBps"),
            ("device_read_iops", "BlkioDeviceReadIOps"), ("device_write_iops", "BlkioDeviceWriteIOps"),
        ] where arguments[name] != nil {
            var rates: [Value] = []
            for item in arguments.list(name) {
                let rate = item["rate"]
                let number =
                    name.hasSuffix("bps") ? try DockerUnits.bytes(rate.pythonText, of: name) : rate.intValue ?? 0
                rates.append(["Path": item["path"], "Rate": .int(number)])
            }
            add(name, ["HostConfig", key], .set, .list(rates))
        }
        if arguments["ulimits"] != nil {
            var limits: [Value] = []
            for text in arguments.strings("ulimits") {
                let parts = text.split(separator: ":").map(String.init)
                guard (2...3).contains(parts.count), let soft = Int(parts[1]), let hard = Int(parts[parts.count - 1])
                else {
                    throw Diagnostic(.badValue, "ulimits: '\(text)' is no limit", remedy: "write name:soft[:hard].")
                }
                limits.append(["Name": .string(parts[0]), "Soft": .int(soft), "Hard": .int(hard)])
            }
            add("ulimits", ["HostConfig", "Ulimits"], .set, .list(limits))
        }
        addText("cgroup_parent", "CgroupParent")
    }

    // MARK: - Isolation

    private mutating func addIsolation(fillsIn: Bool) throws(Diagnostic) {
        addBool("privileged", ["HostConfig", "Privileged"], usual: fillsIn ? false : nil)
        addTexts("capabilities", ["HostConfig", "CapAdd"], .set)
        addTexts("cap_drop", ["HostConfig", "CapDrop"], .set)
        addTexts("security_opts", ["HostConfig", "SecurityOpt"], .set)
        addTexts("groups", ["HostConfig", "GroupAdd"], .set)
        addTexts("device_cgroup_rules", ["HostConfig", "DeviceCgroupRules"], .list)
        if let sysctls = arguments.map("sysctls") {
            add("sysctls", ["HostConfig", "Sysctls"], .map, .map(DockerOptions.texts(sysctls)))
        }
        if arguments["devices"] != nil {
            let devices: [Value] = arguments.strings("devices").map { device in
                let parts = device.split(separator: ":").map(String.init)
                return [
                    "PathOnHost": .string(parts.first ?? ""),
                    "PathInContainer": .string(parts.count > 1 ? parts[1] : parts.first ?? ""),
                    "CgroupPermissions": .string(parts.count > 2 ? parts[2] : "rwm"),
                ]
            }
            add("devices", ["HostConfig", "Devices"], .set, .list(devices))
        }
        if arguments["device_requests"] != nil {
            let requests: [Value] = arguments.list("device_requests").map { item in
                var map = ValueMap()
                for (name, key) in [
                    ("driver", "Driver"), ("count", "Count"), ("device_ids", "DeviceIDs"),
                    ("capabilities", "Capabilities"), ("options", "Options"),
                ] {
                    map[key] = item[name].ifSet
                }
                return .map(map)
            }
            add("device_requests", ["HostConfig", "DeviceRequests"], .set, .list(requests))
        }
        addText("cgroupns_mode", "CgroupnsMode")
        addText("ipc_mode", "IpcMode")
        addText("pid_mode", "PidMode")
        addText("userns_mode", "UsernsMode")
        addText("uts", "UTSMode")
        addText("runtime", "Runtime")
    }

    // MARK: - Adding

    private mutating func add(_ name: String, _ path: [String], _ shape: ContainerOption.Shape, _ wanted: Value) {
        options.append(ContainerOption(name, path, shape, wanted))
    }

    private mutating func addText(_ name: String, _ key: String) {
        if let text = arguments.optionalString(name) { add(name, ["HostConfig", key], .value, .string(text)) }
    }

    private mutating func addTexts(_ name: String, _ path: [String], _ shape: ContainerOption.Shape) {
        guard arguments[name] != nil else { return }
        add(name, path, shape, .list(arguments.list(name).map(Self.text)))
    }

    private mutating func addBool(_ name: String, _ path: [String], usual: Bool? = nil) {
        if let bool = arguments.optionalBool(name) ?? usual { add(name, path, .value, .bool(bool)) }
    }
}

extension DockerOptions {
    /// - Throws: `Diagnostic` if a value is no text: what `no`, `08` or `1.10` would become in the container is
    ///   not what it looks like, so Ansible wants it in quotes, and so do we.
    static func environment(_ map: ValueMap, at place: SourceLocation?) throws(Diagnostic) -> ValueMap {
        for (key, value) in map where value.stringValue == nil {
            throw Diagnostic(
                .badValue, "env: the value of '\(key.text)' is no text but \(value.pythonRepresentation)", at: place,
                remedy: "put it in quotes, or after a template add '| string'.")
        }
        return map
    }
}
