internal import Values

extension DockerContainerModule {
    static let manual = ModuleManual(
        name: "community.docker.docker_container",
        summary: "Run, change, stop and remove Docker containers.",
        description: """
            The container is compared with what the task asks for, setting by setting; what the task does not name \
            is left as it is. Limits, the restart policy and networks are changed in place; any other difference \
            means a new container, which is made ready beside the old one before that is stopped, and if the new \
            one does not start the old one is put back.

            A converged container costs one round trip.
            """,
        arguments: lifecycle + process + network + storage + resources + isolation + removed + DockerArguments.endpoint,
        check: "full; what an image holds that is still to be pulled is not known before",
        example: """
            - community.docker.docker_container:
                name: web
                image: nginx:1.25
                published_ports:
                  - "8080:80"
                networks:
                  - name: app-net
                restart_policy: unless-stopped
            """,
        aliases: DockerArguments.aliases("docker_container")
    )

    private static let lifecycle: [Argument] = [
        .required("name", .string, "The container's name."),
        .optional("image", .string, "The image: a name with tag or digest, or an ID."),
        .optional(
            "state", .string, "What is to become of it.", default: "started",
            choices: ["absent", "present", "stopped", "started", "healthy"]),
        .optional(
            "pull", .raw, "When to pull the image: `missing`, `always` or `never`; true is always, false is missing.",
            default: "missing"),
        .optional(
            "pull_check_mode_behavior", .string,
            "Whether a dry run says that `pull: always` changes something even if the registry has nothing new.",
            default: "image_not_present", choices: ["image_not_present", "always"]),
        .optional(
            "image_comparison", .string, "Which image's own settings are compared with.", default: "desired-image",
            choices: ["desired-image", "current-image"]),
        .optional(
            "image_name_mismatch", .string, "Whether another name of the same image is a difference.",
            default: "recreate", choices: ["recreate", "ignore"]),
        .optional(
            "image_label_mismatch", .string, "What to do if strict labels leave out some of the image's.",
            default: "ignore", choices: ["ignore", "fail"]),
        .optional(
            "comparisons", .map([]),
            "How to compare an option: `strict`, `ignore` or `allow_more_present`, by option; `*` means all."),
        .optional("recreate", .bool, "Make it anew whatever it is like.", default: false),
        .optional("restart", .bool, "Restart it if it runs.", default: false),
        .optional("paused", .bool, "Whether its processes are to be paused."),
        .optional("force_kill", .bool, "Kill instead of stopping.", default: false, aliases: ["forcekill"]),
        .optional("kill_signal", .string, "The signal to kill with."),
        .optional("stop_timeout", .int, "Seconds to wait for it to stop before it is killed."),
        .optional("stop_signal", .string, "The signal that asks it to stop."),
        .optional("keep_volumes", .bool, "Keep anonymous volumes of a container that is removed.", default: true),
        .optional("auto_remove", .bool, "Remove it when it ends."),
        .optional("detach", .bool, "False waits for its end and answers with what it wrote."),
        .optional("cleanup", .bool, "With `detach: false`, remove it when it ended.", default: false),
        .optional(
            "output_logs", .bool, "Accepted; with `detach: false` what it wrote is in the result.", default: false),
        .optional(
            "healthy_wait_timeout", .float, "Seconds to wait for `state: healthy`; 0 waits for ever.", default: 300),
        .optional("removal_wait_timeout", .float, "Seconds to wait for a removal that is under way."),
        .optional(
            "restart_policy", .string, "When the Engine starts it again.",
            choices: ["no", "on-failure", "always", "unless-stopped"]),
        .optional("restart_retries", .int, "How often, for `on-failure`."),
        .optional(
            "container_default_behavior", .string, "`compatibility` fills in Ansible's former defaults.",
            default: "no_defaults", choices: ["compatibility", "no_defaults"]),
        .optional(
            "command_handling", .string, "`compatibility` splits lists again and drops empty commands.",
            default: "correct", choices: ["compatibility", "correct"]),
        .optional("platform", .string, "The image's platform, such as `linux/arm64`."),
    ]

