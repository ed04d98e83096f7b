import Diagnostics
import Results
import Target
import Values

/// RPM packages, as `ansible.builtin.dnf` manages them, through rpm and dnf (or yum) on the host.
struct DnfModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.dnf",
        summary: "Install, upgrade and remove RPM packages.",
        description: """
            What is installed is asked of rpm; what would happen, of `dnf --assumeno`, so a dry run names every package \
            that comes along. Where there is no dnf, yum is called in its place.
            """,
        arguments: [
            .optional(
                "name", .list(.string),
                "Packages, with a version if wanted (`nginx-1.22`), `@groups`, or files and addresses of packages; `*` "
                    + "with `state: latest`.", aliases: ["pkg"]),
            .optional(
                "state", .string, "`latest` upgrades, too.",
                choices: ["absent", "installed", "latest", "present", "removed"]),
            .optional("enablerepo", .list(.string), "Repositories to switch on for this.", default: []),
            .optional("disablerepo", .list(.string), "Repositories to switch off for this.", default: []),
            .optional("exclude", .list(.string), "Packages to leave alone.", default: []),
            .optional(
                "update_cache", .bool, "Read the repositories' lists anew.", default: false, aliases: ["expire-cache"]),
            .optional("update_only", .bool, "Do not install what is not installed.", default: false),
            .optional(
                "allow_downgrade", .bool, "Taken as given: a version that is asked for is installed.", default: false),
            .optional("allowerasing", .bool, "Allow packages in the way to be removed.", default: false),
            .optional("autoremove", .bool, "Remove packages that nothing needs any more.", default: false),
            .optional("disable_gpg_check", .bool, "Do not check signatures.", default: false),
            .optional("install_weak_deps", .bool, "Install what is recommended, too.", default: true),
            .optional("nobest", .bool, "Be content with older versions.", aliases: []),
            .optional("best", .bool, "Insist on the newest versions."),
            .optional("skip_broken", .bool, "Pass over what cannot be installed.", default: false),
            .optional("security", .bool, "With `latest`: only what mends security.", default: false),
            .optional("bugfix", .bool, "With `latest`: only what mends errors.", default: false),
            .optional("conf_file", .string, "The configuration on the host."),
            .optional("releasever", .string, "The release to take packages of."),
            .optional("installroot", .string, "The directory to install below.", default: "/"),
            .optional("cacheonly", .bool, "Use only what was fetched before.", default: false),
            .optional("validate_certs", .bool, "Check certificates.", default: true),
            .optional("sslverify", .bool, "Check repositories' certificates.", default: true),
            .optional("lock_timeout", .int, "Taken as given: dnf waits for its lock by itself.", default: 30),
            .optional("use_backend", .string, "Taken as given: the host's own dnf is used.", default: "auto"),
            .optional("install_repoquery", .bool, "Not needed.", default: true),
            Argument(
                "list", .string, "Packages to list.", refusal: "Use package_facts, or a `command: dnf list …` task."),
            Argument(
                "download_only", .bool, "Fetch only.", refusal: "Use a `command: dnf download …` task with `creates`."),
            Argument(
                "download_dir", .string, "Where to.", refusal: "Use a `command: dnf download …` task with `creates`."),
            Argument("enable_plugin", .list(.string), "Plugins.", refusal: "Set them in dnf.conf."),
            Argument("disable_plugin", .list(.string), "Plugins.", refusal: "Set them in dnf.conf."),
            Argument("disable_excludes", .string, "Excludes.", refusal: "Set them in dnf.conf."),
        ],
        example: """
            - ansible.builtin.dnf:
                name: [nginx, curl]
                state: present
            """,
        aliases: ["ansible.builtin.yum", "ansible.builtin.dnf5", "ansible.legacy.dnf", "ansible.legacy.yum"],
        exclusive: [["best", "nobest"]]
    )

    private let names: [String]
    private let state: String
    private let upgradesAll: Bool
    private let onlyUpgrades: Bool
    private let autoremoves: Bool
    private let refreshes: Bool
    private let options: [String]

    struct Step: Sendable {
        /// dnf's words, one command each.
        var commands: [[String]] = []
        var results: [String] = []
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        var names: [String] = []
        var upgradesAll = false
        autoremoves = arguments.bool("autoremove")
        switch arguments.optionalString("state") ?? (autoremoves ? "absent" : "present") {
        case "removed", "absent": state = "absent"
        case "latest": state = "latest"
        default: state = "present"
        }
        for name in arguments.strings("name").flatMap({ $0.split(separator: ",").map(\.trimmed) }) where !name.isEmpty {
            if name == "*", state == "latest" {
                upgradesAll = true
                continue
            }
            guard !name.hasPrefix("-") else {
                throw Diagnostic(.badValue, "'\(name)' is no package", at: arguments.location)
            }
            names.append(name)
        }
        self.names = names
        self.upgradesAll = upgradesAll
        onlyUpgrades = arguments.bool("update_only")
        refreshes = arguments.bool("update_cache")
        guard !names.isEmpty || upgradesAll || autoremoves || refreshes else {
            throw Diagnostic(
                .missingArgument, "dnf was told nothing to do", at: arguments.location,
                remedy: "Give 'name', 'autoremove' or 'update_cache'.")
        }
        var options: [String] = []
        for name in arguments.strings("disablerepo") { options.append("--disablerepo=\(name)") }
        for name in arguments.strings("enablerepo") { options.append("--enablerepo=\(name)") }
        for name in arguments.strings("exclude") { options.append("--exclude=\(name)") }
        if arguments.bool("disable_gpg_check") { options.append("--nogpgcheck") }
        if arguments.bool("allowerasing") { options.append("--allowerasing") }
        if arguments.optionalBool("nobest") == true || arguments.optionalBool("best") == false {
            options.append("--nobest")
        }
        if arguments.optionalBool("best") == true { options.append("--best") }
        if arguments.bool("skip_broken") { options.append("--skip-broken") }
        if arguments.bool("security") { options.append("--security") }
        if arguments.bool("bugfix") { options.append("--bugfix") }
        if arguments.bool("cacheonly") { options.append("--cacheonly") }
        if !arguments.bool("install_weak_deps") { options.append("--setopt=install_weak_deps=False") }
        if !arguments.bool("sslverify") || !arguments.bool("validate_certs") {
            options.append("--setopt=sslverify=False")
        }
        if let file = arguments.optionalString("conf_file") { options.append("--config=\(file)") }
        if let release = arguments.optionalString("releasever") { options.append("--releasever=\(release)") }
        let root = arguments.optionalString("installroot") ?? "/"
        if root != "/" { options.append("--installroot=\(root)") }
        if refreshes { options.append("--refresh") }
        if autoremoves, state != "absent" {
            throw Diagnostic(
                .badValue, "'autoremove' goes with 'state: absent' only", at: arguments.location,
                remedy: "Remove what nothing needs in a task of its own: `dnf: autoremove=true`.")
        }
        // dnf itself would take dependencies along; Ansible's module leaves them unless told otherwise.
        if state == "absent", !autoremoves { options.append("--setopt=clean_requirements_on_remove=False") }
        self.options = options
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let verb = state == "absent" ? "remove" : "install"
        let answer = try await target.query(
            Self.look,
            [
                state, verb, upgradesAll ? "1" : "", onlyUpgrades ? "1" : "", autoremoves && names.isEmpty ? "1" : "",
                String(options.count),
            ] + options + names)
        guard answer.status != 127 else {
            return try target.lacking(
                "dnf", remedy: "Use the module of the host's own package manager.", step: Step())
        }
        var fields = FieldReader(answer.stdout)
        let words = fields.next().split(separator: "\n").map(String.init)
        let status = fields.next()
        let said = fields.next()
        if names.isEmpty, !upgradesAll, !autoremoves {
            return .unknown(
                Unknown("whether the package lists change"), Step(commands: [["makecache"] + options]))
        }
        let transaction = DnfTransaction(said)
        // Names foreseen in this dry run are on the host by then, or gone.
        let foreseen = names.filter { target.foreseen.packages[$0] == (state != "absent") }
        if !names.isEmpty, foreseen.count == names.count, state != "latest" { return .asWanted(result([])) }
        guard status == "0" || !transaction.isEmpty else {
            let trouble =
                HostText.lines(said).last { $0.hasPrefix("Error:") || $0.hasPrefix("No match") } ?? said.lastLine
            throw Diagnostic(
                .failed, "dnf \(words.first ?? verb): \(trouble)",
                remedy: "Mend the name, or enable the repository that has it.", host: target.hostName)
        }
        guard !transaction.isEmpty else { return .asWanted(result([])) }
        var change = Change()
        for operation in transaction.operations {
            change.parts.append(
                .setting(operation.name, before: .string(operation.before), after: .string(operation.after)))
            change.effects.append(.package(operation.name, present: operation.after != "not installed"))
        }
        let results = transaction.operations.map(\.told).sorted()
        return .change(
            change, Step(commands: [words], results: results),
            foreseen: ModuleResult(changed: true, values: values(results)))
    }

    private func values(_ results: [String]) -> ValueMap {
        ["results": .list(results.map { .string($0) }), "msg": results.isEmpty ? "Nothing to do" : "", "rc": 0]
    }

    private func result(_ results: [String]) -> ModuleResult { .ok(values(results)) }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        for words in step.commands {
            let result = try await target.run(
                Command(.words(["sh", "-c", Self.run.text, "dnf"] + ["-y"] + words)))
            guard !result.succeeded else { continue }
            let trouble =
                HostText.lines(result.errorOutput).last { $0.hasPrefix("Error:") } ?? result.errorOutput.lastLine
            return .failed(
                Diagnostic(.failed, "dnf \(words.first ?? "") failed: \(trouble)", host: target.hostName),
                ["rc": .int(Int(result.status)), "results": [], "msg": .string(trouble)])
        }
        return ModuleResult(changed: !step.results.isEmpty, values: values(step.results))
    }

    /// `$1` the state, `$2` dnf's verb, `$3` whether all are upgraded, `$4` whether nothing new is installed, `$5`
    /// whether what nothing needs is removed, `$6` the number of options, options, names. Writes the words for dnf,
    /// the status of trying them, and what it said.
    private static let look: Script = #"""
        state=$1 verb=$2 all=$3 only=$4 unneeded=$5 count=$6
        shift 6
        tool=
        for name in dnf yum; do command -v $name >/dev/null 2>&1 && { tool=$name; break; }; done
        [ -n "$tool" ] && command -v rpm >/dev/null 2>&1 || exit 127
        n=0
        while [ $n -lt "$count" ]; do set -- "$@" "$1"; shift; n=$((n + 1)); done
        # Names come first now, options behind them.
        names=$(($# - count))
        work= missing= present=
        n=0
        while [ $n -lt $names ]; do
            name=$1
            shift
            n=$((n + 1))
            there=
            rpm -q -- "$name" >/dev/null 2>&1 && there=1
            [ -z "$there" ] && [ "$state" != absent ] && rpm -q --whatprovides -- "$name" >/dev/null 2>&1 && there=1
            case $state in
            absent) [ -n "$there" ] || case $name in @* | *\**) ;; *) continue ;; esac ;;
            present) [ -n "$there" ] && continue; [ -n "$only" ] && continue ;;
            latest) [ -z "$there" ] && [ -n "$only" ] && continue; [ -n "$there" ] && present=1 || missing=1 ;;
            esac
            work=1
            set -- "$@" "$name"
        done
        if [ -n "$all" ]; then verb=upgrade work=1; fi
        if [ -n "$unneeded" ]; then verb=autoremove work=1; fi
        # `install` of an installed package upgrades nothing where the version is not named.
        [ "$state" = latest ] && [ -n "$present" ] && [ -z "$missing" ] && verb=upgrade
        if [ -z "$work" ]; then
            printf '\0000\0\0'
            exit 0
        fi
        { echo "$verb"; for word do printf '%s\n' "$word"; done; }
        printf '\0'
        said=$(COLUMNS=500 $tool --assumeno "$verb" "$@" 2>&1)
        printf '%s\0%s\0' $? "$said"
        """#

    private static let run: Script = #"""
        export LC_ALL=C
        if command -v dnf >/dev/null 2>&1; then exec dnf "$@"; else exec yum "$@"; fi
        """#
}
