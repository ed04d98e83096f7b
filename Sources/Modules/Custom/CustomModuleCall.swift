public import Diagnostics
public import Results
public import Target
public import Values

/// A module that is a file, with a task's arguments.
///
/// A host is asked to run it at once; only where it does not have it yet does it say so, and is sent it. In check mode
/// a module that knows of it is run and foretells; of any other nobody can tell what it would do.
public struct CustomModuleCall: ModuleWork {
    /// How the task is carried out, as far as a module is told.
    public struct Circumstances: Sendable {
        public var isCheckMode = false
        public var showsDiff = false
        /// Whether the task has `no_log`.
        public var isHidden = false
        public var verbosity = 0
        /// What runs it in place of what the file says: a path, perhaps with arguments.
        public var interpreter: String?
        public var defaults = CustomModuleDefaults()

        public init() {}
    }

    private let module: CustomModule
    private let arguments: ValueMap
    private let circumstances: Circumstances

    /// - Parameters:
    ///   - module: The module.
    ///   - arguments: As evaluated.
    ///   - circumstances: How the task is carried out.
    public init(_ module: CustomModule, _ arguments: ValueMap, _ circumstances: Circumstances) {
        self.module = module
        self.arguments = arguments
        self.circumstances = circumstances
    }

    public func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<Void> {
        let unknown = Unknown("what the module '\(module.name)' does")
        guard circumstances.isCheckMode, module.takesCheckMode else { return .unknown(unknown, ()) }
        let result = try await run { (script, words, input) async throws(Diagnostic) in
            try await target.query(script, words, input: input, timeout: nil)
        }.result(for: module.name, on: target.hostName, circumstances.verbosity)
        // Who declares no check mode skips itself, and has not said what a run would do.
        if result.skipped { return .unknown(unknown, ()) }
        guard result.changed, result.failure == nil else { return .asWanted(result) }
        return .change(result.change ?? .action("run \(module.name)"), (), foreseen: result)
    }

    public func apply(_ step: Void, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await run { (script, words, input) async throws(Diagnostic) in
            try await target.execute(script, words, input: input, timeout: nil)
        }.result(for: module.name, on: target.hostName, circumstances.verbosity)
    }

    // MARK: Running

    private typealias Asking = (Script, [String], [UInt8]) async throws(Diagnostic) -> CommandResult

    /// Runs the module, on a host that may have to be sent it first.
    private func run(_ ask: Asking) async throws(Diagnostic) -> CommandResult {
        // Stands for a path that only the host knows.
        let token = "swiftprov-\(ContentKey.random())"
        let words = try interpreterWords()
        let call: [String]
        let input: [UInt8]
        var payload: CustomModule.Payload?
        switch module.form {
        case .python(let content), .json(let content, _), .binary(let content):
            payload = content
            var given = Value.map(try told(token))
            if case .python = module.form { given = ["ANSIBLE_MODULE_ARGS": given] }
            input = Array(try JSON.text(given, style: .python).utf8)
            call = [content.key, content.fileName, token, candidates] + words
        case .words(let content, _):
            payload = content
            let line = try told(token).map { "\($0.key.text)=\(ShellQuoting.quote($0.value.pythonText)) " }
            input = Array(line.joined().utf8)
            call = [content.key, content.fileName, token, candidates] + words
        case .inside(let text, _):
            input = try filled(text, token)
            call = ["", "module", token, candidates] + words
        }
        let answer = try await ask(CustomModuleScripts.run, call, input)
        guard CustomModuleScripts.isMissing(answer), let payload else { return try checked(answer) }
        let executes = if case .binary = module.form { "1" } else { "" }
        let put = try await ask(
            CustomModuleScripts.put, [payload.key, payload.fileName, String(payload.content.count), executes],
            payload.content)
        guard put.succeeded else {
            throw Diagnostic(
                .failed, "cannot put the module '\(module.name)' on the host: \(put.errorOutput.lastLine)")
        }
        return try checked(try await ask(CustomModuleScripts.run, call, input))
    }

    /// Interpreters to look for, where nobody says which it is.
    private var candidates: String {
        let asked = circumstances.interpreter ?? ""
        guard module.isPython, asked.isEmpty || asked.hasPrefix("auto") else { return "" }
        return circumstances.defaults.pythonFallbacks.joined(separator: " ")
    }

    private func interpreterWords() throws(Diagnostic) -> [String] {
        let own: [String]
        switch module.form {
        case .python: own = ["/usr/bin/python3"]
        case .binary: return []
        case .words(_, let words), .json(_, let words), .inside(_, let words): own = words
        }
        if !candidates.isEmpty { return Array(own.dropFirst()) }
        guard let asked = circumstances.interpreter, !asked.isEmpty else { return own }
        return try ShellWords.split(asked) + own.dropFirst()
    }