    private static let process: [Argument] = [
        .optional("command", .raw, "The command, as a list or as text to be split into words."),
        .optional("entrypoint", .list(.string), "The entry point."),
        .optional("env", .map([]), "Environment variables; values are texts."),
        .optional("env_file", .path, "A file on the host with `NAME=value` lines; `env` wins."),
        .optional("labels", .map([]), "Labels."),
        .optional(
            "healthcheck",
            .map([
                .optional("test", .raw, "The command, as a list beginning with CMD, CMD-SHELL or NONE, or as text."),
                .optional("test_cli_compatible", .bool, "Leave out `test` to keep the image's.", default: false),
                .optional("interval", .string, "Time between checks, such as `10s`."),
                .optional("timeout", .string, "How long a check may take."),
                .optional("start_period", .string, "How long failures do not count after the start."),
                .optional("start_interval", .string, "Time between checks in the start period (interface 1.44)."),
                .optional("retries", .int, "Failures until it counts as unhealthy."),
            ]), "How the Engine finds out whether it works."),
        .optional("hostname", .string, "Its host name."),
        .optional("domainname", .string, "Its domain name."),
        .optional("user", .string, "The user to run as."),
        .optional("groups", .list(.string), "Further groups to run as."),
        .optional("working_dir", .path, "The directory to run in."),
        .optional("interactive", .bool, "Keep its standard input open."),
        .optional("tty", .bool, "Give it a terminal."),
        .optional("init", .bool, "Run a small init in it that reaps processes."),
        .optional("log_driver", .string, "Where its output goes."),
        .optional("log_options", .map([]), "The log driver's options.", aliases: ["log_opt"]),
    ]

    private static let network: [Argument] = [
        .optional(
            "networks",
            .list(
                .map([
                    .required("name", .string, "The network's name."),
                    .optional("ipv4_address", .string, "Its IPv4 address there."),
                    .optional("ipv6_address", .string, "Its IPv6 address there."),
                    .optional("aliases", .list(.string), "Further names there."),
                    .optional("links", .list(.string), "Containers it reaches by name, `container[:alias]`."),
                    .optional("mac_address", .string, "Its MAC address there (interface 1.44)."),
                ])), "The networks it is connected to."),
        .optional(
            "networks_cli_compatible", .bool,
            "Connect it to the listed networks only, and not to the default bridge besides.", default: true),
        .optional("network_mode", .string, "`bridge`, `host`, `none`, `container:NAME` or a network's name."),
        .optional(
            "published_ports", .list(.string),
            "Ports to publish: `CONTAINER`, `HOST:CONTAINER` or `IP:HOST:CONTAINER`, with ranges and `/udp`.",
            aliases: ["ports"]),
        .optional("publish_all_ports", .bool, "Publish all exposed ports at free ports of the host."),
        .optional(
            "exposed_ports", .list(.string), "Ports to expose to other containers.", aliases: ["exposed", "expose"]),
        .optional("default_host_ip", .string, "The address to publish at where none is given."),
        .optional("links", .list(.string), "Old-style links, `container[:alias]`."),
        .optional("mac_address", .string, "Its MAC address."),
        .optional("dns_servers", .list(.string), "Name servers."),
        .optional("dns_opts", .list(.string), "Resolver options."),
        .optional("dns_search_domains", .list(.string), "Search domains."),
        .optional("etc_hosts", .map([]), "Entries for its /etc/hosts, address by name."),
    ]

    private static let storage: [Argument] = [
        .optional("volumes", .list(.string), "Volumes: `SOURCE:PATH[:MODE]`, or `PATH` for an anonymous one."),
        .optional(
            "mounts",
            .list(
                .map([
                    .required("target", .string, "The path in the container."),
                    .optional("source", .string, "The path on the host, or the volume's name."),
                    .optional(
                        "type", .string, "What is mounted.", default: "volume",
                        choices: ["bind", "npipe", "tmpfs", "volume", "cluster", "image"]),
                    .optional("read_only", .bool, "Mount it read-only."),
                    .optional(
                        "consistency", .string, "Consistency on macOS.",
                        choices: ["cached", "consistent", "default", "delegated"]),
                    .optional("create_mountpoint", .bool, "Make a missing source directory."),
                    .optional(
                        "propagation", .string, "How mounts propagate.",
                        choices: ["private", "rprivate", "shared", "rshared", "slave", "rslave"]),
                    .optional("no_copy", .bool, "Do not fill a new volume from the image."),
                    .optional("non_recursive", .bool, "Leave out mounts below the source."),
                    .optional("read_only_non_recursive", .bool, "Leave mounts below writable."),
                    .optional("read_only_force_recursive", .bool, "Fail unless mounts below are read-only, too."),
                    .optional("labels", .map([]), "The volume's labels."),
                    .optional("volume_driver", .string, "The volume's driver."),
                    .optional("volume_options", .map([]), "The driver's options."),
                    .optional("subpath", .string, "The part of the volume or image to mount."),
                    .optional("tmpfs_size", .string, "The tmpfs's size."),
                    .optional("tmpfs_mode", .string, "The tmpfs's permissions, octal."),
                    .optional("tmpfs_options", .list(.map([])), "Further tmpfs options."),
                ])), "Mounts in the long form."),
        .optional("tmpfs", .list(.string), "In-memory file systems: `PATH[:OPTIONS]`."),
        .optional("volume_driver", .string, "The driver for volumes that are made."),
        .optional("volumes_from", .list(.string), "Containers whose volumes it gets."),
        .optional("storage_opts", .map([]), "Options of the storage driver."),
        .optional("read_only", .bool, "Mount its root file system read-only."),
    ]

