extension SettingsTable {
    /// Settings whose names begin with DEFAULT_.
    static let defaultSettings: [Setting] = [
        Setting(
            "DEFAULT_ACTION_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/action:/usr/share/ansible/plugins/action",
            ini: ["defaults.action_plugins"], env: ["ANSIBLE_ACTION_PLUGINS"], .unhonoured(.plugins)),
        Setting(
            "DEFAULT_ALLOW_UNSAFE_LOOKUPS", .flag, default: "false", ini: ["defaults.allow_unsafe_lookups"],
            .moot(.always)),
        Setting(
            "DEFAULT_ASK_PASS", .flag, default: "false", ini: ["defaults.ask_pass"], env: ["ANSIBLE_ASK_PASS"],
            .honoured),
        Setting(
            "DEFAULT_ASK_VAULT_PASS", .flag, default: "false", ini: ["defaults.ask_vault_pass"],
            env: ["ANSIBLE_ASK_VAULT_PASS"], .honoured),
        Setting(
            "DEFAULT_BECOME", .flag, default: "false", ini: ["privilege_escalation.become"], env: ["ANSIBLE_BECOME"],
            .honoured),
        Setting(
            "DEFAULT_BECOME_ASK_PASS", .flag, default: "false", ini: ["privilege_escalation.become_ask_pass"],
            env: ["ANSIBLE_BECOME_ASK_PASS"], .honoured),
        Setting(
            "DEFAULT_BECOME_EXE", .text, ini: ["privilege_escalation.become_exe"], env: ["ANSIBLE_BECOME_EXE"],
            .honoured),
        Setting(
            "DEFAULT_BECOME_FLAGS", .text, default: "", ini: ["privilege_escalation.become_flags"],
            env: ["ANSIBLE_BECOME_FLAGS"], .honoured),
        Setting(
            "DEFAULT_BECOME_METHOD", .text, default: "sudo", ini: ["privilege_escalation.become_method"],
            env: ["ANSIBLE_BECOME_METHOD"], .honoured),
        Setting(
            "DEFAULT_BECOME_USER", .text, default: "root", ini: ["privilege_escalation.become_user"],
            env: ["ANSIBLE_BECOME_USER"], .honoured),
        Setting(
            "DEFAULT_CACHE_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/cache:/usr/share/ansible/plugins/cache", ini: ["defaults.cache_plugins"],
            env: ["ANSIBLE_CACHE_PLUGINS"], .unhonoured(.plugins)),
        Setting(
            "DEFAULT_CALLBACK_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/callback:/usr/share/ansible/plugins/callback",
            ini: ["defaults.callback_plugins"], env: ["ANSIBLE_CALLBACK_PLUGINS"], .unhonoured(.plugins)),
        Setting(
            "DEFAULT_CLICONF_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/cliconf:/usr/share/ansible/plugins/cliconf",
            ini: ["defaults.cliconf_plugins"], env: ["ANSIBLE_CLICONF_PLUGINS"], .moot(.network)),
        Setting(
            "DEFAULT_CONNECTION_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/connection:/usr/share/ansible/plugins/connection",
            ini: ["defaults.connection_plugins"], env: ["ANSIBLE_CONNECTION_PLUGINS"], .unhonoured(.plugins)),
        Setting(
            "DEFAULT_DEBUG", .flag, default: "false", ini: ["defaults.debug"], env: ["ANSIBLE_DEBUG"], .moot(.python)),
        Setting(
            "DEFAULT_EXECUTABLE", .text, default: "/bin/sh", ini: ["defaults.executable"], env: ["ANSIBLE_EXECUTABLE"],
            .partly("by connections of the kind chroot; others begin with /bin/sh")),
        Setting(
            "DEFAULT_FILTER_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/filter:/usr/share/ansible/plugins/filter",
            ini: ["defaults.filter_plugins"], env: ["ANSIBLE_FILTER_PLUGINS"], .unhonoured(.plugins)),
        Setting(
            "DEFAULT_FORCE_HANDLERS", .flag, default: "false", ini: ["defaults.force_handlers"],
            env: ["ANSIBLE_FORCE_HANDLERS"], .honoured),
        Setting("DEFAULT_FORKS", .integer, default: "5", ini: ["defaults.forks"], env: ["ANSIBLE_FORKS"], .honoured),
        Setting(
            "DEFAULT_GATHERING", .text, default: "implicit", ini: ["defaults.gathering"], env: ["ANSIBLE_GATHERING"],
            choices: ["explicit", "implicit", "smart"], .honoured),
        Setting(
            "DEFAULT_HASH_BEHAVIOUR", .text, default: "replace", ini: ["defaults.hash_behaviour"],
            env: ["ANSIBLE_HASH_BEHAVIOUR"], choices: ["merge", "replace"], .honoured),
        Setting(
            "DEFAULT_HOST_LIST", .pathList, default: "/etc/ansible/hosts", ini: ["defaults.inventory"],
            env: ["ANSIBLE_INVENTORY"], .honoured),
        Setting(
            "DEFAULT_HTTPAPI_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/httpapi:/usr/share/ansible/plugins/httpapi",
            ini: ["defaults.httpapi_plugins"], env: ["ANSIBLE_HTTPAPI_PLUGINS"], .moot(.network)),
        Setting(
            "DEFAULT_INTERNAL_POLL_INTERVAL", .decimal, default: "0.001", ini: ["defaults.internal_poll_interval"],
            .moot(.python)),
        Setting(
            "DEFAULT_INVENTORY_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/inventory:/usr/share/ansible/plugins/inventory",
            ini: ["defaults.inventory_plugins"], env: ["ANSIBLE_INVENTORY_PLUGINS"], .unhonoured(.plugins)),
        Setting(
            "DEFAULT_JINJA2_EXTENSIONS", .list, default: "", ini: ["defaults.jinja2_extensions"],
            env: ["ANSIBLE_JINJA2_EXTENSIONS"], .partly("do and loopcontrols are always on; others are refused")),
        Setting(
            "DEFAULT_JINJA2_NATIVE", .flag, default: "true", ini: ["defaults.jinja2_native"],
            env: ["ANSIBLE_JINJA2_NATIVE"], .moot(.always)),
        Setting(
            "DEFAULT_KEEP_REMOTE_FILES", .flag, default: "false", ini: ["defaults.keep_remote_files"],
            env: ["ANSIBLE_KEEP_REMOTE_FILES"], .moot(.python)),
        Setting(
            "DEFAULT_LIBVIRT_LXC_NOSECLABEL", .flag, default: "false", ini: ["selinux.libvirt_lxc_noseclabel"],
            env: ["ANSIBLE_LIBVIRT_LXC_NOSECLABEL"], .moot(.python)),
        Setting(
            "DEFAULT_LOAD_CALLBACK_PLUGINS", .flag, default: "false", ini: ["defaults.bin_ansible_callbacks"],
            env: ["ANSIBLE_LOAD_CALLBACK_PLUGINS"], .moot(.python)),
        Setting(
            "DEFAULT_LOCAL_TMP", .path, default: "{{ANSIBLE_HOME}}/tmp", ini: ["defaults.local_tmp"],
            env: ["ANSIBLE_LOCAL_TEMP"], .moot(.python)),
        Setting(
            "DEFAULT_LOG_FILTER", .list, default: "", ini: ["defaults.log_filter"], env: ["ANSIBLE_LOG_FILTER"],
            .unhonoured(.notYet)),
        Setting("DEFAULT_LOG_PATH", .path, ini: ["defaults.log_path"], env: ["ANSIBLE_LOG_PATH"], .honoured),
        Setting(
            "DEFAULT_LOOKUP_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/lookup:/usr/share/ansible/plugins/lookup",
            ini: ["defaults.lookup_plugins"], env: ["ANSIBLE_LOOKUP_PLUGINS"], .unhonoured(.plugins)),
        Setting(
            "DEFAULT_MANAGED_STR", .text, default: "Ansible managed", ini: ["defaults.ansible_managed"], .honoured),
        Setting(
            "DEFAULT_MODULE_ARGS", .text, ini: ["defaults.module_args"], env: ["ANSIBLE_MODULE_ARGS"],
            .honoured),
        Setting(
            "DEFAULT_MODULE_COMPRESSION", .text, default: "ZIP_DEFLATED", ini: ["defaults.module_compression"],
            .moot(.python)),
        Setting("DEFAULT_MODULE_NAME", .text, default: "command", ini: ["defaults.module_name"], .honoured),
        Setting(
            "DEFAULT_MODULE_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/modules:/usr/share/ansible/plugins/modules", ini: ["defaults.library"],
            env: ["ANSIBLE_LIBRARY"], .honoured),
        Setting(
            "DEFAULT_MODULE_UTILS_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/module_utils:/usr/share/ansible/plugins/module_utils",
            ini: ["defaults.module_utils"], env: ["ANSIBLE_MODULE_UTILS"], .honoured),
        Setting(
            "DEFAULT_NETCONF_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/netconf:/usr/share/ansible/plugins/netconf",
            ini: ["defaults.netconf_plugins"], env: ["ANSIBLE_NETCONF_PLUGINS"], .moot(.network)),
        Setting(
            "DEFAULT_NO_LOG", .flag, default: "false", ini: ["defaults.no_log"], env: ["ANSIBLE_NO_LOG"], .honoured),
        Setting(
            "DEFAULT_NO_TARGET_SYSLOG", .flag, default: "false", ini: ["defaults.no_target_syslog"],
            env: ["ANSIBLE_NO_TARGET_SYSLOG"], .honoured),
        Setting(
            "DEFAULT_NULL_REPRESENTATION", .raw, ini: ["defaults.null_representation"],
            env: ["ANSIBLE_NULL_REPRESENTATION"], .moot(.always)),
        Setting(
            "DEFAULT_POLL_INTERVAL", .integer, default: "15", ini: ["defaults.poll_interval"],
            env: ["ANSIBLE_POLL_INTERVAL"], .honoured),
        Setting(
            "DEFAULT_PRIVATE_KEY_FILE", .path, ini: ["defaults.private_key_file"], env: ["ANSIBLE_PRIVATE_KEY_FILE"],
            .honoured),
        Setting(
            "DEFAULT_PRIVATE_ROLE_VARS", .flag, default: "false", ini: ["defaults.private_role_vars"],
            env: ["ANSIBLE_PRIVATE_ROLE_VARS"], .unhonoured(.notYet)),
        Setting(
            "DEFAULT_REMOTE_PORT", .integer, ini: ["defaults.remote_port"], env: ["ANSIBLE_REMOTE_PORT"], .honoured),
        Setting("DEFAULT_REMOTE_USER", .text, ini: ["defaults.remote_user"], env: ["ANSIBLE_REMOTE_USER"], .honoured),
        Setting(
            "DEFAULT_ROLES_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/roles:/usr/share/ansible/roles:/etc/ansible/roles", ini: ["defaults.roles_path"],
            env: ["ANSIBLE_ROLES_PATH"], .honoured),
        Setting(
            "DEFAULT_SELINUX_SPECIAL_FS", .list, default: "fuse,nfs,vboxsf,ramfs,9p,vfat",
            ini: ["selinux.special_context_filesystems"], env: ["ANSIBLE_SELINUX_SPECIAL_FS"], .honoured),
        Setting(
            "DEFAULT_STDOUT_CALLBACK", .text, default: "default", ini: ["defaults.stdout_callback"],
            env: ["ANSIBLE_STDOUT_CALLBACK"],
            .partly(
                "default, minimal and oneline look as they do there; yaml, debug, json and jsonl are shapes of our own")
        ),
        Setting(
            "DEFAULT_STRATEGY", .text, default: "linear", ini: ["defaults.strategy"], env: ["ANSIBLE_STRATEGY"],
            .honoured),
        Setting(
            "DEFAULT_STRATEGY_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/strategy:/usr/share/ansible/plugins/strategy",
            ini: ["defaults.strategy_plugins"], env: ["ANSIBLE_STRATEGY_PLUGINS"], .unhonoured(.plugins)),
        Setting("DEFAULT_SU", .flag, default: "false", ini: ["defaults.su"], env: ["ANSIBLE_SU"], .unhonoured(.notYet)),
        Setting(
            "DEFAULT_SYSLOG_FACILITY", .text, default: "LOG_USER", ini: ["defaults.syslog_facility"],
            env: ["ANSIBLE_SYSLOG_FACILITY"], .honoured),
        Setting(
            "DEFAULT_TERMINAL_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/terminal:/usr/share/ansible/plugins/terminal",
            ini: ["defaults.terminal_plugins"], env: ["ANSIBLE_TERMINAL_PLUGINS"], .moot(.network)),
        Setting(
            "DEFAULT_TEST_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/test:/usr/share/ansible/plugins/test", ini: ["defaults.test_plugins"],
            env: ["ANSIBLE_TEST_PLUGINS"], .unhonoured(.plugins)),
        Setting(
            "DEFAULT_TIMEOUT", .integer, default: "10", ini: ["defaults.timeout"], env: ["ANSIBLE_TIMEOUT"], .honoured),
        Setting(
            "DEFAULT_TRANSPORT", .text, default: "ssh", ini: ["defaults.transport"], env: ["ANSIBLE_TRANSPORT"],
            .partly("ssh and its kin, local, docker, podman and chroot")),
        Setting(
            "DEFAULT_UNDEFINED_VAR_BEHAVIOR", .flag, default: "true", ini: ["defaults.error_on_undefined_vars"],
            env: ["ANSIBLE_ERROR_ON_UNDEFINED_VARS"], .moot(.always)),
        Setting(
            "DEFAULT_VARS_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/vars:/usr/share/ansible/plugins/vars", ini: ["defaults.vars_plugins"],
            env: ["ANSIBLE_VARS_PLUGINS"], .unhonoured(.plugins)),
        Setting(
            "DEFAULT_VAULT_ENCRYPT_IDENTITY", .text, ini: ["defaults.vault_encrypt_identity"],
            env: ["ANSIBLE_VAULT_ENCRYPT_IDENTITY"], .honoured),
        Setting(
            "DEFAULT_VAULT_IDENTITY", .text, default: "default", ini: ["defaults.vault_identity"],
            env: ["ANSIBLE_VAULT_IDENTITY"], .honoured),
        Setting(
            "DEFAULT_VAULT_IDENTITY_LIST", .list, default: "", ini: ["defaults.vault_identity_list"],
            env: ["ANSIBLE_VAULT_IDENTITY_LIST"], .honoured),
        Setting(
            "DEFAULT_VAULT_ID_MATCH", .raw, default: "false", ini: ["defaults.vault_id_match"],
            env: ["ANSIBLE_VAULT_ID_MATCH"], .honoured),
        Setting(
            "DEFAULT_VAULT_PASSWORD_FILE", .path, ini: ["defaults.vault_password_file"],
            env: ["ANSIBLE_VAULT_PASSWORD_FILE"], .honoured),
        Setting(
            "DEFAULT_VERBOSITY", .integer, default: "0", ini: ["defaults.verbosity"], env: ["ANSIBLE_VERBOSITY"],
            .honoured),
    ]
}
