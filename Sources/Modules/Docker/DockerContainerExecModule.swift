internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Runs a command in a container, as `community.docker.docker_container_exec` does.
struct DockerContainerExecModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_container_exec",
        summary: "Run a command in a Docker container that runs.",
        description: """
            It is run through the host's docker command. A status other than 0 is an answer (`rc`) and no failure, as \
            with Ansible.
            """,
        arguments: [
            .required("container", .string, "The container's name or ID."),
            .optional("argv", .list(.string), "The command as a list of words."),
            .optional("command", .string, "The command as a line, split like a shell would."),
            .optional("chdir", .string, "The directory to run it in."),
            .optional("user", .string, "Who runs it."),
            .optional("env", .map([]), "Environment variables; write values as text."),
            .optional("stdin", .string, "What the command reads from its standard input."),
            .optional("stdin_add_newline", .bool, "End the input with a line end.", default: true),
            .optional("strip_empty_ends", .bool, "Drop line ends at the end of the output.", default: true),
            .optional("tty", .bool, "Give it a terminal.", default: false),
            .optional("detach", .bool, "Do not wait for it.", default: false),
        ] + DockerArguments.endpoint,
        check: "Unknown, since only running it tells.",
        diff: "nothing to show",
        example: """
            - community.docker.docker_container_exec:
                container: db
                argv: [psql, -U, app, -c, "SELECT 1"]
              register: answer
            """,
        aliases: DockerArguments.aliases("docker_container_exec"),
        exclusive: [["argv", "command"]], oneOf: [["argv", "command"]]
    )

    private let words: [String]
    private let options: [String]
    private let container: String
    /// `NAME=value` lines for the docker command to read: never its own environment, and in no list of processes.
    private let environment: [String]
    private let input: [UInt8]?
    private let strips: Bool
    private let isDetached: Bool
    private let endpoint: DockerEndpoint

    init(_ arguments: Arguments) throws(Diagnostic) {
        container = try arguments.string("container")
        let line = arguments.optionalString("command")
        words = try line.map { (line) throws(Diagnostic) in try ShellWords.split(line) } ?? arguments.strings("argv")
        isDetached = arguments.bool("detach")
        strips = arguments.bool("strip_empty_ends")
        input = arguments.optionalString("stdin").map {
            Array(($0 + (arguments.bool("stdin_add_newline") ? "\n" : "")).utf8)
        }
        var options: [String] = []
        if let directory = arguments.optionalString("chdir") { options += ["-w", directory] }
        if let user = arguments.optionalString("user") { options += ["-u", user] }
        if arguments.bool("tty") { options.append("-t") }
        if isDetached { options.append("-d") }
        if input != nil { options.append("-i") }
        var environment: [String] = []
        for (key, value) in arguments.map("env") ?? [:] {
            environment.append(try Self.environmentLine(key.text, value, arguments.location))
        }
        self.environment = environment
        self.options = options
        endpoint = try DockerEndpoint(arguments)
        if words.first?.isEmpty ?? true {
            throw Diagnostic(.badValue, "the command is empty", at: arguments.location)
        }
        if isDetached, input != nil {
            throw Diagnostic(.badValue, "'stdin' cannot be given with 'detach'", at: arguments.location)
        }
        if container.isEmpty || container.hasPrefix("-") {
            throw Diagnostic(.badValue, "'\(container)' is no container", at: arguments.location)
        }
    }

    private static func environmentLine(
        _ name: String, _ value: Value, _ place: SourceLocation?
    ) throws(Diagnostic) -> String {
        guard let text = value.stringValue else {
            throw Diagnostic(
                .badValue, "the environment variable '\(name)' is \(value.typeName), not text", at: place,
                remedy: "Write it in quotes.")
        }
        let isName =
            !name.isEmpty && !name.hasPrefix("#") && !name.contains { $0 == "=" || $0.isWhitespace || $0 == "\0" }
        guard isName else {
            throw Diagnostic(.badValue, "'\(name)' cannot be an environment variable's name", at: place)
        }
        // docker reads a variable a line.
        guard !text.utf8.contains(where: { $0 == 10 || $0 == 13 || $0 == 0 }) else {
            throw Diagnostic(
                .unsupported, "the environment variable '\(name)' holds a line end", at: place,
                remedy: "Hand it over by 'stdin', or set it inside: `argv: [sh, -c, …]`.")
        }
        return "\(name)=\(text)"
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        .unknown(Unknown("what the command does in container '\(container)'"), ())
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        // The state comes first: docker's own troubles look like the command's.
        guard case .running(let answers) = try await endpoint.ask(target, [.get("containers", container, "json")])
        else { throw Diagnostic(.failed, "the Docker Engine is not running") }
        guard let state = try answers[0].valueIfPresent() else {
            throw Diagnostic(.failed, "there is no container '\(container)'", host: target.hostName)
        }
        guard state["State", "Running"] == true, state["State", "Paused"] != true else {
            throw Diagnostic(
                .failed, "container '\(container)' does not run", remedy: "Start it in an earlier task.",
                host: target.hostName)
        }
        let result = try await target.execute(
            Self.run,
            [endpoint.host ?? "", environment.joined(separator: "\n")] + endpoint.options + ["exec"]
                + (environment.isEmpty ? [] : ["--env-file", "/dev/fd/3"]) + options + [container] + words,
            input: input, timeout: nil)
        if result.status == 127, result.errorOutput.contains("swiftprov: no docker") {
            throw Diagnostic(
                .failed, "the host has no 'docker' command", remedy: "Install docker-cli or docker-ce-cli.",
                host: target.hostName)
        }
        guard !isDetached else { return .changed() }
        var output = result.output
        var errors = result.errorOutput
        if strips {
            output = CommandRun.stripped(output)
            errors = CommandRun.stripped(errors)
        }
        var values: ValueMap = ["rc": .int(Int(result.status))]
        CommandRun.addOutput(output, errors, to: &values)
        return .changed(values)
    }

    /// `$1` the Engine's address, `$2` the lines of variables, then docker's words.
    private static let run: Script = #"""
        command -v docker >/dev/null 2>&1 || { echo 'swiftprov: no docker' >&2; exit 127; }
        if [ -n "$1" ]; then DOCKER_HOST=$1; export DOCKER_HOST; fi
        variables=$2
        shift 2
        [ -n "$variables" ] || exec docker "$@"
        exec docker "$@" 3<<SP_VARIABLES
        $variables
        SP_VARIABLES
        """#
}
