internal import Diagnostics
internal import Results
internal import Target
internal import Values

/// Builds an image with the host's buildx plugin, as `community.docker.docker_image_build` does.
struct DockerImageBuildModule: Module {
    static let manual = ModuleManual(
        name: "community.docker.docker_image_build",
        summary: "Build a Docker image.",
        description: """
            An image that is there under its name stays as it is, unless `rebuild: always` is said. The values of \
            secrets reach the build by its environment, which root and the user that builds can read.
            """,
        arguments: [
            .required("name", .string, "The image's name, with or without a tag."),
            .optional("tag", .string, "The tag, where the name has none.", default: "latest"),
            .required("path", .path, "The directory on the host to build from."),
            .optional("dockerfile", .string, "The Dockerfile in it."),
            .optional("args", .map([]), "Values for ARG."),
            .optional("cache_from", .list(.string), "Images to take layers from."),
            .optional("etc_hosts", .map([]), "Entries for /etc/hosts while it is built."),
            .optional("labels", .map([]), "Labels."),
            .optional("network", .string, "The network to build in."),
            .optional("nocache", .bool, "Build all layers anew.", default: false),
            .optional("platform", .list(.string), "The platforms to build for."),
            .optional("pull", .bool, "Look for newer base images.", default: false),
            .optional("shm_size", .string, "The size of /dev/shm."),
            .optional("target", .string, "The stage to build."),
            .optional(
                "rebuild", .string, "What becomes of an image that is there.", default: "never",
                choices: ["never", "always"]),
            .optional(
                "secrets",
                .list(
                    .map([
                        .required("id", .string, "Its name; the build finds it in /run/secrets."),
                        .required(
                            "type", .string, "Where it comes from: a file or a variable on the host, or here.",
                            choices: ["file", "env", "value"]),
                        .optional("src", .path, "The file."),
                        .optional("env", .string, "The variable."),
                        .optional("value", .string, "The secret itself.", secret: true),
                    ])), "Secrets for the build."),
            .optional(
                "outputs",
                .list(
                    .map([
                        .required(
                            "type", .string, "The kind.", choices: ["local", "tar", "oci", "docker", "image"]),
                        .optional("dest", .path, "Where to; needed for local, tar and oci."),
                        .optional("context", .string, "For docker: the context that gets it."),
                        .optional("name", .list(.string), "For image: the names."),
                        .optional("push", .bool, "For image: push it.", default: false),
                    ])), "Where the result goes, besides the image itself."),
            .optional("docker_cli", .path, "The docker command."),
            .optional("cli_context", .string, "The docker command's context."),
        ] + DockerArguments.endpoint.filter { !["timeout", "use_ssh_client", "debug"].contains($0.name) },
        check: "full; what the image will be is not known before",
        example: """
            - community.docker.docker_image_build:
                name: app:1.4
                path: /srv/app
                args: {VERSION: "1.4"}
            """,
        aliases: DockerArguments.aliases("docker_image_build"), exclusive: [["docker_host", "cli_context"]]
    )

    private let image: String
    private let path: String
    private let dockerfile: String?
    private let rebuilds: Bool
    private let docker: [String]
    private let apiVersion: String
    private let options: [String]
    /// Variables that hold secrets.
    private let secrets: [(name: String, value: String)]

    init(_ arguments: Arguments) throws(Diagnostic) {
        let name = try arguments.string("name")
        let reference = try ImageReference(named: name, arguments)
        guard !reference.isID, reference.digest == nil else {
            throw Diagnostic(.badValue, "'\(name)' cannot be the name of a new image", at: arguments.location)
        }
        image = reference.full
        let folder = try arguments.string("path")
        path = folder
        let file = arguments.optionalString("dockerfile").map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
        dockerfile = file
        rebuilds = arguments.optionalString("rebuild") == "always"
        let endpoint = try DockerEndpoint(arguments)
        var docker = [arguments.optionalString("docker_cli") ?? "docker"]
        docker += (endpoint.host.map { ["--host", $0] } ?? []) + endpoint.options
        if let context = arguments.optionalString("cli_context") { docker += ["--context", context] }
        self.docker = docker
        let version = arguments.optionalString("api_version") ?? "auto"
        apiVersion = version == "auto" ? "" : version
        let made = try Self.options(arguments, image: reference.full, dockerfile: file)
        options = made.words
        secrets = made.secrets
    }

