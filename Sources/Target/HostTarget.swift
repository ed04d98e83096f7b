public import Diagnostics
internal import Values

/// A host as modules see it, over one identity's shell: the one place where snippets, words and data become
/// shell text.
public struct HostTarget: TargetWriter {
    /// The name in the inventory, for messages.
    public let hostName: String
    /// What earlier tasks of this dry run would have changed.
    public let foreseen: Foreseen
    /// What the task's `environment:` adds, for commands and snippets.
    public let environment: [(name: String, value: String)]
    /// How the user was become, if at all; for messages.
    public let become: Become?
    public let isControlMachine: Bool
    /// Who hears of requests that take long.
    private let progress: ProgressWatch?
    private let shell: any Shell

    /// A host over the shell of the identity that a task runs as.
    ///
    /// - Parameters:
    ///   - hostName: The name in the inventory, for messages.
    ///   - shell: The shell of the identity the task runs as.
    ///   - foreseen: What earlier tasks of this dry run would have changed.
    ///   - environment: What the task's `environment:` adds, for commands and snippets.
    ///   - become: How that identity was become.
    ///   - isControlMachine: Whether it is the machine this program runs on.
    ///   - progress: Who hears of requests that take long.
    public init(
        hostName: String, shell: any Shell, foreseen: Foreseen = Foreseen(),
        environment: [(name: String, value: String)] = [], become: Become? = nil, isControlMachine: Bool = false,
        progress: ProgressWatch? = nil
    ) {
        self.hostName = hostName
        self.shell = shell
        self.foreseen = foreseen
        self.environment = environment
        self.become = become
        self.isControlMachine = isControlMachine
        self.progress = progress
    }

    public func endShells(of user: String) async { await shell.endShells(of: user) }

    /// Ends the connection and opens it anew; see `TargetWriter`.
    public func reconnect(within limit: Duration?) async throws(Diagnostic) {
        do throws(Diagnostic) {
            try await shell.reopen(within: limit)
        } catch {
            var error = error
            error.host = error.host ?? hostName
            throw error
        }
    }

    /// The same host, asked through another shell of the same identity.
    public func over(_ shell: any Shell) -> HostTarget {
        HostTarget(
            hostName: hostName, shell: shell, foreseen: foreseen, environment: environment, become: become,
            isControlMachine: isControlMachine, progress: progress)
    }

    /// Runs a snippet that only reads; see `TargetReader`.
    public func query(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?
    ) async throws(Diagnostic) -> CommandResult {
        try await runSnippet(script, arguments, input: input, timeout: timeout, onlyReads: true)
    }

    /// Runs a snippet that changes the host; see `TargetWriter`.
    public func execute(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?
    ) async throws(Diagnostic) -> CommandResult {
        try await runSnippet(script, arguments, input: input, timeout: timeout)
    }

    private func runSnippet(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?, onlyReads: Bool = false
    ) async throws(Diagnostic) -> CommandResult {
        for argument in arguments { try Self.check(argument, "an argument") }
        var text = try exports()
        if environment.contains(where: { $0.name == "PATH" }) {
            // The base system's programs must be found whatever a task puts there.
            text += "PATH=$PATH:\(ShellBoot.searchPath)\n"
        }
        if !script.startsPrograms, environment.contains(where: { $0.name.hasPrefix("LC_") }) {
            // Snippets read what programs print.
            text += "LC_ALL=C; export LC_ALL\n"
        }
        text += arguments.isEmpty ? "set --\n" : "set -- \(ShellQuoting.join(arguments))\n"
        text += script.text
        var request = ShellRequest(script.startsPrograms ? .command : .snippet, text, input: input, timeout: timeout)
        request.checksItsInput = script.checksItsInput
        request.printsForPeople = false
        request.onlyReads = onlyReads
        return try await self.request(request)
    }

    /// What a command that could not change to its directory answers; anything of its own is told apart by the
    /// words before.
    private static let noDirectory: (status: Int32, mark: String) = (97, "\u{1}swiftprov: no directory: ")

