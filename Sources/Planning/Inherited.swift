public import Playbook
public import Values

/// The keywords that count for a task: what play, role, blocks and the task itself say, each after its own rule.
public struct Inherited: Sendable {
    /// The nearest one counts.
    public var settings: [Keywords.Setting: Field] = [:]
    /// All count.
    public var tags: [String] = []
    /// All must hold, the outermost first.
    public var when: [Field] = []
    /// Later ones win, name by name.
    public var environment: [Field] = []
    /// Variables of blocks and the task, the outermost first.
    public var vars: [ValueMap] = []
    /// Variables of the includes that brought it in, the outermost first.
    public var parameters: [ValueMap] = []

    /// Handlers that the nearest block notifies when something in it changes.
    public var notify: [Field] = []

    /// How many includes within each other brought it in.
    var includeDepth = 0

    public init() {}

    /// What counts inside something that says `keywords`.
    func entering(_ keywords: Keywords, tags words: [String], vars keepsVars: Bool = true) -> Inherited {
        var inner = self
        inner.settings.merge(keywords.settings) { farther, nearer in
            guard nearer.value.holdsTemplate else { return nearer }
            var nearer = nearer
            nearer.outer = [farther]
            return nearer
        }
        for tag in words where !inner.tags.contains(tag) { inner.tags.append(tag) }
        inner.when += keywords.when
        inner.environment += keywords.environment
        if keepsVars, !keywords.vars.isEmpty { inner.vars.append(keywords.vars) }
        return inner
    }
}

/// The tags a run asks for: `--tags`, `--skip-tags`.
public struct TagSelection: Sendable {
    public var only: [String]
    public var skipped: [String]

    public init(only: [String] = ["all"], skipped: [String] = []) {
        self.only = only.isEmpty ? ["all"] : only
        self.skipped = skipped
    }

    /// Whether something with these tags runs. `always` and `never`, `tagged`, `untagged` and `all` mean what they
    /// mean in Ansible.
    public func includes(_ tags: [String]) -> Bool {
        let own = Set(tags.isEmpty ? ["untagged"] : tags)
        let wanted = Set(only)
        var runs: Bool
        if own.contains("always") {
            runs = true
        } else if wanted.contains("all"), !own.contains("never") {
            runs = true
        } else if !own.isDisjoint(with: wanted) {
            runs = true
        } else {
            runs = wanted.contains("tagged") && own != ["untagged"] && !own.contains("never")
        }
        guard runs, !skipped.isEmpty else { return runs }
        let unwanted = Set(skipped)
        if unwanted.contains("all") {
            runs = own.contains("always") && !unwanted.contains("always")
        } else if !own.isDisjoint(with: unwanted) {
            runs = false
        } else if unwanted.contains("tagged"), own != ["untagged"] {
            runs = false
        }
        return runs
    }
}
