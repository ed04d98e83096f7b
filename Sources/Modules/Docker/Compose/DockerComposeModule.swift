internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Brings a compose project up, down or to a stop, as `community.docker.docker_compose_v2` does through the host's
/// compose plugin.
struct DockerComposeModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_compose_v2",
        summary: "Start, stop and remove the services of a compose file.",
        description: """
            The host's own compose plugin does it (2.18 or later), and its dry run tells beforehand what it would do. \
            A `definition` goes to it on its standard input and is never a file. `stdout` and `stderr` are what the \
            plugin wrote in the run that changed something.
            """,
        arguments: [
            .optional("project_src", .path, "The directory on the host that holds the compose file."),
            .optional("project_name", .string, "The project's name; by default the directory's, else the file's."),
            .optional(
                "files", .list(.path), "Compose files in that directory, the later ones over the earlier ones."),
            .optional("definition", .map([]), "The compose file itself; with `project_name`."),
            .optional("env_files", .list(.path), "Environment files instead of `.env`."),
            .optional("profiles", .list(.string), "Profiles to enable."),
            .optional(
                "check_files_existing", .bool, "Whether a directory without a compose file is an error.",
                default: true),
            .optional(
                "state", .string, "What is to become of the services.", default: "present",
                choices: ["absent", "present", "stopped", "restarted"]),
            .optional("services", .list(.string), "Only these services."),
            .optional("dependencies", .bool, "Whether services that these need come along.", default: true),
            .optional(
                "pull", .string, "When images are pulled.", default: "policy",
                choices: ["always", "missing", "never", "policy"]),
            .optional(
                "build", .string, "Whether images are built first.", default: "policy",
                choices: ["always", "never", "policy"]),
            .optional(
                "ignore_build_events", .bool, "Whether a build alone is no change.", default: true),
            .optional(
                "recreate", .string, "When containers are made anew: if they differ, always, or never.",
                default: "auto", choices: ["always", "never", "auto"]),
            .optional("renew_anon_volumes", .bool, "Give containers made anew new unnamed volumes.", default: false),
            .optional("remove_orphans", .bool, "Remove containers of services that are gone.", default: false),
            .optional(
                "remove_images", .string, "With `state: absent`: remove the images, too.", choices: ["all", "local"]),
            .optional("remove_volumes", .bool, "With `state: absent`: remove the volumes, too.", default: false),
            .optional("scale", .map([]), "How many containers of a service."),
            .optional("timeout", .int, "How many seconds containers get to stop."),
            .optional("wait", .bool, "Wait until services run or are healthy.", default: false),
            .optional("wait_timeout", .int, "How many seconds to wait for that."),
            .optional(
                "assume_yes", .bool, "Make a volume anew whose definition has changed (compose 2.32 or later).",
                default: false),
            .optional("docker_cli", .path, "The docker command."),
            .optional("cli_context", .string, "The docker command's context."),
        ] + DockerArguments.endpoint.filter { !["timeout", "use_ssh_client", "debug"].contains($0.name) },
        check: """
            full, by the plugin's own dry run; unknown where only a registry or a build can tell, or whether \
            services become healthy
            """,
        diff: "What the plugin would do, step by step.",
        example: """
            - community.docker.docker_compose_v2:
                project_src: /srv/shop
                state: present
                remove_orphans: true
            """,
        aliases: ["ansible.builtin.docker_compose_v2"],
        exclusive: [["definition", "project_src"], ["definition", "files"], ["docker_host", "cli_context"]],
        oneOf: [["definition", "project_src"]]
    )

    private enum State: String { case present, absent, stopped, restarted }

    private let state: State
    private let call: ComposeCall
    private let asksElsewhere: Bool
    private let waits: Bool
    private let buildsCount: Bool
    private let directory: String?

    init(_ arguments: Arguments) throws(Diagnostic) {
        state = State(rawValue: arguments.optionalString("state") ?? "") ?? .present
        waits = arguments.bool("wait")
        buildsCount = !arguments.bool("ignore_build_events")
        asksElsewhere =
            arguments.optionalString("pull") == "always" || arguments.optionalString("build") == "always"
        directory = arguments.optionalString("project_src")
        var call = ComposeCall(try DockerEndpoint(arguments))
        call.docker = arguments.optionalString("docker_cli") ?? "docker"
        call.context = arguments.optionalString("cli_context")
        if let version = arguments.optionalString("api_version"), version != "auto" { call.apiVersion = version }
        call.directory = directory
        call.files = arguments.strings("files")
        call.looksForFile = arguments.bool("check_files_existing")
        call.services = arguments.strings("services")
        call.assumesYes = arguments.bool("assume_yes")
        if let seconds = arguments.int("timeout") { call.grace = ["--timeout", String(seconds)] }
        if let definition = arguments["definition"] {
            guard arguments.optionalString("project_name") != nil else {
                throw Diagnostic(
                    .missingArgument, "'definition' needs 'project_name'", at: arguments.location,
                    remedy: "Without a directory there is nothing to name the project after.")
            }
            // JSON is YAML, too.
            call.definition = Array(try JSON.text(definition).utf8)
        }
        if let name = arguments.optionalString("project_name") { call.options += ["--project-name", name] }
        for file in call.files { call.options += ["--file", file] }
        for file in arguments.strings("env_files") { call.options += ["--env-file", file] }
        for profile in arguments.strings("profiles") { call.options += ["--profile", profile] }
        for service in call.services where !Self.isService(service) {
            throw Diagnostic(.badValue, "'\(service)' is no name of a service", at: arguments.location)
        }
        switch state {
        case .present, .stopped:
            call.verb = try Self.up(arguments, starts: state == .present)
        case .restarted:
            call.verb = ["restart"] + (arguments.bool("dependencies") ? [] : ["--no-deps"])
        case .absent:
            call.verb = ["down"]
            if arguments.bool("remove_orphans") { call.verb.append("--remove-orphans") }
            if let which = arguments.optionalString("remove_images") { call.verb += ["--rmi", which] }
            if arguments.bool("remove_volumes") { call.verb.append("--volumes") }
        }
        call.verb += call.grace
        call.stopsAfterwards = state == .stopped
        self.call = call
    }

    private static func isService(_ name: String) -> Bool {
        name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._\-]*/) != nil
    }

    /// The words of `up`.
    private static func up(_ arguments: Arguments, starts: Bool) throws(Diagnostic) -> [String] {
        var words = ["up", "--detach", "--no-color", "--quiet-pull"]
        if let pull = arguments.optionalString("pull"), pull != "policy" { words += ["--pull", pull] }
        for (name, option) in [
            ("remove_orphans", "--remove-orphans"), ("renew_anon_volumes", "--renew-anon-volumes"),
        ] where arguments.bool(name) { words.append(option) }
        switch arguments.optionalString("recreate") {
        case "always": words.append("--force-recreate")
        case "never": words.append("--no-recreate")
        default: break
        }
        if !arguments.bool("dependencies") { words.append("--no-deps") }
        switch arguments.optionalString("build") {
        case "always": words.append("--build")
        case "never": words.append("--no-build")
        default: break
        }
        for (service, count) in (arguments.map("scale") ?? [:]).sorted(by: { $0.key.text < $1.key.text }) {
            guard isService(service.text), let number = count.intValue ?? Int(count.pythonText), number >= 0 else {
                throw Diagnostic(
                    .badValue, "'scale: {\(service.text): \(count.pythonText)}' is no number of containers",
                    at: arguments.location)
            }
            words += ["--scale", "\(service.text)=\(number)"]
        }
        if !starts {
            words.append("--no-start")
        } else if arguments.bool("wait") {
            words.append("--wait")
            if let limit = arguments.int("wait_timeout") { words += ["--wait-timeout", String(limit)] }
        }
        return words
    }

    // MARK: Plan

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        if let directory, let path = target.foreseen.files.keys.sorted().first(where: { $0.hasPrefix(directory + "/") })
        {
            return .unknown(Unknown("what the services come to with '\(path)', which an earlier task writes"), ())
        }
        let answer = try await call.look(target)
        let told: ComposeCall.Told
        switch try call.told(answer, host: target.hostName) {
        case .told(let all): told = all
        case .lacks(let what, let remedy):
            if target.foreseen.isEmpty {
                throw Diagnostic(.failed, what, remedy: remedy, host: target.hostName)
            }
            return .unknown(Unknown("what the services come to once earlier tasks have prepared the host"), ())
        }
        if told.status != 0 {
            guard target.foreseen.isEmpty else {
                return .unknown(Unknown("what the services come to once earlier tasks have prepared the host"), ())
            }
            return .asWanted(failure(told, target.hostName))
        }
        let actions = told.events.actions(volumes: told.volumes)
        var certain = actions.filter { $0.status != "Pulling" && $0.status != "Building" }
        if told.events.builds {
            // A dry run takes every build for a new image, and so every container for one to be made anew.
            certain = certain.filter { $0.status != "Recreate" && $0.status != "Starting" }
        }
        guard certain.isEmpty else {
            return .change(change(actions), (), foreseen: .changed(["actions": list(actions)]))
        }
        if state == .present || state == .stopped {
            if asksElsewhere || told.events.pulls || told.events.builds {
                return .unknown(Unknown("whether the images of the services are up to date"), ())
            }
            if state == .present, waits, !told.containers.allSatisfy(Self.isWell) {
                return .unknown(Unknown("whether the services become healthy"), ())
            }
        }
        return .asWanted(ModuleResult(values: values(told, actions: []), warnings: told.events.warnings))
    }

    private static func isWell(_ container: Value) -> Bool {
        container["State"].stringValue == "running" && ["", "healthy"].contains(container["Health"].stringValue ?? "")
    }

    private func change(_ actions: [ComposeEvents.Event]) -> Change {
        var change = Change(actions.map { .action("\($0.status) \($0.kind) \($0.id)") })
        for action in actions where action.kind != "service" {
            switch action.status {
            case "Creating", "Recreate":
                change.effects.append(.docker(kind: action.kind, name: action.id, present: true))
            case "Removing": change.effects.append(.docker(kind: action.kind, name: action.id, present: false))
            default: break
            }
        }
        return change
    }

    // MARK: Apply

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let answer = try await call.run(target)
        switch try call.told(answer, host: target.hostName) {
        case .lacks(let what, let remedy):
            throw Diagnostic(.failed, what, remedy: remedy, host: target.hostName)
        case .told(let told):
            if told.status != 0 { return failure(told, target.hostName) }
            let actions = told.events.actions(volumes: nil)
            var values = values(told, actions: actions)
            if !told.output.isEmpty { values["stdout"] = .string(told.output) }
            if !answer.errorOutput.isEmpty { values["stderr"] = .string(answer.errorOutput) }
            let counted = actions.contains { action in
                // A pull alone is none, as with Ansible: what it brings shows in the containers.
                action.status == "Pulling" ? action.kind == "image" : action.status != "Building"
            }
            return ModuleResult(
                changed: counted || buildsCount && told.events.builds, values: values, warnings: told.events.warnings)
        }
    }

    private func values(_ told: ComposeCall.Told, actions: [ComposeEvents.Event]) -> ValueMap {
        ["actions": list(actions), "containers": .list(told.containers), "images": .list(told.images)]
    }

    private func list(_ actions: [ComposeEvents.Event]) -> Value {
        .list(
            actions.map {
                .map(["what": .string($0.kind), "id": .string($0.id), "status": .string($0.status)])
            })
    }

    private func failure(_ told: ComposeCall.Told, _ host: String) -> ModuleResult {
        let said = told.events.errors.last ?? "status \(told.status)"
        return .failed(
            Diagnostic(
                .failed, "docker compose \(call.verb[0]): \(said.firstSentenceLine)",
                remedy: DockerTrouble.remedy(said),
                host: host),
            [
                "rc": .int(told.status), "stdout": .string(told.output), "stderr": .string(told.errorOutput),
                "cmd": .string(ShellQuoting.join(call.words)),
            ])
    }
}
