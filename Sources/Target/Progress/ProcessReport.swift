internal import Values

/// What a look at a host said about the processes of a request.
///
/// Lines of a letter and words: the machine's kind, then `T` ticks of processor time, then for each process without
/// children `P` number and state, `W` where in the kernel it waits, `Y` its system call, `C` its command line, `F` the
/// file its call is about, `H` who holds the lock it waits for, `N` a network connection of its own.
struct ProcessReport {
    private(set) var ticks = 0
    private(set) var processes: [WaitingProcess] = []

    init(_ text: String) {
        var machine = ""
        for (index, line) in text.split(separator: "\n").enumerated() {
            if index == 0 {
                machine = String(line)
                continue
            }
            let rest = String(line.dropFirst(2))
            switch line.first {
            case "T": ticks = Int(rest) ?? 0
            case "P":
                let words = rest.split(separator: " ")
                guard let first = words.first, let number = Int(first) else { continue }
                processes.append(
                    WaitingProcess(number: number, state: words.last?.first ?? "?", machine: machine))
            default:
                guard !processes.isEmpty, let kind = line.first else { continue }
                processes[processes.count - 1].take(kind, rest)
            }
        }
    }

    /// The process to name: one that says most about why nothing goes on, or one that is at work.
    var deciding: WaitingProcess? {
        processes.max { left, right in left.weight < right.weight }
    }
}

/// A process that a request comes down to, and what it waits for.
public struct WaitingProcess: Sendable, Equatable {
    /// Its number on the host.
    public let number: Int
    /// Its command line, as the host shows it; may hold anything.
    public private(set) var command = ""
    private let state: Character
    private let machine: String
    private var channel = ""
    private var call: Int?
    private var file: String?
    private var holder: (number: Int, name: String)?
    private var peers: [(isOpen: Bool, address: String)] = []

    init(number: Int, state: Character, machine: String) {
        self.number = number
        self.state = state
        self.machine = machine
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.number == right.number && left.command == right.command && left.wait == right.wait
    }

    mutating func take(_ kind: Character, _ text: String) {
        let words = text.split(separator: " ").map(String.init)
        switch kind {
        case "W": channel = text == "0" ? "" : text
        case "Y": call = words.first.flatMap { Int($0) }
        case "C":
            var line = text
            while line.last == " " { line.removeLast() }
            command = line
        case "F": file = text
        case "H":
            if let number = words.first.flatMap({ Int($0) }) {
                holder = (number, words.dropFirst().joined(separator: " "))
            }
        case "N":
            guard words.count == 2, let address = Self.address(words[1]) else { return }
            peers.append((words[0] == "01", address))
        default: break
        }
    }

    // MARK: What it waits for

    private enum Wait {
        case computing, lock, terminal, disk, stopped, pipe, network, sleep, child, thread, event, other
    }

    /// How much it says about why nothing goes on.
    fileprivate var weight: Int {
        switch kind {
        case .lock, .terminal, .stopped: 4
        case .disk: 3
        case .computing: 2
        case .sleep, .child, .thread: 0
        default: 1
        }
    }

    private var kind: Wait {
        func waits(_ names: String...) -> Bool { names.contains { channel.contains($0) } }
        switch state {
        case "R": return .computing
        case "T", "t": return .stopped
        default: break
        }
        if holder != nil || waits("locks_lock", "lock_inode") || calls(.lock) { return .lock }
        if file?.hasPrefix("/dev/pts/") == true || file == "/dev/tty" || file?.hasPrefix("/dev/tty") == true,
            waits("tty", "wait_woken") || calls(.read)
        {
            return .terminal
        }
        if state == "D" { return .disk }
        if waits("pipe", "fifo", "wait_for_partner") || file?.hasPrefix("pipe:") == true { return .pipe }
        if !peers.isEmpty || waits("sk_wait", "tcp_", "inet_", "skb_") { return .network }
        if waits("nanosleep") || calls(.sleep) { return .sleep }
        if waits("do_wait") || calls(.wait) { return .child }
        if waits("futex") || calls(.futex) { return .thread }
        if waits("poll", "select") || calls(.poll) { return .event }
        return .other
    }

    /// What it waits for, to stand behind its name: `waits for a lock on /run/x, held by process 12 (apt)`.
    public var wait: String {
        switch kind {
        case .computing: return "is computing"
        case .stopped: return "is stopped by a signal"
        case .lock:
            let what = file.map { " on \($0)" } ?? ""
            return "waits for a lock\(what)" + (holder.map { ", held by process \($0.number) (\($0.name))" } ?? "")
        case .terminal: return "waits for input at a terminal (\(file ?? ""))"
        case .disk: return "waits for a disk or a network file system\(channel.isEmpty ? "" : " (\(channel))")"
        case .pipe:
            let name = file.flatMap { $0.hasPrefix("pipe:") ? nil : " \($0)" } ?? " a pipe"
            return calls(.write) || channel.contains("pipe_write")
                ? "waits to write to\(name)" : "waits to read from\(name)"
        case .network:
            guard let peer = peers.first(where: { !$0.isOpen }) ?? peers.first else { return "waits for the network" }
            return peer.isOpen ? "waits for \(peer.address)" : "waits for \(peer.address) to answer at all"
        case .sleep: return "sleeps"
        case .child: return "waits for a process it started"
        case .thread: return "waits for another of its threads"
        case .event: return "waits for something to happen (\(channel.isEmpty ? "poll" : channel))"
        case .other: return channel.isEmpty ? "waits" : "waits (\(channel))"
        }
    }

    /// System calls that tell where the kernel does not say more; their numbers differ from machine to machine.
    private enum Call { case read, write, lock, sleep, wait, futex, poll }

    private func calls(_ kind: Call) -> Bool {
        guard let call else { return false }
        let numbers: [Int]
        switch (machine, kind) {
        case ("x86_64", .read): numbers = [0]
        case ("x86_64", .write): numbers = [1]
        case ("x86_64", .lock): numbers = [73]
        case ("x86_64", .sleep): numbers = [35, 230]
        case ("x86_64", .wait): numbers = [61, 247]
        case ("x86_64", .futex): numbers = [202]
        case ("x86_64", .poll): numbers = [7, 23, 232, 270, 271, 281]
        case ("aarch64", .read): numbers = [63]
        case ("aarch64", .write): numbers = [64]
        case ("aarch64", .lock): numbers = [32]
        case ("aarch64", .sleep): numbers = [101, 115]
        case ("aarch64", .wait): numbers = [95, 260]
        case ("aarch64", .futex): numbers = [98]
        case ("aarch64", .poll): numbers = [22, 72, 73]
        default: numbers = []
        }
        return numbers.contains(call)
    }

    /// `0100007F:1F90` as `127.0.0.1 port 8080`: the kernel writes addresses as words of the machine's own order.
    static func address(_ text: String) -> String? {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1], radix: 16) else { return nil }
        let digits = Array(parts[0])
        guard digits.count == 8 || digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for word in 0..<digits.count / 8 {
            for place in [3, 2, 1, 0] {
                let at = word * 8 + place * 2
                guard let byte = UInt8(String(digits[at..<at + 2]), radix: 16) else { return nil }
                bytes.append(byte)
            }
        }
        if bytes.count == 16, bytes[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255] { bytes = Array(bytes[12...]) }
        if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") + " port \(port)" }
        let groups = stride(from: 0, to: 16, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
        return "[\(groups.joined(separator: ":"))] port \(port)"
    }
}
