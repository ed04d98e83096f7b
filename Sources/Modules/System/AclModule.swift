import Diagnostics
import Results
import Target
import Values

/// Sets and tells access control lists of files, as `ansible.posix.acl` does on Linux.
struct AclModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.posix.acl",
        summary: "Set, remove or tell entries of a file's access control list.",
        description: "The host needs `getfacl` and `setfacl`, which the package `acl` brings.",
        arguments: [
            .required("path", .path, "The file or directory.", aliases: ["name"]),
            .optional("state", .string, "What is to be.", default: "query", choices: ["absent", "present", "query"]),
            .optional("etype", .string, "What the entry is for.", choices: ["group", "mask", "other", "user"]),
            .optional("entity", .string, "The user or group.", default: ""),
            .optional("permissions", .string, "What it may: some of `rwxX`."),
            .optional("entry", .string, "All three in one, as `setfacl` has them: `user:ann:rx`."),
            .optional("default", .bool, "Whether it is for files yet to be made in the directory.", default: false),
            .optional("recursive", .bool, "Do so for everything below.", default: false, aliases: ["recurse"]),
            .optional("follow", .bool, "Change what a link leads to.", default: true),
            .optional(
                "recalculate_mask", .string, "Whether the mask is made anew.", default: "default",
                choices: ["default", "mask", "no_mask"]),
            Argument(
                "use_nfsv4_acls", .bool, "NFSv4's own lists.",
                refusal: "Use a `command: nfs4_setfacl …` task after an `nfs4_getfacl` one."),
        ],
        example: """
            - ansible.posix.acl:
                path: /srv/data
                etype: user
                entity: ann
                permissions: rx
                state: present
            """
    )

    private let path: String
    private let state: String
    private let entry: String
    private let message: String
    private let options: [String]

    init(_ arguments: Arguments) throws(Diagnostic) {
        func wrong(_ text: String, _ remedy: String? = nil) -> Diagnostic {
            Diagnostic(.badValue, text, at: arguments.location, remedy: remedy)
        }
        path = try arguments.string("path")
        state = arguments.optionalString("state") ?? "query"
        let entity = arguments.optionalString("entity") ?? ""
        let permissions = arguments.optionalString("permissions")
        var type = arguments.optionalString("etype")
        var isDefault = arguments.bool("default")
        if state == "query" {
            if arguments.bool("recursive") { throw wrong("'recursive' makes no sense with 'state: query'") }
            if arguments.optionalString("recalculate_mask") != "default" {
                throw wrong("'recalculate_mask' makes no sense with 'state: query'")
            }
        }
        var parts = [type ?? "", entity] + (permissions.map { [$0] } ?? [])
        if let text = arguments.optionalString("entry"), !text.isEmpty {
            guard type == nil, entity.isEmpty, permissions == nil, state != "query" else {
                throw wrong("'entry' says it all; leave 'etype', 'entity' and 'permissions' out")
            }
            parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            if text.lowercased().hasPrefix("d"), parts.count > 1 {
                isDefault = true
                parts.removeFirst()
            }
            guard parts.count == (state == "present" ? 3 : 2) || state == "absent" && parts.count == 3 else {
                throw wrong("'entry: \(text)' is not TYPE:NAME\(state == "present" ? ":PERMISSIONS" : "")")
            }
            let types = ["u": "user", "g": "group", "m": "mask", "o": "other"]
            guard let found = parts[0].lowercased().first.flatMap({ types[String($0)] }) else {
                throw wrong("'\(parts[0])' in 'entry' is neither user, group, mask nor other")
            }
            type = found
            parts[0] = found
        } else if state != "query" {
            guard type != nil else { throw wrong("'state: \(state)' needs 'etype' or 'entry'") }
            if state == "absent", permissions != nil {
                throw wrong("'permissions' makes no sense with 'state: absent'")
            }
            if state == "absent", entity.isEmpty { throw wrong("'state: absent' needs 'entity'") }
            if state == "present", permissions == nil { throw wrong("'state: present' needs 'permissions'") }
        }
        if state == "absent" { parts = Array(parts.prefix(2)) }
        entry = state == "query" ? "" : parts.joined(separator: ":")
        message = state == "query" ? "current acl" : "\(entry) is \(state)"
        var options = isDefault ? ["-d"] : []
        if arguments.bool("recursive") { options.append("--recursive") }
        if state != "query", let mask = arguments.optionalString("recalculate_mask"), mask != "default" {
            options.append(mask == "mask" ? "--mask" : "--no-mask")
        }
        if !arguments.bool("follow") { options.append("--physical") }
        self.options = options
    }

    private var words: [String] {
        [path, state == "present" ? "-m" : state == "absent" ? "-x" : "", entry] + options
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        if target.foreseen.effect(at: path) != nil || target.foreseen.awaitsPackages,
            try await !target.query(Self.isThere, path).succeeded
        {
            return .unknown(Unknown("the access control list of '\(path)'"), ())
        }
        let answer = try await target.query(Self.look, words)
        let lists = try read(answer, target.hostName)
        let values: ValueMap = ["acl": .list(lists.acl.map { .string($0) }), "msg": .string(message)]
        guard lists.differs else { return .asWanted(.ok(values)) }
        return .change(
            Change([.setting("acl of \(path)", before: .list(lists.acl.map { .string($0) }), after: .string(message))]),
            (), foreseen: .changed(["msg": .string(message)]))
    }

    func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await target.perform(Self.change, words, doing: "change the access control list of '\(path)'")
        let lists = try read(try await target.query(Self.look, words), target.hostName)
        return .changed(["acl": .list(lists.acl.map { .string($0) }), "msg": .string(message)])
    }

    private func read(_ answer: CommandResult, _ host: String) throws(Diagnostic) -> (acl: [String], differs: Bool) {
        switch answer.status {
        case 0: break
        case 3:
            throw Diagnostic(
                .failed, "the host has no \(answer.errorOutput.lastLine)",
                remedy: "Install the package 'acl' in an earlier task.", host: host)
        case 4: throw Diagnostic(.failed, "'\(path)' does not exist", host: host)
        default:
            throw Diagnostic(
                .failed, "cannot look at the access control list of '\(path)': \(answer.errorOutput.lastLine)",
                remedy: answer.errorOutput.contains("not supported")
                    ? "Its file system has none; mount it with the option 'acl'." : nil, host: host)
        }
        var fields = FieldReader(answer.stdout)
        var acl = fields.next().split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("#") }.map { $0.trimmed }
        while acl.last?.isEmpty == true { acl.removeLast() }
        // setfacl tells `path: *,*` for what would stay as it is.
        let differs = fields.next().split(separator: "\n").contains { !$0.hasSuffix("*,*") }
        return (acl, differs)
    }

    private static let isThere: Script =
        ReadingScripts.expand + #"""
            sp_expand "$1"
            command -v setfacl >/dev/null 2>&1 && [ -e "$p" ]
            """#

    /// `$1` the path, `$2` what to do, `$3` the entry, then options. Writes the list, and what would change.
    private static let look: Script =
        ReadingScripts.expand + #"""
            for program in getfacl setfacl; do
                command -v "$program" >/dev/null 2>&1 || { echo "$program" >&2; exit 3; }
            done
            sp_expand "$1"
            doing=$2 entry=$3
            [ -e "$p" ] || exit 4
            shift 3
            (
                for word do
                    shift
                    case $word in --mask | --no-mask) ;; *) set -- "$@" "$word" ;; esac
                done
                getfacl --absolute-names --omit-header "$@" -- "$p"
            ) || exit 1
            printf '\0'
            if [ -n "$doing" ]; then setfacl --test "$@" "$doing" "$entry" -- "$p" || exit 1; fi
            """#

    private static let change: Script =
        ReadingScripts.expand + #"""
            sp_expand "$1"
            doing=$2 entry=$3
            shift 3
            setfacl "$@" "$doing" "$entry" -- "$p"
            """#
}
