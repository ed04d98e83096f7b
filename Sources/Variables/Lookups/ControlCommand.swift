import Diagnostics
import Local

/// Runs a command line through the control machine's `sh`.
enum ControlCommand {
    /// The line's output; its errors go to our own standard error.
    ///
    /// - Throws: `Diagnostic` with code `.commandFailed` if it cannot be started or ends with a status other than 0.
    static func output(of line: String, in directory: String) throws(Diagnostic) -> String {
        let words = ["/bin/sh", "-c", "cd -- \"$1\" && exec /bin/sh -c \"$2\"", "sh", directory, line]
        let outcome = try LocalProgram.run(words, showsErrors: true, input: [])
        guard outcome.status == 0 else {
            throw Diagnostic(.commandFailed, "'\(line)' ended with status \(outcome.status)")
        }
        return String(decoding: outcome.output, as: UTF8.self)
    }
}
