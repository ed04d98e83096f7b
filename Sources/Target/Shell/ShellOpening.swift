internal import Diagnostics

/// Opens a shell of some identity: over its streams alone, which is quickest, or with a terminal beside them where the
/// program that becomes the user insists on one.
@IOLoop
final class ShellOpening {
    /// An open shell that no request has gone to yet.
    struct Opened {
        var link: any ShellLink
        var ready: ShellStartup.Ready
        /// Whether further shells of the identity had better begin with a terminal.
        var usesTerminal: Bool
    }

    private let become: Become?
    private let opener: FramedShell.Opener
    private let terminal: FramedShell.Opener?
    private let limit: Duration

    /// - Parameters:
    ///   - opener: Starts a process with three streams.
    ///   - terminal: Starts a process at a terminal of its own; nil where there is none to be had.
    ///   - limit: The longest that either way may take.
    init(_ become: Become?, opener: @escaping FramedShell.Opener, terminal: FramedShell.Opener?, within limit: Duration)
    {
        self.become = become
        self.opener = opener
        self.terminal = terminal
        self.limit = limit
    }

    /// Whether an identity is known to need a terminal before anything was tried: doas asks for passwords nowhere else.
    nonisolated static func needsTerminal(_ become: Become?) -> Bool {
        become?.method == .doas && become?.password != nil
    }

    /// - Throws: `Diagnostic` as `Shell.request` does; `.timeout` after the time given.
    func run(usingTerminal: Bool) async throws(Diagnostic) -> Opened {
        if let become, let terminal, usingTerminal { return try await open(at: terminal, as: become) }
        let startup = ShellStartup(become: become)
        do throws(Diagnostic) {
            return try await run(startup, usesTerminal: false) { () throws(Diagnostic) in
                try await self.opener(startup.line)
            }
        } catch {
            guard let become, let terminal, startup.wantsTerminal else { throw error }
            return try await open(at: terminal, as: become)
        }
    }

    private func open(at terminal: @escaping FramedShell.Opener, as become: Become) async throws(Diagnostic) -> Opened {
        let becoming = TerminalStartup(become, opener: opener, terminal: terminal)
        let deadline = EventLoop.shared.after(limit) { becoming.expire() }
        let link: TerminalLink
        do throws(Diagnostic) {
            link = try await becoming.run()
            deadline.cancel()
        } catch {
            deadline.cancel()
            throw error
        }
        let startup = ShellStartup(become: become, roundTripsBefore: becoming.roundTrips)
        return try await run(startup, usesTerminal: true) { () throws(Diagnostic) in link }
    }

    private func run(
        _ startup: ShellStartup, usesTerminal: Bool, _ open: @IOLoop () async throws(Diagnostic) -> any ShellLink
    ) async throws(Diagnostic) -> Opened {
        let deadline = EventLoop.shared.after(limit) { startup.expire() }
        defer { deadline.cancel() }
        let link = try await open()
        return Opened(link: link, ready: try await startup.run(on: link), usesTerminal: usesTerminal)
    }
}
