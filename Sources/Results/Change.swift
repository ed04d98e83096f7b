public import Values

/// What a task would change, found without changing anything: the diff is its picture.
public struct Change: Sendable {
    /// What differs, part by part.
    public var parts: [Part]
    /// What the host would hold afterwards; later tasks of the same dry run count on it.
    public var effects: [Effect]

    /// One thing that differs.
    public enum Part: Sendable {
        /// A text's whole content before and after; nil where there is none. Shown as a unified diff.
        case text(path: String, before: String?, after: String?)
        /// A setting: what it is and what it would be.
        case setting(String, before: Value, after: Value)
        /// Something that only doing tells, such as a command: a line saying what would be done.
        case action(String)

        /// Stands for a text that must not, or need not, be shown.
        public static func hiddenContent(of path: String) -> Part { .action("content of \(path) differs (not shown)") }
    }

    /// Something that would exist, or not, once the change is made.
    public enum Effect: Sendable, Hashable {
        case file(path: String, FileEffect)
        case package(String, present: Bool)
        case user(String, present: Bool)
        case group(String, present: Bool)
        case unit(String, active: Bool?, enabled: Bool?)
        case docker(kind: String, name: String, present: Bool)
        case postgres(kind: String, name: String, present: Bool)
        /// A chain of the packet filter, such as `ipv4 filter WEB`.
        case chain(String, present: Bool)
    }

    /// The foreseen state of a path.
    public struct FileEffect: Sendable, Hashable {
        public enum Kind: Sendable, Hashable { case absent, file, directory, link }
        public var kind: Kind
        public var mode: UInt16?
        public var owner: String?
        public var group: String?
        /// SHA-1 of the content in hexadecimal, where foreseen.
        public var checksum: String?
        public var linkTarget: String?
        public var size: Int?
        /// The content itself, where it is foreseen and not too long to keep.
        public var content: [UInt8]?
        /// Whether what is there stays and only its attributes change.
        public var keepsContent: Bool
        /// Whether the content must not be shown: it came from a vault, or from a secret variable.
        public var isSecret: Bool

        public init(
            kind: Kind, mode: UInt16? = nil, owner: String? = nil, group: String? = nil, checksum: String? = nil,
            linkTarget: String? = nil, size: Int? = nil, content: [UInt8]? = nil, keepsContent: Bool = false,
            isSecret: Bool = false
        ) {
            self.kind = kind
            self.mode = mode
            self.owner = owner
            self.group = group
            self.checksum = checksum
            self.linkTarget = linkTarget
            self.size = size
            self.content = content
            self.keepsContent = keepsContent
            self.isSecret = isSecret
        }
    }

    public init(_ parts: [Part] = [], effects: [Effect] = []) {
        self.parts = parts
        self.effects = effects
    }

    public var isEmpty: Bool { parts.isEmpty }

    public static func text(_ path: String, before: String?, after: String?) -> Change {
        Change([.text(path: path, before: before, after: after)])
    }

    public static func action(_ description: String, effects: [Effect] = []) -> Change {
        Change([.action(description)], effects: effects)
    }
}
