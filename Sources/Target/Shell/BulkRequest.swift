internal import Diagnostics

/// A request whose input is so large that it gets a shell of its own: the bytes go straight to what reads them.
///
/// A shell that takes requests reads its input itself, so input has to be dressed up as base64 there. Here the shell
/// says when it has read the last line it will ever read; from then on its input is the request's, and where that
/// ends, the input ends. What is left over when the request fails early is never read by a shell.
@IOLoop
final class BulkRequest: ShellLinkOwner {
    private let input: [UInt8]
    private let link: any ShellLink
    private var framing: ShellFraming
    private var sent = 0
    private var hasLeave = false
    private let outcome = Promise<Result<CommandResult, Diagnostic>>()

    /// Input from this size on pays for opening a shell. Bytes.
    static let threshold = 1 << 20
    private static let pieceSize = 128 * 1024
    /// The numbers of the two answers: leave to send, and the request's own.
    private static let (leave, answer) = (1, 2)

    /// - Parameters:
    ///   - link: A shell that was opened for this request alone.
    ///   - directory: The private directory of the shell that it stands in for, where the request's temporary files
    ///     lie: what it leaves there is for requests to come.
    init(_ request: ShellRequest, on link: any ShellLink, _ ready: ShellStartup.Ready, directory: String) {
        input = request.input ?? []
        self.link = link
        framing = ready.framing
        link.owner = self
        let text = "_h \(Self.leave) \(Self.answer) \(directory) \(ShellQuoting.quote(request.text))\n"
        link.send(Array(text.utf8))
        link.flush()
    }

    func run() async -> Result<CommandResult, Diagnostic> { await outcome.wait() }

    /// Gives up: what reads the input sees its end too early, and what it was making is not complete.
    func cut(_ reason: Diagnostic) {
        link.cut()
        outcome.fulfill(.failure(reason))
    }

    private func feed() {
        guard hasLeave else { return }
        // What goes out at once makes room for more; otherwise the link tells when there is some.
        while sent < input.count, link.backlog < type(of: link).roomyBacklog {
            let end = min(input.count, sent + Self.pieceSize)
            link.send(Array(input[sent..<end]))
            sent = end
            if sent == input.count { link.finish() }
            link.flush()
        }
    }

    private func takeReplies() {
        while outcome.value == nil, let reply = framing.nextReply() {
            if reply.number == Self.leave, !hasLeave {
                hasLeave = true
                feed()
            } else if reply.number == Self.answer, hasLeave, !reply.isTooLong {
                outcome.fulfill(.success(reply.result))
            } else {
                cut(.shellEnded("it answered out of turn"))
            }
        }
    }

    func linkReceived(stdout bytes: UnsafeRawBufferPointer) {
        framing.receive(stdout: bytes, awaited: 2)
        takeReplies()
    }

    func linkReceived(stderr bytes: UnsafeRawBufferPointer) {
        framing.receive(stderr: bytes, awaited: 2)
        takeReplies()
    }

    func linkHasRoom() { feed() }

    func linkEnded(_ end: LinkEnd) {
        switch end {
        case .shellEnded(let how): outcome.fulfill(.failure(.shellEnded(how)))
        case .connectionLost(let reason):
            outcome.fulfill(.failure(reason.adding("; what was being sent did not arrive whole")))
        }
    }
}
