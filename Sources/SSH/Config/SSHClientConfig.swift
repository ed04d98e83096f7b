public import Diagnostics
internal import Glibc
internal import Values

/// What ssh_config(5) and the words of an ssh command line say about one host, as OpenSSH's client reads them.
///
/// The first value of an option wins: the command line's, then `~/.ssh/config`'s, then `/etc/ssh/ssh_config`'s.
/// Identity and certificate files add up.
public struct SSHClientConfig: Sendable {
    /// The name that was asked for, before `HostName`.
    public let originalHost: String
    /// Options in lower case with the words of their values.
    private var values: [String: [String]] = [:]
    /// Values that are a command line: `ProxyCommand`.
    private var lines: [String: String] = [:]
    private(set) var identityFiles: [String] = []
    private(set) var certificateFiles: [String] = []
    /// Options that would be ignored, each once.
    public private(set) var warnings: [Diagnostic] = []

    private let home: String
    private let localUser: String
    private let files: SSHConfigFiles
    private var isActive = true
    private var isFinalPass = false
    private var wantsFinalPass = false

    /// Reads what there is about a host.
    ///
    /// - Parameters:
    ///   - host: The name asked for.
    ///   - options: What the command line says, `-o` names in any case.
    ///   - path: The file of `-F`, in place of the usual two; `none` for no file at all.
    ///   - files: The files already read.
    ///   - home: The directory `.ssh` is looked for in.
    ///   - localUser: Who runs this program.
    /// - Throws: `Diagnostic` with code `.syntax` or `.missingFile`, at the line.
    public init(
        host: String, options: [(name: String, value: String)] = [], path: String? = nil, files: SSHConfigFiles,
        home: String, localUser: String
    ) throws(Diagnostic) {
        guard SSHName.isHost(host) else {
            throw Diagnostic(
                .badValue, "'\(host)' cannot be a host's name: it holds what a shell would read", remedy: SSHName.remedy
            )
        }
        originalHost = host
        self.files = files
        self.home = home
        self.localUser = localUser
        let source = SourceFile(
            name: "ssh options", text: options.map { "\($0.name)=\($0.value)" }.joined(separator: "\n"))
        for (index, option) in options.enumerated() {
            if option.name.lowercased() == "user", !SSHName.isUser(option.value) {
                throw Diagnostic(
                    .badValue, "'\(option.value)' cannot be a user's name: it holds what a shell would read",
                    remedy: SSHName.remedy)
            }
            let place = SourceLocation(file: source, line: index + 1, column: 1)
            let line = SSHConfigFiles.Line(
                keyword: option.name.lowercased(), words: SSHConfigFiles.words(option.value) ?? [option.value],
                rest: option.value, place: place)
            try take(line)
        }
        try readFiles(path)
        if wantsFinalPass {
            isFinalPass = true
            try readFiles(path)
        }
    }

    private mutating func readFiles(_ path: String?) throws(Diagnostic) {
        if let path {
            if path.lowercased() == "none" { return }
            guard try read(path, depth: 0) else {
                throw Diagnostic(.missingFile, "cannot read the ssh configuration '\(path)'", remedy: "Correct -F.")
            }
            return
        }
        _ = try read(home + "/.ssh/config", depth: 0)
        _ = try read("/etc/ssh/ssh_config", depth: 0)
    }

    /// - Returns: Whether the file could be read.
    private mutating func read(_ path: String, depth: Int) throws(Diagnostic) -> Bool {
        guard let lines = try files.lines(path) else { return false }
        if depth == 0 { isActive = true }
        let outer = isActive
        for line in lines {
            switch line.keyword {
            case "host":
                guard !line.words.isEmpty else { throw wrong(line, "'Host' needs a pattern") }
                isActive =
                    outer && SSHPattern.fits(originalHost.lowercased(), anyOf: line.words.map { $0.lowercased() })
            case "match": isActive = try matches(line, isActive: outer)
            case "include":
                // Read even where it does not count, as OpenSSH does, which finds mistakes there.
                guard isActive else { continue }
                guard depth < 16 else { throw wrong(line, "'Include' is nested more than 16 deep") }
                for word in line.words {
                    let base = path.hasPrefix("/etc/ssh/") ? "/etc/ssh" : home + "/.ssh"
                    let pattern = word.hasPrefix("/") ? word : word.hasPrefix("~") ? tilde(word) : "\(base)/\(word)"
                    for file in SSHConfigFiles.matching(pattern) {
                        let before = isActive
                        _ = try read(file, depth: depth + 1)
                        isActive = before
                    }
                }
            default: if isActive { try take(line) }
            }
        }
        return true
    }

