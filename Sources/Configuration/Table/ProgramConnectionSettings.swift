extension SettingsTable {
    /// Settings of the connections that a program of this machine carries.
    static let programConnectionSettings: [Setting] = [
        Setting(
            "container_timeout", of: "connection/community.docker.docker", .integer, default: "10",
            ini: ["defaults.timeout", "docker_connection.timeout"], env: ["ANSIBLE_TIMEOUT", "ANSIBLE_DOCKER_TIMEOUT"],
            .honoured),
        Setting(
            "docker_extra_args", of: "connection/community.docker.docker", .text, default: "",
            ini: ["docker_connection.extra_cli_args"], .honoured),
        Setting(
            "privileged", of: "connection/community.docker.docker", .flag, default: "false",
            ini: ["docker_connection.privileged"], env: ["ANSIBLE_DOCKER_PRIVILEGED"], .honoured),
        Setting(
            "working_dir", of: "connection/community.docker.docker", .text, ini: ["docker_connection.working_dir"],
            env: ["ANSIBLE_DOCKER_WORKING_DIR"], .honoured),
        Setting(
            "chroot_exe", of: "connection/community.general.chroot", .text, default: "chroot",
            ini: ["chroot_connection.exe"], env: ["ANSIBLE_CHROOT_EXE"], .honoured),
        Setting(
            "disable_root_check", of: "connection/community.general.chroot", .flag, default: "false",
            ini: ["chroot_connection.disable_root_check"], env: ["ANSIBLE_CHROOT_DISABLE_ROOT_CHECK"], .honoured),
        Setting(
            "executable", of: "connection/community.general.chroot", .text, default: "/bin/sh",
            ini: ["defaults.executable"], env: ["ANSIBLE_EXECUTABLE"], .honoured),
        Setting(
            "podman_executable", of: "connection/containers.podman.podman", .text, default: "podman",
            env: ["ANSIBLE_PODMAN_EXECUTABLE"], .honoured),
        Setting(
            "podman_extra_args", of: "connection/containers.podman.podman", .text, default: "",
            ini: ["defaults.podman_extra_args"], env: ["ANSIBLE_PODMAN_EXTRA_ARGS"], .honoured),
    ]
}
