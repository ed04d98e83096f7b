import Diagnostics
internal import Glibc
import Results
import Target
import Values

/// What a `synchronize` task asks of rsync.
struct RsyncWish: Sendable {
    /// Of the host, for messages.
    let hostName: String?
    /// Where things go to: on the host unless they are pulled.
    let destination: String
    let isPull: Bool
    /// Whether hard links to another tree count as nothing new.
    let linksTrees: Bool
    private let program: String
    private let options: [String]
    /// Those of them that say how to reach the host.
    private let connection: [String]
    private let source: String
    private let goal: String

    init(_ arguments: Arguments) throws(Diagnostic) {
        let context = arguments.context
        hostName = try context.variable("inventory_hostname")?.pythonText
        program = try context.variable("ansible_rsync_path")?.pythonText ?? "rsync"
        isPull = arguments.optionalString("mode") == "pull"
        let links = arguments.strings("link_dest")
        linksTrees = !links.isEmpty
        let from = try arguments.string("src")
        let to = try arguments.string("dest")
        for (name, path) in [("src", from), ("dest", to)] where path.isEmpty {
            throw Diagnostic(.badValue, "'\(name)' is empty", at: arguments.location)
        }
        destination = to
        let access = context.access
        let login = arguments.bool("set_remote_user") ? access?.user : nil
        func remote(_ path: String) -> String {
            guard let access, !Self.isElsewhere(path) else { return path }
            let address = access.address.contains(":") ? "[\(access.address)]" : access.address
            return (login.map { $0 + "@" } ?? "") + "\(address):\(path)"
        }
        source = isPull ? remote(from) : try Self.here(from, context, isThere: true)
        goal = isPull ? try Self.here(to, context, isThere: false) : remote(to)
        guard !Self.isDaemon(source) || !Self.isDaemon(goal) else {
            throw Diagnostic(.badValue, "one of 'src' and 'dest' must be a path", at: arguments.location)
        }

        var options = try Self.options(arguments)
        var connection: [String] = []
        for path in links {
            guard !Self.isInside(FilePlacement.directory(of: to), path) else {
                throw Diagnostic(
                    .badValue, "'dest: \(to)' lies in 'link_dest: \(path)'", at: arguments.location,
                    remedy: "Name a tree beside it.")
            }
            options.append("--link-dest=" + path)
        }
        if let access {
            if !options.contains(where: { $0.contains("--rsh") || $0 == "-e" }) {
                connection.append("--rsh=" + (try Self.shell(access, arguments)))
            }
            let given = arguments.optionalString("rsync_path")
            if let path = given == nil ? try Self.becoming(access.become, arguments) : given {
                connection.append("--rsync-path=" + path)
            }
        } else if let path = arguments.optionalString("rsync_path") {
            connection.append("--rsync-path=" + path)
        }
        self.options = options + connection
        self.connection = connection
    }

    /// The program and its words.
    func words(isTrial: Bool) -> [String] {
        [program] + (isTrial ? ["--dry-run"] : []) + options
            + ["--out-format=" + RsyncReport.mark + "%i %n%L", "--", source, goal]
    }

    /// The directory that the destination is to be in; nil if rsync is told to make that, too, or nobody can tell.
    var holder: String? {
        options.contains("--mkpath") || Self.isElsewhere(destination) ? nil : FilePlacement.directory(of: destination)
    }

    /// The program and the words that list that directory alone.
    var holderWords: [String] {
        [program, "--list-only"] + connection + ["--", FilePlacement.directory(of: goal)]
    }

    /// The command of a run, as it is told.
    var shownCommand: String { Address.masked(ShellQuoting.join(words(isTrial: false))) }

    // MARK: Options

    private static func options(_ arguments: Arguments) throws(Diagnostic) -> [String] {
        var options: [String] = []
        func add(_ name: String, _ option: String) { if arguments.bool(name) { options.append(option) } }
        if arguments.bool("delay_updates") { options += ["--delay-updates", "-F"] }
        add("compress", "--compress")
        if let seconds = arguments.int("rsync_timeout"), seconds > 0 { options.append("--timeout=\(seconds)") }
        add("delete", "--delete-after")
        add("existing_only", "--existing")
        add("checksum", "--checksum")
        add("copy_links", "--copy-links")
        add("archive", "--archive")
        for name in ["recursive", "links", "perms", "times", "owner", "group"] {
            // Each is part of --archive.
            guard let wanted = arguments.optionalBool(name), wanted != arguments.bool("archive") else { continue }
            options.append(wanted ? "--\(name)" : "--no-\(name)")
        }
        add("dirs", "--dirs")
        for text in arguments.strings("rsync_opts") {
            do {
                options += try ShellWords.split(text)
            } catch {
                throw error.located(at: arguments.location)
            }
        }
        add("partial", "--partial")
        // A hard link to what is the same counts as a change only where rsync tells of it.
        if !arguments.strings("link_dest").isEmpty { options += ["-H", "-vv"] }
        return options
    }

