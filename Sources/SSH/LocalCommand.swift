internal import CLinux
internal import Diagnostics
internal import Glibc
internal import Target

/// Programs that ssh_config names: `ProxyCommand`, `Match exec`.
enum LocalCommand {
    /// Whether a program ends with status 0. It waits, and what the program prints is not seen.
    static func succeeds(_ words: [String]) -> Bool {
        guard
            let process = start(
                words,
                { actions in
                    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
                    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
                })
        else { return false }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }

    /// Starts a program by the shell and connects its standard input and output with a socket.
    ///
    /// - Returns: The socket, which does not block; closing it ends the program's input, and so as a rule the program.
    /// - Throws: `Diagnostic` with code `.unreachable`.
    @IOLoop
    static func connect(_ line: String) throws(Diagnostic) -> Int32 {
        let pair = try SocketPair.make()
        // Programs expect to wait for what they read.
        _ = fcntl(pair.ours, F_SETFL, 0)
        let shell = getenv("SHELL").map { String(cString: $0) } ?? "/bin/sh"
        let process = start([shell, "-c", "exec " + line]) { actions in
            posix_spawn_file_actions_adddup2(&actions, pair.ours, 0)
            posix_spawn_file_actions_adddup2(&actions, pair.ours, 1)
        }
        let number = errno
        close(pair.ours)
        guard let process else {
            close(pair.theirs)
            throw Diagnostic(.unreachable, "the ProxyCommand cannot be run: \(String(errno: number))")
        }
        reap(process)
        return pair.theirs
    }

    /// Takes note of a program's end, whenever that is: an ended child that nobody waits for stays a zombie.
    @IOLoop
    private static func reap(_ process: pid_t) {
        let descriptor = swiftprov_pidfd_open(process)
        guard descriptor >= 0 else { return }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        EventLoop.shared.watch(descriptor) { _ in
            EventLoop.shared.unwatch(descriptor)
            close(descriptor)
            waitpid(process, nil, WNOHANG)
        }
    }

    private static func start(
        _ words: [String], _ arrange: (inout posix_spawn_file_actions_t) -> Void
    ) -> pid_t? {
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
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        // A session of its own: the terminal's Ctrl-C is for us, and ends it by our closing the socket.
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | swiftprov_spawn_setsid())
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { (word: String) in strdup(word) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        errno = posix_spawn(&process, words[0], &actions, &attributes, &arguments, environ)
        return errno == 0 ? process : nil
    }
}
