package import Diagnostics

/// A running `sh` with a byte stream in each direction, whatever carries it.
///
/// A link owns what is given to it to send, sends as its carrier takes it, and never stops reading both streams:
/// so no amount of output can block what is sent, nor the other way round.
@IOLoop
package protocol ShellLink: AnyObject, Sendable {
    /// Who is told what comes; nothing is lost before there is one. A new owner of a link that has ended is told so at
    /// once.
    var owner: (any ShellLinkOwner)? { get set }
    /// Bytes that were given to be sent and are not sent yet.
    var backlog: Int { get }
    /// Queues bytes.
    func send(_ bytes: [UInt8])
    /// Sends what is queued, as far as that goes without waiting; the rest follows by itself.
    func flush()
    /// Ends the shell's input; the shell ends itself after what it is doing. Safe to call twice.
    func finish()
    /// Waits until the shell's process has ended.
    func waitForEnd(atMost limit: Duration) async
    /// Takes the link down at once, whatever the shell is doing. The owner hears nothing more.
    func cut()
}

/// Told what a link receives.
@IOLoop
package protocol ShellLinkOwner: AnyObject, Sendable {
    func linkReceived(stdout bytes: UnsafeRawBufferPointer)
    func linkReceived(stderr bytes: UnsafeRawBufferPointer)
    /// There is room again for more to send.
    func linkHasRoom()
    /// The last thing heard from a link.
    func linkEnded(_ end: LinkEnd)
}

/// Why a link ended.
package enum LinkEnd: Sendable {
    /// The shell's process ended; how, as far as it is known ("exit status 1", "signal KILL").
    case shellEnded(String)
    /// The connection below it is gone.
    case connectionLost(Diagnostic)
}

extension ShellLink {
    /// How much may wait to be sent before requests are held back.
    package static var roomyBacklog: Int { 256 * 1024 }
}
