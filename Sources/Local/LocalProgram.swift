package import CLinux
public import Diagnostics
package import Glibc

/// Runs a program of the control machine and collects what it prints: password clients, inventory scripts.
public enum LocalProgram {
    /// What a program left behind.
    public struct Outcome: Sendable {
        public var output: [UInt8]
        public var errors: [UInt8]
        /// The exit status; 128 and the signal's number if one ended it, as shells count.
        public var status: Int
    }

    /// Runs a program without a shell and waits for its end.
    ///
    /// - Parameters:
    ///   - words: The program's path and its arguments.
    ///   - limit: The longest it may take; nil for no bound, as where it may ask a person at the terminal.
    ///   - showsErrors: Whether its errors go to our own standard error, so that it can talk to a person, instead of
    ///     being collected.
    ///   - input: What it reads from its standard input; nil leaves it ours.
    /// - Throws: `Diagnostic` with code `.commandFailed` if it cannot be started, `.timeout` if it takes too long.
    public static func run(
        _ words: [String],
        limit: Duration? = nil,
        showsErrors: Bool = false,
        input: [UInt8]? = nil
    ) throws(Diagnostic) -> Outcome {
        let output = try Pipe()
        let errors = try Pipe()
        let source = try input.map { (bytes) throws(Diagnostic) in try InputFile(bytes) }
        let process = try start(
            words, isBounded: limit != nil, input: source, output: output, errors: showsErrors ? nil : errors)
        output.closeWriting()
        errors.closeWriting()

        var collected: [[UInt8]] = [[], []]
        let deadline = limit.map { ContinuousClock.now + $0 }
        do {
            try collect([output.reading, errors.reading], into: &collected, until: deadline)
        } catch {
            kill(-process, SIGKILL)
            wait(for: process)
            throw Diagnostic(
                .timeout,
                "'\(words.first ?? "")' did not end within \(limit.map(String.init(describing:)) ?? "its time")",
                remedy: "Run it by hand to see what it waits for.")
        }
        return Outcome(output: collected[0], errors: collected[1], status: wait(for: process))
    }

    private static func start(
        _ words: [String], isBounded: Bool, input: InputFile?, output: Pipe, errors: Pipe?
    ) throws(Diagnostic) -> pid_t {
        // A group of its own lets a time limit end all it started; but then it could not ask at the terminal, and
        // Ctrl-C would not reach it.
        do throws(SpawnFailure) {
            return try spawn(words, leading: isBounded ? .group : nil) { actions in
                if let input { posix_spawn_file_actions_adddup2(&actions, input.descriptor, 0) }
                posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
                if let errors { posix_spawn_file_actions_adddup2(&actions, errors.writing, 2) }
            }
        } catch {
            throw Diagnostic(
                .commandFailed, "cannot run '\(words.first ?? "")': \(error.reason)",
                remedy: error.number == ENOEXEC
                    ? "Give it a '#!' line, or remove the executable bit if it is no program."
                    : "Check the '#!' line's interpreter, or remove the executable bit if it is no program.")
        }
    }

    /// Where a program is.
    ///
    /// - Parameter name: A name, which is looked for in PATH and where system programs are; or a path.
    /// - Returns: Nil if there is none that may be run.
    package static func path(of name: String) -> String? {
        if name.contains("/") { return LocalFile.isExecutable(name) ? name : nil }
        let listed = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        let folders = listed.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        return folders.lazy.map { "\($0)/\(name)" }.first(where: LocalFile.isExecutable)
    }

    /// Why a program could not be started.
    package struct SpawnFailure: Error {
        /// The system's error number.
        package var number: Int32
        package var reason: String { String(cString: strerror(number)) }
    }

    /// What a program leads, so that others can be told from it.
    package enum Leading: Sendable {
        /// A group of its own: it can be ended with all it started.
        case group
        /// A session of its own: Ctrl-C at our terminal is not for it.
        case session
    }

