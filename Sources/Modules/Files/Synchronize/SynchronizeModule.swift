import Diagnostics
import Results
import Target
import Values

/// Brings a tree of files in line with another with rsync, as `ansible.posix.synchronize` does.
struct SynchronizeModule: ControlMachineModule {
    static let manual = ModuleManual(
        name: "ansible.posix.synchronize",
        summary: "Bring a tree of files in line with another, with rsync.",
        description: """
            The control machine's rsync is used, and the host's. They talk over the control machine's ssh, which is \
            told what the inventory says of the host: address, port, user, key, arguments for ssh. It is given no \
            password: its user needs a key, and with `become` sudo must ask for none. With \
            `delegate_to: "{{ inventory_hostname }}"` both trees are on the host.
            """,
        arguments: [
            .required("src", .path, "What is copied; with a slash at its end, only what the directory holds."),
            .required("dest", .path, "Where it goes."),
            .optional(
                "mode", .string, "`push` copies to the host, `pull` from it.", default: "push",
                choices: ["pull", "push"]),
            .optional("archive", .bool, "Copy all below, with links, permissions, times, owners.", default: true),
            .optional("recursive", .bool, "Copy what is in directories; as `archive` says."),
            .optional("links", .bool, "Copy links as links; as `archive` says."),
            .optional("copy_links", .bool, "Copy what links lead to.", default: false),
            .optional("perms", .bool, "Keep permissions; as `archive` says."),
            .optional("times", .bool, "Keep times; as `archive` says."),
            .optional("owner", .bool, "Keep owners, where root copies; as `archive` says."),
            .optional("group", .bool, "Keep groups; as `archive` says."),
            .optional("dirs", .bool, "Copy directories without what is in them.", default: false),
            .optional("delete", .bool, "Remove what the source does not have.", default: false),
            .optional("existing_only", .bool, "Make no new files there.", default: false),
            .optional("checksum", .bool, "Compare contents instead of times and sizes.", default: false),
            .optional("compress", .bool, "Pack what is sent.", default: true),
            .optional("partial", .bool, "Keep half of a file if the connection is lost.", default: false),
            .optional("delay_updates", .bool, "Put files in place together, at the end.", default: true),
            .optional("link_dest", .list(.path), "Directories there whose files are linked where they are the same."),
            .optional("rsync_opts", .list(.string), "Further options of rsync.", default: []),
            .optional("rsync_path", .string, "What is run on the host as rsync; with `become` it is sudo's."),
            .optional("rsync_timeout", .int, "Seconds without an answer until rsync gives up; 0 for none.", default: 0),
            .optional("dest_port", .int, "The port of the host's ssh; the inventory's by default."),
            .optional("private_key", .path, "A private key here; the inventory's by default."),
            .optional("set_remote_user", .bool, "Sign in as the inventory's user.", default: true),
            .optional("use_ssh_args", .bool, "Taken; the arguments for ssh are always used.", default: false),
            .optional(
                "ssh_connection_multiplexing", .bool, "Let ssh share connections, as its settings say.",
                default: false),
            .optional("verify_host", .bool, "Check the host's key even where the connection does not.", default: false),
        ],
        check: "Full, by rsync itself; unknown where earlier tasks of the dry run are in its way.",
        diff: "What rsync would copy and remove, a line each.",
        example: """
            - ansible.posix.synchronize:
                src: site/
                dest: /var/www/site/
                delete: true
            """
    )

    private let wish: RsyncWish

    init(_ arguments: Arguments) throws(Diagnostic) { wish = try RsyncWish(arguments) }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        let answer = try await target.query(Self.start, wish.words(isTrial: true))
        guard answer.succeeded else {
            // A directory to come, or an rsync that is yet to be installed.
            if !target.foreseen.isEmpty, answer.status != 3 {
                return .unknown(Unknown("what rsync will find: \(trouble(answer).summary)"), ())
            }
            return .asWanted(failure(answer))
        }
        let report = RsyncReport(answer.output, wish)
        guard report.isChanged else { return .asWanted(.ok(values(answer, report))) }
        if report.makesDirectory, let holder = wish.holder, target.foreseen.effect(at: holder)?.kind != .directory {
            // A dry run of rsync goes on where a run would find nothing to make the directory in.
            let listed = try await target.query(Self.start, wish.holderWords)
            guard listed.succeeded else {
                throw Diagnostic(
                    .failed, "directory '\(holder)' does not exist", remedy: "Create it in an earlier task.",
                    host: wish.hostName)
            }
        }
        return .change(report.change, (), foreseen: .changed(["msg": .string(report.text), "rc": 0]))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let answer = try await target.execute(Self.start, wish.words(isTrial: false))
        let report = RsyncReport(answer.output, wish)
        guard answer.succeeded else { return failure(answer) }
        return ModuleResult(changed: report.isChanged, values: values(answer, report))
    }

    private func values(_ answer: CommandResult, _ report: RsyncReport) -> ValueMap {
        [
            "rc": .int(Int(answer.status)), "msg": .string(report.text), "cmd": .string(wish.shownCommand),
            "stdout_lines": .list(report.text.split(separator: "\n").map { .string(String($0)) }),
        ]
    }

    private func failure(_ answer: CommandResult) -> ModuleResult {
        .failed(
            trouble(answer),
            [
                "rc": .int(Int(answer.status)), "msg": .string(answer.errorOutput),
                "cmd": .string(wish.shownCommand),
            ])
    }

    private func trouble(_ answer: CommandResult) -> Diagnostic {
        let said = answer.errorOutput
        let lines = said.split(separator: "\n").map(String.init)
        if answer.status == 3, lines.last == Self.lacking {
            return Diagnostic(
                .failed, "the control machine has no rsync",
                remedy: "Install it here, or use `copy`, which needs none.", host: wish.hostName)
        }
        if lines.contains(where: { $0.contains("rsync") && $0.hasSuffix("not found") }) {
            return Diagnostic(
                .failed, "the host has no rsync", remedy: "Install it in an earlier task (package: name=rsync).",
                host: wish.hostName)
        }
        // The last line is only where in its source rsync gave up.
        let reason = lines.first { !$0.hasPrefix("Warning: ") && !$0.isEmpty } ?? "status \(answer.status)"
        return Diagnostic(
            .commandFailed, "rsync failed: \(reason)",
            remedy: reason.contains("Permission denied (")
                ? "ssh is given no password: give the host's user a key, or name one in 'private_key'."
                : reason.hasPrefix("sudo: ") ? "rsync's sudo is given no password: let it ask for none." : nil,
            host: wish.hostName, notes: lines.suffix(4).filter { $0 != reason }.map { Diagnostic.Note($0) })
    }

    private static let lacking = "no rsync"

    /// The program and its words.
    private static let start: Script = #"""
        command -v "$1" >/dev/null 2>&1 || { echo 'no rsync' >&2; exit 3; }
        # Nobody is there to be asked.
        exec "$@" </dev/null
        """#
}