    /// Runs a person's command; see `TargetWriter`.
    public func run(_ command: Command) async throws(Diagnostic) -> CommandResult {
        let result = try await request(
            ShellRequest(.command, try commandText(command), input: command.input, timeout: command.timeout))
        if result.status == Self.noDirectory.status, result.errorOutput.hasPrefix(Self.noDirectory.mark) {
            throw noDirectory(command, result.output)
        }
        return result
    }

    /// - Parameter reason: The shell's own words.
    private func noDirectory(_ command: Command, _ reason: String) -> Diagnostic {
        // Before the reason it says where in its script it stands.
        let text = reason.lastLine.components(apartBy: "cd: ").last ?? ""
        return Diagnostic(
            .failed, "cannot change to directory '\(command.directory ?? "")': \(text)",
            remedy: "Create it first, or correct `chdir`.", host: hostName)
    }

    /// Runs a person's command at a terminal; see `TargetWriter`.
    public func converse(
        _ command: TerminalCommand, _ dialogue: any TerminalDialogue
    ) async throws(Diagnostic) -> TerminalOutcome {
        do throws(Diagnostic) {
            let outcome = try await shell.converse(
                TerminalRequest(
                    text: try commandText(command.command), echoes: command.echoes, patience: command.patience,
                    timeout: command.command.timeout), dialogue)
            // There one stream has both: the shell's words come first.
            let words = String(decoding: outcome.output, as: UTF8.self).components(apartBy: Self.noDirectory.mark)
            if outcome.status == Int(Self.noDirectory.status), words.count == 2 {
                throw noDirectory(command.command, words[0])
            }
            return outcome
        } catch {
            var error = error
            error.host = error.host ?? hostName
            throw error
        }
    }

    /// A person's command as a shell's text: environment, directory, the words or the line.
    func commandText(_ command: Command) throws(Diagnostic) -> String {
        var text = try exports()
        if let directory = command.directory {
            try Self.check(directory, "a directory")
            text += "cd \(ShellQuoting.quote(Self.pathOperand(directory))) 2>&1 || "
            text += "{ echo \(ShellQuoting.quote(Self.noDirectory.mark + directory)) >&2; "
            text += "exit \(Self.noDirectory.status); }\n"
        }
        switch command.line {
        case .words(let words):
            guard let program = words.first, !program.isEmpty else {
                throw Diagnostic(.badValue, "an empty command cannot be run", host: hostName)
            }
            for word in words { try Self.check(word, "a command") }
            // A program is no option of `exec`.
            text += "exec \(ShellQuoting.join([Self.pathOperand(program)] + words.dropFirst()))"
        case .shell(let line, let executable):
            try Self.check(line, "a command")
            try Self.check(executable, "an executable")
            text += "exec \(ShellQuoting.join([executable, "-c", line]))"
        }
        return text
    }

    /// Sends the request; whatever goes wrong names the host.
    func request(_ request: ShellRequest) async throws(Diagnostic) -> CommandResult {
        do throws(Diagnostic) {
            var request = request
            request.progress = progress
            return try await shell.request(request)
        } catch {
            var error = error
            error.host = error.host ?? hostName
            throw error
        }
    }

    /// The task's environment as `export` lines.
    private func exports() throws(Diagnostic) -> String {
        var text = ""
        for (name, value) in environment {
            let isName = name.utf8.enumerated().allSatisfy { at, byte in
                byte == UInt8(ascii: "_") || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
                    || at > 0 && byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            }
            guard isName, !name.isEmpty else {
                throw Diagnostic(
                    .badValue, "'\(name)' is no name that an environment variable can have",
                    remedy: "Letters, digits and `_`, not beginning with a digit.", host: hostName)
            }
            try Self.check(value, "the environment variable '\(name)'")
            text += "export \(name)=\(ShellQuoting.quote(value))\n"
        }
        return text
    }

    /// NUL ends a word for every program: text that holds one cannot be passed.
    private static func check(_ word: String, _ what: String) throws(Diagnostic) {
        if word.utf8.contains(0) {
            throw Diagnostic(.badValue, "\(what) holds a NUL character, which no program can be given")
        }
    }

    /// The path so that no program takes it for an option.
    static func pathOperand(_ path: String) -> String { path.hasPrefix("-") ? "./" + path : path }
}
