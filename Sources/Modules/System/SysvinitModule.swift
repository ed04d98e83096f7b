import Diagnostics
import Results
import Target
import Values

/// Services with a script in `/etc/init.d`, as `ansible.builtin.sysvinit` manages them.
struct SysvinitModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.sysvinit",
        summary: "Start, stop and enable services that have a script in /etc/init.d.",
        description: """
            Whether a service runs is asked of its script (`service NAME status`), whether it starts with the system is \
            told by the links in `/etc/rc?.d`, which update-rc.d or chkconfig changes.
            """,
        arguments: [
            .required("name", .string, "The service.", aliases: ["service"]),
            .optional(
                "state", .string, "`restarted` stops it first; `reloaded` runs the script's `reload`.",
                choices: ["started", "stopped", "restarted", "reloaded"]),
            .optional("enabled", .bool, "Whether it starts with the system."),
            .optional("sleep", .int, "With `restarted`: seconds after its stop and its start.", default: 1),
            .optional("pattern", .string, "What to look for among processes in place of asking the script."),
            .optional("runlevels", .list(.string), "The run levels that `enabled` is about; by default the script's."),
            .optional("arguments", .string, "Further words for the script.", aliases: ["args"]),
            .optional(
                "daemonize", .bool, "Taken as given: what a script leaves running stays.", default: false),
        ],
        example: """
            - ansible.builtin.sysvinit:
                name: apache2
                state: started
                enabled: true
            """,
        aliases: ["ansible.legacy.sysvinit"], oneOf: [["state", "enabled"]]
    )

    private let name: String
    private let state: String?
    private let isEnabled: Bool?
    private let pause: Int
    private let pattern: String
    private let levels: [String]
    private let words: [String]

    struct Step: Sendable {
        var enables: Bool?
        /// The script's word for what is done; a restart begins with `stop`.
        var call: String?
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        state = arguments.optionalString("state")
        isEnabled = arguments.optionalBool("enabled")
        pause = max(0, arguments.int("sleep") ?? 1)
        pattern = arguments.optionalString("pattern") ?? ""
        levels = arguments.strings("runlevels")
        if name.isEmpty || name.hasPrefix("-") || name.contains("/") {
            throw Diagnostic(.badValue, "'\(name)' is no service's name", at: arguments.location)
        }
        for level in levels where level.count != 1 || !"0123456S".contains(level) {
            throw Diagnostic(
                .badValue, "'\(level)' is no run level", at: arguments.location, remedy: "There are 0 to 6, and S.")
        }
        if !levels.isEmpty, isEnabled == nil {
            throw Diagnostic(.badValue, "'runlevels' only go with 'enabled'", at: arguments.location)
        }
        do throws(Diagnostic) {
            words = try ShellWords.split(arguments.optionalString("arguments") ?? "")
        } catch {
            throw error.located(at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let answer = try await target.query(Self.look, name, pattern, state == nil ? "" : "1")
        var fields = FieldReader(answer.stdout)
        guard fields.next() == "1" else {
            if target.foreseen.awaitsPackages {
                return .unknown(Unknown("service '\(name)', which a package brings"), Step())
            }
            throw Diagnostic(
                .failed, "the host has no service '\(name)' in /etc/init.d",
                remedy: "Install it in an earlier task; units of systemd are managed with systemd_service.",
                host: target.hostName)
        }
        let startsIn = Set(fields.next().split(separator: " ").map(String.init))
        let isRunning = Self.isRunning(
            name, status: Int(fields.next()) ?? 0, said: fields.next(), isSeen: fields.next() == "1",
            byPattern: !pattern.isEmpty)
        var step = Step()
        var change = Change()
        if let isEnabled {
            let isNow = levels.isEmpty ? !startsIn.isEmpty : startsIn.isSuperset(of: levels)
            let isWanted =
                levels.isEmpty
                ? isNow == isEnabled : isEnabled ? isNow : startsIn.isDisjoint(with: levels)
            if !isWanted {
                step.enables = isEnabled
                change.parts.append(.setting("enabled", before: .bool(!isEnabled), after: .bool(isEnabled)))
            }
        }
        switch state {
        case "started" where !isRunning: step.call = "start"
        case "stopped" where isRunning: step.call = "stop"
        case "restarted": step.call = "stop"
        case "reloaded": step.call = "reload"
        default: break
        }
        if let state, step.call != nil {
            change.parts.append(
                .setting("state", before: isRunning ? "started" : "stopped", after: .string(state)))
            change.effects.append(.unit(name, active: state != "stopped", enabled: nil))
        }
        guard !change.isEmpty else { return .asWanted(.ok(values(step))) }
        return .change(change, step, foreseen: .changed(values(step)))
    }

    /// What a script's answer to `status` means; scripts differ, so words count before the status.
    private static func isRunning(_ name: String, status: Int, said: String, isSeen: Bool, byPattern: Bool) -> Bool {
        if byPattern { return isSeen }
        if HostText.lines(said).count <= 1 {
            let words = said.lowercased().replacing(name.lowercased(), with: "")
            let stopped = ["stop", "is dead ", "dead but ", "could not access pid file", "inactive"]
            if stopped.contains(where: { words.contains($0) }) { return false }
            let started = ["run", "start", "active"]
            if !words.contains("not "), started.contains(where: { words.contains($0) }) { return true }
        }
        return status == 0 || ![1, 2, 3, 4, 69].contains(status) && isSeen
    }

    private func values(_ step: Step) -> ValueMap {
        func told(changed: Bool) -> ValueMap {
            ["changed": .bool(changed), "rc": .null, "stdout": .null, "stderr": .null]
        }
        var enabled = told(changed: step.enables != nil)
        if !levels.isEmpty { enabled["runlevels"] = .list(levels.map { .string($0) }) }
        var status: ValueMap = ["enabled": .map(enabled)]
        if let state { status[.string(state)] = .map(told(changed: step.call != nil)) }
        return ["name": .string(name), "status": .map(status)]
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var values = values(step)
        var status = values["status"]?.mapValue ?? [:]
        func tell(_ key: String, _ result: CommandResult) {
            var told = status[.string(key)]?.mapValue ?? [:]
            told["rc"] = .int(Int(result.status))
            told["stdout"] = .string(result.output)
            told["stderr"] = .string(result.errorOutput)
            status[.string(key)] = .map(told)
        }
        if let enables = step.enables {
            let result = try await target.execute(Self.enable, [name, enables ? "1" : ""] + levels)
            guard result.succeeded else {
                throw Diagnostic(
                    .failed, "cannot \(enables ? "enable" : "disable") '\(name)': \(result.errorOutput.lastLine)",
                    host: target.hostName)
            }
            tell("enabled", result)
        }
        if var call = step.call, let state {
            var result: CommandResult
            if state == "restarted" {
                // In one go: a connection that breaks leaves no service that is only stopped.
                result = try await target.execute(Self.restart, [name, String(pause)] + words)
                var fields = FieldReader(result.stdout)
                call = fields.next()
                result.stdout = fields.remainder()
            } else {
                result = try await target.run(Command(.words(["/etc/init.d/\(name)", call] + words)))
            }
            tell(state, result)
            guard result.succeeded else {
                let said = result.errorOutput.isEmpty ? result.output : result.errorOutput
                values["status"] = .map(status)
                return .failed(
                    Diagnostic(
                        .failed, "cannot \(call) '\(name)' (status \(result.status)): \(said.lastLine)",
                        host: target.hostName), values)
            }
        }
        values["status"] = .map(status)
        return .changed(values)
    }

    /// `$1` the service, `$2` a pattern, `$3` whether its state matters. Writes whether there is a script, the run levels
    /// it starts in, status and words of asking it, and whether a process of that name or pattern is seen.
    private static let look: Script = #"""
        if ! [ -e "/etc/init.d/$1" ]; then printf '0\0'; exit 0; fi
        levels=
        for link in /etc/rc?.d/S??"$1"; do
            [ -L "$link" ] || [ -e "$link" ] || continue
            level=${link#/etc/rc}
            levels="$levels ${level%%.d/*}"
        done
        printf '1\0%s\0' "$levels"
        [ -n "$3" ] || exit 0
        status=0 said=
        if [ -z "$2" ]; then
            if command -v service >/dev/null 2>&1; then
                said=$(service "$1" status 2>/dev/null </dev/null)
            else
                said=$("/etc/init.d/$1" status 2>/dev/null </dev/null)
            fi
            status=$?
        fi
        seen=
        wanted=${2:-$1}
        for process in /proc/[0-9]*; do
            [ "${process#/proc/}" != $$ ] || continue
            case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in *"$wanted"*) seen=1; break ;; esac
        done
        printf '%s\0%s\0%s\0' "$status" "$said" "$seen"
        """#

    /// `$1` the service, `$2` seconds after its stop and its start, then further words for its script. Writes which of the
    /// two came last, and what it said.
    private static let restart: Script =
        (#"""
    # Should nobody be there any more, it is still started: what is said goes to files until then.
    trap '' HUP PIPE
    service=/etc/init.d/$1
    pause=$2
    shift 2
    work=$(umask 077; mktemp -d) || exit 1
    trap 'rm -rf "$work"' EXIT
    for call in stop start; do
        "$service" "$call" "$@" >"$work/out" 2>"$work/err" </dev/null
        status=$?
        [ "$status" = 0 ] || break
        sleep "$pause"
    done
    printf '%s\0' "$call"
    cat "$work/out"
    cat "$work/err" >&2
    exit "$status"
    """# as Script).startingPrograms

    /// `$1` the service, `$2` whether to enable it, then run levels, if only some are meant.
    private static let enable: Script = #"""
        name=$1 enable=$2
        shift 2
        if command -v update-rc.d >/dev/null 2>&1; then
            if [ -n "$enable" ] && [ $# -gt 0 ]; then
                # Without links there is nothing to switch on, and other run levels stay as they are: links that start
                # nothing come first.
                set -- "$name" enable "$@"
                for link in /etc/rc?.d/[SK]??"$name"; do
                    if [ -L "$link" ] || [ -e "$link" ]; then exec update-rc.d "$@"; fi
                done
                update-rc.d "$name" defaults-disabled && exec update-rc.d "$@"
            elif [ -n "$enable" ]; then
                # The links are made by the first and switched on by the second.
                update-rc.d "$name" defaults && update-rc.d "$name" enable
            else
                update-rc.d "$name" disable "$@"
            fi
        elif command -v chkconfig >/dev/null 2>&1; then
            levels=$(printf %s "$@")
            if [ -n "$enable" ]; then turn=on; else turn=off; fi
            chkconfig ${levels:+--level "$levels"} "$name" $turn
        else
            echo 'the host has neither update-rc.d nor chkconfig' >&2
            exit 1
        fi
        """#
}
