import Diagnostics
import Results
import Target

/// What is told of one task on one host while it takes long: what it prints, in whole lines, and now and then how it
/// stands.
@IOLoop
final class TaskProgress {
    private let host: String
    private let task: String
    /// Whether `no_log` keeps what it prints and its command lines.
    private let isHidden: Bool
    private let tell: (ProgressNote) -> Void
    /// What was printed behind the last line's end.
    private var rests: [[UInt8]] = [[], []]
    private var lastLine = ""
    private var lastTicks = -1
    private var lastSign = Duration.zero
    private var nextWord = TaskProgress.firstWord

    /// When a silent task is first spoken of; then at double the time, and again.
    private static let firstWord = Duration.seconds(30)
    /// Lines shown of one look; what is more comes with the result.
    private static let linesAtOnce = 20
    /// A line without an end is one when it is this long. Bytes.
    private static let longestRest = 4096

    init(host: String, task: String, isHidden: Bool, tell: @escaping (ProgressNote) -> Void) {
        self.host = host
        self.task = task
        self.isHidden = isHidden
        self.tell = tell
    }

    func take(_ look: ProgressLook) {
        if look.ticks != lastTicks || !look.output.isEmpty || !look.errors.isEmpty || look.omitted > 0 {
            lastSign = look.elapsed
        }
        lastTicks = look.ticks
        if !isHidden { show(look) }
        guard look.elapsed >= nextWord else { return }
        nextWord = look.elapsed * 2
        tell(ProgressNote(host: host, task: task, content: .standing(standing(look))))
    }

    private func show(_ look: ProgressLook) {
        var lines: [String] = []
        for (index, bytes) in [look.output, look.errors].enumerated() {
            // Behind a gap the first line is not whole.
            if look.omitted > 0, !bytes.isEmpty { rests[index] = [] }
            var text = rests[index] + bytes
            let end =
                text.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
                ?? (text.count > Self.longestRest ? text.count : 0)
            rests[index] = Array(text[end...])
            text = Array(text[..<end])
            lines += String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        }
        if let last = lines.last(where: { !$0.allSatisfy(\.isWhitespace) }) { lastLine = last }
        let left = lines.dropLast(Self.linesAtOnce).reduce(0) { $0 + $1.utf8.count + 1 }
        if left + look.omitted > 0 {
            tell(ProgressNote(host: host, task: task, content: .omitted(left + look.omitted)))
        }
        let shown = Array(lines.suffix(Self.linesAtOnce))
        if !shown.isEmpty { tell(ProgressNote(host: host, task: task, content: .output(shown))) }
    }

    private func standing(_ look: ProgressLook) -> String {
        var text = "'\(task)' is still running after \(Self.rounded(look.elapsed).inWords)"
        if let process = look.process {
            let name = isHidden || process.command.isEmpty ? "" : " (\(process.command))"
            text += ": process \(process.number)\(name) \(process.wait)"
        }
        let silence = Self.rounded(look.elapsed - lastSign)
        if silence >= .seconds(10) { text += "; nothing was heard of it for \(silence.inWords)" }
        guard !isHidden else { return text }
        let rest = rests.first { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
        let last = rest ?? lastLine
        if !last.isEmpty { text += "; its last output: \(last.prefix(200))" }
        return text
    }

    private static func rounded(_ time: Duration) -> Duration { .seconds(time.components.seconds) }
}

extension TaskRun {
    /// Who hears of requests of this task that take long; nil if nobody wants to.
    func progress(on host: String, isHidden: Bool) -> ProgressWatch? {
        guard let after = engine.settings.progressAfter else { return nil }
        let progress = TaskProgress(host: host, task: title.name, isHidden: isHidden) { [engine] note in
            engine.tell(.progress(note))
        }
        return ProgressWatch(after: after) { progress.take($0) }
    }
}
