import Configuration
import Diagnostics
import Engine
import Glibc
import Playbook
import Target
import Values

/// Connections that a program of this machine carries, as variables and the configuration describe them.
struct ProgramConnections {
    private let configuration: Settings

    init(configuration: Settings) { self.configuration = configuration }

    /// - Throws: `Diagnostic` for a variable that makes no sense, or that means what is not there.
    func connection(_ kind: ProgramKind, _ request: ConnectionRequest) throws(Diagnostic) -> ProgramConnection {
        guard !request.address.isEmpty, !request.address.utf8.contains(0) else {
            throw Diagnostic(
                .badValue, "'\(request.name)' has no name to be reached by", remedy: "Mend its `ansible_host`.",
                host: request.name)
        }
        let options = Options(values: request.options, host: request.name)
        do throws(Diagnostic) {
            let program: any ShellProgram =
                switch kind {
                case .docker, .dockerInterface: try docker(kind, request, options)
                case .podman: try podman(request, options)
                case .chroot: try chroot(request, options)
                }
            return ProgramConnection(program, openTimeout: request.timeout + .seconds(5))
        } catch {
            var error = error
            error.host = error.host ?? request.name
            throw error
        }
    }

    // MARK: The kinds

    private func docker(
        _ kind: ProgramKind, _ request: ConnectionRequest, _ options: Options
    ) throws(Diagnostic) -> ContainerProgram {
        var program = try container(.docker, request)
        program.isPrivileged = try options.flag(.dockerPrivileged) ?? configuration.flag(.dockerPrivileged)
        program.directory = options.text(.dockerDirectory) ?? configuration.text(.dockerWorkingDir)
        program.environment = try options.environment(.dockerExtraEnvironment)
        if kind == .docker {
            let extra = options.text(.dockerExtraArguments) ?? configuration.text(.dockerExtraArgs) ?? ""
            program.globalArguments = try ShellWords.split(extra)
        } else {
            if let name = options.text(.dockerCertificateName) {
                throw Diagnostic(
                    .unsupported, "`ansible_docker_tls_hostname` ('\(name)') is not supported",
                    remedy: "Docker's command line checks the name that the engine is reached by: give the engine "
                        + "that name, or its certificate that name too.")
            }
            program.globalArguments = try engine(options)
            program.interfaceVersion = options.text(.dockerInterfaceVersion).flatMap { $0 == "auto" ? nil : $0 }
        }
        return program
    }

    /// What Ansible's `docker_api` is told about the engine, in the words of Docker's command line.
    private func engine(_ options: Options) throws(Diagnostic) -> [String] {
        var words: [String] = []
        let isNamed = getenv("DOCKER_HOST").map { $0.pointee != 0 } ?? false
        if let address = options.text(.dockerEngine) {
            words += ["--host", address]
        } else if !isNamed {
            // The command line would ask its current context, of which that plugin knows nothing.
            words += ["--host", "unix:///var/run/docker.sock"]
        }
        if try options.flag(.dockerChecksCertificate) == true {
            words.append("--tlsverify")
        } else if try options.flag(.dockerUsesTLS) == true {
            words.append("--tls")
        }
        for (which, word) in [
            (ConnectionVariable.dockerAuthority, "--tlscacert"), (.dockerCertificate, "--tlscert"),
            (.dockerKey, "--tlskey"),
        ] {
            if let path = options.text(which) { words += [word, Path.join(".", path)] }
        }
        return words
    }

    private func podman(_ request: ConnectionRequest, _ options: Options) throws(Diagnostic) -> ContainerProgram {
        var program = try container(.podman, request)
        program.executable = options.text(.podmanExecutable) ?? configuration.text(.podmanExecutable) ?? "podman"
        let extra = options.text(.podmanExtraArguments) ?? configuration.text(.podmanExtraArgs) ?? ""
        program.globalArguments = try ShellWords.split(extra)
        return program
    }

    private func container(
        _ engine: ContainerProgram.Engine, _ request: ConnectionRequest
    ) throws(Diagnostic) -> ContainerProgram {
        // What begins with a dash would be an option.
        guard !request.address.hasPrefix("-") else {
            throw Diagnostic(
                .badValue, "'\(request.address)' is no name of a container",
                remedy: "Names begin with a letter or a digit: mend `ansible_host`.")
        }
        var program = ContainerProgram(engine, container: request.address)
        program.user = request.user.flatMap { $0.isEmpty ? nil : $0 }
        return program
    }

    private func chroot(_ request: ConnectionRequest, _ options: Options) throws(Diagnostic) -> ChrootProgram {
        var program = ChrootProgram(directory: request.address)
        program.executable = options.text(.chrootExecutable) ?? configuration.text(.chrootExe) ?? "chroot"
        program.shell = options.text(.executable) ?? configuration.text(.chrootExecutable) ?? "/bin/sh"
        program.skipsRootCheck =
            try options.flag(.chrootSkipsRootCheck) ?? configuration.flag(.chrootDisableRootCheck)
        return program
    }
}

/// The variables of one kind of connection, as they are set for a host.
private struct Options {
    let values: [ConnectionVariable: Value]
    let host: String

    /// A text; nil if it is empty or not set.
    func text(_ which: ConnectionVariable) -> String? {
        values[which].map(\.pythonText).flatMap { $0.isEmpty ? nil : $0 }
    }

    func flag(_ which: ConnectionVariable) throws(Diagnostic) -> Bool? {
        try values[which].map { (value) throws(Diagnostic) in try KeywordValue.flag(value, which.names[0]) }
    }

    /// Names and values for the environment there.
    ///
    /// - Throws: `Diagnostic` for what is no text, as in Ansible: whether `no` means itself or `false` is not guessed.
    func environment(_ which: ConnectionVariable) throws(Diagnostic) -> [(name: String, value: String)] {
        guard let value = values[which] else { return [] }
        guard let map = value.mapValue else {
            throw Diagnostic(
                .badValue, "`\(which.names[0])` must be a map of names to texts, not \(value.typeName)")
        }
        var environment: [(name: String, value: String)] = []
        for (key, value) in map {
            guard let text = value.stringValue else {
                throw Diagnostic(
                    .badValue, "'\(key.text)' in `\(which.names[0])` is \(value.typeName), not a text",
                    remedy: "Put its value into quotes.")
            }
            guard key.text.isVariableName, !text.utf8.contains(0) else {
                throw Diagnostic(
                    .badValue, "'\(key.text)' in `\(which.names[0])` cannot be set by a shell",
                    remedy: "Names are letters, digits and underscores, not beginning with a digit; values hold no "
                        + "zero byte.")
            }
            environment.append((key.text, text))
        }
        return environment
    }
}
