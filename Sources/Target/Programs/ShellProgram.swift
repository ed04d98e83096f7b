public import Diagnostics

/// A program of the control machine that starts a shell: `docker exec`, `chroot`, or the shell itself.
public protocol ShellProgram: Sendable {
    /// Program and arguments that have a line of shell text run by a shell, whose three streams are the program's own.
    ///
    /// - Parameter atTerminal: Whether the program has a terminal for its streams, and the shell is to have one.
    /// - Throws: `Diagnostic` with code `.failed` if it is senseless to start it, as where it is not installed.
    func words(running line: String, atTerminal: Bool) throws(Diagnostic) -> [String]

    /// Where the program brings the shell to; nil if that is this machine itself, which is there whenever we are.
    var elsewhere: (any Elsewhere)? { get }
}

/// A place that a program brings a shell to, and that may not be there.
public protocol Elsewhere: Sendable {
    /// What people call it: `the container 'web'`.
    var description: String { get }
    /// What the shell finds in its environment beside what the program puts there.
    var environment: [(name: String, value: String)] { get }

    /// Why no shell began there.
    ///
    /// - Parameters:
    ///   - said: What the program printed.
    ///   - how: How it ended.
    /// - Returns: A diagnostic with code `.unreachable`.
    func failure(_ said: String, _ how: String) -> Diagnostic
}

/// The control machine itself: a shell without a network.
public struct ControlMachine: ShellProgram {
    /// The machine that this program runs on.
    public init() {}

    /// The shell that runs the line.
    public func words(running line: String, atTerminal: Bool) -> [String] { ["/bin/sh", "-c", line] }

    /// It is here.
    public var elsewhere: (any Elsewhere)? { nil }
}

extension Diagnostic {
    /// A program that a connection needs and that is not on this machine.
    static func missing(program name: String, remedy: String) -> Diagnostic {
        Diagnostic(.failed, "the program '\(name)' is not on this machine", remedy: remedy)
    }
}
