internal import Diagnostics

/// Who wants to hear of requests that take long.
public struct ProgressWatch: Sendable {
    /// How long a request may take before the host is looked at from beside; until then nothing is asked.
    public var after: Duration
    /// Hears of each look, in order.
    public var tell: @IOLoop @Sendable (ProgressLook) -> Void

    /// - Parameters:
    ///   - after: How long a request may take before the host is looked at from beside.
    ///   - tell: Hears of each look, in order.
    public init(after: Duration, tell: @escaping @IOLoop @Sendable (ProgressLook) -> Void) {
        self.after = after
        self.tell = tell
    }
}

/// What was seen of a request that is still running.
public struct ProgressLook: Sendable {
    /// How long it has been running.
    public var elapsed: Duration
    /// What it has printed since the look before, the end of it if it was much; commands only.
    public var output: [UInt8] = []
    public var errors: [UInt8] = []
    /// Bytes of both streams that were left out.
    public var omitted = 0
    /// What it comes down to: the process that all others of the request wait for.
    public var process: WaitingProcess?
    /// The processor time of all its processes, in the host's ticks: one that does not grow is waiting.
    public var ticks = 0

    init(elapsed: Duration) { self.elapsed = elapsed }
}

/// Looks from beside at a request that takes long, again and again until it ends.
///
/// The first look costs a shell of its own; a host that allows no further one is not asked again.
@IOLoop
final class ProgressWatcher {
    /// Runs a snippet beside the request; nil if that cannot be done.
    typealias Asking = @IOLoop @Sendable (ShellRequest) async -> CommandResult?

    private let watch: ProgressWatch
    private let ask: Asking
    /// The first arguments of every look: the directory of the request's files, its number, the shell's process or
    /// nothing for a command, which notes its own.
    private let subject: [String]
    private let showsOutput: Bool
    private let start = ContinuousClock.now
    private var offsets = (output: 0, errors: 0)
    private var timer: LoopTimer?
    private var isOver = false
    private var isBlind = false
    private var looks = 0

    /// What is shown of a stream at one look, in bytes.
    private static let shownAtOnce = 8192

    init(_ watch: ProgressWatch, subject: [String], showsOutput: Bool, ask: @escaping Asking) {
        self.showsOutput = showsOutput
        self.watch = watch
        self.subject = subject
        self.ask = ask
    }

    func begin() { lookAfter(watch.after) }

    func end() {
        isOver = true
        timer?.cancel()
    }

    private func lookAfter(_ time: Duration) {
        timer = EventLoop.shared.after(time) { [weak self] in
            guard let self else { return }
            Task { @IOLoop in await self.look() }
        }
    }

    private func look() async {
        guard !isOver else { return }
        var look = ProgressLook(elapsed: start.duration(to: .now))
        if !isBlind {
            let words =
                subject + [String(offsets.output), String(offsets.errors), String(Self.shownAtOnce)]
            let text = "set -- \(ShellQuoting.join(words))\n\(LookScript.script.text)"
            let answer = await ask(ShellRequest(.snippet, text))
            if let answer, answer.succeeded { take(answer, &look) } else { isBlind = true }
        }
        guard !isOver else { return }
        watch.tell(look)
        looks += 1
        // Every few seconds in the first minute, then less often.
        lookAfter(looks < 12 ? max(watch.after, .seconds(1)) : .seconds(15))
    }

    private func take(_ answer: CommandResult, _ look: inout ProgressLook) {
        var fields = FieldReader(answer.stdout)
        let processes = ProcessReport(fields.next())
        let sizes = (output: Int(hostCount: fields.next()) ?? 0, errors: Int(hostCount: fields.next()) ?? 0)
        let shown = Int(hostCount: fields.next()) ?? 0
        let bytes = fields.remainder()
        if showsOutput {
            look.output = Array(bytes.prefix(shown))
            look.errors = Array(bytes.dropFirst(shown))
            look.omitted = max(0, sizes.output - offsets.output + sizes.errors - offsets.errors - bytes.count)
        }
        offsets = sizes
        look.ticks = processes.ticks
        look.process = processes.deciding
    }
}