    private static func options(
        _ arguments: Arguments, image: String, dockerfile: String?
    ) throws(Diagnostic) -> (words: [String], secrets: [(name: String, value: String)]) {
        var words: [String] = []
        let outputs = arguments.list("outputs").compactMap(\.mapValue)
        if outputs.isEmpty { words += ["--tag", image] }
        if let dockerfile { words += ["--file", dockerfile] }
        for name in arguments.strings("cache_from") { words += ["--cache-from", name] }
        if arguments.bool("pull") { words.append("--pull") }
        if arguments.bool("nocache") { words.append("--no-cache") }
        for (name, option) in [("network", "--network"), ("target", "--target")] {
            if let value = arguments.optionalString(name) { words += [option, value] }
        }
        for (name, option, sign) in [
            ("etc_hosts", "--add-host", ":"), ("args", "--build-arg", "="), ("labels", "--label", "="),
        ] {
            for (key, value) in DockerOptions.texts(arguments.map(name)).sorted(by: { $0.key.text < $1.key.text }) {
                words += [option, "\(key.text)\(sign)\(value.pythonText)"]
            }
        }
        for platform in arguments.strings("platform") { words += ["--platform", platform] }
        if let size = arguments.optionalString("shm_size") {
            words += ["--shm-size", String(try DockerUnits.bytes(size, of: "shm_size"))]
        }
        var secrets: [(name: String, value: String)] = []
        for secret in arguments.list("secrets").compactMap(\.mapValue) {
            let id = secret["id"]?.pythonText ?? ""
            let type = secret["type"]?.pythonText ?? ""
            let source = ["file": "src", "env": "env", "value": "value"][type] ?? type
            guard let value = secret[.string(source)], !value.isNull else {
                throw Diagnostic(
                    .missingArgument, "secret '\(id)' of type \(type) needs '\(source)'", at: arguments.location)
            }
            try refuse(["src", "env", "value"], but: [source], in: secret, "secret '\(id)'", arguments)
            switch type {
            case "file": words += ["--secret", csv(["id=\(id)", "type=file", "src=\(value.pythonText)"])]
            case "env": words += ["--secret", csv(["id=\(id)", "type=env", "env=\(value.pythonText)"])]
            default:
                let name = "SWIFTPROV_BUILD_SECRET_\(secrets.count)"
                secrets.append((name, value.pythonText))
                words += ["--secret", csv(["id=\(id)", "type=env", "env=\(name)"])]
            }
        }
        var namesImage = false
        for output in outputs {
            let type = output["type"]?.pythonText ?? ""
            let taken = ["docker": ["dest", "context"], "image": ["name", "push"]][type] ?? ["dest"]
            try refuse(["dest", "context", "name", "push"], but: taken, in: output, "an output", arguments)
            var fields = ["type=\(type)"]
            if let place = output["dest"], !place.isNull {
                fields.append("dest=\(place.pythonText)")
            } else if ["local", "tar", "oci"].contains(type) {
                throw Diagnostic(.missingArgument, "an output of type \(type) needs 'dest'", at: arguments.location)
            }
            if type == "docker", let context = output["context"], !context.isNull {
                fields.append("context=\(context.pythonText)")
            }
            if type == "image" {
                let given = (output["name"]?.elements ?? []).map(\.pythonText)
                let names = given.isEmpty ? [image] : given
                namesImage = namesImage || names.contains(image)
                fields.append("name=\(names.joined(separator: ","))")
                if output["push"]?.isTruthy == true { fields.append("push=true") }
            }
            words += ["--output", csv(fields)]
        }
        // With outputs of its own a build gives the image no name by itself.
        if !outputs.isEmpty, !namesImage { words += ["--output", csv(["type=image", "name=\(image)"])] }
        return (words, secrets)
    }

    /// Refuses what only goes with another type than the one given.
    private static func refuse(
        _ names: [String], but taken: [String], in map: ValueMap, _ what: String, _ arguments: Arguments
    ) throws(Diagnostic) {
        for name in names where !taken.contains(name) && map[.string(name)]?.isTruthy == true {
            throw Diagnostic(
                .badValue, "\(what) of type \(map["type"]?.pythonText ?? "") takes no '\(name)'",
                at: arguments.location,
                remedy: "It takes \(taken.map { "'\($0)'" }.joined(separator: " and ")).")
        }
    }

