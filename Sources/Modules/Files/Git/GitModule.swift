import Diagnostics
import Results
import Target
import Values

/// Keeps a working copy of a git repository, as `ansible.builtin.git` does.
struct GitModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.git",
        summary: "Check out a git repository on the host.",
        description: """
            The host's git is used, in one request for what is there and what the repository has, and one for the \
            change. A working copy whose files were changed by hand is an error unless `force` is true.
            """,
        arguments: [
            .required("repo", .string, "The repository's address.", aliases: ["name"]),
            .required("dest", .path, "The directory to check out to."),
            .optional("version", .string, "A branch, a tag or a commit.", default: "HEAD"),
            .optional("remote", .string, "What the repository is called in the working copy.", default: "origin"),
            .optional("force", .bool, "Throw away what was changed by hand.", default: false),
            .optional("update", .bool, "Fetch what is new.", default: true),
            .optional("clone", .bool, "Clone the repository if it is not there.", default: true),
            .optional("depth", .int, "Fetch no more than that many commits of history."),
            .optional("single_branch", .bool, "Clone only the branch asked for.", default: false),
            .optional("refspec", .string, "What else to fetch."),
            .optional("reference", .string, "A local repository to borrow objects from."),
            .optional("bare", .bool, "Have no working files.", default: false),
            .optional("separate_git_dir", .path, "Where to keep what is in `.git` otherwise."),
            .optional("recursive", .bool, "Check out submodules, too.", default: true),
            .optional("track_submodules", .bool, "Take submodules' newest commits.", default: false),
            .optional("key_file", .path, "The host's private key to use.", aliases: ["ssh_key"]),
            .optional("accept_hostkey", .bool, "Take any key of the server.", default: false),
            .optional("accept_newhostkey", .bool, "Take a server's key when it is met first.", default: false),
            .optional("ssh_opts", .string, "Further options for ssh."),
            .optional("executable", .path, "Another git."),
            .optional("umask", .raw, "Permission bits that new files do not get, such as '0022'."),
            .optional("archive", .path, "A file to pack the version in: zip, tar, tar.gz or tgz."),
            .optional("archive_prefix", .string, "What names in the archive begin with."),
            Argument(
                "verify_commit", .bool, "Check the commit's signature.",
                refusal: "Signatures are not checked; use a `command: git verify-commit …` task."),
            Argument(
                "gpg_allowlist", .list(.string), "Keys to trust.", aliases: ["gpg_whitelist"],
                refusal: "Signatures are not checked; use a `command: git verify-commit …` task."),
        ],
        check: "full",
        diff: "The commits before and after.",
        example: """
            - ansible.builtin.git:
                repo: https://example.org/app.git
                dest: /srv/app
                version: v1.2
            """
    )

    private let wish: GitWish

    init(_ arguments: Arguments) throws(Diagnostic) { wish = try GitWish(arguments) }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        if target.foreseen.packages["git"] == true || target.foreseen.awaitsPackages,
            try await !target.query(#"command -v git >/dev/null 2>&1"#).succeeded
        {
            return .change(
                .action("clone \(wish.shownRepository) to \(wish.destination)", effects: wish.effects), (),
                foreseen: .changed(["before": .null]))
        }
        let answer = try await target.query(GitScripts.look, wish.words)
        let sight = try GitSight(answer, wish, target.hostName)
        if wish.separateDirectory != nil, sight.isClone, !sight.isSeparate {
            throw Diagnostic(
                .failed, "'\(wish.destination)' has its repository in '.git' and not in 'separate_git_dir'",
                remedy: "Move it there in an earlier task, or remove the working copy.", host: target.hostName)
        }
        var values: ValueMap = ["before": sight.head.map { .string($0) } ?? .null, "remote_url_changed": false]
        guard sight.isClone else {
            let after = sight.wanted
            values["after"] = after.map { .string($0) } ?? .null
            values.removeValue(forKey: "remote_url_changed")
            if !wish.clones { return .asWanted(ModuleResult(changed: true, values: values)) }
            return .change(
                .action(
                    "clone \(wish.shownRepository) to \(wish.destination) at \(after?.prefix(12) ?? "its head")",
                    effects: wish.effects), (), foreseen: .changed(values))
        }
        if !wish.updates {
            values["after"] = values["before"]
            values.removeValue(forKey: "remote_url_changed")
            return .asWanted(.ok(values))
        }
        if sight.isModified, !wish.forces {
            throw Diagnostic(
                .failed, "files in '\(wish.destination)' were changed by hand: \(sight.modified)",
                remedy: "Keep them elsewhere, or throw the changes away with 'force: true'.", host: target.hostName)
        }
        let differsURL = sight.url.map { $0 != wish.repository } ?? false
        values["remote_url_changed"] = .bool(differsURL)
        let after = sight.wanted ?? wish.version
        var change = Change()
        if !sight.isAt(after) {
            values["after"] = .string(after)
            change.parts.append(
                .setting("commit", before: values["before"] ?? .null, after: .string(after)))
        } else {
            values["after"] = values["before"]
        }
        if differsURL {
            change.parts.append(
                .setting(
                    "remote", before: .string(Address.masked(sight.url ?? "")), after: .string(wish.shownRepository)))
        }
        if sight.isModified { change.parts.append(.action("throw away changes by hand: \(sight.modified)")) }
        if wish.recursive, sight.hasStaleSubmodules || wish.tracksSubmodules && sight.hasSubmodules {
            change.parts.append(.action("check out submodules"))
        }
        if !sight.archiveIsCurrent { change.parts.append(.action("pack \(wish.archive)")) }
        if change.isEmpty { return .asWanted(.ok(values)) }
        // A short commit, or a tag, is only known in full once it is fetched.
        return .change(change, (), foreseen: .changed(values))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let answer = try await target.execute(GitScripts.change, wish.words)
        guard answer.succeeded else { throw GitSight.trouble(answer, wish, target.hostName) }
        var fields = FieldReader(answer.stdout)
        let before = fields.next()
        let after = fields.next()
        let flags = fields.next()
        var values: ValueMap = [
            "before": before.isEmpty ? .null : .string(before), "after": .string(after),
        ]
        if !before.isEmpty { values["remote_url_changed"] = .bool(flags.contains("u")) }
        if flags.contains("s") { values["submodules_changed"] = true }
        if flags.contains("m") {
            values["msg"] = .string("Local modifications exist in the destination: \(wish.destination)")
        }
        let changed = before != after || !flags.isEmpty
        return ModuleResult(changed: changed, values: values)
    }
}

