internal import Diagnostics
internal import Results
internal import Values

/// A container as a task asks for it.
struct ContainerSpec: Sendable {
    enum State: String, Sendable { case absent, present, stopped, started, healthy }
    enum Pull: String, Sendable { case missing, always, never }

    /// A network to be connected to.
    struct Network: Sendable {
        var name: String
        var ipv4: String?
        var ipv6: String?
        var aliases: [String]
        var links: [(container: String, alias: String)]
        var mac: String?
    }

    let name: String
    let image: String?
    let state: State
    let pull: Pull
    let claimsPull: Bool
    let comparesCurrentImage: Bool
    let ignoresImageName: Bool
    let failsOnImageLabels: Bool
    let recreates: Bool
    let restarts: Bool
    let isPaused: Bool?
    let isKilled: Bool
    let killSignal: String?
    let stopTimeout: Int?
    let keepsVolumes: Bool
    let isAutoRemoved: Bool
    let isAwaited: Bool
    let cleansUp: Bool
    let healthyTimeout: Double
    let removalTimeout: Double
    let platform: String?
    /// The options that are compared and sent, in the manual's order.
    let options: [ContainerOption]
    let imageComparison: Comparison
    let networks: [Network]?
    let networkComparison: Comparison
    let networkModeComparison: Comparison
    let networkMode: String?
    let connectsFirst: Bool
    let ports: ContainerPorts?
    let portComparison: Comparison
    let defaultAddress: String?
    let environment: ValueMap?
    let environmentFile: String?
    let envComparison: Comparison
    let labels: ValueMap?
    let labelComparison: Comparison
    let anonymousVolumes: [String]
    let volumeComparison: Comparison
    let exposedComparison: Comparison
    /// All secret texts among the arguments, to be hidden in what the Engine answers.
    let secrets: Set<String>

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        image = arguments.optionalString("image")
        if let image { try ImageReference.check(image) }
        state = State(rawValue: arguments.optionalString("state") ?? "started") ?? .started
        pull = try Self.pull(arguments["pull"])
        claimsPull = arguments.optionalString("pull_check_mode_behavior") == "always"
        comparesCurrentImage = arguments.optionalString("image_comparison") == "current-image"
        ignoresImageName = arguments.optionalString("image_name_mismatch") == "ignore"
        failsOnImageLabels = arguments.optionalString("image_label_mismatch") == "fail"
        recreates = arguments.bool("recreate")
        restarts = arguments.bool("restart")
        let fillsIn = arguments.optionalString("container_default_behavior") == "compatibility"
        isPaused = arguments.optionalBool("paused") ?? (fillsIn ? false : nil)
        isKilled = arguments.bool("force_kill")
        killSignal = arguments.optionalString("kill_signal")
        stopTimeout = arguments.int("stop_timeout")
        keepsVolumes = arguments.optionalBool("keep_volumes") ?? true
        isAutoRemoved = arguments.bool("auto_remove")
        isAwaited = arguments.optionalBool("detach") == false
        cleansUp = arguments.bool("cleanup")
        healthyTimeout = arguments["healthy_wait_timeout"]?.number?.asDouble ?? 300
        removalTimeout = arguments["removal_wait_timeout"]?.number?.asDouble ?? 60
        platform = arguments.optionalString("platform")
        if state == .present, image == nil {
            throw Diagnostic(
                .missingArgument, "missing argument 'image', which 'state: present' needs", at: arguments.location)
        }

        let comparisons = try ContainerComparisons(arguments)
        let wishes = try ContainerWishes(arguments, fillsIn: fillsIn)
        imageComparison = comparisons["image", default: .strict]
        networkComparison = comparisons["networks", default: .allowMorePresent]
        networkModeComparison = comparisons["network_mode", default: .strict]
        portComparison = comparisons["published_ports", default: .allowMorePresent]
        envComparison = comparisons["env", default: .allowMorePresent]
        labelComparison = comparisons["labels", default: .allowMorePresent]
        volumeComparison = comparisons["volumes", default: .allowMorePresent]
        exposedComparison = comparisons["exposed_ports", default: .allowMorePresent]
        options = wishes.options.map { option in
            var option = option
            option.comparison = comparisons[option.name, default: option.comparison]
            return option
        }
        networks = wishes.networks
        networkMode = wishes.networkMode
        connectsFirst = wishes.connectsFirst
        ports = wishes.ports
        defaultAddress = wishes.defaultAddress
        environment = wishes.environment
        environmentFile = arguments.optionalString("env_file")
        labels = wishes.labels
        anonymousVolumes = wishes.anonymousVolumes
        secrets = DockerDiff.secrets(in: .map(arguments.values))
    }

    private static func pull(_ value: Value?) throws(Diagnostic) -> Pull {
        switch value {
        case nil: return .missing
        case .bool(let bool)?: return bool ? .always : .missing
        case let value?:
            let word = value.pythonText.lowercased()
            if let pull = Pull(rawValue: word) { return pull }
            if ["yes", "true", "on", "1"].contains(word) { return .always }
            if ["no", "false", "off", "0"].contains(word) { return .missing }
            throw Diagnostic(
                .badValue, "pull: '\(value.pythonText)' is neither missing, always nor never",
                remedy: "'missing' pulls what is not there, 'always' looks for something newer.")
        }
    }
}

