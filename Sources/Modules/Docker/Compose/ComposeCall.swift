internal import Diagnostics
internal import Target
internal import Values

/// A call of the compose plugin on a host: dry or for real, and what it says afterwards of containers and images, all
/// in one round trip.
struct ComposeCall: Sendable {
    var docker = "docker"
    var context: String?
    var apiVersion = ""
    /// The project's directory; nil for a definition.
    var directory: String?
    var files: [String] = []
    var looksForFile = true
    /// The compose file itself, where it is none of the host's.
    var definition: [UInt8]?
    /// The project's options: `--project-name`, `--file` …
    var options: [String] = []
    /// What is to be done, with its options but for services.
    var verb: [String] = []
    var services: [String] = []
    /// How long containers get to stop.
    var grace: [String] = []
    /// Whether what is done is followed by a stop, unless nothing runs.
    var stopsAfterwards = false
    var assumesYes = false

    private let endpoint: DockerEndpoint

    init(_ endpoint: DockerEndpoint) { self.endpoint = endpoint }

    /// What a call told.
    struct Told: Sendable {
        var status: Int
        var output: String
        var errorOutput: String
        var events: ComposeEvents
        var containers: [Value] = []
        var images: [Value] = []
        var volumes: Set<String> = []
    }

    enum Answer: Sendable {
        case told(Told)
        /// Something that must be there before compose can be asked anything; with its remedy.
        case lacks(String, String)
    }

    /// The docker command's words, for people.
    var words: [String] { prefix + verb + ["--"] + services }

    private var prefix: [String] {
        var words = [docker] + (endpoint.host.map { ["--host", $0] } ?? []) + endpoint.options
        if let context { words += ["--context", context] }
        words += ["compose", "--ansi", "never"]
        // A definition stands nowhere: paths in it must be absolute.
        words += ["--project-directory", directory ?? "/nonexistent"] + options
        if definition != nil { words += ["--file", "-"] }
        return words
    }

    private var arguments: [String] {
        let verb = verb + ["--"] + services
        return [
            docker, stopsAfterwards ? "1" : "", assumesYes ? "1" : "", grace.joined(separator: " "),
            services.joined(separator: " "), directory ?? "", looksForFile && directory != nil ? "1" : "",
            definition == nil ? "" : "1", apiVersion, String(files.count),
        ] + files + [String(verb.count)] + verb + prefix
    }

    /// Has compose say what it would do.
    func look(_ target: some TargetReader) async throws(Diagnostic) -> CommandResult {
        try await target.query(Self.dry + Self.body, arguments, input: definition, timeout: nil)
    }

    /// Has compose do it.
    func run(_ target: some TargetWriter) async throws(Diagnostic) -> CommandResult {
        try await target.execute(Self.wet + Self.body, arguments, input: definition, timeout: nil)
    }

    func told(_ result: CommandResult, host: String) throws(Diagnostic) -> Answer {
        let said = result.errorOutput.trimmed
        switch result.status {
        case 0: break
        case 111: return .lacks("the host has no '\(docker)'", "Install docker and its compose plugin before.")
        case 112:
            return .lacks(
                "the host's docker has no compose plugin",
                "Install docker-compose-plugin (Docker's packages), docker-compose-v2 (Ubuntu) or docker-compose "
                    + "(Debian 13 and later).")
        case 113: return .lacks("there is no directory '\(directory ?? "")'", "Make it in an earlier task.")
        case 114:
            return .lacks(
                "'\(directory ?? "")' holds no compose.yaml, compose.yml, docker-compose.yaml or docker-compose.yml",
                "Name the file in 'files', or write it in an earlier task.")
        case 115: return .lacks("'\(directory ?? "")' holds no '\(said)'", "Write it in an earlier task.")
        case 116:
            throw Diagnostic(
                .failed, "the host's compose plugin has version '\(said)'", remedy: "2.18 or later is needed.",
                host: host)
        case 117:
            throw Diagnostic(
                .failed, "'assume_yes' needs a compose plugin of version 2.32 or later, not '\(said)'", host: host)
        default:
            throw Diagnostic(.failed, "docker compose cannot be asked: \(said.lastLine)", host: host)
        }
        var fields = FieldReader(result.stdout)
        let output = fields.next()
        var told = Told(
            status: Int(fields.next()) ?? 1, output: output, errorOutput: result.errorOutput,
            events: ComposeEvents(result.errorOutput))
        guard told.status == 0 else { return .told(told) }
        // Up to 2.20 it is a list, then one container a line.
        let containers = try JSON.parseStream(fields.nextBytes())
        told.containers = containers.flatMap { $0.elements ?? [$0] }.filter { !$0.isNull }.map(Self.container)
        let images = try JSON.parseStream(fields.nextBytes()).first ?? .null
        // Since 2.37 it is a map.
        told.images = images.elements ?? images.mapValue?.map(\.value) ?? []
        told.volumes = Set(HostText.lines(fields.next()))
        return .told(told)
    }

