extension SettingsTable {
    /// Settings of the plugins whose work is done here.
    static let pluginSettings: [Setting] = [
        Setting(
            "control_path", of: "connection/ssh", .text, ini: ["ssh_connection.control_path"],
            env: ["ANSIBLE_SSH_CONTROL_PATH"], .moot(.noPrograms)),
        Setting(
            "control_path_dir", of: "connection/ssh", .text, default: "~/.ansible/cp",
            ini: ["ssh_connection.control_path_dir"], env: ["ANSIBLE_SSH_CONTROL_PATH_DIR"], .moot(.noPrograms)),
        Setting(
            "host_key_checking", of: "connection/ssh", .flag, default: "true",
            ini: ["defaults.host_key_checking", "ssh_connection.host_key_checking"],
            env: ["ANSIBLE_HOST_KEY_CHECKING", "ANSIBLE_SSH_HOST_KEY_CHECKING"], .honoured),
        Setting(
            "password_mechanism", of: "connection/ssh", .text, default: "ssh_askpass",
            ini: ["ssh_connection.password_mechanism"], env: ["ANSIBLE_SSH_PASSWORD_MECHANISM"],
            choices: ["ssh_askpass", "sshpass", "disable"], .moot(.noPrograms)),
        Setting(
            "pipelining", of: "connection/ssh", .flag, default: "false",
            ini: ["defaults.pipelining", "connection.pipelining", "ssh_connection.pipelining"],
            env: ["ANSIBLE_PIPELINING", "ANSIBLE_SSH_PIPELINING"], .moot(.noPrograms)),
        Setting(
            "pkcs11_provider", of: "connection/ssh", .text, default: "", ini: ["ssh_connection.pkcs11_provider"],
            env: ["ANSIBLE_PKCS11_PROVIDER"], .unhonoured(.notYet)),
        Setting(
            "port", of: "connection/ssh", .integer, ini: ["defaults.remote_port"], env: ["ANSIBLE_REMOTE_PORT"],
            .honoured),
        Setting("private_key", of: "connection/ssh", .text, env: ["ANSIBLE_PRIVATE_KEY"], .unhonoured(.notYet)),
        Setting(
            "private_key_file", of: "connection/ssh", .text, ini: ["defaults.private_key_file"],
            env: ["ANSIBLE_PRIVATE_KEY_FILE"], .honoured),
        Setting(
            "private_key_passphrase", of: "connection/ssh", .text, env: ["ANSIBLE_PRIVATE_KEY_PASSPHRASE"],
            .honoured),
        Setting(
            "reconnection_retries", of: "connection/ssh", .integer, default: "0",
            ini: ["connection.retries", "ssh_connection.retries"], env: ["ANSIBLE_SSH_RETRIES"], .honoured),
        Setting(
            "remote_user", of: "connection/ssh", .text, ini: ["defaults.remote_user"], env: ["ANSIBLE_REMOTE_USER"],
            .honoured),
        Setting(
            "scp_executable", of: "connection/ssh", .text, default: "scp", ini: ["ssh_connection.scp_executable"],
            env: ["ANSIBLE_SCP_EXECUTABLE"], .moot(.noPrograms)),
        Setting(
            "scp_extra_args", of: "connection/ssh", .text, default: "", ini: ["ssh_connection.scp_extra_args"],
            env: ["ANSIBLE_SCP_EXTRA_ARGS"], .moot(.noPrograms)),
        Setting(
            "sftp_batch_mode", of: "connection/ssh", .flag, default: "true", ini: ["ssh_connection.sftp_batch_mode"],
            env: ["ANSIBLE_SFTP_BATCH_MODE"], .moot(.noPrograms)),
        Setting(
            "sftp_executable", of: "connection/ssh", .text, default: "sftp", ini: ["ssh_connection.sftp_executable"],
            env: ["ANSIBLE_SFTP_EXECUTABLE"], .moot(.noPrograms)),
        Setting(
            "sftp_extra_args", of: "connection/ssh", .text, default: "", ini: ["ssh_connection.sftp_extra_args"],
            env: ["ANSIBLE_SFTP_EXTRA_ARGS"], .moot(.noPrograms)),
        Setting(
            "ssh_args", of: "connection/ssh", .text, default: "-C -o ControlMaster=auto -o ControlPersist=60s",
            ini: ["ssh_connection.ssh_args"], env: ["ANSIBLE_SSH_ARGS"], .honoured),
        Setting(
            "ssh_common_args", of: "connection/ssh", .text, default: "", ini: ["ssh_connection.ssh_common_args"],
            env: ["ANSIBLE_SSH_COMMON_ARGS"], .honoured),
        Setting(
            "ssh_executable", of: "connection/ssh", .text, default: "ssh", ini: ["ssh_connection.ssh_executable"],
            env: ["ANSIBLE_SSH_EXECUTABLE"], .moot(.noPrograms)),
        Setting(
            "ssh_extra_args", of: "connection/ssh", .text, default: "", ini: ["ssh_connection.ssh_extra_args"],
            env: ["ANSIBLE_SSH_EXTRA_ARGS"], .honoured),
        Setting(
            "ssh_transfer_method", of: "connection/ssh", .text, default: "smart",
            ini: ["ssh_connection.transfer_method"], env: ["ANSIBLE_SSH_TRANSFER_METHOD"],
            choices: ["piped", "scp", "sftp", "smart"], .moot(.noPrograms)),
        Setting(
            "sshpass_prompt", of: "connection/ssh", .text, default: "", ini: ["ssh_connection.sshpass_prompt"],
            env: ["ANSIBLE_SSHPASS_PROMPT"], .moot(.noPrograms)),
        Setting(
            "timeout", of: "connection/ssh", .integer, default: "10",
            ini: ["defaults.timeout", "ssh_connection.timeout"], env: ["ANSIBLE_TIMEOUT", "ANSIBLE_SSH_TIMEOUT"],
            .honoured),
        Setting(
            "use_tty", of: "connection/ssh", .flag, default: "true", ini: ["ssh_connection.usetty"],
            env: ["ANSIBLE_SSH_USETTY"], .moot(.noPrograms)),
        Setting(
            "verbosity", of: "connection/ssh", .integer, default: "0", ini: ["ssh_connection.verbosity"],
            env: ["ANSIBLE_SSH_VERBOSITY"], .moot(.noPrograms)),
        Setting(
            "_prefix", of: "cache/jsonfile", .text, ini: ["defaults.fact_caching_prefix"],
            env: ["ANSIBLE_CACHE_PLUGIN_PREFIX"], .honoured),
        Setting(
            "_timeout", of: "cache/jsonfile", .integer, default: "86400", ini: ["defaults.fact_caching_timeout"],
            env: ["ANSIBLE_CACHE_PLUGIN_TIMEOUT"], .honoured),
        Setting(
            "_uri", of: "cache/jsonfile", .path, ini: ["defaults.fact_caching_connection"],
            env: ["ANSIBLE_CACHE_PLUGIN_CONNECTION"], .honoured),
        Setting(
            "check_mode_markers", of: "callback/default", .flag, default: "false", ini: ["defaults.check_mode_markers"],
            env: ["ANSIBLE_CHECK_MODE_MARKERS"], .moot(.dryRun)),
        Setting(
            "display_failed_stderr", of: "callback/default", .flag, default: "false",
            ini: ["defaults.display_failed_stderr"], env: ["ANSIBLE_DISPLAY_FAILED_STDERR"], .honoured),
        Setting(
            "display_ok_hosts", of: "callback/default", .flag, default: "true", ini: ["defaults.display_ok_hosts"],
            env: ["ANSIBLE_DISPLAY_OK_HOSTS"], .honoured),
        Setting(
            "display_skipped_hosts", of: "callback/default", .flag, default: "true",
            ini: ["defaults.display_skipped_hosts"], env: ["ANSIBLE_DISPLAY_SKIPPED_HOSTS"], .honoured),
        Setting(
            "pretty_results", of: "callback/default", .flag, ini: ["defaults.callback_format_pretty"],
            env: ["ANSIBLE_CALLBACK_FORMAT_PRETTY"], .honoured),
        Setting(
            "result_format", of: "callback/default", .text, default: "json", ini: ["defaults.callback_result_format"],
            env: ["ANSIBLE_CALLBACK_RESULT_FORMAT"], choices: ["json", "yaml"], .honoured),
        Setting(
            "show_custom_stats", of: "callback/default", .flag, default: "false", ini: ["defaults.show_custom_stats"],
            env: ["ANSIBLE_SHOW_CUSTOM_STATS"], .honoured),
        Setting(
            "show_per_host_start", of: "callback/default", .flag, default: "false",
            ini: ["defaults.show_per_host_start"], env: ["ANSIBLE_SHOW_PER_HOST_START"], .unhonoured(.notYet)),
        Setting(
            "show_task_path_on_failure", of: "callback/default", .flag, default: "false",
            ini: ["defaults.show_task_path_on_failure"], env: ["ANSIBLE_SHOW_TASK_PATH_ON_FAILURE"], .honoured),
        Setting(
            "yaml_extensions", of: "inventory/yaml", .list, default: ".yaml,.yml,.json",
            ini: ["defaults.yaml_valid_extensions", "inventory_plugin_yaml.yaml_valid_extensions"],
            env: ["ANSIBLE_YAML_FILENAME_EXT", "ANSIBLE_INVENTORY_PLUGIN_EXTS"], .honoured),
        Setting(
            "always_show_stderr", of: "inventory/script", .flag, default: "true",
            ini: ["inventory_plugin_script.always_show_stderr"], env: ["ANSIBLE_INVENTORY_PLUGIN_SCRIPT_STDERR"],
            .honoured),
        Setting(
            "use_extra_vars", of: "inventory/constructed", .flag, default: "false",
            ini: ["inventory_plugins.use_extra_vars"], env: ["ANSIBLE_INVENTORY_USE_EXTRA_VARS"], .honoured),
        Setting(
            "_valid_extensions", of: "vars/host_group_vars", .list, default: ".yml,.yaml,.json",
            ini: ["defaults.yaml_valid_extensions"], env: ["ANSIBLE_YAML_FILENAME_EXT"], .honoured),
        Setting(
            "stage", of: "vars/host_group_vars", .text, ini: ["vars_host_group_vars.stage"],
            env: ["ANSIBLE_VARS_PLUGIN_STAGE"], choices: ["all", "task", "inventory"], .moot(.python)),
        Setting(
            "become_exe", of: "become/sudo", .text, default: "sudo",
            ini: ["privilege_escalation.become_exe", "sudo_become_plugin.executable"],
            env: ["ANSIBLE_BECOME_EXE", "ANSIBLE_SUDO_EXE"], .honoured),
        Setting(
            "become_flags", of: "become/sudo", .text, default: "-H -S -n",
            ini: ["privilege_escalation.become_flags", "sudo_become_plugin.flags"],
            env: ["ANSIBLE_BECOME_FLAGS", "ANSIBLE_SUDO_FLAGS"], .honoured),
        Setting(
            "become_pass", of: "become/sudo", .text, ini: ["sudo_become_plugin.password"],
            env: ["ANSIBLE_BECOME_PASS", "ANSIBLE_SUDO_PASS"], .honoured),
        Setting(
            "become_user", of: "become/sudo", .text, default: "root",
            ini: ["privilege_escalation.become_user", "sudo_become_plugin.user"],
            env: ["ANSIBLE_BECOME_USER", "ANSIBLE_SUDO_USER"], .honoured),
        Setting(
            "sudo_chdir", of: "become/sudo", .text, ini: ["sudo_become_plugin.chdir"], env: ["ANSIBLE_SUDO_CHDIR"],
            .unhonoured(.notYet)),
        Setting(
            "become_exe", of: "become/su", .text, default: "su",
            ini: ["privilege_escalation.become_exe", "su_become_plugin.executable"],
            env: ["ANSIBLE_BECOME_EXE", "ANSIBLE_SU_EXE"], .honoured),
        Setting(
            "become_flags", of: "become/su", .text, default: "",
            ini: ["privilege_escalation.become_flags", "su_become_plugin.flags"],
            env: ["ANSIBLE_BECOME_FLAGS", "ANSIBLE_SU_FLAGS"], .honoured),
        Setting(
            "become_pass", of: "become/su", .text, ini: ["su_become_plugin.password"],
            env: ["ANSIBLE_BECOME_PASS", "ANSIBLE_SU_PASS"], .honoured),
        Setting(
            "become_user", of: "become/su", .text, default: "root",
            ini: ["privilege_escalation.become_user", "su_become_plugin.user"],
            env: ["ANSIBLE_BECOME_USER", "ANSIBLE_SU_USER"], .honoured),
        Setting(
            "prompt_l10n", of: "become/su", .list, default: "", ini: ["su_become_plugin.localized_prompts"],
            env: ["ANSIBLE_SU_PROMPT_L10N"], .unhonoured(.notYet)),
        Setting(
            "url", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.url"],
            env: ["ANSIBLE_HASHI_VAULT_ADDR"], .honoured),
        Setting(
            "proxies", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.proxies"],
            env: ["ANSIBLE_HASHI_VAULT_PROXIES"], .honoured),
        Setting(
            "ca_cert", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.ca_cert"],
            env: ["ANSIBLE_HASHI_VAULT_CA_CERT"], .honoured),
        Setting(
            "namespace", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.namespace"],
            env: ["ANSIBLE_HASHI_VAULT_NAMESPACE"], .honoured),
        Setting(
            "timeout", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.timeout"],
            env: ["ANSIBLE_HASHI_VAULT_TIMEOUT"], .honoured),
        Setting(
            "retries", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.retries"],
            env: ["ANSIBLE_HASHI_VAULT_RETRIES"], .honoured),
        Setting(
            "retry_action", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.retry_action"],
            env: ["ANSIBLE_HASHI_VAULT_RETRY_ACTION"], .honoured),
        Setting(
            "auth_method", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.auth_method"],
            env: ["ANSIBLE_HASHI_VAULT_AUTH_METHOD"], .honoured),
        Setting(
            "mount_point", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.mount_point"],
            env: ["ANSIBLE_HASHI_VAULT_MOUNT_POINT"], .honoured),
        Setting(
            "token_path", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.token_path"],
            env: ["ANSIBLE_HASHI_VAULT_TOKEN_PATH"], .honoured),
        Setting(
            "token_file", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.token_file"],
            env: ["ANSIBLE_HASHI_VAULT_TOKEN_FILE"], .honoured),
        Setting(
            "token_validate", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.token_validate"],
            env: ["ANSIBLE_HASHI_VAULT_TOKEN_VALIDATE"], .honoured),
        Setting(
            "role_id", of: "lookup/hashi_vault", .text, ini: ["hashi_vault_collection.role_id"],
            env: ["ANSIBLE_HASHI_VAULT_ROLE_ID"], .honoured),
        Setting(
            "cert_auth_public_key", of: "lookup/hashi_vault", .text,
            ini: ["hashi_vault_collection.cert_auth_public_key"], env: ["ANSIBLE_HASHI_VAULT_CERT_AUTH_PUBLIC_KEY"],
            .honoured),
        Setting(
            "cert_auth_private_key", of: "lookup/hashi_vault", .text,
            ini: ["hashi_vault_collection.cert_auth_private_key"], env: ["ANSIBLE_HASHI_VAULT_CERT_AUTH_PRIVATE_KEY"],
            .honoured),
    ]
}