    private mutating func take(_ line: SSHConfigFiles.Line) throws(Diagnostic) {
        let keyword = SSHOptionNames.current[line.keyword] ?? line.keyword
        guard let value = line.words.first, !value.isEmpty else {
            throw wrong(line, "the ssh option '\(line.keyword)' has no value")
        }
        switch keyword {
        case "identityfile": if !identityFiles.contains(value) { identityFiles.append(value) }
        case "certificatefile": if !certificateFiles.contains(value) { certificateFiles.append(value) }
        case "proxycommand":
            // The first of the two ways through another host wins.
            if lines[keyword] == nil, values["proxyjump"] == nil { lines[keyword] = line.rest }
        case "proxyjump":
            if values[keyword] == nil, lines["proxycommand"] == nil { values[keyword] = [value] }
        case _ where SSHOptionNames.honoured.contains(keyword):
            if values[keyword] == nil { values[keyword] = line.words }
        case _ where SSHOptionNames.moot.contains(keyword): break
        default:
            let isKnown = SSHOptionNames.unsupported.contains(keyword)
            if let list = values["ignoreunknown"]?.first, !isKnown,
                SSHPattern.fits(keyword, anyOf: list.lowercased().split(separator: ",").map(String.init))
            {
                break
            }
            // What is said to be off is off.
            if isKnown, ["no", "none", "false"].contains(value.lowercased()) { break }
            warnings.append(
                Diagnostic(
                    .unsupported,
                    isKnown
                        ? "the ssh option '\(line.keyword)' is not honoured" : "unknown ssh option '\(line.keyword)'",
                    at: line.place,
                    remedy: isKnown ? nil : NearestNames.hint(line.keyword, among: SSHOptionNames.honoured),
                    severity: .warning))
        }
    }

    // MARK: Match

    private mutating func matches(_ line: SSHConfigFiles.Line, isActive outer: Bool) throws(Diagnostic) -> Bool {
        var words = line.words[...]
        guard !words.isEmpty else { throw wrong(line, "'Match' needs a criterion") }
        var result = outer
        while let word = words.popFirst() {
            let isNegated = word.hasPrefix("!")
            let parts = word.dropFirst(isNegated ? 1 : 0).split(separator: "=", maxSplits: 1).map(String.init)
            let criterion = parts.first?.lowercased() ?? ""
            var fits: Bool
            switch criterion {
            case "all": fits = true
            case "final", "canonical":
                if criterion == "final" { wantsFinalPass = true }
                fits = isFinalPass
            case "host", "originalhost", "user", "localuser", "exec", "localnetwork", "tagged":
                guard let value = parts.count == 2 ? parts[1] : words.popFirst() else {
                    throw wrong(line, "'Match \(criterion)' needs a value")
                }
                // What cannot fit any more is not asked: a program might be slow, or have effects.
                guard result else { continue }
                fits = try self.fits(criterion, value, line)
            default:
                throw wrong(
                    line, "unknown criterion '\(word)' of 'Match'",
                    NearestNames.hint(
                        criterion, among: ["all", "final", "exec", "host", "originalhost", "user", "localuser"]))
            }
            if fits == isNegated { result = false }
        }
        return result
    }

