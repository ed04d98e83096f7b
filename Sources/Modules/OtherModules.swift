internal import Values

/// What is known of modules that are not here: where they belong, and what took the place of those that are gone.
enum OtherModules {
    /// Modules that Ansible itself no longer has, with what does their work now.
    static let removed: [String: String] = [
        "docker_service":
            "To run a compose file, use community.docker.docker_compose_v2; to start a container, "
            + "community.docker.docker_container; to see whether one runs, community.docker.docker_container_info.",
        "docker": "Use community.docker.docker_container and community.docker.docker_image.",
        "docker_compose": "Use community.docker.docker_compose_v2.",
        "docker_image_facts": "Use community.docker.docker_image_info.",
        "include": "Use include_tasks or import_tasks, and import_playbook for playbooks.",
        "ec2": "Use amazon.aws.ec2_instance.",
        "apt_rpm": "Use community.general.apt_rpm.",
        "letsencrypt": "Use community.crypto.acme_certificate.",
        "openssl_certificate": "Use community.crypto.x509_certificate.",
        "kubernetes": "Use kubernetes.core.k8s.",
        "k8s_raw": "Use kubernetes.core.k8s.",
        "oc": "Use kubernetes.core.k8s.",
        "accelerate": "SSH with one connection per host makes it unnecessary.",
        "fireball": "SSH with one connection per host makes it unnecessary.",
        "github_hooks": "Use community.general.github_webhook.",
        "win_msi": "Use ansible.windows.win_package.",
    ]

    /// Modules that are left out for good, with what does their work.
    static let leftOut: [String: String] = [
        "selinux":
            "Write `/etc/selinux/config` with `lineinfile`, set the mode with a `command: setenforce …` task after a "
            + "`command: getenforce` one that makes it conditional, and restart with `reboot` where it must.",
        "seboolean":
            "Use a `command: setsebool -P …` task after a `command: getsebool …` one that makes it conditional.",
        "xml":
            "Render the whole file with `template`, or edit it with a `command: xmlstarlet ed -L …` task, which a "
            + "`command: xmlstarlet sel …` task before it makes conditional.",
        "xattr": "Use a `command: setfattr …` task after a `command: getfattr …` one that makes it conditional.",
        "subversion": "Use a `command: svn checkout …` task with `creates`, or `git`.",
    ]

    /// The collection, if the name is one of a well-known module.
    static func collection(of name: String) -> String? {
        let parts = name.split(separator: ".").map(String.init)
        guard let short = parts.last else { return nil }
        let owner = collections.first { $0.value.contains(short) }?.key
        if parts.count == 3 {
            let collection = "\(parts[0]).\(parts[1])"
            if collection == owner || (parts[0] == "ansible" && owner != nil) { return owner }
            return collections[collection] != nil && owner == nil ? nil : owner
        }
        return owner
    }

    /// Collections and their modules that playbooks in the field use most, as far as they are not here.
    private static let collections: [String: Set<String>] = [
        "ansible.builtin": [
            "mount_facts", "rpm_key", "yum_repository",
        ],
        "ansible.posix": [
            "at", "patch", "seboolean", "selinux",
        ],
        "community.general": [
            "apk", "cargo", "composer", "dconf", "filesystem", "flatpak", "gem",
            "git_config",
            "github_release", "homebrew", "htpasswd", "interfaces_file", "iptables_state", "java_cert",
            "jenkins_job",
            "kernel_blacklist", "ldap_entry", "lvg", "lvol", "mail", "make", "monit", "nmcli",
            "npm",
            "opkg", "pacman", "pamd", "parted", "pipx", "proxmox", "redis", "runit", "sefcontext",
            "slack", "snap",
            "sudoers", "supervisorctl", "telegram", "terraform", "yarn", "zfs",
            "zypper",
        ],
        "community.docker": [
            "docker_compose_v2_exec", "docker_compose_v2_pull", "docker_compose_v2_run",
            "docker_config",
            "docker_image_push", "docker_node", "docker_plugin", "docker_secret", "docker_stack",
            "docker_swarm", "docker_swarm_service",
        ],
        "community.postgresql": [
            "postgresql_copy", "postgresql_info", "postgresql_lang",
            "postgresql_membership",
            "postgresql_slot", "postgresql_table",
            "postgresql_tablespace",
        ],
        "community.mysql": [
            "mysql_db", "mysql_info", "mysql_query", "mysql_replication", "mysql_user", "mysql_variables",
        ],
        "community.mongodb": ["mongodb_user", "mongodb_replicaset"],
        "community.rabbitmq": ["rabbitmq_plugin", "rabbitmq_queue", "rabbitmq_user", "rabbitmq_vhost"],
        "community.grafana": ["grafana_dashboard", "grafana_datasource"],
        "community.zabbix": ["zabbix_host", "zabbix_template"],
        "community.crypto": [
            "acme_account", "acme_certificate", "get_certificate", "luks_device", "openssh_cert", "openssh_keypair",
            "openssl_csr_info", "openssl_dhparam", "openssl_pkcs12", "openssl_privatekey_info", "openssl_publickey",
            "x509_crl",
        ],
        "community.hashi_vault": ["vault_kv2_get", "vault_kv2_write", "vault_read"],
        "community.libvirt": ["virt", "virt_net", "virt_pool"],
        "containers.podman": ["podman_container", "podman_image", "podman_network", "podman_pod", "podman_volume"],
        "kubernetes.core": ["helm", "helm_repository", "k8s", "k8s_exec", "k8s_info", "k8s_scale"],
        "amazon.aws": ["ec2_group", "ec2_instance", "rds_instance", "route53", "s3_bucket", "s3_object"],
        "ansible.windows": ["win_command", "win_copy", "win_feature", "win_package", "win_service", "win_shell"],
        "openstack.cloud": ["server", "os_server", "volume"],
    ]
}
