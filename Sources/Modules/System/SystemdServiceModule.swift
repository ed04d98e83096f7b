import Diagnostics
import Results
import Target
import Values

/// Units of systemd, as `ansible.builtin.systemd_service` manages them.
struct SystemdServiceModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.systemd_service",
        summary: "Start, stop, enable and mask systemd units.",
        arguments: [
            .optional("name", .string, "The unit; `.service` may be left out.", aliases: ["service", "unit"]),
            .optional(
                "state", .string, "`reloaded` starts a unit that does not run.",
                choices: ["reloaded", "restarted", "started", "stopped"]),
            .optional("enabled", .bool, "Whether it starts with the system."),
            .optional("masked", .bool, "Whether it is kept from being started at all."),
            .optional("force", .bool, "Replace links that are in the way.", default: false),
            .optional(
                "daemon_reload", .bool, "Let systemd read its files again first.", default: false,
                aliases: ["daemon-reload"]),
            .optional(
                "daemon_reexec", .bool, "Let systemd start itself again first.", default: false,
                aliases: ["daemon-reexec"]),
            .optional(
                "scope", .string, "Whose units.", default: "system", choices: ["global", "system", "user"]),
            .optional("no_block", .bool, "Do not wait until it is done.", default: false),
        ],
        example: """
            - ansible.builtin.systemd_service:
                name: nginx
                state: started
                enabled: true
                daemon_reload: true
            """,
        aliases: ["ansible.builtin.systemd", "ansible.legacy.systemd", "ansible.legacy.systemd_service"]
    )

    private let unit: SystemdUnit

    init(_ arguments: Arguments) throws(Diagnostic) {
        unit = SystemdUnit(
            name: arguments.optionalString("name"), state: arguments.optionalString("state"),
            enabled: arguments.optionalBool("enabled"), masked: arguments.optionalBool("masked"),
            force: arguments.bool("force"), reloadsDaemon: arguments.bool("daemon_reload"),
            reexecutesDaemon: arguments.bool("daemon_reexec"), scope: arguments.optionalString("scope") ?? "system",
            doesNotWait: arguments.bool("no_block"))
        if unit.name == nil, unit.state != nil || unit.enabled != nil || unit.masked != nil {
            throw Diagnostic(.missingArgument, "'name' is missing: which unit?", at: arguments.location)
        }
        if unit.name == nil, !unit.reloadsDaemon, !unit.reexecutesDaemon {
            throw Diagnostic(
                .missingArgument, "systemd_service was told nothing to do", at: arguments.location,
                remedy: "Give 'state', 'enabled', 'masked', 'daemon_reload' or 'daemon_reexec'.")
        }
        if unit.scope == "global", unit.state != nil {
            throw Diagnostic(
                .badValue, "'scope: global' is about enabling for all users; there is no state to give",
                at: arguments.location)
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<SystemdUnit.Step> {
        try await unit.plan(target)
    }

    func apply(_ step: SystemdUnit.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await unit.apply(step, to: target)
    }
}
