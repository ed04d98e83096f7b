import Diagnostics
import Glibc

/// Runs a command line through the control machine's `sh`.
enum ControlCommand {
    struct Outcome {
        var output: String
        var errors: String
        var status: Int
    }

    /// The line's output.
    ///
    /// - Throws: `Diagnostic` with code `.commandFailed` if it ends with a status other than 0.
    static func output(of line: String, in directory: String) throws(Diagnostic) -> String {
        let outcome = try run(line, in: directory, showsErrors: true)
        guard outcome.status == 0 else {
            throw Diagnostic(.commandFailed, "'\(line)' ended with status \(outcome.status)")
        }
        return outcome.output
    }

    /// - Parameters:
    ///   - input: What it reads from standard input; it can be secret, no one else can read it.
    ///   - showsErrors: Whether its errors go to our own standard error instead of into the outcome.
    static func run(
        _ line: String, _ arguments: [String] = [], in directory: String, input: [UInt8] = [],
        showsErrors: Bool = false
    ) throws(Diagnostic) -> Outcome {
        // Files without a name: nobody can open them, and no pipe can fill up.
        guard let source = tmpfile(), let output = tmpfile(), let errors = tmpfile() else {
            throw Diagnostic(.commandFailed, "no temporary file for '\(line)': \(String(cString: strerror(errno)))")
        }
        defer { for file in [source, output, errors] { fclose(file) } }
        if !input.isEmpty { fwrite(input, 1, input.count, source) }
        rewind(source)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, fileno(source), 0)
        posix_spawn_file_actions_adddup2(&actions, fileno(output), 1)
        if !showsErrors { posix_spawn_file_actions_adddup2(&actions, fileno(errors), 2) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let words =
            ["/bin/sh", "-c", "cd -- \"$1\" && line=$2 && shift 2 && exec /bin/sh -c \"$line\" sh \"$@\"", "sh"]
            + [directory, line] + arguments
        var vector: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for word in vector { free(word) } }
        var process: pid_t = 0
        let error = posix_spawn(&process, "/bin/sh", &actions, &attributes, &vector, environ)
        guard error == 0 else {
            throw Diagnostic(.commandFailed, "cannot start '\(line)': \(String(cString: strerror(error)))")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return Outcome(
            output: text(of: output), errors: text(of: errors),
            status: signal == 0 ? Int(status >> 8 & 0xFF) : 128 + Int(signal))
    }

    private static func text(of file: UnsafeMutablePointer<FILE>) -> String {
        // The command wrote through a descriptor of its own to the same file.
        rewind(file)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
