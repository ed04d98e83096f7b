/// A variable that says how a host is reached, or who its tasks become there.
///
/// Whoever reads one names it by its case, so that nothing is read that is not in `allNames`: what may not come from a
/// host is derived from these.
public enum ConnectionVariable: CaseIterable, Sendable {
    case connection, address, port, user, password, privateKey, passphrase, commonArguments, extraArguments
    case checksHostKey
    case dockerHost, dockerUser, dockerTimeout, dockerExtraArguments, dockerExtraEnvironment, dockerPrivileged
    case dockerDirectory
    case dockerEngine, dockerUsesTLS, dockerChecksCertificate, dockerAuthority, dockerCertificate, dockerKey
    case dockerInterfaceVersion, dockerCertificateName
    case podmanHost, podmanExecutable, podmanExtraArguments
    case chrootExecutable, chrootSkipsRootCheck, executable
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
        case .dockerHost: ["ansible_docker_host"]
        case .dockerUser: ["ansible_docker_user"]
        case .dockerTimeout: ["ansible_docker_timeout"]
        case .dockerExtraArguments: ["ansible_docker_extra_args"]
        case .dockerExtraEnvironment: ["ansible_docker_extra_env"]
        case .dockerPrivileged: ["ansible_docker_privileged"]
        case .dockerDirectory: ["ansible_docker_working_dir"]
        case .dockerEngine: ["ansible_docker_docker_host"]
        case .dockerUsesTLS: ["ansible_docker_tls"]
        case .dockerChecksCertificate: ["ansible_docker_validate_certs"]
        case .dockerAuthority: ["ansible_docker_ca_path", "ansible_docker_ca_cert"]
        case .dockerCertificate: ["ansible_docker_client_cert"]
        case .dockerKey: ["ansible_docker_client_key"]
        case .dockerInterfaceVersion: ["ansible_docker_api_version"]
        case .dockerCertificateName: ["ansible_docker_tls_hostname"]
        case .podmanHost: ["ansible_podman_host"]
        case .podmanExecutable: ["ansible_podman_executable"]
        case .podmanExtraArguments: ["ansible_podman_extra_args"]
        case .chrootExecutable: ["ansible_chroot_exe"]
        case .chrootSkipsRootCheck: ["ansible_chroot_disable_root_check"]
        case .executable: ["ansible_executable"]
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
