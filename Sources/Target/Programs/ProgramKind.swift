public import Diagnostics
internal import Values

/// A kind of connection that a program of the control machine carries.
public enum ProgramKind: String, CaseIterable, Sendable {
    case docker
    case dockerInterface = "docker_api"
    case podman
    case chroot

    /// The collection that Ansible has it from.
    private var collection: String {
        switch self {
        case .docker, .dockerInterface: "community.docker"
        case .podman: "containers.podman"
        case .chroot: "community.general"
        }
    }

    /// The kind of that name, `docker` or `community.docker.docker`.
    public init?(name: String) {
        let kind = Self.allCases.first { $0.rawValue == name || "\($0.collection).\($0.rawValue)" == name }
        guard let kind else { return nil }
        self = kind
    }

    /// Whether it is Docker's, by whichever of Ansible's two plugins.
    public var isDocker: Bool { self == .docker || self == .dockerInterface }

    /// The variables that this kind has beside those of all connections.
    public var variables: [ConnectionVariable] {
        let common: [ConnectionVariable] = [
            .dockerHost, .dockerUser, .dockerTimeout, .dockerExtraEnvironment, .dockerPrivileged, .dockerDirectory,
        ]
        return switch self {
        case .docker: common + [.dockerExtraArguments]
        case .dockerInterface:
            common + [
                .dockerEngine, .dockerUsesTLS, .dockerChecksCertificate, .dockerAuthority, .dockerCertificate,
                .dockerKey, .dockerInterfaceVersion, .dockerCertificateName,
            ]
        case .podman: [.podmanHost, .podmanExecutable, .podmanExtraArguments]
        case .chroot: [.chrootExecutable, .chrootSkipsRootCheck, .executable]
        }
    }
}

/// A kind of connection, as `ansible_connection`, `connection` and `-c` name it.
public enum ConnectionKind: Sendable, Hashable {
    case ssh, local
    case program(ProgramKind)

    /// The kind of that name, with or without its collection.
    public init?(name: String) {
        if let program = ProgramKind(name: name) {
            self = .program(program)
            return
        }
        switch String(name.split(separator: ".").last ?? "") {
        case "ssh", "smart", "paramiko", "paramiko_ssh", "libssh": self = .ssh
        case "local": self = .local
        default: return nil
        }
    }

    /// The names to choose from.
    public static let names = ["ssh", "local"] + ProgramKind.allCases.map(\.rawValue)

    /// What is said of a name that is none.
    ///
    /// - Parameter place: Where it is written, if that is known.
    public static func unknown(_ name: String, at place: SourceLocation? = nil) -> Diagnostic {
        Diagnostic(
            .unsupported, "there is no connection '\(name)' here", at: place,
            remedy: NearestNames.hint(name, among: names) ?? "Connections: \(names.joined(separator: ", ")).")
    }
}
