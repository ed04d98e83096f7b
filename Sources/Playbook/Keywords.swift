public import Values

/// The keywords that plays, roles, blocks and tasks share, as they were written.
///
/// Nothing is evaluated: a field may hold a template.
public struct Keywords: Sendable {
    public var name: Field?
    public var tags: [Field] = []
    public var when: [Field] = []
    public var vars: ValueMap = [:]
    public var environment: [Field] = []
    /// Keywords whose nearest value counts, from the task outwards: `become`, `no_log`, `check_mode` …
    public var settings: [Setting: Field] = [:]

    /// A keyword that is inherited by what stands inside.
    public enum Setting: String, Sendable, CaseIterable {
        case anyErrorsFatal = "any_errors_fatal"
        case become
        case becomeExe = "become_exe"
        case becomeFlags = "become_flags"
        case becomeMethod = "become_method"
        case becomeUser = "become_user"
        case checkMode = "check_mode"
        case collections
        case connection
        case debugger
        case delegateFacts = "delegate_facts"
        case delegateTo = "delegate_to"
        case diff
        case ignoreErrors = "ignore_errors"
        case ignoreUnreachable = "ignore_unreachable"
        case moduleDefaults = "module_defaults"
        case noLog = "no_log"
        case port
        case remoteUser = "remote_user"
        case runOnce = "run_once"
        case throttle
        case timeout
    }

    public init() {}
}

/// Where a keyword stands; each place has keywords of its own.
public enum KeywordPlace: String, Sendable {
    case play, role, block, task, handler

    /// Every keyword that may stand here, for "did you mean".
    var keywords: Set<String> {
        switch self {
        case .play: Self.ofPlays
        case .role: Self.ofRoles
        case .block: Self.ofBlocks
        case .task: Self.ofTasks
        case .handler: Self.ofHandlers
        }
    }

    private static let ofAll: Set<String> = [
        "name", "tags", "vars", "environment", "any_errors_fatal", "become", "become_exe", "become_flags",
        "become_method", "become_user", "check_mode", "collections", "connection", "debugger", "diff",
        "ignore_errors", "ignore_unreachable", "module_defaults", "no_log", "port", "remote_user", "run_once",
        "throttle", "timeout",
    ]
    private static let ofAllButPlays = ofAll.union(["when", "delegate_to", "delegate_facts"])
    private static let ofPlays = ofAll.union([
        "hosts", "fact_path", "force_handlers", "gather_facts", "gather_subset", "gather_timeout", "handlers",
        "max_fail_percentage", "order", "post_tasks", "pre_tasks", "roles", "serial", "strategy", "tasks",
        "vars_files", "vars_prompt",
    ])
    private static let ofRoles = ofAllButPlays.union(["role"])
    private static let ofBlocks = ofAllButPlays.union(["block", "rescue", "always", "notify"])
    private static let ofTasks = ofAllButPlays.union([
        "action", "args", "async", "changed_when", "delay", "failed_when", "local_action", "loop", "loop_control",
        "notify", "poll", "register", "retries", "until",
    ])
    /// Those that count for an include itself; for what it brings in there is `apply`.
    static let ofIncludes: Set<String> = [
        "action", "args", "collections", "debugger", "ignore_errors", "loop", "loop_control", "name", "no_log",
        "register", "run_once", "tags", "timeout", "vars", "when",
    ]
    private static let ofHandlers = ofTasks.union(["listen"])
}
