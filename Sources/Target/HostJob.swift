public import Diagnostics

/// Work that a host goes on with by itself, whatever becomes of the connection, as `async` asks.
///
/// A job is a shell of a session of its own. It runs the command with its streams in files, ends it with all its
/// children when its time is over, and leaves one JSON object behind, in a file that is replaced in one piece:
/// first a note that it has started, then the answer. Nobody but its user can read it.
public struct HostJob: Sendable, Hashable {
    /// What it is asked about by: `j123456789012.4711`. Letters, digits and dots.
    public var id: String
    /// The folder of the answers on the host, `~/.ansible_async` in Ansible; `~` and `$NAME` in it are the host's.
    public var directory: String
    /// Whole seconds after which it is ended.
    public var limit: Int

    /// Where answers lie unless `ansible_async_dir` says otherwise.
    public static let usualDirectory = "~/.ansible_async"

    /// A job of that name; whether its folder exists is the host's affair.
    public init(id: String, directory: String, limit: Int) {
        self.id = id
        self.directory = directory
        self.limit = limit
    }

    /// A name that no other job has: twelve digits by chance, and the process that asked for it.
    public static func makeID(process: Int32) -> String { "j\(Int.random(in: 0..<999_999_999_999)).\(process)" }

    /// Whether a text can be a job's name; it becomes part of a path.
    public static func isID(_ text: String) -> Bool {
        !text.hasPrefix(".") && !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                    || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
                    || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
            }
    }

    /// A person's command, and what its answer holds besides what it did.
    public struct Work: Sendable {
        public var command: Command
        /// What stands in the answer before everything else, as JSON without the braces: `"cmd": "uptime"`.
        public var fields: String
        /// Whether line ends at the end of the output are dropped.
        public var stripsEnds: Bool

        /// What a job is to do.
        public init(_ command: Command, fields: String, stripsEnds: Bool) {
            self.command = command
            self.fields = fields
            self.stripsEnds = stripsEnds
        }
    }
}

extension TargetWriter {
    /// Notes that a job has started, or what came of it.
    ///
    /// - Parameter text: The JSON object that is there to be read from now on.
    /// - Returns: The file's path.
    /// - Throws: `Diagnostic` with code `.failed` if the host cannot keep it.
    public func tell(_ text: String, of job: HostJob) async throws(Diagnostic) -> String {
        let answer = try await execute(JobScripts.tell, [job.directory, job.id], input: Array(text.utf8), timeout: nil)
        guard answer.succeeded else { throw Self.cannotKeep(job, answer, hostName) }
        var fields = FieldReader(answer.stdout)
        return fields.next()
    }

    /// Removes a job's answer.
    ///
    /// - Returns: The path of the file that is gone, or nil if there was none.
    /// - Throws: `Diagnostic` with code `.failed` if it is there and cannot be removed.
    public func forget(_ job: HostJob) async throws(Diagnostic) -> String? {
        let answer = try await execute(JobScripts.forget, [job.directory, job.id])
        if answer.status == 3 { return nil }
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "cannot remove the answer of job '\(job.id)': \(answer.errorOutput.lastLine)", host: hostName)
        }
        var fields = FieldReader(answer.stdout)
        return fields.next()
    }

    fileprivate static func cannotKeep(_ job: HostJob, _ answer: CommandResult, _ host: String) -> Diagnostic {
        Diagnostic(
            .failed, "cannot keep the job's answer in \(job.directory): \(answer.errorOutput.lastLine)",
            remedy: "Set ansible_async_dir to a folder that the task's user may write to.", host: host)
    }
}

extension TargetReader {
    /// What a job's answer file holds.
    ///
    /// - Returns: The file's path, and its text unless there is none.
    public func answer(of job: HostJob) async throws(Diagnostic) -> (path: String, text: [UInt8]?) {
        let answer = try await query(JobScripts.read, [job.directory, job.id])
        var fields = FieldReader(answer.stdout)
        let path = fields.next()
        return (path, answer.succeeded ? fields.remainder() : nil)
    }
}

extension HostTarget {
    /// Starts a command that goes on by itself.
    ///
    /// - Returns: The path of the file that will hold its answer.
    /// - Throws: `Diagnostic` with code `.failed` if the host cannot keep the answer.
    public func start(_ work: HostJob.Work, as job: HostJob) async throws(Diagnostic) -> String {
        let text = Array(try commandText(work.command).utf8)
        var missing = ""
        if case .words(let words) = work.command.line { missing = words.first ?? "" }
        let answer = try await execute(
            JobScripts.start,
            [
                job.directory, job.id, String(job.limit), work.stripsEnds ? "1" : "0", String(text.count), work.fields,
                missing, JobScripts.supervisor.text,
            ], input: text + (work.command.input ?? []), timeout: nil)
        guard answer.succeeded else { throw Self.cannotKeep(job, answer, hostName) }
        var fields = FieldReader(answer.stdout)
        return fields.next()
    }
}

