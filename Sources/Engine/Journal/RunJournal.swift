public import Diagnostics
public import Local
import Playbook
public import Target
public import Values

/// What a run has done, kept on disk, so that another run can go on where this one ended: by a crash, a loss of power,
/// or a failed host.
///
/// One JSON object a line, added at the end. A task that changed something, set a fact or failed and was forgiven
/// leaves its answer, synced before the next task of that host begins; a task that runs on a host leaves a note that it
/// began. Everything else can be asked again without doing anything twice. Nothing secret is written: an answer that
/// holds a secret is left out, and it is noted that there was one.
@IOLoop
public final class RunJournal {
    /// Which time it is that a host comes to a task. What a host goes through depends on its answers alone, so the same
    /// run comes to the same tasks in the same order.
    struct Key: Hashable {
        var host: String
        /// `file:line:column`.
        var place: String
        var time: Int
        /// A loop's item; nil for the task as a whole.
        var item: Int?
    }

    /// What the run before knows of a task.
    enum Past {
        case nothing
        /// It had begun: the host may have been changed, and nobody was told.
        case begun
        /// It was done, and this was the answer.
        case done(Answer)
        /// It was done, and the answer was not kept: it held a secret.
        case doneInSecret
    }

    /// A task's answer, as far as it counts for what follows.
    struct Answer {
        var status: String
        var isIgnored: Bool
        var registered: Value
        var facts: ValueMap
        var variables: ValueMap
    }

    private let file: AppendedFile
    private let send: (Diagnostic) -> Void
    private var past: [Key: ValueMap] = [:]
    /// Hosts whose tasks are no longer those of the run before: nothing that is noted counts for them any more.
    private var strayed: Set<String> = []
    private var times: [Key: Int] = [:]
    private var isBroken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isSyncing = false

    /// How many tasks the run before did that are not done again.
    public private(set) var doneBefore = 0

    /// Begins a journal, or goes on with one.
    ///
    /// - Parameters:
    ///   - file: Where it is kept; empty, or what the run before left there.
    ///   - header: What the run was asked to do, for the next one to compare.
    ///   - onTrouble: Told when nothing more can be written; the run goes on without.
    /// - Throws: `Diagnostic` with code `.badOption` if the run before was asked for something else.
    public init(_ file: AppendedFile, header: ValueMap, onTrouble: @escaping (Diagnostic) -> Void) throws(Diagnostic) {
        self.file = file
        send = onTrouble
        var lines = try file.bytes().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // The last line has its end unless it was being written when the run ended.
        if lines.popLast()?.isEmpty == false { append("\n") }
        let maps = lines.compactMap { (try? JSON.parse($0))?.mapValue }
        guard let found = maps.first(where: { Key($0) == nil }) else {
            write(header)
            return
        }
        for (name, value) in header where found[name] != value {
            throw Diagnostic(
                .badOption, "the run before had another \(name.text): \(found[name].map(Self.words) ?? "none")",
                remedy: "Give the same options as then, or leave --resume out.")
        }
        for map in maps {
            guard let key = Key(map) else { continue }
            // An answer counts more than the note that its task began.
            if past[key]?["status"] == nil || map["status"] != nil { past[key] = map }
        }
    }

    private static func words(_ value: Value) -> String {
        value.elements.map { $0.map(\.pythonText).joined(separator: ",") } ?? value.pythonText
    }

    // MARK: Tasks

    /// Counts a task that a host has come to.
    func key(of place: String, on host: String) -> Key {
        let place = Key(host: host, place: place, time: 0)
        times[place, default: 0] += 1
        return Key(host: host, place: place.place, time: times[place] ?? 1)
    }

    /// What the run before knows of a task, or an item of its loop.
    ///
    /// - Parameter text: What the task says; where that has changed, its host is asked everything from there on.
    func past(_ key: Key, saying text: String) -> Past {
        guard !strayed.contains(key.host), let map = past[key] else { return .nothing }
        guard map["digest"]?.stringValue == Self.digest(text) else {
            strayed.insert(key.host)
            return .nothing
        }
        guard let status = map["status"]?.stringValue else { return .begun }
        doneBefore += 1
        if map["secret"] != nil { return .doneInSecret }
        return .done(
            Answer(
                status: status, isIgnored: map["ignored"] != nil, registered: map["registered"] ?? .null,
                facts: map["facts"]?.mapValue ?? [:], variables: map["variables"]?.mapValue ?? [:]))
    }

    /// Notes that a task begins on a host.
    func begin(_ key: Key, saying text: String) {
        guard past[key] == nil || strayed.contains(key.host) else { return }
        write(key.map.merging(["digest": .string(Self.digest(text))]))
    }

    /// Notes a task's answer, and waits until the disk has it.
    ///
    /// - Parameter answer: Nil if it holds a secret.
    func end(_ key: Key, saying text: String, status: String, _ answer: Answer?) async {
        var map = key.map
        map["digest"] = .string(Self.digest(text))
        map["status"] = .string(status)
        if let answer {
            map["registered"] = answer.registered
            if answer.isIgnored { map["ignored"] = true }
            if !answer.facts.isEmpty { map["facts"] = .map(answer.facts) }
            if !answer.variables.isEmpty { map["variables"] = .map(answer.variables) }
        } else {
            map["secret"] = true
        }
        write(map)
        await sync()
    }

    /// Ends the journal; a run that ended well needs none.
    public func close(keeps: Bool) {
        if !keeps { file.remove() }
    }

    // MARK: The file

    private func write(_ map: ValueMap) {
        // What cannot be written as JSON is asked again, as if it had not been done.
        guard let text = try? JSON.text(.map(map)) else { return }
        append(text + "\n")
    }

    private func append(_ text: String) {
        guard !isBroken else { return }
        do throws(Diagnostic) {
            try file.append(Array(text.utf8))
        } catch {
            isBroken = true
            var error = error
            error.severity = .warning
            error.remedy = "The run goes on, and cannot be resumed from here."
            send(error)
        }
    }

    /// Waits for the disk; those who come while it is at work wait together for the next time.
    private func sync() async {
        guard !isBroken else { return }
        await withCheckedContinuation { continuation in
            waiting.append(continuation)
            guard !isSyncing else { return }
            isSyncing = true
            Task { @IOLoop in await self.syncAll() }
        }
    }

    private func syncAll() async {
        while !waiting.isEmpty {
            let those = waiting
            waiting = []
            await HelperThread.run { [file] in file.sync() }
            for continuation in those { continuation.resume() }
        }
        isSyncing = false
    }

    /// 64 bits of a text, by which it is known again (FNV-1a).
    public static func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}

extension RunJournal.Key {
    /// Nil if the line is about no task.
    fileprivate init?(_ map: ValueMap) {
        guard let host = map["host"]?.stringValue, let place = map["task"]?.stringValue,
            let time = map["time"].flatMap({ Int($0.pythonText) })
        else { return nil }
        self.init(host: host, place: place, time: time, item: map["item"].flatMap { Int($0.pythonText) })
    }

    fileprivate var map: ValueMap {
        var map: ValueMap = ["host": .string(host), "task": .string(place), "time": .int(time)]
        if let item { map["item"] = .int(item) }
        return map
    }
}
