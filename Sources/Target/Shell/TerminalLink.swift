/// A shell whose streams a carrier passes on, while a terminal of its own is kept open beside it.
///
/// A terminal alone is no stream of bytes: it changes line ends, takes some bytes for signals and mixes what is said
/// with what went wrong. So the shell reads and writes pipes, and the terminal is there to be asked at and for nothing else.
@IOLoop
final class TerminalLink: ShellLink {
    private let carrier: any ShellLink
    private let terminal: any ShellLink
    private let terminalEar: LinkEar

    init(carrier: any ShellLink, terminal: any ShellLink) {
        self.carrier = carrier
        self.terminal = terminal
        // What is said at the terminal from now on is read, so that nobody waits for it, and means nothing.
        terminalEar = LinkEar()
        terminal.owner = terminalEar
    }

    var owner: (any ShellLinkOwner)? {
        get { carrier.owner }
        set { carrier.owner = newValue }
    }
    var backlog: Int { carrier.backlog }
    func send(_ bytes: [UInt8]) { carrier.send(bytes) }
    func flush() { carrier.flush() }

    func finish() { carrier.finish() }

    func waitForEnd(atMost limit: Duration) async {
        await carrier.waitForEnd(atMost: limit)
        await terminal.waitForEnd(atMost: limit)
    }

    func cut() {
        carrier.cut()
        terminal.cut()
    }
}

/// Hears a link with functions, where one owner listens to several links.
@IOLoop
final class LinkEar: ShellLinkOwner {
    var onBytes: ((_ bytes: UnsafeRawBufferPointer, _ isError: Bool) -> Void)?
    var onEnd: ((LinkEnd) -> Void)?

    func linkReceived(stdout bytes: UnsafeRawBufferPointer) { onBytes?(bytes, false) }
    func linkReceived(stderr bytes: UnsafeRawBufferPointer) { onBytes?(bytes, true) }
    func linkHasRoom() {}
    func linkEnded(_ end: LinkEnd) { onEnd?(end) }
}
