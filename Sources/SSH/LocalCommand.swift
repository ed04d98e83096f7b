internal import CLinux
internal import Diagnostics
internal import Glibc
internal import Local
internal import Target

/// Programs that ssh_config names: `ProxyCommand`, `Match exec`.
enum LocalCommand {
    /// Whether a program ends with status 0. It waits, and what the program prints is not seen.
    static func succeeds(_ words: [String]) -> Bool {
        do throws(LocalProgram.SpawnFailure) {
            let process = try LocalProgram.spawn(words, leading: .session) { actions in
                posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
                posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
            }
            return LocalProgram.wait(for: process) == 0
        } catch {
            return false
        }
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
        defer { close(pair.ours) }
        do throws(LocalProgram.SpawnFailure) {
            // The terminal's Ctrl-C is for us, and ends the program by our closing the socket.
            reap(
                try LocalProgram.spawn([shell, "-c", "exec " + line], leading: .session) { actions in
                    posix_spawn_file_actions_adddup2(&actions, pair.ours, 0)
                    posix_spawn_file_actions_adddup2(&actions, pair.ours, 1)
                })
        } catch {
            close(pair.theirs)
            throw Diagnostic(.unreachable, "the ProxyCommand cannot be run: \(error.reason)")
        }
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
}