/// The `comparisons` argument: how a task wants options to be compared.
struct ContainerComparisons: Sendable {
    private var all: Comparison?
    private var single: [String: Comparison] = [:]
    private let listsNetworks: Bool

    /// Options that are part of a container's state, and so can be compared.
    private static let sets: Set<String> = [
        "capabilities", "cap_drop", "devices", "device_read_bps", "device_write_bps", "device_read_iops",
        "device_write_iops", "device_requests", "dns_opts", "dns_search_domains", "env", "etc_hosts", "groups",
        "healthcheck", "labels", "links", "log_options", "mounts", "networks", "security_opts", "storage_opts",
        "sysctls", "tmpfs", "ulimits", "volumes", "volumes_from", "exposed_ports", "published_ports",
    ]
    private static let lists: Set<String> = ["command", "entrypoint", "dns_servers", "device_cgroup_rules"]
    private static let values: Set<String> = [
        "auto_remove", "blkio_weight", "cgroupns_mode", "cgroup_parent", "cpu_period", "cpu_quota", "cpuset_cpus",
        "cpuset_mems", "cpu_shares", "cpus", "detach", "domainname", "hostname", "image", "init", "interactive",
        "ipc_mode", "kernel_memory", "log_driver", "mac_address", "memory", "memory_reservation", "memory_swap",
        "memory_swappiness", "network_mode", "oom_killer", "oom_score_adj", "pid_mode", "pids_limit", "platform",
        "privileged", "publish_all_ports", "read_only", "restart_policy", "restart_retries", "runtime", "shm_size",
        "stop_signal", "stop_timeout", "tty", "user", "userns_mode", "uts", "volume_driver", "working_dir",
    ]
    private static let aliases = [
        "ports": "published_ports", "exposed": "exposed_ports", "expose": "exposed_ports", "log_opt": "log_options",
    ]

    init(_ arguments: Arguments) throws(Diagnostic) {
        listsNetworks = arguments["networks"] != nil
        // Former options that say the same; `comparisons` itself has the last word.
        if arguments.bool("purge_networks") { single["networks"] = .strict }
        if arguments.bool("ignore_image") { single["image"] = .ignore }
        for (key, value) in arguments.map("comparisons") ?? [:] {
            let given = key.text
            guard let comparison = Comparison(rawValue: value.pythonText) else {
                throw Diagnostic(
                    .badValue, "comparisons: '\(value.pythonText)' for '\(given)' is no way to compare",
                    at: arguments.location, remedy: "it is strict, ignore or allow_more_present.")
            }
            if given == "*" {
                guard comparison != .allowMorePresent else {
                    throw Diagnostic(
                        .badValue, "comparisons: '*' cannot be allow_more_present", at: arguments.location,
                        remedy: "it is strict or ignore.")
                }
                all = comparison
                continue
            }
            let name = Self.aliases[given] ?? given
            let known = Self.sets.union(Self.lists).union(Self.values)
            guard known.contains(name) else {
                throw Diagnostic(
                    .badValue, "comparisons: '\(given)' is no option of a container's state", at: arguments.location,
                    remedy: NearestNames.hint(given, among: known))
            }
            guard comparison != .allowMorePresent || !Self.values.contains(name) else {
                throw Diagnostic(
                    .badValue, "comparisons: '\(given)' is a single value and cannot be allow_more_present",
                    at: arguments.location, remedy: "it is strict or ignore.")
            }
            single[name] = comparison
        }
    }

    subscript(_ name: String, default usual: Comparison) -> Comparison {
        // Anonymous volumes are compared as volumes are; what they are called apart is our own affair.
        let name = name == "anonymous volumes" ? "volumes" : name
        if let comparison = single[name] { return comparison }
        // Strictness about networks that nobody listed would cut the container off.
        if name == "networks", !listsNetworks { return usual }
        return all ?? usual
    }
}
