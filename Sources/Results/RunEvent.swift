public import Diagnostics
public import Values

/// Something that happened in a run; reporters turn it into text, lines of JSON, a page.
public enum RunEvent: Sendable {
    case playStarted(name: String, hosts: [String])
    /// The play has no hosts, or none that is still in the run.
    case playSkipped(name: String, why: String)
    case taskStarted(TaskTitle)
    /// A loop's item on a host; the task's own report follows when all items are through.
    case item(TaskReport)
    case result(TaskReport)
    case retry(TaskReport, attempt: Int, of: Int)
    /// What is heard of a job that a task with `async` waits for.
    case job(JobNote)
    /// What is seen of a task that takes long.
    case progress(ProgressNote)
    /// An include brought in a file's or a role's tasks on these hosts; a loop's for the item of that label.
    case included(file: String, hosts: [String], label: Value? = nil)
    case noHostsLeft
    /// A line for the person at the terminal: a warning, a note.
    case said(Diagnostic)
    case ended(Recap)
}

/// A task as banners name it.
public struct TaskTitle: Sendable {
    public enum Kind: String, Sendable { case task = "TASK", handler = "RUNNING HANDLER" }
    public var kind: Kind
    public var name: String
    public var location: SourceLocation?

    public init(kind: Kind, name: String, location: SourceLocation?) {
        self.kind = kind
        self.name = name
        self.location = location
    }
}

/// A word about a job that goes on while its task waits.
public struct JobNote: Sendable {
    /// How it stands.
    public enum State: String, Sendable { case running, finished, failed }
    public var host: String
    public var id: String
    public var state: State

    public init(host: String, id: String, state: State) {
        self.host = host
        self.id = id
        self.state = state
    }
}

/// A word about a task that is still running on a host.
public struct ProgressNote: Sendable {
    /// What there is to say.
    public enum Content: Sendable {
        /// Whole lines that it has printed.
        case output([String])
        /// So many bytes of its output are not shown.
        case omitted(Int)
        /// It goes on; a sentence says what it does or waits for.
        case standing(String)
    }
    public var host: String
    public var task: String
    public var content: Content

    public init(host: String, task: String, content: Content) {
        self.host = host
        self.task = task
        self.content = content
    }
}

/// What a task, or one item of its loop, came to on one host.
public struct TaskReport: Sendable {
    /// The answers a task can end with.
    public enum Status: Sendable, Hashable {
        case ok, changed, skipped, failed, unreachable
        /// A dry run cannot tell; says what it depends on.
        case unknown(Unknown)

        /// The word for it in recaps and machine-readable reports.
        public var word: String {
            switch self {
            case .ok: "ok"
            case .changed: "changed"
            case .skipped: "skipped"
            case .failed: "failed"
            case .unreachable: "unreachable"
            case .unknown: "unknown"
            }
        }
    }

    public var host: String
    public var task: TaskTitle
    public var status: Status
    /// A failure that the play goes on after.
    public var isIgnored = false
    /// The module's name.
    public var action: String
    /// How a loop's item is called.
    public var label: Value?
    /// Whether it is a loop's own, all of whose items were told of before. A module may answer with `results`, too.
    public var isOfLoop = false
    /// What is registered, its secrets still marked.
    public var values: ValueMap
    public var change: Change?
    public var diagnostic: Diagnostic?
    public var warnings: [String] = []
    /// The host the work was done on, if another than the task's.
    public var delegate: String?
    /// `no_log`: nothing of the values or the change is shown.
    public var isHidden = false
    /// Whether the module's answer is what people ran it for (`debug`), and shown without -v.
    public var isShown = false
    public var showsDiff = false
    /// Whether the run before did it, so that nothing was done now.
    public var wasDoneBefore = false
    /// How often the host was waited for.
    public var roundTrips = 0
    public var duration = Duration.zero

    public init(host: String, task: TaskTitle, status: Status, action: String, values: ValueMap = [:]) {
        self.host = host
        self.task = task
        self.status = status
        self.action = action
        self.values = values
    }
}

/// How a run ended, host by host.
public struct Recap: Sendable {
    /// One host's counts.
    public struct Counts: Sendable, Hashable {
        public var ok = 0
        public var changed = 0
        public var unreachable = 0
        public var failed = 0
        public var skipped = 0
        public var rescued = 0
        public var ignored = 0
        public var unknown = 0
        public var roundTrips = 0
        /// How often the host was waited for until it could be asked anything.
        public var setupRoundTrips = 0

        public init() {}

        /// Whether nothing was done.
        public var isEmpty: Bool {
            var counts = self
            counts.setupRoundTrips = 0
            return counts == Counts()
        }
    }

    public private(set) var hosts: [String] = []
    private var counts: [String: Counts] = [:]
    /// Hosts whose failures `meta: clear_host_errors` forgave: they are counted, and don't make the run a failure.
    private var forgiven: Set<String> = []
    public var isCheckMode = false
    public var wasInterrupted = false
    /// Whether the run could not go on, for a reason that is no host's.
    public var wasBrokenOff = false
    /// Whether tasks of a dry run changed something all the same (`check_mode: false`).
    public var changedInEarnest = false

    public init() {}

    public subscript(host host: String) -> Counts {
        get { counts[host] ?? Counts() }
        set {
            if counts[host] == nil { hosts.append(host) }
            counts[host] = newValue
        }
    }

    public mutating func forgive(_ host: String) { forgiven.insert(host) }

    /// The hosts that a retry would be for: failed or unreachable, and not forgiven.
    public var lostHosts: [String] {
        hosts.filter { !forgiven.contains($0) && (self[host: $0].failed > 0 || self[host: $0].unreachable > 0) }
    }

    /// The process's exit status: 2 if a host failed, 4 if one was unreachable, both together 6; 4, too, if the run
    /// was broken off; 99 interrupted.
    public var exitStatus: Int32 {
        if wasInterrupted { return 99 }
        var status: Int32 = wasBrokenOff ? 4 : 0
        for host in hosts where !forgiven.contains(host) {
            if self[host: host].failed > 0 { status |= 2 }
            if self[host: host].unreachable > 0 { status |= 4 }
        }
        return status
    }
}
