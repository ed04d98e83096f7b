import CLinux
import Diagnostics
import Glibc
import Jinja
import Playbook
import Synchronization
import Target
import Values
import Variables

/// Questions to the person at the terminal.
public enum Prompting {
    /// What a person did at a question.
    public enum Answer: Sendable, Equatable {
        case line(String)
        /// Ctrl-D, or the end of an input that is no terminal.
        case end
        /// Ctrl-C, while a run is under way; before one, it ends the program.
        case interrupted

        /// What was typed; nil where nothing was answered.
        public var text: String? { if case .line(let text) = self { text } else { nil } }
    }

    /// An entry of `vars_prompt` with its question and its default evaluated.
    ///
    /// - Parameter scope: What they may speak of: no host's own variables.
    /// - Throws: `Diagnostic` if a template fails.
    static func evaluated(_ prompt: PlayNode.Prompt, in scope: LayeredScope) throws(Diagnostic) -> PlayNode.Prompt {
        var result = prompt
        let isTemplate = TemplateEnvironment.isTemplate(prompt.text)
        let text = Text(prompt.text, marks: isTemplate ? .template : [], origin: prompt.location)
        result.text = try scope.evaluate(.string(text)).pythonText
        if let value = prompt.defaultValue { result.defaultValue = try scope.evaluate(value) }
        return result
    }

    /// Asks for a variable of `vars_prompt`, or takes its default where nobody can be asked.
    ///
    /// What is given is text, whatever kind the default is of.
    ///
    /// - Returns: Its value; nil if Ctrl-C was the answer.
    /// - Throws: `Diagnostic` if there is neither a terminal nor a default, input ended without an answer, or the
    ///   answer cannot be hashed as asked.
    static func ask(_ prompt: PlayNode.Prompt) async throws(Diagnostic) -> Value? {
        let standard = prompt.defaultValue?.isNull == false ? prompt.defaultValue : nil
        let isSecret = prompt.isPrivate || prompt.encrypt != nil || standard?.holdsSecret == true
        var answer = ""
        if isatty(STDIN_FILENO) == 1 {
            let shown = standard.map { isSecret ? " [secret default]" : " [\($0.pythonText)]" } ?? ""
            switch await asked(prompt, shown) {
            case .line(let text): answer = text
            case .interrupted: return nil
            case .end:
                throw Diagnostic(
                    .missingArgument, "'\(prompt.name)' was asked for, and input ended without an answer",
                    at: prompt.location, remedy: "Press enter for an empty answer, or give it with -e.")
            }
        } else if standard == nil {
            throw Diagnostic(
                .missingArgument, "'\(prompt.name)' is to be asked for, but there is no terminal and it has no default",
                at: prompt.location, remedy: "Give it with -e \(prompt.name)=…, or a default.")
        }
        var value = Value.string(standard?.pythonText ?? "")
        if !answer.isEmpty || standard == nil {
            // The answer is the operator's own text, so it may be a template, as the default may have been.
            let isTemplate = !prompt.isUnsafe && TemplateEnvironment.isTemplate(answer)
            value = .string(Text(answer, marks: isTemplate ? .template : []))
        }
        if let method = prompt.encrypt { value = try hashed(value, method, prompt) }
        guard isSecret else { return value }
        return value.mapText { Text($0.string, marks: $0.marks.union(.secret), origin: $0.origin) }
    }

    private static func asked(_ prompt: PlayNode.Prompt, _ suffix: String) async -> Answer {
        while true {
            let answer = await line("\(prompt.text)\(suffix): ", echoes: !prompt.isPrivate)
            guard prompt.confirm, answer.text != nil else { return answer }
            let again = await line("confirm \(prompt.text)\(suffix): ", echoes: !prompt.isPrivate)
            if again == answer || again.text == nil { return again }
            show("The two answers differ; once more.\n")
        }
    }

