import Diagnostics
import Results
import Target
import Values

/// Debian packages, as `ansible.builtin.apt` manages them, through dpkg-query and apt-get on the host.
struct AptModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.apt",
        summary: "Install, upgrade and remove Debian packages.",
        description: """
            What would happen is asked of `apt-get --simulate`, so a dry run names every package that comes along. \
            If the package lists are to be updated first, what they will hold is only known afterwards.
            """,
        arguments: [
            .optional(
                "name", .list(.string),
                "Packages, with a version if wanted (`nginx=1.22*`, `nginx>=1.22`), or `*` with `state: latest`.",
                aliases: ["package", "pkg"]),
            .optional(
                "state", .string, "`latest` upgrades, too; `fixed` completes broken installations.",
                default: "present", choices: ["absent", "build-dep", "fixed", "latest", "present"]),
            .optional(
                "update_cache", .bool, "Update the package lists first.", aliases: ["update-cache"]),
            .optional("cache_valid_time", .int, "Do so only if they are older than that many seconds.", default: 0),
            .optional("update_cache_retries", .int, "How often that is tried.", default: 5),
            .optional("update_cache_retry_max_delay", .int, "The longest wait between tries, in seconds.", default: 12),
            .optional(
                "upgrade", .string, "Upgrade all packages.", default: "no",
                choices: ["dist", "full", "no", "safe", "yes", "true", "false"]),
            .optional("autoremove", .bool, "Remove packages that nothing needs any more.", default: false),
            .optional(
                "autoclean", .bool, "Remove downloaded files that cannot be downloaded any more.", default: false),
            .optional("clean", .bool, "Remove all downloaded files.", default: false),
            .optional("purge", .bool, "Remove configuration files, too.", default: false),
            .optional("deb", .path, "A package file on the host to install."),
            .optional("default_release", .string, "The release to prefer.", aliases: ["default-release"]),
            .optional(
                "dpkg_options", .string, "Options for dpkg, apart by commas.",
                default: "force-confdef,force-confold"),
            .optional(
                "install_recommends", .bool, "Whether recommended packages come along; the host's habit if not given.",
                aliases: ["install-recommends"]),
            .optional("only_upgrade", .bool, "Do not install what is not installed.", default: false),
            .optional(
                "force", .bool, "Allow what apt-get warns of, unsigned packages and downgrades included.",
                default: false),
            .optional(
                "allow_unauthenticated", .bool, "Allow packages without a valid signature.", default: false,
                aliases: ["allow-unauthenticated"]),
            .optional(
                "allow_downgrade", .bool, "Allow an older version to replace a newer one.", default: false,
                aliases: ["allow-downgrade", "allow_downgrades", "allow-downgrades"]),
            .optional("allow_change_held_packages", .bool, "Allow changes to packages on hold.", default: false),
            .optional("fail_on_autoremove", .bool, "Fail rather than remove packages.", default: false),
            .optional("lock_timeout", .int, "How long to wait for another apt, in seconds.", default: 60),
            .optional("policy_rc_d", .int, "The answer of policy-rc.d while packages start services; 101 forbids it."),
            .optional("force_apt_get", .bool, "Taken as given: apt-get is always used.", default: false),
            .optional("auto_install_module_deps", .bool, "Not needed: nothing but apt is used.", default: true),
        ],
        example: """
            - ansible.builtin.apt:
                name: [nginx, curl]
                state: present
                update_cache: true
                cache_valid_time: 3600
            """,
        aliases: ["ansible.legacy.apt", "ansible.builtin.apt-get"],
        exclusive: [["deb", "name"]]
    )

    private let request: AptRequest

    init(_ arguments: Arguments) throws(Diagnostic) { request = try AptRequest(arguments) }

    /// What `apply` runs.
    struct Step: Sendable {
        var updates: Bool
        var commands: [[String]]
        var stampBefore: Int
        var values: ValueMap
        var changes: Bool
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let answer = try await target.query(AptScripts.look, request.words)
        guard answer.status != 3 else {
            throw Diagnostic(
                .failed, "the host has no apt-get", remedy: "Use the module of its own package manager.",
                host: target.hostName)
        }
        guard answer.succeeded else {
            throw Diagnostic(.failed, "cannot ask dpkg: \(answer.errorOutput.lastLine)", host: target.hostName)
        }
        let state = try AptState(answer.stdout, request, foreseen: target.foreseen)
        var change = Change()
        let updates =
            request.updates && (state.now - state.cacheTime > request.cacheValidTime || request.cacheValidTime == 0)
        if updates { change.parts.append(.action("apt-get update")) }
        if let trouble = state.trouble {
            // New lists may bring what the old ones lack.
            guard updates else {
                throw Diagnostic(.failed, trouble, remedy: Self.remedy(trouble), host: target.hostName)
            }
        }
        for package in state.operations {
            change.parts.append(.setting(package.name, before: package.before.value, after: package.after.value))
            change.effects.append(.package(package.name, present: package.after != nil))
        }
        for name in state.assumed {
            change.parts.append(.setting(name, before: "not installed", after: "installed after the update"))
            change.effects.append(.package(name, present: true))
        }
        if request.failsOnRemoval, request.state != "absent",
            let removed = state.operations.first(where: { $0.after == nil })
        {
            throw Diagnostic(
                .failed, "package '\(removed.name)' would be removed", remedy: "'fail_on_autoremove' forbids it.",
                host: target.hostName)
        }
        var commands = state.commands
        if request.autoclean { commands.append(["autoclean"]) }
        if request.clean { commands.append(["clean"]) }
        let onlyUpdates = request.isOnlyUpdate
        let changes = !state.operations.isEmpty || !state.assumed.isEmpty || state.mayChange
        let values: ValueMap = ["cache_updated": .bool(updates), "cache_update_time": .int(state.cacheTime)]
        guard updates || !commands.isEmpty else { return .asWanted(.ok(values)) }
        if onlyUpdates {
            // Whether the servers have anything new is for them to say.
            return .unknown(
                Unknown("whether the package lists change"),
                Step(updates: true, commands: commands, stampBefore: state.cacheTime, values: values, changes: false))
        }
        let step = Step(
            updates: updates, commands: commands, stampBefore: state.cacheTime, values: values, changes: changes)
        return .change(change, step, foreseen: ModuleResult(changed: changes, values: values))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        var values = step.values
        if step.updates {
            let update = try await target.run(
                Command(
                    .words(
                        AptScripts.updateWords(retries: request.updateRetries, longestWait: request.updateLongestWait)))
            )
            guard update.succeeded else {
                throw Diagnostic(
                    .failed, "apt-get update failed: \(update.errorOutput.lastLine)",
                    remedy: "See that the host reaches the servers in /etc/apt.", host: target.hostName)
            }
            let stamp = Int(update.output.lastLine) ?? step.stampBefore
            values["cache_updated"] = .bool(stamp != step.stampBefore)
            values["cache_update_time"] = .int(stamp)
            if request.isOnlyUpdate { return ModuleResult(changed: stamp != step.stampBefore, values: values) }
        }
        var output = ""
        var errors = ""
        for command in step.commands {
            let result = try await target.run(
                Command(.words(AptScripts.runWords(command, policy: request.policy))))
            output += result.output
            errors += result.errorOutput
            guard result.succeeded else {
                CommandRun.addOutput(output, errors, to: &values)
                values["rc"] = .int(Int(result.status))
                let said = result.errorOutput.split(separator: "\n").first { $0.hasPrefix("E:") }.map(String.init)
                let trouble = said ?? result.errorOutput.lastLine
                return .failed(
                    Diagnostic(
                        .failed, "apt-get \(command.last ?? "") failed: \(trouble)", remedy: Self.remedy(trouble),
                        host: target.hostName), values)
            }
        }
        CommandRun.addOutput(output, errors, to: &values)
        // What apt-get did is in its own words: nothing at all is no change.
        let didNothing = output.contains("0 upgraded, 0 newly installed, 0 to remove") || step.commands.isEmpty
        return ModuleResult(changed: step.changes || (!didNothing && !request.onlyCleans), values: values)
    }

    private static func remedy(_ trouble: String) -> String? {
        if trouble.contains("Unable to locate") || trouble.contains("no installation candidate") {
            return "Mend the name, or set 'update_cache: true' if the host's package lists are old."
        }
        if trouble.contains("ock") { return "Another apt is at work; raise 'lock_timeout'." }
        if trouble.contains("No space left") { return "Free some space on the host." }
        return nil
    }
}

extension Optional where Wrapped == String {
    /// A version, or that there is none.
    fileprivate var value: Value { map { .string($0) } ?? "not installed" }
}
