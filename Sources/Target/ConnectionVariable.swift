/// A variable that says how a host is reached, or who its tasks become there.
///
/// Whoever reads one names it by its case, so that nothing is read that is not in `allNames`: what may not come from a
/// host is derived from these.
public enum ConnectionVariable: CaseIterable, Sendable {
    case connection, address, port, user, password, privateKey, passphrase, commonArguments, extraArguments
    case checksHostKey
    case become, becomeMethod, becomeUser, becomePassword, becomeExecutable, becomeFlags

    /// The names it goes by, the one that wins first.
    public var names: [String] {
        switch self {
        case .connection: ["ansible_connection"]
        case .address: ["ansible_host", "ansible_ssh_host"]
        case .port: ["ansible_port", "ansible_ssh_port"]
        case .user: ["ansible_user", "ansible_ssh_user"]
        case .password: ["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"]
        case .privateKey: ["ansible_private_key_file", "ansible_ssh_private_key_file"]
        case .passphrase: ["ansible_private_key_passphrase", "ansible_ssh_private_key_passphrase"]
        case .commonArguments: ["ansible_ssh_common_args"]
        case .extraArguments: ["ansible_ssh_extra_args"]
        case .checksHostKey: ["ansible_host_key_checking", "ansible_ssh_host_key_checking"]
        case .become: ["ansible_become"]
        case .becomeMethod: ["ansible_become_method"]
        case .becomeUser: ["ansible_become_user"]
        case .becomePassword: ["ansible_become_password", "ansible_become_pass"]
        case .becomeExecutable: ["ansible_become_exe"]
        case .becomeFlags: ["ansible_become_flags"]
        }
    }

    /// The names of every one of them.
    public static let allNames = Set(
        allCases.flatMap(\.names) + Become.Method.allCases.flatMap(\.passwordVariables))
}

extension Become.Method {
    /// The names of the variables that hold a password for this method alone, the one that wins first.
    public var passwordVariables: [String] { ["ansible_\(rawValue)_password", "ansible_\(rawValue)_pass"] }
}
