import Diagnostics
import Glibc

@testable import Target

/// The shells of this machine that a host's `/bin/sh` may be.
enum SystemShell: String, CaseIterable, Sendable {
    case dash, bash, busybox

    var path: String? {
        let path = rawValue == "busybox" ? "/bin/busybox" : "/bin/\(rawValue)"
        return access(path, X_OK) == 0 ? path : nil
    }

    /// bash calls itself by the name it has on hosts where it is `sh`, since it behaves differently then.
    private var command: String? {
        path.map { self == .busybox ? "\($0) sh" : self == .bash ? "bash -c 'exec -a sh \($0)'" : $0 }
    }

    static var present: [SystemShell] { allCases.filter { $0.path != nil } }

    func open() -> FramedShell {
        let command = command ?? "/bin/sh"
        return FramedShell(become: nil, openTimeout: .seconds(20)) { line throws(Diagnostic) in
            try ProcessLink(words: ["/bin/sh", "-c", line.replacing("/bin/sh", with: command)])
        }
    }
}

extension Shell {
    func snippet(_ text: String, input: [UInt8]? = nil, timeout: Duration? = nil) async throws -> CommandResult {
        try await request(ShellRequest(.snippet, text, input: input, timeout: timeout))
    }

    func command(_ text: String, input: [UInt8]? = nil, timeout: Duration? = nil) async throws -> CommandResult {
        try await request(ShellRequest(.command, text, input: input, timeout: timeout))
    }
}

/// The error's code and words.
func diagnostic(_ work: () async throws -> some Any) async -> Diagnostic? {
    do {
        _ = try await work()
        return nil
    } catch {
        return error as? Diagnostic
    }
}
