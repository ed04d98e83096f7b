extension SettingsTable {
    /// Settings from A to B.
    static let firstSettings: [Setting] = [
        Setting(
            "ACTION_WARNINGS", .flag, default: "true", ini: ["defaults.action_warnings"],
            env: ["ANSIBLE_ACTION_WARNINGS"], .moot(.warnings)),
        Setting(
            "AGNOSTIC_BECOME_PROMPT", .flag, default: "true", ini: ["privilege_escalation.agnostic_become_prompt"],
            env: ["ANSIBLE_AGNOSTIC_BECOME_PROMPT"], .moot(.always)),
        Setting(
            "ALLOW_BROKEN_CONDITIONALS", .flag, default: "false", ini: ["defaults.allow_broken_conditionals"],
            env: ["ANSIBLE_ALLOW_BROKEN_CONDITIONALS"], .unhonoured(.notYet)),
        Setting(
            "ALLOW_EMBEDDED_TEMPLATES", .flag, default: "true", ini: ["defaults.allow_embedded_templates"],
            env: ["ANSIBLE_ALLOW_EMBEDDED_TEMPLATES"], .moot(.always)),
        Setting(
            "ANSIBLE_CONNECTION_PATH", .path, ini: ["persistent_connection.ansible_connection_path"],
            env: ["ANSIBLE_CONNECTION_PATH"], .moot(.network)),
        Setting(
            "ANSIBLE_COW_ACCEPTLIST", .list,
            default:
                "bud-frogs,bunny,cheese,daemon,default,dragon,elephant-in-snake,elephant,eyes,hellokitty,kitty,luke-koala,meow,milk,moofasa,moose,ren,sheep,small,stegosaurus,stimpy,supermilker,three-eyes,turkey,turtle,tux,udder,vader-koala,vader,www",
            ini: ["defaults.cowsay_enabled_stencils"], env: ["ANSIBLE_COW_ACCEPTLIST"], .moot(.cows)),
        Setting("ANSIBLE_COW_PATH", .text, ini: ["defaults.cowpath"], env: ["ANSIBLE_COW_PATH"], .moot(.cows)),
        Setting(
            "ANSIBLE_COW_SELECTION", .text, default: "default", ini: ["defaults.cow_selection"],
            env: ["ANSIBLE_COW_SELECTION"], .moot(.cows)),
        Setting(
            "ANSIBLE_FORCE_COLOR", .flag, default: "false", ini: ["defaults.force_color"], env: ["ANSIBLE_FORCE_COLOR"],
            .honoured),
        Setting("ANSIBLE_HOME", .path, default: "~/.ansible", ini: ["defaults.home"], env: ["ANSIBLE_HOME"], .honoured),
        Setting(
            "ANSIBLE_NOCOLOR", .flag, default: "false", ini: ["defaults.nocolor"],
            env: ["ANSIBLE_NOCOLOR", "NO_COLOR"], .honoured),
        Setting(
            "ANSIBLE_NOCOWS", .flag, default: "false", ini: ["defaults.nocows"], env: ["ANSIBLE_NOCOWS"], .moot(.cows)),
        Setting(
            "ANSIBLE_PIPELINING", .flag, default: "false", ini: ["defaults.pipelining", "connection.pipelining"],
            env: ["ANSIBLE_PIPELINING"], .moot(.pipelining)),
        Setting(
            "ANY_ERRORS_FATAL", .flag, default: "false", ini: ["defaults.any_errors_fatal"],
            env: ["ANSIBLE_ANY_ERRORS_FATAL"], .honoured),
        Setting(
            "BECOME_ALLOW_SAME_USER", .flag, default: "false", ini: ["privilege_escalation.become_allow_same_user"],
            env: ["ANSIBLE_BECOME_ALLOW_SAME_USER"], .moot(.always)),
        Setting(
            "BECOME_PASSWORD_FILE", .path, ini: ["defaults.become_password_file"],
            env: ["ANSIBLE_BECOME_PASSWORD_FILE"], .honoured),
        Setting(
            "BECOME_PLUGIN_PATH", .pathSpec,
            default: "{{ANSIBLE_HOME}}/plugins/become:/usr/share/ansible/plugins/become",
            ini: ["defaults.become_plugins"], env: ["ANSIBLE_BECOME_PLUGINS"], .unhonoured(.plugins)),
    ]

    /// Settings with C: collections, colours and so on.
    static let colorSettings: [Setting] = [
        Setting(
            "CACHE_PLUGIN", .text, default: "memory", ini: ["defaults.fact_caching"], env: ["ANSIBLE_CACHE_PLUGIN"],
            .honoured),
        Setting(
            "CACHE_PLUGIN_CONNECTION", .text, ini: ["defaults.fact_caching_connection"],
            env: ["ANSIBLE_CACHE_PLUGIN_CONNECTION"], .honoured),
        Setting(
            "CACHE_PLUGIN_PREFIX", .text, default: "ansible_facts", ini: ["defaults.fact_caching_prefix"],
            env: ["ANSIBLE_CACHE_PLUGIN_PREFIX"], .honoured),
        Setting(
            "CACHE_PLUGIN_TIMEOUT", .integer, default: "86400", ini: ["defaults.fact_caching_timeout"],
            env: ["ANSIBLE_CACHE_PLUGIN_TIMEOUT"], .honoured),
        Setting(
            "CALLBACKS_ENABLED", .list, default: "", ini: ["defaults.callbacks_enabled"],
            env: ["ANSIBLE_CALLBACKS_ENABLED"], .unhonoured(.plugins)),
        Setting(
            "COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH", .text, default: "warning",
            ini: ["defaults.collections_on_ansible_version_mismatch"],
            env: ["ANSIBLE_COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH"], choices: ["error", "ignore", "warning"],
            .moot(.python)),
        Setting(
            "COLLECTIONS_PATHS", .pathSpec, default: "{{ANSIBLE_HOME}}/collections:/usr/share/ansible/collections",
            ini: ["defaults.collections_path"], env: ["ANSIBLE_COLLECTIONS_PATH"], .honoured),
        Setting(
            "COLLECTIONS_SCAN_SYS_PATH", .flag, default: "true", ini: ["defaults.collections_scan_sys_path"],
            env: ["ANSIBLE_COLLECTIONS_SCAN_SYS_PATH"], .moot(.python)),
        Setting(
            "COLOR_CHANGED", .text, default: "yellow", ini: ["colors.changed"], env: ["ANSIBLE_COLOR_CHANGED"],
            .honoured),
        Setting(
            "COLOR_CONSOLE_PROMPT", .text, default: "white", ini: ["colors.console_prompt"],
            env: ["ANSIBLE_COLOR_CONSOLE_PROMPT"], .moot(.noSuchText)),
        Setting(
            "COLOR_DEBUG", .text, default: "dark gray", ini: ["colors.debug"], env: ["ANSIBLE_COLOR_DEBUG"], .honoured),
        Setting(
            "COLOR_DEPRECATE", .text, default: "purple", ini: ["colors.deprecate"], env: ["ANSIBLE_COLOR_DEPRECATE"],
            .moot(.noSuchText)),
        Setting(
            "COLOR_DIFF_ADD", .text, default: "green", ini: ["colors.diff_add"], env: ["ANSIBLE_COLOR_DIFF_ADD"],
            .moot(.sharedColor)),
        Setting(
            "COLOR_DIFF_LINES", .text, default: "cyan", ini: ["colors.diff_lines"], env: ["ANSIBLE_COLOR_DIFF_LINES"],
            .moot(.sharedColor)),
        Setting(
            "COLOR_DIFF_REMOVE", .text, default: "red", ini: ["colors.diff_remove"], env: ["ANSIBLE_COLOR_DIFF_REMOVE"],
            .moot(.sharedColor)),
        Setting(
            "COLOR_DOC_CONSTANT", .text, default: "dark gray", ini: ["colors.doc_constant"],
            env: ["ANSIBLE_COLOR_DOC_CONSTANT"], .moot(.noSuchText)),
        Setting(
            "COLOR_DOC_DEPRECATED", .text, default: "magenta", ini: ["colors.doc_deprecated"],
            env: ["ANSIBLE_COLOR_DOC_DEPRECATED"], .moot(.noSuchText)),
        Setting(
            "COLOR_DOC_LINK", .text, default: "cyan", ini: ["colors.doc_link"], env: ["ANSIBLE_COLOR_DOC_LINK"],
            .moot(.noSuchText)),
        Setting(
            "COLOR_DOC_MODULE", .text, default: "yellow", ini: ["colors.doc_module"], env: ["ANSIBLE_COLOR_DOC_MODULE"],
            .moot(.noSuchText)),
        Setting(
            "COLOR_DOC_PLUGIN", .text, default: "yellow", ini: ["colors.doc_plugin"], env: ["ANSIBLE_COLOR_DOC_PLUGIN"],
            .moot(.noSuchText)),
        Setting(
            "COLOR_DOC_REFERENCE", .text, default: "magenta", ini: ["colors.doc_reference"],
            env: ["ANSIBLE_COLOR_DOC_REFERENCE"], .moot(.noSuchText)),
        Setting("COLOR_ERROR", .text, default: "red", ini: ["colors.error"], env: ["ANSIBLE_COLOR_ERROR"], .honoured),
        Setting(
            "COLOR_HIGHLIGHT", .text, default: "white", ini: ["colors.highlight"], env: ["ANSIBLE_COLOR_HIGHLIGHT"],
            .moot(.noSuchText)),
        Setting(
            "COLOR_INCLUDED", .text, default: "cyan", ini: ["colors.included"], env: ["ANSIBLE_COLOR_INCLUDED"],
            .moot(.sharedColor)),
        Setting("COLOR_OK", .text, default: "green", ini: ["colors.ok"], env: ["ANSIBLE_COLOR_OK"], .honoured),
        Setting("COLOR_SKIP", .text, default: "cyan", ini: ["colors.skip"], env: ["ANSIBLE_COLOR_SKIP"], .honoured),
        Setting(
            "COLOR_UNREACHABLE", .text, default: "bright red", ini: ["colors.unreachable"],
            env: ["ANSIBLE_COLOR_UNREACHABLE"], .moot(.sharedColor)),
        Setting(
            "COLOR_VERBOSE", .text, default: "blue", ini: ["colors.verbose"], env: ["ANSIBLE_COLOR_VERBOSE"],
            .moot(.noSuchText)),
        Setting(
            "COLOR_WARN", .text, default: "bright purple", ini: ["colors.warn"], env: ["ANSIBLE_COLOR_WARN"], .honoured),
        Setting("CONFIG_FILE", .path, .honoured),
        Setting(
            "CONNECTION_FACTS_MODULES", .dictionary,
            default:
                "{\"asa\":\"ansible.legacy.asa_facts\",\"cisco.asa.asa\":\"cisco.asa.asa_facts\",\"eos\":\"ansible.legacy.eos_facts\",\"arista.eos.eos\":\"arista.eos.eos_facts\",\"frr\":\"ansible.legacy.frr_facts\",\"frr.frr.frr\":\"frr.frr.frr_facts\",\"ios\":\"ansible.legacy.ios_facts\",\"cisco.ios.ios\":\"cisco.ios.ios_facts\",\"iosxr\":\"ansible.legacy.iosxr_facts\",\"cisco.iosxr.iosxr\":\"cisco.iosxr.iosxr_facts\",\"junos\":\"ansible.legacy.junos_facts\",\"junipernetworks.junos.junos\":\"junipernetworks.junos.junos_facts\",\"nxos\":\"ansible.legacy.nxos_facts\",\"cisco.nxos.nxos\":\"cisco.nxos.nxos_facts\",\"vyos\":\"ansible.legacy.vyos_facts\",\"vyos.vyos.vyos\":\"vyos.vyos.vyos_facts\",\"exos\":\"ansible.legacy.exos_facts\",\"extreme.exos.exos\":\"extreme.exos.exos_facts\",\"slxos\":\"ansible.legacy.slxos_facts\",\"extreme.slxos.slxos\":\"extreme.slxos.slxos_facts\",\"voss\":\"ansible.legacy.voss_facts\",\"extreme.voss.voss\":\"extreme.voss.voss_facts\",\"ironware\":\"ansible.legacy.ironware_facts\",\"community.network.ironware\":\"community.network.ironware_facts\"}",
            .moot(.network)),
        Setting(
            "CONNECTION_PASSWORD_FILE", .path, ini: ["defaults.connection_password_file"],
            env: ["ANSIBLE_CONNECTION_PASSWORD_FILE"], .honoured),
        Setting("COVERAGE_REMOTE_OUTPUT", .text, env: ["_ANSIBLE_COVERAGE_REMOTE_OUTPUT"], .moot(.developers)),
        Setting(
            "COVERAGE_REMOTE_PATHS", .text, default: "*", env: ["_ANSIBLE_COVERAGE_REMOTE_PATH_FILTER"],
            .moot(.developers)),
    ]
}
