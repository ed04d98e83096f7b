import Diagnostics
import Glibc
import Reporting
import Results

/// The process's own output.
enum Console {
    /// Writes to standard output, whole.
    static func write(_ text: String) { put(text, to: STDOUT_FILENO) }

    /// Writes bytes to standard output, whole.
    static func write(bytes: [UInt8]) { put(bytes, to: STDOUT_FILENO) }

    /// Writes to standard error, whole.
    static func writeError(_ text: String) { put(text, to: STDERR_FILENO) }

    static func show(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics {
            writeError(SafeText.visible(diagnostic.rendered()) + "\n")
        }
        let errors = diagnostics.count { $0.severity == .error }
        if errors > 1 { writeError("\(errors) errors\n") }
    }

    /// Whether a person's terminal is at the other end.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// How wide it is; 79 columns where nobody can say.
    static var width: Int {
        var size = winsize()
        guard isTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 79 }
        return Int(size.ws_col) - 1
    }

    /// Writes to a descriptor, whole.
    ///
    /// - Returns: Zero, or the system's error number.
    @discardableResult
    static func put(_ text: String, to handle: Int32) -> Int32 { put(Array(text.utf8), to: handle) }

    @discardableResult
    private static func put(_ all: [UInt8], to handle: Int32) -> Int32 {
        var bytes = all[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(handle, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                var poll = pollfd(fd: handle, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, -1)
                continue
            }
            guard count > 0 else { return count < 0 ? errno : EIO }
            bytes = bytes.dropFirst(count)
        }
        return 0
    }
}

extension Console {
    /// All of standard input, for a playbook named `-`.
    static func standardInput() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}