    private func checked(_ answer: CommandResult) throws(Diagnostic) -> CommandResult {
        guard let missing = CustomModuleScripts.missingInterpreter(answer) else { return answer }
        let asked = circumstances.interpreter ?? ""
        guard module.isPython, asked.isEmpty || asked.hasPrefix("auto") else {
            throw Diagnostic(
                .failed, "the host has no '\(missing)', which runs the module '\(module.name)'",
                remedy: "Install it there, or set '\(module.interpreterVariable ?? "the first line")' to where it is.")
        }
        throw Diagnostic(
            .failed, "the host has no Python, which runs the module '\(module.name)'",
            remedy: "Install python3 there with a task before this one (`package: name=python3`), set "
                + "ansible_python_interpreter to where it is, or use a module that `swiftprov doc --list` names: those "
                + "need none.")
    }

    // MARK: What the module is told

    /// The task's arguments and those that tell a module how it is run.
    private func told(_ token: String) throws(Diagnostic) -> ValueMap {
        let defaults = circumstances.defaults
        let own: ValueMap = [
            "_ansible_check_mode": .bool(circumstances.isCheckMode),
            "_ansible_no_log": .bool(circumstances.isHidden || !defaults.logsOnHosts),
            "_ansible_debug": false,
            "_ansible_diff": .bool(circumstances.showsDiff),
            "_ansible_verbosity": .int(circumstances.verbosity),
            "_ansible_version": .string(module.version.isEmpty ? CustomModuleDefaults.likeVersion : module.version),
            "_ansible_module_name": .string(module.name),
            "_ansible_syslog_facility": .string(defaults.logFacility),
            "_ansible_selinux_special_fs": .list(defaults.specialFileSystems.map { .string($0) }),
            "_ansible_socket": .null,
            "_ansible_shell_executable": .string(defaults.shell),
            "_ansible_keep_remote_files": false,
            "_ansible_tmpdir": .string(token),
            "_ansible_remote_tmp": "~/.ansible/tmp",
            "_ansible_ignore_unknown_opts": false,
            "_ansible_target_log_info": defaults.logNote.map { Value.string($0) } ?? .null,
            "_ansible_tracebacks_for": [],
        ]
        let sorted = arguments.sorted { $0.key.text.utf8.lexicographicallyPrecedes($1.key.text.utf8) }
        return ValueMap(sorted.map { ($0.key, $0.value) }).merging(own)
    }

    /// A module's text with its arguments in it.
    private func filled(_ text: [UInt8], _ token: String) throws(Diagnostic) -> [UInt8] {
        let json = try JSON.text(.map(try told(token)), style: .python)
        let version = module.version.isEmpty ? CustomModuleDefaults.likeVersion : module.version
        let signs = [
            ("\"<<ANSIBLE_VERSION>>\"", "'\(version)'"),
            ("<<SELINUX_SPECIAL_FILESYSTEMS>>", circumstances.defaults.specialFileSystems.joined(separator: ",")),
            ("syslog.LOG_USER", "syslog.\(circumstances.defaults.logFacility)"),
            // The last, since what it brings in is not to be looked at.
            (Signs.argumentsInside, json),
        ]
        return signs.reduce(text) { text, sign in Self.replacing(Array(sign.0.utf8), in: text, by: Array(sign.1.utf8)) }
    }

    private static func replacing(_ piece: [UInt8], in text: [UInt8], by other: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while let place = rest.firstRange(of: piece) {
            result += rest[..<place.lowerBound] + other
            rest = rest[place.upperBound...]
        }
        return result + rest
    }
}

/// What the configuration says of modules that are files.
public struct CustomModuleDefaults: Sendable {
    /// Pythons that are looked for on a host, in this order.
    public var pythonFallbacks = [
        "python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8", "/usr/bin/python3", "python3",
    ]
    /// Where Python is, where no variable says so.
    public var python: String?
    /// Whether modules write what they are asked to the host's log.
    public var logsOnHosts = true
    public var logFacility = "LOG_USER"
    /// What is written before it.
    public var logNote: String?
    /// File systems that SELinux treats in their own way.
    public var specialFileSystems = ["fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat"]
    public var shell = "/bin/sh"

    /// The version of ansible-core that modules without its code are told.
    static let likeVersion = "2.19.0"

    public init() {}
}

extension CommandResult {
    fileprivate func result(for module: String, on host: String, _ verbosity: Int) -> ModuleResult {
        ModuleAnswer(of: module, on: host, verbosity: verbosity).result(self)
    }
}
