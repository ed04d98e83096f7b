public import Diagnostics

/// The control machine as a host: the same shells, without a network.
@IOLoop
public final class LocalConnection: Connection {
    private let openTimeout: Duration
    private var shells: [Become?: FramedShell] = [:]
    private var links: [ProcessLink] = []

    /// - Parameter openTimeout: The longest that starting a shell may take, sudo's password included.
    public nonisolated init(openTimeout: Duration = .seconds(15)) { self.openTimeout = openTimeout }

    /// The shell of that identity, opened by its first request.
    public func shell(as become: Become?) async throws(Diagnostic) -> any Shell {
        if let shell = shells[become] { return shell }
        func opener(atTerminal: Bool) -> FramedShell.Opener {
            { [weak self] line throws(Diagnostic) in
                let link = try ProcessLink(line: line, atTerminal: atTerminal)
                self?.links.removeAll { $0.isOver }
                self?.links.append(link)
                return link
            }
        }
        let shell = FramedShell(
            become: become, openTimeout: openTimeout, terminal: opener(atTerminal: true),
            opener: opener(atTerminal: false))
        shells[become] = shell
        return shell
    }

    /// Ends the shells and waits until they have removed their files.
    public func close() async {
        let open = shells.values
        shells.removeAll()
        for shell in open { await shell.close() }
        // The shells remove their files as their last deed.
        let ending = links
        links.removeAll()
        for link in ending { await link.waitForEnd(atMost: .seconds(2)) }
    }
}
