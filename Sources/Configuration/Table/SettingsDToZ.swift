extension SettingsTable {
    /// Settings from D to I.
    static let middleSettings: [Setting] = [
        Setting(
            "DEPRECATION_WARNINGS", .flag, default: "true", ini: ["defaults.deprecation_warnings"],
            env: ["ANSIBLE_DEPRECATION_WARNINGS"], .moot(.warnings)),
        Setting(
            "DEVEL_WARNING", .flag, default: "true", ini: ["defaults.devel_warning"], env: ["ANSIBLE_DEVEL_WARNING"],
            .moot(.warnings)),
        Setting("DIFF_ALWAYS", .flag, default: "false", ini: ["diff.always"], env: ["ANSIBLE_DIFF_ALWAYS"], .honoured),
        Setting(
            "DIFF_CONTEXT", .integer, default: "3", ini: ["diff.context"], env: ["ANSIBLE_DIFF_CONTEXT"], .honoured),
        Setting(
            "DISPLAY_ARGS_TO_STDOUT", .flag, default: "false", ini: ["defaults.display_args_to_stdout"],
            env: ["ANSIBLE_DISPLAY_ARGS_TO_STDOUT"], .unhonoured(.notYet)),
        Setting(
            "DISPLAY_SKIPPED_HOSTS", .flag, default: "true", ini: ["defaults.display_skipped_hosts"],
            env: ["ANSIBLE_DISPLAY_SKIPPED_HOSTS"], .honoured),
        Setting(
            "DISPLAY_TRACEBACK", .list, default: "never", ini: ["defaults.display_traceback"],
            env: ["ANSIBLE_DISPLAY_TRACEBACK"],
            choices: ["error", "warning", "deprecated", "deprecated_value", "always", "never"], .moot(.python)),
        Setting(
            "DOCSITE_ROOT_URL", .text, default: "https://docs.ansible.com/ansible-core/",
            ini: ["defaults.docsite_root_url"], .moot(.warnings)),
        Setting(
            "DOC_FRAGMENT_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/doc_fragments:/usr/share/ansible/plugins/doc_fragments",
            ini: ["defaults.doc_fragment_plugins"], env: ["ANSIBLE_DOC_FRAGMENT_PLUGINS"], .unhonoured(.plugins)),
        Setting(
            "DUPLICATE_YAML_DICT_KEY", .text, default: "warn", ini: ["defaults.duplicate_dict_key"],
            env: ["ANSIBLE_DUPLICATE_YAML_DICT_KEY"], choices: ["error", "ignore", "warn"], .honoured),
        Setting(
            "EDITOR", .text, default: "vi", ini: ["defaults.editor"], env: ["ANSIBLE_EDITOR", "EDITOR"],
            .honoured),
        Setting(
            "ENABLE_TASK_DEBUGGER", .flag, default: "false", ini: ["defaults.enable_task_debugger"],
            env: ["ANSIBLE_ENABLE_TASK_DEBUGGER"], .unhonoured(.notYet)),
        Setting(
            "ERROR_ON_MISSING_HANDLER", .flag, default: "true", ini: ["defaults.error_on_missing_handler"],
            env: ["ANSIBLE_ERROR_ON_MISSING_HANDLER"], .honoured),
        Setting(
            "FACTS_MODULES", .list, default: "smart", ini: ["defaults.facts_modules"], env: ["ANSIBLE_FACTS_MODULES"],
            .moot(.python)),
        Setting(
            "HOST_KEY_CHECKING", .flag, default: "true", ini: ["defaults.host_key_checking"],
            env: ["ANSIBLE_HOST_KEY_CHECKING"], .honoured),
        Setting(
            "HOST_PATTERN_MISMATCH", .text, default: "warning", ini: ["inventory.host_pattern_mismatch"],
            env: ["ANSIBLE_HOST_PATTERN_MISMATCH"], choices: ["error", "ignore", "warning"], .honoured),
        Setting(
            "INJECT_FACTS_AS_VARS", .flag, default: "true", ini: ["defaults.inject_facts_as_vars"],
            env: ["ANSIBLE_INJECT_FACT_VARS"], .honoured),
        Setting(
            "INTERPRETER_PYTHON", .text, default: "auto", ini: ["defaults.interpreter_python"],
            env: ["ANSIBLE_PYTHON_INTERPRETER"], .honoured),
        Setting(
            "INTERPRETER_PYTHON_FALLBACK", .list,
            default: "python3.13,python3.12,python3.11,python3.10,python3.9,python3.8,/usr/bin/python3,python3",
            .honoured),
        Setting(
            "INVALID_TASK_ATTRIBUTE_FAILED", .flag, default: "true", ini: ["defaults.invalid_task_attribute_failed"],
            env: ["ANSIBLE_INVALID_TASK_ATTRIBUTE_FAILED"], .moot(.always)),
        Setting(
            "INVENTORY_ANY_UNPARSED_IS_FAILED", .flag, default: "false", ini: ["inventory.any_unparsed_is_failed"],
            env: ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"], .moot(.strictInventory)),
        Setting(
            "INVENTORY_ENABLED", .list, default: "host_list,script,auto,yaml,ini,toml",
            ini: ["inventory.enable_plugins"], env: ["ANSIBLE_INVENTORY_ENABLED"],
            .partly("host_list, advanced_host_list, script, auto, yaml, ini, constructed, generator; toml is refused")),
        Setting(
            "INVENTORY_EXPORT", .flag, default: "false", ini: ["inventory.export"], env: ["ANSIBLE_INVENTORY_EXPORT"],
            .honoured),
        Setting(
            "INVENTORY_IGNORE_EXTS", .list, default: ".pyc,.pyo,.swp,.bak,~,.rpm,.md,.txt,.rst,.orig,.cfg,.retry",
            ini: ["defaults.inventory_ignore_extensions", "inventory.ignore_extensions"],
            env: ["ANSIBLE_INVENTORY_IGNORE"], .honoured),
        Setting(
            "INVENTORY_IGNORE_PATTERNS", .list, default: "",
            ini: ["defaults.inventory_ignore_patterns", "inventory.ignore_patterns"],
            env: ["ANSIBLE_INVENTORY_IGNORE_REGEX"], .honoured),
        Setting(
            "INVENTORY_UNPARSED_IS_FAILED", .flag, default: "false", ini: ["inventory.unparsed_is_failed"],
            env: ["ANSIBLE_INVENTORY_UNPARSED_FAILED"], .moot(.strictInventory)),
        Setting(
            "INVENTORY_UNPARSED_WARNING", .flag, default: "true", ini: ["inventory.inventory_unparsed_warning"],
            env: ["ANSIBLE_INVENTORY_UNPARSED_WARNING"], .moot(.strictInventory)),
    ]

    /// Settings of ansible-galaxy.
    static let galaxySettings: [Setting] = [
        Setting(
            "GALAXY_CACHE_DIR", .path, default: "{{ANSIBLE_HOME}}/galaxy_cache", ini: ["galaxy.cache_dir"],
            env: ["ANSIBLE_GALAXY_CACHE_DIR"], .moot(.galaxy)),
        Setting(
            "GALAXY_COLLECTIONS_PATH_WARNING", .flag, default: "true", ini: ["galaxy.collections_path_warning"],
            env: ["ANSIBLE_GALAXY_COLLECTIONS_PATH_WARNING"], .moot(.galaxy)),
        Setting(
            "GALAXY_COLLECTION_IMPORT_POLL_FACTOR", .decimal, default: "1.5",
            env: ["ANSIBLE_GALAXY_COLLECTION_IMPORT_POLL_FACTOR"], .moot(.galaxy)),
        Setting(
            "GALAXY_COLLECTION_IMPORT_POLL_INTERVAL", .decimal, default: "2.0",
            env: ["ANSIBLE_GALAXY_COLLECTION_IMPORT_POLL_INTERVAL"], .moot(.galaxy)),
        Setting(
            "GALAXY_COLLECTION_SKELETON", .path, ini: ["galaxy.collection_skeleton"],
            env: ["ANSIBLE_GALAXY_COLLECTION_SKELETON"], .moot(.galaxy)),
        Setting(
            "GALAXY_COLLECTION_SKELETON_IGNORE", .list, default: "^.git$,^.*/.git_keep$",
            ini: ["galaxy.collection_skeleton_ignore"], env: ["ANSIBLE_GALAXY_COLLECTION_SKELETON_IGNORE"],
            .moot(.galaxy)),
        Setting(
            "GALAXY_DISABLE_GPG_VERIFY", .flag, default: "false", ini: ["galaxy.disable_gpg_verify"],
            env: ["ANSIBLE_GALAXY_DISABLE_GPG_VERIFY"], .moot(.galaxy)),
        Setting(
            "GALAXY_DISPLAY_PROGRESS", .flag, ini: ["galaxy.display_progress"],
            env: ["ANSIBLE_GALAXY_DISPLAY_PROGRESS"], .moot(.galaxy)),
        Setting(
            "GALAXY_GPG_KEYRING", .path, ini: ["galaxy.gpg_keyring"], env: ["ANSIBLE_GALAXY_GPG_KEYRING"],
            .moot(.galaxy)),
        Setting(
            "GALAXY_IGNORE_CERTS", .flag, ini: ["galaxy.ignore_certs"], env: ["ANSIBLE_GALAXY_IGNORE"], .moot(.galaxy)),
        Setting(
            "GALAXY_IGNORE_INVALID_SIGNATURE_STATUS_CODES", .list, ini: ["galaxy.ignore_signature_status_codes"],
            env: ["ANSIBLE_GALAXY_IGNORE_SIGNATURE_STATUS_CODES"],
            choices: [
                "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "ERRSIG", "NO_PUBKEY", "MISSING_PASSPHRASE",
                "BAD_PASSPHRASE", "NODATA", "UNEXPECTED", "ERROR", "FAILURE", "BADARMOR", "KEYEXPIRED", "KEYREVOKED",
                "NO_SECKEY",
            ], .moot(.galaxy)),
        Setting(
            "GALAXY_REQUIRED_VALID_SIGNATURE_COUNT", .text, default: "1",
            ini: ["galaxy.required_valid_signature_count"], env: ["ANSIBLE_GALAXY_REQUIRED_VALID_SIGNATURE_COUNT"],
            .moot(.galaxy)),
        Setting(
            "GALAXY_ROLE_SKELETON", .path, ini: ["galaxy.role_skeleton"], env: ["ANSIBLE_GALAXY_ROLE_SKELETON"],
            .moot(.galaxy)),
        Setting(
            "GALAXY_ROLE_SKELETON_IGNORE", .list, default: "^.git$,^.*/.git_keep$",
            ini: ["galaxy.role_skeleton_ignore"], env: ["ANSIBLE_GALAXY_ROLE_SKELETON_IGNORE"], .moot(.galaxy)),
        Setting(
            "GALAXY_SERVER", .text, default: "https://galaxy.ansible.com", ini: ["galaxy.server"],
            env: ["ANSIBLE_GALAXY_SERVER"], .moot(.galaxy)),
        Setting(
            "GALAXY_SERVER_LIST", .list, ini: ["galaxy.server_list"], env: ["ANSIBLE_GALAXY_SERVER_LIST"],
            .moot(.galaxy)),
        Setting(
            "GALAXY_SERVER_TIMEOUT", .integer, default: "60", ini: ["galaxy.server_timeout"],
            env: ["ANSIBLE_GALAXY_SERVER_TIMEOUT"], .moot(.galaxy)),
        Setting(
            "GALAXY_TOKEN_PATH", .path, default: "{{ANSIBLE_HOME}}/galaxy_token", ini: ["galaxy.token_path"],
            env: ["ANSIBLE_GALAXY_TOKEN_PATH"], .moot(.galaxy)),
    ]

    /// Settings from L on.
    static let lastSettings: [Setting] = [
        Setting(
            "LOCALHOST_WARNING", .flag, default: "true", ini: ["defaults.localhost_warning"],
            env: ["ANSIBLE_LOCALHOST_WARNING"], .moot(.warnings)),
        Setting(
            "LOG_VERBOSITY", .integer, ini: ["defaults.log_verbosity"], env: ["ANSIBLE_LOG_VERBOSITY"],
            .unhonoured(.notYet)),
        Setting(
            "MAX_FILE_SIZE_FOR_DIFF", .integer, default: "104448", ini: ["defaults.max_diff_size"],
            env: ["ANSIBLE_MAX_DIFF_SIZE"], .honoured),
        Setting(
            "MODULE_IGNORE_EXTS", .list, default: ".pyc,.pyo,.swp,.bak,~,.rpm,.md,.txt,.rst,.yaml,.yml,.ini",
            ini: ["defaults.module_ignore_exts"], env: ["ANSIBLE_MODULE_IGNORE_EXTS"], .moot(.python)),
        Setting(
            "MODULE_STRICT_UTF8_RESPONSE", .flag, default: "true", ini: ["defaults.module_strict_utf8_response"],
            env: ["ANSIBLE_MODULE_STRICT_UTF8_RESPONSE"], .moot(.python)),
        Setting(
            "NETCONF_SSH_CONFIG", .text, ini: ["netconf_connection.ssh_config"], env: ["ANSIBLE_NETCONF_SSH_CONFIG"],
            .moot(.network)),
        Setting(
            "NETWORK_GROUP_MODULES", .list,
            default:
                "eos,nxos,ios,iosxr,junos,enos,ce,vyos,sros,dellos9,dellos10,dellos6,asa,aruba,aireos,bigip,ironware,onyx,netconf,exos,voss,slxos",
            ini: ["defaults.network_group_modules"], env: ["ANSIBLE_NETWORK_GROUP_MODULES"], .moot(.network)),
        Setting(
            "OLD_PLUGIN_CACHE_CLEARING", .flag, default: "false", ini: ["defaults.old_plugin_cache_clear"],
            env: ["ANSIBLE_OLD_PLUGIN_CACHE_CLEAR"], .moot(.python)),
        Setting(
            "PAGER", .text, default: "less", ini: ["defaults.pager"], env: ["ANSIBLE_PAGER", "PAGER"], .moot(.warnings)),
        Setting(
            "PARAMIKO_HOST_KEY_AUTO_ADD", .flag, default: "false", ini: ["paramiko_connection.host_key_auto_add"],
            env: ["ANSIBLE_PARAMIKO_HOST_KEY_AUTO_ADD"], .moot(.warnings)),
        Setting(
            "PARAMIKO_LOOK_FOR_KEYS", .flag, default: "true", ini: ["paramiko_connection.look_for_keys"],
            env: ["ANSIBLE_PARAMIKO_LOOK_FOR_KEYS"], .moot(.warnings)),
        Setting(
            "PERSISTENT_COMMAND_TIMEOUT", .integer, default: "30", ini: ["persistent_connection.command_timeout"],
            env: ["ANSIBLE_PERSISTENT_COMMAND_TIMEOUT"], .moot(.network)),
        Setting(
            "PERSISTENT_CONNECT_RETRY_TIMEOUT", .integer, default: "15",
            ini: ["persistent_connection.connect_retry_timeout"], env: ["ANSIBLE_PERSISTENT_CONNECT_RETRY_TIMEOUT"],
            .moot(.network)),
        Setting(
            "PERSISTENT_CONNECT_TIMEOUT", .integer, default: "30", ini: ["persistent_connection.connect_timeout"],
            env: ["ANSIBLE_PERSISTENT_CONNECT_TIMEOUT"], .moot(.network)),
        Setting(
            "PERSISTENT_CONTROL_PATH_DIR", .path, default: "{{ANSIBLE_HOME}}/pc",
            ini: ["persistent_connection.control_path_dir"], env: ["ANSIBLE_PERSISTENT_CONTROL_PATH_DIR"],
            .moot(.network)),
        Setting("PLAYBOOK_DIR", .path, ini: ["defaults.playbook_dir"], env: ["ANSIBLE_PLAYBOOK_DIR"], .honoured),
        Setting(
            "PLAYBOOK_VARS_ROOT", .text, default: "top", ini: ["defaults.playbook_vars_root"],
            env: ["ANSIBLE_PLAYBOOK_VARS_ROOT"], choices: ["all", "bottom", "top"], .unhonoured(.notYet)),
        Setting("PLUGIN_FILTERS_CFG", .path, ini: ["defaults.plugin_filters_cfg"], .unhonoured(.plugins)),
        Setting(
            "PYTHON_MODULE_RLIMIT_NOFILE", .raw, default: "0", ini: ["defaults.python_module_rlimit_nofile"],
            env: ["ANSIBLE_PYTHON_MODULE_RLIMIT_NOFILE"], .moot(.python)),
        Setting(
            "RETRY_FILES_ENABLED", .flag, default: "false", ini: ["defaults.retry_files_enabled"],
            env: ["ANSIBLE_RETRY_FILES_ENABLED"], .honoured),
        Setting(
            "RETRY_FILES_SAVE_PATH", .path, ini: ["defaults.retry_files_save_path"],
            env: ["ANSIBLE_RETRY_FILES_SAVE_PATH"], .honoured),
        Setting(
            "RUN_VARS_PLUGINS", .text, default: "demand", ini: ["defaults.run_vars_plugins"],
            env: ["ANSIBLE_RUN_VARS_PLUGINS"], choices: ["demand", "start"], .moot(.python)),
        Setting(
            "SHOW_CUSTOM_STATS", .flag, default: "false", ini: ["defaults.show_custom_stats"],
            env: ["ANSIBLE_SHOW_CUSTOM_STATS"], .honoured),
        Setting(
            "SSH_AGENT", .text, default: "none", ini: ["connection.ssh_agent"], env: ["ANSIBLE_SSH_AGENT"],
            .unhonoured(.notYet)),
        Setting(
            "SSH_AGENT_EXECUTABLE", .text, default: "ssh-agent", ini: ["connection.ssh_agent_executable"],
            env: ["ANSIBLE_SSH_AGENT_EXECUTABLE"], .unhonoured(.notYet)),
        Setting(
            "SSH_AGENT_KEY_LIFETIME", .integer, ini: ["connection.ssh_agent_key_lifetime"],
            env: ["ANSIBLE_SSH_AGENT_KEY_LIFETIME"], .unhonoured(.notYet)),
        Setting(
            "STRING_TYPE_FILTERS", .list, default: "string,to_json,to_nice_json,to_yaml,to_nice_yaml,ppretty,json",
            ini: ["jinja2.dont_type_filters"], env: ["ANSIBLE_STRING_TYPE_FILTERS"], .moot(.always)),
        Setting(
            "SYSTEM_WARNINGS", .flag, default: "true", ini: ["defaults.system_warnings"],
            env: ["ANSIBLE_SYSTEM_WARNINGS"], .moot(.warnings)),
        Setting("TAGS_RUN", .list, default: "", ini: ["tags.run"], env: ["ANSIBLE_RUN_TAGS"], .honoured),
        Setting("TAGS_SKIP", .list, default: "", ini: ["tags.skip"], env: ["ANSIBLE_SKIP_TAGS"], .honoured),
        Setting(
            "TARGET_LOG_INFO", .text, ini: ["defaults.target_log_info"], env: ["ANSIBLE_TARGET_LOG_INFO"],
            .honoured),
        Setting(
            "TASK_DEBUGGER_IGNORE_ERRORS", .flag, default: "true", ini: ["defaults.task_debugger_ignore_errors"],
            env: ["ANSIBLE_TASK_DEBUGGER_IGNORE_ERRORS"], .unhonoured(.notYet)),
        Setting(
            "TASK_TIMEOUT", .integer, default: "0", ini: ["defaults.task_timeout"], env: ["ANSIBLE_TASK_TIMEOUT"],
            .honoured),
        Setting(
            "TRANSFORM_INVALID_GROUP_CHARS", .text, default: "never", ini: ["defaults.force_valid_group_names"],
            env: ["ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS"], choices: ["always", "ignore", "never", "silently"],
            .honoured),
        Setting(
            "USE_PERSISTENT_CONNECTIONS", .flag, default: "false", ini: ["defaults.use_persistent_connections"],
            env: ["ANSIBLE_USE_PERSISTENT_CONNECTIONS"], .moot(.network)),
        Setting(
            "VALIDATE_ACTION_GROUP_METADATA", .flag, default: "true", ini: ["defaults.validate_action_group_metadata"],
            env: ["ANSIBLE_VALIDATE_ACTION_GROUP_METADATA"], .moot(.python)),
        Setting(
            "VARIABLE_PLUGINS_ENABLED", .list, default: "host_group_vars", ini: ["defaults.vars_plugins_enabled"],
            env: ["ANSIBLE_VARS_ENABLED"], .honoured),
        Setting(
            "VARIABLE_PRECEDENCE", .list,
            default:
                "all_inventory,groups_inventory,all_plugins_inventory,all_plugins_play,groups_plugins_inventory,groups_plugins_play",
            ini: ["defaults.precedence"], env: ["ANSIBLE_PRECEDENCE"], .unhonoured(.notYet)),
        Setting(
            "VAULT_ENCRYPT_SALT", .text, ini: ["defaults.vault_encrypt_salt"], env: ["ANSIBLE_VAULT_ENCRYPT_SALT"],
            .honoured),
        Setting(
            "VERBOSE_TO_STDERR", .flag, default: "false", ini: ["defaults.verbose_to_stderr"],
            env: ["ANSIBLE_VERBOSE_TO_STDERR"], .unhonoured(.notYet)),
        Setting(
            "WIN_ASYNC_STARTUP_TIMEOUT", .integer, default: "5", ini: ["defaults.win_async_startup_timeout"],
            env: ["ANSIBLE_WIN_ASYNC_STARTUP_TIMEOUT"], .moot(.python)),
        Setting(
            "WORKER_SHUTDOWN_POLL_COUNT", .integer, default: "0", env: ["ANSIBLE_WORKER_SHUTDOWN_POLL_COUNT"],
            .moot(.python)),
        Setting(
            "WORKER_SHUTDOWN_POLL_DELAY", .decimal, default: "0.1", env: ["ANSIBLE_WORKER_SHUTDOWN_POLL_DELAY"],
            .moot(.python)),
        Setting(
            "YAML_FILENAME_EXTENSIONS", .list, default: ".yml,.yaml,.json", ini: ["defaults.yaml_valid_extensions"],
            env: ["ANSIBLE_YAML_FILENAME_EXT"], .honoured),
        Setting("_ANSIBALLZ_COVERAGE_CONFIG", .text, env: ["_ANSIBLE_ANSIBALLZ_COVERAGE_CONFIG"], .moot(.developers)),
        Setting("_ANSIBALLZ_DEBUGPY_CONFIG", .text, env: ["_ANSIBLE_ANSIBALLZ_DEBUGPY_CONFIG"], .moot(.developers)),
        Setting("_ANSIBALLZ_PYDEVD_CONFIG", .text, env: ["_ANSIBLE_ANSIBALLZ_PYDEVD_CONFIG"], .moot(.developers)),
        Setting("_ANSIBLE_CONNECTION_PATH", .path, env: ["_ANSIBLE_CONNECTION_PATH"], .moot(.network)),
        Setting(
            "_CALLBACK_DISPATCH_ERROR_BEHAVIOR", .raw, default: "warning",
            env: ["_ANSIBLE_CALLBACK_DISPATCH_ERROR_BEHAVIOR"], choices: ["error", "ignore", "warning"],
            .moot(.developers)),
        Setting("_MODULE_METADATA", .flag, default: "false", env: ["_ANSIBLE_MODULE_METADATA"], .moot(.developers)),
        Setting(
            "_TEMPLAR_SANDBOX_MODE", .raw, default: "default", env: ["_ANSIBLE_TEMPLAR_SANDBOX_MODE"],
            choices: ["default", "allow_unsafe_attributes"], .moot(.developers)),
        Setting(
            "_TEMPLAR_UNKNOWN_TYPE_CONVERSION", .raw, default: "warning",
            env: ["_ANSIBLE_TEMPLAR_UNKNOWN_TYPE_CONVERSION"], choices: ["error", "ignore", "warning"],
            .moot(.developers)),
        Setting(
            "_TEMPLAR_UNKNOWN_TYPE_ENCOUNTERED", .raw, default: "ignore",
            env: ["_ANSIBLE_TEMPLAR_UNKNOWN_TYPE_ENCOUNTERED"], choices: ["error", "ignore", "warning"],
            .moot(.developers)),
        Setting(
            "_TEMPLAR_UNTRUSTED_TEMPLATE_BEHAVIOR", .raw, default: "ignore",
            env: ["_ANSIBLE_TEMPLAR_UNTRUSTED_TEMPLATE_BEHAVIOR"], choices: ["error", "ignore", "warning"],
            .moot(.developers)),
    ]
}
