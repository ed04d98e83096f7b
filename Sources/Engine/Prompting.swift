import CLinux
import Diagnostics
import Glibc
import Jinja
import Playbook
import Target
import Values

/// Questions to the person at the terminal.
public enum Prompting {
    /// Asks for a variable of `vars_prompt`, or takes its default where nobody can be asked.
    ///
    /// - Throws: `Diagnostic` if there is neither a terminal nor a default, or the answer cannot be hashed as asked.
    static func ask(_ prompt: PlayNode.Prompt) async throws(Diagnostic) -> Value {
        let standard = prompt.defaultValue.flatMap { $0.isNull ? nil : $0 }
        var answer = ""
        if isatty(STDIN_FILENO) == 1 {
            let shown = standard.map { prompt.isPrivate ? " [secret default]" : " [\($0.pythonText)]" } ?? ""
            answer = await asked(prompt, shown)
        } else if standard == nil {
            throw Diagnostic(
                .missingArgument, "'\(prompt.name)' is to be asked for, but there is no terminal and it has no default",
                at: prompt.location, remedy: "Give it with -e \(prompt.name)=…, or a default.")
        }
        var value = standard ?? .string("")
        if !answer.isEmpty || standard == nil {
            // The answer is the operator's own text, so it may be a template, as a default may.
            let isTemplate = !prompt.isUnsafe && TemplateEnvironment.isTemplate(answer)
            value = .string(Text(answer, marks: isTemplate ? .template : []))
        } else if prompt.isUnsafe {
            value = value.mapText { Text($0.string, marks: $0.marks.subtracting(.template)) }
        }
        if let method = prompt.encrypt { value = try hashed(value, method, prompt) }
        guard prompt.isPrivate || prompt.encrypt != nil else { return value }
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

    /// Prompts go to standard error: what is read by programs goes to standard output.
    private static func show(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Shows a text on the terminal and reads a line from it, blocking.
    ///
    /// - Returns: The line without its end; empty at the end of input.
    public static func read(_ text: String, echoes: Bool) -> String {
        show(text)
        var saved = termios()
        let hides = !echoes && tcgetattr(STDIN_FILENO, &saved) == 0
        if hides {
            var silent = saved
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        }
        let line = readLine(strippingNewline: true) ?? ""
        if hides {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved)
            show("\n")
        }
        return line
    }
}