    private static let resources: [Argument] = [
        .optional("memory", .string, "Memory limit, such as `512M`; 0 is none."),
        .optional("memory_reservation", .string, "Soft memory limit."),
        .optional("memory_swap", .string, "Limit of memory and swap together; `unlimited` or -1 is none."),
        .optional("memory_swappiness", .int, "How readily it is swapped, 0 to 100."),
        .optional("kernel_memory", .string, "Kernel memory limit."),
        .optional("cpus", .float, "How many processors it may use."),
        .optional("cpu_period", .int, "The scheduler's period, in microseconds."),
        .optional("cpu_quota", .int, "Its time in that period, in microseconds."),
        .optional("cpu_shares", .int, "Its share relative to others."),
        .optional("cpuset_cpus", .string, "The processors it may use, such as `0,1` or `0-3`."),
        .optional("cpuset_mems", .string, "The memory nodes it may use."),
        .optional("blkio_weight", .int, "Its share of disk time, 10 to 1000."),
        .optional("device_read_bps", .list(.map(rate(.string))), "Read limits by device, as sizes per second."),
        .optional("device_write_bps", .list(.map(rate(.string))), "Write limits by device, as sizes per second."),
        .optional("device_read_iops", .list(.map(rate(.int))), "Read limits by device, per second."),
        .optional("device_write_iops", .list(.map(rate(.int))), "Write limits by device, per second."),
        .optional("oom_killer", .bool, "Whether the out-of-memory killer is switched off for it."),
        .optional("oom_score_adj", .int, "How readily the out-of-memory killer takes it."),
        .optional("pids_limit", .int, "How many processes it may have; -1 is no limit."),
        .optional("shm_size", .string, "Size of /dev/shm."),
        .optional("ulimits", .list(.string), "Limits: `NAME:SOFT[:HARD]`."),
        .optional("cgroup_parent", .string, "The parent control group."),
    ]

    private static let isolation: [Argument] = [
        .optional("privileged", .bool, "Give it all rights."),
        .optional("capabilities", .list(.string), "Capabilities to add."),
        .optional("cap_drop", .list(.string), "Capabilities to take away."),
        .optional("security_opts", .list(.string), "Security options."),
        .optional("sysctls", .map([]), "Kernel settings."),
        .optional("devices", .list(.string), "Devices: `HOST[:CONTAINER[:rwm]]`."),
        .optional("device_cgroup_rules", .list(.string), "Rules for devices."),
        .optional(
            "device_requests",
            .list(
                .map([
                    .optional("capabilities", .list(.list(.string)), "What the devices must be able to do."),
                    .optional("count", .int, "How many; -1 is all."),
                    .optional("device_ids", .list(.string), "Which."),
                    .optional("driver", .string, "Their driver."),
                    .optional("options", .map([]), "The driver's options."),
                ])), "Devices by what they can do, such as GPUs."),
        .optional("cgroupns_mode", .string, "Its control group name space.", choices: ["host", "private"]),
        .optional("ipc_mode", .string, "Its IPC name space."),
        .optional("pid_mode", .string, "Its process name space."),
        .optional("userns_mode", .string, "Its user name space."),
        .optional("uts", .string, "Its host name name space."),
        .optional("runtime", .string, "The runtime to use."),
    ]

    /// What older releases of the collection had: their content still runs.
    private static let removed: [Argument] = [
        .optional("purge_networks", .bool, "Former spelling of `comparisons: {networks: strict}`.", default: false),
        .optional("ignore_image", .bool, "Former spelling of `comparisons: {image: ignore}`.", default: false),
        Argument(
            "trust_image_content", .bool, "Former option without effect.",
            refusal: "it never had an effect and was removed: leave it out."),
    ]

    private static func rate(_ kind: Argument.Kind) -> [Argument] {
        [.required("path", .string, "The device."), .required("rate", kind, "The limit.")]
    }
}
