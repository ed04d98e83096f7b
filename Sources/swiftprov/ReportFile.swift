import Diagnostics
import Glibc
import Modules
import Synchronization

/// A file that a run is reported to as it goes; what could not be written is told of at the end.
final class ReportFile: Sendable {
    private let path: String
    private let descriptor: Int32
    private let failure = Mutex<Int32>(0)

    /// - Parameters:
    ///   - path: The file; only its owner may read a new one.
    ///   - appends: Whether what it holds stays.
    /// - Throws: `Diagnostic` with code `.badOption`, naming the file and the system's reason.
    init(_ path: String, appends: Bool = false) throws(Diagnostic) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (appends ? O_APPEND : O_TRUNC), 0o600)
        guard descriptor >= 0 else {
            throw Diagnostic(
                .badOption, "cannot write the report \(path): \(String(cString: strerror(errno)))",
                remedy: "Name a file in a directory that you may write to.")
        }
    }

    deinit { close(descriptor) }

    func write(_ text: String) {
        failure.withLock { failure in
            // After a gap the rest would mislead.
            if failure == 0 { failure = Console.put(text, to: descriptor) }
        }
    }

    /// Writes what was said, under the time, as Ansible's log has it.
    func log(_ text: String, level: String = "INFO") {
        var text = text[...]
        while text.first == "\n" { text = text.dropFirst() }
        guard !text.isEmpty else { return }
        let time = WallClock.now().text.dropLast(3).map { $0 == "." ? "," : $0 }
        write("\(String(time)) p=\(getpid()) u=\(LocalUser.name) n=swiftprov \(level)| \(text)")
    }

    /// What kept the report from being whole; nil if it is.
    var trouble: Diagnostic? {
        let number = failure.withLock { $0 }
        if number == 0 { return nil }
        return Diagnostic(
            .failed, "the report \(path) is not whole: \(String(cString: strerror(number)))",
            remedy: "Make room there; what the hosts were asked to do was done.")
    }
}