/// What a `git` task wants.
struct GitWish: Sendable {
    let repository: String
    let destination: String
    let version: String
    let forces: Bool
    let updates: Bool
    let clones: Bool
    let recursive: Bool
    let tracksSubmodules: Bool
    let separateDirectory: String?
    let archive: String
    /// What the snippets are given.
    let words: [String]

    init(_ arguments: Arguments) throws(Diagnostic) {
        // What git can do with a directory it can do with an address alone, history's depth for one.
        let address = try arguments.string("repo")
        repository = address.hasPrefix("/") ? "file://" + address : address
        destination = try arguments.string("dest")
        version = arguments.optionalString("version") ?? "HEAD"
        forces = arguments.bool("force")
        updates = arguments.bool("update")
        clones = arguments.bool("clone")
        recursive = arguments.bool("recursive")
        tracksSubmodules = arguments.bool("track_submodules")
        separateDirectory = arguments.optionalString("separate_git_dir")
        archive = arguments.optionalString("archive") ?? ""
        let isBare = arguments.bool("bare")
        if isBare, separateDirectory != nil {
            throw Diagnostic(
                .badValue, "'separate_git_dir' and 'bare' cannot be used together", at: arguments.location)
        }
        for (name, value) in [
            ("repo", repository), ("version", version), ("remote", arguments.optionalString("remote")),
        ]
        where value?.hasPrefix("-") == true {
            throw Diagnostic(
                .badValue, "'\(name): \(value ?? "")' begins with a dash, which git takes for an option",
                at: arguments.location)
        }
        let archiveKinds = [".zip", ".tar", ".tar.gz", ".tgz"]
        if !archive.isEmpty, !archiveKinds.contains(where: archive.hasSuffix) {
            throw Diagnostic(
                .badValue, "'archive: \(archive)' ends in none of \(archiveKinds.joined(separator: ", "))",
                at: arguments.location)
        }
        var umask = ""
        if let value = arguments["umask"] {
            umask = value.intValue.map { "0" + String($0, radix: 8) } ?? value.pythonText
            guard UInt16(umask, radix: 8) != nil else {
                throw Diagnostic(.badValue, "'umask: \(value.pythonText)' is not octal", at: arguments.location)
            }
        }
        var ssh = ["-o", "BatchMode=yes"]
        if arguments.bool("accept_hostkey") {
            ssh += ["-o", "StrictHostKeyChecking=no"]
        } else if arguments.bool("accept_newhostkey") {
            ssh += ["-o", "StrictHostKeyChecking=accept-new"]
        }
        if let key = arguments.optionalString("key_file") { ssh += ["-i", key, "-o", "IdentitiesOnly=yes"] }
        var sshLine = "ssh " + ShellQuoting.join(ssh)
        if let options = arguments.optionalString("ssh_opts") { sshLine += " " + options }
        let flags =
            (isBare ? "b" : "") + (forces ? "f" : "") + (recursive ? "r" : "") + (tracksSubmodules ? "t" : "")
            + (arguments.bool("single_branch") ? "s" : "") + (updates ? "u" : "") + (clones ? "c" : "")
        words = [
            arguments.optionalString("executable") ?? "git", destination, repository, version,
            arguments.optionalString("remote") ?? "origin", flags, arguments.int("depth").map(String.init) ?? "",
            sshLine, separateDirectory ?? "", arguments.optionalString("refspec") ?? "",
            arguments.optionalString("reference") ?? "", umask, archive,
            arguments.optionalString("archive_prefix") ?? "",
        ]
    }

