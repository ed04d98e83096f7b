internal import Diagnostics

/// A request on its way, and who waits for it.
@IOLoop
final class PendingRequest {
    let request: ShellRequest
    var number = -1
    private let outcome = Promise<Result<CommandResult, Diagnostic>>()
    var timer: LoopTimer?
    /// Looks at it while it runs, if somebody wants to know.
    var watcher: ProgressWatcher?
    /// Why it is being ended, if it is.
    var ending: Ending?

    nonisolated init(_ request: ShellRequest) { self.request = request }

    /// Gives its answer to who waits for it; only the first one counts.
    func finish(_ outcome: Result<CommandResult, Diagnostic>) {
        timer?.cancel()
        watcher?.end()
        self.outcome.fulfill(outcome)
    }

    /// Waits until it is finished.
    func wait() async -> Result<CommandResult, Diagnostic> { await outcome.wait() }
    func wait(atMost limit: Duration) async { await outcome.wait(atMost: limit) }
}

/// Why a request was ended before its answer.
enum Ending: Equatable {
    case tookTooLong(Duration)
    case interrupted
    case tooMuchOutput

    var diagnostic: Diagnostic {
        switch self {
        case .tookTooLong(let limit):
            Diagnostic(
                .timeout, "took longer than \(limit.inWords) and was ended, with all its processes",
                remedy: "Raise the task's `timeout`, or find out what it waits for.")
        case .interrupted:
            Diagnostic(.interrupted, "was interrupted while it ran")
        case .tooMuchOutput:
            Diagnostic(
                .failed, "printed more than \(ShellFraming.outputLimit >> 20) MiB and its output was dropped",
                remedy: "Send the output to a file on the host.")
        }
    }
}

extension Diagnostic {
    static let interruptedBeforeRunning = Diagnostic(.interrupted, "was interrupted before it ran")

    static func shellEnded(_ how: String) -> Diagnostic {
        Diagnostic(.failed, "ended the shell it ran in (\(how))")
    }

    func adding(_ words: String) -> Diagnostic {
        var copy = self
        copy.summary += words
        return copy
    }
}

extension Duration {
    /// `90 s`, `0.5 s`.
    package var inWords: String {
        let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
        return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }
}

extension ShellRequest {
    /// Ends everything that the other shell of this process number runs, politely first, but not that shell.
    static func ending(below process: String) -> ShellRequest {
        let script =
            LookScript.children + """
                all() {
                for p in $(kids "$1"); do echo "$p"; all "$p"; done
                }
                {
                g=$(all "$1")
                test -n "$g" || exit 0
                kill -TERM $g; kill -CONT $g
                i=0
                while kill -0 $g && test $i -lt 20; do
                i=$((i+1)); sleep 0.1 || sleep 1
                done
                kill -KILL $g
                } 2>/dev/null
                """
        return ShellRequest(.snippet, "set -- \(ShellQuoting.quote(process))\n\(script.text)")
    }

    /// Ends a command that runs in the other shell whose private directory this is: its process group, politely
    /// first.
    static func ending(command number: Int, in directory: String) -> ShellRequest {
        let script: Script = """
            i=0; p=
            while test -z "$p" && test $i -lt 10; do
            p=$(cat "$1/p$2" 2>/dev/null) || p=
            test -n "$p" || { i=$((i+1)); sleep 0.1 2>/dev/null || sleep 1; }
            done
            case $p in ''|*[!0-9]*) exit 1;; esac
            if kill -0 -"$p" 2>/dev/null; then g=-$p; else g=$p; fi
            kill -TERM "$g"; kill -CONT "$g"
            i=0
            while kill -0 "$g" 2>/dev/null && test $i -lt 20; do
            i=$((i+1)); sleep 0.1 2>/dev/null || sleep 1
            done
            kill -KILL "$g"
            """
        return ShellRequest(.snippet, "set -- \(ShellQuoting.quote(directory)) \(number)\n\(script.text)")
    }
}
