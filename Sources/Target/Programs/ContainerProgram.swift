public import Diagnostics
internal import Local

/// `docker exec` or `podman exec`: a shell in a container that runs.
public struct ContainerProgram: ShellProgram {
    /// Whose containers they are.
    public enum Engine: String, Sendable {
        case docker, podman
    }

    public var engine: Engine
    /// The container's name or number.
    public var container: String
    /// The program, by name or path.
    public var executable: String
    /// What stands before the program's subcommand, such as which engine to ask.
    public var globalArguments: [String] = []
    /// Who runs the shell there; nil for whom the image says.
    public var user: String?
    /// Whether the shell has all privileges.
    public var isPrivileged = false
    /// Where the shell runs; nil for where the image says.
    public var directory: String?
    /// What the shell finds in its environment.
    public var environment: [(name: String, value: String)] = []
    /// The version of Docker's interface to speak; nil for the one both sides know.
    public var interfaceVersion: String?

    /// A container of that name.
    public init(_ engine: Engine, container: String) {
        self.engine = engine
        self.container = container
        executable = engine.rawValue
    }

    /// What runs a line there.
    ///
    /// - Throws: `Diagnostic` with code `.failed`, as Ansible counts it, if the program is not on this machine.
    public func words(running line: String, atTerminal: Bool) throws(Diagnostic) -> [String] {
        guard let path = LocalProgram.path(of: executable) else {
            throw .missing(
                program: executable,
                remedy: engine == .docker
                    ? "Install Docker's command line (`docker-ce-cli`, `docker-cli` or `docker.io`)."
                    : "Install podman, or correct `ansible_podman_executable`.")
        }
        var words = [path] + globalArguments + ["exec", atTerminal ? "-it" : "-i"]
        if let user { words.append("--user=\(user)") }
        if isPrivileged { words.append("--privileged") }
        if let directory { words.append("--workdir=\(directory)") }
        words += [container, "/bin/sh", "-c", line]
        if let interfaceVersion { words = ["/usr/bin/env", "DOCKER_API_VERSION=\(interfaceVersion)"] + words }
        return words
    }

    /// The container.
    public var elsewhere: (any Elsewhere)? { Container(program: self) }
}

/// A container as a place for a shell.
private struct Container: Elsewhere {
    let program: ContainerProgram

    var description: String { "the container '\(program.container)'" }
    var environment: [(name: String, value: String)] { program.environment }

    /// Reads what docker and podman say; their exit status tells the kinds of trouble apart too coarsely.
    func failure(_ said: String, _ how: String) -> Diagnostic {
        let words = said.lowercased()
        func says(_ parts: String...) -> Bool { parts.contains { words.contains($0) } }
        let name = ShellQuoting.quote(program.container)
        let tool = program.engine.rawValue
        func trouble(_ summary: String, _ remedy: String) -> Diagnostic {
            Diagnostic(.unreachable, summary + ": \(line(said))", remedy: remedy)
        }

        if says("permission denied while trying to connect", "connect: permission denied") {
            return trouble(
                "this user may not speak with \(tool)'s engine",
                "Run as root, or as a member of the group that its socket belongs to (`docker`, as a rule).")
        }
        if says(
            "cannot connect to the docker daemon", "failed to connect to the docker api", "error during connect",
            "cannot connect to podman", "unable to connect to podman")
        {
            return trouble(
                "\(tool) does not reach its engine",
                program.engine == .docker
                    ? "Start it (`systemctl start docker`), or name another with `DOCKER_HOST` or "
                        + "`ansible_docker_extra_args: -H ADDRESS`."
                    : "Start it, or name another with `ansible_podman_extra_args: --url ADDRESS`.")
        }
        if says("no such container", "no container with name or id") {
            return trouble(
                "there is no container '\(program.container)'",
                "`\(tool) ps -a` lists them. `ansible_host` or `ansible_\(tool)_host` gives its name, where the "
                    + "inventory has another.")
        }
        if says("is paused") {
            return trouble("\(description) is paused", "Let it go on: `\(tool) unpause \(name)`.")
        }
        if says("is not running", "is restarting", "stopped state", "container state improper", "running containers") {
            return trouble(
                "\(description) does not run",
                "Start it: `\(tool) start \(name)`. `\(tool) logs \(name)` tells why it ended.")
        }
        if says("unable to find user", "no matching entries in passwd", "unable to find group") {
            return trouble(
                "there is no user \(program.user.map { "'\($0)'" } ?? "as the image wants it") in \(description)",
                "Correct `ansible_user` or `remote_user`, or leave them out for the image's own user.")
        }
        if says("chdir") {
            return trouble(
                "there is no directory \(program.directory.map { "'\($0)'" } ?? "as the image wants it") in \(description)",
                "Correct `ansible_docker_working_dir`, or set it to a directory that is there.")
        }
        if says("/bin/sh") {
            return trouble(
                "\(description) has no /bin/sh that runs",
                "Tasks need a POSIX shell and the base system's commands there: use an image that has them.")
        }
        if says("unknown flag", "unknown shorthand flag", "flag needs an argument", "invalid argument") {
            return trouble(
                "\(tool) does not know how it was called",
                "Correct `ansible_\(tool)_extra_args`: these words stand before `exec`.")
        }
        let last = line(said)
        return Diagnostic(
            .unreachable, "no shell began in \(description) (\(how))" + (last.isEmpty ? "" : ": \(last)"),
            remedy:
                "See by hand: `\(ShellQuoting.join((try? program.words(running: "true", atTerminal: false)) ?? [tool]))`."
        )
    }

    /// The line that says what is wrong: the first that is no warning. What follows it is advice on using the program.
    private func line(_ said: String) -> String {
        let lines = said.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        let line = lines.first { !$0.hasPrefix("WARNING") && !$0.hasPrefix("time=") } ?? lines.first ?? ""
        return String(line)
    }
}
