import Diagnostics
import Jinja
import Results
import Target
import Values

/// Waits for a port, a path or a text, as `ansible.builtin.wait_for` does, on the host itself.
struct WaitForModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.wait_for",
        summary: "Wait until a port answers, a path is there, or a text appears.",
        description: """
            The waiting happens on the host, in one request. Ports of other machines are tried with what the host has: \
            bash, nc or curl; ports of the host itself are also found in /proc/net.
            """,
        arguments: [
            .optional("host", .string, "The name or address to connect to.", default: "127.0.0.1"),
            .optional("port", .int, "The port to try."),
            .optional("path", .path, "The path to look for."),
            .optional(
                "state", .string,
                "`present` and `started`: there; `absent` and `stopped`: gone; `drained`: without connections.",
                default: "started", choices: ["absent", "drained", "present", "started", "stopped"]),
            .optional("search_regex", .string, "What the file must hold or the port must say."),
            .optional("timeout", .int, "The longest wait, in seconds.", default: 300),
            .optional("delay", .int, "Seconds before the first look.", default: 0),
            .optional("sleep", .int, "Seconds between looks.", default: 1),
            .optional("connect_timeout", .int, "The longest try to connect, in seconds.", default: 5),
            .optional("msg", .string, "What to say if it did not happen."),
            .optional(
                "active_connection_states", .list(.string), "Which connections count for `drained`.",
                default: ["ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "SYN_RECV", "SYN_SENT", "TIME_WAIT"]),
            Argument(
                "exclude_hosts", .list(.string), "Machines whose connections do not count.",
                refusal: "Leaving out machines is not supported yet; use a `shell` task with `ss` and `until`."),
        ],
        check: "Unknown, since only time can tell.",
        diff: "none",
        example: """
            - ansible.builtin.wait_for:
                port: 5432
                timeout: 60
            - ansible.builtin.wait_for:
                path: /var/log/app.log
                search_regex: ready
            """,
        aliases: ["ansible.legacy.wait_for"], exclusive: [["port", "path"]]
    )

    private let host: String
    private let port: Int?
    private let path: String?
    private let state: String
    private let pattern: String?
    private let timeout: Int
    private let delay: Int
    private let sleep: Int
    private let connectTimeout: Int
    private let message: String?
    private let states: [String]

    init(_ arguments: Arguments) throws(Diagnostic) {
        host = arguments.optionalString("host") ?? "127.0.0.1"
        port = arguments.int("port")
        path = arguments.optionalString("path")
        state = arguments.optionalString("state") ?? "started"
        pattern = arguments.optionalString("search_regex")
        timeout = arguments.seconds("timeout", or: 300)
        delay = arguments.seconds("delay", or: 0)
        sleep = arguments.seconds("sleep", or: 1, atLeast: 1)
        connectTimeout = arguments.seconds("connect_timeout", or: 5, atLeast: 1)
        message = arguments.optionalString("msg")
        states = arguments.strings("active_connection_states").map { $0.uppercased() }
        if let port, !(1...65535).contains(port) {
            throw Diagnostic(.badValue, "'port: \(port)' is not a port", at: arguments.location)
        }
        if state == "drained", port == nil {
            throw Diagnostic(.badValue, "'state: drained' needs 'port'", at: arguments.location)
        }
        if pattern != nil, state == "absent" || state == "stopped", port != nil {
            throw Diagnostic(
                .badValue, "'search_regex' makes no sense while waiting for a port to close", at: arguments.location)
        }
        if port == nil, path == nil, pattern != nil {
            throw Diagnostic(.missingArgument, "'search_regex' needs 'path' or 'port'", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        .unknown(Unknown("whether \(subject) comes about"), ())
    }

    private var subject: String {
        let end = state == "absent" || state == "stopped" ? "gone" : state == "drained" ? "drained" : "there"
        if let port { return "\(host):\(port) \(end)" }
        if let path { return "'\(path)' \(end)" }
        return "the time"
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let start = WallClock.now()
        let kind = port != nil ? "port" : path != nil ? "path" : "time"
        let isGone = state == "absent" || state == "stopped"
        let result = try await target.execute(
            Self.wait,
            [
                kind, state == "drained" ? "drained" : isGone ? "gone" : "there", host, port.map { String($0) } ?? "",
                path ?? "", pattern ?? "", String(timeout), String(delay), String(sleep), String(connectTimeout),
                states.compactMap { Self.codes[$0] }.joined(separator: " "),
            ], input: nil, timeout: .seconds(timeout + delay + connectTimeout + 60))
        let elapsed = (WallClock.now().microseconds - start.microseconds) / 1_000_000
        var values: ValueMap = [
            "state": .string(state), "elapsed": .int(elapsed), "port": port.map { .int($0) } ?? .null,
            "path": path.map { .string($0) } ?? .null, "search_regex": pattern.map { .string($0) } ?? .null,
        ]
        if result.succeeded {
            let (groups, names) = try Self.groups(of: pattern, in: result.stdout)
            values["match_groups"] = .list(groups)
            values["match_groupdict"] = .map(names)
            return .ok(values)
        }
        if result.status == 3 {
            throw Diagnostic(
                .failed, "the host has nothing to try port \(port ?? 0) of \(host) with",
                remedy: "Install bash, netcat or curl there, or wait with 'delegate_to: localhost'.",
                host: target.hostName)
        }
        guard result.status == 4 else {
            throw Diagnostic(.failed, "waiting failed: \(result.errorOutput.lastLine)", host: target.hostName)
        }
        let text = pattern.map { " with '\($0)'" } ?? ""
        let said = message ?? "Timeout when waiting for \(subject)\(text)"
        values["msg"] = .string(said)
        return .failed(Diagnostic(.timeout, said, host: target.hostName), values)
    }

    /// What the groups of an expression hold; none where it says nothing or there is none.
    private static func groups(of pattern: String?, in text: [UInt8]) throws(Diagnostic) -> ([Value], ValueMap) {
        guard let pattern, !text.isEmpty else { return ([], [:]) }
        let expression = try Regex.compiled(pattern, [.multiline, .bytes])
        guard let match = try expression.firstMatch(in: text) else { return ([], [:]) }
        let groups = match.ranges.dropFirst().map { range -> Value in
            range.map { .string(Text(String(decoding: text[$0], as: UTF8.self))) } ?? .null
        }
        var names = ValueMap()
        for (name, number) in expression.groupNames.sorted(by: { $0.value < $1.value }) {
            names[.string(name)] = groups[number - 1]
        }
        return (groups, names)
    }

    /// How the kernel numbers connection states in /proc/net/tcp.
    private static let codes = [
        "ESTABLISHED": "01", "SYN_SENT": "02", "SYN_RECV": "03", "FIN_WAIT1": "04", "FIN_WAIT2": "05",
        "TIME_WAIT": "06",
        "CLOSE": "07", "CLOSE_WAIT": "08", "LAST_ACK": "09", "LISTEN": "0A", "CLOSING": "0B",
    ]

    /// Status 0: it happened, and what an expression was found in; 3: nothing to try with; 4: time is up.
    private static let wait: Script =
        ReadingScripts.expand + #"""
            kind=$1 wanted=$2 host=$3 port=$4 path=$5 pattern=$6 limit=$7 delay=$8 pause=$9
            shift 9
            connect=$1 codes=$2
            have() { command -v "$1" >/dev/null 2>&1; }
            case $pattern in
            '') ;;
            *)
                # What playbooks write is closest to Perl's expressions; without them the usual classes are spelled out.
                if printf x | grep -qP x 2>/dev/null; then
                    search() { grep -qP -e "$pattern"; }
                else
                    pattern=$(printf '%s' "$pattern" | sed 's/\\d/[0-9]/g; s/\\s/[[:space:]]/g; s/\\w/[[:alnum:]_]/g')
                    search() { grep -qE -e "$pattern"; }
                fi
                ;;
            esac
            if [ -n "$path" ]; then sp_expand "$path"; path=$p; fi
            hex=
            [ -n "$port" ] && hex=$(printf '%04X' "$port")
            tool=
            if [ "$kind" = port ] && [ "$wanted" != drained ]; then
                if have bash && have timeout; then tool=bash
                elif [ -n "$pattern" ]; then exit 3
                elif have nc; then tool=nc
                elif have curl; then tool=curl
                else
                    case $host in
                    127.* | localhost | ::1 | 0.0.0.0) [ -r /proc/net/tcp ] && tool=proc ;;
                    esac
                fi
                [ -n "$tool" ] || exit 3
            fi
            listens() {
                cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r n here there state rest; do
                    case $here in *:"$hex") [ "$state" = 0A ] && echo yes ;; esac
                done | grep -q yes
            }
            answers() {
                case $tool in
                bash) timeout "$connect" bash -c 'exec 3<>"/dev/tcp/$1/$2"' wait "$host" "$port" >/dev/null 2>&1 ;;
                nc) nc -z -w "$connect" "$host" "$port" >/dev/null 2>&1 ;;
                curl)
                    curl -s --connect-timeout "$connect" -m "$connect" -o /dev/null "telnet://$host:$port" </dev/null >/dev/null 2>&1
                    # Connected, whatever came or did not come then.
                    case $? in 0 | 28 | 48 | 52 | 56) true ;; *) false ;; esac
                    ;;
                proc) listens ;;
                esac
            }
            says() {
                said=$(timeout "$connect" bash -c 'exec 3<>"/dev/tcp/$1/$2" && head -c 65536 <&3' wait "$host" "$port" 2>/dev/null | tr -d '\0')
                printf '%s\n' "$said" | search
            }
            # A file may be long: what is behind its first megabyte is found, but not looked into for groups.
            show() {
                if [ -z "$pattern" ] || [ "$wanted" != there ]; then return; fi
                case $kind in
                port) printf '%s\n' "$said" ;;
                path) head -c 1048576 "$path" ;;
                esac
            }
            busy() {
                cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r n here there state rest; do
                    case $here in *:"$hex") case " $codes " in *" $state "*) echo yes ;; esac ;; esac
                done | grep -q yes
            }
            holds() {
                case $kind in
                port)
                    case $wanted in
                    drained) ! busy ;;
                    gone) ! answers ;;
                    *) if [ -n "$pattern" ]; then says; else answers; fi ;;
                    esac
                    ;;
                path)
                    case $wanted in
                    gone) if [ -n "$pattern" ]; then [ ! -e "$path" ] || ! search <"$path" 2>/dev/null; else [ ! -e "$path" ]; fi ;;
                    *) [ -e "$path" ] && { [ -z "$pattern" ] || search <"$path" 2>/dev/null; } ;;
                    esac
                    ;;
                *) false ;;
                esac
            }
            [ "$delay" -gt 0 ] && sleep "$delay"
            if [ "$kind" = time ]; then
                sleep "$limit"
                exit 0
            fi
            end=$(($(date +%s) + limit))
            while :; do
                if holds; then
                    show
                    exit 0
                fi
                now=$(date +%s)
                [ "$now" -lt "$end" ] || exit 4
                if [ $((now + pause)) -gt "$end" ]; then sleep $((end - now)); else sleep "$pause"; fi
            done
            """#
}