    /// The ssh that rsync starts, with what the engine knows of the host.
    private static func shell(_ access: HostAccess, _ arguments: Arguments) throws(Diagnostic) -> String {
        let key = arguments.optionalString("private_key") ?? access.privateKey
        guard !access.usesPassword || key != nil else {
            throw Diagnostic(
                .unsupported, "rsync's ssh cannot be given the password of '\(access.address)'",
                at: arguments.location,
                remedy: "Give the host's user a key ('private_key', ansible_private_key_file), or use `copy`.")
        }
        var words = ["ssh", "-o", "BatchMode=yes"]
        if !arguments.bool("ssh_connection_multiplexing") { words += ["-S", "none"] }
        if let key { words += ["-i", key.hasPrefix("~/") ? home + key.dropFirst() : key] }
        if let port = arguments.int("dest_port") ?? access.port { words += ["-p", String(port)] }
        if !access.checksHostKey, !arguments.bool("verify_host") {
            words += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        }
        for text in access.arguments {
            do {
                words += try ShellWords.split(text)
            } catch {
                throw error.located(at: arguments.location)
            }
        }
        // rsync knows quotes, too, but not every way to write them.
        guard let odd = words.first(where: { $0.contains("'") }) else { return ShellQuoting.join(words) }
        throw Diagnostic(
            .unsupported, "rsync cannot hand \(odd) to ssh", at: arguments.location,
            remedy: "Write it without quotes, or put it in ~/.ssh/config.")
    }

    /// The host's rsync as another user.
    private static func becoming(_ become: Become?, _ arguments: Arguments) throws(Diagnostic) -> String? {
        guard let become else { return nil }
        guard become.password == nil, become.method != .su else {
            throw Diagnostic(
                .unsupported,
                become.method == .su
                    ? "'synchronize' cannot become another user with su"
                    : "rsync's \(become.method.rawValue) cannot be given a password",
                at: arguments.location,
                remedy: "Let sudo ask for none, give 'rsync_path', or sign in as that user with 'become: false'.")
        }
        let usual = become.method == .sudo ? ["-H", "-n"] : ["-n"]
        let flags = (become.flags ?? usual).filter { $0 != "-S" }
        return ShellQuoting.join(
            [become.executable ?? become.method.rawValue] + flags + ["-u", become.user, "rsync"])
    }

    // MARK: Paths

    /// Whether a path names a machine by itself.
    private static func isElsewhere(_ path: String) -> Bool {
        isDaemon(path) || path.prefix { $0 != "/" }.contains(":")
    }

    private static func isDaemon(_ path: String) -> Bool { path.hasPrefix("rsync://") || path.contains("::") }

    private static func isInside(_ path: String, _ top: String) -> Bool {
        let top = FilePlacement.normalized(top)
        return (FilePlacement.normalized(path) + "/").hasPrefix(top == "/" ? top : top + "/")
    }

    private static var home: String { getenv("HOME").map { String(cString: $0) } ?? "/root" }

    /// A path of the machine that rsync is started on: a relative one is sought as other files of a task are.
    private static func here(
        _ path: String, _ context: ModuleContext, isThere: Bool
    ) throws(Diagnostic) -> String {
        if path == "~" || path.hasPrefix("~/") { return home + path.dropFirst() }
        guard !path.hasPrefix("/"), !isElsewhere(path) else { return path }
        if isThere {
            let found = try context.findFile(path, "files")
            return path.hasSuffix("/") && !found.hasSuffix("/") ? found + "/" : found
        }
        return FilePlacement.join(try context.variable("playbook_dir")?.pythonText ?? ".", path)
    }
}

/// What rsync told.
struct RsyncReport: Sendable {
    /// Before each line about a file.
    static let mark = "<<CHANGED>>"

    /// All of it, without the marks.
    let text: String
    let isChanged: Bool
    /// Whether the destination is a directory that is made.
    let makesDirectory: Bool
    let change: Change

    init(_ output: String, _ wish: RsyncWish) {
        text = output.replacing(Self.mark, with: "")
        // Of trees that are linked rsync tells all names, those with a dot in front being as they were.
        isChanged = output.contains(Self.mark) && !(wish.linksTrees && output.contains(Self.mark + "."))
        makesDirectory = output.hasPrefix("created directory ") || output.contains("\ncreated directory ")
        let lines = output.split(separator: "\n").filter { $0.hasPrefix(Self.mark) }
            .map { String($0.dropFirst(Self.mark.count)) }
        var parts: [Change.Part] = lines.prefix(50).map { .action($0) }
        if lines.count > 50 { parts.append(.action("… and \(lines.count - 50) more")) }
        var effects: [Change.Effect] = []
        if !wish.isPull, wish.destination.hasPrefix("/") {
            effects = lines.compactMap { Self.effect($0, wish.destination) }
        }
        change = Change(parts, effects: effects)
    }

    /// What a line such as `<f+++++++++ a/b` makes of the path below the destination.
    private static func effect(_ line: String, _ destination: String) -> Change.Effect? {
        guard let blank = line.firstIndex(of: " ") else { return nil }
        let code = Array(line[..<blank])
        let name = line[line.index(after: blank)...].trimmed
        let path = FilePlacement.normalized(FilePlacement.join(destination, name))
        if line.hasPrefix("*deleting") { return .file(path: path, .init(kind: .absent)) }
        guard code.count > 2 else { return nil }
        switch code[1] {
        // Whether a single file's name is the destination's, nobody says.
        case "d": return .file(path: path, .init(kind: .directory, keepsContent: code[2] != "+"))
        case "f" where destination.hasSuffix("/"):
            return .file(path: path, .init(kind: .file, keepsContent: code[0] == "."))
        case "f" where name.contains("/"): return .file(path: path, .init(kind: .file, keepsContent: code[0] == "."))
        case "L":
            let parts = name.ranges(of: " -> ").first.map { (name[..<$0.lowerBound], name[$0.upperBound...]) }
            guard let parts else { return nil }
            return .file(
                path: FilePlacement.normalized(FilePlacement.join(destination, String(parts.0))),
                .init(kind: .link, linkTarget: String(parts.1)))
        default: return nil
        }
    }
}