    /// The address without a password in it.
    var shownRepository: String { Address.masked(repository) }

    /// What git said, without the passwords it repeats.
    func shown(_ text: String) -> String {
        Address.masked(text.replacing(repository, with: shownRepository))
    }

    var effects: [Change.Effect] {
        [.file(path: destination, .init(kind: .directory))]
    }
}

/// What the host says about a working copy and its repository.
struct GitSight: Sendable {
    var isClone: Bool
    var isSeparate: Bool
    var head: String?
    var url: String?
    /// Names of changed files.
    var modified: String
    var isModified: Bool { !modified.isEmpty }
    var hasSubmodules: Bool
    var hasStaleSubmodules: Bool
    /// The commit that the version is in the repository; nil where it can only be known by fetching.
    var wanted: String?
    var archiveIsCurrent: Bool

    init(_ answer: CommandResult, _ wish: GitWish, _ host: String) throws(Diagnostic) {
        guard answer.succeeded else { throw Self.trouble(answer, wish, host) }
        var fields = FieldReader(answer.stdout)
        let flags = fields.next()
        isClone = flags.contains("c")
        isSeparate = flags.contains("d")
        hasSubmodules = flags.contains("s")
        hasStaleSubmodules = flags.contains("S")
        archiveIsCurrent = !flags.contains("a")
        let head = fields.next()
        self.head = head.isEmpty ? nil : head
        let url = fields.next()
        self.url = url.isEmpty ? nil : url
        modified = fields.next().split(separator: "\n").map { String($0.dropFirst(3)) }.prefix(5)
            .joined(separator: ", ")
        let branch = fields.next()
        wanted = Self.wanted(fields.next(), wish, branch: branch, head: self.head)
        if wanted == nil, wish.updates || !isClone, !Self.isCommit(wish.version) {
            throw Diagnostic(
                .failed, "'\(wish.version)' is no branch, tag or commit of \(wish.shownRepository)", host: host)
        }
    }

    /// Whether the working copy is at that commit, which may be a short one.
    func isAt(_ commit: String) -> Bool {
        guard let head else { return false }
        return head == commit || commit.count >= 4 && Self.isCommit(commit) && head.hasPrefix(commit.lowercased())
    }

    private static func isCommit(_ text: String) -> Bool {
        (4...40).contains(text.count) && text.allSatisfy(\.isHexDigit)
    }

    /// The version among the lines of `git ls-remote`.
    private static func wanted(_ listing: String, _ wish: GitWish, branch: String, head: String?) -> String? {
        var names: [String: String] = [:]
        for line in listing.split(separator: "\n") {
            let parts = line.split(separator: "\t").map(String.init)
            if parts.count == 2 { names[parts[1]] = parts[0] }
        }
        if wish.version == "HEAD" {
            // A working copy stays on its branch.
            return branch.isEmpty ? names["HEAD"] : names["refs/heads/\(branch)"] ?? names["HEAD"]
        }
        return names["refs/heads/\(wish.version)"] ?? names["refs/tags/\(wish.version)^{}"]
            ?? names["refs/tags/\(wish.version)"] ?? (wish.version.hasPrefix("refs/") ? names[wish.version] : nil)
    }

    /// The line that says most: git's last words are often advice, or how a transfer went on.
    private static func reason(in output: String) -> String {
        let lines = output.split(whereSeparator: \.isNewline).map(String.init)
        for mark in ["fatal: ", "error: ", "remote: error: "] {
            guard let index = lines.firstIndex(where: { $0.lowercased().hasPrefix(mark) }) else { continue }
            // Why there was nothing to read, ssh or the server said before.
            if lines[index].contains("Could not read from remote repository"), index > 0,
                !lines[index - 1].hasPrefix("Cloning into")
            {
                return lines[index - 1]
            }
            return lines[index]
        }
        return lines.last { !$0.hasPrefix("hint: ") && !$0.trimmed.isEmpty } ?? ""
    }

    static func trouble(_ answer: CommandResult, _ wish: GitWish, _ host: String) -> Diagnostic {
        let output = wish.shown(answer.errorOutput)
        let said = reason(in: output)
        switch answer.status {
        case 3:
            return Diagnostic(
                .failed, "the host has no git", remedy: "Install it in an earlier task (package: name=git).", host: host
            )
        case 4:
            return Diagnostic(
                .failed, "'\(wish.destination)' is there and holds no git repository",
                remedy: "Choose another 'dest', or empty it in an earlier task.", host: host)
        case 5:
            return Diagnostic(
                .failed, "cannot read \(wish.shownRepository): \(said)",
                remedy: "Look at the address, and at 'key_file' and 'accept_newhostkey' for ssh.", host: host)
        default:
            let notes = output.split(separator: "\n").suffix(6).map { Diagnostic.Note(String($0)) }
            return Diagnostic(
                .failed, "git failed for '\(wish.destination)': \(said)", host: host, notes: notes)
        }
    }
}
