import Diagnostics
import Results
import Target
import Values

/// Installs Python packages with the host's pip, as `ansible.builtin.pip` does.
struct PipModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.pip",
        summary: "Install or remove Python packages with the host's pip.",
        description: """
            The host needs Python and pip, or for a virtual environment the program that makes one. Packages named \
            with versions are looked up in what is installed; requirement files, URLs and `state: latest` need pip \
            itself to tell.
            """,
        arguments: [
            .optional("name", .list(.string), "Packages, with versions such as `flask>=2,<3`, or URLs."),
            .optional("version", .string, "The version of the one package named."),
            .optional("requirements", .string, "A requirements file on the host."),
            .optional(
                "state", .string, "What is to be.", default: "present",
                choices: ["present", "absent", "latest", "forcereinstall"]),
            .optional("virtualenv", .path, "A virtual environment; it is made if it is not there."),
            .optional(
                "virtualenv_command", .path, "What makes it, such as `python3 -m venv`.", default: "virtualenv"),
            .optional("virtualenv_python", .string, "The Python in it; for `virtualenv` only."),
            .optional("virtualenv_site_packages", .bool, "Let it see the system's packages.", default: false),
            .optional("extra_args", .string, "Further options of pip."),
            .optional("editable", .bool, "Install from where the source lies.", default: false),
            .optional("chdir", .path, "The directory to run pip in."),
            .optional("executable", .path, "Another pip, such as `pip3.11`."),
            .optional("umask", .string, "Permission bits that new files do not get, such as '0022'."),
            .optional(
                "break_system_packages", .bool, "Install into a system's Python that its packages manage.",
                default: false),
        ],
        check: "Full for packages by name; else unknown, since only pip can tell.",
        diff: "The packages concerned.",
        example: """
            - ansible.builtin.pip:
                name: [flask==3.0.0, gunicorn]
                virtualenv: /srv/app/venv
                virtualenv_command: python3 -m venv
            """,
        exclusive: [["name", "requirements"], ["executable", "virtualenv"]], oneOf: [["name", "requirements"]]
    )

    private let state: String
    private let requirements: [PythonRequirement]
    private let file: String?
    private let version: String?
    private let environment: String?
    private let command: [String]
    private let extra: [String]
    private let words: [String]

    /// Packages to be changed; empty where only pip can tell.
    typealias Step = [String]

    init(_ arguments: Arguments) throws(Diagnostic) {
        state = arguments.optionalString("state") ?? "present"
        version = arguments.optionalString("version")
        file = arguments.optionalString("requirements")
        environment = arguments.optionalString("virtualenv")
        var names = PythonRequirement.joined(arguments.strings("name"))
        if state == "latest", version != nil {
            throw Diagnostic(.badValue, "'version' makes no sense with 'state: latest'", at: arguments.location)
        }
        if let version {
            guard names.count == 1, let name = names.first else {
                throw Diagnostic(
                    .badValue, "'version' is for one package", at: arguments.location,
                    remedy: "Write it behind each name: `flask==3.0.0`.")
            }
            guard !name.contains(where: { "<>=!~".contains($0) }) else {
                throw Diagnostic(
                    .badValue, "'\(name)' names a version already", at: arguments.location,
                    remedy: "Leave 'version' out.")
            }
            names = [name + (version.first.map { "<>=!~".contains($0) } == true ? "" : "==") + version]
        }
        for name in names where name.hasPrefix("-") {
            throw Diagnostic(
                .badValue, "'\(name)' begins with a dash, which pip takes for an option", at: arguments.location,
                remedy: "Options go to 'extra_args'.")
        }
        requirements = names.map(PythonRequirement.init)
        do {
            extra = try ShellWords.split(arguments.optionalString("extra_args") ?? "")
            command = try ShellWords.split(arguments.optionalString("virtualenv_command") ?? "virtualenv")
        } catch {
            throw error.located(at: arguments.location)
        }
        let umask = arguments.optionalString("umask") ?? ""
        guard umask.isEmpty || UInt16(umask, radix: 8) != nil else {
            throw Diagnostic(.badValue, "'umask: \(umask)' is not octal", at: arguments.location)
        }
        var making = command
        if arguments.bool("virtualenv_site_packages") { making.append("--system-site-packages") }
        if let python = arguments.optionalString("virtualenv_python") {
            guard !command.contains("venv"), command.first?.contains("pyvenv") != true else {
                throw Diagnostic(
                    .badValue, "'virtualenv_python' is for 'virtualenv' only", at: arguments.location,
                    remedy: "With venv, name the Python in 'virtualenv_command': /usr/bin/python3.11 -m venv.")
            }
            making.append("-p" + python)
        }
        let editable = arguments.bool("editable") && !extra.contains("-e") ? ["-e"] : []
        let verbs: [String: [String]] = [
            "present": ["install"], "absent": ["uninstall", "-y"], "latest": ["install", "-U"],
            "forcereinstall": ["install", "-U", "--force-reinstall"],
        ]
        let what = file.map { ["-r", $0] } ?? names
        let pip = (verbs[state] ?? []) + extra + editable + what
        words =
            [
                arguments.optionalString("chdir") ?? "", environment ?? "",
                arguments.optionalString("executable") ?? "",
                umask, arguments.bool("break_system_packages") ? "1" : "", String(making.count),
            ] + making + pip
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        var answer = try await target.query(PipScripts.look, words)
        if answer.status == 6, let directory = words.first,
            target.foreseen.awaitsPackages || target.foreseen.effect(at: directory)?.kind == .directory
        {
            // The directory is still to be made; what is installed does not depend on it, unless it is looked for there.
            guard environment?.hasPrefix("/") ?? true else {
                return .unknown(Unknown("what pip will find in '\(directory)'"), [])
            }
            answer = try await target.query(PipScripts.look, [""] + words.dropFirst())
        }
        if answer.status == 3 || answer.status == 4, target.foreseen.awaitsPackages {
            return .unknown(Unknown("what pip will find"), [])
        }
        let installed = try packages(in: answer, target.hostName)
        guard let installed else {
            // There is no virtual environment yet.
            let place = environment ?? ""
            let activation = FilePlacement.join(place, "bin/activate")
            if target.foreseen.effect(at: activation)?.kind == .file {
                if state == "absent" { return .unknown(Unknown("what pip finds in '\(place)'"), []) }
                return .change(.action("install \(shown) in \(place)"), [], foreseen: .changed(values))
            }
            let installs = state == "absent" ? "" : " and install \(shown)"
            let effects: [Change.Effect] = [
                .file(path: place, .init(kind: .directory)), .file(path: activation, .init(kind: .file)),
            ]
            return .change(
                .action("make the virtual environment \(place)\(installs)", effects: effects), [],
                foreseen: .changed(values))
        }
        if state == "forcereinstall" {
            return .change(.action("install \(shown) again"), [], foreseen: .changed(values))
        }
        guard file == nil, state != "latest", PipOptions.areIndifferent(extra) else {
            return .unknown(Unknown("what pip finds for \(shown)"), [])
        }
        var missing: [String] = []
        for requirement in requirements {
            guard let isThere = requirement.isSatisfied(by: installed) else {
                return .unknown(Unknown("what pip finds for \(requirement.text)"), [])
            }
            if isThere, requirement.hasExtras, state != "absent" {
                return .unknown(Unknown("whether all is there that \(requirement.text) needs"), [])
            }
            if isThere == (state == "absent") { missing.append(requirement.text) }
        }
        guard !missing.isEmpty else { return .asWanted(.ok(values)) }
        let parts = missing.map { text -> Change.Part in
            let name = PythonRequirement(text).name ?? text
            return .setting(
                name, before: installed[name].map { .string($0) } ?? .null,
                after: state == "absent" ? .null : .string(text))
        }
        return .change(Change(parts), missing, foreseen: .changed(values))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let answer = try await target.execute(PipScripts.change, words, input: nil, timeout: nil)
        var fields = FieldReader(answer.stdout)
        let flags = fields.next()
        let output = fields.next()
        let errors = fields.next()
        let isNotThere = state == "absent" && (output + errors).contains("not installed")
        guard answer.succeeded || isNotThere else {
            if [3, 4, 6].contains(answer.status) { throw missing(answer, target.hostName) }
            let said = errors.isEmpty ? answer.errorOutput : errors
            let managed = said.contains("externally-managed-environment")
            throw Diagnostic(
                .commandFailed,
                "pip failed: \(said.split(separator: "\n").first { $0.contains("rror") } ?? said.lastLine[...])",
                remedy: managed
                    ? "Give a 'virtualenv', or say 'break_system_packages: true'." : nil, host: target.hostName,
                notes: said.split(separator: "\n").suffix(6).map { Diagnostic.Note(String($0)) })
        }
        var values = values
        values["stdout"] = .string(output)
        values["stderr"] = .string(errors)
        CommandRun.addOutput(output, errors, to: &values)
        return ModuleResult(changed: flags.contains("c"), values: values)
    }

    private var shown: String { file ?? requirements.map(\.text).joined(separator: ", ") }

    private var values: ValueMap {
        [
            "name": file == nil ? .list(requirements.map { .string($0.text) }) : .null,
            "version": version.map { .string($0) } ?? .null, "state": .string(state),
            "requirements": file.map { .string($0) } ?? .null,
            "virtualenv": environment.map { .string($0) } ?? .null,
        ]
    }

    /// Installed packages and versions; nil if the virtual environment is still to be made.
    private func packages(in answer: CommandResult, _ host: String) throws(Diagnostic) -> [String: String]? {
        switch answer.status {
        case 0: break
        case 5: return nil
        default: throw missing(answer, host)
        }
        var result: [String: String] = [:]
        for line in answer.output.split(separator: "\n") {
            let parts = line.split(separator: "=", omittingEmptySubsequences: true).map(\.trimmed)
            if parts.count == 2 { result[PythonRequirement.canonical(parts[0])] = parts[1] }
        }
        return result
    }

    private func missing(_ answer: CommandResult, _ host: String) -> Diagnostic {
        let said = answer.errorOutput.lastLine
        return switch answer.status {
        case 3:
            Diagnostic(
                .failed, "the host has no '\(said)'",
                remedy: "Install pip in an earlier task (package: name=python3-pip), or give a 'virtualenv'.",
                host: host)
        case 4:
            Diagnostic(
                .failed, "the host has no '\(said)' to make a virtual environment with",
                remedy: "Say 'virtualenv_command: python3 -m venv', or install it in an earlier task.", host: host)
        case 6:
            Diagnostic(
                .failed, "directory '\(said)' does not exist", remedy: "Create it in an earlier task.", host: host)
        default: Diagnostic(.failed, "pip does not list its packages: \(said)", host: host)
        }
    }
}

