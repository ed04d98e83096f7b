import CLinux
import Glibc
import Playbook
import Target
import Values

/// Questions to the person at the terminal.
public enum Prompting {
    /// Asks for a variable of `vars_prompt`.
    static func ask(_ prompt: PlayNode.Prompt) async -> Value {
        let suffix = prompt.defaultValue.map { prompt.isPrivate ? " [secret default]" : " [\($0.pythonText)]" } ?? ""
        while true {
            let answer = await line("\(prompt.text)\(suffix): ", echoes: !prompt.isPrivate)
            if prompt.confirm {
                let again = await line("confirm \(prompt.text): ", echoes: !prompt.isPrivate)
                if again != answer { continue }
            }
            if answer.isEmpty, let fallback = prompt.defaultValue { return fallback }
            return .string(Text(answer, marks: prompt.isPrivate ? .secret : []))
        }
    }

    /// Shows a text and reads a line, away from the loop's thread, which goes on.
    static func line(_ text: String, echoes: Bool) async -> String {
        await HelperThread.run { read(text, echoes: echoes) }
    }

    /// Prompts go to standard error: what is read by programs goes to standard output.
    static func show(_ text: String) {
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
