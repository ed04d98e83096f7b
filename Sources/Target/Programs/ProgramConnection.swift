public import Diagnostics

/// A host that a program of the control machine leads to: that machine itself, a container, a root of its own.
///
/// The shells are the same as over a network. Each is one run of the program, which goes on as long as the shell does.
@IOLoop
public final class ProgramConnection: Connection {
    private let program: any ShellProgram
    private let openTimeout: Duration
    private var shells: [Become?: FramedShell] = [:]
    private var links: [any ProgramShellLink] = []

    /// Starts nothing yet: that waits for the first request.
    ///
    /// - Parameters:
    ///   - program: What starts a shell.
    ///   - openTimeout: The longest that starting one may take, sudo's password included.
    public nonisolated init(_ program: any ShellProgram = ControlMachine(), openTimeout: Duration = .seconds(15)) {
        self.program = program
        self.openTimeout = openTimeout
    }

    /// The shell of that identity, opened by its first request.
    public func shell(as become: Become?) async throws(Diagnostic) -> any Shell {
        if let shell = shells[become] { return shell }
        func opener(atTerminal: Bool) -> FramedShell.Opener {
            { [weak self] line throws(Diagnostic) in
                guard let self else { throw Diagnostic(.interrupted, "the connection was closed") }
                return try await self.open(line, atTerminal: atTerminal)
            }
        }
        let shell = FramedShell(
            become: become, openTimeout: openTimeout, terminal: opener(atTerminal: true),
            opener: opener(atTerminal: false))
        shells[become] = shell
        return shell
    }

    private func open(_ line: String, atTerminal: Bool) async throws(Diagnostic) -> any ShellLink {
        links.removeAll { $0.isOver }
        guard let place = program.elsewhere else {
            let words = try program.words(running: line, atTerminal: atTerminal)
            let link = try ProcessLink(words: words, atTerminal: atTerminal)
            links.append(link)
            return link
        }
        let link = try DistantLink(program, place, line: line, atTerminal: atTerminal, openTimeout: openTimeout)
        links.append(link)
        try await link.enter()
        return link
    }

    public func endShells(of user: String) async {
        for become in shells.keys where become?.user == user { await shells.removeValue(forKey: become)?.end() }
    }

    /// Ends the shells and waits until they have removed their files.
    public func close() async {
        let open = shells.values
        shells.removeAll()
        for shell in open { await shell.close() }
        // The shells remove their files as their last deed.
        let ending = links
        links.removeAll()
        for link in ending { link.abandonOpening() }
        for link in ending { await link.waitForEnd(atMost: .seconds(2)) }
    }
}

/// A link whose end can be waited for.
@IOLoop
protocol ProgramShellLink: ShellLink {
    var isOver: Bool { get }
    /// Gives up if there is no shell yet.
    func abandonOpening()
}
