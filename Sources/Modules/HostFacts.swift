import Target
import Values

/// Facts as a host gives them.
///
/// Facts win over the inventory. A host that could name its own connection would have its later tasks run elsewhere, on
/// the control machine for one.
enum HostFacts {
    /// Facts without those that would decide how hosts are reached, what is run there and whom lookups ask.
    ///
    /// - Parameter warnings: What was left out is added there, by name.
    static func harmless(_ facts: ValueMap, _ warnings: inout [String]) -> ValueMap {
        var result = facts
        for key in facts.keys where decides(key.text) {
            result.removeValue(forKey: key)
            warnings.append("Removed restricted key from module data: \(key.text)")
        }
        return result
    }

    private static func decides(_ name: String) -> Bool {
        if ConnectionVariable.allNames.contains(name) || others.contains(name) { return true }
        if name.contains("discovered_interpreter_") || name.hasPrefix("_ansible_") { return true }
        guard name.hasPrefix("ansible_"), !name.hasPrefix("ansible_ssh_host_key_") else { return false }
        if name.hasSuffix("_interpreter") { return true }
        if lookups.contains(where: name.hasPrefix) { return true }
        // Devices of containers and networks are named so.
        if name.hasSuffix("_bridge") || name.hasSuffix("_gwbridge") { return false }
        return connections.contains(where: name.hasPrefix)
    }

    private static let connections = [
        "become", "ssh", "local", "paramiko_ssh", "psrp", "winrm", "docker", "podman", "chroot",
    ].map { "ansible_\($0)_" }
    /// What lookups on the control machine take from variables, such as the server that gets a token.
    private static let lookups = ["ansible_hashi_vault_", "ansible_lookup_"]
    private static let others: Set<String> = [
        "ansible_pass", "ansible_shell_type", "ansible_shell_executable", "ansible_executable", "ansible_pipelining",
        "ansible_timeout", "ansible_async_dir", "ansible_remote_tmp", "ansible_delegated_vars", "ansible_rsync_path",
        "ansible_loop_var", "ansible_module_compression", "ansible_network_os", "ansible_connection_user",
        "ansible_sftp_extra_args", "ansible_scp_extra_args", "ansible_cache_plugin", "ansible_playbook_python",
        "ansible_facts", "hostvars", "groups", "group_names", "inventory_hostname", "inventory_hostname_short",
        "inventory_dir", "inventory_file", "playbook_dir", "omit", "role_path", "role_name", "vars",
        "ansible_check_mode", "ansible_diff_mode", "ansible_verbosity", "ansible_version", "ansible_play_hosts",
        "ansible_play_batch", "add_host", "add_group",
    ]
}