    private func fits(
        _ criterion: String, _ value: String, _ line: SSHConfigFiles.Line
    ) throws(Diagnostic) -> Bool {
        let patterns = value.split(separator: ",").map(String.init)
        switch criterion {
        case "host": return SSHPattern.fits(hostName.lowercased(), anyOf: patterns.map { $0.lowercased() })
        case "originalhost":
            return SSHPattern.fits(originalHost.lowercased(), anyOf: patterns.map { $0.lowercased() })
        case "user": return SSHPattern.fits(user ?? localUser, anyOf: patterns)
        case "localuser": return SSHPattern.fits(localUser, anyOf: patterns)
        case "exec":
            let shell = getenv("SHELL").map { String(cString: $0) } ?? "/bin/sh"
            return LocalCommand.succeeds([shell, "-c", expanded(value)])
        default:
            throw wrong(
                line, "'Match \(criterion)' is not supported", "Use host, originalhost, user, localuser or exec.")
        }
    }

    private func wrong(_ line: SSHConfigFiles.Line, _ summary: String, _ remedy: String? = nil) -> Diagnostic {
        Diagnostic(.syntax, summary, at: line.place, remedy: remedy ?? "See ssh_config(5).")
    }

    // MARK: What was found

    /// An option's value, as it was written.
    func text(_ name: String) -> String? { values[name]?.first }
    func words(_ name: String) -> [String]? { values[name] }

    /// The name or address to connect to.
    public var hostName: String {
        guard let name = text("hostname") else { return originalHost }
        return name.replacing("%%", with: "\u{0}").replacing("%h", with: originalHost).replacing("\u{0}", with: "%")
    }

    /// The user to log in as, if anybody says.
    public var user: String? { text("user") }

    /// - Throws: `Diagnostic` with code `.badValue` for what is no port.
    public func port() throws(Diagnostic) -> Int? {
        guard let text = text("port") else { return nil }
        if let port = Int(text), (1...65535).contains(port) { return port }
        throw Diagnostic(.badValue, "'\(text)' is no port", remedy: "A port is a number from 1 to 65535.")
    }

    /// The program to talk through, tokens filled in; nil for none.
    public var proxyCommand: String? {
        guard let line = lines["proxycommand"], line.lowercased() != "none" else { return nil }
        return expanded(line)
    }

    /// The hosts to go through, as `ssh -J` takes them; nil for none.
    public var proxyJump: String? { text("proxyjump").flatMap { $0.lowercased() == "none" ? nil : $0 } }

    /// A path with `~`, tokens and variables filled in.
    func path(_ text: String) -> String { tilde(expanded(variables(text))) }

    /// Tokens such as `%h` filled in; those without a meaning here stay.
    func expanded(_ text: String) -> String {
        guard text.contains("%") else { return text }
        var result = ""
        var characters = Array(text)[...]
        while let character = characters.popFirst() {
            guard character == "%", let token = characters.popFirst() else {
                result.append(character)
                continue
            }
            switch token {
            case "%": result += "%"
            case "h": result += hostName
            case "n": result += originalHost
            case "p": result += portText
            case "r": result += user ?? localUser
            case "u": result += localUser
            case "d": result += home
            case "i": result += String(getuid())
            case "j": result += proxyJump ?? ""
            case "k": result += self.text("hostkeyalias") ?? originalHost
            case "l": result += Self.localName
            case "L": result += Self.localName.prefix { $0 != "." }
            default: result += "%" + String(token)
            }
        }
        return result
    }

    private var portText: String { text("port") ?? "22" }

    private static let localName: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        return buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }()

    private func tilde(_ path: String) -> String {
        if path == "~" || path.hasPrefix("~/") { return home + path.dropFirst() }
        guard path.hasPrefix("~") else { return path }
        let name = path.dropFirst().prefix { $0 != "/" }
        guard let entry = getpwnam(String(name)), let directory = entry.pointee.pw_dir else { return path }
        return String(cString: directory) + path.dropFirst(name.count + 1)
    }

    /// `${NAME}` filled in from the environment; a name that is not set stays, and the path is then not found.
    private func variables(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            let name = String(rest[start.upperBound..<end])
            result += rest[..<start.lowerBound]
            result += getenv(name).map { String(cString: $0) } ?? "${\(name)}"
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}
