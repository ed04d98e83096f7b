internal import Diagnostics
internal import Glibc
internal import Local
internal import Synchronization

/// While it lives, signals that would end this process are noted instead, so that it can tidy up first.
///
/// Signals reach a process, not a thread; so a handler writes each one's number into a pipe. At most one watch lives
/// at a time.
final class SignalWatch {
    private let notes: LocalProgram.Pipe
    private var before: [(number: Int32, action: sigaction)] = []
    /// The signal to die of, once everything is tidy.
    private(set) var ending: Int32?

    /// Where the handler writes. A static is made at its first use: that is in `init`, not in the handler.
    private static let sink = Atomic<Int32>(-1)

    /// - Throws: `Diagnostic` with code `.commandFailed` if no pipe can be made.
    init() throws(Diagnostic) {
        notes = try LocalProgram.Pipe()
        for end in [notes.reading, notes.writing] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        Self.sink.store(notes.writing, ordering: .releasing)
        for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = Glibc.write(SignalWatch.sink.load(ordering: .acquiring), &byte, 1)
                errno = saved
            }
            action.sa_flags = SA_RESTART
            var old = sigaction()
            if sigaction(number, &action, &old) == 0 { before.append((number, old)) }
        }
    }

    /// Waits until a process ends, however long a person takes.
    ///
    /// Ctrl-C and Ctrl-\ are the editor's: it got them too. A signal that asks to end is passed on to it, and after
    /// two seconds it is killed.
    ///
    /// - Returns: Its exit status as shells count it.
    func wait(for process: pid_t) -> Int {
        var patience: ContinuousClock.Instant?
        while true {
            var status: Int32 = 0
            let answer = waitpid(process, &status, WNOHANG)
            if answer == process { return LocalProgram.shellStatus(status) }
            if answer < 0, errno != EINTR { return 255 }
            if let end = patience, ContinuousClock.now >= end {
                kill(process, SIGKILL)
                patience = nil
                return LocalProgram.wait(for: process)
            }
            var waiting = pollfd(fd: notes.reading, events: Int16(POLLIN), revents: 0)
            _ = poll(&waiting, 1, patience == nil ? -1 : 100)
            for number in noted() where number == SIGTERM || number == SIGHUP {
                kill(process, number)
                kill(process, SIGCONT)
                patience = patience ?? ContinuousClock.now + .seconds(2)
            }
        }
    }

    /// The signals that came since the last call; those that ask to end are remembered.
    private func noted() -> [Int32] {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(notes.reading, &buffer, buffer.count)
        guard count > 0 else { return [] }
        let numbers = buffer[..<count].map { Int32($0) }
        ending = ending ?? numbers.first { $0 == SIGTERM || $0 == SIGHUP }
        return numbers
    }

    /// Puts things back as they were, and dies of the signal that asked for it.
    func finish() {
        _ = noted()
        for (number, action) in before {
            var action = action
            sigaction(number, &action, nil)
        }
        before = []
        Self.sink.store(-1, ordering: .releasing)
        if let ending {
            self.ending = nil
            // A thread of the concurrency pool may keep signals from itself.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, ending)
            pthread_sigmask(SIG_UNBLOCK, &signals, nil)
            raise(ending)
        }
    }
}