    private static func hashed(
        _ value: Value, _ method: String, _ prompt: PlayNode.Prompt
    ) throws(Diagnostic) -> Value {
        var values: ValueMap = ["answer": .string(value.pythonText), "method": .string(method), "salt": .null]
        var call = "answer | password_hash(method, salt"
        if let salt = prompt.salt { values["salt"] = .string(salt) }
        if let size = prompt.saltSize {
            values["size"] = .int(size)
            call += ", size"
        }
        let engine = TemplateEnvironment()
        do throws(Diagnostic) {
            return try engine.evaluateExpression(Text(call + ")"), in: MapScope(values, environment: engine))
        } catch {
            throw Diagnostic(.badValue, "'\(prompt.name)': \(error.summary)", at: prompt.location, remedy: error.remedy)
        }
    }

    /// Shows a text and reads a line, away from the loop's thread, which goes on.
    static func line(_ text: String, echoes: Bool) async -> Answer {
        await HelperThread.run { read(text, echoes: echoes) }
    }

    /// Shows a text on the terminal.
    ///
    /// Prompts go to standard error: what is read by programs goes to standard output.
    static func show(_ text: String, on descriptor: Int32 = STDERR_FILENO) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Shows a text on the terminal and reads a line from it, blocking.
    ///
    /// - Parameters:
    ///   - text: What to show.
    ///   - echoes: Whether what is typed is shown.
    ///   - apartFromInput: Whether to ask at the terminal even if standard input is something else, as where the data
    ///     to work on comes from there.
    /// - Returns: The line without its end, or why there is none.
    public static func read(_ text: String, echoes: Bool, apartFromInput: Bool = false) -> Answer {
        let terminal = apartFromInput ? open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) : -1
        defer { if terminal >= 0 { close(terminal) } }
        let (input, output) = terminal >= 0 ? (terminal, terminal) : (STDIN_FILENO, STDERR_FILENO)
        return read(text, echoes: echoes, from: input, to: output)
    }

    /// Likewise, at a terminal of its own.
    package static func read(_ text: String, echoes: Bool, from input: Int32, to output: Int32) -> Answer {
        attended { bell in
            // Silent before the question is seen: an answer that comes at once is neither shown nor thrown away.
            let silence = echoes ? nil : Silence(input)
            show(text, on: output)
            let answer = line(from: input, bell)
            silence?.end()
            if silence != nil || answer.text == nil { show("\n", on: output) }
            return answer
        }
    }

    /// Lets time pass, blocking.
    ///
    /// - Parameter milliseconds: How long.
    /// - Returns: Whether Ctrl-C ended it early.
    static func rest(milliseconds: Int) -> Bool {
        attended { bell in
            let end = ContinuousClock.now + .milliseconds(milliseconds)
            while true {
                let left = ContinuousClock.now.duration(to: end)
                guard left > .zero else { return false }
                let step = min(
                    left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1, 60_000)
                if wait(for: -1, bell, milliseconds: Int32(step)) == .bell { return true }
            }
        }
    }

    /// Shows a text and reads single keys, blocking, until one of those that count is pressed.
    ///
    /// - Parameter keys: Those that count, in lower case.
    /// - Returns: The key in lower case; nil at the end of input and at Ctrl-C.
    static func key(_ text: String, among keys: Set<Character>) -> Character? {
        attended { bell in
            let silence = Silence(STDIN_FILENO, takesKeys: true)
            defer { silence?.end() }
            show(text)
            while wait(for: STDIN_FILENO, bell) == .input {
                var byte: UInt8 = 0
                guard Glibc.read(STDIN_FILENO, &byte, 1) == 1 else { return nil }
                let key = Character(Character(Unicode.Scalar(byte)).lowercased())
                if keys.contains(key) { return key }
            }
            return nil
        }
    }

    /// Reads no more than a line. A terminal gives one at a time anyway.
    private static func line(from input: Int32, _ bell: Int32) -> Answer {
        var bytes: [UInt8] = []
        while wait(for: input, bell) == .input {
            var byte: UInt8 = 0
            let count = Glibc.read(input, &byte, 1)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            if count != 1, bytes.isEmpty { return .end }
            if count != 1 || byte == UInt8(ascii: "\n") {
                if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
                return .line(String(decoding: bytes, as: UTF8.self))
            }
            bytes.append(byte)
        }
        return .interrupted
    }

    // MARK: Ctrl-C

    /// Where a byte wakes the question that waits, if one does.
    private static let bell = Mutex<Int32?>(nil)
    /// Questions are asked one after the other, even if hosts that go their own ways come to them together.
    private static let turn = Mutex(())

    /// Ends the question or the pause that waits for a person: its asker decides what that means.
    ///
    /// - Returns: Whether there was one.
    public static func interrupt() -> Bool {
        bell.withLock { bell in
            guard let bell else { return false }
            var byte: UInt8 = 0
            return write(bell, &byte, 1) == 1
        }
    }

    private enum Wake { case input, bell, time }

    /// - Parameters:
    ///   - input: What is to be read; -1 for nothing.
    ///   - bell: The end of the bell's pipe to read from; -1 if none could be made.
    ///   - milliseconds: How long to wait; -1 for as long as it takes.
    private static func wait(for input: Int32, _ bell: Int32, milliseconds: Int32 = -1) -> Wake {
        while true {
            var waiting = [input, bell].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let count = poll(&waiting, 2, milliseconds)
            if count == 0 { return .time }
            if count > 0 { return waiting[1].revents != 0 ? .bell : .input }
            if errno != EINTR { return .input }
        }
    }

    /// Does something that waits for a person, and can be interrupted while it does.
    private static func attended<Result>(_ work: (Int32) -> Result) -> Result {
        turn.withLock { _ in
            var ends: [Int32] = [-1, -1]
            // Without a bell, as where no descriptor is left, Ctrl-C waits for the answer.
            let isThere = swiftprov_pipe(&ends) == 0
            if isThere { bell.withLock { [end = ends[1]] in $0 = end } }
            defer {
                bell.withLock { $0 = nil }
                if isThere { for end in ends { close(end) } }
            }
            return work(ends[0])
        }
    }

    /// A terminal that does not show what is typed, until it ends; Ctrl-C ends it, too.
    private struct Silence {
        private let terminal: Int32
        private var before = termios()
        private var handlers: [(number: Int32, action: sigaction)] = []

        /// What the handler puts right. Written only while no handler is in place. Allocated, since the compiler (6.3)
        /// leaves the padding within a C structure out of a global's size.
        nonisolated(unsafe) private static let saved = {
            let place = UnsafeMutablePointer<termios>.allocate(capacity: 1)
            place.initialize(to: termios())
            return place
        }()
        nonisolated(unsafe) private static var silenced: Int32 = -1

        /// - Parameter takesKeys: Whether keys are read one by one, without waiting for a line's end.
        init?(_ terminal: Int32, takesKeys: Bool = false) {
            self.terminal = terminal
            guard tcgetattr(terminal, &before) == 0 else { return nil }
            Self.saved.pointee = before
            Self.silenced = terminal
            for number in [SIGINT, SIGTERM, SIGHUP] {
                var old = sigaction()
                // Who ignores or handles a signal goes on doing so.
                guard sigaction(number, nil, &old) == 0, old.sa_flags & SA_SIGINFO == 0,
                    old.__sigaction_handler.sa_handler == nil
                else { continue }
                var action = sigaction()
                action.__sigaction_handler.sa_handler = { number in
                    tcsetattr(Silence.silenced, TCSANOW, Silence.saved)
                    signal(number, SIG_DFL)
                    raise(number)
                }
                if sigaction(number, &action, nil) == 0 { handlers.append((number, old)) }
            }
            var silent = before
            silent.c_lflag &= ~tcflag_t(takesKeys ? ECHO | ICANON : ECHO)
            tcsetattr(terminal, TCSAFLUSH, &silent)
        }

        func end() {
            var saved = before
            tcsetattr(terminal, TCSAFLUSH, &saved)
            for (number, action) in handlers {
                var action = action
                sigaction(number, &action, nil)
            }
        }
    }
}