    /// A container with lists and maps where compose joins texts.
    private static func container(_ value: Value) -> Value {
        guard var map = value.mapValue else { return value }
        func words(_ name: String) -> [String] {
            (map[.string(name)]?.stringValue ?? "").split(separator: ",").map(String.init)
        }
        var labels: ValueMap = [:]
        for word in words("Labels") {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            labels[parts[0]] = .string(parts.count > 1 ? parts[1] : "")
        }
        map["Labels"] = .map(labels)
        let names = words("Names")
        map["Names"] = names.isEmpty ? .list([map["Name"] ?? .null]) : .list(names.map { .string($0) })
        map["Networks"] = .list(words("Networks").map { .string($0) })
        map["Publishers"] = .list(map["Publishers"]?.elements ?? [])
        return .map(map)
    }

    private static let dry: Script = "dry=--dry-run"
    /// What was begun is brought to its end, should our own connection break.
    private static let wet: Script = "dry=; trap '' HUP PIPE"

    /// `docker stops? yes? grace services directory looks? stdin? api-version N files… M verb… prefix…`
    ///
    /// Writes what compose wrote, a zero byte, its status, and if that is 0 containers, images and the names of
    /// volumes, each with a zero byte behind it; what compose tells of its steps is on standard error. Other
    /// statuses of its own: see `told`.
    private static let body: Script = #"""
        set -f
        docker=$1 stops=$2 assume=$3 grace=$4 services=$5 project=$6 looks=$7 fed=$8 api=$9
        shift 9
        command -v "$docker" >/dev/null 2>&1 || exit 111
        version=$("$docker" compose version --short 2>/dev/null) || exit 112
        version=${version#v}
        major=${version%%.*} minor=${version#*.}
        minor=${minor%%.*}
        case $major.$minor in .*|*.|*[!0-9.]*) echo "$version" >&2; exit 116 ;; esac
        since() { [ "$major" -gt "$1" ] || { [ "$major" -eq "$1" ] && [ "$minor" -ge "$2" ]; }; }
        since 2 18 || { echo "$version" >&2; exit 116; }
        progress= trunc= yes=
        if since 2 29; then progress='--progress json'; elif since 2 19; then progress='--progress plain'; fi
        if since 2 23; then trunc=--no-trunc; fi
        if [ -n "$assume" ]; then
            since 2 32 || { echo "$version" >&2; exit 117; }
            if since 2 34; then yes=--yes; else yes=-y; fi
        fi
        if [ -n "$api" ]; then DOCKER_API_VERSION=$api; export DOCKER_API_VERSION; fi
        if [ -n "$project" ]; then cd -- "$project" 2>/dev/null || exit 113; fi
        count=$1
        shift
        [ "$count" -eq 0 ] || looks=
        while [ "$count" -gt 0 ]; do
            [ -e "$1" ] || { printf '%s\n' "$1" >&2; exit 115; }
            shift
            count=$((count - 1))
        done
        if [ -n "$looks" ]; then
            for name in compose.yaml compose.yml docker-compose.yaml docker-compose.yml ''; do
                [ -n "$name" ] || exit 114
                [ ! -e "$name" ] || break
            done
        fi
        verbs=$1
        shift
        input=
        [ -z "$fed" ] || input=$(cat)
        call() { if [ -n "$fed" ]; then printf '%s' "$input" | "$@"; else "$@" </dev/null; fi; }
        # The verb's words come first and go behind the prefix.
        main() {
            set -- "$@" $progress
            left=$verbs
            while [ "$left" -gt 0 ]; do
                if [ "$1" = -- ]; then set -- "$@" $yes $dry --; else set -- "$@" "$1"; fi
                shift
                left=$((left - 1))
            done
            call "$@"
        }
        # With the prefix alone: WHAT WORDS…
        side() {
            what=$1
            shift
            shift "$verbs"
            case $what in
                ps) call "$@" $progress ps --format json --all $trunc ;;
                images) call "$@" $progress images --format json ;;
                stop) call "$@" $progress stop $grace $dry -- $services ;;
                volumes)
                    left=$# keeps=1
                    while [ "$left" -gt 0 ]; do
                        if [ "$1" = compose ]; then keeps=; fi
                        if [ -n "$keeps" ]; then set -- "$@" "$1"; fi
                        shift
                        left=$((left - 1))
                    done
                    "$@" volume ls --quiet </dev/null ;;
            esac
        }
        main "$@"
        status=$?
        if [ -n "$stops" ] && [ $status -eq 0 ]; then
            if side ps "$@" 2>/dev/null | grep -o '"State":"[a-z]*"' | grep -qvE '"(created|exited|stopped|killed)"'; then
                side stop "$@"
                status=$?
            fi
        fi
        printf '\0%s\0' $status
        [ $status -eq 0 ] || exit 0
        side ps "$@" 2>/dev/null
        printf '\0'
        side images "$@" 2>/dev/null
        printf '\0'
        side volumes "$@" 2>/dev/null
        printf '\0'
        exit 0
        """#
}