/// The shell's side of jobs.
enum JobScripts {
    /// `$1` the folder, `$2` the job: leaves the answer's path in `$f`.
    private static let place: Script =
        ReadingScripts.expand + #"""
            sp_expand "$1"
            f=$p/$2
            w=$p/.$2
            """#

    static let read: Script =
        place + #"""
            printf '%s\0' "$f"
            [ -e "$f" ] || exit 3
            cat -- "$f"
            """#

    static let forget: Script =
        place + #"""
            [ -e "$f" ] || exit 3
            rm -f -- "$f" || exit 1
            printf '%s\0' "$f"
            """#

    static let tell: Script =
        place + #"""
            umask 077
            mkdir -p -- "$p" && cat >"$w" && mv -f -- "$w" "$f" || exit 1
            printf '%s\0' "$f"
            """#

    /// Standard input is the command's text, `$5` bytes long, and what the command is to read.
    static let start: Script =
        place + #"""
            umask 077
            mkdir -p -- "$p" && mkdir -- "$w" && cat >"$w/all" && head -c "$5" "$w/all" >"$w/script" \
                && tail -c "+$(($5 + 1))" "$w/all" >"$w/in" && rm -f "$w/all" \
                && printf '%s' "$6" >"$w/fields" && printf '%s' "$7" >"$w/program" && printf '%s\n' "$8" >"$w/job" \
                && printf '{"started": true, "finished": false, "ansible_job_id": "%s"}\n' "$2" >"$w/answer" \
                && mv -f -- "$w/answer" "$f" || { rm -rf -- "$w"; exit 1; }
            PATH=${_p:-$PATH} $(command -v setsid) /bin/sh "$w/job" "$f" "$w" "$3" "$4" </dev/null >/dev/null 2>&1 &
            printf '%s\0' "$f"
            """#

    /// The job's own shell: `$1` the answer, `$2` the folder of its files, `$3` the seconds it has, `$4` whether line
    /// ends at the end are dropped.
    ///
    /// Output becomes JSON text by `sed`, which escapes what stands alone, and `awk`, which joins lines; a zero byte
    /// cannot be kept. The clock is a shell of its own that takes its `sleep` with it when it is told to end.
    static let supervisor: Script = #"""
        trap '' HUP
        f=$1 w=$2
        clock() {
            t=$(date '+%s %Y-%m-%d %H:%M:%S.%N')
            s=${t%% *} t=${t#* }
            n=${t##*.}
            case $n in *[!0-9]*|'') n=000000 ;; esac
            n=$(printf '%.6s' "$n")
            t=${t%.*}.$n
        }
        text() {
            LC_ALL=C tr -d '\000' <"$1" | LC_ALL=C sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e "$controls" |
                LC_ALL=C awk -v strip="$2" "$join" | LC_ALL=C sed -e "s/$cr/\\\\r/g"
        }
        controls= i=1
        while [ "$i" -lt 32 ]; do
            case $i in
            10 | 13) ;;
            *) controls="${controls}s/$(printf "\\$(printf %03o "$i")")/\\\\u$(printf %04x "$i")/g
        " ;;
            esac
            i=$((i + 1))
        done
        cr=$(printf '\r')
        join='
            BEGIN { ORS = ""; print "\"" }
            strip != 1 { if (NR > 1) print last "\\n"; last = $0; next }
            {
                if (NR > 1) rest = rest "\\n"
                line = $0
                sub(/\r+$/, "", line)
                if (line != "") { print rest line; rest = "" }
                rest = rest substr($0, length(line) + 1)
            }
            END { if (strip != 1) print substr(last, 1, length(last) - 1); print "\"\n" }'
        clock
        s1=$s n1=$n t1=$t
        $(command -v setsid) /bin/sh "$w/script" <"$w/in" >"$w/out" 2>"$w/err" &
        child=$!
        (
            trap 'kill "$z"; exit' TERM
            sleep "$3" &
            z=$!
            wait "$z"
            : >"$w/late"
            kill -s KILL -- "-$child" 2>/dev/null || kill -s KILL "$child"
        ) &
        watch=$!
        wait "$child"
        rc=$?
        kill "$watch"
        clock
        d=$(((s - s1) * 1000000 + 1$n - 1$n1))
        [ "$d" -ge 0 ] || d=0
        delta=$(printf '%d:%02d:%02d.%06d' $((d / 3600000000)) $((d / 60000000 % 60)) $((d / 1000000 % 60)) $((d % 1000000)))
        if [ -e "$w/late" ]; then
            printf '{"failed": true, "msg": "Timeout exceeded", "child_pid": %d}\n' "$child" >"$w/answer"
        else
            changed=true verdict= msg=
            if [ "$rc" = 127 ] && [ -s "$w/program" ] && [ ! -s "$w/out" ]; then
                rc=2 changed=false verdict='"failed": true, '
                msg="No such file or directory: $(cat "$w/program")"
            elif [ "$rc" = 97 ] && [ "$(head -c 26 "$w/err" | tr -d '\001')" = 'swiftprov: no directory: ' ]; then
                changed=false verdict='"failed": true, '
                msg="Unable to change directory before execution: $(cat "$w/out")"
                : >"$w/out"
                : >"$w/err"
            elif [ "$rc" != 0 ]; then
                verdict='"failed": true, ' msg='non-zero return code'
            fi
            printf %s "$msg" >"$w/msg"
            if [ "$4" != 1 ]; then
                echo . >>"$w/out"
                echo . >>"$w/err"
            fi
            {
                printf '{%s, "changed": %s, %s"rc": %d' "$(cat "$w/fields")" "$changed" "$verdict" "$rc"
                printf ', "start": "%s", "end": "%s", "delta": "%s", "msg": ' "$t1" "$t" "$delta"
                text "$w/msg" 1
                printf ', "stdout": '
                text "$w/out" "$4"
                printf ', "stderr": '
                text "$w/err" "$4"
                printf '}\n'
            } >"$w/answer"
        fi
        mv -f -- "$w/answer" "$f"
        rm -rf -- "$w"
        """#
}
