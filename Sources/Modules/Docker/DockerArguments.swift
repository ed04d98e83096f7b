internal import Diagnostics
internal import Values

/// What all Docker modules take to find their Engine.
enum DockerArguments {
    static let endpoint: [Argument] = [
        .optional(
            "docker_host", .string,
            "The Engine's address, `unix:///path` or `tcp://host:port`. By default `DOCKER_HOST` of the task's "
                + "environment, else `unix:///var/run/docker.sock`.", aliases: ["docker_url"]),
        .optional(
            "api_version", .string, "The version of the Engine's interface to speak; `auto` is the Engine's own.",
            default: "auto", aliases: ["docker_api_version"]),
        .optional("timeout", .int, "The longest wait for an answer, in seconds.", default: 60),
        .optional("tls", .bool, "Speak TLS without checking the server's certificate.", default: false),
        .optional(
            "validate_certs", .bool, "Speak TLS and check the server's certificate.", default: false,
            aliases: ["tls_verify"]),
        .optional(
            "ca_path", .path, "The CA's certificate on the host.", aliases: ["ca_cert", "cacert_path", "tls_ca_cert"]),
        .optional(
            "client_cert", .path, "The client's certificate on the host.", aliases: ["cert_path", "tls_client_cert"]),
        .optional("client_key", .path, "The client's key on the host.", aliases: ["key_path", "tls_client_key"]),
        Argument(
            "tls_hostname", .string, "The name the server's certificate is checked against.",
            refusal: "the docker command checks the name it connects to: use that name in docker_host."),
        Argument(
            "use_ssh_client", .bool, "How `ssh://` addresses are reached.",
            refusal: "ssh:// addresses always go through the host's ssh program."),
        .optional("debug", .bool, "Accepted; -vvv shows what is asked.", default: false),
    ]

    /// The names a module answers to besides its own: those it had before it moved to its collection, which
    /// Ansible still redirects.
    static func aliases(_ short: String) -> [String] { ["ansible.builtin.\(short)", "community.general.\(short)"] }
}

/// All Docker modules, for the index.
enum DockerModules {
    static let all: [any Module.Type] = [
        DockerNetworkModule.self, DockerVolumeModule.self, DockerContainerModule.self,
        DockerContainerInfoModule.self, DockerImageModule.self, DockerImagePullModule.self,
        DockerNetworkInfoModule.self, DockerVolumeInfoModule.self, DockerHostInfoModule.self,
        DockerLoginModule.self,
        DockerContainerExecModule.self, DockerContainerCopyIntoModule.self,
        DockerImageInfoModule.self,
        DockerImageTagModule.self,
        DockerPruneModule.self,
        DockerComposeModule.self,
        DockerImageBuildModule.self,
        DockerImageExportModule.self,
        DockerImageLoadModule.self,
        DockerImageRemoveModule.self,
    ]
}

extension DockerEndpoint {
    init(_ arguments: Arguments) throws(Diagnostic) {
        host = arguments.optionalString("docker_host").flatMap { $0.isEmpty ? nil : $0 }
        if let host, !["unix://", "tcp://", "ssh://", "http://", "https://"].contains(where: host.hasPrefix) {
            throw Diagnostic(
                .badValue, "docker_host '\(host)' is no address", at: arguments.location,
                remedy: "write unix:///path/to/socket or tcp://host:port.")
        }
        timeout = .seconds(max(1, arguments.int("timeout") ?? 60))
        if let version = arguments.optionalString("api_version"), version != "auto" {
            guard APIVersion(version) != nil else {
                throw Diagnostic(
                    .badValue, "api_version '\(version)' is no version", at: arguments.location,
                    remedy: "write it as 1.41, or auto.")
            }
            versionPrefix = "/v\(version)"
        }
        if (arguments["client_cert"] == nil) != (arguments["client_key"] == nil) {
            throw Diagnostic(
                .missingArgument, "'client_cert' and 'client_key' only go together", at: arguments.location)
        }
        if arguments.bool("validate_certs") {
            options.append("--tlsverify")
        } else if arguments.bool("tls") {
            options.append("--tls")
        }
        for (name, option) in [("ca_path", "--tlscacert"), ("client_cert", "--tlscert"), ("client_key", "--tlskey")] {
            if let path = arguments.optionalString(name) { options += [option, path] }
        }
    }
}

extension Value {
    /// A member of a map, by a path of names; null where there is none.
    subscript(_ path: String...) -> Value {
        var current = self
        for name in path {
            guard let next = current.mapValue?[name] else { return .null }
            current = next
        }
        return current
    }

    /// The value, or nothing for null.
    var ifSet: Value? {
        // Not `nil`: where a `Value` is meant too, that is the null of this very type.
        isNull ? Optional<Value>.none : self
    }
}
