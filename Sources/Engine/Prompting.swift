import CLinux
import Diagnostics
import Glibc
import Jinja
import Playbook
import Target
import Values
import Variables

/// Questions to the person at the terminal.
public enum Prompting {
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
    /// - Throws: `Diagnostic` if there is neither a terminal nor a default, or the answer cannot be hashed as asked.
    static func ask(_ prompt: PlayNode.Prompt) async throws(Diagnostic) -> Value {
        let standard = prompt.defaultValue?.isNull == false ? prompt.defaultValue : nil
        let isSecret = prompt.isPrivate || prompt.encrypt != nil || standard?.holdsSecret == true
        var answer = ""
        if isatty(STDIN_FILENO) == 1 {
            let shown = standard.map { isSecret ? " [secret default]" : " [\($0.pythonText)]" } ?? ""
            answer = await asked(prompt, shown)
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

    private static func asked(_ prompt: PlayNode.Prompt, _ suffix: String) async -> String {
        while true {
            let answer = await line("\(prompt.text)\(suffix): ", echoes: !prompt.isPrivate)
            guard prompt.confirm else { return answer }
            if await line("confirm \(prompt.text)\(suffix): ", echoes: !prompt.isPrivate) == answer { return answer }
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
    static func line(_ text: String, echoes: Bool) async -> String {
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
    /// - Returns: The line without its end; empty at the end of input.
    public static func read(_ text: String, echoes: Bool, apartFromInput: Bool = false) -> String {
        let terminal = apartFromInput ? open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) : -1
        defer { if terminal >= 0 { close(terminal) } }
        let (input, output) = terminal >= 0 ? (terminal, terminal) : (STDIN_FILENO, STDERR_FILENO)
        show(text, on: output)
        let silence = echoes ? nil : Silence(input)
        let line = terminal >= 0 ? line(from: terminal) : readLine(strippingNewline: true) ?? ""
        if let silence {
            silence.end()
            show("\n", on: output)
        }
        return line
    }

    /// A terminal gives a line at a time; no more than that line is read.
    private static func line(from terminal: Int32) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while Glibc.read(terminal, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A terminal that does not show what is typed, until it ends; Ctrl-C ends it, too.
    private struct Silence {
        private let terminal: Int32
        private var before = termios()
        private var handlers: [(number: Int32, action: sigaction)] = []

        /// What the handler puts right. Written only while no handler is in place.
        nonisolated(unsafe) private static var saved = termios()
        nonisolated(unsafe) private static var silenced: Int32 = -1

        init?(_ terminal: Int32) {
            self.terminal = terminal
            guard tcgetattr(terminal, &before) == 0 else { return nil }
            (Self.saved, Self.silenced) = (before, terminal)
            for number in [SIGINT, SIGTERM, SIGHUP] {
                var old = sigaction()
                // Who ignores or handles a signal goes on doing so.
                guard sigaction(number, nil, &old) == 0, old.sa_flags & SA_SIGINFO == 0,
                    old.__sigaction_handler.sa_handler == nil
                else { continue }
                var action = sigaction()
                action.__sigaction_handler.sa_handler = { number in
                    tcsetattr(Silence.silenced, TCSANOW, &Silence.saved)
                    signal(number, SIG_DFL)
                    raise(number)
                }
                if sigaction(number, &action, nil) == 0 { handlers.append((number, old)) }
            }
            var silent = before
            silent.c_lflag &= ~tcflag_t(ECHO)
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
