import Diagnostics
import Results
import Target
import Values

/// Services of whatever runs the host, as `ansible.builtin.service` manages them; so far systemd.
struct ServiceModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.service",
        summary: "Start, stop and enable services.",
        description: "On hosts run by systemd this is `systemd_service`; other init systems are refused with an error.",
        arguments: [
            .required("name", .string, "The service."),
            .optional(
                "state", .string, "`reloaded` starts a service that does not run.",
                choices: ["reloaded", "restarted", "started", "stopped"]),
            .optional("enabled", .bool, "Whether it starts with the system."),
            .optional(
                "use", .string, "Which init system's module to use.", default: "auto",
                choices: ["auto", "systemd", "ansible.builtin.systemd", "ansible.builtin.systemd_service"]),
            .optional("sleep", .int, "Of no use with systemd: seconds between stop and start."),
            .optional("pattern", .string, "Of no use with systemd: what to look for among processes."),
            .optional("arguments", .string, "Of no use with systemd: words for the init script.", aliases: ["args"]),
            .optional("runlevel", .string, "Of no use with systemd: an OpenRC run level.", default: "default"),
        ],
        example: """
            - ansible.builtin.service:
                name: docker
                state: started
                enabled: true
            """,
        aliases: ["ansible.legacy.service"], oneOf: [["state", "enabled"]]
    )

    private let unit: SystemdUnit
    private let warnings: [String]

    init(_ arguments: Arguments) throws(Diagnostic) {
        unit = SystemdUnit(
            name: try arguments.string("name"), state: arguments.optionalString("state"),
            enabled: arguments.optionalBool("enabled"))
        warnings = ["sleep", "pattern", "arguments"].filter { arguments[$0] != nil }
            .map { "'\($0)' has no effect on hosts run by systemd" }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<SystemdUnit.Step> {
        let plan = try await unit.plan(target)
        guard case .asWanted(var result) = plan else { return plan }
        result.warnings = warnings
        return .asWanted(result)
    }

    func apply(_ step: SystemdUnit.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var result = try await unit.apply(step, to: target)
        result.warnings = warnings
        return result
    }
}
