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
            Argument(
                "validate_certs", .bool, "Whether to check certificates.", default: true),
            .optional("install_python_apt", .bool, "Not needed: nothing but apt is used.", default: true),
            .optional("codename", .string, "The release that a PPA's address is to name."),
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

    struct Step: Sendable {
        var files: [FileWrite] = []
        var removed: [String] = []
        /// What the files held, to be put back if apt refuses the new source.
        var before: [(path: String, text: String?)] = []
        var added: [String] = []
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        repo = try arguments.string("repo")
        isWanted = arguments.optionalString("state") != "absent"
        mode = arguments.optionalString("mode").flatMap { FileMode($0) }
        updates = arguments.bool("update_cache")
        retries = max(1, arguments.int("update_cache_retries") ?? 5)
        longestWait = max(0, arguments.int("update_cache_retry_max_delay") ?? 12)
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
        var texts: [String: String] = [:]
        var sources = AptSources(files: [])
        while !fields.isAtEnd {
            let path = fields.next()
            let text = fields.next()
            texts[path] = text
            if target.foreseen.effect(at: path)?.kind == .absent { continue }
            sources.files.append((path, AptSources.lines(text)))
        }
        for (path, effect) in target.foreseen.files where path.hasPrefix(Self.folder) && path.hasSuffix(".list") {
            guard let content = effect.content else { continue }
            sources.files.removeAll { $0.path == path }
            sources.files.append((path, AptSources.lines(String(decoding: content, as: UTF8.self))))
        }
        let before = sources
        let changed =
            isWanted
            ? sources.enable(line.source ?? repo, comment: line.comment, in: file)
            : sources.remove(line.source ?? repo)
        var step = Step()
        var change = Change()
        for path in changed {
            let isThere = texts[path] != nil
            let old = isThere || before.files.contains { $0.path == path } ? before.text(of: path) : nil
            let text = sources.text(of: path)
            step.before.append((path, texts[path]))
            if text.isEmpty {
                step.removed.append(path)
                change.parts.append(.text(path: path, before: old, after: nil))
                change.effects.append(.file(path: path, .init(kind: .absent)))
                continue
            }
            if !isThere { step.added.append(path) }
            let bits = mode?.applied(to: 0o644, isDirectory: false, umask: 0o022) ?? 0o644
            step.files.append(
                FileWrite(
                    path: path, content: Array(text.utf8), mode: isThere ? nil : bits,
                    expecting: isThere ? nil : ""))
            change.parts.append(.text(path: path, before: old, after: text))
            change.effects.append(
                .file(path: path, .init(kind: .file, mode: bits, content: Array(text.utf8))))
        }
        guard !change.isEmpty else { return .asWanted(.ok(values(Step()))) }
        if updates { change.parts.append(.action("apt-get update")) }
        return .change(change, step, foreseen: .changed(values(step)))
    }

    private func values(_ step: Step) -> ValueMap {
        [
            "repo": .string(repo), "state": isWanted ? "present" : "absent",
            "sources_added": .list(step.added.map { .string($0) }),
            "sources_removed": .list(step.removed.map { .string($0) }),
        ]
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        for file in step.files { _ = try await target.write(file) }
        if !step.removed.isEmpty {
            try await target.perform(Self.remove, step.removed, doing: "remove a file of sources")
        }
        if updates {
            let update = try await target.run(
                Command(.words(AptScripts.updateWords(retries: retries, longestWait: longestWait))))
            guard update.succeeded else {
                // A source that apt cannot read would spoil every later task with apt.
                for (path, text) in step.before {
                    if let text {
                        _ = try await target.write(FileWrite(path: path, content: Array(text.utf8)))
                    } else {
                        try await target.perform(Self.remove, [path], doing: "remove '\(path)'")
                    }
                }
                let said = update.errorOutput.split(separator: "\n").first { $0.hasPrefix("E:") }.map(String.init)
                throw Diagnostic(
                    .failed,
                    "apt-get update failed, and the sources are as before: \(said ?? update.errorOutput.lastLine)",
                    remedy: "See that the address, the release's name and its key are right.", host: target.hostName)
            }
        }
        return .changed(values(step))
    }

    /// `$1` the file that a new source goes to. Writes path and text of every file of sources there is.
    private static let look: Script = #"""
        command -v apt-get >/dev/null 2>&1 || exit 3
        seen=
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list "$1"; do
            [ -f "$file" ] || continue
            [ "$file" = "$1" ] && { [ -z "$seen" ] || continue; seen=1; }
            printf '%s\0' "$file"
            cat -- "$file" || exit 1
            printf '\0'
        done
        """#

    private static let remove: Script = #"""
        rm -f -- "$@"
        """#
}
