import Diagnostics
import Results
import Target
import Values

/// Keys that may log in as a user, as `ansible.posix.authorized_key` manages them.
struct AuthorizedKeyModule: Module {
    static let manual = ModuleManual(
        name: "ansible.posix.authorized_key",
        summary: "Allow SSH keys to log in as a user, or no longer.",
        arguments: [
            .required("user", .string, "The user that the keys log in as."),
            .required(
                "key", .string,
                "The keys, one a line; or `https://…`, or `file://…` on the host, where they are to be read."),
            .optional("path", .path, "The file, by default `.ssh/authorized_keys` in the user's home."),
            .optional(
                "manage_dir", .bool, "Make the file's directory, and give it to the user with mode 0700.", default: true
            ),
            .optional(
                "state", .string, "Whether the keys are to be there.", default: "present",
                choices: ["absent", "present"]),
            .optional(
                "key_options", .string, "Options to write before each key, such as `no-pty,from=\"10.0.0.0/8\"`."),
            .optional("exclusive", .bool, "Remove all else that the file holds.", default: false),
            .optional("comment", .string, "What to write behind each key in place of its own comment."),
            .optional("validate_certs", .bool, "Check the certificate of an `https` source.", default: true),
            .optional("follow", .bool, "Taken as given: a link is always followed.", default: false),
        ],
        example: """
            - ansible.posix.authorized_key:
                user: deploy
                key: "{{ lookup('file', 'deploy.pub') }}"
                exclusive: true
            """,
        aliases: ["ansible.builtin.authorized_key"]
    )

    private let user: String
    private let key: String
    private let path: String?
    private let managesDirectory: Bool
    private let isWanted: Bool
    private let options: [AuthorizedKeys.Option]?
    private let isExclusive: Bool
    private let comment: String?
    private let verifies: Bool
    private let given: ValueMap

    struct Step: Sendable {
        var file: HostText.Step
        /// The directory to make or to set right; nil if it is not ours to manage.
        var directory: String?
    }

    init(_ arguments: Arguments) throws(Diagnostic) {
        user = try arguments.string("user")
        try AccountName.check(user, "user", arguments.location)
        key = try arguments.string("key")
        path = arguments.optionalString("path")
        managesDirectory = arguments.bool("manage_dir")
        isWanted = arguments.optionalString("state") != "absent"
        options = arguments.optionalString("key_options").map(AuthorizedKeys.options)
        isExclusive = arguments.bool("exclusive")
        comment = arguments.optionalString("comment")
        verifies = arguments.bool("validate_certs")
        given = arguments.values
        if !isFetched { _ = try keys(in: key, at: arguments.location) }
    }

    private var isFetched: Bool { ["http://", "https://", "file://"].contains { key.hasPrefix($0) } }