/// Further options of pip, as far as they matter to what is installed already.
enum PipOptions {
    /// Options that say how and from where pip fetches what is missing.
    private static let alone: Set<String> = [
        "--no-cache-dir", "--no-deps", "--no-index", "--no-input", "--quiet", "-q", "-qq", "--verbose", "-v",
        "--prefer-binary", "--disable-pip-version-check", "--no-warn-script-location", "--no-color",
        "--no-build-isolation", "--no-compile", "--compile", "--require-hashes",
    ]
    private static let withValue: Set<String> = [
        "--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--trusted-host", "--timeout", "--retries",
        "--proxy", "--cert", "--client-cert", "--cache-dir", "--only-binary", "--no-binary", "--root-user-action",
        "--progress-bar", "--log", "--default-timeout",
    ]

    /// Whether pip leaves a package that is there in a version that will do alone, whatever these say.
    static func areIndifferent(_ words: [String]) -> Bool {
        var rest = words[...]
        while let word = rest.popFirst() {
            if alone.contains(word) { continue }
            let name = String(word.prefix { $0 != "=" })
            guard withValue.contains(name) else { return false }
            if name == word, rest.popFirst() == nil { return false }
        }
        return true
    }
}

/// The snippets that ask pip and run it.
private enum PipScripts {
    /// `$1` the directory; `$2` a virtual environment; `$3` another pip; `$4` a umask; `$5` whether the system's Python may
    /// be changed; `$6` the number of words that make the environment; those; pip's own words. Status 3: no pip; 4:
    /// nothing to make the environment with; 5: no environment yet; 6: no such directory.
    private static let begin: Script =
        ReadingScripts.expand + #"""
            mask=$4 count=$6
            directory=${1:-/tmp}
            sp_expand "$directory"
            cd -- "$p" 2>/dev/null || { echo "$p" >&2; exit 6; }
            venv=
            if [ -n "$2" ]; then sp_expand "$2"; venv=$p; case $venv in /*) ;; *) venv=$PWD/$venv ;; esac; fi
            executable=
            if [ -n "$3" ]; then sp_expand "$3"; executable=$p; fi
            if [ -n "$5" ]; then PIP_BREAK_SYSTEM_PACKAGES=1; export PIP_BREAK_SYSTEM_PACKAGES; fi
            PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
            export PIP_DISABLE_PIP_VERSION_CHECK PIP_NO_INPUT
            [ -z "$mask" ] || umask "$mask"
            shift 6
            find_pip() {
                if [ -n "$venv" ]; then
                    PATH=$venv/bin:$PATH
                    for pip in "$venv/bin/pip3" "$venv/bin/pip"; do [ -x "$pip" ] && return 0; done
                    echo "$venv/bin/pip" >&2
                    exit 3
                elif [ -n "$executable" ]; then
                    pip=$executable
                    command -v "$pip" >/dev/null 2>&1 || { echo "$pip" >&2; exit 3; }
                else
                    for python in python3 python; do
                        if "$python" -c 'import pip' 2>/dev/null; then pip=; return 0; fi
                    done
                    pip=pip3
                    command -v pip3 >/dev/null 2>&1 || { echo pip3 >&2; exit 3; }
                fi
            }
            run_pip() { if [ -n "$pip" ]; then "$pip" "$@"; else "$python" -m pip "$@"; fi; }
            list() { run_pip list --format=freeze 2>/dev/null || run_pip freeze; }
            """#

    static let look: Script =
        begin + #"""
            if [ -n "$venv" ] && ! [ -e "$venv/bin/activate" ]; then
                command -v "$1" >/dev/null 2>&1 || { echo "$1" >&2; exit 4; }
                exit 5
            fi
            find_pip
            list
            """#

    /// Writes `c` if something changed, pip's output and its errors.
    static let change: Script =
        begin + #"""
            work=$(umask 077; mktemp -d) || exit 1
            trap 'rm -rf "$work"' EXIT
            flags=
            : >"$work/out"
            : >"$work/err"
            tell() { printf '%s\0' "$flags"; cat "$work/out"; printf '\0'; cat "$work/err"; }
            if [ -n "$venv" ] && ! [ -e "$venv/bin/activate" ]; then
                command -v "$1" >/dev/null 2>&1 || { echo "$1" >&2; exit 4; }
                (
                    # The words that make it, without pip's.
                    number=0
                    for word do
                        shift
                        number=$((number + 1))
                        [ "$number" -gt "$count" ] || set -- "$@" "$word"
                    done
                    exec "$@" "$venv"
                ) >"$work/out" 2>"$work/err" </dev/null || { cat "$work/out" >>"$work/err"; tell; exit 1; }
                flags=c
            fi
            shift "$count"
            find_pip
            list >"$work/before" 2>/dev/null
            run_pip "$@" >>"$work/out" 2>>"$work/err" </dev/null
            status=$?
            list >"$work/after" 2>/dev/null
            cmp -s "$work/before" "$work/after" || flags=c
            grep -q '^ *Successfully \(un\)\{0,1\}installed' "$work/out" && flags=c
            tell
            exit $status
            """#
}
