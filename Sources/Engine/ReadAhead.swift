import Diagnostics
import Modules
import Planning
import Playbook
import Target
import Values
import Variables

/// Asks a host about tasks before their turn, while the answer about an earlier one is on its way.
///
/// Behind a network most of a run is waiting for answers of hosts that are as wanted already. So while a task whose
/// module only looks is performed, those after it are evaluated too, as far as they can be, and what their modules
/// would ask goes out with it. A task's turn changes nothing of that: it is evaluated, planned and carried out as
/// ever, and only where its module then asks the very same of the same shell, and nothing was changed by anybody in
/// between, is the answer taken from what was asked ahead. With or without, a run does the same; what was asked in
/// vain cost no waiting.
///
/// As long as nothing changes the host is asked further and further ahead; a change begins that anew.
@IOLoop
final class ReadAhead {
    private var notes: [Int: Notes] = [:]
    private var window = 0
    private var changesSeen = 0

    /// The most tasks asked about before their turn.
    private static let widest = 8

    /// How far to ask ahead now.
    ///
    /// - Parameter changes: How many changes were begun or ended in the run so far.
    func reach(after changes: Int) -> Int {
        window = changes == changesSeen ? min(Self.widest, max(1, window * 2)) : 0
        if changes != changesSeen { notes.removeAll() }
        changesSeen = changes
        return window
    }

    /// Where the answers about a task are to be kept; nil if it was asked about already.
    func begin(_ task: Int) -> Notes? {
        guard notes[task] == nil else { return nil }
        let new = Notes()
        notes[task] = new
        return new
    }

    /// What is known of a task whose turn it is.
    func take(_ task: Int) -> Notes? {
        let taken = notes.removeValue(forKey: task)
        taken?.close()
        return taken
    }

    func forget() {
        notes.removeAll()
        window = 0
    }
}

extension ReadAhead {
    /// What was asked about one task.
    @IOLoop
    final class Notes {
        /// Who is asked what.
        private struct Question: Hashable {
            var connection: ConnectionRequest
            var become: Become?
            var text: String
            var input: [UInt8]?
            var startsPrograms: Bool
        }

        private struct Answer {
            /// How many changes had been begun or ended when it was asked.
            var changes: Int
            var coming: Task<CommandResult?, Never>
        }

        private var answers: [Question: Answer] = [:]
        /// Whether it is still asked ahead; afterwards what is known is used up.
        private(set) var isOpen = true

        func close() { isOpen = false }

        /// The shell, with these notes before it.
        nonisolated func before(
            _ shell: any Shell, _ connection: ConnectionRequest, _ become: Become?, in pool: ConnectionPool
        ) -> any Shell {
            NotedShell(notes: self, shell: shell, connection: connection, become: become, pool: pool)
        }

        fileprivate func answer(_ request: ShellRequest, _ noted: NotedShell) async throws(Diagnostic) -> CommandResult
        {
            let question = Question(
                connection: noted.connection, become: noted.become, text: request.text, input: request.input,
                startsPrograms: request.kind == .command)
            let changes = noted.pool.changes
            if isOpen {
                guard request.onlyReads else {
                    throw Diagnostic(.internal, "nothing may be changed before its turn")
                }
                let coming = Task(executorPreference: EventLoop.shared) { try? await noted.shell.request(request) }
                answers[question] = Answer(changes: changes, coming: coming)
                guard let result = await coming.value else { throw Diagnostic(.interrupted, "no answer") }
                return result
            }
            // Once only: who asks the same again wants to know how it is by then.
            if request.onlyReads, let known = answers.removeValue(forKey: question), known.changes == changes,
                let result = await known.coming.value, noted.pool.changes == changes
            {
                return result
            }
            return try await noted.shell.request(request)
        }
    }
}

/// A shell that is asked only what the notes do not know.
private struct NotedShell: Shell {
    let notes: ReadAhead.Notes
    let shell: any Shell
    let connection: ConnectionRequest
    let become: Become?
    let pool: ConnectionPool

    func request(_ request: ShellRequest) async throws(Diagnostic) -> CommandResult {
        try await notes.answer(request, self)
    }

    func converse(
        _ request: TerminalRequest, _ dialogue: any TerminalDialogue
    ) async throws(Diagnostic) -> TerminalOutcome {
        try await shell.converse(request, dialogue)
    }

    var roundTrips: Int { get async { await shell.roundTrips } }

    func reopen(within limit: Duration?) async throws(Diagnostic) { try await shell.reopen(within: limit) }

    func endShells(of user: String) async { await shell.endShells(of: user) }
}

extension Engine {
    /// Asks a host about the tasks that follow one, as far as that is worth while.
    ///
    /// - Parameter task: The one whose turn it is.
    func askAhead(_ following: ArraySlice<PlannedNode>, on host: HostRun, of hosts: Int, during task: PlannedTask) {
        guard case .after(let latency) = settings.readsAhead, hosts <= Self.mostHostsAhead, freeRun == nil, !isStepping,
            isStill(task), connections.latency(of: host.name) ?? .zero >= latency
        else { return host.ahead.forget() }
        for node in following.prefix(host.ahead.reach(after: connections.changes)) {
            guard case .task(let next) = node, isStill(next), next.node.loop == nil,
                case .module(let module) = next.action
            else { return }
            guard let notes = host.ahead.begin(next.id) else { continue }
            Task(executorPreference: EventLoop.shared) { await self.ask(module, of: next, on: host, notes) }
        }
    }

    /// With more hosts than that this machine is what others wait for.
    private static let mostHostsAhead = 64

    /// Whether performing a task takes no longer than asking, and asking about it is the module's business alone.
    private func isStill(_ task: PlannedTask) -> Bool {
        guard case .module(let module) = task.action, module is any ReadsAhead.Type else { return false }
        let node = task.node
        return node.until.isEmpty && node.retries == nil && node.asynchronous == nil && node.loop?.pause == nil
            && [Keywords.Setting.delegateTo, .runOnce, .throttle, .timeout].allSatisfy {
                task.inherited.settings[$0] == nil
            }
    }

    /// Evaluates a task before its turn, for what its module asks; whatever goes wrong is told when its turn comes.
    private func ask(_ module: any Module.Type, of task: PlannedTask, on host: HostRun, _ notes: ReadAhead.Notes) async
    {
        guard notes.isOpen, let modes = try? modes(of: task, on: host) else { return }
        let scope = variables.scope(host: host.name, task: taskVariables(task))
        // They may do things.
        scope.refusesLookups = true
        let run = TaskRun(
            engine: self, task: task, host: host, modes: modes, scope: scope, title: title(of: task, for: host))
        run.notes = notes
        await run.ask(module)
    }
}

extension TaskRun {
    fileprivate func ask(_ module: any Module.Type) async {
        do throws(Diagnostic) {
            guard try conditionOutcome(in: scope) == nil else { return }
            let settings = try settings(in: scope)
            guard settings.unknown == nil, case .ready(let instance, _) = try prepared(module, in: scope, settings),
                (instance as? any ReadsAhead)?.asksLittle == true
            else { return }
            _ = try await ModuleRunner.inspect(instance, on: try target(settings, for: instance))
        } catch {
            // It is told when its turn comes, if it is still so then.
        }
    }
}