    private func keys(in text: String, at place: SourceLocation?) throws(Diagnostic) -> [AuthorizedKeys.Entry] {
        var entries: [AuthorizedKeys.Entry] = []
        for line in HostText.lines(text) where !line.trimmed.isEmpty && !line.hasPrefix("#") {
            guard var entry = AuthorizedKeys.parse(line, rank: entries.count) else {
                throw Diagnostic(
                    .badValue, "'\(line.count > 60 ? line.prefix(57) + "..." : line[...])' is no SSH public key",
                    at: place, remedy: "A key reads like `ssh-ed25519 AAAAC3Nz… name`.")
            }
            entry.options = options ?? entry.options
            entry.comment = comment ?? entry.comment
            entries.append(entry)
        }
        return entries
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let file = path ?? "~\(user)/.ssh/authorized_keys"
        if path == nil, target.foreseen.users[user] == true {
            // The home is that task's to choose.
            return .unknown(Unknown("the home of user '\(user)', whom an earlier task makes"), Step(file: .none))
        }
        let directory = FilePlacement.directory(of: file)
        var found = try await target.hostText(
            file, also: [directory], owner: user, with: Self.look, [user, isFetched ? key : "", verifies ? "1" : ""])
        let group = found.rest.next()
        let source = found.rest.next()
        guard found.inspection.ownerID != nil || target.foreseen.users[user] == true else {
            if target.foreseen.awaitsPackages {
                return .unknown(Unknown("user '\(user)', whom a package may bring"), Step(file: .none))
            }
            throw Diagnostic(
                .failed, "there is no user '\(user)'", remedy: "Create it in an earlier task (user: name=\(user)).",
                host: target.hostName)
        }
        if path == nil, found.place.path.hasPrefix("~") {
            throw Diagnostic(
                .failed, "the home of user '\(user)' is not in /etc/passwd", remedy: "Give 'path'.",
                host: target.hostName)
        }
        let trouble = found.rest.next()
        guard trouble.isEmpty else {
            throw Diagnostic(
                .failed, "cannot read the keys from '\(key)': \(trouble)",
                remedy: "Reading an address takes curl or wget on the host.", host: target.hostName)
        }
        if let awaits = found.awaits { return .unknown(awaits, Step(file: .none)) }
        let wanted = try keys(in: isFetched ? source : key, at: nil)

        var values = given
        values["keyfile"] = .string(found.place.path)
        var keys = AuthorizedKeys(found.lines)
        let count = keys.entries.count
        var changes = false
        for var entry in wanted {
            let present = keys.entry(entry.key)
            if isWanted {
                if present?.says(entry) == true { continue }
                entry.rank += count
                keys.remove { $0.key == entry.key }
                keys.put(entry)
                changes = true
            } else if present != nil {
                keys.remove { $0.key == entry.key }
                changes = true
            }
        }
        if isWanted, isExclusive {
            let before = keys.entries.count
            keys.remove { entry in !wanted.contains { $0.key == entry.key } }
            changes = changes || keys.entries.count != before
        }
        guard changes,
            let (change, step) = found.plan(
                keys.text, owner: user, group: group.isEmpty ? nil : group, mode: 0o600)
        else { return .asWanted(.ok(values)) }
        var all = change
        guard managesDirectory else {
            if found.inspection.paths[0].followed.kind != .directory {
                throw Diagnostic(
                    .failed, "directory '\(found.inspection.paths[0].path)' does not exist",
                    remedy: "Create it first, or leave 'manage_dir' on.", host: target.hostName)
            }
            return .change(all, Step(file: step), foreseen: .changed(values))
        }
        let place = found.inspection.paths[0]
        if place.followed.kind != .directory {
            all.parts.insert(.setting("directory \(place.path)", before: "absent", after: "directory"), at: 0)
            all.effects.insert(
                .file(path: place.path, .init(kind: .directory, mode: 0o700, owner: user)), at: 0)
        }
        return .change(all, Step(file: step, directory: place.path), foreseen: .changed(values))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        if let directory = step.directory {
            try await target.perform(Self.makeDirectory, [directory, user], doing: "make directory '\(directory)'")
        }
        try await target.carryOut(step.file)
        var values = given
        if case .write(let file) = step.file { values["keyfile"] = .string(file.path) }
        return .changed(values)
    }

    /// `$sp_a` the user, `$sp_b` where to read keys from, `$sp_c` whether to verify. Writes the user's group, the
    /// keys, and what went wrong.
    private static let look: Script =
        HostFetch.functions + #"""
            printf '%s\0' "$(id -g -- "$sp_a" 2>/dev/null)"
            sp_trouble=
            case $sp_b in
            file://*)
                sp_path=${sp_b#file://}
                sp_path=/${sp_path#*/}
                cat -- "$sp_path" 2>/dev/null || sp_trouble="no such file"
                ;;
            http*) sp_fetch "$sp_b" "$sp_c" 2>/dev/null || sp_trouble="no answer (status $?)" ;;
            esac
            printf '\0%s\0' "$sp_trouble"
            """#

    /// `$1` the directory, `$2` who owns it.
    private static let makeDirectory: Script = #"""
        [ -d "$1" ] || mkdir -m 700 -- "$1" || exit 1
        chown -- "$2:$(id -g -- "$2")" "$1" && chmod 700 -- "$1"
        """#
}

/// Reading an address from the host with what it has.
enum HostFetch {
    /// `sp_fetch ADDRESS VERIFY` writes what is there; status 3: nothing to ask with.
    static let functions: Script = #"""
        sp_fetch() {
            if command -v curl >/dev/null 2>&1; then
                if [ -n "$2" ]; then curl -fsSL -m 60 -- "$1"; else curl -fsSLk -m 60 -- "$1"; fi
            elif command -v wget >/dev/null 2>&1; then
                if [ -n "$2" ]; then wget -q -T 60 -O - -- "$1"; else wget -q -T 60 --no-check-certificate -O - -- "$1"; fi
            else
                return 3
            fi
        }
        """#
}
