import Diagnostics
import Results
import Target
import Values

/// Restarts a host and waits until it is back, as `ansible.builtin.reboot` does.
struct RebootModule: Module {
    private static let bootIdentity = "cat /proc/sys/kernel/random/boot_id"
    private static let places = ["/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin"]

    static let manual = ModuleManual(
        name: "ansible.builtin.reboot",
        summary: "Restart the host and wait until it can be worked on again.",
        arguments: [
            .optional(
                "pre_reboot_delay", .int, "Seconds before the restart, in whole minutes; fewer than 60 mean none.",
                default: 0, aliases: ["pre_reboot_delay_sec"]),
            .optional(
                "post_reboot_delay", .int, "Seconds to wait before looking whether it is back.", default: 0,
                aliases: ["post_reboot_delay_sec"]),
            .optional(
                "reboot_timeout", .int, "The longest wait for the host, then for the test command, in seconds each.",
                default: 600, aliases: ["reboot_timeout_sec"]),
            .optional(
                "connect_timeout", .int, "The longest try to connect, in seconds.", aliases: ["connect_timeout_sec"]),
            .optional("test_command", .string, "What must succeed before the host counts as back.", default: "whoami"),
            .optional("msg", .string, "What users of the host are told.", default: "Reboot initiated by Ansible"),
            .optional(
                "search_paths", .list(.string), "Where to look for `shutdown`.",
                default: .list(places.map { .string($0) })),
            .optional(
                "boot_time_command", .string, "What tells one start of the host from another.",
                default: .string(bootIdentity)),
            .optional("reboot_command", .string, "What restarts the host, in place of `shutdown -r`."),
        ],
        check: "Foretells the restart.",
        diff: "none",
        example: """
            - ansible.builtin.reboot:
                reboot_timeout: 300
            """,
        aliases: ["ansible.legacy.reboot"]
    )

    private let delayBefore: Int
    private let delayAfter: Int
    private let wait: HostWait
    private let testCommand: String
    private let message: String
    private let searchPaths: [String]
    private let identityCommand: String
    private let command: String?

    init(_ arguments: Arguments) throws(Diagnostic) {
        delayBefore = arguments.seconds("pre_reboot_delay", or: 0)
        delayAfter = arguments.seconds("post_reboot_delay", or: 0)
        wait = HostWait(
            limit: .seconds(arguments.seconds("reboot_timeout", or: 600, atLeast: 1)), pause: .seconds(1),
            connectLimit: arguments.int("connect_timeout").map { .seconds(max(1, $0)) })
        testCommand = arguments.optionalString("test_command") ?? "whoami"
        message = arguments.optionalString("msg") ?? "Reboot initiated by Ansible"
        searchPaths = arguments.strings("search_paths")
        identityCommand = arguments.optionalString("boot_time_command") ?? Self.bootIdentity
        command = arguments.optionalString("reboot_command")
        if identityCommand.trimmed.isEmpty {
            throw Diagnostic(.badValue, "'boot_time_command' is empty", at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        guard !target.isControlMachine else {
            throw Diagnostic(
                .failed, "this would restart the machine that swiftprov runs on",
                remedy: "Give the task another host, or connect to this one with ssh.", host: target.hostName)
        }
        return .change(.action("restart the host"), (), foreseen: .changed(["elapsed": 0, "rebooted": true]))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let before = try await identity(target)
        let clock = ContinuousClock()
        let start = clock.now
        try await restart(target)
        var values: ValueMap = ["rebooted": true]
        if delayAfter > 0 { try? await Task.sleep(for: .seconds(delayAfter)) }
        // Until it is down the old connection may still answer; the identity tells.
        if let trouble = try await wait.until(
            target,
            { (target) async throws(Diagnostic) in
                guard try await identityWhenUp(target) != before else {
                    throw Diagnostic(.unreachable, "the host has not restarted yet", host: target.hostName)
                }
                return true
            })
        {
            values["elapsed"] = .int(Int((clock.now - start).inSeconds))
            return ModuleResult(
                changed: true, values: values,
                failure: late("was not back", trouble, target.hostName))
        }
        var said = ""
        let testedUntil = clock.now.advanced(by: wait.limit)
        let trouble = try await wait.until(target) { (target) async throws(Diagnostic) in
            // One that hangs must not outlast the wait.
            let left = max(.seconds(1), clock.now.duration(to: testedUntil))
            let result = try await target.run(Command(.shell(testCommand, executable: "/bin/sh"), timeout: left))
            said = result.errorOutput.isEmpty ? result.output : result.errorOutput
            return result.succeeded
        }
        values["elapsed"] = .int(Int((clock.now - start).inSeconds))
        if var trouble {
            if !said.isEmpty { trouble.summary = "'\(testCommand)' said: \(said.lastLine)" }
            return ModuleResult(
                changed: true, values: values, failure: late("did not pass the test command", trouble, target.hostName))
        }
        return .changed(values)
    }

    private func late(_ what: String, _ trouble: Diagnostic, _ host: String) -> Diagnostic {
        Diagnostic(
            .timeout, "the host \(what) within \(Int(wait.limit.inSeconds)) seconds of its restart: \(trouble.summary)",
            remedy: "Raise 'reboot_timeout', or look at the host's console.", host: host)
    }

    /// The same while the host comes up: a command that fails then may succeed a moment later.
    private func identityWhenUp(_ target: some TargetWriter) async throws(Diagnostic) -> String {
        do throws(Diagnostic) {
            return try await identity(target)
        } catch {
            guard error.code == .failed else { throw error }
            throw Diagnostic(.timeout, error.summary, host: target.hostName)
        }
    }

    /// What tells this start of the host from others.
    private func identity(_ target: some TargetWriter) async throws(Diagnostic) -> String {
        let result = try await target.run(
            Command(.shell(identityCommand, executable: "/bin/sh"), timeout: .seconds(30)))
        guard result.succeeded, !result.output.trimmed.isEmpty else {
            throw Diagnostic(
                .failed,
                "'\(identityCommand)' does not tell one start from another: "
                    + (result.errorOutput.isEmpty ? "status \(result.status)" : result.errorOutput.lastLine),
                remedy: "Give 'boot_time_command'.", host: target.hostName)
        }
        return result.output.trimmed
    }

    /// Sets the restart off; the connection may be gone before there is an answer.
    private func restart(_ target: some TargetWriter) async throws(Diagnostic) {
        do throws(Diagnostic) {
            let result: CommandResult
            if let command {
                result = try await target.run(Command(.shell(command, executable: "/bin/sh"), timeout: .seconds(60)))
            } else {
                result = try await target.execute(
                    Self.shutdown, [String(delayBefore / 60), message] + searchPaths, input: nil, timeout: .seconds(60))
            }
            // A signal at the command's neck is the restart itself.
            guard !result.succeeded, result.status < 128 || result.status == 127 else { return }
            throw Diagnostic(
                .failed,
                result.status == 127 && command == nil
                    ? "the host has no 'shutdown' in \(searchPaths.joined(separator: ", "))"
                    : "the restart was refused: \(result.errorOutput.lastLine)",
                remedy: "Become root, or give 'reboot_command'.", host: target.hostName)
        } catch {
            if error.code != .unreachable && error.code != .timeout { throw error }
        }
    }

    /// `$1` minutes, `$2` a message, then places to look in.
    private static let shutdown: Script = #"""
        minutes=$1 message=$2
        shift 2
        for place do
            if [ -x "$place/shutdown" ]; then exec "$place/shutdown" -r "+$minutes" "$message"; fi
        done
        exit 127
        """#
}
