import Diagnostics
import Results
import Target
import Values

/// Accounts, as `ansible.builtin.user` manages them.
struct UserModule: Module, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.user",
        summary: "Make, change and remove users.",
        arguments: [
            .required("name", .string, "The user.", aliases: ["user"]),
            .optional(
                "state", .string, "Whether it is to be there.", default: "present", choices: ["absent", "present"]),
            .optional("uid", .int, "Its number."),
            .optional("non_unique", .bool, "Allow a number that another user has.", default: false),
            .optional("group", .string, "Its primary group."),
            .optional("groups", .list(.string), "Further groups; an empty list means none."),
            .optional("append", .bool, "Keep groups that are not listed.", default: false),
            .optional("comment", .string, "Its full name."),
            .optional("shell", .path, "Its shell."),
            .optional("home", .path, "Its home directory."),
            .optional("create_home", .bool, "Make the home directory.", default: true, aliases: ["createhome"]),
            .optional("move_home", .bool, "Move the old home directory to the new place.", default: false),
            .optional("skeleton", .string, "Where the files of a new home come from."),
            .optional("umask", .string, "The umask a new home is made with."),
            .optional("system", .bool, "Make it one of the system's users.", default: false),
            .optional("password", .string, "Its password, hashed as `password_hash` does; `!` for none.", secret: true),
            .optional(
                "update_password", .string, "Whether an existing user's password is changed.", default: "always",
                choices: ["always", "on_create"]),
            .optional("password_lock", .bool, "Lock or unlock the password."),
            .optional("password_expire_max", .int, "Days after which the password must be changed."),
            .optional("password_expire_min", .int, "Days before which it must not be."),
            .optional("password_expire_warn", .int, "Days of warning before that."),
            .optional("password_expire_account_disable", .int, "Days after that until the account is closed."),
            .optional("expires", .float, "When the account ends, in seconds since 1970; negative for never."),
            .optional("remove", .bool, "With `state: absent`, remove its files, too.", default: false),
            .optional(
                "force", .bool,
                "With `state: absent`, remove it even if it is logged in; with `generate_ssh_key`, make the key anew.",
                default: false),
            .optional("local", .bool, "Look only into the host's own files.", default: false),
            .optional("uid_min", .int, "The lowest number to take."),
            .optional("uid_max", .int, "The highest number to take."),
            .optional(
                "generate_ssh_key", .bool, "Make a key pair for the user, unless the file is there.", default: false),
            .optional("ssh_key_bits", .int, "The key's bits; the host's habit if not given.", default: 0),
            .optional("ssh_key_type", .string, "The key's type: `ed25519`, `ecdsa`, `rsa`.", default: "default"),
            .optional("ssh_key_file", .path, "The key's file, below the home if relative; by default `.ssh/id_rsa`."),
            .optional("ssh_key_comment", .string, "The key's comment; by default `ansible-generated on HOST`."),
            .optional("ssh_key_passphrase", .string, "The passphrase the key is sealed with.", secret: true),
            Argument("seuser", .string, "The SELinux user.", refusal: "SELinux users are not set yet."),
            Argument("login_class", .string, "For BSD.", refusal: "Only Linux hosts are managed."),
            Argument("hidden", .bool, "For macOS.", refusal: "Only Linux hosts are managed."),
            Argument("profile", .string, "For Solaris.", refusal: "Only Linux hosts are managed."),
            Argument("authorization", .string, "For Solaris.", refusal: "Only Linux hosts are managed."),
            Argument("role", .string, "For Solaris.", refusal: "Only Linux hosts are managed."),
        ],
        example: """
            - ansible.builtin.user:
                name: app
                groups: [docker]
                append: true
                shell: /bin/bash
            """,
        aliases: ["ansible.legacy.user"]
    )

    private let wish: UserWish
    private let key: UserKey?
    /// Whether a key that is there is replaced.
    private let remakesKey: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        wish = try UserWish(arguments)
        key = wish.isWanted && arguments.bool("generate_ssh_key") ? try UserKey(arguments) : nil
        remakesKey = arguments.bool("force")
    }

    struct Step: Sendable {
        var commands: [[String]]
        var makesHome: String?
        var password: String?
        var skeleton: String?
        var makesKey = false
        /// What is told of a new user besides.
        var valuesOfNew: ValueMap = [:]
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Step> {
        let asked = wish.groups ?? []
        let answer = try await target.query(
            Self.look,
            [wish.name, wish.isLocal ? "1" : "", wish.home ?? "", key?.file ?? "", wish.group ?? ""] + asked)
        guard answer.succeeded else {
            throw Diagnostic(
                .failed, "cannot look up user '\(wish.name)': \(answer.errorOutput.lastLine)", host: target.hostName)
        }
        var fields = FieldReader(answer.stdout)
        var account = Account(&fields)
        let missing = fields.next().split(separator: "\n").map(String.init)
        let found = key.map { UserKey.Found($0, &fields) }
        if let present = target.foreseen.users[wish.name], present != account.exists {
            guard present else {
                account = Account.none
                return try finish(account, missing, nil, target)
            }
            // An earlier task of the dry run makes the user; what it will be like is that task's to say.
            return .unknown(
                Unknown("user '\(wish.name)' is made by an earlier task"),
                Step(commands: [], makesHome: nil, password: nil, skeleton: nil))
        }
        return try finish(account, missing, found, target)
    }

    private func finish(
        _ account: Account, _ missing: [String], _ found: UserKey.Found?, _ target: some TargetReader
    ) throws(Diagnostic) -> Plan<Step> {
        if wish.isWanted {
            for group in missing where target.foreseen.groups[group] != true && !target.foreseen.awaitsPackages {
                throw Diagnostic(
                    .failed, "there is no group '\(group)'",
                    remedy: "Create it in an earlier task (group: name=\(group)).",
                    host: target.hostName)
            }
        }
        var decision = wish.decide(account)
        var values = wish.values(account)
        let makesKey = key != nil && (remakesKey || found?.exists != true)
        if makesKey, let key {
            decision.change.parts.append(.action("make an SSH key for \(wish.name)"))
            values["ssh_key_file"] = .string(found?.path ?? key.file)
        } else if let found {
            values.merge(found.values)
        }
        guard !decision.change.isEmpty else { return .asWanted(.ok(values)) }
        let valuesOfNew = account.exists ? [:] : wish.valuesOfNew
        values.merge(valuesOfNew)
        return .change(
            decision.change,
            Step(
                commands: decision.commands, makesHome: decision.makesHome,
                password: decision.setsPassword ? wish.password : nil, skeleton: wish.skeleton, makesKey: makesKey,
                valuesOfNew: valuesOfNew),
            foreseen: .changed(values))
    }

    func apply(_ step: Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        // Programs refuse to change or remove an account that a process belongs to, such as a shell of this run.
        if !step.commands.isEmpty { await target.endShells(of: wish.name) }
        try await AccountName.run(step.commands, about: "user '\(wish.name)'", on: target)
        if let password = step.password {
            // Through standard input: words can be seen by everybody on the host.
            let line = Array("\(wish.name):\(password)\n".utf8)
            try await target.perform("chpasswd -e", [], input: line, doing: "set the password of '\(wish.name)'")
        }
        if let home = step.makesHome {
            try await target.perform(
                Self.makeHome, [wish.name, home, step.skeleton ?? "/etc/skel", wish.umask ?? ""],
                doing: "make '\(home)'")
        }
        guard wish.isWanted else { return .changed(wish.values(.none)) }
        if step.makesKey, let key { try await key.make(for: wish.name, home: wish.home, on: target) }
        let answer = try await target.query(
            Self.look, [wish.name, wish.isLocal ? "1" : "", wish.home ?? "", key?.file ?? "", ""])
        var fields = FieldReader(answer.stdout)
        var values = wish.values(Account(&fields))
        _ = fields.next()
        if let key { values.merge(UserKey.Found(key, &fields).values) }
        return .changed(values.merging(step.valuesOfNew))
    }

    /// `$1` the user, `$2` whether only files count, `$3` a home to look at, `$4` a key's file, `$5` the primary group
    /// and further groups to look for.
    private static let look: Script = #"""
        entry= shadow=
        find_line() {
            while IFS= read -r line; do
                case $line in "$1":*) printf '%s' "$line"; break ;; esac
            done
        }
        all() {
            if [ -z "$local" ] && command -v getent >/dev/null 2>&1; then getent "$1"; else cat "/etc/$1"; fi
        }
        name=$1 local=$2 home=$3 key=$4
        shift 4
        entry=$(all passwd | find_line "$name")
        [ -r /etc/shadow ] && shadow=$(find_line "$name" </etc/shadow)
        primary= others=
        if [ -n "$entry" ]; then
            gid=$(printf '%s' "$entry" | cut -d: -f4)
            primary=$(all group | while IFS=: read -r group x number rest; do
                [ "$number" = "$gid" ] && printf '%s' "$group" && break
            done)
            others=$(all group | while IFS=: read -r group x number members; do
                case ",$members," in *",$name,"*) printf '%s\n' "$group" ;; esac
            done)
            [ -n "$home" ] || home=$(printf '%s' "$entry" | cut -d: -f6)
        fi
        [ -n "$home" ] || home=/home/$name
        there=
        [ -d "$home" ] && there=1
        groups=$(all group)
        missing=
        for group do
            [ -n "$group" ] || continue
            case "
        $groups
        " in
            *"
        $group:"*) ;;
            *)
                case $group in
                *[!0-9]*) missing="$missing$group
        " ;;
                *) case "$groups" in *":$group:"*) ;; *) missing="$missing$group
        " ;; esac ;;
                esac
                ;;
            esac
        done
        printf '%s\0%s\0%s\0%s\0%s\0%s\0' "$entry" "$shadow" "$primary" "$others" "$there" "$missing"
        if [ -n "$key" ]; then
            case $key in /*) ;; *) key=$home/$key ;; esac
            exists= print=
            if [ -f "$key" ]; then
                exists=1
                print=$(ssh-keygen -l -f "$key" 2>/dev/null)
            fi
            printf '%s\0%s\0%s\0%s\0' "$key" "$exists" "$print" "$(cat -- "$key.pub" 2>/dev/null)"
        fi
        """#

    private static let makeHome: Script = #"""
        name=$1 home=$2 skeleton=$3 mask=$4
        [ -d "$home" ] && exit 0
        [ -n "$mask" ] && umask "$mask"
        mkdir -p -- "$home" || exit 1
        if [ -d "$skeleton" ]; then cp -R -- "$skeleton/." "$home/" || exit 1; fi
        chown -R -h -- "$(id -u -- "$name"):$(id -g -- "$name")" "$home"
        """#
}
