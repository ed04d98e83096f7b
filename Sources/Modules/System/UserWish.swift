import Diagnostics
import Results
import Target
import Values

/// An account as a host has it.
struct Account: Sendable {
    var exists = false
    var uid = 0
    var gid = 0
    var comment = ""
    var home = ""
    var shell = ""
    /// The hashed password; nil if it may not be read.
    var password: String?
    /// Days: minimum, maximum, warning, inactivity, end of the account.
    var days: [Int?] = [nil, nil, nil, nil, nil]
    var primary = ""
    var groups: [String] = []
    var hasHome = false

    static let none = Account()

    init() {}

    init(_ fields: inout FieldReader) {
        let entry = fields.next().split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let shadow = fields.next().split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        primary = fields.next()
        groups = fields.next().split(separator: "\n").map(String.init)
        hasHome = fields.next() == "1"
        guard entry.count >= 7 else { return }
        exists = true
        uid = Int(entry[2]) ?? 0
        gid = Int(entry[3]) ?? 0
        comment = entry[4]
        home = entry[5]
        shell = entry[6]
        if shadow.count >= 8 {
            password = shadow[1]
            days = (3...7).map { Int(shadow[$0]) }
        }
    }
}

/// What a user task asks for, and what has to be done for it.
struct UserWish: Sendable {
    let name: String
    let isWanted: Bool
    let isLocal: Bool
    let home: String?
    let group: String?
    /// Nil if groups are not spoken of; empty for none.
    let groups: [String]?
    let password: String?
    let skeleton: String?
    let umask: String?
    private let uid: Int?
    private let allowsDouble: Bool
    private let appends: Bool
    private let comment: String?
    private let shell: String?
    private let createsHome: Bool
    private let movesHome: Bool
    private let isSystem: Bool
    private let updatesPassword: Bool
    private let locks: Bool?
    private let days: [(option: String, index: Int, value: Int)]
    private let expiryDay: Int?
    private let neverExpires: Bool
    private let removes: Bool
    private let force: Bool
    private let range: (low: Int?, high: Int?)

    init(_ arguments: Arguments) throws(Diagnostic) {
        name = try arguments.string("name")
        try AccountName.check(name, "user", arguments.location)
        isWanted = arguments.optionalString("state") != "absent"
        isLocal = arguments.bool("local")
        home = arguments.optionalString("home")
        group = arguments.optionalString("group")
        groups = arguments["groups"] == nil ? nil : arguments.strings("groups").map(\.trimmed).filter { !$0.isEmpty }
        password = arguments.optionalString("password")
        skeleton = arguments.optionalString("skeleton")
        umask = arguments.optionalString("umask")
        uid = arguments.int("uid")
        allowsDouble = arguments.bool("non_unique")
        appends = arguments.bool("append")
        comment = arguments.optionalString("comment")
        shell = arguments.optionalString("shell")
        createsHome = arguments.bool("create_home")
        movesHome = arguments.bool("move_home")
        isSystem = arguments.bool("system")
        updatesPassword = arguments.optionalString("update_password") != "on_create"
        locks = arguments.optionalBool("password_lock")
        removes = arguments.bool("remove")
        force = arguments.bool("force")
        range = (arguments.int("uid_min"), arguments.int("uid_max"))
        let expiry = arguments["expires"]?.number?.asDouble
        expiryDay = expiry.flatMap { $0 >= 0 ? Int($0) / 86400 : nil }
        neverExpires = expiry.map { $0 < 0 } ?? false
        var days: [(option: String, index: Int, value: Int)] = []
        let names = [
            ("password_expire_min", "-m", 0), ("password_expire_max", "-M", 1), ("password_expire_warn", "-W", 2),
            ("password_expire_account_disable", "-I", 3),
        ]
        for (argument, option, index) in names {
            if let value = arguments.int(argument) { days.append((option, index, value)) }
        }
        self.days = days
        if let password, password.contains(":") || password.contains("\n") {
            throw Diagnostic(
                .badValue, "the password cannot be a hash: it holds a colon or line end", at: arguments.location)
        }
        if allowsDouble, uid == nil {
            throw Diagnostic(.missingArgument, "'non_unique' needs 'uid'", at: arguments.location)
        }
    }

    struct Decision: Sendable {
        var change = Change()
        var commands: [[String]] = []
        var makesHome: String?
        var setsPassword = false
    }

    func decide(_ account: Account) -> Decision {
        guard isWanted else { return removal(account) }
        return account.exists ? modification(account) : creation()
    }

    private func removal(_ account: Account) -> Decision {
        var decision = Decision()
        guard account.exists else { return decision }
        decision.change = Change(
            [.setting("state", before: "present", after: "absent")], effects: [.user(name, present: false)])
        decision.commands = [["userdel"] + (force ? ["-f"] : []) + (removes ? ["-r"] : []) + ["--", name]]
        return decision
    }

