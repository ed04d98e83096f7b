public import Diagnostics
public import Local
import Playbook
public import Target
public import Values

/// What a run has done, kept on disk, so that another run can go on where this one ended: by a crash, a loss of power,
/// or a failed host.
///
/// One JSON object a line, added at the end. A task that changed something, set a fact or failed and was forgiven
/// leaves its answer, synced before the next task of that host begins. A task that runs on a host leaves a note that it
/// began, and another one when it ended with nothing to keep; neither waits for the disk. Everything else can be asked
/// again without doing anything twice. Nothing secret is written: an answer that holds a secret is left out, and it is
/// noted that there was one.
@IOLoop
public final class RunJournal {
    /// Which time it is that a host comes to a task. What a host goes through depends on its answers alone, so the same
    /// run comes to the same tasks in the same order.
    struct Key: Hashable {
        var owner: Owner
        /// `file:line:column`.
        var place: String
        var time: Int
        /// A loop's item; nil for the task as a whole.
        var item: Int?
    }

    /// Whose tasks are counted together.
    enum Owner: Hashable {
        case host(String)
        /// With `run_once` it is the hosts of a batch, known by the first of them that the inventory has: which of them
        /// stands for the others depends on who can be reached.
        case batch(String)
    }

    /// What the run before knows of a task.
    enum Past {
        /// Nothing that counts: it did not come to it, or it ended with nothing to keep.
        case nothing
        /// It had begun: the host may have been changed, and nobody was told.
        case begun
        /// It was done, and this was the answer.
        case done(Answer)
    }

    /// A task's answer, as far as it counts for what follows.
    struct Answer {
        var status: String
        var isIgnored: Bool
        var registered: Value
        var facts: ValueMap
        var variables: ValueMap
        /// Whom facts are about, if not the task's own host (`delegate_facts`).
        var factsOwner: String?
        /// What items of a loop found out about others than that host, in their order.
        var others: [AboutAnother] = []
        /// Whether it held a secret: of such an answer only the status is kept.
        var isWithheld = false
        /// What the task was made of (`TaskInputs`); nil if that cannot be compared.
        var inputs: String?
    }

    /// What one item of a loop found out about another host than the task's.
    struct AboutAnother {
        var owner: String
        var facts: ValueMap
        var variables: ValueMap

        fileprivate init?(_ map: ValueMap) {
            guard let owner = map["owner"]?.stringValue else { return nil }
            self.init(owner: owner, facts: map["facts"]?.mapValue ?? [:], variables: map["variables"]?.mapValue ?? [:])
        }

        init(owner: String, facts: ValueMap, variables: ValueMap) {
            self.owner = owner
            self.facts = facts
            self.variables = variables
        }

        fileprivate var map: ValueMap {
            var map: ValueMap = ["owner": .string(owner)]
            if !facts.isEmpty { map["facts"] = .map(facts) }
            if !variables.isEmpty { map["variables"] = .map(variables) }
            return map
        }
    }