    /// Starts a program to which no signal is blocked, nor ignored because we ignore it.
    ///
    /// - Parameters:
    ///   - words: The program and its arguments.
    ///   - searches: Whether a bare name is looked for in PATH.
    ///   - leading: What it leads; nil where it goes with us, as an editor does.
    ///   - arrange: Says what becomes of descriptors; all but the standard ones should be close-on-exec.
    /// - Returns: Its process id; the caller waits for its end.
    package static func spawn(
        _ words: [String], searches: Bool = false, leading: Leading? = nil,
        _ arrange: (inout posix_spawn_file_actions_t) -> Void = { _ in }
    ) throws(SpawnFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        arrange(&actions)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // What we ignore for our own sake is not the program's business.
        for number in [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        switch leading {
        case .group: flags |= Int16(POSIX_SPAWN_SETPGROUP)
        case .session: flags |= swiftprov_spawn_setsid()
        case nil: break
        }
        posix_spawnattr_setflags(&attributes, flags)

        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let error =
            searches
            ? posix_spawnp(&process, words.first ?? "", &actions, &attributes, &arguments, environ)
            : posix_spawn(&process, words.first ?? "", &actions, &attributes, &arguments, environ)
        guard error == 0 else { throw SpawnFailure(number: error) }
        return process
    }

    /// What a program is to read, in memory: nobody can open it, and no pipe can fill up.
    private final class InputFile {
        let descriptor: Int32

        init(_ bytes: [UInt8]) throws(Diagnostic) {
            descriptor = swiftprov_memory_file()
            guard descriptor >= 0 else {
                throw Diagnostic(.commandFailed, "no file in memory: \(String(cString: strerror(errno)))")
            }
            let failure = LocalFile.write(bytes, to: descriptor)
            lseek(descriptor, 0, SEEK_SET)
            guard failure == 0 else {
                throw Diagnostic(.commandFailed, "no room in memory: \(String(cString: strerror(failure)))")
            }
        }

        deinit { close(descriptor) }
    }

    private struct TookTooLong: Error {}

    private static func collect(
        _ descriptors: [Int32], into collected: inout [[UInt8]], until deadline: ContinuousClock.Instant?
    ) throws(TookTooLong) {
        var open = Set(descriptors.indices)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !open.isEmpty {
            var waiting = open.sorted().map { pollfd(fd: descriptors[$0], events: Int16(POLLIN), revents: 0) }
            var milliseconds: Int32 = -1
            if let deadline {
                let left = ContinuousClock.now.duration(to: deadline)
                guard left > .zero else { throw TookTooLong() }
                milliseconds = Int32(
                    clamping: left.components.seconds * 1000 + 1 + left.components.attoseconds / 1_000_000_000_000_000)
            }
            let ready = poll(&waiting, nfds_t(waiting.count), milliseconds)
            if ready <= 0 { continue }
            for (place, index) in open.sorted().enumerated() where waiting[place].revents != 0 {
                let count = Glibc.read(descriptors[index], &buffer, buffer.count)
                if count > 0 {
                    collected[index] += buffer[..<count]
                } else if count == 0 || errno != EINTR {
                    open.remove(index)
                }
            }
        }
    }

    /// Waits for a program's end and gives its exit status; 128 and the signal's number if one ended it.
    @discardableResult
    package static func wait(for process: pid_t) -> Int {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return shellStatus(status)
    }

    /// A status of `waitpid` as shells count it.
    package static func shellStatus(_ status: Int32) -> Int {
        let signal = status & 0x7F
        return signal == 0 ? Int(status >> 8 & 0xFF) : 128 + Int(signal)
    }

    /// A pipe whose ends close with it.
    package final class Pipe {
        package let reading: Int32
        package private(set) var writing: Int32

        package init() throws(Diagnostic) {
            var ends: [Int32] = [-1, -1]
            guard swiftprov_pipe(&ends) == 0 else {
                throw Diagnostic(.commandFailed, "no pipe could be made: \(String(cString: strerror(errno)))")
            }
            reading = ends[0]
            writing = ends[1]
        }

        package func closeWriting() {
            if writing >= 0 { close(writing) }
            writing = -1
        }

        deinit {
            close(reading)
            closeWriting()
        }
    }
}