    private func creation() -> Decision {
        var decision = Decision()
        var words = ["useradd"]
        if let uid { words += ["-u", String(uid)] }
        if allowsDouble { words.append("-o") }
        if let group { words += ["-g", group] } else { words.append("-U") }
        if let groups, !groups.isEmpty { words += ["-G", groups.joined(separator: ",")] }
        if let comment { words += ["-c", comment] }
        if let home { words += ["-d", home] }
        if let shell { words += ["-s", shell] }
        if let expiryDay { words += ["-e", CivilDate(days: expiryDay).text] }
        if isSystem { words.append("-r") }
        if createsHome {
            words.append("-m")
            if let skeleton { words += ["-k", skeleton] }
            if let umask { words += ["-K", "UMASK=\(umask)"] }
        } else {
            words.append("-M")
        }
        if let low = range.low { words += ["-K", "UID_MIN=\(low)"] }
        if let high = range.high { words += ["-K", "UID_MAX=\(high)"] }
        decision.commands = [words + ["--", name]]
        decision.setsPassword = password != nil
        addAging(Account(), &decision)
        if locks == true { decision.commands.append(["usermod", "-L", "--", name]) }
        decision.change = Change(
            [.setting("state", before: "absent", after: "present")], effects: [.user(name, present: true)])
        // With the user comes a group of its name, unless another was asked for.
        if group == nil { decision.change.effects.append(.group(name, present: true)) }
        if createsHome {
            decision.change.effects.append(
                .file(
                    path: home ?? "/home/\(name)",
                    .init(kind: .directory, mode: 0o755, owner: name, group: group ?? name)))
        }
        return decision
    }

    private func modification(_ account: Account) -> Decision {
        var decision = Decision()
        var words: [String] = []
        func set(_ setting: String, _ before: String, _ after: String, _ option: [String]) {
            guard before != after else { return }
            words += option
            decision.change.parts.append(.setting(setting, before: .string(before), after: .string(after)))
        }
        if let uid { set("uid", String(account.uid), String(uid), ["-u", String(uid)] + (allowsDouble ? ["-o"] : [])) }
        if let group, group != String(account.gid) { set("group", account.primary, group, ["-g", group]) }
        if let groups {
            let wanted = Set(groups).subtracting([account.primary])
            let now = Set(account.groups).subtracting([account.primary])
            let after = appends ? now.union(wanted) : wanted
            if after != now {
                let added =
                    appends
                    ? ["-a", "-G", wanted.subtracting(now).sorted().joined(separator: ",")]
                    : ["-G", wanted.sorted().joined(separator: ",")]
                set("groups", now.sorted().joined(separator: ","), after.sorted().joined(separator: ","), added)
            }
        }
        if let comment { set("comment", account.comment, comment, ["-c", comment]) }
        if let home { set("home", account.home, home, ["-d", home] + (movesHome ? ["-m"] : [])) }
        if let shell { set("shell", account.shell, shell, ["-s", shell]) }
        if neverExpires, let day = account.days[4], day >= 0 {
            set("expires", CivilDate(days: day).text, "never", ["-e", ""])
        } else if let expiryDay, account.days[4] != expiryDay {
            set(
                "expires", account.days[4].map { CivilDate(days: $0).text } ?? "never", CivilDate(days: expiryDay).text,
                ["-e", CivilDate(days: expiryDay).text])
        }
        if let locks, let password = account.password, password.hasPrefix("!") != locks {
            set("password locked", locks ? "no" : "yes", locks ? "yes" : "no", [locks ? "-L" : "-U"])
        }
        if !words.isEmpty { decision.commands.append(["usermod"] + words + ["--", name]) }
        if let password, updatesPassword, let old = account.password {
            let bare = old.hasPrefix("!") && locks == true ? String(old.dropFirst()) : old
            if bare != password {
                decision.setsPassword = true
                decision.change.parts.append(.action("change the password of \(name)"))
            }
        }
        addAging(account, &decision)
        if createsHome, !account.hasHome, !movesHome || home == nil || home == account.home {
            decision.makesHome = home ?? account.home
            decision.change.parts.append(
                .setting("home directory", before: "absent", after: .string(home ?? account.home)))
        }
        if !decision.change.isEmpty { decision.change.effects.append(.user(name, present: true)) }
        return decision
    }

    private func addAging(_ account: Account, _ decision: inout Decision) {
        var words: [String] = []
        for (option, index, value) in days where account.days[index] != value {
            words += [option, String(value)]
            decision.change.parts.append(
                .setting(
                    "password aging \(option)", before: account.days[index].map { .int($0) } ?? .null,
                    after: .int(value)))
        }
        if !words.isEmpty { decision.commands.append(["chage"] + words + ["--", name]) }
    }

    /// What is told of a user that is made, besides.
    var valuesOfNew: ValueMap {
        isWanted ? ["create_home": .bool(createsHome), "system": .bool(isSystem)] : [:]
    }

    /// The return values, as far as they are known.
    func values(_ account: Account) -> ValueMap {
        var values: ValueMap = ["name": .string(name), "state": isWanted ? "present" : "absent"]
        guard isWanted else {
            values["force"] = .bool(force)
            values["remove"] = .bool(removes)
            return values
        }
        values["append"] = .bool(appends)
        values["move_home"] = .bool(movesHome)
        if let uid = uid ?? (account.exists ? account.uid : nil) { values["uid"] = .int(uid) }
        if account.exists { values["group"] = .int(account.gid) }
        if let groups { values["groups"] = .string(groups.joined(separator: ",")) }
        if let comment = comment ?? (account.exists ? account.comment : nil) { values["comment"] = .string(comment) }
        if let shell = shell ?? (account.exists ? account.shell : nil) { values["shell"] = .string(shell) }
        values["home"] = .string(home ?? (account.exists ? account.home : "/home/\(name)"))
        if password != nil { values["password"] = "NOT_LOGGING_PASSWORD" }
        return values
    }
}