    /// What tasks with `no_log` answered in this run.
    let unshown = UnshownTexts()
    private let file: AppendedFile
    private let send: (Diagnostic) -> Void
    private var past: [Key: ValueMap] = [:]
    /// Whose tasks are no longer those of the run before: nothing that is noted counts for them any more.
    private var strayed: Set<Owner> = []
    private var times: [Key: Int] = [:]
    private var askedAgain: Set<String> = []
    private var isBroken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isSyncing = false

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
        guard let found = maps.first(where: { Key($0) == nil && $0["void"] == nil }) else {
            write(header)
            return
        }
        for (name, value) in header where found[name] != value {
            throw Diagnostic(
                .badOption, "the run before had another \(name.text): \(found[name].map(Self.words) ?? "none")",
                remedy: "Give the same options as then, or leave --resume out.")
        }
        for map in maps {
            if let voided = map["void"]?.elements {
                for entry in voided { if let key = entry.mapValue.flatMap(Key.init) { past[key] = nil } }
                continue
            }
            guard let key = Key(map) else { continue }
            // What was done counts more than that the task began again, or then found nothing to do.
            if past[key].map(Self.isDone) != true || Self.isDone(map) { past[key] = map }
        }
    }

    private static func isDone(_ map: ValueMap) -> Bool { map["registered"] != nil || map["secret"] != nil }

    private static func words(_ value: Value) -> String {
        value.elements.map { $0.map(\.pythonText).joined(separator: ",") } ?? value.pythonText
    }

    // MARK: Tasks

    /// Counts a task that a host, or a batch of them, has come to.
    func key(of place: String, for owner: Owner) -> Key {
        let place = Key(owner: owner, place: place, time: 0)
        times[place, default: 0] += 1
        return Key(owner: owner, place: place.place, time: times[place] ?? 1)
    }

    /// What the run before knows of a task, or an item of its loop. Asked once for each.
    ///
    /// - Parameter text: What the task says; where that has changed, its host is asked everything from there on.
    func past(_ key: Key, saying text: String) -> Past {
        guard !strayed.contains(key.owner), let map = past.removeValue(forKey: key) else { return .nothing }
        guard map["digest"]?.stringValue == Self.digest(text) else {
            stray(at: key)
            return .nothing
        }
        guard let status = map["status"]?.stringValue else { return .begun }
        guard Self.isDone(map) else { return .nothing }
        let isWithheld = map["secret"] != nil
        let bare: ValueMap = ["changed": .bool(status == "changed"), "failed": .bool(status == "failed")]
        return .done(
            Answer(
                status: status, isIgnored: map["ignored"] != nil, registered: map["registered"] ?? .map(bare),
                facts: map["facts"]?.mapValue ?? [:], variables: map["variables"]?.mapValue ?? [:],
                factsOwner: map["facts_owner"]?.stringValue,
                others: map["others"]?.elements?.compactMap { $0.mapValue.flatMap(AboutAnother.init) } ?? [],
                isWithheld: isWithheld, inputs: map["inputs"]?.stringValue))
    }

    /// Voids all that is noted of what comes from here on, for later runs, too: it was done before what is done now.
    ///
    /// What runs once for many hosts comes after the tasks of each of them, and before those of all.
    private func stray(at key: Key) {
        let owners: Set<Owner>
        switch key.owner {
        case .host: owners = Set(past.keys.map(\.owner).filter(\.isBatch)).union([key.owner])
        case .batch: owners = Set(past.keys.map(\.owner)).union([key.owner])
        }
        strayed.formUnion(owners)
        let voided = past.keys.filter { owners.contains($0.owner) }
        for key in voided { past[key] = nil }
        write(["void": .list(([key] + voided).map { .map($0.map) })])
    }

    /// Notes that a task begins on a host.
    func begin(_ key: Key, saying text: String) { write(key.map.merging(["digest": .string(Self.digest(text))])) }

    /// Notes that a task that began has ended, and left nothing that the next run would have to know.
    func settle(_ key: Key, saying text: String, status: String) {
        write(key.map.merging(["digest": .string(Self.digest(text)), "status": .string(status)]))
    }

    /// Notes a task's answer, and waits until the disk has it.
    func end(_ key: Key, saying text: String, _ answer: Answer) async {
        var map = key.map
        map["digest"] = .string(Self.digest(text))
        map["status"] = .string(answer.status)
        if answer.isIgnored { map["ignored"] = true }
        if answer.isWithheld {
            map["secret"] = true
        } else {
            map["registered"] = answer.registered
            if !answer.facts.isEmpty { map["facts"] = .map(answer.facts) }
            if !answer.variables.isEmpty { map["variables"] = .map(answer.variables) }
            map["facts_owner"] = answer.factsOwner.map { .string($0) }
            if !answer.others.isEmpty { map["others"] = .list(answer.others.map { .map($0.map) }) }
            map["inputs"] = answer.inputs.map { .string($0) }
        }
        write(map)
        await sync()
    }

    /// Something was changed on a host in this run: its later tasks look for themselves.
    func asksAgain(_ host: String) { askedAgain.insert(host) }

    func isAskedAgain(_ host: String) -> Bool { askedAgain.contains(host) }

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

extension RunJournal.Owner {
    fileprivate var isBatch: Bool { if case .batch = self { true } else { false } }
}

extension RunJournal.Key {
    /// Nil if the line is about no task.
    fileprivate init?(_ map: ValueMap) {
        let host = map["host"]?.stringValue.map(RunJournal.Owner.host)
        guard let owner = host ?? map["batch"]?.stringValue.map(RunJournal.Owner.batch),
            let place = map["task"]?.stringValue, let time = map["time"].flatMap({ Int($0.pythonText) })
        else { return nil }
        self.init(owner: owner, place: place, time: time, item: map["item"].flatMap { Int($0.pythonText) })
    }

    fileprivate var map: ValueMap {
        var map: ValueMap = ["task": .string(place), "time": .int(time)]
        switch owner {
        case .host(let name): map["host"] = .string(name)
        case .batch(let first): map["batch"] = .string(first)
        }
        if let item { map["item"] = .int(item) }
        return map
    }
}
