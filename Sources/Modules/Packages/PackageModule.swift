import Diagnostics
import Results
import Target
import Values

/// Packages, by whatever manages them on the host, as `ansible.builtin.package` does.
struct PackageModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.package",
        summary: "Install and remove packages with the host's own package manager.",
        description: """
            Which one that is, the gathered facts say, else the host is asked. Further arguments are passed on to its \
            module (`apt`, `dnf`).
            """,
        arguments: [
            .optional("name", .raw, "The package, or a list of them."),
            .optional(
                "state", .string,
                "`present`, which that module means if nothing is said, `absent`, or what else it takes (`latest`)."),
            .optional("use", .string, "The package manager's module.", default: "auto"),
        ],
        example: """
            - ansible.builtin.package:
                name: curl
                state: present
            """,
        aliases: ["ansible.legacy.package"], takesAnyArgument: true
    )

    enum Step: Sendable {
        case apt(AptModule.Step, AptModule)
        case dnf(DnfModule.Step, DnfModule)
    }

    /// The package managers there are modules for, by what facts call them.
    private enum Manager: String { case apt, dnf }

    private let arguments: Arguments
    private let chosen: Manager?

    init(_ arguments: Arguments) throws(Diagnostic) {
        var use = arguments.optionalString("use") ?? "auto"
        if use == "auto" {
            use = try arguments.context.variable("ansible_package_use")?.pythonText ?? "auto"
        }
        if use == "auto", let fact = try arguments.context.variable("ansible_facts")?.mapValue?["pkg_mgr"] {
            use = fact.pythonText
        }
        let isGiven = arguments.optionalString("use") ?? "auto" != "auto"
        chosen = try Self.manager(use, isGiven ? arguments.location : nil, isGiven: isGiven)
        self.arguments = arguments
        // Wrong arguments are met before the host is.
        if let chosen { _ = try own(chosen) }
    }

    private static func manager(_ name: String, _ place: SourceLocation?, isGiven: Bool) throws(Diagnostic) -> Manager?
    {
        switch String(name.split(separator: ".").last ?? "") {
        case "apt": return .apt
        case "dnf", "dnf5", "yum": return .dnf
        case "auto", "unknown": return nil
        default:
            throw Diagnostic(
                .unsupported, "package manager '\(name)' is not supported yet", at: place,
                remedy: "Supported are apt and dnf; use a `command` with `creates` for others.")
        }
    }

    private func own(_ manager: Manager) throws(Diagnostic) -> Arguments {
        var values = arguments.values
        values.removeValue(forKey: "use")
        let manual =
            switch manager {
            case .apt: AptModule.manual
            case .dnf: DnfModule.manual
            }
        let (checked, said) = ArgumentCheck.check(manual, values, location: arguments.location)
        guard let checked else {
            throw said.first { $0.severity == .error } ?? Diagnostic(.internal, "arguments of \(manual.name)")
        }
        return Arguments(values: checked, location: arguments.location, context: arguments.context)
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let manager: Manager
        if let chosen {
            manager = chosen
        } else {
            let answer = try await target.query(Self.look)
            guard let found = Manager(rawValue: answer.output.trimmed) else {
                throw Diagnostic(
                    .failed, "the host has none of apt-get, dnf and yum",
                    remedy: "Install what is needed with a `raw` or `command` task.", host: target.hostName)
            }
            manager = found
        }
        let own = try own(manager)
        switch manager {
        case .apt:
            let module = try AptModule(own)
            return try await module.plan(target).map { .apt($0, module) }
        case .dnf:
            let module = try DnfModule(own)
            return try await module.plan(target).map { .dnf($0, module) }
        }
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        switch step {
        case .apt(let step, let module): try await module.apply(step, to: target)
        case .dnf(let step, let module): try await module.apply(step, to: target)
        }
    }

    private static let look: Script = #"""
        for pair in apt-get=apt dnf=dnf yum=dnf; do
            if command -v "${pair%=*}" >/dev/null 2>&1; then
                echo "${pair#*=}"
                exit 0
            fi
        done
        """#
}
