import Diagnostics
import Glibc
import Playbook
import Vault

/// `ansible.cfg`: the settings this tool honours, from the file and from `ANSIBLE_…` variables.
struct ConfigurationFile {
    private(set) var path: String?
    private(set) var warnings: [Diagnostic] = []
    private var values: [String: (text: String, place: SourceLocation)] = [:]

    /// Settings that are honoured, by section, with the environment variable that wins over each.
    private static let honoured: [String: String] = [
        "defaults.inventory": "ANSIBLE_INVENTORY",
        "defaults.roles_path": "ANSIBLE_ROLES_PATH",
        "defaults.collections_path": "ANSIBLE_COLLECTIONS_PATH",
        "defaults.collections_paths": "ANSIBLE_COLLECTIONS_PATHS",
        "defaults.remote_user": "ANSIBLE_REMOTE_USER",
        "defaults.private_key_file": "ANSIBLE_PRIVATE_KEY_FILE",
        "defaults.host_key_checking": "ANSIBLE_HOST_KEY_CHECKING",
        "defaults.forks": "ANSIBLE_FORKS",
        "defaults.hash_behaviour": "ANSIBLE_HASH_BEHAVIOUR",
        "defaults.timeout": "ANSIBLE_TIMEOUT",
        "defaults.gathering": "ANSIBLE_GATHERING",
        "defaults.vault_password_file": "ANSIBLE_VAULT_PASSWORD_FILE",
        "defaults.vault_identity_list": "ANSIBLE_VAULT_IDENTITY_LIST",
        "defaults.ask_vault_pass": "ANSIBLE_ASK_VAULT_PASS",
        "defaults.force_handlers": "ANSIBLE_FORCE_HANDLERS",
        "defaults.display_skipped_hosts": "ANSIBLE_DISPLAY_SKIPPED_HOSTS",
        "defaults.nocolor": "ANSIBLE_NOCOLOR",
        "defaults.force_color": "ANSIBLE_FORCE_COLOR",
        "defaults.transport": "ANSIBLE_TRANSPORT",
        "privilege_escalation.become": "ANSIBLE_BECOME",
        "privilege_escalation.become_method": "ANSIBLE_BECOME_METHOD",
        "privilege_escalation.become_user": "ANSIBLE_BECOME_USER",
        "privilege_escalation.become_ask_pass": "ANSIBLE_BECOME_ASK_PASS",
        "privilege_escalation.become_password_file": "ANSIBLE_BECOME_PASSWORD_FILE",
        "ssh_connection.ssh_args": "ANSIBLE_SSH_ARGS",
        "ssh_connection.ssh_common_args": "ANSIBLE_SSH_COMMON_ARGS",
        "ssh_connection.ssh_extra_args": "ANSIBLE_SSH_EXTRA_ARGS",
        "diff.always": "ANSIBLE_DIFF_ALWAYS",
    ]

    /// Settings that mean nothing here because what they tune does not exist: Python, temporary modules, plugins.
    private static let moot: Set<String> = [
        "defaults.interpreter_python", "defaults.retry_files_enabled", "defaults.stdout_callback",
        "defaults.callbacks_enabled", "defaults.callback_whitelist", "defaults.deprecation_warnings",
        "defaults.command_warnings", "defaults.system_warnings", "defaults.localhost_warning", "defaults.nocows",
        "defaults.bin_ansible_callbacks", "defaults.remote_tmp", "defaults.local_tmp", "defaults.poll_interval",
        "defaults.module_compression", "defaults.jinja2_native", "defaults.internal_poll_interval",
        "ssh_connection.pipelining", "ssh_connection.control_path", "ssh_connection.control_path_dir",
        "ssh_connection.transfer_method", "ssh_connection.scp_if_ssh",
        "inventory.enable_plugins", "inventory.unparsed_is_failed", "defaults.result_format",
    ]

    static func load() throws(Diagnostic) -> ConfigurationFile {
        var file = ConfigurationFile()
        for candidate in candidates where ProjectFiles.isFile(candidate) {
            if candidate == "ansible.cfg", isWorldWritable(".") {
                file.warnings.append(
                    Diagnostic(
                        .badOption, "ansible.cfg is ignored: anybody may write to this directory",
                        remedy: "chmod o-w . or name the file in ANSIBLE_CONFIG.", severity: .warning))
                continue
            }
            file.path = candidate
            try file.read(candidate)
            break
        }
        return file
    }

    private static var candidates: [String] {
        if let named = environment("ANSIBLE_CONFIG") {
            return [ProjectFiles.isDirectory(named) ? named + "/ansible.cfg" : named]
        }
        return ["ansible.cfg", Path.join(".", "~/.ansible.cfg"), "/etc/ansible/ansible.cfg"]
    }

    private static func isWorldWritable(_ directory: String) -> Bool {
        var status = stat()
        return stat(directory, &status) == 0 && status.st_mode & S_IWOTH != 0
    }

    private mutating func read(_ path: String) throws(Diagnostic) {
        let text = String(decoding: try LocalFile.bytes(path), as: UTF8.self)
        let source = SourceFile(name: path, text: text)
        var section = ""
        var last: String?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let place = SourceLocation(file: source, line: index + 1, column: 1)
            let trimmed = String(line).trimmed
            if trimmed.isEmpty || trimmed.hasPrefix("#") || trimmed.hasPrefix(";") { continue }
            if trimmed.hasPrefix("["), trimmed.hasSuffix("]") {
                section = String(trimmed.dropFirst().dropLast())
                last = nil
                continue
            }
            if line.first?.isWhitespace ?? false, let key = last {
                values[key]?.text += "\n" + trimmed
                continue
            }
            guard let mark = trimmed.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
                throw Diagnostic(.syntax, "'\(trimmed)' is no setting", at: place, remedy: "Write 'name = value'.")
            }
            let key = section + "." + String(trimmed[..<mark]).trimmed
            var value = String(trimmed[trimmed.index(after: mark)...]).trimmed
            if let comment = value.range(of: " ;") { value = String(value[..<comment]).trimmed }
            values[key] = (value, place)
            last = key
            if Self.honoured[key] == nil, !Self.moot.contains(key) {
                warnings.append(
                    Diagnostic(
                        .unsupported, "the setting '\(key)' is not honoured", at: place,
                        remedy: NearestNames.hint(key, among: Self.honoured.keys), severity: .warning))
            }
        }
    }

    /// A setting's text: the environment's, else the file's.
    func text(_ key: String) -> String? {
        if let variable = Self.honoured[key], let value = Self.environment(variable) { return value }
        return values[key]?.text
    }

    func flag(_ key: String) -> Bool? {
        text(key).map { ["true", "yes", "on", "1", "t", "y"].contains($0.lowercased()) }
    }

    /// A path; in the file it counts from the file's own directory.
    func path(_ key: String) -> String? {
        if let variable = Self.honoured[key], let value = Self.environment(variable) { return Path.join(".", value) }
        return values[key].map { Path.join(directory, $0.text) }
    }

    /// Paths with colons between them.
    func paths(_ key: String) -> [String] {
        if let variable = Self.honoured[key], let value = Self.environment(variable) {
            return value.split(separator: ":").map { Path.join(".", String($0)) }
        }
        return (values[key]?.text ?? "").split(separator: ":").map { Path.join(directory, String($0)) }
    }

    private var directory: String { path.map(Path.directory(of:)) ?? "." }

    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension String {
    /// Where `piece` stands first, if it does.
    fileprivate func range(of piece: String) -> String.Index? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(piece) { return index }
            index = self.index(after: index)
        }
        return nil
    }
}
