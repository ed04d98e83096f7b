internal import Diagnostics
internal import Target
internal import Values

/// How requests reach the Engine: over the host's own means, several in one round trip.
///
/// The requests go down one connection in a row, the last one asking for its end, and all that comes back is
/// returned as it came. What carries them is whatever the host has: the docker command (`system dial-stdio` joins
/// its streams to the Engine), socat, perl or nc.
enum DockerTransport {
    /// The snippet's own exit statuses, away from those of the programs it calls.
    private enum Status {
        static let noEngine: Int32 = 90
        static let notRunning: Int32 = 91
        static let noPermission: Int32 = 92
        static let noMeans: Int32 = 93
    }

    /// The file to be sent could not be read.
    static let cannotReadFile: Int32 = 95

    /// What became of the attempt to speak to the Engine.
    enum Outcome: Sendable {
        case answered([UInt8])
        case absent(EngineAbsence)
    }

    static func outcome(of result: CommandResult, endpoint: DockerEndpoint) throws(Diagnostic) -> Outcome {
        let hasData = result.errorOutput.contains("swiftprov: has-data")
        switch result.status {
        case 0: return .answered(result.stdout)
        case Status.noEngine: return .absent(EngineAbsence(isInstalled: false, hasData: hasData))
        case Status.notRunning: return .absent(EngineAbsence(isInstalled: true, hasData: hasData))
        case Status.noPermission:
            throw Diagnostic(
                .failed, "no permission to use the Docker socket \(endpoint.name)",
                remedy: "set 'become: true' for the task, or add the login user to the group 'docker'.")
        case Status.noMeans:
            throw Diagnostic(
                .failed, "nothing on the host can speak to the Docker Engine at \(endpoint.name)",
                remedy: "install the docker command (package docker-cli or docker-ce-cli), or socat.")
        default:
            let said = result.errorOutput.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
            if said.contains("annot connect to the Docker daemon") || said.contains("onnection refused") {
                return .absent(EngineAbsence(isInstalled: true, hasData: hasData))
            }
            if said.contains("ermission denied") {
                throw Diagnostic(
                    .failed, "no permission to use the Docker socket \(endpoint.name): \(said)",
                    remedy: "set 'become: true' for the task, or add the login user to the group 'docker'.")
            }
            // Answers may have come before the connection broke: they count.
            if !result.stdout.isEmpty { return .answered(result.stdout) }
            throw Diagnostic(
                .failed, "the connection to the Docker Engine at \(endpoint.name) failed (\(result.status)): \(said)",
                remedy: "see 'journalctl -u docker' on the host.")
        }
    }

    /// Defines `dial HOST CLI-OPTIONS…`: joins standard input and output to the Engine.
    ///
    /// Two things need care. An Engine that sees the end of its input takes the client for gone and cancels what
    /// it is doing, so what dials gets its standard input opened again for reading *and* writing: as long as it
    /// holds a writing end itself, it sees no end, and it stops when the Engine closes the connection. And a path
    /// made of `/proc/self/fd/0` is only good for pipes, hence the `cat |` before it.
    static let dialing: Script = """
        dial() {
            host=$1; shift
            [ -n "$host" ] || host=${DOCKER_HOST:-unix:///var/run/docker.sock}
            socket=
            case $host in unix://*) socket=${host#unix://} ;; esac
            if [ -n "$socket" ] && [ ! -S "$socket" ]; then
                case $socket in
                    /run/docker.sock|/var/run/docker.sock)
                        [ ! -d /var/lib/docker ] || [ -r /var/lib/docker ] && [ -z "$(ls -A /var/lib/docker)" ] ||
                            echo 'swiftprov: has-data' >&2 ;;
                esac
                if command -v docker >/dev/null 2>&1 || command -v dockerd >/dev/null 2>&1; then return 91; fi
                return 90
            fi
            if [ -n "$socket" ] && [ ! -w "$socket" ]; then return 92; fi
            if command -v docker >/dev/null 2>&1; then
                cat | docker -H "$host" "$@" system dial-stdio 0<>/proc/self/fd/0
            elif [ -z "$socket" ]; then
                return 93
            elif command -v socat >/dev/null 2>&1; then
                cat | socat - "UNIX-CONNECT:$socket" 0<>/proc/self/fd/0
            elif command -v perl >/dev/null 2>&1; then
                perl -e '
                    use IO::Socket::UNIX;
                    my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or do { print STDERR "$!\\n"; exit 94 };
                    binmode STDIN; binmode STDOUT; my ($i, $o);
                    # All requests are written before an answer is read, by a child so that neither side waits.
                    my $p = fork;
                    if (!$p) { while (sysread(STDIN, $i, 65536)) { print $s $i; $s->flush } exit 0 }
                    while (sysread($s, $o, 65536)) { print $o }
                    waitpid $p, 0;
                ' "$socket"
            elif command -v nc >/dev/null 2>&1; then
                cat | nc -U "$socket" 0<>/proc/self/fd/0
            else
                return 93
            fi
        }
        """

    static let read: Script = dialing + "dial \"$@\""

    /// For requests that change something: should our own connection break, what was begun is still brought to
    /// its end, because the answers go to a file first and no broken pipe stops the one who dials.
    static let write: Script =
        dialing + """
            trap '' HUP PIPE
            answers=$(mktemp) || exit 1
            trap 'rm -f "$answers"' EXIT
            dial "$@" >"$answers"
            status=$?
            cat "$answers"
            exit $status
            """

    /// As `write`, with a file of the host as the only request's body: `FILE HEAD HOST CLI-OPTIONS…`.
    static let send: Script =
        dialing + """
            trap '' HUP PIPE
            file=$1; head=$2; shift 2
            [ -r "$file" ] || { echo "cannot read $file" >&2; exit 95; }
            answers=$(mktemp) || exit 1
            trap 'rm -f "$answers"' EXIT
            size=$(wc -c <"$file") || exit 95
            { printf '%s\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n' "$head" "$size"; cat -- "$file"; } |
                dial "$@" >"$answers"
            status=$?
            cat "$answers"
            exit $status
            """
}

/// Why there is no Engine to speak to.
struct EngineAbsence: Sendable {
    var isInstalled: Bool
    /// Whether an Engine has been there before: its objects may come back with it.
    var hasData: Bool
}