    /// Fields as buildx takes them: one that holds a comma or quote stands in quotes.
    private static func csv(_ fields: [String]) -> String {
        fields.map { field in
            let isPlain =
                field.trimmed == field && !field.unicodeScalars.contains { "\",\r\n".unicodeScalars.contains($0) }
            return isPlain ? field : "\"" + field.replacing("\"", with: "\"\"") + "\""
        }.joined(separator: ",")
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        let answer = try await target.query(
            Self.look, [image, rebuilds ? "" : "1", path, dockerfile ?? "", apiVersion] + docker)
        let said = answer.errorOutput.trimmed.lastLine
        let isDryRun = !target.foreseen.isEmpty
        let trouble: (String, String?)? =
            switch answer.status {
            case 0: nil
            case 111: ("the host has no '\(docker[0])'", "Install docker and its buildx plugin before.")
            case 112: ("the host's docker has no buildx plugin", "Install docker-buildx-plugin or docker-buildx.")
            case 113: ("there is no directory '\(path)'", "Make it in an earlier task.")
            case 114: ("there is no file '\(dockerfile ?? "")'", "Write it in an earlier task.")
            default: ("docker cannot be asked: \(said)", DockerTrouble.remedy(said))
            }
        if let (summary, remedy) = trouble {
            if isDryRun { return .unknown(Unknown("what becomes of image '\(image)'"), ()) }
            throw Diagnostic(.failed, summary, remedy: remedy, host: target.hostName)
        }
        let before = try found(in: answer, target.hostName)
        if let before, !rebuilds { return .asWanted(.ok(["actions": [], "image": before])) }
        if before == nil, !rebuilds, target.foreseen.docker("image", image) == true {
            return .asWanted(.ok(["actions": [], "image": .unknown(Unknown("image '\(image)'"))]))
        }
        return .change(
            Change(
                [.setting("image \(image)", before: before?["Id"] ?? "absent", after: .string("built from \(path)"))],
                effects: [.docker(kind: "image", name: image, present: true)]), (),
            foreseen: .changed(["actions": [], "image": .unknown(Unknown("image '\(image)' as the build makes it"))]))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let words = ["buildx", "build", "--progress", "plain"] + options + ["--", path]
        let pairs = secrets.flatMap { [$0.name, $0.value] }
        let built = try await target.execute(
            Self.build, [String(secrets.count)] + pairs + [apiVersion] + docker + words)
        var values: ValueMap = [
            "actions": [], "command": .list(words.map { .string($0) }), "stdout": .string(built.output),
            "stderr": .string(built.errorOutput),
        ]
        guard built.succeeded else {
            let said = built.errorOutput.trimmed.lastLine
            return .failed(
                Diagnostic(
                    .failed, "cannot build image '\(image)': \(said)", remedy: DockerTrouble.remedy(said),
                    host: target.hostName), values)
        }
        let answer = try await target.query(Self.look, [image, "1", path, "", apiVersion] + docker)
        do throws(Diagnostic) {
            // Outputs of its own may leave the Engine without the image.
            guard answer.succeeded else {
                throw Diagnostic(.failed, answer.errorOutput.trimmed.lastLine, host: target.hostName)
            }
            values["image"] = try found(in: answer, target.hostName) ?? [:]
        } catch {
            var error = error
            error.summary = "image '\(image)' was built, but docker cannot be asked about it: \(error.summary)"
            return .failed(error, values)
        }
        return .changed(values)
    }

    /// The image that `look` wrote, if there is one.
    private func found(in answer: CommandResult, _ host: String) throws(Diagnostic) -> Value? {
        guard let list = (try? JSON.parse(answer.stdout))?.elements else {
            throw Diagnostic(
                .failed, "'\(docker[0]) image inspect' answers no JSON: \(answer.output.trimmed.lastLine)", host: host)
        }
        return list.first
    }

    /// `NAME WHETHER-AN-IMAGE-WILL-DO PATH DOCKERFILE API-VERSION docker…`: writes a list with the image in it, or an
    /// empty one if there is none and it can be built.
    private static let look: Script = #"""
        name=$1 will=$2 path=$3 file=$4
        if [ -n "$5" ]; then DOCKER_API_VERSION=$5; export DOCKER_API_VERSION; fi
        shift 5
        command -v "$1" >/dev/null 2>&1 || exit 111
        work=$(umask 077; mktemp -d) || exit 1
        trap 'rm -rf "$work"' EXIT
        # What docker warns of is no part of its answer.
        if found=$("$@" image inspect -- "$name" 2>"$work/said"); then
            printf '%s' "$found"
            [ -z "$will" ] || exit 0
        else
            case $(cat "$work/said") in
                *'No such image'*|*'no such image'*) printf '[]' ;;
                *) cat "$work/said" >&2; exit 1 ;;
            esac
        fi
        "$1" buildx version >/dev/null 2>&1 || exit 112
        [ -d "$path" ] || exit 113
        [ -z "$file" ] || [ -f "$file" ] || exit 114
        """#

    /// The number of variables, their names and values, the interface's version, then docker's words.
    private static let build: Script = #"""
        count=$1
        shift
        while [ "$count" -gt 0 ]; do
            export "$1=$2"
            shift 2
            count=$((count - 1))
        done
        if [ -n "$1" ]; then DOCKER_API_VERSION=$1; export DOCKER_API_VERSION; fi
        shift
        trap '' HUP PIPE
        "$@" </dev/null
        """#
}
