import Diagnostics
import Results
import Target
import Values

/// One-line package sources of apt, as `ansible.builtin.apt_repository` manages them.
struct AptRepositoryModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.apt_repository",
        summary: "Add and remove sources of Debian packages.",
        arguments: [
            .required(
                "repo", .string, "The source as sources.list has it: `deb [signed-by=…] https://… bookworm main`."),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional("filename", .string, "The file in `/etc/apt/sources.list.d`; by default made from the address."),
            .optional("mode", .mode, "The file's permission bits; by default 0644."),
            .optional(
                "update_cache", .bool, "Update the package lists after a change.", default: true,
                aliases: ["update-cache"]),
            .optional("update_cache_retries", .int, "How often that is tried.", default: 5),
            .optional("update_cache_retry_max_delay", .int, "The longest wait between tries, in seconds.", default: 12),
            .optional(
                "validate_certs", .bool,
                "Concerns the lookup of PPAs, which there is none of: false is answered with a warning.", default: true),
            .optional("install_python_apt", .bool, "Not needed: nothing but apt is used.", default: true),
            .optional(
                "codename", .string,
                "The release that a PPA's address is to name; of no use otherwise, and answered with a warning."),
        ],
        example: """
            - ansible.builtin.apt_repository:
                repo: deb [signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/debian bookworm stable
                filename: docker
            """,
        aliases: ["ansible.legacy.apt_repository"]
    )

    private static let folder = "/etc/apt/sources.list.d"

    private let repo: String
    private let line: AptSources.Line
    private let isWanted: Bool
    private let file: String
    private let mode: FileMode?
    private let updates: Bool
    private let retries: Int
    private let longestWait: Int
    private let warnings: [String]

    struct Step: Sendable {
        var files: [FileWrite] = []
        var removed: [Old] = []
        /// What the files held, to be put back if apt refuses the new source; nil for what is new.
        var before: [(path: String, old: Old?)] = []
        var added: [String] = []
    }

    /// A file of sources as it was found.
    struct Old: Sendable {
        var path: String
        var content: [UInt8]
        var mode: UInt16?
        var owner: String
        var group: String

        var checksum: String { FilePlacement.checksum(of: content) }
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        repo = try arguments.string("repo")
        isWanted = arguments.optionalString("state") != "absent"
        mode = arguments.optionalString("mode").flatMap { FileMode($0) }
        updates = arguments.bool("update_cache")
        retries = max(1, arguments.int("update_cache_retries") ?? 5)
        longestWait = max(0, arguments.int("update_cache_retry_max_delay") ?? 12)
        var warnings: [String] = []
        if arguments["codename"] != nil { warnings.append("'codename' concerns PPAs alone, and does nothing here") }
        if !arguments.bool("validate_certs") {
            warnings.append(
                "'validate_certs' concerns the lookup of PPAs alone; apt checks certificates as its own configuration says"
            )
        }
        self.warnings = warnings
        if repo.hasPrefix("ppa:") {
            throw Diagnostic(
                .unsupported, "'\(repo)': PPAs are not looked up", at: arguments.location,
                remedy:
                    "Name its address and key with deb822_repository: https://ppa.launchpadcontent.net/OWNER/NAME/ubuntu."
            )
        }
        line = AptSources.line(repo)
        guard let source = line.source, line.isEnabled else {
            throw Diagnostic(
                .badValue, "'\(repo)' is no package source", at: arguments.location,
                remedy: "Write it as `deb https://deb.debian.org/debian bookworm main`.")
        }
        if let name = arguments.optionalString("filename") {
            guard !name.isEmpty else {
                throw Diagnostic(.badValue, "'filename' is empty", at: arguments.location)
            }
            let whole = name.hasSuffix(".list") ? name : name + ".list"
            file = whole.hasPrefix("/") ? whole : "\(Self.folder)/\(whole)"
        } else {
            file = "\(Self.folder)/\(AptSources.fileName(for: source)).list"
        }
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let answer = try await target.query(Self.look, file)
        guard answer.status != 3 else {
            return try target.lacking(
                "apt-get", remedy: "Use the module of the host's own package manager.", step: Step())
        }
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "cannot read apt's sources: \(answer.errorOutput.lastLine)", host: target.hostName)
        }
        var fields = FieldReader(answer.stdout)
        var olds: [String: Old] = [:]
        var sources = AptSources(files: [])
        while !fields.isAtEnd {
            let path = fields.next()
            let state = fields.next().split(separator: " ").map(String.init)
            let content = fields.nextBytes()
            guard state.count == 3 else { throw Diagnostic(.internal, "no answer about '\(path)'") }
            olds[path] = Old(
                path: path, content: content, mode: UInt16(state[0], radix: 8), owner: state[1], group: state[2])
            if target.foreseen.effect(at: path)?.kind == .absent { continue }
            sources.files.append(AptSources.File(path: path, content: content))
        }
        for (path, effect) in target.foreseen.files where path.hasPrefix(Self.folder) && path.hasSuffix(".list") {
            guard let content = effect.content else { continue }
            sources.files.removeAll { $0.path == path }
            sources.files.append(AptSources.File(path: path, content: content))
        }
        let before = sources
        let changed =
            isWanted
            ? sources.enable(line.source ?? repo, in: file)
            : sources.remove(line.source ?? repo)
        var step = Step()
        var change = Change()
        for path in changed {
            let old = olds[path]
            let isKnown = old != nil || before.files.contains { $0.path == path }
            let oldText = isKnown ? before.text(of: path) : nil
            let content = sources.content(of: path)
            step.before.append((path, old))
            if content.isEmpty {
                if let old { step.removed.append(old) }
                change.parts.append(.text(path: path, before: oldText, after: nil))
                change.effects.append(.file(path: path, .init(kind: .absent)))
                continue
            }
            if old == nil { step.added.append(path) }
            let bits = mode?.applied(to: 0o644, isDirectory: false, umask: 0o022) ?? 0o644
            step.files.append(
                FileWrite(
                    path: path, content: content, mode: old == nil ? bits : nil, expecting: old?.checksum ?? ""))
            change.parts.append(.text(path: path, before: oldText, after: sources.text(of: path)))
            change.effects.append(.file(path: path, .init(kind: .file, mode: old?.mode ?? bits, content: content)))
        }
        guard !change.isEmpty else { return .asWanted(result(Step(), changed: false)) }
        if updates { change.parts.append(.action("apt-get update")) }
        return .change(change, step, foreseen: result(step, changed: true))
    }

    private func result(_ step: Step, changed: Bool) -> ModuleResult {
        ModuleResult(
            changed: changed,
            values: [
                "repo": .string(repo), "state": isWanted ? "present" : "absent",
                "sources_added": .list(step.added.map { .string($0) }),
                "sources_removed": .list(step.removed.map { .string($0.path) }),
            ], warnings: warnings)
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        for file in step.files { _ = try await target.write(file) }
        for old in step.removed {
            try await target.perform(Self.remove, [old.path, old.checksum], doing: "remove '\(old.path)'")
        }
        if updates {
            let update = try await target.run(
                Command(.words(AptScripts.updateWords(retries: retries, longestWait: longestWait))))
            guard update.succeeded else {
                // A source that apt cannot read would spoil every later task with apt.
                for (path, old) in step.before {
                    if let old {
                        _ = try await target.write(
                            FileWrite(
                                path: path, content: old.content, owner: old.owner, group: old.group, mode: old.mode))
                    } else {
                        try await target.perform(Self.remove, [path, ""], doing: "remove '\(path)'")
                    }
                }
                let said = update.errorOutput.split(separator: "\n").first { $0.hasPrefix("E:") }.map(String.init)
                throw Diagnostic(
                    .failed,
                    "apt-get update failed, and the sources are as before: \(said ?? update.errorOutput.lastLine)",
                    remedy: "See that the address, the release's name and its key are right.", host: target.hostName)
            }
        }
        return result(step, changed: true)
    }

    /// `$1` the file that a new source goes to. Writes path, mode and owner, and content of every file of
    /// sources there is.
    private static let look: Script = #"""
        command -v apt-get >/dev/null 2>&1 || exit 3
        seen=
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list "$1"; do
            [ -f "$file" ] || continue
            [ "$file" = "$1" ] && { [ -z "$seen" ] || continue; seen=1; }
            printf '%s\0%s\0' "$file" "$(stat -L -c '%a %u %g' -- "$file")"
            cat -- "$file" || exit 1
            printf '\0'
        done
        """#

    /// `$1` the file, `$2` the checksum it must have; empty for whatever it holds.
    private static let remove: Script = #"""
        if [ -n "$2" ] && [ -e "$1" ] && [ "$(sha1sum <"$1" | cut -c1-40)" != "$2" ]; then
            echo "'$1' was changed by somebody else meanwhile" >&2
            exit 1
        fi
        rm -f -- "$1"
        """#
}
