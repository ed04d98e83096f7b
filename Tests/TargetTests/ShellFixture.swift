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

    /// A link named `sh`: both bash and BusyBox behave as what they are called by, so as on hosts where they are `sh`.
    private var link: String? {
        guard let path else { return nil }
        let folder = "\(Self.folder)/\(rawValue)"
        mkdir(folder, 0o755)
        symlink(path, "\(folder)/sh")
        return "\(folder)/sh"
    }

    /// Goes when the tests end.
    private static let folder: String = {
        let path = "/tmp/swiftprov-shells.\(getpid())"
        mkdir(path, 0o755)
        atexit {
            for shell in SystemShell.allCases {
                unlink("/tmp/swiftprov-shells.\(getpid())/\(shell.rawValue)/sh")
                rmdir("/tmp/swiftprov-shells.\(getpid())/\(shell.rawValue)")
            }
            rmdir("/tmp/swiftprov-shells.\(getpid())")
        }
        return path
    }()

    static var present: [SystemShell] { allCases.filter { $0.path != nil } }

    /// - Parameter withTerminals: Whether commands can be run at terminals.
    func open(withTerminals: Bool = false) -> FramedShell {
        let shell = link ?? "/bin/sh"
        func opener(atTerminal: Bool) -> FramedShell.Opener {
            { line throws(Diagnostic) in
                let words = ["/bin/sh", "-c", line.replacing("/bin/sh", with: shell)]
                return try ProcessLink(words: words, atTerminal: atTerminal)
            }
        }
        return FramedShell(
            become: nil, openTimeout: .seconds(20), terminal: withTerminals ? opener(atTerminal: true) : nil,
            opener: opener(atTerminal: false))
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
